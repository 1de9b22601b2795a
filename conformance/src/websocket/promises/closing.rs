//! Closes of the peer (M3) and of the client (M4), and what is sent after them (M5).

use futures::SinkExt;
use wirescript::WebSocketExt;
use wirescript::websocket::{CloseCode, Message, WebSocketError};

use super::support::{check_closed, check_ended, check_pending, check_received, close, pair};
use crate::websocket::{Peer, Subject};

/// It is delivered, answered with the same, and then the client waits for the peer to end the
/// connection.
pub async fn m3_a_close_of_the_peer_is_an_item_and_is_answered<T: Subject>() {
    let (mut socket, mut peer) = pair::<T>().await;
    peer.says(&close(1000, "bye"));
    peer.awaits_answer(&close(1000, "bye"));
    check_received(&mut socket, &close(1000, "bye")).await;
    check_pending(&mut socket).await;
    peer.hears_answer(&close(1000, "bye"));
    check_pending(&mut socket).await;
    peer.ends();
    check_ended(&mut socket).await;
}

/// A close that says nothing is answered with one that says nothing.
pub async fn m3_a_close_without_a_code_is_answered_without_one<T: Subject>() {
    let (mut socket, mut peer) = pair::<T>().await;
    peer.says(&Message::Close(None));
    peer.awaits_answer(&Message::Close(None));
    check_received(&mut socket, &Message::Close(None)).await;
    check_pending(&mut socket).await;
    peer.hears_answer(&Message::Close(None));
    peer.ends();
    check_ended(&mut socket).await;
}

/// Those of the protocol, of the registry and of applications.
pub async fn m3_codes_that_may_be_sent_come_as_they_are<T: Subject>() {
    for code in [1000, 1001, 1002, 1003, 1007, 1011, 1012, 1013, 3000, 3999, 4000, 4999] {
        let (mut socket, mut peer) = pair::<T>().await;
        peer.says(&close(code, "why"));
        peer.awaits_answer(&close(code, "why"));
        check_received(&mut socket, &close(code, "why")).await;
        check_pending(&mut socket).await;
        peer.hears_answer(&close(code, "why"));
    }
}

/// By 1002, in what is delivered and in the answer.
pub async fn m3_codes_that_may_not_be_sent_are_replaced<T: Subject>() {
    for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535] {
        let (mut socket, mut peer) = pair::<T>().await;
        let replaced = close(1002, "Protocol violation");
        peer.says(&close(code, "why"));
        peer.awaits_answer(&replaced);
        check_replaced(socket.recv().await, code);
        check_pending(&mut socket).await;
        peer.hears_answer(&replaced);
    }
}

/// The same, where the peer answers a close of the client.
pub async fn m3_codes_of_an_answer_that_may_not_be_sent_are_replaced<T: Subject>() {
    for code in [999, 1005, 5000] {
        let (mut socket, mut peer) = pair::<T>().await;
        peer.awaits(&Message::Close(None));
        socket.close().await.unwrap();
        assert_eq!(peer.hears(), Message::Close(None));
        peer.says(&close(code, "why"));
        check_replaced(socket.recv().await, code);
    }
}

#[track_caller]
fn check_replaced(received: Result<Option<Message>, WebSocketError>, code: u16) {
    match received {
        Ok(Some(Message::Close(Some(frame)))) => {
            assert_eq!(frame.code, CloseCode::PROTOCOL_ERROR, "for {code}");
        }
        other => panic!("{code} was delivered as {other:?}"),
    }
}

/// The sink flushes the answer, and there is no close but that.
pub async fn m3_after_the_close_of_the_peer_the_sink_closes_without_another<T: Subject>() {
    let (mut socket, mut peer) = pair::<T>().await;
    peer.says(&close(1001, ""));
    peer.awaits_answer(&close(1001, ""));
    check_received(&mut socket, &close(1001, "")).await;
    socket.close().await.unwrap();
    peer.hears_answer(&close(1001, ""));
    socket.close_with(1000, "mine").await.unwrap();
    peer.ends();
    check_ended(&mut socket).await;
    socket.close().await.unwrap();
    peer.awaits_drop();
    drop(socket);
    assert_eq!(peer.hears_to_end(), []);
}

