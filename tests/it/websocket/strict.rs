//! `strict_rfc6455`: what RFC 6455 forbids a client and transports let pass.

use futures::SinkExt;
use futures::executor::block_on;
use wirescript::WebSocketExt;
use wirescript::scripted::{Violation, ViolationKind, WebSocketScript};
use wirescript::websocket::{Message, WebSocketError};

use super::support::{
    check_closed, check_ended, check_error, check_received, close, double, violation,
};

#[track_caller]
fn rule(violation: &Violation) -> &'static str {
    match violation.kind() {
        ViolationKind::Breach { rule, .. } => rule,
        kind => panic!("another violation: {kind:?}"),
    }
}

#[test]
fn a_close_code_that_is_never_sent_is_told() {
    for code in [1004, 1005, 1006, 1015, 999, 1016, 2999, 5000] {
        let (verifier, mut ws) = double(|script| script.strict_rfc6455().expect_close(code));
        let breach = violation(block_on(ws.close_with(code, "")));
        assert_eq!(rule(&breach), "this code is never sent (section 7.4)");
        drop(ws);
        assert!(verifier.try_verify().is_err());

        let (verifier, mut ws) = double(|script| script.expect_close(code));
        block_on(ws.close_with(code, "")).unwrap();
        drop(ws);
        verifier.verify();
    }
    for code in [1000, 1003, 1007, 1014, 3000, 4999] {
        let (verifier, mut ws) = double(|script| script.strict_rfc6455().expect_close(code));
        block_on(ws.close_with(code, "")).unwrap();
        drop(ws);
        verifier.verify();
    }
}

#[test]
fn a_control_frame_that_is_too_long_is_told() {
    for message in [
        Message::ping("x".repeat(126)),
        Message::pong("x".repeat(126)),
        close(1000, &"x".repeat(124)),
    ] {
        let (verifier, mut ws) = double(WebSocketScript::strict_rfc6455);
        let breach = violation(block_on(ws.send_message(message)));
        assert_eq!(rule(&breach), "a control frame has at most 125 bytes (section 5.5)");
        drop(ws);
        assert!(verifier.try_verify().is_err());
    }
}

#[test]
fn what_is_sent_after_a_close_is_told_and_a_second_close_is_not() {
    for peer_closes in [false, true] {
        let (verifier, mut ws) = double(|script| {
            let script = script.strict_rfc6455();
            match peer_closes {
                true => script.expect_recv_close(1000, "").erased(),
                false => script.expect_close(1000).erased(),
            }
        });
        block_on(async {
            match peer_closes {
                true => check_received(&mut ws, close(1000, "")).await,
                false => ws.close_with(1000, "").await.unwrap(),
            }
            ws.close_with(1000, "again").await.unwrap();
            check_error(ws.send_message(close(1000, "")).await, WebSocketError::Closed);
            ws.close().await.unwrap();
            let breach = violation(ws.send_text("late").await);
            assert_eq!(rule(&breach), "nothing is sent after a close (section 5.5.1)");
        });
        drop(ws);
        assert_eq!(verifier.try_verify().unwrap_err().violations().count(), 1);
    }
}

#[test]
fn what_is_sent_after_the_end_of_the_connection_breaks_no_rule() {
    let (verifier, mut ws) = double(|script| script.strict_rfc6455().expect_eof());
    block_on(async {
        check_error(ws.recv().await, WebSocketError::AbnormalClosure);
        check_closed(&mut ws).await;
        check_ended(&mut ws).await;
    });
    drop(ws);
    verifier.verify();
}

#[test]
fn a_ping_that_the_transport_has_no_chance_to_answer_is_told() {
    let received = || {
        let (verifier, mut ws) = double(|script| {
            script.strict_rfc6455().expect_recv(Message::ping("1")).expect_send("hi").optional()
        });
        block_on(check_received(&mut ws, Message::ping("1")));
        (verifier, ws)
    };
    let (verifier, ws) = received();
    drop(ws);
    let report = verifier.try_verify().unwrap_err();
    let breach = report.violations().next().unwrap();
    assert_eq!(rule(breach), "a ping is answered as soon as is practical (section 5.5.2)");

    let answers: [fn(&mut wirescript::scripted::ScriptedWebSocket); 4] = [
        |ws| block_on(ws.flush()).unwrap(),
        |ws| block_on(ws.send_text("hi")).unwrap(),
        |ws| drop(futures::FutureExt::now_or_never(ws.recv())),
        |ws| drop(futures::FutureExt::now_or_never(futures::StreamExt::next(ws))),
    ];
    for answer in answers {
        let (verifier, mut ws) = received();
        answer(&mut ws);
        drop(ws);
        verifier.verify();
    }
}

#[test]
fn a_ping_after_the_clients_own_close_need_not_be_answered() {
    let (verifier, mut ws) =
        double(|script| script.strict_rfc6455().expect_close(1000).expect_recv(Message::ping("1")));
    block_on(async {
        ws.close_with(1000, "").await.unwrap();
        check_received(&mut ws, Message::ping("1")).await;
    });
    drop(ws);
    verifier.verify();
}

#[test]
fn a_script_that_goes_on_may_become_strict() {
    let verifier = wirescript::Verifier::new();
    let net = verifier.websocket();
    let session = net.new_session().expect_connect(super::support::URI).open_ended().handle();
    let mut ws = block_on(super::support::connect(&net));
    session.then(|script| script.strict_rfc6455().expect_close(1006));
    assert_eq!(
        rule(&violation(block_on(ws.close_with(1006, "")))),
        "this code is never sent (section 7.4)"
    );
    drop(ws);
    assert!(verifier.try_verify().is_err());
}
