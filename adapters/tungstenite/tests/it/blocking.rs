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

    // Without those of two tasks, of wakers, and of sends that are dropped: nobody drops one that
    // blocks, and one thread uses it at a time (M10).
    wirescript_conformance::websocket_promises! { Blocking;
        connecting::the_handshake_says_how_it_was_opened
        connecting::the_subprotocol_that_the_server_chose_is_known
        connecting::a_boxed_connector_connects
        connecting::a_server_that_refuses_is_a_rejection
        messages::m1_messages_come_as_they_were_sent
        messages::m1_a_message_of_a_mebibyte_comes_whole
        messages::m1_fragments_come_as_one_message
        messages::m1_a_code_point_may_lie_in_several_fragments
        messages::m1_control_frames_come_between_fragments
        messages::m2_a_ping_is_an_item_and_is_answered_with_the_next_receive
        messages::m2_a_ping_is_answered_with_the_next_send
        messages::m2_a_pong_of_the_client_goes_in_place_of_the_answer
        messages::m2_a_pong_that_nobody_asked_for_is_an_item
        messages::m11_a_receive_that_is_dropped_loses_nothing
        closing::m3_a_close_of_the_peer_is_an_item_and_is_answered
        closing::m3_a_close_without_a_code_is_answered_without_one
        closing::m3_codes_that_may_be_sent_come_as_they_are
        closing::m3_codes_that_may_not_be_sent_are_replaced
        closing::m3_codes_of_an_answer_that_may_not_be_sent_are_replaced
        closing::m3_after_the_close_of_the_peer_the_sink_closes_without_another
        closing::m4_a_close_of_the_client_does_not_wait
        closing::m4_closing_the_sink_sends_a_close_without_a_code
        closing::m4_closing_the_sink_is_fine_when_the_connection_is_gone
        closing::m4_what_comes_after_a_close_of_the_client_is_delivered
        closing::m5_after_a_close_of_the_client_nothing_is_sent
        closing::m5_after_a_close_of_the_peer_nothing_is_sent
        ends::m6_an_end_without_a_close_is_abnormal
        ends::m6_an_end_within_a_message_is_abnormal
        ends::m6_an_end_after_the_clients_close_alone_is_abnormal
        ends::m6_what_came_before_an_end_is_received
        ends::m6_a_reset_is_told_to_a_receive_that_waits_for_it
        ends::m6_a_reset_is_told_to_a_send_that_comes_first
        ends::m6_what_came_before_a_reset_is_received
        ends::m6_an_answer_that_fails_takes_nothing_from_who_receives
        ends::m6_after_both_closes_a_reset_is_an_ordinary_end
        breaches::m8_a_breach_ends_the_stream_and_the_client_may_still_send
        breaches::m8_what_came_before_a_breach_is_received
        breaches::m8_what_comes_after_the_close_of_the_peer_is_a_breach
        breaches::m8_a_message_over_the_limit_is_too_big
        breaches::m8_fragments_that_are_together_over_the_limit_are_too_big
        breaches::m8_a_frame_over_the_limit_is_too_big
        sending::m9_messages_arrive_as_they_were_sent
        sending::m9_what_is_fed_goes_out_with_a_flush
        sending::m9_a_message_that_cannot_be_sent_is_refused
    }
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
