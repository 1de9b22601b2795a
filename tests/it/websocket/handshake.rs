//! How a connection is opened, and how it is not. CASES 50.

use std::io::ErrorKind;

use futures::FutureExt;
use futures::executor::block_on;
use wirescript::scripted::{Blocked, Fault, Scripted, ScriptedWebSocket, Stage, WebSocket};
use wirescript::websocket::{
    Handshake, HandshakeError, WebSocketConnect, WebSocketError, WebSocketRequest,
    WebSocketTransport,
};
use wirescript::{ErrorClass, Verifier, WebSocketExt, any, classify, matching};

use super::support::{URI, check_error, check_io, check_received, connect, request, violation};
use crate::support::{SHORT, everywhere, impatient};
use crate::witness::{operations, stall, timeout};

async fn open(
    net: &Scripted<WebSocket>,
    request: &WebSocketRequest,
) -> Result<ScriptedWebSocket, WebSocketError> {
    WebSocketConnect::connect(net, request).await
}

/// A request for the URI of most scripts, with the subprotocols.
fn asking_for(subprotocols: &[&str]) -> WebSocketRequest {
    subprotocols.iter().fold(request(), |request, name| request.with_subprotocol(name).unwrap())
}

everywhere! {
    async fn a_silent_server_is_waited_for_until_the_client_gives_up() {
        let verifier = Verifier::builder().patience(SHORT / 4).build();
        let net = verifier.websocket();
        net.new_session().expect_connect(URI).never();
        assert!(timeout(SHORT, open(&net, &request())).await.is_none());
        verifier.finish().await;
    }

    async fn a_slow_server_answers_after_its_delay() {
        let verifier = Verifier::new();
        let net = verifier.websocket();
        net.new_session().expect_connect(URI).after(SHORT / 4).expect_recv("hello");
        let request = request();
        let mut connecting = WebSocketConnect::connect(&net, &request);
        assert!((&mut connecting).now_or_never().is_none());
        let mut ws = connecting.await.unwrap();
        check_received(&mut ws, "hello").await;
        drop(ws);
        verifier.finish().await;
    }

    async fn s1_a_session_is_taken_when_connect_is_called_through_any_pointer() {
        let verifier = Verifier::new();
        let net = verifier.websocket();
        for name in ["one", "two", "three", "four"] {
            net.new_session().expect_connect(URI).expect_recv(name);
        }
        let request = request();
        let by_reference = &net;
        let (boxed, shared) = (net.clone().boxed(), std::sync::Arc::new(net.clone()));
        let four = {
            let one = WebSocketConnect::connect(&net, &request);
            let two = boxed.connect(&request);
            let three = shared.connect(&request);
            let four = WebSocketConnect::connect(&by_reference, &request);
            // Polled in the other direction, they are still those that were called first.
            let (mut four, mut three) = (four.await.unwrap(), three.await.unwrap());
            let (mut two, mut one) = (two.await.unwrap(), one.await.unwrap());
            check_received(&mut three, "three").await;
            check_received(&mut one, "one").await;
            check_received(&mut two, "two").await;
            check_received(&mut four, "four").await;
            four
        };
        drop(four);
        verifier.finish().await;
    }
}

#[test]
fn the_peer_opens_with_the_first_subprotocol_and_tells_where_it_is() {
    let verifier = Verifier::new();
    let net = verifier.websocket();
    net.new_session()
        .expect_connect("wss://127.0.0.1:9001/a")
        .subprotocol("b.2")
        .subprotocol("b.1");
    let request = WebSocketRequest::new("wss://127.0.0.1:9001/a")
        .and_then(|request| request.with_subprotocol("b.2"))
        .and_then(|request| request.with_subprotocol("b.1"))
        .unwrap();
    let ws = block_on(open(&net, &request)).unwrap();
    let handshake = WebSocketTransport::handshake(&ws);
    assert_eq!((handshake.status().as_u16(), handshake.subprotocol()), (101, Some("b.2")));
    assert!(handshake.headers().is_empty());
    assert!(handshake.info().is_secure());
    assert_eq!(handshake.info().peer_addr().unwrap().to_string(), "127.0.0.1:9001");
    drop(ws);
    verifier.verify();
}

#[test]
fn the_peer_opens_with_the_handshake_that_it_is_given() {
    let verifier = Verifier::new();
    let net = verifier.websocket();
    let answer = Handshake::new().with_header("x-room", "7").with_subprotocol("b.1");
    net.new_session()
        .expect_connect(URI)
        .subprotocol("b.2")
        .subprotocol("b.1")
        .rejects(503)
        .answers(answer);
    let ws = block_on(open(&net, &asking_for(&["b.2", "b.1"]))).unwrap();
    let handshake = WebSocketTransport::handshake(&ws);
    assert_eq!(
        (handshake.subprotocol(), &handshake.headers()["x-room"]),
        (Some("b.1"), &"7".parse().unwrap())
    );
    drop(ws);
    verifier.verify();
}

