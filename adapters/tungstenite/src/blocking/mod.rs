//! The same for clients that block.

mod connector;
mod socket;
mod tls;

pub use connector::TungsteniteConnector;
pub use socket::TungsteniteSocket;
pub use tls::MaybeTlsSocket;
