//! The promises that every adapter keeps, on this one, with its own executor and with another.

use wirescript_conformance::Transport;
use wirescript_smol::{SmolConnector, SmolSocket, SmolStream};

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

    fn is_connected(socket: &SmolSocket<SmolStream>) -> bool {
        socket.get_ref().as_tcp().is_some_and(|stream| stream.peer_addr().is_ok())
    }
}

wirescript_conformance::promises!(Smol);

mod elsewhere {
    use super::{SmolConnector, SmolSocket, SmolStream, Transport};

    /// The executor of `futures`, which knows no sockets, and a thread for each task.
    struct Elsewhere;

    impl Transport for Elsewhere {
        type Connector = SmolConnector;

        fn connector() -> SmolConnector {
            SmolConnector::new()
        }

        fn block_on<F: Future>(future: F) -> F::Output {
            futures::executor::block_on(future)
        }

        fn spawn(task: impl Future<Output = ()> + Send + 'static) {
            std::thread::spawn(|| futures::executor::block_on(task));
        }

        fn is_connected(socket: &SmolSocket<SmolStream>) -> bool {
            socket.get_ref().as_tcp().is_some_and(|stream| stream.peer_addr().is_ok())
        }
    }

    wirescript_conformance::promises!(Elsewhere);
}
