//! The open WebSocket, polled.

use std::fmt;
use std::io::{self, ErrorKind, Read, Write};
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use futures_sink::Sink;
use wirescript::websocket::{Handshake, Message, WebSocketError, WebSocketRequest};
use wirescript::{AsyncSocket, AsyncSocketExt, WebSocketTransport};

use crate::connection::Connection;
use crate::handshake::{Opening, READ};
use crate::wakers::{Half, Writers};

/// The client's side of a WebSocket over a byte socket.
///
/// It keeps the contract M1 to M11 of [`WebSocketTransport`] over whatever keeps that of
/// [`AsyncSocket`].
///
/// Dropping it drops the byte socket, without a close.
pub struct TungsteniteSocket<S> {
    connection: Connection,
    writers: Writers,
    inner: S,
}

impl<S: AsyncSocket> TungsteniteSocket<S> {
    /// Opens a WebSocket over a byte socket that is connected already: through a proxy, or over
    /// something that no connector dials.
    ///
    /// It does not ask whether `inner` is encrypted if the request is to be.
    ///
    /// ```
    /// use wirescript::websocket::{WebSocketError, WebSocketRequest};
    /// use wirescript::{AsyncSocket, WebSocketExt};
    /// use wirescript_tungstenite::TungsteniteSocket;
    ///
    /// async fn greet<S: AsyncSocket>(tunnel: S) -> Result<(), WebSocketError> {
    ///     let request = WebSocketRequest::new("ws://chat.internal/rooms/7")?;
    ///     let mut ws = TungsteniteSocket::client(tunnel, &request).await?;
    ///     ws.send_text("hello").await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Rejected`](WebSocketError::Rejected), if the server answers with another status than 101;
    /// [`Handshake`](WebSocketError::Handshake), if it answers with anything else; those of the
    /// socket.
    ///
    /// # Cancel safety
    ///
    /// The connection is closed.
    pub async fn client(inner: S, request: &WebSocketRequest) -> Result<Self, WebSocketError> {
        Self::open(inner, Opening::new(request), request).await
    }

    pub(crate) async fn open(
        mut inner: S,
        mut opening: Opening,
        request: &WebSocketRequest,
    ) -> Result<Self, WebSocketError> {
        inner.send_all(opening.request()).await?;
        let mut buf = [0; READ];
        let mut opened = loop {
            let came = match inner.recv(&mut buf).await {
                Ok(0) => return Err(opening.end()),
                Ok(len) => opening.receive(&buf[..len])?,
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Err(opening.end()),
                Err(error) => return Err(opening.refused().unwrap_or(error.into())),
            };
            if let Some(opened) = came {
                break opened;
            }
        };
        opened.handshake = opened.handshake.with_info(inner.info().clone());
        Ok(Self { connection: Connection::new(opened, request), writers: Writers::new(), inner })
    }
}

impl<S> TungsteniteSocket<S> {
    /// The byte socket.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    /// The byte socket, to be changed. What is read from it or written to it breaks the WebSocket.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// Takes the byte socket out. What has been read of it and not received is lost, as is what was
    /// queued and not flushed.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S: AsyncSocket> TungsteniteSocket<S> {
    /// The connection, and the byte socket for the one who polls now.
    fn split<'a, 'cx>(
        &'a mut self,
        half: Half,
        cx: &'a mut Context<'cx>,
    ) -> (&'a mut Connection, Polled<'a, 'cx, S>) {
        let cx = Some(cx);
        let polled = Polled { inner: &mut self.inner, writers: &self.writers, half, cx };
        (&mut self.connection, polled)
    }
}

impl<S: AsyncSocket> WebSocketTransport for TungsteniteSocket<S> {
    fn handshake(&self) -> &Handshake {
        self.connection.handshake()
    }
}

impl<S: AsyncSocket> Stream for TungsteniteSocket<S> {
    type Item = Result<Message, WebSocketError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let (connection, polled) = self.split(Half::Stream, cx);
        connection.receive(polled)
    }
}

impl<S: AsyncSocket> Sink<Message> for TungsteniteSocket<S> {
    type Error = WebSocketError;

    fn poll_ready(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), WebSocketError>> {
        let (connection, polled) = self.split(Half::Sink, cx);
        connection.poll_room(polled)
    }

    fn start_send(mut self: Pin<&mut Self>, message: Message) -> Result<(), WebSocketError> {
        let Self { connection, writers, inner } = &mut *self;
        connection.queue(Polled { inner, writers, half: Half::Sink, cx: None }, message)
    }

    fn poll_flush(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), WebSocketError>> {
        let (connection, polled) = self.split(Half::Sink, cx);
        connection.flush(polled)
    }

    fn poll_close(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), WebSocketError>> {
        let (connection, polled) = self.split(Half::Sink, cx);
        connection.close(polled, None)
    }
}

impl<S: fmt::Debug> fmt::Debug for TungsteniteSocket<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TungsteniteSocket")
            .field("inner", &self.inner)
            .field("handshake", self.connection.handshake())
            .finish_non_exhaustive()
    }
}

/// A byte socket as one that blocks, for the time of a poll: what is pending would block.
///
/// Only the stream reads, so its waker is the socket's for reading.
struct Polled<'a, 'cx, S> {
    inner: &'a mut S,
    writers: &'a Writers,
    half: Half,
    /// None where nobody waits: what cannot be written at once is tried again by the one who flushes.
    cx: Option<&'a mut Context<'cx>>,
}

impl<S> Polled<'_, '_, S> {
    /// Asks for something on the way out.
    fn ask<T>(
        &mut self,
        mut ask: impl FnMut(&mut S, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> io::Result<T> {
        let cx = &mut Context::from_waker(self.writers.waker());
        if let Poll::Ready(result) = ask(self.inner, cx) {
            return result;
        }
        // Most of the time nobody waits, and nothing is to be written down for that. Here somebody
        // does, and the wake may have come before it was known who.
        let Some(waiting) = &self.cx else { return Err(ErrorKind::WouldBlock.into()) };
        self.writers.wait(self.half, waiting.waker());
        would_block(ask(self.inner, cx))
    }
}

fn would_block<T>(polled: Poll<io::Result<T>>) -> io::Result<T> {
    match polled {
        Poll::Ready(result) => result,
        Poll::Pending => Err(ErrorKind::WouldBlock.into()),
    }
}

impl<S: AsyncSocket> Read for Polled<'_, '_, S> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match &mut self.cx {
            Some(cx) => would_block(Pin::new(&mut *self.inner).poll_read(cx, buf)),
            None => Err(ErrorKind::WouldBlock.into()),
        }
    }
}

impl<S: AsyncSocket> Write for Polled<'_, '_, S> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        match self.ask(|inner, cx| Pin::new(inner).poll_write(cx, buf)) {
            // tungstenite would call it a reset.
            Ok(0) if !buf.is_empty() => Err(ErrorKind::WriteZero.into()),
            result => result,
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.ask(|inner, cx| Pin::new(inner).poll_flush(cx))
    }
}
