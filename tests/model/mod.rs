//! A slow, obvious reference for byte sockets, and what compares it with the machine.
//!
//! `script` is a case as data, `dice` and `random` make cases of bytes, `code` prints them. `rules`
//! (what can be written), `facts`, `model`, `writes`, `refuse` and `verdict` are the reference: they
//! name nothing of the crate. `build` and `play` do the same with the real thing, `text` has the words
//! that both are compared in, and `compare` does that. Tests and fuzzing share all of it.
//!
//! What the language gains comes in here so: a step, a pattern or a rule is a case of
//! `script::What`, `script::Value` or a list beside the steps; `random` makes it, `code` and `build`
//! write it, `rules` says where it can stand, and `writes::taker` or `facts::said_next` what it does.

mod build;
mod code;
pub(crate) mod compare;
mod dice;
mod facts;
mod model;
mod play;
mod quiet;
pub(crate) mod random;
mod refuse;
mod rules;
mod script;
mod text;
mod verdict;
mod writes;

use compare::{Agreement, Difference, compare};

/// Makes a case of the bytes and compares machine and model on it.
pub(crate) fn check(bytes: &[u8]) -> Result<Agreement, Box<Difference>> {
    compare(&random::case(bytes))
}
