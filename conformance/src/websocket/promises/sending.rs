//! What is sent (M9), from two tasks (M10), and what becomes of it when a send is dropped (M11).

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::thread;

use futures::{Sink, SinkExt, Stream, StreamExt};
use wirescript::WebSocketExt;
use wirescript::websocket::{InvalidMessage, Message, WebSocketError};

use super::support::{check_error, check_pending, check_received, pair, spawn};
use crate::looking::{Wakes, pattern, poll_once, turn};
use crate::peer::joined;
use crate::websocket::{Peer, Subject};

/// Text, binary and pings, empty and large.
pub async fn m9_messages_arrive_as_they_were_sent<T: Subject>() {
    let (mut socket, mut peer) = pair::<T>().await;
    let messages = [
        Message::text("a\u{e9}\u{20ac}\u{1f600}\0\r\n"),
        Message::text(""),
        Message::binary(b"\xff\0\xfe".to_vec()),
        Message::binary(""),
        Message::ping("x".repeat(125)),
        Message::pong(""),
        Message::binary(pattern(126)),
        Message::binary(pattern(65_536)),
    ];
    messages.iter().for_each(|message| peer.awaits(message));
    let hearing = thread::spawn(move || [(); 8].map(|()| peer.hears()));
    for message in &messages {
        socket.send_message(message.clone()).await.unwrap();
    }
    assert!(joined(hearing) == messages);
}

/// However many were queued.
pub async fn m9_what_is_fed_goes_out_with_a_flush<T: Subject>() {
    let (mut socket, mut peer) = pair::<T>().await;
    let messages = [Message::text("one"), Message::binary("two"), Message::text("three")];
    messages.iter().for_each(|message| peer.awaits(message));
    for message in &messages {
        socket.feed(message.clone()).await.unwrap();
    }
    socket.flush().await.unwrap();
    for message in messages {
        assert_eq!(peer.hears(), message);
    }
}

/// Before anything of it goes out, and nothing else is lost.
pub async fn m9_a_message_that_cannot_be_sent_is_refused<T: Subject>() {
    let (mut socket, mut peer) = pair::<T>().await;
    let long = "x".repeat(126);
    let refused = WebSocketError::InvalidMessage(InvalidMessage::ControlTooLong { len: 126 });
    check_error(socket.ping(long.clone()).await, refused);
    let refused = WebSocketError::InvalidMessage(InvalidMessage::ControlTooLong { len: 126 });
    check_error(socket.send_message(Message::pong(long)).await, refused);
    let refused = WebSocketError::InvalidMessage(InvalidMessage::ReasonTooLong { len: 124 });
    check_error(socket.close_with(1000, "x".repeat(124)).await, refused);
    peer.awaits(&"hello".into());
    socket.send_text("hello").await.unwrap();
    assert_eq!(peer.hears(), Message::from("hello"));
    peer.says(&"hello".into());
    check_received(&mut socket, &"hello".into()).await;
}

/// The sink takes no more while too much waits to be written. Then the peer makes room.
pub async fn m9_while_the_sink_is_blocked_the_stream_goes_on<T: Subject>() {
    let (mut socket, mut peer) = pair::<T>().await;
    let message = Message::binary(pattern(64 * 1024));
    let mut fed = 0;
    while let Poll::Ready(fed_one) = poll_once(socket.feed(message.clone())).await {
        fed_one.unwrap();
        fed += 1;
        assert!(fed < 10_000, "somebody has room for everything");
    }
    // Half of what was said is a question that has to be answered when there is room.
    for said in [Message::text("go on"), Message::ping("7"), Message::text("and on")] {
        peer.says(&said);
        check_received(&mut socket, &said).await;
    }
    check_pending(&mut socket).await;
    let expected = message.clone();
    (0..fed).for_each(|_| peer.awaits(&message));
    peer.awaits_answer(&Message::pong("7"));
    let hearing = thread::spawn(move || {
        let heard_all = (0..fed).all(|_| peer.hears() == expected);
        peer.hears_answer(&Message::pong("7"));
        heard_all
    });
    socket.flush().await.unwrap();
    // The answer may have found no room beside the messages.
    check_pending(&mut socket).await;
    assert!(joined(hearing));
}

/// The one that polled last is woken; that the other is not is nothing that runtimes agree on.
pub async fn m10_the_last_waker_of_the_stream_wins<T: Subject>() {
    let (mut socket, mut peer) = pair::<T>().await;
    let wakes = [(); 2].map(|()| Arc::<Wakes>::default());
    for one in &wakes {
        let waker = Waker::from(Arc::clone(one));
        let polled = Pin::new(&mut socket).poll_next(&mut Context::from_waker(&waker));
        assert!(polled.is_pending());
        // The sink has another, and takes nothing from the stream.
        let noop = &mut Context::from_waker(Waker::noop());
        assert!(Pin::new(&mut socket).poll_flush(noop).is_ready());
    }
    peer.says(&"wake up".into());
    while wakes[1].count() == 0 {
        turn().await;
    }
    check_received(&mut socket, &"wake up".into()).await;
}

/// How many messages go each way at once.
const MANY: usize = 500;

/// One task sends and one receives, and there is more than fits anywhere.
pub async fn m10_both_halves_are_used_from_two_tasks<T: Subject>() {
    let (socket, mut peer) = pair::<T>().await;
    let message = Message::binary(pattern(4 * 1024));
    let mut saying = peer.twin();
    (0..MANY).for_each(|_| peer.awaits(&message));
    let (said, sent, heard) = (message.clone(), message.clone(), message.clone());
    let peers = [
        thread::spawn(move || (0..MANY).for_each(|_| saying.says(&said))),
        thread::spawn(move || (0..MANY).for_each(|_| assert!(peer.hears() == heard))),
    ];
    let (mut sink, mut stream) = socket.split();
    let sending = spawn::<T, _>(async move {
        for _ in 0..MANY {
            sink.send(sent.clone()).await.unwrap();
        }
        sink
    });
    for _ in 0..MANY {
        assert!(stream.next().await.unwrap().unwrap() == message);
    }
    let sink = sending.await.unwrap();
    peers.into_iter().for_each(joined);
    drop((sink, stream));
}

/// Its message was taken, and whoever polls the stream goes on writing it.
pub async fn m11_a_send_that_was_dropped_goes_out_with_the_next_receive<T: Subject>() {
    let (mut socket, mut peer) = pair::<T>().await;
    let message = Message::binary(pattern(16 << 20));
    assert!(poll_once(socket.send_message(message.clone())).await.is_pending());
    let expected = message.clone();
    peer.awaits(&message);
    let hearing = thread::spawn(move || {
        let is_heard = peer.hears() == expected;
        peer.says(&"heard".into());
        is_heard
    });
    check_received(&mut socket, &"heard".into()).await;
    assert!(joined(hearing));
}
