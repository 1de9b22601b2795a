//! Frames that begin with the length of their payload.

use super::{DEFAULT_LIMIT, Decoded, FrameError, Framing, within};

/// How many bytes a varint of 64 bits has at most.
const LONGEST_VARINT: usize = 10;

/// A frame is the length of its payload, in bytes, and the payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LengthPrefix {
    header: Header,
    limit: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Header {
    BigEndian(usize),
    LittleEndian(usize),
    Varint,
}

macro_rules! fixed {
    ($($(#[$doc:meta])* $name:ident: $header:expr;)+) => {$(
        $(#[$doc])*
        pub fn $name() -> Self {
            Self::of($header)
        }
    )+};
}

impl LengthPrefix {
    fixed! {
        /// A length of one byte.
        u8: Header::BigEndian(1);
        /// A length of two bytes, the most significant first.
        u16_be: Header::BigEndian(2);
        /// A length of two bytes, the least significant first.
        u16_le: Header::LittleEndian(2);
        /// A length of four bytes, the most significant first.
        u32_be: Header::BigEndian(4);
        /// A length of four bytes, the least significant first.
        u32_le: Header::LittleEndian(4);
        /// A length of eight bytes, the most significant first.
        u64_be: Header::BigEndian(8);
        /// A length of eight bytes, the least significant first.
        u64_le: Header::LittleEndian(8);
        /// A length of one to ten bytes of seven bits each, the least significant first, with the
        /// highest bit set in all but the last: LEB128, as in Protocol Buffers ("Encoding", "Base
        /// 128 Varints").
        varint: Header::Varint;
    }

    fn of(header: Header) -> Self {
        Self { header, limit: DEFAULT_LIMIT }.limit(DEFAULT_LIMIT)
    }

    /// The same, for payloads of at most `limit` bytes; 8 MiB, if it is not given, or what the
    /// length can say.
    #[must_use = "returns the framing with that limit"]
    pub fn limit(self, limit: usize) -> Self {
        let most = match self.header {
            Header::BigEndian(size) | Header::LittleEndian(size) if size < size_of::<usize>() => {
                (1 << (8 * size)) - 1
            }
            Header::BigEndian(_) | Header::LittleEndian(_) | Header::Varint => usize::MAX,
        };
        Self { limit: limit.min(most), ..self }
    }
}

impl Header {
    fn encode(self, len: u64, frame: &mut Vec<u8>) {
        match self {
            Self::BigEndian(size) => frame.extend_from_slice(&len.to_be_bytes()[8 - size..]),
            Self::LittleEndian(size) => frame.extend_from_slice(&len.to_le_bytes()[..size]),
            Self::Varint => {
                let mut rest = len;
                while rest >= 0x80 {
                    frame.push(rest as u8 | 0x80);
                    rest >>= 7;
                }
                frame.push(rest as u8);
            }
        }
    }

    /// The length, and how many bytes it takes; or how many there have to be.
    fn decode(self, bytes: &[u8]) -> Result<Result<(u64, usize), usize>, FrameError> {
        let fixed =
            |size: usize, take: fn(u64, u8) -> u64, bytes: &mut dyn Iterator<Item = &u8>| {
                (bytes.fold(0, |len, byte| take(len, *byte)), size)
            };
        let push = |len: u64, byte: u8| len << 8 | u64::from(byte);
        match self {
            Self::BigEndian(size) | Self::LittleEndian(size) if bytes.len() < size => Ok(Err(size)),
            Self::BigEndian(size) => Ok(Ok(fixed(size, push, &mut bytes[..size].iter()))),
            Self::LittleEndian(size) => Ok(Ok(fixed(size, push, &mut bytes[..size].iter().rev()))),
            Self::Varint => {
                let mut len = 0_u64;
                for (place, byte) in bytes.iter().take(LONGEST_VARINT).enumerate() {
                    let bits = u64::from(byte & 0x7f);
                    let shift = 7 * place as u32;
                    if bits << shift >> shift != bits {
                        return Err(FrameError::malformed("a varint has more than 64 bits"));
                    }
                    len |= bits << shift;
                    if byte & 0x80 == 0 {
                        return Ok(Ok((len, place + 1)));
                    }
                }
                if bytes.len() < LONGEST_VARINT {
                    return Ok(Err(bytes.len() + 1));
                }
                Err(FrameError::malformed("a varint has more than ten bytes"))
            }
        }
    }
}

impl Framing for LengthPrefix {
    fn encode(&self, payload: &[u8], frame: &mut Vec<u8>) -> Result<(), FrameError> {
        let len = payload.len() as u64;
        within(self.limit, len)?;
        self.header.encode(len, frame);
        frame.extend_from_slice(payload);
        Ok(())
    }

    fn decode(&self, bytes: &[u8]) -> Result<Decoded, FrameError> {
        let (len, header) = match self.header.decode(bytes)? {
            Ok(found) => found,
            Err(wants) => return Ok(Decoded::Incomplete { wants }),
        };
        within(self.limit, len)?;
        // What is within the limit fits in memory, and with its header, too.
        let end = header.saturating_add(len as usize);
        Ok(if bytes.len() < end {
            Decoded::Incomplete { wants: end }
        } else {
            Decoded::Frame { payload: header..end, len: end }
        })
    }
}
