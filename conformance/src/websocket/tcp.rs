//! The other end of a real connection: a blocking socket, and frames made by hand.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpStream};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use socket2::{Domain, SockRef, Type};
use wirescript::websocket::Message;

use super::frames::{self, FIN};
use super::{Answer, Breach, Listener, Peer};
use crate::ROOM;
use crate::peer::joined;

/// How long a peer waits for bytes, or for room for them.
const PATIENCE: Duration = Duration::from_secs(20);

/// A listening socket of the system's, and the thread on which it answers.
#[derive(Debug)]
pub struct TcpListener {
    addr: SocketAddr,
    answering: JoinHandle<TcpPeer>,
}

impl Listener for TcpListener {
    type Peer = TcpPeer;

    fn new(answer: Answer) -> Self {
        let listening = socket2::Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        // What is accepted inherits it.
        listening.set_recv_buffer_size(ROOM).unwrap();
        listening.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).unwrap();
        listening.listen(1).unwrap();
        let listening = std::net::TcpListener::from(listening);
        let addr = listening.local_addr().unwrap();
        let answering =
            thread::spawn(move || TcpPeer::answer(listening.accept().unwrap().0, &answer));
        Self { addr, answering }
    }

    fn uri(&self) -> String {
        format!("ws://{}/", self.addr)
    }

    fn accept(self) -> TcpPeer {
        joined(self.answering)
    }
}

/// A connected socket of the system's.
#[derive(Debug)]
pub struct TcpPeer {
    stream: TcpStream,
    /// What was read and is no whole frame.
    received: Vec<u8>,
    /// The fragments of a message that has not ended, with its opcode.
    begun: Option<(u8, Vec<u8>)>,
    /// What was heard while the peer waited for something else.
    passed: VecDeque<Message>,
}

impl TcpPeer {
    /// Hears the request, and answers.
    fn answer(mut stream: TcpStream, answer: &Answer) -> Self {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).expect("the client sends a whole request");
            request.extend(byte);
        }
        let request = String::from_utf8(request).unwrap();
        let key = request.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "));
        let key = key.expect("the request has a key").as_bytes();
        let answer = match *answer {
            Answer::Opens => frames::answer(key, None),
            Answer::Chooses(subprotocol) => frames::answer(key, Some(subprotocol)),
            Answer::Refuses(status, body) => frames::refusal(status, body),
        };
        stream.write_all(answer.as_bytes()).unwrap();
        Self { stream, received: Vec::new(), begun: None, passed: VecDeque::new() }
    }

    fn says_bytes(&mut self, bytes: &[u8]) {
        if let Err(error) = self.stream.write_all(bytes) {
            panic!("the peer could not say its {} bytes: {error}", bytes.len());
        }
    }

    /// The next message on the wire; nothing at the end.
    fn next(&mut self) -> Option<Message> {
        loop {
            while let Some(decoded) = frames::decode(&self.received) {
                self.received.drain(..decoded.len);
                if let Some(message) = self.assembled(decoded.first, decoded.payload) {
                    return Some(message);
                }
            }
            let mut chunk = [0; ROOM];
            match self.stream.read(&mut chunk) {
                Ok(0) => return None,
                Ok(len) => self.received.extend_from_slice(&chunk[..len]),
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return None,
                Err(error) => panic!("the peer heard nothing: {error}"),
            }
        }
    }

    fn assembled(&mut self, first: u8, payload: Vec<u8>) -> Option<Message> {
        let opcode = first & !FIN;
        match (opcode, &mut self.begun) {
            (8.., _) => return Some(frames::message(opcode, payload)),
            (0, Some((_, begun))) => begun.extend(payload),
            (_, begun) => *begun = Some((opcode, payload)),
        }
        if first & FIN == 0 {
            return None;
        }
        let (opcode, payload) = self.begun.take()?;
        Some(frames::message(opcode, payload))
    }
}

impl Peer for TcpPeer {
    fn says(&mut self, message: &Message) {
        let (first, payload) = frames::of(message);
        self.says_bytes(&frames::frame(first, &payload));
    }

    fn says_in_fragments(&mut self, message: &Message, size: usize, between: Option<&Message>) {
        self.says_bytes(&frames::fragments(message, size, between));
    }

    fn begins(&mut self) {
        self.says_bytes(&frames::frame(frames::Opcode::Text as u8, b"once upon a time"));
    }

    fn breaks(&mut self, breach: Breach) {
        self.says_bytes(&breach.frames());
    }

    fn ends(&mut self) {
        self.stream.shutdown(Shutdown::Write).unwrap();
    }

    fn resets(self) {
        SockRef::from(&self.stream).set_linger(Some(Duration::ZERO)).unwrap();
    }

    fn hears(&mut self) -> Message {
        let next = self.passed.pop_front().or_else(|| self.next());
        next.expect("the client ended the connection, and was to send more")
    }

    fn hears_answer(&mut self, answer: &Message) {
        loop {
            match self.next() {
                Some(message) if message == *answer => return,
                Some(message) => self.passed.push_back(message),
                None => panic!("{answer:?} did not come, but {:?}", self.passed),
            }
        }
    }

    fn hears_to_end(&mut self) -> Vec<Message> {
        while let Some(message) = self.next() {
            self.passed.push_back(message);
        }
        self.passed.drain(..).collect()
    }

    fn twin(&self) -> Self {
        let stream = self.stream.try_clone().unwrap();
        Self { stream, received: Vec::new(), begun: None, passed: VecDeque::new() }
    }
}
