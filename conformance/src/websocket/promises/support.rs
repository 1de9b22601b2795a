//! A connected pair, and what is asked of a WebSocket again and again.

use std::fmt::Debug;
use std::io::ErrorKind;
use std::task::Poll;

use futures::channel::oneshot;
use wirescript::websocket::{CloseFrame, Message, WebSocketError, WebSocketRequest};
use wirescript::{ErrorClass, WebSocketConnect, WebSocketExt, WebSocketTransport, classify};

use crate::looking::poll_once;
use crate::websocket::{Answer, Listener, Socket, Subject};

/// The peers of `T`.
pub(super) type PeerOf<T> = <<T as Subject>::Listener as Listener>::Peer;

/// A connected WebSocket of `T`, and its peer.
pub(super) async fn pair<T: Subject>() -> (Socket<T>, PeerOf<T>) {
    pair_with::<T>(|request| request).await
}

/// The same, of a request that is changed.
pub(super) async fn pair_with<T: Subject>(
    change: impl FnOnce(WebSocketRequest) -> WebSocketRequest,
) -> (Socket<T>, PeerOf<T>) {
    let listener = T::Listener::new(Answer::Opens);
    let request = change(request::<T>(&listener));
    let socket = T::connector().connect(&request).await.unwrap();
    (socket, listener.accept())
}

pub(super) fn request<T: Subject>(listener: &T::Listener) -> WebSocketRequest {
    WebSocketRequest::new(listener.uri()).unwrap()
}

/// Spawns `task`; what it comes to can be awaited, and is cancelled when it panics.
pub(super) fn spawn<T: Subject, R: Send + 'static>(
    task: impl Future<Output = R> + Send + 'static,
) -> oneshot::Receiver<R> {
    let (done, waiting) = oneshot::channel();
    T::spawn(async move {
        // Nobody waits any more if the test has failed elsewhere.
        let _ = done.send(task.await);
    });
    waiting
}

pub(super) fn close(code: u16, reason: &str) -> Message {
    CloseFrame::new(code, reason).into()
}

#[track_caller]
pub(super) fn check_error<R: Debug>(result: Result<R, WebSocketError>, expected: WebSocketError) {
    let error = result.expect_err("this is an error");
    assert_eq!(format!("{error:?}"), format!("{expected:?}"));
}

/// An error of the connection below, of this class and kind.
#[track_caller]
pub(super) fn check_io<R: Debug>(
    result: Result<R, WebSocketError>,
    class: ErrorClass,
    kind: ErrorKind,
) {
    match result {
        Err(WebSocketError::Io(error)) => {
            assert_eq!((classify(&error), error.kind()), (class, kind));
        }
        other => panic!("an error of the kind {kind:?} was to come, and not {other:?}"),
    }
}

/// The stream gives this next.
pub(super) async fn check_received<W: WebSocketTransport>(socket: &mut W, expected: &Message) {
    let received = socket.recv().await.unwrap();
    // Long ones are not to be read by anybody.
    assert!(received.as_ref() == Some(expected), "{:.200}", format!("{received:?}"));
}

/// The stream gives nothing, and answers what is to be answered.
pub(super) async fn check_pending<W: WebSocketTransport>(socket: &mut W) {
    let polled = poll_once(socket.recv()).await;
    assert!(matches!(polled, Poll::Pending), "{polled:?}");
}

/// M7: the stream is at its end, and stays there.
pub(super) async fn check_ended<W: WebSocketTransport>(socket: &mut W) {
    for _ in 0..3 {
        assert_eq!(socket.recv().await.unwrap(), None);
    }
}

/// M6: the one time that it is said.
pub(super) async fn check_abnormal<W: WebSocketTransport>(socket: &mut W) {
    check_error(socket.recv().await, WebSocketError::AbnormalClosure);
    check_ended(socket).await;
}

/// M5: nothing more is taken.
pub(super) async fn check_closed<W: WebSocketTransport>(socket: &mut W) {
    for message in
        [Message::text("late"), Message::ping("late"), Message::pong("late"), close(1000, "")]
    {
        check_error(socket.send_message(message).await, WebSocketError::Closed);
    }
}
