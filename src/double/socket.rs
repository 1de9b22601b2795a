//! The scripted byte socket.

use std::fmt;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_io::{AsyncRead, AsyncWrite};

use super::cut::Cutter;
use super::line::Line;
use crate::script::Socket;
use crate::session::Shared;
use crate::transport::{AsyncSocket, SocketInfo};

/// A connected byte socket whose peer is a script.
///
/// It keeps the contract of [`AsyncSocket`]. Whatever the script does not allow fails with an
/// [`io::Error`] whose source is a [`Violation`](crate::scripted::Violation).
pub struct ScriptedSocket {
    line: Line<Socket>,
    cutter: Cutter,
    /// Most clients connect to names, of which there is nothing to know.
    info: Option<Box<SocketInfo>>,
}

impl ScriptedSocket {
    pub(super) fn new(line: Line<Socket>, info: Option<Box<SocketInfo>>) -> Self {
        let cutter = line.cutter();
        Self { line, cutter, info }
    }

    /// A socket that never had to connect.
    pub(crate) fn connected(shared: Arc<Shared>, session: usize) -> Self {
        Self::new(Line::new(shared, session), None)
    }
}

impl AsyncRead for ScriptedSocket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let Self { line, cutter, .. } = &mut *self;
        line.poll_read(cutter, cx, buf)
    }
}

impl AsyncWrite for ScriptedSocket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.line.poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.line.poll_write_vectored(cx, bufs)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.line.poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.line.poll_shutdown(cx)
    }
}

impl AsyncSocket for ScriptedSocket {
    fn info(&self) -> &SocketInfo {
        static NOTHING: SocketInfo = SocketInfo::new();
        self.info.as_deref().unwrap_or(&NOTHING)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }
}

impl Drop for ScriptedSocket {
    fn drop(&mut self) {
        self.line.close();
    }
}

impl fmt::Debug for ScriptedSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScriptedSocket")
            .field("session", &self.line.number())
            .field("info", self.info())
            .finish_non_exhaustive()
    }
}
