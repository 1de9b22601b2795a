//! The frame of a test: finish, drop and run, and whose failure is the headline (V1-V4).

use std::cell::{Cell, RefCell};
use std::future::{Future, pending, poll_fn};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use futures::executor::block_on;
use futures::{AsyncReadExt, AsyncWriteExt, FutureExt, poll};
use wirescript::scripted::{
    Blocked, RunOutcome, ScriptedSocket, SocketScript, Stage, Violation, ViolationKind,
};
use wirescript::{AsyncSocketExt, Connect, Endpoint, Verifier, matching, run};

use crate::support::{SHORT, connect, everywhere, fetch_status, impatient, spawn};
use crate::witness::{
    bell, child, judged, pass, stall, text, told_by_failing, violation, within_reason,
};

const DONE: &str = "not used: the script requires what did not happen";
const NO_SESSION: &str = "the client connected, and no session is queued";
const STRAYED: &str = "the client strayed from the script";

/// What a future panics with.
async fn panic_of<T>(future: impl Future<Output = T>) -> String {
    match AssertUnwindSafe(future).catch_unwind().await {
        Err(panic) => text(panic),
        Ok(_) => panic!("it has to panic"),
    }
}

/// What a drop of the verifier panics with.
fn panic_of_drop(verifier: Verifier) -> Option<String> {
    catch_unwind(AssertUnwindSafe(|| drop(verifier))).err().map(text)
}

/// What a test is told whose frame is `run` with this body.
async fn told_by_run<T: RunOutcome>(body: impl AsyncFnOnce(&Verifier) -> T) -> String {
    panic_of(run(body)).await
}

