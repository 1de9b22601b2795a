//! What the benches run, and the harness that compares it.
//!
//! `compare` interleaves a subject with its reference and gives the ratio; `session`, `stream`,
//! `scale`, `adapters` and `websocket` are the rows. Absolute times belong to a machine, ratios of one run
//! to the code.

pub mod adapters;
pub mod compare;
pub mod scale;
pub mod session;
pub mod stream;
pub mod websocket;
