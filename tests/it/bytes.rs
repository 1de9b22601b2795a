//! Bytes on a scripted socket: the rules B1 to B10 of scripts, and C1 to C8 of every socket.

use std::future::poll_fn;
use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::Duration;

use futures::executor::block_on;
use futures::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, FutureExt};
use wirescript::scripted::{
    Argument, Blocked, Interaction, IntoExpected, Outcome, ScriptedSocket, Stage, ViolationKind,
};
use wirescript::{AsyncSocket, AsyncSocketExt, Connect, Endpoint, Verifier, any, matching};

use crate::probe::{double, happened, left, names, only_violation, report, violation};
use crate::support::{everywhere, impatient, spawn};

/// The bytes that the interaction is about.
fn bytes_of(interaction: &Interaction) -> &[u8] {
    match &interaction.operation.argument {
        Argument::Bytes(bytes) => bytes,
        argument => panic!("no bytes: {argument:?}"),
    }
}

/// How far a byte, that is a mismatch, is into its step.
fn offset(error: &io::Error) -> usize {
    match violation(error).kind() {
        ViolationKind::Mismatch { at, .. } => *at,
        kind => panic!("no mismatch: {kind:?}"),
    }
}

/// Writes once, and does not flush.
async fn write(socket: &mut ScriptedSocket, data: &[u8]) -> usize {
    AsyncWriteExt::write(socket, data).await.unwrap()
}

/// Reads once into a buffer of `size` bytes.
async fn read(socket: &mut ScriptedSocket, size: usize) -> Vec<u8> {
    let mut buffer = vec![0; size];
    let len = AsyncReadExt::read(socket, &mut buffer).await.unwrap();
    buffer.truncate(len);
    buffer
}

// B1 and S5: runs.

everywhere! {
    async fn many_writes_may_meet_one_step() {
        let (verifier, mut socket) = double(|peer| peer.expect_send_all(b"hello"));
        for part in [&b"h"[..], b"el", b"lo"] {
            assert_eq!(write(&mut socket, part).await, part.len());
        }
        drop(socket);
        let interactions = verifier.interactions();
        assert_eq!(names(&interactions), ["send_all"]);
        assert_eq!(interactions[0].outcome, Outcome::Complete);
        verifier.finish().await;
    }

    async fn one_write_may_meet_two_steps() {
        let (verifier, mut socket) =
            double(|peer| peer.expect_send_all(b"one").expect_recv(b"reply").expect_send_all(b"two"));
        assert_eq!(write(&mut socket, b"onetwo").await, 6);
        assert_eq!(read(&mut socket, 8).await, b"reply");
        drop(socket);
        assert_eq!(happened(&verifier), ["send_all", "send_all", "recv"]);
        verifier.finish().await;
    }
}

#[test]
fn one_write_may_meet_a_step_and_begin_another() {
    let (verifier, mut socket) =
        double(|peer| peer.expect_send_all(b"abc").expect_send_all(b"defg"));
    assert_eq!(block_on(write(&mut socket, b"abcde")), 5);
    drop(socket);
    let interactions = verifier.interactions();
    assert_eq!(interactions[0].outcome, Outcome::Complete);
    let half = interactions[1].outcome;
    assert!(matches!(half, Outcome::Partial { amount: 2, of: Some(4), .. }), "{half:?}");
    let report = report(&verifier);
    let step = &report.unused()[0].steps[0];
    assert_eq!((step.step.number, step.amount, step.of), (2, Some(2), Some(4)));
}

#[test]
fn a_write_that_runs_over_into_a_step_of_one_write_is_short() {
    let (verifier, mut socket) = double(|peer| peer.expect_send_all(b"ab").expect_send(b"cd"));
    assert_eq!(block_on(write(&mut socket, b"abcd")), 2);
    assert_eq!(block_on(write(&mut socket, b"cd")), 2);
    drop(socket);
    verifier.verify();
}

#[test]
fn a_write_that_runs_over_is_short_before_any_step_of_one_write() {
    for expected in
        [any().into_expected(), matching("cd", |sent: &[u8]| sent == b"cd").into_expected()]
    {
        let (verifier, mut socket) =
            double(|peer| peer.expect_send_all(b"ab").expect_send(expected.unwrap()));
        assert_eq!(block_on(write(&mut socket, b"abcd")), 2);
        assert_eq!(block_on(write(&mut socket, b"cd")), 2);
        drop(socket);
        let _ = verifier.try_verify();
        assert_eq!(bytes_of(&verifier.interactions()[1]), b"cd");
    }
}

#[test]
fn a_write_that_runs_over_meets_what_follows_a_step_of_one_write_that_is_left_out() {
    let (verifier, mut socket) = double(|peer| {
        peer.expect_send_all(b"ab").expect_send(b"xy").optional().expect_send_all(b"cd")
    });
    block_on(socket.send_all(b"abcd")).unwrap();
    drop(socket);
    verifier.verify();
}

#[test]
fn a_write_that_runs_over_into_a_step_of_one_write_is_then_judged_by_it() {
    let (verifier, mut socket) = double(|peer| peer.expect_send_all(b"ab").expect_send(b"cd"));
    let error = block_on(socket.send_all(b"abce")).unwrap_err();
    drop(socket);
    assert_eq!(offset(&error), 1);
    assert_eq!(only_violation(&verifier).step().unwrap().number, 2);
}

#[test]
fn a_write_that_runs_over_into_a_run_without_an_end_belongs_to_it() {
    let (verifier, mut socket) = double(|peer| peer.expect_send_all(b"ab").expect_send_all(any()));
    block_on(socket.send_all(b"abcd")).unwrap();
    drop(socket);
    verifier.socket().assert_send_all(b"cd");
    verifier.verify();
}

