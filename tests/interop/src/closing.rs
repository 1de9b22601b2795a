//! Closes of both sides, with what each of them sees, and what ends a connection otherwise.

use futures::SinkExt;
use wirescript::websocket::{BoxWebSocket, CloseCode, CloseFrame, Message, WebSocketError};
use wirescript::{ErrorClass, WebSocketConnect, WebSocketExt, classify};

use crate::messages::LARGEST;
use crate::places::{Place, everywhere, next, seen};

everywhere! {
    a_close_of_the_server_is_received_and_answered
    a_close_of_the_client_is_answered_with_the_same
    a_close_without_a_code_is_answered_without_one
    a_connection_that_is_cut_is_abnormal
    a_websocket_that_is_dropped_is_no_close
    a_message_over_our_limit_is_too_big
    a_message_over_the_limit_of_the_server_is_answered_with_1009
}

const CLOSES: [(u16, &str); 6] = [
    (1000, "done"),
    (1001, ""),
    (1011, "caf\u{e9}"),
    (3000, "registered"),
    (4000, ""),
    (4999, "0123456789"),
];

fn close(code: u16, reason: &'static str) -> Message {
    CloseFrame::new(code, reason).into()
}

async fn check_ended(mut socket: BoxWebSocket) {
    for _ in 0..2 {
        assert_eq!(socket.recv().await.unwrap(), None);
    }
}

async fn a_close_of_the_server_is_received_and_answered(place: Place) {
    for (code, reason) in CLOSES {
        let reason_in_uri = reason.replace('\u{e9}', "%C3%A9");
        let path = format!("close?code={code}&reason={reason_in_uri}");
        let (mut socket, seen) = place.connect_seen(&path).await;
        assert_eq!(next(&mut socket).await, close(code, reason));
        check_ended(socket).await;
        assert_eq!(place.saw(seen).await, format!("{code} {reason}").trim());
    }
    let (mut socket, seen) = place.connect_seen("close").await;
    assert_eq!(next(&mut socket).await, Message::Close(None));
    check_ended(socket).await;
    assert_eq!(place.saw(seen).await, "1005");
}

async fn a_close_of_the_client_is_answered_with_the_same(place: Place) {
    for (code, reason) in CLOSES {
        let (mut socket, seen) = place.connect_seen("echo").await;
        socket.close_with(code, reason).await.unwrap();
        assert_eq!(next(&mut socket).await, close(code, reason));
        check_ended(socket).await;
        assert_eq!(place.saw(seen).await, format!("{code} {reason}").trim());
    }
}

async fn a_close_without_a_code_is_answered_without_one(place: Place) {
    let (mut socket, seen) = place.connect_seen("echo").await;
    socket.close().await.unwrap();
    assert_eq!(next(&mut socket).await, Message::Close(None));
    check_ended(socket).await;
    assert_eq!(place.saw(seen).await, "1005");
}

async fn a_connection_that_is_cut_is_abnormal(place: Place) {
    let (mut socket, seen) = place.connect_seen("cut").await;
    let error = socket.recv().await.unwrap_err();
    assert!(matches!(error, WebSocketError::AbnormalClosure), "{error:?}");
    check_ended(socket).await;
    assert_eq!(place.saw(seen).await, "1006");
}

async fn a_websocket_that_is_dropped_is_no_close(place: Place) {
    let (mut socket, seen) = place.connect_seen("echo").await;
    socket.send_text("hello").await.unwrap();
    assert_eq!(next(&mut socket).await, Message::text("hello"));
    drop(socket);
    assert_eq!(place.saw(seen).await, "1006");
}

async fn a_message_over_our_limit_is_too_big(place: Place) {
    const LIMIT: usize = 1024;
    for (size, is_too_big) in [(LIMIT, false), (LIMIT + 1, true)] {
        let (path, seen) = seen(&format!("big?size={size}"));
        let request = place.request(&path).with_max_message_size(LIMIT);
        let mut socket = place.net.connect(&request).await.unwrap();
        match socket.recv().await {
            Ok(Some(message)) => {
                assert!(!is_too_big && message.payload().len() == size);
                socket.disconnect(1000, "").await.unwrap();
                assert_eq!(place.saw(seen).await, "1000");
            }
            Err(WebSocketError::TooBig { size: told, limit }) => {
                assert!(is_too_big && (told, limit) == (size, LIMIT));
                // Whoever wants the server to know says so.
                socket.close_with(CloseCode::TOO_BIG, "").await.unwrap();
                check_ended(socket).await;
                assert_eq!(place.saw(seen).await, "1009");
            }
            other => panic!("{size}: {other:?}"),
        }
    }
}

/// It closes before it has read all of it, and may reset the connection under the send. The close is
/// received all the same.
async fn a_message_over_the_limit_of_the_server_is_answered_with_1009(place: Place) {
    let mut socket = place.connect("echo").await;
    if let Err(error) = socket.send_binary(vec![7; LARGEST + 1]).await {
        let WebSocketError::Io(error) = error else { panic!("{error:?}") };
        let class = classify(&error);
        assert!(matches!(class, ErrorClass::Reset | ErrorClass::BrokenPipe), "{error:?}");
    }
    let Message::Close(Some(frame)) = next(&mut socket).await else { panic!("it is a close") };
    assert_eq!(frame.code, CloseCode::TOO_BIG);
    check_ended(socket).await;
}
