//! Telling the ways in which a connection ends apart, the same way on every runtime.

use std::io::{self, ErrorKind};

/// What an [`io::Error`] of a transport means to a client. See [`classify`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorClass {
    /// Nobody listens there.
    Refused,
    /// The peer, or something on the way, cut the connection.
    Reset,
    /// A write on a connection that can no longer carry it.
    BrokenPipe,
    /// Somebody's patience ran out: the system's, or a timeout that the client set.
    TimedOut,
    /// The host name has no address, or could not be looked up.
    Unresolvable,
    /// There is no route to the host or its network.
    Unreachable,
    /// The socket is not connected, or no longer.
    NotConnected,
    /// The stream ended before all that was asked for had come.
    Eof,
    /// Anything else: look at [`io::Error::kind`].
    Other,
}

/// What `error` means, whichever runtime it comes from.
///
/// Kinds tell most classes apart. A host name that does not resolve has no stable kind and, on
/// Unix, no code; the standard library and async-std are known by the start of their messages
/// (`getaddrinfo(3)` failures), Windows by its codes (WSAHOST_NOT_FOUND 11001 to WSANO_DATA 11004).
///
/// ```
/// use std::io;
/// use wirescript::{ErrorClass, classify};
///
/// let error = io::Error::from(io::ErrorKind::ConnectionRefused);
/// assert_eq!(classify(&error), ErrorClass::Refused);
/// ```
pub fn classify(error: &io::Error) -> ErrorClass {
    match error.kind() {
        ErrorKind::ConnectionRefused => ErrorClass::Refused,
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted => ErrorClass::Reset,
        ErrorKind::BrokenPipe | ErrorKind::WriteZero => ErrorClass::BrokenPipe,
        ErrorKind::TimedOut => ErrorClass::TimedOut,
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable | ErrorKind::NetworkDown => {
            ErrorClass::Unreachable
        }
        ErrorKind::NotConnected => ErrorClass::NotConnected,
        ErrorKind::UnexpectedEof => ErrorClass::Eof,
        _ if is_unresolvable(error) => ErrorClass::Unresolvable,
        _ => ErrorClass::Other,
    }
}

fn is_unresolvable(error: &io::Error) -> bool {
    match error.raw_os_error() {
        Some(code) => cfg!(windows) && (11001..=11004).contains(&code),
        None => {
            let text = error.to_string();
            text.starts_with("failed to lookup address information")
                || text.starts_with("could not resolve address")
                || text.starts_with("could not resolve to any address")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_have_classes() {
        for (kind, class) in [
            (ErrorKind::ConnectionRefused, ErrorClass::Refused),
            (ErrorKind::ConnectionReset, ErrorClass::Reset),
            (ErrorKind::ConnectionAborted, ErrorClass::Reset),
            (ErrorKind::BrokenPipe, ErrorClass::BrokenPipe),
            (ErrorKind::TimedOut, ErrorClass::TimedOut),
            (ErrorKind::HostUnreachable, ErrorClass::Unreachable),
            (ErrorKind::NetworkUnreachable, ErrorClass::Unreachable),
            (ErrorKind::NotConnected, ErrorClass::NotConnected),
            (ErrorKind::UnexpectedEof, ErrorClass::Eof),
            (ErrorKind::PermissionDenied, ErrorClass::Other),
        ] {
            assert_eq!(classify(&kind.into()), class, "{kind:?}");
        }
    }

    #[test]
    fn a_name_that_does_not_resolve_is_unresolvable() {
        use std::net::ToSocketAddrs;
        // A label has at most 63 bytes (RFC 1035 section 2.3.4): no resolver asks anybody.
        let error = ("x".repeat(64).as_str(), 80).to_socket_addrs().unwrap_err();
        assert_eq!(classify(&error), ErrorClass::Unresolvable, "{error:?}");
    }
}
