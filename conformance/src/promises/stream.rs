//! What a connected socket does while nobody cuts it: C1 to C6.

use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::thread;

use futures::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use wirescript::{AsyncSocket, AsyncSocketExt, ErrorClass, classify};

use super::reset::check_broken_pipe;
use crate::Subject;
use crate::looking::{Wakes, fill, on_a_thread, pattern, poll_once, spawn, turn};
use crate::peer::{Peer, ROOM, both_ways, joined, pair};

/// Enough to go through every buffer several times.
const MUCH: usize = 8 * 1024 * 1024;
/// Enough to see what comes about rarely.
const VERY_MUCH: usize = 64 * 1024 * 1024;

/// End of stream is for ever.
pub async fn c1_the_end_of_the_stream_comes_after_all_bytes_and_stays<T: Subject>() {
    let (mut socket, mut peer) = pair::<T>().await;
    peer.says(b"hi");
    peer.closes();
    let mut buf = [0; 2];
    socket.recv_exact(&mut buf).await.unwrap();
    assert_eq!(&buf, b"hi");
    for _ in 0..3 {
        assert_eq!(socket.recv(&mut buf).await.unwrap(), 0);
    }
}

/// An end where more was asked for has a class of its own.
pub async fn c9_a_stream_that_ends_too_early_is_eof<T: Subject>() {
    let (mut socket, mut peer) = pair::<T>().await;
    peer.says(b"hi");
    peer.ends();
    let error = socket.recv_exact(&mut [0; 4]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
    assert_eq!(classify(&error), ErrorClass::Eof);
}

/// No error says that one has to wait.
pub async fn c2_what_has_to_wait_is_pending<T: Subject>() {
    let (mut socket, mut peer) = pair::<T>().await;
    assert!(poll_once(socket.recv(&mut [0; 8])).await.is_pending());
    // It ends when a write is pending, and fails when one is an error.
    fill::<T>(&mut socket, &mut peer).await;
    assert!(poll_once(socket.recv(&mut [0; 8])).await.is_pending());

    peer.says(b"y");
    assert_eq!(socket.recv(&mut [0; 8]).await.unwrap(), 1);
}

/// The rest stays for the next read.
pub async fn c3_a_read_takes_no_more_than_its_buffer_holds<T: Subject>() {
    let (mut socket, mut peer) = pair::<T>().await;
    peer.says(b"onetwo");
    let mut buf = [0; 4];
    assert_eq!(socket.recv(&mut buf).await.unwrap(), 4);
    assert_eq!(&buf, b"onet");
    assert_eq!(socket.recv(&mut buf).await.unwrap(), 2);
    assert_eq!(&buf[..2], b"wo");
}

/// A write takes what there is room for.
pub async fn c3_a_peer_that_does_not_read_makes_writes_partial<T: Subject>() {
    let (mut socket, mut peer) = pair::<T>().await;
    let sent = pattern(2 * MUCH);
    peer.awaits(&sent[..ROOM]);
    let first = socket.send(&sent).await.unwrap();
    assert!((1..sent.len()).contains(&first), "{first}");

    // The rest goes out as soon as the peer reads.
    peer.awaits_all(&sent[first..]);
    let reading = thread::spawn(move || peer.hears_to_end());
    socket.send_all(&sent[first..]).await.unwrap();
    socket.shutdown().await.unwrap();
    assert!(joined(reading) == sent);
}

/// Whatever else is the case.
pub async fn c3_an_empty_buffer_gives_zero_at_once<T: Subject>() {
    let (mut socket, mut peer) = pair::<T>().await;
    fill::<T>(&mut socket, &mut peer).await;
    let empty = [IoSlice::new(b""), IoSlice::new(b"")];
    // The peer is silent and does not read, and it makes no difference.
    assert!(matches!(poll_once(socket.recv(&mut [])).await, Poll::Ready(Ok(0))));
    assert!(matches!(poll_once(socket.read_vectored(&mut [])).await, Poll::Ready(Ok(0))));
    assert!(matches!(poll_once(socket.send(b"")).await, Poll::Ready(Ok(0))));
    assert!(matches!(poll_once(socket.write_vectored(&empty)).await, Poll::Ready(Ok(0))));
    assert!(matches!(poll_once(socket.write_vectored(&[])).await, Poll::Ready(Ok(0))));
    // Nor does it once nothing more may be written.
    peer.awaits_all(b"");
    socket.shutdown().await.unwrap();
    assert!(matches!(poll_once(socket.send(b"")).await, Poll::Ready(Ok(0))));
}

/// The peer hears the end; the other direction goes on.
pub async fn c4_half_a_close_ends_what_the_peer_hears_and_reads_go_on<T: Subject>() {
    let (mut socket, mut peer) = pair::<T>().await;
    peer.awaits_all(b"bye");
    socket.send_all(b"bye").await.unwrap();
    socket.shutdown().await.unwrap();
    assert_eq!(peer.hears_to_end(), b"bye");

    peer.says(b"late");
    let mut late = [0; 4];
    socket.recv_exact(&mut late).await.unwrap();
    assert_eq!(&late, b"late");
    socket.flush().await.unwrap();
    socket.shutdown().await.unwrap();
}

/// Nothing goes out behind the end.
pub async fn c4_a_direction_that_is_closed_takes_no_more<T: Subject>() {
    let (mut socket, mut peer) = pair::<T>().await;
    socket.shutdown().await.unwrap();
    check_broken_pipe(socket.send(b"x").await);
    assert_eq!(peer.hears_to_end(), b"");

    peer.says(b"late");
    socket.recv_exact(&mut [0; 4]).await.unwrap();
    check_broken_pipe(socket.send(b"x").await);
}

/// Nothing is left that could fail.
pub async fn c4_closing_is_fine_when_both_ends_are_closed_and_may_be_done_again<T: Subject>() {
    let (mut socket, mut peer) = pair::<T>().await;
    peer.awaits_all(b"");
    socket.shutdown().await.unwrap();
    peer.closes();
    assert_eq!(socket.recv(&mut [0; 8]).await.unwrap(), 0);
    socket.shutdown().await.unwrap();
    socket.shutdown().await.unwrap();
    socket.disconnect().await.unwrap();
}

/// A socket that is let go is closed.
pub async fn c4_dropping_closes<T: Subject>() {
    let (socket, mut peer) = pair::<T>().await;
    peer.awaits_drop();
    drop(socket);
    assert_eq!(peer.hears_to_end(), b"");
}

/// One that is replaced may be woken as it goes, and never later.
pub async fn c6_the_last_waker_of_each_direction_wins<T: Subject>() {
    let (mut socket, mut peer) = pair::<T>().await;
    let [stale_read, read, stale_write, write] = [(); 4].map(|()| Arc::new(Wakes::default()));
    for wakes in [&stale_read, &read] {
        assert!(poll_read(&mut socket, wakes).is_pending());
    }
    fill::<T>(&mut socket, &mut peer).await;
    // Some room may still turn up.
    while poll_write(&mut socket, &stale_write).is_ready()
        || poll_write(&mut socket, &write).is_ready()
    {}
    let replaced = (stale_read.count(), stale_write.count());
    let check_stale = || {
        assert_eq!((stale_read.count(), stale_write.count()), replaced, "a stale waker was woken");
    };

    // Whoever is woken asks again: it may have been for nothing.
    peer.says(b"x");
    let mut woken = 0;
    while woken == 0 || poll_read(&mut socket, &read).is_pending() {
        while read.count() == woken {
            turn().await;
            check_stale();
        }
        woken = read.count();
    }
    woken = 0;
    while woken == 0 || poll_write(&mut socket, &write).is_pending() {
        while write.count() == woken {
            peer.makes_room_for(b"x");
            turn().await;
            check_stale();
        }
        woken = write.count();
    }
}

fn poll_read<S: AsyncRead + Unpin>(socket: &mut S, wakes: &Arc<Wakes>) -> Poll<io::Result<usize>> {
    let waker = Arc::clone(wakes).into();
    Pin::new(socket).poll_read(&mut Context::from_waker(&waker), &mut [0; 8])
}

fn poll_write<S: AsyncWrite + Unpin>(
    socket: &mut S,
    wakes: &Arc<Wakes>,
) -> Poll<io::Result<usize>> {
    let waker = Arc::clone(wakes).into();
    Pin::new(socket).poll_write(&mut Context::from_waker(&waker), b"x")
}

/// Neither half waits for the other.
pub async fn c6_both_directions_move_64_mib_at_once_from_tasks_of_their_own<T: Subject>() {
    let (socket, mut peer) = pair::<T>().await;
    let bytes: Arc<[u8]> = pattern(VERY_MUCH).into();
    peer.awaits_all(&bytes);
    let peers = both_ways(peer, &bytes);

    let (reader, writer) = socket.split();
    let writing = spawn::<T, _>(sends(writer, Arc::clone(&bytes)));
    let reading = spawn::<T, _>(receives(reader, bytes));
    for task in [writing, reading] {
        task.await.expect("the task has panicked");
    }
    peers.into_iter().for_each(joined);
}

/// Nor where nothing but their wakers connects them: each has a thread outside the runtime.
pub async fn c6_both_directions_move_64_mib_at_once_from_threads_of_their_own<T: Subject>() {
    let (socket, mut peer) = pair::<T>().await;
    let bytes: Arc<[u8]> = pattern(VERY_MUCH).into();
    peer.awaits_all(&bytes);
    let peers = both_ways(peer, &bytes);

    let (reader, writer) = socket.split();
    let writing = on_a_thread(sends(writer, Arc::clone(&bytes)));
    let reading = on_a_thread(receives(reader, bytes));
    for thread in [writing, reading] {
        thread.await.expect("the thread has panicked");
    }
    peers.into_iter().for_each(joined);
}

/// Sends `bytes`, and the end.
async fn sends(mut writer: impl AsyncWrite + Unpin, bytes: Arc<[u8]>) {
    writer.write_all(&bytes).await.unwrap();
    writer.close().await.unwrap();
}

/// Receives `bytes`, and the end.
async fn receives(mut reader: impl AsyncRead + Unpin, bytes: Arc<[u8]>) {
    let (mut at, mut buf) = (0, vec![0; ROOM]);
    loop {
        match reader.read(&mut buf).await.unwrap() {
            0 => return assert_eq!(at, bytes.len()),
            len => {
                assert!(buf[..len] == bytes[at..][..len], "other bytes came around byte {at}");
                at += len;
            }
        }
    }
}

/// A socket that claims vectored writes has them.
pub async fn several_buffers_are_written_in_one_go<T: Subject>() {
    let (mut socket, mut peer) = pair::<T>().await;
    peer.awaits(b"onetwo");
    let bufs = [IoSlice::new(b"one"), IoSlice::new(b""), IoSlice::new(b"two")];
    let wrote = socket.write_vectored(&bufs).await.unwrap();
    // One that claims nothing may do it all the same.
    assert!(wrote == 6 || wrote == 3 && !socket.is_write_vectored(), "{wrote}");
    assert_eq!(peer.hears(wrote), b"onetwo"[..wrote]);
}
