//! M9: what waits to be written, and what is refused before it goes out.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::executor::block_on;
use futures::task::noop_waker;
use futures::{FutureExt, Sink, SinkExt};
use wirescript::scripted::Blocked;
use wirescript::websocket::{InvalidMessage, Message, WebSocketError};
use wirescript::{Verifier, WebSocketExt};

use super::support::{check_error, check_received, double, violation};
use crate::support::{SHORT, everywhere, impatient, spawn};
use crate::witness::{operations, stall, timeout};

everywhere! {
    async fn m9_a_send_that_takes_its_time_is_backpressure_and_the_stream_goes_on() {
        let (verifier, mut ws) = double(|script| {
            script.expect_recv("meanwhile").expect_send("slow").after(SHORT * 5).expect_send("fast").expect_recv("got both")
        });
        ws.feed("slow".into()).await.unwrap();
        assert!(ws.feed("fast".into()).now_or_never().is_none(), "there is no room yet");
        check_received(&mut ws, "meanwhile").await;
        assert_eq!(operations(&verifier), ["recv"]);
        ws.feed("fast".into()).await.unwrap();
        assert_eq!(operations(&verifier), ["recv", "send"], "what is fed is not sent");
        ws.flush().await.unwrap();
        check_received(&mut ws, "got both").await;
        drop(ws);
        verifier.finish().await;
    }

    async fn m9_a_send_that_never_completes_leaves_the_stream_alone() {
        let (verifier, mut ws) = double(|script| {
            script.expect_recv("one").expect_recv("two").expect_send("stuck").never()
        });
        ws.feed("stuck".into()).await.unwrap();
        check_received(&mut ws, "one").await;
        assert!(timeout(SHORT, ws.flush()).await.is_none());
        assert!(timeout(SHORT, ws.feed("no room".into())).await.is_none());
        check_received(&mut ws, "two").await;
        drop(ws);
        verifier.finish().await;
    }

    async fn a_delay_of_a_send_that_comes_again_is_waited_for_each_time() {
        let (verifier, mut ws) =
            double(|script| script.expect_send("tick").times(3).after(Duration::from_millis(5)));
        for _ in 0..3 {
            assert!(ws.send_text("tick").now_or_never().is_none());
            ws.flush().await.unwrap();
        }
        assert_eq!(operations(&verifier), ["send"; 3]);
        drop(ws);
        verifier.finish().await;
    }

    async fn in_lockstep_a_send_waits_for_what_the_client_has_to_receive() {
        let (verifier, ws) = double(|script| {
            script.lockstep().expect_recv("hello").expect_send("ask").expect_recv("answer").expect_close(None)
        });
        let (mut sink, mut stream) = futures::StreamExt::split(ws);
        let asking = spawn(async move {
            sink.send("ask".into()).await.unwrap();
            sink
        });
        assert_eq!(futures::StreamExt::next(&mut stream).await.unwrap().unwrap(), "hello".into());
        assert_eq!(futures::StreamExt::next(&mut stream).await.unwrap().unwrap(), "answer".into());
        let mut sink = asking.await;
        sink.close().await.unwrap();
        drop((sink, stream));
        assert_eq!(operations(&verifier), ["recv", "send", "recv", "close"]);
        verifier.finish().await;
    }

    async fn in_lockstep_a_send_too_early_is_called_stalled() {
        let verifier = impatient();
        let mut ws = verifier
            .websocket()
            .new_session()
            .lockstep()
            .expect_recv("hello")
            .expect_send("ask")
            .into_websocket();
        let stalled = violation(ws.send_text("ask").await);
        assert_eq!(stall(&stalled), (Blocked::NotListened, false));
        assert_eq!(violation(ws.recv().await), stalled);
        drop(ws);
        assert_eq!(verifier.try_verify().unwrap_err().violations().count(), 1);
    }
}

#[test]
fn m9_a_message_that_cannot_be_sent_is_refused_and_the_connection_lives_on() {
    let (verifier, mut ws) = double(|script| script.expect_send(Message::ping("x".repeat(125))));
    block_on(async {
        for message in [Message::ping("x".repeat(126)), Message::pong("x".repeat(126))] {
            let refused =
                WebSocketError::InvalidMessage(InvalidMessage::ControlTooLong { len: 126 });
            check_error(ws.feed(message).await, refused);
        }
        ws.ping("x".repeat(125)).await.unwrap();
    });
    drop(ws);
    verifier.verify();
}

#[test]
fn m9_messages_are_queued_in_order_even_by_who_does_not_ask_for_room() {
    let (verifier, mut ws) =
        double(|script| script.expect_send("one").expect_send("two").expect_send("three"));
    for text in ["one", "two", "three"] {
        Pin::new(&mut ws).start_send(text.into()).unwrap();
    }
    assert!(operations(&verifier).is_empty());
    block_on(ws.flush()).unwrap();
    drop(ws);
    verifier.verify();
}

#[test]
fn what_is_fed_and_never_flushed_is_not_sent() {
    let (verifier, mut ws) = double(|script| script.expect_send("hello"));
    block_on(ws.feed("hello".into())).unwrap();
    drop(ws);
    let report = verifier.try_verify().unwrap_err();
    assert_eq!((report.violations().len(), report.unused().len()), (0, 1));
    assert!(operations(&verifier).is_empty());
}

#[test]
fn a_receive_does_not_flush_what_was_only_fed() {
    let verifier = impatient();
    let mut ws = verifier
        .websocket()
        .new_session()
        .expect_send("ask")
        .expect_recv("answer")
        .into_websocket();
    block_on(async {
        ws.feed("ask".into()).await.unwrap();
        assert_eq!(stall(&violation(ws.recv().await)), (Blocked::NotHeard, false));
    });
    drop(ws);
    assert!(verifier.try_verify().is_err());
}

#[test]
fn a_flush_of_nothing_is_ready_and_tells_of_a_violation() {
    let (verifier, mut ws) = double(|script| script.expect_send("hello"));
    let mut cx = Context::from_waker(Box::leak(Box::new(noop_waker())));
    assert!(matches!(Pin::new(&mut ws).poll_flush(&mut cx), Poll::Ready(Ok(()))));
    assert!(matches!(Pin::new(&mut ws).poll_ready(&mut cx), Poll::Ready(Ok(()))));
    let strayed = violation(block_on(ws.send_text("hallo")));
    assert_eq!(violation(block_on(ws.flush())), strayed);
    assert_eq!(violation(block_on(ws.send_text("hello"))), strayed);
    assert_eq!(violation(block_on(ws.recv())), strayed);
    assert_eq!(violation(block_on(ws.close())), strayed);
    drop(ws);
    let report = verifier.try_verify().unwrap_err();
    assert_eq!((report.violations().len(), report.unused().len()), (1, 0));
}

#[test]
fn a_wrong_message_is_told_by_who_flushes_it() {
    let verifier = Verifier::new();
    let mut ws = verifier.websocket().new_session().expect_send("hello").into_websocket();
    block_on(async {
        ws.feed("hallo".into()).await.unwrap();
        let strayed = violation(ws.flush().await);
        assert!(strayed.is_mismatch());
        assert_eq!(violation(ws.feed("more".into()).await.and(ws.flush().await)), strayed);
    });
    drop(ws);
    assert!(verifier.try_verify().is_err());
}
