//! Frames that end with a delimiter.

use bytes::Bytes;

use super::{DEFAULT_LIMIT, Decoded, FrameError, Framing, within};
use crate::script::IntoBytes;

/// A frame is a payload and the delimiter that ends it, which no payload has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delimited {
    delimiter: Bytes,
    limit: usize,
}

impl Delimited {
    /// Frames that `delimiter` ends.
    ///
    /// # Panics
    ///
    /// At this line: if `delimiter` is empty.
    #[track_caller]
    pub fn by(delimiter: impl IntoBytes) -> Self {
        let delimiter = delimiter.into_bytes();
        assert!(!delimiter.is_empty(), "`Delimited::by` wants a delimiter of at least one byte");
        Self { delimiter, limit: DEFAULT_LIMIT }
    }

    /// The same, for payloads of at most `limit` bytes; 8 MiB, if it is not given.
    #[must_use = "returns the framing with that limit"]
    pub fn limit(self, limit: usize) -> Self {
        Self { limit, ..self }
    }

    fn find(&self, bytes: &[u8]) -> Option<usize> {
        bytes.windows(self.delimiter.len()).position(|window| window == self.delimiter)
    }
}

impl Framing for Delimited {
    fn encode(&self, payload: &[u8], frame: &mut Vec<u8>) -> Result<(), FrameError> {
        within(self.limit, payload.len() as u64)?;
        let start = frame.len();
        frame.extend_from_slice(payload);
        frame.extend_from_slice(&self.delimiter);
        if self.find(&frame[start..]) != Some(payload.len()) {
            frame.truncate(start);
            return Err(FrameError::malformed("the payload has the delimiter in it"));
        }
        Ok(())
    }

    fn decode(&self, bytes: &[u8]) -> Result<Decoded, FrameError> {
        match self.find(bytes) {
            Some(len) => {
                within(self.limit, len as u64)?;
                Ok(Decoded::Frame { payload: 0..len, len: len + self.delimiter.len() })
            }
            None => {
                // All but a delimiter that is still to be completed is payload.
                let ends_alike = |len: &usize| bytes.ends_with(&self.delimiter[..*len]);
                let begun = (0..self.delimiter.len()).rev().find(ends_alike).unwrap_or(0);
                within(self.limit, (bytes.len() - begun) as u64)?;
                let wants = bytes.len() + self.delimiter.len() - begun;
                Ok(Decoded::Incomplete { wants: earlier(wants, bytes.len(), self.limit) })
            }
        }
    }
}

/// A frame is a line: text that a line feed ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lines {
    lines: Delimited,
    ends_with_crlf: bool,
    limit: usize,
}

impl Lines {
    /// Lines that end with `\n`. Of a line that the client ends with `\r\n`, the `\r` is no payload
    /// either, as with [`BufRead::lines`](std::io::BufRead::lines).
    pub fn lf() -> Self {
        Self::ending(Delimited::by("\n"), false)
    }

    /// Lines that end with `\r\n`, and with nothing less.
    pub fn crlf() -> Self {
        Self::ending(Delimited::by("\r\n"), true)
    }

    fn ending(end: Delimited, ends_with_crlf: bool) -> Self {
        Self { lines: end.limit(usize::MAX), ends_with_crlf, limit: DEFAULT_LIMIT }
    }

    /// The same, for lines of at most `limit` bytes without their end; 8 MiB, if it is not given.
    #[must_use = "returns the framing with that limit"]
    pub fn limit(self, limit: usize) -> Self {
        Self { limit, ..self }
    }
}

impl Framing for Lines {
    fn encode(&self, payload: &[u8], frame: &mut Vec<u8>) -> Result<(), FrameError> {
        within(self.limit, payload.len() as u64)?;
        if !self.ends_with_crlf && payload.ends_with(b"\r") {
            return Err(FrameError::malformed("the payload ends as a line does"));
        }
        self.lines.encode(payload, frame)
    }

    fn decode(&self, bytes: &[u8]) -> Result<Decoded, FrameError> {
        let without_cr = |line: &[u8]| line.len() - usize::from(line.ends_with(b"\r"));
        let mut decoded = self.lines.decode(bytes)?;
        let len = match &mut decoded {
            Decoded::Incomplete { wants } => {
                *wants = earlier(*wants, bytes.len(), self.limit);
                without_cr(bytes)
            }
            Decoded::Frame { payload, .. } => {
                if !self.ends_with_crlf {
                    payload.end = without_cr(&bytes[payload.clone()]);
                }
                payload.end
            }
            Decoded::Recovered { .. } => unreachable!("a line is among its bytes"),
        };
        within(self.limit, len as u64)?;
        Ok(decoded)
    }
}

/// When to look again behind `come` bytes: where a frame may end, or be over the limit.
fn earlier(end: usize, come: usize, limit: usize) -> usize {
    end.min(limit.max(come).saturating_add(1))
}
