//! What a connected socket does while nobody cuts it: C1 to C8.

use std::io::{ErrorKind, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::yield_now;
use tokio::time::timeout;
use wirescript::{AsyncSocket, AsyncSocketExt, ErrorClass, classify};
use wirescript_tokio::TokioSocket;

use crate::support::{Socket, Wakes, arrived, fill, pair, pattern, poll_once};

#[tokio::test]
async fn c1_the_end_of_the_stream_comes_after_all_bytes_and_stays() {
    let (mut socket, mut peer) = pair().await;
    peer.write_all(b"hi").await.unwrap();
    drop(peer);
    let mut buf = [0; 2];
    socket.recv_exact(&mut buf).await.unwrap();
    assert_eq!(&buf, b"hi");
    for _ in 0..3 {
        assert_eq!(socket.recv(&mut buf).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn c9_a_stream_that_ends_too_early_is_eof() {
    let (mut socket, mut peer) = pair().await;
    peer.write_all(b"hi").await.unwrap();
    drop(peer);
    let error = socket.recv_exact(&mut [0; 4]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
    assert_eq!(classify(&error), ErrorClass::Eof);
}

#[tokio::test]
async fn c2_what_has_to_wait_is_pending() {
    let (mut socket, mut peer) = pair().await;
    assert!(poll_once(socket.recv(&mut [0; 8])).await.is_pending());
    fill(&mut socket).await;
    assert!(poll_once(socket.recv(&mut [0; 8])).await.is_pending());
    assert!(poll_once(socket.send(b"x")).await.is_pending());

    peer.write_all(b"y").await.unwrap();
    assert_eq!(socket.recv(&mut [0; 8]).await.unwrap(), 1);
}

#[tokio::test]
async fn c3_two_writes_of_the_peer_may_be_one_read() {
    let (mut socket, mut peer) = pair().await;
    peer.write_all(b"one").await.unwrap();
    peer.write_all(b"two").await.unwrap();
    arrived(&socket, 6).await;
    let mut buf = [0; 16];
    assert_eq!(socket.recv(&mut buf).await.unwrap(), 6);
    assert_eq!(&buf[..6], b"onetwo");
}

#[tokio::test]
async fn c3_a_read_takes_no_more_than_its_buffer_holds() {
    let (mut socket, mut peer) = pair().await;
    peer.write_all(b"onetwo").await.unwrap();
    arrived(&socket, 6).await;
    let mut buf = [0; 4];
    assert_eq!(socket.recv(&mut buf).await.unwrap(), 4);
    assert_eq!(&buf, b"onet");
    assert_eq!(socket.recv(&mut buf).await.unwrap(), 2);
    assert_eq!(&buf[..2], b"wo");
}

#[tokio::test]
async fn c3_a_peer_that_does_not_read_makes_writes_partial() {
    let (mut socket, mut peer) = pair().await;
    let sent = pattern(16 * 1024 * 1024);
    let first = socket.send(&sent).await.unwrap();
    assert!((1..sent.len()).contains(&first), "{first}");

    // The rest goes out as soon as the peer reads.
    let mut received = Vec::new();
    let (done, read) = tokio::join!(
        async {
            socket.send_all(&sent[first..]).await?;
            socket.shutdown().await
        },
        peer.read_to_end(&mut received)
    );
    done.unwrap();
    read.unwrap();
    assert!(received == sent);
}

#[tokio::test]
async fn c3_an_empty_buffer_gives_zero_at_once() {
    let (mut socket, _peer) = pair().await;
    fill(&mut socket).await;
    let empty = [IoSlice::new(b""), IoSlice::new(b"")];
    // The peer is silent and does not read, and it makes no difference.
    assert!(matches!(poll_once(socket.recv(&mut [])).await, Poll::Ready(Ok(0))));
    assert!(matches!(poll_once(socket.send(b"")).await, Poll::Ready(Ok(0))));
    assert!(matches!(poll_once(socket.write_vectored(&empty)).await, Poll::Ready(Ok(0))));
    assert!(matches!(poll_once(socket.write_vectored(&[])).await, Poll::Ready(Ok(0))));
    // Nor does it once nothing more may be written.
    socket.shutdown().await.unwrap();
    assert!(matches!(poll_once(socket.send(b"")).await, Poll::Ready(Ok(0))));
}

#[tokio::test]
async fn c4_half_a_close_ends_what_the_peer_hears_and_reads_go_on() {
    let (mut socket, mut peer) = pair().await;
    socket.send_all(b"bye").await.unwrap();
    socket.shutdown().await.unwrap();

    let mut heard = Vec::new();
    peer.read_to_end(&mut heard).await.unwrap();
    assert_eq!(heard, b"bye");

    peer.write_all(b"late").await.unwrap();
    let mut late = [0; 4];
    socket.recv_exact(&mut late).await.unwrap();
    assert_eq!(&late, b"late");

    let error = socket.send(b"x").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BrokenPipe);
    assert_eq!(classify(&error), ErrorClass::BrokenPipe);
    socket.flush().await.unwrap();
    socket.shutdown().await.unwrap();
}

#[tokio::test]
async fn c4_closing_is_fine_when_both_ends_are_closed_and_may_be_done_again() {
    let (mut socket, peer) = pair().await;
    socket.shutdown().await.unwrap();
    drop(peer);
    assert_eq!(socket.recv(&mut [0; 8]).await.unwrap(), 0);
    socket.shutdown().await.unwrap();
    socket.shutdown().await.unwrap();
    socket.disconnect().await.unwrap();
}

#[tokio::test]
async fn c4_dropping_closes() {
    let (socket, mut peer) = pair().await;
    drop(socket);
    assert_eq!(peer.read(&mut [0; 8]).await.unwrap(), 0);
}

#[tokio::test]
async fn c6_the_last_waker_of_each_direction_wins() {
    let (mut socket, mut peer) = pair().await;
    fill(&mut socket).await;

    let [stale_read, read, stale_write, write] = [(); 4].map(|()| Arc::new(Wakes::default()));
    for wakes in [&stale_read, &read] {
        assert!(poll_read(&mut socket, wakes).is_pending());
    }
    for wakes in [&stale_write, &write] {
        assert!(poll_write(&mut socket, wakes).is_pending());
    }

    peer.write_all(b"x").await.unwrap();
    while read.count() == 0 {
        yield_now().await;
    }
    let mut buf = vec![0; 64 * 1024];
    while write.count() == 0 {
        // It may have nothing more to read before the socket has noticed that there is room.
        let _ = peer.try_read(&mut buf);
        yield_now().await;
    }
    assert_eq!((stale_read.count(), stale_write.count()), (0, 0));
}

fn poll_read(socket: &mut Socket, wakes: &Arc<Wakes>) -> Poll<std::io::Result<usize>> {
    let waker = Arc::clone(wakes).into();
    Pin::new(socket).poll_read(&mut Context::from_waker(&waker), &mut [0; 8])
}

fn poll_write(socket: &mut Socket, wakes: &Arc<Wakes>) -> Poll<std::io::Result<usize>> {
    let waker = Arc::clone(wakes).into();
    Pin::new(socket).poll_write(&mut Context::from_waker(&waker), b"x")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c6_both_directions_move_8_mib_at_once_from_tasks_of_their_own() {
    let (near, far) = pair().await;
    let sent: Arc<[u8]> = pattern(8 * 1024 * 1024).into();

    let mut tasks = Vec::new();
    for socket in [near, TokioSocket::new(far)] {
        let (mut reader, mut writer) = socket.split();
        let (outgoing, expected) = (Arc::clone(&sent), Arc::clone(&sent));
        tasks.push(tokio::spawn(async move {
            writer.write_all(&outgoing).await.unwrap();
            writer.close().await.unwrap();
        }));
        tasks.push(tokio::spawn(async move {
            let mut received = vec![0; expected.len()];
            reader.read_exact(&mut received).await.unwrap();
            assert!(received[..] == expected[..]);
            assert_eq!(reader.read(&mut received).await.unwrap(), 0);
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn c7_a_silent_peer_is_waited_for_until_the_caller_gives_up() {
    let (mut socket, mut peer) = pair().await;
    let mut buf = [0; 1];
    let elapsed = timeout(Duration::from_secs(365 * 86_400), socket.recv(&mut buf)).await;
    assert_eq!(classify(&elapsed.unwrap_err().into()), ErrorClass::TimedOut);

    peer.write_all(b"x").await.unwrap();
    assert_eq!(socket.recv(&mut buf).await.unwrap(), 1);
}

#[tokio::test]
async fn c8_a_read_that_is_dropped_loses_nothing() {
    let (mut socket, mut peer) = pair().await;
    let mut buf = [0; 6];
    assert!(poll_once(socket.recv(&mut buf)).await.is_pending());
    peer.write_all(b"onetwo").await.unwrap();
    arrived(&socket, 6).await;
    // What came while nobody waited, and after one who did, is all there.
    socket.recv_exact(&mut buf).await.unwrap();
    assert_eq!(&buf, b"onetwo");
}

#[tokio::test]
async fn c8_a_write_that_is_dropped_neither_loses_nor_doubles() {
    let (mut socket, mut peer) = pair().await;
    let taken = fill(&mut socket).await;
    assert!(poll_once(socket.send(b"never taken")).await.is_pending());
    socket.shutdown().await.unwrap();

    let mut received = Vec::new();
    peer.read_to_end(&mut received).await.unwrap();
    assert!(received == pattern(taken));
}

#[tokio::test]
async fn several_buffers_are_written_in_one_go() {
    let (mut socket, mut peer) = pair().await;
    assert!(socket.is_write_vectored());
    let bufs = [IoSlice::new(b"one"), IoSlice::new(b""), IoSlice::new(b"two")];
    assert_eq!(socket.write_vectored(&bufs).await.unwrap(), 6);
    let mut received = [0; 6];
    peer.read_exact(&mut received).await.unwrap();
    assert_eq!(&received, b"onetwo");
}
