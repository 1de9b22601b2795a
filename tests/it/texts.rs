//! Every text that a failure prints, whole. `UPDATE_EXPECT=1` writes them anew.

use std::io::ErrorKind;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use expect_test::{ExpectFile, expect_file};
use futures::executor::block_on;
use wirescript::scripted::{LengthPrefix, Lines, Violation};
use wirescript::{AsyncSocketExt, Connect, Endpoint, Verifier, any, matching, to_end, until};

use crate::support::{connect, fetch_status, impatient};

/// Plays `scene`, and compares what the verdict then says.
#[track_caller]
pub(crate) fn check_report(
    verifier: Verifier,
    scene: impl AsyncFnOnce(&Verifier),
    expected: ExpectFile,
) {
    block_on(scene(&verifier));
    let report = verifier.try_verify().expect_err("the verdict is against this scene");
    check(&report.to_string(), expected);
}

/// Compares what `scene` panics with.
#[track_caller]
pub(crate) fn check_panic(scene: impl FnOnce(), expected: ExpectFile) {
    let panic = catch_unwind(AssertUnwindSafe(scene)).expect_err("the scene panics");
    let text = match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(panic) => (*panic.downcast::<&str>().expect("a panic with a text")).to_owned(),
    };
    check(&text, expected);
}

/// Lines and columns move with every change of this file; that they are right is tested elsewhere.
#[track_caller]
fn check(text: &str, expected: ExpectFile) {
    const HERE: &str = "texts.rs:";
    let mut normal = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(HERE) {
        let (before, after) = rest.split_at(at + HERE.len());
        normal.push_str(before);
        normal.push_str("14:10");
        rest = after.trim_start_matches(|c: char| c.is_ascii_digit() || c == ':');
    }
    normal.push_str(rest);
    normal.push('\n');
    expected.assert_eq(&normal);
}

#[test]
fn a_wrong_byte() {
    check_report(
        Verifier::new(),
        async |verifier| {
            let net = verifier.socket();
            net.new_session()
                .named("control")
                .expect_connect("monitoring.internal:5000")
                .expect_send_all(b"PING alice\r\n")
                .expect_recv(b"PONG\r\n")
                .expect_close();
            let mut socket =
                net.connect(&Endpoint::new("monitoring.internal", 5000)).await.unwrap();
            socket.send_all(b"PING alicf\r\n").await.unwrap_err();
        },
        expect_file!["snapshots/wrong_byte.txt"],
    );
}

#[test]
fn a_wrong_byte_in_a_later_write_of_the_run() {
    check_report(
        Verifier::new(),
        async |verifier| {
            let mut socket = verifier
                .socket()
                .new_session()
                .expect_send_all(b"PING alice\r\n")
                .expect_recv(b"PONG\r\n")
                .into_socket();
            socket.send_all(b"PING ").await.unwrap();
            socket.send_all(b"bob\r\n").await.unwrap_err();
        },
        expect_file!["snapshots/wrong_byte_later.txt"],
    );
}

#[test]
fn a_write_that_is_too_long() {
    check_report(
        Verifier::new(),
        async |verifier| {
            let mut socket = verifier.socket().new_session().expect_send(b"PING").into_socket();
            socket.send(b"PING alice").await.unwrap_err();
        },
        expect_file!["snapshots/write_too_long.txt"],
    );
}

#[test]
fn a_wrong_byte_in_20_megabytes_that_are_no_text() {
    check_report(
        Verifier::new(),
        async |verifier| {
            let mut payload = vec![0xfe; 20 << 20];
            let mut socket =
                verifier.socket().new_session().expect_send_all(&payload).into_socket();
            payload[15 << 20] = b'"';
            socket.send_all(&payload).await.unwrap_err();
        },
        expect_file!["snapshots/wrong_byte_in_20_mb.txt"],
    );
}

#[test]
fn bytes_that_a_predicate_refuses() {
    check_report(
        Verifier::new(),
        async |verifier| {
            let is_get = matching("a GET request", |sent: &[u8]| sent.starts_with(b"GET "));
            let mut socket = verifier.socket().new_session().expect_send(is_get).into_socket();
            socket.send(b"PUT / HTTP/1.1\r\n\r\n").await.unwrap_err();
        },
        expect_file!["snapshots/predicate_refuses.txt"],
    );
}

