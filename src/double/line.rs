//! From the calls of a transport to those of its session, and back.

use std::io::{self, IoSlice};
use std::marker::PhantomData;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use super::cut::Cutter;
use super::delay::DelayOnTimer;
use crate::script::{Fault, Script, Socket};
use crate::session::{
    Answer, Asker, Hear, Language, Listen, Pause, Polled, Request, Shared, Side, SocketCall,
};
use crate::transport::websocket::WebSocketError;
use crate::verify::{Stage, Violation};

/// A double's line to its session.
pub(super) struct Line<L> {
    shared: Arc<Shared>,
    session: usize,
    /// Of what is done, and of what is said: two tasks may wait at once.
    delays: [DelayOnTimer; 2],
    /// A flush would be news to the session, or is to be told of a violation.
    flush_tells: bool,
    /// What the client has queued since it last flushed: the session has not heard of it.
    pub(super) unflushed: usize,
    language: PhantomData<fn() -> L>,
}

/// What a call of a client comes to that does not succeed.
pub(super) enum Failed {
    /// An error that the script or the state asks for.
    Fault(Fault),
    /// A violation.
    Refused(Violation),
}

impl<L: Language> Line<L> {
    pub(super) fn new(shared: Arc<Shared>, session: usize) -> Self {
        Self {
            shared,
            session,
            delays: Default::default(),
            flush_tells: false,
            unflushed: 0,
            language: PhantomData,
        }
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

    /// Makes the connection.
    pub(super) fn poll_connect(
        &mut self,
        call: L::Call<'_>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Failed>> {
        self.poll_heard(Side::Connect, L::ENTRY.name, call, cx).map_ok(drop)
    }

    /// Does something that the peer hears.
    pub(super) fn poll_heard(
        &mut self,
        side: Side,
        operation: &'static str,
        call: L::Call<'_>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<usize, Failed>> {
        self.poll(side, operation, cx, Hear(call))
    }

    /// Says that the transport is dropped.
    pub(super) fn leave(&self, call: L::Call<'_>) {
        self.shared.leave::<L>(self.session, call, self.unflushed);
    }

    /// Looks at the script.
    pub(super) fn with_script<T>(&self, look: impl FnOnce(&Script<L>) -> T) -> T {
        self.shared.with_script(self.session, look)
    }

    /// Where the connection stands, and whether its script is strict; nothing once all that its
    /// client gets is a violation.
    pub(super) fn standing(&self) -> Option<(L::State, bool)> {
        self.shared.standing::<L>(self.session)
    }

    /// Says that the client pauses in what it sends, if that would tell anybody anything.
    pub(super) fn poll_pause(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failed>> {
        if !self.flush_tells {
            return Poll::Ready(Ok(()));
        }
        self.poll(Side::Flush, "flush", cx, Pause).map_ok(drop)
    }

    /// Puts a request to the session.
    #[inline]
    pub(super) fn poll(
        &mut self,
        side: Side,
        operation: &'static str,
        cx: &mut Context<'_>,
        mut request: impl Request<L>,
    ) -> Poll<Result<usize, Failed>> {
        let Self { session, unflushed, .. } = *self;
        let asker = Asker { session, side, operation, unflushed, waker: cx.waker() };
        loop {
            match self.shared.poll(asker, &mut request) {
                Polled::Ready(answer, is_in_open_run) => {
                    self.flush_tells |= is_in_open_run;
                    return Poll::Ready(match answer {
                        Answer::Amount(amount) => Ok(amount),
                        Answer::Fault(fault) => Err(Failed::Fault(fault)),
                    });
                }
                Polled::Refused(violation) => {
                    self.flush_tells = true;
                    return Poll::Ready(Err(Failed::Refused(violation)));
                }
                Polled::Pending => return Poll::Pending,
                Polled::Delay(step, duration) => {
                    if let Some(timer) = &self.shared.settings.timer {
                        let delay = &mut self.delays[usize::from(side == Side::Read)];
                        if delay.poll(step, duration, timer, cx).is_pending() {
                            return Poll::Pending;
                        }
                    }
                    self.shared.elapse::<L>(self.session, step);
                }
            }
        }
    }
}

/// The calls of a byte socket.
impl Line<Socket> {
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
        let request = Listen { size: Some(size), buffer: piece };
        let read = self.poll(Side::Read, "recv", cx, request);
        if matches!(read, Poll::Ready(Ok(1..))) {
            cutter.delivered();
        }
        read.map_err(io::Error::from)
    }

    pub(super) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        if buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        self.poll_heard(Side::Write, "send", SocketCall::Write(buf), cx).map_err(io::Error::from)
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
        self.poll_pause(cx).map_err(io::Error::from)
    }

    pub(super) fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = self.poll_heard(Side::Write, "shutdown", SocketCall::Shutdown, cx);
        shut.map_ok(drop).map_err(io::Error::from)
    }

    /// Says that the socket is dropped.
    pub(super) fn close(&self) {
        self.leave(SocketCall::Drop);
    }
}

impl From<Failed> for io::Error {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Fault(fault) => fault.into(),
            Failed::Refused(violation) => violation.into(),
        }
    }
}

impl From<Failed> for WebSocketError {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Fault(fault) => fault.into(),
            Failed::Refused(violation) => violation.into(),
        }
    }
}
