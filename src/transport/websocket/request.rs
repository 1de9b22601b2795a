//! What a client asks for when it opens a WebSocket.

use std::error::Error;
use std::fmt;
use std::io;
use std::str::FromStr;

use http::{HeaderMap, HeaderName, HeaderValue, Uri, header};

use super::super::Endpoint;

/// The headers that the handshake itself is made of (RFC 6455 section 4.1). A subprotocol and what a
/// connection may carry have methods of their own.
const RESERVED: [HeaderName; 7] = [
    header::HOST,
    header::CONNECTION,
    header::UPGRADE,
    header::SEC_WEBSOCKET_KEY,
    header::SEC_WEBSOCKET_VERSION,
    header::SEC_WEBSOCKET_PROTOCOL,
    header::SEC_WEBSOCKET_EXTENSIONS,
];

/// A request to open a WebSocket: where, with which headers and subprotocols, and how large a message
/// may be.
///
/// Whatever cannot be sent is refused when it is written, so that a request that exists can be made.
///
/// ```
/// use wirescript::websocket::WebSocketRequest;
///
/// let request = WebSocketRequest::new("wss://chat.example/rooms/7")?
///     .with_header("authorization", "Bearer 0042")?
///     .with_subprotocol("chat.v2")?
///     .with_max_message_size(1 << 20);
/// assert!(request.is_secure());
/// assert_eq!(request.endpoint().to_string(), "chat.example:443");
///
/// let error = WebSocketRequest::new("http://chat.example").unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "`http://chat.example` opens no websocket: its scheme is neither `ws` nor `wss`"
/// );
/// # Ok::<(), wirescript::websocket::InvalidRequest>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebSocketRequest {
    uri: Uri,
    endpoint: Endpoint,
    headers: HeaderMap,
    subprotocols: Vec<Box<str>>,
    max_message_size: usize,
    max_frame_size: usize,
}

impl WebSocketRequest {
    /// How large a received message may be unless told: 64 MiB.
    pub const MAX_MESSAGE_SIZE: usize = 64 << 20;
    /// How large one frame of it may be unless told: 16 MiB.
    pub const MAX_FRAME_SIZE: usize = 16 << 20;

    /// A request for a URI of the scheme `ws` or `wss` (RFC 6455 section 3).
    ///
    /// # Errors
    ///
    /// The text is no URI; the scheme is another one, or missing; there is no host, or it has a
    /// user name or a fragment, which such a URI cannot have.
    pub fn new(uri: impl AsRef<str>) -> Result<Self, InvalidRequest> {
        let text = uri.as_ref();
        let (uri, endpoint) =
            parse(text).map_err(|problem| InvalidRequest { subject: text.to_owned(), problem })?;
        Ok(Self {
            uri,
            endpoint,
            headers: HeaderMap::new(),
            subprotocols: Vec::new(),
            max_message_size: Self::MAX_MESSAGE_SIZE,
            max_frame_size: Self::MAX_FRAME_SIZE,
        })
    }

    /// Adds a header to the request.
    ///
    /// # Errors
    ///
    /// That is no header, because of a line break for example; or it is one of those of which the
    /// handshake is made.
    pub fn with_header(
        mut self,
        name: impl AsRef<str>,
        value: impl AsRef<[u8]>,
    ) -> Result<Self, InvalidRequest> {
        let text = name.as_ref();
        let invalid = |problem| InvalidRequest { subject: text.to_owned(), problem };
        let name = HeaderName::try_from(text).map_err(|_| invalid(Problem::HeaderName))?;
        if RESERVED.contains(&name) {
            return Err(invalid(Problem::HeaderReserved));
        }
        let value =
            HeaderValue::from_bytes(value.as_ref()).map_err(|_| invalid(Problem::HeaderValue))?;
        self.headers.append(name, value);
        Ok(self)
    }

    /// Asks for a subprotocol, after those that were asked for before it.
    ///
    /// A server that is asked has to choose one: a connect to one that chooses none fails with
    /// [`SubprotocolMissing`](super::HandshakeError::SubprotocolMissing).
    ///
    /// # Errors
    ///
    /// It is no token (RFC 9110 section 5.6.2), or was asked for before.
    pub fn with_subprotocol(mut self, name: impl AsRef<str>) -> Result<Self, InvalidRequest> {
        let name = name.as_ref();
        let invalid = |problem| InvalidRequest { subject: name.to_owned(), problem };
        if !is_token(name) {
            return Err(invalid(Problem::Subprotocol));
        }
        if self.subprotocols().any(|known| known == name) {
            return Err(invalid(Problem::SubprotocolTwice));
        }
        self.subprotocols.push(name.into());
        Ok(self)
    }

