//! [`wirescript`]'s WebSocket contracts on [tungstenite](https://docs.rs/tungstenite), over the byte
//! sockets of any runtime.
//!
//! - [`TungsteniteConnector`] opens WebSockets with a connector of byte sockets: what a client is
//!   constructed with in production.
//! - [`TungsteniteSocket`] is an open one, over any [`AsyncSocket`](wirescript::AsyncSocket).
//! - [`MaybeTlsSocket`] is what lies under it where some are encrypted.
//! - [`blocking`] has both for clients that block.
//!
//! There is no runtime here, and no TLS: whoever dials brings them. Frames, masks and the state of the
//! close are tungstenite's; the HTTP before them, and what the contract M1 to M11 asks beyond
//! tungstenite, are this crate's.

#![deny(unsafe_code)]

pub mod blocking;
mod connection;
mod connector;
mod handshake;
mod receiving;
mod socket;
mod text;
mod tls;
mod translate;
mod wakers;

pub use connector::{NoTls, TungsteniteConnector};
pub use socket::TungsteniteSocket;
pub use tls::MaybeTlsSocket;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
