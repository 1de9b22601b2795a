//! Waiting: what parks, what wakes it, and what ends it when nothing does (S3, S6, W1-W6).

use std::time::Duration;

use futures::{FutureExt, SinkExt, StreamExt, join};
use wirescript::scripted::{Blocked, Stage, ViolationKind};
use wirescript::websocket::{Message, WebSocketConnect, WebSocketError};
use wirescript::{Verifier, WebSocketExt, any};
use wirescript_tokio::TokioTimer;

use super::support::{
    URI, check_pending, check_received, close, connect, double, request, violation,
};
use crate::support::{SHORT, everywhere, impatient, spawn};
use crate::witness::{operations, pass, stall, timeout};

everywhere! {
    async fn s3_a_recv_waits_for_the_send_before_it() {
        let (verifier, ws) =
            double(|script| script.expect_send("ask").expect_recv("answer").expect_close(None));
        let (mut sink, mut stream) = ws.split();
        let (answer, sent) = join!(stream.next(), sink.send("ask".into()));
        sent.unwrap();
        assert_eq!(answer.unwrap().unwrap(), "answer".into());
        sink.close().await.unwrap();
        drop((sink, stream));
        verifier.finish().await;
    }

    async fn w2_a_recv_before_its_send_is_called_stalled_and_never_gets_the_answer() {
        let verifier = impatient();
        let net = verifier.websocket();
        net.new_session().expect_connect(URI).expect_send("ask").expect_recv("answer");
        let mut ws = connect(&net).await;
        let stalled = violation(ws.recv().await);
        assert_eq!(stall(&stalled), (Blocked::NotHeard, false));
        assert_eq!((stalled.operation(), stalled.step().unwrap().number), ("recv", 2));
        assert_eq!(violation(ws.send_text("ask").await), stalled);
        assert_eq!(violation(ws.recv().await), stalled);
        assert_eq!(violation(ws.close().await), stalled);
        drop(ws);
        let report = verifier.try_verify().unwrap_err();
        assert_eq!(report.violations().collect::<Vec<_>>(), [&stalled]);
        assert!(report.unused().is_empty());
    }

    async fn w2_a_recv_that_the_clients_timer_dropped_is_not_called_stalled() {
        let verifier = Verifier::builder().patience(SHORT * 10).build();
        let mut ws = verifier.websocket().new_session().expect_send("ask").into_websocket();
        assert!(timeout(SHORT / 4, ws.recv()).await.is_none());
        pass(SHORT * 12).await;
        ws.send_text("ask").await.unwrap();
        drop(ws);
        verifier.finish().await;
    }

    async fn w4_a_peer_that_stays_silent_is_waited_for_and_may_be_left() {
        let verifier = Verifier::builder().patience(SHORT / 4).build();
        let net = verifier.websocket();
        net.new_session().expect_connect(URI).expect_recv("hello").stays_open();
        let mut ws = connect(&net).await;
        check_received(&mut ws, "hello").await;
        assert!(timeout(SHORT, ws.recv()).await.is_none());
        verifier.finish().await;
        drop(ws);
    }

    async fn w4_a_never_lasts_until_the_next_send_that_the_script_has() {
        let verifier = Verifier::builder().patience(SHORT / 4).build();
        let net = verifier.websocket();
        net.new_session()
            .expect_connect(URI)
            .expect_send("ask")
            .expect_recv("no answer")
            .never()
            .expect_send("ask again")
            .expect_recv("answer");
        let mut ws = connect(&net).await;
        ws.send_text("ask").await.unwrap();
        assert!(timeout(SHORT, ws.recv()).await.is_none());
        ws.send_text("ask again").await.unwrap();
        check_received(&mut ws, "answer").await;
        drop(ws);
        verifier.finish().await;
    }

    async fn w5_nothing_is_exempt_from_the_deadline() {
        let verifier = Verifier::builder().without_patience().deadline(SHORT).build();
        let mut ws = verifier.websocket().new_session().stays_open().into_websocket();
        assert_eq!(stall(&violation(ws.recv().await)), (Blocked::PeerSilent, true));
        let mut ws =
            verifier.websocket().new_session().expect_send("stuck").never().into_websocket();
        assert_eq!(stall(&violation(ws.send_text("stuck").await)), (Blocked::Never, true));
        drop(ws);
        assert_eq!(verifier.try_verify().unwrap_err().violations().count(), 2);
    }

    async fn w6_a_recv_past_the_last_thing_that_the_peer_says_waits_and_may_be_dropped() {
        let (verifier, ws) = double(|script| script.expect_recv("hello").expect_close(None));
        let (mut sink, mut stream) = ws.split();
        let (received, waiting) = futures::channel::oneshot::channel();
        let reading = spawn(async move {
            let hello = stream.next().await.unwrap().unwrap();
            received.send(hello).unwrap();
            timeout(SHORT / 4, stream.next()).await.is_none()
        });
        assert_eq!(waiting.await.unwrap(), "hello".into());
        assert!(reading.await);
        sink.close().await.unwrap();
        drop(sink);
        verifier.finish().await;
    }

    async fn w6_a_recv_past_the_end_that_nobody_drops_is_called_stalled() {
        for peer_closes in [false, true] {
            let verifier = impatient();
            let script = verifier.websocket().new_session();
            let mut ws = match peer_closes {
                true => script.expect_recv_close(1000, "").into_websocket(),
                false => script.expect_recv("hello").into_websocket(),
            };
            assert!(ws.recv().await.unwrap().is_some());
            assert_eq!(stall(&violation(ws.recv().await)), (Blocked::PeerSilent, false));
            drop(ws);
            assert!(verifier.try_verify().is_err());
        }
    }

    async fn a_recv_behind_a_send_that_can_no_longer_be_made_is_refused_at_once() {
        let verifier = Verifier::builder().without_patience().build();
        let mut ws = verifier
            .websocket()
            .new_session()
            .expect_close(any())
            .optional()
            .expect_send("ask")
            .expect_recv("answer")
            .into_websocket();
        ws.close_with(1000, "").await.unwrap();
        let refused = violation(ws.recv().await);
        assert!(refused.is_out_of_order());
        assert_eq!((refused.operation(), refused.expected().unwrap().name), ("recv", "send"));
        drop(ws);
        assert!(verifier.try_verify().is_err());
    }

    async fn v2_finish_waits_for_a_task_that_closes_later() {
        let (verifier, mut ws) =
            double(|script| script.expect_send("one").expect_close(1000).expect_drop());
        let client = spawn(async move {
            pass(SHORT / 4).await;
            ws.send_text("one").await.unwrap();
            ws.close_with(1000, "").await.unwrap();
        });
        verifier.finish().await;
        client.await;
    }

    async fn a_session_goes_on_with_then_while_the_client_waits() {
        let verifier = Verifier::new();
        let net = verifier.websocket();
        let session = net.new_session().expect_connect(URI).open_ended().handle();
        let ws = connect(&net).await;
        let (mut sink, mut stream) = ws.split();
        let client = spawn(async move {
            sink.send("ask".into()).await.unwrap();
            let answer = stream.next().await.unwrap().unwrap();
            sink.close().await.unwrap();
            (answer, sink, stream)
        });
        pass(SHORT / 10).await;
        session.then(|script| script.expect_send("ask"));
        pass(SHORT / 10).await;
        session.then(|script| script.expect_recv("answer"));
        pass(SHORT / 10).await;
        session.then(|script| script.expect_close(None));
        let (answer, sink, stream) = client.await;
        assert_eq!(answer, "answer".into());
        drop((sink, stream));
        assert_eq!(operations(&verifier), ["connect", "send", "recv", "close"]);
        verifier.finish().await;
    }

    async fn s9_a_violation_that_is_swallowed_in_a_task_fails_the_test() {
        let (verifier, mut ws) = double(|script| script.expect_send("hello").expect_recv("hi"));
        spawn(async move {
            let _ = ws.send_text("hallo").await;
            let _ = ws.send_text("hello").await;
        }).await;
        let report = verifier.try_verify().unwrap_err();
        assert_eq!((report.violations().len(), report.unused().len()), (1, 0));
    }

    async fn s6_what_is_optional_is_skipped_and_the_next_one_matches() {
        for sends in [&["a", "c"][..], &["a", "b", "c"], &["c"], &["b", "c"]] {
            let (verifier, mut ws) = double(|script| {
                script
                    .expect_send("a")
                    .optional()
                    .expect_send("b")
                    .optional()
                    .expect_send("c")
                    .expect_recv("done")
            });
            for text in sends {
                ws.send_text(*text).await.unwrap();
            }
            check_received(&mut ws, "done").await;
            drop(ws);
            verifier.finish().await;
        }
    }

    async fn s6_a_repeated_step_comes_as_often_as_it_may() {
        for count in 2..=4 {
            let (verifier, mut ws) = double(|script| {
                script.expect_send("tick").times(2..=4).expect_recv("tock").times(2).expect_close(1000)
            });
            for _ in 0..count {
                ws.send_text("tick").await.unwrap();
            }
            check_received(&mut ws, "tock").await;
            check_received(&mut ws, "tock").await;
            ws.close_with(1000, "").await.unwrap();
            drop(ws);
            verifier.finish().await;
        }
        for count in [1, 5] {
            let (verifier, mut ws) = double(|script| script.expect_send("tick").times(2..=4));
            let sent = async {
                for _ in 0..count {
                    ws.send_text("tick").await?;
                }
                Ok::<(), WebSocketError>(())
            }.await;
            assert_eq!(sent.is_err(), count == 5);
            drop(ws);
            assert!(verifier.try_verify().is_err());
        }
    }

    async fn s6_a_peer_that_repeats_itself_does_so_until_the_client_goes_on() {
        let (verifier, mut ws) = double(|script| {
            script.expect_recv("news").times(1..).expect_send("enough").expect_recv("bye")
        });
        for _ in 0..300 {
            check_received(&mut ws, "news").await;
        }
        ws.send_text("enough").await.unwrap();
        check_received(&mut ws, "bye").await;
        drop(ws);
        verifier.finish().await;
    }
}

