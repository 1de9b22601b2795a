//! The scripted byte socket for threads.

use std::fmt;
use std::io::{self, IoSlice, Read, Write};
use std::sync::{Arc, PoisonError};

#[cfg(not(all(test, wirescript_model)))]
use std::sync::{Mutex, MutexGuard};

#[cfg(all(test, wirescript_model))]
use shuttle::sync::{Mutex, MutexGuard};

use super::cut::Cutter;
use super::line::Line;
use crate::script::Socket as SocketProtocol;
use crate::session::{Shared, block_on};
use crate::transport::SocketInfo;
use crate::transport::blocking::{BoxSocket, Socket};

/// A connected byte socket whose peer is a script, for a client that blocks.
///
/// It keeps the contract of [`blocking::Socket`](crate::blocking::Socket). What has to wait blocks
/// its thread until the script goes on, or until the verifier's patience has run out. Whatever the
/// script does not allow fails with an [`io::Error`] whose source is a
/// [`Violation`](crate::scripted::Violation).
///
/// Its handles are one socket to the script: the drop of the last one is the close.
pub struct BlockingScriptedSocket {
    connection: Arc<Connection>,
}

/// What the handles share. A session knows one waiter in each direction, so handles that are used
/// for the same one take turns: a lock for each, which two directions never meet in (C6).
struct Connection {
    reading: Mutex<(Line<SocketProtocol>, Cutter)>,
    writing: Mutex<Line<SocketProtocol>>,
    /// For what nobody waits for.
    line: Line<SocketProtocol>,
    info: SocketInfo,
}

impl BlockingScriptedSocket {
    pub(super) fn new(line: Line<SocketProtocol>, info: SocketInfo) -> Self {
        let reading = Mutex::new((line.another(), line.cutter()));
        let writing = Mutex::new(line.another());
        Self { connection: Arc::new(Connection { reading, writing, line, info }) }
    }

    /// A socket that never had to connect.
    pub(crate) fn connected(shared: Arc<Shared>, session: usize) -> Self {
        Self::new(Line::new(shared, session), SocketInfo::new())
    }

    /// Another handle on this connection, as
    /// [`Socket::try_clone`](crate::blocking::Socket::try_clone) but of this type.
    ///
    /// # Errors
    ///
    /// None: it is fallible because that of a real socket is.
    pub fn try_clone(&self) -> io::Result<Self> {
        Ok(Self { connection: Arc::clone(&self.connection) })
    }
}

impl Socket for BlockingScriptedSocket {
    fn info(&self) -> &SocketInfo {
        &self.connection.info
    }

    fn shutdown(&mut self) -> io::Result<()> {
        let mut line = lock(&self.connection.writing);
        block_on(|cx| line.poll_shutdown(cx))
    }

    fn try_clone(&self) -> io::Result<BoxSocket> {
        Ok(Box::new(self.try_clone()?))
    }
}

impl Read for BlockingScriptedSocket {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        // Another handle may be waiting here for long, and this touches nothing (C3).
        if buf.is_empty() {
            return Ok(0);
        }
        let mut reading = lock(&self.connection.reading);
        let (line, cutter) = &mut *reading;
        block_on(|cx| line.poll_read(cutter, cx, buf))
    }
}

impl Write for BlockingScriptedSocket {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        // As in `read`.
        if buf.is_empty() {
            return Ok(0);
        }
        let mut line = lock(&self.connection.writing);
        block_on(|cx| line.poll_write(cx, buf))
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        if bufs.iter().all(|buf| buf.is_empty()) {
            return Ok(0);
        }
        let mut line = lock(&self.connection.writing);
        block_on(|cx| line.poll_write_vectored(cx, bufs))
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut line = lock(&self.connection.writing);
        block_on(|cx| line.poll_flush(cx))
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.line.close();
    }
}

impl fmt::Debug for BlockingScriptedSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlockingScriptedSocket")
            .field("session", &self.connection.line.number())
            .field("info", &self.connection.info)
            .finish_non_exhaustive()
    }
}

fn lock<T>(direction: &Mutex<T>) -> MutexGuard<'_, T> {
    // A timer of the user's may have panicked; what the script says still counts.
    direction.lock().unwrap_or_else(PoisonError::into_inner)
}
