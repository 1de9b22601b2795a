//! The promises of a WebSocket, kept under TLS.

use wirescript::Connect;
use wirescript_async_std::AsyncStdConnector;
use wirescript_conformance::websocket::Subject;
use wirescript_rustls::TlsConnector;
use wirescript_smol::SmolConnector;
use wirescript_tokio::TokioConnector;
use wirescript_tungstenite::TungsteniteConnector;

use super::ca::Ca;
use super::proxy::TlsListener;

type Secure<C> = TungsteniteConnector<C, TlsConnector<C>>;

fn secure<C: Connect + Clone>(dialler: C) -> Secure<C> {
    let tls = TlsConnector::from_config(dialler.clone(), Ca::trusted().tls().config().clone());
    TungsteniteConnector::new(dialler).with_tls(tls)
}

mod on_tokio {
    use super::{Secure, Subject, TlsListener, TokioConnector, secure};

    struct Tokio;

    impl Subject for Tokio {
        type Connector = Secure<TokioConnector>;
        type Listener = TlsListener;

        fn connector() -> Self::Connector {
            secure(TokioConnector::new())
        }

        fn block_on<F: Future>(promise: F) -> F::Output {
            tokio::runtime::Runtime::new().unwrap().block_on(promise)
        }

        fn spawn(task: impl Future<Output = ()> + Send + 'static) {
            tokio::spawn(task);
        }
    }

    wirescript_conformance::websocket_promises!(Tokio);
}

mod on_smol {
    use super::{Secure, SmolConnector, Subject, TlsListener, secure};

    struct Smol;

    impl Subject for Smol {
        type Connector = Secure<SmolConnector>;
        type Listener = TlsListener;

        fn connector() -> Self::Connector {
            secure(SmolConnector::new())
        }

        fn block_on<F: Future>(promise: F) -> F::Output {
            smol::block_on(promise)
        }

        fn spawn(task: impl Future<Output = ()> + Send + 'static) {
            smol::spawn(task).detach();
        }
    }

    wirescript_conformance::websocket_promises!(Smol);
}

mod on_async_std {
    use super::{AsyncStdConnector, Secure, Subject, TlsListener, secure};

    struct AsyncStd;

    impl Subject for AsyncStd {
        type Connector = Secure<AsyncStdConnector>;
        type Listener = TlsListener;

        fn connector() -> Self::Connector {
            secure(AsyncStdConnector::new())
        }

        fn block_on<F: Future>(promise: F) -> F::Output {
            async_std::task::block_on(promise)
        }

        fn spawn(task: impl Future<Output = ()> + Send + 'static) {
            async_std::task::spawn(task);
        }
    }

    wirescript_conformance::websocket_promises!(AsyncStd);
}
