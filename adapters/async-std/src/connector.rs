//! Dialling over TCP and Unix domain sockets. Names are looked up by the system's resolver, on
//! async-std's blocking threads.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
#[cfg(unix)]
use std::path::Path;

use async_std::net::{TcpStream, ToSocketAddrs};
#[cfg(unix)]
use async_std::os::unix::net::UnixStream;
use wirescript::{Connect, Endpoint, LateInfo, SocketInfo, async_trait};

use crate::{AsyncStdSocket, AsyncStdStream};

/// Opens connections on async-std: over TCP, and to [paths](Endpoint::unix) over Unix domain sockets.
/// The future may be polled on any executor.
///
/// The addresses of a name are tried one after the other, in the order of the resolver. There is
/// no timeout but that of the system.
///
/// The socket's [`info`](wirescript::AsyncSocket::info) has the addresses of both ends, or the path
/// of the peer.
///
/// # Errors
///
/// `InvalidInput` for an endpoint that nobody could dial (see [`Endpoint::check`]); `Unsupported`
/// for a path where there are no Unix domain sockets; those of the resolver; otherwise the error of
/// the address that was tried last. [`classify`](wirescript::classify) tells them apart.
///
/// # Cancel safety
///
/// Dropping the future closes a connection that is half made. A lookup that has begun runs to its
/// end on its thread, and its result is dropped.
///
/// # Example
///
/// ```
/// use wirescript::{AsyncSocketExt, Connect, Endpoint};
/// use wirescript_async_std::AsyncStdConnector;
///
/// # fn main() -> std::io::Result<()> { async_std::task::block_on(async {
/// let listener = async_std::net::TcpListener::bind("127.0.0.1:0").await?;
/// let server = Endpoint::from(listener.local_addr()?);
///
/// let net = AsyncStdConnector::new().with_nodelay(true);
/// let mut socket = net.connect(&server).await?;
/// socket.send_all(b"STATUS\r\n").await?;
/// # Ok(()) }) }
/// ```
#[derive(Clone, Debug, Default)]
pub struct AsyncStdConnector {
    nodelay: bool,
}

impl AsyncStdConnector {
    /// A connector that leaves every option of its sockets as the system has it.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether small writes go out at once (`TCP_NODELAY`) instead of waiting to be joined with
    /// later ones. Off unless it is set; Unix domain sockets never wait.
    #[must_use = "returns the changed connector"]
    pub fn with_nodelay(mut self, nodelay: bool) -> Self {
        self.nodelay = nodelay;
        self
    }

    async fn dial(&self, addr: SocketAddr) -> io::Result<AsyncStdSocket<AsyncStdStream>> {
        let stream = TcpStream::connect(addr).await?;
        if self.nodelay {
            // Only now, because async-std makes the socket and connects it in one go. A peer that has
            // reset the connection by now makes it fail, on some systems. Its reset is for whoever
            // reads or writes first (C5).
            if let Err(error) = stream.set_nodelay(true) {
                if stream.peer_addr().is_ok() {
                    return Err(error);
                }
            }
        }
        let stream = AsyncStdStream::from(stream);
        let info = LateInfo::dialled(
            addr,
            &stream,
            |stream| stream.as_tcp()?.peer_addr().ok(),
            |stream| stream.as_tcp()?.local_addr().ok(),
        );
        Ok(AsyncStdSocket::new(stream).with_info(info).with_write_vectored(true))
    }
}

#[cfg(unix)]
async fn dial_path(path: &Path) -> io::Result<AsyncStdSocket<AsyncStdStream>> {
    let stream = UnixStream::connect(path).await.map_err(|error| {
        match error.kind() {
            // Where Linux has no room in the backlog it tells those who cannot wait to try again, and
            // never when (connect(2), `EAGAIN`). async-std takes that for a beginning, and then finds
            // nobody connected. The BSDs say in the same place that it was refused.
            io::ErrorKind::NotConnected => io::Error::new(
                io::ErrorKind::ConnectionRefused,
                "the backlog of the socket is full",
            ),
            _ => error,
        }
    })?;
    // Its streams write the first of several buffers.
    Ok(AsyncStdSocket::new(stream.into()).with_info(SocketInfo::new().with_peer_path(path)))
}

#[async_trait]
impl Connect for AsyncStdConnector {
    type Socket = AsyncStdSocket<AsyncStdStream>;

    async fn connect(&self, to: &Endpoint) -> io::Result<Self::Socket> {
        #[cfg(unix)]
        if let Some(path) = to.path() {
            to.check()?;
            return dial_path(path).await;
        }
        let to = to.host_and_port()?;
        // Not `TcpStream::connect`, which would keep to itself which address answered.
        let mut failure = None;
        let found = to.to_socket_addrs().await;
        for addr in found.map_err(with_its_code)? {
            match self.dial(addr).await {
                Ok(socket) => return Ok(socket),
                Err(error) => failure = Some(error),
            }
        }
        Err(failure.unwrap_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidInput, "could not resolve to any address")
        }))
    }
}

/// async-std wraps the errors of the resolver in a text of its own, and hides their codes.
fn with_its_code(error: io::Error) -> io::Error {
    let wrapped = error.get_ref().and_then(Error::source);
    let code = wrapped.and_then(<dyn Error>::downcast_ref).and_then(io::Error::raw_os_error);
    code.map_or(error, io::Error::from_raw_os_error)
}

#[cfg(test)]
mod tests {
    use std::fmt;

    use super::*;

    /// As async-std wraps them.
    #[derive(Debug)]
    struct Wrapped(io::Error);

    impl Error for Wrapped {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&self.0)
        }
    }

    impl fmt::Display for Wrapped {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("could not resolve address")
        }
    }

    #[test]
    fn c9_the_code_of_a_failed_lookup_comes_back() {
        let inner = io::Error::from_raw_os_error(1);
        let (kind, code) = (inner.kind(), inner.raw_os_error());
        let error = with_its_code(io::Error::new(kind, Wrapped(inner)));
        assert_eq!((error.kind(), error.raw_os_error()), (kind, code));
    }

    #[test]
    fn c9_an_error_that_never_had_a_code_keeps_its_text() {
        let inner = io::Error::other("failed to lookup address information");
        let error = with_its_code(io::Error::other(Wrapped(inner)));
        assert_eq!(error.to_string(), "could not resolve address");
    }
}
