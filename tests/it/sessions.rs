//! Sessions and their steps: how they are queued, taken, met and refused.

use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::sync::{Arc, Barrier};
use std::thread;

use futures::AsyncWrite;
use futures::executor::block_on;
use wirescript::scripted::{
    Argument, Fault, Outcome, Scripted, Socket, SocketScript, Stage, ViolationKind,
};
use wirescript::{AsyncSocket, AsyncSocketExt, Connect, Endpoint, Verifier, any, matching};

use crate::probe::{
    double, happened, left, names, only_violation, panic_of, panics_here, report, violation,
};
use crate::support::{connect, everywhere};

// Writing.

#[test]
fn a_step_keeps_its_argument_its_place_and_its_line() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    let line = line!();
    net.new_session()
        .expect_connect("peer:1")
        .expect_send_all(b"PING")
        .expect_recv(b"PONG")
        .expect_recv_error(ErrorKind::TimedOut)
        .expect_close();
    let report = report(&verifier);
    let steps = &report.unused()[0].steps;
    let arguments: Vec<_> = steps.iter().map(|unused| unused.operation.argument.clone()).collect();
    assert_eq!(
        arguments,
        [
            Argument::Endpoint(Endpoint::new("peer", 1)),
            Argument::Bytes(b"PING"[..].into()),
            Argument::Bytes(b"PONG"[..].into()),
            Argument::Error(Fault::timed_out()),
            Argument::None,
        ]
    );
    for (index, unused) in steps.iter().enumerate() {
        let expected = (index + 1, 5, file!(), line + 2 + index as u32);
        let step = unused.step;
        assert_eq!((step.number, step.of, step.at.file(), step.at.line()), expected);
    }
}

#[test]
fn a_step_that_was_used_keeps_its_line_and_its_error() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    let line = line!() + 1;
    net.new_session().expect_connect("peer:1").raises(ErrorKind::ConnectionRefused);
    block_on(net.connect(&Endpoint::new("peer", 1))).unwrap_err();
    let interaction = &verifier.interactions()[0];
    assert_eq!(interaction.step.at.line(), line);
    assert_eq!(interaction.outcome, Outcome::Raised(ErrorKind::ConnectionRefused.into()));
}

#[test]
fn steps_chain_and_keep_their_order_over_statements() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    let script = net.new_session().expect_connect("peer:1");
    let script = script.expect_send_all(b"a").expect_send_all(b"b");
    drop(script.expect_close());
    block_on(async {
        let mut socket = connect(&net).await;
        socket.send_all(b"a").await.unwrap();
        socket.send_all(b"b").await.unwrap();
    });
    assert_eq!(happened(&verifier), ["connect", "send_all", "send_all", "close"]);
    verifier.verify();
}

#[test]
fn a_script_does_not_land_before_its_statement_ends() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    let line = line!() + 1;
    let held = net.new_session().expect_connect("peer:1");
    let error = block_on(net.connect(&Endpoint::new("peer", 1))).unwrap_err();
    let ViolationKind::NoSession { held: at, .. } = violation(&error).kind() else {
        panic!("{error}");
    };
    assert_eq!(at.iter().map(|at| at.line()).collect::<Vec<_>>(), [line]);
    drop(held);
    assert_eq!(left(&report(&verifier)), [["connect"]]);
}

#[test]
fn a_builder_that_is_still_held_at_the_verdict_does_not_slip_by() {
    let verifier = Verifier::new();
    let line = line!() + 1;
    let held = verifier.socket().new_session().expect_connect("peer:1");
    let held_report = report(&verifier);
    assert_eq!(held_report.unused()[0].stage, Stage::Held);
    assert_eq!(held_report.unused()[0].session.at.line(), line);
    drop(held);
    assert_eq!(report(&verifier).unused()[0].stage, Stage::Queued);
}

#[test]
fn a_builder_that_was_forgotten_does_not_slip_by() {
    let verifier = Verifier::new();
    std::mem::forget(verifier.socket().new_session().expect_connect("peer:1"));
    assert!(panic_of(|| drop(verifier)).is_some());
}

