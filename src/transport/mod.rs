//! The contracts: what a client may ask of a transport, and what every transport promises.
//!
//! This module owns traits and plain data. It names no runtime, no script and nothing else of
//! this crate; adapters and doubles implement it from outside.

pub mod blocking;
mod classify;
mod connect;
mod endpoint;
mod ext;
mod forward;
mod info;
mod late_info;
mod socket;
mod timer;
pub mod websocket;

pub use classify::{ErrorClass, classify};
pub use connect::{BoxConnector, Connect, ConnectFn, connect_fn};
pub use endpoint::{Endpoint, InvalidEndpoint};
pub use ext::AsyncSocketExt;
pub use info::SocketInfo;
pub use late_info::LateInfo;
pub use socket::{AsyncSocket, BoxSocket};
pub use timer::Timer;
