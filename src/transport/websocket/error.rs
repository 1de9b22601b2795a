//! The ways in which a WebSocket fails, as far as a client can do something about them.

use std::error::Error;
use std::fmt;
use std::io::{self, ErrorKind};

use bytes::Bytes;
use http::Response;

use super::{CloseFrame, InvalidRequest, Message};

/// An error of a WebSocket.
///
/// It converts to an [`io::Error`], of which [`classify`](crate::classify) then tells the class.
#[derive(Debug)]
#[non_exhaustive]
pub enum WebSocketError {
    /// The request cannot be made. Nothing was sent.
    InvalidRequest(InvalidRequest),
    /// The message cannot be sent. Nothing was sent, and the connection lives on.
    InvalidMessage(InvalidMessage),
    /// The connection below failed; [`classify`](crate::classify) tells how.
    Io(io::Error),
    /// The server answered the request with another status than 101. The body is what had come of it
    /// by then.
    Rejected(Box<Response<Bytes>>),
    /// The server answered the request with something that is no WebSocket handshake.
    Handshake(HandshakeError),
    /// The peer broke the protocol. The stream is at its end.
    Protocol(ProtocolError),
    /// The peer sent text, or the reason of a close, that is no UTF-8. The stream is at its end.
    InvalidUtf8,
    /// The peer sent a message, or a part of one, that is larger than the limit of the request. The
    /// stream is at its end.
    TooBig {
        /// How large it is, as far as that is known, in bytes.
        size: usize,
        /// The limit, in bytes.
        limit: usize,
    },
    /// The connection ended without a close: what RFC 6455 section 7.1.5 gives the code 1006.
    AbnormalClosure,
    /// The connection is closed, or being closed, and takes no more messages.
    Closed,
}

/// What is wrong with a message that cannot be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InvalidMessage {
    /// The payload of a ping or pong is larger than [`Message::MAX_CONTROL`].
    ControlTooLong {
        /// How many bytes it has.
        len: usize,
    },
    /// The reason of a close is longer than [`CloseFrame::MAX_REASON`].
    ReasonTooLong {
        /// How many bytes it has.
        len: usize,
    },
}

/// What is wrong with the answer of a server that pretends to open a WebSocket (RFC 6455 section 4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HandshakeError {
    /// It ended before it was whole.
    Incomplete,
    /// It is no HTTP.
    Malformed,
    /// It is of another version of HTTP than 1.1.
    HttpVersion,
    /// It is longer than any answer of this kind has to be.
    TooLong,
    /// There is no `Upgrade: websocket`.
    UpgradeMissing,
    /// There is no `Connection: Upgrade`.
    ConnectionUpgradeMissing,
    /// `Sec-WebSocket-Accept` is not the answer to the key that was sent.
    AcceptMismatch,
    /// Subprotocols were asked for, and the server chose none.
    SubprotocolMissing,
    /// No subprotocol was asked for, and the server chose one.
    SubprotocolUnasked,
    /// The server chose another subprotocol than those that were asked for.
    SubprotocolUnknown,
    /// The server uses an extension that was not asked for.
    ExtensionUnasked,
}

/// How a peer broke the protocol (RFC 6455 section 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProtocolError {
    /// A frame has a reserved bit set.
    ReservedBits,
    /// A frame has an opcode that does not exist.
    UnknownOpcode(u8),
    /// A frame of the server is masked.
    Masked,
    /// A control frame has more than 125 bytes.
    ControlTooLong,
    /// A control frame is fragmented.
    ControlFragmented,
    /// A continuation continues nothing.
    UnexpectedContinuation,
    /// A new message begins before the one before it has ended.
    ExpectedContinuation,
    /// A close has a payload of one byte, which is no code.
    InvalidClose,
    /// Something came after the close.
    AfterClose,
    /// Anything else.
    Other,
}

impl fmt::Display for WebSocketError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidRequest(error) => error.fmt(f),
            Self::InvalidMessage(error) => error.fmt(f),
            Self::Io(error) => error.fmt(f),
            Self::Rejected(response) => {
                write!(f, "the server answered {} and opened no websocket", response.status())
            }
            Self::Handshake(error) => error.fmt(f),
            Self::Protocol(error) => error.fmt(f),
            Self::InvalidUtf8 => f.write_str("the peer sent text that is no UTF-8"),
            Self::TooBig { size, limit } => {
                write!(f, "the peer sent {size} bytes at once, and the limit is {limit}")
            }
            Self::AbnormalClosure => f.write_str("the connection ended without a close"),
            Self::Closed => f.write_str("the websocket is closed, and takes no more messages"),
        }
    }
}

