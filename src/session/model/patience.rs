//! Patience: the clock rings at any moment, and harms nobody who goes on.
//!
//! Time runs here, as fast as on the worst of machines: a wait that could go on may be found out of
//! patience first. What must hold is that everybody is told something, once, and not too early.

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use super::{
    DEADLINE, PATIENCE, Sides, assert_stalled, block_on, check, clock, connector, shared,
    shared_with, spawn, violations,
};
use crate::script::{SocketScript, any};

/// Longer than a wait may take to answer the clock at first.
const HITCH: Duration = Duration::from_millis(15);

#[test]
fn a_wait_that_nothing_ends_is_told_so_once() {
    check(|| {
        let shared = shared();
        let reader = Sides::new(&shared, |peer| peer.expect_send_all(b"ask").expect_recv(b"got"));
        clock::run();
        let told = block_on(reader.recv());
        assert_stalled(&told, false);
        assert!(clock::passed() >= PATIENCE);
        assert_eq!(block_on(reader.recv()), told);
        assert_eq!(violations(&shared), [told.unwrap_err()]);
    });
}

#[test]
fn a_wait_that_is_always_slow_to_answer_the_clock_is_told_in_the_end() {
    check(|| {
        let shared = shared();
        let reader = Sides::new(&shared, |peer| peer.expect_send_all(b"ask").expect_recv(b"got"));
        clock::run();
        let told = block_on(poll_fn(|cx| {
            clock::pass(HITCH);
            reader.poll_recv(cx)
        }));
        assert_stalled(&told, false);
        assert_eq!(violations(&shared), [told.unwrap_err()]);
    });
}

#[test]
fn a_mark_that_nobody_answered_ends_no_later_wait() {
    check(|| {
        let shared = shared();
        let reader = Sides::new(&shared, |peer| peer.expect_send_all(b"ask").expect_recv(b"got"));
        let other = Sides::new(&shared, |peer| peer.expect_send_all(b"news").expect_recv(b"got"));
        let read_once = || block_on(poll_fn(|cx| Poll::Ready(reader.poll_recv(cx))));
        assert!(read_once().is_pending());
        clock::run();
        // The clock, when it marks this one, marks the one that was dropped.
        assert_stalled(&block_on(other.recv()), false);
        clock::pass(HITCH);
        let again = clock::passed();
        assert!(read_once().is_pending());
        // It has its patience from there on, however soon that runs out.
        assert!(read_once().is_pending() || clock::passed() >= again + PATIENCE);
    });
}

#[test]
fn a_mark_on_a_wait_that_came_to_something_ends_no_later_wait() {
    check(|| {
        let reader = Sides::new(&shared(), SocketScript::open_ended);
        let test = reader.clone();
        clock::run();
        let reading = spawn(async move {
            reader.recv().await?;
            let answered = clock::passed();
            let told = reader.recv().await;
            assert!(clock::passed() >= answered + PATIENCE);
            told
        });
        // It may come between the mark and the poll that would have answered that.
        test.then(|peer| peer.expect_recv(b"got"));
        assert_stalled(&block_on(reading), false);
    });
}

#[test]
fn two_waits_of_one_session_are_told_the_same() {
    check(|| {
        let shared = shared();
        let reader = Sides::new(&shared, SocketScript::open_ended);
        let writer = reader.clone();
        clock::run();
        let reading = spawn(async move { reader.recv().await.map(drop) });
        let sent = block_on(writer.send(b"ask"));
        assert_stalled(&sent, false);
        assert_eq!(block_on(reading), sent);
        assert_eq!(violations(&shared), [sent.unwrap_err()]);
    });
}

#[test]
fn waits_of_two_sessions_are_each_told() {
    check(|| {
        let shared = shared();
        let [one, two] = [b"one", b"two"].map(|ask| {
            let peer = Sides::new(&shared, |peer| peer.expect_send_all(ask).expect_recv(b"got"));
            spawn(async move { peer.recv().await })
        });
        clock::run();
        let told = [one, two].map(block_on);
        told.iter().for_each(|told| assert_stalled(told, false));
        assert_eq!(violations(&shared).len(), 2);
    });
}

#[test]
fn without_patience_and_where_it_is_exempt_a_wait_ends_at_the_deadline() {
    check(|| {
        let shared = shared_with(None);
        let reader = Sides::new(&shared, |peer| peer.expect_send_all(b"ask").expect_recv(b"got"));
        let exempt = Sides::new(&shared, |peer| peer.expect_recv(b"late").never());
        clock::run();
        let reading = spawn(async move { reader.recv().await });
        assert_stalled(&block_on(exempt.recv()), true);
        assert_stalled(&block_on(reading), true);
        assert!(clock::passed() >= DEADLINE);
        assert_eq!(violations(&shared).len(), 2);
    });
}

