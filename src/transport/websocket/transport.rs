//! The contract of an open WebSocket. Its promises are numbered; tests cite the numbers.

use std::fmt;

use futures_core::Stream;
use futures_sink::Sink;

use super::{Handshake, Message, WebSocketError};

/// An owned WebSocket of a type that is chosen at run time.
pub type BoxWebSocket = Box<dyn WebSocketTransport>;

/// An open WebSocket, as the client sees it: a stream of messages, and a sink for them.
///
/// A client library that is generic over `W: WebSocketTransport` runs on every transport for which
/// there is an adapter, and on the scripted double. Terms are those of RFC 6455.
///
/// # Contract
///
/// **M1. Messages.** Each item of the stream is a whole message, however it was fragmented, or a
/// control frame, which may come between the fragments of one. Text and binary are told apart. An
/// empty message is a message. Text is UTF-8.
///
/// **M2. Pings.** A ping is an item of the stream, and is answered with a pong without the client's
/// doing: with the next poll of the stream, or the next send or flush. So a client that does neither
/// for a while does not answer for so long. A pong that the client sends first goes in its place. A pong that
/// nobody asked for is an item like any other. After the client's own close, pings are not answered.
///
/// **M3. The peer closes.** Its close is an item of the stream, and is answered with the same code
/// and reason, with the next poll. After it the stream is pending until the peer ends the
/// connection, as a server does first, and is then at its end. A code that may not be sent (see
/// [`CloseCode::is_sendable`](super::CloseCode::is_sendable)) is replaced by 1002, in what is received
/// and in the answer.
///
/// **M4. The client closes.** It sends [`Message::Close`], or closes the sink, which sends a close
/// without a code unless either side has closed; to close the sink again is fine, and so is to close
/// it when the connection is gone. Neither waits for the answer. Messages that come after it are
/// delivered, and the peer's close, and then the end.
///
/// **M5. After a close.** Whatever is sent after a close of either side fails with
/// [`Closed`](WebSocketError::Closed), and nothing of it goes out. What was queued before the peer
/// closed, and not flushed, goes out or fails like that.
///
/// **M6. No close.** Where the connection ends before both sides have closed, the stream gives
/// [`AbnormalClosure`](WebSocketError::AbnormalClosure), once; sends after it fail. A connection reset
/// is given once to whoever asks first, as [`Io`](WebSocketError::Io); sends after it fail with
/// `BrokenPipe`, and a stream that was not told gives `AbnormalClosure`. After both closes either is
/// an ordinary end.
///
/// **M7. Errors end.** After an error the stream is at its end, and stays there: it gives `None`
/// however often it is polled.
///
/// **M8. Broken rules.** What breaks the protocol, is no UTF-8 or is larger than the limits of the
/// request is an error of the stream as soon as that is known. Nothing is sent because of it, and the
/// client may still send.
///
/// **M9. Sending.** `poll_ready` is pending while too much waits to be written, `start_send` queues,
/// and a flush puts all on the wire. The stream goes on meanwhile. A message that cannot be sent (see
/// [`Message::check`]) is refused by `start_send`, and the connection lives on.
///
/// **M10. Wakers.** There is one for the stream and one for the sink; in each the last one wins. The
/// two halves may be used from two tasks.
///
/// **M11. Time.** There are no timeouts. Whoever wants one wraps the operation; to drop it loses
/// nothing: a flush that had begun goes on with the next poll of the stream or the sink.
///
/// # Implementing
///
/// ```
/// use std::pin::Pin;
/// use std::task::{Context, Poll};
/// use futures::{Sink, Stream};
/// use wirescript::websocket::{Handshake, Message, WebSocketError, WebSocketTransport};
///
/// /// Takes everything, says nothing.
/// #[derive(Default)]
/// struct Null(Handshake);
///
/// impl Stream for Null {
///     type Item = Result<Message, WebSocketError>;
///     fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
///         Poll::Ready(None)
///     }
/// }
/// impl Sink<Message> for Null {
///     type Error = WebSocketError;
///     fn poll_ready(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), WebSocketError>> {
///         Poll::Ready(Ok(()))
///     }
///     fn start_send(self: Pin<&mut Self>, message: Message) -> Result<(), WebSocketError> {
///         Ok(message.check()?)
///     }
///     fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), WebSocketError>> {
///         Poll::Ready(Ok(()))
///     }
///     fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), WebSocketError>> {
///         Poll::Ready(Ok(()))
///     }
/// }
/// impl WebSocketTransport for Null {
///     fn handshake(&self) -> &Handshake {
///         &self.0
///     }
/// }
/// ```
pub trait WebSocketTransport:
    Stream<Item = Result<Message, WebSocketError>>
    + Sink<Message, Error = WebSocketError>
    + Send
    + Unpin
{
    /// How the server answered when the connection was made.
    fn handshake(&self) -> &Handshake;
}

impl fmt::Debug for dyn WebSocketTransport + '_ {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocketTransport")
            .field("handshake", self.handshake())
            .finish_non_exhaustive()
    }
}