#[test]
fn a_handle_lands_the_script_and_names_its_session() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    let control = net.new_session().expect_connect("peer:1").named("control").handle();
    let socket = block_on(connect(&net));
    control.assert_connect("peer:1");
    let label = &verifier.interactions()[0].session;
    assert_eq!((label.number(), label.name.as_deref()), (1, Some("control")));
    drop(socket);
    verifier.verify();
}

#[test]
fn a_session_without_a_connect_hands_out_a_connected_socket() {
    let (verifier, mut socket) = double(|peer| peer.expect_send_all(b"hi").expect_close());
    block_on(socket.send_all(b"hi")).unwrap();
    drop(socket);
    assert_eq!(happened(&verifier), ["send_all", "close"]);
    verifier.verify();
}

// Queueing.

/// Two connects, called in one order and polled in the other.
fn takes_at_the_call(verifier: &Verifier, net: impl Connect) {
    let scripted = verifier.socket();
    scripted.new_session().expect_connect(any()).named("first");
    scripted.new_session().expect_connect(any()).named("second");
    let (a, b) = (Endpoint::new("a", 1), Endpoint::new("b", 2));
    let (first, second) = (net.connect(&a), net.connect(&b));
    let second = block_on(second).unwrap();
    let first = block_on(first).unwrap();
    drop((first, second));
    let taken: Vec<_> = verifier
        .interactions()
        .into_iter()
        .map(|one| (one.session.name.unwrap().to_string(), one.operation.argument))
        .collect();
    let (a, b) = (Argument::Endpoint(a), Argument::Endpoint(b));
    assert_eq!(taken, [("second".to_owned(), b), ("first".to_owned(), a)]);
    scripted.assert_connect("b:2");
    scripted.assert_connect("a:1");
    verifier.verify();
}

#[test]
fn sessions_are_taken_in_the_order_of_the_calls_whatever_is_polled_first() {
    let verifier = Verifier::new();
    takes_at_the_call(&verifier, verifier.socket());
}

#[test]
fn connectors_that_forward_take_a_session_at_the_call_too() {
    let verifier = Verifier::new();
    let net: &Scripted<Socket> = &verifier.socket();
    takes_at_the_call(&verifier, net);
    let verifier = Verifier::new();
    takes_at_the_call(&verifier, Arc::new(verifier.socket()));
    let verifier = Verifier::new();
    takes_at_the_call(&verifier, verifier.socket().boxed());
    let verifier = Verifier::new();
    takes_at_the_call(&verifier, Box::new(Arc::new(verifier.socket()).boxed()));
}

#[test]
fn every_call_of_socket_gives_the_same_queue() {
    let verifier = Verifier::new();
    verifier.socket().new_session().expect_connect("peer:1");
    drop(block_on(connect(&verifier.socket().clone())));
    verifier.verify();
}

#[test]
fn an_endpoint_that_cannot_be_takes_no_session() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    net.new_session().expect_connect("peer:1");
    let error = block_on(net.connect(&Endpoint::new("", 1))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    drop(block_on(connect(&net)));
    verifier.verify();
}

// Case 4: three ways of not being scripted.

#[test]
fn a_connect_with_no_session_queued_is_unmocked() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    let error = block_on(net.connect(&Endpoint::new("peer", 1))).unwrap_err();
    let violation = violation(&error);
    assert!(violation.is_unmocked(), "{violation}");
    assert!(matches!(violation.kind(), ViolationKind::NoSession { .. }), "{violation}");
    assert_eq!((violation.operation(), violation.session()), ("connect", None));
    assert_eq!(&only_violation(&verifier), violation);
}

#[test]
fn a_call_behind_the_end_of_the_script_is_unmocked() {
    let (verifier, mut socket) = double(|peer| peer.expect_send_all(b"one"));
    block_on(socket.send_all(b"one")).unwrap();
    let error = block_on(socket.send_all(b"two")).unwrap_err();
    drop(socket);
    let violation = violation(&error);
    assert!(matches!(violation.kind(), ViolationKind::ScriptExhausted), "{violation}");
    assert_eq!(violation.got().unwrap().argument, Argument::Bytes(b"two"[..].into()));
    assert_eq!(&only_violation(&verifier), violation);
}

