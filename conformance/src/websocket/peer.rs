//! The other end of the connection, in the verbs of the promises.

use wirescript::websocket::{Message, ProtocolError, WebSocketError};

use super::frames::{self, Opcode};

/// How a peer answers the request.
#[derive(Clone, Debug)]
pub enum Answer {
    /// It opens the WebSocket.
    Opens,
    /// It opens the WebSocket, and chooses this subprotocol.
    Chooses(&'static str),
    /// It answers with this status and body instead, and ends the connection.
    Refuses(u16, &'static str),
}

/// A peer that nobody has connected to yet, and that one client may connect to.
pub trait Listener: Sized + Send + 'static {
    /// Who is there once somebody has connected.
    type Peer: Peer;

    /// Listens, and will answer like this.
    fn new(answer: Answer) -> Self;

    /// Where, as in `ws://127.0.0.1:5000/`.
    fn uri(&self) -> String;

    /// Waits for whoever connects.
    fn accept(self) -> Self::Peer;
}

/// A peer that is connected.
///
/// Where a script has to be told of what the client will do, the verb has a name of its own, and a
/// real peer does nothing for it.
pub trait Peer: Sized + Send + 'static {
    /// Says a message, in one frame; a close is one.
    fn says(&mut self, message: &Message);

    /// Says a message in fragments of so many bytes, and `between` behind the first of them.
    fn says_in_fragments(&mut self, message: &Message, size: usize, between: Option<&Message>);

    /// Says a message, in one frame, that is over a limit of the client's, which so need not receive
    /// all of it.
    fn says_too_much(&mut self, message: &Message) {
        self.says(message);
    }

    /// Says the first part of a message that does not come whole.
    fn begins(&mut self);

    /// Says what breaks the protocol.
    fn breaks(&mut self, breach: Breach);

    /// Ends the connection, with a FIN, and goes on hearing.
    fn ends(&mut self);

    /// Cuts the connection with an RST. Nobody has to ask for it.
    fn resets(self);

    /// Waits for the next message of the client that it sent by itself.
    fn hears(&mut self) -> Message;

    /// Waits for an answer that the transport gives: a pong, or a close.
    fn hears_answer(&mut self, answer: &Message);

    /// Waits for the end, and returns the messages before it.
    fn hears_to_end(&mut self) -> Vec<Message>;

    /// The same peer, for another thread: one of the two says, the other hears.
    fn twin(&self) -> Self;

    /// The client will send `message`.
    fn awaits(&mut self, message: &Message) {
        let _ = message;
    }

    /// The transport will answer with this.
    fn awaits_answer(&mut self, answer: &Message) {
        let _ = answer;
    }

    /// The client will drop its WebSocket.
    fn awaits_drop(&mut self) {}
}

/// A way of breaking the protocol (RFC 6455 section 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Breach {
    /// A text with a reserved bit set.
    ReservedBit,
    /// A frame of this opcode, which does not exist.
    Opcode(u8),
    /// A text that is masked.
    Masked,
    /// A ping of 126 bytes.
    LongPing,
    /// A ping that is not the last of its fragments.
    FragmentedPing,
    /// A continuation of nothing.
    Continuation,
    /// A text where a text has not ended.
    Interruption,
    /// A close of one byte.
    ShortClose,
    /// A text that is no UTF-8.
    BadText,
    /// A text of which the second fragment is no UTF-8.
    BadFragment,
    /// A text that ends within a code point.
    CutText,
    /// A close of which the reason is no UTF-8.
    BadReason,
}

impl Breach {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::ReservedBit,
        Self::Opcode(3),
        Self::Opcode(11),
        Self::Masked,
        Self::LongPing,
        Self::FragmentedPing,
        Self::Continuation,
        Self::Interruption,
        Self::ShortClose,
        Self::BadText,
        Self::BadFragment,
        Self::CutText,
        Self::BadReason,
    ];

    /// What goes over the wire.
    pub fn frames(self) -> Vec<u8> {
        let text = Opcode::Text as u8;
        match self {
            Self::ReservedBit => frames::frame(frames::FIN | 0x40 | text, b"hi"),
            Self::Opcode(opcode) => frames::frame(frames::FIN | opcode, b"hi"),
            Self::Masked => frames::masked(frames::FIN | text, [1, 2, 3, 4], b"hi"),
            Self::LongPing => frames::frame(frames::FIN | Opcode::Ping as u8, &[b'x'; 126]),
            Self::FragmentedPing => frames::frame(Opcode::Ping as u8, b"hi"),
            Self::Continuation => frames::frame(frames::FIN | Opcode::Continuation as u8, b"hi"),
            Self::Interruption => {
                [frames::frame(text, b"h"), frames::frame(frames::FIN | text, b"i")].concat()
            }
            Self::ShortClose => frames::frame(frames::FIN | Opcode::Close as u8, b"\x03"),
            Self::BadText => frames::frame(frames::FIN | text, b"h\xff"),
            Self::BadFragment => {
                let second = frames::frame(Opcode::Continuation as u8, b"\xff");
                [frames::frame(text, b"h"), second].concat()
            }
            Self::CutText => frames::frame(frames::FIN | text, b"caf\xc3"),
            Self::BadReason => frames::frame(frames::FIN | Opcode::Close as u8, b"\x03\xe8\xff"),
        }
    }

    /// What a client is told of it.
    pub fn error(self) -> WebSocketError {
        let error = match self {
            Self::ReservedBit => ProtocolError::ReservedBits,
            Self::Opcode(opcode) => ProtocolError::UnknownOpcode(opcode),
            Self::Masked => ProtocolError::Masked,
            Self::LongPing => ProtocolError::ControlTooLong,
            Self::FragmentedPing => ProtocolError::ControlFragmented,
            Self::Continuation => ProtocolError::UnexpectedContinuation,
            Self::Interruption => ProtocolError::ExpectedContinuation,
            Self::ShortClose => ProtocolError::InvalidClose,
            Self::BadText | Self::BadFragment | Self::CutText | Self::BadReason => {
                return WebSocketError::InvalidUtf8;
            }
        };
        WebSocketError::Protocol(error)
    }
}