/// Lets whatever else is ready run first.
async fn yield_now() {
    let mut has_yielded = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut has_yielded, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// A connected socket that has strayed, and to which the client holds on.
async fn strayed(verifier: &Verifier) -> ScriptedSocket {
    let net = verifier.socket();
    net.new_session().expect_connect("peer:1").expect_send_all(b"ask").expect_recv(b"answer");
    let mut socket = connect(&net).await;
    socket.send_all(b"bark").await.unwrap_err();
    socket
}

everywhere! {
    async fn verify_is_a_checkpoint() {
        let verifier = Verifier::new();
        verifier.verify();
        let net = verifier.socket();
        net.new_session().expect_connect("peer:1").expect_close();
        let unused = judged(&verifier);
        assert_eq!(judged(&verifier), unused);
        assert_eq!(unused.unused()[0].stage, Stage::Queued);
        drop(connect(&net).await);
        verifier.verify();
        verifier.verify();
        verifier.finish().await;
    }

    async fn finish_waits_until_the_sockets_are_dropped() {
        let verifier = Verifier::new();
        let net = verifier.socket();
        net.new_session().expect_connect("peer:1").expect_close();
        let socket = connect(&net).await;
        drop(spawn(async move {
            pass(SHORT / 2).await;
            drop(socket);
        }));
        verifier.finish().await;
    }

    async fn finish_waits_until_a_connect_is_answered() {
        let verifier = Verifier::new();
        let net = verifier.socket();
        net.new_session().expect_connect("peer:1").after(SHORT / 2).expect_close();
        let peer = Endpoint::new("peer", 1);
        let connecting = async { drop(net.connect(&peer).await.unwrap()) };
        futures::join!(connecting, verifier.finish());
    }

    async fn finish_waits_for_a_client_that_still_works() {
        let verifier = Verifier::new();
        let net = verifier.socket();
        let script = net.new_session().expect_connect("peer:1");
        let mut script = script.expect_recv(b".").after(SHORT / 4);
        for _ in 1..3 {
            script = script.expect_recv(b".").after(SHORT / 4);
        }
        drop(script.expect_send_all(b"bye").expect_close());
        let mut socket = connect(&net).await;
        drop(spawn(async move {
            socket.recv_exact(&mut [0; 3]).await.unwrap();
            socket.send_all(b"bye").await.unwrap();
        }));
        verifier.finish().await;
    }

    async fn finish_gives_a_socket_up_that_nobody_drops() {
        let verifier = impatient();
        let net = verifier.socket();
        net.new_session().expect_connect("peer:1").expect_close();
        let socket = connect(&net).await;
        let told = panic_of(verifier.finish()).await;
        assert!(told.starts_with(DONE), "{told}");
        assert!(told.contains("the socket is still alive"), "{told}");
        drop(socket);
    }

    async fn finish_waits_for_nobody_once_there_is_a_violation() {
        let verifier = Verifier::builder().without_patience().build();
        let socket = strayed(&verifier).await;
        let told = panic_of(async { verifier.finish().now_or_never() }).await;
        assert!(told.starts_with(STRAYED), "{told}");
        drop(socket);
    }

    async fn finish_waits_for_no_session_that_stays_open() {
        let verifier = Verifier::builder().without_patience().build();
        let net = verifier.socket();
        net.new_session().expect_connect("peer:1").stays_open();
        let socket = connect(&net).await;
        verifier.finish().now_or_never().expect("there is nothing to wait for");
        drop(socket);
    }

    async fn finish_ends_at_the_violation_of_a_task() {
        let verifier = Verifier::builder().without_patience().build();
        let net = verifier.socket();
        net.new_session().expect_connect("peer:1").expect_send_all(b"ask");
        let (reader, mut writer) = connect(&net).await.split();
        drop(spawn(async move {
            pass(SHORT / 4).await;
            let _ = writer.write_all(b"bark").await;
        }));
        let told = panic_of(verifier.finish()).await;
        assert!(told.starts_with(STRAYED), "{told}");
        drop(reader);
    }

    async fn a_verifier_that_is_dropped_judges() {
        let verifier = Verifier::new();
        verifier.socket().new_session().expect_connect("peer:1");
        let told = panic_of_drop(verifier).expect("the verdict is against the test");
        assert!(told.starts_with(DONE), "{told}");
    }

    async fn a_verifier_that_is_dropped_judges_a_violation_that_was_swallowed() {
        let verifier = Verifier::new();
        drop(strayed(&verifier).await);
        let told = panic_of_drop(verifier).expect("the verdict is against the test");
        assert!(told.starts_with(STRAYED), "{told}");
    }

    async fn a_verdict_that_was_given_is_not_given_again_by_the_drop() {
        let verifier = Verifier::new();
        drop(strayed(&verifier).await);
        judged(&verifier);
        assert_eq!(panic_of_drop(verifier), None);
    }

    async fn what_happens_after_a_verdict_is_judged_by_the_drop() {
        let verifier = Verifier::new();
        verifier.verify();
        let _ = verifier.socket().connect(&Endpoint::new("peer", 1)).await;
        let told = panic_of_drop(verifier).expect("the verdict is against the test");
        assert!(told.starts_with(NO_SESSION), "{told}");
    }

    async fn a_finish_that_is_given_up_judges() {
        let verifier = Verifier::new();
        let net = verifier.socket();
        net.new_session().expect_connect("peer:1").expect_close();
        let socket = connect(&net).await;
        let mut finishing = Box::pin(verifier.finish());
        assert!(poll!(&mut finishing).is_pending());
        let told = text(catch_unwind(AssertUnwindSafe(|| drop(finishing))).unwrap_err());
        assert!(told.starts_with(DONE), "{told}");
        drop(socket);
    }

    async fn a_transport_that_outlives_its_verifier_is_told_so_when_it_is_used() {
        let verifier = Verifier::new();
        let net = verifier.socket();
        net.new_session().expect_connect("peer:1").expect_recv(b"hello").optional().stays_open();
        let mut socket = connect(&net).await;
        verifier.finish().await;
        assert!(violation(&socket.recv(&mut [0; 8]).await.unwrap_err()).is_verifier_gone());
        assert!(violation(&socket.send(b"x").await.unwrap_err()).is_verifier_gone());
        assert!(violation(&socket.shutdown().await.unwrap_err()).is_verifier_gone());
        drop(socket);
        let refused = net.connect(&Endpoint::new("peer", 1)).await.unwrap_err();
        assert!(violation(&refused).is_verifier_gone());
        assert!(!refused.to_string().is_empty());
    }

    async fn run_returns_what_its_body_does() {
        let reply = run(async |verifier| {
            let net = verifier.socket();
            net.new_session()
                .expect_connect("monitoring.internal:5000")
                .expect_send_all(b"STATUS\r\n")
                .expect_recv(b"OK")
                .expect_eof()
                .expect_close();
            fetch_status(&net, "monitoring.internal", 5000).await
        });
        assert_eq!(reply.await.unwrap(), "OK");
    }

    async fn run_judges_when_its_body_is_through() {
        let told = told_by_run(async |verifier| {
            verifier.socket().new_session().expect_connect("peer:1");
        });
        let told = told.await;
        assert!(told.starts_with(DONE), "{told}");
    }

    async fn run_waits_for_a_driver_that_closes_later() {
        run(async |verifier| {
            let net = verifier.socket();
            net.new_session().expect_connect("peer:1").expect_close();
            let socket = connect(&net).await;
            drop(spawn(async move {
                pass(SHORT / 2).await;
                drop(socket);
            }));
        }).await;
    }

    async fn run_ends_though_the_client_connects_again_for_ever() {
        let told = told_by_run(async |verifier| {
            let net = verifier.socket();
            while fetch_status(&net, "monitoring.internal", 5000).await.is_err() {}
        });
        let told = told.await;
        assert!(told.starts_with(NO_SESSION), "{told}");
    }

    async fn run_ends_though_the_client_connects_again_for_ever_and_yields() {
        let told = told_by_run(async |verifier| {
            let net = verifier.socket();
            while fetch_status(&net, "monitoring.internal", 5000).await.is_err() {
                yield_now().await;
            }
        });
        let told = told.await;
        assert!(told.starts_with(NO_SESSION), "{told}");
    }

    async fn run_ends_though_the_client_sends_again_for_ever() {
        let told = told_by_run(async |verifier| {
            let mut socket = strayed(verifier).await;
            while socket.send_all(b"bark").await.is_err() {}
        });
        let told = told.await;
        assert!(told.starts_with(STRAYED), "{told}");
    }

    async fn run_ends_though_the_client_listens_again_for_ever() {
        let told = told_by_run(async |verifier| {
            let mut socket = strayed(verifier).await;
            while socket.recv(&mut [0; 8]).await.is_err() {}
        });
        let told = told.await;
        assert!(told.starts_with(STRAYED), "{told}");
    }

    async fn run_ends_though_the_client_shuts_down_again_for_ever() {
        let told = told_by_run(async |verifier| {
            let mut socket = strayed(verifier).await;
            while socket.shutdown().await.is_err() {}
        });
        let told = told.await;
        assert!(told.starts_with(STRAYED), "{told}");
    }

    async fn run_ends_at_the_violation_of_a_task_though_its_body_waits_for_ever() {
        let told = told_by_run(async |verifier| {
            let net = verifier.socket();
            net.new_session().expect_connect("peer:1").expect_send_all(b"ask");
            let mut socket = connect(&net).await;
            drop(spawn(async move {
                pass(SHORT / 4).await;
                let _ = socket.send_all(b"bark").await;
            }));
            pending::<()>().await;
        });
        let told = told.await;
        assert!(told.starts_with(STRAYED), "{told}");
    }

    async fn run_has_the_deadline() {
        let verifier = Verifier::builder().deadline(SHORT).build();
        let told = panic_of(verifier.run(async |_| pending::<()>().await)).await;
        assert!(told.starts_with("the test ran into the deadline of its verifier"), "{told}");
    }

    async fn run_has_the_deadline_though_its_body_never_stops_yielding() {
        let verifier = Verifier::builder().deadline(SHORT).build();
        let told = panic_of(verifier.run(async |verifier| {
            while verifier.interactions().is_empty() {
                yield_now().await;
            }
        }));
        let told = told.await;
        assert!(told.starts_with("the test ran into the deadline of its verifier"), "{told}");
    }

    async fn run_ends_a_wait_when_its_patience_is_out_though_the_clock_has_rung_before() {
        let stalled = Cell::new(None);
        let verifier = Verifier::builder().patience(2 * SHORT).deadline(100 * SHORT).build();
        let told = panic_of(verifier.run(async |verifier| {
            let net = verifier.socket();
            net.new_session().expect_connect("peer:1").expect_send_all(b"ask").expect_recv(b"x");
            let (mut reader, mut writer) = connect(&net).await.split();
            // The alarm of this wait stays set when it is over.
            let mut x = [0];
            let (read, written) = futures::join!(reader.read(&mut x), writer.write_all(b"ask"));
            read.unwrap();
            written.unwrap();
            pass(SHORT).await;
            stalled.set(Some(violation(&reader.read(&mut x).await.unwrap_err())));
        }));
        let told = told.await;
        let stalled = stalled.take().unwrap_or_else(|| panic!("the wait is not ended: {told}"));
        assert_eq!(stall(&stalled), (Blocked::PeerSilent, false));
    }

    async fn the_own_error_of_the_body_is_returned_untouched() {
        let own = run(async |verifier| {
            drop(strayed(verifier).await);
            verifier.socket().new_session().expect_connect("never:1");
            Err::<(), _>("my own")
        });
        assert_eq!(own.await, Err("my own"));
    }

    async fn the_own_error_of_the_body_is_not_masked_by_a_task_that_goes_on() {
        for _ in 0..50 {
            let phase = Arc::new(AtomicUsize::new(0));
            let tasks_phase = Arc::clone(&phase);
            let task = RefCell::new(None);
            let own = run(async |verifier| {
                let net = verifier.socket();
                task.replace(Some(spawn(async move {
                    let peer = Endpoint::new("peer", 1);
                    while tasks_phase.load(Ordering::SeqCst) < 2 {
                        if tasks_phase.load(Ordering::SeqCst) == 1 {
                            let _ = net.connect(&peer).await;
                        }
                        yield_now().await;
                    }
                })));
                yield_now().await;
                phase.store(1, Ordering::SeqCst);
                Err::<(), _>("my own")
            });
            assert_eq!(own.await, Err("my own"));
            phase.store(2, Ordering::SeqCst);
            task.take().expect("it was spawned").await;
        }
    }

    async fn the_own_panic_of_the_body_stays_the_headline() {
        let told = told_by_run(async |verifier| {
            let _socket = strayed(verifier).await;
            verifier.socket().new_session().expect_connect("never:1");
            if verifier.interactions().len() == 1 {
                panic!("my own");
            }
        });
        assert_eq!(told.await, "my own");
    }

    async fn a_client_that_goes_on_after_a_violation_lets_others_run() {
        let verifier = Verifier::new();
        let mut socket = strayed(&verifier).await;
        let mut going_on = Box::pin(async {
            while socket.recv(&mut [0; 8]).await.is_err() {}
        });
        assert!(poll!(&mut going_on).is_pending());
        assert!(poll!(&mut going_on).is_pending());
        drop(going_on);
        drop(socket);
        assert_eq!(judged(&verifier).violations().len(), 1);
    }

    async fn a_client_that_connects_again_and_again_lets_others_run() {
        let verifier = Verifier::new();
        let net = verifier.socket();
        let mut going_on = Box::pin(async {
            let peer = Endpoint::new("peer", 1);
            while net.connect(&peer).await.is_err() {}
        });
        assert!(poll!(&mut going_on).is_pending());
        assert!(poll!(&mut going_on).is_pending());
        drop(going_on);
        let report = judged(&verifier);
        assert_eq!(report.violations().len(), 1);
        assert_eq!(report.refused_connects(), 2);
    }

    async fn a_client_that_goes_on_without_its_verifier_lets_others_run() {
        let verifier = Verifier::new();
        let net = verifier.socket();
        net.new_session().expect_connect("peer:1").stays_open();
        let mut socket = connect(&net).await;
        verifier.finish().await;
        let mut going_on = Box::pin(async {
            for _ in 0..100_000 {
                socket.recv(&mut [0; 8]).await.unwrap_err();
                socket.send(b"x").await.unwrap_err();
                socket.shutdown().await.unwrap_err();
            }
        });
        assert!(poll!(&mut going_on).is_pending());
        assert!(poll!(&mut going_on).is_pending());
    }

    async fn a_violation_is_repeated_as_often_as_the_client_asks_and_told_once() {
        let verifier = Verifier::new();
        let mut socket = strayed(&verifier).await;
        let first = violation(&socket.send(b"x").await.unwrap_err());
        for _ in 0..100 {
            assert_eq!(violation(&socket.send(b"x").await.unwrap_err()), first);
            assert_eq!(violation(&socket.recv(&mut [0; 8]).await.unwrap_err()), first);
            assert_eq!(violation(&socket.shutdown().await.unwrap_err()), first);
        }
        drop(socket);
        let report = judged(&verifier);
        assert_eq!(report.violations().collect::<Vec<_>>(), [&first]);
        assert!(report.unused().is_empty());
    }

    async fn a_write_where_only_reads_are_left_is_refused_at_once() {
        let verifier = Verifier::new();
        let net = verifier.socket();
        net.new_session().expect_connect("peer:1").expect_recv(b"hello");
        let mut socket = connect(&net).await;
        let refused = socket.send(b"more").now_or_never().expect("it does not wait");
        assert!(violation(&refused.unwrap_err()).is_out_of_order());
        drop(socket);
        assert_eq!(judged(&verifier).violations().len(), 1);
    }

    async fn a_matcher_that_panics_in_a_connect_is_told_as_a_violation() {
        let verifier = Verifier::new();
        let net = verifier.socket();
        let no = matching("a bad one", |_: &Endpoint| panic!("no such place"));
        net.new_session().expect_connect(no);
        let refused = net.connect(&Endpoint::new("peer", 1)).await.unwrap_err();
        assert_eq!(panicked(&violation(&refused)), ("a bad one", "no such place"));
        assert_eq!(judged(&verifier).violations().len(), 1);
    }

    async fn a_matcher_that_panics_in_a_write_is_told_as_a_violation() {
        let verifier = Verifier::new();
        let net = verifier.socket();
        let no = matching("a bad one", |bytes: &[u8]| panic!("not of {}", bytes.len()));
        net.new_session().expect_connect("peer:1").expect_send(no).expect_recv(b"answer");
        let mut socket = connect(&net).await;
        let refused = violation(&socket.send(b"bytes").await.unwrap_err());
        assert_eq!(panicked(&refused), ("a bad one", "not of 5"));
        assert_eq!(violation(&socket.send(b"bytes").await.unwrap_err()), refused);
        drop(socket);
        assert_eq!(judged(&verifier).violations().collect::<Vec<_>>(), [&refused]);
    }

    async fn a_matcher_that_panics_when_a_run_ends_is_told_as_a_violation() {
        let verifier = Verifier::new();
        let net = verifier.socket();
        let no = matching("a bad one", |_: &[u8]| panic!("no"));
        net.new_session().expect_connect("peer:1").expect_send_all(no).expect_recv(b"answer");
        let mut socket = connect(&net).await;
        let refused = violation(&socket.send_all(b"bytes").await.unwrap_err());
        assert_eq!(panicked(&refused), ("a bad one", "no"));
        drop(socket);
        assert_eq!(judged(&verifier).violations().len(), 1);
    }

    async fn a_matcher_that_panics_in_a_drop_is_told_as_a_violation() {
        let verifier = Verifier::new();
        let net = verifier.socket();
        let no = matching("a bad one", |_: &[u8]| panic!("no"));
        net.new_session().expect_connect("peer:1").expect_send_all(no).expect_close();
        let mut socket = connect(&net).await;
        assert_eq!(AsyncWriteExt::write(&mut socket, b"bytes").await.unwrap(), 5);
        drop(socket);
        let report = judged(&verifier);
        assert_eq!(panicked(report.violations().next().unwrap()), ("a bad one", "no"));
    }

    async fn a_matcher_may_use_its_verifier() {
        let verifier = Verifier::new();
        let net = verifier.socket();
        let nested = net.clone();
        let opens = matching("one that connects", move |_: &[u8]| {
            nested.new_session().expect_connect("peer:1").expect_close();
            drop(connect(&nested).now_or_never().unwrap());
            true
        });
        net.new_session().expect_connect("peer:1").expect_send(opens).expect_close();
        connect(&net).await.send(b"ask").await.unwrap();
        verifier.finish().await;
    }
}

/// The label of a matcher, and what it panicked with.
#[track_caller]
fn panicked(violation: &Violation) -> (&str, &str) {
    match violation.kind() {
        ViolationKind::MatcherPanicked { label, message, .. } => (label, message),
        kind => panic!("no panic of a matcher: {kind:?}"),
    }
}

#[test]
fn finish_blocking_waits_until_the_sockets_are_dropped() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    net.new_session().expect_connect("peer:1").expect_close();
    let socket = block_on(connect(&net));
    let closing = thread::spawn(move || {
        block_on(pass(SHORT / 2));
        drop(socket);
    });
    verifier.finish_blocking();
    closing.join().unwrap();
}

