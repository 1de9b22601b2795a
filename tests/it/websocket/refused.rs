//! Scripts that cannot be are refused where they are written (S2, CASES 27), with these texts.

use std::io::ErrorKind;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use expect_test::{Expect, expect};
use wirescript::scripted::{Fault, WebSocketScript};
use wirescript::websocket::{CloseFrame, HandshakeError, Message, ProtocolError};
use wirescript::{Verifier, any, matching};

use super::support::URI;
use crate::witness::text;

/// Compares what `write` panics with, and where.
#[track_caller]
fn check<K>(write: impl FnOnce(WebSocketScript) -> WebSocketScript<K>, expected: Expect) {
    let verifier = Verifier::new();
    let script = verifier.websocket().new_session();
    let refused = catch_unwind(AssertUnwindSafe(|| drop(write(script))));
    expected.assert_eq(&without_lines(&text(refused.expect_err("the script is refused"))));
    verifier.verify();
}

/// Lines and columns move with every change of this file.
fn without_lines(text: &str) -> String {
    const HERE: &str = "refused.rs:";
    match text.split_once(HERE) {
        Some((before, after)) => {
            let after = after.trim_start_matches(|c: char| c.is_ascii_digit() || c == ':');
            format!("{before}{HERE}14:10{}", if after.starts_with(' ') { ":" } else { "" }) + after
        }
        None => text.to_owned(),
    }
}

#[test]
fn nothing_is_sent_after_a_close_of_either_side() {
    check(
        |script| script.expect_close(1000).expect_send("late"),
        expect![
            "`send` cannot be step 2: by then the websocket is `Closing`, where what can come is drop, eof, recv, recv_close, recv_error, reset"
        ],
    );
    check(
        |script| script.expect_close(1000).expect_close(1000),
        expect![
            "`close` cannot be step 2: by then the websocket is `Closing`, where what can come is drop, eof, recv, recv_close, recv_error, reset"
        ],
    );
    check(
        |script| script.expect_recv_close(1000, "").expect_send("late"),
        expect![
            "`send` cannot be step 2: by then the websocket is `PeerClosed`, where what can come is drop, eof, recv_error, reset"
        ],
    );
    check(
        |script| script.expect_recv_close(1000, "").expect_close(1000),
        expect![
            "`close` cannot be step 2: by then the websocket is `PeerClosed`, where what can come is drop, eof, recv_error, reset"
        ],
    );
    check(
        |script| script.expect_recv(Message::Close(None)).expect_recv("late"),
        expect![
            "`recv` cannot be step 2: by then the websocket is `PeerClosed`, where what can come is drop, eof, recv_error, reset"
        ],
    );
    check(
        |script| script.expect_recv_close(1000, "").expect_recv_close(1000, ""),
        expect![
            "`recv_close` cannot be step 2: by then the websocket is `PeerClosed`, where what can come is drop, eof, recv_error, reset"
        ],
    );
    check(
        |script| script.expect_close(any()).expect_recv_close(1000, "").expect_recv("late"),
        expect![
            "`recv` cannot be step 3: by then the websocket is `Finished`, where what can come is drop, eof, recv_error, reset"
        ],
    );
}

#[test]
fn nothing_comes_after_an_end() {
    check(
        |script| script.expect_eof().expect_recv("late"),
        expect![
            "`recv` cannot be step 2: by then the websocket is `Lost`, where what can come is drop"
        ],
    );
    check(
        |script| script.expect_eof().expect_send("late"),
        expect![
            "`send` cannot be step 2: by then the websocket is `Lost`, where what can come is drop"
        ],
    );
    check(
        |script| script.expect_reset().expect_eof(),
        expect![
            "`eof` cannot be step 2: by then the websocket is `Reset`, where what can come is drop"
        ],
    );
    check(
        |script| script.expect_reset().expect_send("late"),
        expect![
            "`send` cannot be step 2: by then the websocket is `Reset`, where what can come is drop"
        ],
    );
    check(
        |script| script.expect_recv_error(ProtocolError::Masked).expect_recv("late"),
        expect![
            "`recv` cannot be step 2: by then the websocket is `Failed`, where what can come is close, drop, send"
        ],
    );
    check(
        |script| {
            script.expect_close(1000).expect_recv_error(ProtocolError::Masked).expect_recv("late")
        },
        expect![
            "`recv` cannot be step 3: by then the websocket is `Ended`, where what can come is drop"
        ],
    );
    check(
        |script| script.expect_drop().expect_recv("late"),
        expect![
            "`recv` cannot be step 2: by then the websocket is `Dropped`, where nothing can come"
        ],
    );
    check(
        |script| script.expect_send("x").raises(ErrorKind::ConnectionReset).expect_send("late"),
        expect![
            "`send` cannot be step 2: by then the websocket is `ResetOnSend`, where what can come is drop"
        ],
    );
    check(
        |script| script.expect_connect(URI).rejects(401).expect_send("late"),
        expect!["`send` cannot be step 2: the connect is refused, so nothing can follow it"],
    );
    check(
        |script| script.expect_send("stuck").never().expect_recv("late"),
        expect!["`recv` cannot be step 2: the step before it never completes"],
    );
    check(
        |script| script.expect_recv("a").expect_connect(URI),
        expect!["`connect` cannot be step 2: it makes the connection, so it comes first"],
    );
}

