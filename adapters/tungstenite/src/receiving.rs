//! What a receiver does with a write that fails.

use std::io::{self, ErrorKind, Read, Write};

use wirescript::{ErrorClass, classify};

/// A socket as tungstenite has it while it receives.
///
/// It writes answers then, and gives up reading if that fails, although what was received before it
/// has not been read. So here such a write would block, and what it failed with is kept: what has
/// come is received first, as a byte socket has it (C5), and then the end.
#[derive(Debug)]
pub(crate) struct Receiving<'f, I> {
    io: I,
    failure: &'f mut Option<io::Error>,
    pub(crate) is_write_blocked: bool,
}

impl<'f, I> Receiving<'f, I> {
    pub(crate) fn new(io: I, failure: &'f mut Option<io::Error>) -> Self {
        Self { io, failure, is_write_blocked: false }
    }

    fn kept<T>(&mut self, result: io::Result<T>) -> io::Result<T> {
        result.map_err(|error| {
            if error.kind() != ErrorKind::WouldBlock {
                // What comes later is but the consequence.
                self.failure.get_or_insert(error);
            }
            self.is_write_blocked = true;
            ErrorKind::WouldBlock.into()
        })
    }
}

impl<I: Read> Read for Receiving<'_, I> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self.io.read(buf) {
            // TLS that ended and did not say so. Whether that was too early, the closes tell (M6).
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(0),
            result => result,
        }
    }
}

impl<I: Write> Write for Receiving<'_, I> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let result = self.io.write(buf);
        self.kept(result)
    }

    fn flush(&mut self) -> io::Result<()> {
        let result = self.io.flush();
        self.kept(result)
    }
}

/// Whether reads will come to an end after a write has failed with this (C4, C5).
pub(crate) fn ends_reading(failure: &io::Error) -> bool {
    matches!(classify(failure), ErrorClass::Reset | ErrorClass::BrokenPipe)
}