#[test]
fn a_write_that_runs_over_into_a_step_that_raises_is_short() {
    let (verifier, mut socket) = double(|peer| {
        peer.expect_send_all(b"ab").expect_send_all(b"cd").raises(ErrorKind::TimedOut)
    });
    assert_eq!(block_on(write(&mut socket, b"abcd")), 2);
    let error = block_on(socket.send(b"cd")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    drop(socket);
    verifier.verify();
}

#[test]
fn a_run_that_raises_fails_with_the_write_that_completes_it() {
    let (verifier, mut socket) =
        double(|peer| peer.expect_send_all(b"abcd").raises(ErrorKind::TimedOut));
    assert_eq!(block_on(write(&mut socket, b"abc")), 3);
    let error = block_on(socket.send(b"d")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    drop(socket);
    assert_eq!(verifier.interactions()[0].outcome, Outcome::Raised(ErrorKind::TimedOut.into()));
    verifier.verify();
}

#[test]
fn a_step_is_sequenced_at_its_first_byte() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    let mut a = net.new_session().expect_send_all(b"first").named("a").into_socket();
    let mut b = net.new_session().expect_send_all(b"second").named("b").into_socket();
    block_on(async {
        write(&mut a, b"fi").await;
        write(&mut b, b"second").await;
        write(&mut a, b"rst").await;
    });
    drop((a, b));
    let order = verifier.interactions().into_iter().map(|one| one.session.name.unwrap());
    assert_eq!(order.collect::<Vec<_>>(), ["a".into(), "b".into()]);
    verifier.verify();
}

#[test]
fn a_recv_that_is_half_received_is_reported_with_its_bytes() {
    let (verifier, mut socket) = double(|peer| peer.expect_recv(b"0123456789"));
    assert_eq!(block_on(read(&mut socket, 3)), b"012");
    drop(socket);
    let half = verifier.interactions()[0].outcome;
    assert!(matches!(half, Outcome::Partial { amount: 3, of: Some(10), .. }), "{half:?}");
    let report = report(&verifier);
    let step = &report.unused()[0].steps[0];
    assert_eq!((step.amount, step.of), (Some(3), Some(10)));
}

// B2.

#[test]
fn a_wrong_byte_fails_at_its_offset() {
    let (verifier, mut socket) = double(|peer| peer.expect_send_all(b"PING alice\r\n"));
    let error = block_on(socket.send(b"PING alicf\r\n")).unwrap_err();
    drop(socket);
    assert_eq!((offset(&error), error.kind()), (9, ErrorKind::Other));
    let violation = only_violation(&verifier);
    let (expected, got) = (violation.expected().unwrap(), violation.got().unwrap());
    assert_eq!(expected.argument, Argument::Bytes(b"PING alice\r\n"[..].into()));
    assert_eq!(got.argument, Argument::Bytes(b"PING alicf\r\n"[..].into()));
}

#[test]
fn a_wrong_byte_is_counted_from_the_beginning_of_its_step_over_all_writes() {
    let (verifier, mut socket) =
        double(|peer| peer.expect_send_all(b"one").expect_send_all(b"PING alice"));
    block_on(write(&mut socket, b"onePING "));
    let error = block_on(socket.send(b"alicf")).unwrap_err();
    drop(socket);
    assert_eq!(offset(&error), 9);
    let violation = only_violation(&verifier);
    assert_eq!(violation.got().unwrap().argument, Argument::Bytes(b"PING alicf"[..].into()));
}

#[test]
fn a_write_that_is_too_long_for_a_step_of_one_write_fails_where_the_step_ends() {
    let (verifier, mut socket) = double(|peer| peer.expect_send(b"abc"));
    let error = block_on(socket.send(b"abcd")).unwrap_err();
    drop(socket);
    assert_eq!(offset(&error), 3);
    only_violation(&verifier);
}

#[test]
fn a_step_of_one_write_is_not_met_by_two() {
    let (verifier, mut socket) = double(|peer| peer.expect_send(b"abcd"));
    let error = block_on(socket.send(b"ab")).unwrap_err();
    drop(socket);
    assert_eq!(offset(&error), 2);
    only_violation(&verifier);
}

#[test]
fn a_short_write_takes_what_the_step_accepts() {
    let (verifier, mut socket) =
        double(|peer| peer.expect_send(b"hello").accepts(2).expect_send(b"llo"));
    assert_eq!(block_on(socket.send(b"hello")).unwrap(), 2);
    assert_eq!(block_on(socket.send(b"llo")).unwrap(), 3);
    drop(socket);
    verifier.verify();
}

#[test]
fn a_wrong_byte_is_told_where_it_is_though_the_write_is_shorter_than_the_step_accepts() {
    let (verifier, mut socket) = double(|peer| peer.expect_send(b"hello").accepts(3));
    let error = block_on(socket.send(b"ha")).unwrap_err();
    drop(socket);
    assert_eq!(offset(&error), 1);
    only_violation(&verifier);
}

#[test]
fn a_client_that_goes_on_after_a_short_write_sends_the_rest() {
    let (verifier, mut socket) =
        double(|peer| peer.expect_send(any()).accepts(2).expect_send_all(b"llo"));
    block_on(socket.send_all(b"hello")).unwrap();
    drop(socket);
    verifier.socket().assert_send(b"hello");
    verifier.verify();
}

// B3.

everywhere! {
    async fn a_read_is_never_larger_than_the_buffer_and_never_spans_two_steps() {
        let (verifier, mut socket) =
            double(|peer| peer.expect_recv(b"abcdef").expect_recv(b"gh").expect_eof());
        assert_eq!(read(&mut socket, 4).await, b"abcd");
        assert_eq!(read(&mut socket, 64).await, b"ef");
        assert_eq!(read(&mut socket, 64).await, b"gh");
        assert_eq!(read(&mut socket, 64).await, b"");
        drop(socket);
        let interactions = verifier.interactions();
        let sizes: Vec<_> = interactions.iter().map(|one| one.size).collect();
        assert_eq!(sizes, [Some(4), Some(64), Some(64)], "the buffer of the first read");
        assert_eq!(names(&interactions), ["recv", "recv", "eof"]);
        verifier.finish().await;
    }
}

// B4, C1, C4 and C5: ends.

everywhere! {
    async fn the_end_of_the_stream_repeats_for_ever() {
        let (verifier, mut socket) = double(|peer| peer.expect_recv(b"bye").expect_eof());
        assert_eq!(socket.recv_to_end(16).await.unwrap(), b"bye");
        for _ in 0..3 {
            assert_eq!(read(&mut socket, 8).await, b"");
        }
        drop(socket);
        assert_eq!(happened(&verifier), ["recv", "eof"]);
        verifier.finish().await;
    }

    async fn a_peer_that_has_ended_its_stream_goes_on_to_hear() {
        let (verifier, mut socket) =
            double(|peer| peer.expect_eof().expect_send_all(b"late").expect_shutdown());
        assert_eq!(read(&mut socket, 8).await, b"");
        socket.send_all(b"late").await.unwrap();
        socket.shutdown().await.unwrap();
        assert_eq!(read(&mut socket, 8).await, b"");
        drop(socket);
        verifier.finish().await;
    }

    async fn a_write_after_the_end_that_is_not_scripted_is_a_broken_pipe_and_a_violation() {
        let (verifier, mut socket) = double(|peer| peer.expect_eof());
        assert_eq!(read(&mut socket, 8).await, b"");
        let error = socket.send(b"late").await.unwrap_err();
        drop(socket);
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
        assert_eq!(&only_violation(&verifier), violation(&error));
    }

    async fn a_write_after_the_clients_own_shutdown_is_a_broken_pipe_and_a_violation() {
        let (verifier, mut socket) = double(|peer| peer.expect_send_all(b"all"));
        socket.send_all(b"all").await.unwrap();
        socket.shutdown().await.unwrap();
        let error = socket.send(b"late").await.unwrap_err();
        drop(socket);
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
        assert!(only_violation(&verifier).is_invalid_state());
    }

    async fn reads_go_on_after_the_shutdown() {
        let (verifier, mut socket) =
            double(|peer| peer.expect_shutdown().expect_recv(b"late").expect_eof().expect_close());
        socket.shutdown().await.unwrap();
        socket.shutdown().await.unwrap();
        assert_eq!(socket.recv_to_end(16).await.unwrap(), b"late");
        socket.shutdown().await.unwrap();
        drop(socket);
        assert_eq!(happened(&verifier), ["shutdown", "recv", "eof", "close"]);
        verifier.finish().await;
    }

    async fn a_reset_is_delivered_once_to_a_client_that_reads_first() {
        let (verifier, mut socket) = double(|peer| peer.expect_reset().expect_close());
        let error = socket.recv(&mut [0; 8]).await.unwrap_err();
        is_of(&error, ErrorKind::ConnectionReset);
        is_gone(&mut socket).await;
        drop(socket);
        assert_eq!(happened(&verifier), ["reset", "close"]);
        verifier.finish().await;
    }

    async fn a_reset_is_delivered_once_to_a_client_that_writes_first() {
        let (verifier, mut socket) = double(|peer| peer.expect_reset().expect_close());
        let error = socket.send(b"hello").await.unwrap_err();
        is_of(&error, ErrorKind::ConnectionReset);
        is_gone(&mut socket).await;
        drop(socket);
        assert_eq!(happened(&verifier), ["reset", "close"]);
        verifier.finish().await;
    }

    async fn a_reset_comes_behind_what_the_peer_has_said_and_heard() {
        let (verifier, mut socket) =
            double(|peer| peer.expect_send_all(b"ask").expect_recv(b"part").expect_reset());
        socket.send_all(b"ask").await.unwrap();
        assert_eq!(read(&mut socket, 8).await, b"part");
        let error = socket.recv(&mut [0; 8]).await.unwrap_err();
        is_of(&error, ErrorKind::ConnectionReset);
        is_gone(&mut socket).await;
        drop(socket);
        verifier.finish().await;
    }
}

/// The connection was reset, and that was told: no operation needs a step any more.
async fn is_gone(socket: &mut ScriptedSocket) {
    for _ in 0..2 {
        assert_eq!(read(socket, 8).await, b"");
        is_of(&socket.send(b"more").await.unwrap_err(), ErrorKind::BrokenPipe);
        socket.flush().await.unwrap();
        socket.shutdown().await.unwrap();
    }
}

/// B10: the error has the code of the platform, and is no violation.
#[track_caller]
fn is_of(error: &io::Error, kind: ErrorKind) {
    assert_eq!(error.kind(), kind);
    assert!(error.get_ref().is_none(), "{error:?}");
    if cfg!(any(unix, windows)) {
        let code = error.raw_os_error().expect("the platform has a code for it");
        assert_eq!(io::Error::from_raw_os_error(code).kind(), kind);
    }
}

#[test]
fn a_connection_that_is_not_there_cannot_be_reset() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    net.new_session().expect_connect("peer:1").optional().expect_reset();
    let error = block_on(net.connect(&Endpoint::new("other", 1))).unwrap_err();
    assert!(violation(&error).is_mismatch(), "{error}");
    only_violation(&verifier);
}

