//! Steps that come several times (S6).

use futures::FutureExt;
use futures::executor::block_on;
use wirescript::scripted::SocketScript;
use wirescript::{AsyncSocketExt, Verifier, any};

use crate::probe::{double, left, names, panics_here, report, violation};
use crate::support::everywhere;

/// Sends each of `writes` in one go under `script`, and says whether the verdict is for it.
#[track_caller]
fn check(
    script: impl FnOnce(SocketScript) -> SocketScript<Sending>,
    writes: &[&str],
    passes: bool,
) {
    let verifier = Verifier::new();
    let mut socket = script(verifier.socket().new_session()).into_socket();
    let sent: Result<(), _> =
        writes.iter().try_for_each(|write| block_on(socket.send_all(write.as_bytes())));
    drop(socket);
    let verdict = verifier.try_verify();
    assert_eq!(verdict.is_ok(), passes, "{writes:?}: {sent:?}\n{verdict:?}");
}

type Sending = wirescript::scripted::AfterSendAll;

#[test]
fn a_step_comes_as_often_as_the_script_says() {
    let three = |script: SocketScript| script.expect_send_all("ab").times(3);
    check(three, &["ab", "ab", "ab"], true);
    check(three, &["ababab"], true);
    check(three, &["a", "bab", "a", "b"], true);
    check(three, &["abab"], false);
    check(three, &["abababab"], false);
    check(three, &["abab", "a"], false);
}

#[test]
fn a_range_has_both_its_ends() {
    let some = |script: SocketScript| script.expect_send_all("ab").times(1..=2);
    check(some, &[], false);
    check(some, &["ab"], true);
    check(some, &["abab"], true);
    check(some, &["ababab"], false);
    let any_number = |script: SocketScript| script.expect_send_all("ab").times(0..);
    check(any_number, &[], true);
    check(any_number, &["ab"; 500], true);
    check(any_number, &["ab", "a"], false);
    let optional = |script: SocketScript| script.expect_send_all("ab").times(2).optional();
    check(optional, &[], true);
    check(optional, &["ab"], true);
}

#[test]
fn repeats_are_greedy_and_the_bytes_decide_what_comes_next() {
    let script = |script: SocketScript| {
        script.expect_send_all("help\n").times(1..).expect_send_all("hex\n").optional()
    };
    let script = |start: SocketScript| script(start).expect_send_all("quit\n");
    check(script, &["help\nquit\n"], true);
    check(script, &["help\n", "he", "lp\nhe", "x\nquit\n"], true);
    check(script, &["hex\nquit\n"], false);
    check(script, &["help\nhex\nhex\nquit\n"], false);
    check(script, &["help\nhey\n"], false);
}

everywhere! {
    async fn what_the_peer_says_waits_for_as_many_as_there_have_to_be() {
        let verifier = Verifier::new();
        let script = verifier.socket().new_session().expect_send_all(b"ask").times(2..);
        let script = script.expect_recv(b"answer").expect_send_all(b"bye");
        let mut socket = script.expect_close().into_socket();
        socket.send_all(b"ask").await.unwrap();
        let mut buffer = [0; 16];
        assert!(futures::poll!(std::pin::pin!(socket.recv(&mut buffer))).is_pending());
        socket.send_all(b"ask").await.unwrap();
        assert_eq!(socket.recv(&mut buffer).await.unwrap(), 6);
        socket.send_all(b"askbye").await.unwrap();
        drop(socket);
        assert_eq!(
            names(&verifier.interactions()),
            ["send_all", "send_all", "recv", "send_all", "send_all", "close"]
        );
        verifier.finish().await;
    }

    async fn what_the_peer_says_several_times_comes_in_reads_of_its_own() {
        let verifier = Verifier::new();
        let net = verifier.socket();
        let mut socket = net.new_session().expect_recv(b"tick").times(3).expect_eof().into_socket();
        let mut counts = Vec::new();
        while counts.last() != Some(&0) {
            counts.push(socket.recv(&mut [0; 64]).await.unwrap());
        }
        assert_eq!(counts, [4, 4, 4, 0]);
        drop(socket);
        for _ in 0..3 {
            net.assert_recv(64, b"tick");
        }
        verifier.finish().await;
    }

    async fn what_the_peer_says_without_end_ends_when_the_client_goes_on() {
        let verifier = Verifier::new();
        let script = verifier.socket().new_session().expect_recv(b"tick").times(1..);
        let mut socket = script.expect_send_all(b"stop").expect_recv(b"bye").into_socket();
        let mut buffer = [0; 64];
        for _ in 0..10 {
            assert_eq!(socket.recv(&mut buffer).await.unwrap(), 4);
        }
        socket.recv(&mut buffer[..1]).await.unwrap();
        socket.send_all(b"stop").await.unwrap();
        assert_eq!(socket.recv(&mut buffer).await.unwrap(), 3, "what has begun is said to its end");
        assert_eq!(socket.recv(&mut buffer).await.unwrap(), 3);
        assert_eq!(&buffer[..3], b"bye");
        drop(socket);
        verifier.finish().await;
    }
}

