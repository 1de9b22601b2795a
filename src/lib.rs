//! Write a client library once, generic over its transport; prove it without a network.
//!
//! The map, in reading order:
//!
//! * [`transport`]: the contracts. [`AsyncSocket`] is a connection, [`Connect`] opens one, an
//!   [`Endpoint`] says where. A client is written against these and constructed with an adapter
//!   (`wirescript-tokio`, ...) in production.
//! * [`websocket`]: the contract for messages instead of bytes. [`WebSocketTransport`] is a
//!   connection, [`WebSocketConnect`] opens one (`wirescript-tungstenite`, over any byte sockets).
//! * [`blocking`]: the same for clients that block, and the standard library's sockets behind it.
//! * [`scripted`] (feature `scripted`, for `[dev-dependencies]`): the doubles. A [`Verifier`] owns
//!   scripts, one for each connection that a client makes, and gives the verdict.
//!
//! ```
//! use std::io;
//! use wirescript::{AsyncSocketExt, Connect, Endpoint, Verifier};
//!
//! // The client: written once, generic over its transport.
//! async fn fetch_status<C: Connect>(net: &C, host: &str, port: u16) -> io::Result<String> {
//!     let mut socket = net.connect(&Endpoint::new(host, port)).await?;
//!     socket.send_all(b"STATUS\r\n").await?;
//!     let reply = socket.recv_to_end(4096).await?;
//!     socket.disconnect().await?;
//!     Ok(String::from_utf8_lossy(&reply).into_owned())
//! }
//!
//! # futures::executor::block_on(async {
//! // Its test: the script is the peer's view of the conversation.
//! let verifier = Verifier::new();
//! let net = verifier.socket();
//! net.new_session()
//!     .expect_connect("monitoring.internal:5000")
//!     .expect_send_all(b"STATUS\r\n")
//!     .expect_recv(b"OK 200\r\n")
//!     .expect_eof()
//!     .expect_close();
//!
//! assert_eq!(fetch_status(&net, "monitoring.internal", 5000).await?, "OK 200\r\n");
//! verifier.finish().await;
//! # io::Result::Ok(()) }).unwrap();
//! ```
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod blocking;
pub mod transport;

#[cfg(feature = "scripted")]
mod double;
#[cfg(feature = "scripted")]
mod protocol;
#[cfg(feature = "scripted")]
mod script;
#[cfg(feature = "scripted")]
mod session;
#[cfg(feature = "scripted")]
mod timeline;
#[cfg(feature = "scripted")]
mod verify;

pub use async_trait::async_trait;
#[doc(inline)]
pub use transport::websocket::{
    self, WebSocketConnect, WebSocketConnectExt, WebSocketExt, WebSocketTransport,
};
#[doc(inline)]
pub use transport::{
    AsyncSocket, AsyncSocketExt, BoxConnector, BoxSocket, Connect, ConnectFn, Endpoint, ErrorClass,
    InvalidEndpoint, LateInfo, SocketInfo, Timer, classify, connect_fn,
};

#[cfg(feature = "scripted")]
pub use self::{
    double::Scripted,
    script::{any, matching, to_end, until},
    verify::{Verifier, run},
};

/// Scripts, the doubles that play them, and what a verdict is made of.
#[cfg(feature = "scripted")]
pub mod scripted {
    pub use crate::double::{
        BlockingScriptedSocket, BlockingScriptedWebSocket, Scripted, ScriptedSocket,
        ScriptedWebSocket, Session,
    };
    pub use crate::script::{
        AfterClose, AfterClosing, AfterConnect, AfterEnd, AfterFrame, AfterMessage, AfterRecv,
        AfterRecvError, AfterReply, AfterRule, AfterSend, AfterSendAll, AfterShutdown, Any,
        AtStart, ChunkSizes, Chunks, Decoded, Delimited, Expected, Fault, FrameError, Framing,
        IntoBytes, IntoExpected, IntoParts, IntoRejection, InvalidArgument, LengthPrefix, Lines,
        Literal, Matching, Part, Parts, Sent, SentMessage, Socket, SocketScript, SocketState,
        Times, Value, WebSocket, WebSocketFrame, WebSocketFrames, WebSocketScript, WebSocketState,
        Whenever, WheneverMessage, accept_key, any, matching, modifiers, to_end, until, upgrade,
    };
    pub use crate::verify::{
        AnyOrder, Argument, Asserts, Blocked, Described, Interaction, Outcome, Raised, Report,
        RunOutcome, SessionLabel, Stage, StepLabel, Transcript, Unordered, UnusedSession,
        UnusedStep, Verifier, VerifierBuilder, Violation, ViolationKind, run,
    };
}

/// The README, so that its examples are compiled and run.
#[cfg(all(doctest, feature = "scripted"))]
#[doc = include_str!("../README.md")]
struct Readme;

/// The guides, for the same reason.
#[cfg(all(doctest, feature = "scripted"))]
#[doc = include_str!("../docs/scripts.md")]
#[doc = include_str!("../docs/websockets.md")]
struct Guides;