#[test]
fn another_endpoint() {
    check_report(
        Verifier::new(),
        async |verifier| {
            let net = verifier.socket();
            net.new_session().expect_connect("primary:5432").expect_close();
            net.connect(&Endpoint::new("replica", 5432)).await.unwrap_err();
        },
        expect_file!["snapshots/another_endpoint.txt"],
    );
}

#[test]
fn another_path() {
    check_report(
        Verifier::new(),
        async |verifier| {
            let net = verifier.socket();
            net.new_session().expect_connect("unix:/run/redis.sock").expect_close();
            net.connect(&Endpoint::unix("/run/redis\n.sock")).await.unwrap_err();
        },
        expect_file!["snapshots/another_path.txt"],
    );
}

#[test]
fn a_write_where_only_reads_are_left() {
    check_report(
        Verifier::new(),
        async |verifier| {
            let mut socket = verifier
                .socket()
                .new_session()
                .expect_send_all(b"STATUS\r\n")
                .expect_recv(b"OK\r\n")
                .into_socket();
            socket.send_all(b"STATUS\r\n").await.unwrap();
            socket.send_all(b"STATUS\r\n").await.unwrap_err();
        },
        expect_file!["snapshots/write_where_reads_are_left.txt"],
    );
}

#[test]
fn a_shutdown_in_the_middle_of_a_run() {
    check_report(
        Verifier::new(),
        async |verifier| {
            let mut socket =
                verifier.socket().new_session().expect_send_all(b"STATUS\r\n").into_socket();
            socket.send_all(b"STA").await.unwrap();
            socket.shutdown().await.unwrap_err();
        },
        expect_file!["snapshots/shutdown_in_a_run.txt"],
    );
}

#[test]
fn a_read_behind_a_send_that_can_no_longer_be_made() {
    check_report(
        impatient(),
        async |verifier| {
            let mut socket = verifier
                .socket()
                .new_session()
                .expect_shutdown()
                .optional()
                .expect_send_all(b"BYE\r\n")
                .expect_recv(b"OK\r\n")
                .into_socket();
            socket.shutdown().await.unwrap();
            socket.recv(&mut [0; 8]).await.unwrap_err();
        },
        expect_file!["snapshots/read_behind_a_lost_send.txt"],
    );
}

#[test]
fn a_write_after_the_clients_own_shutdown() {
    check_report(
        Verifier::new(),
        async |verifier| {
            let mut socket =
                verifier.socket().new_session().expect_shutdown().expect_eof().into_socket();
            socket.shutdown().await.unwrap();
            let error = socket.send_all(b"one more").await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::BrokenPipe);
        },
        expect_file!["snapshots/write_after_shutdown.txt"],
    );
}

#[test]
fn a_connect_for_which_no_session_is_queued() {
    check_report(
        Verifier::new(),
        async |verifier| {
            let net = verifier.socket();
            for _ in 0..3 {
                net.connect(&Endpoint::new("cache", 6379)).await.unwrap_err();
            }
        },
        expect_file!["snapshots/no_session.txt"],
    );
}

#[test]
fn a_connect_while_the_builder_is_held() {
    check_report(
        Verifier::new(),
        async |verifier| {
            let net = verifier.socket();
            let builder = net.new_session().expect_connect("cache:6379");
            net.connect(&Endpoint::new("cache", 6379)).await.unwrap_err();
            drop(builder);
        },
        expect_file!["snapshots/builder_held.txt"],
    );
}

#[test]
fn a_connect_to_a_script_without_one() {
    check_report(
        Verifier::new(),
        async |verifier| {
            let net = verifier.socket();
            net.new_session().named("cache").expect_send_all(b"PING\r\n");
            net.connect(&Endpoint::new("cache", 6379)).await.unwrap_err();
        },
        expect_file!["snapshots/never_connected.txt"],
    );
}

#[test]
fn a_write_past_the_end() {
    check_report(
        Verifier::new(),
        async |verifier| {
            let mut socket =
                verifier.socket().new_session().expect_send_all(b"STATUS\r\n").into_socket();
            socket.send_all(b"STATUS\r\n").await.unwrap();
            socket.send_all(b"QUIT\r\n").await.unwrap_err();
        },
        expect_file!["snapshots/past_the_end.txt"],
    );
}