#[test]
fn a_close_is_no_message_of_the_client() {
    check(
        |script| script.expect_send(Message::Close(None)),
        expect!["`expect_send`: a client closes by a step of its own, `.expect_close(..)`"],
    );
    check(
        |script| script.whenever_sent(Message::Close(None)).replies("x"),
        expect!["`whenever_sent`: a client closes by a step of its own, `.expect_close(..)`"],
    );
    check(
        |script| script.whenever_sent("x").replies(Message::Close(None)),
        expect!["`replies`: a close is no reply that comes again; write `.expect_recv_close(..)`"],
    );
    check(
        |script| script.allows_sent(Message::from(CloseFrame::new(1000, ""))),
        expect!["`allows_sent`: a client closes by a step of its own, `.expect_close(..)`"],
    );
}

#[test]
fn what_fits_into_no_frame_is_no_step() {
    let (long, reason) = ("x".repeat(126), "x".repeat(124));
    check(
        |script| script.expect_send(Message::ping(long.clone())),
        expect![
            "`expect_send`: the payload of a ping or pong is 126 bytes long, and has at most 125"
        ],
    );
    check(
        |script| script.expect_recv(Message::pong(long.clone())),
        expect![
            "`expect_recv`: the payload of a ping or pong is 126 bytes long, and has at most 125"
        ],
    );
    check(
        |script| script.whenever_sent("x").replies(Message::ping(long)),
        expect!["`replies`: the payload of a ping or pong is 126 bytes long, and has at most 125"],
    );
    check(
        |script| script.expect_close((1000, reason.as_str())),
        expect!["`expect_close`: the reason of a close is 124 bytes long, and has at most 123"],
    );
    check(
        |script| script.expect_recv_close(1000, reason),
        expect![
            "`expect_recv_close`: the reason of a close is 124 bytes long, and has at most 123"
        ],
    );
}

#[test]
fn a_request_has_to_be_one() {
    check(
        |script| script.expect_connect("http://chat.example"),
        expect![
            "`expect_connect`: `http://chat.example` opens no websocket: its scheme is neither `ws` nor `wss`"
        ],
    );
    check(
        |script| script.expect_connect(""),
        expect!["`expect_connect`: `` opens no websocket: it is no URI: empty string"],
    );
    check(
        |script| script.expect_connect(URI).header("a b", "c"),
        expect!["`header`: `a b` is no name of a header"],
    );
    check(
        |script| script.expect_connect(URI).header("x-a", "b\nc"),
        expect![
            "`header`: `x-a` is a header with a value that cannot be sent: no line break or other control character stands in one"
        ],
    );
    check(
        |script| script.expect_connect(URI).header("Host", "b"),
        expect![
            "`header`: `Host` is a header that the handshake itself is made of, and cannot be added to it"
        ],
    );
    check(
        |script| script.expect_connect(URI).subprotocol("a, b"),
        expect![
            "`subprotocol`: `a, b` is no subprotocol: its name is made of letters, digits and !#$%&'*+-.^_`|~"
        ],
    );
    check(
        |script| script.expect_connect(URI).subprotocol("a").subprotocol("a"),
        expect!["`subprotocol`: `a` is a subprotocol that was asked for before"],
    );
    check(
        |script| script.expect_connect(any()).header("x-a", "b"),
        expect!["`header` adds to a request whose URI is stated; this one is not"],
    );
    check(
        |script| script.expect_connect(matching("it", |_: &_| true)).subprotocol("a"),
        expect!["`subprotocol` adds to a request whose URI is stated; this one is not"],
    );
}

#[test]
fn a_rejection_has_to_be_one() {
    check(
        |script| script.expect_connect(URI).rejects(101),
        expect!["`rejects(101)` would open the connection: write `.answers(..)`"],
    );
    check(
        |script| script.expect_connect(URI).rejects(99),
        expect!["`rejects` wants a status from 100 to 999 that is not 101"],
    );
    check(
        |script| script.expect_connect(URI).rejects(1000),
        expect!["`rejects` wants a status from 100 to 999 that is not 101"],
    );
    let opens = http::Response::builder().status(101).body("").unwrap();
    check(
        |script| script.expect_connect(URI).rejects(opens),
        expect!["`rejects(101)` would open the connection: write `.answers(..)`"],
    );
}

