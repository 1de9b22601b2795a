//! The verbs of a client, on every WebSocket.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;

use super::{CloseCode, CloseFrame, Message, Text, WebSocketError, WebSocketTransport};

/// Sending and receiving on every [`WebSocketTransport`].
///
/// The names do not clash with those of `futures::StreamExt` and `SinkExt`, so all may be in scope.
pub trait WebSocketExt: WebSocketTransport {
    /// Sends a message, and flushes.
    ///
    /// # Errors
    ///
    /// [`Closed`](WebSocketError::Closed) after a close; [`InvalidMessage`](super::InvalidMessage), if
    /// it cannot be sent; those of the transport.
    ///
    /// # Cancel safety
    ///
    /// If it did not complete, the message was either taken whole or not at all; what was taken goes
    /// out with the next send, flush or [`recv`](Self::recv).
    fn send_message(
        &mut self,
        message: impl Into<Message>,
    ) -> impl Future<Output = Result<(), WebSocketError>> + Send {
        let mut message = Some(message.into());
        poll_fn(move |cx| poll_send(&mut *self, &mut message, cx))
    }

    /// Sends a text message, and flushes. See [`send_message`](Self::send_message).
    ///
    /// # Errors
    ///
    /// Those of `send_message`.
    ///
    /// # Cancel safety
    ///
    /// That of `send_message`.
    fn send_text(
        &mut self,
        text: impl Into<Text>,
    ) -> impl Future<Output = Result<(), WebSocketError>> + Send {
        self.send_message(Message::Text(text.into()))
    }

    /// Sends a binary message, and flushes. See [`send_message`](Self::send_message).
    ///
    /// # Errors
    ///
    /// Those of `send_message`.
    ///
    /// # Cancel safety
    ///
    /// That of `send_message`.
    fn send_binary(
        &mut self,
        bytes: impl Into<Bytes>,
    ) -> impl Future<Output = Result<(), WebSocketError>> + Send {
        self.send_message(Message::Binary(bytes.into()))
    }

    /// Sends a ping of at most [`Message::MAX_CONTROL`] bytes, and flushes. Its pong is received like
    /// any message. See [`send_message`](Self::send_message).
    ///
    /// # Errors
    ///
    /// Those of `send_message`.
    ///
    /// # Cancel safety
    ///
    /// That of `send_message`.
    fn ping(
        &mut self,
        payload: impl Into<Bytes>,
    ) -> impl Future<Output = Result<(), WebSocketError>> + Send {
        self.send_message(Message::Ping(payload.into()))
    }

    /// Receives the next message, or control frame; `None` at the end.
    ///
    /// # Errors
    ///
    /// Those of the transport, of which each is the last thing that is received.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: if it did not complete, nothing was received.
    fn recv(&mut self) -> impl Future<Output = Result<Option<Message>, WebSocketError>> + Send {
        poll_fn(move |cx| Pin::new(&mut *self).poll_next(cx).map(Option::transpose))
    }

    /// Closes with this code and reason, and flushes. It does not wait for the peer to answer: see
    /// [`disconnect`](Self::disconnect). Fine if either side has closed before.
    ///
    /// # Errors
    ///
    /// [`InvalidMessage`](super::InvalidMessage), if the reason is too long; those of the transport.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: it may be called again.
    fn close_with(
        &mut self,
        code: impl Into<CloseCode>,
        reason: impl Into<Text>,
    ) -> impl Future<Output = Result<(), WebSocketError>> + Send {
        let mut message = Some(Message::Close(Some(CloseFrame::new(code, reason))));
        poll_fn(move |cx| poll_close_with(&mut *self, &mut message, cx))
    }

    /// Closes with this code and reason, receives until the connection has ended, and drops it: a
    /// graceful close, for which the peer has to do its part. What is received meanwhile is lost.
    ///
    /// # Errors
    ///
    /// Those of [`close_with`](Self::close_with) and [`recv`](Self::recv); the connection is ended all
    /// the same.
    ///
    /// # Cancel safety
    ///
    /// The connection is ended, however far the close had come.
    fn disconnect(
        mut self,
        code: impl Into<CloseCode>,
        reason: impl Into<Text>,
    ) -> impl Future<Output = Result<(), WebSocketError>> + Send
    where
        Self: Sized,
    {
        let mut message = Some(Message::Close(Some(CloseFrame::new(code, reason))));
        let mut is_closed = false;
        poll_fn(move |cx| {
            if !is_closed {
                ready!(poll_close_with(&mut self, &mut message, cx))?;
                is_closed = true;
            }
            while ready!(Pin::new(&mut self).poll_next(cx)?).is_some() {}
            Poll::Ready(Ok(()))
        })
    }
}

impl<W: WebSocketTransport + ?Sized> WebSocketExt for W {}

fn poll_send<W: WebSocketTransport + ?Sized>(
    socket: &mut W,
    message: &mut Option<Message>,
    cx: &mut Context<'_>,
) -> Poll<Result<(), WebSocketError>> {
    if message.is_some() {
        ready!(Pin::new(&mut *socket).poll_ready(cx))?;
        if let Some(message) = message.take() {
            Pin::new(&mut *socket).start_send(message)?;
        }
    }
    Pin::new(&mut *socket).poll_flush(cx)
}

fn poll_close_with<W: WebSocketTransport + ?Sized>(
    socket: &mut W,
    message: &mut Option<Message>,
    cx: &mut Context<'_>,
) -> Poll<Result<(), WebSocketError>> {
    match ready!(poll_send(socket, message, cx)) {
        Err(WebSocketError::Closed) => Poll::Ready(Ok(())),
        closed => Poll::Ready(closed),
    }
}
