//! The state of an open WebSocket, whoever moves its bytes.
//!
//! tungstenite has the frames and the state of the close. This adds what the contract M1 to M11 asks
//! beyond that, and knows neither wakers nor threads: what has to wait would block.

use std::io::{self, ErrorKind, Read, Write};
use std::task::Poll;

use tungstenite::Error;
use tungstenite::protocol::{Role, WebSocketConfig, WebSocketContext};
use wirescript::websocket::{
    CloseFrame, Handshake, Message, ProtocolError, WebSocketError, WebSocketRequest,
};

use crate::handshake::Opened;
use crate::receiving::{Receiving, ends_reading};
use crate::translate;

/// How much is read at once. tungstenite clears this much memory before each read, and a message
/// that is kept keeps as much.
const READ: usize = 16 * 1024;
/// From how many bytes on a message that is queued is written, and has to wait if it cannot be (M9).
const QUEUE: usize = 128 * 1024;
/// How many bytes may be queued for answers to pings to be added. The last one is kept beside them.
const ANSWERS: usize = 2 * QUEUE;

/// An open WebSocket without its socket.
#[derive(Debug)]
pub(crate) struct Connection {
    context: WebSocketContext,
    handshake: Handshake,
    /// How large a message may be.
    limit: usize,
    /// The stream is at its end (M7).
    has_ended: bool,
    /// What was queued could not be written, and nothing more is taken before it is (M9).
    is_full: bool,
    /// A flush was begun and has not come to its end; whoever comes next goes on with it.
    is_flushing: bool,
    /// Answers are bounded because those before them could not be written.
    is_bounded: bool,
    /// What a write of the stream's failed with, and nobody was told.
    failure: Option<io::Error>,
}

impl Connection {
    /// The client's side of what was opened.
    pub(crate) fn new(opened: Opened, request: &WebSocketRequest) -> Self {
        let limit = request.max_message_size();
        // A frame that is larger than any message is refused before it is read. Control frames are
        // no messages.
        let max_frame = request.max_frame_size().min(limit.max(Message::MAX_CONTROL));
        let config = WebSocketConfig::default()
            .read_buffer_size(READ)
            .write_buffer_size(QUEUE)
            .max_message_size(Some(limit))
            .max_frame_size(Some(max_frame));
        Self {
            context: WebSocketContext::from_partially_read(opened.rest, Role::Client, Some(config)),
            handshake: opened.handshake,
            limit,
            has_ended: false,
            is_full: false,
            is_flushing: false,
            is_bounded: false,
            failure: None,
        }
    }

    pub(crate) fn handshake(&self) -> &Handshake {
        &self.handshake
    }

    /// The next item of the stream.
    pub(crate) fn receive(
        &mut self,
        io: impl Read + Write,
    ) -> Poll<Option<Result<Message, WebSocketError>>> {
        if self.has_ended {
            return Poll::Ready(None);
        }
        let mut io = Receiving::new(io, &mut self.failure);
        if self.is_flushing && self.context.flush(&mut io).is_ok() {
            (self.is_flushing, self.is_full) = (false, false);
        }
        let read = self.context.read(&mut io);
        let is_write_blocked = io.is_write_blocked;
        if is_write_blocked != self.is_bounded {
            self.bound_answers(is_write_blocked);
        }
        let item = match read {
            Ok(message) => match translate::received(message) {
                Some(message) => return Poll::Ready(Some(Ok(message))),
                None => Some(WebSocketError::Protocol(ProtocolError::Other)),
            },
            Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => {
                match self.failure.take_if(|failure| !ends_reading(failure)) {
                    Some(failure) => Some(failure.into()),
                    None => return Poll::Pending,
                }
            }
            Err(Error::ConnectionClosed | Error::AlreadyClosed) => None,
            Err(error) => Some(match translate::error(error, self.limit) {
                // The reset was told to a write of ours, and its end is what reads see of it (C5).
                WebSocketError::AbnormalClosure => match self.failure.take() {
                    Some(failure) if failure.kind() != ErrorKind::BrokenPipe => failure.into(),
                    _ => WebSocketError::AbnormalClosure,
                },
                error => error,
            }),
        };
        self.has_ended = true;
        Poll::Ready(item.map(Err))
    }

    /// Whether there is room for another message (M9).
    pub(crate) fn poll_room(&mut self, io: impl Read + Write) -> Poll<Result<(), WebSocketError>> {
        if self.is_full { self.flush(io) } else { Poll::Ready(Ok(())) }
    }

    /// Queues a message.
    pub(crate) fn queue(
        &mut self,
        mut io: impl Read + Write,
        message: Message,
    ) -> Result<(), WebSocketError> {
        let message = translate::sent(message)?;
        if self.is_bounded {
            self.bound_answers(false);
        }
        match self.context.write(&mut io, message) {
            Ok(()) => Ok(()),
            Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => {
                self.is_full = true;
                Ok(())
            }
            Err(error) => Err(self.failed(error)),
        }
    }

    /// Queues a message, whether there is room or not, and writes all that is queued.
    pub(crate) fn send(
        &mut self,
        mut io: impl Read + Write,
        message: Message,
    ) -> Poll<Result<(), WebSocketError>> {
        self.queue(&mut io, message)?;
        if self.is_full {
            // It has been tried.
            self.is_flushing = true;
            return Poll::Pending;
        }
        self.flush(io)
    }

    /// Writes all that is queued.
    pub(crate) fn flush(&mut self, mut io: impl Read + Write) -> Poll<Result<(), WebSocketError>> {
        let flushed = self.context.flush(&mut io);
        self.flushed(flushed)
    }

    /// Queues a close, unless either side has closed, and writes all that is queued.
    pub(crate) fn close(
        &mut self,
        mut io: impl Read + Write,
        frame: Option<CloseFrame>,
    ) -> Poll<Result<(), WebSocketError>> {
        if self.is_bounded {
            self.bound_answers(false);
        }
        let closed = self.context.close(&mut io, frame.map(translate::closing));
        match self.flushed(closed) {
            // There is nobody left to close to, and whoever sends is told (M4).
            Poll::Ready(Err(WebSocketError::Io(error)))
                if error.kind() == ErrorKind::BrokenPipe =>
            {
                Poll::Ready(Ok(()))
            }
            closed => closed,
        }
    }

    fn flushed(&mut self, result: Result<(), Error>) -> Poll<Result<(), WebSocketError>> {
        match result {
            Ok(()) | Err(Error::ConnectionClosed) => {
                (self.is_flushing, self.is_full) = (false, false);
                Poll::Ready(Ok(()))
            }
            Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => {
                self.is_flushing = true;
                Poll::Pending
            }
            // The peer has closed, and does not want to hear our answer.
            Err(Error::Io(error)) if !self.context.can_read() && ends_reading(&error) => {
                Poll::Ready(Ok(()))
            }
            Err(error) => Poll::Ready(Err(self.failed(error))),
        }
    }

    /// The error of a write. If one before it is still to be told, that is the one.
    fn failed(&mut self, error: Error) -> WebSocketError {
        match error {
            Error::Io(error) => self.failure.take().unwrap_or(error).into(),
            error => translate::error(error, self.limit),
        }
    }

    /// A peer that pings and does not read may not have us queue answers without end; a message of
    /// ours is queued whatever its size.
    fn bound_answers(&mut self, is_bounded: bool) {
        let bound = if is_bounded { ANSWERS } else { usize::MAX };
        self.context.set_config(|config| config.max_write_buffer_size = bound);
        self.is_bounded = is_bounded;
    }
}
