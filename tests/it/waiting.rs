//! Waiting: what parks, what wakes it, and what ends it when nothing does (W1-W6, S3).

use std::future::{Future, pending};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use futures::{AsyncReadExt, AsyncWriteExt, FutureExt, join};
use wirescript::scripted::{Blocked, ScriptedSocket, Stage};
use wirescript::{AsyncSocketExt, Connect, Endpoint, Timer, Verifier, any};
use wirescript_tokio::TokioTimer;

use crate::support::{SHORT, connect, everywhere, impatient, spawn};
use crate::witness::{bell, child, judged, operations, pass, stall, timeout, violation};

/// No patience to run out; the deadline does.
fn with_a_deadline() -> Verifier {
    Verifier::builder().without_patience().deadline(SHORT).build()
}

everywhere! {
    async fn a_recv_waits_for_the_send_before_it() {
        let verifier = Verifier::new();
        let net = verifier.socket();
        net.new_session()
            .expect_connect("peer:1")
            .expect_send_all(b"ask")
            .expect_recv(b"answer")
            .expect_close();
        let (mut reader, mut writer) = connect(&net).await.split();
        let mut answer = [0; 6];
        let (read, written) = join!(reader.read_exact(&mut answer), writer.write_all(b"ask"));
        read.unwrap();
        written.unwrap();
        assert_eq!(&answer, b"answer");
        assert_eq!(operations(&verifier), ["connect", "send_all", "recv"]);
        drop((reader, writer));
        verifier.finish().await;
    }

    async fn a_recv_before_its_send_is_called_stalled_and_never_gets_the_answer() {
        let verifier = impatient();
        let net = verifier.socket();
        net.new_session()
            .expect_connect("peer:1")
            .expect_send_all(b"ask")
            .expect_recv(b"answer")
            .expect_close();
        let mut socket = connect(&net).await;
        let stalled = violation(&socket.recv(&mut [0; 8]).await.unwrap_err());
        assert_eq!(stall(&stalled), (Blocked::NotHeard, false));
        assert_eq!((stalled.operation(), stalled.step().unwrap().number), ("recv", 2));
        assert_eq!(stalled.expected().unwrap().name, "send_all");
        assert_eq!(violation(&socket.send_all(b"ask").await.unwrap_err()), stalled);
        assert_eq!(violation(&socket.recv(&mut [0; 8]).await.unwrap_err()), stalled);
        drop(socket);
        let report = judged(&verifier);
        assert_eq!(report.violations().collect::<Vec<_>>(), [&stalled]);
        assert!(report.unused().is_empty());
    }

    async fn in_lockstep_a_send_before_the_due_recv_waits_and_is_called_stalled() {
        let verifier = impatient();
        let net = verifier.socket();
        net.new_session()
            .expect_connect("peer:1")
            .expect_recv(b"hello")
            .expect_send_all(b"ask")
            .lockstep();
        let mut socket = connect(&net).await;
        let stalled = violation(&socket.send_all(b"ask").await.unwrap_err());
        assert_eq!(stall(&stalled), (Blocked::NotListened, false));
        assert_eq!((stalled.operation(), stalled.step().unwrap().number), ("send", 2));
        assert_eq!(violation(&socket.recv(&mut [0; 8]).await.unwrap_err()), stalled);
        drop(socket);
        assert_eq!(judged(&verifier).violations().len(), 1);
    }

    async fn in_lockstep_a_send_goes_on_once_all_before_it_is_received() {
        let verifier = Verifier::new();
        let net = verifier.socket();
        net.new_session()
            .expect_connect("peer:1")
            .expect_recv(b"hello")
            .expect_send_all(b"ask")
            .expect_recv(b"answer")
            .expect_close()
            .lockstep();
        let (mut reader, mut writer) = connect(&net).await.split();
        let writer = spawn(async move {
            writer.write_all(b"ask").await.unwrap();
            writer
        });
        let mut heard = [0; 11];
        reader.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"helloanswer");
        assert_eq!(operations(&verifier), ["connect", "recv", "send_all", "recv"]);
        drop((reader, writer.await));
        verifier.finish().await;
    }

    async fn in_lockstep_a_drop_waits_for_nothing() {
        let verifier = Verifier::new();
        let net = verifier.socket();
        net.new_session()
            .expect_connect("peer:1")
            .expect_recv(b"hello")
            .expect_close()
            .lockstep();
        drop(connect(&net).await);
        let report = judged(&verifier);
        assert_eq!(report.violations().len(), 0);
        assert_eq!(report.unused()[0].steps.len(), 1);
        assert_eq!(report.unused()[0].steps[0].operation.name, "recv");
    }

    async fn a_send_never_waits_for_a_recv() {
        let verifier = Verifier::new();
        let net = verifier.socket();
        net.new_session()
            .expect_connect("peer:1")
            .expect_recv(b"hello")
            .expect_send_all(b"one")
            .expect_recv(b"again")
            .expect_send_all(b"two")
            .expect_close();
        let mut socket = connect(&net).await;
        socket.send_all(b"onetwo").now_or_never().expect("a send does not wait").unwrap();
        let mut heard = [0; 10];
        socket.recv_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"helloagain");
        drop(socket);
        verifier.finish().await;
    }

    async fn a_recv_behind_a_send_that_can_no_longer_be_is_refused_at_once() {
        let verifier = Verifier::new();
        let net = verifier.socket();
        net.new_session()
            .expect_connect("peer:1")
            .expect_send_all(b"ask").optional()
            .expect_shutdown().optional()
            .expect_send_all(b"goodbye")
            .expect_recv(b"answer");
        let mut socket = connect(&net).await;
        socket.shutdown().await.unwrap();
        let refused = socket.recv(&mut [0; 8]).now_or_never().expect("it is refused at once");
        let refused = violation(&refused.unwrap_err());
        assert!(refused.is_out_of_order());
        assert_eq!(refused.step().unwrap().number, 4);
        drop(socket);
        assert_eq!(judged(&verifier).violations().len(), 1);
    }

    async fn a_run_without_an_end_that_another_task_wrote_is_called_stalled() {
        let verifier = impatient();
        let net = verifier.socket();
        net.new_session()
            .expect_connect("peer:1")
            .expect_send_all(any())
            .expect_recv(b"answer");
        let (mut reader, mut writer) = connect(&net).await.split();
        let writer = spawn(async move {
            writer.write_all(b"ask").await.unwrap();
            writer
        }).await;
        let stalled = violation(&reader.read(&mut [0; 8]).await.unwrap_err());
        assert_eq!(stall(&stalled), (Blocked::RunWithoutEnd, false));
        assert!(stalled.to_string().contains("flush after the last write"), "{stalled}");
        drop((reader, writer));
        assert_eq!(judged(&verifier).violations().len(), 1);
    }

    async fn what_need_not_be_is_no_progress() {
        let verifier = impatient();
        let net = verifier.socket();
        net.new_session()
            .expect_connect("peer:1")
            .expect_send_all(b"ask")
            .expect_recv(b"answer");
        let busy = net.new_session().expect_connect("peer:1");
        let mut busy = busy.expect_send(b"099").optional();
        for number in 100..200 {
            busy = busy.expect_send(format!("{number}")).optional();
        }
        drop(busy);
        let mut socket = connect(&net).await;
        let mut busy = connect(&net).await;
        let mut waiting = pin!(spawn(async move {
            let stalled = socket.recv(&mut [0; 8]).await.unwrap_err();
            (socket, stalled)
        }));
        for number in 100..200 {
            if let Some((socket, stalled)) = timeout(SHORT / 4, &mut waiting).await {
                assert_eq!(stall(&violation(&stalled)), (Blocked::NotHeard, false));
                drop((socket, busy));
                assert_eq!(judged(&verifier).violations().len(), 1);
                return;
            }
            busy.send(format!("{number}").as_bytes()).await.unwrap();
        }
        panic!("nobody called it stalled");
    }

    async fn what_need_not_be_is_no_progress_on_the_same_session_either() {
        let verifier = impatient();
        let net = verifier.socket();
        let script = net.new_session().expect_connect("peer:1").expect_send(b"beat").times(0..);
        script.expect_send(b"ask").expect_recv(b"answer");
        let (mut reader, mut writer) = connect(&net).await.split();
        let mut waiting = pin!(spawn(async move {
            let stalled = reader.read(&mut [0; 8]).await.unwrap_err();
            (reader, stalled)
        }));
        for _ in 0..400 {
            if let Some((reader, stalled)) = timeout(SHORT / 4, &mut waiting).await {
                assert_eq!(stall(&violation(&stalled)), (Blocked::NotHeard, false));
                drop((reader, writer));
                assert_eq!(judged(&verifier).violations().len(), 1);
                return;
            }
            // The reader may have been told since, and with it the session.
            let _ = writer.write_all(b"beat").await;
        }
        panic!("nobody called it stalled");
    }

    async fn a_client_that_sends_what_need_not_be_between_its_reads_has_a_clock_of_its_own() {
        let verifier = Verifier::builder().patience(10 * SHORT).build();
        let net = verifier.socket();
        let script = net.new_session().expect_connect("peer:1").expect_send(b"beat").times(0..);
        script.expect_send(b"ask").expect_recv(b"answer");
        let mut socket = connect(&net).await;
        for _ in 0..15 {
            let received = timeout(SHORT, socket.recv(&mut [0; 8])).await;
            assert!(received.is_none(), "there is nothing to receive yet");
            socket.send(b"beat").await.unwrap();
        }
        socket.send(b"ask").await.unwrap();
        assert_eq!(socket.recv(&mut [0; 8]).await.unwrap(), 6);
        drop(socket);
        verifier.finish().await;
    }

    async fn a_recv_that_its_own_timeout_dropped_is_not_called_stalled_later() {
        let verifier = impatient();
        let net = verifier.socket();
        net.new_session()
            .expect_connect("peer:1")
            .expect_send_all(b"ask")
            .expect_recv(b"answer")
            .expect_close();
        let mut socket = connect(&net).await;
        let (waker, rung) = bell();
        assert!(recv_once(&mut socket, &waker).is_pending());
        rung.await.expect("the patience runs out");
        pass(SHORT).await;
        // The mark that nobody answered is forgotten: the client may wait anew, and go on.
        assert!(recv_once(&mut socket, Waker::noop()).is_pending());
        socket.send_all(b"ask").await.unwrap();
        assert_eq!(socket.recv(&mut [0; 8]).await.unwrap(), 6);
        drop(socket);
        verifier.finish().await;
    }

    async fn patience_zero_refuses_a_wait_at_once() {
        let verifier = Verifier::builder().patience(Duration::ZERO).build();
        let net = verifier.socket();
        net.new_session()
            .expect_connect("peer:1")
            .expect_send_all(b"ask")
            .expect_recv(b"answer");
        let mut socket = connect(&net).await;
        let refused = socket.recv(&mut [0; 8]).now_or_never().expect("it does not wait");
        assert_eq!(stall(&violation(&refused.unwrap_err())), (Blocked::NotHeard, false));
        drop(socket);
        assert_eq!(judged(&verifier).violations().len(), 1);
    }

    async fn without_patience_the_deadline_ends_a_wait() {
        let verifier = with_a_deadline();
        let net = verifier.socket();
        net.new_session()
            .expect_connect("peer:1")
            .expect_send_all(b"ask")
            .expect_recv(b"answer");
        let mut socket = connect(&net).await;
        let stalled = violation(&socket.recv(&mut [0; 8]).await.unwrap_err());
        assert_eq!(stall(&stalled), (Blocked::NotHeard, true));
        drop(socket);
        assert_eq!(judged(&verifier).violations().len(), 1);
    }

    async fn after_answers_in_real_time_without_a_timer() {
        let verifier = Verifier::builder().patience(SHORT / 4).build();
        let net = verifier.socket();
        net.new_session()
            .expect_connect("peer:1").after(SHORT / 2)
            .expect_recv(b"late").after(SHORT / 2)
            .expect_eof().after(SHORT / 2)
            .expect_close();
        let mut socket = connect(&net).await;
        assert!(recv_once(&mut socket, Waker::noop()).is_pending());
        assert_eq!(socket.recv_to_end(8).await.unwrap(), b"late");
        drop(socket);
        verifier.finish().await;
    }

    async fn a_delay_goes_on_when_the_recv_that_waits_for_it_is_dropped() {
        let verifier = Verifier::new();
        let net = verifier.socket();
        net.new_session().expect_connect("peer:1").expect_recv(b"late").after(4 * SHORT);
        let mut socket = connect(&net).await;
        let mut buffer = [0; 8];
        let mut given_up = 0;
        loop {
            if let Some(received) = timeout(SHORT, socket.recv(&mut buffer)).await {
                break assert_eq!(received.unwrap(), 4);
            }
            given_up += 1;
            assert!(given_up < 100, "the delay begins anew each time");
        }
        drop(socket);
        verifier.finish().await;
    }

    async fn a_delay_longer_than_the_deadline_ends_there() {
        let verifier = with_a_deadline();
        let net = verifier.socket();
        net.new_session().expect_connect("peer:1").expect_recv(b"late").after(600 * SHORT);
        let mut socket = connect(&net).await;
        let stalled = violation(&socket.recv(&mut [0; 8]).await.unwrap_err());
        assert_eq!(stall(&stalled), (Blocked::Delayed, true));
        drop(socket);
        assert_eq!(judged(&verifier).violations().len(), 1);
    }

    async fn a_timer_that_never_fires_ends_at_the_deadline() {
        struct Stuck;
        impl Timer for Stuck {
            fn sleep(&self, _: Duration) -> futures::future::BoxFuture<'static, ()> {
                pending().boxed()
            }
        }
        let verifier = Verifier::builder().timer(Stuck).deadline(2 * SHORT).build();
        let net = verifier.socket();
        net.new_session().expect_connect("peer:1").expect_recv(b"late").after(SHORT / 4);
        let mut socket = connect(&net).await;
        let stalled = timeout(50 * SHORT, socket.recv(&mut [0; 8])).await;
        let stalled = stalled.expect("the deadline ends it");
        assert_eq!(stall(&violation(&stalled.unwrap_err())), (Blocked::Delayed, true));
        drop(socket);
        assert_eq!(judged(&verifier).violations().len(), 1);
    }

    async fn a_never_is_exempt_from_patience_and_used_once_it_was_waited_on() {
        let verifier = Verifier::builder().patience(SHORT / 4).build();
        let net = verifier.socket();
        net.new_session().expect_connect("peer:1").expect_recv(b"x").never().expect_close();
        let mut socket = connect(&net).await;
        assert!(timeout(2 * SHORT, socket.recv(&mut [0; 8])).await.is_none(), "it never answers");
        drop(socket);
        verifier.finish().await;
    }

    async fn a_never_lasts_until_the_next_send_is_met() {
        let verifier = Verifier::builder().patience(SHORT).build();
        let net = verifier.socket();
        net.new_session()
            .expect_connect("peer:1")
            .expect_recv(b"x").never()
            .expect_send_all(b"ask")
            .expect_recv(b"answer")
            .expect_close();
        let (mut reader, mut writer) = connect(&net).await.split();
        let waiting = spawn(async move {
            let mut answer = [0; 6];
            reader.read_exact(&mut answer).await.unwrap();
            (reader, answer)
        });
        pass(2 * SHORT).await;
        writer.write_all(b"ask").await.unwrap();
        let (reader, answer) = waiting.await;
        assert_eq!(&answer, b"answer");
        drop((reader, writer));
        verifier.finish().await;
    }

    async fn a_never_that_was_left_behind_is_used() {
        let verifier = Verifier::new();
        let net = verifier.socket();
        net.new_session()
            .expect_connect("peer:1")
            .expect_recv(b"x").never()
            .expect_send_all(b"ask")
            .expect_recv(b"answer")
            .expect_close();
        let mut socket = connect(&net).await;
        socket.send_all(b"ask").await.unwrap();
        assert_eq!(socket.recv(&mut [0; 8]).await.unwrap(), 6);
        drop(socket);
        verifier.finish().await;
    }

    async fn a_never_that_the_client_is_ahead_of_is_left_behind_when_its_turn_comes() {
        let verifier = Verifier::new();
        let net = verifier.socket();
        net.new_session()
            .expect_connect("peer:1")
            .expect_recv(b"hello")
            .expect_recv(b"x").never()
            .expect_send_all(b"ask")
            .expect_recv(b"answer")
            .expect_close();
        let mut socket = connect(&net).await;
        socket.send_all(b"ask").await.unwrap();
        for (size, received) in [(3, 3), (3, 2), (8, 6)] {
            let received_now = socket.recv(&mut [0; 8][..size]).now_or_never();
            assert_eq!(received_now.expect("nobody waits for a never").unwrap(), received);
        }
        drop(socket);
        verifier.finish().await;
    }

    async fn a_never_that_nobody_waited_on_is_not_used() {
        let verifier = Verifier::new();
        let net = verifier.socket();
        net.new_session().expect_connect("peer:1").expect_recv(b"x").never();
        drop(connect(&net).await);
        assert_eq!(judged(&verifier).unused()[0].steps[0].step.number, 2);
    }

    async fn a_never_ends_at_the_deadline() {
        let verifier = Verifier::builder().deadline(SHORT).build();
        let net = verifier.socket();
        net.new_session().expect_connect("peer:1").expect_recv(b"x").never();
        let mut socket = connect(&net).await;
        let stalled = violation(&socket.recv(&mut [0; 8]).await.unwrap_err());
        assert_eq!(stall(&stalled), (Blocked::Never, true));
        drop(socket);
        assert_eq!(judged(&verifier).violations().len(), 1);
    }

    async fn a_connect_that_is_never_answered_may_be_given_up() {
        let verifier = Verifier::builder().patience(SHORT / 4).build();
        let net = verifier.socket();
        net.new_session().expect_connect("peer:1").never();
        let peer = Endpoint::new("peer", 1);
        assert!(timeout(SHORT, net.connect(&peer)).await.is_none(), "it never answers");
        verifier.finish().await;
    }

    async fn a_connect_that_is_never_answered_ends_at_the_deadline() {
        let verifier = Verifier::builder().deadline(SHORT).build();
        let net = verifier.socket();
        net.new_session().expect_connect("peer:1").never();
        let refused = net.connect(&Endpoint::new("peer", 1)).await.unwrap_err();
        assert_eq!(stall(&violation(&refused)), (Blocked::Never, true));
        assert_eq!(judged(&verifier).violations().len(), 1);
    }

    async fn a_client_may_wait_for_ever_on_a_session_that_stays_open_and_keep_its_socket() {
        let verifier = Verifier::builder().patience(SHORT / 4).build();
        let net = verifier.socket();
        net.new_session().expect_connect("peer:1").expect_recv(b"hello").stays_open();
        let mut socket = connect(&net).await;
        let mut hello = [0; 5];
        socket.recv_exact(&mut hello).await.unwrap();
        assert!(timeout(SHORT, socket.recv(&mut hello)).await.is_none(), "the peer stays silent");
        verifier.finish().await;
        assert!(violation(&socket.recv(&mut hello).await.unwrap_err()).is_verifier_gone());
    }

    async fn a_wait_on_a_session_that_stays_open_ends_at_the_deadline() {
        let verifier = Verifier::builder().deadline(SHORT).build();
        let net = verifier.socket();
        net.new_session().expect_connect("peer:1").stays_open();
        let mut socket = connect(&net).await;
        let stalled = violation(&socket.recv(&mut [0; 8]).await.unwrap_err());
        assert_eq!(stall(&stalled), (Blocked::PeerSilent, true));
        drop(socket);
        assert_eq!(judged(&verifier).violations().len(), 1);
    }

    async fn only_a_wait_at_the_end_is_exempt_where_a_session_stays_open() {
        let verifier = impatient();
        let net = verifier.socket();
        net.new_session()
            .expect_connect("peer:1")
            .expect_send_all(b"ask")
            .expect_recv(b"answer")
            .stays_open();
        let mut socket = connect(&net).await;
        let stalled = violation(&socket.recv(&mut [0; 8]).await.unwrap_err());
        assert_eq!(stall(&stalled), (Blocked::NotHeard, false));
        drop(socket);
        assert_eq!(judged(&verifier).violations().len(), 1);
    }

    async fn a_recv_past_the_end_waits_and_is_told_which_step_is_missing() {
        let verifier = impatient();
        let net = verifier.socket();
        net.new_session().expect_connect("peer:1").expect_close();
        let mut socket = connect(&net).await;
        let stalled = violation(&socket.recv(&mut [0; 8]).await.unwrap_err());
        assert_eq!(stall(&stalled), (Blocked::PeerSilent, false));
        let told = stalled.to_string();
        assert!(told.contains(".expect_eof()") && told.contains(".stays_open()"), "{told}");
        drop(socket);
        assert_eq!(judged(&verifier).violations().len(), 1);
    }

    async fn being_dropped_in_a_recv_past_the_end_is_no_fault() {
        let verifier = Verifier::new();
        let net = verifier.socket();
        net.new_session().expect_connect("peer:1").expect_close();
        let mut socket = connect(&net).await;
        assert!(recv_once(&mut socket, Waker::noop()).is_pending());
        drop(socket);
        verifier.finish().await;
    }

    async fn other_operations_past_the_end_are_refused_at_once() {
        let verifier = Verifier::new();
        let net = verifier.socket();
        net.new_session().expect_connect("peer:1").expect_close();
        let mut socket = connect(&net).await;
        let refused = socket.send(b"more").now_or_never().expect("it does not wait");
        assert!(violation(&refused.unwrap_err()).is_out_of_order());
        drop(socket);
        net.new_session().expect_connect("peer:1");
        let mut socket = connect(&net).await;
        let refused = socket.send(b"more").now_or_never().expect("it does not wait");
        assert!(violation(&refused.unwrap_err()).is_unmocked());
        drop(socket);
        assert_eq!(judged(&verifier).violations().len(), 2);
    }

    async fn a_wait_that_outlives_the_verifier_is_told_so() {
        let verifier = Verifier::new();
        let net = verifier.socket();
        net.new_session().expect_connect("peer:1").stays_open();
        let mut socket = connect(&net).await;
        let waiting = spawn(async move {
            let gone = socket.recv(&mut [0; 8]).await.unwrap_err();
            (socket, gone)
        });
        verifier.finish().await;
        let (_socket, gone) = waiting.await;
        assert!(violation(&gone).is_verifier_gone());
    }

    async fn a_session_that_was_taken_and_never_awaited_is_told_of() {
        let verifier = Verifier::new();
        let net = verifier.socket();
        net.new_session().expect_connect("peer:1");
        let peer = Endpoint::new("peer", 1);
        let connecting = net.connect(&peer);
        assert_eq!(judged(&verifier).unused()[0].stage, Stage::Taken);
        drop(connecting);
        assert_eq!(judged(&verifier).unused()[0].stage, Stage::NeverAwaited);
    }

    async fn a_waker_that_panics_stops_nobody_elses_clock() {
        let verifier = impatient();
        let net = verifier.socket();
        net.new_session().expect_connect("peer:1");
        let mut socket = connect(&net).await;
        let (woken, rung) = bell();
        let panicking = Waker::from(Arc::new(Panicking(woken)));
        assert!(recv_once(&mut socket, &panicking).is_pending());
        rung.await.expect("the patience runs out");
        drop(socket);
        verifier.finish().await;

        let other = impatient();
        let mut socket = other.socket().new_session().expect_close().into_socket();
        let stalled = violation(&socket.recv(&mut [0; 8]).await.unwrap_err());
        assert_eq!(stall(&stalled), (Blocked::PeerSilent, false));
        drop(socket);
        assert_eq!(judged(&other).violations().len(), 1);
    }
}

