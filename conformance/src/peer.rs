//! The other end of the connection: a blocking socket without a runtime.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::panic::resume_unwind;
use std::thread::JoinHandle;
use std::time::Duration;

use socket2::{Domain, SockRef, Type};
use wirescript::{Connect, Endpoint};

use crate::{Socket, Transport};

/// How long a peer waits for bytes, or for room for them.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a peer that does not read takes in, at most: small, so that it is full soon.
const ROOM: usize = 64 * 1024;

/// A peer that nobody has connected to yet.
#[derive(Debug)]
pub(crate) struct Listener(TcpListener);

impl Listener {
    pub(crate) fn new() -> Self {
        let listening = socket2::Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        // What is accepted inherits it.
        listening.set_recv_buffer_size(ROOM).unwrap();
        listening.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).unwrap();
        listening.listen(1).unwrap();
        Self(listening.into())
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.0.local_addr().unwrap()
    }

    /// Waits for whoever connects.
    pub(crate) fn accept(&self) -> Peer {
        let stream = self.0.accept().unwrap().0;
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        Peer(stream)
    }
}

/// A connected socket of the adapter, and its peer.
pub(crate) async fn pair<T: Transport>() -> (Socket<T>, Peer) {
    let listener = Listener::new();
    let socket = T::connector().connect(&Endpoint::from(listener.addr())).await.unwrap();
    (socket, listener.accept())
}

/// A peer that is connected. Dropping it closes it with a FIN, if it has heard everything.
#[derive(Debug)]
pub(crate) struct Peer(TcpStream);

impl Peer {
    pub(crate) fn addr(&self) -> SocketAddr {
        self.0.local_addr().unwrap()
    }

    /// That of the adapter's socket.
    pub(crate) fn peer_addr(&self) -> SocketAddr {
        self.0.peer_addr().unwrap()
    }

    pub(crate) fn says(&mut self, bytes: &[u8]) {
        if let Err(error) = self.0.write_all(bytes) {
            panic!("the peer could not say its {} bytes: {error}", bytes.len());
        }
    }

    pub(crate) fn hears(&mut self, len: usize) -> Vec<u8> {
        let mut heard = vec![0; len];
        if let Err(error) = self.0.read_exact(&mut heard) {
            panic!("the peer did not hear {len} bytes: {error}");
        }
        heard
    }

    pub(crate) fn hears_to_end(&mut self) -> Vec<u8> {
        let mut heard = Vec::new();
        if let Err(error) = self.0.read_to_end(&mut heard) {
            panic!("the peer heard {} bytes, and no end: {error}", heard.len());
        }
        heard
    }

    /// Waits until something is there to be heard, and does not hear it.
    pub(crate) fn is_reached(&mut self) {
        if let Err(error) = self.0.peek(&mut [0]) {
            panic!("nothing reached the peer: {error}");
        }
    }

    /// Hears what is there, if anything is, without waiting.
    pub(crate) fn hears_what_came(&mut self) {
        self.0.set_nonblocking(true).unwrap();
        let mut chunk = [0; ROOM];
        match self.0.read(&mut chunk) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => panic!("the peer could not look for bytes: {error}"),
        }
        self.0.set_nonblocking(false).unwrap();
    }

    /// Says that nothing more will come, with a FIN, and goes on hearing.
    pub(crate) fn ends(&mut self) {
        self.0.shutdown(Shutdown::Write).unwrap();
    }

    /// Cuts the connection with an RST instead of a FIN.
    pub(crate) fn resets(self) {
        SockRef::from(&self.0).set_linger(Some(Duration::ZERO)).unwrap();
    }

    /// The same peer, for another thread.
    pub(crate) fn twin(&self) -> Self {
        Self(self.0.try_clone().unwrap())
    }
}

/// What a peer on a thread of its own came to; it panics as that did.
pub(crate) fn joined<R>(thread: JoinHandle<R>) -> R {
    thread.join().unwrap_or_else(|panic| resume_unwind(panic))
}
