//! The script language of byte sockets: its states, and what its steps hear and say.

use std::sync::Arc;

use bytes::Bytes;

use super::{Expected, Fault, Framing, Literal, Pieces, Reply};
use crate::protocol::{OperationInfo, Protocol};
use crate::transport::Endpoint;

/// The protocol of byte sockets, as in `Scripted<Socket>`.
#[derive(Clone, Copy, Debug)]
pub enum Socket {}

/// Where a scripted byte socket stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SocketState {
    /// There is no connection yet.
    Disconnected,
    /// Both directions are open.
    Connected,
    /// The client has closed its direction.
    ShutDown,
    /// The peer has closed its direction.
    PeerClosed,
    /// Both directions are closed.
    Finished,
    /// The connection was reset.
    Reset,
    /// The socket is gone: dropped, or never made because the connect failed.
    Closed,
}

use SocketState::{Closed, Connected, Disconnected, Finished, PeerClosed, Reset, ShutDown};

const WRITING: &[(SocketState, SocketState)] = &[(Connected, Connected), (PeerClosed, PeerClosed)];
const READING: &[(SocketState, SocketState)] = &[(Connected, Connected), (ShutDown, ShutDown)];

/// The operations of byte sockets.
pub(crate) mod operations {
    use super::*;

    type Info = OperationInfo<SocketState>;

    pub(crate) static CONNECT: Info =
        Info { name: "connect", transitions: &[(Disconnected, Connected)] };
    pub(crate) static SEND: Info = Info { name: "send", transitions: WRITING };
    pub(crate) static SEND_ALL: Info = Info { name: "send_all", transitions: WRITING };
    pub(crate) static SEND_FRAME: Info = Info { name: "send_frame", transitions: WRITING };
    pub(crate) static RECV: Info = Info { name: "recv", transitions: READING };
    pub(crate) static RECV_FRAME: Info = Info { name: "recv_frame", transitions: READING };
    pub(crate) static RECV_ERROR: Info = Info { name: "recv_error", transitions: READING };
    pub(crate) static RESET: Info =
        Info { name: "reset", transitions: &[(Connected, Reset), (ShutDown, Reset)] };
    pub(crate) static EOF: Info =
        Info { name: "eof", transitions: &[(Connected, PeerClosed), (ShutDown, Finished)] };
    pub(crate) static SHUTDOWN: Info =
        Info { name: "shutdown", transitions: &[(Connected, ShutDown), (PeerClosed, Finished)] };
    pub(crate) static CLOSE: Info = Info {
        name: "close",
        transitions: &[
            (Connected, Closed),
            (ShutDown, Closed),
            (PeerClosed, Closed),
            (Finished, Closed),
            (Reset, Closed),
        ],
    };
}

impl Protocol for Socket {
    const NAME: &'static str = "socket";
    type State = SocketState;
    const STATES: &'static [SocketState] =
        &[Disconnected, Connected, ShutDown, PeerClosed, Finished, Reset, Closed];
    const INITIAL: SocketState = Disconnected;
    const OPERATIONS: &'static [&'static OperationInfo<SocketState>] = &[
        &operations::CONNECT,
        &operations::SEND,
        &operations::SEND_ALL,
        &operations::SEND_FRAME,
        &operations::RECV,
        &operations::RECV_FRAME,
        &operations::RECV_ERROR,
        &operations::RESET,
        &operations::EOF,
        &operations::SHUTDOWN,
        &operations::CLOSE,
    ];

    fn place(state: SocketState) -> u32 {
        state as u32
    }
}

/// What a socket's peer hears.
pub(crate) enum SocketHeard {
    Connect(Expected<Endpoint>),
    /// Exactly one write, of which `accepts` bytes are taken, or all.
    Send {
        data: Expected<[u8]>,
        accepts: Option<usize>,
    },
    /// A run of bytes, over any number of writes.
    SendAll(Expected<[u8]>),
    /// A frame, over any number of writes.
    Frame(FrameHeard),
    Shutdown,
    Close,
}

/// A frame that the peer hears.
pub(crate) enum FrameHeard {
    /// This one.
    Is(Box<StatedFrame>),
    /// One with a payload that is not stated, or not by its bytes.
    Of { framing: Arc<dyn Framing>, payload: Expected<[u8]> },
}

/// A frame with its payload, and how many bytes are before that.
pub(crate) struct StatedFrame {
    pub(crate) frame: Bytes,
    pub(crate) header: usize,
    pub(crate) payload: Bytes,
}

/// What a socket's peer says.
pub(crate) enum SocketSaid {
    /// Bytes, of which no read gets more than the piece it begins in; if they are a frame, with its
    /// payload.
    Recv {
        bytes: Literal,
        pieces: Pieces,
        payload: Option<Box<Bytes>>,
    },
    /// What is made of what was sent; in pieces of this size, if one is given.
    Reply {
        reply: Reply,
        piece: Option<usize>,
    },
    RecvError(Fault),
    Reset,
    Eof,
}

/// How many bytes `a` and `b` begin with alike.
pub(crate) fn common_prefix(a: &[u8], b: &[u8]) -> usize {
    let len = a.len().min(b.len());
    if a[..len] == b[..len] {
        return len; // `memcmp` speed where nothing differs, which is nearly always
    }
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}