#[tokio::test(start_paused = true)]
async fn delays_run_on_the_timer_of_the_verifier() {
    let verifier = Verifier::builder().timer(TokioTimer::new()).build();
    let net = verifier.websocket();
    net.new_session()
        .expect_connect(URI)
        .after(Duration::from_secs(3600))
        .expect_send("ask")
        .times(2)
        .after(Duration::from_secs(60))
        .expect_recv("answer")
        .times(2)
        .after(Duration::from_secs(600))
        .expect_recv_close(1000, "")
        .after(Duration::from_secs(6000))
        .expect_eof()
        .after(Duration::from_secs(60_000));
    let started = tokio::time::Instant::now();
    let mut ws = connect(&net).await;
    assert_eq!(started.elapsed().as_secs(), 3600);
    for round in 1..=2 {
        ws.send_text("ask").await.unwrap();
        assert_eq!(started.elapsed().as_secs(), 3600 + round * 60);
    }
    for round in 1..=2 {
        check_received(&mut ws, "answer").await;
        assert_eq!(started.elapsed().as_secs(), 3720 + round * 600);
    }
    check_received(&mut ws, close(1000, "")).await;
    assert_eq!(ws.recv().await.unwrap(), None);
    assert_eq!(started.elapsed().as_secs(), 3720 + 1200 + 66_000);
    drop(ws);
    verifier.finish().await;
}