#[test]
fn a_connect_to_a_script_without_one_is_unmocked() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    net.new_session().expect_send_all(b"hi");
    let error = block_on(net.connect(&Endpoint::new("peer", 1))).unwrap_err();
    assert!(matches!(violation(&error).kind(), ViolationKind::NeverConnected), "{error}");
    assert_eq!(&only_violation(&verifier), violation(&error));
}

#[test]
fn the_three_ways_of_being_unmocked_read_differently() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    let peer = Endpoint::new("peer", 1);
    net.new_session().expect_send_all(b"hi");
    net.new_session().expect_connect("peer:1");
    let never_connected = block_on(net.connect(&peer)).unwrap_err();
    let mut socket = block_on(connect(&net));
    let exhausted = block_on(socket.send_all(b"more")).unwrap_err();
    let no_session = block_on(net.connect(&peer)).unwrap_err();
    drop(socket);
    let texts = [never_connected, exhausted, no_session].map(|error| error.to_string());
    let headlines: Vec<_> = texts.iter().map(|text| text.lines().next()).collect();
    assert_ne!(headlines[0], headlines[1]);
    assert_ne!(headlines[1], headlines[2]);
    assert_ne!(headlines[2], headlines[0]);
    assert_eq!(report(&verifier).violations().len(), 3);
}

// S9.
#[test]
fn connects_that_are_refused_after_the_first_are_counted_and_not_listed() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    for _ in 0..4 {
        let error = block_on(net.connect(&Endpoint::new("peer", 1))).unwrap_err();
        assert!(violation(&error).is_unmocked());
    }
    let report = report(&verifier);
    assert_eq!((report.violations().len(), report.refused_connects()), (1, 3));
}

// Meeting.

everywhere! {
    async fn two_connections_interleave_and_each_follows_its_own_script() {
        let verifier = Verifier::explicit();
        let net = verifier.socket();
        net.new_session().expect_connect("a:1").expect_recv(b"for a").expect_close();
        net.new_session().expect_connect("b:1").expect_recv(b"for b").expect_close();
        let mut a = net.connect(&Endpoint::new("a", 1)).await.unwrap();
        let mut b = net.connect(&Endpoint::new("b", 1)).await.unwrap();
        let (mut from_a, mut from_b) = ([0; 8], [0; 8]);
        assert_eq!(b.recv(&mut from_b).await.unwrap(), 5);
        assert_eq!(a.recv(&mut from_a).await.unwrap(), 5);
        assert_eq!((&from_a[..5], &from_b[..5]), (&b"for a"[..], &b"for b"[..]));
        drop(b);
        drop(a);
        net.assert_connect("a:1");
        net.assert_connect("b:1");
        net.assert_recv(8, b"for b");
        net.assert_recv(8, b"for a");
        net.assert_close();
        net.assert_close();
        verifier.finish().await;
    }

    async fn many_steps_are_met_first_in_first_out_and_each_is_one_interaction() {
        let verifier = Verifier::new();
        let net = verifier.socket();
        net.new_session().expect_connect("peer:1").expect_send_all(b"0").expect_recv(b"0").expect_send_all(b"1").expect_recv(b"1").expect_send_all(b"2").expect_recv(b"2").expect_close();
        let mut socket = connect(&net).await;
        for turn in [b"0", b"1", b"2"] {
            socket.send_all(turn).await.unwrap();
            let mut reply = [0];
            socket.recv_exact(&mut reply).await.unwrap();
            assert_eq!(&reply, turn);
        }
        drop(socket);
        let steps: Vec<_> = verifier.interactions().iter().map(|one| one.step.number).collect();
        assert_eq!(steps, [1, 2, 3, 4, 5, 6, 7, 8]);
        verifier.finish().await;
    }

    async fn a_session_that_is_broken_repeats_its_violation() {
        let verifier = Verifier::new();
        let net = verifier.socket();
        net.new_session().expect_connect("peer:1").expect_send_all(b"right").expect_recv(b"reply");
        let mut socket = connect(&net).await;
        let first = socket.send_all(b"wrong").await.unwrap_err();
        let second = socket.send_all(b"right").await.unwrap_err();
        let third = socket.recv(&mut [0; 8]).await.unwrap_err();
        let fourth = socket.shutdown().await.unwrap_err();
        drop(socket);
        for later in [&second, &third, &fourth] {
            assert_eq!(violation(later), violation(&first));
        }
        assert_eq!(&only_violation(&verifier), violation(&first));
    }
}

