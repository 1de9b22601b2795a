//! What a server hears of a request, and what it answers.

use wirescript::websocket::{HandshakeError, WebSocketError};
use wirescript::{WebSocketConnect, WebSocketExt};
use wirescript_rustls::rustls::{CertificateError, Error};
use wirescript_rustls::{TlsConnector, TlsError};
use wirescript_smol::SmolConnector;
use wirescript_tungstenite::TungsteniteConnector;

use crate::places::{Place, everywhere, next};

everywhere! {
    headers_arrive_at_the_server
    the_server_chooses_a_subprotocol
    a_server_that_chooses_no_subprotocol_is_told_of
    a_refusal_has_status_headers_and_body
    the_ca_has_to_be_known
}

async fn headers_arrive_at_the_server(place: Place) {
    let request = place.request("headers");
    let request = request.with_header("authorization", "Bearer 0042").unwrap();
    let request = request.with_header("x-trace", "one").unwrap();
    let request = request.with_header("X-Trace", "two").unwrap();
    let mut socket = place.net.connect(&request).await.unwrap();
    let heard = next(&mut socket).await;
    let lines: Vec<&str> = heard.as_text().unwrap().lines().collect();
    let host = format!("host: {}", request.endpoint());
    for line in [
        "authorization: Bearer 0042",
        "connection: Upgrade",
        "sec-websocket-version: 13",
        "upgrade: websocket",
        "x-trace: one",
        "x-trace: two",
        &host,
    ] {
        assert!(lines.contains(&line), "`{line}` is not in {lines:#?}");
    }
    // These and the key; no extension was asked for.
    assert_eq!(lines.len(), 8, "{lines:#?}");
    socket.disconnect(1000, "").await.unwrap();
}

async fn the_server_chooses_a_subprotocol(place: Place) {
    for (asked, chosen) in [
        (&["chat.v1"][..], "chat.v1"),
        (&["chat.v1", "chat.v2"], "chat.v2"),
        (&["other", "chat.v1"], "chat.v1"),
    ] {
        let request = asked
            .iter()
            .fold(place.request("echo"), |request, name| request.with_subprotocol(name).unwrap());
        let socket = place.net.connect(&request).await.unwrap();
        assert_eq!(socket.handshake().subprotocol(), Some(chosen));
        socket.disconnect(1000, "").await.unwrap();
    }
    let socket = place.connect("echo").await;
    assert_eq!(socket.handshake().subprotocol(), None);
    socket.disconnect(1000, "").await.unwrap();
}

/// Both open the WebSocket all the same, and leave it to the client.
async fn a_server_that_chooses_no_subprotocol_is_told_of(place: Place) {
    let request = place.request("echo").with_subprotocol("other").unwrap();
    match place.net.connect(&request).await.map(drop) {
        Err(WebSocketError::Handshake(error)) => {
            assert_eq!(error, HandshakeError::SubprotocolMissing);
        }
        other => panic!("{other:?}"),
    }
}

async fn a_refusal_has_status_headers_and_body(place: Place) {
    match place.net.connect(&place.request("refuse")).await.map(drop) {
        Err(WebSocketError::Rejected(response)) => {
            assert_eq!(response.status(), 401);
            assert_eq!(response.headers()["www-authenticate"], "Bearer");
            assert_eq!(&response.body()[..], b"who are you?");
        }
        other => panic!("{other:?}"),
    }
}

/// Over TLS of a client that trusts Mozilla's roots alone.
async fn the_ca_has_to_be_known(place: Place) {
    if !place.is_secure {
        return;
    }
    let net = TlsConnector::new(SmolConnector::new());
    let net = TungsteniteConnector::new(SmolConnector::new()).with_tls(net);
    let error = net.connect(&place.request("echo")).await.map(drop).unwrap_err();
    let WebSocketError::Io(error) = error else { panic!("{error:?}") };
    let reason = TlsError::behind(&error).unwrap().reason();
    assert_eq!(reason, &Error::InvalidCertificate(CertificateError::UnknownIssuer));
}
