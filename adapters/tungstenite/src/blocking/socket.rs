//! The open WebSocket of a client that blocks.

use std::fmt;
use std::io::{self, ErrorKind, Read, Write};
use std::task::Poll;

use wirescript::blocking::{Socket, SocketExt, WebSocket};
use wirescript::websocket::{CloseFrame, Handshake, Message, WebSocketError, WebSocketRequest};

use crate::connection::Connection;
use crate::handshake::{Opening, READ};

/// The client's side of a WebSocket over a byte socket that blocks.
///
/// It keeps the contract of [`WebSocket`] over whatever keeps that of [`Socket`].
///
/// Dropping it drops the byte socket, without a close.
pub struct TungsteniteSocket<S> {
    connection: Connection,
    inner: S,
}

impl<S: Socket> TungsteniteSocket<S> {
    /// Opens a WebSocket over a byte socket that is connected already. See the
    /// [async one](crate::TungsteniteSocket::client).
    ///
    /// # Errors
    ///
    /// Those of the async one.
    pub fn client(mut inner: S, request: &WebSocketRequest) -> Result<Self, WebSocketError> {
        let mut opening = Opening::new(request);
        inner.send_all(opening.request())?;
        let mut buf = [0; READ];
        let mut opened = loop {
            let came = match inner.recv(&mut buf) {
                Ok(0) => return Err(opening.end()),
                Ok(len) => opening.receive(&buf[..len])?,
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Err(opening.end()),
                Err(error) => return Err(opening.refused().unwrap_or(error.into())),
            };
            if let Some(opened) = came {
                break opened;
            }
        };
        opened.handshake = opened.handshake.with_info(inner.info().clone());
        Ok(Self { connection: Connection::new(opened, request), inner })
    }
}

impl<S> TungsteniteSocket<S> {
    /// The byte socket.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    /// The byte socket, to be changed. What is read from it or written to it breaks the WebSocket.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// Takes the byte socket out. What has been read of it and not received is lost, as is what was
    /// sent and timed out.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S: Socket> WebSocket for TungsteniteSocket<S> {
    fn handshake(&self) -> &Handshake {
        self.connection.handshake()
    }

    fn receive(&mut self) -> Result<Option<Message>, WebSocketError> {
        waited(self.connection.receive(Patient(&mut self.inner)).map(Ok))?.transpose()
    }

    fn send(&mut self, message: Message) -> Result<(), WebSocketError> {
        // Queued even if there is no room: one that timed out is one that was taken.
        waited(self.connection.send(Patient(&mut self.inner), message))
    }

    fn close(&mut self, frame: Option<CloseFrame>) -> Result<(), WebSocketError> {
        if let Some(frame) = &frame {
            frame.check()?;
        }
        waited(self.connection.close(Patient(&mut self.inner), frame))
    }
}

/// What is pending on a socket that blocks has run into its timeout (M11).
fn waited<T>(polled: Poll<Result<T, WebSocketError>>) -> Result<T, WebSocketError> {
    match polled {
        Poll::Ready(result) => result,
        Poll::Pending => Err(io::Error::from(ErrorKind::TimedOut).into()),
    }
}

impl<S: fmt::Debug> fmt::Debug for TungsteniteSocket<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TungsteniteSocket")
            .field("inner", &self.inner)
            .field("handshake", self.connection.handshake())
            .finish_non_exhaustive()
    }
}

/// A byte socket of which a timeout is nothing that ends the connection: tungstenite keeps what it
/// has where something would block, and only there.
struct Patient<'a, S>(&'a mut S);

fn patiently<T>(result: io::Result<T>) -> io::Result<T> {
    result.map_err(|error| match error.kind() {
        ErrorKind::TimedOut => ErrorKind::WouldBlock.into(),
        _ => error,
    })
}

impl<S: Socket> Read for Patient<'_, S> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        patiently(self.0.read(buf))
    }
}

impl<S: Socket> Write for Patient<'_, S> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        match patiently(self.0.write(buf)) {
            // tungstenite would call it a reset.
            Ok(0) if !buf.is_empty() => Err(ErrorKind::WriteZero.into()),
            result => result,
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        patiently(self.0.flush())
    }
}
