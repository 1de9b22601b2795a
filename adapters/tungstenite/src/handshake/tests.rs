//! The table of answers, whole and cut in every way.

use super::*;

/// The example of RFC 6455 section 1.3.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

fn request(uri: &str) -> WebSocketRequest {
    WebSocketRequest::new(uri).unwrap()
}

/// A lawful answer, of which `from` is replaced.
fn answer(from: &str, to: &str) -> Vec<u8> {
    let lawful = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {ACCEPT}\r\n\r\n"
    );
    assert!(lawful.contains(from), "{from}");
    lawful.replace(from, to).into_bytes()
}

/// What comes of `bytes` and then the end, in pieces of `size`.
fn outcome(
    request: &WebSocketRequest,
    bytes: &[u8],
    size: usize,
) -> Result<Opened, WebSocketError> {
    let mut opening = Opening::with_key(request, KEY);
    let mut pieces = bytes.chunks(size);
    while let Some(piece) = pieces.next() {
        if let Some(mut opened) = opening.receive(piece)? {
            pieces.for_each(|piece| opened.rest.extend_from_slice(piece));
            return Ok(opened);
        }
    }
    Err(opening.end())
}

/// The same, in pieces of every kind, which all come to the same.
#[track_caller]
fn opened(request: &WebSocketRequest, bytes: &[u8]) -> Result<Opened, WebSocketError> {
    let whole = outcome(request, bytes, bytes.len().max(1));
    for size in [1, 2, 7, 64] {
        let cut = outcome(request, bytes, size);
        assert_eq!(format!("{cut:?}"), format!("{whole:?}"), "in pieces of {size}");
    }
    whole
}

#[track_caller]
fn check_refused(bytes: &[u8], expected: HandshakeError) {
    check_refused_of(&request("ws://a"), bytes, expected);
}

#[track_caller]
fn check_refused_of(request: &WebSocketRequest, bytes: &[u8], expected: HandshakeError) {
    match opened(request, bytes) {
        Err(WebSocketError::Handshake(error)) => assert_eq!(error, expected),
        other => panic!("{expected:?} was expected, got {other:?}"),
    }
}

#[track_caller]
fn check_opened(bytes: &[u8]) -> Opened {
    opened(&request("ws://a"), bytes).unwrap()
}

#[test]
fn the_request_is_this_byte_for_byte() {
    let request = WebSocketRequest::new("ws://chat.internal:9001/rooms/7?all=1")
        .unwrap()
        .with_header("X-Trace", "7")
        .unwrap()
        .with_header("origin", "http://chat.internal")
        .unwrap()
        .with_subprotocol("v2")
        .unwrap()
        .with_subprotocol("v1")
        .unwrap();
    let sent = String::from_utf8(Opening::with_key(&request, KEY).request().to_vec()).unwrap();
    assert_eq!(
        sent,
        "GET /rooms/7?all=1 HTTP/1.1\r\n\
         Host: chat.internal:9001\r\n\
         Connection: Upgrade\r\n\
         Upgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Sec-WebSocket-Protocol: v2, v1\r\n\
         x-trace: 7\r\n\
         Origin: http://chat.internal\r\n\
         \r\n"
    );
}

#[test]
fn the_host_has_a_port_where_it_is_not_the_usual_one() {
    for (uri, first, host) in [
        ("ws://a", "GET / HTTP/1.1", "a"),
        ("ws://a:80/", "GET / HTTP/1.1", "a"),
        ("wss://a:443/b", "GET /b HTTP/1.1", "a"),
        ("wss://a:80", "GET / HTTP/1.1", "a:80"),
        ("ws://a?b=c", "GET /?b=c HTTP/1.1", "a"),
        ("ws://[::1]:9001/", "GET / HTTP/1.1", "[::1]:9001"),
    ] {
        let sent = String::from_utf8(Opening::new(&request(uri)).request).unwrap();
        let mut lines = sent.lines();
        assert_eq!(lines.next(), Some(first), "{uri}");
        assert_eq!(lines.next(), Some(&*format!("Host: {host}")), "{uri}");
    }
}

#[test]
fn each_request_has_a_key_of_its_own() {
    let request = request("ws://a");
    assert_ne!(Opening::new(&request).request(), Opening::new(&request).request());
}

#[test]
fn lawful_answers_open() {
    for connection in [
        "Connection: upgrade",
        "connection: keep-alive, Upgrade",
        "Connection: keep-alive\r\nConnection: UPGRADE",
        "Connection:Upgrade ,keep-alive",
        "Connection: ,, Upgrade",
    ] {
        check_opened(&answer("Connection: Upgrade", connection));
    }
    check_opened(&answer("Upgrade: websocket", "UPGRADE: h2c, WebSocket"));
    check_opened(&answer("Switching Protocols", ""));
    check_opened(&answer("Upgrade: websocket", "Upgrade: websocket\r\nSec-WebSocket-Extensions: "));
    check_opened(&answer(
        "HTTP/1.1 101",
        "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 101",
    ));
}

#[test]
fn what_the_server_says_is_in_the_handshake() {
    let opened = check_opened(&answer("Upgrade: websocket", "Upgrade: websocket\r\nServer: x"));
    assert_eq!(opened.handshake.headers()["server"], "x");
    assert_eq!(opened.handshake.subprotocol(), None);
}

#[test]
fn what_comes_behind_the_answer_is_kept() {
    let mut bytes = answer("", "");
    bytes.extend_from_slice(b"\x81\x02hi");
    assert_eq!(check_opened(&bytes).rest, b"\x81\x02hi");
}

