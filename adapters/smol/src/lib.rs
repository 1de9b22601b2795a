//! [`wirescript`]'s transport contracts on smol's networking: async-net and async-io.
//!
//! - [`SmolConnector`] opens connections over TCP and Unix domain sockets: what a client is
//!   constructed with in production.
//! - [`SmolSocket`] makes an [`AsyncSocket`](wirescript::AsyncSocket) of a stream of async-net, or
//!   of any other that has the traits of `futures`.
//! - [`SmolTimer`] sleeps on async-io's clock.
//!
//! They need no executor of smol's, nor any other: async-io has a thread of its own that wakes.
//!
//! This crate translates and decides nothing: what a socket promises is written at
//! [`AsyncSocket`](wirescript::AsyncSocket), and where smol differs, a comment says so.

#![forbid(unsafe_code)]

mod connector;
mod socket;
mod stream;
mod timer;

pub use connector::SmolConnector;
pub use socket::SmolSocket;
pub use stream::SmolStream;
pub use timer::SmolTimer;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