#[test]
fn a_read_that_waits_for_a_send() {
    check_report(
        impatient(),
        async |verifier| {
            let mut socket = verifier
                .socket()
                .new_session()
                .expect_send_all(b"STATUS\r\n")
                .expect_recv(b"OK\r\n")
                .into_socket();
            socket.send_all(b"STAT").await.unwrap();
            socket.recv(&mut [0; 8]).await.unwrap_err();
        },
        expect_file!["snapshots/stalled_on_a_send.txt"],
    );
}

#[test]
fn a_read_that_waits_for_the_end_of_a_run() {
    check_report(
        impatient(),
        async |verifier| {
            let socket = verifier
                .socket()
                .new_session()
                .expect_send_all(any())
                .expect_recv(b"OK\r\n")
                .into_socket();
            let (mut reader, mut writer) = futures::AsyncReadExt::split(socket);
            futures::AsyncWriteExt::write(&mut writer, b"STATUS\r\n").await.unwrap();
            // Another task reads, so nothing says that the run is over.
            let read = std::thread::spawn(move || {
                block_on(futures::AsyncReadExt::read(&mut reader, &mut [0; 8])).unwrap_err();
            });
            read.join().unwrap();
        },
        expect_file!["snapshots/stalled_on_a_run.txt"],
    );
}

#[test]
fn a_send_that_waits_its_turn() {
    check_report(
        impatient(),
        async |verifier| {
            let mut socket = verifier
                .socket()
                .new_session()
                .lockstep()
                .expect_recv(b"READY\r\n")
                .expect_send_all(b"GO\r\n")
                .into_socket();
            socket.send_all(b"GO\r\n").await.unwrap_err();
        },
        expect_file!["snapshots/stalled_in_lockstep.txt"],
    );
}

#[test]
fn a_read_past_the_end() {
    check_report(
        impatient(),
        async |verifier| {
            let mut socket =
                verifier.socket().new_session().expect_recv(b"OK\r\n").expect_close().into_socket();
            socket.recv_to_end(8).await.unwrap_err();
        },
        expect_file!["snapshots/stalled_past_the_end.txt"],
    );
}

#[test]
fn a_wait_for_what_never_comes() {
    let verifier = Verifier::builder().deadline(Duration::from_millis(100)).build();
    check_report(
        verifier,
        async |verifier| {
            let mut socket =
                verifier.socket().new_session().expect_recv(b"OK\r\n").never().into_socket();
            socket.recv(&mut [0; 8]).await.unwrap_err();
        },
        expect_file!["snapshots/stalled_on_never.txt"],
    );
}

#[test]
fn a_wait_for_what_comes_too_late() {
    let verifier = Verifier::builder().deadline(Duration::from_millis(100)).build();
    check_report(
        verifier,
        async |verifier| {
            let mut socket = verifier
                .socket()
                .new_session()
                .expect_recv(b"OK\r\n")
                .after(Duration::from_secs(3600))
                .into_socket();
            socket.recv(&mut [0; 8]).await.unwrap_err();
        },
        expect_file!["snapshots/stalled_on_a_delay.txt"],
    );
}

#[test]
fn a_matcher_that_panics() {
    check_report(
        Verifier::new(),
        async |verifier| {
            let short = matching("a short request", |sent: &[u8]| {
                assert!(sent.len() < 4, "too long");
                true
            });
            let mut socket = verifier.socket().new_session().expect_send(short).into_socket();
            socket.send(b"GET / HTTP/1.1\r\n\r\n").await.unwrap_err();
        },
        expect_file!["snapshots/matcher_panicked.txt"],
    );
}

#[test]
fn a_transport_that_outlives_its_verifier() {
    let verifier = Verifier::new();
    let mut socket = verifier.socket().new_session().into_socket();
    drop(verifier);
    let error = block_on(socket.send_all(b"anybody?")).unwrap_err();
    assert!(error.get_ref().unwrap().downcast_ref::<Violation>().unwrap().is_verifier_gone());
    check(&error.to_string(), expect_file!["snapshots/verifier_gone.txt"]);
}

