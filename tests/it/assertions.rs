//! Asserting afterwards: one cursor, sessions, any order, and what an assertion must say.

use std::io::ErrorKind;

use futures::executor::block_on;
use wirescript::scripted::{Interaction, Outcome};
use wirescript::{AsyncSocketExt, Connect, Endpoint, Verifier, any, matching};

use crate::probe::{happened, names, panics_here, report};
use crate::support::{connect, everywhere};

/// A verifier with a connection on which `a`, `b` and `c` were sent, each for an open step.
fn with_three_sends() -> Verifier {
    let verifier = Verifier::new();
    let net = verifier.socket();
    net.new_session()
        .expect_connect("peer:1")
        .expect_send(any())
        .expect_send(any())
        .expect_send(any());
    block_on(async {
        let mut socket = connect(&net).await;
        for data in [b"a", b"b", b"c"] {
            socket.send(data).await.unwrap();
        }
    });
    verifier
}

/// A verifier with a conversation that the script states wholly.
fn with_a_stated_conversation(verifier: &Verifier) {
    let net = verifier.socket();
    net.new_session()
        .expect_connect("peer:1")
        .expect_send_all(b"ask")
        .expect_recv(b"reply")
        .expect_eof()
        .expect_close();
    block_on(async {
        let mut socket = connect(&net).await;
        socket.send_all(b"ask").await.unwrap();
        socket.recv_exact(&mut [0; 5]).await.unwrap();
        assert_eq!(socket.recv(&mut [0; 8]).await.unwrap(), 0);
    });
}

/// What was asserted, by its place.
fn asserted(verifier: &Verifier) -> Vec<bool> {
    verifier.interactions().iter().map(|one| one.is_asserted).collect()
}

// Case 12, A2: the order.

#[test]
fn assertions_follow_the_order_in_which_it_happened() {
    let verifier = with_three_sends();
    let net = verifier.socket();
    net.assert_send(b"a");
    panics_here(|| net.assert_send(b"c"));
    net.assert_send(b"b");
    net.assert_send(b"c");
    verifier.verify();
}

#[test]
fn an_assertion_that_holds_is_marked_and_one_that_does_not_changes_nothing() {
    let verifier = with_three_sends();
    let net = verifier.socket();
    panics_here(|| net.assert_send(b"b"));
    assert_eq!(asserted(&verifier), [false, false, false, false]);
    net.assert_send(b"a");
    assert_eq!(asserted(&verifier), [false, true, false, false]);
    let left: Vec<_> = report(&verifier).unasserted().iter().map(|one| one.sequence).collect();
    assert_eq!(left, [2, 3]);
}

#[test]
fn what_happened_once_is_asserted_once() {
    let verifier = with_three_sends();
    let net = verifier.socket();
    net.assert_send(b"a");
    panics_here(|| net.assert_send(b"a"));
    net.assert_send(b"b");
    net.assert_send(b"c");
    panics_here(|| net.assert_send(b"c"));
    verifier.verify();
}

#[test]
fn a_stated_interaction_may_be_passed_over() {
    let verifier = Verifier::new();
    with_a_stated_conversation(&verifier);
    let net = verifier.socket();
    net.assert_recv(5, b"reply");
    net.assert_close();
    assert_eq!(asserted(&verifier), [false, false, true, false, true]);
    panics_here(|| net.assert_connect("peer:1"));
    verifier.verify();
}

#[test]
fn an_open_interaction_may_not_be_passed_over() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    net.new_session().expect_connect("peer:1").expect_send(any()).expect_close();
    block_on(async { connect(&net).await.send(b"open").await.unwrap() });
    panics_here(|| net.assert_close());
    net.assert_send(b"open");
    net.assert_close();
    verifier.verify();
}

#[test]
fn the_size_of_an_assertion_is_that_of_the_first_buffer() {
    let verifier = Verifier::new();
    with_a_stated_conversation(&verifier);
    let net = verifier.socket();
    panics_here(|| net.assert_recv(8, b"reply"));
    net.assert_recv(5, b"reply");
    net.assert_eof();
    verifier.verify();
}

