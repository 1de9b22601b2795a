//! From tokio's traits to the contract of [`AsyncSocket`].

use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_io::{AsyncRead, AsyncWrite};
use tokio::io::ReadBuf;
use wirescript::{AsyncSocket, LateInfo, SocketInfo};

/// A tokio stream as an [`AsyncSocket`].
///
/// It keeps the contract C1 to C9 over a `TcpStream`, a `UnixStream` or the
/// [`TokioStream`](crate::TokioStream) that is either. Over another stream it adds what the traits
/// alone can add, and leaves the rest to the stream: that a reset is told once (C5), for one.
///
/// # Cancel safety
///
/// That of the stream: tokio's own lose nothing when whatever awaits them is dropped.
///
/// # Example
///
/// ```
/// use wirescript::AsyncSocketExt;
/// use wirescript_tokio::TokioSocket;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let (near, far) = tokio::io::duplex(64);
/// let (mut near, mut far) = (TokioSocket::new(near), TokioSocket::new(far));
///
/// near.send_all(b"hello").await?;
/// near.disconnect().await?;
/// assert_eq!(far.recv_to_end(16).await?, b"hello");
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct TokioSocket<T> {
    inner: T,
    info: LateInfo<T>,
}

impl<T> TokioSocket<T> {
    /// Wraps `inner`, of which nothing else is known.
    pub fn new(inner: T) -> Self {
        Self { inner, info: LateInfo::default() }
    }

    /// Says what is known about the connection: a [`SocketInfo`], or a [`LateInfo`] of the stream.
    ///
    /// ```
    /// use wirescript::{AsyncSocket, SocketInfo};
    /// use wirescript_tokio::TokioSocket;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let client = tokio::net::TcpStream::connect(listener.local_addr()?).await?;
    /// let (stream, client_addr) = listener.accept().await?;
    /// let info = SocketInfo::new().with_peer_addr(client_addr);
    /// let socket = TokioSocket::new(stream).with_info(info);
    /// assert_eq!(socket.info().peer_addr(), Some(client_addr));
    /// # Ok(()) }
    /// ```
    #[must_use = "returns the changed socket"]
    pub fn with_info(mut self, info: impl Into<LateInfo<T>>) -> Self {
        self.info = info.into();
        self
    }

    /// The stream.
    pub fn get_ref(&self) -> &T {
        &self.inner
    }

    /// The stream, to be changed. What is read from it or written to it passes this socket by.
    pub fn get_mut(&mut self) -> &mut T {
        &mut self.inner
    }

    /// Takes the stream out. Nothing is lost: this socket holds no bytes.
    pub fn into_inner(self) -> T {
        self.inner
    }
}

impl<T> AsyncSocket for TokioSocket<T>
where
    T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin,
{
    fn info(&self) -> &SocketInfo {
        self.info.of(&self.inner)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }
}

/// tokio has no vectored read: that of `futures`, which fills the first buffer, is what there is.
impl<T: tokio::io::AsyncRead + Unpin> AsyncRead for TokioSocket<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        // tokio waits for readiness whatever the size of the buffer (C3).
        if buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let mut buf = ReadBuf::new(buf);
        ready!(Pin::new(&mut self.inner).poll_read(cx, &mut buf))?;
        Poll::Ready(Ok(buf.filled().len()))
    }
}

impl<T: tokio::io::AsyncWrite + Unpin> AsyncWrite for TokioSocket<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        // As in `poll_read`.
        if buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        // As in `poll_read`. The first one nearly always tells.
        if bufs.first().is_none_or(|buf| buf.is_empty()) && bufs.iter().all(|buf| buf.is_empty()) {
            return Poll::Ready(Ok(0));
        }
        Pin::new(&mut self.inner).poll_write_vectored(cx, bufs)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // Flushing is part of shutting down in tokio.
        match ready!(Pin::new(&mut self.inner).poll_shutdown(cx)) {
            // What `shutdown(2)` says once the peer has reset the connection: there is nothing
            // left to close (C4). `TcpStream` knows that; a stream over a socket of its own may not.
            Err(error) if error.kind() == ErrorKind::NotConnected => Poll::Ready(Ok(())),
            result => Poll::Ready(result),
        }
    }
}
