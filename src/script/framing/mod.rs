//! How messages are told apart in a stream of bytes.

mod delimited;
mod length_prefix;
mod websocket;

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use bytes::Bytes;

pub use delimited::{Delimited, Lines};
pub use length_prefix::LengthPrefix;
pub use websocket::{WebSocketFrame, WebSocketFrames, accept_key, upgrade};

/// The longest payload that a framing takes if it is not told otherwise: 8 MiB.
const DEFAULT_LIMIT: usize = 8 << 20;

/// What headers and delimiters fit in, as a rule.
const LONGEST_USUAL_HEADER: usize = 16;

/// A framing: what is put around a payload, so that the other side finds its end.
///
/// [`LengthPrefix`], [`Delimited`] and [`Lines`] are framings; implement it for one of your own, and
/// hand it to [`framed`](super::SocketScript::framed). A framing is asked as the client's bytes come;
/// it has no state between calls and does no I/O.
///
/// ```
/// use wirescript::scripted::{Decoded, FrameError, Framing};
///
/// /// A frame that a byte begins and ends.
/// #[derive(Debug)]
/// struct Quoted;
///
/// impl Framing for Quoted {
///     fn encode(&self, payload: &[u8], frame: &mut Vec<u8>) -> Result<(), FrameError> {
///         if payload.contains(&b'"') {
///             return Err(FrameError::malformed("a quoted payload has no quotes"));
///         }
///         frame.push(b'"');
///         frame.extend_from_slice(payload);
///         frame.push(b'"');
///         Ok(())
///     }
///
///     fn decode(&self, bytes: &[u8]) -> Result<Decoded, FrameError> {
///         if bytes.first().is_some_and(|first| *first != b'"') {
///             return Err(FrameError::malformed("a quoted frame begins with a quote"));
///         }
///         Ok(match bytes.iter().skip(1).position(|byte| *byte == b'"') {
///             Some(len) => Decoded::Frame { payload: 1..1 + len, len: len + 2 },
///             None => Decoded::Incomplete { wants: bytes.len() + 1 },
///         })
///     }
/// }
///
/// # use wirescript::{AsyncSocketExt, Verifier, any};
/// # futures::executor::block_on(async {
/// # let verifier = Verifier::new();
/// # let net = verifier.socket();
/// let mut socket =
///     net.new_session().framed(Quoted).expect_send_frame("hi").expect_recv_frame("ho").into_socket();
/// socket.send_all(b"\"hi\"").await?;
/// # let mut reply = [0; 4];
/// # socket.recv_exact(&mut reply).await?;
/// # assert_eq!(&reply, b"\"ho\"");
/// # drop(socket); verifier.verify();
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
pub trait Framing: fmt::Debug + Send + Sync + 'static {
    /// Adds the frame around `payload` to what `frame` holds.
    ///
    /// # Errors
    ///
    /// There is no such frame: the payload is too long, or has what ends a frame. The step that
    /// wants it panics at its line.
    fn encode(&self, payload: &[u8], frame: &mut Vec<u8>) -> Result<(), FrameError>;

    /// Looks for the end of the frame that `bytes` begin with. They may have less than a frame, and
    /// more than one; they are never empty.
    ///
    /// # Errors
    ///
    /// No frame begins like this, or it would be over the limit: say so as soon as it is known, not
    /// when all of it has come. It is a violation by the client.
    fn decode(&self, bytes: &[u8]) -> Result<Decoded, FrameError>;

    /// Whether the client puts the same frame around a payload as [`encode`](Self::encode) does, so
    /// that its bytes can be compared with that. Where it does not, what it sends is decoded, and the
    /// payload compared.
    fn is_symmetric(&self) -> bool {
        true
    }
}

/// What a framing finds at the beginning of some bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decoded {
    /// No whole frame.
    Incomplete {
        /// How many bytes there have to be, at least, before it is worth looking again.
        wants: usize,
    },
    /// A frame.
    Frame {
        /// Where its payload is.
        payload: Range<usize>,
        /// How many bytes it has in all.
        len: usize,
    },
    /// A frame whose payload is not among its bytes as it is: masked, say, or compressed.
    Recovered {
        /// The payload.
        payload: Bytes,
        /// How many bytes the frame has in all.
        len: usize,
    },
}

/// Why something is no frame.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FrameError {
    /// The payload is longer than the framing takes.
    #[non_exhaustive]
    TooLong {
        /// How many bytes it has, or at least has.
        len: u64,
        /// How many bytes a payload may have.
        limit: usize,
    },
    /// It is not in the form that the framing has.
    Malformed(Cow<'static, str>),
}

impl FrameError {
    /// A payload of at least `len` bytes where `limit` are the most.
    pub fn too_long(len: u64, limit: usize) -> Self {
        Self::TooLong { len, limit }
    }

