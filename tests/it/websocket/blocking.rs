//! The blocking twin does all of it. CASES 52.

use std::io::ErrorKind;
use std::thread;

use futures::executor::block_on;
use wirescript::blocking::{WebSocket, WebSocketConnect, WebSocketExt};
use wirescript::scripted::{
    Blocked, BlockingScriptedWebSocket, Fault, ViolationKind, WebSocketScript,
};
use wirescript::websocket::{
    CloseFrame, Handshake, HandshakeError, InvalidMessage, Message, ProtocolError, WebSocketError,
    WebSocketRequest,
};
use wirescript::{Verifier, any};

use super::support::{URI, check_error, check_io, close, request, violation};
use crate::support::{SHORT, impatient};
use crate::witness::{operations, stall, within_reason};

fn double<K>(
    write: impl FnOnce(WebSocketScript) -> WebSocketScript<K>,
) -> (Verifier, BlockingScriptedWebSocket) {
    let verifier = Verifier::new();
    let ws = write(verifier.websocket().new_session()).into_blocking_websocket();
    (verifier, ws)
}

#[track_caller]
fn check_received(ws: &mut BlockingScriptedWebSocket, expected: impl Into<Message>) {
    assert_eq!(ws.receive().unwrap(), Some(expected.into()));
}

#[track_caller]
fn check_ended(ws: &mut BlockingScriptedWebSocket) {
    for _ in 0..3 {
        assert_eq!(ws.receive().unwrap(), None);
    }
}

#[track_caller]
fn check_closed(ws: &mut BlockingScriptedWebSocket) {
    for message in [Message::text("late"), Message::ping(""), close(1000, "")] {
        check_error(ws.send(message), WebSocketError::Closed);
    }
    ws.close(None).unwrap();
    ws.close_with(1000, "again").unwrap();
}

/// A client that chats until its peer has enough.
fn chat<C: WebSocketConnect>(net: &C, name: &str) -> Result<Vec<String>, WebSocketError> {
    let request =
        WebSocketRequest::new(URI)?.with_header("x-name", name)?.with_subprotocol("chat")?;
    net.with_connection(&request, |ws| {
        let mut heard = Vec::new();
        ws.send_text(format!("{name} is here"))?;
        while let Some(message) = ws.receive()? {
            match message {
                Message::Text(text) if text == "bye" => break,
                Message::Text(text) => {
                    ws.send_text(format!("{name} says {text}"))?;
                    heard.push(text.to_string());
                }
                _ => {}
            }
        }
        Ok(heard)
    })
}

#[test]
fn a_chat_client_that_blocks() {
    let verifier = Verifier::new();
    let net = verifier.websocket();
    net.new_session()
        .expect_connect(URI)
        .header("x-name", "ada")
        .subprotocol("chat")
        .expect_send("ada is here")
        .expect_recv("hello")
        .expect_recv(Message::ping("1"))
        .expect_send("ada says hello")
        .expect_recv("bye")
        .expect_close(None)
        .expect_drop();
    assert_eq!(chat(&net, "ada").unwrap(), ["hello"]);
    assert_eq!(
        operations(&verifier),
        ["connect", "send", "recv", "send", "recv", "recv", "close", "drop"]
    );
    verifier.finish_blocking();
}

#[test]
fn two_chat_clients_on_two_threads_follow_their_own_scripts() {
    within_reason(|| {
        for _ in 0..100 {
            let verifier = Verifier::new();
            let net = verifier.websocket().by_endpoint();
            for name in ["ada", "bob"] {
                net.new_session()
                    .named(name)
                    .expect_connect(URI)
                    .header("x-name", name)
                    .subprotocol("chat")
                    .expect_send(format!("{name} is here"))
                    .expect_recv("hello")
                    .expect_send(format!("{name} says hello"))
                    .expect_recv("bye")
                    .expect_close(None);
            }
            let clients = ["bob", "ada"].map(|name| {
                let net = net.clone();
                thread::spawn(move || chat(&net, name).unwrap())
            });
            for client in clients {
                assert_eq!(client.join().unwrap(), ["hello"]);
            }
            verifier.finish_blocking();
        }
    })
    .unwrap();
}

