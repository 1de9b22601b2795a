//! Opening WebSockets: the thing a client is constructed with.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;

use async_trait::async_trait;
use futures_core::future::BoxFuture;
use futures_sink::Sink;

use super::{BoxWebSocket, WebSocketError, WebSocketRequest, WebSocketTransport};

/// Opens WebSockets.
///
/// A client takes a connector when it is constructed and never learns what it is: an adapter over any
/// byte sockets in production, a scripted double in a test.
///
/// # Contract
///
/// The call itself counts, not the first poll, as in [`Connect`](crate::Connect): a connector that
/// wraps another one calls it before it returns a future.
///
/// Dropping the future gives the attempt up. There is no timeout.
///
/// # Errors
///
/// [`InvalidRequest`](WebSocketError::InvalidRequest) before anything is sent, if this connector
/// cannot make the request; [`Io`](WebSocketError::Io), [`Rejected`](WebSocketError::Rejected) and
/// [`Handshake`](WebSocketError::Handshake) after that.
#[async_trait]
pub trait WebSocketConnect: Send + Sync {
    /// What a connection is.
    type Transport: WebSocketTransport + 'static;

    /// Opens a connection as `request` says.
    async fn connect(&self, request: &WebSocketRequest) -> Result<Self::Transport, WebSocketError>;

    /// This connector as one of a type that is known: cloneable, its WebSockets boxed.
    fn boxed(self) -> BoxWebSocketConnector
    where
        Self: Sized + 'static,
    {
        BoxWebSocketConnector::new(self)
    }
}

/// A WebSocket for as long as a piece of code runs, on every [`WebSocketConnect`].
pub trait WebSocketConnectExt: WebSocketConnect {
    /// Opens a connection, runs `body` with it, and closes it, unless either side has.
    ///
    /// The close is sent (without a code; see [`close_with`](super::WebSocketExt::close_with) for
    /// one), flushed, and not waited for. If `body` fails, so does this, with the same error, whatever
    /// comes of the close.
    ///
    /// Unlike [`connect`](WebSocketConnect::connect) itself, nothing of it happens before it is first
    /// polled.
    ///
    /// ```
    /// use wirescript::websocket::{
    ///     Message, WebSocketConnect, WebSocketConnectExt, WebSocketError, WebSocketExt,
    ///     WebSocketRequest,
    /// };
    ///
    /// async fn ask<C: WebSocketConnect>(
    ///     net: &C,
    ///     request: &WebSocketRequest,
    ///     question: &str,
    /// ) -> Result<Option<Message>, WebSocketError> {
    ///     net.with_connection(request, async |ws| {
    ///         ws.send_text(question).await?;
    ///         ws.recv().await
    ///     })
    ///     .await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the connect, of `body`, and of the close, in this order.
    ///
    /// # Cancel safety
    ///
    /// The connection is ended without a close.
    #[allow(
        async_fn_in_trait,
        reason = "it is for all, so callers see whether its future is `Send`"
    )]
    async fn with_connection<T, E, F>(&self, request: &WebSocketRequest, body: F) -> Result<T, E>
    where
        F: AsyncFnOnce(&mut Self::Transport) -> Result<T, E>,
        E: From<WebSocketError>,
    {
        let mut socket = self.connect(request).await?;
        let outcome = body(&mut socket).await;
        let closed = poll_fn(|cx| Pin::new(&mut socket).poll_close(cx)).await;
        let value = outcome?;
        closed?;
        Ok(value)
    }
}

impl<C: WebSocketConnect + ?Sized> WebSocketConnectExt for C {}

/// A connector of a type that is chosen at run time. Clones share it.
#[derive(Clone)]
pub struct BoxWebSocketConnector(Arc<dyn WebSocketConnect<Transport = BoxWebSocket>>);

impl BoxWebSocketConnector {
    pub(super) fn new(connector: impl WebSocketConnect + 'static) -> Self {
        Self(Arc::new(Boxing(connector)))
    }
}

impl WebSocketConnect for BoxWebSocketConnector {
    type Transport = BoxWebSocket;

    fn connect<'c, 'r, 'f>(
        &'c self,
        request: &'r WebSocketRequest,
    ) -> BoxFuture<'f, Result<BoxWebSocket, WebSocketError>>
    where
        'c: 'f,
        'r: 'f,
    {
        self.0.connect(request)
    }

    fn boxed(self) -> BoxWebSocketConnector {
        self
    }
}

impl fmt::Debug for BoxWebSocketConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BoxWebSocketConnector").finish_non_exhaustive()
    }
}

/// A connector whose WebSockets are boxed.
struct Boxing<C>(C);

impl<C: WebSocketConnect> WebSocketConnect for Boxing<C> {
    type Transport = BoxWebSocket;

    fn connect<'c, 'r, 'f>(
        &'c self,
        request: &'r WebSocketRequest,
    ) -> BoxFuture<'f, Result<BoxWebSocket, WebSocketError>>
    where
        'c: 'f,
        'r: 'f,
        Self: 'f,
    {
        let connecting = self.0.connect(request);
        Box::pin(async move { Ok(Box::new(connecting.await?) as BoxWebSocket) })
    }
}