#[test]
fn answers_that_open_nothing_say_why() {
    check_refused(&answer("Upgrade: websocket\r\n", ""), HandshakeError::UpgradeMissing);
    check_refused(&answer("websocket", "websockets"), HandshakeError::UpgradeMissing);
    check_refused(&answer("Connection: Upgrade\r\n", ""), HandshakeError::ConnectionUpgradeMissing);
    check_refused(
        &answer("Connection: Upgrade", "Connection: close"),
        HandshakeError::ConnectionUpgradeMissing,
    );
    check_refused(&answer(ACCEPT, "s3pPLMBiTxaQ9kYGzzhZRbK+xOp="), HandshakeError::AcceptMismatch);
    check_refused(&answer("Accept", "Except"), HandshakeError::AcceptMismatch);
    let deflate = "Upgrade: websocket\r\nSec-WebSocket-Extensions: permessage-deflate";
    check_refused(&answer("Upgrade: websocket", deflate), HandshakeError::ExtensionUnasked);
    check_refused(&answer("HTTP/1.1", "HTTP/1.0"), HandshakeError::HttpVersion);
    check_refused(&answer("HTTP/1.1", "HTTP/2.0"), HandshakeError::Malformed);
    check_refused(b"SSH-2.0-OpenSSH_9.6\r\n", HandshakeError::Malformed);
    check_refused(&answer("Upgrade: ", "Upg rade: "), HandshakeError::Malformed);
}

#[test]
fn an_answer_that_ends_too_early_is_incomplete() {
    let whole = answer("", "");
    for len in 0..whole.len() {
        check_refused(&whole[..len], HandshakeError::Incomplete);
    }
}

#[test]
fn an_answer_without_end_is_too_long() {
    let header = |len| format!("Upgrade: websocket\r\nX-A: {}", "a".repeat(len));
    let lawful = answer("", "").len() + "\r\nX-A: ".len();
    check_opened(&answer("Upgrade: websocket", &header(MAX_HEAD - lawful)));
    let long = answer("Upgrade: websocket", &header(MAX_HEAD - lawful + 1));
    assert!(matches!(
        outcome(&request("ws://a"), &long, READ),
        Err(WebSocketError::Handshake(HandshakeError::TooLong))
    ));
    let many = format!("Upgrade: websocket{}", "\r\na: b".repeat(200));
    check_refused(&answer("Upgrade: websocket", &many), HandshakeError::TooLong);
    let hints = b"HTTP/1.1 103 Early Hints\r\n\r\n".repeat(MAX_HEAD / 28 + 1);
    check_refused(&hints, HandshakeError::TooLong);
}

#[test]
fn a_subprotocol_is_chosen_of_those_that_were_asked_for() {
    let asking = request("ws://a").with_subprotocol("v2").unwrap().with_subprotocol("v1").unwrap();
    let choosing = |name: &str| {
        answer(
            "Upgrade: websocket",
            &format!("Upgrade: websocket\r\nSec-WebSocket-Protocol: {name}"),
        )
    };
    assert_eq!(opened(&asking, &choosing("v1")).unwrap().handshake.subprotocol(), Some("v1"));
    check_refused_of(&asking, &answer("", ""), HandshakeError::SubprotocolMissing);
    check_refused_of(&asking, &choosing("v3"), HandshakeError::SubprotocolUnknown);
    check_refused_of(&asking, &choosing("v2, v1"), HandshakeError::SubprotocolUnknown);
    check_refused_of(&asking, &choosing("V2"), HandshakeError::SubprotocolUnknown);
    check_refused(&choosing("v2"), HandshakeError::SubprotocolUnasked);
}

/// The status and the body of a refusal.
#[track_caller]
fn rejected(bytes: &[u8]) -> (u16, Bytes) {
    match opened(&request("ws://a"), bytes) {
        Err(WebSocketError::Rejected(response)) => {
            (response.status().as_u16(), response.into_body())
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn another_status_is_a_refusal_with_what_came_of_its_body() {
    let (status, body) = rejected(b"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone");
    assert_eq!((status, &body[..]), (404, &b"gone"[..]));
    let (status, body) = rejected(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 9\r\n\r\nwho");
    assert_eq!((status, &body[..]), (401, &b"who"[..]), "the connection ended within it");
    let (status, _) =
        rejected(b"HTTP/1.1 301 Moved\r\nLocation: ws://b\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(status, 301, "nobody follows it");
    assert_eq!(rejected(b"HTTP/1.1 200 OK\r\n\r\n").0, 200);
    assert_eq!(rejected(b"HTTP/1.0 503 Service Unavailable\r\n\r\n").0, 503);
}

#[test]
fn a_body_is_not_awaited_where_its_length_is_not_stated() {
    let mut opening = Opening::new(&request("ws://a"));
    let refused = opening.receive(b"HTTP/1.1 400 Bad Request\r\n\r\nwhy").unwrap_err();
    let WebSocketError::Rejected(response) = refused else { panic!("{refused:?}") };
    assert_eq!(&response.body()[..], b"why");
}

#[test]
fn no_more_of_a_body_is_kept_than_a_person_reads() {
    let mut bytes = b"HTTP/1.1 500 Oh\r\nContent-Length: 99999999999\r\n\r\n".to_vec();
    bytes.resize(bytes.len() + 2 * MAX_BODY, b'x');
    assert_eq!(rejected(&bytes).1.len(), MAX_BODY);
}
