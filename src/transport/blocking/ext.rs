//! The verbs of a client that blocks, on every socket.

use std::io::{self, ErrorKind};

use super::super::ext::{CHUNK, over_limit};
use super::Socket;

/// Sending and receiving, as BSD sockets name them, on every [`Socket`].
///
/// The names and errors are those of [`AsyncSocketExt`](crate::AsyncSocketExt), and do not clash
/// with those of [`io::Read`] and [`io::Write`].
pub trait SocketExt: Socket {
    /// Writes once and returns how many bytes of `data` were taken: at least one, unless `data` is
    /// empty.
    ///
    /// Pushes on what the transport holds back. Where that takes too long, what is then still held
    /// back goes out with the next `send`, [`send_all`](Self::send_all) or
    /// [`shutdown`](Socket::shutdown).
    ///
    /// # Errors
    ///
    /// Those of the transport. A transport that takes nothing is `WriteZero`.
    ///
    /// # Timeouts
    ///
    /// After `TimedOut` nothing was taken.
    #[inline]
    fn send(&mut self, data: &[u8]) -> io::Result<usize> {
        let sent = self.write(data)?;
        if sent == 0 && !data.is_empty() {
            return Err(ErrorKind::WriteZero.into());
        }
        match self.flush() {
            // To fail here would lose the count.
            Err(error) if error.kind() != ErrorKind::TimedOut => Err(error),
            _ => Ok(sent),
        }
    }

    /// Writes all of `data` and flushes.
    ///
    /// # Errors
    ///
    /// Those of the transport. Any part of `data` may have been sent by then.
    ///
    /// # Timeouts
    ///
    /// After `TimedOut` any part of `data` may have been sent.
    #[inline]
    fn send_all(&mut self, data: &[u8]) -> io::Result<()> {
        let mut rest = data;
        while !rest.is_empty() {
            match self.write(rest)? {
                0 => return Err(ErrorKind::WriteZero.into()),
                sent => rest = &rest[sent..],
            }
        }
        self.flush()
    }

    /// Reads once into `buf` and returns how many bytes came; `Ok(0)` is the end of the stream
    /// (or an empty `buf`).
    ///
    /// # Errors
    ///
    /// Those of the transport.
    ///
    /// # Timeouts
    ///
    /// After `TimedOut` nothing was read.
    #[inline]
    fn recv(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.read(buf)
    }

    /// Fills `buf`.
    ///
    /// # Errors
    ///
    /// `UnexpectedEof` if the stream ends before; those of the transport.
    ///
    /// # Timeouts
    ///
    /// After `TimedOut` it is not known what had been read.
    #[inline]
    fn recv_exact(&mut self, buf: &mut [u8]) -> io::Result<()> {
        let mut filled = 0;
        while filled < buf.len() {
            match self.read(&mut buf[filled..])? {
                0 => return Err(ErrorKind::UnexpectedEof.into()),
                n => filled += n,
            }
        }
        Ok(())
    }

    /// Reads until the stream ends and returns all that came.
    ///
    /// # Errors
    ///
    /// `InvalidData` as soon as more than `limit` bytes have come; those of the transport.
    ///
    /// # Timeouts
    ///
    /// After `TimedOut` what had been read is lost.
    fn recv_to_end(&mut self, limit: usize) -> io::Result<Vec<u8>> {
        let mut received = Vec::new();
        let mut chunk = [0; CHUNK];
        loop {
            match self.read(&mut chunk)? {
                0 => return Ok(received),
                n if n > limit - received.len() => return Err(over_limit(limit)),
                n => received.extend_from_slice(&chunk[..n]),
            }
        }
    }

    /// Shuts down, then drops this handle. If it is the last one, that closes the connection.
    ///
    /// # Errors
    ///
    /// Those of [`shutdown`](Socket::shutdown); the handle is dropped all the same.
    fn disconnect(mut self) -> io::Result<()>
    where
        Self: Sized,
    {
        self.shutdown()
    }
}

impl<S: Socket + ?Sized> SocketExt for S {}
