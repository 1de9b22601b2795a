//! The blocking twin: the same promises, and what timeouts leave behind.

use std::io::ErrorKind;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::{Sink, Stream};
use wirescript::blocking::{StdConnector, WebSocket, WebSocketConnect as _, WebSocketExt};
use wirescript::scripted::BlockingScriptedSocket;
use wirescript::websocket::{
    CloseFrame, Handshake, InvalidMessage, Message, WebSocketError, WebSocketRequest,
};
use wirescript::{Verifier, WebSocketConnect, WebSocketTransport, async_trait, until};
use wirescript_conformance::websocket::{Subject, TcpListener, frames};
use wirescript_tungstenite::blocking::{TungsteniteConnector, TungsteniteSocket};

/// Every wait runs into this again and again, so that what a timeout left behind is what all goes on
/// with.
const TIMEOUT: Duration = Duration::from_millis(5);

/// A WebSocket that blocks as one that is polled: what has timed out is pending.
struct Polled<W> {
    inner: W,
    queued: Option<Message>,
}

fn pending<T>(
    result: Result<T, WebSocketError>,
    cx: &mut Context<'_>,
) -> Poll<Result<T, WebSocketError>> {
    match result {
        Err(WebSocketError::Io(error)) if error.kind() == ErrorKind::TimedOut => {
            cx.waker().wake_by_ref();
            Poll::Pending
        }
        result => Poll::Ready(result),
    }
}

impl<W: WebSocket + Unpin> Stream for Polled<W> {
    type Item = Result<Message, WebSocketError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        pending(self.inner.receive(), cx).map(Result::transpose)
    }
}

impl<W: WebSocket + Unpin> Sink<Message> for Polled<W> {
    type Error = WebSocketError;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), WebSocketError>> {
        self.poll_flush(cx)
    }

    fn start_send(mut self: Pin<&mut Self>, message: Message) -> Result<(), WebSocketError> {
        self.queued = Some(message);
        Ok(())
    }

    fn poll_flush(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Result<(), WebSocketError>> {
        let queued = self.queued.take();
        Poll::Ready(queued.map_or(Ok(()), |message| self.inner.send(message)))
    }

    fn poll_close(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Result<(), WebSocketError>> {
        Poll::Ready(self.inner.close(None))
    }
}

impl<W: WebSocket + Unpin> WebSocketTransport for Polled<W> {
    fn handshake(&self) -> &Handshake {
        self.inner.handshake()
    }
}

struct Std;

#[async_trait]
impl WebSocketConnect for Std {
    type Transport = Polled<TungsteniteSocket<wirescript::blocking::StdSocket>>;

    async fn connect(&self, request: &WebSocketRequest) -> Result<Self::Transport, WebSocketError> {
        let inner = TungsteniteConnector::new(StdConnector::new()).connect(request)?;
        let stream = inner.get_ref().get_ref().as_tcp().unwrap();
        stream.set_read_timeout(Some(TIMEOUT)).unwrap();
        Ok(Polled { inner, queued: None })
    }
}

struct Blocking;

impl Subject for Blocking {
    type Connector = Std;
    type Listener = TcpListener;

    fn connector() -> Std {
        Std
    }

    fn block_on<F: Future>(promise: F) -> F::Output {
        futures::executor::block_on(promise)
    }

    fn spawn(task: impl Future<Output = ()> + Send + 'static) {
        std::thread::spawn(|| futures::executor::block_on(task));
    }
}

mod promised {
    use super::Blocking;

    wirescript_conformance::websocket_promises!(Blocking, except {
        sending::m9_while_the_sink_is_blocked_the_stream_goes_on:
            "a send that blocks does not come back before it is done",
        sending::m10_the_last_waker_of_the_stream_wins: "threads have no wakers",
        sending::m10_both_halves_are_used_from_two_tasks: "one thread uses it at a time (M10)",
        sending::m11_a_send_that_was_dropped_goes_out_with_the_next_receive:
            "nobody drops a send that blocks",
    });
}

/// A WebSocket over a script that has opened it and goes on with `script`.
macro_rules! scripted {
    ($verifier:ident, $($step:tt)+) => {{
        let socket: BlockingScriptedSocket = $verifier
            .socket()
            .new_session()
            .expect_send_all(until("\r\n\r\n").capture("request"))
            .replies_with(|sent| {
                let request = std::str::from_utf8(sent.capture("request")).unwrap();
                let mut lines = request.lines();
                let key = lines.find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "));
                frames::answer(key.unwrap().as_bytes(), None)
            })
            $($step)+
            .into_blocking_socket();
        let request = WebSocketRequest::new("ws://script.internal/").unwrap();
        TungsteniteSocket::client(socket, &request).unwrap()
    }};
}

#[track_caller]
fn check_timed_out<T: std::fmt::Debug>(result: Result<T, WebSocketError>) {
    match result {
        Err(WebSocketError::Io(error)) => assert_eq!(error.kind(), ErrorKind::TimedOut),
        other => panic!("{other:?}"),
    }
}

#[test]
fn m11_a_message_whose_receive_timed_out_is_received_next_time() {
    let verifier = Verifier::new();
    let mut socket = scripted!(verifier,
        .expect_recv(b"\x81\x05he")
        .expect_recv_error(ErrorKind::TimedOut)
        .expect_recv(b"llo")
    );
    check_timed_out(socket.receive());
    assert_eq!(socket.receive().unwrap(), Some(Message::from("hello")));
    drop(socket);
    verifier.verify();
}

#[test]
fn m11_a_message_whose_send_timed_out_goes_out_with_the_next_operation() {
    // A frame of two bytes has eight.
    let is_frame = |text: &'static [u8]| {
        move |sent: &[u8]| frames::decode(sent).is_some_and(|frame| frame.payload == text)
    };
    let verifier = Verifier::new();
    let mut socket = scripted!(verifier,
        .expect_send(wirescript::matching("`hi`", is_frame(b"hi")))
        .raises(ErrorKind::TimedOut)
        .expect_send(wirescript::matching("`hi`", is_frame(b"hi")))
        .expect_recv(b"\x81\x02ho")
    );
    check_timed_out(socket.send_text("hi"));
    assert_eq!(socket.receive().unwrap(), Some(Message::from("ho")));
    drop(socket);
    verifier.verify();
}

