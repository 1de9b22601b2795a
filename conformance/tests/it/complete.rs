//! The macro knows every body.

use std::collections::BTreeSet;

use wirescript_conformance::promises::ALL;

const BODIES: [(&str, &str); 4] = [
    ("cancelling", include_str!("../../src/promises/cancelling.rs")),
    ("connecting", include_str!("../../src/promises/connecting.rs")),
    ("reset", include_str!("../../src/promises/reset.rs")),
    ("stream", include_str!("../../src/promises/stream.rs")),
];

#[test]
fn every_promise_is_stamped() {
    let written: BTreeSet<String> = BODIES
        .iter()
        .flat_map(|(subject, text)| {
            let names = text.split("\npub async fn ").skip(1);
            names.map(move |rest| format!("{subject}::{}", rest.split_once('<').unwrap().0))
        })
        .collect();
    assert!(!written.is_empty());

    let stamped: BTreeSet<String> = ALL.iter().map(ToString::to_string).collect();
    assert_eq!(written, stamped);
}
