//! The contracts for clients that block: the same promises, kept by threads.
//!
//! The names are those of the async contracts; a client uses one set of them or the other.

mod connect;
mod ext;
mod forward;
mod socket;
mod websocket;

pub use connect::{BoxConnector, Connect};
pub use ext::SocketExt;
pub use socket::{BoxSocket, Socket};
pub use websocket::{
    BoxWebSocket, BoxWebSocketConnector, WebSocket, WebSocketConnect, WebSocketExt,
};
