//! Rules, replies and predicates, and what becomes of them when they panic.

use futures::executor::block_on;
use wirescript::scripted::ViolationKind;
use wirescript::websocket::{Message, WebSocketError};
use wirescript::{Verifier, WebSocketExt, any, matching};

use super::support::{
    check_closed, check_ended, check_error, check_pending, check_received, close, double, violation,
};
use crate::support::{SHORT, everywhere};
use crate::witness::operations;

everywhere! {
    async fn a_rule_replies_at_any_point_and_as_often() {
        let (verifier, mut ws) = double(|script| {
            script
                .whenever_sent("heartbeat")
                .replies("heartbeat")
                .allows_sent(Message::pong(""))
                .expect_send("ask")
                .expect_recv("answer")
                .expect_close(1000)
        });
        for _ in 0..3 {
            ws.send_text("heartbeat").await.unwrap();
            check_received(&mut ws, "heartbeat").await;
        }
        ws.send_text("ask").await.unwrap();
        ws.send_text("heartbeat").await.unwrap();
        ws.send_message(Message::pong("")).await.unwrap();
        check_received(&mut ws, "heartbeat").await;
        check_received(&mut ws, "answer").await;
        ws.send_text("heartbeat").await.unwrap();
        ws.close_with(1000, "").await.unwrap();
        check_received(&mut ws, "heartbeat").await;
        drop(ws);
        verifier.finish().await;
    }

    async fn a_rule_may_take_its_time_and_make_its_reply() {
        let (verifier, mut ws) = double(|script| {
            script
                .whenever_sent(matching("a ping", |sent: &Message| matches!(sent, Message::Ping(_))))
                .replies_with(|sent| Message::pong(sent.message().payload().to_vec()))
                .after(SHORT / 20)
                .expect_send("bye")
        });
        ws.ping("1").await.unwrap();
        ws.ping("2").await.unwrap();
        check_pending(&mut ws);
        check_received(&mut ws, Message::pong("1")).await;
        check_received(&mut ws, Message::pong("2")).await;
        ws.send_text("bye").await.unwrap();
        drop(ws);
        verifier.websocket().assert_send(Message::ping("1"));
        verifier.finish().await;
    }

    async fn a_reply_is_made_of_the_last_message_before_it_however_far_the_client_is_ahead() {
        let (verifier, mut ws) = double(|script| {
            script
                .expect_send("one")
                .replies_with(|sent| format!("{}!", sent.text()))
                .expect_send(matching("a number", |sent: &Message| sent.as_text() == Some("2")))
                .expect_send(b"\x03")
                .replies_with(|sent| sent.message().payload().to_vec())
        });
        ws.send_text("one").await.unwrap();
        ws.send_text("2").await.unwrap();
        ws.send_binary(&b"\x03"[..]).await.unwrap();
        check_received(&mut ws, "one!").await;
        check_received(&mut ws, b"\x03").await;
        drop(ws);
        let replies: Vec<_> = verifier.interactions().iter().map(ToString::to_string).collect();
        assert_eq!(replies[3..], ["recv      text \"one!\"", "recv      binary b\"\\x03\""]);
        verifier.finish().await;
    }
}

#[test]
fn rules_hold_no_more_once_either_side_has_closed() {
    let (verifier, mut ws) = double(|script| {
        script
            .whenever_sent("heartbeat")
            .replies("heartbeat")
            .expect_recv_close(1000, "")
            .expect_eof()
    });
    block_on(async {
        ws.send_text("heartbeat").await.unwrap();
        check_received(&mut ws, "heartbeat").await;
        check_received(&mut ws, close(1000, "")).await;
        check_error(ws.send_text("heartbeat").await, WebSocketError::Closed);
        check_closed(&mut ws).await;
        check_ended(&mut ws).await;
    });
    drop(ws);
    verifier.verify();
}