#[test]
fn finish_blocking_gives_a_socket_up_that_nobody_drops() {
    let verifier = impatient();
    let net = verifier.socket();
    net.new_session().expect_connect("peer:1").expect_close();
    let socket = block_on(connect(&net));
    let finishing = catch_unwind(AssertUnwindSafe(|| verifier.finish_blocking()));
    let told = text(finishing.unwrap_err());
    assert!(told.contains("the socket is still alive"), "{told}");
    drop(socket);
}

#[test]
fn finish_blocking_ends_at_a_violation() {
    let verifier = Verifier::builder().without_patience().build();
    let net = verifier.socket();
    net.new_session().expect_connect("peer:1").expect_send_all(b"ask");
    let (reader, mut writer) = block_on(connect(&net)).split();
    let straying = thread::spawn(move || {
        block_on(pass(SHORT / 4));
        let _ = block_on(writer.write_all(b"bark"));
    });
    let finishing = catch_unwind(AssertUnwindSafe(|| verifier.finish_blocking()));
    assert!(text(finishing.unwrap_err()).starts_with(STRAYED));
    straying.join().unwrap();
    drop(reader);
}

#[test]
fn the_own_panic_of_a_test_stays_the_headline_and_its_violations_are_on_stderr() {
    let test = "frames::\
                the_own_panic_of_a_test_stays_the_headline_and_its_violations_are_on_stderr";
    let Some(child) = child(test, &[], || {
        let verifier = Verifier::new();
        let net = verifier.socket();
        let _socket = block_on(strayed(&verifier));
        net.new_session().expect_connect("left:1");
        panic!("my own");
    }) else {
        return;
    };
    let told = told_by_failing(&child);
    assert!(told.find("my own") < told.find(STRAYED), "{told}");
    assert_eq!(told.matches(STRAYED).count(), 1, "{told}");
    assert_eq!(told.matches("panicked at").count(), 1, "{told}");
    assert!(!told.contains(DONE), "what it could not help is not told: {told}");
}