#[test]
fn a_reset_that_a_step_raised_is_not_delivered_again() {
    let (verifier, mut socket) = double(|peer| {
        let peer = peer.expect_recv(b"said").expect_send(b"ask").optional();
        peer.raises(ErrorKind::ConnectionReset).expect_recv(b"unsaid").expect_reset()
    });
    is_of(&block_on(socket.send(b"ask")).unwrap_err(), ErrorKind::ConnectionReset);
    assert_eq!(block_on(read(&mut socket, 8)), b"said", "what was said before is there");
    block_on(is_gone(&mut socket));
    drop(socket);
    assert_eq!(left(&report(&verifier)), [["recv", "reset"]]);
}

#[test]
fn a_reset_that_takes_its_time_lets_a_write_wait_for_it_too() {
    let (verifier, mut socket) =
        double(|peer| peer.expect_reset().after(Duration::from_secs(3600)));
    assert!(socket.send(b"hello").now_or_never().is_none());
    drop(socket);
    assert_eq!(left(&report(&verifier)), [["reset"]]);

    let (verifier, mut socket) = double(|peer| peer.expect_reset().after(Duration::from_millis(1)));
    is_of(&block_on(socket.send(b"hello")).unwrap_err(), ErrorKind::ConnectionReset);
    drop(socket);
    verifier.verify();
}