#[test]
fn m11_a_message_that_found_no_room_goes_out_with_the_next_operation() {
    // More than is queued before it is written.
    const LARGE: usize = 200_000;
    let is_frame =
        |sent: &[u8]| frames::decode(sent).is_some_and(|frame| frame.payload.len() == LARGE);
    let verifier = Verifier::new();
    let mut socket = scripted!(verifier,
        .expect_send(wirescript::matching("all of it", is_frame))
        .raises(ErrorKind::TimedOut)
        .expect_send(wirescript::matching("all of it", is_frame))
        .expect_recv(b"\x81\x02ho")
    );
    check_timed_out(socket.send_binary(vec![7; LARGE]));
    assert_eq!(socket.receive().unwrap(), Some(Message::from("ho")));
    drop(socket);
    verifier.verify();
}

#[test]
fn a_close_that_is_too_long_is_refused_and_the_connection_lives_on() {
    let verifier = Verifier::new();
    let mut socket = scripted!(verifier, .expect_recv(b"\x81\x02ho"));
    let long = CloseFrame::new(1000, "x".repeat(124));
    assert!(matches!(
        socket.close(Some(long)),
        Err(WebSocketError::InvalidMessage(InvalidMessage::ReasonTooLong { len: 124 }))
    ));
    assert_eq!(socket.receive().unwrap(), Some(Message::from("ho")));
    drop(socket);
    verifier.verify();
}

#[test]
fn what_is_to_be_encrypted_is_refused_before_anybody_dials() {
    let verifier = Verifier::new();
    let connector = TungsteniteConnector::new(verifier.socket());
    let request = WebSocketRequest::new("wss://a").unwrap();
    assert!(matches!(connector.connect(&request), Err(WebSocketError::InvalidRequest(_))));
    let connector = connector.with_tls(verifier.socket());
    verifier.socket().new_session().expect_connect("a:443").raises(ErrorKind::ConnectionRefused);
    assert!(matches!(connector.connect(&request), Err(WebSocketError::Io(_))));
    verifier.verify();
}
