//! The verbs of a client, on every socket.

use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::task::{Poll, ready};

use super::AsyncSocket;

/// How many bytes are read at once where nobody gave a buffer.
pub(super) const CHUNK: usize = 2048;

/// Sending and receiving, as BSD sockets name them, on every [`AsyncSocket`].
///
/// The names do not clash with those of `futures::AsyncReadExt` and `AsyncWriteExt`, so both may
/// be in scope.
pub trait AsyncSocketExt: AsyncSocket {
    /// Writes once and returns how many bytes of `data` were taken: at least one, unless `data` is
    /// empty.
    ///
    /// Pushes on what the transport holds back, but does not wait for it: what is then still held
    /// back goes out with the next `send`, [`send_all`](Self::send_all) or
    /// [`shutdown`](Self::shutdown).
    ///
    /// # Errors
    ///
    /// Those of the transport. A transport that takes nothing is `WriteZero`.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: if it did not complete, nothing was taken.
    fn send(&mut self, data: &[u8]) -> impl Future<Output = io::Result<usize>> + Send {
        poll_fn(move |cx| {
            let sent = ready!(Pin::new(&mut *self).poll_write(cx, data))?;
            if sent == 0 && !data.is_empty() {
                return Poll::Ready(Err(ErrorKind::WriteZero.into()));
            }
            match Pin::new(&mut *self).poll_flush(cx) {
                Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
                // To wait here would lose the count if the future were dropped meanwhile.
                Poll::Ready(Ok(())) | Poll::Pending => Poll::Ready(Ok(sent)),
            }
        })
    }

    /// Writes all of `data` and flushes.
    ///
    /// # Errors
    ///
    /// Those of the transport. Any part of `data` may have been sent by then.
    ///
    /// # Cancel safety
    ///
    /// Not cancel safe: any part of `data` may have been sent.
    fn send_all(&mut self, data: &[u8]) -> impl Future<Output = io::Result<()>> + Send {
        let mut rest = data;
        poll_fn(move |cx| {
            while !rest.is_empty() {
                // Arms, and no `ready!(..)?`: so compilers ask for what nearly always comes first.
                match Pin::new(&mut *self).poll_write(cx, rest) {
                    Poll::Ready(Ok(0)) => return Poll::Ready(Err(ErrorKind::WriteZero.into())),
                    Poll::Ready(Ok(sent)) => rest = &rest[sent..],
                    Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                    Poll::Pending => return Poll::Pending,
                }
            }
            ready!(Pin::new(&mut *self).poll_flush(cx))?;
            Poll::Ready(Ok(()))
        })
    }

    /// Reads once into `buf` and returns how many bytes came; `Ok(0)` is the end of the stream
    /// (or an empty `buf`).
    ///
    /// # Errors
    ///
    /// Those of the transport.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: if it did not complete, nothing was read.
    fn recv(&mut self, buf: &mut [u8]) -> impl Future<Output = io::Result<usize>> + Send {
        poll_fn(move |cx| Pin::new(&mut *self).poll_read(cx, buf))
    }

    /// Fills `buf`.
    ///
    /// # Errors
    ///
    /// `UnexpectedEof` if the stream ends before; those of the transport.
    ///
    /// # Cancel safety
    ///
    /// Not cancel safe: what had been read is lost.
    fn recv_exact(&mut self, buf: &mut [u8]) -> impl Future<Output = io::Result<()>> + Send {
        let mut filled = 0;
        poll_fn(move |cx| {
            while filled < buf.len() {
                match Pin::new(&mut *self).poll_read(cx, &mut buf[filled..]) {
                    Poll::Ready(Ok(0)) => return Poll::Ready(Err(ErrorKind::UnexpectedEof.into())),
                    Poll::Ready(Ok(n)) => filled += n,
                    Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                    Poll::Pending => return Poll::Pending,
                }
            }
            Poll::Ready(Ok(()))
        })
    }

    /// Reads until the stream ends and returns all that came.
    ///
    /// # Errors
    ///
    /// `InvalidData` as soon as more than `limit` bytes have come; those of the transport.
    ///
    /// # Cancel safety
    ///
    /// Not cancel safe: what had been read is lost.
    fn recv_to_end(&mut self, limit: usize) -> impl Future<Output = io::Result<Vec<u8>>> + Send {
        let mut received = Vec::new();
        let mut chunk = [0; CHUNK];
        poll_fn(move |cx| {
            loop {
                match ready!(Pin::new(&mut *self).poll_read(cx, &mut chunk))? {
                    0 => return Poll::Ready(Ok(std::mem::take(&mut received))),
                    n if n > limit - received.len() => {
                        return Poll::Ready(Err(over_limit(limit)));
                    }
                    n => received.extend_from_slice(&chunk[..n]),
                }
            }
        })
    }

    /// Says that nothing more will be sent: flushes, then closes the sending direction. The peer
    /// sees the end of the stream; reading goes on. See C4 in [`AsyncSocket`].
    ///
    /// # Errors
    ///
    /// Those of flushing; none if the peer is gone.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: it may be called again.
    fn shutdown(&mut self) -> impl Future<Output = io::Result<()>> + Send {
        poll_fn(move |cx| Pin::new(&mut *self).poll_close(cx))
    }

    /// Shuts down, then drops the socket, which closes the connection.
    ///
    /// # Errors
    ///
    /// Those of [`shutdown`](Self::shutdown); the connection is closed all the same.
    ///
    /// # Cancel safety
    ///
    /// The connection is closed, whether or not all had been flushed.
    fn disconnect(mut self) -> impl Future<Output = io::Result<()>> + Send
    where
        Self: Sized,
    {
        async move { self.shutdown().await }
    }
}

impl<S: AsyncSocket + ?Sized> AsyncSocketExt for S {}

/// What a client is told whose peer sent more than it wants.
pub(super) fn over_limit(limit: usize) -> io::Error {
    io::Error::new(
        ErrorKind::InvalidData,
        format!("the peer sent more than the limit of {limit} bytes"),
    )
}