#[test]
fn a_miss_of_each_kind_has_a_text_of_its_own() {
    let headline = |text: String| text.lines().next().unwrap().to_owned();
    let verifier = Verifier::new();
    let net = verifier.socket();
    let nothing = panics_here(|| net.assert_connect("peer:1"));
    net.new_session().expect_connect(any());
    drop(block_on(connect(&net)));
    let other_operation = panics_here(|| net.assert_close());
    let other_fields = panics_here(|| net.assert_connect("peer:2"));
    for text in [&other_operation, &other_fields] {
        assert!(text.contains("asserted") && text.contains("connect   peer:1"), "{text}");
    }
    assert!(other_fields.contains("connect   peer:2"), "{other_fields}");
    let headlines = [nothing, other_operation, other_fields].map(headline);
    assert!(headlines[0] != headlines[1] && headlines[1] != headlines[2], "{headlines:?}");
    assert_ne!(headlines[0], headlines[2]);
    net.assert_connect("peer:1");
    verifier.verify();
}

#[test]
fn every_operation_has_its_assertion() {
    let verifier = Verifier::explicit();
    let net = verifier.socket();
    net.new_session()
        .expect_connect("peer:1")
        .expect_send(b"one")
        .expect_send_all(b"two")
        .expect_recv(b"three")
        .expect_recv_error(ErrorKind::TimedOut)
        .expect_shutdown()
        .expect_eof()
        .expect_close();
    net.new_session().expect_connect("peer:1").expect_reset();
    block_on(async {
        let mut socket = connect(&net).await;
        socket.send(b"one").await.unwrap();
        socket.send_all(b"two").await.unwrap();
        socket.recv(&mut [0; 8]).await.unwrap();
        socket.recv(&mut [0; 8]).await.unwrap_err();
        socket.shutdown().await.unwrap();
        socket.recv(&mut [0; 8]).await.unwrap();
        drop(socket);
        connect(&net).await.recv(&mut [0; 8]).await.unwrap_err();
    });
    net.assert_connect("peer:1");
    net.assert_send(b"one");
    net.assert_send_all(b"two");
    net.assert_recv(8, b"three");
    net.assert_recv_error(ErrorKind::TimedOut);
    net.assert_shutdown();
    net.assert_eof();
    net.assert_close();
    net.assert_connect("peer:1");
    net.assert_reset();
    verifier.verify();
}

// Case 13, A4: any order.

#[test]
fn in_any_order_reversed_assertions_hold() {
    let verifier = with_three_sends();
    let net = verifier.socket();
    verifier.in_any_order(|any| {
        any.on(&net).assert_send(b"c");
        any.on(&net).assert_send(b"b");
        any.on(&net).assert_send(b"a");
    });
    verifier.verify();
}

#[test]
fn in_any_order_each_interaction_is_matched_once() {
    let verifier = with_three_sends();
    let net = verifier.socket();
    verifier.in_any_order(|any| {
        any.on(&net).assert_send(b"b");
        panics_here(|| any.on(&net).assert_send(b"b"));
        any.on(&net).assert_send(b"a");
    });
    net.assert_send(b"c");
    verifier.verify();
}

#[test]
fn in_any_order_a_miss_shows_what_comes_closest() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    net.new_session().expect_connect("peer:1").expect_send(any()).expect_send(any());
    block_on(async {
        let mut socket = connect(&net).await;
        socket.send(b"PING alice").await.unwrap();
        socket.send(b"QUIT").await.unwrap();
    });
    verifier.in_any_order(|any| {
        let text = panics_here(|| any.on(&net).assert_send(b"PING bob"));
        assert!(text.contains("PING alice") && !text.contains("QUIT"), "{text}");
        let text = panics_here(|| any.on(&net).assert_shutdown());
        assert!(!text.contains("nothing"), "the timeline is not empty: {text}");
    });
    net.assert_send(b"PING alice");
    net.assert_send(b"QUIT");
    verifier.verify();
}

#[test]
fn in_any_order_on_a_session_only_its_own_interactions_are_found() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    let a = net.new_session().expect_connect(any()).handle();
    let b = net.new_session().expect_connect(any()).handle();
    drop(block_on(net.connect(&Endpoint::new("a", 1))));
    drop(block_on(net.connect(&Endpoint::new("b", 1))));
    verifier.in_any_order(|any| {
        panics_here(|| any.on(&b).assert_connect("a:1"));
        any.on(&b).assert_connect("b:1");
        any.on(&a).assert_connect("a:1");
    });
    verifier.verify();
}

// Case 16, A5: wildcards.

