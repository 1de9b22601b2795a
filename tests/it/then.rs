//! Scripts that go on while the client runs.

use futures::executor::block_on;
use futures::{AsyncReadExt, AsyncWriteExt, poll};
use wirescript::scripted::{Blocked, Violation, ViolationKind};
use wirescript::{AsyncSocketExt, Connect, Endpoint, Verifier, any};

use crate::probe::{panic_of, panics_here};
use crate::support::{connect, everywhere, impatient, spawn};

everywhere! {
    async fn a_client_that_waits_past_the_end_goes_on_when_more_is_written() {
        let verifier = Verifier::new();
        let net = verifier.socket();
        let session = net.new_session().expect_connect("peer:1").open_ended().handle();
        let (mut reader, mut writer) = connect(&net).await.split();
        let written = spawn(async move {
            writer.write_all(b"hello").await.unwrap();
            writer
        });
        let read = spawn(async move {
            let mut buffer = [0; 5];
            reader.read_exact(&mut buffer).await.unwrap();
            (reader, buffer)
        });
        session.then(|script| script.expect_send_all(b"hel"));
        session.then(|script| script.expect_send_all(b"lo").expect_recv(b"world"));
        let (reader, received) = read.await;
        assert_eq!(&received, b"world");
        drop((reader, written.await));
        verifier.finish().await;
    }

    async fn a_send_past_the_end_waits_for_more_whether_or_not_all_was_received() {
        for is_received in [true, false] {
            let verifier = Verifier::new();
            let net = verifier.socket();
            let session = net.new_session().expect_connect("peer:1").open_ended().handle();
            let (mut reader, mut writer) = connect(&net).await.split();
            session.then(|script| script.expect_recv(b"news"));
            if is_received {
                reader.read_exact(&mut [0; 4]).await.unwrap();
            }
            assert!(poll!(writer.write(b"ask")).is_pending(), "{is_received}");
            session.then(|script| script.expect_send_all(b"ask"));
            writer.write_all(b"ask").await.unwrap();
            if !is_received {
                reader.read_exact(&mut [0; 4]).await.unwrap();
            }
            drop((reader, writer));
            verifier.finish().await;
        }
    }

    async fn what_lands_at_once_is_used_in_order() {
        let verifier = Verifier::new();
        let net = verifier.socket();
        let session = net.new_session().expect_connect("peer:1").open_ended().handle();
        let mut socket = connect(&net).await;
        for request in ["one", "two", "three"] {
            session.then(|script| script.expect_send_all(request).expect_recv(b"ok"));
            socket.send_all(request.as_bytes()).await.unwrap();
            socket.recv_exact(&mut [0; 2]).await.unwrap();
        }
        session.then(|script| script.expect_close());
        drop(socket);
        verifier.finish().await;
        // Whoever goes on with a script after the verdict is too late, and harms nobody.
        session.then(|script| script);
    }
}

#[test]
fn a_script_that_is_not_open_ended_refuses_what_comes_too_early() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    let session = net.new_session().expect_connect("peer:1").handle();
    let mut socket = block_on(connect(&net));
    let error = block_on(socket.send(b"early")).unwrap_err();
    assert!(Violation::of(&error).unwrap().is_unmocked());
    session.then(|script| script.expect_send(b"early"));
    drop(socket);
    assert_eq!(verifier.try_verify().unwrap_err().violations().len(), 1);
}

#[test]
fn a_client_for_which_nobody_writes_more_is_stalled() {
    let verifier = impatient();
    let net = verifier.socket();
    net.new_session().expect_connect("peer:1").open_ended();
    let mut socket = block_on(connect(&net));
    let error = block_on(socket.send(b"anything")).unwrap_err();
    let violation = Violation::of(&error).unwrap();
    let kind = violation.kind();
    assert!(
        matches!(kind, ViolationKind::Stalled { blocked: Blocked::NothingMore, .. }),
        "{violation}"
    );
    drop(socket);
    assert!(verifier.try_verify().is_err());
}

#[test]
fn what_was_written_later_and_not_used_is_reported() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    let session = net.new_session().expect_connect("peer:1").handle();
    let socket = block_on(connect(&net));
    session.then(|script| script.expect_recv(b"unread").expect_close());
    drop(socket);
    let report = verifier.try_verify().unwrap_err();
    let left = &report.unused()[0].steps;
    assert_eq!(left.iter().map(|left| left.step.number).collect::<Vec<_>>(), [2]);
    assert_eq!(left[0].step.of, 3);
}

#[test]
fn a_step_that_cannot_come_behind_what_has_landed_is_refused_where_it_is_written() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    let ended = net.new_session().expect_connect("peer:1").expect_eof().handle();
    panics_here(|| ended.then(|script| script.expect_recv(b"more")));
    let open = net.new_session().expect_connect("peer:1").expect_send_all(any()).handle();
    panics_here(|| open.then(|script| script.expect_send(b"more")));
    open.then(|script| script.expect_recv(b"ok"));
    open.then(|script| script.expect_send(b"more"));
    let optional = net.new_session().expect_connect("peer:1").expect_send_all(b"he").optional();
    let optional = optional.handle();
    panics_here(|| optional.then(|script| script.expect_send_all(b"hello")));
    let _ = verifier.try_verify(); // nobody connects
}

#[test]
fn two_that_go_on_with_one_session_at_once_are_told() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    let session = net.new_session().expect_connect("peer:1").handle();
    let other = session.clone();
    let panic = panic_of(|| {
        session.then(|script| {
            other.then(|script| script.expect_recv(b"second"));
            script.expect_recv(b"first")
        });
    });
    let message = panic.expect("one of the two is told").message;
    assert!(message.contains("at the same time"), "{message}");
    let socket = block_on(net.connect(&Endpoint::new("peer", 1))).unwrap();
    let _ = verifier.try_verify();
    drop(socket);
    assert_eq!(verifier.try_verify().unwrap_err().unused()[0].steps.len(), 1);
}
