//! What was once got wrong, or nearly: races around the end, long scripts, rare combinations.

use std::io::ErrorKind;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Mutex, mpsc};
use std::task::{Context, Waker};
use std::thread;
use std::time::Duration;

use futures::executor::block_on;
use futures::{AsyncRead, AsyncWrite, AsyncWriteExt, FutureExt};
use wirescript::scripted::{ScriptedSocket, SocketScript, Violation, ViolationKind};
use wirescript::{AsyncSocketExt, Connect, Endpoint, Verifier, any, matching};

use crate::probe::panics_here;
use crate::support::connect;

#[test]
fn a_matcher_that_panics_after_the_end_does_not_reach_the_client() {
    let (begin, begun) = mpsc::channel::<()>();
    let (end, ended) = mpsc::channel::<()>();
    let channels = Mutex::new((begin, ended));
    let verifier = Verifier::builder().patience(Duration::ZERO).build();
    let slow = matching("slow", move |_: &[u8]| {
        let channels = channels.lock().unwrap();
        channels.0.send(()).unwrap();
        channels.1.recv().unwrap();
        panic!("too late");
    });
    let mut socket = verifier.socket().new_session().expect_send(slow).optional().into_socket();
    let client = thread::spawn(move || block_on(socket.send(b"x")).unwrap_err());
    begun.recv().unwrap();
    verifier.finish_blocking();
    end.send(()).unwrap();
    let error = client.join().expect("the client gets an error, not a panic");
    assert!(Violation::of(&error).unwrap().is_verifier_gone());
}

#[test]
fn what_belongs_to_another_verifier_is_not_asserted_on() {
    let (verifier, other) = (Verifier::new(), Verifier::new());
    let net = other.socket();
    verifier.in_any_order(|any| {
        panics_here(|| any.on(&net).assert_connect("peer:1"));
    });
}

#[test]
fn a_drop_that_ends_a_run_which_raises_still_closes() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    let script = net.new_session().expect_send_all(any()).raises(ErrorKind::BrokenPipe);
    let mut socket = script.expect_close().into_socket();
    block_on(AsyncWriteExt::write_all(&mut socket, b"x")).unwrap();
    drop(socket);
    net.raised(ErrorKind::BrokenPipe).assert_send_all(b"x");
    verifier.verify();
}

#[test]
fn run_hands_on_the_bodys_own_error_whatever_else_goes_on() {
    for _ in 0..100 {
        let goes_on = Arc::new(AtomicBool::new(true));
        let keep = Arc::clone(&goes_on);
        let outcome = block_on(wirescript::run(async |verifier| {
            let net = verifier.socket();
            let (begin, begun) = mpsc::channel();
            thread::spawn(move || {
                while keep.load(SeqCst) {
                    let _ = net.connect(&Endpoint::new("nowhere", 1)).now_or_never();
                    let _ = begin.send(());
                }
            });
            begun.recv().unwrap();
            Err::<(), _>("my own")
        }));
        goes_on.store(false, SeqCst);
        assert_eq!(outcome, Err("my own"));
    }
}

#[test]
fn no_violation_falls_between_the_verdict_and_the_end() {
    for spins in 0..500 {
        let verifier = Verifier::builder().patience(Duration::ZERO).build();
        let mut socket = verifier.socket().new_session().stays_open().into_socket();
        let (begin, begun) = mpsc::channel();
        let client = thread::spawn(move || {
            begin.send(()).unwrap();
            for _ in 0..spins {
                std::hint::spin_loop();
            }
            let error = block_on(socket.send(b"x")).unwrap_err();
            Violation::of(&error).unwrap().is_verifier_gone()
        });
        begun.recv().unwrap();
        let verdict = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            verifier.finish_blocking();
        }));
        let was_gone = client.join().unwrap();
        assert!(verdict.is_err() || was_gone, "a violation that no verdict told");
    }
}

#[test]
fn a_session_that_is_handed_out_connected_is_never_in_the_queue() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    let goes_on = Arc::new(AtomicBool::new(true));
    let (other, keep) = (net.clone(), Arc::clone(&goes_on));
    let client = thread::spawn(move || {
        while keep.load(SeqCst) {
            let refused = other.connect(&Endpoint::new("peer", 1)).now_or_never();
            if let Some(Err(error)) = refused {
                let kind = Violation::of(&error).unwrap().kind().clone();
                assert!(matches!(kind, ViolationKind::NoSession { .. }), "{error}");
            }
        }
    });
    for _ in 0..2_000 {
        drop(net.new_session().into_socket());
    }
    goes_on.store(false, SeqCst);
    client.join().unwrap();
    let _ = verifier.try_verify(); // the refused connects are not what this is about
}