#[test]
fn the_own_panic_of_a_test_is_the_payload() {
    let test = thread::spawn(|| {
        let verifier = Verifier::new();
        let _socket = block_on(strayed(&verifier));
        panic!("my own");
    });
    assert_eq!(text(test.join().unwrap_err()), "my own");
}

#[test]
fn the_own_panic_of_a_body_stays_the_headline_and_its_violations_are_on_stderr() {
    let test =
        "frames::the_own_panic_of_a_body_stays_the_headline_and_its_violations_are_on_stderr";
    let Some(child) = child(test, &[], || {
        block_on(run(async |verifier| {
            let _socket = strayed(verifier).await;
            if verifier.interactions().len() == 1 {
                panic!("my own");
            }
        }));
    }) else {
        return;
    };
    let told = told_by_failing(&child);
    assert!(told.find("my own") < told.find(STRAYED), "{told}");
    assert_eq!(told.matches(STRAYED).count(), 1, "{told}");
}

#[test]
fn the_own_error_of_a_body_is_returned_and_the_verdict_is_on_stderr() {
    let test = "frames::the_own_error_of_a_body_is_returned_and_the_verdict_is_on_stderr";
    let Some(child) = child(test, &[], || {
        let own = block_on(run(async |verifier| {
            let net = verifier.socket();
            net.new_session().expect_connect("left:1");
            Err::<(), _>(io::Error::other("my own"))
        }));
        panic!("the test fails with {}", own.unwrap_err());
    }) else {
        return;
    };
    let told = told_by_failing(&child);
    assert!(told.find(DONE) < told.find("the test fails with my own"), "{told}");
    assert_eq!(told.matches(DONE).count(), 1, "{told}");
}