#[test]
fn a_write_after_the_shutdown_is_refused_by_the_state() {
    let (verifier, mut socket) = double(|peer| peer.expect_shutdown());
    block_on(socket.shutdown()).unwrap();
    let error = block_on(socket.send(b"late")).unwrap_err();
    drop(socket);
    let violation = violation(&error);
    let ViolationKind::InvalidState { state, valid, .. } = violation.kind() else {
        panic!("{violation}");
    };
    assert_eq!((violation.operation(), state.as_str()), ("send", "ShutDown"));
    assert_eq!(valid, &["close", "eof", "recv", "recv_error", "recv_frame", "reset"]);
    assert_eq!(happened(&verifier), ["shutdown"], "what is refused is not recorded");
    assert_eq!(&only_violation(&verifier), violation);
}

// S4.
#[test]
fn what_is_refused_consumes_and_records_nothing() {
    let (verifier, mut socket) = double(|peer| peer.expect_send_all(b"right").expect_recv(b"ok"));
    block_on(socket.send_all(b"rigth")).unwrap_err();
    assert_eq!(verifier.interactions(), []);
    drop(socket);
    assert!(only_violation(&verifier).is_mismatch());
}

#[test]
fn another_operation_than_the_one_that_is_due_is_out_of_order() {
    let (verifier, mut socket) = double(|peer| peer.expect_shutdown().expect_recv(b"late"));
    let error = block_on(socket.send_all(b"early")).unwrap_err();
    drop(socket);
    let violation = violation(&error);
    assert!(violation.is_out_of_order(), "{violation}");
    assert_eq!(violation.expected().unwrap().name, "shutdown");
    assert_eq!(violation.step().unwrap().number, 1);
    assert_eq!(&only_violation(&verifier), violation);
}

#[test]
fn a_connect_to_another_endpoint_is_a_mismatch_and_does_not_connect() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    net.new_session().expect_connect("peer:1").expect_send_all(b"hi");
    let error = block_on(net.connect(&Endpoint::new("peer", 2))).unwrap_err();
    let violation = violation(&error);
    assert!(violation.is_mismatch(), "{violation}");
    assert_eq!(
        violation.expected().unwrap().argument,
        Argument::Endpoint(Endpoint::new("peer", 1))
    );
    assert_eq!(violation.got().unwrap().argument, Argument::Endpoint(Endpoint::new("peer", 2)));
    assert_eq!(verifier.interactions(), []);
    assert_eq!(&only_violation(&verifier), violation);
}

#[test]
fn a_connection_knows_the_address_that_it_was_made_to() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    net.new_session().expect_connect("192.0.2.7:6379");
    let socket = block_on(net.connect(&Endpoint::new("192.0.2.7", 6379))).unwrap();
    assert_eq!(socket.info().peer_addr(), Some(([192, 0, 2, 7], 6379).into()));
    drop(socket);
    verifier.verify();
}

// Cases 8 and 24.

/// What the client was told has the code that this platform has for it.
#[track_caller]
fn is_platform_error(error: &io::Error, kind: ErrorKind) {
    assert_eq!(error.kind(), kind);
    assert!(error.get_ref().is_none(), "a scripted error is no violation: {error:?}");
    if cfg!(any(unix, windows)) {
        let code = error.raw_os_error().expect("the platform has a code for it");
        assert_eq!(io::Error::from_raw_os_error(code).kind(), kind);
    }
}

#[test]
fn a_connect_that_raises_does_not_connect_and_is_recorded_with_its_error() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    net.new_session().expect_connect("peer:1").raises(ErrorKind::ConnectionRefused);
    net.new_session().expect_connect("peer:1").expect_send_all(b"hi").expect_close();
    let error = block_on(net.connect(&Endpoint::new("peer", 1))).unwrap_err();
    is_platform_error(&error, ErrorKind::ConnectionRefused);
    let mut socket = block_on(connect(&net));
    block_on(socket.send_all(b"hi")).unwrap();
    drop(socket);
    let interactions = verifier.interactions();
    assert_eq!(names(&interactions), ["connect", "connect", "send_all", "close"]);
    let refused = Outcome::Raised(ErrorKind::ConnectionRefused.into());
    assert_eq!((interactions[0].outcome, interactions[1].outcome), (refused, Outcome::Complete));
    verifier.verify();
}

