//! A byte socket that is encrypted or not, as the request has it.

use std::io::{self, IoSlice, IoSliceMut};
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_io::{AsyncRead, AsyncWrite};
use wirescript::{AsyncSocket, SocketInfo};

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
        match $self.get_mut() {
            Self::Plain(socket) => {
                let $socket = Pin::new(socket);
                $call
            }
            Self::Tls(socket) => {
                let $socket = Pin::new(socket);
                $call
            }
        }
    };
}

impl<P: AsyncSocket, T: AsyncSocket> AsyncSocket for MaybeTlsSocket<P, T> {
    fn info(&self) -> &SocketInfo {
        match self {
            Self::Plain(socket) => socket.info(),
            Self::Tls(socket) => socket.info(),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(socket) => socket.is_write_vectored(),
            Self::Tls(socket) => socket.is_write_vectored(),
        }
    }
}

impl<P: AsyncSocket, T: AsyncSocket> AsyncRead for MaybeTlsSocket<P, T> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        either!(self, socket => socket.poll_read(cx, buf))
    }

    fn poll_read_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        either!(self, socket => socket.poll_read_vectored(cx, bufs))
    }
}

impl<P: AsyncSocket, T: AsyncSocket> AsyncWrite for MaybeTlsSocket<P, T> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        either!(self, socket => socket.poll_write(cx, buf))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        either!(self, socket => socket.poll_write_vectored(cx, bufs))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self, socket => socket.poll_flush(cx))
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self, socket => socket.poll_close(cx))
    }
}
