//! The message-level double of WebSockets: the promises M1 to M11, its scripts and its verdicts.

mod assertions;
mod blocking;
mod cancelling;
mod closing;
mod concurrency;
mod connections;
mod ends;
mod handshake;
mod messages;
mod refused;
mod rules;
mod sending;
mod strict;
mod support;
mod texts;
mod waiting;
