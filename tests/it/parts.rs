//! Runs of bytes that a script describes by their parts, and what is made of them.

use std::io;

use futures::executor::block_on;
use wirescript::scripted::{IntoExpected, Outcome, Part};
use wirescript::{AsyncSocketExt, Verifier, any, to_end, until};

use crate::probe::{double, left, names, only_violation, panics_here, report};

/// Whether a client that sends `writes`, and then goes, meets `run`.
#[track_caller]
fn check(run: impl IntoExpected<[u8]>, writes: &[&str], passes: bool) {
    let (verifier, mut socket) = double(|script| script.expect_send_all(run));
    let sent: io::Result<()> =
        writes.iter().try_for_each(|write| block_on(socket.send_all(write.as_bytes())));
    drop(socket);
    let is_met = match verifier.try_verify() {
        Ok(()) => true,
        // What the parts leave open is asserted elsewhere.
        Err(report) => report.violations().len() + report.unused().len() == 0,
    };
    assert_eq!(is_met, passes, "{writes:?}: {sent:?}");
    if is_met {
        let interactions = verifier.interactions();
        assert_eq!(names(&interactions), ["send_all"]);
        assert_eq!(interactions[0].outcome, Outcome::Complete);
        let _ = verifier.try_verify(); // all of it is judged above
    }
}

#[test]
fn exactly_so_many_bytes_are_a_run() {
    check(any().len(4), &["abcd"], true);
    check(any().len(4), &["a", "bcd"], true);
    check(any().len(4), &["abc"], false);
    check(any().len(4), &["abcde"], false);
}

#[test]
fn a_run_goes_up_to_its_delimiter_and_no_further() {
    check(until("\r\n"), &["PING\r\n"], true);
    check(until("\r\n"), &["PING\r", "\n"], true);
    check(until("\r\n"), &["\r\r\n"], true);
    check(until("\r\n"), &["PING\r\nQUIT"], false);
    check(until("\r\n"), &["PING\n"], false);
}

#[test]
fn all_to_the_end_is_a_run_that_a_flush_does_not_end() {
    check(to_end(), &["some", "more"], true);
    check(("HEAD ", to_end()), &["HEAD ", "and", " more"], true);
    check(("HEAD ", to_end()), &["HEAD "], true);
    check(("HEAD ", to_end()), &["HE"], false);
    check(to_end(), &[], false);
}

#[test]
fn literals_and_parts_follow_one_another() {
    let request = || ("GET ", until(" "), "HTTP/1.1\r\n", until("\r\n\r\n"));
    check(request(), &["GET / HTTP/1.1\r\nHost: a\r\n\r\n"], true);
    check(request(), &["GE", "T / H", "TTP/1.1\r\nHost: a\r\n\r", "\n"], true);
    check(request(), &["GET / HTTP/1.0\r\nHost: a\r\n\r\n"], false);
    check(request(), &["POST / HTTP/1.1\r\n\r\n"], false);
    // Nested tuples and literals side by side are one run.
    check((("a", "b"), (any().len(1), ("d", "e"))), &["abcde"], true);
    check((("a", "b"), (any().len(1), ("d", "e"))), &["abxxe"], false);
}

#[test]
fn an_open_part_at_the_end_takes_what_comes_until_the_client_pauses() {
    check(("id=", any()), &["id=7"], true);
    check(("id=", any()), &["id="], true);
    check(("id=", any()), &["id=7", "8"], false);
    check(("id=", any()), &["ix"], false);
}

#[test]
fn one_write_is_all_of_the_parts() {
    let parts = || ("id=", any().len(2), ";");
    let (verifier, mut socket) = double(|script| script.expect_send(parts()));
    block_on(socket.send(b"id=42;")).unwrap();
    drop(socket);
    verifier.socket().assert_send(b"id=42;");
    verifier.verify();
    for (write, at) in [("id=42", 5), ("id=42;;", 6), ("iD=42;", 1)] {
        let (verifier, mut socket) = double(|script| script.expect_send(parts()));
        block_on(socket.send(write.as_bytes())).unwrap_err();
        drop(socket);
        let violation = only_violation(&verifier);
        assert!(violation.is_mismatch(), "{violation}");
        assert!(violation.to_string().contains(&format!("^ byte {at}:")), "{violation}");
    }
}

#[test]
fn a_part_that_is_open_is_to_be_asserted_and_one_that_is_made_use_of_is_not() {
    let is_asserted = |run: wirescript::scripted::Expected<[u8]>| {
        let (verifier, mut socket) = double(|script| script.expect_send_all(run));
        block_on(socket.send_all(b"id=7;")).unwrap();
        drop(socket);
        match verifier.try_verify() {
            Ok(()) => false,
            Err(report) => {
                assert_eq!(report.unasserted().len(), 1, "{report}");
                verifier.socket().assert_send_all(("id=", any().len(1), ";"));
                verifier.verify();
                true
            }
        }
    };
    assert!(is_asserted(("id=", until(";")).into_expected().unwrap()));
    assert!(is_asserted((until("="), until(";").capture("id")).into_expected().unwrap()));
    assert!(!is_asserted(("id=", until(";").capture("id")).into_expected().unwrap()));
    let is_number = |id: &[u8]| id[0].is_ascii_digit();
    assert!(!is_asserted(("id=", until(";").matching("id", is_number)).into_expected().unwrap()));
}