#[test]
fn an_assertion_of_wildcards_only_is_refused_with_the_real_values_to_paste() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    net.new_session()
        .expect_connect(any())
        .expect_send(any())
        .expect_recv(b"reply\n")
        .expect_send_all(any());
    block_on(async {
        let mut socket = connect(&net).await;
        socket.send(b"\xffone").await.unwrap();
        socket.recv(&mut [0; 8]).await.unwrap();
        socket.send_all(b"two\n").await.unwrap();
    });
    let text = panics_here(|| net.assert_connect(any()));
    assert!(text.contains(r#"net.assert_connect("peer:1");"#), "{text}");
    net.assert_connect("peer:1");
    let text = panics_here(|| net.assert_send(any()));
    assert!(text.contains(r#"net.assert_send(b"\xffone");"#), "{text}");
    net.assert_send(b"\xffone");
    let text = panics_here(|| net.assert_recv(any(), any()));
    assert!(text.contains(r#"net.assert_recv(8, b"reply\n");"#), "{text}");
    net.assert_recv(8, b"reply\n");
    let text = panics_here(|| net.assert_send_all(any()));
    assert!(text.contains(r#"net.assert_send_all(b"two\n");"#), "{text}");
    verifier.in_any_order(|any_order| {
        panics_here(|| any_order.on(&net).assert_send_all(any()));
    });
    net.assert_send_all(b"two\n");
    verifier.verify();
}

#[test]
fn an_assertion_that_is_partly_wild_is_fine() {
    let verifier = Verifier::explicit();
    let net = verifier.socket();
    net.new_session().expect_connect("peer:1").expect_recv(b"one").expect_recv(b"two");
    net.new_session().expect_connect(any()).raises(ErrorKind::ConnectionRefused);
    block_on(async {
        let mut socket = connect(&net).await;
        socket.recv(&mut [0; 8]).await.unwrap();
        socket.recv(&mut [0; 8]).await.unwrap();
        net.connect(&Endpoint::new("peer", 2)).await.unwrap_err();
    });
    net.assert_connect(matching("a peer", |to: &Endpoint| to.host() == "peer"));
    net.assert_recv(any(), b"one");
    net.assert_recv(matching("at least 4", |size: &usize| *size >= 4), any());
    net.raised(ErrorKind::ConnectionRefused).assert_connect(any());
    verifier.verify();
}

#[test]
fn an_assertion_that_is_refused_marks_nothing() {
    let verifier = with_three_sends();
    let net = verifier.socket();
    panics_here(|| net.assert_send(any()));
    assert_eq!(asserted(&verifier), [false, false, false, false]);
    assert_eq!(report(&verifier).unasserted().len(), 3);
}

// Cases 17 and 30, A1 and A3: several sessions.

everywhere! {
    async fn the_interactions_of_two_sessions_share_one_order() {
        let verifier = Verifier::explicit();
        let net = verifier.socket();
        net.new_session().expect_connect("a:1").expect_send_all(b"to a").named("a");
        net.new_session().expect_connect("b:1").expect_send_all(b"to b").named("b");
        let mut a = net.connect(&Endpoint::new("a", 1)).await.unwrap();
        let mut b = net.connect(&Endpoint::new("b", 1)).await.unwrap();
        b.send_all(b"to b").await.unwrap();
        a.send_all(b"to a").await.unwrap();
        drop((a, b));
        let order: Vec<_> = verifier
            .interactions()
            .iter()
            .map(|one| (one.sequence, one.session.name.as_deref().unwrap().to_owned()))
            .collect();
        let expected = [(0, "a"), (1, "b"), (2, "b"), (3, "a")];
        assert_eq!(order, expected.map(|(sequence, name)| (sequence, name.to_owned())));
        net.assert_connect("a:1");
        net.assert_connect("b:1");
        panics_here(|| net.assert_send_all(b"to a"));
        net.assert_send_all(b"to b");
        net.assert_send_all(b"to a");
        verifier.finish().await;
    }

    async fn two_connections_are_asserted_apart() {
        let verifier = Verifier::new();
        let net = verifier.socket();
        let a = net.new_session().expect_connect("peer:1").expect_send(any()).handle();
        let b = net.new_session().expect_connect("peer:1").expect_send(any()).handle();
        let (mut first, mut second) = (connect(&net).await, connect(&net).await);
        first.send(b"from first").await.unwrap();
        second.send(b"from second").await.unwrap();
        drop((first, second));
        b.assert_connect("peer:1");
        b.assert_send(b"from second");
        panics_here(|| a.assert_send(b"from second"));
        a.assert_send(b"from first");
        assert_eq!(happened(&verifier), ["connect", "connect", "send", "send"]);
        verifier.finish().await;
    }
}

#[test]
fn an_error_is_asserted_on_a_session_and_in_any_order_too() {
    let verifier = Verifier::explicit();
    let net = verifier.socket();
    let refused =
        || net.new_session().expect_connect("peer:1").raises(ErrorKind::ConnectionRefused);
    let (a, b) = (refused().handle(), refused().handle());
    refused();
    for _ in 0..3 {
        block_on(net.connect(&Endpoint::new("peer", 1))).unwrap_err();
    }
    panics_here(|| a.assert_connect("peer:1"));
    a.raised(ErrorKind::ConnectionRefused).assert_connect("peer:1");
    verifier.in_any_order(|any_order| {
        panics_here(|| any_order.on(&net).assert_connect("peer:1"));
        any_order.on(&net).raised(ErrorKind::ConnectionRefused).assert_connect("peer:1");
        any_order.on(&net).raised(ErrorKind::ConnectionRefused).assert_connect("peer:1");
    });
    panics_here(|| b.raised(ErrorKind::ConnectionRefused).assert_connect("peer:1"));
    verifier.verify();
}

#[test]
fn an_assertion_on_a_session_leaves_the_cursor_of_all_where_it_is() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    let a = net.new_session().expect_connect(any()).handle();
    let b = net.new_session().expect_connect(any()).handle();
    drop(block_on(net.connect(&Endpoint::new("a", 1))));
    drop(block_on(net.connect(&Endpoint::new("b", 1))));
    b.assert_connect("b:1");
    net.assert_connect("a:1");
    panics_here(|| a.assert_connect("a:1"));
    panics_here(|| net.assert_connect("b:1"));
    verifier.verify();
}

// S8.

#[test]
fn an_explicit_verifier_demands_an_assertion_for_everything() {
    let verifier = Verifier::explicit();
    with_a_stated_conversation(&verifier);
    let net = verifier.socket();
    let everything = ["connect", "send_all", "recv", "eof", "close"];
    assert_eq!(names(report(&verifier).unasserted()), everything);
    panics_here(|| net.assert_send_all(b"ask"));
    net.assert_connect("peer:1");
    net.assert_send_all(b"ask");
    net.assert_recv(5, b"reply");
    assert_eq!(names(report(&verifier).unasserted()), ["eof", "close"]);
    net.assert_eof();
    net.assert_close();
    verifier.verify();
}

#[test]
fn a_verifier_can_be_built_explicit() {
    let verifier = Verifier::builder().explicit().build();
    let net = verifier.socket();
    net.new_session().expect_connect("peer:1");
    drop(block_on(connect(&net)));
    assert_eq!(names(report(&verifier).unasserted()), ["connect"]);
    net.assert_connect("peer:1");
    verifier.verify();
}

#[test]
fn what_the_script_states_needs_no_assertion_and_what_it_leaves_open_does() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    net.new_session()
        .expect_connect(any())
        .expect_send_all(b"stated")
        .expect_send(matching("judged", |_: &[u8]| true))
        .expect_send_all(any())
        .expect_close();
    block_on(async {
        let mut socket = connect(&net).await;
        socket.send_all(b"stated").await.unwrap();
        socket.send(b"judged").await.unwrap();
        socket.send_all(b"open").await.unwrap();
    });
    assert_eq!(names(report(&verifier).unasserted()), ["connect", "send_all"]);
    net.assert_connect("peer:1");
    net.assert_send_all(b"open");
    verifier.verify();
}

// A6.

#[test]
fn interactions_are_data_that_can_be_compared() {
    let run = || -> Vec<Interaction> {
        let verifier = Verifier::new();
        with_a_stated_conversation(&verifier);
        verifier.verify();
        assert_eq!(verifier.timeline().interactions(), verifier.interactions());
        verifier.interactions()
    };
    let interactions = run();
    assert_eq!(interactions, run());
    assert!(interactions.iter().all(|one| one.outcome == Outcome::Complete));
    assert_ne!(interactions[0], interactions[1]);
}