    /// Sets how large a received message may be, in bytes.
    #[must_use = "returns the changed request"]
    pub fn with_max_message_size(mut self, size: usize) -> Self {
        self.max_message_size = size;
        self
    }

    /// Sets how large one frame of a received message may be, in bytes.
    #[must_use = "returns the changed request"]
    pub fn with_max_frame_size(mut self, size: usize) -> Self {
        self.max_frame_size = size;
        self
    }

    /// The URI.
    pub fn uri(&self) -> &Uri {
        &self.uri
    }

    /// Where to connect to: the host and the port of the URI, which is 80 or 443 unless it says.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Whether the connection is to be encrypted: the scheme is `wss`.
    pub fn is_secure(&self) -> bool {
        self.uri.scheme_str().is_some_and(|scheme| scheme.eq_ignore_ascii_case(SECURE))
    }

    /// The headers beside those of which the handshake is made.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The subprotocols that are asked for, the one that is wanted most first.
    pub fn subprotocols(&self) -> impl ExactSizeIterator<Item = &str> {
        self.subprotocols.iter().map(|name| &**name)
    }

    /// How large a received message may be, in bytes.
    pub fn max_message_size(&self) -> usize {
        self.max_message_size
    }

    /// How large one frame of a received message may be, in bytes.
    pub fn max_frame_size(&self) -> usize {
        self.max_frame_size
    }
}

const PLAIN: &str = "ws";
const SECURE: &str = "wss";

fn parse(text: &str) -> Result<(Uri, Endpoint), Problem> {
    // `http` takes a fragment for the end of the URI, and says nothing.
    if text.contains('#') {
        return Err(Problem::Fragment);
    }
    let uri: Uri =
        text.parse().map_err(|error: http::uri::InvalidUri| Problem::Uri(error.to_string()))?;
    let port = match uri.scheme_str() {
        Some(scheme) if scheme.eq_ignore_ascii_case(PLAIN) => 80,
        Some(scheme) if scheme.eq_ignore_ascii_case(SECURE) => 443,
        _ => return Err(Problem::Scheme),
    };
    let authority = uri.authority().ok_or(Problem::HostMissing)?;
    if authority.as_str().contains('@') {
        return Err(Problem::UserInfo);
    }
    // What stands behind the colon and is no port is no port for `http` either, which says nothing.
    let after_host = authority.as_str().rsplit(']').next().unwrap_or_default();
    let port = match (uri.port_u16(), after_host.rsplit_once(':')) {
        (Some(port), _) => port,
        (None, None | Some((_, ""))) => port,
        (None, Some(_)) => return Err(Problem::Port),
    };
    let endpoint = Endpoint::new(authority.host(), port);
    match endpoint.check() {
        Ok(()) => Ok((uri, endpoint)),
        Err(error) => Err(Problem::Endpoint(error.to_string())),
    }
}

/// RFC 9110 section 5.6.2.
fn is_token(text: &str) -> bool {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_token)
}

impl FromStr for WebSocketRequest {
    type Err = InvalidRequest;

    fn from_str(uri: &str) -> Result<Self, InvalidRequest> {
        Self::new(uri)
    }
}

impl TryFrom<&str> for WebSocketRequest {
    type Error = InvalidRequest;

    fn try_from(uri: &str) -> Result<Self, InvalidRequest> {
        Self::new(uri)
    }
}

/// A request that cannot be made.
///
/// It converts to an [`io::Error`] of the kind `InvalidInput`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidRequest {
    subject: String,
    problem: Problem,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Problem {
    Uri(String),
    Scheme,
    HostMissing,
    UserInfo,
    Fragment,
    Port,
    Endpoint(String),
    HeaderName,
    HeaderValue,
    HeaderReserved,
    Subprotocol,
    SubprotocolTwice,
    NotSecure,
}

impl InvalidRequest {
    /// The request is for `wss`, and whoever is asked knows no TLS: for connectors, before they dial.
    pub fn not_secure(request: &WebSocketRequest) -> Self {
        Self { subject: request.uri().to_string(), problem: Problem::NotSecure }
    }

    /// What was given: the URI, the name of the header or the subprotocol.
    pub fn subject(&self) -> &str {
        &self.subject
    }
}