#[test]
fn nothing_can_be_written_behind_a_connect_that_raises() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    let failed = || net.new_session().expect_connect("peer:1").raises(ErrorKind::TimedOut);
    panics_here(|| failed().expect_send_all(b"hi"));
    panics_here(|| failed().expect_close());
    verifier.verify();
}

#[test]
fn an_error_that_is_raised_is_part_of_what_is_asserted() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    net.new_session().expect_connect(any()).raises(ErrorKind::TimedOut);
    block_on(net.connect(&Endpoint::new("peer", 1))).unwrap_err();
    panics_here(|| net.assert_connect("peer:1"));
    panics_here(|| net.raised(ErrorKind::ConnectionRefused).assert_connect("peer:1"));
    net.raised(ErrorKind::TimedOut).assert_connect("peer:1");
    verifier.verify();
}

#[test]
fn every_step_that_hears_can_raise() {
    let (verifier, mut socket) = double(|peer| {
        peer.expect_send(b"one")
            .raises(ErrorKind::TimedOut)
            .expect_send_all(b"two")
            .raises(ErrorKind::HostUnreachable)
            .expect_shutdown()
            .raises(ErrorKind::NotConnected)
            .expect_close()
    });
    is_platform_error(&block_on(socket.send(b"one")).unwrap_err(), ErrorKind::TimedOut);
    is_platform_error(&block_on(socket.send_all(b"two")).unwrap_err(), ErrorKind::HostUnreachable);
    is_platform_error(&block_on(socket.shutdown()).unwrap_err(), ErrorKind::NotConnected);
    drop(socket);
    assert_eq!(happened(&verifier), ["send", "send_all", "shutdown", "close"]);
    verifier.verify();
}

// Case 10.

/// Which steps can be written behind the script.
fn possible_after<K>(script: impl Fn() -> SocketScript<K>) -> Vec<&'static str> {
    let mut possible = Vec::new();
    macro_rules! try_step {
        ($name:literal, $method:ident($($argument:expr)?)) => {
            if panic_of(|| drop(script().$method($($argument)?))).is_none() {
                possible.push($name);
            }
        };
    }
    try_step!("connect", expect_connect("peer:1"));
    try_step!("send", expect_send(b"x"));
    try_step!("send_all", expect_send_all(b"x"));
    try_step!("recv", expect_recv(b"x"));
    try_step!("recv_error", expect_recv_error(ErrorKind::TimedOut));
    try_step!("reset", expect_reset());
    try_step!("eof", expect_eof());
    try_step!("shutdown", expect_shutdown());
    try_step!("close", expect_close());
    possible
}

#[test]
fn only_what_the_state_of_the_connection_allows_can_be_written() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    let connected = || net.new_session().expect_connect("peer:1");
    let reading = ["recv", "recv_error", "reset", "eof"];
    let writing = ["send", "send_all"];
    let both = [&writing[..], &reading].concat();

    let at_start = possible_after(|| net.new_session());
    assert_eq!(at_start, [&["connect"], &both[..], &["shutdown", "close"]].concat());
    let both_open = [&both[..], &["shutdown", "close"]].concat();
    assert_eq!(possible_after(connected), both_open);
    assert_eq!(possible_after(|| connected().expect_send_all(b"a").expect_recv(b"b")), both_open);
    let half_closed = [&reading[..], &["close"]].concat();
    assert_eq!(possible_after(|| connected().expect_shutdown()), half_closed);
    let peer_closed = [&writing[..], &["shutdown", "close"]].concat();
    assert_eq!(possible_after(|| connected().expect_eof()), peer_closed);
    assert_eq!(possible_after(|| connected().expect_eof().expect_shutdown()), ["close"]);
    assert_eq!(possible_after(|| connected().expect_shutdown().expect_eof()), ["close"]);
    assert_eq!(possible_after(|| connected().expect_reset()), ["close"]);
    assert!(possible_after(|| connected().expect_close()).is_empty());
    let aborted = || connected().expect_recv_error(ErrorKind::ConnectionAborted);
    assert_eq!(possible_after(aborted), ["close"]);
    let reset = || connected().expect_send(b"a").raises(ErrorKind::ConnectionReset);
    assert_eq!(possible_after(reset), ["close"]);
    let _ = verifier.try_verify();
}

