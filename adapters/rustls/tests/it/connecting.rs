//! What is known before and after dialling, and what becomes of the connector below.

use std::io::{self, ErrorKind};
use std::task::Poll;

use futures::FutureExt as _;
use wirescript::{
    AsyncSocket, AsyncSocketExt, Connect, Endpoint, InvalidEndpoint, Verifier, blocking, matching,
};
use wirescript_rustls::rustls::{ServerConnection, StreamOwned};
use wirescript_rustls::{TlsConnector, TlsSocket};
use wirescript_smol::SmolConnector;

use crate::support::{Both, Ca, Identity, SERVER, echo, serve, server_name};

#[test]
fn a_connection_is_secure_and_has_the_addresses_of_both_ends() {
    let net = Ca::trusted().connector(Both).with_server_name(server_name());
    for is_blocking in [false, true] {
        let (to, serving) = serve(Identity::trusted_server().config(), |mut stream| {
            let addr = stream.sock.peer_addr()?;
            echo(&mut stream).map(|()| addr)
        });
        let info = if is_blocking {
            let mut socket = blocking::Connect::connect(&net, &to).unwrap();
            blocking::Socket::shutdown(&mut socket).unwrap();
            assert_eq!(blocking::SocketExt::recv_to_end(&mut socket, 8).unwrap(), b"");
            blocking::Socket::info(&socket).clone()
        } else {
            smol::block_on(async {
                let mut socket = Connect::connect(&net, &to).await.unwrap();
                socket.shutdown().await.unwrap();
                assert_eq!(socket.recv_to_end(8).await.unwrap(), b"");
                socket.info().clone()
            })
        };
        assert!(info.is_secure());
        assert_eq!(info.peer_addr().map(Endpoint::from), Some(to));
        assert_eq!(info.local_addr(), Some(serving.join().unwrap().unwrap()));
        assert_eq!(info.alpn(), None);
    }
}

/// The double below has no session: a connect that came to it would be a violation.
#[test]
fn what_cannot_be_verified_is_refused_before_anybody_dials() {
    let verifier = Verifier::new();
    let net = Ca::trusted().connector(verifier.socket());
    let refused = |to: &Endpoint| {
        let error = smol::block_on(Connect::connect(&net, to)).unwrap_err();
        let blocking = blocking::Connect::connect(&net, to).unwrap_err();
        assert_eq!(blocking.to_string(), error.to_string());
        assert_eq!(blocking.kind(), error.kind());
        error
    };

    for host in ["a..b", "-x", "*.test", &"x".repeat(64), "fe80::1%eth0"] {
        let error = refused(&Endpoint::new(host, 443));
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        let text = format!("`{host}` is no name that a certificate could be for");
        assert_eq!(error.to_string(), text);
    }
    let error = refused(&Endpoint::new("a b", 443));
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.get_ref().unwrap().is::<InvalidEndpoint>(), "{error:?}");

    let error = refused(&Endpoint::unix("/run/db.sock"));
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert_eq!(
        error.to_string(),
        "`unix:/run/db.sock` has no name that a certificate could be for, and none is set"
    );
    verifier.verify();
}

