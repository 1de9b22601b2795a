//! What only this adapter's own sockets can be asked.

use async_std::net::TcpListener;
use wirescript::{Connect, Endpoint};
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
            assert_eq!(socket.get_ref().nodelay().unwrap(), expected, "{net:?}");
        }
    });
}

#[test]
fn a_path_is_refused_as_everywhere_where_only_hosts_are_dialled() {
    let to = Endpoint::unix("/run/nobody.sock");
    let refused = async_std::task::block_on(AsyncStdConnector::new().connect(&to)).unwrap_err();
    let expected = std::io::Error::from(to.host_and_port().unwrap_err());
    assert_eq!((refused.kind(), refused.to_string()), (expected.kind(), expected.to_string()));
}