#[test]
fn a_verdict_is_told_once_though_sockets_are_dropped_after_it() {
    let test = "frames::a_verdict_is_told_once_though_sockets_are_dropped_after_it";
    let Some(child) = child(test, &[], || {
        let verifier = Verifier::new();
        let _socket = block_on(strayed(&verifier));
        verifier.verify();
    }) else {
        return;
    };
    let told = told_by_failing(&child);
    assert_eq!(told.matches(STRAYED).count(), 1, "{told}");
}

#[test]
fn a_matcher_that_panics_while_its_test_does_neither_aborts_nor_masks_it() {
    let test = "frames::a_matcher_that_panics_while_its_test_does_neither_aborts_nor_masks_it";
    let Some(child) = child(test, &[], || {
        let verifier = Verifier::new();
        let net = verifier.socket();
        let no = matching("a bad one", |_: &[u8]| panic!("not of these"));
        net.new_session().expect_connect("peer:1").expect_send_all(no).expect_close();
        let mut socket = block_on(connect(&net));
        let written = block_on(AsyncWriteExt::write(&mut socket, b"bytes"));
        assert_eq!(written.unwrap(), 5);
        panic!("my own");
    }) else {
        return;
    };
    let told = told_by_failing(&child);
    assert!(told.find("my own") < told.find("a matcher of the script panicked"), "{told}");
}