/// A patience that no machine is too busy to keep.
const LONG: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_keeps_polling_has_a_clock_of_its_own() {
    let verifier = Verifier::builder().patience(LONG).build();
    let net = verifier.socket();
    net.new_session()
        .expect_connect("peer:1")
        .expect_send_all(b"ask")
        .expect_recv(b"answer")
        .expect_close();
    let mut socket = connect(&net).await;
    for _ in 0..12 {
        let received = timeout(SHORT, socket.recv(&mut [0; 8])).await;
        assert!(received.is_none(), "there is nothing to receive yet");
    }
    socket.send_all(b"ask").await.unwrap();
    assert_eq!(socket.recv(&mut [0; 8]).await.unwrap(), 6);
    drop(socket);
    verifier.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_on_another_session_restarts_the_patience() {
    let verifier = Verifier::builder().patience(LONG).build();
    let net = verifier.socket();
    net.new_session().expect_connect("peer:1").expect_send_all(b"ask").expect_recv(b"answer");
    net.new_session().expect_connect("peer:1").expect_send_all(b"............");
    let (mut reader, mut writer) = connect(&net).await.split();
    let mut busy = connect(&net).await;
    let waiting = spawn(async move {
        let mut answer = [0; 6];
        reader.read_exact(&mut answer).await.unwrap();
        (reader, answer)
    });
    for _ in 0..12 {
        pass(SHORT).await;
        busy.send_all(b".").await.unwrap();
    }
    writer.write_all(b"ask").await.unwrap();
    let (reader, answer) = waiting.await;
    assert_eq!(&answer, b"answer");
    drop((reader, writer, busy));
    verifier.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_a_delay_runs_nobody_is_out_of_patience() {
    let verifier = Verifier::builder().patience(LONG).build();
    let net = verifier.socket();
    net.new_session().expect_connect("peer:1").expect_recv(b"late").after(LONG + SHORT);
    net.new_session().expect_connect("peer:1").expect_send_all(b"ask").expect_recv(b"answer");
    let mut late = connect(&net).await;
    let (mut reader, mut writer) = connect(&net).await.split();
    let mut answer = [0; 6];
    let (read, ()) = join!(reader.read_exact(&mut answer), async {
        late.recv(&mut [0; 8]).await.unwrap();
        writer.write_all(b"ask").await.unwrap();
    });
    read.unwrap();
    drop((late, reader, writer));
    verifier.finish().await;
}

/// Tells that it is woken, and panics.
struct Panicking(Waker);

impl Wake for Panicking {
    fn wake(self: Arc<Self>) {
        self.0.wake_by_ref();
        panic!("this waker panics");
    }
}

#[test]
fn each_part_that_is_received_wakes_who_waits_for_the_whole() {
    let verifier = Verifier::new();
    let script = verifier.socket().new_session().expect_recv(b"hello").expect_send_all(b"ask");
    let mut socket = script.lockstep().into_socket();
    for part in [2, 2, 1] {
        let (waker, mut rung) = bell();
        let cx = &mut Context::from_waker(&waker);
        assert!(pin!(socket.send_all(b"ask")).poll(cx).is_pending());
        let received = socket.recv(&mut [0; 2][..part]).now_or_never();
        assert_eq!(received.expect("it is there").unwrap(), part);
        assert_eq!(rung.try_recv(), Ok(Some(())));
    }
    socket.send_all(b"ask").now_or_never().expect("all is received").unwrap();
    verifier.verify();
}

fn recv_once(socket: &mut ScriptedSocket, waker: &Waker) -> Poll<std::io::Result<usize>> {
    pin!(socket.recv(&mut [0; 8])).poll(&mut Context::from_waker(waker))
}

#[tokio::test(start_paused = true)]
async fn after_runs_on_the_timer_of_the_verifier() {
    let verifier = Verifier::builder().timer(TokioTimer::new()).build();
    let net = verifier.socket();
    let hour = Duration::from_secs(3600);
    net.new_session()
        .expect_connect("peer:1")
        .after(hour)
        .expect_recv(b"late")
        .after(hour)
        .expect_eof()
        .after(hour)
        .expect_close();
    let began = tokio::time::Instant::now();
    let mut socket = connect(&net).await;
    assert_eq!(began.elapsed(), hour);
    assert_eq!(socket.recv_to_end(8).await.unwrap(), b"late");
    assert_eq!(began.elapsed(), 3 * hour);
    drop(socket);
    verifier.finish().await;
}

#[tokio::test(start_paused = true)]
async fn a_delay_on_the_timer_goes_on_when_the_recv_that_waits_for_it_is_dropped() {
    let verifier = Verifier::builder().timer(TokioTimer::new()).build();
    let net = verifier.socket();
    let second = Duration::from_secs(1);
    net.new_session().expect_connect("peer:1").expect_recv(b"late").after(5 * second);
    let mut socket = connect(&net).await;
    let began = tokio::time::Instant::now();
    let mut buffer = [0; 8];
    for _ in 0..4 {
        assert!(tokio::time::timeout(second, socket.recv(&mut buffer)).await.is_err());
    }
    assert_eq!(socket.recv(&mut buffer).await.unwrap(), 4);
    assert!(began.elapsed() < 6 * second, "{:?}", began.elapsed());
    drop(socket);
    verifier.finish().await;
}

#[tokio::test(start_paused = true)]
async fn under_paused_time_the_timers_of_a_client_fire_before_its_patience_runs_out() {
    let verifier = Verifier::builder().patience(LONG).build();
    let net = verifier.socket();
    net.new_session()
        .expect_connect("peer:1")
        .expect_send_all(b"ask")
        .expect_recv(b"answer")
        .expect_close();
    let mut socket = connect(&net).await;
    for _ in 0..100 {
        let mut buffer = [0; 8];
        let patient = tokio::time::timeout(Duration::from_secs(60), socket.recv(&mut buffer));
        assert!(patient.await.is_err(), "the client's own timer ends it");
    }
    socket.send_all(b"ask").await.unwrap();
    assert_eq!(socket.recv(&mut [0; 8]).await.unwrap(), 6);
    drop(socket);
    verifier.finish().await;
}

#[test]
fn the_patience_is_that_of_the_environment() {
    let test = "waiting::the_patience_is_that_of_the_environment";
    let told = child(test, &[("WIRESCRIPT_PATIENCE_MS", "0")], || {
        let verifier = Verifier::new();
        let mut socket =
            verifier.socket().new_session().expect_send_all(b"x").expect_recv(b"y").into_socket();
        let refused = socket.recv(&mut [0; 8]).now_or_never().expect("it does not wait");
        assert_eq!(stall(&violation(&refused.unwrap_err())), (Blocked::NotHeard, false));
        drop(socket);
        assert_eq!(judged(&verifier).violations().len(), 1);
    });
    if let Some(child) = told {
        assert!(child.status.success(), "{child:?}");
    }
}
