//! The script language of WebSockets: its states, and what its steps hear and say.

mod builder;
mod expected;
mod sent;

use bytes::Bytes;
use http::Response;

use super::{Expected, Fault};
use crate::protocol::{OperationInfo, Protocol};
use crate::transport::websocket::{CloseFrame, Handshake, Message, WebSocketRequest};

pub use builder::{IntoRejection, WebSocketScript, WheneverMessage};
pub use sent::SentMessage;

pub(crate) use expected::{meets_request, refusal};
pub(crate) use sent::MessageReply;

/// The protocol of WebSockets, as in `Scripted<WebSocket>`.
#[derive(Clone, Copy, Debug)]
pub enum WebSocket {}

/// Where a scripted WebSocket stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WebSocketState {
    /// There is no connection yet.
    Connecting,
    /// Nobody has closed.
    Open,
    /// The client has closed, and the peer has not.
    Closing,
    /// The peer has closed, and was answered.
    PeerClosed,
    /// Both have closed, the client first.
    Finished,
    /// The connection has ended after both had closed.
    Ended,
    /// The connection ended without a close of both.
    Lost,
    /// The peer broke the protocol: it is not heard any more.
    Failed,
    /// The connection was reset, and whoever received was told.
    Reset,
    /// The connection was reset, and whoever sent was told.
    ResetOnSend,
    /// The transport is gone: dropped, or never made because the connect failed.
    Dropped,
}

use WebSocketState::{
    Closing, Connecting, Dropped, Ended, Failed, Finished, Lost, Open, PeerClosed, Reset,
    ResetOnSend,
};

const SENDING: &[(WebSocketState, WebSocketState)] = &[(Open, Open), (Failed, Failed)];
const RECEIVING: &[(WebSocketState, WebSocketState)] = &[(Open, Open), (Closing, Closing)];
const FAILING: &[(WebSocketState, WebSocketState)] =
    &[(Open, Failed), (Closing, Ended), (PeerClosed, Ended), (Finished, Ended)];

/// The operations of WebSockets.
pub(crate) mod operations {
    use super::*;

    type Info = OperationInfo<WebSocketState>;

    pub(crate) static CONNECT: Info = Info { name: "connect", transitions: &[(Connecting, Open)] };
    pub(crate) static SEND: Info = Info { name: "send", transitions: SENDING };
    pub(crate) static CLOSE: Info =
        Info { name: "close", transitions: &[(Open, Closing), (Failed, Ended)] };
    pub(crate) static RECV: Info = Info { name: "recv", transitions: RECEIVING };
    pub(crate) static RECV_CLOSE: Info =
        Info { name: "recv_close", transitions: &[(Open, PeerClosed), (Closing, Finished)] };
    pub(crate) static RECV_ERROR: Info = Info { name: "recv_error", transitions: FAILING };
    pub(crate) static RESET: Info = Info {
        name: "reset",
        transitions: &[(Open, Reset), (Closing, Reset), (PeerClosed, Ended), (Finished, Ended)],
    };
    pub(crate) static EOF: Info = Info {
        name: "eof",
        transitions: &[(Open, Lost), (Closing, Lost), (PeerClosed, Ended), (Finished, Ended)],
    };
    pub(crate) static DROP: Info = Info {
        name: "drop",
        transitions: &[
            (Open, Dropped),
            (Closing, Dropped),
            (PeerClosed, Dropped),
            (Finished, Dropped),
            (Ended, Dropped),
            (Lost, Dropped),
            (Failed, Dropped),
            (Reset, Dropped),
            (ResetOnSend, Dropped),
        ],
    };
}

impl Protocol for WebSocket {
    const NAME: &'static str = "websocket";
    type State = WebSocketState;
    const STATES: &'static [WebSocketState] = &[
        Connecting,
        Open,
        Closing,
        PeerClosed,
        Finished,
        Ended,
        Lost,
        Failed,
        Reset,
        ResetOnSend,
        Dropped,
    ];
    const INITIAL: WebSocketState = Connecting;
    const OPERATIONS: &'static [&'static OperationInfo<WebSocketState>] = &[
        &operations::CONNECT,
        &operations::SEND,
        &operations::CLOSE,
        &operations::RECV,
        &operations::RECV_CLOSE,
        &operations::RECV_ERROR,
        &operations::RESET,
        &operations::EOF,
        &operations::DROP,
    ];

    fn place(state: WebSocketState) -> u32 {
        state as u32
    }
}

impl WebSocketState {
    /// Whether a side has closed, or the connection has ended, so that nothing more can be sent.
    pub(crate) fn takes_no_more(self) -> bool {
        self.has_closed() || self == Lost
    }

    /// Whether a side has closed.
    pub(crate) fn has_closed(self) -> bool {
        matches!(self, Closing | PeerClosed | Finished | Ended)
    }
}

/// What a WebSocket's peer hears.
pub(crate) enum WebSocketHeard {
    Connect { request: Box<Expected<WebSocketRequest>>, answer: Answered },
    Send(Expected<Message>),
    Close(Expected<Option<CloseFrame>>),
    Drop,
}

/// How the peer answers a request.
pub(crate) enum Answered {
    /// With a handshake; the one that suits the request, if there is none.
    Opened(Option<Box<Handshake>>),
    /// With something else.
    Rejected(Box<Response<Bytes>>),
}

/// What a WebSocket's peer says.
pub(crate) enum WebSocketSaid {
    Recv(Message),
    /// What is made of what was sent.
    Reply(MessageReply),
    RecvClose(Option<CloseFrame>),
    RecvError(Fault),
    Reset,
    Eof,
}
