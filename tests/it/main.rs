//! The promises of wirescript, each a test that is named after what it says.

mod probe;
mod promises;
mod support;
mod witness;

mod assertions;
mod blocking;
mod bytes;
mod concurrency;
mod connectors;
mod conversation;
mod dead_ends;
mod edges;
mod endpoints;
mod faults;
mod frames;
mod framing;
mod in_poll;
mod parts;
mod pieces;
mod replies;
mod sessions;
mod stamped;
mod stamped_blocking;
#[cfg(unix)]
mod stamped_unix;
mod stamped_websocket;
mod std_sockets;
mod stuttering;
mod texts;
mod then;
mod tidy;
mod times;
mod verdicts;
mod waiting;
mod websocket;
mod websocket_frames;
