//! The promises that every adapter keeps, on this one.

use async_std::net::TcpStream;
use wirescript_async_std::{AsyncStdConnector, AsyncStdSocket};
use wirescript_conformance::Transport;

struct AsyncStd;

impl Transport for AsyncStd {
    type Connector = AsyncStdConnector;

    fn connector() -> AsyncStdConnector {
        AsyncStdConnector::new()
    }

    fn block_on<F: Future>(future: F) -> F::Output {
        async_std::task::block_on(future)
    }

    fn spawn(task: impl Future<Output = ()> + Send + 'static) {
        async_std::task::spawn(task);
    }

    fn is_connected(socket: &AsyncStdSocket<TcpStream>) -> bool {
        socket.get_ref().peer_addr().is_ok()
    }
}

wirescript_conformance::promises!(AsyncStd);