#[test]
fn what_nobody_asserted() {
    check_report(
        Verifier::new(),
        async |verifier| {
            let net = verifier.socket();
            net.new_session()
                .expect_connect(any())
                .expect_send(any())
                .raises(ErrorKind::BrokenPipe)
                .expect_close();
            let mut socket = connect(&net).await;
            socket.send(b"PING\r\n").await.unwrap_err();
        },
        expect_file!["snapshots/unasserted.txt"],
    );
}

#[test]
fn what_nobody_used() {
    check_report(
        Verifier::new(),
        async |verifier| {
            let net = verifier.socket();
            for name in ["open", "dropped", "given up", "taken"] {
                net.new_session()
                    .named(name)
                    .expect_connect("peer:1")
                    .after(Duration::from_secs(if name == "given up" { 3600 } else { 0 }))
                    .expect_send_all(b"HELLO\r\n")
                    .expect_recv(b"WELCOME\r\n")
                    .expect_recv(b"optional")
                    .optional()
                    .expect_close();
            }
            net.new_session().named("queued").expect_connect(any()).expect_recv(b"\xff\xfe");
            net.new_session().named("refused").expect_connect("peer:1").raises(ErrorKind::Other);

            let mut open = connect(&net).await;
            open.send_all(b"HELLO\r\n").await.unwrap();
            open.recv_exact(&mut [0; 3]).await.unwrap();
            drop(connect(&net).await);
            let peer = Endpoint::new("peer", 1);
            let given_up = net.connect(&peer);
            assert!(futures::poll!(given_up).is_pending());
            drop(net.connect(&peer));

            check_unused_is_told(verifier);
            drop(open);
        },
        expect_file!["snapshots/unused_later.txt"],
    );
}

#[track_caller]
fn check_unused_is_told(verifier: &Verifier) {
    let report = verifier.try_verify().unwrap_err();
    check(&report.to_string(), expect_file!["snapshots/unused.txt"]);
}

#[test]
fn all_at_once() {
    check_report(
        Verifier::new(),
        async |verifier| {
            let net = verifier.socket();
            net.new_session().expect_connect(any()).expect_send_all(b"PING\r\n");
            net.new_session().expect_connect(any()).expect_close();
            net.new_session().expect_connect("c:3").expect_close();
            fetch_status(&net, "a", 1).await.unwrap_err();
            drop(net.connect(&Endpoint::new("b", 2)).await.unwrap());
        },
        expect_file!["snapshots/all_at_once.txt"],
    );
}

#[test]
fn a_test_that_takes_too_long() {
    let verifier = Verifier::builder().deadline(Duration::from_millis(50)).build();
    check_panic(
        || {
            block_on(verifier.run(async |verifier| {
                verifier.socket().new_session().expect_connect("peer:1");
                std::future::pending::<()>().await;
            }));
        },
        expect_file!["snapshots/deadline.txt"],
    );
}

/// A verifier on which a client has connected to `peer:1`, sent `PING`, and received `PONG`.
fn played() -> (Verifier, wirescript::Scripted<wirescript::scripted::Socket>) {
    let verifier = Verifier::new();
    let net = verifier.socket();
    net.new_session()
        .named("control")
        .expect_connect(any())
        .expect_send_all(any())
        .expect_recv(b"PONG\r\n")
        .expect_close();
    block_on(async {
        let mut socket = connect(&net).await;
        socket.send_all(b"PING alicf\r\n").await.unwrap();
        socket.recv(&mut [0; 512]).await.unwrap();
    });
    (verifier, net)
}

/// Compares what an assertion on that says.
#[track_caller]
fn check_assertion(
    assert: impl FnOnce(&Verifier, &wirescript::Scripted<wirescript::scripted::Socket>),
    expected: ExpectFile,
) {
    let (verifier, net) = played();
    check_panic(|| assert(&verifier, &net), expected);
    let _ = verifier.try_verify(); // what is left is not what this is about
}

#[test]
fn an_assertion_on_another_field() {
    check_assertion(
        |_, net| {
            net.assert_connect("peer:1");
            net.assert_send_all(b"PING alice\r\n");
        },
        expect_file!["snapshots/assertion_other_field.txt"],
    );
}

