//! The WebSocket contract for threads. Its numbers are those of the async one.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use super::super::websocket::{
    CloseCode, CloseFrame, Handshake, Message, Text, WebSocketError, WebSocketRequest,
};

/// An owned WebSocket of a type that is chosen at run time.
pub type BoxWebSocket = Box<dyn WebSocket>;

/// An open WebSocket whose operations block.
///
/// # Contract
///
/// M1 to M9 are those of [`WebSocketTransport`](crate::websocket::WebSocketTransport), whose
/// promises these are: [`receive`](Self::receive) is its stream, [`send`](Self::send) and
/// [`close`](Self::close) are its sink. What goes out there with the next poll goes out here with the
/// next operation.
///
/// **M10. Threads.** One thread uses it at a time: to receive and to send at once is for the async
/// contract.
///
/// **M11. Time.** Its timeouts are those of the connection below. An operation that runs into one
/// fails with [`TimedOut`](std::io::ErrorKind::TimedOut), and the connection lives on: a message that
/// was not received is received next time, and one that was sent goes out with the next operation.
pub trait WebSocket: Send {
    /// How the server answered when the connection was made.
    fn handshake(&self) -> &Handshake;

    /// Waits for the next message, or control frame; `None` at the end.
    ///
    /// # Errors
    ///
    /// Those of the transport. Each but a timeout is the last thing that is received.
    fn receive(&mut self) -> Result<Option<Message>, WebSocketError>;

    /// Sends a message, and flushes.
    ///
    /// # Errors
    ///
    /// [`Closed`](WebSocketError::Closed) after a close;
    /// [`InvalidMessage`](crate::websocket::InvalidMessage), if it cannot be sent; those of the
    /// transport.
    fn send(&mut self, message: Message) -> Result<(), WebSocketError>;

    /// Sends a close, unless either side has closed, and flushes. Does not wait for an answer.
    ///
    /// # Errors
    ///
    /// [`InvalidMessage`](crate::websocket::InvalidMessage), if the reason is too long; those of the
    /// transport.
    fn close(&mut self, frame: Option<CloseFrame>) -> Result<(), WebSocketError>;
}

/// The verbs of a client that blocks, on every [`WebSocket`].
///
/// The names are those of the async [`WebSocketExt`](crate::WebSocketExt); what they stand on is
/// [`WebSocket`], which has no stream and no sink.
pub trait WebSocketExt: WebSocket {
    /// Waits for the next message, or control frame; `None` at the end:
    /// [`receive`](WebSocket::receive).
    ///
    /// # Errors
    ///
    /// Those of `receive`.
    fn recv(&mut self) -> Result<Option<Message>, WebSocketError> {
        self.receive()
    }

    /// Sends a message, and flushes: [`send`](WebSocket::send), of whatever becomes one.
    ///
    /// # Errors
    ///
    /// Those of `send`.
    fn send_message(&mut self, message: impl Into<Message>) -> Result<(), WebSocketError> {
        self.send(message.into())
    }

    /// Sends a text message, and flushes.
    ///
    /// # Errors
    ///
    /// Those of [`send`](WebSocket::send).
    fn send_text(&mut self, text: impl Into<Text>) -> Result<(), WebSocketError> {
        self.send(Message::Text(text.into()))
    }

    /// Sends a binary message, and flushes.
    ///
    /// # Errors
    ///
    /// Those of [`send`](WebSocket::send).
    fn send_binary(&mut self, bytes: impl Into<Bytes>) -> Result<(), WebSocketError> {
        self.send(Message::Binary(bytes.into()))
    }

    /// Sends a ping of at most [`Message::MAX_CONTROL`] bytes, and flushes.
    ///
    /// # Errors
    ///
    /// Those of [`send`](WebSocket::send).
    fn ping(&mut self, payload: impl Into<Bytes>) -> Result<(), WebSocketError> {
        self.send(Message::Ping(payload.into()))
    }

    /// Closes with this code and reason, and flushes. Fine if either side has closed before.
    ///
    /// # Errors
    ///
    /// Those of [`close`](WebSocket::close).
    fn close_with(
        &mut self,
        code: impl Into<CloseCode>,
        reason: impl Into<Text>,
    ) -> Result<(), WebSocketError> {
        self.close(Some(CloseFrame::new(code, reason)))
    }

