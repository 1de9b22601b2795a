//! Writing a script for a byte socket: the conversation, in the order in which it is held.

pub(crate) mod common;
mod modify;
mod rules;
mod steps;

use std::marker::PhantomData;
use std::sync::Arc;

use super::expected::expected;
use super::{Draft, Expected, Fault, Framing, IntoExpected, Socket};
use crate::double::{BlockingScriptedSocket, ScriptedSocket};

pub use rules::Whenever;

/// A socket's script while it is being written.
///
/// Each `expect_` method adds a step and returns a builder with the modifiers that make sense for
/// that step; `K` says which it was. The script is **the peer's view of the conversation**: what
/// it hears, and what it then says.
///
/// The script lands whole, when the builder is dropped: at the end of its statement, as a rule. It
/// needs no closing call.
///
/// # Panics
///
/// Every step is checked where it is written, and panics at that line if it cannot be: if its
/// argument does not parse, if no client could ever come to it (anything after a close, data after
/// the end of the stream), or if nothing could tell it from an optional step before it.
pub struct SocketScript<K = AtStart> {
    draft: Draft<Socket>,
    kind: PhantomData<fn() -> K>,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident: $($modifier:ident)*;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub enum $kind {}
        $(impl modifiers::$modifier for $kind {})*
        impl modifiers::sealed::Sealed for $kind {}
    )+};
}

/// Which step takes which modifier.
pub mod modifiers {
    pub(super) mod sealed {
        pub trait Sealed {}
    }
    /// Any step at all.
    pub trait Step: sealed::Sealed {}
    /// Steps that can come again: [`times`](super::SocketScript::times).
    pub trait Times: sealed::Sealed {}
    /// Steps that can answer with an error: [`raises`](super::SocketScript::raises).
    pub trait Raises: sealed::Sealed {}
    /// Steps that can take their time: [`after`](super::SocketScript::after).
    pub trait After: sealed::Sealed {}
    /// Steps that can stay without an answer: [`never`](super::SocketScript::never).
    pub trait Never: sealed::Sealed {}
}

kinds! {
    /// No step has been written yet.
    AtStart: ;
    /// Behind `expect_connect`.
    AfterConnect: Step Raises After Never;
    /// Behind `expect_send`.
    AfterSend: Step Raises Times;
    /// Behind `expect_send_all`.
    AfterSendAll: Step Raises Times;
    /// Behind `expect_send_frame`.
    AfterFrame: Step Raises Times;
    /// Behind `expect_recv`, `expect_recv_frame` and `replies_with`.
    AfterRecv: Step After Never Times;
    /// Behind `expect_recv_error`.
    AfterRecvError: Step After Times;
    /// Behind `expect_reset` and `expect_eof`.
    AfterEnd: Step After;
    /// Behind `expect_send` of a WebSocket.
    AfterMessage: Step Raises Times After Never;
    /// Behind `expect_close` of a WebSocket.
    AfterClosing: Step Raises;
    /// Behind `expect_shutdown`.
    AfterShutdown: Step Raises;
    /// Behind what ends the connection on the client's side: `expect_close`, of a WebSocket
    /// `expect_drop`.
    AfterClose: Step;
    /// Behind `allows_sent`.
    AfterRule: ;
    /// Behind what `whenever_sent` replies.
    AfterReply: After;
}

common::script_methods!(SocketScript, Socket, "socket");

/// The session as a whole.
impl<K> SocketScript<K> {
    /// Says what a frame is, in the steps from here on.
    ///
    /// ```
    /// # use wirescript::{AsyncSocketExt, Verifier};
    /// # use wirescript::scripted::LengthPrefix;
    /// # futures::executor::block_on(async {
    /// # let verifier = Verifier::new();
    /// # let net = verifier.socket();
    /// let mut socket = net
    ///     .new_session()
    ///     .framed(LengthPrefix::u16_be())
    ///     .expect_send_frame(b"ask")
    ///     .expect_recv_frame(b"answer")
    ///     .into_socket();
    ///
    /// socket.send_all(b"\0\x03ask").await?;
    /// let mut reply = [0; 8];
    /// socket.recv_exact(&mut reply).await?;
    /// assert_eq!(&reply, b"\0\x06answer");
    /// # drop(socket); verifier.verify();
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn framed(mut self, framing: impl Framing) -> Self {
        self.draft.script_mut().framing = Some(Arc::new(framing));
        self
    }

    /// Forgets which step was written last, so that scripts that end differently are of one type:
    /// for loops and branches.
    ///
    /// ```
    /// # use wirescript::{AsyncSocketExt, Verifier};
    /// # futures::executor::block_on(async {
    /// # let verifier = Verifier::new();
    /// # let net = verifier.socket();
    /// let mut script = net.new_session();
    /// for number in 1..=3 {
    ///     script = script.expect_recv(format!("{number}\n")).erased();
    /// }
    /// let mut socket = script.expect_eof().into_socket();
    /// assert_eq!(socket.recv_to_end(64).await?, b"1\n2\n3\n");
    /// # drop(socket); verifier.verify();
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn erased(self) -> SocketScript {
        SocketScript::new(self.draft)
    }

    /// Lands the script now and hands out a double that is connected already.
    ///
    /// # Panics
    ///
    /// At this line: if the script has a connect.
    #[track_caller]
    pub fn into_socket(self) -> ScriptedSocket {
        let (shared, session) = self.land_connected("into_socket");
        ScriptedSocket::connected(shared, session)
    }

    /// The same for a client that blocks.
    ///
    /// ```
    /// # use wirescript::Verifier;
    /// use wirescript::blocking::SocketExt;
    ///
    /// # let verifier = Verifier::new();
    /// # let net = verifier.socket();
    /// let mut socket = net.new_session().expect_recv(b"220 ready\r\n").into_blocking_socket();
    ///
    /// let mut greeting = [0; 11];
    /// socket.recv_exact(&mut greeting)?;
    /// # drop(socket); verifier.verify();
    /// # std::io::Result::Ok(())
    /// ```
    ///
    /// # Panics
    ///
    /// At this line: if the script has a connect.
    #[track_caller]
    pub fn into_blocking_socket(self) -> BlockingScriptedSocket {
        let (shared, session) = self.land_connected("into_blocking_socket");
        BlockingScriptedSocket::connected(shared, session)
    }
}

#[track_caller]
fn some_bytes(method: &str, value: impl IntoExpected<[u8]>) -> Expected<[u8]> {
    let value = expected(method, value);
    assert!(
        value.literal().is_none_or(|bytes| !bytes.is_empty()),
        "`{method}` wants at least one byte: a send of nothing is not seen by any peer"
    );
    value
}

#[track_caller]
fn checked_fault(method: &str, kind: impl Into<Fault>) -> Fault {
    let fault = kind.into();
    assert!(fault.websocket().is_none(), "`{method}`: no byte socket fails with {fault}");
    check_readiness(method, fault);
    fault
}

/// Refuses what no transport gives to its client.
#[track_caller]
pub(crate) fn check_readiness(method: &str, fault: Fault) {
    assert!(
        !fault.is_readiness(),
        "`{method}`: no transport gives its client {:?}; it waits, or tries again (C2)",
        fault.kind()
    );
}
