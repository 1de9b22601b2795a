//! [`wirescript`]'s transport contracts on tokio, and tokio's traits on any wirescript socket.
//!
//! - [`TokioConnector`] opens connections over TCP and Unix domain sockets: what a client is
//!   constructed with in production.
//! - [`TokioSocket`] makes an [`AsyncSocket`](wirescript::AsyncSocket) of a tokio stream.
//! - [`IntoTokio`] makes a tokio stream of an `AsyncSocket`, for libraries that are written for
//!   tokio.
//! - [`TokioTimer`] sleeps on tokio's clock.
//!
//! This crate translates and decides nothing: what a socket promises is written at
//! [`AsyncSocket`](wirescript::AsyncSocket), and where tokio differs, a comment says so.

#![forbid(unsafe_code)]

mod connector;
mod into_tokio;
mod socket;
mod stream;
mod timer;

pub use connector::TokioConnector;
pub use into_tokio::IntoTokio;
pub use socket::TokioSocket;
pub use stream::TokioStream;
pub use timer::TokioTimer;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
