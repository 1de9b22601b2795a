//! A test CA, a server of rustls's, and the peer of the promises made of one.

mod both;
mod ca;
mod peer;
mod serve;

pub(crate) use both::{Both, refused};
pub(crate) use ca::{Ca, Identity, SERVER, server_name};
pub(crate) use peer::{TlsPeer, TlsPeers};
pub(crate) use serve::{Agreed, echo, serve};
