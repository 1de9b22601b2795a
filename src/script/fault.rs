//! Errors that a script raises, as data.

use std::fmt;
use std::io::{self, ErrorKind};
use std::net::ToSocketAddrs;

use bytes::Bytes;
use http::{Response, StatusCode};

use crate::transport::websocket::{HandshakeError, ProtocolError, WebSocketError};

/// An error that a script raises: cloneable and comparable, as an [`io::Error`] is not.
///
/// Wherever a fault is wanted, an [`ErrorKind`] will do. The error that the client gets carries
/// the code that this platform gives that kind ([`io::Error::raw_os_error`]), where it has one,
/// because that is what a real socket does.
///
/// ```
/// use std::io::{self, ErrorKind};
/// use wirescript::scripted::Fault;
/// use wirescript::{ErrorClass, classify};
///
/// let error = io::Error::from(Fault::from(ErrorKind::ConnectionReset));
/// assert_eq!(error.kind(), ErrorKind::ConnectionReset);
/// assert!(error.raw_os_error().is_some());
///
/// let error = io::Error::from(Fault::unresolvable());
/// assert_eq!(classify(&error), ErrorClass::Unresolvable);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fault(Form);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Form {
    Kind(ErrorKind),
    Unresolvable,
    WebSocket(WebSocketFault),
}

/// An error that only WebSockets have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum WebSocketFault {
    Rejected(StatusCode),
    Handshake(HandshakeError),
    Protocol(ProtocolError),
    InvalidUtf8,
    /// In bytes; larger numbers are cut, so that what happened stays small.
    TooBig {
        size: u32,
        limit: u32,
    },
    AbnormalClosure,
    Closed,
}

impl Fault {
    /// Nobody listens there: `ConnectionRefused`.
    pub const fn refused() -> Self {
        Self(Form::Kind(ErrorKind::ConnectionRefused))
    }

    /// The connection was cut: `ConnectionReset`.
    pub const fn reset() -> Self {
        Self(Form::Kind(ErrorKind::ConnectionReset))
    }

    /// The system's patience ran out: `TimedOut`.
    pub const fn timed_out() -> Self {
        Self(Form::Kind(ErrorKind::TimedOut))
    }

    /// The host name does not resolve.
    ///
    /// Such an error has a kind that cannot be named, so it is made by really looking up a name
    /// that no resolver asks anybody for: one with a label of more than 63 bytes (RFC 1035 section
    /// 2.3.4).
    pub const fn unresolvable() -> Self {
        Self(Form::Unresolvable)
    }

    /// The server answered the request for a WebSocket with this status.
    ///
    /// # Panics
    ///
    /// If that is no status: they go from 100 to 999.
    #[track_caller]
    pub fn rejected(status: u16) -> Self {
        match StatusCode::from_u16(status) {
            Ok(status) => WebSocketFault::Rejected(status).into(),
            Err(_) => panic!("{status} is no status: they go from 100 to 999"),
        }
    }

    /// The peer of a WebSocket sent a message of `size` bytes, and the client takes no more than
    /// `limit`. Of more than 4 GiB, it is 4 GiB.
    pub fn too_big(size: usize, limit: usize) -> Self {
        let number = |size: usize| u32::try_from(size).unwrap_or(u32::MAX);
        WebSocketFault::TooBig { size: number(size), limit: number(limit) }.into()
    }

    /// The peer of a WebSocket sent text that is no UTF-8.
    pub const fn invalid_utf8() -> Self {
        Self(Form::WebSocket(WebSocketFault::InvalidUtf8))
    }

    /// The kind of the error.
    pub fn kind(self) -> ErrorKind {
        match self.0 {
            Form::Kind(kind) => kind,
            Form::Unresolvable | Form::WebSocket(_) => io::Error::from(self).kind(),
        }
    }

