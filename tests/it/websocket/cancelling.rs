//! M11: what is dropped half-way loses nothing.

use std::time::Duration;

use futures::executor::block_on;
use futures::future::{Either, select};
use futures::{FutureExt, SinkExt, poll};
use wirescript::scripted::{Scripted, Stage, WebSocket};
use wirescript::websocket::{Message, WebSocketConnect};
use wirescript::{Verifier, WebSocketExt, any};
use wirescript_tokio::TokioTimer;

use super::support::{URI, check_received, close, connect, double, request, violation};
use crate::support::{SHORT, everywhere, spawn};
use crate::witness::{operations, pass, timeout};

everywhere! {
    async fn m11_a_send_that_was_dropped_goes_out_with_the_next_receive() {
        let (verifier, mut ws) = double(|script| {
            script.expect_send("ask").after(Duration::from_millis(5)).expect_recv("answer")
        });
        assert!(ws.send_text("ask").now_or_never().is_none());
        check_received(&mut ws, "answer").await;
        drop(ws);
        assert_eq!(operations(&verifier), ["send", "recv"]);
        verifier.finish().await;
    }

    async fn m11_it_does_when_its_delay_is_over_whatever_was_received_meanwhile() {
        let (verifier, mut ws) = double(|script| {
            script
                .expect_recv("meanwhile")
                .expect_send("ask")
                .after(SHORT / 4)
                .expect_recv("answer")
        });
        assert!(ws.send_text("ask").now_or_never().is_none());
        check_received(&mut ws, "meanwhile").await;
        // The clock comes first, so that it does not wake who receives.
        let late = std::pin::pin!(pass(SHORT * 20));
        let Either::Right((answer, _)) = select(late, std::pin::pin!(ws.recv())).await else {
            panic!("nobody has to run out of patience");
        };
        assert_eq!(answer.unwrap(), Some("answer".into()));
        drop(ws);
        verifier.finish().await;
    }

    async fn m11_a_send_that_was_dropped_goes_out_with_the_next_send() {
        let (verifier, mut ws) = double(|script| {
            script.expect_send("one").after(Duration::from_millis(5)).expect_send("two").expect_close(None)
        });
        assert!(ws.send_text("one").now_or_never().is_none());
        ws.send_text("two").await.unwrap();
        ws.close().await.unwrap();
        drop(ws);
        verifier.finish().await;
    }

    async fn m11_a_receive_that_is_dropped_at_any_poll_loses_nothing() {
        let (verifier, mut ws) = double(|script| {
            let mut script = script.expect_recv("0").after(Duration::from_millis(1));
            for number in 1..20 {
                script = script.expect_recv(number.to_string()).after(Duration::from_millis(1));
            }
            script
        });
        for number in 0..20 {
            let mut dropped = 0;
            let message = loop {
                if let Some(message) = ws.recv().now_or_never() {
                    break message;
                }
                dropped += 1;
                pass(Duration::from_micros(300)).await;
            };
            assert!(dropped > 0);
            assert_eq!(message.unwrap(), Some(number.to_string().into()));
        }
        drop(ws);
        verifier.finish().await;
    }

    async fn m11_a_close_that_was_dropped_may_be_called_again() {
        let (verifier, mut ws) = double(|script| {
            script.lockstep().expect_recv("wait").expect_close(1000).expect_recv_close(1000, "")
        });
        assert!(ws.close_with(1000, "").now_or_never().is_none());
        check_received(&mut ws, "wait").await;
        ws.close_with(1000, "").await.unwrap();
        check_received(&mut ws, close(1000, "")).await;
        drop(ws);
        assert_eq!(operations(&verifier), ["recv", "close", "recv_close"]);
        verifier.finish().await;
    }

    async fn m11_a_close_of_the_sink_that_was_dropped_may_be_called_again() {
        let (verifier, mut ws) =
            double(|script| script.lockstep().expect_recv("wait").expect_close(None));
        assert!(ws.close().now_or_never().is_none());
        check_received(&mut ws, "wait").await;
        ws.close().await.unwrap();
        drop(ws);
        verifier.finish().await;
    }

    async fn a_connect_that_is_dropped_gives_up_its_session() {
        let verifier = Verifier::new();
        let net = verifier.websocket();
        net.new_session().expect_connect(URI).after(Duration::from_secs(3600));
        net.new_session().expect_connect(URI).optional();
        net.new_session().expect_connect(URI).never();
        let request = request();
        let mut connecting = WebSocketConnect::connect(&net, &request);
        assert!(poll!(&mut connecting).is_pending());
        assert!(poll!(&mut connecting).is_pending());
        drop(connecting);
        drop(WebSocketConnect::connect(&net, &request));
        assert!(timeout(SHORT, WebSocketConnect::connect(&net, &request)).await.is_none());
        let report = verifier.try_verify().unwrap_err();
        let stages: Vec<_> = report.unused().iter().map(|unused| unused.stage).collect();
        assert_eq!(stages, [Stage::Abandoned]);
    }

    async fn a_send_that_is_dropped_in_one_task_wakes_nobody_wrongly_in_another() {
        let (verifier, ws) = double(|script| {
            script.expect_send("slow").after(Duration::from_millis(5)).expect_recv("answer")
        });
        let (mut sink, mut stream) = futures::StreamExt::split(ws);
        let reading = spawn(async move {
            let message = futures::StreamExt::next(&mut stream).await.unwrap().unwrap();
            (message, stream)
        });
        let writing = spawn(async move {
            while timeout(Duration::from_millis(1), sink.flush()).await.is_none() {}
            let _ = timeout(Duration::from_millis(1), sink.send("slow".into())).await;
            sink.flush().await.unwrap();
            sink
        });
        let (message, stream) = reading.await;
        assert_eq!(message, "answer".into());
        drop((stream, writing.await));
        verifier.finish().await;
    }
}