#[test]
fn a_delay_that_has_passed_does_not_come_again_because_another_has() {
    let (verifier, mut socket) = double(|peer| {
        let peer = peer.expect_recv(b"said").after(Duration::from_millis(1));
        peer.expect_reset().after(Duration::from_millis(1))
    });
    assert_eq!(block_on(read(&mut socket, 2)), b"sa");
    is_of(&block_on(socket.send(b"hello")).unwrap_err(), ErrorKind::ConnectionReset);
    assert_eq!(block_on(read(&mut socket, 8)), b"id");
    drop(socket);
    verifier.verify();
}

#[test]
fn what_was_left_behind_holds_no_reset_back() {
    let (verifier, mut socket) = double(|peer| {
        let peer = peer.expect_recv(b"unread").expect_recv(b"tick").times(0..);
        peer.after(Duration::from_secs(3600)).expect_send_all(b"ask").expect_reset()
    });
    block_on(socket.send_all(b"ask")).unwrap();
    is_of(&block_on(socket.send(b"more")).unwrap_err(), ErrorKind::ConnectionReset);
    assert_eq!(block_on(read(&mut socket, 8)), b"unread");
    drop(socket);
    verifier.verify();
}

#[test]
fn a_write_that_meets_a_step_before_the_reset_is_short() {
    let (verifier, mut socket) = double(|peer| peer.expect_send_all(b"ab").expect_reset());
    assert_eq!(block_on(write(&mut socket, b"abcd")), 2);
    is_of(&block_on(socket.send(b"cd")).unwrap_err(), ErrorKind::ConnectionReset);
    drop(socket);
    verifier.verify();
}

#[test]
fn errors_of_a_read_have_the_code_of_the_platform() {
    for kind in [
        ErrorKind::TimedOut,
        ErrorKind::HostUnreachable,
        ErrorKind::NetworkUnreachable,
        ErrorKind::NotConnected,
        ErrorKind::BrokenPipe,
    ] {
        let (verifier, mut socket) =
            double(|peer| peer.expect_recv_error(kind).expect_recv(b"again"));
        is_of(&block_on(socket.recv(&mut [0; 8])).unwrap_err(), kind);
        assert_eq!(block_on(read(&mut socket, 8)), b"again", "the connection lives on");
        drop(socket);
        assert_eq!(verifier.interactions()[0].operation.argument, Argument::Error(kind.into()));
        verifier.verify();
    }
}

#[test]
fn a_read_error_that_ends_the_connection_leaves_it_reset() {
    for kind in [ErrorKind::ConnectionReset, ErrorKind::ConnectionAborted] {
        let (verifier, mut socket) = double(|peer| peer.expect_recv_error(kind).expect_close());
        is_of(&block_on(socket.recv(&mut [0; 8])).unwrap_err(), kind);
        block_on(is_gone(&mut socket));
        drop(socket);
        verifier.verify();
    }
}

#[test]
fn a_write_that_raises_a_reset_leaves_the_connection_reset() {
    let (verifier, mut socket) =
        double(|peer| peer.expect_send(b"ask").raises(ErrorKind::ConnectionReset).expect_close());
    is_of(&block_on(socket.send(b"ask")).unwrap_err(), ErrorKind::ConnectionReset);
    block_on(is_gone(&mut socket));
    drop(socket);
    verifier.verify();
}

// B5: where a run without an end ends.

