//! What breaks the protocol or a limit (M8).

use std::fmt::Debug;

use wirescript::WebSocketExt;
use wirescript::websocket::{Message, ProtocolError, WebSocketError};

use super::support::{check_ended, check_error, check_received, close, pair, pair_with};
use crate::websocket::{Breach, Peer, Subject};

/// One error, then the end; the first thing that the peer hears is what the client sends then.
pub async fn m8_a_breach_ends_the_stream_and_the_client_may_still_send<T: Subject>() {
    for breach in Breach::ALL {
        let (mut socket, mut peer) = pair::<T>().await;
        peer.breaks(breach);
        check_error(socket.recv().await, breach.error());
        check_ended(&mut socket).await;
        peer.awaits(&"still here".into());
        socket.send_text("still here").await.unwrap();
        assert_eq!(peer.hears(), Message::from("still here"), "after {breach:?}");
    }
}

/// Even if both came at once.
pub async fn m8_what_came_before_a_breach_is_received<T: Subject>() {
    let (mut socket, mut peer) = pair::<T>().await;
    peer.says(&"fine".into());
    peer.breaks(Breach::BadText);
    check_received(&mut socket, &"fine".into()).await;
    check_error(socket.recv().await, WebSocketError::InvalidUtf8);
    check_ended(&mut socket).await;
}

/// The close was the last that the peer had to say.
pub async fn m8_what_comes_after_the_close_of_the_peer_is_a_breach<T: Subject>() {
    let (mut socket, mut peer) = pair::<T>().await;
    peer.says(&close(1000, ""));
    peer.awaits_answer(&close(1000, ""));
    peer.says(&"one more thing".into());
    check_received(&mut socket, &close(1000, "")).await;
    check_error(socket.recv().await, WebSocketError::Protocol(ProtocolError::AfterClose));
    check_ended(&mut socket).await;
}

const LIMIT: usize = 10;

#[track_caller]
fn check_too_big<R: Debug>(result: Result<R, WebSocketError>) {
    match result {
        Err(WebSocketError::TooBig { size, limit: LIMIT }) if size > LIMIT => {}
        other => panic!("more than {LIMIT} bytes came to {other:?}"),
    }
}

/// What is as large as the limit is received, and what is larger is not. A control frame is no
/// message.
pub async fn m8_a_message_over_the_limit_is_too_big<T: Subject>() {
    for len in [LIMIT + 1, 200, 70_000] {
        let (mut socket, mut peer) =
            pair_with::<T>(|request| request.with_max_message_size(LIMIT)).await;
        for message in [Message::pong("x".repeat(125)), Message::text("x".repeat(LIMIT))] {
            peer.says(&message);
            check_received(&mut socket, &message).await;
        }
        peer.says_too_much(&Message::text("x".repeat(len)));
        check_too_big(socket.recv().await);
        check_ended(&mut socket).await;
    }
}

/// Each of them is small enough.
pub async fn m8_fragments_that_are_together_over_the_limit_are_too_big<T: Subject>() {
    let (mut socket, mut peer) =
        pair_with::<T>(|request| request.with_max_message_size(LIMIT)).await;
    peer.says_in_fragments(&Message::binary(vec![0; LIMIT]), 3, None);
    check_received(&mut socket, &Message::binary(vec![0; LIMIT])).await;
    peer.says_in_fragments(&Message::binary(vec![0; LIMIT + 1]), 3, None);
    check_too_big(socket.recv().await);
    check_ended(&mut socket).await;
}

/// In fragments, as large a message is fine.
pub async fn m8_a_frame_over_the_limit_is_too_big<T: Subject>() {
    let (mut socket, mut peer) = pair_with::<T>(|request| request.with_max_frame_size(LIMIT)).await;
    peer.says_in_fragments(&Message::binary(vec![0; LIMIT + 1]), LIMIT, None);
    check_received(&mut socket, &Message::binary(vec![0; LIMIT + 1])).await;
    peer.says_too_much(&Message::binary(vec![0; LIMIT + 1]));
    check_too_big(socket.recv().await);
    check_ended(&mut socket).await;
}
