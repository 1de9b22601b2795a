//! Asserting afterwards what a script left open (A1-A6, S8).

use std::io::ErrorKind;

use futures::SinkExt;
use futures::executor::block_on;
use wirescript::scripted::{Argument, Fault, Outcome};
use wirescript::websocket::{CloseFrame, Message, ProtocolError, WebSocketConnect, WebSocketError};
use wirescript::{Verifier, WebSocketExt, any, matching};

use super::support::{URI, check_received, close, connect, request};
use crate::witness::text;

#[track_caller]
fn refused(assert: impl FnOnce()) -> String {
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(assert));
    text(outcome.expect_err("the assertion does not hold"))
}

#[test]
fn everything_is_asserted_in_its_order_under_an_explicit_verifier() {
    let verifier = Verifier::explicit();
    let net = verifier.websocket();
    net.new_session()
        .expect_connect(URI)
        .expect_send("ask")
        .expect_recv("answer")
        .expect_recv_close(1000, "bye")
        .expect_eof()
        .expect_drop();
    net.new_session().expect_connect(URI).expect_close(1000).expect_eof();
    net.new_session()
        .expect_connect(URI)
        .expect_recv_error(ProtocolError::Masked)
        .expect_send("still here");
    net.new_session().expect_connect(URI).expect_reset();
    net.new_session().expect_connect(URI).rejects(401);
    net.new_session().expect_connect(URI).expect_send("x").raises(ErrorKind::TimedOut);
    block_on(async {
        let mut ws = connect(&net).await;
        ws.send_text("ask").await.unwrap();
        check_received(&mut ws, "answer").await;
        check_received(&mut ws, close(1000, "bye")).await;
        assert!(ws.recv().await.unwrap().is_none());
        drop(ws);
        let mut ws = connect(&net).await;
        ws.close_with(1000, "").await.unwrap();
        ws.recv().await.unwrap_err();
        drop(ws);
        let mut ws = connect(&net).await;
        ws.recv().await.unwrap_err();
        ws.send_text("still here").await.unwrap();
        drop(ws);
        let mut ws = connect(&net).await;
        ws.recv().await.unwrap_err();
        drop(ws);
        WebSocketConnect::connect(&net, &request()).await.unwrap_err();
        let mut ws = connect(&net).await;
        ws.send_text("x").await.unwrap_err();
    });
    assert_eq!(verifier.try_verify().unwrap_err().unasserted().len(), 17);
    net.assert_connect(URI);
    net.assert_send("ask");
    net.assert_recv("answer");
    net.assert_recv_close((1000, "bye"));
    net.assert_eof();
    net.assert_drop();
    net.assert_connect(request());
    net.assert_close(1000);
    net.assert_eof();
    net.assert_connect(URI);
    net.assert_recv_error(ProtocolError::Masked);
    net.assert_send("still here");
    net.assert_connect(URI);
    net.assert_reset();
    net.raised(Fault::rejected(401)).assert_connect(URI);
    net.assert_connect(URI);
    net.raised(ErrorKind::TimedOut).assert_send("x");
    verifier.verify();
}

#[test]
fn what_any_left_open_is_asserted_by_kind_and_payload() {
    let verifier = Verifier::new();
    let net = verifier.websocket();
    let session = net
        .new_session()
        .expect_connect(any())
        .expect_send(any())
        .expect_send(any())
        .expect_send(any())
        .expect_close(any())
        .handle();
    block_on(async {
        let mut ws = connect(&net).await;
        ws.send_text("hi").await.unwrap();
        ws.send_binary("hi").await.unwrap();
        ws.ping("hi").await.unwrap();
        ws.close().await.unwrap();
    });
    assert_eq!(verifier.try_verify().unwrap_err().unasserted().len(), 5);
    let told = refused(|| session.assert_send(any()));
    assert!(told.contains("the assertion says nothing"), "{told}");
    session.assert_connect(URI);
    let told = refused(|| session.assert_send(b"hi"));
    assert!(told.contains("asserted  send      binary b\"hi\""), "{told}");
    assert!(told.contains("happened  send      text \"hi\""), "{told}");
    session.assert_send("hi");
    session.assert_send(matching("binary", |sent: &Message| sent.as_binary().is_some()));
    session.assert_send(Message::ping("hi"));
    let told = refused(|| session.assert_close(1000));
    assert!(told.contains("net.assert_close(None);"), "{told}");
    session.assert_close(None);
    verifier.verify();
}