#[test]
fn m1_to_m3_messages_pings_and_the_peers_close() {
    let (verifier, mut ws) = double(|script| {
        script
            .expect_recv("")
            .expect_recv(b"\xff")
            .expect_recv(Message::ping("1"))
            .expect_recv(Message::pong("2"))
            .expect_send("hi")
            .expect_recv_close(1006, "")
            .expect_eof()
    });
    check_received(&mut ws, "");
    check_received(&mut ws, b"\xff");
    check_received(&mut ws, Message::ping("1"));
    check_received(&mut ws, Message::pong("2"));
    ws.send_text("hi").unwrap();
    check_received(&mut ws, close(1002, "Protocol violation"));
    check_closed(&mut ws);
    check_ended(&mut ws);
    check_closed(&mut ws);
    drop(ws);
    verifier.finish_blocking();
}

#[test]
fn m4_and_m5_the_clients_close() {
    let (verifier, mut ws) = double(|script| {
        script
            .expect_close((1000, "done"))
            .expect_recv("late")
            .expect_recv_close(1000, "done")
            .expect_eof()
    });
    ws.close(Some(CloseFrame::new(1000, "done"))).unwrap();
    check_closed(&mut ws);
    check_received(&mut ws, "late");
    check_received(&mut ws, close(1000, "done"));
    check_ended(&mut ws);
    drop(ws);
    verifier.verify();

    let (verifier, ws) = double(|script| {
        script.expect_close(1000).expect_recv("late").expect_recv_close(1000, "").expect_eof()
    });
    ws.disconnect(1000, "").unwrap();
    verifier.verify();
}

#[test]
fn m6_to_m8_ends_resets_and_breaches() {
    let (verifier, mut ws) = double(|script| script.expect_eof());
    check_error(ws.receive(), WebSocketError::AbnormalClosure);
    check_ended(&mut ws);
    check_closed(&mut ws);
    drop(ws);
    verifier.verify();

    let (verifier, mut ws) = double(|script| script.expect_reset());
    check_io(ws.receive(), ErrorKind::ConnectionReset);
    check_ended(&mut ws);
    check_io(ws.send_text("late"), ErrorKind::BrokenPipe);
    drop(ws);
    verifier.verify();

    let (verifier, mut ws) = double(|script| script.expect_reset());
    check_io(ws.send_text("first"), ErrorKind::ConnectionReset);
    check_io(ws.send_text("late"), ErrorKind::BrokenPipe);
    check_error(ws.receive(), WebSocketError::AbnormalClosure);
    check_ended(&mut ws);
    drop(ws);
    verifier.verify();

    for (fault, error) in [
        (Fault::invalid_utf8(), WebSocketError::InvalidUtf8),
        (ProtocolError::Masked.into(), ProtocolError::Masked.into()),
    ] {
        let (verifier, mut ws) =
            double(|script| script.expect_recv_error(fault).expect_send("still here"));
        check_error(ws.receive(), error);
        check_ended(&mut ws);
        ws.send_text("still here").unwrap();
        drop(ws);
        verifier.verify();
    }
}

#[test]
fn m8_and_m9_limits_both_ways() {
    let verifier = Verifier::new();
    let net = verifier.websocket();
    net.new_session().expect_connect(URI).expect_recv("12345").expect_send(b"sorry");
    let mut ws = WebSocketConnect::connect(&net, &request().with_max_message_size(4)).unwrap();
    check_error(ws.receive(), WebSocketError::TooBig { size: 5, limit: 4 });
    check_ended(&mut ws);
    let refused = WebSocketError::InvalidMessage(InvalidMessage::ControlTooLong { len: 126 });
    check_error(ws.ping("x".repeat(126)), refused);
    let refused = WebSocketError::InvalidMessage(InvalidMessage::ReasonTooLong { len: 124 });
    check_error(ws.close_with(1000, "x".repeat(124)), refused);
    ws.send_binary(&b"sorry"[..]).unwrap();
    drop(ws);
    verifier.verify();
}