    /// The fault as it is written in Rust.
    pub(crate) fn code(self) -> String {
        match self.0 {
            Form::Kind(kind) => format!("ErrorKind::{kind:?}"),
            Form::Unresolvable => "Fault::unresolvable()".to_owned(),
            Form::WebSocket(fault) => match fault {
                WebSocketFault::Rejected(status) => format!("Fault::rejected({})", status.as_u16()),
                WebSocketFault::Handshake(error) => format!("HandshakeError::{error:?}"),
                WebSocketFault::Protocol(error) => format!("ProtocolError::{error:?}"),
                WebSocketFault::InvalidUtf8 => "Fault::invalid_utf8()".to_owned(),
                WebSocketFault::TooBig { size, limit } => {
                    format!("Fault::too_big({size}, {limit})")
                }
                // Those of a state, which no interaction has.
                WebSocketFault::AbnormalClosure | WebSocketFault::Closed => fault.to_string(),
            },
        }
    }

    /// What it is, if no byte socket fails like that.
    pub(crate) fn websocket(self) -> Option<WebSocketFault> {
        match self.0 {
            Form::WebSocket(fault) => Some(fault),
            Form::Kind(_) | Form::Unresolvable => None,
        }
    }

    /// Whether the error is one of a connection that is gone in both directions.
    pub(crate) fn is_reset(self) -> bool {
        use ErrorKind::{ConnectionAborted, ConnectionReset};
        matches!(self.0, Form::Kind(ConnectionReset | ConnectionAborted))
    }

    /// Whether the error is one that no socket gives to a client (C2).
    pub(crate) fn is_readiness(self) -> bool {
        matches!(self.0, Form::Kind(ErrorKind::WouldBlock | ErrorKind::Interrupted))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Form::Kind(kind) => write!(f, "{kind:?}"),
            Form::Unresolvable => f.write_str("unresolvable"),
            Form::WebSocket(fault) => fault.fmt(f),
        }
    }
}

impl fmt::Display for WebSocketFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rejected(status) => write!(f, "rejected with {status}"),
            Self::Handshake(error) => write!(f, "{error:?}"),
            Self::Protocol(error) => write!(f, "{error:?}"),
            Self::TooBig { limit, .. } => write!(f, "larger than the limit of {limit} bytes"),
            Self::InvalidUtf8 => f.write_str("InvalidUtf8"),
            Self::AbnormalClosure => f.write_str("AbnormalClosure"),
            Self::Closed => f.write_str("Closed"),
        }
    }
}

impl From<ProtocolError> for Fault {
    fn from(error: ProtocolError) -> Self {
        Self(Form::WebSocket(WebSocketFault::Protocol(error)))
    }
}

impl From<HandshakeError> for Fault {
    fn from(error: HandshakeError) -> Self {
        Self(Form::WebSocket(WebSocketFault::Handshake(error)))
    }
}

impl From<WebSocketFault> for Fault {
    fn from(fault: WebSocketFault) -> Self {
        Self(Form::WebSocket(fault))
    }
}

impl From<ErrorKind> for Fault {
    fn from(kind: ErrorKind) -> Self {
        Self(Form::Kind(kind))
    }
}

impl From<Fault> for io::Error {
    fn from(fault: Fault) -> Self {
        match fault.0 {
            Form::Kind(kind) => raw_os_error(kind)
                .map(Self::from_raw_os_error)
                .filter(|error| error.kind() == kind)
                .unwrap_or_else(|| kind.into()),
            Form::Unresolvable => match ("x".repeat(64).as_str(), 0).to_socket_addrs() {
                Err(error) => error,
                // A resolver that knows such a name breaks the rules; no client may hang on that.
                Ok(_) => Self::other("failed to lookup address information"),
            },
            Form::WebSocket(fault) => WebSocketError::from(fault).into(),
        }
    }
}