#[test]
fn in_any_order_the_closest_message_is_shown() {
    let verifier = Verifier::new();
    let net = verifier.websocket();
    let mut ws = net.new_session().expect_send(any()).times(3).into_websocket();
    block_on(async {
        for text in ["alpha", "beta 1", "gamma"] {
            ws.send_text(text).await.unwrap();
        }
    });
    verifier.in_any_order(|order| {
        order.on(&net).assert_send("gamma");
        let told = refused(|| order.on(&net).assert_send("beta 2"));
        assert!(told.contains("this comes closest"), "{told}");
        assert!(told.contains("happened  send      text \"beta 1\""), "{told}");
        order.on(&net).assert_send("beta 1");
        order.on(&net).assert_send("alpha");
    });
    drop(ws);
    verifier.verify();
}

#[test]
fn two_sessions_are_asserted_apart() {
    let verifier = Verifier::new();
    let net = verifier.websocket();
    let [one, two] =
        [(); 2].map(|()| net.new_session().expect_connect(URI).expect_send(any()).handle());
    block_on(async {
        let (mut a, mut b) = (connect(&net).await, connect(&net).await);
        b.send_text("from two").await.unwrap();
        a.send_text("from one").await.unwrap();
    });
    one.assert_send("from one");
    refused(|| two.assert_send("from one"));
    two.assert_send("from two");
    verifier.verify();
}

#[test]
fn a_message_over_the_limit_is_an_interaction_with_its_error() {
    let verifier = Verifier::explicit();
    let net = verifier.websocket();
    net.new_session().expect_connect(URI).expect_recv("12345");
    block_on(async {
        let request = request().with_max_message_size(4);
        let mut ws = WebSocketConnect::connect(&net, &request).await.unwrap();
        assert!(matches!(ws.recv().await, Err(WebSocketError::TooBig { .. })));
    });
    net.assert_connect(URI);
    let told = refused(|| net.assert_recv("12345"));
    assert!(told.contains("net.raised(Fault::too_big(5, 4)).assert_recv(\"12345\");"), "{told}");
    net.raised(Fault::too_big(5, 4)).assert_recv("12345");
    verifier.verify();
}

#[test]
fn interactions_are_data() {
    let verifier = Verifier::new();
    let net = verifier.websocket();
    let mut ws = net
        .new_session()
        .expect_send("hi")
        .expect_recv_close(1000, "bye")
        .expect_eof()
        .into_websocket();
    block_on(async {
        ws.send_text("hi").await.unwrap();
        assert!(ws.recv().await.unwrap().is_some());
        assert!(ws.recv().await.unwrap().is_none());
    });
    drop(ws);
    let happened = verifier.interactions();
    assert_eq!(happened[0].operation.argument, Argument::Message("hi".into()));
    let bye = CloseFrame::new(1000, "bye");
    assert_eq!(happened[1].operation.argument, Argument::Close(Some(bye)));
    assert_eq!(happened[2].operation.argument, Argument::None);
    assert!(happened.iter().all(|one| one.outcome == Outcome::Complete && one.is_stated));
    assert_eq!(
        verifier.timeline().to_string(),
        "1  session #1  send      text \"hi\"\n\
         2  session #1  recv_close 1000 \"bye\"\n\
         3  session #1  eof"
    );
    verifier.verify();
}

/// What fixes say is code that compiles.
#[test]
fn code_that_is_to_be_pasted_compiles() {
    let sent = [
        Message::ping("p"),
        Message::ping(&b"\xff"[..]),
        Message::pong("it's \"\u{e9}\""),
        Message::binary(""),
        Message::text(""),
    ];
    let verifier = Verifier::new();
    let net = verifier.websocket();
    let mut ws = net.new_session().expect_send(any()).times(5).into_websocket();
    block_on(async {
        for message in sent {
            ws.send_message(message).await.unwrap();
        }
    });
    drop(ws);
    let told = verifier.try_verify().unwrap_err().to_string();
    let code: Vec<_> = told.lines().filter_map(|line| line.trim().strip_prefix("net.")).collect();
    assert_eq!(
        code,
        [
            r#"assert_send(Message::ping("p"));"#,
            r#"assert_send(Message::ping(&b"\xff"[..]));"#,
            r##"assert_send(Message::pong(r#"it's "é""#));"##,
            r#"assert_send(b"");"#,
            r#"assert_send("");"#,
        ]
    );
    net.assert_send(Message::ping("p"));
    net.assert_send(Message::ping(&b"\xff"[..]));
    net.assert_send(Message::pong(r#"it's "é""#));
    net.assert_send(b"");
    net.assert_send("");
    verifier.verify();
}