everywhere! {
    async fn a_run_without_an_end_ends_at_the_flush() {
        let (verifier, mut socket) = double(|peer| peer.expect_send_all(any()));
        write(&mut socket, b"one ").await;
        write(&mut socket, b"run").await;
        assert!(matches!(verifier.interactions()[0].outcome, Outcome::Partial { of: None, .. }));
        socket.flush().await.unwrap();
        assert_eq!(verifier.interactions()[0].outcome, Outcome::Complete);
        drop(socket);
        verifier.socket().assert_send_all(b"one run");
        verifier.finish().await;
    }

    async fn a_run_without_an_end_ends_at_the_shutdown() {
        let (verifier, mut socket) =
            double(|peer| peer.expect_send_all(any()).expect_shutdown().expect_recv(b"ok"));
        write(&mut socket, b"one ").await;
        write(&mut socket, b"run").await;
        AsyncWriteExt::close(&mut socket).await.unwrap();
        assert_eq!(read(&mut socket, 8).await, b"ok");
        drop(socket);
        verifier.socket().assert_send_all(b"one run");
        verifier.finish().await;
    }

    async fn a_run_without_an_end_ends_at_the_drop() {
        let (verifier, mut socket) = double(|peer| peer.expect_send_all(any()).expect_close());
        write(&mut socket, b"one ").await;
        write(&mut socket, b"run").await;
        drop(socket);
        verifier.socket().assert_send_all(b"one run");
        assert_eq!(happened(&verifier), ["send_all", "close"]);
        verifier.finish().await;
    }

    async fn a_run_without_an_end_ends_where_its_task_turns_to_reading() {
        let (verifier, mut socket) =
            double(|peer| peer.expect_send_all(any()).expect_recv(b"ok").expect_send_all(any()));
        write(&mut socket, b"one ").await;
        write(&mut socket, b"run").await;
        assert_eq!(read(&mut socket, 8).await, b"ok");
        write(&mut socket, b"another").await;
        drop(socket);
        let net = verifier.socket();
        net.assert_send_all(b"one run");
        net.assert_send_all(b"another");
        verifier.finish().await;
    }

    async fn a_run_that_another_task_reads_behind_has_to_be_given_an_end() {
        let verifier = impatient();
        let script = verifier.socket().new_session().expect_send_all(any()).expect_recv(b"ok");
        let (mut reader, mut writer) = AsyncReadExt::split(script.into_socket());
        assert_eq!(writer.write(b"run").await.unwrap(), 3);
        let reading = spawn(async move {
            let error = reader.read(&mut [0; 8]).await.unwrap_err();
            (reader, error)
        });
        let (reader, error) = reading.await;
        drop((reader, writer));
        let stalled = violation(&error);
        assert!(
            matches!(
                stalled.kind(),
                ViolationKind::Stalled { blocked: Blocked::RunWithoutEnd, begun: Some(3), .. }
            ),
            "{stalled}"
        );
        assert_eq!(&only_violation(&verifier), stalled);
    }
}

#[test]
fn a_predicate_judges_all_of_a_run_at_its_end() {
    let of_six = || matching("six bytes", |run: &[u8]| run.len() == 6);
    let (verifier, mut socket) = double(|peer| peer.expect_send_all(of_six()));
    block_on(write(&mut socket, b"abc"));
    block_on(write(&mut socket, b"def"));
    block_on(socket.flush()).unwrap();
    drop(socket);
    verifier.verify();

    let (verifier, mut socket) = double(|peer| peer.expect_send_all(of_six()));
    block_on(write(&mut socket, b"abc"));
    let error = block_on(socket.flush()).unwrap_err();
    drop(socket);
    assert!(violation(&error).is_mismatch(), "{error}");
    only_violation(&verifier);
}

#[test]
fn a_predicate_that_refuses_a_run_at_the_drop_fails_the_verdict() {
    let (verifier, mut socket) =
        double(|peer| peer.expect_send_all(matching("nothing", |_: &[u8]| false)));
    block_on(write(&mut socket, b"abc"));
    drop(socket);
    assert!(only_violation(&verifier).is_mismatch());
}

#[test]
fn a_run_without_an_end_that_has_not_ended_at_the_verdict_is_missed() {
    let (verifier, mut socket) = double(|peer| peer.expect_send_all(any()));
    block_on(write(&mut socket, b"abc"));
    let report = report(&verifier);
    let step = &report.unused()[0].steps[0];
    assert_eq!((step.amount, step.of), (Some(3), None));
    drop(socket);
    verifier.socket().assert_send_all(b"abc");
    verifier.verify();
}

#[test]
fn a_run_without_an_end_that_raises_fails_where_it_ends() {
    let (verifier, mut socket) =
        double(|peer| peer.expect_send_all(any()).raises(ErrorKind::BrokenPipe));
    assert_eq!(block_on(write(&mut socket, b"abc")), 3);
    is_of(&block_on(socket.flush()).unwrap_err(), ErrorKind::BrokenPipe);
    drop(socket);
    verifier.socket().raised(ErrorKind::BrokenPipe).assert_send_all(b"abc");
    verifier.verify();
}

// B7: shutdown and drop.

#[test]
fn a_shutdown_just_before_the_drop_belongs_to_the_close() {
    let (verifier, mut socket) = double(|peer| peer.expect_send_all(b"bye").expect_close());
    block_on(socket.send_all(b"bye")).unwrap();
    block_on(socket.disconnect()).unwrap();
    assert_eq!(happened(&verifier), ["send_all", "close"]);
    verifier.verify();
}

#[test]
fn after_the_last_required_step_a_shutdown_or_drop_is_no_interaction() {
    let (verifier, mut socket) = double(|peer| peer.expect_send_all(b"bye"));
    block_on(socket.send_all(b"bye")).unwrap();
    block_on(socket.disconnect()).unwrap();
    assert_eq!(happened(&verifier), ["send_all"]);
    verifier.verify();
}

#[test]
fn a_shutdown_before_the_last_required_step_is_a_violation() {
    let (verifier, mut socket) = double(|peer| peer.expect_send_all(b"bye").expect_close());
    let error = block_on(socket.shutdown()).unwrap_err();
    drop(socket);
    assert!(violation(&error).is_out_of_order(), "{error}");
    assert_eq!(violation(&error).operation(), "shutdown");
    only_violation(&verifier);

    let (verifier, mut socket) = double(|peer| peer.expect_recv(b"unread").expect_close());
    let error = block_on(socket.shutdown()).unwrap_err();
    drop(socket);
    assert!(violation(&error).is_out_of_order(), "{error}");
    only_violation(&verifier);
}