#[test]
fn a_matcher_that_panics_is_a_violation_of_its_own() {
    let (verifier, mut ws) = double(|script| {
        script.expect_send(matching("something", |_: &Message| -> bool {
            panic!("the matcher's own bug")
        }))
    });
    let failed = violation(block_on(ws.send_text("hello")));
    match failed.kind() {
        ViolationKind::MatcherPanicked { label, message, .. } => {
            assert_eq!((label.as_str(), message.as_str()), ("something", "the matcher's own bug"));
        }
        kind => panic!("{kind:?}"),
    }
    drop(ws);
    assert_eq!(verifier.try_verify().unwrap_err().violations().collect::<Vec<_>>(), [&failed]);
}

#[test]
fn a_reply_that_panics_or_that_no_peer_could_say_is_a_violation_of_its_own() {
    type Reply = fn(&wirescript::scripted::SentMessage) -> Message;
    let replies: [(Reply, &str); 5] = [
        (|_| panic!("the reply's own bug"), "the reply's own bug"),
        (|_| close(1000, ""), "a close is no reply: write `.expect_recv_close(..)`"),
        (
            |_| Message::ping("x".repeat(126)),
            "no peer says this: the payload of a ping or pong is 126 bytes long, and has at most 125",
        ),
        (
            |sent| sent.text().into(),
            "the message in front of the reply is no text: Some(Binary(b\"ask\"))",
        ),
        (|_| Message::text(""), ""),
    ];
    for (reply, expected) in replies {
        let (verifier, mut ws) = double(|script| {
            script.expect_send(b"ask").replies_with(reply).expect_send("more").optional()
        });
        block_on(async {
            ws.send_binary(&b"ask"[..]).await.unwrap();
            if expected.is_empty() {
                check_received(&mut ws, "").await;
                return;
            }
            let failed = violation(ws.recv().await);
            match failed.kind() {
                ViolationKind::ReplyFailed { message: Some(message), .. } => {
                    assert_eq!(message, expected);
                }
                kind => panic!("{kind:?}"),
            }
            assert_eq!(violation(ws.send_text("more").await), failed);
        });
        drop(ws);
        assert_eq!(verifier.try_verify().is_err(), !expected.is_empty());
    }
}

#[test]
fn a_reply_with_nothing_in_front_of_it_says_so() {
    let (verifier, mut ws) = double(|script| script.replies_with(|sent| sent.message().clone()));
    let failed = violation(block_on(ws.recv()));
    assert!(
        failed.to_string().contains("the script has no message in front of the reply"),
        "{failed}"
    );
    drop(ws);
    assert!(verifier.try_verify().is_err());
}

#[test]
fn predicates_of_requests_and_closes_may_panic_too() {
    let verifier = Verifier::new();
    let net = verifier.websocket();
    net.new_session()
        .expect_connect(matching("a request", |_: &wirescript::websocket::WebSocketRequest| {
            panic!("no")
        }));
    let request = super::support::request();
    let opened = block_on(wirescript::WebSocketConnect::connect(&net, &request));
    assert!(matches!(violation(opened).kind(), ViolationKind::MatcherPanicked { .. }));
    assert!(verifier.try_verify().is_err());

    let (verifier, mut ws) = double(|script| {
        script.expect_close(matching("a close", |_: &Option<wirescript::websocket::CloseFrame>| {
            panic!("no")
        }))
    });
    let closed = block_on(ws.close_with(1000, ""));
    assert!(matches!(violation(closed).kind(), ViolationKind::MatcherPanicked { .. }));
    drop(ws);
    assert!(verifier.try_verify().is_err());
}

#[test]
fn a_message_is_taken_by_the_step_before_the_rule() {
    let (verifier, mut ws) = double(|script| {
        script
            .whenever_sent(matching("anything", |_: &Message| true))
            .replies("by the rule")
            .expect_send("hello")
            .expect_recv("by the step")
    });
    block_on(async {
        ws.send_text("hello").await.unwrap();
        check_received(&mut ws, "by the step").await;
        ws.send_text("hello").await.unwrap();
        check_received(&mut ws, "by the rule").await;
    });
    drop(ws);
    assert_eq!(operations(&verifier), ["send", "recv", "send", "recv"]);
    verifier.verify();
    let (_verifier, _) = double(|script| script.expect_send(any()).optional());
}
