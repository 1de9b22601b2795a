//! Dialling over TCP and Unix domain sockets. Names are looked up by the system's resolver, on
//! tokio's blocking threads.

use std::io;
use std::net::SocketAddr;
#[cfg(unix)]
use std::path::Path;

use tokio::net::{TcpSocket, lookup_host};
use wirescript::{Connect, Endpoint, LateInfo, SocketInfo, async_trait};

use crate::{TokioSocket, TokioStream};

/// Opens connections on tokio: over TCP, and to [paths](Endpoint::unix) over Unix domain sockets.
///
/// The addresses of a name are tried one after the other, in the order of the resolver. There is
/// no timeout but that of the system. The future must be polled inside a tokio runtime with I/O
/// enabled.
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
/// use wirescript_tokio::TokioConnector;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
/// let server = Endpoint::from(listener.local_addr()?);
///
/// let net = TokioConnector::new().with_nodelay(true);
/// let mut socket = net.connect(&server).await?;
/// socket.send_all(b"STATUS\r\n").await?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, Default)]
pub struct TokioConnector {
    nodelay: bool,
}

impl TokioConnector {
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

    async fn dial(&self, addr: SocketAddr) -> io::Result<TokioSocket<TokioStream>> {
        let socket = match addr {
            SocketAddr::V4(_) => TcpSocket::new_v4()?,
            SocketAddr::V6(_) => TcpSocket::new_v6()?,
        };
        if self.nodelay {
            // Before connecting, because a peer that has reset the connection by the time we are
            // told of it makes some systems refuse to set options.
            socket.set_nodelay(true)?;
        }
        let stream = TokioStream::from(socket.connect(addr).await?);
        let info = LateInfo::dialled(
            addr,
            &stream,
            |stream| stream.as_tcp()?.peer_addr().ok(),
            |stream| stream.as_tcp()?.local_addr().ok(),
        );
        Ok(TokioSocket::new(stream).with_info(info))
    }
}

#[cfg(unix)]
async fn dial_path(path: &Path) -> io::Result<TokioSocket<TokioStream>> {
    let stream =
        tokio::net::UnixStream::connect(path).await.map_err(|error| match error.kind() {
            // Where Linux has no room in the backlog it tells those who cannot wait to try again, and
            // never when (connect(2), `EAGAIN`). The BSDs say in the same place that it was refused.
            io::ErrorKind::WouldBlock => io::Error::new(
                io::ErrorKind::ConnectionRefused,
                "the backlog of the socket is full",
            ),
            _ => error,
        })?;
    Ok(TokioSocket::new(stream.into()).with_info(SocketInfo::new().with_peer_path(path)))
}

#[async_trait]
impl Connect for TokioConnector {
    type Socket = TokioSocket<TokioStream>;

    async fn connect(&self, to: &Endpoint) -> io::Result<Self::Socket> {
        #[cfg(unix)]
        if let Some(path) = to.path() {
            to.check()?;
            return dial_path(path).await;
        }
        let to = to.host_and_port()?;
        // Not `TcpStream::connect`, which would keep to itself which address answered.
        let mut failure = None;
        for addr in lookup_host(to).await? {
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
