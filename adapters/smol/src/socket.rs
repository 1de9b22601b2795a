//! From the traits of `futures`, as smol has them, to the contract of [`AsyncSocket`].

use std::io::{self, ErrorKind, IoSlice, IoSliceMut};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_io::{AsyncRead, AsyncWrite};
use wirescript::{AsyncSocket, LateInfo, SocketInfo};

/// A stream of async-net, or another that has the traits of `futures`, as an [`AsyncSocket`].
///
/// It keeps the contract C1 to C9 over a `TcpStream`, a `UnixStream` or the
/// [`SmolStream`](crate::SmolStream) that is either. Over another stream it adds what the traits
/// alone can add, and leaves the rest to the stream: that a reset is told once (C5), for one.
///
/// # Cancel safety
///
/// That of the stream: smol's own lose nothing when whatever awaits them is dropped.
///
/// # Example
///
/// ```
/// use wirescript::AsyncSocketExt;
/// use wirescript_smol::SmolSocket;
///
/// # fn main() -> std::io::Result<()> { smol::block_on(async {
/// let listener = smol::net::TcpListener::bind("127.0.0.1:0").await?;
/// let near = smol::net::TcpStream::connect(listener.local_addr()?).await?;
/// let (far, _) = listener.accept().await?;
/// let (mut near, mut far) = (SmolSocket::new(near), SmolSocket::new(far));
///
/// near.send_all(b"hello").await?;
/// near.disconnect().await?;
/// assert_eq!(far.recv_to_end(16).await?, b"hello");
/// # Ok(()) }) }
/// ```
#[derive(Debug)]
pub struct SmolSocket<T> {
    inner: T,
    info: LateInfo<T>,
    write_vectored: bool,
}

impl<T> SmolSocket<T> {
    /// Wraps `inner`, of which nothing else is known.
    pub fn new(inner: T) -> Self {
        Self { inner, info: LateInfo::default(), write_vectored: false }
    }

    /// Says what is known about the connection: a [`SocketInfo`], or a [`LateInfo`] of the stream.
    ///
    /// ```
    /// use wirescript::{AsyncSocket, SocketInfo};
    /// use wirescript_smol::SmolSocket;
    ///
    /// # fn main() -> std::io::Result<()> { smol::block_on(async {
    /// let listener = smol::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let client = smol::net::TcpStream::connect(listener.local_addr()?).await?;
    /// let (stream, client_addr) = listener.accept().await?;
    /// let info = SocketInfo::new().with_peer_addr(client_addr);
    /// let socket = SmolSocket::new(stream).with_info(info);
    /// assert_eq!(socket.info().peer_addr(), Some(client_addr));
    /// # Ok(()) }) }
    /// ```
    #[must_use = "returns the changed socket"]
    pub fn with_info(mut self, info: impl Into<LateInfo<T>>) -> Self {
        self.info = info.into();
        self
    }

    /// Says whether the stream hands several buffers over in one operation, as a `TcpStream` does:
    /// what [`AsyncSocket::is_write_vectored`] answers. The traits of `futures` cannot be asked, so
    /// it is `false` unless it is set.
    #[must_use = "returns the changed socket"]
    pub fn with_write_vectored(mut self, write_vectored: bool) -> Self {
        self.write_vectored = write_vectored;
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

impl<T> AsyncSocket for SmolSocket<T>
where
    T: AsyncRead + AsyncWrite + Send + Unpin,
{
    fn info(&self) -> &SocketInfo {
        self.info.of(&self.inner)
    }

    fn is_write_vectored(&self) -> bool {
        self.write_vectored
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for SmolSocket<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        // async-net asks the system whatever the size of the buffer, and that may have an error to
        // tell, or wait (C3).
        if buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        Pin::new(&mut self.inner).poll_read(cx, buf)
    }

    fn poll_read_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        // As in `poll_read`. The first one nearly always tells.
        if bufs.first().is_none_or(|buf| buf.is_empty()) && bufs.iter().all(|buf| buf.is_empty()) {
            return Poll::Ready(Ok(0));
        }
        Pin::new(&mut self.inner).poll_read_vectored(cx, bufs)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for SmolSocket<T> {
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
        // Closing async-net's streams does not flush them. There is nothing to flush, either.
        ready!(Pin::new(&mut self.inner).poll_flush(cx))?;
        match ready!(Pin::new(&mut self.inner).poll_close(cx)) {
            // What `shutdown(2)` says once the peer has reset the connection: there is nothing
            // left to close (C4). async-net passes it on.
            Err(error) if error.kind() == ErrorKind::NotConnected => Poll::Ready(Ok(())),
            result => Poll::Ready(result),
        }
    }
}
