//! The promises of a WebSocket, over the sockets of every runtime.

use wirescript::Connect;
use wirescript_conformance::websocket::{Subject, TcpListener};
use wirescript_tungstenite::TungsteniteConnector;

/// A runtime, and its byte sockets.
trait Runtime: 'static {
    type Dialler: Connect + 'static;

    fn dialler() -> Self::Dialler;
    fn block_on<F: Future>(future: F) -> F::Output;
    fn spawn(task: impl Future<Output = ()> + Send + 'static);
}

struct Tcp<R>(R);

impl<R: Runtime> Subject for Tcp<R> {
    type Connector = TungsteniteConnector<R::Dialler>;
    type Listener = TcpListener;

    fn connector() -> Self::Connector {
        TungsteniteConnector::new(R::dialler())
    }

    fn block_on<F: Future>(promise: F) -> F::Output {
        R::block_on(promise)
    }

    fn spawn(task: impl Future<Output = ()> + Send + 'static) {
        R::spawn(task);
    }
}

mod on_tokio {
    use super::{Runtime, Tcp};
    use wirescript_tokio::TokioConnector;

    struct MultiThread;

    impl Runtime for MultiThread {
        type Dialler = TokioConnector;

        fn dialler() -> TokioConnector {
            TokioConnector::new()
        }

        fn block_on<F: Future>(future: F) -> F::Output {
            tokio::runtime::Runtime::new().unwrap().block_on(future)
        }

        fn spawn(task: impl Future<Output = ()> + Send + 'static) {
            tokio::spawn(task);
        }
    }

    wirescript_conformance::websocket_promises!(Tcp<MultiThread>);
}

mod on_tokio_current_thread {
    use super::{Runtime, Tcp};
    use wirescript_tokio::TokioConnector;

    struct CurrentThread;

    impl Runtime for CurrentThread {
        type Dialler = TokioConnector;

        fn dialler() -> TokioConnector {
            TokioConnector::new()
        }

        fn block_on<F: Future>(future: F) -> F::Output {
            let mut runtime = tokio::runtime::Builder::new_current_thread();
            runtime.enable_all().build().unwrap().block_on(future)
        }

        fn spawn(task: impl Future<Output = ()> + Send + 'static) {
            tokio::spawn(task);
        }
    }

    wirescript_conformance::websocket_promises!(Tcp<CurrentThread>);
}

mod on_smol {
    use super::{Runtime, Tcp};
    use wirescript_smol::SmolConnector;

    struct Smol;

    impl Runtime for Smol {
        type Dialler = SmolConnector;

        fn dialler() -> SmolConnector {
            SmolConnector::new()
        }

        fn block_on<F: Future>(future: F) -> F::Output {
            smol::block_on(future)
        }

        fn spawn(task: impl Future<Output = ()> + Send + 'static) {
            smol::spawn(task).detach();
        }
    }

    wirescript_conformance::websocket_promises!(Tcp<Smol>);
}

mod on_async_std {
    use super::{Runtime, Tcp};
    use wirescript_async_std::AsyncStdConnector;

    struct AsyncStd;

    impl Runtime for AsyncStd {
        type Dialler = AsyncStdConnector;

        fn dialler() -> AsyncStdConnector {
            AsyncStdConnector::new()
        }

        fn block_on<F: Future>(future: F) -> F::Output {
            async_std::task::block_on(future)
        }

        fn spawn(task: impl Future<Output = ()> + Send + 'static) {
            async_std::task::spawn(task);
        }
    }

    wirescript_conformance::websocket_promises!(Tcp<AsyncStd>);
}