// S2.
#[test]
fn an_optional_step_leaves_both_ways_open() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    let maybe_shut_down = || net.new_session().expect_shutdown().optional();
    let possible = possible_after(maybe_shut_down);
    assert!(possible.contains(&"send_all") && possible.contains(&"recv"), "{possible:?}");
    let _ = verifier.try_verify();
}

// Case 11.
#[test]
fn ten_threads_record_their_interactions_in_one_order_without_gaps() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    for _ in 0..10 {
        let mut script = net.new_session().expect_connect("peer:1").expect_send(b"x");
        for _ in 1..48 {
            script = script.expect_send(b"x");
        }
        drop(script.expect_close());
    }
    let start = Arc::new(Barrier::new(10));
    let client = || {
        let (net, start) = (net.clone(), Arc::clone(&start));
        thread::spawn(move || {
            start.wait();
            block_on(async {
                let mut socket = connect(&net).await;
                for _ in 0..48 {
                    socket.send(b"x").await.unwrap();
                }
            });
        })
    };
    let clients: Vec<_> = (0..10).map(|_| client()).collect();
    for client in clients {
        client.join().unwrap();
    }
    let sequences: Vec<_> = verifier.interactions().iter().map(|one| one.sequence).collect();
    assert_eq!(sequences, (0..500).collect::<Vec<_>>());
    verifier.verify();
}

// Case 25, S6.

/// A client that says `sent` to a peer to which it may introduce itself.
fn with_an_optional_greeting(sent: &[&[u8]]) -> Vec<&'static str> {
    let (verifier, mut socket) = double(|peer| {
        peer.expect_send_all(b"HELLO\n").optional().expect_send_all(b"GET\n").expect_close()
    });
    for sent in sent {
        block_on(socket.send_all(sent)).unwrap();
    }
    drop(socket);
    verifier.verify();
    happened(&verifier)
}

#[test]
fn an_optional_step_may_be_taken_or_left_out() {
    assert_eq!(with_an_optional_greeting(&[b"GET\n"]), ["send_all", "close"]);
    let taken = ["send_all", "send_all", "close"];
    assert_eq!(with_an_optional_greeting(&[b"HELLO\n", b"GET\n"]), taken);
    assert_eq!(with_an_optional_greeting(&[b"HELLO\nGET\n"]), taken);
    assert_eq!(with_an_optional_greeting(&[b"HEL", b"LO\nG", b"ET\n"]), taken);
}

#[test]
fn an_optional_send_may_come_until_a_later_one_is_met() {
    let (verifier, mut socket) = double(|peer| {
        peer.expect_send_all(b"AUTH").optional().expect_recv(b"hi").expect_send_all(b"BYE")
    });
    block_on(socket.recv_exact(&mut [0; 2])).unwrap();
    block_on(socket.send_all(b"AUTH")).unwrap();
    block_on(socket.send_all(b"BYE")).unwrap();
    let error = block_on(socket.send_all(b"AUTH")).unwrap_err();
    assert!(matches!(violation(&error).kind(), ViolationKind::ScriptExhausted), "{error}");
    drop(socket);
    only_violation(&verifier);
}

#[test]
fn the_bytes_decide_which_candidate_it_is() {
    let (verifier, mut socket) =
        double(|peer| peer.expect_send_all(b"hello").optional().expect_send_all(b"help"));
    block_on(socket.send_all(b"he")).unwrap();
    block_on(socket.send_all(b"lp")).unwrap();
    drop(socket);
    let steps: Vec<_> = verifier.interactions().iter().map(|one| one.step.number).collect();
    assert_eq!(steps, [2]);
    verifier.verify();
}

#[test]
fn a_byte_that_no_candidate_accepts_is_shown_against_the_one_that_came_furthest() {
    let (verifier, mut socket) =
        double(|peer| peer.expect_send_all(b"hex").optional().expect_send_all(b"hello"));
    block_on(socket.send_all(b"he")).unwrap();
    let error = block_on(socket.send_all(b"lp")).unwrap_err();
    drop(socket);
    assert!(matches!(violation(&error).kind(), ViolationKind::Mismatch { at: 3, .. }), "{error}");
    assert_eq!(violation(&error).step().unwrap().number, 2);
    only_violation(&verifier);
}