#[test]
fn what_came_too_rarely_says_how_often() {
    let verifier = Verifier::new();
    let script = verifier.socket().new_session().expect_send_all(b"ask").times(3..);
    let mut socket = script.expect_recv(b"answer").times(2).into_socket();
    block_on(socket.send_all(b"askask")).unwrap();
    drop(socket);
    let report = verifier.try_verify().unwrap_err();
    let left = report.unused()[0].steps.iter().map(|left| (left.times, left.least));
    assert_eq!(left.collect::<Vec<_>>(), [(2, 3), (0, 2)]);
    assert!(report.to_string().contains("b\"ask\"  <- 2 of 3 times"), "{report}");
    assert!(report.to_string().contains("b\"answer\"  <- 0 of 2 times"), "{report}");
}

#[test]
fn what_the_peer_says_without_end_is_missed_though_the_client_went_on_and_listens() {
    for listens in [false, true] {
        let verifier = Verifier::new();
        let script = verifier.socket().new_session().expect_recv(b"tick").times(1..);
        let mut socket = script.expect_send_all(b"stop").into_socket();
        block_on(socket.send_all(b"stop")).unwrap();
        if listens {
            assert!(socket.recv(&mut [0; 8]).now_or_never().is_none(), "there is no more to say");
        }
        block_on(socket.shutdown()).expect("nothing is to come any more");
        drop(socket);
        assert_eq!(left(&report(&verifier)), [["recv"]]);
    }
}

#[test]
fn what_was_left_behind_is_not_due_though_something_before_it_may_still_be_said() {
    let verifier = Verifier::new();
    let script = verifier.socket().new_session().expect_recv(b"hello").optional();
    let script = script.expect_recv(b"tick").times(1..).expect_send_all(b"stop");
    let mut socket = script.into_socket();
    block_on(socket.send_all(b"stop")).unwrap();
    block_on(socket.shutdown()).expect("nothing is to come any more");
    drop(socket);
    assert_eq!(left(&report(&verifier)), [["recv"]]);
}

#[test]
fn each_time_is_asserted_by_itself() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    let mut socket = net.new_session().expect_send(any()).times(2).into_socket();
    block_on(socket.send(b"one")).unwrap();
    block_on(socket.send(b"two")).unwrap();
    drop(socket);
    net.assert_send(b"one");
    assert_eq!(verifier.try_verify().unwrap_err().unasserted().len(), 1);
    net.assert_send(b"two");
    verifier.verify();
}

#[test]
fn a_time_too_many_is_told_against_the_step_that_is_due() {
    let verifier = Verifier::new();
    let script = verifier.socket().new_session().expect_send_all(b"ask").times(2);
    let mut socket = script.expect_recv(b"answer").into_socket();
    block_on(socket.send_all(b"askask")).unwrap();
    let error = block_on(socket.send_all(b"ask")).unwrap_err();
    assert!(violation(&error).is_out_of_order(), "{error}");
    drop(socket);
    let _ = verifier.try_verify(); // told above
}

#[test]
fn times_that_cannot_be_are_refused_where_they_are_written() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    let send = || net.new_session().expect_send_all(b"ask");
    panics_here(|| drop(send().times(0)));
    panics_here(|| drop(send().times(2..2)));
    panics_here(|| drop(net.new_session().expect_send_all(any()).times(2)));
    // Nothing could tell a further time from what follows.
    panics_here(|| drop(send().times(1..).expect_send_all(b"ask again")));
    panics_here(|| drop(send().times(1..).expect_send(any())));
    drop(send().times(2).expect_send_all(b"ask again").into_socket());
    // Nothing would end what the peer says.
    panics_here(|| drop(net.new_session().expect_recv(b"tick").times(1..).expect_recv(b"tock")));
    let _ = verifier.try_verify(); // nothing of it is used
}

#[test]
fn an_error_that_is_received_may_come_again() {
    use std::io::ErrorKind::{ConnectionReset, TimedOut};

    let (verifier, mut socket) =
        double(|script| script.expect_recv_error(TimedOut).times(2).expect_recv(b"x"));
    for _ in 0..2 {
        assert_eq!(block_on(socket.recv(&mut [0; 1])).unwrap_err().kind(), TimedOut);
    }
    assert_eq!(block_on(socket.recv(&mut [0; 1])).unwrap(), 1);
    drop(socket);
    verifier.verify();
    let verifier = Verifier::new();
    let net = verifier.socket();
    panics_here(|| drop(net.new_session().expect_recv_error(ConnectionReset).times(2)));
    let _ = verifier.try_verify(); // nothing of it is used
}