impl From<Fault> for WebSocketError {
    fn from(fault: Fault) -> Self {
        match fault.0 {
            Form::WebSocket(fault) => fault.into(),
            Form::Kind(_) | Form::Unresolvable => Self::Io(fault.into()),
        }
    }
}

impl From<WebSocketFault> for WebSocketError {
    fn from(fault: WebSocketFault) -> Self {
        match fault {
            WebSocketFault::Rejected(status) => {
                let mut response = Response::new(Bytes::new());
                *response.status_mut() = status;
                Self::Rejected(Box::new(response))
            }
            WebSocketFault::Handshake(error) => Self::Handshake(error),
            WebSocketFault::Protocol(error) => Self::Protocol(error),
            WebSocketFault::InvalidUtf8 => Self::InvalidUtf8,
            WebSocketFault::TooBig { size, limit } => {
                Self::TooBig { size: size as usize, limit: limit as usize }
            }
            WebSocketFault::AbnormalClosure => Self::AbnormalClosure,
            WebSocketFault::Closed => Self::Closed,
        }
    }
}

/// The code that this platform's sockets give errors of `kind`.
#[cfg(unix)]
fn raw_os_error(kind: ErrorKind) -> Option<i32> {
    Some(match kind {
        ErrorKind::AddrInUse => libc::EADDRINUSE,
        ErrorKind::AddrNotAvailable => libc::EADDRNOTAVAIL,
        ErrorKind::BrokenPipe => libc::EPIPE,
        ErrorKind::ConnectionAborted => libc::ECONNABORTED,
        ErrorKind::ConnectionRefused => libc::ECONNREFUSED,
        ErrorKind::ConnectionReset => libc::ECONNRESET,
        ErrorKind::HostUnreachable => libc::EHOSTUNREACH,
        ErrorKind::InvalidInput => libc::EINVAL,
        ErrorKind::NetworkDown => libc::ENETDOWN,
        ErrorKind::NetworkUnreachable => libc::ENETUNREACH,
        ErrorKind::NotConnected => libc::ENOTCONN,
        ErrorKind::NotFound => libc::ENOENT,
        ErrorKind::OutOfMemory => libc::ENOMEM,
        ErrorKind::PermissionDenied => libc::EACCES,
        ErrorKind::TimedOut => libc::ETIMEDOUT,
        _ => return None,
    })
}

/// The code that this platform's sockets give errors of `kind` ("Windows Sockets Error Codes").
#[cfg(windows)]
fn raw_os_error(kind: ErrorKind) -> Option<i32> {
    Some(match kind {
        ErrorKind::AddrInUse => 10048,
        ErrorKind::AddrNotAvailable => 10049,
        ErrorKind::BrokenPipe => 109,
        ErrorKind::ConnectionAborted => 10053,
        ErrorKind::ConnectionRefused => 10061,
        ErrorKind::ConnectionReset => 10054,
        ErrorKind::HostUnreachable => 10065,
        ErrorKind::InvalidInput => 10022,
        ErrorKind::NetworkDown => 10050,
        ErrorKind::NetworkUnreachable => 10051,
        ErrorKind::NotConnected => 10057,
        ErrorKind::PermissionDenied => 10013,
        ErrorKind::TimedOut => 10060,
        _ => return None,
    })
}

#[cfg(not(any(unix, windows)))]
fn raw_os_error(_: ErrorKind) -> Option<i32> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(unix)]
    fn an_error_has_the_kind_and_the_code_of_the_platform() {
        for (kind, code) in [
            (ErrorKind::ConnectionRefused, Some(libc::ECONNREFUSED)),
            (ErrorKind::BrokenPipe, Some(libc::EPIPE)),
            (ErrorKind::HostUnreachable, Some(libc::EHOSTUNREACH)),
            (ErrorKind::UnexpectedEof, None),
        ] {
            let error = io::Error::from(Fault::from(kind));
            assert_eq!((error.kind(), error.raw_os_error()), (kind, code));
        }
    }
}
