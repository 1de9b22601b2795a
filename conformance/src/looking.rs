//! Ways to see what cannot be awaited, and to wait for a task.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Poll, Wake};
use std::thread;

use futures::channel::oneshot;
use futures::executor::block_on;
use wirescript::AsyncSocketExt;

use crate::peer::{Peer, PeerOf, ROOM};
use crate::{Socket, Subject};

/// Lets the runtime do other things before it goes on.
pub(crate) async fn turn() {
    thread::yield_now();
    let mut had = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut had, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Polls `future` once, then drops it.
pub(crate) async fn poll_once<F: Future>(future: F) -> Poll<F::Output> {
    polled(1, future).await
}

/// Polls `future` so many times, or until it is ready, then drops it.
pub(crate) async fn polled<F: Future>(times: usize, future: F) -> Poll<F::Output> {
    let mut future = pin!(future);
    for _ in 0..times {
        // Some runtimes let a task pend when it has done much in one turn.
        turn().await;
        let polled = poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await;
        if polled.is_ready() {
            return polled;
        }
    }
    Poll::Pending
}

/// Spawns `task`; what it comes to can be awaited, and is cancelled when it panics.
pub(crate) fn spawn<T: Subject, R: Send + 'static>(
    task: impl Future<Output = R> + Send + 'static,
) -> oneshot::Receiver<R> {
    let (done, waiting) = oneshot::channel();
    T::spawn(async move {
        // Nobody waits any more if the test has failed elsewhere.
        let _ = done.send(task.await);
    });
    waiting
}

/// Runs `task` on a thread that is not of the runtime; as [`spawn`].
pub(crate) fn on_a_thread<R: Send + 'static>(
    task: impl Future<Output = R> + Send + 'static,
) -> oneshot::Receiver<R> {
    let (done, waiting) = oneshot::channel();
    thread::spawn(move || {
        // As above.
        let _ = done.send(block_on(task));
    });
    waiting
}

/// Looks until an RST has arrived, without taking the error that is pending.
pub(crate) async fn reset_arrived<T: Subject>(socket: &Socket<T>) {
    while T::is_connected(socket) {
        turn().await;
    }
}

/// Writes bytes of [`pattern`] until the socket takes no more; returns how many it took.
pub(crate) async fn fill<T: Subject>(socket: &mut Socket<T>, peer: &mut PeerOf<T>) -> usize {
    peer.awaits(&pattern(ROOM));
    let bytes = pattern(1024 * PERIOD);
    let mut taken = 0;
    // A socket may pend once without need.
    while let Poll::Ready(sent) = polled(2, socket.send(&bytes[taken % PERIOD..])).await {
        taken += sent.unwrap();
    }
    taken
}

/// A prime, so that no size of a chunk or a buffer is a multiple of it.
const PERIOD: usize = 251;

/// Bytes of which none that is lost, doubled or moved goes unseen.
pub(crate) fn pattern(len: usize) -> Vec<u8> {
    let period: [u8; PERIOD] = std::array::from_fn(|i| i as u8);
    let mut bytes = period.repeat(len.div_ceil(PERIOD));
    bytes.truncate(len);
    bytes
}

/// Decides by a seed: the same every time, and without a pattern that a socket could have (a linear
/// congruential generator, whose low bits are left aside).
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        let mut dice = Self(seed);
        // Seeds that are next to each other begin alike.
        dice.below(1);
        dice
    }

    /// A number below `count`.
    pub(crate) fn below(&mut self, count: usize) -> usize {
        // Knuth's constants for MMIX.
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % count
    }
}

/// Counts how often it was woken.
#[derive(Default)]
pub(crate) struct Wakes(AtomicUsize);

impl Wakes {
    pub(crate) fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}
