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

    /// The TLS error behind an error of a socket or a connector, if there is one.
    pub fn behind(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
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
