//! The scripted doubles: transports whose peer is a script.
//!
//! They translate the contracts of `transport` into calls of `session` and back. They decide
//! nothing.

mod blocking;
mod blocking_websocket;
mod connecting;
mod connector;
mod cut;
mod delay;
mod line;
mod session;
mod socket;
mod websocket;
mod websocket_connector;

pub use blocking::BlockingScriptedSocket;
pub use blocking_websocket::BlockingScriptedWebSocket;
pub use connector::Scripted;
pub use session::Session;
pub use socket::ScriptedSocket;
pub use websocket::ScriptedWebSocket;
