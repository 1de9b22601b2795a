//! The HTTP that opens a WebSocket (RFC 6455 section 4), as seen by the client.
//!
//! It is pure: it makes bytes and takes bytes, and whoever has a socket moves them. tungstenite has a
//! handshake of its own, which refuses answers that are lawful.

mod request;
mod response;

use bytes::Bytes;
use http::Response;
use wirescript::websocket::{Handshake, HandshakeError, WebSocketError, WebSocketRequest};

use self::response::Head;

/// How many bytes may come before the answer is whole: more than servers commonly take of a request.
const MAX_HEAD: usize = 32 * 1024;
/// How many bytes of the body of a refusal are kept.
const MAX_BODY: usize = 64 * 1024;

/// How many bytes of an answer are read at once.
pub(crate) const READ: usize = 4 * 1024;

/// A handshake that is under way.
#[derive(Debug)]
pub(crate) struct Opening {
    request: Vec<u8>,
    accept: String,
    subprotocols: Vec<Box<str>>,
    /// What has come, from the head of the answer on.
    received: Vec<u8>,
    /// How many bytes came before that: of answers that were not the last one.
    passed: usize,
    refusal: Option<Refusal>,
}

/// A server that opened a WebSocket, and what it has said since.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) handshake: Handshake,
    pub(crate) rest: Vec<u8>,
}

/// An answer of another status, of which the body is still coming.
#[derive(Debug)]
struct Refusal {
    head: Response<()>,
    body: usize,
}

impl Opening {
    /// Opens a WebSocket with a key that nobody can guess.
    pub(crate) fn new(request: &WebSocketRequest) -> Self {
        Self::with_key(request, &tungstenite::handshake::client::generate_key())
    }

    fn with_key(request: &WebSocketRequest, key: &str) -> Self {
        Self {
            request: request::encode(request, key),
            accept: tungstenite::handshake::derive_accept_key(key.as_bytes()),
            subprotocols: request.subprotocols().map(Into::into).collect(),
            received: Vec::new(),
            passed: 0,
            refusal: None,
        }
    }

    /// What is to be sent.
    pub(crate) fn request(&self) -> &[u8] {
        &self.request
    }

    /// Takes what has come, and says whether that opened the WebSocket. What comes of it does not
    /// depend on how the bytes were cut.
    pub(crate) fn receive(&mut self, bytes: &[u8]) -> Result<Option<Opened>, WebSocketError> {
        self.received.extend_from_slice(bytes);
        while self.refusal.is_none() {
            let room = MAX_HEAD - self.passed;
            let seen = &self.received[..self.received.len().min(room)];
            let Some(Head { response, len }) = response::parse(seen)? else {
                return if seen.len() == room {
                    Err(HandshakeError::TooLong.into())
                } else {
                    Ok(None)
                };
            };
            let rest = self.received.split_off(len);
            let status = response.status();
            if status == http::StatusCode::SWITCHING_PROTOCOLS {
                let handshake = response::check(&response, &self.accept, &self.subprotocols)?;
                return Ok(Some(Opened { handshake, rest }));
            }
            self.received = rest;
            self.passed += len;
            // Another answer follows those of this class (RFC 9110 section 15.2).
            if !status.is_informational() {
                let body = response::content_length(&response).unwrap_or_default().min(MAX_BODY);
                self.refusal = Some(Refusal { head: response, body });
            }
        }
        match &self.refusal {
            Some(refusal) if refusal.body > self.received.len() => Ok(None),
            _ => Err(self.end()),
        }
    }

    /// What it means that nothing more comes.
    pub(crate) fn end(&mut self) -> WebSocketError {
        self.refused().unwrap_or_else(|| HandshakeError::Incomplete.into())
    }

    /// The refusal, if that is what the answer is, with what there is of its body.
    pub(crate) fn refused(&mut self) -> Option<WebSocketError> {
        let Refusal { head, body } = self.refusal.take()?;
        let is_stated = response::content_length(&head).is_some();
        let mut received = std::mem::take(&mut self.received);
        received.truncate(if is_stated { body } else { MAX_BODY });
        let response = head.map(|()| Bytes::from(received));
        Some(WebSocketError::Rejected(Box::new(response)))
    }
}

#[cfg(test)]
mod tests;