#[test]
fn an_optional_recv_need_not_be_received() {
    let (verifier, socket) = double(|peer| peer.expect_recv(b"banner").optional().expect_close());
    drop(socket);
    verifier.verify();
}

#[test]
fn an_optional_step_that_was_begun_is_missed() {
    let (verifier, mut socket) = double(|peer| peer.expect_send_all(b"QUIT").optional());
    block_on(socket.send_all(b"QU")).unwrap();
    drop(socket);
    let report = report(&verifier);
    let step = &report.unused()[0].steps[0];
    assert_eq!((step.amount, step.of), (Some(2), Some(4)));
}

// Values.

#[test]
fn what_a_predicate_accepts_is_stated_and_kept() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    net.new_session()
        .expect_connect(matching("any replica", |to: &Endpoint| to.host().starts_with("replica")))
        .expect_send(matching("a GET", |sent: &[u8]| sent.starts_with(b"GET ")))
        .expect_send_all(matching("a body", |sent: &[u8]| sent.len() == 4));
    block_on(async {
        let mut socket = net.connect(&Endpoint::new("replica-2", 1)).await.unwrap();
        socket.send(b"GET /").await.unwrap();
        socket.send_all(b"body").await.unwrap();
    });
    let arguments = verifier.interactions().into_iter().map(|one| one.operation.argument);
    assert_eq!(
        arguments.collect::<Vec<_>>(),
        [
            Argument::Endpoint(Endpoint::new("replica-2", 1)),
            Argument::Bytes(b"GET /"[..].into()),
            Argument::Bytes(b"body"[..].into()),
        ]
    );
    verifier.verify();
}

#[test]
fn what_a_predicate_refuses_is_a_mismatch_that_has_its_label() {
    let (verifier, mut socket) =
        double(|peer| peer.expect_send(matching("a GET", |sent: &[u8]| sent.starts_with(b"GET "))));
    let error = block_on(socket.send(b"POST /")).unwrap_err();
    drop(socket);
    assert!(violation(&error).is_mismatch(), "{error}");
    let expected = &violation(&error).expected().unwrap().argument;
    assert_eq!(expected, &Argument::Matching("a GET".into()));
    only_violation(&verifier);
}

#[test]
fn a_predicate_that_panics_is_a_violation_and_not_the_clients_panic() {
    let (verifier, mut socket) = double(|peer| {
        peer.expect_send(matching("a number", |sent: &[u8]| sent[7] == b'1')).expect_close()
    });
    let mut error = None;
    panic_of(|| error = Some(block_on(socket.send(b"x")).unwrap_err()));
    let error = error.expect("the client does not panic");
    drop(socket);
    assert!(
        matches!(violation(&error).kind(), ViolationKind::MatcherPanicked { label, .. } if label == "a number"),
        "{error}"
    );
    only_violation(&verifier);
}

#[test]
fn a_predicate_that_panics_in_a_drop_is_a_violation_too() {
    let (verifier, mut socket) =
        double(|peer| peer.expect_send_all(matching("a number", |_: &[u8]| panic!("no number"))));
    block_on(async { poll_fn(|cx| Pin::new(&mut socket).poll_write(cx, b"x")).await }).unwrap();
    assert_eq!(panic_of(|| drop(socket)).map(|panic| panic.message), None);
    let violation = only_violation(&verifier);
    assert!(
        matches!(violation.kind(), ViolationKind::MatcherPanicked { message, .. } if message == "no number"),
        "{violation}"
    );
}

#[test]
fn a_predicate_may_use_the_connector_that_asks_it() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    let queue = net.clone();
    net.new_session().expect_connect("peer:1").expect_send(matching(
        "a referral",
        move |_: &[u8]| {
            queue.new_session().expect_connect("peer:2");
            true
        },
    ));
    block_on(async {
        connect(&net).await.send(b"where?").await.unwrap();
        net.connect(&Endpoint::new("peer", 2)).await.unwrap();
    });
    verifier.verify();
}

// Cases 26 and 27: what cannot be panics at its line.