#[test]
fn a_part_is_judged_once_all_of_the_run_has_come() {
    let run = || ("id=", until(";").matching("a number", |id| id[0].is_ascii_digit()));
    check(run(), &["id", "=7", ";"], true);
    check(run(), &["id=x;"], false);
    let (verifier, mut socket) = double(|script| script.expect_send_all(run()));
    block_on(socket.send_all(b"id=x;")).unwrap_err();
    drop(socket);
    assert!(only_violation(&verifier).to_string().contains("the predicate says no"));
    let run = to_end().matching("even", |bytes| bytes.len() % 2 == 0);
    check(run.clone(), &["abc", "d"], true);
    check(run, &["abc", "de"], false);
}

#[test]
fn parts_that_cannot_be_are_refused_where_they_are_written() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    panics_here(|| any().len(0));
    panics_here(|| until(""));
    panics_here(|| drop(net.new_session().expect_send_all((any(), "x"))));
    panics_here(|| drop(net.new_session().expect_send_all((to_end(), any().len(1)))));
    panics_here(|| drop(net.new_session().expect_send_all(("x", ""))));
    panics_here(|| drop(net.new_session().expect_send_all(Vec::<Part>::new())));
    panics_here(|| drop(net.new_session().expect_send_all(("x", any())).times(2)));
    panics_here(|| drop(net.new_session().expect_send_all(to_end()).expect_send_all("x")));
    let heard_all = || net.new_session().expect_send_all(to_end()).expect_recv("ok");
    panics_here(|| drop(heard_all().expect_send_all("x")));
    // A run without an end takes whatever comes behind it, whatever that begins with.
    panics_here(|| drop(net.new_session().expect_send_all(("A", any())).expect_send_all("B")));
    let to_the_end = || net.new_session().expect_send_all(("A", to_end())).expect_recv("ok");
    panics_here(|| drop(to_the_end().expect_send_all("B")));
    drop(
        net.new_session()
            .expect_send_all(("A", any()))
            .expect_recv("x")
            .expect_send_all("B")
            .handle(),
    );
    drop(
        net.new_session().expect_send_all(("A", to_end())).optional().expect_send_all("B").handle(),
    );
    panics_here(|| drop(net.new_session().expect_send(("id", any().len(2))).accepts(5)));
    // What begins one may be all of the other.
    let maybe = || net.new_session().expect_send_all(("A", until("\n"))).optional();
    panics_here(|| drop(maybe().expect_send_all("AB")));
    drop(maybe().expect_send_all("B").handle());
    let _ = verifier.try_verify(); // nothing of it is used
}

#[test]
fn candidates_are_told_apart_late_and_nothing_of_what_came_before_is_lost() {
    let script = |start: wirescript::scripted::SocketScript| {
        let maybe = start.expect_send_all("PING\n").optional();
        maybe.expect_send_all(("PI", any().len(1).capture("letter"), "K\n"))
    };
    let (verifier, mut socket) = double(script);
    for piece in ["P", "IN", "K", "\n"] {
        block_on(socket.send_all(piece.as_bytes())).unwrap();
    }
    drop(socket);
    let happened = verifier.interactions();
    assert_eq!(happened.len(), 1);
    assert_eq!(happened[0].to_string(), r#"send_all  b"PINK\n""#);
    assert_eq!(happened[0].step.number, 2);
    verifier.verify();
}

#[test]
fn a_run_of_parts_comes_as_often_as_the_script_says() {
    let script = |start: wirescript::scripted::SocketScript| {
        let lines = start.expect_send_all(("line ", until("\n").capture("text"))).times(2..);
        lines.expect_send_all("end\n").replies_with(|sent| sent.capture("text").to_vec())
    };
    let (verifier, mut socket) = double(script);
    block_on(socket.send_all(b"line one\nline two\nline three\nend\n")).unwrap();
    let mut buffer = [0; 64];
    let len = block_on(socket.recv(&mut buffer)).unwrap();
    assert_eq!(&buffer[..len], b"three\n");
    drop(socket);
    verifier.verify();
    let (verifier, mut socket) = double(script);
    block_on(socket.send_all(b"line one\nend\n")).unwrap_err();
    drop(socket);
    assert!(only_violation(&verifier).is_mismatch());
}

#[test]
fn a_megabyte_byte_by_byte_takes_a_moment() {
    let (verifier, mut socket) = double(|script| {
        script.expect_send_all((any().len(1 << 19).capture("a"), until("\r\n").capture("b")))
    });
    let bytes = [vec![b'\r'; (1 << 20) - 1], b"\n".to_vec()].concat();
    bytes.iter().for_each(|byte| block_on(socket.send_all(&[*byte])).unwrap());
    drop(socket);
    verifier.verify();
}

#[test]
fn a_run_half_come_is_left_with_what_came() {
    let (verifier, mut socket) = double(|script| script.expect_send_all(("id=", any().len(7))));
    block_on(socket.send_all(b"id=42")).unwrap();
    drop(socket);
    let report = report(&verifier);
    assert_eq!(left(&report), [["send_all"]]);
    assert!(report.to_string().contains("5 of 10 bytes"), "{report}");
}

#[test]
fn each_run_of_a_write_is_judged_by_itself() {
    let is_number = |line: &[u8]| line[0].is_ascii_digit();
    let (verifier, mut socket) = double(|script| {
        script.expect_send_all(until("\n").matching("a number", is_number)).times(2)
    });
    block_on(socket.send_all(b"1\nx\n")).unwrap_err();
    drop(socket);
    assert_eq!(verifier.interactions().len(), 1);
    assert!(only_violation(&verifier).is_mismatch());
}