#[test]
fn a_matcher_may_panic_with_anything() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("a payload that panics when it is dropped");
        }
    }
    let test = "frames::a_matcher_may_panic_with_anything";
    let Some(child) = child(test, &[], || {
        let verifier = Verifier::new();
        let net = verifier.socket();
        let no = matching("a bad one", |_: &[u8]| panic_any(Bomb));
        net.new_session().expect_connect("peer:1").expect_send_all(no).expect_close();
        let mut socket = block_on(connect(&net));
        block_on(AsyncWriteExt::write(&mut socket, b"bytes")).unwrap();
        panic!("my own");
    }) else {
        return;
    };
    let told = told_by_failing(&child);
    assert!(told.contains("a matcher of the script panicked"), "{told}");
}

#[test]
fn a_drop_in_lockstep_while_its_test_panics_does_not_abort() {
    let test = "frames::a_drop_in_lockstep_while_its_test_panics_does_not_abort";
    let Some(child) = child(test, &[], || {
        let verifier = Verifier::new();
        let net = verifier.socket();
        net.new_session().expect_connect("peer:1").expect_recv(b"hello").expect_close().lockstep();
        let _socket = block_on(connect(&net));
        panic!("my own");
    }) else {
        return;
    };
    assert!(told_by_failing(&child).contains("my own"));
}

