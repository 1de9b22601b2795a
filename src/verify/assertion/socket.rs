//! What can be asserted of byte sockets.

use super::{Asserted, Asserting, Assertion, Raised, Unordered};
use crate::double::{Scripted, Session};
use crate::script::{Fault, IntoExpected, Socket, expected};
use crate::transport::Endpoint;

/// The assertions of byte sockets, on everything that has a scope.
macro_rules! socket_assertions {
    ($($(#[$doc:meta])* $type:ty;)+) => {$(
        $(#[$doc])*
        impl $type {
            /// A client connected to `endpoint`.
            ///
            /// # Panics
            ///
            /// At this line, as all assertions do: if that is not what happened next, or if nothing
            /// is said about it.
            #[track_caller]
            pub fn assert_connect(&self, endpoint: impl IntoExpected<Endpoint>) {
                let endpoint = expected("assert_connect", endpoint);
                Asserting::assert(self, Assertion::new("connect", Asserted::Endpoint(endpoint)));
            }

            /// A client sent `data` in one write, where the script has `expect_send`.
            #[track_caller]
            pub fn assert_send(&self, data: impl IntoExpected<[u8]>) {
                let data = expected("assert_send", data);
                Asserting::assert(self, Assertion::new("send", Asserted::Bytes(data)));
            }

            /// A client sent `bytes`, where the script has `expect_send_all`.
            #[track_caller]
            pub fn assert_send_all(&self, bytes: impl IntoExpected<[u8]>) {
                let bytes = expected("assert_send_all", bytes);
                Asserting::assert(self, Assertion::new("send_all", Asserted::Bytes(bytes)));
            }

            /// A client sent a frame with this payload, where the script has `expect_send_frame`.
            #[track_caller]
            pub fn assert_send_frame(&self, payload: impl IntoExpected<[u8]>) {
                let payload = expected("assert_send_frame", payload);
                Asserting::assert(self, Assertion::new("send_frame", Asserted::Bytes(payload)));
            }

            /// A client received a frame with this payload, where the script has
            /// `expect_recv_frame`.
            #[track_caller]
            pub fn assert_recv_frame(&self, payload: impl IntoExpected<[u8]>) {
                let payload = expected("assert_recv_frame", payload);
                Asserting::assert(self, Assertion::new("recv_frame", Asserted::Bytes(payload)));
            }

            /// A client received `data`, the first of it into a buffer of `size` bytes.
            #[track_caller]
            pub fn assert_recv(&self, size: impl IntoExpected<usize>, data: impl IntoExpected<[u8]>) {
                let data = expected("assert_recv", data);
                let mut assertion = Assertion::new("recv", Asserted::Bytes(data));
                assertion.size = Some(expected("assert_recv", size));
                Asserting::assert(self, assertion);
            }

            /// A client received an error of this kind, where the script has `expect_recv_error`.
            #[track_caller]
            pub fn assert_recv_error(&self, kind: impl Into<Fault>) {
                Asserting::assert(self, Assertion::new("recv_error", Asserted::Error(kind.into())));
            }

            /// A client was told that the connection was reset.
            #[track_caller]
            pub fn assert_reset(&self) {
                Asserting::assert(self, Assertion::new("reset", Asserted::None));
            }

            /// A client received the end of the stream.
            #[track_caller]
            pub fn assert_eof(&self) {
                Asserting::assert(self, Assertion::new("eof", Asserted::None));
            }

            /// A client closed its direction.
            #[track_caller]
            pub fn assert_shutdown(&self) {
                Asserting::assert(self, Assertion::new("shutdown", Asserted::None));
            }

            /// A client dropped its socket.
            #[track_caller]
            pub fn assert_close(&self) {
                Asserting::assert(self, Assertion::new("close", Asserted::None));
            }
        }
    )+};
}

socket_assertions! {
    /// Assertions about what happened, in the order in which it happened.
    ///
    /// They walk one cursor over everything that happened on the verifier. An interaction whose
    /// step stated its arguments may be passed over; one that the script left open may not.
    Scripted<Socket>;
    /// Assertions that look at this session only, in the order in which it went.
    Session<Socket>;
    /// Assertions about an interaction that answered with an error.
    Raised<'_, Socket>;
    /// Assertions that find their interaction wherever it stands.
    Unordered<'_, Socket>;
}
