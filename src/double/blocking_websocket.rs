//! The scripted WebSocket for threads.

use std::fmt;
use std::sync::Arc;

use super::ScriptedWebSocket;
use crate::session::{Shared, block_on};
use crate::transport::blocking::WebSocket;
use crate::transport::websocket::{CloseFrame, Handshake, Message, WebSocketError};

/// An open WebSocket whose peer is a script, for a client that blocks.
///
/// It keeps the contract of [`blocking::WebSocket`](crate::blocking::WebSocket). What has to wait
/// blocks its thread until the script goes on, or until the verifier's patience has run out.
pub struct BlockingScriptedWebSocket(ScriptedWebSocket);

impl BlockingScriptedWebSocket {
    pub(super) fn new(socket: ScriptedWebSocket) -> Self {
        Self(socket)
    }

    /// A WebSocket that never had to connect.
    pub(crate) fn connected(shared: Arc<Shared>, session: usize) -> Self {
        Self(ScriptedWebSocket::connected(shared, session))
    }
}

impl WebSocket for BlockingScriptedWebSocket {
    fn handshake(&self) -> &Handshake {
        self.0.handshake()
    }

    fn receive(&mut self) -> Result<Option<Message>, WebSocketError> {
        block_on(|cx| self.0.poll_receive(cx)).transpose()
    }

    fn send(&mut self, message: Message) -> Result<(), WebSocketError> {
        self.0.queue(message)?;
        block_on(|cx| self.0.poll_sent(cx))
    }

    fn close(&mut self, frame: Option<CloseFrame>) -> Result<(), WebSocketError> {
        if let Some(frame) = &frame {
            self.0.check_close(frame)?;
        }
        block_on(|cx| self.0.poll_closed(&frame, cx))
    }
}

impl fmt::Debug for BlockingScriptedWebSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlockingScriptedWebSocket")
            .field("session", &self.0.number())
            .field("handshake", self.0.handshake())
            .finish_non_exhaustive()
    }
}
