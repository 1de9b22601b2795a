//! What the connector does before there is a WebSocket, and what it makes of one.

use std::io::ErrorKind;

use futures::executor::block_on;
use wirescript::scripted::{Chunks, Fault};
use wirescript::websocket::{HandshakeError, Message, WebSocketError, WebSocketRequest};
use wirescript::{
    SocketInfo, Verifier, WebSocketConnect, WebSocketExt, WebSocketTransport, matching, until,
};
use wirescript_conformance::websocket::frames;
use wirescript_tungstenite::{MaybeTlsSocket, TungsteniteConnector, TungsteniteSocket};

fn request(uri: &str) -> WebSocketRequest {
    WebSocketRequest::new(uri).unwrap()
}

/// What a server answers to the request that it heard.
fn answer(request: &[u8]) -> String {
    let request = std::str::from_utf8(request).unwrap();
    let key = request.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "));
    frames::answer(key.unwrap().as_bytes(), None)
}

#[test]
fn the_call_takes_the_session_and_not_the_first_poll() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    for host in ["first:80", "second:80"] {
        net.new_session().expect_connect(host).raises(ErrorKind::ConnectionRefused);
    }
    let connector = TungsteniteConnector::new(net.clone());
    let (first, second) = (request("ws://first"), request("ws://second"));
    let (first, second) = (connector.connect(&first), connector.connect(&second));
    // Awaited the other way round, each still has the session that was its turn.
    assert!(matches!(block_on(second), Err(WebSocketError::Io(_))));
    assert!(matches!(block_on(first), Err(WebSocketError::Io(_))));
    verifier.verify();
}

#[test]
fn what_is_to_be_encrypted_is_refused_before_anybody_dials() {
    let verifier = Verifier::new();
    let connector = TungsteniteConnector::new(verifier.socket());
    let refused = block_on(connector.connect(&request("wss://a/b"))).unwrap_err();
    assert!(matches!(refused, WebSocketError::InvalidRequest(_)));
    assert_eq!(
        refused.to_string(),
        "`wss://a/b` is to be encrypted, and this connector knows no TLS: give it one that does"
    );
    verifier.verify();
}

#[test]
fn the_scheme_chooses_the_connector() {
    let verifier = Verifier::new();
    let (plain, tls) = (verifier.socket_named("plain"), verifier.socket_named("tls"));
    for (net, endpoint) in [(&plain, "a:80"), (&tls, "a:443")] {
        net.new_session()
            .expect_connect(endpoint)
            .expect_send_all(until("\r\n\r\n").capture("request"))
            .replies_with(|sent| answer(sent.capture("request")));
    }
    let connector = TungsteniteConnector::new(plain).with_tls(tls);
    let socket = block_on(connector.connect(&request("ws://a"))).unwrap();
    assert!(matches!(socket.get_ref(), MaybeTlsSocket::Plain(_)));
    let socket = block_on(connector.connect(&request("wss://a"))).unwrap();
    assert!(matches!(socket.get_ref(), MaybeTlsSocket::Tls(_)));
    drop(socket);
    verifier.verify();
}

#[test]
fn the_error_of_the_connector_below_is_told() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    net.new_session().expect_connect("a:80").raises(Fault::refused());
    let refused = block_on(TungsteniteConnector::new(net).connect(&request("ws://a")));
    match refused {
        Err(WebSocketError::Io(error)) => assert_eq!(error.kind(), ErrorKind::ConnectionRefused),
        other => panic!("{other:?}"),
    }
    verifier.verify();
}

