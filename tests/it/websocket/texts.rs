//! Every text that WebSockets add, whole. `UPDATE_EXPECT=1` writes them anew.

use std::io::ErrorKind;

use expect_test::expect_file;
use futures::SinkExt;
use wirescript::scripted::Fault;
use wirescript::websocket::{HandshakeError, Message, WebSocketConnect, WebSocketRequest};
use wirescript::{Verifier, WebSocketExt, any, matching};

use super::support::{URI, connect, request};
use crate::support::{SHORT, impatient};
use crate::texts::check_report;

#[test]
fn another_text() {
    check_report(
        Verifier::new(),
        async |verifier| {
            let net = verifier.websocket();
            net.new_session()
                .named("room 7")
                .expect_connect(URI)
                .expect_send(r#"{"op":"join","as":"ada"}"#)
                .expect_recv("welcome")
                .expect_close((1000, "bye"));
            let mut ws = connect(&net).await;
            ws.send_text(r#"{"op":"join","as":"adam"}"#).await.unwrap_err();
        },
        expect_file!["snapshots/another_text.txt"],
    );
}

#[test]
fn another_kind_of_message() {
    check_report(
        Verifier::new(),
        async |verifier| {
            let mut ws = verifier.websocket().new_session().expect_send("hello").into_websocket();
            ws.send_binary("hello").await.unwrap_err();
        },
        expect_file!["snapshots/another_kind.txt"],
    );
}

#[test]
fn a_ping_where_text_is_due() {
    check_report(
        Verifier::new(),
        async |verifier| {
            let mut ws = verifier.websocket().new_session().expect_send("hello").into_websocket();
            ws.ping("are you there").await.unwrap_err();
        },
        expect_file!["snapshots/ping_for_text.txt"],
    );
}

#[test]
fn another_ping() {
    check_report(
        Verifier::new(),
        async |verifier| {
            let expected = Message::ping("are you there");
            let mut ws = verifier.websocket().new_session().expect_send(expected).into_websocket();
            ws.ping("are you here").await.unwrap_err();
        },
        expect_file!["snapshots/another_ping.txt"],
    );
}

#[test]
fn a_wrong_byte_in_20_megabytes_of_text() {
    check_report(
        Verifier::new(),
        async |verifier| {
            let mut text = "\u{e9}".repeat(10 << 20);
            let mut ws = verifier.websocket().new_session().expect_send(&text).into_websocket();
            text.replace_range(14 << 20..(14 << 20) + 2, "\u{e8}");
            ws.send_text(text).await.unwrap_err();
        },
        expect_file!["snapshots/wrong_byte_in_20_mb.txt"],
    );
}

#[test]
fn another_close() {
    check_report(
        Verifier::new(),
        async |verifier| {
            let script = verifier.websocket().new_session();
            let mut ws = script.expect_close((1000, "bye")).into_websocket();
            ws.close().await.unwrap_err();
        },
        expect_file!["snapshots/another_close.txt"],
    );
}

#[test]
fn a_message_that_a_predicate_refuses() {
    check_report(
        Verifier::new(),
        async |verifier| {
            let is_join = matching("a join", |sent: &Message| sent.as_text() == Some("join"));
            let mut ws = verifier.websocket().new_session().expect_send(is_join).into_websocket();
            ws.send_text("leave").await.unwrap_err();
        },
        expect_file!["snapshots/predicate_refuses.txt"],
    );
}

#[test]
fn another_request() {
    check_report(
        Verifier::new(),
        async |verifier| {
            let net = verifier.websocket();
            net.new_session()
                .expect_connect(URI)
                .header("authorization", "Bearer 0042")
                .subprotocol("chat.v2");
            let request = request()
                .with_header("authorization", "Bearer 0043")
                .and_then(|request| request.with_header("x-bytes", b"\xff"))
                .and_then(|request| request.with_subprotocol("chat.v1"))
                .unwrap();
            WebSocketConnect::connect(&net, &request).await.unwrap_err();
        },
        expect_file!["snapshots/another_request.txt"],
    );
}

#[test]
fn a_connect_for_which_no_session_is_queued() {
    check_report(
        Verifier::new(),
        async |verifier| {
            let net = verifier.websocket();
            let request = request()
                .with_header("x-token", "1")
                .and_then(|request| request.with_subprotocol("chat"))
                .unwrap();
            for _ in 0..2 {
                WebSocketConnect::connect(&net, &request).await.unwrap_err();
            }
        },
        expect_file!["snapshots/no_session.txt"],
    );
}

#[test]
fn a_connect_that_no_queued_session_is_for() {
    check_report(
        Verifier::new(),
        async |verifier| {
            let net = verifier.websocket().by_endpoint();
            net.new_session().expect_connect("ws://chat.example/rooms/8").optional();
            WebSocketConnect::connect(&net, &request()).await.unwrap_err();
        },
        expect_file!["snapshots/no_session_for_it.txt"],
    );
}

#[test]
fn a_connect_to_a_script_without_one() {
    check_report(
        Verifier::new(),
        async |verifier| {
            let net = verifier.websocket();
            net.new_session().expect_send("hello");
            WebSocketConnect::connect(&net, &request()).await.unwrap_err();
        },
        expect_file!["snapshots/never_connected.txt"],
    );
}

#[test]
fn a_message_where_only_the_peer_speaks() {
    check_report(
        Verifier::new(),
        async |verifier| {
            let script = verifier.websocket().new_session();
            let mut ws = script.expect_recv("hello").into_websocket();
            ws.send_message(Message::pong(&b"\xff"[..])).await.unwrap_err();
        },
        expect_file!["snapshots/only_the_peer_speaks.txt"],
    );
}

#[test]
fn a_close_where_a_message_is_due() {
    check_report(
        Verifier::new(),
        async |verifier| {
            let script = verifier.websocket().new_session();
            let mut ws = script.expect_send("one").expect_send("two").into_websocket();
            ws.send_text("one").await.unwrap();
            ws.close_with(1000, "enough").await.unwrap_err();
        },
        expect_file!["snapshots/close_too_early.txt"],
    );
}

#[test]
fn a_message_past_the_end() {
    check_report(
        Verifier::new(),
        async |verifier| {
            let script = verifier.websocket().new_session();
            let mut ws = script.expect_send("one").into_websocket();
            ws.send_text("one").await.unwrap();
            ws.close().await.unwrap_err();
        },
        expect_file!["snapshots/past_the_end.txt"],
    );
}

#[test]
fn a_receive_that_waits_for_a_message_of_the_client() {
    check_report(
        impatient(),
        async |verifier| {
            let script = verifier.websocket().new_session();
            let mut ws = script.expect_send("ask").expect_recv("answer").into_websocket();
            ws.recv().await.unwrap_err();
        },
        expect_file!["snapshots/stalled_not_heard.txt"],
    );
}

#[test]
fn a_receive_that_waits_while_a_message_is_not_flushed() {
    check_report(
        impatient(),
        async |verifier| {
            let script = verifier.websocket().new_session();
            let mut ws = script.expect_send("ask").expect_recv("answer").into_websocket();
            ws.feed(Message::from("ask")).await.unwrap();
            ws.recv().await.unwrap_err();
        },
        expect_file!["snapshots/stalled_not_flushed.txt"],
    );
}

#[test]
fn messages_that_were_never_flushed() {
    check_report(
        Verifier::new(),
        async |verifier| {
            let script = verifier.websocket().new_session();
            let mut ws = script.expect_send("1").expect_send("2").expect_send("3").into_websocket();
            ws.send(Message::from("1")).await.unwrap();
            ws.start_send_unpin(Message::from("2")).unwrap();
            ws.start_send_unpin(Message::from("3")).unwrap();
        },
        expect_file!["snapshots/never_flushed.txt"],
    );
}

#[test]
fn a_receive_that_waits_past_the_end() {
    check_report(
        impatient(),
        async |verifier| {
            let script = verifier.websocket().new_session();
            let mut ws = script.expect_recv("hello").into_websocket();
            ws.recv().await.unwrap();
            ws.recv().await.unwrap_err();
        },
        expect_file!["snapshots/stalled_past_the_end.txt"],
    );
}

#[test]
fn a_receive_that_waits_after_the_peers_close() {
    check_report(
        impatient(),
        async |verifier| {
            let script = verifier.websocket().new_session();
            let mut ws = script.expect_recv_close(1000, "").into_websocket();
            ws.recv().await.unwrap();
            ws.recv().await.unwrap_err();
        },
        expect_file!["snapshots/stalled_after_a_close.txt"],
    );
}

#[test]
fn a_receive_that_waits_after_the_clients_close() {
    check_report(
        impatient(),
        async |verifier| {
            let script = verifier.websocket().new_session();
            let mut ws = script.expect_close(1000).into_websocket();
            ws.close_with(1000, "").await.unwrap();
            ws.recv().await.unwrap_err();
        },
        expect_file!["snapshots/stalled_while_closing.txt"],
    );
}

#[test]
fn a_send_in_lockstep() {
    check_report(
        impatient(),
        async |verifier| {
            let script = verifier.websocket().new_session().lockstep();
            let mut ws = script.expect_recv("hello").expect_send("hi").into_websocket();
            ws.send_text("hi").await.unwrap_err();
        },
        expect_file!["snapshots/stalled_in_lockstep.txt"],
    );
}

#[test]
fn a_send_that_never_completes() {
    check_report(
        Verifier::builder().without_patience().deadline(SHORT).build(),
        async |verifier| {
            let script = verifier.websocket().new_session();
            let mut ws = script.expect_send("stuck").never().into_websocket();
            ws.send_text("stuck").await.unwrap_err();
        },
        expect_file!["snapshots/stalled_never.txt"],
    );
}

#[test]
fn a_receive_behind_a_message_that_can_no_longer_be_sent() {
    check_report(
        impatient(),
        async |verifier| {
            let script = verifier.websocket().new_session().expect_close(1000).optional();
            let mut ws = script.expect_send("ask").expect_recv("answer").into_websocket();
            ws.close_with(1000, "").await.unwrap();
            ws.recv().await.unwrap_err();
        },
        expect_file!["snapshots/lost_send.txt"],
    );
}

#[test]
fn a_client_that_ignores_the_end() {
    check_report(
        Verifier::new(),
        async |verifier| {
            let script = verifier.websocket().new_session();
            let mut ws = script.expect_recv_close(1000, "").expect_eof().into_websocket();
            while ws.recv().await.is_ok() {}
        },
        expect_file!["snapshots/end_ignored.txt"],
    );
}

#[test]
fn a_client_that_sends_after_the_end_for_ever() {
    check_report(
        Verifier::new(),
        async |verifier| {
            let script = verifier.websocket().new_session();
            let mut ws = script.expect_recv_close(1000, "").into_websocket();
            ws.recv().await.unwrap();
            for _ in 0..1001 {
                ws.send_text("are you there").await.unwrap_err();
            }
        },
        expect_file!["snapshots/end_ignored_by_sends.txt"],
    );
}

#[test]
fn a_close_code_that_is_never_sent() {
    check_report(
        Verifier::new(),
        async |verifier| {
            let script = verifier.websocket().new_session().strict_rfc6455();
            let mut ws = script.expect_close(1006).into_websocket();
            ws.close_with(1006, "").await.unwrap_err();
        },
        expect_file!["snapshots/strict_code.txt"],
    );
}

#[test]
fn a_ping_that_is_left_unanswered() {
    check_report(
        Verifier::new(),
        async |verifier| {
            let script = verifier.websocket().new_session().strict_rfc6455();
            let mut ws = script.expect_recv(Message::ping("1")).expect_drop().into_websocket();
            ws.recv().await.unwrap();
        },
        expect_file!["snapshots/strict_ping.txt"],
    );
}

#[test]
fn a_message_after_a_close() {
    check_report(
        Verifier::new(),
        async |verifier| {
            let script = verifier.websocket().new_session().strict_rfc6455();
            let mut ws = script.expect_close(None).into_websocket();
            ws.close().await.unwrap();
            ws.send_text("one more").await.unwrap_err();
        },
        expect_file!["snapshots/strict_after_close.txt"],
    );
}

#[test]
fn a_reply_that_is_a_close() {
    check_report(
        Verifier::new(),
        async |verifier| {
            let script = verifier.websocket().new_session().expect_send("ask");
            let mut ws = script.replies_with(|_| Message::Close(None)).into_websocket();
            ws.send_text("ask").await.unwrap();
            ws.recv().await.unwrap_err();
        },
        expect_file!["snapshots/reply_is_a_close.txt"],
    );
}

#[test]
fn a_rule_that_almost_matches() {
    check_report(
        Verifier::new(),
        async |verifier| {
            let script = verifier.websocket().new_session();
            let mut ws = script.whenever_sent("heartbeat").replies("heartbeat").into_websocket();
            ws.send_text("heartbeet").await.unwrap_err();
        },
        expect_file!["snapshots/rule_mismatch.txt"],
    );
}

#[test]
fn what_is_left_of_sessions() {
    check_report(
        Verifier::new(),
        async |verifier| {
            let net = verifier.websocket();
            net.new_session().named("open").expect_connect(URI).expect_send("more").expect_drop();
            net.new_session()
                .named("dropped")
                .expect_connect(URI)
                .expect_recv("unread")
                .expect_close(None);
            net.new_session().named("at its end").expect_connect(URI).expect_eof();
            net.new_session().named("never opened").expect_connect(URI).subprotocol("chat");
            let open = connect(&net).await;
            drop(connect(&net).await);
            drop(connect(&net).await);
            std::mem::forget(open);
        },
        expect_file!["snapshots/leftovers.txt"],
    );
}

#[test]
fn a_script_that_nobody_can_connect_to() {
    check_report(
        Verifier::new(),
        async |verifier| {
            verifier.websocket().new_session().expect_send("hello");
        },
        expect_file!["snapshots/unreachable.txt"],
    );
}

#[test]
fn a_connect_behind_a_violation() {
    check_report(
        Verifier::new(),
        async |verifier| {
            let net = verifier.websocket();
            net.new_session().expect_connect(URI).expect_send("one");
            connect(&net).await.send_text("two").await.unwrap_err();
            WebSocketConnect::connect(&net, &request()).await.unwrap_err();
        },
        expect_file!["snapshots/no_session_behind_a_violation.txt"],
    );
}

#[test]
fn what_is_not_asserted() {
    check_report(
        Verifier::new(),
        async |verifier| {
            let net = verifier.websocket();
            net.new_session().expect_connect(any()).expect_send(any()).times(5).expect_close(any());
            net.new_session().expect_connect(any()).rejects(401);
            net.new_session().expect_connect(any()).raises(HandshakeError::AcceptMismatch);
            net.new_session().expect_connect(any()).raises(Fault::unresolvable());
            net.new_session().expect_connect(URI).expect_send(any()).raises(ErrorKind::TimedOut);
            let request = request()
                .with_header("x-token", "it's \"1\"")
                .and_then(|request| request.with_header("x-bytes", b"\xff"))
                .and_then(|request| request.with_subprotocol("chat"))
                .unwrap();
            let mut ws = WebSocketConnect::connect(&net, &request).await.unwrap();
            let long = "x".repeat(600);
            for message in [
                "it's \u{e9}\n".into(),
                b"\xff".into(),
                Message::ping(""),
                Message::pong("\""),
                long.into(),
            ] {
                ws.send_message(message).await.unwrap();
            }
            ws.close_with(4000, "it's over").await.unwrap();
            drop(ws);
            for _ in 0..3 {
                let request = WebSocketRequest::new("wss://elsewhere").unwrap();
                WebSocketConnect::connect(&net, &request).await.unwrap_err();
            }
            connect(&net).await.send_text("slow").await.unwrap_err();
        },
        expect_file!["snapshots/not_asserted.txt"],
    );
}

#[test]
fn a_websocket_that_outlives_its_verifier() {
    let verifier = Verifier::new();
    let mut ws = verifier.websocket().new_session().stays_open().into_websocket();
    verifier.finish_blocking();
    let error = futures::executor::block_on(ws.recv()).unwrap_err();
    expect_file!["snapshots/verifier_gone.txt"].assert_eq(&format!("{error}\n"));
}
