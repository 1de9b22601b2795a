//! Machine and reference on random scripts and clients, and on the corpus of the fuzzer.
//!
//! `WIRESCRIPT_CASES=1000000 cargo test --release --test model` tries a million cases, and
//! `WIRESCRIPT_SEED` other ones. A failure prints its bytes: `WIRESCRIPT_CASE=<hex>` plays them again.

mod corpus;
#[path = "mod.rs"]
mod reference;
mod shrink;

use std::fs;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use reference::check;
use reference::compare::Agreed;

/// So many cases are tried unless told.
const CASES: u64 = 20_000;
const SEED: u64 = 0x5eed;

/// The longest string of bytes that a case is made of.
const LONGEST: u64 = 200;

/// A case that takes longer hangs: the others take microseconds.
const HANG: Duration = Duration::from_secs(60);

#[test]
fn machine_and_model_agree_on_random_cases() {
    if let Ok(hex) = std::env::var("WIRESCRIPT_CASE") {
        return agree(&unhex(&hex));
    }
    let (cases, seed) = (number("WIRESCRIPT_CASES", CASES), number("WIRESCRIPT_SEED", SEED));
    let (done, is_done) = channel();
    let at = Arc::new(AtomicU64::new(0));
    let at_case = Arc::clone(&at);
    let trying = thread::spawn(move || {
        let tally = try_all(cases, seed, &at_case);
        let _ = done.send(());
        tally
    });
    let mut last = u64::MAX;
    while let Err(RecvTimeoutError::Timeout) = is_done.recv_timeout(HANG) {
        let now = at.load(Ordering::Relaxed);
        assert_ne!(now, last, "a case hangs: WIRESCRIPT_CASE={}", hex(&random(seed, now)));
        last = now;
    }
    let tally = trying.join().unwrap_or_else(|panic| resume_unwind(panic));
    let [refused, passed, failed] = tally;
    eprintln!("{cases} cases of seed {seed}: {refused} refused, {passed} passed, {failed} failed");
    // A comparison that never gets to a verdict would prove nothing.
    for agreed in [Agreed::Refused, Agreed::Passed, Agreed::Failed] {
        let share = tally[agreed as usize] * 100 / cases.max(1);
        assert!(cases < CASES || share >= 2, "{agreed:?} is rare: {tally:?}");
    }
}

/// Tries all cases, one after the other; says how many came to what.
fn try_all(cases: u64, seed: u64, at: &AtomicU64) -> [u64; 3] {
    let mut tally = [0_u64; 3];
    for case in 0..cases {
        at.store(case, Ordering::Relaxed);
        let bytes = random(seed, case);
        match check(&bytes) {
            Ok(agreement) => tally[agreement.agreed as usize] += 1,
            Err(_) => agree(&bytes),
        }
    }
    tally
}

#[test]
fn machine_and_model_agree_on_the_corpus() {
    if std::env::var_os("WIRESCRIPT_CORPUS").is_some() {
        corpus::write(|case| random(SEED, case));
    }
    let mut seeds: Vec<_> =
        fs::read_dir(corpus::folder()).unwrap().map(|f| f.unwrap().path()).collect();
    seeds.sort();
    let seeds: Vec<_> = seeds.iter().map(|seed| fs::read(seed).unwrap()).collect();
    assert_eq!(corpus::missing(&seeds), <[&str; 0]>::default(), "the corpus lacks these");
    seeds.iter().for_each(|seed| agree(seed));
}

/// Demands that the two agree; shows the smallest case on which they do not.
fn agree(bytes: &[u8]) {
    if check(bytes).is_ok() {
        return;
    }
    let small = shrink::shrink(bytes, |bytes| check(bytes).is_err());
    let difference = check(&small).expect_err("it fails as it did before");
    panic!("{difference}\nWIRESCRIPT_CASE={} shows it again", hex(&small));
}

/// The bytes of a case: of all lengths, and the same in every run.
fn random(seed: u64, case: u64) -> Vec<u8> {
    let mut state = scramble(seed) ^ case;
    let mut next = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        scramble(state)
    };
    let len = next() % LONGEST;
    (0..len).map(|_| (next() >> 56) as u8).collect()
}

/// Turns neighbouring numbers into unlike ones: the finalizer of SplitMix64 (Steele, Lea and Flood,
/// "Fast Splittable Pseudorandom Number Generators", 2014).
fn scramble(number: u64) -> u64 {
    let mut mixed = number;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

fn number(variable: &str, otherwise: u64) -> u64 {
    match std::env::var(variable) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("`{variable}` is `{text}`: no number")),
        Err(_) => otherwise,
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    let digits = text.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
    digits.map(|pair| u8::from_str_radix(pair, 16).expect("two hexadecimal digits")).collect()
}
