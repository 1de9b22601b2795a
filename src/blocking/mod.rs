//! For clients that block: the contracts, and the standard library's sockets behind them.
//!
//! [`Connect`] opens a [`Socket`], [`SocketExt`] has the verbs: the names and promises of the async
//! contracts, kept by threads. [`StdConnector`] is what a client is constructed with in production,
//! a scripted connector in a test.
//!
//! What dials lives here, outside `transport`, which only says what is promised.

mod connector;
mod socket;
mod stream;

pub use self::connector::StdConnector;
pub use self::socket::StdSocket;
pub use self::stream::StdStream;
pub use crate::transport::blocking::{BoxConnector, BoxSocket, Connect, Socket, SocketExt};
