//! What a server hears of a request, and what it answers.

use wirescript::websocket::{HandshakeError, WebSocketError};
use wirescript::{ErrorClass, WebSocketConnect, WebSocketExt, classify};
use wirescript_rustls::rustls::{AlertDescription, CertificateError, Error};
use wirescript_rustls::{TlsConnector, TlsError};

use crate::places::{Place, everywhere, next};
use crate::servers::{self, Kind};

everywhere! {
    headers_arrive_at_the_server
    the_server_chooses_a_subprotocol
    a_server_that_chooses_no_subprotocol_is_told_of
    a_refusal_has_status_headers_and_body
    the_ca_has_to_be_known
    a_client_shows_its_certificate
    a_client_without_a_certificate_is_refused
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

/// Why TLS was not agreed on.
#[track_caller]
fn reason<W>(connected: Result<W, WebSocketError>) -> Error {
    let error = match connected.map(drop) {
        Err(WebSocketError::Io(error)) => error,
        other => panic!("it should have failed below the WebSocket, and came to {other:?}"),
    };
    TlsError::behind(&error).unwrap_or_else(|| panic!("{error:?}")).reason().clone()
}

/// A client that trusts Mozilla's roots alone does not connect.
async fn the_ca_has_to_be_known(place: Place) {
    if place.is_secure {
        let net = place.net_with(TlsConnector::new(()));
        let reason = reason(net.connect(&place.request("echo")).await);
        assert_eq!(reason, Error::InvalidCertificate(CertificateError::UnknownIssuer));
    }
}

async fn a_client_shows_its_certificate(place: Place) {
    if place.is_secure {
        let net = place.net_with(servers::mutual_tls());
        let mut socket = net.connect(&place.mutual_request("echo")).await.unwrap();
        socket.send_text("hello").await.unwrap();
        assert_eq!(next(&mut socket).await.as_text(), Some("hello"));
        socket.disconnect(1000, "").await.unwrap();
    }
}

/// The connection ends while the request is on its way, and Node says why.
async fn a_client_without_a_certificate_is_refused(place: Place) {
    if !place.is_secure {
        return;
    }
    let connected = place.net.connect(&place.mutual_request("echo")).await;
    match place.kind {
        Kind::Node => {
            let alert = Error::AlertReceived(AlertDescription::CertificateRequired);
            assert_eq!(reason(connected), alert);
        }
        Kind::Python => match connected.map(drop) {
            Err(WebSocketError::Handshake(HandshakeError::Incomplete)) => {}
            // It had read the request or not.
            Err(WebSocketError::Io(error)) => assert_eq!(classify(&error), ErrorClass::Reset),
            other => panic!("{other:?}"),
        },
    }
}