#[tokio::test(start_paused = true)]
async fn two_tasks_wait_for_two_delays_on_one_timer() {
    let verifier = Verifier::builder().timer(TokioTimer::new()).build();
    let ws = verifier
        .websocket()
        .new_session()
        .expect_recv("one")
        .after(Duration::from_secs(7))
        .expect_send("ask")
        .after(Duration::from_secs(5))
        .expect_recv("two")
        .after(Duration::from_secs(3))
        .into_websocket();
    let started = tokio::time::Instant::now();
    let (mut sink, mut stream) = futures::StreamExt::split(ws);
    let writing = tokio::spawn(async move {
        sink.feed("ask".into()).await.unwrap();
        // A client that is polled more often than it has to be.
        while tokio::time::timeout(Duration::from_millis(700), sink.flush()).await.is_err() {}
        (sink, started.elapsed())
    });
    let mut received = Vec::new();
    for _ in 0..2 {
        received.push(futures::StreamExt::next(&mut stream).await.unwrap().unwrap());
        received.push(format!("{}s", started.elapsed().as_secs()).into());
    }
    assert_eq!(received, ["one", "7s", "two", "10s"].map(Message::from));
    let (sink, sent_after) = writing.await.unwrap();
    assert_eq!(sent_after.as_secs(), 5);
    drop((sink, stream));
    verifier.finish().await;
}

#[test]
fn a_violation_is_told_to_whoever_polls_after_the_one_that_was_dropped() {
    let net_and_ws = || {
        let verifier = Verifier::new();
        let net: Scripted<WebSocket> = verifier.websocket();
        net.new_session().expect_connect(any()).expect_send("ask").expect_recv("answer");
        (verifier, net)
    };
    let (verifier, net) = net_and_ws();
    block_on(async {
        let mut ws = connect(&net).await;
        drop(ws.send_text("ask"));
        drop(ws.recv());
        drop(ws.close_with(1000, ""));
        ws.send_text("ask").await.unwrap();
        check_received(&mut ws, "answer").await;
        let strayed = violation(ws.send_text("more").await);
        drop(ws.send_text("and more"));
        assert_eq!(violation(ws.recv().await), strayed);
        drop(ws);
    });
    assert_eq!(verifier.try_verify().unwrap_err().violations().count(), 1);
}
