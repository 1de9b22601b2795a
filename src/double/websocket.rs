//! The scripted WebSocket.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use futures_sink::Sink;

use super::cut::Cutter;
use super::line::Line;
use crate::script::WebSocket;
use crate::session::{Inbox, Shared, Side, WebSocketCall};
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
    outgoing: Option<Message>,
    /// Somebody has begun to send that, and may have given it up.
    is_sending: bool,
    /// What came of it, where whoever received has sent it.
    unsaid: Option<WebSocketError>,
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
            outgoing: None,
            is_sending: false,
            unsaid: None,
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
        self.go_on_sending(cx);
        ready!(self.cutter.poll_size(usize::MAX, cx));
        let inbox = &mut self.inbox;
        let received =
            self.line.poll(Side::Read, "recv", cx, |machine, turned, answers, timeline| {
                machine.say(turned, None, inbox, answers, timeline)
            });
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
        // Where the script asks for it, the session tells of both.
        if !self.is_strict() {
            message.check()?;
            if self.line.state().takes_no_more() {
                return Err(WebSocketError::Closed);
            }
        }
        self.outgoing = Some(message);
        Ok(())
    }

    pub(super) fn poll_sent(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), WebSocketError>> {
        self.owes_pong = false;
        if let Some(error) = self.unsaid.take() {
            return Poll::Ready(Err(error));
        }
        let sent = self.poll_outgoing(Side::Write, cx);
        self.is_sending = sent.is_pending();
        sent
    }

    /// Whoever receives goes on with what somebody has begun to send, and may have given up (M11).
    fn go_on_sending(&mut self, cx: &mut Context<'_>) {
        if !self.is_sending {
            return;
        }
        if let Poll::Ready(sent) = self.poll_outgoing(Side::Attempt, cx) {
            self.is_sending = false;
            self.unsaid = sent.err();
        }
    }

    fn poll_outgoing(
        &mut self,
        side: Side,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), WebSocketError>> {
        let Some(message) = &self.outgoing else {
            return self.line.poll_pause(cx).map_err(WebSocketError::from);
        };
        let sent = match message {
            Message::Close(close) => {
                self.line.poll_heard(side, "close", WebSocketCall::Close(close), cx)
            }
            message => self.line.poll_heard(side, "send", WebSocketCall::Send(message), cx),
        };
        let sent = ready!(sent);
        self.outgoing = None;
        Poll::Ready(sent.map(drop).map_err(WebSocketError::from))
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
        if !self.is_strict() {
            frame.check()?;
        }
        Ok(())
    }

    fn is_strict(&self) -> bool {
        self.line.with_script(|script| script.is_strict)
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
        match self.outgoing {
            Some(_) => self.poll_sent(cx),
            None => Poll::Ready(Ok(())),
        }
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