#[tokio::test(start_paused = true)]
async fn a_client_with_a_heartbeat_of_its_own_is_not_called_stalled() {
    let verifier = Verifier::builder().patience(SHORT).build();
    let mut ws = verifier
        .websocket()
        .new_session()
        .expect_send(Message::ping(""))
        .times(1000)
        .expect_recv("at last")
        .into_websocket();
    let mut beats = tokio::time::interval(Duration::from_secs(30));
    let last = loop {
        tokio::select! {
            biased;
            message = ws.recv() => break message.unwrap().unwrap(),
            _ = beats.tick() => ws.ping("").await.unwrap(),
        }
    };
    assert_eq!(last, "at last".into());
    drop(ws);
    verifier.finish().await;
}

#[test]
fn patience_zero_refuses_at_once() {
    let verifier = Verifier::builder().patience(Duration::ZERO).build();
    let mut ws = verifier
        .websocket()
        .new_session()
        .expect_send("ask")
        .expect_recv("answer")
        .into_websocket();
    let stalled = ws.recv().now_or_never().expect("nobody waits");
    assert!(violation(stalled).is_stalled());
    drop(ws);
    assert!(verifier.try_verify().is_err());
}

#[test]
fn a_transport_that_outlives_its_verifier_says_so_and_its_drop_says_nothing() {
    let verifier = Verifier::new();
    let net = verifier.websocket();
    let mut ws = net.new_session().expect_recv("hello").optional().stays_open().into_websocket();
    verifier.finish_blocking();
    assert!(violation(futures::executor::block_on(ws.recv())).is_verifier_gone());
    assert!(violation(futures::executor::block_on(ws.send_text("hello"))).is_verifier_gone());
    assert!(violation(futures::executor::block_on(ws.close())).is_verifier_gone());
    let request = request();
    let opened = futures::executor::block_on(WebSocketConnect::connect(&net, &request));
    assert!(matches!(violation(opened).kind(), ViolationKind::VerifierGone));
    drop(ws);
}

#[test]
fn leftovers_name_the_state_of_their_session() {
    let (verifier, ws) = double(|script| script.expect_send("hello").expect_close(1000));
    let open = verifier.try_verify().unwrap_err();
    assert_eq!((open.unused()[0].stage, open.unused()[0].steps.len()), (Stage::Open, 2));
    drop(ws);
    let dropped = verifier.try_verify().unwrap_err();
    assert_eq!((dropped.unused()[0].stage, dropped.unused()[0].steps.len()), (Stage::Closed, 2));
}

#[test]
fn a_drop_is_no_close_and_a_close_is_no_drop() {
    let (verifier, ws) = double(|script| script.expect_close(any()));
    drop(ws);
    assert_eq!(verifier.try_verify().unwrap_err().unused()[0].steps[0].operation.name, "close");

    let (verifier, mut ws) = double(|script| script.expect_drop());
    assert!(violation(futures::executor::block_on(ws.close())).is_out_of_order());
    drop(ws);
    assert!(verifier.try_verify().is_err());

    let (verifier, ws) = double(|script| script.expect_drop());
    drop(ws);
    verifier.verify();
    check_pending(&mut double(|script| script).1);
}
