//! The promises that every adapter keeps, under TLS on three runtimes.

use wirescript::Connect;
use wirescript_async_std::AsyncStdConnector;
use wirescript_conformance::{Socket, Subject};
use wirescript_rustls::TlsConnector;
use wirescript_smol::SmolConnector;
use wirescript_tokio::TokioConnector;

use crate::support::{Ca, TlsPeers, server_name};

macro_rules! stamped {
    ($($module:ident: $subject:ident;)+) => {
        $(mod $module {
            use super::$subject;

            wirescript_conformance::promises!($subject, except {
                connecting::the_addresses_of_both_ends_are_known:
                    "it wants a connection that is not secure; `connecting.rs` has the rest of it",
                connecting::a_name_is_looked_up_and_its_addresses_tried:
                    "its peer is a plain socket, which nobody agrees on TLS with; looking up is \
                     the business of the connector below",
                stream::c3_an_empty_buffer_gives_zero_at_once:
                    "it shuts down while the peer does not read, which waits until there is room \
                     for a close_notify; `ends.rs` has the rest of it",
            });
        })+
    };
}

stamped! {
    on_tokio: Tokio;
    on_smol: Smol;
    on_async_std: AsyncStd;
}

/// The peers of the promises are addresses; the certificate is for a name.
fn tls<C: Connect>(inner: C) -> TlsConnector<C> {
    Ca::trusted().connector(inner).with_server_name(server_name())
}

struct Tokio;

impl Subject for Tokio {
    type Connector = TlsConnector<TokioConnector>;
    type Listener = TlsPeers;

    fn connector() -> Self::Connector {
        tls(TokioConnector::new())
    }

    fn block_on<F: Future>(promise: F) -> F::Output {
        tokio::runtime::Runtime::new().unwrap().block_on(promise)
    }

    fn spawn(task: impl Future<Output = ()> + Send + 'static) {
        tokio::spawn(task);
    }

    fn is_connected(socket: &Socket<Self>) -> bool {
        let stream = socket.get_ref().get_ref();
        stream.as_tcp().is_some_and(|stream| stream.peer_addr().is_ok())
    }
}

struct Smol;

impl Subject for Smol {
    type Connector = TlsConnector<SmolConnector>;
    type Listener = TlsPeers;

    fn connector() -> Self::Connector {
        tls(SmolConnector::new())
    }

    fn block_on<F: Future>(promise: F) -> F::Output {
        smol::block_on(promise)
    }

    fn spawn(task: impl Future<Output = ()> + Send + 'static) {
        smol::spawn(task).detach();
    }

    fn is_connected(socket: &Socket<Self>) -> bool {
        let stream = socket.get_ref().get_ref();
        stream.as_tcp().is_some_and(|stream| stream.peer_addr().is_ok())
    }
}

struct AsyncStd;

impl Subject for AsyncStd {
    type Connector = TlsConnector<AsyncStdConnector>;
    type Listener = TlsPeers;

    fn connector() -> Self::Connector {
        tls(AsyncStdConnector::new())
    }

    fn block_on<F: Future>(promise: F) -> F::Output {
        async_std::task::block_on(promise)
    }

    fn spawn(task: impl Future<Output = ()> + Send + 'static) {
        async_std::task::spawn(task);
    }

    fn is_connected(socket: &Socket<Self>) -> bool {
        let stream = socket.get_ref().get_ref();
        stream.as_tcp().is_some_and(|stream| stream.peer_addr().is_ok())
    }
}
