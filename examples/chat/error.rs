//! Why calls and connections fail.

use std::fmt;
use std::sync::Arc;

use wirescript::websocket::{CloseCode, CloseFrame, WebSocketError};

/// Why a call has no result.
#[derive(Clone, Debug)]
pub(super) enum Error {
    /// The server refused it.
    Refused {
        code: i64,
        message: String,
    },
    TimedOut,
    /// The call was sent, and then the connection was lost: nobody knows whether it was done.
    Lost(Arc<Loss>),
    /// There is no connection, and there will be none.
    GaveUp(Arc<Loss>),
    /// Nobody drives the client any more.
    Closed,
}

/// Why a connection is no more, or never was.
#[derive(Debug)]
pub(super) enum Loss {
    Closed(Option<CloseFrame>),
    /// It did not answer in time, to a connect or a ping.
    Silent,
    /// What the server sent is no JSON-RPC.
    Malformed(&'static str),
    Failed(WebSocketError),
}

impl Loss {
    /// Whether the next attempt would fail like this one.
    pub(super) fn is_final(&self) -> bool {
        match self {
            Self::Closed(Some(frame)) => frame.code == CloseCode::POLICY_VIOLATION,
            Self::Failed(WebSocketError::Rejected(response)) => {
                // 429: too many requests, for now.
                response.status().is_client_error() && response.status() != 429
            }
            Self::Failed(WebSocketError::InvalidRequest(_) | WebSocketError::Handshake(_)) => true,
            _ => false,
        }
    }
}

impl From<WebSocketError> for Loss {
    fn from(error: WebSocketError) -> Self {
        Self::Failed(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { code, message } => write!(f, "the server refused: {message} ({code})"),
            Self::TimedOut => f.write_str("the server did not answer in time"),
            Self::Lost(loss) => write!(f, "the call may or may not have been done: {loss}"),
            Self::GaveUp(loss) => write!(f, "there is no connection: {loss}"),
            Self::Closed => f.write_str("the client is closed"),
        }
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed(None) => f.write_str("the server closed"),
            Self::Closed(Some(CloseFrame { code, reason })) => {
                write!(f, "the server closed with {code} {reason:?}")
            }
            Self::Silent => f.write_str("the server is silent"),
            Self::Malformed(what) => write!(f, "the server sent {what}"),
            Self::Failed(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Lost(loss) | Self::GaveUp(loss) => match &**loss {
                Loss::Failed(error) => Some(error),
                _ => None,
            },
            _ => None,
        }
    }
}
