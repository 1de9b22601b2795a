//! The contract for threads as the async one, so that one test is about both.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures::{Sink, Stream};
use wirescript::websocket::{Handshake, Message, WebSocketError, WebSocketRequest};
use wirescript::{WebSocketConnect, WebSocketTransport, async_trait, blocking};

/// A connector or WebSocket that blocks, as an async one that **blocks its thread in `poll`**: no
/// poll is ever `Pending`.
///
/// It is for tests that do one thing at a time. What they have to wait for comes from another thread.
#[derive(Clone, Debug)]
pub struct InPoll<T> {
    inner: T,
}

impl<T> InPoll<T> {
    /// Wraps a connector, whose WebSockets are then wrapped too, or a WebSocket.
    pub fn new(inner: T) -> Self {
        Self { inner }
    }
}

/// Nothing in it is ever pinned.
impl<T> Unpin for InPoll<T> {}

#[async_trait]
impl<C: blocking::WebSocketConnect> WebSocketConnect for InPoll<C> {
    type Transport = InPoll<C::Transport>;

    async fn connect(&self, request: &WebSocketRequest) -> Result<Self::Transport, WebSocketError> {
        self.inner.connect(request).map(InPoll::new)
    }
}

impl<W: blocking::WebSocket> WebSocketTransport for InPoll<W> {
    fn handshake(&self) -> &Handshake {
        self.inner.handshake()
    }
}

impl<W: blocking::WebSocket> Stream for InPoll<W> {
    type Item = Result<Message, WebSocketError>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.inner.receive().transpose())
    }
}

impl<W: blocking::WebSocket> Sink<Message> for InPoll<W> {
    type Error = WebSocketError;

    fn poll_ready(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), WebSocketError>> {
        Poll::Ready(Ok(()))
    }

    /// A send that blocks flushes, too.
    fn start_send(mut self: Pin<&mut Self>, message: Message) -> Result<(), WebSocketError> {
        self.inner.send(message)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), WebSocketError>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Result<(), WebSocketError>> {
        Poll::Ready(self.inner.close(None))
    }
}
