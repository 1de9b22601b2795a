//! A slow, obvious reference for byte sockets, and what compares it with the machine.
//!
//! `script` is a case as data, `dice` and `random` make cases of bytes, `code` prints them. `written`
//! (what can be written), `facts`, `model`, `writes`, `parts`, `frames`, `replies`, `refuse` and
//! `verdict` are the reference: they name nothing of the crate. `build` and `play` do the same with the real thing, `text` has the words
//! that both are compared in, and `compare` does that. Tests and fuzzing share all of it.
//!
//! What the language gains comes in here so: a step or a rule is a case of `script::What`, a pattern
//! one of `script::Value`; `random` makes it, `code` and `build` write it, `written` says where it can
//! stand, and `writes::taker` or `facts::said_next` what it does.

mod build;
mod code;
pub(crate) mod compare;
mod dice;
mod facts;
mod frames;
mod model;
mod parts;
mod play;
mod quiet;
pub(crate) mod random;
mod refuse;
mod replies;
mod script;
mod text;
mod verdict;
mod writes;
mod written;

use compare::{Agreement, Difference, compare};

/// Makes a case of the bytes and compares machine and model on it.
pub(crate) fn check(bytes: &[u8]) -> Result<Agreement, Box<Difference>> {
    compare(&random::case(bytes))
}
