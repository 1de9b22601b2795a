//! M6 to M8: how a connection ends without a close, and what breaks the protocol. CASES 48 and 51.

use std::io::ErrorKind;

use futures::SinkExt;
use futures::executor::block_on;
use wirescript::WebSocketExt;
use wirescript::scripted::Fault;
use wirescript::websocket::{Message, ProtocolError, WebSocketError};

use super::support::{
    check_closed, check_ended, check_error, check_io, check_received, close, double,
};
use crate::support::everywhere;
use crate::witness::operations;

everywhere! {
    async fn m6_an_end_without_a_close_is_abnormal_once() {
        let (verifier, mut ws) = double(|script| script.expect_recv("hello").expect_eof());
        check_received(&mut ws, "hello").await;
        check_error(ws.recv().await, WebSocketError::AbnormalClosure);
        check_ended(&mut ws).await;
        check_closed(&mut ws).await;
        drop(ws);
        verifier.finish().await;
    }

    async fn m6_an_end_after_the_clients_close_alone_is_abnormal() {
        let (verifier, mut ws) = double(|script| script.expect_close(1000).expect_eof());
        ws.close_with(1000, "").await.unwrap();
        check_error(ws.recv().await, WebSocketError::AbnormalClosure);
        check_ended(&mut ws).await;
        check_closed(&mut ws).await;
        drop(ws);
        verifier.finish().await;
    }

    async fn m6_a_reset_is_told_to_the_one_who_receives_first() {
        let (verifier, mut ws) = double(|script| script.expect_recv("hello").expect_reset());
        check_received(&mut ws, "hello").await;
        check_io(ws.recv().await, ErrorKind::ConnectionReset);
        check_ended(&mut ws).await;
        for _ in 0..3 {
            check_io(ws.send_text("late").await, ErrorKind::BrokenPipe);
        }
        ws.close().await.unwrap();
        check_ended(&mut ws).await;
        drop(ws);
        verifier.finish().await;
    }

    async fn m6_a_reset_is_told_to_the_one_who_sends_first() {
        let (verifier, mut ws) = double(|script| script.expect_recv("unread").optional().expect_reset());
        check_io(ws.send_text("hello").await, ErrorKind::ConnectionReset);
        check_io(ws.send_text("hello").await, ErrorKind::BrokenPipe);
        check_received(&mut ws, "unread").await;
        check_error(ws.recv().await, WebSocketError::AbnormalClosure);
        check_ended(&mut ws).await;
        check_io(ws.send_text("hello").await, ErrorKind::BrokenPipe);
        drop(ws);
        verifier.finish().await;
    }

    async fn m6_after_both_closes_a_reset_is_an_ordinary_end() {
        let (verifier, mut ws) = double(|script| script.expect_recv_close(1000, "").expect_reset());
        check_received(&mut ws, close(1000, "")).await;
        check_ended(&mut ws).await;
        check_closed(&mut ws).await;
        drop(ws);
        verifier.finish().await;

        let (verifier, mut ws) = double(|script| {
            script.expect_close(None).expect_recv(Message::Close(None)).expect_reset()
        });
        ws.close().await.unwrap();
        check_received(&mut ws, Message::Close(None)).await;
        check_ended(&mut ws).await;
        check_closed(&mut ws).await;
        drop(ws);
        verifier.finish().await;
    }

    async fn m6_a_reset_after_the_clients_close_alone_is_told() {
        let (verifier, mut ws) = double(|script| script.expect_close(1000).expect_reset());
        ws.close_with(1000, "").await.unwrap();
        check_io(ws.recv().await, ErrorKind::ConnectionReset);
        check_ended(&mut ws).await;
        drop(ws);
        verifier.finish().await;
    }
}

