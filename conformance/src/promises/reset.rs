//! What is left of a connection that the peer has cut (C5), and of one that it has closed.

use std::fmt::Debug;
use std::io::{self, ErrorKind};

use futures::io::{AsyncReadExt as _, AsyncWriteExt as _};
use wirescript::{AsyncSocketExt, ErrorClass, classify};

use super::connecting::check_as_the_system_says;
use crate::looking::{fill, poll_once, reset_arrived, spawn, turn};
use crate::peer::{Peer, joined, pair};
use crate::{Socket, Subject};

async fn pair_that_was_reset<T: Subject>() -> Socket<T> {
    let (socket, peer) = pair::<T>().await;
    peer.resets();
    reset_arrived::<T>(&socket).await;
    socket
}

#[track_caller]
fn check_reset<R: Debug>(result: io::Result<R>) {
    let error = result.unwrap_err();
    assert_eq!(classify(&error), ErrorClass::Reset, "{error:?}");
    check_as_the_system_says(&error, ErrorKind::ConnectionReset);
}

#[track_caller]
pub(super) fn check_broken_pipe<R: Debug>(result: io::Result<R>) {
    let error = result.unwrap_err();
    assert_eq!(classify(&error), ErrorClass::BrokenPipe, "{error:?}");
    check_as_the_system_says(&error, ErrorKind::BrokenPipe);
}

/// C5, once the reset has been told: reads give EOF, writes fail, and closing is fine (C4).
async fn check_nothing_but_the_end_is_left<T: Subject>(socket: &mut Socket<T>) {
    for _ in 0..3 {
        assert_eq!(socket.recv(&mut [0; 8]).await.unwrap(), 0);
        check_broken_pipe(socket.send(b"x").await);
        socket.shutdown().await.unwrap();
    }
}

/// It ends a read that waits.
pub async fn c5_a_reset_is_told_to_a_read_that_waits_for_it_and_only_once<T: Subject>() {
    let (mut socket, peer) = pair::<T>().await;
    assert!(poll_once(socket.recv(&mut [0; 8])).await.is_pending());
    let resetting = std::thread::spawn(|| peer.resets());
    check_reset(socket.recv(&mut [0; 8]).await);
    joined(resetting);
    check_nothing_but_the_end_is_left::<T>(&mut socket).await;
}

/// A read may be the first to ask.
pub async fn c5_a_reset_is_told_to_the_read_that_asks_first_and_only_once<T: Subject>() {
    let mut socket = pair_that_was_reset::<T>().await;
    check_reset(socket.recv(&mut [0; 8]).await);
    check_nothing_but_the_end_is_left::<T>(&mut socket).await;
}

/// A write may be the first to ask.
pub async fn c5_a_reset_is_told_to_the_write_that_asks_first_and_only_once<T: Subject>() {
    let mut socket = pair_that_was_reset::<T>().await;
    check_reset(socket.send(b"x").await);
    check_nothing_but_the_end_is_left::<T>(&mut socket).await;
}

/// Nobody will ever read what it has not heard.
pub async fn c5_a_peer_that_drops_what_it_has_not_read_is_a_reset<T: Subject>() {
    let (mut socket, mut peer) = pair::<T>().await;
    peer.awaits(b"unread");
    socket.send_all(b"unread").await.unwrap();
    peer.is_reached();
    peer.closes();
    check_reset(socket.recv(&mut [0; 8]).await);
    check_nothing_but_the_end_is_left::<T>(&mut socket).await;
}

/// Both may have been waiting: neither goes on for ever, and only one is told.
pub async fn c5_a_reset_ends_both_directions_and_is_told_to_one<T: Subject>() {
    let (mut socket, mut peer) = pair::<T>().await;
    fill::<T>(&mut socket, &mut peer).await;
    let (mut reader, mut writer) = socket.split();
    let reading = spawn::<T, _>(async move { reader.read(&mut [0; 8]).await });
    let writing = spawn::<T, _>(async move {
        let bytes = vec![0; 1024];
        // Some room may still have turned up.
        loop {
            if let Err(error) = writer.write(&bytes).await {
                return error;
            }
        }
    });
    turn().await;
    peer.resets();
    match reading.await.expect("the reading task has panicked") {
        Ok(read) => {
            assert_eq!(read, 0);
            check_reset::<()>(Err(writing.await.expect("the writing task has panicked")));
        }
        Err(error) => {
            check_reset::<()>(Err(error));
            check_broken_pipe::<()>(Err(writing.await.expect("the writing task has panicked")));
        }
    }
}

/// What came before the reset is read before it. Not every system keeps it.
pub async fn c5_what_came_before_a_reset_is_read_before_it<T: Subject>() {
    let (mut socket, mut peer) = pair::<T>().await;
    peer.says(b"last");
    peer.resets();
    reset_arrived::<T>(&socket).await;
    let mut buf = [0; 8];
    if cfg!(target_os = "linux") {
        assert_eq!(socket.recv(&mut buf).await.unwrap(), 4);
        assert_eq!(&buf[..4], b"last");
    }
    check_reset(socket.recv(&mut buf).await);
    check_nothing_but_the_end_is_left::<T>(&mut socket).await;
}

/// A write does not wait until that is read. Not every system keeps it.
pub async fn c5_what_came_before_a_reset_is_read_even_behind_it<T: Subject>() {
    let (mut socket, mut peer) = pair::<T>().await;
    peer.says(b"last");
    peer.resets();
    reset_arrived::<T>(&socket).await;
    check_reset(socket.send(b"x").await);
    if cfg!(target_os = "linux") {
        let mut buf = [0; 4];
        socket.recv_exact(&mut buf).await.unwrap();
        assert_eq!(&buf, b"last");
        check_nothing_but_the_end_is_left::<T>(&mut socket).await;
    }
}

/// It touches nothing, not even what is pending.
pub async fn c3_an_empty_buffer_does_not_take_the_reset<T: Subject>() {
    let mut socket = pair_that_was_reset::<T>().await;
    assert_eq!(socket.recv(&mut []).await.unwrap(), 0);
    assert_eq!(socket.send(b"").await.unwrap(), 0);
    check_reset(socket.recv(&mut [0; 8]).await);
    assert_eq!(socket.send(b"").await.unwrap(), 0);
}

/// There is nothing left to close, and the reset is still to be told.
pub async fn c4_closing_after_a_reset_is_fine_and_may_be_done_again<T: Subject>() {
    let mut socket = pair_that_was_reset::<T>().await;
    socket.shutdown().await.unwrap();
    socket.shutdown().await.unwrap();
    check_reset(socket.recv(&mut [0; 8]).await);
    check_nothing_but_the_end_is_left::<T>(&mut socket).await;
}

/// The peer's system answers the first write with an RST.
pub async fn a_peer_that_closed_takes_one_write_and_breaks_the_next<T: Subject>() {
    let (mut socket, peer) = pair::<T>().await;
    peer.closes_early(b"x");
    assert_eq!(socket.recv(&mut [0; 8]).await.unwrap(), 0);

    // It has not yet said that nobody is there to read this.
    assert_eq!(socket.send(b"x").await.unwrap(), 1);
    reset_arrived::<T>(&socket).await;
    for _ in 0..3 {
        assert_eq!(socket.recv(&mut [0; 8]).await.unwrap(), 0);
        check_broken_pipe(socket.send(b"x").await);
    }
    socket.shutdown().await.unwrap();
    socket.shutdown().await.unwrap();
}
