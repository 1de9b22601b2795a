//! What is known about a connection from the moment it was made.

use std::net::SocketAddr;
use std::path::Path;

/// Facts about a connection, as they were when it was made.
///
/// ```
/// use wirescript::SocketInfo;
///
/// let info = SocketInfo::new()
///     .with_peer_addr(([192, 0, 2, 7], 6379).into())
///     .with_alpn(b"h2");
/// assert_eq!(info.peer_addr().unwrap().port(), 6379);
/// assert_eq!(info.alpn(), Some(&b"h2"[..]));
/// assert!(!info.is_secure());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SocketInfo {
    peer_addr: Option<SocketAddr>,
    local_addr: Option<SocketAddr>,
    peer_path: Option<Box<Path>>,
    secure: bool,
    alpn: Option<Box<[u8]>>,
}

static UNKNOWN: SocketInfo = SocketInfo::new();

impl SocketInfo {
    /// Nothing known, not secure.
    pub const fn new() -> Self {
        Self { peer_addr: None, local_addr: None, peer_path: None, secure: false, alpn: None }
    }

    /// The info of a socket that knows nothing about its connection.
    pub fn unknown() -> &'static Self {
        &UNKNOWN
    }

    /// Sets the address of the peer.
    #[must_use = "returns the changed info"]
    pub fn with_peer_addr(mut self, addr: SocketAddr) -> Self {
        self.peer_addr = Some(addr);
        self
    }

    /// Sets the address of this end.
    #[must_use = "returns the changed info"]
    pub fn with_local_addr(mut self, addr: SocketAddr) -> Self {
        self.local_addr = Some(addr);
        self
    }

    /// Sets the path at which the peer listens, of a Unix domain socket.
    #[must_use = "returns the changed info"]
    pub fn with_peer_path(mut self, path: impl AsRef<Path>) -> Self {
        self.peer_path = Some(path.as_ref().into());
        self
    }

    /// Says that the connection is encrypted and its peer authenticated.
    #[must_use = "returns the changed info"]
    pub fn with_secure(mut self, secure: bool) -> Self {
        self.secure = secure;
        self
    }

    /// Sets the protocol that was agreed on by ALPN (RFC 7301).
    #[must_use = "returns the changed info"]
    pub fn with_alpn(mut self, protocol: impl AsRef<[u8]>) -> Self {
        self.alpn = Some(protocol.as_ref().into());
        self
    }

    /// The address of the peer, where it has one.
    pub fn peer_addr(&self) -> Option<SocketAddr> {
        self.peer_addr
    }

    /// The address of this end, where it has one.
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.local_addr
    }

    /// The path at which the peer listens, where the connection is one of a Unix domain socket.
    pub fn peer_path(&self) -> Option<&Path> {
        self.peer_path.as_deref()
    }

    /// Whether the connection is encrypted and its peer authenticated.
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// The protocol that was agreed on by ALPN (RFC 7301), if any was.
    pub fn alpn(&self) -> Option<&[u8]> {
        self.alpn.as_deref()
    }
}
