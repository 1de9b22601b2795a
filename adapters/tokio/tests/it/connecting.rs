//! Ways in which a connection is opened, or is not.

use std::io::ErrorKind;
use std::net::Ipv6Addr;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket};
use tokio::time::timeout;
use wirescript::{
    AsyncSocket, AsyncSocketExt, Connect, Endpoint, ErrorClass, InvalidEndpoint, classify,
};
use wirescript_tokio::TokioConnector;

use crate::support::{pair, reset, reset_arrived};

#[tokio::test]
async fn the_addresses_of_both_ends_are_known() {
    let (socket, peer) = pair().await;
    assert_eq!(socket.info().peer_addr(), Some(peer.local_addr().unwrap()));
    assert_eq!(socket.info().local_addr(), Some(peer.peer_addr().unwrap()));
    assert!(!socket.info().is_secure());
}

#[tokio::test]
async fn the_addresses_are_known_even_after_a_reset() {
    let (socket, peer) = pair().await;
    let (ours, theirs) = (peer.peer_addr().unwrap(), peer.local_addr().unwrap());
    reset(peer);
    reset_arrived(&socket).await;
    assert_eq!(socket.info().peer_addr(), Some(theirs));
    assert_eq!(socket.info().local_addr(), Some(ours));
}

#[tokio::test]
async fn a_name_is_looked_up_and_its_addresses_tried() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = listener.local_addr().unwrap();
    // It may have ::1 as well, and first: nobody listens there.
    let to = Endpoint::new("localhost", server.port());
    let socket = TokioConnector::new().connect(&to).await.unwrap();
    assert_eq!(socket.info().peer_addr(), Some(server));
}

#[tokio::test]
async fn an_ipv6_address_is_dialled() {
    let Ok(listener) = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).await else {
        return; // A system without IPv6.
    };
    let server = listener.local_addr().unwrap();
    let socket = TokioConnector::new().connect(&server.into()).await.unwrap();
    assert_eq!(socket.info().peer_addr(), Some(server));
}

#[tokio::test]
async fn nodelay_is_as_it_was_asked_for() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let to = Endpoint::from(listener.local_addr().unwrap());
    for (net, expected) in [
        (TokioConnector::new(), false),
        (TokioConnector::new().with_nodelay(true), true),
        (TokioConnector::new().with_nodelay(true).with_nodelay(false), false),
    ] {
        let socket = net.clone().connect(&to).await.unwrap();
        assert_eq!(socket.get_ref().nodelay().unwrap(), expected, "{net:?}");
    }
}

#[tokio::test]
async fn a_boxed_connector_connects_and_keeps_the_info() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = listener.local_addr().unwrap();
    let socket = TokioConnector::new().boxed().connect(&server.into()).await.unwrap();
    assert_eq!(socket.info().peer_addr(), Some(server));
    assert!(socket.is_write_vectored());
}

#[tokio::test]
async fn c9_nobody_listening_is_refused() {
    // Bound, so that nobody else gets the port, and never listening.
    let held = TcpSocket::new_v4().unwrap();
    held.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let to = Endpoint::from(held.local_addr().unwrap());
    let error = TokioConnector::new().connect(&to).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    assert_eq!(classify(&error), ErrorClass::Refused);
    assert!(error.raw_os_error().is_some());
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn c9_port_zero_is_refused() {
    let error = TokioConnector::new().connect(&Endpoint::new("127.0.0.1", 0)).await.unwrap_err();
    assert_eq!(classify(&error), ErrorClass::Refused);
}

#[tokio::test]
async fn c9_a_name_that_does_not_resolve_is_unresolvable() {
    // A label has at most 63 bytes (RFC 1035 section 2.3.4): no resolver asks anybody.
    let to = Endpoint::new("x".repeat(64), 80);
    let error = TokioConnector::new().connect(&to).await.unwrap_err();
    assert_eq!(classify(&error), ErrorClass::Unresolvable, "{error:?}");
}

#[tokio::test]
async fn an_endpoint_that_cannot_be_is_invalid_input() {
    for host in ["", "a b", "a\n", &"x".repeat(254)] {
        let error = TokioConnector::new().connect(&Endpoint::new(host, 80)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{host:?}");
        assert!(error.get_ref().unwrap().is::<InvalidEndpoint>(), "{error:?}");
    }
}

/// The kernel drops the SYN of a connection for which the backlog has no room.
#[cfg(target_os = "linux")]
#[tokio::test(start_paused = true)]
async fn c7_a_connect_that_nobody_answers_waits_until_the_caller_gives_it_up() {
    let listening = TcpSocket::new_v4().unwrap();
    listening.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let listener = listening.listen(1).unwrap();
    let to = Endpoint::from(listener.local_addr().unwrap());
    let net = TokioConnector::new();

    let attempts = (0..8).map(|_| timeout(Duration::from_secs(3600), net.connect(&to)));
    let mut given_up = 0;
    for attempt in futures::future::join_all(attempts).await {
        if let Err(elapsed) = attempt.map(Result::unwrap) {
            assert_eq!(classify(&elapsed.into()), ErrorClass::TimedOut);
            given_up += 1;
        }
    }
    assert!(given_up > 0);
}

#[tokio::test]
async fn c9_a_peer_that_resets_at_once_is_a_reset_wherever_it_is_noticed() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = listener.local_addr().unwrap();
    let (net, to) = (TokioConnector::new(), Endpoint::from(server));
    let (connected, ()) =
        tokio::join!(net.connect(&to), async { reset(listener.accept().await.unwrap().0) });
    let error = match connected {
        Ok(mut socket) => {
            assert_eq!(socket.info().peer_addr(), Some(server));
            socket.recv(&mut [0; 8]).await.unwrap_err()
        }
        Err(error) => error,
    };
    assert_eq!(classify(&error), ErrorClass::Reset, "{error:?}");
}