impl fmt::Display for InvalidMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ControlTooLong { len } => write!(
                f,
                "the payload of a ping or pong is {len} bytes long, and has at most {}",
                Message::MAX_CONTROL
            ),
            Self::ReasonTooLong { len } => write!(
                f,
                "the reason of a close is {len} bytes long, and has at most {}",
                CloseFrame::MAX_REASON
            ),
        }
    }
}

impl fmt::Display for HandshakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the server opened no websocket: ")?;
        f.write_str(match self {
            Self::Incomplete => "its answer ended before it was whole",
            Self::Malformed => "its answer is no HTTP",
            Self::HttpVersion => "its answer is not of HTTP/1.1",
            Self::TooLong => "its answer is too long",
            Self::UpgradeMissing => "its answer has no `Upgrade: websocket`",
            Self::ConnectionUpgradeMissing => "its answer has no `Connection: Upgrade`",
            Self::AcceptMismatch => "its `Sec-WebSocket-Accept` does not answer the key",
            Self::SubprotocolMissing => "it chose none of the subprotocols",
            Self::SubprotocolUnasked => "it chose a subprotocol, and none was asked for",
            Self::SubprotocolUnknown => "it chose a subprotocol that was not asked for",
            Self::ExtensionUnasked => "it uses an extension that was not asked for",
        })
    }
}

impl fmt::Display for ProtocolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the peer broke the protocol: ")?;
        match self {
            Self::ReservedBits => f.write_str("a frame has a reserved bit set"),
            Self::UnknownOpcode(opcode) => write!(f, "a frame has the unknown opcode {opcode}"),
            Self::Masked => f.write_str("a frame of the server is masked"),
            Self::ControlTooLong => f.write_str("a control frame has more than 125 bytes"),
            Self::ControlFragmented => f.write_str("a control frame is fragmented"),
            Self::UnexpectedContinuation => f.write_str("a continuation continues nothing"),
            Self::ExpectedContinuation => {
                f.write_str("a message begins before the one before it has ended")
            }
            Self::InvalidClose => f.write_str("a close has a payload of one byte"),
            Self::AfterClose => f.write_str("something came after the close"),
            Self::Other => f.write_str("a frame is not as it has to be"),
        }
    }
}

impl Error for WebSocketError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            // These speak for it; what is behind them comes next.
            Self::InvalidRequest(error) => error.source(),
            Self::Io(error) => Some(error),
            _ => None,
        }
    }
}

impl Error for InvalidMessage {}
impl Error for HandshakeError {}
impl Error for ProtocolError {}

impl From<io::Error> for WebSocketError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<InvalidRequest> for WebSocketError {
    fn from(error: InvalidRequest) -> Self {
        Self::InvalidRequest(error)
    }
}

impl From<InvalidMessage> for WebSocketError {
    fn from(error: InvalidMessage) -> Self {
        Self::InvalidMessage(error)
    }
}

impl From<HandshakeError> for WebSocketError {
    fn from(error: HandshakeError) -> Self {
        Self::Handshake(error)
    }
}

impl From<ProtocolError> for WebSocketError {
    fn from(error: ProtocolError) -> Self {
        Self::Protocol(error)
    }
}

impl From<WebSocketError> for io::Error {
    /// The error of the connection below, or one of a kind that says the same, with the whole inside.
    fn from(error: WebSocketError) -> Self {
        let kind = match error {
            WebSocketError::Io(error) => return error,
            WebSocketError::InvalidRequest(_) | WebSocketError::InvalidMessage(_) => {
                ErrorKind::InvalidInput
            }
            WebSocketError::Rejected(_) => ErrorKind::ConnectionRefused,
            WebSocketError::Handshake(_)
            | WebSocketError::Protocol(_)
            | WebSocketError::InvalidUtf8
            | WebSocketError::TooBig { .. } => ErrorKind::InvalidData,
            WebSocketError::AbnormalClosure => ErrorKind::UnexpectedEof,
            WebSocketError::Closed => ErrorKind::BrokenPipe,
        };
        Self::new(kind, error)
    }
}