#[test]
fn an_assertion_on_another_endpoint() {
    check_assertion(
        |_, net| net.assert_connect("peer:2"),
        expect_file!["snapshots/assertion_other_endpoint.txt"],
    );
}

#[test]
fn an_assertion_on_another_operation() {
    check_assertion(
        |_, net| net.assert_send_all(b"PING alicf\r\n"),
        expect_file!["snapshots/assertion_other_operation.txt"],
    );
}

#[test]
fn an_assertion_on_another_size() {
    check_assertion(
        |_, net| {
            net.assert_connect("peer:1");
            net.assert_send_all(b"PING alicf\r\n");
            net.assert_recv(1024, b"PONG\r\n");
        },
        expect_file!["snapshots/assertion_other_size.txt"],
    );
}

#[test]
fn an_assertion_on_an_error_that_was_none() {
    check_assertion(
        |_, net| net.raised(ErrorKind::ConnectionRefused).assert_connect("peer:1"),
        expect_file!["snapshots/assertion_other_outcome.txt"],
    );
}

#[test]
fn an_assertion_that_says_nothing() {
    check_assertion(
        |_, net| net.assert_connect(any()),
        expect_file!["snapshots/assertion_wild.txt"],
    );
}

#[test]
fn an_assertion_in_any_order_that_nothing_meets() {
    check_assertion(
        |verifier, net| {
            verifier.in_any_order(|any| any.on(net).assert_send_all(b"PING bob\r\n"));
        },
        expect_file!["snapshots/assertion_closest.txt"],
    );
}

#[test]
fn an_assertion_when_everything_is_asserted() {
    check_assertion(
        |_, net| {
            net.assert_connect("peer:1");
            net.assert_send_all(b"PING alicf\r\n");
            net.assert_close();
            net.assert_close();
        },
        expect_file!["snapshots/assertion_nothing_left.txt"],
    );
}

#[test]
fn an_assertion_when_nothing_happened() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    check_panic(
        || net.assert_connect("peer:1"),
        expect_file!["snapshots/assertion_nothing_happened.txt"],
    );
}

#[test]
fn the_conversation_so_far() {
    let (verifier, net) = played();
    net.assert_connect("peer:1");
    net.assert_send_all(b"PING alicf\r\n");
    check(&verifier.timeline().to_string(), expect_file!["snapshots/timeline.txt"]);
}

#[test]
fn a_wrong_byte_in_a_run_of_parts() {
    check_report(
        Verifier::new(),
        async |verifier| {
            let mut socket = verifier
                .socket()
                .new_session()
                .expect_send_all((
                    "GET ",
                    until(" ").capture("path"),
                    "HTTP/1.1\r\n",
                    until("\r\n\r\n"),
                ))
                .into_socket();
            let _ = socket.send_all(b"GET /status ").await;
            let _ = socket.send_all(b"HTTP/1.0\r\n\r\n").await;
        },
        expect_file!["snapshots/wrong_byte_in_parts.txt"],
    );
}

#[test]
fn a_part_that_its_predicate_refuses() {
    check_report(
        Verifier::new(),
        async |verifier| {
            let is_number = |id: &[u8]| id.iter().all(u8::is_ascii_digit);
            let mut socket = verifier
                .socket()
                .new_session()
                .expect_send_all(("id=", any().len(2).matching("a number", is_number), ";"))
                .into_socket();
            let _ = socket.send_all(b"id=4x;").await;
        },
        expect_file!["snapshots/part_refused.txt"],
    );
}

#[test]
fn one_write_that_is_not_all_of_its_parts() {
    for (write, name) in [(&b"id=42"[..], "short"), (b"id=42;x", "long")] {
        check_report(
            Verifier::new(),
            async |verifier| {
                let script = verifier.socket().new_session();
                let mut socket = script.expect_send(("id=", until(";"))).into_socket();
                let _ = socket.send(write).await;
            },
            expect_file![format!("snapshots/write_of_parts_{name}.txt")],
        );
    }
}

