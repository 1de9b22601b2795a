//! Random scripts and clients: machine and reference must agree on every one.
//!
//! `cargo +nightly fuzz run scripts`; what it finds is printed as builder code, and belongs into the
//! corpus once it is mended.
#![no_main]

#[path = "../../tests/model/mod.rs"]
#[allow(dead_code, reason = "the tests look at what both agree on too")]
mod reference;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Err(difference) = reference::check(bytes) {
        eprintln!("{difference}");
        std::process::abort();
    }
});
