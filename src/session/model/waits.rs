//! Two sides of a session, in two tasks: whatever the order, each brings the other on.
//!
//! Time stands still here, so nothing but progress can wake anybody.

use std::sync::Arc;

use shuttle::thread;

use super::{Sides, block_on, check, connector, shared, spawn};
use crate::script::{SocketScript, any, matching};
use crate::transport::{Connect, Endpoint};

#[test]
fn a_reader_is_woken_by_the_writer_that_it_waits_for() {
    check(|| {
        let reader = Sides::new(&shared(), |peer| peer.expect_send_all(b"ask").expect_recv(b"got"));
        let writer = reader.clone();
        let reading = spawn(async move { reader.recv().await });
        let writing = spawn(async move { writer.send(b"ask").await });
        assert_eq!(block_on(reading).unwrap(), b"got");
        block_on(writing).unwrap();
    });
}

#[test]
fn sides_that_take_turns_wake_each_other() {
    check(|| {
        let reader = Sides::new(&shared(), |peer| {
            peer.lockstep()
                .expect_recv(b"hello")
                .expect_send_all(b"ask")
                .expect_recv(b"got")
                .expect_send_all(b"bye")
        });
        let writer = reader.clone();
        let reading = spawn(async move {
            assert_eq!(reader.recv().await.unwrap(), b"hello");
            assert_eq!(reader.recv().await.unwrap(), b"got");
        });
        block_on(async {
            writer.send(b"ask").await.unwrap();
            writer.send(b"bye").await.unwrap();
        });
        block_on(reading);
    });
}

#[test]
fn both_sides_in_one_task_wake_each_other() {
    check(|| {
        let shared = shared();
        let peer = Sides::new(&shared, |peer| peer.expect_send_all(b"ask").expect_recv(b"got"));
        let there = Sides::new(&shared, |peer| peer.expect_recv(b"news"));
        let elsewhere = spawn(async move { there.recv().await });
        block_on(async {
            let (heard, sent) = futures::join!(peer.recv(), peer.send(b"ask"));
            assert_eq!(heard.unwrap(), b"got");
            sent.unwrap();
        });
        assert_eq!(block_on(elsewhere).unwrap(), b"news");
    });
}

#[test]
fn a_reader_is_woken_by_what_need_not_be_and_by_what_has_to() {
    check(|| {
        let reader = Sides::new(&shared(), |peer| {
            peer.expect_send_all(b"might").optional().expect_send_all(b"ask").expect_recv(b"got")
        });
        let writer = reader.clone();
        let reading = spawn(async move { reader.recv().await });
        block_on(async {
            writer.send(b"might").await.unwrap();
            writer.send(b"ask").await.unwrap();
        });
        assert_eq!(block_on(reading).unwrap(), b"got");
    });
}

#[test]
fn a_reader_is_woken_by_the_flush_that_ends_a_run() {
    check(|| {
        let reader = Sides::new(&shared(), |peer| peer.expect_send_all(any()).expect_recv(b"got"));
        let writer = reader.clone();
        let reading = spawn(async move { reader.recv().await });
        block_on(async {
            writer.send(b"any").await.unwrap();
            writer.send(b"thing").await.unwrap();
            writer.flush().await.unwrap();
        });
        assert_eq!(block_on(reading).unwrap(), b"got");
    });
}

#[test]
fn a_reader_is_woken_by_the_flush_that_ends_a_run_that_need_not_be() {
    check(|| {
        let reader = Sides::new(&shared(), |peer| {
            peer.expect_send_all(any()).optional().expect_recv(b"got")
        });
        let writer = reader.clone();
        block_on(writer.send(b"any")).unwrap();
        let reading = spawn(async move { reader.recv().await });
        block_on(writer.flush()).unwrap();
        assert_eq!(block_on(reading).unwrap(), b"got");
    });
}

#[test]
fn both_sides_are_woken_when_a_third_thread_goes_on_with_the_script() {
    check(|| {
        let reader = Sides::new(&shared(), SocketScript::open_ended);
        let (writer, test) = (reader.clone(), reader.clone());
        let reading = spawn(async move { reader.recv().await });
        let writing = spawn(async move { writer.send(b"ask").await });
        let writing_more = thread::spawn(move || {
            test.then(|peer| peer.expect_send_all(b"ask").expect_recv(b"got"));
        });
        assert_eq!(block_on(reading).unwrap(), b"got");
        block_on(writing).unwrap();
        writing_more.join().unwrap();
    });
}

#[test]
fn a_predicate_says_the_same_while_the_other_side_moves() {
    check(|| {
        let shared = shared();
        let book = Arc::downgrade(&shared);
        let reader = Sides::new(&shared, |peer| {
            peer.expect_recv(b"hello")
                .expect_send(matching("ask", move |bytes: &[u8]| {
                    // It is the user's, and may do anything that takes the lock.
                    book.upgrade().unwrap().with_book(|book| assert!(!book.has_violations()));
                    bytes == b"ask"
                }))
                .expect_recv(b"got")
        });
        let writer = reader.clone();
        let reading = spawn(async move {
            assert_eq!(reader.recv().await.unwrap(), b"hello");
            assert_eq!(reader.recv().await.unwrap(), b"got");
        });
        block_on(writer.send(b"ask")).unwrap();
        block_on(reading);
    });
}

#[test]
fn a_predicate_that_refuses_tells_both_sides() {
    check(|| {
        let reader = Sides::new(&shared(), |peer| {
            peer.expect_recv(b"hello")
                .expect_send(matching("ask", |bytes: &[u8]| bytes == b"ask"))
                .expect_recv(b"got")
        });
        let writer = reader.clone();
        let reading = spawn(async move {
            match reader.recv().await {
                Ok(hello) => assert_eq!(hello, b"hello"),
                Err(violation) => return violation,
            }
            reader.recv().await.unwrap_err()
        });
        let told = block_on(writer.send(b"bark")).unwrap_err();
        assert_eq!(block_on(reading), told);
    });
}

#[test]
fn two_connects_that_are_asked_for_by_predicate_get_a_session_each() {
    check(|| {
        let net = connector(&shared()).by_endpoint();
        for host in ["a", "b"] {
            let is_there = move |to: &Endpoint| to.host() == host;
            net.new_session().expect_connect(matching(host, is_there)).expect_recv(host);
        }
        let connect = |host: &'static str| {
            let net = net.clone();
            spawn(async move { net.connect(&Endpoint::new(host, 1)).await.map(drop) })
        };
        let (a, b) = (connect("b"), connect("a"));
        block_on(a).unwrap();
        block_on(b).unwrap();
    });
}
