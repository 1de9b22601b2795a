//! What goes over a WebSocket, one at a time.

use bytes::Bytes;

use super::{CloseFrame, InvalidMessage, Text};

/// A message, or a control frame that the client gets to see.
///
/// ```
/// use wirescript::websocket::Message;
///
/// assert_eq!(Message::from("hello").as_text(), Some("hello"));
/// assert_ne!(Message::from("hello"), Message::from(&b"hello"[..]), "text is not binary");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Message {
    /// Text.
    Text(Text),
    /// Bytes.
    Binary(Bytes),
    /// A question whether the other side is there. It is answered by the transport.
    Ping(Bytes),
    /// The answer, or a sign of life that nobody asked for.
    Pong(Bytes),
    /// The end: nothing else is sent after it.
    Close(Option<CloseFrame>),
}

impl Message {
    /// The largest payload of a ping or pong, in bytes (RFC 6455 section 5.5).
    pub const MAX_CONTROL: usize = 125;

    /// A text message.
    pub fn text(text: impl Into<Text>) -> Self {
        Self::Text(text.into())
    }

    /// A binary message.
    pub fn binary(bytes: impl Into<Bytes>) -> Self {
        Self::Binary(bytes.into())
    }

    /// A ping.
    pub fn ping(payload: impl Into<Bytes>) -> Self {
        Self::Ping(payload.into())
    }

    /// A pong.
    pub fn pong(payload: impl Into<Bytes>) -> Self {
        Self::Pong(payload.into())
    }

    /// The text, if it is a text message.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The bytes, if it is a binary message.
    pub fn as_binary(&self) -> Option<&Bytes> {
        match self {
            Self::Binary(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// The payload: of a text its bytes, of a close its reason.
    pub fn payload(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Binary(bytes) | Self::Ping(bytes) | Self::Pong(bytes) => bytes,
            Self::Close(Some(frame)) => frame.reason.as_bytes(),
            Self::Close(None) => &[],
        }
    }

    /// Whether it is text or binary, so that a client has something to do with it.
    pub fn is_data(&self) -> bool {
        matches!(self, Self::Text(_) | Self::Binary(_))
    }

    /// Whether it can be sent as one frame, if it has to be.
    ///
    /// # Errors
    ///
    /// A ping or pong of more than [`MAX_CONTROL`](Self::MAX_CONTROL) bytes, or a close with a longer
    /// reason than [`CloseFrame::MAX_REASON`].
    pub fn check(&self) -> Result<(), InvalidMessage> {
        match self {
            Self::Ping(payload) | Self::Pong(payload) if payload.len() > Self::MAX_CONTROL => {
                Err(InvalidMessage::ControlTooLong { len: payload.len() })
            }
            Self::Close(Some(frame)) => frame.check(),
            _ => Ok(()),
        }
    }
}

impl From<Text> for Message {
    fn from(text: Text) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Message {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Message {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<Bytes> for Message {
    fn from(bytes: Bytes) -> Self {
        Self::Binary(bytes)
    }
}

impl From<Vec<u8>> for Message {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Binary(bytes.into())
    }
}

impl From<&[u8]> for Message {
    fn from(bytes: &[u8]) -> Self {
        Self::Binary(Bytes::copy_from_slice(bytes))
    }
}

impl<const N: usize> From<&[u8; N]> for Message {
    fn from(bytes: &[u8; N]) -> Self {
        Self::from(&bytes[..])
    }
}

impl From<CloseFrame> for Message {
    fn from(frame: CloseFrame) -> Self {
        Self::Close(Some(frame))
    }
}