#[test]
fn a_short_write_of_more_than_there_is_is_refused_where_it_is_written() {
    let verifier = Verifier::new();
    let script = verifier.socket().new_session().expect_send(b"four");
    panics_here(|| script.accepts(5));
    let script = verifier.socket().new_session().expect_send(b"four");
    panics_here(|| script.accepts(0));
    verifier.verify();
}

#[test]
fn a_short_write_of_more_than_the_client_has_is_refused_where_it_is_used() {
    let (verifier, mut socket) = double(|peer| peer.expect_send(any()).accepts(5));
    let error = block_on(socket.send(b"four")).unwrap_err();
    drop(socket);
    assert!(violation(&error).is_mismatch(), "{error}");
    only_violation(&verifier);
}

#[test]
fn nothing_can_be_written_behind_the_end() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    let script = net.new_session().expect_connect("peer:1").expect_close();
    panics_here(|| script.expect_send_all(b"late"));
    let script = net.new_session().expect_connect("peer:1").expect_eof();
    panics_here(|| script.expect_recv(b"late"));
    let script = net.new_session().expect_connect("peer:1").expect_eof();
    panics_here(|| script.expect_eof());
    let script = net.new_session().expect_connect("peer:1").expect_reset();
    panics_here(|| script.expect_recv(b"late"));
    let script = net.new_session().expect_connect("peer:1").expect_shutdown();
    panics_here(|| script.expect_send_all(b"late"));
    let script = net.new_session().expect_connect("peer:1").expect_shutdown();
    panics_here(|| script.expect_shutdown());
    let script = net.new_session().expect_connect("peer:1");
    panics_here(|| script.expect_connect("peer:2"));
    let script = net.new_session().expect_connect("peer:1").optional();
    panics_here(|| script.expect_connect("peer:2"));
    let script = net.new_session().expect_connect("peer:1").never();
    panics_here(|| script.expect_send_all(b"late"));
    verifier.verify();
}

#[test]
fn an_open_run_cannot_be_followed_by_a_send() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    let script = net.new_session().expect_send_all(any());
    panics_here(|| script.expect_send_all(b"more"));
    let script = net.new_session().expect_send_all(any());
    panics_here(|| script.expect_send(b"more"));
    let script = net.new_session().expect_send_all(matching("a line", |_: &[u8]| true));
    panics_here(|| script.expect_send_all(any()));
    let script = net.new_session().expect_send_all(any()).expect_shutdown().optional();
    panics_here(|| script.expect_send_all(b"more"));
    verifier.verify();
}

#[test]
fn candidates_of_which_one_begins_the_other_cannot_be_told_apart() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    let script = net.new_session().expect_send_all(b"he").optional();
    panics_here(|| script.expect_send_all(b"hello"));
    let script = net.new_session().expect_send_all(b"hello").optional();
    panics_here(|| script.expect_send_all(b"he"));
    let script = net.new_session().expect_send(any()).optional();
    panics_here(|| script.expect_send(b"hello"));
    verifier.verify();
}

#[test]
fn an_argument_that_cannot_be_panics_at_its_line() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    panics_here(|| net.new_session().expect_connect("no port"));
    panics_here(|| net.new_session().expect_connect("peer:port"));
    panics_here(|| net.new_session().expect_connect(("", 1)));
    panics_here(|| net.new_session().expect_send(b""));
    panics_here(|| net.new_session().expect_send_all(b""));
    panics_here(|| net.new_session().expect_recv(b""));
    panics_here(|| net.new_session().expect_recv_error(ErrorKind::WouldBlock));
    panics_here(|| net.new_session().expect_send(b"a").raises(ErrorKind::Interrupted));
    panics_here(|| net.new_session().expect_connect("peer:1").into_socket());
    panics_here(|| net.assert_connect("no port"));
    verifier.verify();
}

#[test]
fn a_script_that_could_not_be_written_is_not_queued() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    panic_of(|| net.new_session().expect_connect("peer:1").expect_close().expect_close());
    let error = block_on(net.connect(&Endpoint::new("peer", 1))).unwrap_err();
    let ViolationKind::NoSession { held, .. } = violation(&error).kind() else {
        panic!("{error}");
    };
    assert!(held.is_empty());
    only_violation(&verifier);
}