#[test]
fn a_wait_that_was_dropped_harms_nobody() {
    check(|| {
        let shared = shared();
        let reader = Sides::new(&shared, |peer| peer.expect_send_all(b"ask").expect_recv(b"got"));
        clock::run();
        let writer = reader.clone();
        let writing = spawn(async move { writer.send(b"ask").await });
        // It is polled once, as by a `select!` that goes on with something else.
        let early = block_on(poll_fn(|cx| Poll::Ready(reader.poll_recv(cx))));
        block_on(writing).unwrap();
        match early {
            Poll::Ready(heard) => assert_eq!(heard.unwrap(), b"got"),
            Poll::Pending => assert_eq!(block_on(reader.recv()).unwrap(), b"got"),
        }
        assert_eq!(violations(&shared), []);
    });
}

#[test]
fn progress_at_the_moment_of_the_mark_leaves_nobody_waiting() {
    check(|| {
        let shared = shared();
        let reader = Sides::new(&shared, |peer| peer.expect_send_all(b"ask").expect_recv(b"got"));
        let writer = reader.clone();
        clock::run();
        let reading = spawn(async move { reader.recv().await });
        let sent = block_on(writer.send(b"ask"));
        let heard = block_on(reading);
        match sent {
            Ok(()) if heard.is_ok() => assert_eq!(violations(&shared), []),
            sent => {
                assert_stalled(&heard, false);
                assert!(clock::passed() >= PATIENCE);
                assert_eq!(violations(&shared), [heard.unwrap_err()]);
                // Whether it came before that or not.
                assert!(sent.is_ok() || sent.unwrap_err() == violations(&shared)[0]);
            }
        }
    });
}

#[test]
fn progress_anywhere_gives_every_wait_its_patience_anew() {
    check(|| {
        let shared = shared();
        let reader = Sides::new(&shared, |peer| peer.expect_send_all(b"ask").expect_recv(b"got"));
        let elsewhere = Sides::new(&shared, |peer| peer.expect_send_all(b"news"));
        clock::run();
        let moving = spawn(async move {
            clock::pass(PATIENCE / 2);
            let before = clock::passed();
            elsewhere.send(b"news").await.unwrap();
            (before, clock::passed())
        });
        let told = block_on(reader.recv());
        let passed = clock::passed();
        assert_stalled(&told, false);
        let (before, after) = block_on(moving);
        // Where time stood still meanwhile, it was before the mark.
        let is_early = before == after && after < PATIENCE;
        assert!(!is_early || passed >= before + PATIENCE, "{before:?} {passed:?}");
    });
}

#[test]
fn what_need_not_be_wakes_and_gives_nobody_patience_anew() {
    check(|| {
        let shared = shared();
        let reader = Sides::new(&shared, |peer| {
            peer.expect_send_all(b"might").times(0..).expect_send_all(b"ask").expect_recv(b"got")
        });
        let writer = reader.clone();
        clock::run();
        let reading = spawn(async move { reader.recv().await });
        let sent = block_on(async {
            writer.send(b"might").await?;
            writer.send(b"might").await
        });
        let told = block_on(reading);
        assert_stalled(&told, false);
        assert!(sent.is_ok() || sent == told.as_ref().map(drop).map_err(Clone::clone));
        assert_eq!(violations(&shared), [told.unwrap_err()]);
    });
}

#[test]
fn a_delay_ends_and_until_then_nobody_is_out_of_patience() {
    check(|| {
        const DELAY: Duration = Duration::from_secs(12);
        let shared = shared();
        let slow = Sides::new(&shared, |peer| peer.expect_recv(b"late").after(DELAY));
        let reader = Sides::new(&shared, |peer| peer.expect_send_all(any()).expect_recv(b"got"));
        // The delay has begun.
        let mut early = block_on(poll_fn(|cx| Poll::Ready(slow.poll_recv(cx))));
        assert!(early.is_pending());
        clock::run();
        let slow = spawn(async move { slow.recv().await });
        let told = block_on(reader.recv());
        assert_stalled(&told, false);
        early = Poll::Ready(block_on(slow));
        assert_eq!(early, Poll::Ready(Ok(b"late".to_vec())));
        assert!(clock::passed() >= DELAY + PATIENCE, "{:?}", clock::passed());
    });
}

#[test]
fn one_who_waits_for_all_to_settle_has_patience_too() {
    check(|| {
        let shared = shared();
        let socket = connector(&shared).new_session().expect_close().into_socket();
        clock::run();
        block_on(poll_fn(|cx| shared.poll_settled(cx)));
        assert!(clock::passed() >= PATIENCE);
        drop(socket);
        assert!(shared.end(None).is_some_and(|verdict| verdict.is_ok()));
    });
}

#[test]
fn a_wait_that_stalls_leaves_nobody_waiting_for_all_to_settle() {
    check(|| {
        let shared = shared();
        let reader = Sides::new(&shared, |peer| peer.expect_send_all(b"ask").expect_recv(b"got"));
        let reading = spawn(async move { reader.recv().await });
        clock::run();
        block_on(poll_fn(|cx| shared.poll_settled(cx)));
        assert!(clock::passed() >= PATIENCE);
        assert!(shared.end(None).is_some());
        assert!(block_on(reading).is_err());
    });
}
