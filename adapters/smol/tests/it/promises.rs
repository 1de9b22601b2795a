//! The promises that every adapter keeps, on this one.

use async_net::TcpStream;
use wirescript_conformance::Transport;
use wirescript_smol::{SmolConnector, SmolSocket};

struct Smol;

impl Transport for Smol {
    type Connector = SmolConnector;

    fn connector() -> SmolConnector {
        SmolConnector::new()
    }

    fn block_on<F: Future>(future: F) -> F::Output {
        smol::block_on(future)
    }

    fn spawn(task: impl Future<Output = ()> + Send + 'static) {
        smol::spawn(task).detach();
    }

    fn is_connected(socket: &SmolSocket<TcpStream>) -> bool {
        socket.get_ref().peer_addr().is_ok()
    }
}

wirescript_conformance::promises!(Smol);