#[test]
fn parts_half_come() {
    check_report(
        Verifier::new(),
        async |verifier| {
            let script = verifier.socket().new_session().allows_sent("PING\r\n");
            let script = script.expect_send_all(("id=", any().len(7))).times(2).expect_recv("ok");
            let mut socket = script.into_socket();
            let _ = socket.send_all(b"PING\r\nid=1234567id=12").await;
        },
        expect_file!["snapshots/parts_half_come.txt"],
    );
}

#[test]
fn a_wrong_byte_in_a_frame() {
    check_report(
        Verifier::new(),
        async |verifier| {
            let script = verifier.socket().new_session().framed(LengthPrefix::u16_be());
            let mut socket = script.expect_send_frame("PING alice").into_socket();
            let _ = socket.send_all(b"\0\x0aPING alicf").await;
        },
        expect_file!["snapshots/wrong_byte_in_a_frame.txt"],
    );
}

#[test]
fn a_frame_with_another_payload_than_its_parts() {
    check_report(
        Verifier::new(),
        async |verifier| {
            let script = verifier.socket().new_session().framed(LengthPrefix::u16_be());
            let mut socket = script.expect_send_frame(("PING ", any().len(4), "!")).into_socket();
            let _ = socket.send_all(b"\0\x0aPING alice").await;
        },
        expect_file!["snapshots/wrong_payload_in_a_frame.txt"],
    );
}

#[test]
fn a_frame_over_the_limit() {
    check_report(
        Verifier::new(),
        async |verifier| {
            let framing = LengthPrefix::u32_be().limit(65_536);
            let script = verifier.socket().new_session().framed(framing);
            let mut socket = script.expect_send_frame(any()).into_socket();
            let _ = socket.send_all(b"HTTP/1.1").await;
        },
        expect_file!["snapshots/frame_over_the_limit.txt"],
    );
}

#[test]
fn frames_cut_short() {
    for (sent, name) in [(&b""[..], "nothing"), (b"\0", "header"), (b"\0\x0aPING", "payload")] {
        check_report(
            Verifier::new(),
            async |verifier| {
                let script = verifier.socket().new_session().framed(LengthPrefix::u16_be());
                let mut socket = script.expect_send_frame("PING alice").into_socket();
                let _ = socket.send_all(sent).await;
            },
            expect_file![format!("snapshots/frame_cut_short_{name}.txt")],
        );
    }
}

#[test]
fn waiting_behind_a_run_to_the_end() {
    check_report(
        impatient(),
        async |verifier| {
            let script = verifier.socket().new_session().expect_send_all(to_end());
            let mut socket = script.expect_recv("ok").into_socket();
            let _ = socket.send_all(b"body").await;
            let _ = socket.recv(&mut [0; 8]).await;
        },
        expect_file!["snapshots/stalled_on_a_run_to_the_end.txt"],
    );
}

#[test]
fn a_client_that_ignores_the_end() {
    check_report(
        Verifier::new(),
        async |verifier| {
            let script = verifier.socket().new_session().expect_recv("no line").expect_eof();
            let mut socket = script.into_socket();
            let mut line = Vec::new();
            let mut buffer = [0; 8];
            while !line.ends_with(b"\n") {
                let Ok(len) = socket.recv(&mut buffer).await else { break };
                line.extend_from_slice(&buffer[..len]);
            }
        },
        expect_file!["snapshots/end_ignored.txt"],
    );
}

#[test]
fn a_reply_that_cannot_be_made() {
    check_report(
        Verifier::new(),
        async |verifier| {
            let script = verifier.socket().new_session().expect_send_all("ask");
            let script = script.replies_with(|sent| sent.capture("nonce").to_vec());
            let mut socket = script.into_socket();
            let _ = socket.send_all(b"ask").await;
            let _ = socket.recv(&mut [0; 8]).await;
        },
        expect_file!["snapshots/reply_panicked.txt"],
    );
}

#[test]
fn a_reply_that_nobody_received() {
    check_report(
        Verifier::new(),
        async |verifier| {
            let script = verifier.socket().new_session().expect_send_all("ask");
            let mut socket = script.replies_with(|sent| sent.bytes().to_vec()).into_socket();
            let _ = socket.send_all(b"ask").await;
        },
        expect_file!["snapshots/reply_unused.txt"],
    );
}

