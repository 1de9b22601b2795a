//! The WebSocket contract: messages instead of bytes, with a handshake before and a close after.
//!
//! Terms are those of RFC 6455. What goes over a wire as frames is the business of an adapter; a
//! scripted double has none.

mod close;
mod connect;
mod error;
mod ext;
mod forward;
mod handshake;
mod message;
mod request;
mod text;
mod transport;

pub use close::{CloseCode, CloseFrame};
pub use connect::{BoxWebSocketConnector, WebSocketConnect, WebSocketConnectExt};
pub use error::{HandshakeError, InvalidMessage, ProtocolError, WebSocketError};
pub use ext::WebSocketExt;
pub use handshake::Handshake;
pub use message::Message;
pub use request::{InvalidRequest, WebSocketRequest};
pub use text::Text;
pub use transport::{BoxWebSocket, WebSocketTransport};
