//! The promises that every adapter keeps, on this one, with its own executor and with another.

use wirescript_async_std::{AsyncStdConnector, AsyncStdSocket, AsyncStdStream};
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

    fn is_connected(socket: &AsyncStdSocket<AsyncStdStream>) -> bool {
        socket.get_ref().as_tcp().is_some_and(|stream| stream.peer_addr().is_ok())
    }
}

wirescript_conformance::promises!(AsyncStd);

mod elsewhere {
    use super::{AsyncStdConnector, AsyncStdSocket, AsyncStdStream, Transport};

    /// The executor of `futures`, which knows no sockets, and a thread for each task.
    struct Elsewhere;

    impl Transport for Elsewhere {
        type Connector = AsyncStdConnector;

        fn connector() -> AsyncStdConnector {
            AsyncStdConnector::new()
        }

        fn block_on<F: Future>(future: F) -> F::Output {
            futures::executor::block_on(future)
        }

        fn spawn(task: impl Future<Output = ()> + Send + 'static) {
            std::thread::spawn(|| futures::executor::block_on(task));
        }

        fn is_connected(socket: &AsyncStdSocket<AsyncStdStream>) -> bool {
            socket.get_ref().as_tcp().is_some_and(|stream| stream.peer_addr().is_ok())
        }
    }

    wirescript_conformance::promises!(Elsewhere);
}
