//! TLS for clients that block: the same promises, kept by threads.
//!
//! The connector is the same: over a connector of blocking sockets it is one itself.
//!
//! ```
//! use std::io;
//! use wirescript::Endpoint;
//! use wirescript::blocking::{Connect, SocketExt, StdConnector};
//! use wirescript_rustls::blocking::TlsConnector;
//!
//! fn fetch_status(server: &Endpoint) -> io::Result<Vec<u8>> {
//!     let mut socket = TlsConnector::new(StdConnector::new()).connect(server)?;
//!     socket.send_all(b"STATUS\r\n")?;
//!     socket.shutdown()?;
//!     socket.recv_to_end(4096)
//! }
//! # use wirescript::blocking::Socket;
//! ```

mod socket;

use std::io;

use wirescript::Endpoint;
use wirescript::blocking::Connect;

pub use self::socket::TlsSocket;
pub use crate::TlsConnector;

impl<C: Connect> Connect for TlsConnector<C> {
    type Socket = TlsSocket<C::Socket>;

    fn connect(&self, to: &Endpoint) -> io::Result<Self::Socket> {
        let engine = self.engine(to)?;
        TlsSocket::agree(self.inner.connect(to)?, engine)
    }
}