/// It is sent at once; the answer is delivered when it comes, and then the end.
pub async fn m4_a_close_of_the_client_does_not_wait<T: Subject>() {
    let (mut socket, mut peer) = pair::<T>().await;
    peer.awaits(&close(1000, "done"));
    socket.close_with(1000, "done").await.unwrap();
    assert_eq!(peer.hears(), close(1000, "done"));
    check_pending(&mut socket).await;
    peer.says(&close(1000, "done"));
    check_received(&mut socket, &close(1000, "done")).await;
    check_pending(&mut socket).await;
    peer.ends();
    check_ended(&mut socket).await;
}

/// To close the sink is to close without a code, and to do it again is fine.
pub async fn m4_closing_the_sink_sends_a_close_without_a_code<T: Subject>() {
    let (mut socket, mut peer) = pair::<T>().await;
    peer.awaits(&Message::Close(None));
    socket.close().await.unwrap();
    socket.close().await.unwrap();
    assert_eq!(peer.hears(), Message::Close(None));
    peer.says(&Message::Close(None));
    check_received(&mut socket, &Message::Close(None)).await;
    peer.ends();
    check_ended(&mut socket).await;
    socket.close().await.unwrap();
    peer.awaits_drop();
    drop(socket);
    assert_eq!(peer.hears_to_end(), []);
}

/// There is nobody left to close to.
pub async fn m4_closing_the_sink_is_fine_when_the_connection_is_gone<T: Subject>() {
    let (mut socket, peer) = pair::<T>().await;
    peer.resets();
    socket.recv().await.unwrap_err();
    socket.close().await.unwrap();
    socket.close().await.unwrap();

    let (mut socket, mut peer) = pair::<T>().await;
    peer.ends();
    socket.recv().await.unwrap_err();
    socket.close().await.unwrap();
    socket.close().await.unwrap();
}

/// Messages are delivered until the peer closes; pings, which are not answered any more, too.
pub async fn m4_what_comes_after_a_close_of_the_client_is_delivered<T: Subject>() {
    let (mut socket, mut peer) = pair::<T>().await;
    peer.awaits(&Message::Close(None));
    socket.close().await.unwrap();
    assert_eq!(peer.hears(), Message::Close(None));
    for message in [Message::text("late"), Message::ping("late"), close(1001, "bye")] {
        peer.says(&message);
        check_received(&mut socket, &message).await;
    }
    check_pending(&mut socket).await;
    peer.ends();
    check_ended(&mut socket).await;
    peer.awaits_drop();
    drop(socket);
    assert_eq!(peer.hears_to_end(), []);
}

/// Nothing is taken, and nothing goes out.
pub async fn m5_after_a_close_of_the_client_nothing_is_sent<T: Subject>() {
    let (mut socket, mut peer) = pair::<T>().await;
    peer.awaits(&close(1000, "done"));
    socket.send_message(close(1000, "done")).await.unwrap();
    check_closed(&mut socket).await;
    assert_eq!(peer.hears(), close(1000, "done"));
    peer.says(&close(1000, "done"));
    check_received(&mut socket, &close(1000, "done")).await;
    check_closed(&mut socket).await;
    peer.ends();
    check_ended(&mut socket).await;
    check_closed(&mut socket).await;
    peer.awaits_drop();
    drop(socket);
    assert_eq!(peer.hears_to_end(), []);
}

/// The answer goes out, and nothing else.
pub async fn m5_after_a_close_of_the_peer_nothing_is_sent<T: Subject>() {
    let (mut socket, mut peer) = pair::<T>().await;
    peer.says(&close(1000, "bye"));
    peer.awaits_answer(&close(1000, "bye"));
    check_received(&mut socket, &close(1000, "bye")).await;
    check_closed(&mut socket).await;
    check_pending(&mut socket).await;
    peer.hears_answer(&close(1000, "bye"));
    peer.ends();
    check_ended(&mut socket).await;
    check_closed(&mut socket).await;
    peer.awaits_drop();
    drop(socket);
    assert_eq!(peer.hears_to_end(), []);
}