#[test]
fn m8_each_breach_ends_the_stream_and_a_later_send_is_still_fine() {
    let breaches: [(Fault, WebSocketError); 12] = [
        (Fault::invalid_utf8(), WebSocketError::InvalidUtf8),
        (Fault::too_big(300, 150), WebSocketError::TooBig { size: 300, limit: 150 }),
        (ProtocolError::ReservedBits.into(), ProtocolError::ReservedBits.into()),
        (ProtocolError::UnknownOpcode(3).into(), ProtocolError::UnknownOpcode(3).into()),
        (ProtocolError::Masked.into(), ProtocolError::Masked.into()),
        (ProtocolError::ControlTooLong.into(), ProtocolError::ControlTooLong.into()),
        (ProtocolError::ControlFragmented.into(), ProtocolError::ControlFragmented.into()),
        (
            ProtocolError::UnexpectedContinuation.into(),
            ProtocolError::UnexpectedContinuation.into(),
        ),
        (ProtocolError::ExpectedContinuation.into(), ProtocolError::ExpectedContinuation.into()),
        (ProtocolError::InvalidClose.into(), ProtocolError::InvalidClose.into()),
        (ProtocolError::AfterClose.into(), ProtocolError::AfterClose.into()),
        (ProtocolError::Other.into(), ProtocolError::Other.into()),
    ];
    for (fault, error) in breaches {
        let (verifier, mut ws) = double(|script| {
            script.expect_recv_error(fault).expect_send("still here").expect_close(1002)
        });
        block_on(async {
            check_error(ws.recv().await, error);
            check_ended(&mut ws).await;
            ws.send_text("still here").await.unwrap();
            ws.close_with(1002, "").await.unwrap();
            check_ended(&mut ws).await;
            check_closed(&mut ws).await;
        });
        drop(ws);
        verifier.verify();
        assert_eq!(operations(&verifier), ["recv_error", "send", "close"]);
    }
}

#[test]
fn m8_what_comes_after_a_close_of_the_peer_is_a_breach() {
    let (verifier, mut ws) = double(|script| {
        script.expect_recv_close(1000, "").expect_recv_error(ProtocolError::AfterClose)
    });
    block_on(async {
        check_received(&mut ws, close(1000, "")).await;
        check_error(ws.recv().await, ProtocolError::AfterClose.into());
        check_ended(&mut ws).await;
        check_closed(&mut ws).await;
    });
    drop(ws);
    verifier.verify();
}

#[test]
fn m7_an_error_of_the_connection_below_ends_the_stream() {
    for kind in [ErrorKind::TimedOut, ErrorKind::BrokenPipe, ErrorKind::HostUnreachable] {
        let (verifier, mut ws) = double(|script| script.expect_recv_error(kind));
        block_on(async {
            check_io(ws.recv().await, kind);
            check_ended(&mut ws).await;
        });
        drop(ws);
        verifier.verify();
    }
    let (verifier, mut ws) = double(|script| script.expect_recv_error(ErrorKind::ConnectionReset));
    block_on(async {
        check_io(ws.recv().await, ErrorKind::ConnectionReset);
        check_ended(&mut ws).await;
        check_io(ws.send_text("late").await, ErrorKind::BrokenPipe);
    });
    drop(ws);
    verifier.verify();
}

#[test]
fn a_send_raises_what_it_is_told_to_and_is_used_by_that() {
    let (verifier, mut ws) = double(|script| {
        script
            .expect_send("one")
            .raises(ErrorKind::TimedOut)
            .expect_send("two")
            .expect_close(1000)
            .raises(ErrorKind::BrokenPipe)
    });
    block_on(async {
        check_io(ws.send_text("one").await, ErrorKind::TimedOut);
        ws.send_text("two").await.unwrap();
        check_io(ws.close_with(1000, "").await, ErrorKind::BrokenPipe);
    });
    drop(ws);
    verifier.verify();

    let (verifier, mut ws) =
        double(|script| script.expect_send("one").raises(ErrorKind::ConnectionReset));
    block_on(async {
        check_io(ws.send_text("one").await, ErrorKind::ConnectionReset);
        check_io(ws.send_text("two").await, ErrorKind::BrokenPipe);
        check_error(ws.recv().await, WebSocketError::AbnormalClosure);
        check_ended(&mut ws).await;
    });
    drop(ws);
    verifier.verify();
}

#[test]
fn a_client_that_never_looks_at_the_end_is_stopped() {
    type Step = fn(&mut wirescript::scripted::ScriptedWebSocket) -> Result<(), WebSocketError>;
    let ignorant: [Step; 3] = [
        |ws| block_on(ws.recv()).map(drop),
        |ws| match block_on(ws.send_text("late")) {
            Err(WebSocketError::Closed) => Ok(()),
            other => other,
        },
        |ws| block_on(ws.close()),
    ];
    for ask in ignorant {
        let (verifier, mut ws) = double(|script| script.expect_recv_close(1000, "").expect_eof());
        block_on(check_received(&mut ws, close(1000, "")));
        block_on(check_ended(&mut ws));
        let stopped = (0..2_000).find_map(|_| ask(&mut ws).err());
        let stopped = super::support::violation(Err::<(), _>(stopped.expect("it is told")));
        assert!(
            matches!(stopped.kind(), wirescript::scripted::ViolationKind::EndIgnored { .. }),
            "{stopped}"
        );
        drop(ws);
        assert!(verifier.try_verify().is_err());
    }
}
