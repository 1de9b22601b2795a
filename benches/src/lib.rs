//! What the benches run, and the harness that compares it.
//!
//! `compare` sets a subject beside its reference and gives the ratio of their `turns`; `session`,
//! `stream`, `scale`, `adapters` and `websocket` are the rows; `cores` keeps them to one. Absolute
//! times belong to a machine, ratios of one run to the code.

pub mod adapters;
pub mod compare;
pub mod cores;
pub mod scale;
pub mod session;
pub mod stream;
mod turns;
pub mod websocket;
