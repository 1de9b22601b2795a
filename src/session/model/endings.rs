//! Endings: the last verdict, and those who wait for it.
//!
//! Time stands still here, so nothing but the ending itself can wake anybody.

use std::future::poll_fn;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Wake, Waker};

use shuttle::thread;

use super::{
    Sides, assert_gone, block_on, check, check_by_chance, clock, connector, shared, spawn,
    violations,
};
use crate::double::ScriptedSocket;
use crate::script::{SocketScript, any};
use crate::session::Shared;
use crate::transport::{AsyncSocketExt, Connect, Endpoint};

#[test]
fn both_sides_are_told_that_the_verifier_is_gone() {
    check(|| {
        let shared = shared();
        let reader = Sides::new(&shared, SocketScript::open_ended);
        let writer = reader.clone();
        let reading = spawn(async move {
            let told = reader.recv().await;
            // It may ask again, and is put off only once.
            assert_eq!(reader.recv().await, told);
            told
        });
        let writing = spawn(async move { writer.send(b"ask").await });
        assert!(shared.end(None).is_some());
        assert_gone(&block_on(reading));
        assert_gone(&block_on(writing));
        assert!(shared.end(None).is_none());
    });
}

#[test]
fn an_end_in_the_middle_of_a_conversation_leaves_nobody_waiting() {
    check(|| {
        let shared = shared();
        let reader = Sides::new(&shared, |peer| peer.expect_send_all(any()).expect_recv(b"got"));
        let writer = reader.clone();
        let reading = spawn(async move { reader.recv().await });
        let writing = spawn(async move {
            writer.send(b"any").await?;
            writer.flush().await
        });
        assert!(shared.end(None).is_some());
        let heard = block_on(reading);
        let sent = block_on(writing);
        match heard {
            Ok(heard) => assert_eq!(heard, b"got"),
            heard => assert_gone(&heard),
        }
        if sent.is_err() {
            assert_gone(&sent);
        }
        assert_eq!(violations(&shared), []);
    });
}

#[test]
fn an_end_while_a_script_goes_on_leaves_nobody_waiting() {
    check(|| {
        let shared = shared();
        let reader = Sides::new(&shared, SocketScript::open_ended);
        let test = reader.clone();
        let reading = spawn(async move { reader.recv().await });
        let writing_more = thread::spawn(move || test.then(|peer| peer.expect_recv(b"got")));
        assert!(shared.end(None).is_some());
        match block_on(reading) {
            Ok(heard) => assert_eq!(heard, b"got"),
            heard => assert_gone(&heard),
        }
        writing_more.join().unwrap();
    });
}

#[test]
fn an_end_and_the_clock_at_the_same_time_leave_nobody_waiting() {
    check(|| {
        let shared = shared();
        let reader = Sides::new(&shared, |peer| peer.expect_send_all(b"ask").expect_recv(b"got"));
        clock::run();
        let reading = spawn(async move { reader.recv().await });
        assert!(shared.end(None).is_some());
        let told = block_on(reading);
        // Either ends the wait; only a stall that was told before the verdict is in it.
        assert!(told.is_err());
        if violations(&shared).is_empty() {
            assert_gone(&told);
        }
    });
}

#[test]
fn the_last_socket_that_is_dropped_wakes_who_waits_for_that() {
    check(|| {
        let shared = shared();
        let net = connector(&shared);
        for name in ["one", "two"] {
            let mut socket = net.new_session().expect_recv(name).into_socket();
            drop(spawn(async move {
                assert_eq!(socket.recv(&mut [0; 8]).await.unwrap(), name.len());
            }));
        }
        block_on(poll_fn(|cx| shared.poll_settled(cx)));
        assert!(shared.end(None).is_some_and(|verdict| verdict.is_ok()));
    });
}

#[test]
fn the_last_socket_that_is_dropped_wakes_the_thread_that_waits_for_that() {
    check_by_chance(|| {
        let shared = shared();
        let socket = connector(&shared).new_session().expect_close().into_socket();
        let dropping = thread::spawn(move || drop::<ScriptedSocket>(socket));
        shared.wait_settled();
        assert!(shared.end(None).is_some_and(|verdict| verdict.is_ok()));
        dropping.join().unwrap();
    });
}

