//! What is received (M1), pings and pongs (M2), and what becomes of it when a receive is dropped (M11).

use std::task::Poll;

use wirescript::WebSocketExt;
use wirescript::websocket::Message;

use super::support::{check_pending, check_received, pair};
use crate::looking::{pattern, poll_once};
use crate::websocket::{Peer, Subject};

/// Text and binary are told apart, empty ones are messages, and text is UTF-8 of every length.
pub async fn m1_messages_come_as_they_were_sent<T: Subject>() {
    let (mut socket, mut peer) = pair::<T>().await;
    let messages = [
        Message::text("hello"),
        Message::binary("hello"),
        Message::text(""),
        Message::binary(""),
        Message::text("a\u{e9}\u{20ac}\u{1f600}\0\r\n"),
        Message::binary(b"\xff\0\xfe".to_vec()),
        Message::text("x".repeat(125)),
        Message::text("x".repeat(126)),
        Message::binary(pattern(65_535)),
        Message::binary(pattern(65_536)),
    ];
    for message in &messages {
        peer.says(message);
        check_received(&mut socket, message).await;
    }
}

/// However many reads it takes.
pub async fn m1_a_message_of_a_mebibyte_comes_whole<T: Subject>() {
    let (mut socket, mut peer) = pair::<T>().await;
    let message = Message::binary(pattern(1 << 20));
    let said = message.clone();
    let saying = std::thread::spawn(move || {
        peer.says(&said);
        peer
    });
    check_received(&mut socket, &message).await;
    drop(saying);
}

/// Text and binary, in fragments of several sizes, of which some are empty.
pub async fn m1_fragments_come_as_one_message<T: Subject>() {
    let (mut socket, mut peer) = pair::<T>().await;
    for message in [Message::text("hello"), Message::binary("hello"), Message::text("")] {
        for size in [1, 2, 4, 5] {
            peer.says_in_fragments(&message, size, None);
            check_received(&mut socket, &message).await;
        }
    }
}

/// A fragment of text may end within a code point.
pub async fn m1_a_code_point_may_lie_in_several_fragments<T: Subject>() {
    let (mut socket, mut peer) = pair::<T>().await;
    let message = Message::text("a\u{e9}\u{20ac}\u{1f600}b");
    for size in [1, 2, 3] {
        peer.says_in_fragments(&message, size, None);
        check_received(&mut socket, &message).await;
    }
}

/// A control frame is delivered when it comes, and the message when it is whole.
pub async fn m1_control_frames_come_between_fragments<T: Subject>() {
    let (mut socket, mut peer) = pair::<T>().await;
    let (message, between) = (Message::text("hello"), Message::pong("between"));
    peer.says_in_fragments(&message, 2, Some(&between));
    check_received(&mut socket, &between).await;
    check_received(&mut socket, &message).await;
}

/// A ping is delivered, and the next poll of the stream answers it.
pub async fn m2_a_ping_is_an_item_and_is_answered_with_the_next_receive<T: Subject>() {
    let (mut socket, mut peer) = pair::<T>().await;
    for payload in ["", "are you there"] {
        peer.says(&Message::ping(payload));
        peer.awaits_answer(&Message::pong(payload));
        check_received(&mut socket, &Message::ping(payload)).await;
        check_pending(&mut socket).await;
        peer.hears_answer(&Message::pong(payload));
    }
}

/// So does the next send, whose message arrives too.
pub async fn m2_a_ping_is_answered_with_the_next_send<T: Subject>() {
    let (mut socket, mut peer) = pair::<T>().await;
    peer.says(&Message::ping("7"));
    check_received(&mut socket, &Message::ping("7")).await;
    peer.awaits(&Message::text("hello"));
    peer.awaits_answer(&Message::pong("7"));
    socket.send_text("hello").await.unwrap();
    peer.hears_answer(&Message::pong("7"));
    assert_eq!(peer.hears(), Message::text("hello"));
}

/// A pong of the client's own is the only one, if it comes first.
pub async fn m2_a_pong_of_the_client_goes_in_place_of_the_answer<T: Subject>() {
    let (mut socket, mut peer) = pair::<T>().await;
    peer.says(&Message::ping("7"));
    check_received(&mut socket, &Message::ping("7")).await;
    peer.awaits(&Message::pong("8"));
    peer.awaits(&Message::text("hello"));
    socket.send_message(Message::pong("8")).await.unwrap();
    socket.send_text("hello").await.unwrap();
    assert_eq!(peer.hears(), Message::pong("8"));
    assert_eq!(peer.hears(), Message::text("hello"));
}

/// A pong is delivered, whether the client has pinged or not, and so is the client's ping.
pub async fn m2_a_pong_that_nobody_asked_for_is_an_item<T: Subject>() {
    let (mut socket, mut peer) = pair::<T>().await;
    peer.says(&Message::pong("alive"));
    check_received(&mut socket, &Message::pong("alive")).await;
    peer.awaits(&Message::ping("7"));
    socket.ping("7").await.unwrap();
    assert_eq!(peer.hears(), Message::ping("7"));
    peer.says(&Message::pong("7"));
    check_received(&mut socket, &Message::pong("7")).await;
}

/// Each receive is polled once and dropped.
pub async fn m11_a_receive_that_is_dropped_loses_nothing<T: Subject>() {
    let (mut socket, mut peer) = pair::<T>().await;
    check_pending(&mut socket).await;
    let messages: Vec<_> = (0..20).map(|n| Message::binary(pattern(n * 997))).collect();
    for message in &messages {
        peer.says_in_fragments(message, 400, None);
    }
    let mut received = Vec::new();
    while received.len() < messages.len() {
        if let Poll::Ready(message) = poll_once(socket.recv()).await {
            received.extend(message.unwrap());
        }
    }
    assert!(received == messages);
}
