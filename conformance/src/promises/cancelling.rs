//! What is left of an operation whose future was dropped: C8.

use std::io::{IoSlice, IoSliceMut};
use std::sync::Arc;
use std::task::Poll;
use std::thread;

use futures::io::{AsyncReadExt as _, AsyncWriteExt as _};
use wirescript::{AsyncSocket, AsyncSocketExt};

use crate::Subject;
use crate::looking::{Dice, fill, pattern, poll_once, polled};
use crate::peer::{Peer, both_ways, joined, pair};

/// Enough to go through every buffer.
const MUCH: usize = 1024 * 1024;
/// How many times an order of operations is thrown.
const THROWS: u64 = 16;
/// The most bytes that one of them moves.
const PIECE: usize = 20_000;
/// The most times that one of them is polled.
const POLLS: usize = 2;

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

/// Neither is any byte of theirs lost or doubled, whichever operations come in whichever order, and
/// whichever poll is the last of each. The die that decides is the same every time.
pub async fn c8_no_byte_is_lost_or_doubled_by_what_is_dropped_at_any_poll<T: Subject>() {
    for throw in 0..THROWS {
        let (mut socket, mut peer) = pair::<T>().await;
        // From here on it is full, and writes wait.
        let full = fill::<T>(&mut socket, &mut peer).await;
        let bytes: Arc<[u8]> = pattern(full + MUCH / 4).into();
        peer.awaits(&bytes[full..]);
        let peers = both_ways(peer.twin(), &bytes);

        let mut client = Client { socket, bytes: &bytes, sent: full, received: 0, throw };
        let mut dice = Dice::new(throw);
        while client.sent < bytes.len() || client.received < bytes.len() {
            client.does_something(&mut dice).await;
        }
        assert_eq!(client.socket.recv(&mut [0; 8]).await.unwrap(), 0, "in throw {throw}");
        peer.awaits_all(b"");
        while polled(1, client.socket.close()).await.is_pending() {}
        peers.into_iter().for_each(joined);
    }
}

/// One that gives up whatever it does, sooner or later.
struct Client<'b, S> {
    socket: S,
    /// What it sends and receives.
    bytes: &'b [u8],
    sent: usize,
    received: usize,
    throw: u64,
}

impl<S: AsyncSocket> Client<'_, S> {
    /// Does one operation, which is polled so many times or never.
    async fn does_something(&mut self, dice: &mut Dice) {
        let (times, len) = (dice.below(POLLS + 1), 1 + dice.below(PIECE));
        match dice.below(5) {
            0 | 1 => self.sends(dice, times, len).await,
            2 | 3 => self.receives(dice, times, len).await,
            _ => drop(polled(times, self.socket.flush()).await),
        }
    }

    async fn sends(&mut self, dice: &mut Dice, times: usize, len: usize) {
        let rest = &self.bytes[self.sent..];
        let piece = &rest[..len.min(rest.len())];
        let (first, second) = piece.split_at(dice.below(piece.len() + 1));
        let bufs = [IoSlice::new(first), IoSlice::new(second)];
        let wrote = match dice.below(3) {
            0 => polled(times, self.socket.send(piece)).await,
            1 => polled(times, self.socket.write(piece)).await,
            _ => polled(times, self.socket.write_vectored(&bufs)).await,
        };
        if let Poll::Ready(wrote) = wrote {
            self.sent += wrote.unwrap();
        }
    }

    async fn receives(&mut self, dice: &mut Dice, times: usize, len: usize) {
        let mut buf = vec![0; len];
        let (first, second) = buf.split_at_mut(dice.below(len));
        let mut bufs = [IoSliceMut::new(first), IoSliceMut::new(second)];
        let read = match dice.below(2) {
            0 => polled(times, self.socket.read_vectored(&mut bufs)).await,
            _ => polled(times, self.socket.recv(&mut buf)).await,
        };
        if let Poll::Ready(read) = read {
            let (at, read) = (self.received, read.unwrap());
            let expected = self.bytes.get(at..at + read);
            assert!(expected == Some(&buf[..read]), "other bytes at {at} in throw {}", self.throw);
            self.received += read;
        }
    }
}