    /// Something that is not in the form that the framing has, and why.
    pub fn malformed(problem: impl Into<Cow<'static, str>>) -> Self {
        Self::Malformed(problem.into())
    }
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { len, limit } => {
                write!(f, "a payload of {len} bytes is over the limit of {limit}")
            }
            Self::Malformed(problem) => f.write_str(problem),
        }
    }
}

impl std::error::Error for FrameError {}

/// A frame that a script states: its bytes, and how many of them are before the payload.
pub(super) struct Encoded {
    pub(super) bytes: Bytes,
    pub(super) header: usize,
}

/// The frame around `payload`, or why there is none.
pub(super) fn encode(framing: &dyn Framing, payload: &[u8]) -> Result<Encoded, FrameError> {
    let mut bytes = Vec::with_capacity(payload.len() + LONGEST_USUAL_HEADER);
    framing.encode(payload, &mut bytes)?;
    if !framing.is_symmetric() {
        return Ok(Encoded { bytes: bytes.into(), header: 0 });
    }
    match framing.decode(&bytes)? {
        Decoded::Frame { payload: place, len }
            if len == bytes.len() && bytes.get(place.clone()) == Some(payload) =>
        {
            Ok(Encoded { bytes: bytes.into(), header: place.start })
        }
        _ => Err(FrameError::malformed("the framing does not decode what it encodes")),
    }
}

/// Says no to a payload of `len` bytes that is over `limit`.
fn within(limit: usize, len: u64) -> Result<(), FrameError> {
    let is_within = usize::try_from(len).is_ok_and(|len| len <= limit);
    if is_within { Ok(()) } else { Err(FrameError::too_long(len, limit)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_framing_finds_the_end_of_its_own_frames_however_they_come() {
        let framings: [&dyn Framing; 12] = [
            &LengthPrefix::u8(),
            &LengthPrefix::u16_be(),
            &LengthPrefix::u16_le(),
            &LengthPrefix::u32_be(),
            &LengthPrefix::u32_le(),
            &LengthPrefix::u64_be(),
            &LengthPrefix::u64_le(),
            &LengthPrefix::varint(),
            &Delimited::by(b"\0"),
            &Delimited::by("--end--"),
            &Lines::lf(),
            &Lines::crlf(),
        ];
        for framing in framings {
            for len in [0, 1, 2, 127, 128, 200] {
                let expected = vec![b'-'; len];
                let mut bytes = Vec::new();
                framing.encode(&expected, &mut bytes).unwrap();
                let whole = bytes.len();
                bytes.extend_from_slice(b"and more\n");
                let mut wanted = 1;
                for end in 1..=bytes.len() {
                    match framing.decode(&bytes[..end]).unwrap() {
                        Decoded::Incomplete { wants } => {
                            assert!(end < whole, "{framing:?} misses the end of its frame");
                            assert!(wants > end && wants <= whole, "{framing:?}: {wants} at {end}");
                            wanted = wants;
                        }
                        Decoded::Recovered { .. } => panic!("{framing:?} changes its payload"),
                        Decoded::Frame { payload, len } => {
                            assert!(end >= whole && wanted <= end, "{framing:?} ends at {end}");
                            assert_eq!((&bytes[payload], len), (&expected[..], whole));
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn a_limit_is_said_before_the_payload_has_come() {
        let header = u64::MAX.to_be_bytes();
        assert_eq!(
            LengthPrefix::u64_be().decode(&header),
            Err(FrameError::TooLong { len: u64::MAX, limit: DEFAULT_LIMIT })
        );
        assert_eq!(
            LengthPrefix::u16_be().limit(9).decode(&[0, 10]),
            Err(FrameError::TooLong { len: 10, limit: 9 })
        );
        assert_eq!(
            Lines::lf().limit(3).decode(b"abcd"),
            Err(FrameError::TooLong { len: 4, limit: 3 })
        );
        assert!(Lines::crlf().limit(3).decode(b"abc\r\n").is_ok());
        assert!(Lines::crlf().limit(3).decode(b"abc\r").is_ok());
    }

    #[test]
    fn what_cannot_be_framed_says_why() {
        let mut frame = Vec::new();
        assert!(LengthPrefix::u8().encode(&[0; 255], &mut frame).is_ok());
        assert_eq!(
            LengthPrefix::u8().encode(&[0; 256], &mut frame),
            Err(FrameError::TooLong { len: 256, limit: 255 })
        );
        assert!(matches!(Lines::lf().encode(b"a\nb", &mut frame), Err(FrameError::Malformed(_))));
        // The delimiter would be found before its place.
        assert!(Delimited::by("aa").encode(b"ba", &mut frame).is_err());
        assert!(Delimited::by("\r\n").encode(b"b\r", &mut frame).is_ok());
        assert!(matches!(
            LengthPrefix::varint().decode(&[0xff; 10]),
            Err(FrameError::Malformed(_))
        ));
    }
}
