//! What goes wrong with TLS, for people and for code.

use std::error::Error;
use std::fmt;
use std::io::{self, ErrorKind};

use rustls::pki_types::ServerName;

/// Why there is no TLS with a server: a certificate that does not verify, an alert, or bytes that
/// are no TLS.
///
/// It comes as an [`io::Error`] of the kind `InvalidData`, names the server and the reason, and has
/// the [`rustls::Error`] as its source.
///
/// ```
/// use std::io;
/// use wirescript_rustls::TlsError;
/// use wirescript_rustls::rustls::Error::InvalidCertificate;
///
/// fn is_untrusted(error: &io::Error) -> bool {
///     TlsError::behind(error).is_some_and(|tls| matches!(tls.reason(), InvalidCertificate(_)))
/// }
/// # assert!(!is_untrusted(&io::ErrorKind::ConnectionReset.into()));
/// ```
#[derive(Clone, Debug)]
pub struct TlsError {
    server_name: ServerName<'static>,
    reason: rustls::Error,
}

impl TlsError {
    pub(crate) fn new(server_name: ServerName<'static>, reason: rustls::Error) -> Self {
        Self { server_name, reason }
    }

    /// The TLS error behind an error, if there is one: behind that of a socket or a connector, or
    /// one of the client's own that has it among its sources.
    pub fn behind<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e Self> {
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(tls) = error.downcast_ref() {
                return Some(tls);
            }
            // The source of an `io::Error` is that of what it holds.
            let held = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
            next = held.map(|held| held as &(dyn Error + 'static)).or_else(|| error.source());
        }
        None
    }

    /// The name that the certificate of the server has to be for.
    pub fn server_name(&self) -> &ServerName<'static> {
        &self.server_name
    }

    /// What rustls says.
    pub fn reason(&self) -> &rustls::Error {
        &self.reason
    }
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TLS with `{}` failed: {}", self.server_name.to_str(), self.reason)
    }
}

impl Error for TlsError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.reason)
    }
}

impl From<TlsError> for io::Error {
    fn from(error: TlsError) -> Self {
        Self::new(ErrorKind::InvalidData, error)
    }
}

/// The peer ended the connection before the handshake was through.
pub(crate) fn ended_before_tls(server_name: &ServerName<'_>) -> io::Error {
    let name = server_name.to_str();
    let problem = format!("`{name}` ended the connection before TLS was agreed on");
    io::Error::new(ErrorKind::UnexpectedEof, problem)
}

/// The peer ended the connection without saying so under TLS, as anybody on the way could have.
pub(crate) fn truncated(server_name: &ServerName<'_>) -> io::Error {
    let name = server_name.to_str();
    let problem = format!(
        "the connection to `{name}` ended without a close_notify: what came may not be all"
    );
    io::Error::new(ErrorKind::UnexpectedEof, problem)
}

/// What the system says of a direction that is closed (C4).
pub(crate) fn closed() -> io::Error {
    #[cfg(unix)]
    return io::Error::from_raw_os_error(libc::EPIPE);
    #[cfg(not(unix))]
    return ErrorKind::BrokenPipe.into();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Unavailable(io::Error);

    impl fmt::Display for Unavailable {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("the database is unavailable")
        }
    }

    impl Error for Unavailable {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&self.0)
        }
    }

    #[test]
    fn it_is_found_however_deep_it_lies() {
        let name = ServerName::try_from("db.test").unwrap();
        let error = TlsError::new(name, rustls::Error::DecryptError);
        let error = io::Error::other(Unavailable(error.into()));
        let found = TlsError::behind(&error).unwrap();
        assert_eq!(found.reason(), &rustls::Error::DecryptError);
        assert_eq!(found.source().unwrap().to_string(), rustls::Error::DecryptError.to_string());
        assert!(TlsError::behind(&Unavailable(ErrorKind::ConnectionReset.into())).is_none());
    }
}
