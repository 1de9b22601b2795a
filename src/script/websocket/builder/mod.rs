//! Writing a script for a WebSocket: the conversation, in the order in which it is held.

mod modify;
mod rules;
mod steps;

use std::marker::PhantomData;

use super::WebSocket;
use crate::double::{BlockingScriptedWebSocket, ScriptedWebSocket};
use crate::script::builder::common;
use crate::script::{AtStart, Draft};

pub use modify::IntoRejection;
pub use rules::WheneverMessage;

/// A WebSocket's script while it is being written.
///
/// Each `expect_` method adds a step and returns a builder with the modifiers that make sense for
/// that step; `K` says which it was. The script is **the peer's view of the conversation**: which
/// messages it hears, and which it then says. What a transport does by itself needs no step: pongs
/// that answer pings, and the answer to the peer's close.
///
/// The script lands whole, when the builder is dropped: at the end of its statement, as a rule.
///
/// # Panics
///
/// Every step is checked where it is written, and panics at that line if it cannot be: if its
/// argument does not parse, if no client could ever come to it (a message after a close), or if
/// nothing could tell it from an optional step before it.
pub struct WebSocketScript<K = AtStart> {
    draft: Draft<WebSocket>,
    kind: PhantomData<fn() -> K>,
}

common::script_methods!(WebSocketScript, WebSocket, "websocket");

/// The session as a whole.
impl<K> WebSocketScript<K> {
    /// Reports, beyond what transports refuse by themselves, what RFC 6455 forbids a client and they
    /// let pass: a close code that is never sent, a control frame of more than 125 bytes, anything
    /// sent after a close, a ping that the client gave its transport no chance to answer.
    ///
    /// ```
    /// # use wirescript::{Verifier, WebSocketExt};
    /// # futures::executor::block_on(async {
    /// # let verifier = Verifier::new();
    /// # let net = verifier.websocket();
    /// let script = net.new_session().strict_rfc6455().expect_close(1000);
    /// let mut ws = script.into_websocket();
    ///
    /// let error = ws.close_with(1006, "").await.unwrap_err();
    /// assert!(error.to_string().contains("this code is never sent"));
    /// # drop(ws); let _ = verifier.try_verify();
    /// # });
    /// ```
    pub fn strict_rfc6455(mut self) -> Self {
        self.draft.script_mut().is_strict = true;
        self
    }

    /// Forgets which step was written last, so that scripts that end differently are of one type:
    /// for loops and branches.
    pub fn erased(self) -> WebSocketScript {
        WebSocketScript::new(self.draft)
    }

    /// Lands the script now and hands out a double that is connected already.
    ///
    /// # Panics
    ///
    /// At this line: if the script has a connect.
    #[track_caller]
    pub fn into_websocket(self) -> ScriptedWebSocket {
        let (shared, session) = self.land_connected("into_websocket");
        ScriptedWebSocket::connected(shared, session)
    }

    /// The same for a client that blocks.
    ///
    /// # Panics
    ///
    /// At this line: if the script has a connect.
    #[track_caller]
    pub fn into_blocking_websocket(self) -> BlockingScriptedWebSocket {
        let (shared, session) = self.land_connected("into_blocking_websocket");
        BlockingScriptedWebSocket::connected(shared, session)
    }
}
