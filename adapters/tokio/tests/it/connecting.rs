//! What only this adapter's own sockets can be asked, or only a clock that is paused can show.

use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket};
use tokio::time::timeout;
use wirescript::{AsyncSocket, Connect, Endpoint, ErrorClass, classify};
use wirescript_tokio::TokioConnector;

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
        assert_eq!(socket.get_ref().as_tcp().unwrap().nodelay().unwrap(), expected, "{net:?}");
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

/// The kernel takes loopback for the unspecified address.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_unspecified_address_leads_to_one_that_is_known() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = listener.local_addr().unwrap();
    let to = Endpoint::new("0.0.0.0", server.port());
    let socket = TokioConnector::new().connect(&to).await.unwrap();
    let (_peer, addr) = listener.accept().await.unwrap();
    assert_eq!(socket.info().peer_addr(), Some(server));
    assert_eq!(socket.info().local_addr(), Some(addr));
}