#[test]
fn a_violation_wakes_who_waits_for_all_to_settle_and_who_waits_for_the_first() {
    check(|| {
        let shared = shared();
        let peer = Sides::new(&shared, |peer| peer.expect_send_all(b"ask"));
        let watching = Arc::clone(&shared);
        let watching = spawn(async move {
            let deadline = clock::now() + super::DEADLINE;
            poll_fn(|cx| watching.poll_violation(deadline, cx)).await;
        });
        let straying = spawn(async move { peer.send(b"bark").await });
        block_on(poll_fn(|cx| shared.poll_settled(cx)));
        block_on(watching);
        assert_eq!(violations(&shared), [block_on(straying).unwrap_err()]);
    });
}

#[test]
fn a_connect_that_is_refused_wakes_who_waits_for_all_to_settle() {
    check(|| {
        let shared = shared();
        let net = connector(&shared);
        let socket = net.new_session().expect_close().into_socket();
        let connecting =
            spawn(async move { net.connect(&Endpoint::new("peer", 1)).await.map(drop) });
        block_on(poll_fn(|cx| shared.poll_settled(cx)));
        assert!(block_on(connecting).is_err());
        drop(socket);
    });
}

#[test]
fn a_connect_that_is_never_answered_wakes_who_waits_for_all_to_settle() {
    check(|| {
        let shared = shared();
        let net = connector(&shared);
        net.new_session().expect_connect(any()).never();
        drop(spawn(async move { net.connect(&Endpoint::new("peer", 1)).await.map(drop) }));
        block_on(poll_fn(|cx| shared.poll_settled(cx)));
    });
}

#[test]
fn a_session_that_is_to_stay_open_wakes_who_waits_for_all_to_settle() {
    check(|| {
        let shared = shared();
        let peer = Sides::new(&shared, SocketScript::open_ended);
        let writing_more = thread::spawn(move || peer.then(SocketScript::stays_open));
        block_on(poll_fn(|cx| shared.poll_settled(cx)));
        writing_more.join().unwrap();
    });
}

#[test]
fn a_connect_of_what_may_stay_open_wakes_who_waits_for_all_to_settle() {
    check(|| {
        let shared = shared();
        let net = connector(&shared);
        net.new_session().expect_connect("peer:1").stays_open();
        let connecting =
            spawn(async move { net.connect(&Endpoint::new("peer", 1)).await.unwrap() });
        block_on(poll_fn(|cx| shared.poll_settled(cx)));
        drop(block_on(connecting));
    });
}

/// A waker that is itself code of the user's: it looks at the verifier, which takes the lock, when
/// it wakes and when it is dropped.
struct Curious {
    waker: Waker,
    shared: Weak<Shared>,
}

impl Curious {
    fn look(&self) {
        if let Some(shared) = self.shared.upgrade() {
            shared.with_book(|book| assert!(!book.has_violations()));
        }
    }
}

impl Wake for Curious {
    fn wake(self: Arc<Self>) {
        self.look();
        self.waker.wake_by_ref();
    }
}

impl Drop for Curious {
    fn drop(&mut self) {
        self.look();
    }
}

#[test]
fn wakers_may_do_what_takes_the_lock() {
    check(|| {
        let shared = shared();
        let reader = Sides::new(&shared, |peer| {
            peer.expect_send_all(any()).expect_recv(b"got").expect_send_all(b"bye").open_ended()
        });
        let writer = reader.clone();
        let book = Arc::downgrade(&shared);
        let reading = spawn(async move {
            let read = || {
                poll_fn(|cx| {
                    if let Poll::Ready(heard) = reader.poll_recv(cx) {
                        return Poll::Ready(heard);
                    }
                    // It takes the place of the one before; and the next poll puts that back.
                    let waker = Curious { waker: cx.waker().clone(), shared: Weak::clone(&book) };
                    let waker = Waker::from(Arc::new(waker));
                    reader.poll_recv(&Context::from_waker(&waker))
                })
            };
            let heard = read().await;
            (heard, read().await)
        });
        block_on(async {
            let _ = writer.send(b"any").await;
            let _ = writer.flush().await;
        });
        shared.end(None);
        let (_, told) = block_on(reading);
        assert_gone(&told);
    });
}
