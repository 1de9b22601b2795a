//! What only this adapter's own sockets can be asked.

use async_std::net::TcpListener;
use wirescript::{AsyncSocket, Connect, Endpoint};
use wirescript_async_std::AsyncStdConnector;

#[test]
fn nodelay_is_as_it_was_asked_for() {
    async_std::task::block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let to = Endpoint::from(listener.local_addr().unwrap());
        for (net, expected) in [
            (AsyncStdConnector::new(), false),
            (AsyncStdConnector::new().with_nodelay(true), true),
            (AsyncStdConnector::new().with_nodelay(true).with_nodelay(false), false),
        ] {
            let socket = net.clone().connect(&to).await.unwrap();
            assert_eq!(socket.get_ref().as_tcp().unwrap().nodelay().unwrap(), expected, "{net:?}");
        }
    });
}

/// The kernel takes loopback for the unspecified address.
#[cfg(target_os = "linux")]
#[test]
fn the_unspecified_address_leads_to_one_that_is_known() {
    async_std::task::block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = listener.local_addr().unwrap();
        let to = Endpoint::new("0.0.0.0", server.port());
        let socket = AsyncStdConnector::new().connect(&to).await.unwrap();
        let (_peer, addr) = listener.accept().await.unwrap();
        assert_eq!(socket.info().peer_addr(), Some(server));
        assert_eq!(socket.info().local_addr(), Some(addr));
    });
}