#[test]
fn a_shutdown_in_the_middle_of_a_run_is_a_violation() {
    let (verifier, mut socket) = double(|peer| peer.expect_send_all(b"bye").expect_shutdown());
    block_on(write(&mut socket, b"by"));
    let error = block_on(socket.shutdown()).unwrap_err();
    drop(socket);
    assert!(
        matches!(violation(&error).kind(), ViolationKind::OutOfOrder { begun: Some(2), .. }),
        "{error}"
    );
    only_violation(&verifier);
}

#[test]
fn a_drop_before_the_last_required_step_leaves_the_rest_to_be_reported() {
    let (verifier, socket) =
        double(|peer| peer.expect_send_all(b"hi").expect_recv(b"ho").expect_close());
    drop(socket);
    let report = report(&verifier);
    assert_eq!(report.violations().len(), 0);
    assert_eq!(left(&report), [["send_all", "recv", "close"]]);
    assert_eq!(report.unused()[0].stage, Stage::Closed);
}

#[test]
fn a_drop_in_the_middle_of_a_run_does_not_meet_the_close() {
    let (verifier, mut socket) = double(|peer| peer.expect_send_all(b"bye").expect_close());
    block_on(write(&mut socket, b"by"));
    drop(socket);
    let report = report(&verifier);
    assert_eq!(left(&report), [["send_all", "close"]]);
    assert_eq!(report.unused()[0].steps[0].amount, Some(2));
}

#[test]
fn a_drop_never_meets_a_shutdown() {
    let (verifier, socket) = double(|peer| peer.expect_shutdown());
    drop(socket);
    assert_eq!(left(&report(&verifier)), [["shutdown"]]);
}

#[test]
fn a_close_is_met_although_something_was_not_received() {
    let (verifier, socket) = double(|peer| peer.expect_recv(b"unread").expect_close());
    drop(socket);
    assert_eq!(left(&report(&verifier)), [["recv"]]);
    assert_eq!(happened(&verifier), ["close"]);
}

#[test]
fn a_drop_does_not_take_turns() {
    let (verifier, socket) = double(|peer| peer.expect_recv(b"unread").expect_close().lockstep());
    drop(socket);
    assert_eq!(left(&report(&verifier)), [["recv"]]);
    assert_eq!(happened(&verifier), ["close"]);
}

#[test]
fn a_close_that_is_left_because_the_socket_is_alive_says_so() {
    let (verifier, socket) = double(|peer| peer.expect_close());
    let report = report(&verifier);
    assert_eq!((left(&report), report.unused()[0].stage), (vec![vec!["close"]], Stage::Open));
    assert!(report.to_string().contains("still alive"), "{report}");
    drop(socket);
    verifier.verify();
}

// B8 and B9, C3.

#[test]
fn flushes_and_empty_buffers_are_no_steps() {
    let (verifier, mut socket) = double(|peer| peer.expect_send_all(b"ab").expect_recv(b"cd"));
    block_on(async {
        socket.flush().await.unwrap();
        assert_eq!(write(&mut socket, b"").await, 0);
        assert_eq!(socket.send(b"").await.unwrap(), 0);
        socket.send_all(b"").await.unwrap();
        assert_eq!(socket.recv(&mut []).await.unwrap(), 0);
        assert_eq!(write(&mut socket, b"a").await, 1);
        socket.flush().await.unwrap();
        assert_eq!(socket.write_vectored(&[]).await.unwrap(), 0);
        assert_eq!(socket.write_vectored(&[IoSlice::new(b"")]).await.unwrap(), 0);
        assert_eq!(write(&mut socket, b"b").await, 1);
        assert_eq!(read(&mut socket, 2).await, b"cd");
        assert_eq!(socket.recv(&mut []).await.unwrap(), 0);
        socket.flush().await.unwrap();
    });
    drop(socket);
    assert_eq!(happened(&verifier), ["send_all", "recv"]);
    verifier.verify();
}

#[test]
fn several_buffers_are_seen_as_one_write() {
    let (verifier, mut socket) =
        double(|peer| peer.expect_send(b"hello world").expect_send_all(b"again"));
    assert!(socket.is_write_vectored());
    let hello = [IoSlice::new(b"hello"), IoSlice::new(b""), IoSlice::new(b" world")];
    assert_eq!(block_on(socket.write_vectored(&hello)).unwrap(), 11);
    let again = [IoSlice::new(b"ag"), IoSlice::new(b"ain")];
    assert_eq!(block_on(socket.write_vectored(&again)).unwrap(), 5);
    drop(socket);
    verifier.verify();
}

#[test]
fn a_wrong_byte_is_counted_over_several_buffers() {
    let (verifier, mut socket) = double(|peer| peer.expect_send_all(b"hello world"));
    let buffers = [IoSlice::new(b"hello"), IoSlice::new(b" wOrld")];
    let error = block_on(socket.write_vectored(&buffers)).unwrap_err();
    drop(socket);
    assert_eq!(offset(&error), 7);
    only_violation(&verifier);
}

// C6, C7 and C8: waiting.

/// How long a test that hangs is looked at.
const LONG: Duration = Duration::from_secs(20);

