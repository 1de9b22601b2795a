//! From the contract of [`AsyncSocket`] to tokio's traits.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use wirescript::AsyncSocket;

/// An [`AsyncSocket`] as a tokio stream, so that what is written for tokio's traits runs on any
/// transport. It needs no runtime of its own.
///
/// tokio's shutdown is the socket's half-close (C4). Before it reads, it zeroes those bytes of the
/// buffer that were never written to, since safe code cannot pass them on as they are.
///
/// # Cancel safety
///
/// That of the socket (C8).
///
/// # Example
///
/// ```
/// use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
/// use wirescript::{BoxSocket, Connect, Endpoint};
/// use wirescript_tokio::{IntoTokio, TokioConnector};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// # let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
/// # let server = Endpoint::from(listener.local_addr()?);
/// let net = TokioConnector::new().boxed(); // or any other connector
/// let socket: BoxSocket = net.connect(&server).await?;
/// # let (mut peer, _) = listener.accept().await?;
/// # peer.write_all(b"+PONG\r\n").await?;
///
/// let mut stream = BufReader::new(IntoTokio::new(socket));
/// stream.write_all(b"PING\r\n").await?;
/// let mut reply = String::new();
/// stream.read_line(&mut reply).await?;
/// assert_eq!(reply, "+PONG\r\n");
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct IntoTokio<S> {
    inner: S,
}

impl<S> IntoTokio<S> {
    /// Wraps `inner`.
    pub fn new(inner: S) -> Self {
        Self { inner }
    }

    /// The socket.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    /// The socket, to be changed. What is read from it or written to it passes this stream by.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// Takes the socket out. Nothing is lost: this stream holds no bytes.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S: AsyncSocket> AsyncRead for IntoTokio<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = ready!(Pin::new(&mut self.inner).poll_read(cx, buf.initialize_unfilled()))?;
        buf.advance(read);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncSocket> AsyncWrite for IntoTokio<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_close(cx)
    }
}
