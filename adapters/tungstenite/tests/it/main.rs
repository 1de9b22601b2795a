//! What the adapter promises, on every runtime, over real sockets and over scripts. M1 to M11 are the
//! numbers of the contract at `wirescript::WebSocketTransport`.
//!
//! Nothing here sleeps to wait for something: a test looks until what it waits for can be seen.

mod any_bytes;
mod anything;
mod blocking;
mod connecting;
mod edges;
mod over_scripts;
mod promises;
mod random;
mod real;
mod scripted;
mod wss;
