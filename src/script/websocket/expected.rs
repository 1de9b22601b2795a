//! What steps and assertions of WebSockets state.

use std::borrow::Cow;

use bytes::Bytes;

use crate::script::expected::{Expected, IntoExpected, InvalidArgument, Pattern};
use crate::transport::websocket::{
    CloseCode, CloseFrame, Handshake, HandshakeError, Message, Text, WebSocketRequest,
};

/// Whether a client that makes the request `got` makes the one that was expected. The limits are
/// nothing that it asks for.
pub(crate) fn meets_request(expected: &WebSocketRequest, got: &WebSocketRequest) -> bool {
    expected.uri() == got.uri()
        && expected.headers() == got.headers()
        && expected.subprotocols().eq(got.subprotocols())
}

/// Why a client that makes `request` does not take what the server chose (RFC 6455 section 4.1).
pub(crate) fn refusal(handshake: &Handshake, request: &WebSocketRequest) -> Option<HandshakeError> {
    let is_asked = request.subprotocols().len() > 0;
    match handshake.subprotocol() {
        None => is_asked.then_some(HandshakeError::SubprotocolMissing),
        Some(_) if !is_asked => Some(HandshakeError::SubprotocolUnasked),
        Some(chosen) => {
            let is_known = request.subprotocols().any(|name| name == chosen);
            (!is_known).then_some(HandshakeError::SubprotocolUnknown)
        }
    }
}

macro_rules! message_literals {
    ($($({$($generic:tt)+})? $literal:ty => $message:expr),+ $(,)?) => {$(
        impl $(<$($generic)+>)? IntoExpected<Message> for $literal {
            fn into_expected(self) -> Result<Expected<Message>, InvalidArgument> {
                let message: fn(Self) -> Message = $message;
                Ok(Expected(Pattern::Is(message(self))))
            }
        }
    )+};
}

message_literals! {
    Message => |message| message,
    &Message => Message::clone,
    Text => Message::from,
    &str => Message::from,
    String => Message::from,
    &String => |text| Message::from(text.as_str()),
    Cow<'_, str> => |text| Message::from(text.into_owned()),
    Bytes => Message::from,
    Vec<u8> => Message::from,
    &[u8] => Message::from,
    {const N: usize} &[u8; N] => Message::from,
    {const N: usize} [u8; N] => |bytes| Message::from(bytes.to_vec()),
}

impl IntoExpected<WebSocketRequest> for WebSocketRequest {
    fn into_expected(self) -> Result<Expected<Self>, InvalidArgument> {
        Ok(Expected(Pattern::Is(self)))
    }
}

impl IntoExpected<WebSocketRequest> for &WebSocketRequest {
    fn into_expected(self) -> Result<Expected<WebSocketRequest>, InvalidArgument> {
        self.clone().into_expected()
    }
}

impl IntoExpected<WebSocketRequest> for &str {
    fn into_expected(self) -> Result<Expected<WebSocketRequest>, InvalidArgument> {
        WebSocketRequest::new(self)?.into_expected()
    }
}

impl IntoExpected<WebSocketRequest> for String {
    fn into_expected(self) -> Result<Expected<WebSocketRequest>, InvalidArgument> {
        self.as_str().into_expected()
    }
}

macro_rules! close_literals {
    ($($literal:ty => $close:expr),+ $(,)?) => {$(
        impl IntoExpected<Option<CloseFrame>> for $literal {
            fn into_expected(self) -> Result<Expected<Option<CloseFrame>>, InvalidArgument> {
                let close: fn(Self) -> Option<CloseFrame> = $close;
                Ok(Expected(Pattern::Is(close(self))))
            }
        }
    )+};
}

close_literals! {
    Option<CloseFrame> => |close| close,
    CloseFrame => Some,
    CloseCode => |code| Some(CloseFrame::new(code, "")),
    u16 => |code| Some(CloseFrame::new(code, "")),
    (CloseCode, &str) => |(code, reason)| Some(CloseFrame::new(code, reason)),
    (u16, &str) => |(code, reason)| Some(CloseFrame::new(code, reason)),
    (u16, String) => |(code, reason)| Some(CloseFrame::new(code, reason)),
}
