//! The byte-stream contract. Its promises are numbered; tests cite the numbers.

use std::fmt;

use futures_io::{AsyncRead, AsyncWrite};

use super::SocketInfo;

/// An owned socket of a type that is chosen at run time.
pub type BoxSocket = Box<dyn AsyncSocket>;

/// A connected, reliable, ordered stream of bytes in both directions.
///
/// A client library that is generic over `S: AsyncSocket` runs on every transport for which there
/// is an adapter, and on the scripted double. The trait adds next to nothing to [`AsyncRead`] and
/// [`AsyncWrite`]: its worth lies in the promises below, which those traits leave open and in
/// which real runtimes differ.
///
/// # Contract
///
/// **C1. End of stream.** `poll_read` into a buffer that is not empty returns `Ok(0)` when the
/// peer has closed its direction, and from then on always does.
///
/// **C2. Readiness.** No operation fails with [`WouldBlock`] or [`Interrupted`]: it returns
/// `Pending`, or tries again.
///
/// **C3. Partial results.** A read may fill, and a write may take, any part of the buffer that is
/// at least one byte long. Boundaries mean nothing. An empty buffer gives `Ok(0)` and touches
/// nothing.
///
/// **C4. Half-close.** `poll_close` flushes, then closes the sending direction (a TCP FIN). It may
/// be called again, and succeeds when the peer is gone. Reads go on afterwards; writes fail with
/// [`BrokenPipe`].
///
/// **C5. Reset.** A connection reset is delivered once, as [`ConnectionReset`], to whichever read
/// or write of at least one byte asks first. After that reads return `Ok(0)` and writes fail with
/// [`BrokenPipe`].
///
/// **C6. Wakers.** The socket keeps one waker for reading and one for writing and closing; in each
/// direction the last one wins. The two directions may be used from two tasks.
///
/// **C7. Time.** The socket has no timeouts of its own. Whoever wants one wraps the operation.
///
/// **C8. Cancel safety.** Dropping whatever awaits a poll method loses no byte and doubles none.
/// Of the methods of [`AsyncSocketExt`](super::AsyncSocketExt), `send` and `recv` keep this
/// promise; those that loop say in their docs that they do not.
///
/// **C9. Errors.** [`classify`](super::classify) tells the ways in which a connection ends apart,
/// the same way on every runtime.
///
/// The behaviour behind C4 and C5 is that of Linux TCP sockets as `shutdown(2)`, `send(2)` and
/// RFC 9293 section 3.5 describe them, seen through each runtime.
///
/// # Implementing
///
/// ```
/// use std::io;
/// use std::pin::Pin;
/// use std::task::{Context, Poll};
/// use futures::io::{AsyncRead, AsyncWrite};
/// use wirescript::{AsyncSocket, AsyncSocketExt};
///
/// /// A connection to `/dev/null`: takes everything, says nothing.
/// #[derive(Debug)]
/// struct Null;
///
/// impl AsyncRead for Null {
///     fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut [u8]) -> Poll<io::Result<usize>> {
///         Poll::Ready(Ok(0))
///     }
/// }
/// impl AsyncWrite for Null {
///     fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
///         Poll::Ready(Ok(buf.len()))
///     }
///     fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
///         Poll::Ready(Ok(()))
///     }
///     fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
///         Poll::Ready(Ok(()))
///     }
/// }
/// impl AsyncSocket for Null {}
///
/// # futures::executor::block_on(async {
/// let mut socket = Null;
/// socket.send_all(b"into the void").await?;
/// assert_eq!(socket.recv_to_end(16).await?, b"");
/// # io::Result::Ok(()) }).unwrap();
/// ```
///
/// [`WouldBlock`]: std::io::ErrorKind::WouldBlock
/// [`Interrupted`]: std::io::ErrorKind::Interrupted
/// [`BrokenPipe`]: std::io::ErrorKind::BrokenPipe
/// [`ConnectionReset`]: std::io::ErrorKind::ConnectionReset
pub trait AsyncSocket: AsyncRead + AsyncWrite + Send + Unpin {
    /// What was known about the connection when it was made.
    ///
    /// It is what was true at that moment, whatever became of the connection: who the peer is has to
    /// be kept, because `getpeername(2)` fails once that has reset the connection. What the system
    /// tells at any time may be asked for only now (see [`LateInfo`](crate::LateInfo)). A socket that
    /// knows nothing gives [`SocketInfo::unknown`].
    fn info(&self) -> &SocketInfo {
        SocketInfo::unknown()
    }

    /// Whether `poll_write_vectored` hands several buffers over in one operation.
    ///
    /// Callers that would otherwise copy small buffers together ask this first.
    fn is_write_vectored(&self) -> bool {
        false
    }
}

impl fmt::Debug for dyn AsyncSocket + '_ {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncSocket").field("info", self.info()).finish_non_exhaustive()
    }
}
