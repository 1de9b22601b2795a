//! `wss`: a WebSocket over TLS over the sockets of every runtime, and for clients that block.
//!
//! Where a server has its part in TLS, each test is a body over a connector, and is run with all of
//! them. `promises.rs` has the promises, whose peers stand behind a proxy that speaks TLS.

mod ca;
mod connecting;
mod ends;
mod promises;
mod proxy;
mod server;

use wirescript::blocking::StdConnector;
use wirescript::websocket::BoxWebSocketConnector;
use wirescript::{Connect, WebSocketConnect};
use wirescript_conformance::websocket::InPoll;
use wirescript_rustls::TlsConnector;
use wirescript_tungstenite::{TungsteniteConnector, blocking};

/// Makes a connector that speaks `wss` as it is told, or not at all.
type Net = fn(Option<TlsConnector<()>>) -> BoxWebSocketConnector;

/// A client that trusts the CA of the tests.
fn trusting(net: Net) -> BoxWebSocketConnector {
    net(Some(ca::Ca::trusted().tls()))
}

fn over<C: Connect + Clone + 'static>(
    dialler: C,
    tls: Option<TlsConnector<()>>,
) -> BoxWebSocketConnector {
    let plain = TungsteniteConnector::new(dialler.clone());
    match tls {
        None => plain.boxed(),
        Some(tls) => {
            let tls = TlsConnector::from_config(dialler, tls.config().clone());
            plain.with_tls(tls).boxed()
        }
    }
}

fn that_blocks(tls: Option<TlsConnector<()>>) -> BoxWebSocketConnector {
    let plain = blocking::TungsteniteConnector::new(StdConnector::new());
    match tls {
        None => InPoll::new(plain).boxed(),
        Some(tls) => {
            let tls = TlsConnector::from_config(StdConnector::new(), tls.config().clone());
            InPoll::new(plain.with_tls(tls)).boxed()
        }
    }
}

/// Makes tests of bodies that take a [`Net`]: one for each runtime, and one for clients that block.
macro_rules! on_every_net {
    ($($body:ident)+) => {
        mod on_tokio {
            $(#[test]
            fn $body() {
                wirescript_conformance::check(|| {
                    let net = |tls| $crate::wss::over(wirescript_tokio::TokioConnector::new(), tls);
                    tokio::runtime::Runtime::new().unwrap().block_on(super::$body(net));
                });
            })+
        }

        mod on_smol {
            $(#[test]
            fn $body() {
                wirescript_conformance::check(|| {
                    let net = |tls| $crate::wss::over(wirescript_smol::SmolConnector::new(), tls);
                    smol::block_on(super::$body(net));
                });
            })+
        }

        mod on_async_std {
            $(#[test]
            fn $body() {
                wirescript_conformance::check(|| {
                    let net =
                        |tls| $crate::wss::over(wirescript_async_std::AsyncStdConnector::new(), tls);
                    async_std::task::block_on(super::$body(net));
                });
            })+
        }

        mod that_blocks {
            $(#[test]
            fn $body() {
                wirescript_conformance::check(|| {
                    futures::executor::block_on(super::$body($crate::wss::that_blocks));
                });
            })+
        }
    };
}
use on_every_net;