#[test]
fn each_operation_fails_as_it_does_on_transports() {
    check(
        |script| script.expect_connect(URI).raises(ErrorKind::WouldBlock),
        expect![
            "`raises`: no transport gives its client WouldBlock; it waits, or tries again (C2)"
        ],
    );
    check(
        |script| script.expect_connect(URI).raises(ProtocolError::Masked),
        expect!["`raises`: no connect fails with Masked"],
    );
    check(
        |script| script.expect_connect(URI).raises(Fault::rejected(401)),
        expect!["`raises`: a server that refuses is written `.rejects(401)`"],
    );
    check(
        |script| script.expect_send("x").raises(ProtocolError::Masked),
        expect!["`raises`: nothing that is sent fails with Masked"],
    );
    check(
        |script| script.expect_send("x").raises(HandshakeError::Malformed),
        expect!["`raises`: nothing that is sent fails with Malformed"],
    );
    check(
        |script| script.expect_close(None).raises(Fault::invalid_utf8()),
        expect!["`raises`: nothing that is sent fails with InvalidUtf8"],
    );
    check(
        |script| script.expect_recv_error(ErrorKind::Interrupted),
        expect![
            "`expect_recv_error`: no transport gives its client Interrupted; it waits, or tries again (C2)"
        ],
    );
    check(
        |script| script.expect_recv_error(HandshakeError::Malformed),
        expect!["`expect_recv_error`: nobody who receives is told Malformed"],
    );
    check(
        |script| script.expect_recv_error(Fault::rejected(401)),
        expect!["`expect_recv_error`: nobody who receives is told rejected with 401 Unauthorized"],
    );
}

#[test]
fn byte_sockets_fail_by_none_of_them() {
    let verifier = Verifier::new();
    let refused = catch_unwind(AssertUnwindSafe(|| {
        verifier.socket().new_session().expect_recv_error(ProtocolError::Masked);
    }));
    expect!["`expect_recv_error`: no byte socket fails with Masked"]
        .assert_eq(&text(refused.expect_err("it is refused")));
    verifier.verify();
}

#[test]
fn a_step_comes_as_often_as_it_can() {
    check(
        |script| script.expect_send("x").times(0),
        expect!["`times`: a step that never comes is none: take it away"],
    );
    check(
        |script| script.expect_recv(Message::Close(None)).times(2),
        expect!["`times`: a peer closes once"],
    );
    check(
        |script| script.expect_recv("x").times(1..).expect_recv("y"),
        expect![
            "`recv` cannot follow step 1 directly: the peer says that again and again, until the client does something that the script has it do in between"
        ],
    );
    check(
        |script| script.expect_recv("x").never().expect_recv("y"),
        expect![
            "`recv` cannot follow step 1 directly: that never answers, until the client goes on and does something that the script has it do in between"
        ],
    );
    check(
        |script| script.expect_recv("x").never().expect_eof().after(Duration::ZERO),
        expect![
            "`eof` cannot follow step 1 directly: that never answers, until the client goes on and does something that the script has it do in between"
        ],
    );
}

#[test]
fn what_nothing_could_tell_apart_is_refused() {
    check(
        |script| script.expect_send("x").optional().expect_send("x"),
        expect![
            "`send` cannot be told from step 1, which is optional: what begins one of them may be all of the other"
        ],
    );
    check(
        |script| script.expect_send(any()).times(1..).expect_send("x"),
        expect![
            "`send` cannot be told from step 1, which may come again: what begins one of them may be all of the other"
        ],
    );
    check(
        |script| script.allows_sent("x").expect_send("x"),
        expect![
            "`send` cannot be told from the rule written at tests/it/websocket/refused.rs:14:10: what begins one of them may be all of the other"
        ],
    );
    check(
        |script| script.expect_send("x").allows_sent(any()),
        expect![
            "this rule cannot be told from step 1: what begins one of them may be all of the other"
        ],
    );
    check(
        |script| script.whenever_sent("x").replies("y").whenever_sent("x").replies("z"),
        expect![
            "this rule cannot be told from the rule written at tests/it/websocket/refused.rs:14:10: what begins one of them may be all of the other"
        ],
    );
    check(
        |script| script.expect_close(1000).optional().expect_close(any()),
        expect![
            "`close` cannot be told from step 1, which is optional: what begins one of them may be all of the other"
        ],
    );
}

#[test]
fn a_double_that_is_connected_does_not_connect() {
    let verifier = Verifier::new();
    let net = verifier.websocket();
    for blocking in [false, true] {
        let script = net.new_session().expect_connect(URI).optional();
        let refused = catch_unwind(AssertUnwindSafe(|| match blocking {
            true => drop(script.into_blocking_websocket()),
            false => drop(script.into_websocket()),
        }));
        let name = if blocking { "into_blocking_websocket" } else { "into_websocket" };
        assert_eq!(
            text(refused.expect_err("it is refused")),
            format!(
                "`{name}` hands out a websocket that is connected already: take the `expect_connect` \
                 away, or let the client connect"
            )
        );
    }
}

#[test]
fn a_fault_that_names_no_status_is_none() {
    let refused = catch_unwind(|| Fault::rejected(99));
    assert_eq!(
        text(refused.expect_err("it is refused")),
        "99 is no status: they go from 100 to 999"
    );
}