/// Counts how often it is woken.
#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Count {
    fn new() -> (Arc<Self>, Waker) {
        let count = Arc::<Self>::default();
        (Arc::clone(&count), Waker::from(count))
    }

    fn get(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

#[test]
fn of_those_who_wait_to_read_the_last_one_is_woken() {
    let (verifier, mut socket) = double(|peer| peer.expect_send_all(b"ask").expect_recv(b"ok"));
    let ((first, first_waker), (last, last_waker)) = (Count::new(), Count::new());
    let mut buffer = [0; 8];
    for waker in [&first_waker, &last_waker] {
        let mut cx = Context::from_waker(waker);
        assert!(Pin::new(&mut socket).poll_read(&mut cx, &mut buffer).is_pending());
    }
    block_on(socket.send_all(b"ask")).unwrap();
    assert_eq!((first.get(), last.get()), (0, 1));
    assert_eq!(block_on(read(&mut socket, 8)), b"ok");
    drop(socket);
    verifier.verify();
}

#[test]
fn of_those_who_wait_to_write_the_last_one_is_woken() {
    let (verifier, mut socket) =
        double(|peer| peer.expect_recv(b"go").expect_send_all(b"on").lockstep());
    let ((first, first_waker), (last, last_waker)) = (Count::new(), Count::new());
    for waker in [&first_waker, &last_waker] {
        let mut cx = Context::from_waker(waker);
        assert!(Pin::new(&mut socket).poll_write(&mut cx, b"on").is_pending());
    }
    assert_eq!(block_on(read(&mut socket, 8)), b"go");
    assert_eq!((first.get(), last.get()), (0, 1));
    block_on(socket.send_all(b"on")).unwrap();
    drop(socket);
    verifier.verify();
}

#[test]
fn a_flush_takes_no_waker_from_a_write_that_waits() {
    let (verifier, mut socket) =
        double(|peer| peer.expect_recv(b"go").expect_send_all(b"on").lockstep());
    let (woken, waker) = Count::new();
    let mut cx = Context::from_waker(&waker);
    assert!(Pin::new(&mut socket).poll_write(&mut cx, b"on").is_pending());
    assert!(Pin::new(&mut socket).poll_flush(&mut cx).is_ready());
    assert_eq!(block_on(read(&mut socket, 8)), b"go");
    assert_eq!(woken.get(), 1);
    block_on(socket.send_all(b"on")).unwrap();
    drop(socket);
    verifier.verify();
}

#[test]
fn a_shutdown_that_ends_a_run_and_then_waits_wakes_who_waited_for_that() {
    let (verifier, mut socket) =
        double(|peer| peer.expect_send_all(any()).expect_recv(b"ok").expect_shutdown().lockstep());
    let ((reads, reader), (closes, closer)) = (Count::new(), Count::new());
    let (mut read_cx, mut close_cx) = (Context::from_waker(&reader), Context::from_waker(&closer));
    assert!(Pin::new(&mut socket).poll_write(&mut close_cx, b"run").is_ready());
    assert!(Pin::new(&mut socket).poll_read(&mut read_cx, &mut [0; 8]).is_pending());
    assert!(Pin::new(&mut socket).poll_close(&mut close_cx).is_pending());
    assert_eq!(reads.get(), 1, "the run is over");
    assert!(Pin::new(&mut socket).poll_read(&mut read_cx, &mut [0; 8]).is_ready());
    assert_eq!(closes.get(), 1);
    assert!(Pin::new(&mut socket).poll_close(&mut close_cx).is_ready());
    drop(socket);
    verifier.socket().assert_send_all(b"run");
    verifier.verify();
}

#[test]
fn a_reader_and_a_writer_wait_side_by_side() {
    let (verifier, mut socket) =
        double(|peer| peer.expect_recv(b"go").expect_send_all(b"on").expect_recv(b"ok").lockstep());
    let ((reads, reader), (writes, writer)) = (Count::new(), Count::new());
    let (mut read_cx, mut write_cx) = (Context::from_waker(&reader), Context::from_waker(&writer));
    let mut buffer = [0; 8];
    assert!(Pin::new(&mut socket).poll_write(&mut write_cx, b"on").is_pending());
    let polled = Pin::new(&mut socket).poll_read(&mut read_cx, &mut buffer);
    assert!(matches!(polled, Poll::Ready(Ok(2))));
    assert_eq!(writes.get(), 1);
    assert!(Pin::new(&mut socket).poll_read(&mut read_cx, &mut buffer).is_pending());
    let polled = Pin::new(&mut socket).poll_write(&mut write_cx, b"on");
    assert!(matches!(polled, Poll::Ready(Ok(2))));
    assert_eq!(reads.get(), 1);
    assert_eq!(block_on(read(&mut socket, 8)), b"ok");
    drop(socket);
    verifier.verify();
}

/// A waker that owns something, as one that holds its task owns all that is in it.
struct Owner(#[allow(dead_code, reason = "it is there to be dropped")] ScriptedSocket);

impl Wake for Owner {
    fn wake(self: Arc<Self>) {}
}

/// Runs what would never end if a waker were dropped under the lock that its drop takes.
fn ends(verifier: Verifier, client: impl FnOnce() + Send + 'static) -> Verifier {
    let (done, is_done) = channel();
    thread::spawn(move || {
        client();
        done.send(()).unwrap();
    });
    if is_done.recv_timeout(LONG).is_err() {
        std::mem::forget(verifier); // it would wait for the lock too
        panic!("the client hangs, or panicked");
    }
    verifier
}

#[test]
fn a_waker_that_owns_a_socket_may_be_dropped_for_another() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    let owned = net.new_session().expect_close().into_socket();
    let mut socket = net.new_session().expect_send_all(b"ask").expect_recv(b"ok").into_socket();
    let verifier = ends(verifier, move || {
        for waker in [Waker::from(Arc::new(Owner(owned))), Waker::noop().clone()] {
            let mut cx = Context::from_waker(&waker);
            assert!(Pin::new(&mut socket).poll_read(&mut cx, &mut [0; 8]).is_pending());
        }
        block_on(socket.send_all(b"ask")).unwrap();
        assert_eq!(block_on(read(&mut socket, 8)), b"ok");
    });
    verifier.verify();
}

#[test]
fn a_waker_that_owns_a_socket_may_be_dropped_with_a_connect_that_is_given_up() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    let owned = net.new_session().expect_close().into_socket();
    net.new_session().expect_connect("peer:1").never();
    let verifier = ends(verifier, move || {
        let peer = Endpoint::new("peer", 1);
        let mut connecting = net.connect(&peer);
        let waker = Waker::from(Arc::new(Owner(owned)));
        assert!(connecting.poll_unpin(&mut Context::from_waker(&waker)).is_pending());
        drop(waker);
        drop(connecting);
    });
    verifier.verify();
}

