//! The other end of a real connection: a blocking socket without a runtime.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use socket2::{Domain, SockRef, Type};
use wirescript::Endpoint;

use crate::peer::{Listener, Peer, ROOM};

/// How long a peer waits for bytes, or for room for them.
const PATIENCE: Duration = Duration::from_secs(20);

/// Longer than any label of a name may be (RFC 1035 section 2.3.4), so that no resolver asks anybody.
const LABEL: usize = 64;

/// More connections than the backlog has room for.
const TOO_MANY: usize = 8;

/// A listening socket of the system's.
#[derive(Debug)]
pub struct TcpPeers(TcpListener);

impl Listener for TcpPeers {
    type Peer = TcpPeer;

    fn new() -> Self {
        let listening = socket2::Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        // What is accepted inherits it.
        listening.set_recv_buffer_size(ROOM).unwrap();
        listening.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).unwrap();
        listening.listen(1).unwrap();
        Self(listening.into())
    }

    fn on_ipv6() -> Option<Self> {
        TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).ok().map(Self)
    }

    fn refusing(host: &str) -> (Endpoint, impl Sized) {
        // It has the port in both families, so that nobody else gets it, and never listens.
        let held = bound(Ipv6Addr::UNSPECIFIED.into()).unwrap_or_else(|_| {
            bound(Ipv4Addr::UNSPECIFIED.into()).unwrap() // A system without IPv6.
        });
        let port = held.local_addr().unwrap().as_socket().unwrap().port();
        (Endpoint::new(host, port), held)
    }

    fn silent() -> Option<(Endpoint, impl Sized)> {
        // Linux drops the SYN of a connection for which the backlog has no room. Others refuse it.
        if !cfg!(target_os = "linux") {
            return None;
        }
        let listening = Self::new();
        let waiting = [(); TOO_MANY].map(|()| {
            let waiting = socket2::Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
            waiting.set_nonblocking(true).unwrap();
            // Whether it is in the backlog or waits for room there is all the same.
            let _ = waiting.connect(&listening.addr().into());
            waiting
        });
        Some((listening.addr().into(), (listening, waiting)))
    }

    fn unresolvable() -> Endpoint {
        Endpoint::new("x".repeat(LABEL), 80)
    }

    fn addr(&self) -> SocketAddr {
        self.0.local_addr().unwrap()
    }

    fn accept(&self) -> TcpPeer {
        let stream = self.0.accept().unwrap().0;
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        TcpPeer(stream)
    }
}

fn bound(ip: IpAddr) -> io::Result<socket2::Socket> {
    let addr = SocketAddr::from((ip, 0));
    let held = socket2::Socket::new(Domain::for_address(addr), Type::STREAM, None)?;
    if addr.is_ipv6() {
        held.set_only_v6(false)?;
    }
    held.bind(&addr.into())?;
    Ok(held)
}

/// A connected socket of the system's.
#[derive(Debug)]
pub struct TcpPeer(TcpStream);

impl Peer for TcpPeer {
    fn addr(&self) -> SocketAddr {
        self.0.local_addr().unwrap()
    }

    fn peer_addr(&self) -> Option<SocketAddr> {
        Some(self.0.peer_addr().unwrap())
    }

    fn says(&mut self, bytes: &[u8]) {
        if let Err(error) = self.0.write_all(bytes) {
            panic!("the peer could not say its {} bytes: {error}", bytes.len());
        }
    }

    fn ends(&mut self) {
        self.0.shutdown(Shutdown::Write).unwrap();
    }

    fn hears(&mut self, len: usize) -> Vec<u8> {
        let mut heard = vec![0; len];
        if let Err(error) = self.0.read_exact(&mut heard) {
            panic!("the peer did not hear {len} bytes: {error}");
        }
        heard
    }

    fn hears_to_end(&mut self) -> Vec<u8> {
        let mut heard = Vec::new();
        if let Err(error) = self.0.read_to_end(&mut heard) {
            panic!("the peer heard {} bytes, and no end: {error}", heard.len());
        }
        heard
    }

    fn is_reached(&mut self) {
        if let Err(error) = self.0.peek(&mut [0]) {
            panic!("nothing reached the peer: {error}");
        }
    }

    fn makes_room_for(&mut self, _: &[u8]) {
        self.0.set_nonblocking(true).unwrap();
        let mut chunk = [0; ROOM];
        match self.0.read(&mut chunk) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => panic!("the peer could not look for bytes: {error}"),
        }
        self.0.set_nonblocking(false).unwrap();
    }

    fn closes(self) {}

    fn closes_early(self, _: &[u8]) {}

    fn resets(self) {
        SockRef::from(&self.0).set_linger(Some(Duration::ZERO)).unwrap();
    }

    fn twin(&self) -> Self {
        Self(self.0.try_clone().unwrap())
    }
}