#[test]
fn the_handshake_and_its_refusals() {
    let verifier = Verifier::new();
    let net = verifier.websocket();
    net.new_session().expect_connect(URI).answers(Handshake::new().with_header("x-a", "b"));
    let ws = WebSocketConnect::connect(&net, &request()).unwrap();
    assert_eq!(ws.handshake().headers()["x-a"], "b");
    drop(ws);

    net.new_session().expect_connect(URI).rejects(404);
    match WebSocketConnect::connect(&net, &request()) {
        Err(WebSocketError::Rejected(response)) => assert_eq!(response.status(), 404),
        other => panic!("{other:?}"),
    }
    net.new_session().expect_connect(URI).raises(HandshakeError::AcceptMismatch);
    let opened = WebSocketConnect::connect(&net, &request());
    check_error(opened, HandshakeError::AcceptMismatch.into());
    net.new_session().expect_connect(any()).answers(Handshake::new().with_subprotocol("a"));
    let opened = WebSocketConnect::connect(&net.boxed(), &request());
    check_error(opened, HandshakeError::SubprotocolUnasked.into());
    verifier.websocket().assert_connect(URI);
    assert!(verifier.try_verify().is_err(), "the first of four that are alike was asserted");
}

#[test]
fn with_connection_closes_once_and_never_masks() {
    let verifier = Verifier::new();
    let net = verifier.websocket();
    net.new_session().expect_connect(URI).expect_close(4000);
    net.with_connection(&request(), |ws| ws.close_with(4000, "")).unwrap();
    net.new_session().expect_connect(URI).expect_eof();
    let ended = net.with_connection(&request(), WebSocket::receive);
    check_error(ended, WebSocketError::AbnormalClosure);
    net.new_session().expect_connect(URI).expect_close(None).raises(ErrorKind::BrokenPipe);
    let failed = net.with_connection(&request(), |_| Err::<(), _>(WebSocketError::InvalidUtf8));
    check_error(failed, WebSocketError::InvalidUtf8);
    verifier.verify();
}

#[test]
fn what_has_to_wait_blocks_until_it_is_called_stalled() {
    let verifier = impatient();
    let mut ws = verifier
        .websocket()
        .new_session()
        .expect_send("ask")
        .expect_recv("answer")
        .into_blocking_websocket();
    let stalled = violation(ws.receive());
    assert_eq!(stall(&stalled), (Blocked::NotHeard, false));
    assert_eq!(violation(ws.send_text("ask")), stalled);
    assert_eq!(violation(ws.close(None)), stalled);
    drop(ws);
    assert!(verifier.try_verify().is_err());
}

#[test]
fn delays_block_and_a_script_that_goes_on_wakes() {
    let verifier = Verifier::new();
    let net = verifier.websocket();
    let session = net
        .new_session()
        .expect_connect(URI)
        .after(SHORT / 20)
        .expect_send("slow")
        .times(2)
        .after(SHORT / 20)
        .expect_recv("slow, too")
        .after(SHORT / 20)
        .open_ended()
        .handle();
    let client = thread::spawn({
        let net = net.clone();
        move || {
            let mut ws = WebSocketConnect::connect(&net, &request()).unwrap();
            ws.send_text("slow").unwrap();
            ws.send_text("slow").unwrap();
            check_received(&mut ws, "slow, too");
            check_received(&mut ws, "more");
        }
    });
    block_on(crate::witness::pass(SHORT / 2));
    session.then(|script| script.expect_recv("more"));
    client.join().unwrap();
    verifier.finish_blocking();
}

#[test]
fn a_client_that_never_looks_at_the_end_is_stopped() {
    let (verifier, mut ws) = double(|script| script.expect_recv_close(1000, ""));
    check_received(&mut ws, close(1000, ""));
    let stopped = loop {
        match ws.send_text("are you there") {
            Err(WebSocketError::Closed) => {}
            stopped => break violation(stopped),
        }
    };
    assert!(matches!(stopped.kind(), ViolationKind::EndIgnored { .. }));
    drop(ws);
    assert!(verifier.try_verify().is_err());
}

#[test]
fn strict_scripts_tell_the_same() {
    let (verifier, mut ws) = double(|script| script.strict_rfc6455().expect_close(1006));
    assert!(matches!(violation(ws.close_with(1006, "")).kind(), ViolationKind::Breach { .. }));
    drop(ws);
    assert!(verifier.try_verify().is_err());

    let (verifier, mut ws) = double(|script| script.strict_rfc6455().expect_close(None));
    ws.close(None).unwrap();
    ws.close_with(1006, "x".repeat(124)).unwrap();
    drop(ws);
    verifier.verify();
}

#[test]
fn doubles_are_debug_send_and_static() {
    fn check<T: std::fmt::Debug + Send + 'static>(_: &T) {}
    let (_verifier, ws) = double(|script| script);
    check(&ws);
    assert!(format!("{ws:?}").starts_with("BlockingScriptedWebSocket { session: 1, "), "{ws:?}");
}
