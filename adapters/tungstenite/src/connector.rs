//! Opening WebSockets with a connector of byte sockets.

use futures_core::future::BoxFuture;
use wirescript::websocket::{InvalidRequest, WebSocketError, WebSocketRequest};
use wirescript::{Connect, WebSocketConnect};

use crate::handshake::Opening;
use crate::{MaybeTlsSocket, TungsteniteSocket};

/// Opens WebSockets over the byte sockets of `C`, and those that are to be encrypted over those of
/// `T`.
///
/// # Errors
///
/// [`InvalidRequest`](WebSocketError::InvalidRequest), if the request is for `wss` and there is no
/// [`with_tls`](Self::with_tls), before anything is dialled; [`Io`](WebSocketError::Io) of the
/// connectors and their sockets; [`Rejected`](WebSocketError::Rejected), if the server answers with
/// another status than 101: redirects are not followed; [`Handshake`](WebSocketError::Handshake), if
/// it answers with anything else.
///
/// # Cancel safety
///
/// Dropping the future closes the connection.
///
/// # Example
///
/// ```
/// use wirescript::websocket::{Message, WebSocketError, WebSocketRequest};
/// use wirescript::{Connect, WebSocketConnect, WebSocketExt};
/// use wirescript_tungstenite::TungsteniteConnector;
///
/// async fn ask<C: Connect>(dialler: C, question: &str) -> Result<Option<Message>, WebSocketError> {
///     let net = TungsteniteConnector::new(dialler);
///     let request = WebSocketRequest::new("ws://chat.internal/rooms/7")?;
///     let mut ws = net.connect(&request).await?;
///     ws.send_text(question).await?;
///     ws.recv().await
/// }
/// ```
#[derive(Clone, Debug, Default)]
pub struct TungsteniteConnector<C, T = NoTls> {
    plain: C,
    tls: T,
}

/// What a connector has for requests that are to be encrypted, unless it is told: nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoTls;

impl<C> TungsteniteConnector<C> {
    /// A connector over the byte sockets of `plain`.
    pub fn new(plain: C) -> Self {
        Self { plain, tls: NoTls }
    }
}

impl<C, T> TungsteniteConnector<C, T> {
    /// Opens those that are to be encrypted over the byte sockets of `tls`. Nobody asks whether they
    /// are encrypted.
    ///
    /// ```
    /// use std::io;
    /// use wirescript::WebSocketConnect;
    /// use wirescript_rustls::TlsConnector;
    /// use wirescript_tokio::TokioConnector;
    /// use wirescript_tungstenite::TungsteniteConnector;
    ///
    /// fn net(company_ca: &[u8]) -> io::Result<impl WebSocketConnect> {
    ///     let tls = TlsConnector::new(TokioConnector::new()).with_roots_pem(company_ca)?;
    ///     Ok(TungsteniteConnector::new(TokioConnector::new()).with_tls(tls)) // `ws` and `wss`
    /// }
    /// ```
    #[must_use = "returns the changed connector"]
    pub fn with_tls<U>(self, tls: U) -> TungsteniteConnector<C, U> {
        TungsteniteConnector { plain: self.plain, tls }
    }
}

impl<C: Connect> WebSocketConnect for TungsteniteConnector<C> {
    type Transport = TungsteniteSocket<C::Socket>;

    // Not an `async fn`: the call itself must reach the connector below, not the first poll.
    fn connect<'c, 'r, 'f>(
        &'c self,
        request: &'r WebSocketRequest,
    ) -> BoxFuture<'f, Result<Self::Transport, WebSocketError>>
    where
        'c: 'f,
        'r: 'f,
        Self: 'f,
    {
        if request.is_secure() {
            let refused = InvalidRequest::not_secure(request);
            return Box::pin(async { Err(refused.into()) });
        }
        let connecting = self.plain.connect(request.endpoint());
        Box::pin(async move {
            TungsteniteSocket::open(connecting.await?, Opening::new(request), request).await
        })
    }
}

impl<C: Connect, T: Connect> WebSocketConnect for TungsteniteConnector<C, T> {
    type Transport = TungsteniteSocket<MaybeTlsSocket<C::Socket, T::Socket>>;

    fn connect<'c, 'r, 'f>(
        &'c self,
        request: &'r WebSocketRequest,
    ) -> BoxFuture<'f, Result<Self::Transport, WebSocketError>>
    where
        'c: 'f,
        'r: 'f,
        Self: 'f,
    {
        if request.is_secure() {
            let connecting = self.tls.connect(request.endpoint());
            Box::pin(async move {
                let socket = MaybeTlsSocket::Tls(connecting.await?);
                TungsteniteSocket::open(socket, Opening::new(request), request).await
            })
        } else {
            let connecting = self.plain.connect(request.endpoint());
            Box::pin(async move {
                let socket = MaybeTlsSocket::Plain(connecting.await?);
                TungsteniteSocket::open(socket, Opening::new(request), request).await
            })
        }
    }
}
