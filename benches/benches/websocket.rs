//! What the WebSocket adapter costs beside tokio-tungstenite, and what a script does.
//!
//! `cargo bench --package wirescript-benches --bench websocket`, with words to choose rows. It fails
//! if a row is not held.

use std::process::ExitCode;

use futures::executor::block_on;
use wirescript_benches::compare::{Comparison, Row, timed, whole};
use wirescript_benches::websocket::{self, Client, Reference, Scripted, Subject, TUNED, USUAL};

/// A row for each reference: what it is called, and what it does.
macro_rules! rows {
    ($comparison:ident, $subject:literal, $payload:expr, $what:ident) => {
        rows!($comparison, $subject, $payload, $what, "tokio-tungstenite", USUAL);
        rows!($comparison, $subject, $payload, $what, "the same, reading 16 KiB", TUNED);
    };
    ($comparison:ident, $subject:literal, $payload:expr, $what:ident, $name:literal, $read:ident) => {
        $comparison.row(
            Row { subject: $subject, reference: $name, hold: Some(1.05), aim: Some(1.0) },
            {
                let (mut client, mut far) = Subject::connected($payload);
                whole(move || block_on(websocket::$what(&mut client, &mut far)))
            },
            {
                let (mut client, mut far) = Reference::<$read>::connected($payload);
                whole(move || block_on(websocket::$what(&mut client, &mut far)))
            },
        );
    };
}

const SMALL: usize = 64;
const LARGE: usize = 1024;

fn main() -> ExitCode {
    let mut comparison = Comparison::from_args();
    rows!(comparison, "64 B, receive", SMALL, receive);
    rows!(comparison, "64 B, send", SMALL, send);
    rows!(comparison, "64 B, echo", SMALL, echo);
    rows!(comparison, "64 B, pipelined x64", SMALL, pipelined);
    rows!(comparison, "1 KiB, receive", LARGE, receive);
    rows!(comparison, "1 KiB, send", LARGE, send);
    rows!(comparison, "1 KiB, echo", LARGE, echo);
    rows!(comparison, "1 KiB, pipelined x64", LARGE, pipelined);
    comparison.row(
        Row {
            subject: "64 B, scripted exchange",
            reference: "tokio-tungstenite",
            hold: Some(0.1),
            aim: None,
        },
        timed(|| Scripted::connected(SMALL), |socket| block_on(socket.exchange())),
        timed(|| Reference::<USUAL>::connected(SMALL), |pair| block_on(websocket::exchange(pair))),
    );
    comparison.conclude()
}
