//! [`wirescript`]'s transport contracts on async-std.
//!
//! **Deprecated from the first day**, because async-std is discontinued and recommends smol: prefer
//! `wirescript-smol`, which runs on any executor, async-std's included. This crate is for what has
//! not left async-std yet. It is complete, and nothing in it is `#[deprecated]`: a warning at each
//! use would tell nobody anything who has not chosen async-std already.
//!
//! - [`AsyncStdConnector`] opens connections over TCP and Unix domain sockets: what a client is
//!   constructed with in production.
//! - [`AsyncStdSocket`] makes an [`AsyncSocket`](wirescript::AsyncSocket) of a stream of async-std.
//! - [`CloseWrite`] is what a stream needs for that, besides the traits of `futures`.
//! - [`AsyncStdTimer`] sleeps on async-std's clock.
//!
//! This crate translates and decides nothing: what a socket promises is written at
//! [`AsyncSocket`](wirescript::AsyncSocket), and where async-std differs, a comment says so.

#![forbid(unsafe_code)]

mod connector;
mod socket;
mod stream;
mod timer;

pub use connector::AsyncStdConnector;
pub use socket::{AsyncStdSocket, CloseWrite};
pub use stream::AsyncStdStream;
pub use timer::AsyncStdTimer;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
