//! How a WebSocket was opened.

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use super::super::SocketInfo;

/// What the server answered when the connection was made, and what is known of the connection.
///
/// ```
/// use wirescript::websocket::Handshake;
///
/// let handshake = Handshake::new().with_subprotocol("chat.v2");
/// assert_eq!(handshake.status(), 101);
/// assert_eq!(handshake.subprotocol(), Some("chat.v2"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handshake {
    status: StatusCode,
    headers: HeaderMap,
    subprotocol: Option<Box<str>>,
    info: SocketInfo,
}

impl Handshake {
    /// An answer of the status 101 (Switching Protocols), without headers.
    pub fn new() -> Self {
        Self {
            status: StatusCode::SWITCHING_PROTOCOLS,
            headers: HeaderMap::new(),
            subprotocol: None,
            info: SocketInfo::new(),
        }
    }

    /// Adds a header to the answer.
    ///
    /// # Panics
    ///
    /// At this line: if that is no header, which has a name without blanks and a value on one line.
    #[must_use = "returns the changed handshake"]
    #[track_caller]
    pub fn with_header(mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        let (name, value) = (name.as_ref(), value.as_ref());
        match (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            (Ok(name), Ok(value)) => self.headers.append(name, value),
            _ => panic!("`{}: {}` is no header", name.escape_debug(), value.escape_debug()),
        };
        self
    }

    /// Sets all headers of the answer.
    #[must_use = "returns the changed handshake"]
    pub fn with_headers(mut self, headers: HeaderMap) -> Self {
        self.headers = headers;
        self
    }

    /// Sets the subprotocol that the server chose.
    #[must_use = "returns the changed handshake"]
    pub fn with_subprotocol(mut self, subprotocol: impl AsRef<str>) -> Self {
        self.subprotocol = Some(subprotocol.as_ref().into());
        self
    }

    /// Sets what is known of the connection below.
    #[must_use = "returns the changed handshake"]
    pub fn with_info(mut self, info: SocketInfo) -> Self {
        self.info = info;
        self
    }

    /// The status: 101, because with any other there is no connection.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The headers of the answer.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The subprotocol that the server chose of those that were asked for, if any was.
    pub fn subprotocol(&self) -> Option<&str> {
        self.subprotocol.as_deref()
    }

    /// What is known of the connection below.
    pub fn info(&self) -> &SocketInfo {
        &self.info
    }
}

impl Default for Handshake {
    fn default() -> Self {
        Self::new()
    }
}
