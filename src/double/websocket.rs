//! The scripted WebSocket.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use futures_sink::Sink;

use super::cut::Cutter;
use super::line::{Failed, Line};
use crate::script::WebSocket;
use crate::session::{Inbox, Listen, Shared, Side, WebSocketCall, poll_once};
use crate::transport::websocket::{
    CloseFrame, Handshake, Message, WebSocketError, WebSocketRequest, WebSocketTransport,
};

/// An open WebSocket whose peer is a script.
///
/// It keeps the contract of [`WebSocketTransport`], and has no frames: it is the messages that are
/// compared and delivered. Whatever the script does not allow fails with a [`WebSocketError`] behind
/// which is a [`Violation`](crate::scripted::Violation).
pub struct ScriptedWebSocket {
    line: Line<WebSocket>,
    cutter: Cutter,
    inbox: Inbox,
    /// What was queued and is not sent yet.
    outgoing: VecDeque<Message>,
    /// A flush had to wait, and has not come to its end: whoever comes next goes on with it.
    is_flushing: bool,
    /// What a message failed with that went out with a receive.
    failure: Option<Failed>,
    /// A ping was received, and nothing was polled since.
    owes_pong: bool,
    handshake: Handshake,
}

impl ScriptedWebSocket {
    pub(super) fn new(
        line: Line<WebSocket>,
        request: &WebSocketRequest,
        handshake: Handshake,
    ) -> Self {
        let (message, frame) = (request.max_message_size(), request.max_frame_size());
        Self::with_limits(line, message, frame, handshake)
    }

    /// A WebSocket that never had to connect.
    pub(crate) fn connected(shared: Arc<Shared>, session: usize) -> Self {
        let line = Line::new(shared, session);
        let (message, frame) =
            (WebSocketRequest::MAX_MESSAGE_SIZE, WebSocketRequest::MAX_FRAME_SIZE);
        Self::with_limits(line, message, frame, Handshake::new())
    }

    fn with_limits(
        line: Line<WebSocket>,
        max_message_size: usize,
        max_frame_size: usize,
        handshake: Handshake,
    ) -> Self {
        let cutter = line.cutter();
        let inbox = Inbox { max_message_size, max_frame_size, message: None };
        Self {
            line,
            cutter,
            inbox,
            outgoing: VecDeque::new(),
            is_flushing: false,
            failure: None,
            owes_pong: false,
            handshake,
        }
    }

    pub(super) fn handshake(&self) -> &Handshake {
        &self.handshake
    }

    pub(super) fn poll_receive(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Message, WebSocketError>>> {
        self.owes_pong = false;
        if self.is_flushing {
            if let Poll::Ready(Err(failed)) = self.poll_outgoing(Side::InPassing, cx) {
                self.failure = Some(failed);
            }
        }
        ready!(self.cutter.poll_size(usize::MAX, cx));
        let request = Listen { size: None, buffer: &mut self.inbox };
        let received = self.line.poll(Side::Read, "recv", cx, request);
        if let Err(failed) = ready!(received) {
            return Poll::Ready(Some(Err(failed.into())));
        }
        let message = self.inbox.message.take();
        if message.is_some() {
            self.cutter.delivered();
        }
        self.owes_pong = matches!(message, Some(Message::Ping(_)));
        Poll::Ready(message.map(Ok))
    }

    /// Takes a message to be sent.
    pub(super) fn queue(&mut self, message: Message) -> Result<(), WebSocketError> {
        let standing = self.line.standing();
        // Where the script asks for it, the session tells of both.
        if !standing.is_some_and(|(_, is_strict)| is_strict) {
            message.check()?;
            if matches!(self.outgoing.back(), Some(Message::Close(_))) {
                return Err(WebSocketError::Closed);
            }
        }
        self.outgoing.push_back(message);
        self.line.unflushed += 1;
        if standing.is_some_and(|(state, _)| state.takes_no_more()) {
            // The session knows the error already, and counts how often it was told.
            if let Poll::Ready(sent) = poll_once(|cx| self.poll_outgoing(Side::InPassing, cx)) {
                return sent.map_err(WebSocketError::from);
            }
        }
        Ok(())
    }

    pub(super) fn poll_sent(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), WebSocketError>> {
        self.owes_pong = false;
        if let Some(failed) = self.failure.take() {
            return Poll::Ready(Err(failed.into()));
        }
        let sent = match self.outgoing.is_empty() {
            true => self.line.poll_pause(cx),
            false => self.poll_outgoing(Side::Write, cx),
        };
        sent.map_err(WebSocketError::from)
    }

    /// Puts to the session what was queued.
    fn poll_outgoing(&mut self, side: Side, cx: &mut Context<'_>) -> Poll<Result<(), Failed>> {
        self.line.unflushed = 0;
        while let Some(message) = self.outgoing.front() {
            let (operation, call) = match message {
                Message::Close(close) => ("close", WebSocketCall::Close(close)),
                message => ("send", WebSocketCall::Send(message)),
            };
            let sent = self.line.poll_heard(side, operation, call, cx);
            self.is_flushing = sent.is_pending();
            let sent = ready!(sent);
            self.outgoing.pop_front();
            if let Err(failed) = sent {
                return Poll::Ready(Err(failed));
            }
        }
        Poll::Ready(Ok(()))
    }

    pub(super) fn poll_closed(
        &mut self,
        close: &Option<CloseFrame>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), WebSocketError>> {
        ready!(self.poll_sent(cx))?;
        let call = WebSocketCall::CloseOnce(close);
        self.line
            .poll_heard(Side::Write, "close", call, cx)
            .map_ok(drop)
            .map_err(WebSocketError::from)
    }

    /// Refuses a close that does not fit into a frame, unless the session tells of that.
    pub(super) fn check_close(&self, frame: &CloseFrame) -> Result<(), WebSocketError> {
        match self.line.standing() {
            Some((_, true)) => Ok(()),
            _ => Ok(frame.check()?),
        }
    }

    pub(super) fn number(&self) -> usize {
        self.line.number()
    }
}

impl Stream for ScriptedWebSocket {
    type Item = Result<Message, WebSocketError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_receive(cx)
    }
}

impl Sink<Message> for ScriptedWebSocket {
    type Error = WebSocketError;

    fn poll_ready(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), WebSocketError>> {
        if self.outgoing.is_empty() { Poll::Ready(Ok(())) } else { self.poll_sent(cx) }
    }

    fn start_send(mut self: Pin<&mut Self>, message: Message) -> Result<(), WebSocketError> {
        self.queue(message)
    }

    fn poll_flush(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), WebSocketError>> {
        self.poll_sent(cx)
    }

    fn poll_close(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), WebSocketError>> {
        self.poll_closed(&None, cx)
    }
}

impl WebSocketTransport for ScriptedWebSocket {
    fn handshake(&self) -> &Handshake {
        self.handshake()
    }
}

impl Drop for ScriptedWebSocket {
    fn drop(&mut self) {
        self.line.leave(WebSocketCall::Drop { owes_pong: self.owes_pong });
    }
}

impl fmt::Debug for ScriptedWebSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScriptedWebSocket")
            .field("session", &self.number())
            .field("handshake", &self.handshake)
            .finish_non_exhaustive()
    }
}
