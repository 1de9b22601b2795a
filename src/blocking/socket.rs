//! From the standard library's streams to the contract of [`Socket`].

use std::io::{self, ErrorKind, IoSlice, IoSliceMut, Read, Write};
use std::net::Shutdown;

use super::{BoxSocket, Socket, StdStream};
use crate::transport::{LateInfo, SocketInfo};

/// A stream of the standard library as a [`Socket`].
///
/// It keeps the contract C1 to C9 over a stream that blocks, as was seen on Linux; other systems may
/// repeat a reset or name it differently. Over one that was made non-blocking, everything that would
/// wait is `TimedOut` at once.
///
/// On a Unix domain socket, Linux tells writers `BrokenPipe` as soon as the peer is gone. Where the
/// peer had not read all, the reset is told to a read, once.
///
/// ```
/// use std::net::{TcpListener, TcpStream};
/// use wirescript::blocking::{SocketExt, StdSocket};
///
/// # fn main() -> std::io::Result<()> {
/// let listener = TcpListener::bind("127.0.0.1:0")?;
/// # let mut client = StdSocket::new(TcpStream::connect(listener.local_addr()?)?);
/// let (stream, _) = listener.accept()?;
/// let mut socket = StdSocket::new(stream);
/// socket.send_all(b"220 ready\r\n")?;
/// # let mut greeting = [0; 11];
/// # client.recv_exact(&mut greeting)?;
/// # assert_eq!(&greeting, b"220 ready\r\n");
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct StdSocket {
    inner: StdStream,
    info: LateInfo<StdStream>,
}

impl StdSocket {
    /// Wraps `inner`, of which nothing else is known.
    pub fn new(inner: impl Into<StdStream>) -> Self {
        Self { inner: inner.into(), info: LateInfo::default() }
    }

    /// Says what is known about the connection: a [`SocketInfo`], or a [`LateInfo`] of the stream.
    #[must_use = "returns the changed socket"]
    pub fn with_info(mut self, info: impl Into<LateInfo<StdStream>>) -> Self {
        self.info = info.into();
        self
    }

    /// Another handle on this connection, as [`Socket::try_clone`] but of this type.
    ///
    /// # Errors
    ///
    /// The system has no file descriptor left.
    pub fn try_clone(&self) -> io::Result<Self> {
        Ok(Self { inner: self.inner.try_clone()?, info: self.info.clone() })
    }

    /// The stream.
    pub fn get_ref(&self) -> &StdStream {
        &self.inner
    }

    /// The stream, to be changed. What is read from it or written to it passes this socket by.
    pub fn get_mut(&mut self) -> &mut StdStream {
        &mut self.inner
    }

    /// Takes the stream out. Nothing is lost: this socket holds no bytes.
    pub fn into_inner(self) -> StdStream {
        self.inner
    }
}

impl Socket for StdSocket {
    fn info(&self) -> &SocketInfo {
        self.info.of(&self.inner)
    }

    fn shutdown(&mut self) -> io::Result<()> {
        match patiently(|| self.inner.shutdown(Shutdown::Write)) {
            // What `shutdown(2)` says once the peer has reset the connection: there is nothing
            // left to close (C4).
            Err(error) if error.kind() == ErrorKind::NotConnected => Ok(()),
            result => result,
        }
    }

    fn try_clone(&self) -> io::Result<BoxSocket> {
        Ok(Box::new(self.try_clone()?))
    }
}

impl Read for StdSocket {
    #[inline]
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        // A call of the system would tell of what is pending (C3).
        if buf.is_empty() {
            return Ok(0);
        }
        patiently(|| self.inner.read(buf))
    }

    #[inline]
    fn read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        // As in `read`. The first one nearly always tells.
        if bufs.first().is_none_or(|buf| buf.is_empty()) && bufs.iter().all(|buf| buf.is_empty()) {
            return Ok(0);
        }
        patiently(|| self.inner.read_vectored(bufs))
    }
}

impl Write for StdSocket {
    #[inline]
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        // As in `read`.
        if buf.is_empty() {
            return Ok(0);
        }
        patiently(|| self.inner.write(buf))
    }

    #[inline]
    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        // As in `read`. The first one nearly always tells.
        if bufs.first().is_none_or(|buf| buf.is_empty()) && bufs.iter().all(|buf| buf.is_empty()) {
            return Ok(0);
        }
        patiently(|| self.inner.write_vectored(bufs))
    }

    #[inline]
    fn flush(&mut self) -> io::Result<()> {
        patiently(|| self.inner.flush())
    }
}

/// Asks again where a signal came between, and calls a timeout by its name: on Unix a socket whose
/// timeout has passed says what a non-blocking one does (C2, C7).
#[inline]
pub(super) fn patiently<T>(mut ask: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        return match ask() {
            Err(error) => match error.kind() {
                ErrorKind::Interrupted => continue,
                ErrorKind::WouldBlock => Err(ErrorKind::TimedOut.into()),
                _ => Err(error),
            },
            result => result,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c2_what_a_signal_interrupted_is_asked_again() {
        let mut answers =
            [Err(ErrorKind::Interrupted), Err(ErrorKind::Interrupted), Ok(7)].into_iter();
        let answer = patiently(|| answers.next().unwrap().map_err(io::Error::from));
        assert_eq!(answer.unwrap(), 7);
    }

    #[test]
    fn c7_what_would_block_has_timed_out() {
        let answer = patiently(|| Err::<(), _>(ErrorKind::WouldBlock.into()));
        assert_eq!(answer.unwrap_err().kind(), ErrorKind::TimedOut);
        let answer = patiently(|| Err::<(), _>(ErrorKind::BrokenPipe.into()));
        assert_eq!(answer.unwrap_err().kind(), ErrorKind::BrokenPipe);
    }
}