#[test]
fn a_path_is_dialled_where_a_name_is_set() {
    let verifier = Verifier::new();
    let net = Ca::trusted().connector(verifier.socket()).with_server_name(server_name());
    let to = Endpoint::unix("/run/db.sock");
    let session = verifier.socket().new_session().expect_connect(to.clone());
    session.raises(ErrorKind::ConnectionRefused);
    let error = smol::block_on(Connect::connect(&net, &to)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    verifier.verify();
}

#[test]
fn s1_the_connector_below_is_called_when_this_one_is() {
    let verifier = Verifier::new();
    let below = verifier.socket();
    below.new_session().expect_connect("first:1").raises(ErrorKind::ConnectionRefused);
    below.new_session().expect_connect("second:2").raises(ErrorKind::HostUnreachable);
    let net = Ca::trusted().connector(below).boxed();

    let (first, second) = (Endpoint::new("first", 1), Endpoint::new("second", 2));
    let (first, second) = (net.connect(&first), net.connect(&second));
    smol::block_on(async {
        assert_eq!(second.await.unwrap_err().kind(), ErrorKind::HostUnreachable);
        assert_eq!(first.await.unwrap_err().kind(), ErrorKind::ConnectionRefused);
    });
    verifier.verify();
}

#[test]
fn a_connection_that_is_given_up_half_made_is_closed() {
    let verifier = Verifier::new();
    let below = verifier.socket();
    below
        .new_session()
        .expect_connect((SERVER, 443))
        .expect_send_all(matching("a ClientHello", |sent: &[u8]| sent.starts_with(b"\x16\x03")))
        .expect_close();
    let net = Ca::trusted().connector(below);
    let to = Endpoint::new(SERVER, 443);
    let mut connecting = net.connect(&to);
    assert!(smol::block_on(async { futures::poll!(&mut connecting) }).is_pending());
    drop(connecting);
    verifier.verify();
}

#[test]
fn connectors_in_boxes_connect_too() {
    let inner = SmolConnector::new().boxed();
    let net = Ca::trusted().connector(inner).with_server_name(server_name()).boxed();
    let (to, serving) = serve(Identity::trusted_server().config(), |mut stream| echo(&mut stream));
    smol::block_on(async {
        let mut socket = net.connect(&to).await?;
        assert!(socket.is_write_vectored());
        assert!(socket.info().is_secure());
        socket.shutdown().await?;
        assert_eq!(socket.recv_to_end(8).await?, b"");
        io::Result::Ok(())
    })
    .unwrap();
    serving.join().unwrap().unwrap();
}

/// As through a proxy that speaks TLS itself.
#[test]
fn tls_is_spoken_over_tls() -> io::Result<()> {
    let mut outer = Identity::trusted_server().config();
    outer.alpn_protocols = vec![b"proxy".to_vec()];
    let (to, serving) = serve(outer, |stream| {
        let inner = ServerConnection::new(Identity::trusted_server().config().into()).unwrap();
        let mut stream = StreamOwned::new(inner, stream);
        io::Read::read_to_end(&mut stream, &mut Vec::new())
    });
    let proxy = Ca::trusted().connector(SmolConnector::new()).with_server_name(server_name());
    let net = TlsConnector::from_config(proxy.clone().with_alpn(["proxy"]), proxy.config().clone());
    smol::block_on(async {
        let mut socket = net.with_server_name(server_name()).connect(&to).await?;
        assert_eq!(socket.get_ref().info().alpn(), Some(&b"proxy"[..]));
        assert_eq!(socket.info().alpn(), None);
        assert_eq!(socket.info().peer_addr().map(Endpoint::from), Some(to));
        socket.send_all(b"hello").await?;
        socket.shutdown().await
    })?;
    assert_eq!(serving.join().unwrap()?, 5);
    Ok(())
}

#[test]
fn a_connection_that_is_there_is_secured() -> io::Result<()> {
    let (to, serving) = serve(Identity::trusted_server().config(), |mut stream| echo(&mut stream));
    let config = Ca::trusted().connector(()).config().clone();
    smol::block_on(async {
        let socket = SmolConnector::new().connect(&to).await?;
        let mut socket = TlsSocket::handshake(socket, config, server_name()).await?;
        socket.shutdown().await?;
        assert_eq!(socket.recv(&mut [0; 8]).await?, 0);
        assert!(matches!(socket.recv(&mut [0; 8]).now_or_never(), Some(Ok(0))));
        let _: <SmolConnector as Connect>::Socket = socket.into_inner();
        Ok::<_, io::Error>(())
    })?;
    serving.join().unwrap()
}

#[test]
fn sockets_and_connectors_go_from_thread_to_thread() {
    fn check<T: Send + Sync + 'static>() {}
    check::<TlsConnector<SmolConnector>>();
    check::<TlsSocket<<SmolConnector as Connect>::Socket>>();
    check::<wirescript_rustls::blocking::TlsSocket<blocking::StdSocket>>();
    check::<Poll<wirescript_rustls::TlsError>>();
}
