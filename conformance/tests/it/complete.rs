//! The macros know every body.

use std::collections::BTreeSet;

use wirescript_conformance::{promises, websocket};

const OF_SOCKETS: &[(&str, &str)] = &[
    ("cancelling", include_str!("../../src/promises/cancelling.rs")),
    ("connecting", include_str!("../../src/promises/connecting.rs")),
    ("reset", include_str!("../../src/promises/reset.rs")),
    ("stream", include_str!("../../src/promises/stream.rs")),
];

const OF_WEBSOCKETS: &[(&str, &str)] = &[
    ("breaches", include_str!("../../src/websocket/promises/breaches.rs")),
    ("closing", include_str!("../../src/websocket/promises/closing.rs")),
    ("connecting", include_str!("../../src/websocket/promises/connecting.rs")),
    ("ends", include_str!("../../src/websocket/promises/ends.rs")),
    ("messages", include_str!("../../src/websocket/promises/messages.rs")),
    ("sending", include_str!("../../src/websocket/promises/sending.rs")),
];

#[track_caller]
fn check_stamped(bodies: &[(&str, &str)], all: &[&str]) {
    let written: BTreeSet<String> = bodies
        .iter()
        .flat_map(|(subject, text)| {
            let names = text.split("\npub async fn ").skip(1);
            names.map(move |rest| format!("{subject}::{}", rest.split_once('<').unwrap().0))
        })
        .collect();
    assert!(!written.is_empty());

    let stamped: BTreeSet<String> = all.iter().map(ToString::to_string).collect();
    assert_eq!(written, stamped);
}

#[test]
fn every_promise_of_a_socket_is_stamped() {
    check_stamped(OF_SOCKETS, promises::ALL);
}

#[test]
fn every_promise_of_a_websocket_is_stamped() {
    check_stamped(OF_WEBSOCKETS, websocket::promises::ALL);
}
