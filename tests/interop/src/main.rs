//! The WebSocket adapter against servers that others wrote: Python's `websockets`, and Node's `ws`.
//!
//! Each test is a body over a [`Place`], and is run at all of them: with both servers, in the clear
//! and under TLS, on every runtime and for clients that block. What a server saw of a connection is
//! asked of it over another one. `README.md` has where the two differ.

mod closing;
mod handshake;
mod messages;
mod places;
mod servers;
