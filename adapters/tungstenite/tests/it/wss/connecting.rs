//! Whom a client trusts, whom it shows what, and what it knows of the connection then.

use std::io::{ErrorKind, Read};
use std::net::TcpListener;

use wirescript::websocket::{HandshakeError, Message, WebSocketError, WebSocketRequest};
use wirescript::{WebSocketConnect, WebSocketExt, WebSocketTransport};
use wirescript_rustls::TlsError;
use wirescript_rustls::rustls::CertificateError::{
    NotValidForName, NotValidForNameContext, UnknownIssuer,
};
use wirescript_rustls::rustls::version::{TLS12, TLS13};
use wirescript_rustls::rustls::{AlertDescription, Error};

use super::ca::{Ca, HOST};
use super::server::{Server, echo, end};
use super::{Net, on_every_net, trusting};

/// Enough for many records.
const MUCH: usize = 1 << 20;

on_every_net! {
    messages_go_both_ways_under_both_versions_of_tls
    a_request_that_is_not_to_be_encrypted_is_not
    a_certificate_of_an_unknown_ca_is_refused
    a_certificate_for_another_host_is_refused
    without_tls_nothing_is_dialled
    a_server_that_asks_for_a_certificate_gets_ours
    a_server_that_gets_no_certificate_says_so
    the_protocol_that_both_know_is_agreed_on
    a_server_that_knows_no_protocol_of_ours_says_so
    a_server_that_ends_within_the_handshake_has_not_answered
}

async fn messages_go_both_ways_under_both_versions_of_tls(net: Net) {
    for version in [&TLS12, &TLS13] {
        let config = Ca::trusted().server(HOST).config_of(&[version], None);
        let server = Server::new(config, echo);
        let mut socket = trusting(net).connect(&server.request).await.unwrap();
        let info = socket.handshake().info().clone();
        assert!(info.is_secure());
        assert_eq!(info.peer_addr().unwrap().port(), server.request.endpoint().port());

        let much: Vec<u8> = (0..MUCH).map(|i| (i % 251) as u8).collect();
        for message in [Message::text("hello"), Message::binary(much), Message::text("")] {
            socket.send_message(message.clone()).await.unwrap();
            assert_eq!(socket.recv().await.unwrap(), Some(message));
        }
        socket.disconnect(1000, "done").await.unwrap();
        let heard = server.outcome().unwrap();
        assert_eq!(heard.len(), 4);
        let tungstenite::Message::Close(Some(close)) = &heard[3] else { panic!("{:?}", heard[3]) };
        assert_eq!((u16::from(close.code), &*close.reason), (1000, "done"));
    }
}

async fn a_request_that_is_not_to_be_encrypted_is_not(net: Net) {
    let listener = TcpListener::bind((HOST, 0)).unwrap();
    let request = format!("ws://{}/", listener.local_addr().unwrap());
    let request = WebSocketRequest::new(request).unwrap();
    let serving = std::thread::spawn(move || {
        let mut socket = tungstenite::accept(listener.accept().unwrap().0).unwrap();
        socket.read().unwrap()
    });
    let mut socket = trusting(net).connect(&request).await.unwrap();
    assert!(!socket.handshake().info().is_secure());
    socket.send_text("hello").await.unwrap();
    assert_eq!(serving.join().unwrap(), tungstenite::Message::text("hello"));
}

/// Why TLS did not come about.
#[track_caller]
fn reason<W>(connected: Result<W, WebSocketError>) -> Error {
    let Err(WebSocketError::Io(error)) = connected.map(drop) else {
        panic!("it should have failed below the WebSocket")
    };
    assert_eq!(error.kind(), ErrorKind::InvalidData, "{error:?}");
    TlsError::behind(&error).expect("it says why").reason().clone()
}

async fn a_certificate_of_an_unknown_ca_is_refused(net: Net) {
    let server = Server::new(Ca::stranger().server(HOST).config(), |_| ());
    let reason = reason(trusting(net).connect(&server.request).await);
    assert_eq!(reason, Error::InvalidCertificate(UnknownIssuer));
    assert_eq!(server.outcome().unwrap_err(), "received fatal alert: UnknownCA");
}

