//! A connected pair, and ways to see what cannot be awaited.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use async_std::net::{TcpListener, TcpStream};
use wirescript::{Connect, Endpoint};
use wirescript_async_std::{AsyncStdConnector, AsyncStdSocket, AsyncStdStream};

/// A socket of the adapter and the raw stream of its peer.
pub(crate) async fn pair() -> (AsyncStdSocket<AsyncStdStream>, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let to = Endpoint::from(listener.local_addr().unwrap());
    let socket = AsyncStdConnector::new().connect(&to).await.unwrap();
    (socket, listener.accept().await.unwrap().0)
}

/// Polls `future` once, then drops it.
pub(crate) async fn poll_once<F: Future>(future: F) -> Poll<F::Output> {
    let mut future = pin!(future);
    poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await
}
