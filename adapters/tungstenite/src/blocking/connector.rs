//! Opening WebSockets with a connector of byte sockets that block.

use wirescript::blocking::{Connect, WebSocketConnect};
use wirescript::websocket::{InvalidRequest, WebSocketError, WebSocketRequest};

use super::{MaybeTlsSocket, TungsteniteSocket};
use crate::NoTls;

/// Opens WebSockets over the byte sockets of `C`, and those that are to be encrypted over those of
/// `T`, and blocks until they are open.
///
/// Timeouts are those of the byte sockets.
///
/// # Errors
///
/// Those of the [async one](crate::TungsteniteConnector). A handshake that runs into a timeout fails
/// with `TimedOut`, and the connection is closed.
///
/// # Example
///
/// ```
/// use std::time::Duration;
/// use wirescript::blocking::{StdConnector, WebSocketConnect, WebSocketExt};
/// use wirescript::websocket::{Message, WebSocketError, WebSocketRequest};
/// use wirescript_tungstenite::blocking::TungsteniteConnector;
///
/// fn ask(question: &str) -> Result<Option<Message>, WebSocketError> {
///     let dialler = StdConnector::new().with_read_timeout(Duration::from_secs(30));
///     let net = TungsteniteConnector::new(dialler);
///     let request = WebSocketRequest::new("ws://chat.internal/rooms/7")?;
///     net.with_connection(&request, |ws| {
///         ws.send_text(question)?;
///         wirescript::blocking::WebSocket::receive(ws)
///     })
/// }
/// ```
#[derive(Clone, Debug, Default)]
pub struct TungsteniteConnector<C, T = NoTls> {
    plain: C,
    tls: T,
}

impl<C> TungsteniteConnector<C> {
    /// A connector over the byte sockets of `plain`.
    pub fn new(plain: C) -> Self {
        Self { plain, tls: NoTls }
    }
}

impl<C, T> TungsteniteConnector<C, T> {
    /// Opens those that are to be encrypted over the byte sockets of `tls`. Nobody asks whether they
    /// are encrypted.
    #[must_use = "returns the changed connector"]
    pub fn with_tls<U>(self, tls: U) -> TungsteniteConnector<C, U> {
        TungsteniteConnector { plain: self.plain, tls }
    }
}

impl<C: Connect> WebSocketConnect for TungsteniteConnector<C> {
    type Transport = TungsteniteSocket<C::Socket>;

    fn connect(&self, request: &WebSocketRequest) -> Result<Self::Transport, WebSocketError> {
        if request.is_secure() {
            return Err(InvalidRequest::not_secure(request).into());
        }
        TungsteniteSocket::client(self.plain.connect(request.endpoint())?, request)
    }
}

impl<C: Connect, T: Connect> WebSocketConnect for TungsteniteConnector<C, T> {
    type Transport = TungsteniteSocket<MaybeTlsSocket<C::Socket, T::Socket>>;

    fn connect(&self, request: &WebSocketRequest) -> Result<Self::Transport, WebSocketError> {
        let socket = if request.is_secure() {
            MaybeTlsSocket::Tls(self.tls.connect(request.endpoint())?)
        } else {
            MaybeTlsSocket::Plain(self.plain.connect(request.endpoint())?)
        };
        TungsteniteSocket::client(socket, request)
    }
}
