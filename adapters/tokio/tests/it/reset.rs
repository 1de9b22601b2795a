//! What is left of a connection that the peer has cut (C5), and of one that it has closed.

use std::io::ErrorKind;

use tokio::io::AsyncWriteExt;
use wirescript::{AsyncSocketExt, ErrorClass, classify};

use crate::support::{Socket, arrived, pair, reset, reset_arrived};

async fn pair_that_was_reset() -> Socket {
    let (socket, peer) = pair().await;
    reset(peer);
    reset_arrived(&socket).await;
    socket
}

#[track_caller]
fn check_reset<T: std::fmt::Debug>(result: std::io::Result<T>) {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    assert_eq!(classify(&error), ErrorClass::Reset);
    assert!(error.raw_os_error().is_some());
}

/// C5, once the reset has been told: reads give EOF, writes fail, and closing is fine (C4).
async fn check_nothing_but_the_end_is_left(socket: &mut Socket) {
    for _ in 0..3 {
        assert_eq!(socket.recv(&mut [0; 8]).await.unwrap(), 0);
        let error = socket.send(b"x").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
        assert_eq!(classify(&error), ErrorClass::BrokenPipe);
        assert!(error.raw_os_error().is_some());
        socket.shutdown().await.unwrap();
    }
}

#[tokio::test]
async fn c5_a_reset_is_told_to_a_read_that_waits_for_it_and_only_once() {
    let (mut socket, peer) = pair().await;
    let mut buf = [0; 8];
    let (told, ()) = tokio::join!(socket.recv(&mut buf), async { reset(peer) });
    check_reset(told);
    check_nothing_but_the_end_is_left(&mut socket).await;
}

#[tokio::test]
async fn c5_a_reset_is_told_to_the_read_that_asks_first_and_only_once() {
    let mut socket = pair_that_was_reset().await;
    check_reset(socket.recv(&mut [0; 8]).await);
    check_nothing_but_the_end_is_left(&mut socket).await;
}

#[tokio::test]
async fn c5_a_reset_is_told_to_the_write_that_asks_first_and_only_once() {
    let mut socket = pair_that_was_reset().await;
    check_reset(socket.send(b"x").await);
    check_nothing_but_the_end_is_left(&mut socket).await;
}

#[tokio::test]
async fn c5_a_peer_that_drops_what_it_has_not_read_is_a_reset() {
    let (mut socket, peer) = pair().await;
    socket.send_all(b"unread").await.unwrap();
    peer.readable().await.unwrap();
    drop(peer);
    check_reset(socket.recv(&mut [0; 8]).await);
    check_nothing_but_the_end_is_left(&mut socket).await;
}

/// No other stack is known to promise it.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn c5_what_came_before_a_reset_is_read_before_it() {
    let (mut socket, mut peer) = pair().await;
    peer.write_all(b"last").await.unwrap();
    arrived(&socket, 4).await;
    reset(peer);
    reset_arrived(&socket).await;

    let mut buf = [0; 8];
    assert_eq!(socket.recv(&mut buf).await.unwrap(), 4);
    assert_eq!(&buf[..4], b"last");
    check_reset(socket.recv(&mut buf).await);
    check_nothing_but_the_end_is_left(&mut socket).await;
}

#[tokio::test]
async fn c3_an_empty_buffer_does_not_take_the_reset() {
    let mut socket = pair_that_was_reset().await;
    assert_eq!(socket.recv(&mut []).await.unwrap(), 0);
    assert_eq!(socket.send(b"").await.unwrap(), 0);
    check_reset(socket.recv(&mut [0; 8]).await);
    assert_eq!(socket.send(b"").await.unwrap(), 0);
}

#[tokio::test]
async fn c4_closing_after_a_reset_is_fine_and_may_be_done_again() {
    let mut socket = pair_that_was_reset().await;
    socket.shutdown().await.unwrap();
    socket.shutdown().await.unwrap();
    check_reset(socket.recv(&mut [0; 8]).await);
    check_nothing_but_the_end_is_left(&mut socket).await;
}

#[tokio::test]
async fn a_peer_that_closed_takes_one_write_and_breaks_the_next() {
    let (mut socket, peer) = pair().await;
    drop(peer);
    assert_eq!(socket.recv(&mut [0; 8]).await.unwrap(), 0);

    // It has not yet said that nobody is there to read this.
    assert_eq!(socket.send(b"x").await.unwrap(), 1);
    reset_arrived(&socket).await;
    check_nothing_but_the_end_is_left(&mut socket).await;
}
