//! Where the bodies run: a server, in the clear or under TLS, and what connects to it.

use std::sync::atomic::{AtomicUsize, Ordering};

use wirescript::blocking::StdConnector;
use wirescript::websocket::{BoxWebSocket, BoxWebSocketConnector, Message, WebSocketRequest};
use wirescript::{Connect, WebSocketConnect, WebSocketExt, WebSocketTransport};
use wirescript_conformance::websocket::InPoll;
use wirescript_rustls::TlsConnector;
use wirescript_tungstenite::{TungsteniteConnector, blocking};

use crate::servers::{self, Kind, Server};

/// Makes a connector with this TLS.
pub(crate) type Net = fn(TlsConnector<()>) -> BoxWebSocketConnector;

/// A server, and how to connect to it.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) kind: Kind,
    pub(crate) is_secure: bool,
    pub(crate) net: BoxWebSocketConnector,
    make: Net,
    server: &'static Server,
}

impl Place {
    /// The two places of a server, in the clear and under TLS; none, if it is not installed.
    pub(crate) fn all(kind: Kind, make: Net) -> Vec<Self> {
        let Some(server) = Server::of(kind) else { return Vec::new() };
        [false, true]
            .map(|is_secure| Self { kind, is_secure, net: make(servers::tls()), make, server })
            .into()
    }

    /// A request for a part of the server's.
    pub(crate) fn request(&self, path: &str) -> WebSocketRequest {
        WebSocketRequest::new(self.server.uri(self.is_secure, path)).unwrap()
    }

    /// A connector whose TLS is not that of [`net`](Self::net).
    pub(crate) fn net_with(&self, tls: TlsConnector<()>) -> BoxWebSocketConnector {
        (self.make)(tls)
    }

    /// A request for a part of the server's, which asks for a certificate of the client's.
    pub(crate) fn mutual_request(&self, path: &str) -> WebSocketRequest {
        WebSocketRequest::new(self.server.mutual_uri(path)).unwrap()
    }

    /// Connects to a part of the server's.
    pub(crate) async fn connect(&self, path: &str) -> BoxWebSocket {
        self.net.connect(&self.request(path)).await.unwrap()
    }

    /// Connects to a part of the server's, of which it can be asked afterwards.
    pub(crate) async fn connect_seen(&self, path: &str) -> (BoxWebSocket, Seen) {
        let (path, seen) = seen(path);
        (self.connect(&path).await, seen)
    }

    /// What the server saw of the end of a connection: the code, and the reason. 1005 is a close
    /// without a code, 1006 is none.
    pub(crate) async fn saw(&self, Seen(id): Seen) -> String {
        let mut socket = self.connect(&format!("seen?of={id}")).await;
        let saw = next(&mut socket).await;
        socket.disconnect(1000, "").await.unwrap();
        saw.as_text().expect("it is a text").to_owned()
    }
}

/// A connection of which the server can be asked.
pub(crate) struct Seen(usize);

/// A path with a name that no other connection has.
pub(crate) fn seen(path: &str) -> (String, Seen) {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let id = COUNT.fetch_add(1, Ordering::Relaxed);
    let separator = if path.contains('?') { '&' } else { '?' };
    (format!("{path}{separator}id={id}"), Seen(id))
}

/// The next message, of which there has to be one.
pub(crate) async fn next<W: WebSocketTransport>(socket: &mut W) -> Message {
    socket.recv().await.unwrap().expect("the connection has not ended")
}

/// The adapter over `dialler`, which knows TLS.
pub(crate) fn over<C: Connect + Clone + 'static>(
    dialler: C,
    tls: TlsConnector<()>,
) -> BoxWebSocketConnector {
    let tls = TlsConnector::from_config(dialler.clone(), tls.config().clone());
    TungsteniteConnector::new(dialler).with_tls(tls).boxed()
}

/// Its blocking twin over the standard library's sockets.
pub(crate) fn that_blocks(tls: TlsConnector<()>) -> BoxWebSocketConnector {
    let tls = TlsConnector::from_config(StdConnector::new(), tls.config().clone());
    let net = blocking::TungsteniteConnector::new(StdConnector::new()).with_tls(tls);
    InPoll::new(net).boxed()
}

/// Makes tests of bodies that take a [`Place`]: at all places.
macro_rules! everywhere {
    ($($body:ident)+) => {
        mod python {
            $crate::places::on_every_net! { Python; $($body)+ }
        }
        mod node {
            $crate::places::on_every_net! { Node; $($body)+ }
        }
    };
}
pub(crate) use everywhere;

/// One test for each body and kind of client.
macro_rules! on_every_net {
    ($kind:ident; $($body:ident)+) => {
        mod on_tokio {
            $(#[test]
            fn $body() {
                wirescript_conformance::check(|| {
                    let net = |tls| $crate::places::over(wirescript_tokio::TokioConnector::new(), tls);
                    for place in $crate::places::Place::all($crate::servers::Kind::$kind, net) {
                        tokio::runtime::Runtime::new().unwrap().block_on(super::super::$body(place));
                    }
                });
            })+
        }

        mod on_smol {
            $(#[test]
            fn $body() {
                wirescript_conformance::check(|| {
                    let net = |tls| $crate::places::over(wirescript_smol::SmolConnector::new(), tls);
                    for place in $crate::places::Place::all($crate::servers::Kind::$kind, net) {
                        smol::block_on(super::super::$body(place));
                    }
                });
            })+
        }

        mod on_async_std {
            $(#[test]
            fn $body() {
                wirescript_conformance::check(|| {
                    let net = |tls| {
                        $crate::places::over(wirescript_async_std::AsyncStdConnector::new(), tls)
                    };
                    for place in $crate::places::Place::all($crate::servers::Kind::$kind, net) {
                        async_std::task::block_on(super::super::$body(place));
                    }
                });
            })+
        }

        mod that_blocks {
            $(#[test]
            fn $body() {
                wirescript_conformance::check(|| {
                    let net = $crate::places::that_blocks;
                    for place in $crate::places::Place::all($crate::servers::Kind::$kind, net) {
                        futures::executor::block_on(super::super::$body(place));
                    }
                });
            })+
        }
    };
}
pub(crate) use on_every_net;