/// What comes of a request that is answered with `bytes`, and then the end, bytewise and whole.
#[track_caller]
fn check_answer(bytes: &[u8], expected: &str) {
    for chunks in [Chunks::Whole, Chunks::Bytewise] {
        let verifier = Verifier::builder().chunks(chunks).build();
        let script = verifier.socket().new_session();
        let script = script.expect_send_all(
            until("\r\n\r\n")
                .matching("a request", |sent| sent.starts_with(b"GET / HTTP/1.1\r\nHost: a\r\n")),
        );
        let socket = if bytes.is_empty() {
            script.expect_eof().into_socket()
        } else {
            script.expect_recv(bytes).optional().expect_eof().optional().into_socket()
        };
        let opened = block_on(TungsteniteSocket::client(socket, &request("ws://a")));
        assert_eq!(format!("{:?}", opened.map(drop).unwrap_err()), expected);
        verifier.verify();
    }
}

#[test]
fn an_answer_that_opens_nothing_is_an_error_before_there_is_a_websocket() {
    let error = |error: HandshakeError| format!("Handshake({error:?})");
    check_answer(b"", &error(HandshakeError::Incomplete));
    check_answer(b"HTTP/1.1 101 Swi", &error(HandshakeError::Incomplete));
    check_answer(b"HTTP/1.1 101 X\r\n\r\n", &error(HandshakeError::UpgradeMissing));
    check_answer(b"hello\r\n", &error(HandshakeError::Malformed));
}

#[test]
fn a_reset_within_the_body_of_a_refusal_does_not_hide_it() {
    let verifier = Verifier::new();
    let socket = verifier
        .socket()
        .new_session()
        .expect_send_all(until("\r\n\r\n").matching("a request", |_| true))
        .expect_recv("HTTP/1.1 403 Forbidden\r\nContent-Length: 100\r\n\r\nno")
        .expect_reset()
        .into_socket();
    match block_on(TungsteniteSocket::client(socket, &request("ws://a"))).map(drop) {
        Err(WebSocketError::Rejected(response)) => assert_eq!(&response.body()[..], b"no"),
        other => panic!("{other:?}"),
    }
    verifier.verify();
}

#[test]
fn a_reset_instead_of_an_answer_is_told() {
    let verifier = Verifier::new();
    let socket = verifier
        .socket()
        .new_session()
        .expect_send_all(until("\r\n\r\n").matching("a request", |_| true))
        .expect_reset()
        .into_socket();
    match block_on(TungsteniteSocket::client(socket, &request("ws://a"))).map(drop) {
        Err(WebSocketError::Io(error)) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
        other => panic!("{other:?}"),
    }
    verifier.verify();
}

#[test]
fn what_the_server_says_behind_its_answer_is_the_first_message() {
    let verifier = Verifier::new();
    let socket = verifier
        .socket()
        .new_session()
        .expect_send_all(until("\r\n\r\n").capture("request"))
        .replies_with(|sent| {
            let hello = frames::frame(0x81, b"hello");
            [answer(sent.capture("request")).as_bytes(), &hello, b"\x81\x05wor"].concat()
        })
        .expect_recv("ld")
        .into_socket();
    block_on(async {
        let mut socket = TungsteniteSocket::client(socket, &request("ws://a")).await.unwrap();
        assert_eq!(socket.recv().await.unwrap(), Some(Message::from("hello")));
        assert_eq!(socket.recv().await.unwrap(), Some(Message::from("world")));
        assert_eq!(socket.handshake().info(), &SocketInfo::new());
        let _socket = socket.into_inner();
    });
    verifier.verify();
}

#[test]
fn a_key_is_sent_that_is_sixteen_bytes_in_base64() {
    let verifier = Verifier::new();
    let is_key = |sent: &[u8]| {
        let head = std::str::from_utf8(sent).unwrap();
        let key = head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "));
        key.is_some_and(|key| key.len() == 24 && key.ends_with("=="))
    };
    let net = verifier.socket();
    net.new_session()
        .expect_connect("a:80")
        .expect_send_all(matching("a request with a key", is_key))
        .expect_eof();
    let opened = block_on(TungsteniteConnector::new(net).connect(&request("ws://a")));
    assert!(matches!(opened, Err(WebSocketError::Handshake(HandshakeError::Incomplete))));
    verifier.verify();
}
