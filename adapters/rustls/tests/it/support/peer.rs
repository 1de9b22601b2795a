//! The other end of the promises: a rustls server on a blocking socket of the system's.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use socket2::{Domain, SockRef, Type};
use wirescript::Endpoint;
use wirescript_conformance::{Listener, Peer, ROOM, TcpPeers};
use wirescript_rustls::rustls::ServerConnection;

use super::Identity;

/// How long a peer waits for bytes, or for room for them.
const PATIENCE: Duration = Duration::from_secs(20);

/// How much is encrypted at once.
const CHUNK: usize = 16 * 1024;

/// A listening socket, and a thread that shakes hands with whoever connects first.
pub(crate) struct TlsPeers {
    addr: SocketAddr,
    accepted: Mutex<Receiver<TlsPeer>>,
}

impl TlsPeers {
    fn on(listener: TcpListener) -> Self {
        let addr = listener.local_addr().unwrap();
        let (accept, accepted) = channel();
        thread::spawn(move || {
            let Ok((stream, _)) = listener.accept() else { return };
            // Nobody waits any more if the test has failed.
            let _ = accept.send(TlsPeer::new(stream));
        });
        Self { addr, accepted: Mutex::new(accepted) }
    }
}

impl Listener for TlsPeers {
    type Peer = TlsPeer;

    fn new() -> Self {
        let listening = socket2::Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        // What is accepted inherits it.
        listening.set_recv_buffer_size(ROOM).unwrap();
        listening.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).unwrap();
        listening.listen(1).unwrap();
        Self::on(listening.into())
    }

    fn on_ipv6() -> Option<Self> {
        TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).ok().map(Self::on)
    }

    fn refusing(host: &str) -> (Endpoint, impl Sized) {
        TcpPeers::refusing(host)
    }

    fn silent() -> Option<(Endpoint, impl Sized)> {
        TcpPeers::silent()
    }

    fn unresolvable() -> Endpoint {
        TcpPeers::unresolvable()
    }

    fn addr(&self) -> SocketAddr {
        self.addr
    }

    fn accept(&self) -> TlsPeer {
        self.accepted.lock().unwrap().recv_timeout(PATIENCE).expect("nobody shook hands")
    }
}

/// A connected peer.
pub(crate) struct TlsPeer {
    stream: TcpStream,
    tls: Arc<Mutex<ServerConnection>>,
    /// What the connection had no room for.
    heard: Arc<Mutex<VecDeque<u8>>>,
    /// Whether the client may drop its socket, and say no close_notify.
    may_be_dropped: bool,
}

impl TlsPeer {
    fn new(mut stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        // What it says goes out before it resets, though it has just sent tickets.
        stream.set_nodelay(true).unwrap();
        let config = Arc::new(Identity::trusted_server().config());
        let mut tls = ServerConnection::new(config).unwrap();
        while tls.is_handshaking() {
            tls.complete_io(&mut stream).unwrap();
        }
        while tls.wants_write() {
            tls.write_tls(&mut stream).unwrap();
        }
        let heard = Arc::default();
        Self { stream, tls: Arc::new(Mutex::new(tls)), heard, may_be_dropped: false }
    }

    /// Ends the connection without a word of it under TLS, and goes on hearing.
    pub(crate) fn shuts(&self) {
        self.stream.shutdown(Shutdown::Write).unwrap();
    }

    /// Sends what TLS has to send. Nobody who reads has to wait for it.
    fn transmit(&mut self, speak: impl FnOnce(&mut ServerConnection)) -> io::Result<()> {
        let mut bytes = Vec::new();
        {
            let mut tls = self.tls.lock().unwrap();
            speak(&mut tls);
            while tls.wants_write() {
                tls.write_tls(&mut bytes).unwrap();
            }
        }
        self.stream.write_all(&bytes)
    }

