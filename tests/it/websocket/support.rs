//! Connected doubles, and a look at what they give.

use std::fmt::Debug;
use std::io::ErrorKind;

use futures::FutureExt;
use wirescript::scripted::{Scripted, ScriptedWebSocket, Violation, WebSocket, WebSocketScript};
use wirescript::websocket::{
    CloseFrame, Message, WebSocketConnect, WebSocketError, WebSocketRequest, WebSocketTransport,
};
use wirescript::{Verifier, WebSocketExt};

/// Where the clients here connect to.
pub(super) const URI: &str = "ws://chat.example/rooms/7";

pub(super) fn request() -> WebSocketRequest {
    WebSocketRequest::new(URI).expect("it is a URI of a websocket")
}

/// A double that is connected already, whose peer is as `write` says.
pub(super) fn double<K>(
    write: impl FnOnce(WebSocketScript) -> WebSocketScript<K>,
) -> (Verifier, ScriptedWebSocket) {
    let verifier = Verifier::new();
    let ws = write(verifier.websocket().new_session()).into_websocket();
    (verifier, ws)
}

/// A connection by the request of most scripts here.
pub(super) async fn connect(net: &Scripted<WebSocket>) -> ScriptedWebSocket {
    WebSocketConnect::connect(net, &request()).await.expect("the script lets the client connect")
}

pub(super) fn close(code: u16, reason: &str) -> Message {
    CloseFrame::new(code, reason).into()
}

/// The error that it was to be.
#[track_caller]
pub(super) fn check_error<T: Debug>(result: Result<T, WebSocketError>, expected: WebSocketError) {
    let error = result.expect_err("this is an error");
    assert_eq!(format!("{error:?}"), format!("{expected:?}"));
}

/// An error of the connection below, as a platform gives it.
#[track_caller]
pub(super) fn check_io<T: Debug>(result: Result<T, WebSocketError>, kind: ErrorKind) {
    match result {
        Err(WebSocketError::Io(error)) => {
            assert_eq!(error.kind(), kind);
            assert!(error.raw_os_error().is_some(), "{error:?}");
        }
        other => panic!("an error of the kind {kind:?} was to come, and not {other:?}"),
    }
}

/// The violation behind an error.
#[track_caller]
pub(super) fn violation<T: Debug>(result: Result<T, WebSocketError>) -> Violation {
    let error = result.expect_err("this is a violation");
    Violation::behind(&error).unwrap_or_else(|| panic!("no violation: {error:?}")).clone()
}

/// The stream gives this next.
pub(super) async fn check_received<W: WebSocketTransport>(
    ws: &mut W,
    expected: impl Into<Message>,
) {
    assert_eq!(ws.recv().await.unwrap(), Some(expected.into()));
}

/// M7: the stream is at its end, and stays there.
pub(super) async fn check_ended<W: WebSocketTransport>(ws: &mut W) {
    for _ in 0..3 {
        assert_eq!(ws.recv().await.unwrap(), None);
    }
}

/// M5: nothing more is taken, and nothing of it goes out; the sink closes all the same.
pub(super) async fn check_closed<W: WebSocketTransport>(ws: &mut W) {
    for message in
        [Message::text("late"), Message::ping("late"), Message::pong(""), close(1000, "")]
    {
        check_error(ws.send_message(message).await, WebSocketError::Closed);
    }
    ws.close_with(1000, "").await.expect("a second close is fine");
    futures::SinkExt::close(ws).await.expect("a second close of the sink is fine");
}

/// The stream gives nothing yet.
#[track_caller]
pub(super) fn check_pending<W: WebSocketTransport>(ws: &mut W) {
    assert!(ws.recv().now_or_never().is_none(), "the stream has nothing to give");
}