#[test]
fn a_script_whose_builder_is_held_is_told_of() {
    let verifier = Verifier::new();
    let held = verifier.socket().new_session().expect_connect("peer:1");
    let report = judged(&verifier);
    assert_eq!(report.unused()[0].stage, Stage::Held);
    drop(verifier);
    drop(held);
}

#[test]
fn a_verifier_that_is_dropped_misses_a_script_whose_builder_is_held() {
    let verifier = Verifier::new();
    let held = verifier.socket().new_session().expect_connect("peer:1");
    let told = panic_of_drop(verifier).expect("the session was never opened");
    assert!(told.contains("whose builder is still held"), "{told}");
    drop(held);
}

#[test]
fn a_retry_loop_on_a_runtime_of_one_thread_ends_with_the_verdict() {
    let test = within_reason(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let verifier = Verifier::new();
            let net = verifier.socket();
            net.new_session().expect_connect("peer:1").stays_open();
            let mut socket = connect(&net).await;
            tokio::spawn(async move { while socket.recv(&mut [0; 8]).await.is_err() {} });
            tokio::task::yield_now().await;
            verifier.finish().await;
            // The task asks the verifier that is gone, for ever.
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
        });
    });
    test.unwrap();
}

#[test]
fn finish_goes_on_when_a_session_is_told_to_stay_open() {
    let verifier = Verifier::builder().without_patience().build();
    let net = verifier.socket();
    let session = net.new_session().expect_connect("peer:1").open_ended().handle();
    let socket = block_on(connect(&net));
    let (waker, mut rung) = bell();
    let mut finishing = pin!(verifier.finish());
    assert!(finishing.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    session.then(SocketScript::stays_open);
    assert_eq!(rung.try_recv(), Ok(Some(())));
    assert!(finishing.poll(&mut Context::from_waker(&waker)).is_ready());
    drop(socket);
}

#[test]
fn finish_goes_on_when_a_connect_begins_to_wait_for_no_answer() {
    let verifier = Verifier::builder().without_patience().build();
    let net = verifier.socket();
    net.new_session().expect_connect("peer:1").never();
    let peer = Endpoint::new("peer", 1);
    let mut connecting = net.connect(&peer);
    let (waker, mut rung) = bell();
    let mut finishing = pin!(verifier.finish());
    assert!(finishing.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    assert!(connecting.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    assert_eq!(rung.try_recv(), Ok(Some(())));
    assert!(finishing.poll(&mut Context::from_waker(&waker)).is_ready());
}

#[test]
fn finish_goes_on_when_what_may_stay_open_is_connected() {
    for delay in [Duration::ZERO, SHORT / 10] {
        let verifier = Verifier::builder().without_patience().build();
        let net = verifier.socket();
        let script = net.new_session().expect_connect("peer:1");
        match delay {
            Duration::ZERO => script.stays_open(),
            delay => script.after(delay).stays_open(),
        };
        let peer = Endpoint::new("peer", 1);
        let connecting = net.connect(&peer);
        let (waker, mut rung) = bell();
        let mut finishing = pin!(verifier.finish());
        assert!(finishing.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        let socket = block_on(connecting).unwrap();
        assert_eq!(rung.try_recv(), Ok(Some(())));
        assert!(finishing.poll(&mut Context::from_waker(&waker)).is_ready());
        drop(socket);
    }
}
