//! The steps: what the client does, and what the peer says.

use super::WebSocketScript;
use crate::script::builder::check_readiness;
use crate::script::expected::expected;
use crate::script::websocket::{
    Answered, MessageReply, SentMessage, WebSocketHeard, WebSocketSaid,
};
use crate::script::{
    AfterClose, AfterClosing, AfterConnect, AfterEnd, AfterMessage, AfterRecv, Fault, IntoExpected,
    WebSocketFault, What,
};
use crate::transport::websocket::{CloseCode, CloseFrame, Message, Text, WebSocketRequest};

/// Steps.
impl<K> WebSocketScript<K> {
    /// The client opens a connection by `request`: a URI, as a rule, with what
    /// [`header`](WebSocketScript::header) and [`subprotocol`](WebSocketScript::subprotocol) add to
    /// it. A client that sends other headers or asks for other subprotocols than these strays from
    /// the script.
    ///
    /// The peer opens it, with the first of these subprotocols, unless a modifier says otherwise.
    ///
    /// # Panics
    ///
    /// At this line: if `request` does not parse, or a step has been written before.
    #[track_caller]
    pub fn expect_connect(
        self,
        request: impl IntoExpected<WebSocketRequest>,
    ) -> WebSocketScript<AfterConnect> {
        let request = expected("expect_connect", request);
        self.heard(WebSocketHeard::Connect {
            request: Box::new(request),
            answer: Answered::Opened(None),
        })
    }

    /// The client sends `message`: text, binary, a ping or a pong.
    ///
    /// [`any`](crate::any) is any of them. A pong by which the transport answers a ping needs no
    /// step.
    ///
    /// # Panics
    ///
    /// At this line: if `message` is a close (see [`expect_close`](Self::expect_close)) or cannot be
    /// sent, or nothing can be sent here.
    #[track_caller]
    pub fn expect_send(self, message: impl IntoExpected<Message>) -> WebSocketScript<AfterMessage> {
        self.heard(WebSocketHeard::Send(sendable("expect_send", message)))
    }

    /// The peer says `message`, once it has heard every required step before this one. A ping is
    /// received, and answered by the transport.
    ///
    /// A message that is larger than the limits of the client's request is an error instead.
    ///
    /// # Panics
    ///
    /// At this line: if nothing can be received here, or no peer could say it.
    #[track_caller]
    pub fn expect_recv(self, message: impl Into<Message>) -> WebSocketScript<AfterRecv> {
        let message = sayable("expect_recv", message);
        self.said(match message {
            Message::Close(close) => WebSocketSaid::RecvClose(close),
            message => WebSocketSaid::Recv(message),
        })
    }

    /// The peer says what `reply` makes of what the client has sent before it in the script.
    ///
    /// `reply` is asked when the step is due; it may be asked again if something else happened
    /// meanwhile. It runs on the client's task; if it panics, or makes what no peer could say, or a
    /// close, that is a violation of its own, and the client gets an error.
    ///
    /// ```
    /// # use wirescript::{Verifier, WebSocketExt, matching};
    /// # use wirescript::websocket::Message;
    /// # futures::executor::block_on(async {
    /// # let verifier = Verifier::new();
    /// # let net = verifier.websocket();
    /// let mut ws = net
    ///     .new_session()
    ///     .expect_send(matching("a text", |sent: &Message| sent.as_text().is_some()))
    ///     .replies_with(|sent| sent.text().to_uppercase())
    ///     .into_websocket();
    ///
    /// ws.send_text("hello").await?;
    /// assert_eq!(ws.recv().await?, Some(Message::from("HELLO")));
    /// # drop(ws); verifier.verify();
    /// # Ok::<(), wirescript::websocket::WebSocketError>(()) }).unwrap();
    /// ```
    ///
    /// # Panics
    ///
    /// At this line: if nothing can be received here.
    #[track_caller]
    pub fn replies_with<F, M>(self, reply: F) -> WebSocketScript<AfterRecv>
    where
        F: Fn(&SentMessage) -> M + Send + Sync + 'static,
        M: Into<Message>,
    {
        self.said(WebSocketSaid::Reply(MessageReply::new(reply)))
    }

