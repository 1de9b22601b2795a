//! A connected pair, and ways to see what cannot be awaited.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Poll, Wake};

use tokio::net::{TcpSocket, TcpStream};
use tokio::task::{unconstrained, yield_now};
use wirescript::{AsyncSocketExt, Connect, Endpoint};
use wirescript_tokio::{TokioConnector, TokioSocket};

pub(crate) type Socket = TokioSocket<TcpStream>;

/// A socket of the adapter and the raw stream of its peer.
pub(crate) async fn pair() -> (Socket, TcpStream) {
    let listening = TcpSocket::new_v4().unwrap();
    // Small, so that a peer that does not read is full soon. What is accepted inherits it.
    listening.set_recv_buffer_size(64 * 1024).unwrap();
    listening.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let listener = listening.listen(1).unwrap();
    let to = Endpoint::from(listener.local_addr().unwrap());
    let net = TokioConnector::new();
    let (socket, accepted) = tokio::join!(net.connect(&to), listener.accept());
    (socket.unwrap(), accepted.unwrap().0)
}

/// Cuts the connection with an RST instead of a FIN.
pub(crate) fn reset(peer: TcpStream) {
    #[allow(
        deprecated,
        reason = "its successor is younger than the oldest tokio that is supported"
    )]
    peer.set_linger(Some(std::time::Duration::ZERO)).unwrap();
}

/// Looks until an RST has arrived, without taking the error that is pending.
pub(crate) async fn reset_arrived(socket: &Socket) {
    while socket.get_ref().peer_addr().is_ok() {
        yield_now().await;
    }
}

/// Looks until `expected` bytes can be read, without reading them.
pub(crate) async fn arrived(socket: &Socket, expected: usize) {
    let mut buf = vec![0; expected];
    while socket.get_ref().peek(&mut buf).await.unwrap() < expected {
        yield_now().await;
    }
}

/// Polls `future` once, then drops it. tokio's budget for a task would make it pend now and then.
pub(crate) async fn poll_once<F: Future>(future: F) -> Poll<F::Output> {
    let mut future = pin!(unconstrained(future));
    poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await
}

/// Writes bytes of [`pattern`] until the socket takes no more; returns how many it took.
pub(crate) async fn fill(socket: &mut Socket) -> usize {
    let bytes = pattern(1024 * PERIOD);
    let mut taken = 0;
    while let Poll::Ready(sent) = poll_once(socket.send(&bytes[taken % PERIOD..])).await {
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
