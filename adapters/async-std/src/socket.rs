//! From the traits of `futures`, as async-std has them, to the contract of [`AsyncSocket`].

use std::io::{self, ErrorKind, IoSlice, IoSliceMut};
use std::net::Shutdown;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use async_std::net::TcpStream;
#[cfg(unix)]
use async_std::os::unix::net::UnixStream;
use futures_io::{AsyncRead, AsyncWrite};
use wirescript::{AsyncSocket, LateInfo, SocketInfo};

/// A stream of async-std as an [`AsyncSocket`].
///
/// It keeps the contract C1 to C9 over a `TcpStream`, a `UnixStream` or the
/// [`AsyncStdStream`](crate::AsyncStdStream) that is either. Over another stream it adds what the
/// traits alone can add, and leaves the rest to the stream: that a reset is told once (C5), for one.
///
/// # Cancel safety
///
/// That of the stream: async-std's own lose nothing when whatever awaits them is dropped.
///
/// # Example
///
/// ```
/// use wirescript::AsyncSocketExt;
/// use wirescript_async_std::AsyncStdSocket;
///
/// # fn main() -> std::io::Result<()> { async_std::task::block_on(async {
/// let listener = async_std::net::TcpListener::bind("127.0.0.1:0").await?;
/// let near = async_std::net::TcpStream::connect(listener.local_addr()?).await?;
/// let (far, _) = listener.accept().await?;
/// let (mut near, mut far) = (AsyncStdSocket::new(near), AsyncStdSocket::new(far));
///
/// near.send_all(b"hello").await?;
/// near.disconnect().await?;
/// assert_eq!(far.recv_to_end(16).await?, b"hello");
/// # Ok(()) }) }
/// ```
#[derive(Debug)]
pub struct AsyncStdSocket<T> {
    inner: T,
    info: LateInfo<T>,
    write_vectored: bool,
}

impl<T> AsyncStdSocket<T> {
    /// Wraps `inner`, of which nothing else is known.
    pub fn new(inner: T) -> Self {
        Self { inner, info: LateInfo::default(), write_vectored: false }
    }

    /// Says what is known about the connection: a [`SocketInfo`], or a [`LateInfo`] of the stream.
    ///
    /// ```
    /// use wirescript::{AsyncSocket, SocketInfo};
    /// use wirescript_async_std::AsyncStdSocket;
    ///
    /// # fn main() -> std::io::Result<()> { async_std::task::block_on(async {
    /// let listener = async_std::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let client = async_std::net::TcpStream::connect(listener.local_addr()?).await?;
    /// let (stream, client_addr) = listener.accept().await?;
    /// let info = SocketInfo::new().with_peer_addr(client_addr);
    /// let socket = AsyncStdSocket::new(stream).with_info(info);
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

impl<T> AsyncSocket for AsyncStdSocket<T>
where
    T: AsyncRead + AsyncWrite + CloseWrite + Send + Unpin,
{
    fn info(&self) -> &SocketInfo {
        self.info.of(&self.inner)
    }

    fn is_write_vectored(&self) -> bool {
        self.write_vectored
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for AsyncStdSocket<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        // async-std asks the system whatever the size of the buffer, and that may have an error to
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

impl<T: AsyncWrite + CloseWrite + Unpin> AsyncWrite for AsyncStdSocket<T> {
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
        // async-std's own `poll_close` does that, and nothing else: the peer would not hear of it.
        ready!(Pin::new(&mut self.inner).poll_flush(cx))?;
        match self.inner.close_write() {
            // What `shutdown(2)` says once the peer has reset the connection: there is nothing
            // left to close (C4).
            Err(error) if error.kind() == ErrorKind::NotConnected => Poll::Ready(Ok(())),
            result => Poll::Ready(result),
        }
    }
}

/// A stream whose sending direction can be closed by itself.
///
/// `poll_close` of async-std's streams leaves it open, and [`AsyncStdSocket`] has to close it (C4).
/// Implement it for a stream of your own to have that in an `AsyncStdSocket`.
pub trait CloseWrite {
    /// Closes the sending direction, of which everything has been flushed. It may be called again.
    ///
    /// # Errors
    ///
    /// Those of the system. `NotConnected` is taken for success.
    fn close_write(&self) -> io::Result<()>;
}

impl CloseWrite for TcpStream {
    fn close_write(&self) -> io::Result<()> {
        self.shutdown(Shutdown::Write)
    }
}

#[cfg(unix)]
impl CloseWrite for UnixStream {
    fn close_write(&self) -> io::Result<()> {
        self.shutdown(Shutdown::Write)
    }
}
