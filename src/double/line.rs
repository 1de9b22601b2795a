//! From the calls of a byte socket to those of its session, and back.

use std::io::{self, IoSlice};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use super::cut::Cutter;
use super::delay::DelayOnTimer;
use crate::script::Socket;
use crate::session::{Answer, Answers, Machine, Polled, Shared, Side, SocketCall, Verdict};
use crate::timeline::Timeline;
use crate::transport::Endpoint;
use crate::verify::Stage;

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

    /// A second line to the same session.
    pub(super) fn another(&self) -> Self {
        Self::new(Arc::clone(&self.shared), self.session)
    }

    /// The number of the session, from 1.
    pub(super) fn number(&self) -> usize {
        self.session + 1
    }

    /// Where what is read on it is cut.
    pub(super) fn cutter(&self) -> Cutter {
        Cutter::new(self.shared.settings.chunks, self.session)
    }

    /// Says that nobody waits for the connection any more.
    pub(super) fn give_up(&self, stage: Stage) {
        self.shared.give_up(self.session, stage);
    }

    pub(super) fn poll_connect(
        &mut self,
        to: &Endpoint,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        self.poll(Side::Connect, "connect", cx, |machine, _, answers, timeline| {
            machine.hear(SocketCall::Connect(to), answers, timeline)
        })
        .map_ok(drop)
    }

    pub(super) fn poll_read(
        &mut self,
        cutter: &mut Cutter,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let size = buf.len();
        if size == 0 {
            return Poll::Ready(Ok(0));
        }
        let piece = &mut buf[..ready!(cutter.poll_size(size, cx))];
        let read = self.poll(Side::Read, "recv", cx, |machine, turned, answers, timeline| {
            machine.say(turned, size, piece, answers, timeline)
        });
        if matches!(read, Poll::Ready(Ok(1..))) {
            cutter.delivered();
        }
        read
    }

    pub(super) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        if buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        self.poll(Side::Write, "send", cx, |machine, _, answers, timeline| {
            machine.hear(SocketCall::Write(buf), answers, timeline)
        })
    }

    pub(super) fn poll_write_vectored(
        &mut self,
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

    pub(super) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.flush_tells {
            return Poll::Ready(Ok(()));
        }
        self.poll(Side::Flush, "flush", cx, |machine, _, answers, timeline| {
            machine.pause(answers, timeline)
        })
        .map_ok(drop)
    }

    pub(super) fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll(Side::Write, "shutdown", cx, |machine, _, answers, timeline| {
            machine.hear(SocketCall::Shutdown, answers, timeline)
        })
        .map_ok(drop)
    }

    /// Says that the socket is dropped.
    pub(super) fn close(&self) {
        self.shared.leave::<Socket>(self.session, SocketCall::Drop);
    }

    /// Puts one call to the session, and its answer into the terms of `io`.
    fn poll(
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
