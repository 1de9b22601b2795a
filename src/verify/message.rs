//! Messages of WebSockets, and what they are opened and closed with, for people.

use super::bytes::{self, Shown};
use crate::transport::websocket::{CloseFrame, Message, WebSocketRequest};

/// `text "hello"`, `binary b"\x00"`, `ping b""`.
pub(super) fn shown(message: &Message) -> String {
    match message {
        Message::Text(text) => format!("text {}", bytes::shown_text(text)),
        Message::Close(close) => format!("close {}", self::close(close.as_ref())).trim_end().into(),
        _ => format!("{} {}", kind(message), bytes::shown(message.payload())),
    }
}

/// Two messages of one kind that differ at byte `at` of their payloads: both as they are shown, and
/// the column of the difference.
pub(super) fn difference(
    expected: &Message,
    got: &Message,
    at: usize,
) -> Option<(String, String, usize)> {
    let (expected_payload, got_payload) = match (expected, got) {
        (Message::Text(expected), Message::Text(got)) => Shown::texts(expected, got),
        (Message::Close(_), _) | (_, Message::Close(_)) => return None,
        _ if kind(expected) != kind(got) => return None,
        _ => (Shown::Bytes(expected.payload()), Shown::Bytes(got.payload())),
    };
    let at = at.min(got.payload().len());
    let (expected, shown, column) = got_payload.difference(expected_payload, at);
    let kind = kind(got);
    Some((format!("{kind} {expected}"), format!("{kind} {shown}"), kind.len() + 1 + column))
}

/// What kind of message it is, as messages call it.
fn kind(message: &Message) -> &'static str {
    match message {
        Message::Text(_) => "text",
        Message::Binary(_) => "binary",
        Message::Ping(_) => "ping",
        Message::Pong(_) => "pong",
        Message::Close(_) => "close",
    }
}

/// What kind it is, of a message that says nothing to whoever uses the connection.
pub(super) fn control_kind(message: &Message) -> Option<&'static str> {
    matches!(message, Message::Ping(_) | Message::Pong(_)).then(|| kind(message))
}

/// A message as it is written in Rust, if it is not too long for that.
pub(super) fn code(message: &Message) -> Option<String> {
    Some(match message {
        Message::Text(text) => bytes::text_code(text)?,
        Message::Binary(payload) => bytes::code(payload)?,
        Message::Ping(payload) => format!("Message::ping({})", control_code(payload)?),
        Message::Pong(payload) => format!("Message::pong({})", control_code(payload)?),
        Message::Close(_) => return None,
    })
}

/// What a ping or pong is made of: an array is no `Bytes`.
fn control_code(payload: &[u8]) -> Option<String> {
    match std::str::from_utf8(payload) {
        Ok(text) => bytes::text_code(text),
        Err(_) => Some(format!("&{}[..]", bytes::code(payload)?)),
    }
}

/// `1000 "bye"`.
pub(super) fn close(close: Option<&CloseFrame>) -> String {
    match close {
        None => "without a code".to_owned(),
        Some(frame) if frame.reason.is_empty() => frame.code.to_string(),
        Some(frame) => format!("{} {:?}", frame.code, frame.reason),
    }
}

/// What a close says, as it is written in Rust.
pub(super) fn close_code(close: Option<&CloseFrame>) -> String {
    match close {
        None => "None".to_owned(),
        Some(frame) if frame.reason.is_empty() => frame.code.to_string(),
        Some(frame) => format!("({}, {:?})", frame.code, frame.reason),
    }
}

/// `ws://host/path  x-token: "1"  subprotocol "chat"`.
pub(super) fn request(request: &WebSocketRequest) -> String {
    let mut text = request.uri().to_string();
    for (name, value) in request.headers() {
        let value = match value.to_str() {
            Ok(value) => bytes::shown_text(value),
            Err(_) => bytes::shown(value.as_bytes()),
        };
        text.push_str(&format!("  {name}: {value}"));
    }
    for name in request.subprotocols() {
        text.push_str(&format!("  subprotocol {name:?}"));
    }
    text
}

/// In which parts two requests differ, a line each.
pub(super) fn request_differences(
    expected: &WebSocketRequest,
    got: &WebSocketRequest,
) -> Vec<String> {
    let mut lines = Vec::new();
    if expected.uri() != got.uri() {
        lines.push("the uri differs".to_owned());
    }
    for name in expected.headers().keys() {
        if !got.headers().contains_key(name) {
            lines.push(format!("missing: header `{name}`"));
        } else if !expected.headers().get_all(name).iter().eq(got.headers().get_all(name)) {
            lines.push(format!("header `{name}` differs"));
        }
    }
    for name in got.headers().keys().filter(|name| !expected.headers().contains_key(*name)) {
        lines.push(format!("not in the script: header `{name}`"));
    }
    let is_other = |name: &&str, of: &WebSocketRequest| of.subprotocols().all(|one| one != *name);
    let missing = expected.subprotocols().filter(|name| is_other(name, got));
    let unknown = got.subprotocols().filter(|name| is_other(name, expected));
    let missing = missing.map(|name| format!("missing: subprotocol `{name}`"));
    let unknown = unknown.map(|name| format!("not in the script: subprotocol `{name}`"));
    lines.extend(missing.chain(unknown));
    if lines.is_empty() {
        lines.push("the order of the subprotocols differs".to_owned());
    }
    lines
}

/// The URI of a request as it is written in Rust.
pub(super) fn request_code(request: &WebSocketRequest) -> String {
    format!("{:?}", request.uri().to_string())
}

/// A request as a value: its URI, if it has nothing else.
pub(super) fn request_value(request: &WebSocketRequest) -> String {
    let uri = request_code(request);
    match request_parts(request, "with_", ".unwrap()") {
        parts if parts.is_empty() => uri,
        parts => format!("WebSocketRequest::new({uri}).unwrap(){parts}"),
    }
}

/// The modifiers that say what a request has beside its URI.
pub(super) fn request_modifiers(request: &WebSocketRequest) -> String {
    request_parts(request, "", "")
}

/// Calls that add what a request has beside its URI, with what stands before the name of each and
/// behind it.
fn request_parts(request: &WebSocketRequest, before: &str, behind: &str) -> String {
    let mut code = String::new();
    for (name, value) in request.headers() {
        let value = match value.to_str() {
            Ok(text) => format!("{text:?}"),
            Err(_) => format!("b\"{}\"", value.as_bytes().escape_ascii()),
        };
        code.push_str(&format!(".{before}header({:?}, {value}){behind}", name.as_str()));
    }
    for name in request.subprotocols() {
        code.push_str(&format!(".{before}subprotocol({name:?}){behind}"));
    }
    code
}
