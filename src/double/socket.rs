//! The scripted byte socket.

use std::fmt;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_io::{AsyncRead, AsyncWrite};

use super::cut::Cutter;
use super::delay::DelayOnTimer;
use crate::script::Socket;
use crate::session::{Answer, Answers, Machine, Polled, Shared, Side, SocketCall, Verdict};
use crate::timeline::Timeline;
use crate::transport::{AsyncSocket, SocketInfo};
use crate::verify::Stage;

/// A connected byte socket whose peer is a script.
///
/// It keeps the contract of [`AsyncSocket`]. Whatever the script does not allow fails with an
/// [`io::Error`] whose source is a [`Violation`](crate::scripted::Violation).
pub struct ScriptedSocket {
    line: Line,
    cutter: Cutter,
    info: SocketInfo,
}

impl ScriptedSocket {
    pub(super) fn new(line: Line, info: SocketInfo) -> Self {
        let cutter = Cutter::new(line.shared.settings.chunks, line.session);
        Self { line, cutter, info }
    }

    /// A socket that never had to connect.
    pub(crate) fn connected(shared: Arc<Shared>, session: usize) -> Self {
        Self::new(Line::new(shared, session), SocketInfo::new())
    }
}

impl AsyncRead for ScriptedSocket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let size = buf.len();
        if size == 0 {
            return Poll::Ready(Ok(0));
        }
        let Self { line, cutter, .. } = &mut *self;
        let piece = &mut buf[..ready!(cutter.poll_size(size, cx))];
        let read = line.poll(Side::Read, "recv", cx, |machine, turned, answers, timeline| {
            machine.say(turned, size, piece, answers, timeline)
        });
        if matches!(read, Poll::Ready(Ok(1..))) {
            cutter.delivered();
        }
        read
    }
}

impl AsyncWrite for ScriptedSocket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        if buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        self.line.poll(Side::Write, "send", cx, |machine, _, answers, timeline| {
            machine.hear(SocketCall::Write(buf), answers, timeline)
        })
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match bufs {
            [buf] => self.poll_write(cx, buf),
            // One operation, seen as the concatenation of its buffers (B9).
            bufs => {
                let bytes: Vec<u8> = bufs.iter().flat_map(|buf| buf.iter().copied()).collect();
                self.poll_write(cx, &bytes)
            }
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.line.flush_tells {
            return Poll::Ready(Ok(()));
        }
        self.line
            .poll(Side::Flush, "flush", cx, |machine, _, answers, timeline| {
                machine.pause(answers, timeline)
            })
            .map_ok(drop)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.line
            .poll(Side::Write, "shutdown", cx, |machine, _, answers, timeline| {
                machine.hear(SocketCall::Shutdown, answers, timeline)
            })
            .map_ok(drop)
    }
}

impl AsyncSocket for ScriptedSocket {
    fn info(&self) -> &SocketInfo {
        &self.info
    }

    fn is_write_vectored(&self) -> bool {
        true
    }
}

impl Drop for ScriptedSocket {
    fn drop(&mut self) {
        self.line.shared.leave::<Socket>(self.line.session, SocketCall::Drop);
    }
}

impl fmt::Debug for ScriptedSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScriptedSocket")
            .field("session", &(self.line.session + 1))
            .field("info", &self.info)
            .finish_non_exhaustive()
    }
}

/// A double's line to its session.
pub(super) struct Line {
    shared: Arc<Shared>,
    session: usize,
    delay: DelayOnTimer,
    /// A flush would be news to the session, or is to be told of a violation.
    flush_tells: bool,
}

impl Line {
    pub(super) fn new(shared: Arc<Shared>, session: usize) -> Self {
        Self { shared, session, delay: DelayOnTimer::default(), flush_tells: false }
    }

    /// Says that nobody waits for the connection any more.
    pub(super) fn give_up(&self, stage: Stage) {
        self.shared.give_up(self.session, stage);
    }

    /// Puts one call to the session, and its answer into the terms of `io`.
    pub(super) fn poll(
        &mut self,
        side: Side,
        operation: &'static str,
        cx: &mut Context<'_>,
        mut act: impl FnMut(&mut Machine<Socket>, bool, &Answers, &mut Timeline) -> Verdict,
    ) -> Poll<io::Result<usize>> {
        loop {
            match self.shared.poll(self.session, side, operation, cx, &mut act) {
                Polled::Ready(answer, is_in_open_run) => {
                    self.flush_tells |= is_in_open_run;
                    return Poll::Ready(match answer {
                        Answer::Amount(amount) => Ok(amount),
                        Answer::Fault(fault) => Err(fault.into()),
                    });
                }
                Polled::Refused(violation) => {
                    self.flush_tells = true;
                    return Poll::Ready(Err(violation.into()));
                }
                Polled::Pending => return Poll::Pending,
                Polled::Delay(step, duration) => {
                    if let Some(timer) = &self.shared.settings.timer {
                        if self.delay.poll(step, duration, timer, cx).is_pending() {
                            return Poll::Pending;
                        }
                    }
                    self.shared.elapse::<Socket>(self.session, step);
                }
            }
        }
    }
}