#[test]
fn a_waker_that_owns_a_socket_may_be_dropped_with_the_end_of_a_run() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    let owned = net.new_session().expect_close().into_socket();
    let mut socket = net.new_session().expect_send_all(any()).into_socket();
    let verifier = ends(verifier, move || {
        let waker = Waker::from(Arc::new(Owner(owned)));
        let polled = Pin::new(&mut socket).poll_write(&mut Context::from_waker(&waker), b"run");
        assert!(polled.is_ready());
        drop(waker);
        block_on(socket.flush()).unwrap();
    });
    verifier.socket().assert_send_all(b"run");
    verifier.verify();
}

#[test]
fn a_silent_peer_is_waited_for_until_the_client_gives_up() {
    let (verifier, mut socket) = double(|peer| peer.expect_send_all(b"hi").expect_close());
    block_on(socket.send_all(b"hi")).unwrap();
    assert!(socket.recv(&mut [0; 8]).now_or_never().is_none());
    drop(socket);
    verifier.verify();
}

#[test]
fn a_recv_that_is_dropped_loses_nothing() {
    let (verifier, mut socket) = double(|peer| peer.expect_send_all(b"ask").expect_recv(b"ok"));
    assert!(socket.recv(&mut [0; 8]).now_or_never().is_none());
    block_on(socket.send_all(b"ask")).unwrap();
    assert_eq!(block_on(read(&mut socket, 8)), b"ok");
    drop(socket);
    assert_eq!(happened(&verifier), ["send_all", "recv"]);
    verifier.verify();
}

#[test]
fn a_send_that_is_dropped_neither_loses_nor_doubles() {
    let (verifier, mut socket) =
        double(|peer| peer.expect_recv(b"go").expect_send_all(b"on").lockstep());
    assert!(socket.send(b"on").now_or_never().is_none());
    assert_eq!(block_on(read(&mut socket, 8)), b"go");
    block_on(socket.send_all(b"on")).unwrap();
    drop(socket);
    assert_eq!(happened(&verifier), ["recv", "send_all"]);
    verifier.verify();
}

everywhere! {
    async fn a_client_in_two_halves_talks_and_listens_at_once() {
        let (verifier, socket) = double(|peer| {
            peer.expect_send_all(b"one").expect_recv(b"1").expect_send_all(b"two").expect_recv(b"2")
        });
        let (mut reader, mut writer) = AsyncReadExt::split(socket);
        let reading = spawn(async move {
            let mut replies = [0; 2];
            reader.read_exact(&mut replies).await.unwrap();
            replies
        });
        let writing = spawn(async move {
            writer.write_all(b"one").await.unwrap();
            writer.write_all(b"two").await.unwrap();
        });
        assert_eq!((reading.await, writing.await), (*b"12", ()));
        verifier.finish().await;
    }

    async fn a_socket_is_polled_by_hand_as_by_its_methods() {
        let (verifier, mut socket) = double(|peer| peer.expect_send_all(b"hi").expect_recv(b"ho"));
        let sent = poll_fn(|cx| Pin::new(&mut socket).poll_write(cx, b"hi")).await.unwrap();
        poll_fn(|cx| Pin::new(&mut socket).poll_flush(cx)).await.unwrap();
        let mut buffer = [0; 8];
        let received = poll_fn(|cx| Pin::new(&mut socket).poll_read(cx, &mut buffer)).await.unwrap();
        assert_eq!((sent, &buffer[..received]), (2, &b"ho"[..]));
        poll_fn(|cx| Pin::new(&mut socket).poll_close(cx)).await.unwrap();
        drop(socket);
        verifier.finish().await;
    }
}

#[test]
fn what_an_open_step_took_is_kept_and_what_a_stated_one_took_is_in_the_script() {
    let (verifier, mut socket) = double(|peer| {
        peer.expect_send_all(b"stated").expect_recv(b"said").expect_send(any()).expect_close()
    });
    block_on(async {
        socket.send_all(b"stated").await.unwrap();
        read(&mut socket, 8).await;
        socket.send(b"open").await.unwrap();
    });
    drop(socket);
    let interactions = verifier.interactions();
    let bytes: Vec<_> = interactions[..3].iter().map(bytes_of).collect();
    assert_eq!(bytes, [&b"stated"[..], b"said", b"open"]);
    let stated: Vec<_> = interactions.iter().map(|one| one.is_stated).collect();
    assert_eq!(stated, [true, true, false, true]);
    verifier.socket().assert_send(b"open");
    verifier.verify();
}
