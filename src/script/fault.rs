//! Errors that a script raises, as data.

use std::io::{self, ErrorKind};

/// An error that a script raises: cloneable and comparable, as an [`io::Error`] is not.
///
/// The error that the client gets carries the code that this platform gives that kind
/// ([`io::Error::raw_os_error`]), where it has one, because that is what a real socket does.
///
/// ```
/// use std::io::{self, ErrorKind};
/// use wirescript::scripted::Fault;
///
/// let error = io::Error::from(Fault::from(ErrorKind::ConnectionReset));
/// assert_eq!(error.kind(), ErrorKind::ConnectionReset);
/// assert!(error.raw_os_error().is_some());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fault {
    kind: ErrorKind,
}

impl Fault {
    /// The kind of the error.
    pub fn kind(self) -> ErrorKind {
        self.kind
    }

    /// Whether the error is one of a connection that is gone in both directions.
    pub(crate) fn is_reset(self) -> bool {
        matches!(self.kind, ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted)
    }

    /// Whether the error is one that no socket gives to a client (C2).
    pub(crate) fn is_readiness(self) -> bool {
        matches!(self.kind, ErrorKind::WouldBlock | ErrorKind::Interrupted)
    }
}

impl From<ErrorKind> for Fault {
    fn from(kind: ErrorKind) -> Self {
        Self { kind }
    }
}

impl From<Fault> for io::Error {
    fn from(fault: Fault) -> Self {
        raw_os_error(fault.kind)
            .map(Self::from_raw_os_error)
            .filter(|error| error.kind() == fault.kind)
            .unwrap_or_else(|| fault.kind.into())
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
