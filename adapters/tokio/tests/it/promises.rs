//! The promises that every adapter keeps, on this one.

use wirescript_conformance::Transport;
use wirescript_tokio::{TokioConnector, TokioSocket, TokioStream};

struct Tokio;

impl Transport for Tokio {
    type Connector = TokioConnector;

    fn connector() -> TokioConnector {
        TokioConnector::new()
    }

    fn block_on<F: Future>(future: F) -> F::Output {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_io()
            .build()
            .unwrap()
            .block_on(future)
    }

    fn spawn(task: impl Future<Output = ()> + Send + 'static) {
        tokio::spawn(task);
    }

    fn is_connected(socket: &TokioSocket<TokioStream>) -> bool {
        socket.get_ref().as_tcp().is_some_and(|stream| stream.peer_addr().is_ok())
    }
}

wirescript_conformance::promises!(Tokio);
