//! What a client has sent over a WebSocket, for replies that are made of it.

use std::sync::Arc;

use crate::transport::websocket::Message;

/// What the client of a session has sent before a reply.
///
/// It is the last message that the script has in front of the reply, however far the client is
/// ahead; for the reply of a rule, the one that it answers.
#[derive(Clone, Debug, Default)]
pub struct SentMessage {
    message: Option<Message>,
}

impl SentMessage {
    /// The message.
    ///
    /// # Panics
    ///
    /// At this line, if the script has no message in front of the reply; the client gets an error,
    /// and the verdict says so.
    #[track_caller]
    pub fn message(&self) -> &Message {
        match &self.message {
            Some(message) => message,
            None => panic!("the script has no message in front of the reply"),
        }
    }

    /// Its text.
    ///
    /// # Panics
    ///
    /// At this line, if it is no text, or there is no message.
    #[track_caller]
    pub fn text(&self) -> &str {
        match self.message().as_text() {
            Some(text) => text,
            None => panic!("the message in front of the reply is no text: {:?}", self.message),
        }
    }

    pub(crate) fn set_message(&mut self, message: Message) {
        self.message = Some(message);
    }
}

/// What makes a reply of what was sent.
#[derive(Clone)]
pub(crate) struct MessageReply(Arc<dyn Fn(&SentMessage) -> Message + Send + Sync>);

impl MessageReply {
    pub(super) fn new<F, M>(make: F) -> Self
    where
        F: Fn(&SentMessage) -> M + Send + Sync + 'static,
        M: Into<Message>,
    {
        Self(Arc::new(move |sent| {
            let message = make(sent).into();
            assert!(
                !matches!(message, Message::Close(_)),
                "a close is no reply: write `.expect_recv_close(..)`"
            );
            match message.check() {
                Ok(()) => message,
                Err(error) => panic!("no peer says this: {error}"),
            }
        }))
    }

    pub(crate) fn make(&self, sent: &SentMessage) -> Message {
        (self.0)(sent)
    }
}
