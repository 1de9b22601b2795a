//! A slow, obvious reference for byte sockets, and what compares it with the machine.
//!
//! `script` is a case as data, `dice` and `random` make cases of bytes, `code` prints them. `rules`,
//! `model` and `verdict` are the reference: they name nothing of the crate. `build` and `play` do the
//! same with the real thing, `text` has the words that both are compared in, and `compare` and
//! `shrink` do that. Tests and fuzzing share all of it.

pub(crate) mod build;
pub(crate) mod code;
pub(crate) mod compare;
pub(crate) mod dice;
pub(crate) mod model;
pub(crate) mod play;
pub(crate) mod quiet;
pub(crate) mod random;
pub(crate) mod rules;
pub(crate) mod script;
pub(crate) mod shrink;
pub(crate) mod text;
pub(crate) mod verdict;

use compare::{Agreement, Difference, compare};

/// Makes a case of the bytes and compares machine and model on it.
pub(crate) fn check(bytes: &[u8]) -> Result<Agreement, Box<Difference>> {
    compare(&random::case(bytes))
}
