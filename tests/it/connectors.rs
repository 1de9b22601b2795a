//! Connectors: which session a client that connects is given.

use futures::executor::block_on;
use wirescript::scripted::{Violation, ViolationKind};
use wirescript::{AsyncSocket, AsyncSocketExt, Connect, Endpoint, Verifier, any, matching};

#[test]
fn connectors_of_different_names_have_queues_of_their_own() {
    let verifier = Verifier::new();
    let (primary, replica) = (verifier.socket(), verifier.socket_named("replica"));
    replica.new_session().expect_connect("replica:1").expect_send_all(b"read");
    primary.new_session().expect_connect("primary:1").expect_send_all(b"write");
    block_on(async {
        let mut socket = primary.connect(&Endpoint::new("primary", 1)).await.unwrap();
        socket.send_all(b"write").await.unwrap();
        // The same name, the same queue.
        let replica = verifier.socket_named("replica");
        let mut socket = replica.connect(&Endpoint::new("replica", 1)).await.unwrap();
        socket.send_all(b"read").await.unwrap();
    });
    verifier.verify();
}

#[test]
fn a_session_is_chosen_by_the_endpoint_it_expects() {
    let verifier = Verifier::new();
    let net = verifier.socket().by_endpoint();
    let is_shard = matching("a shard", |to: &Endpoint| to.host().starts_with("shard-"));
    net.new_session().expect_connect("primary:1").expect_send_all(b"write");
    net.new_session().expect_connect(is_shard).expect_send_all(b"read");
    net.new_session().expect_connect(any()).expect_send_all(b"log");
    block_on(async {
        for (host, request) in [("shard-7", "read"), ("elsewhere", "log"), ("primary", "write")] {
            let mut socket = net.connect(&Endpoint::new(host, 1)).await.unwrap();
            socket.send_all(request.as_bytes()).await.unwrap();
        }
    });
    net.assert_connect("elsewhere:1");
    verifier.verify();
}

#[test]
fn a_connector_that_does_not_choose_takes_the_first() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    let _ = net.by_endpoint();
    net.new_session().expect_connect("primary:1");
    net.new_session().expect_connect("replica:1");
    let error = block_on(net.connect(&Endpoint::new("replica", 1))).unwrap_err();
    assert!(Violation::of(&error).unwrap().is_mismatch());
    assert!(verifier.try_verify().is_err());
}

#[test]
fn an_endpoint_that_no_session_expects_is_told_with_those_that_are() {
    let verifier = Verifier::new();
    let net = verifier.socket().by_endpoint();
    net.new_session().expect_connect("primary:1");
    let error = block_on(net.connect(&Endpoint::new("replica", 1))).unwrap_err();
    match Violation::of(&error).unwrap().kind() {
        ViolationKind::NoSession { others, .. } => assert_eq!(others.len(), 1),
        kind => panic!("{kind:?}"),
    }
    assert!(error.to_string().contains("queued    connect   primary:1"), "{error}");
    block_on(net.connect(&Endpoint::new("primary", 1))).unwrap();
    assert!(verifier.try_verify().is_err());
}

#[test]
fn a_matcher_that_panics_while_a_session_is_chosen_is_told_by_the_connect() {
    let verifier = Verifier::new();
    let net = verifier.socket().by_endpoint();
    net.new_session().expect_connect(matching("a bug", |_: &Endpoint| panic!("no")));
    let error = block_on(net.connect(&Endpoint::new("peer", 1))).unwrap_err();
    let violation = Violation::of(&error).unwrap();
    assert!(matches!(violation.kind(), ViolationKind::MatcherPanicked { .. }), "{violation}");
    assert!(verifier.try_verify().is_err());
}

#[test]
fn a_path_is_an_endpoint_like_any_other() {
    let verifier = Verifier::new();
    let net = verifier.socket().by_endpoint();
    net.new_session().expect_connect("unix:/run/replica.sock").expect_send_all(b"read");
    net.new_session().expect_connect(Endpoint::unix("/run/primary.sock")).expect_send_all(b"write");
    block_on(async {
        for (path, request) in [("/run/primary.sock", "write"), ("/run/replica.sock", "read")] {
            let mut socket = net.connect(&Endpoint::unix(path)).await.unwrap();
            assert_eq!(socket.info().peer_path(), Some(path.as_ref()));
            assert_eq!(socket.info().peer_addr(), None);
            socket.send_all(request.as_bytes()).await.unwrap();
        }
    });
    net.assert_connect("unix:/run/primary.sock");
    assert!(verifier.timeline().to_string().contains("unix:/run/replica.sock"));
    verifier.verify();
}
