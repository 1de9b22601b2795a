//! Dialling with the standard library: over TCP and Unix domain sockets.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};
#[cfg(unix)]
use std::{os::unix::net::UnixStream, path::Path};

#[cfg(unix)]
use super::socket::patiently;
use super::{Connect, StdSocket, StdStream};
use crate::transport::{Endpoint, LateInfo, SocketInfo};

/// Opens connections with the standard library: over TCP, and to [paths](Endpoint::unix) over Unix
/// domain sockets.
///
/// The addresses of a name are tried one after the other, in the order of the resolver. There are
/// no timeouts but those of the system, unless they are set. The socket's
/// [`info`](super::Socket::info) has the addresses of both ends, or the path of the peer.
///
/// # Errors
///
/// `InvalidInput` for an endpoint that nobody could dial (see [`Endpoint::check`]) and for a timeout
/// of zero; `Unsupported` for a path where there are no Unix domain sockets; those of the resolver;
/// otherwise the error of the address that was tried last. [`classify`](crate::classify) tells them
/// apart.
///
/// # Example
///
/// ```
/// use std::time::Duration;
/// use wirescript::Endpoint;
/// use wirescript::blocking::{Connect, SocketExt, StdConnector};
///
/// # fn main() -> std::io::Result<()> {
/// let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
/// let server = Endpoint::from(listener.local_addr()?);
///
/// let net = StdConnector::new()
///     .with_connect_timeout(Duration::from_secs(10))
///     .with_read_timeout(Duration::from_secs(30));
/// let mut socket = net.connect(&server)?;
/// socket.send_all(b"STATUS\r\n")?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, Default)]
pub struct StdConnector {
    connect_timeout: Option<Duration>,
    read_timeout: Option<Duration>,
    write_timeout: Option<Duration>,
    nodelay: bool,
}

impl StdConnector {
    /// A connector that leaves every option of its sockets as the system has it.
    pub fn new() -> Self {
        Self::default()
    }

    /// How long to wait for a connection, once the name is looked up. Of what is left of it, each
    /// address of a name has its share. The system knows none for paths.
    #[must_use = "returns the changed connector"]
    pub fn with_connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = Some(timeout);
        self
    }

    /// How long a read may wait for its first byte, before it is `TimedOut`.
    #[must_use = "returns the changed connector"]
    pub fn with_read_timeout(mut self, timeout: Duration) -> Self {
        self.read_timeout = Some(timeout);
        self
    }

    /// How long a write may wait until its first byte is taken, before it is `TimedOut`.
    #[must_use = "returns the changed connector"]
    pub fn with_write_timeout(mut self, timeout: Duration) -> Self {
        self.write_timeout = Some(timeout);
        self
    }

    /// Whether small writes go out at once (`TCP_NODELAY`) instead of waiting to be joined with
    /// later ones. Off unless it is set; Unix domain sockets never wait.
    #[must_use = "returns the changed connector"]
    pub fn with_nodelay(mut self, nodelay: bool) -> Self {
        self.nodelay = nodelay;
        self
    }

    fn check(&self) -> io::Result<()> {
        let timeouts = [self.connect_timeout, self.read_timeout, self.write_timeout];
        if timeouts.contains(&Some(Duration::ZERO)) {
            let problem = "a timeout of zero leaves no time for anything";
            return Err(io::Error::new(ErrorKind::InvalidInput, problem));
        }
        Ok(())
    }

    fn dial(&self, addr: SocketAddr, timeout: Option<Duration>) -> io::Result<StdSocket> {
        let stream = match timeout {
            Some(timeout) => TcpStream::connect_timeout(&addr, timeout)?,
            None => TcpStream::connect(addr)?,
        };
        let nodelay = if self.nodelay { stream.set_nodelay(true) } else { Ok(()) };
        let stream = StdStream::from(stream);
        let timeouts = stream.set_timeouts(self.read_timeout, self.write_timeout);
        if let Err(error) = nodelay.and(timeouts) {
            // A peer that has reset the connection by now makes these fail on some systems. Its reset
            // is for whoever reads or writes first (C5).
            if stream.as_tcp().is_some_and(|stream| stream.peer_addr().is_ok()) {
                return Err(error);
            }
        }
        let info = LateInfo::dialled(
            addr,
            &stream,
            |stream| stream.as_tcp()?.peer_addr().ok(),
            |stream| stream.as_tcp()?.local_addr().ok(),
        );
        Ok(StdSocket::new(stream).with_info(info))
    }

    #[cfg(unix)]
    fn dial_path(&self, path: &Path) -> io::Result<StdSocket> {
        let stream = StdStream::from(patiently(|| UnixStream::connect(path))?);
        stream.set_timeouts(self.read_timeout, self.write_timeout)?;
        Ok(StdSocket::new(stream).with_info(SocketInfo::new().with_peer_path(path)))
    }
}

impl Connect for StdConnector {
    type Socket = StdSocket;

    fn connect(&self, to: &Endpoint) -> io::Result<StdSocket> {
        to.check()?;
        self.check()?;
        #[cfg(unix)]
        if let Some(path) = to.path() {
            return self.dial_path(path);
        }
        let addrs = to.host_and_port()?.to_socket_addrs()?;
        // One that is too long for the clock never ends.
        let until = self.connect_timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let mut failure = None;
        for (tried, addr) in addrs.as_slice().iter().enumerate() {
            let share = until.map(|until| share_of(until, addrs.len() - tried));
            if share == Some(Duration::ZERO) {
                failure.get_or_insert(ErrorKind::TimedOut.into());
                break;
            }
            match self.dial(*addr, share) {
                Ok(socket) => return Ok(socket),
                Err(error) => failure = Some(error),
            }
        }
        Err(failure.unwrap_or_else(|| {
            io::Error::new(ErrorKind::InvalidInput, "could not resolve to any address")
        }))
    }
}

/// What one of so many addresses gets of the time that is left.
fn share_of(until: Instant, addresses: usize) -> Duration {
    let left = until.saturating_duration_since(Instant::now());
    left / u32::try_from(addresses).unwrap_or(u32::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_has_its_share_of_what_is_left() {
        let until = Instant::now() + Duration::from_secs(3600);
        let (all, third) = (share_of(until, 1), share_of(until, 3));
        assert!(third <= all / 3 && third > all / 4, "{third:?} of {all:?}");
        assert_eq!(share_of(Instant::now(), 1), Duration::ZERO);
    }
}