    /// The client closes: it sends a close that says `close`. A drop is no close.
    ///
    /// The answer of the client's transport to the peer's close needs no step.
    ///
    /// # Panics
    ///
    /// At this line: if the reason is too long, or the client cannot close here.
    #[track_caller]
    pub fn expect_close(
        self,
        close: impl IntoExpected<Option<CloseFrame>>,
    ) -> WebSocketScript<AfterClosing> {
        let close = expected("expect_close", close);
        if let Some(Some(frame)) = close.literal() {
            if let Err(error) = frame.check() {
                panic!("`expect_close`: {error}");
            }
        }
        self.heard(WebSocketHeard::Close(close))
    }

    /// The client drops the connection. It may be left out at the end of a script.
    ///
    /// # Panics
    ///
    /// At this line: if there is nothing to drop here.
    #[track_caller]
    pub fn expect_drop(self) -> WebSocketScript<AfterClose> {
        self.heard(WebSocketHeard::Drop)
    }

    /// The peer closes, with this code and reason. A code that is never sent reaches the client as
    /// 1002, as transports have it. For a close without a code, receive `Message::Close(None)`.
    ///
    /// After it the client can send nothing, and receives nothing until the connection ends
    /// ([`expect_eof`](Self::expect_eof)).
    ///
    /// # Panics
    ///
    /// At this line: if the reason is too long, or the peer cannot close here.
    #[track_caller]
    pub fn expect_recv_close(
        self,
        code: impl Into<CloseCode>,
        reason: impl Into<Text>,
    ) -> WebSocketScript<AfterEnd> {
        let frame = CloseFrame::new(code, reason);
        if let Err(error) = frame.check() {
            panic!("`expect_recv_close`: {error}");
        }
        self.said(WebSocketSaid::RecvClose(Some(frame)))
    }

    /// The client receives an error: a [`ProtocolError`](crate::websocket::ProtocolError), a kind of
    /// [`std::io::Error`], [`Fault::invalid_utf8`], [`Fault::too_big`]. Its stream is then at its end,
    /// and it may still send, unless either side has closed.
    ///
    /// After both have closed, a reset is an ordinary end (M6).
    ///
    /// # Panics
    ///
    /// At this line: if no transport gives such an error to its client, or nothing can be received
    /// here.
    #[track_caller]
    pub fn expect_recv_error(self, fault: impl Into<Fault>) -> WebSocketScript<AfterEnd> {
        let fault = fault.into();
        check_readiness("expect_recv_error", fault);
        match fault.websocket() {
            None | Some(WebSocketFault::Protocol(_) | WebSocketFault::InvalidUtf8) => {}
            Some(WebSocketFault::TooBig { .. }) => {}
            Some(_) => panic!("`expect_recv_error`: nobody who receives is told {fault}"),
        }
        self.said(WebSocketSaid::RecvError(fault))
    }

    /// The connection is reset: whoever sends or receives next is told, once. After both have
    /// closed, that is an ordinary end.
    ///
    /// # Panics
    ///
    /// At this line: if the connection cannot be reset here.
    #[track_caller]
    pub fn expect_reset(self) -> WebSocketScript<AfterEnd> {
        self.said(WebSocketSaid::Reset)
    }

    /// The connection ends: with [`AbnormalClosure`](crate::websocket::WebSocketError::AbnormalClosure),
    /// unless both have closed.
    ///
    /// # Panics
    ///
    /// At this line: if the connection cannot end here.
    #[track_caller]
    pub fn expect_eof(self) -> WebSocketScript<AfterEnd> {
        self.said(WebSocketSaid::Eof)
    }

    #[track_caller]
    fn heard<N>(self, heard: WebSocketHeard) -> WebSocketScript<N> {
        self.step(What::Heard(heard))
    }

    #[track_caller]
    fn said<N>(self, said: WebSocketSaid) -> WebSocketScript<N> {
        self.step(What::Said(said))
    }
}

/// What a client can send by a step for messages.
#[track_caller]
pub(super) fn sendable(
    method: &str,
    message: impl IntoExpected<Message>,
) -> crate::script::Expected<Message> {
    let message = expected(method, message);
    match message.literal() {
        Some(Message::Close(_)) => {
            panic!("`{method}`: a client closes by a step of its own, `.expect_close(..)`")
        }
        Some(literal) => checked(method, literal),
        None => {}
    }
    message
}

/// What a peer can say.
#[track_caller]
pub(super) fn sayable(method: &str, message: impl Into<Message>) -> Message {
    let message = message.into();
    checked(method, &message);
    message
}

#[track_caller]
fn checked(method: &str, message: &Message) {
    if let Err(error) = message.check() {
        panic!("`{method}`: {error}");
    }
}
