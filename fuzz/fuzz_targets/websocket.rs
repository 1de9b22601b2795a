//! Any bytes from a server of WebSockets, in any pieces: the client must come to the same.
//!
//! `cargo +nightly fuzz run websocket`; what it finds belongs into the corpus once it is mended.
#![no_main]

#[path = "../../adapters/tungstenite/tests/it/anything.rs"]
mod anything;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Err(difference) = anything::check(bytes) {
        eprintln!("{difference}");
        std::process::abort();
    }
});