impl fmt::Display for InvalidRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const LONGEST: usize = 80;
        let shown: String =
            self.subject.chars().flat_map(char::escape_debug).take(LONGEST).collect();
        let is_cut = if shown.len() < self.subject.len() && shown.chars().count() == LONGEST {
            "..."
        } else {
            ""
        };
        write!(f, "`{shown}{is_cut}` ")?;
        match &self.problem {
            Problem::Uri(reason) => write!(f, "opens no websocket: it is no URI: {reason}"),
            Problem::Scheme => {
                f.write_str("opens no websocket: its scheme is neither `ws` nor `wss`")
            }
            Problem::HostMissing => f.write_str("opens no websocket: it has no host"),
            Problem::UserInfo => f.write_str(
                "opens no websocket: a user name does not belong there; send an `authorization`",
            ),
            Problem::Fragment => f.write_str("opens no websocket: it has a fragment"),
            Problem::Port => {
                f.write_str("opens no websocket: its port is no number from 0 to 65535")
            }
            Problem::Endpoint(reason) => write!(f, "opens no websocket: {reason}"),
            Problem::HeaderName => f.write_str("is no name of a header"),
            Problem::HeaderValue => f.write_str(
                "is a header with a value that cannot be sent: no line break or other control \
                 character stands in one",
            ),
            Problem::HeaderReserved => f.write_str(
                "is a header that the handshake itself is made of, and cannot be added to it",
            ),
            Problem::Subprotocol => f.write_str(
                "is no subprotocol: its name is made of letters, digits and !#$%&'*+-.^_`|~",
            ),
            Problem::SubprotocolTwice => f.write_str("is a subprotocol that was asked for before"),
            Problem::NotSecure => f.write_str(
                "is to be encrypted, and this connector knows no TLS: give it one that does",
            ),
        }
    }
}

impl Error for InvalidRequest {}

impl From<InvalidRequest> for io::Error {
    fn from(error: InvalidRequest) -> Self {
        Self::new(io::ErrorKind::InvalidInput, error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(uri: &str, expected: Result<&str, &str>) {
        match (WebSocketRequest::new(uri), expected) {
            (Ok(request), Ok(endpoint)) => assert_eq!(request.endpoint().to_string(), endpoint),
            (Err(error), Err(reason)) => {
                assert_eq!(error.to_string(), format!("`{uri}` opens no websocket: {reason}"));
            }
            (given, _) => panic!("{uri}: {given:?}"),
        }
    }

    #[test]
    fn a_uri_says_where_to_connect() {
        check("ws://a", Ok("a:80"));
        check("wss://a/b?c=d", Ok("a:443"));
        check("ws://a:9001/", Ok("a:9001"));
        check("ws://a:", Ok("a:80"));
        check("WS://a", Ok("a:80"));
        check("ws://[::1]:9001/x", Ok("[::1]:9001"));
        check("ws://[::1]/x", Ok("[::1]:80"));
    }

    #[test]
    fn a_uri_that_opens_no_websocket_says_why() {
        let scheme = "its scheme is neither `ws` nor `wss`";
        check("http://a", Err(scheme));
        check("https://a", Err(scheme));
        check("/chat", Err(scheme));
        check("a:80", Err(scheme));
        check("ws://a b", Err("it is no URI: invalid uri character"));
        check("", Err("it is no URI: empty string"));
        check("ws://u:p@a", Err("a user name does not belong there; send an `authorization`"));
        check("ws://a/#b", Err("it has a fragment"));
        check("ws://a:99999", Err("its port is no number from 0 to 65535"));
        check("ws://:80", Err("`:80` is no endpoint: the host is empty"));
    }

    #[test]
    fn a_header_that_cannot_be_sent_is_refused() {
        let request = || WebSocketRequest::new("ws://a").unwrap();
        let text =
            |name: &str, value: &str| request().with_header(name, value).unwrap_err().to_string();
        assert_eq!(text("a b", "c"), "`a b` is no name of a header");
        assert_eq!(
            text("x-a", "b\r\nx-c: d"),
            "`x-a` is a header with a value that cannot be sent: no line break or other control \
             character stands in one"
        );
        assert!(text("Sec-WebSocket-Key", "x").contains("the handshake itself is made of"));
        assert!(text("host", "x").contains("the handshake itself is made of"));
        assert!(request().with_header("x-a", b"\xff").is_ok(), "opaque bytes are allowed");
    }

    #[test]
    fn subprotocols_are_tokens_and_come_once() {
        let request = WebSocketRequest::new("ws://a").unwrap().with_subprotocol("b.2").unwrap();
        assert!(request.clone().with_subprotocol("b, c").is_err());
        assert!(request.clone().with_subprotocol("").is_err());
        assert!(request.clone().with_subprotocol("b.2").is_err());
        assert_eq!(request.subprotocols().collect::<Vec<_>>(), ["b.2"]);
    }
}