#[test]
fn a_handshake_may_say_itself_what_is_known_of_the_connection() {
    let verifier = Verifier::new();
    let net = verifier.websocket();
    let info = wirescript::SocketInfo::new().with_secure(true);
    net.new_session().expect_connect(URI).answers(Handshake::new().with_info(info.clone()));
    let ws = block_on(open(&net, &request())).unwrap();
    assert_eq!(WebSocketTransport::handshake(&ws).info(), &info);
    drop(ws);
    verifier.verify();
}

#[test]
fn headers_and_subprotocols_are_part_of_what_is_asked() {
    let ask = |header: Option<(&str, &str)>, subprotocols: &[&str]| {
        let verifier = Verifier::new();
        let net = verifier.websocket();
        net.new_session()
            .expect_connect(URI)
            .header("authorization", "Bearer 0042")
            .subprotocol("b.2")
            .subprotocol("b.1")
            .stays_open();
        let mut request = asking_for(subprotocols);
        if let Some((name, value)) = header {
            request = request.with_header(name, value).unwrap();
        }
        let opened = block_on(open(&net, &request));
        let is_refused = opened.is_err();
        if is_refused {
            assert!(violation(opened).is_mismatch());
        }
        assert_eq!(verifier.try_verify().is_err(), is_refused);
        is_refused
    };
    assert!(!ask(Some(("Authorization", "Bearer 0042")), &["b.2", "b.1"]));
    assert!(ask(None, &["b.2", "b.1"]));
    assert!(ask(Some(("authorization", "Bearer 0043")), &["b.2", "b.1"]));
    assert!(ask(Some(("x-other", "Bearer 0042")), &["b.2", "b.1"]));
    assert!(ask(Some(("authorization", "Bearer 0042")), &["b.1", "b.2"]), "their order counts");
    assert!(ask(Some(("authorization", "Bearer 0042")), &["b.2"]));
    assert!(ask(Some(("authorization", "Bearer 0042")), &[]));
}

#[test]
fn limits_are_nothing_that_a_server_is_asked_for() {
    let verifier = Verifier::new();
    let net = verifier.websocket();
    net.new_session().expect_connect(URI);
    let request = request().with_max_message_size(1).with_max_frame_size(2);
    drop(block_on(open(&net, &request)).unwrap());
    verifier.verify();
}

#[test]
fn a_subprotocol_that_does_not_suit_fails_the_connect_and_drops_the_connection() {
    for (asked, chosen, error) in [
        (&["a"][..], None, HandshakeError::SubprotocolMissing),
        (&[], Some("a"), HandshakeError::SubprotocolUnasked),
        (&["a", "b"], Some("c"), HandshakeError::SubprotocolUnknown),
    ] {
        let verifier = Verifier::new();
        let net = verifier.websocket();
        let answer = chosen.into_iter().fold(Handshake::new(), Handshake::with_subprotocol);
        net.new_session().expect_connect(any()).answers(answer).expect_drop();
        check_error(block_on(open(&net, &asking_for(asked))), error.into());
        net.assert_connect(asking_for(asked));
        assert_eq!(operations(&verifier), ["connect", "drop"]);
        verifier.verify();
    }
}

