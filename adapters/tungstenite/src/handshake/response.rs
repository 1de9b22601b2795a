//! The answer: what it says, and whether it opens the WebSocket.

use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, Version, header};
use wirescript::websocket::{Handshake, HandshakeError};

/// How many headers an answer may have.
const MAX_HEADERS: usize = 128;

/// The head of an answer, and how many bytes it takes.
pub(super) struct Head {
    pub(super) response: Response<()>,
    pub(super) len: usize,
}

/// Parses `bytes`; nothing if more has to come.
pub(super) fn parse(bytes: &[u8]) -> Result<Option<Head>, HandshakeError> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut parsed = httparse::Response::new(&mut headers);
    let len = match parsed.parse(bytes) {
        Ok(httparse::Status::Complete(len)) => len,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(httparse::Error::TooManyHeaders) => return Err(HandshakeError::TooLong),
        // So it calls whatever is no HTTP/1, and HTTP/2 as well.
        Err(_) => return Err(HandshakeError::Malformed),
    };
    let mut response = Response::new(());
    *response.status_mut() = parsed
        .code
        .and_then(|code| StatusCode::from_u16(code).ok())
        .ok_or(HandshakeError::Malformed)?;
    *response.version_mut() = match parsed.version {
        Some(1) => Version::HTTP_11,
        _ => Version::HTTP_10,
    };
    for header in parsed.headers {
        let name = HeaderName::from_bytes(header.name.as_bytes());
        let value = HeaderValue::from_bytes(header.value);
        match (name, value) {
            (Ok(name), Ok(value)) => response.headers_mut().append(name, value),
            _ => return Err(HandshakeError::Malformed),
        };
    }
    Ok(Some(Head { response, len }))
}

/// How long the body says it is.
pub(super) fn content_length(response: &Response<()>) -> Option<usize> {
    response.headers().get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Checks what a server says that switches protocols (RFC 6455 section 4.1).
pub(super) fn check(
    response: &Response<()>,
    accept: &str,
    subprotocols: &[Box<str>],
) -> Result<Handshake, HandshakeError> {
    let headers = response.headers();
    if response.version() != Version::HTTP_11 {
        return Err(HandshakeError::HttpVersion);
    }
    if !has_token(headers, &header::UPGRADE, "websocket") {
        return Err(HandshakeError::UpgradeMissing);
    }
    if !has_token(headers, &header::CONNECTION, "upgrade") {
        return Err(HandshakeError::ConnectionUpgradeMissing);
    }
    let mut accepts = headers.get_all(header::SEC_WEBSOCKET_ACCEPT).iter();
    if accepts.next().is_none_or(|value| value != accept) || accepts.next().is_some() {
        return Err(HandshakeError::AcceptMismatch);
    }
    // None was asked for. A header without a value names none.
    if headers.get_all(header::SEC_WEBSOCKET_EXTENSIONS).iter().any(|value| !value.is_empty()) {
        return Err(HandshakeError::ExtensionUnasked);
    }
    let handshake = Handshake::new().with_headers(headers.clone());
    Ok(match chosen(headers, subprotocols)? {
        Some(subprotocol) => handshake.with_subprotocol(subprotocol),
        None => handshake,
    })
}

/// The subprotocol that the server chose, if it had to choose.
fn chosen<'h>(
    headers: &'h HeaderMap,
    asked: &[Box<str>],
) -> Result<Option<&'h str>, HandshakeError> {
    let mut given = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter();
    let (first, second) = (given.next(), given.next());
    match first {
        None if asked.is_empty() => Ok(None),
        None => Err(HandshakeError::SubprotocolMissing),
        Some(_) if asked.is_empty() => Err(HandshakeError::SubprotocolUnasked),
        Some(name) => {
            let name = name.to_str().ok().filter(|_| second.is_none());
            let name = name.filter(|name| asked.iter().any(|known| **known == **name));
            name.map(Some).ok_or(HandshakeError::SubprotocolUnknown)
        }
    }
}

/// Whether `token` is in the list that a header is, on however many lines (RFC 9110 section 5.6.1).
fn has_token(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    headers.get_all(name).iter().any(|value| {
        value
            .as_bytes()
            .split(|byte| *byte == b',')
            .any(|item| item.trim_ascii().eq_ignore_ascii_case(token.as_bytes()))
    })
}
