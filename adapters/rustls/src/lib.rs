//! TLS over any of [`wirescript`]'s sockets, on [`rustls`].
//!
//! - [`TlsConnector`] wraps a connector and is one itself: what a client is constructed with where
//!   its peer speaks TLS.
//! - [`TlsSocket`] is a connection under TLS, and an [`AsyncSocket`](wirescript::AsyncSocket) over
//!   any other.
//! - [`TlsError`] is why there is no TLS, with rustls's own error as its source.
//! - [`blocking`] has the same for clients that block.
//!
//! There is no runtime here: the socket below brings it, or is a scripted double. Certificates are
//! always verified. What a socket promises is written at [`AsyncSocket`](wirescript::AsyncSocket);
//! where TLS adds to it, [`TlsSocket`] says so.

#![forbid(unsafe_code)]

pub mod blocking;
mod config;
mod connector;
mod engine;
mod error;
mod socket;

pub use connector::TlsConnector;
pub use error::TlsError;
pub use rustls;
pub use socket::TlsSocket;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
