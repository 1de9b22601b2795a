//! What is left of an operation whose future was dropped: C8.

use std::sync::Arc;
use std::task::Poll;
use std::thread;

use wirescript::AsyncSocketExt;

use crate::Subject;
use crate::looking::{fill, pattern, poll_once};
use crate::peer::{Peer, both_ways, joined, pair};

/// Enough to go through every buffer.
const MUCH: usize = 1024 * 1024;

/// Whoever gives up loses nothing.
pub async fn c8_a_read_that_is_dropped_loses_nothing<T: Subject>() {
    let (mut socket, mut peer) = pair::<T>().await;
    let mut buf = [0; 6];
    assert!(poll_once(socket.recv(&mut buf)).await.is_pending());
    // What comes while nobody waits, and after one who did, is all there.
    peer.says(b"onetwo");
    socket.recv_exact(&mut buf).await.unwrap();
    assert_eq!(&buf, b"onetwo");
}

/// What was not taken does not go out.
pub async fn c8_a_write_that_is_dropped_neither_loses_nor_doubles<T: Subject>() {
    let (mut socket, mut peer) = pair::<T>().await;
    let taken = fill::<T>(&mut socket, &mut peer).await;
    let rest = &pattern(taken + 11)[taken..];
    // Some room may still have turned up.
    let taken = match poll_once(socket.send(rest)).await {
        Poll::Ready(sent) => taken + sent.unwrap(),
        Poll::Pending => taken,
    };
    peer.awaits_all(b"");
    let reading = thread::spawn(move || peer.hears_to_end());
    socket.shutdown().await.unwrap();
    assert!(joined(reading) == pattern(taken));
}

/// Each future is polled once and dropped, as by a `select!` that always goes the other way.
pub async fn c8_all_bytes_come_once_though_no_future_lives_for_two_polls<T: Subject>() {
    let (mut socket, mut peer) = pair::<T>().await;
    let sent: Arc<[u8]> = pattern(MUCH).into();
    peer.awaits(&sent);
    let peers = both_ways(peer.twin(), &sent);

    let (mut received, mut taken) = (Vec::new(), 0);
    let mut buf = [0; 4096];
    let mut ended = false;
    while !ended || taken < sent.len() {
        if let Poll::Ready(read) = poll_once(socket.recv(&mut buf)).await {
            let read = read.unwrap();
            received.extend_from_slice(&buf[..read]);
            ended = read == 0;
        }
        if let Poll::Ready(wrote) = poll_once(socket.send(&sent[taken..])).await {
            taken += wrote.unwrap();
        }
    }
    peer.awaits_all(b"");
    socket.shutdown().await.unwrap();
    assert!(received[..] == sent[..]);
    for thread in peers {
        joined(thread);
    }
}
