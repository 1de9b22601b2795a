//! What can be asserted of WebSockets.

use super::{Asserted, Asserting, Assertion, Raised, Unordered};
use crate::double::{Scripted, Session};
use crate::script::{Fault, IntoExpected, WebSocket, expected};
use crate::transport::websocket::{CloseFrame, Message, WebSocketRequest};

/// The assertions of WebSockets, on everything that has a scope.
macro_rules! websocket_assertions {
    ($($(#[$doc:meta])* $type:ty;)+) => {$(
        $(#[$doc])*
        impl $type {
            /// A client opened a connection by `request`.
            ///
            /// # Panics
            ///
            /// At this line, as all assertions do: if that is not what happened next, or if nothing
            /// is said about it.
            #[track_caller]
            pub fn assert_connect(&self, request: impl IntoExpected<WebSocketRequest>) {
                let request = Asserted::Request(Box::new(expected("assert_connect", request)));
                Asserting::assert(self, Assertion::new("connect", request));
            }

            /// A client sent `message`.
            #[track_caller]
            pub fn assert_send(&self, message: impl IntoExpected<Message>) {
                let message = expected("assert_send", message);
                Asserting::assert(self, Assertion::new("send", Asserted::Message(message)));
            }

            /// A client received `message`.
            #[track_caller]
            pub fn assert_recv(&self, message: impl IntoExpected<Message>) {
                let message = expected("assert_recv", message);
                Asserting::assert(self, Assertion::new("recv", Asserted::Message(message)));
            }

            /// A client closed.
            #[track_caller]
            pub fn assert_close(&self, close: impl IntoExpected<Option<CloseFrame>>) {
                let close = expected("assert_close", close);
                Asserting::assert(self, Assertion::new("close", Asserted::Close(close)));
            }

            /// A client received the close of its peer.
            #[track_caller]
            pub fn assert_recv_close(&self, close: impl IntoExpected<Option<CloseFrame>>) {
                let close = expected("assert_recv_close", close);
                Asserting::assert(self, Assertion::new("recv_close", Asserted::Close(close)));
            }

            /// A client received an error, where the script has `expect_recv_error`.
            #[track_caller]
            pub fn assert_recv_error(&self, fault: impl Into<Fault>) {
                let fault = Asserted::Error(fault.into());
                Asserting::assert(self, Assertion::new("recv_error", fault));
            }

            /// A client was told that the connection was reset.
            #[track_caller]
            pub fn assert_reset(&self) {
                Asserting::assert(self, Assertion::new("reset", Asserted::None));
            }

            /// A client received the end of the connection.
            #[track_caller]
            pub fn assert_eof(&self) {
                Asserting::assert(self, Assertion::new("eof", Asserted::None));
            }

            /// A client dropped its connection.
            #[track_caller]
            pub fn assert_drop(&self) {
                Asserting::assert(self, Assertion::new("drop", Asserted::None));
            }
        }
    )+};
}

websocket_assertions! {
    /// Assertions about what happened, in the order in which it happened.
    Scripted<WebSocket>;
    /// Assertions that look at this session only, in the order in which it went.
    Session<WebSocket>;
    /// Assertions about an interaction that answered with an error.
    Raised<'_, WebSocket>;
    /// Assertions that find their interaction wherever it stands.
    Unordered<'_, WebSocket>;
}