#[test]
fn a_server_that_refuses_is_told_with_all_that_it_said() {
    for status in [200, 301, 401, 404, 500, 999] {
        let verifier = Verifier::new();
        let net = verifier.websocket();
        net.new_session().expect_connect(URI).rejects(status);
        match block_on(open(&net, &request())) {
            Err(WebSocketError::Rejected(response)) => {
                assert_eq!((response.status().as_u16(), response.body().len()), (status, 0));
            }
            other => panic!("{other:?}"),
        }
        verifier.verify();
    }
    let verifier = Verifier::new();
    let net = verifier.websocket();
    let response = http::Response::builder()
        .status(301)
        .header("location", "wss://elsewhere")
        .body("moved")
        .unwrap();
    net.new_session().expect_connect(URI).rejects(response);
    match block_on(open(&net, &request())) {
        Err(WebSocketError::Rejected(response)) => {
            assert_eq!(response.headers()["location"], "wss://elsewhere");
            assert_eq!(response.body(), "moved");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(operations(&verifier), ["connect"]);
    verifier.verify();
}

#[test]
fn a_connect_raises_what_it_is_told_to() {
    for kind in [ErrorKind::ConnectionRefused, ErrorKind::TimedOut, ErrorKind::ConnectionReset] {
        let verifier = Verifier::new();
        let net = verifier.websocket();
        net.new_session().expect_connect(URI).raises(kind);
        check_io(block_on(open(&net, &request())), kind);
        verifier.verify();
    }
    for error in [
        HandshakeError::Incomplete,
        HandshakeError::Malformed,
        HandshakeError::HttpVersion,
        HandshakeError::AcceptMismatch,
        HandshakeError::UpgradeMissing,
        HandshakeError::ConnectionUpgradeMissing,
    ] {
        let verifier = Verifier::new();
        let net = verifier.websocket();
        net.new_session().expect_connect(URI).raises(error);
        check_error(block_on(open(&net, &request())), error.into());
        verifier.verify();
    }
    let verifier = Verifier::new();
    let net = verifier.websocket();
    net.new_session().expect_connect(URI).raises(Fault::unresolvable());
    match block_on(open(&net, &request())) {
        Err(WebSocketError::Io(error)) => assert_eq!(classify(&error), ErrorClass::Unresolvable),
        other => panic!("{other:?}"),
    }
    verifier.verify();
}

#[test]
fn a_request_may_be_left_to_an_assertion_or_a_predicate() {
    let verifier = Verifier::new();
    let net = verifier.websocket();
    let is_room = || {
        let in_rooms = |request: &WebSocketRequest| request.uri().path().starts_with("/rooms/");
        matching("a room", in_rooms)
    };
    net.new_session().expect_connect(is_room()).expect_recv("one").optional();
    net.new_session().expect_connect(any());
    net.new_session().expect_connect(request());
    block_on(async {
        for _ in 0..3 {
            drop(connect(&net).await);
        }
    });
    assert_eq!(verifier.try_verify().unwrap_err().unasserted().len(), 1);
    net.assert_connect(URI); // the first of three that are alike
    net.assert_connect(URI);
    verifier.verify();

    let verifier = Verifier::new();
    let net = verifier.websocket();
    net.new_session().expect_connect(is_room());
    let other = WebSocketRequest::new("ws://chat.example/lobby").unwrap();
    assert!(violation(block_on(open(&net, &other))).is_mismatch());
    assert!(verifier.try_verify().is_err());
}

#[test]
fn a_session_may_be_chosen_by_its_request() {
    let verifier = Verifier::new();
    let net = verifier.websocket().by_endpoint();
    net.new_session().expect_connect("ws://a/one").expect_recv("one");
    net.new_session().expect_connect("ws://a/two").expect_recv("two");
    block_on(async {
        for path in ["two", "one"] {
            let request = WebSocketRequest::new(format!("ws://a/{path}")).unwrap();
            check_received(&mut open(&net, &request).await.unwrap(), path).await;
        }
        let unqueued = WebSocketRequest::new("ws://a/three").unwrap();
        assert!(violation(open(&net, &unqueued).await).is_unmocked());
    });
    assert_eq!(verifier.try_verify().unwrap_err().violations().count(), 1);
}

#[test]
fn a_connect_without_a_session_is_unmocked_and_a_script_without_a_connect_is_never_connected() {
    let verifier = Verifier::new();
    let net = verifier.websocket();
    assert!(violation(block_on(open(&net, &request()))).is_unmocked());
    net.new_session().expect_send("hello");
    let never = violation(block_on(open(&net, &request())));
    assert!(matches!(never.kind(), wirescript::scripted::ViolationKind::NeverConnected));
    assert_eq!(verifier.try_verify().unwrap_err().violations().count(), 2);
}

#[test]
fn sessions_that_nobody_opens_are_reported() {
    let verifier = Verifier::new();
    let net = verifier.websocket();
    net.new_session().named("never dialled").expect_connect(URI);
    let other = verifier.websocket_named("other");
    other.new_session().named("never awaited").expect_connect(URI);
    drop(WebSocketConnect::connect(&other, &request()));
    let report = verifier.try_verify().unwrap_err();
    let unused: Vec<_> = report.unused().iter().map(|unused| unused.stage).collect();
    assert_eq!(unused, [Stage::Queued, Stage::NeverAwaited]);
}

#[test]
fn a_connect_that_never_answers_is_ended_by_the_deadline() {
    let verifier = Verifier::builder().without_patience().deadline(SHORT).build();
    let net = verifier.websocket();
    net.new_session().expect_connect(URI).never();
    let stalled = violation(block_on(open(&net, &request())));
    assert_eq!(stall(&stalled), (Blocked::Never, true));
    assert!(verifier.try_verify().is_err());
    drop(impatient());
}

#[test]
fn a_connected_double_knows_nothing_of_a_handshake() {
    let verifier = Verifier::new();
    let mut ws = verifier.websocket().new_session().expect_recv("hello").into_websocket();
    assert_eq!(WebSocketTransport::handshake(&ws), &Handshake::new());
    block_on(async { assert!(ws.recv().await.unwrap().is_some()) });
    drop(ws);
    verifier.verify();
}

#[test]
#[should_panic(expected = "`send` cannot be step 2")]
fn nothing_follows_a_handshake_that_the_client_does_not_take() {
    let verifier = Verifier::new();
    let script = verifier.websocket().new_session().expect_connect("ws://a").subprotocol("b");
    script.answers(Handshake::new()).expect_send("never sent");
}

#[test]
fn a_handshake_that_suits_what_is_written_behind_it_opens_the_websocket() {
    let verifier = Verifier::new();
    let script = verifier.websocket().new_session().expect_connect("ws://a");
    script
        .answers(Handshake::new().with_subprotocol("b"))
        .subprotocol("b")
        .expect_send("sent")
        .optional();
    drop(verifier.try_verify());
}
