//! An endpoint that nobody can dial is refused with the same error everywhere: one place in the core
//! makes it (`Endpoint::check`, `Endpoint::host_and_port`). A name that nobody knows is the same
//! error everywhere, too: the resolver's.

use std::io::{self, ErrorKind};

use futures::executor::block_on;
use wirescript::blocking::{BlockInPoll, StdConnector};
use wirescript::scripted::Fault;
use wirescript::{Connect, Endpoint, ErrorClass, InvalidEndpoint, Verifier, classify, connect_fn};
use wirescript_async_std::AsyncStdConnector;
use wirescript_smol::SmolConnector;
use wirescript_tokio::TokioConnector;

/// What everybody says to a host that cannot be, or to a path.
fn refusals() -> [(Endpoint, &'static str); 5] {
    [
        (Endpoint::new("", 80), "`:80` is no endpoint: the host is empty"),
        (Endpoint::new("a b", 80), "`a b:80` is no endpoint: a host holds no ' '"),
        (
            Endpoint::new("x".repeat(254), 80),
            "`xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...` is no \
             endpoint: the host is 254 bytes long, and a name has at most 253",
        ),
        (Endpoint::unix(""), "`unix:` is no endpoint: the path is empty"),
        (Endpoint::unix("a\0b"), r"`unix:a\0b` is no endpoint: a path holds no NUL byte"),
    ]
}

#[track_caller]
fn check(name: &str, error: &io::Error, kind: ErrorKind, text: &str) {
    assert_eq!((error.kind(), error.to_string().as_str()), (kind, text), "{name}");
    assert!(error.get_ref().unwrap().is::<InvalidEndpoint>(), "{name}: {error:?}");
}

/// `net` refuses what cannot be; where it dials only hosts, a path as well.
async fn refuses<C: Connect>(name: &str, net: C, dials_paths: bool) {
    for (to, text) in refusals() {
        let error = net.connect(&to).await.err().unwrap();
        check(name, &error, ErrorKind::InvalidInput, text);
    }
    if !dials_paths {
        let error = net.connect(&Endpoint::unix("/run/redis.sock")).await.err().unwrap();
        let text =
            "`unix:/run/redis.sock` is the path of a socket, and this connector dials only hosts";
        check(name, &error, ErrorKind::Unsupported, text);
    }
}

#[tokio::test]
async fn what_cannot_be_dialled_is_refused_with_the_same_words_everywhere() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    // It stays queued: whoever is refused takes no session.
    net.new_session().expect_connect("peer:1").optional();

    let are_there_paths = cfg!(unix);
    refuses("tokio", TokioConnector::new(), are_there_paths).await;
    refuses("smol", SmolConnector::new(), are_there_paths).await;
    refuses("async-std", AsyncStdConnector::new(), are_there_paths).await;
    refuses("std", BlockInPoll::new(StdConnector::new()), are_there_paths).await;
    refuses("the double", net.clone(), true).await;
    refuses("the blocking double", BlockInPoll::new(net.clone()), true).await;
    let only_hosts = connect_fn(|to: Endpoint| async move {
        to.host_and_port()?;
        TokioConnector::new().connect(&to).await
    });
    refuses("a connector that dials only hosts", only_hosts, false).await;
    verifier.verify();
}

/// A label has at most 63 bytes (RFC 1035 section 2.3.4), so no resolver asks anybody.
fn nowhere() -> Endpoint {
    Endpoint::new("x".repeat(64), 80)
}

/// What a client sees of a name that does not resolve.
async fn unresolved<C: Connect>(net: C) -> (ErrorKind, Option<i32>, ErrorClass) {
    let error = net.connect(&nowhere()).await.err().unwrap();
    (error.kind(), error.raw_os_error(), classify(&error))
}

#[tokio::test]
async fn c9_a_name_that_does_not_resolve_is_the_same_error_everywhere() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    for _ in 0..2 {
        net.new_session().expect_connect(nowhere()).raises(Fault::unresolvable());
    }

    let told = unresolved(TokioConnector::new()).await;
    assert_eq!(told.2, ErrorClass::Unresolvable);
    assert_eq!(unresolved(SmolConnector::new()).await, told, "smol");
    assert_eq!(unresolved(AsyncStdConnector::new()).await, told, "async-std");
    assert_eq!(unresolved(BlockInPoll::new(StdConnector::new())).await, told, "std");
    assert_eq!(unresolved(net.clone()).await, told, "the double");
    assert_eq!(unresolved(BlockInPoll::new(net.clone())).await, told, "the blocking double");
    verifier.verify();
}

#[test]
fn a_box_around_a_connector_changes_nothing_of_it() {
    let verifier = Verifier::new();
    block_on(async {
        refuses("std", BlockInPoll::new(StdConnector::new()).boxed(), cfg!(unix)).await;
        refuses("the double", verifier.socket().boxed(), true).await;
    });
}
