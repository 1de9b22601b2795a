//! M3 to M5: who closes, and what may be sent after that. CASES 48.

use futures::SinkExt;
use futures::executor::block_on;
use wirescript::websocket::{CloseCode, CloseFrame, InvalidMessage, Message, WebSocketError};
use wirescript::{WebSocketExt, any, matching};

use super::support::{
    check_closed, check_ended, check_error, check_pending, check_received, close, double, violation,
};
use crate::support::everywhere;
use crate::witness::operations;

everywhere! {
    async fn m3_the_peer_closes_first() {
        let (verifier, mut ws) = double(|script| {
            script.expect_recv("last words").expect_recv_close(1000, "bye").expect_eof().expect_drop()
        });
        check_received(&mut ws, "last words").await;
        check_received(&mut ws, close(1000, "bye")).await;
        check_closed(&mut ws).await;
        check_ended(&mut ws).await;
        check_closed(&mut ws).await;
        drop(ws);
        assert_eq!(operations(&verifier), ["recv", "recv_close", "eof", "drop"]);
        verifier.finish().await;
    }

    async fn m3_after_the_peers_close_the_stream_is_pending_until_the_connection_ends() {
        let (verifier, mut ws) = double(|script| script.expect_recv_close(1001, "").open_ended());
        check_received(&mut ws, close(1001, "")).await;
        check_pending(&mut ws);
        check_closed(&mut ws).await;
        check_pending(&mut ws);
        drop(ws);
        verifier.finish().await;
    }

    async fn m4_the_client_closes_first() {
        let (verifier, mut ws) = double(|script| {
            script
                .expect_close((1000, "done"))
                .expect_recv("late")
                .expect_recv(Message::ping("late"))
                .expect_recv_close(1000, "done")
                .expect_eof()
        });
        ws.close_with(1000, "done").await.unwrap();
        check_closed(&mut ws).await;
        check_received(&mut ws, "late").await;
        check_received(&mut ws, Message::ping("late")).await;
        check_closed(&mut ws).await;
        check_received(&mut ws, close(1000, "done")).await;
        check_closed(&mut ws).await;
        check_ended(&mut ws).await;
        drop(ws);
        verifier.finish().await;
    }

    async fn m4_disconnect_closes_and_receives_to_the_end() {
        let (verifier, ws) = double(|script| {
            script
                .expect_recv("unread")
                .expect_close((1000, "done"))
                .expect_recv("late")
                .expect_recv_close(1000, "done")
                .expect_eof()
                .expect_drop()
        });
        ws.disconnect(1000, "done").await.unwrap();
        assert_eq!(operations(&verifier), ["close", "recv", "recv", "recv_close", "eof", "drop"]);
        verifier.finish().await;
    }
}

#[test]
fn m4_closing_the_sink_sends_a_close_without_a_code_once() {
    let (verifier, mut ws) = double(|script| script.expect_send("queued").expect_close(None));
    block_on(async {
        ws.feed("queued".into()).await.unwrap();
        ws.close().await.unwrap();
        ws.close().await.unwrap();
        check_closed(&mut ws).await;
    });
    drop(ws);
    verifier.verify();
    assert_eq!(operations(&verifier), ["send", "close"]);
}

#[test]
fn m4_a_close_is_a_message_of_the_sink_as_well() {
    let (verifier, mut ws) = double(|script| script.expect_close((4000, "")));
    block_on(async {
        ws.feed(close(4000, "")).await.unwrap();
        check_error(ws.feed("behind it".into()).await, WebSocketError::Closed);
        ws.flush().await.unwrap();
        check_closed(&mut ws).await;
    });
    drop(ws);
    verifier.verify();
}

#[test]
fn m3_codes_that_may_not_be_sent_come_as_1002_and_all_others_as_they_are() {
    for code in [1005, 1006, 999, 1016, 5000, 1015, 1004, 0, 2999, u16::MAX] {
        let (verifier, mut ws) =
            double(|script| script.expect_recv_close(code, "why").expect_eof());
        block_on(check_received(&mut ws, close(1002, "Protocol violation")));
        block_on(check_ended(&mut ws));
        drop(ws);
        verifier.verify();
    }
    for code in [1000, 1001, 1002, 1003, 1007, 1011, 1014, 3000, 3999, 4000, 4999] {
        let (verifier, mut ws) =
            double(|script| script.expect_recv_close(code, "why").expect_eof());
        block_on(check_received(&mut ws, close(code, "why")));
        drop(ws);
        assert!(verifier.try_verify().is_err(), "the end was not received");
    }
}

