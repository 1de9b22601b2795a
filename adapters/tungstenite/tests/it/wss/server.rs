//! A server of rustls's and tungstenite's, on a thread of its own, for one client.

use std::fmt::Display;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tungstenite::{Message, WebSocket};
use wirescript::websocket::WebSocketRequest;
use wirescript_rustls::rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::ca::HOST;

/// How long a server waits for a client.
const PATIENCE: Duration = Duration::from_secs(20);

/// The bytes of a client, under TLS.
pub(super) type Bytes = StreamOwned<ServerConnection, TcpStream>;

/// A server that is running, and what it comes to: what its part returned, or why there was none.
pub(super) struct Server<R> {
    pub(super) request: WebSocketRequest,
    running: JoinHandle<Result<R, String>>,
}

impl<R: Send + 'static> Server<R> {
    /// Opens a WebSocket with whoever connects, and plays its part.
    pub(super) fn new(
        config: ServerConfig,
        part: impl FnOnce(&mut WebSocket<Bytes>) -> R + Send + 'static,
    ) -> Self {
        Self::of_bytes(config, |stream| {
            let mut socket = tungstenite::accept(stream).map_err(text)?;
            Ok(part(&mut socket))
        })
    }

    /// Agrees on TLS with whoever connects, and plays its part.
    pub(super) fn of_bytes(
        config: ServerConfig,
        part: impl FnOnce(Bytes) -> Result<R, String> + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind((HOST, 0)).unwrap();
        let uri = format!("wss://{}/", listener.local_addr().unwrap());
        let running = thread::spawn(move || {
            let (mut stream, _) = listener.accept().map_err(text)?;
            stream.set_read_timeout(Some(PATIENCE)).map_err(text)?;
            stream.set_write_timeout(Some(PATIENCE)).map_err(text)?;
            let mut tls = ServerConnection::new(Arc::new(config)).map_err(text)?;
            while tls.is_handshaking() {
                if let Err(error) = tls.complete_io(&mut stream) {
                    // The client hears why, whatever it has sent meanwhile.
                    let _ = tls.write_tls(&mut stream);
                    let _ = stream.shutdown(Shutdown::Write);
                    let _ = stream.read_to_end(&mut Vec::new());
                    return Err(text(error));
                }
            }
            part(StreamOwned::new(tls, stream))
        });
        Self { request: WebSocketRequest::new(uri).unwrap(), running }
    }

    /// What it has come to.
    pub(super) fn outcome(self) -> Result<R, String> {
        match self.running.join() {
            Ok(outcome) => outcome,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}

fn text(error: impl Display) -> String {
    error.to_string()
}

/// Gives messages back, and returns all that it heard, up to the end.
pub(super) fn echo(socket: &mut WebSocket<Bytes>) -> Vec<Message> {
    let mut heard = Vec::new();
    loop {
        match socket.read() {
            Ok(message) => {
                if message.is_text() || message.is_binary() {
                    socket.send(message.clone()).unwrap();
                }
                heard.push(message);
            }
            Err(tungstenite::Error::ConnectionClosed) => break,
            Err(error) => panic!("the server has heard {} messages, then {error}", heard.len()),
        }
    }
    end(socket.get_mut());
    heard
}

/// Ends the connection first, as servers do, in TLS and below.
pub(super) fn end(stream: &mut Bytes) {
    stream.conn.send_close_notify();
    stream.flush().unwrap();
    stream.sock.shutdown(Shutdown::Write).unwrap();
}
