//! The standard library's stream under a socket: of one kind or the other.

use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::net::{Shutdown, TcpStream};
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// A stream of the standard library, as it is.
#[derive(Debug)]
#[non_exhaustive]
pub enum StdStream {
    /// To a host.
    Tcp(TcpStream),
    /// To a path.
    #[cfg(unix)]
    Unix(UnixStream),
}

/// Calls a method of whichever stream it is.
macro_rules! either {
    ($stream:expr, $method:ident($($argument:expr),*)) => {
        match $stream {
            StdStream::Tcp(stream) => stream.$method($($argument),*),
            #[cfg(unix)]
            StdStream::Unix(stream) => stream.$method($($argument),*),
        }
    };
}

impl StdStream {
    /// The TCP stream, if it is one.
    pub fn as_tcp(&self) -> Option<&TcpStream> {
        match self {
            Self::Tcp(stream) => Some(stream),
            #[cfg(unix)]
            Self::Unix(_) => None,
        }
    }

    /// The stream of a Unix domain socket, if it is one.
    #[cfg(unix)]
    pub fn as_unix(&self) -> Option<&UnixStream> {
        match self {
            Self::Tcp(_) => None,
            Self::Unix(stream) => Some(stream),
        }
    }

    /// Another handle on the connection.
    ///
    /// # Errors
    ///
    /// The system has no file descriptor left.
    pub fn try_clone(&self) -> io::Result<Self> {
        match self {
            Self::Tcp(stream) => stream.try_clone().map(Self::Tcp),
            #[cfg(unix)]
            Self::Unix(stream) => stream.try_clone().map(Self::Unix),
        }
    }

    /// Closes one direction of the connection, or both, for all handles: reads that wait on other
    /// threads end, where a direction is closed that they wait in.
    ///
    /// # Errors
    ///
    /// Those of the system: `NotConnected`, once the peer has reset the connection.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        either!(self, shutdown(how))
    }

    /// Sets those that there are; a new stream has none.
    pub(super) fn set_timeouts(
        &self,
        read: Option<Duration>,
        write: Option<Duration>,
    ) -> io::Result<()> {
        if read.is_some() {
            either!(self, set_read_timeout(read))?;
        }
        if write.is_some() {
            either!(self, set_write_timeout(write))?;
        }
        Ok(())
    }
}

impl Read for StdStream {
    #[inline]
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        either!(self, read(buf))
    }

    #[inline]
    fn read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        either!(self, read_vectored(bufs))
    }
}

impl Write for StdStream {
    #[inline]
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        either!(self, write(buf))
    }

    #[inline]
    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        either!(self, write_vectored(bufs))
    }

    /// Does nothing: the system sends what it took by itself.
    #[inline]
    fn flush(&mut self) -> io::Result<()> {
        either!(self, flush())
    }
}

impl From<TcpStream> for StdStream {
    fn from(stream: TcpStream) -> Self {
        Self::Tcp(stream)
    }
}

#[cfg(unix)]
impl From<UnixStream> for StdStream {
    fn from(stream: UnixStream) -> Self {
        Self::Unix(stream)
    }
}
