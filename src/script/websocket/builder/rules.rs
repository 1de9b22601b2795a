//! Rules: what may come at any point, beside the steps.

use std::fmt;
use std::marker::PhantomData;

use super::WebSocketScript;
use super::steps::{sayable, sendable};
use crate::script::websocket::{
    MessageReply, SentMessage, WebSocket, WebSocketHeard, WebSocketSaid,
};
use crate::script::{AfterReply, AfterRule, Draft, IntoExpected, What};
use crate::transport::websocket::Message;

/// Rules: what may come at any point, beside the steps.
impl<K> WebSocketScript<K> {
    /// Whenever the client sends `message`, at any point, the peer replies; how is said next.
    ///
    /// It is for what comes unasked, such as heartbeats. The reply is what the peer says next; the
    /// client need not receive it.
    ///
    /// ```
    /// # use wirescript::{Verifier, WebSocketExt};
    /// # use wirescript::websocket::Message;
    /// # futures::executor::block_on(async {
    /// # let verifier = Verifier::new();
    /// # let net = verifier.websocket();
    /// let mut ws = net
    ///     .new_session()
    ///     .whenever_sent(Message::ping("are you there"))
    ///     .replies(Message::pong("are you there"))
    ///     .expect_send("bye")
    ///     .into_websocket();
    ///
    /// ws.ping("are you there").await?;
    /// assert_eq!(ws.recv().await?, Some(Message::pong("are you there")));
    /// ws.send_text("bye").await?;
    /// # drop(ws); verifier.verify();
    /// # Ok::<(), wirescript::websocket::WebSocketError>(()) }).unwrap();
    /// ```
    ///
    /// # Panics
    ///
    /// At this line: if `message` is a close or cannot be sent, or if the client may send it by a
    /// step.
    #[track_caller]
    pub fn whenever_sent(self, message: impl IntoExpected<Message>) -> WheneverMessage {
        WheneverMessage { draft: self.rule("whenever_sent", message) }
    }

    /// The client may send `message` at any point, as often as it likes. See
    /// [`whenever_sent`](Self::whenever_sent).
    ///
    /// # Panics
    ///
    /// At this line, as [`whenever_sent`](Self::whenever_sent) does.
    #[track_caller]
    pub fn allows_sent(self, message: impl IntoExpected<Message>) -> WebSocketScript<AfterRule> {
        WebSocketScript { draft: self.rule("allows_sent", message), kind: PhantomData }
    }

    #[track_caller]
    fn rule(mut self, method: &str, message: impl IntoExpected<Message>) -> Draft<WebSocket> {
        let heard = WebSocketHeard::Send(sendable(method, message));
        self.draft.push_rule(What::Heard(heard));
        self.draft
    }
}

/// A rule of which it is to be said what the peer replies. Left like this, it allows what is sent
/// and replies nothing.
#[must_use = "say what the peer replies, with `.replies(..)` or `.replies_with(..)`"]
pub struct WheneverMessage {
    draft: Draft<WebSocket>,
}

impl WheneverMessage {
    /// The peer says `message` each time.
    ///
    /// # Panics
    ///
    /// At this line: if no peer could say it, or it is a close, after which no rule holds.
    #[track_caller]
    pub fn replies(self, message: impl Into<Message>) -> WebSocketScript<AfterReply> {
        let message = sayable("replies", message);
        assert!(
            !matches!(message, Message::Close(_)),
            "`replies`: a close is no reply that comes again; write `.expect_recv_close(..)`"
        );
        self.says(WebSocketSaid::Recv(message))
    }

    /// The peer says what `reply` makes of the message, each time. See
    /// [`replies_with`](WebSocketScript::replies_with).
    #[track_caller]
    pub fn replies_with<F, M>(self, reply: F) -> WebSocketScript<AfterReply>
    where
        F: Fn(&SentMessage) -> M + Send + Sync + 'static,
        M: Into<Message>,
    {
        self.says(WebSocketSaid::Reply(MessageReply::new(reply)))
    }

    #[track_caller]
    fn says(mut self, said: WebSocketSaid) -> WebSocketScript<AfterReply> {
        self.draft.push_rule(What::Said(said));
        WebSocketScript { draft: self.draft, kind: PhantomData }
    }
}

impl fmt::Debug for WheneverMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WheneverMessage").finish_non_exhaustive()
    }
}