#[test]
fn a_step_that_never_answers_ends_only_by_what_the_client_does() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    let never = net.new_session().expect_recv(b"a").never();
    panics_here(|| drop(never.expect_recv(b"b")));
    let script = net.new_session().expect_recv(b"a").never().expect_send(b"b");
    drop(script.expect_recv(b"c").into_socket());
    let _ = verifier.try_verify(); // nothing of it is used
}

#[test]
fn a_split_write_that_may_be_either_step_needs_no_luck_in_lockstep() {
    let verifier = Verifier::new();
    let script = verifier.socket().new_session().expect_send_all(b"help").optional();
    let script = script.expect_recv(b"x").expect_send_all(b"hello").expect_close();
    let mut socket = script.lockstep().into_socket();
    let mut socket = Pin::new(&mut socket);
    let mut cx = Context::from_waker(Waker::noop());
    let mut buffer = [0; 1];

    let _ = socket.as_mut().poll_write(&mut cx, b"he").map(Result::unwrap);
    assert!(socket.as_mut().poll_read(&mut cx, &mut buffer).map(Result::unwrap).is_ready());
    block_on(socket.get_mut().send_all(if buffer == *b"x" { b"llo" } else { b"" })).unwrap();
}

#[test]
fn a_send_ends_its_run_however_many_came_before() {
    // Some operations yield once, so that nothing starves; the flush of a `send` is none of them.
    let verifier = Verifier::new();
    let net = verifier.socket();
    let mut script = net.new_session().expect_send_all(any()).expect_recv(b"k");
    for _ in 1..300 {
        script = script.expect_send_all(any()).expect_recv(b"k");
    }
    let mut socket = script.into_socket();
    for number in 0..300_usize {
        block_on(socket.send(format!("{number}").as_bytes())).unwrap();
        // Another task reads: that it does says nothing about the run.
        let mut byte = [0];
        let mut cx = Context::from_waker(Waker::noop());
        let mut read = Pin::new(&mut socket).poll_read(&mut cx, &mut byte);
        if read.is_pending() {
            read = Pin::new(&mut socket).poll_read(&mut cx, &mut byte);
        }
        assert!(read.is_ready(), "the run of send {number} is over");
        net.assert_send_all(format!("{number}"));
    }
    drop(socket);
    verifier.verify();
}

#[test]
fn many_optional_steps_are_written_in_no_time() {
    let verifier = Verifier::new();
    let mut script = verifier.socket().new_session().expect_send_all("start").optional();
    for number in 0..200 {
        script = script.expect_send_all(format!("{number:05}")).optional();
    }
    drop(script.into_socket());
    verifier.verify();
}

#[test]
fn the_report_on_a_long_script_stays_short() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    for _ in 0..2 {
        let mut script = net.new_session().expect_connect("peer:1").expect_send(b"x");
        for _ in 0..100_000 {
            script = script.expect_send(b"x");
        }
    }
    let mut socket = block_on(connect(&net));
    for _ in 0..1_000 {
        block_on(socket.send(b"x")).unwrap();
    }
    block_on(socket.send(b"y")).unwrap_err();
    drop(socket);
    let text = verifier.try_verify().unwrap_err().to_string();
    assert!(text.lines().count() < 100, "{} lines", text.lines().count());
    assert!(text.contains("... 982 interactions before"), "{text}");
    assert!(text.contains("more steps"), "{text}");
}

#[test]
fn a_client_that_ignores_the_end_is_stopped_whatever_the_end_was() {
    type Ended = (&'static str, fn(SocketScript) -> ScriptedSocket);
    let ended: [Ended; 3] = [
        ("eof", |script| script.expect_eof().into_socket()),
        ("reset", |script| script.expect_reset().into_socket()),
        ("shutdown", |script| script.expect_shutdown().into_socket()),
    ];
    for (end, write) in ended {
        let verifier = Verifier::new();
        let mut socket = write(verifier.socket().new_session());
        let stopped = match end {
            "eof" => (0..).find_map(|_| block_on(socket.recv(&mut [0; 1])).err()),
            "reset" => (0..).find_map(|_| {
                let error = block_on(socket.send(b"x")).err()?;
                Violation::of(&error).is_some().then_some(error)
            }),
            _ => (0..).find_map(|_| block_on(socket.shutdown()).err()),
        };
        let text = stopped.unwrap().to_string();
        assert!(text.contains("1000 times in a row"), "{end}: {text}");
        drop(socket);
        verifier.try_verify().unwrap_err();
    }
}

#[test]
fn what_comes_between_counts_anew() {
    let verifier = Verifier::new();
    let script = verifier.socket().new_session().expect_eof();
    let mut socket = script.expect_send_all("x").times(20).into_socket();
    for _ in 0..20 {
        for _ in 0..500 {
            assert_eq!(block_on(socket.recv(&mut [0; 1])).unwrap(), 0);
        }
        block_on(socket.send_all(b"x")).unwrap();
    }
    drop(socket);
    verifier.verify();
}