#[test]
fn m3_a_close_without_a_code_is_received_as_a_message() {
    let (verifier, mut ws) = double(|script| script.expect_recv(Message::Close(None)).expect_eof());
    block_on(async {
        check_received(&mut ws, Message::Close(None)).await;
        check_closed(&mut ws).await;
        check_ended(&mut ws).await;
    });
    drop(ws);
    verifier.verify();
    assert_eq!(operations(&verifier), ["recv_close", "eof"]);
}

#[test]
fn a_close_is_met_by_what_it_says() {
    let (code, reason) = (CloseCode::from(4001), "why");
    let frame = CloseFrame::new(4001, "why");
    let scripts: [fn(_, CloseFrame) -> wirescript::scripted::WebSocketScript; 6] = [
        |script: wirescript::scripted::WebSocketScript, frame| script.expect_close(frame).erased(),
        |script, frame| script.expect_close(Some(frame)).erased(),
        |script, frame| script.expect_close((frame.code, "why")).erased(),
        |script, _| script.expect_close((4001, String::from("why"))).erased(),
        |script, _| script.expect_close((4001, "why")).erased(),
        |script, frame| {
            let is_it = move |close: &Option<CloseFrame>| close.as_ref() == Some(&frame);
            script.expect_close(matching("that close", is_it)).erased()
        },
    ];
    for write in scripts {
        let (verifier, mut ws) = double(|script| write(script, frame.clone()));
        block_on(ws.close_with(code, reason)).unwrap();
        drop(ws);
        verifier.verify();

        let (verifier, mut ws) = double(|script| write(script, frame.clone()));
        assert!(violation(block_on(ws.close_with(4002, reason))).is_mismatch());
        drop(ws);
        assert!(verifier.try_verify().is_err());
    }
    let (verifier, mut ws) = double(|script| script.expect_close(CloseCode::NORMAL));
    block_on(ws.close_with(1000, "")).unwrap();
    drop(ws);
    verifier.verify();
}

#[test]
fn a_close_that_the_script_does_not_have_is_a_violation() {
    let (verifier, mut ws) = double(|script| script.expect_send("hello").expect_close(any()));
    let strayed = violation(block_on(ws.close_with(1000, "")));
    assert!(strayed.is_out_of_order());
    assert_eq!((strayed.operation(), strayed.expected().unwrap().name), ("close", "send"));
    drop(ws);
    assert_eq!(verifier.try_verify().unwrap_err().violations().collect::<Vec<_>>(), [&strayed]);
}

#[test]
fn a_close_is_none_of_any_messages() {
    let (verifier, mut ws) =
        double(|script| script.whenever_sent(matching("any", |_: &Message| true)).replies("x"));
    assert!(violation(block_on(ws.close_with(1000, ""))).is_unmocked());
    drop(ws);
    assert!(verifier.try_verify().is_err());

    let (verifier, mut ws) = double(|script| script.expect_send(any()));
    assert!(violation(block_on(ws.close())).is_out_of_order());
    drop(ws);
    assert!(verifier.try_verify().is_err());
}

#[test]
fn m9_a_close_with_a_reason_that_is_too_long_is_refused_and_the_connection_lives_on() {
    let (verifier, mut ws) = double(|script| script.expect_close((1000, "x".repeat(123).as_str())));
    block_on(async {
        let refused = WebSocketError::InvalidMessage(InvalidMessage::ReasonTooLong { len: 124 });
        check_error(ws.close_with(1000, "x".repeat(124)).await, refused);
        ws.close_with(1000, "x".repeat(123)).await.unwrap();
    });
    drop(ws);
    verifier.verify();
}

#[test]
fn a_close_may_be_optional_for_a_client_that_races_its_peer() {
    for client_closes in [false, true] {
        let (verifier, mut ws) = double(|script| {
            script.expect_close(any()).optional().expect_recv_close(1001, "").expect_eof()
        });
        block_on(async {
            if client_closes {
                ws.close_with(1000, "").await.unwrap();
            }
            check_received(&mut ws, close(1001, "")).await;
            check_closed(&mut ws).await;
            check_ended(&mut ws).await;
        });
        drop(ws);
        if client_closes {
            verifier.websocket().assert_close(1000);
        }
        verifier.verify();
    }
}

#[test]
fn what_was_queued_when_the_peer_closed_is_told_to_the_one_who_flushes() {
    let (verifier, mut ws) = double(|script| script.expect_recv_close(1000, "").expect_eof());
    block_on(async {
        ws.feed("too late".into()).await.unwrap();
        check_received(&mut ws, close(1000, "")).await;
        check_error(ws.flush().await, WebSocketError::Closed);
        ws.flush().await.unwrap();
        check_ended(&mut ws).await;
    });
    drop(ws);
    verifier.verify();
}
