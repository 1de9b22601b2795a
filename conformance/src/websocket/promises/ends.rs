//! Connections that end without a close (M6), and what follows (M7).

use std::io::ErrorKind;

use wirescript::websocket::{Message, WebSocketError};
use wirescript::{ErrorClass, WebSocketExt};

use super::support::{
    check_abnormal, check_closed, check_ended, check_error, check_io, check_pending,
    check_received, close, pair,
};
use crate::looking::turn;
use crate::websocket::{Peer, Socket, Subject};

/// Said once; after it nothing can be sent.
pub async fn m6_an_end_without_a_close_is_abnormal<T: Subject>() {
    let (mut socket, mut peer) = pair::<T>().await;
    peer.ends();
    check_abnormal(&mut socket).await;
    check_closed(&mut socket).await;
}

/// Half a message is none.
pub async fn m6_an_end_within_a_message_is_abnormal<T: Subject>() {
    let (mut socket, mut peer) = pair::<T>().await;
    peer.begins();
    peer.ends();
    check_abnormal(&mut socket).await;
}

/// One close does not do.
pub async fn m6_an_end_after_the_clients_close_alone_is_abnormal<T: Subject>() {
    let (mut socket, mut peer) = pair::<T>().await;
    peer.awaits(&close(1000, "done"));
    socket.close_with(1000, "done").await.unwrap();
    assert_eq!(peer.hears(), close(1000, "done"));
    peer.ends();
    check_abnormal(&mut socket).await;
}

/// The end is told after all that was said before it.
pub async fn m6_what_came_before_an_end_is_received<T: Subject>() {
    let (mut socket, mut peer) = pair::<T>().await;
    peer.says(&"last words".into());
    peer.ends();
    check_received(&mut socket, &"last words".into()).await;
    check_abnormal(&mut socket).await;
}

/// Once, and sends after it fail otherwise.
pub async fn m6_a_reset_is_told_to_a_receive_that_waits_for_it<T: Subject>() {
    let (mut socket, peer) = pair::<T>().await;
    check_pending(&mut socket).await;
    peer.resets();
    check_io(socket.recv().await, ErrorClass::Reset, ErrorKind::ConnectionReset);
    check_ended(&mut socket).await;
    check_broken::<T>(&mut socket).await;
}

/// Once; what receives then sees an end without a close.
pub async fn m6_a_reset_is_told_to_a_send_that_comes_first<T: Subject>() {
    let (mut socket, peer) = pair::<T>().await;
    peer.resets();
    // It may be on its way.
    let told = loop {
        match socket.send_text("are you there").await {
            Ok(()) => turn().await,
            Err(error) => break error,
        }
    };
    check_io(Err::<(), _>(told), ErrorClass::Reset, ErrorKind::ConnectionReset);
    check_broken::<T>(&mut socket).await;
    check_abnormal(&mut socket).await;
}

/// The reset is told after all that was said before it.
pub async fn m6_what_came_before_a_reset_is_received<T: Subject>() {
    let (mut socket, mut peer) = pair::<T>().await;
    peer.says(&"last words".into());
    peer.resets();
    check_received(&mut socket, &"last words".into()).await;
    check_io(socket.recv().await, ErrorClass::Reset, ErrorKind::ConnectionReset);
    check_ended(&mut socket).await;
}

/// An answer to a ping that finds nobody is no reason to lose what was said behind the ping.
pub async fn m6_an_answer_that_fails_takes_nothing_from_who_receives<T: Subject>() {
    let (mut socket, mut peer) = pair::<T>().await;
    peer.says(&Message::ping("7"));
    peer.says(&"last words".into());
    peer.resets();
    check_received(&mut socket, &Message::ping("7")).await;
    check_received(&mut socket, &"last words".into()).await;
    check_io(socket.recv().await, ErrorClass::Reset, ErrorKind::ConnectionReset);
    check_ended(&mut socket).await;
}

/// Nothing is left to be told.
pub async fn m6_after_both_closes_a_reset_is_an_ordinary_end<T: Subject>() {
    let (mut socket, mut peer) = pair::<T>().await;
    peer.awaits(&close(1000, "done"));
    socket.close_with(1000, "done").await.unwrap();
    assert_eq!(peer.hears(), close(1000, "done"));
    peer.says(&close(1000, "done"));
    check_received(&mut socket, &close(1000, "done")).await;
    peer.resets();
    check_ended(&mut socket).await;
    check_error(socket.send_text("late").await, WebSocketError::Closed);
}

/// What sends are told after a reset.
async fn check_broken<T: Subject>(socket: &mut Socket<T>) {
    for _ in 0..3 {
        let sent = socket.send_text("late").await;
        check_io(sent, ErrorClass::BrokenPipe, ErrorKind::BrokenPipe);
    }
}
