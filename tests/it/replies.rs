//! What the peer makes of what was sent, and rules that hold at any point.

use futures::executor::block_on;
use futures::{AsyncWriteExt, FutureExt};
use wirescript::{AsyncSocketExt, Verifier, any, to_end, until};

use crate::probe::{double, happened, left, only_violation, panics_here, report, violation};
use crate::support::everywhere;

everywhere! {
    async fn the_peer_answers_with_what_it_makes_of_what_was_sent() {
        let (verifier, mut socket) = double(|script| {
            let ask = script.expect_send_all(("ECHO ", until("\r\n").capture("line")));
            let echo = ask.replies_with(|sent| [b"+", sent.capture("line")].concat()).in_chunks(3);
            let again = echo.expect_send_all("AGAIN\r\n");
            again.replies_with(|sent| [sent.bytes(), sent.capture("line")].concat()).expect_eof()
        });
        socket.send_all(b"ECHO hello\r\n").await.unwrap();
        let mut reply = [0; 8];
        assert_eq!(socket.recv(&mut reply).await.unwrap(), 3);
        socket.recv_exact(&mut reply[3..]).await.unwrap();
        assert_eq!(&reply, b"+hello\r\n");
        socket.send_all(b"AGAIN\r\n").await.unwrap();
        assert_eq!(socket.recv_to_end(64).await.unwrap(), b"AGAIN\r\nhello\r\n");
        drop(socket);
        let transcript = verifier.timeline().to_string();
        assert!(transcript.contains(r#"recv      b"+hello\r\n""#), "{transcript}");
        verifier.verify();
    }

    async fn a_reply_is_made_anew_each_time() {
        let counter = std::sync::atomic::AtomicU8::new(b'0');
        let (verifier, mut socket) = double(|script| {
            let next = move || counter.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            script.replies_with(move |_| [next()]).times(3).expect_eof()
        });
        assert_eq!(socket.recv_to_end(8).await.unwrap(), b"012");
        drop(socket);
        verifier.verify();
    }

    async fn a_reply_that_panics_or_says_nothing_is_told() {
        let (verifier, mut socket) =
            double(|script| script.replies_with(|sent| sent.capture("nonce").to_vec()));
        let error = socket.recv(&mut [0; 8]).await.unwrap_err();
        drop(socket);
        assert!(violation(&error).to_string().contains("nothing was captured as `nonce`"));
        assert_eq!(only_violation(&verifier).operation(), "recv");
        let (verifier, mut socket) = double(|script| script.replies_with(|_| ""));
        socket.recv(&mut [0; 8]).await.unwrap_err();
        drop(socket);
        assert!(only_violation(&verifier).to_string().contains("a reply of no bytes"));
    }

    async fn rules_hold_at_any_point() {
        let (verifier, mut socket) = double(|script| {
            let rule = script.whenever_sent(b"PING\r\n").replies(b"PONG\r\n");
            let rule = rule.allows_sent(("LOG ", until("\r\n").capture("log")));
            rule.expect_send_all(b"ASK\r\n").expect_recv(b"ANSWER\r\n").expect_send_all(b"QUIT\r\n")
        });
        let mut buffer = [0; 64];
        socket.send_all(b"PING\r\n").await.unwrap();
        assert_eq!(socket.recv(&mut buffer).await.unwrap(), 6);
        // In the midst of a write, and cut anywhere.
        socket.send_all(b"LOG a\r\nAS").await.unwrap();
        socket.send_all(b"K\r\nPI").await.unwrap();
        socket.send_all(b"NG\r\nPING\r\n").await.unwrap();
        assert_eq!(socket.recv(&mut buffer[..3]).await.unwrap(), 3);
        assert_eq!(socket.recv(&mut buffer).await.unwrap(), 3);
        assert_eq!(socket.recv(&mut buffer).await.unwrap(), 6);
        assert_eq!(&buffer[..6], b"PONG\r\n");
        assert_eq!(socket.recv(&mut buffer).await.unwrap(), 8);
        socket.send_all(b"QUIT\r\nPING\r\n").await.unwrap();
        drop(socket);
        assert_eq!(
            happened(&verifier),
            [
                "send_all", "recv", "send_all", "send_all", "send_all", "send_all", "recv", "recv",
                "recv", "send_all", "send_all"
            ]
        );
        let transcript = verifier.timeline().to_string();
        assert!(transcript.contains(r#"send_all  b"LOG a\r\n""#), "{transcript}");
        verifier.verify();
    }

    async fn what_a_rule_replies_comes_at_the_end_of_what_is_being_said() {
        let (verifier, mut socket) = double(|script| {
            let rule = script.whenever_sent(b"P").replies(b"!");
            rule.expect_recv(b"one").expect_recv(b"two").expect_eof()
        });
        let mut buffer = [0; 1];
        assert_eq!(socket.recv(&mut buffer).await.unwrap(), 1);
        socket.send_all(b"P").await.unwrap();
        assert_eq!(socket.recv_to_end(64).await.unwrap(), b"ne!two");
        // The peer has closed its direction: it hears, and can no longer reply.
        socket.send_all(b"P").await.unwrap();
        assert_eq!(socket.recv(&mut buffer).await.unwrap(), 0);
        drop(socket);
        verifier.verify();
    }

    async fn a_reader_that_waits_is_woken_by_what_a_rule_replies() {
        let (verifier, socket) = double(|script| {
            script.whenever_sent(("ECHO ", until("\n").capture("line")))
                .replies_with(|sent| sent.capture("line").to_vec())
                .stays_open()
        });
        let (mut reader, mut writer) = futures::AsyncReadExt::split(socket);
        let mut buffer = [0; 3];
        let read = futures::AsyncReadExt::read_exact(&mut reader, &mut buffer);
        let write = writer.write_all(b"ECHO hi\n");
        let (read, written) = futures::join!(read, write);
        read.unwrap();
        written.unwrap();
        assert_eq!(&buffer, b"hi\n");
        drop((reader, writer));
        verifier.verify();
    }
}

#[test]
fn a_reply_that_is_written_later_is_made_of_what_was_sent_before() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    let ask = net
        .new_session()
        .expect_connect("peer:1")
        .expect_send_all(("id=", until(";").capture("id")));
    let session = ask.expect_send_all("more").handle();
    let mut socket = block_on(crate::support::connect(&net));
    block_on(socket.send_all(b"id=42;more")).unwrap();
    session.then(|script| script.replies_with(|sent| [sent.capture("id"), sent.bytes()].concat()));
    let mut reply = [0; 7];
    block_on(socket.recv_exact(&mut reply)).unwrap();
    assert_eq!(&reply, b"42;more");
    drop(socket);
    verifier.verify();
}

/// All that the peer says.
fn heard(socket: &mut wirescript::scripted::ScriptedSocket, len: usize) -> Vec<u8> {
    let mut reply = vec![0; len];
    block_on(socket.recv_exact(&mut reply)).unwrap();
    reply
}

#[test]
fn a_reply_is_made_of_what_was_sent_before_it_however_far_the_client_is_ahead() {
    let (verifier, mut socket) = double(|mut script| {
        for _ in 0..3 {
            let ask = script.expect_send_all(("id=", until(";").capture("id")));
            script = ask.replies_with(|sent| sent.capture("id").to_vec()).erased();
            let ask = script.expect_send_all("more;");
            script = ask.replies_with(|sent| sent.bytes().to_vec()).erased();
        }
        script
    });
    block_on(socket.send_all(b"id=a;more;id=b;more;id=c;more;")).unwrap();
    assert_eq!(heard(&mut socket, 21), b"a;more;b;more;c;more;");
    drop(socket);
    verifier.verify();
}

#[test]
fn a_rule_replies_to_each_match_by_itself() {
    let (verifier, mut socket) = double(|script| {
        let rule = script.whenever_sent(("ID", any().len(1).capture("id"), "\n"));
        let rule = rule.replies_with(|sent| [sent.capture("id"), sent.bytes()].concat());
        rule.expect_send_all(("name=", until(";").capture("name"))).replies_with(|sent| {
            assert!(sent.try_capture("id").is_none(), "a rule's captures are its own");
            sent.capture("name").to_vec()
        })
    });
    block_on(socket.send_all(b"IDa\nname=x;IDb\n")).unwrap();
    assert_eq!(heard(&mut socket, 12), b"aIDa\nbIDb\nx;");
    drop(socket);
    verifier.verify();
}

#[test]
fn a_reply_of_a_rule_that_nobody_reads_is_no_fault() {
    let (verifier, mut socket) = double(|script| script.whenever_sent(b"PING").replies(b"PONG"));
    block_on(socket.send_all(b"PINGPING")).unwrap();
    assert_eq!(block_on(socket.recv(&mut [0; 1])).unwrap(), 1);
    drop(socket);
    verifier.verify();
}

#[test]
fn what_a_rule_hears_half_is_told() {
    let (verifier, mut socket) = double(|script| script.allows_sent(b"PING\r\n").expect_recv(b"x"));
    block_on(socket.send_all(b"PIN")).unwrap();
    // The peer can speak while it hears half of that.
    assert_eq!(block_on(socket.recv(&mut [0; 1])).unwrap(), 1);
    drop(socket);
    let report = report(&verifier);
    assert_eq!(left(&report), [["send_all"]]);
    assert!(report.to_string().contains("a rule  send_all"), "{report}");
}

#[test]
fn what_a_rule_lets_pass_unseen_is_to_be_asserted() {
    let (verifier, mut socket) = double(|script| script.allows_sent(("LOG ", until("\n"))));
    block_on(socket.send_all(b"LOG a\n")).unwrap();
    drop(socket);
    assert_eq!(report(&verifier).unasserted().len(), 1);
    verifier.socket().assert_send_all(b"LOG a\n");
    verifier.verify();
}

#[test]
fn rules_need_not_be_used_and_are_no_steps() {
    let (verifier, mut socket) = double(|script| {
        let script = script.expect_send_all(b"A").whenever_sent(b"P").replies(b"p");
        script.allows_sent(b"L").expect_send_all(b"B")
    });
    block_on(socket.send_all(b"A")).unwrap();
    let error = block_on(socket.send_all(b"X")).unwrap_err();
    drop(socket);
    let step = violation(&error).step().unwrap();
    assert_eq!((step.number, step.of), (2, 2), "{error}");
    assert!(!verifier.try_verify().unwrap_err().to_string().contains("b\"P\""));
}

#[test]
fn a_connect_comes_first_whatever_rules_are_written_before_it() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    net.new_session().allows_sent(b"P").expect_connect("peer:1");
    let mut socket = block_on(crate::support::connect(&net));
    block_on(socket.send_all(b"PP")).unwrap();
    drop(socket);
    verifier.verify();
}

#[test]
fn a_rule_takes_no_turn_under_lockstep() {
    let (verifier, mut socket) = double(|script| {
        let rule = script.whenever_sent(b"P").replies(b"p").lockstep();
        rule.expect_recv(b"one").expect_send_all(b"B")
    });
    block_on(socket.send_all(b"P")).unwrap();
    assert!(socket.send_all(b"B").now_or_never().is_none());
    let mut buffer = [0; 4];
    block_on(socket.recv_exact(&mut buffer)).unwrap();
    assert_eq!(&buffer, b"pone");
    block_on(socket.send_all(b"B")).unwrap();
    drop(socket);
    verifier.verify();
}

#[test]
fn rules_that_cannot_be_told_from_steps_are_refused_where_they_are_written() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    panics_here(|| drop(net.new_session().allows_sent("")));
    panics_here(|| drop(net.new_session().allows_sent(any())));
    panics_here(|| drop(net.new_session().whenever_sent(("P", to_end()))));
    panics_here(|| drop(net.new_session().whenever_sent("P").replies("")));
    panics_here(|| drop(net.new_session().expect_send_all("PING").allows_sent("PI")));
    panics_here(|| drop(net.new_session().allows_sent("PI").expect_send_all("PING")));
    panics_here(|| drop(net.new_session().allows_sent("PI").expect_send(any())));
    panics_here(|| drop(net.new_session().allows_sent("PI").whenever_sent("PING").replies("x")));
    let session = net.new_session().open_ended().handle();
    session.then(|more| more.allows_sent("LOG"));
    panics_here(|| session.then(|more| more.expect_send_all("LOGIN")));
    let _ = verifier.try_verify(); // nothing of it is used
}

/// Sends `writes`, and then reads as much as `expected` has.
#[track_caller]
fn check(
    script: impl FnOnce(wirescript::scripted::SocketScript) -> wirescript::scripted::ScriptedSocket,
    writes: &[&str],
    expected: &str,
) {
    let verifier = Verifier::new();
    let mut socket = script(verifier.socket().new_session());
    for write in writes {
        block_on(socket.send_all(write.as_bytes())).unwrap();
    }
    let mut said = vec![0; expected.len()];
    block_on(socket.recv_exact(&mut said)).unwrap();
    assert_eq!(String::from_utf8(said).unwrap(), expected);
    drop(socket);
    verifier.verify();
}

#[test]
fn a_reply_is_made_of_what_comes_before_it_however_far_the_client_has_gone_on() {
    let script = |start: wirescript::scripted::SocketScript| {
        let one = start.expect_send_all(("1", until("\n").capture("line")));
        let one = one.replies_with(|sent| [sent.bytes(), sent.capture("line")].concat());
        let two = one.expect_send_all(("2", until("\n").capture("line")));
        two.replies_with(|sent| [sent.bytes(), sent.capture("line")].concat()).into_socket()
    };
    check(script, &["1a\n2b\n"], "1a\na\n2b\nb\n");
    let verifier = Verifier::new();
    let script = verifier.socket().new_session().replies_with(|sent| sent.bytes().to_vec());
    let mut socket = script.expect_send_all("late").into_socket();
    block_on(socket.send_all(b"late")).unwrap();
    block_on(socket.recv(&mut [0; 8])).unwrap_err();
    drop(socket);
    assert!(only_violation(&verifier).to_string().contains("a reply of no bytes"));
}

#[test]
fn the_reply_of_a_rule_is_made_of_what_the_rule_heard_and_no_other_is() {
    let script = |start: wirescript::scripted::SocketScript| {
        let rule = start.whenever_sent(("ECHO ", until("\n").capture("line")));
        let rule = rule.replies_with(|sent| [sent.bytes(), sent.capture("line")].concat());
        rule.expect_send_all("ASK\n").replies_with(|sent| sent.bytes().to_vec()).into_socket()
    };
    let expected = "ECHO a\na\nECHO b\nb\nASK\n";
    check(script, &["ASK\nECHO a\nECHO b\n"], expected);
    check(script, &["ECHO a\n", "ECHO b\nASK\n"], expected);
}

#[test]
fn a_reply_that_takes_its_time_puts_off_a_reset_only_while_it_is_owed() {
    let an_hour = std::time::Duration::from_secs(60 * 60);
    for is_owed in [false, true] {
        let (verifier, mut socket) = double(|script| {
            let greeted = script.whenever_sent("PING").replies("PONG").after(an_hour);
            let greeted = greeted.allows_sent("LOG").expect_recv("hi");
            greeted.whenever_sent("ping").replies("pong").after(an_hour).expect_reset()
        });
        assert_eq!(block_on(socket.recv(&mut [0; 2])).unwrap(), 2);
        if is_owed {
            block_on(socket.send_all(b"PING")).unwrap();
        }
        let error = block_on(socket.send_all(b"more")).unwrap_err();
        assert_eq!(error.kind() == std::io::ErrorKind::ConnectionReset, !is_owed, "{error}");
        drop(socket);
        assert_eq!(verifier.try_verify().is_ok(), !is_owed);
    }
}

#[test]
fn a_reply_that_has_begun_is_said_to_its_end_though_a_reset_came_in_between() {
    let (verifier, mut socket) = double(|script| {
        script.whenever_sent("P").replies("pong").expect_recv("data").expect_reset()
    });
    block_on(socket.send_all(b"P")).unwrap();
    assert_eq!(block_on(socket.recv(&mut [0; 1])).unwrap(), 1);
    block_on(socket.send_all(b"more")).unwrap_err();
    assert_eq!(block_on(socket.recv_to_end(64)).unwrap(), b"ongdata");
    drop(socket);
    verifier.verify();
}
