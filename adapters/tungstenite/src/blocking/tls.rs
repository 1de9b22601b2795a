//! A byte socket that is encrypted or not, as the request has it.

use std::io::{self, IoSlice, IoSliceMut, Read, Write};

use wirescript::SocketInfo;
use wirescript::blocking::{BoxSocket, Socket};

/// The byte socket of a connector that knows TLS: plain for `ws`, encrypted for `wss`.
#[derive(Debug)]
pub enum MaybeTlsSocket<P, T> {
    /// Not encrypted.
    Plain(P),
    /// Encrypted.
    Tls(T),
}

macro_rules! either {
    ($self:ident, $socket:ident => $call:expr) => {
        match $self {
            Self::Plain($socket) => $call,
            Self::Tls($socket) => $call,
        }
    };
}

impl<P: Socket, T: Socket> Socket for MaybeTlsSocket<P, T> {
    fn info(&self) -> &SocketInfo {
        either!(self, socket => socket.info())
    }

    fn shutdown(&mut self) -> io::Result<()> {
        either!(self, socket => socket.shutdown())
    }

    fn try_clone(&self) -> io::Result<BoxSocket> {
        either!(self, socket => socket.try_clone())
    }
}

impl<P: Read, T: Read> Read for MaybeTlsSocket<P, T> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        either!(self, socket => socket.read(buf))
    }

    fn read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        either!(self, socket => socket.read_vectored(bufs))
    }
}

impl<P: Write, T: Write> Write for MaybeTlsSocket<P, T> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        either!(self, socket => socket.write(buf))
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        either!(self, socket => socket.write_vectored(bufs))
    }

    fn flush(&mut self) -> io::Result<()> {
        either!(self, socket => socket.flush())
    }
}
