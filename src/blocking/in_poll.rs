//! From the contracts for threads to the async ones, by waiting where nothing should wait.
//!
//! It holds no thread and no buffer. What cannot be kept so is said at [`BlockInPoll`].

use std::io::{self, IoSlice, IoSliceMut};
use std::pin::Pin;
use std::task::{Context, Poll};

use async_trait::async_trait;
use futures_io::{AsyncRead, AsyncWrite};

use super::{Connect, Socket};
use crate::transport::{self, AsyncSocket, Endpoint, SocketInfo};

/// A blocking connector or socket as an async one, which **blocks its thread in `poll`**.
///
/// With it a client that is written for [`AsyncSocket`] runs in a program that has no runtime: on
/// the standard library's sockets, driven by any `block_on`. No poll is ever `Pending`.
///
/// ```
/// use wirescript::blocking::{BlockInPoll, StdConnector};
/// use wirescript::{AsyncSocketExt, Connect, Endpoint};
///
/// # fn main() -> std::io::Result<()> {
/// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
/// # let server = Endpoint::from(listener.local_addr()?);
/// let net = BlockInPoll::new(StdConnector::new());
/// futures::executor::block_on(async {
///     let mut socket = net.connect(&server).await?;
///     socket.send_all(b"STATUS\r\n").await
/// })
/// # }
/// ```
///
/// # What it does not keep
///
/// It is for a client that does one thing at a time, on a thread of its own. Of the contract:
///
/// - While one operation waits, nothing else of its thread runs: no other future of a `join` or
///   `select`, no timeout around it. A task of a runtime must not use it.
/// - Two halves in two tasks (C6) wait for each other, since a read that waits has the whole socket.
///   Where both directions are to go at once, a thread each with a handle of its own
///   ([`Socket::try_clone`]) does that.
/// - There are timeouts (C7) if the connector has any, such as
///   [`with_read_timeout`](super::StdConnector::with_read_timeout).
///
/// # Cancel safety
///
/// An operation is over after its first poll, so there is nothing to cancel (C8).
#[derive(Clone, Debug, Default)]
pub struct BlockInPoll<T> {
    inner: T,
}

impl<T> BlockInPoll<T> {
    /// Wraps `inner`: a connector, whose sockets are then wrapped too, or a socket.
    pub fn new(inner: T) -> Self {
        Self { inner }
    }

    /// What blocks.
    pub fn get_ref(&self) -> &T {
        &self.inner
    }

    /// What blocks, to be changed. What is read from it or written to it passes this by.
    pub fn get_mut(&mut self) -> &mut T {
        &mut self.inner
    }

    /// Takes out what blocks. Nothing is lost: this holds no bytes.
    pub fn into_inner(self) -> T {
        self.inner
    }
}

/// Nothing in it is ever pinned.
impl<T> Unpin for BlockInPoll<T> {}

#[async_trait]
impl<C: Connect> transport::Connect for BlockInPoll<C> {
    type Socket = BlockInPoll<C::Socket>;

    async fn connect(&self, to: &Endpoint) -> io::Result<Self::Socket> {
        self.inner.connect(to).map(BlockInPoll::new)
    }
}

impl<S: Socket> AsyncSocket for BlockInPoll<S> {
    fn info(&self) -> &SocketInfo {
        self.inner.info()
    }
}

impl<S: Socket> AsyncRead for BlockInPoll<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(self.inner.read(buf))
    }

    fn poll_read_vectored(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(self.inner.read_vectored(bufs))
    }
}

impl<S: Socket> AsyncWrite for BlockInPoll<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(self.inner.write(buf))
    }

    /// All buffers go to the socket. Whether it makes one operation of them cannot be asked, so
    /// [`is_write_vectored`](AsyncSocket::is_write_vectored) claims nothing.
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(self.inner.write_vectored(bufs))
    }

    fn poll_flush(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.inner.flush())
    }

    fn poll_close(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.inner.shutdown())
    }
}