async fn a_certificate_for_another_host_is_refused(net: Net) {
    let server = Server::new(Ca::trusted().server("other.test").config(), |_| ());
    let reason = reason(trusting(net).connect(&server.request).await);
    let is_for_another = matches!(
        &reason,
        Error::InvalidCertificate(NotValidForName | NotValidForNameContext { .. })
    );
    assert!(is_for_another, "{reason:?}");
    assert_eq!(server.outcome().unwrap_err(), "received fatal alert: BadCertificate");
}

async fn without_tls_nothing_is_dialled(net: Net) {
    let listener = TcpListener::bind((HOST, 0)).unwrap();
    listener.set_nonblocking(true).unwrap();
    let request = format!("wss://{}/rooms/7", listener.local_addr().unwrap());
    let request = WebSocketRequest::new(&request).unwrap();
    let error = net(None).connect(&request).await.map(drop).unwrap_err();
    assert!(matches!(error, WebSocketError::InvalidRequest(_)), "{error:?}");
    let text = format!(
        "`{}` is to be encrypted, and this connector knows no TLS: give it one that does",
        request.uri()
    );
    assert_eq!(error.to_string(), text);
    assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
}

async fn a_server_that_asks_for_a_certificate_gets_ours(net: Net) {
    let client = Ca::trusted().client();
    let tls = Ca::trusted().tls().with_client_cert_pem(&client.certificate, &client.key).unwrap();
    for version in [&TLS12, &TLS13] {
        let config = Ca::trusted().server(HOST).config_of(&[version], Some(Ca::trusted()));
        let server = Server::new(config, |socket| {
            echo(socket);
            socket.get_ref().conn.peer_certificates().unwrap().len()
        });
        let mut socket = net(Some(tls.clone())).connect(&server.request).await.unwrap();
        socket.send_text("hello").await.unwrap();
        assert_eq!(socket.recv().await.unwrap(), Some(Message::text("hello")));
        socket.disconnect(1000, "").await.unwrap();
        assert_eq!(server.outcome().unwrap(), 1);
    }
}

/// With TLS 1.3 it says so after the handshake of TLS, in place of an answer to the request.
async fn a_server_that_gets_no_certificate_says_so(net: Net) {
    for version in [&TLS12, &TLS13] {
        let config = Ca::trusted().server(HOST).config_of(&[version], Some(Ca::trusted()));
        let server = Server::new(config, |_| ());
        let reason = reason(trusting(net).connect(&server.request).await);
        assert_eq!(reason, Error::AlertReceived(AlertDescription::CertificateRequired));
        server.outcome().unwrap_err();
    }
}

async fn the_protocol_that_both_know_is_agreed_on(net: Net) {
    let mut config = Ca::trusted().server(HOST).config();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let server = Server::new(config, echo);
    let tls = Ca::trusted().tls().with_alpn(["http/1.1"]);
    let socket = net(Some(tls)).connect(&server.request).await.unwrap();
    assert_eq!(socket.handshake().info().alpn(), Some(&b"http/1.1"[..]));
    socket.disconnect(1000, "").await.unwrap();
    server.outcome().unwrap();
}

async fn a_server_that_knows_no_protocol_of_ours_says_so(net: Net) {
    let mut config = Ca::trusted().server(HOST).config();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let server = Server::new(config, |_| ());
    let tls = Ca::trusted().tls().with_alpn(["http/1.1"]);
    let reason = reason(net(Some(tls)).connect(&server.request).await);
    assert_eq!(reason, Error::AlertReceived(AlertDescription::NoApplicationProtocol));
    server.outcome().unwrap_err();
}

/// With a close_notify or without, it is the same to a handshake.
async fn a_server_that_ends_within_the_handshake_has_not_answered(net: Net) {
    for is_notified in [true, false] {
        let config = Ca::trusted().server(HOST).config();
        let server = Server::of_bytes(config, move |mut stream| {
            // All of the request, so that nobody is reset.
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                request.extend(byte);
            }
            if is_notified {
                end(&mut stream);
            }
            Ok(())
        });
        match trusting(net).connect(&server.request).await.map(drop) {
            Err(WebSocketError::Handshake(error)) => assert_eq!(error, HandshakeError::Incomplete),
            other => panic!("{other:?}, is_notified: {is_notified}"),
        }
        server.outcome().unwrap();
    }
}