#[test]
fn rules_that_were_not_meant() {
    check_report(
        Verifier::new(),
        async |verifier| {
            let script = verifier.socket().new_session().named("heartbeats");
            let script = script.whenever_sent(("PING ", any().len(4), "\n")).replies("PONG\n");
            let mut socket = script.into_socket();
            let _ = socket.send_all(b"PING 1234\n").await;
            let _ = socket.send_all(b"PING 12345\n").await;
        },
        expect_file!["snapshots/rule_mismatch.txt"],
    );
}

#[test]
fn what_a_rule_left_open() {
    check_report(
        Verifier::new(),
        async |verifier| {
            let script = verifier.socket().new_session().allows_sent(("LOG ", until("\n")));
            let mut socket = script.into_socket();
            let _ = socket.send_all(b"LOG hello\n").await;
        },
        expect_file!["snapshots/rule_unasserted.txt"],
    );
}

/// Compares what a script panics with at the line of a step.
#[track_caller]
fn check_script(write: impl FnOnce(wirescript::scripted::SocketScript), expected: ExpectFile) {
    let verifier = Verifier::new();
    check_panic(|| write(verifier.socket().new_session()), expected);
}

#[test]
fn steps_that_cannot_be() {
    let file = |name| expect_file![format!("snapshots/impossible_{name}.txt")];
    check_script(|s| drop(s.expect_connect("nowhere")), file("endpoint"));
    check_script(|s| drop(s.expect_connect("unix:")), file("path"));
    check_script(|s| drop(s.expect_recv(b"x").expect_connect("a:1")), file("connect"));
    check_script(|s| drop(s.expect_eof().expect_recv(b"x")), file("after_eof"));
    check_script(|s| drop(s.expect_reset().expect_send(b"x")), file("after_reset"));
    check_script(|s| drop(s.expect_close().expect_recv(b"x")), file("after_close"));
    check_script(|s| drop(s.expect_connect("a:1").never().expect_recv(b"x")), file("after_never"));
    check_script(
        |s| drop(s.expect_connect("a:1").raises(ErrorKind::TimedOut).expect_recv(b"x")),
        file("after_failed_connect"),
    );
    check_script(|s| drop(s.expect_send_all(any()).expect_send(b"x")), file("after_open_run"));
    check_script(
        |s| drop(s.expect_send_all(b"he").optional().expect_send_all(b"hello")),
        file("prefix"),
    );
    check_script(|s| drop(s.expect_send_all(b"")), file("empty_send"));
    check_script(|s| drop(s.expect_recv(b"")), file("empty_recv"));
    check_script(|s| drop(s.expect_send(b"abc").accepts(0)), file("accepts_nothing"));
    check_script(|s| drop(s.expect_send(b"abc").accepts(4)), file("accepts_too_much"));
    check_script(|s| drop(s.expect_recv_error(ErrorKind::WouldBlock)), file("would_block"));
    check_script(|s| drop(s.expect_connect("a:1").into_socket()), file("into_socket"));
    check_script(
        |s| drop(s.expect_connect("a:1").into_blocking_socket()),
        file("into_blocking_socket"),
    );
    check_script(|s| drop(s.expect_send_all((any(), "x"))), file("behind_an_open_part"));
    check_script(|s| drop(s.expect_send_all(to_end()).expect_send("x")), file("after_to_end"));
    check_script(
        |s| drop(s.expect_send_all(("A", until(";"))).optional().expect_send_all("AB")),
        file("prefix_of_parts"),
    );
    check_script(|s| drop(s.expect_send_all("PING").allows_sent("PI")), file("rule"));
    check_script(|s| drop(s.allows_sent("PI").expect_send_all("PING")), file("beside_a_rule"));
    check_script(|s| drop(s.allows_sent(any())), file("endless_rule"));
    check_script(|s| drop(s.expect_send_frame("x")), file("unframed"));
    check_script(
        |s| drop(s.framed(LengthPrefix::u8()).expect_recv_frame([0; 256])),
        file("frame_too_long"),
    );
    check_script(
        |s| drop(s.framed(Lines::lf()).expect_send_frame("a\nb")),
        file("frame_with_its_delimiter"),
    );
    check_script(|s| drop(s.replies_with(|_| "x").in_chunks([1, 2])), file("chunks_of_a_reply"));
}
