//! From the words of tungstenite to those of the contract, and back.

use std::io;

use tungstenite::error::{CapacityError, Error, ProtocolError as Fault};
use tungstenite::protocol::frame::coding::{Data, OpCode};
use tungstenite::protocol::frame::{CloseFrame as Closing, Frame};
use wirescript::websocket::{CloseCode, CloseFrame, Message, ProtocolError, Text, WebSocketError};

use crate::text;

/// What a close says instead, if its code may not be sent (M3).
const REPLACED: &str = "Protocol violation";

/// What is received; nothing, if that is not for clients.
pub(crate) fn received(message: tungstenite::Message) -> Option<Message> {
    Some(match message {
        tungstenite::Message::Text(text) => Message::Text(text::unchanged(text)),
        tungstenite::Message::Binary(bytes) => Message::Binary(bytes),
        tungstenite::Message::Ping(payload) => Message::Ping(payload),
        tungstenite::Message::Pong(payload) => Message::Pong(payload),
        tungstenite::Message::Close(frame) => Message::Close(frame.map(|frame| {
            // tungstenite replaces the code of a close that comes first, and leaves that of an answer.
            match CloseCode::from(u16::from(frame.code)) {
                code if code.is_sendable() => CloseFrame::new(code, frame.reason.as_str()),
                _ => CloseFrame::new(CloseCode::PROTOCOL_ERROR, Text::from_static(REPLACED)),
            }
        })),
        tungstenite::Message::Frame(_) => return None,
    })
}

/// What is sent.
pub(crate) fn sent(message: Message) -> Result<tungstenite::Message, WebSocketError> {
    message.check()?;
    Ok(match message {
        // As a frame, because a text of tungstenite's would be checked again.
        Message::Text(text) => {
            let frame = Frame::message(text.into_bytes(), OpCode::Data(Data::Text), true);
            tungstenite::Message::Frame(frame)
        }
        Message::Binary(bytes) => tungstenite::Message::Binary(bytes),
        Message::Ping(payload) => tungstenite::Message::Ping(payload),
        Message::Pong(payload) => tungstenite::Message::Pong(payload),
        Message::Close(frame) => tungstenite::Message::Close(frame.map(closing)),
        _ => return Err(io::Error::from(io::ErrorKind::Unsupported).into()),
    })
}

/// A close of ours.
pub(crate) fn closing(frame: CloseFrame) -> Closing {
    Closing { code: frame.code.as_u16().into(), reason: frame.reason.as_str().into() }
}

/// An error, but for those that depend on where the connection is. `limit` is that of messages.
pub(crate) fn error(error: Error, limit: usize) -> WebSocketError {
    match error {
        Error::Io(error) => WebSocketError::Io(error),
        Error::ConnectionClosed | Error::AlreadyClosed => WebSocketError::Closed,
        Error::Utf8(_) => WebSocketError::InvalidUtf8,
        Error::Capacity(CapacityError::MessageTooLong { size, max_size }) => {
            WebSocketError::TooBig { size, limit: max_size.min(limit) }
        }
        Error::Protocol(fault) => match fault {
            Fault::SendAfterClosing => WebSocketError::Closed,
            Fault::ResetWithoutClosingHandshake => WebSocketError::AbnormalClosure,
            fault => WebSocketError::Protocol(protocol(&fault)),
        },
        // Those of handshakes, of TLS and of configurations that are not made here.
        _ => WebSocketError::Protocol(ProtocolError::Other),
    }
}

fn protocol(fault: &Fault) -> ProtocolError {
    match *fault {
        Fault::NonZeroReservedBits => ProtocolError::ReservedBits,
        Fault::InvalidOpcode(opcode)
        | Fault::UnknownControlFrameType(opcode)
        | Fault::UnknownDataFrameType(opcode) => ProtocolError::UnknownOpcode(opcode),
        Fault::MaskedFrameFromServer => ProtocolError::Masked,
        Fault::ControlFrameTooBig => ProtocolError::ControlTooLong,
        Fault::FragmentedControlFrame => ProtocolError::ControlFragmented,
        Fault::UnexpectedContinueFrame => ProtocolError::UnexpectedContinuation,
        Fault::ExpectedFragment(_) => ProtocolError::ExpectedContinuation,
        Fault::InvalidCloseSequence => ProtocolError::InvalidClose,
        Fault::ReceivedAfterClosing => ProtocolError::AfterClose,
        _ => ProtocolError::Other,
    }
}
