//! An operation with its argument, as data that can be compared and printed.

use std::borrow::Cow;
use std::convert::Infallible;

use bytes::Bytes;

use crate::script::{Expected, Fault, Literal, Parts, Pattern, Value};
use crate::transport::Endpoint;
use crate::transport::websocket::{CloseFrame, Message, WebSocketRequest};

/// An operation as a step states it or as a client made it: its name and its argument.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Described {
    /// The operation, as in `expect_send_all`: `send_all`.
    pub name: &'static str,
    /// What it was done with.
    pub argument: Argument,
}

impl Described {
    pub(crate) fn new(name: &'static str, argument: Argument) -> Self {
        Self { name, argument }
    }
}

/// The argument of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Argument {
    /// The operation has none.
    None,
    /// Where to connect to.
    Endpoint(Endpoint),
    /// What a WebSocket was to be opened with.
    Request(Box<WebSocketRequest>),
    /// A message that was sent or received.
    Message(Message),
    /// What a close of a WebSocket says.
    Close(Option<CloseFrame>),
    /// Bytes that were sent or received.
    Bytes(Bytes),
    /// An error.
    Error(Fault),
    /// In a step: any value.
    Any,
    /// In a step: whatever a predicate of this label accepts.
    Matching(Cow<'static, str>),
    /// In a step: bytes of these parts.
    Parts(Parts),
    /// In a step: what is made of what was sent.
    Reply,
}

impl<T: Value + ?Sized> From<&Expected<T>> for Argument
where
    Self: From<T::Literal> + From<T::Parts>,
{
    fn from(expected: &Expected<T>) -> Self {
        match &expected.0 {
            Pattern::Is(literal) => Self::from(literal.clone()),
            Pattern::Any => Self::Any,
            Pattern::Matching(predicate) => Self::Matching(predicate.label.clone()),
            Pattern::Parts(parts) => Self::from(parts.clone()),
        }
    }
}

impl From<WebSocketRequest> for Argument {
    fn from(request: WebSocketRequest) -> Self {
        Self::Request(Box::new(request))
    }
}

impl From<Message> for Argument {
    fn from(message: Message) -> Self {
        Self::Message(message)
    }
}

impl From<Option<CloseFrame>> for Argument {
    fn from(close: Option<CloseFrame>) -> Self {
        Self::Close(close)
    }
}

impl From<Literal> for Argument {
    fn from(literal: Literal) -> Self {
        Self::Bytes(literal.to_bytes())
    }
}

impl From<Parts> for Argument {
    fn from(parts: Parts) -> Self {
        Self::Parts(parts)
    }
}

impl From<Infallible> for Argument {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

impl From<Endpoint> for Argument {
    fn from(endpoint: Endpoint) -> Self {
        Self::Endpoint(endpoint)
    }
}
