//! A connected pair, and ways to see what cannot be awaited.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::{unconstrained, yield_now};
use wirescript::{Connect, Endpoint};
use wirescript_tokio::{TokioConnector, TokioSocket, TokioStream};

pub(crate) type Socket = TokioSocket<TokioStream>;

/// A socket of the adapter and the raw stream of its peer.
pub(crate) async fn pair() -> (Socket, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let to = Endpoint::from(listener.local_addr().unwrap());
    let net = TokioConnector::new();
    let (socket, accepted) = tokio::join!(net.connect(&to), listener.accept());
    (socket.unwrap(), accepted.unwrap().0)
}

fn tcp(socket: &Socket) -> &TcpStream {
    socket.get_ref().as_tcp().unwrap()
}

/// Looks until `expected` bytes can be read, without reading them.
pub(crate) async fn arrived(socket: &Socket, expected: usize) {
    let mut buf = vec![0; expected];
    while tcp(socket).peek(&mut buf).await.unwrap() < expected {
        yield_now().await;
    }
}

/// Polls `future` once, then drops it. tokio's budget for a task would make it pend now and then.
pub(crate) async fn poll_once<F: Future>(future: F) -> Poll<F::Output> {
    let mut future = pin!(unconstrained(future));
    poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await
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