    /// Closes with this code and reason, receives until the connection has ended, and drops it. What
    /// is received meanwhile is lost.
    ///
    /// # Errors
    ///
    /// Those of [`close`](WebSocket::close) and [`receive`](WebSocket::receive); the connection is
    /// ended all the same.
    fn disconnect(
        mut self,
        code: impl Into<CloseCode>,
        reason: impl Into<Text>,
    ) -> Result<(), WebSocketError>
    where
        Self: Sized,
    {
        self.close_with(code, reason)?;
        while self.receive()?.is_some() {}
        Ok(())
    }
}

impl<W: WebSocket + ?Sized> WebSocketExt for W {}

/// Opens WebSockets, and blocks until they are open.
///
/// # Errors
///
/// Those of [`websocket::WebSocketConnect`](crate::websocket::WebSocketConnect).
pub trait WebSocketConnect: Send + Sync {
    /// What a connection is.
    type Transport: WebSocket + 'static;

    /// Opens a connection as `request` says.
    fn connect(&self, request: &WebSocketRequest) -> Result<Self::Transport, WebSocketError>;

    /// Opens a connection, runs `body` with it, and closes it, unless either side has.
    ///
    /// The close is sent without a code, flushed, and not waited for. If `body` fails, so does this,
    /// with the same error, whatever comes of the close.
    ///
    /// ```
    /// use wirescript::blocking::{WebSocket, WebSocketConnect, WebSocketExt};
    /// use wirescript::websocket::{Message, WebSocketError, WebSocketRequest};
    ///
    /// fn ask<C: WebSocketConnect>(
    ///     net: &C,
    ///     request: &WebSocketRequest,
    ///     question: &str,
    /// ) -> Result<Option<Message>, WebSocketError> {
    ///     net.with_connection(request, |ws| {
    ///         ws.send_text(question)?;
    ///         ws.receive()
    ///     })
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the connect, of `body`, and of the close, in this order.
    fn with_connection<T, E, F>(&self, request: &WebSocketRequest, body: F) -> Result<T, E>
    where
        Self: Sized,
        F: FnOnce(&mut Self::Transport) -> Result<T, E>,
        E: From<WebSocketError>,
    {
        let mut socket = self.connect(request)?;
        let outcome = body(&mut socket);
        let closed = socket.close(None);
        let value = outcome?;
        closed?;
        Ok(value)
    }

    /// This connector as one of a type that is known: cloneable, its WebSockets boxed.
    fn boxed(self) -> BoxWebSocketConnector
    where
        Self: Sized + 'static,
    {
        BoxWebSocketConnector(Arc::new(Boxing(self)))
    }
}

/// A connector of a type that is chosen at run time. Clones share it.
#[derive(Clone)]
pub struct BoxWebSocketConnector(Arc<dyn WebSocketConnect<Transport = BoxWebSocket>>);

impl WebSocketConnect for BoxWebSocketConnector {
    type Transport = BoxWebSocket;

    fn connect(&self, request: &WebSocketRequest) -> Result<BoxWebSocket, WebSocketError> {
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

    fn connect(&self, request: &WebSocketRequest) -> Result<BoxWebSocket, WebSocketError> {
        Ok(Box::new(self.0.connect(request)?))
    }
}

impl fmt::Debug for dyn WebSocket + '_ {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocket").field("handshake", self.handshake()).finish_non_exhaustive()
    }
}

macro_rules! forward_websocket {
    ($($pointer:ty),+) => {$(
        impl<W: WebSocket + ?Sized> WebSocket for $pointer {
            fn handshake(&self) -> &Handshake {
                (**self).handshake()
            }

            fn receive(&mut self) -> Result<Option<Message>, WebSocketError> {
                (**self).receive()
            }

            fn send(&mut self, message: Message) -> Result<(), WebSocketError> {
                (**self).send(message)
            }

            fn close(&mut self, frame: Option<CloseFrame>) -> Result<(), WebSocketError> {
                (**self).close(frame)
            }
        }
    )+};
}

forward_websocket!(Box<W>, &mut W);

macro_rules! forward_connect {
    ($($pointer:ty),+) => {$(
        impl<C: WebSocketConnect + ?Sized> WebSocketConnect for $pointer {
            type Transport = C::Transport;

            fn connect(&self, request: &WebSocketRequest) -> Result<Self::Transport, WebSocketError> {
                (**self).connect(request)
            }
        }
    )+};
}

forward_connect!(&C, Arc<C>, Box<C>);