    /// Hears once; `None` at a close_notify.
    fn hear(&mut self, buf: &mut [u8]) -> io::Result<Option<usize>> {
        loop {
            let kept = self.heard.lock().unwrap().read(buf)?;
            if kept > 0 {
                return Ok(Some(kept));
            }
            match self.tls.lock().unwrap().reader().read(buf) {
                Ok(0) => return Ok(None),
                Ok(read) => return Ok(Some(read)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
            self.receive()?;
        }
    }

    /// Hears what is there, without waiting, and forgets it; returns how much there was.
    fn drain(&mut self) -> usize {
        self.stream.set_nonblocking(true).unwrap();
        let (mut drained, mut chunk) = (0, [0; CHUNK]);
        loop {
            match self.hear(&mut chunk) {
                Ok(Some(read)) => drained += read,
                Err(error) if error.kind() != ErrorKind::WouldBlock => {
                    panic!("the peer could not look for bytes: {error}")
                }
                Ok(None) | Err(_) => break,
            }
        }
        self.stream.set_nonblocking(false).unwrap();
        drained
    }

    fn receive(&mut self) -> io::Result<()> {
        let mut chunk = [0; 4096];
        let received = self.stream.read(&mut chunk)?;
        let mut tls = self.tls.lock().unwrap();
        let mut rest = &chunk[..received];
        loop {
            tls.read_tls(&mut rest)?;
            tls.process_new_packets().unwrap();
            if rest.is_empty() {
                return Ok(());
            }
            // It takes no more before what it has is read.
            let mut plain = [0; CHUNK];
            while let Ok(read @ 1..) = tls.reader().read(&mut plain) {
                self.heard.lock().unwrap().extend(&plain[..read]);
            }
        }
    }
}

impl Peer for TlsPeer {
    fn addr(&self) -> SocketAddr {
        self.stream.local_addr().unwrap()
    }

    fn peer_addr(&self) -> Option<SocketAddr> {
        Some(self.stream.peer_addr().unwrap())
    }

    fn says(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(CHUNK) {
            self.transmit(|tls| tls.writer().write_all(chunk).unwrap()).unwrap();
        }
    }

    fn ends(&mut self) {
        self.transmit(|tls| tls.send_close_notify()).unwrap();
        self.stream.shutdown(Shutdown::Write).unwrap();
    }

    fn hears(&mut self, len: usize) -> Vec<u8> {
        let mut heard = vec![0; len];
        let mut filled = 0;
        while filled < len {
            filled += self.hear(&mut heard[filled..]).unwrap().expect("the client has ended");
        }
        heard
    }

    fn hears_to_end(&mut self) -> Vec<u8> {
        let (mut heard, mut chunk) = (Vec::new(), [0; CHUNK]);
        loop {
            match self.hear(&mut chunk) {
                Ok(Some(read)) => heard.extend_from_slice(&chunk[..read]),
                Ok(None) => return heard,
                Err(error) if self.may_be_dropped && is_cut(&error) => return heard,
                Err(error) => panic!("the peer heard {} bytes, and no end: {error}", heard.len()),
            }
        }
    }

    fn is_reached(&mut self) {
        self.stream.peek(&mut [0]).unwrap();
    }

    fn makes_room_for(&mut self, _: &[u8]) {
        // What it makes room by is nothing to it.
        self.drain();
    }

    fn closes(mut self) {
        match self.drain() {
            0 => self.ends(),
            _ => self.resets(),
        }
    }

    fn closes_early(mut self, _: &[u8]) {
        self.ends();
    }

    fn resets(self) {
        SockRef::from(&self.stream).set_linger(Some(Duration::ZERO)).unwrap();
    }

    fn twin(&self) -> Self {
        Self {
            stream: self.stream.try_clone().unwrap(),
            tls: Arc::clone(&self.tls),
            heard: Arc::clone(&self.heard),
            may_be_dropped: self.may_be_dropped,
        }
    }

    fn awaits_drop(&mut self) {
        self.may_be_dropped = true;
    }
}

/// A client that has not read the tickets of TLS 1.3 resets the connection by dropping it.
fn is_cut(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset)
}
