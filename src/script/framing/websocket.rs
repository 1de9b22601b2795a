//! Frames of WebSockets (RFC 6455 section 5), for scripts of the byte sockets below them.

use std::fmt;

use bytes::Bytes;
use data_encoding::BASE64;
use sha1_smol::Sha1;

use super::{DEFAULT_LIMIT, Decoded, FrameError, Framing, within};
use crate::transport::websocket::CloseFrame;

/// What a server adds to a key before it hashes it (RFC 6455 section 1.3).
const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

const FIN: u8 = 0x80;
const MASKED: u8 = 0x80;
/// The largest length that the second byte says itself.
const LONGEST_SHORT: u8 = 125;
/// The length is in the two bytes that follow.
const LEN_16: u8 = 126;
/// The length is in the eight bytes that follow.
const LEN_64: u8 = 127;

/// One frame of a WebSocket, legal or not, for a script of the byte socket below it.
///
/// It is bytes wherever a script wants bytes: those of a frame that a server sends, without a mask
/// unless it was given one. With [`WebSocketFrames`], it is also what a client sends, whatever mask
/// the client chose.
///
/// ```
/// use wirescript::scripted::{WebSocketFrame, WebSocketFrames};
/// # use wirescript::{AsyncSocketExt, Verifier};
///
/// # futures::executor::block_on(async {
/// # let verifier = Verifier::new();
/// # let net = verifier.socket();
/// let mut socket = net
///     .new_session()
///     .framed(WebSocketFrames::new())
///     .expect_send_frame(WebSocketFrame::text("hi"))
///     .expect_recv(WebSocketFrame::text("hel").unfinished())
///     .expect_recv(WebSocketFrame::continuation("lo"))
///     .expect_recv(WebSocketFrame::ping("").reserved(0b100))
///     .into_socket();
///
/// socket.send_all(b"\x81\x82\x01\x02\x03\x04\x69\x6b").await?; // "hi" under a mask
/// let mut frames = [0; 11];
/// socket.recv_exact(&mut frames).await?;
/// assert_eq!(&frames, b"\x01\x03hel\x80\x02lo\xc9\x00");
/// # drop(socket); verifier.verify();
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct WebSocketFrame {
    is_final: bool,
    reserved: u8,
    opcode: u8,
    mask: Option<[u8; 4]>,
    payload: Bytes,
}

macro_rules! opcodes {
    ($($(#[$doc:meta])* $name:ident = $opcode:expr;)+) => {$(
        $(#[$doc])*
        pub fn $name(payload: impl AsRef<[u8]>) -> Self {
            Self::new($opcode, payload)
        }
    )+};
}

impl WebSocketFrame {
    opcodes! {
        /// More of a message that was left [`unfinished`](Self::unfinished).
        continuation = 0;
        /// A text message, or the first part of one. Its bytes need not be UTF-8.
        text = 1;
        /// A binary message, or the first part of one.
        binary = 2;
        /// A close with this payload: a code of two bytes and a reason, or anything else.
        close_bytes = 8;
        /// A ping.
        ping = 9;
        /// A pong.
        pong = 10;
    }

    /// A frame with this opcode, of which only the lowest four bits are sent.
    pub fn new(opcode: u8, payload: impl AsRef<[u8]>) -> Self {
        let payload = Bytes::copy_from_slice(payload.as_ref());
        Self { is_final: true, reserved: 0, opcode: opcode & 0x0f, mask: None, payload }
    }

    /// A close with a code and a reason, or without.
    pub fn close(frame: impl Into<Option<CloseFrame>>) -> Self {
        let payload = frame.into().map(|CloseFrame { code, reason }| {
            [&code.as_u16().to_be_bytes()[..], reason.as_bytes()].concat()
        });
        Self::close_bytes(payload.unwrap_or_default())
    }

    /// The same, without the bit that says that it ends a message (FIN).
    #[must_use = "returns the changed frame"]
    pub fn unfinished(mut self) -> Self {
        self.is_final = false;
        self
    }

    /// The same, with these of the three reserved bits: `0b100` is RSV1.
    #[must_use = "returns the changed frame"]
    pub fn reserved(mut self, bits: u8) -> Self {
        self.reserved = bits & 0b111;
        self
    }

    /// The same, under a mask, which is how clients send theirs and servers may not.
    #[must_use = "returns the changed frame"]
    pub fn masked(mut self, key: [u8; 4]) -> Self {
        self.mask = Some(key);
        self
    }

    /// The frame's opcode.
    pub fn opcode(&self) -> u8 {
        self.opcode
    }

    /// Whether the frame ends a message (FIN).
    pub fn is_final(&self) -> bool {
        self.is_final
    }

    /// The payload, without the mask.
    pub fn payload(&self) -> &Bytes {
        &self.payload
    }

    /// The bytes of the frame.
    pub fn to_bytes(&self) -> Bytes {
        let Self { is_final, reserved, opcode, mask, payload } = self;
        let mut bytes = Vec::with_capacity(payload.len() + LONGEST_HEADER);
        bytes.push(if *is_final { FIN } else { 0 } | reserved << 4 | opcode);
        let masked = if mask.is_some() { MASKED } else { 0 };
        match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
            (Ok(len @ ..=LONGEST_SHORT), _) => bytes.push(masked | len),
            (_, Ok(len)) => {
                bytes.push(masked | LEN_16);
                bytes.extend_from_slice(&len.to_be_bytes());
            }
            _ => {
                bytes.push(masked | LEN_64);
                bytes.extend_from_slice(&(payload.len() as u64).to_be_bytes());
            }
        }
        bytes.extend(mask.iter().flatten());
        let start = bytes.len();
        bytes.extend_from_slice(payload);
        if let Some(key) = mask {
            apply(*key, &mut bytes[start..]);
        }
        bytes.into()
    }

    /// The frame that `bytes` begin with, and how many of them it takes; or how many there have to be
    /// before it is worth looking again.
    fn parse(bytes: &[u8], limit: usize) -> Result<Result<(Self, usize), usize>, FrameError> {
        let [first, second, rest @ ..] = bytes else { return Ok(Err(2)) };
        let of_len = match second & !MASKED {
            LEN_16 => 2,
            LEN_64 => 8,
            _ => 0,
        };
        let of_mask = if second & MASKED == 0 { 0 } else { 4 };
        let header = 2 + of_len + of_mask;
        let Some((len, rest)) = rest.split_at_checked(of_len) else { return Ok(Err(header)) };
        let len = match of_len {
            0 => u64::from(second & !MASKED),
            _ => len.iter().fold(0, |len, byte| len << 8 | u64::from(*byte)),
        };
        within(limit, len)?;
        let whole = header + usize::try_from(len).unwrap_or(usize::MAX);
        let Some((mask, rest)) = rest.split_at_checked(of_mask) else { return Ok(Err(whole)) };
        let Some(payload) = rest.get(..whole - header) else { return Ok(Err(whole)) };
        let mask = <[u8; 4]>::try_from(mask).ok();
        let mut payload = payload.to_vec();
        if let Some(key) = mask {
            apply(key, &mut payload);
        }
        let frame = Self {
            is_final: first & FIN != 0,
            reserved: first >> 4 & 0b111,
            opcode: first & 0x0f,
            mask,
            payload: payload.into(),
        };
        Ok(Ok((frame, whole)))
    }
}

/// Two bytes, a length of eight and a mask of four.
const LONGEST_HEADER: usize = 14;

/// Puts a mask on, or takes it off (RFC 6455 section 5.3).
fn apply(key: [u8; 4], payload: &mut [u8]) {
    for (byte, key) in payload.iter_mut().zip(key.iter().cycle()) {
        *byte ^= key;
    }
}

impl fmt::Debug for WebSocketFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocketFrame")
            .field("opcode", &self.opcode)
            .field("is_final", &self.is_final)
            .field("reserved", &self.reserved)
            .field("is_masked", &self.mask.is_some())
            .field("payload", &self.payload)
            .finish()
    }
}

/// The framing of WebSockets, as a server sees it: the client's frames are masked, its own are not.
///
/// The payload of a step in a session [`framed`](crate::scripted::SocketScript::framed) like this is a
/// [`WebSocketFrame`] without its mask. A frame of the client that has no mask is a violation.
///
/// A session begins with the handshake: see [`upgrade`].
#[derive(Clone, Copy, Debug)]
pub struct WebSocketFrames {
    limit: usize,
}

impl WebSocketFrames {
    /// Frames whose payloads have at most 8 MiB.
    pub fn new() -> Self {
        Self { limit: DEFAULT_LIMIT }
    }

    /// The same, for payloads of at most `limit` bytes.
    #[must_use = "returns the framing with that limit"]
    pub fn limit(self, limit: usize) -> Self {
        Self { limit }
    }
}

impl Default for WebSocketFrames {
    fn default() -> Self {
        Self::new()
    }
}

impl Framing for WebSocketFrames {
    fn encode(&self, payload: &[u8], frame: &mut Vec<u8>) -> Result<(), FrameError> {
        match WebSocketFrame::parse(payload, self.limit)? {
            Ok((_, len)) if len == payload.len() => {
                frame.extend_from_slice(payload);
                Ok(())
            }
            _ => Err(FrameError::malformed("what is framed here is a whole `WebSocketFrame`")),
        }
    }

    fn decode(&self, bytes: &[u8]) -> Result<Decoded, FrameError> {
        match WebSocketFrame::parse(bytes, self.limit)? {
            Ok((WebSocketFrame { mask: None, .. }, _)) => {
                Err(FrameError::malformed("a client masks its frames (RFC 6455 section 5.1)"))
            }
            Ok((frame, len)) => {
                let payload = WebSocketFrame { mask: None, ..frame }.to_bytes();
                Ok(Decoded::Recovered { payload, len })
            }
            Err(wants) => Ok(Decoded::Incomplete { wants }),
        }
    }

    fn is_symmetric(&self) -> bool {
        false
    }
}

/// The answer with which a server opens a WebSocket: what `replies_with` makes of a request.
///
/// ```
/// use wirescript::scripted::upgrade;
/// # use wirescript::{AsyncSocketExt, Verifier, until};
///
/// # futures::executor::block_on(async {
/// # let verifier = Verifier::new();
/// # let net = verifier.socket();
/// let mut socket = net
///     .new_session()
///     .expect_send_all(("GET /chat ", until("\r\n\r\n").capture("headers")))
///     .replies_with(|sent| upgrade(sent.capture("headers")))
///     .into_socket();
/// # socket.send_all(b"GET /chat HTTP/1.1\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n").await?;
/// # let mut answer = [0; 129];
/// # socket.recv_exact(&mut answer).await?;
/// # assert!(answer.ends_with(b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"));
/// # drop(socket); verifier.verify();
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
///
/// # Panics
///
/// If the request has no `Sec-WebSocket-Key`; in a script, the client gets an error, and the verdict
/// says so.
pub fn upgrade(request: &[u8]) -> String {
    let text = String::from_utf8_lossy(request);
    let key = text.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.trim().eq_ignore_ascii_case("sec-websocket-key").then(|| value.trim())
    });
    let Some(key) = key else { panic!("the request has no `Sec-WebSocket-Key`") };
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {}\r\n\r\n",
        accept_key(key)
    )
}

/// What a server answers to a `Sec-WebSocket-Key` (RFC 6455 section 4.2.2).
///
/// ```
/// // The example of RFC 6455 section 1.3.
/// let answer = wirescript::scripted::accept_key("dGhlIHNhbXBsZSBub25jZQ==");
/// assert_eq!(answer, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
/// ```
pub fn accept_key(key: &str) -> String {
    let mut hash = Sha1::from(key);
    hash.update(GUID.as_bytes());
    BASE64.encode(&hash.digest().bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of RFC 6455 section 5.7.
    #[test]
    fn frames_are_as_the_rfc_shows_them() {
        let hello = WebSocketFrame::text("Hello");
        assert_eq!(&hello.to_bytes()[..], b"\x81\x05Hello");
        let masked = hello.masked([0x37, 0xfa, 0x21, 0x3d]).to_bytes();
        assert_eq!(&masked[..], b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
        assert_eq!(&WebSocketFrame::text("Hel").unfinished().to_bytes()[..], b"\x01\x03Hel");
        assert_eq!(&WebSocketFrame::continuation("lo").to_bytes()[..], b"\x80\x02lo");
        let binary = |len: usize| WebSocketFrame::binary(vec![0; len]).to_bytes();
        assert_eq!(&binary(256)[..4], b"\x82\x7e\x01\x00");
        assert_eq!(&binary(65536)[..10], b"\x82\x7f\0\0\0\0\0\x01\0\0");
    }

    #[test]
    fn what_a_client_sends_is_recovered_however_it_comes() {
        for len in [0, 1, 125, 126, 127, 65535, 65536] {
            let frame = WebSocketFrame::binary(vec![7; len]);
            let sent = frame.clone().masked([1, 2, 3, 4]).to_bytes();
            let framing = WebSocketFrames::new();
            let mut end = 1;
            while end < sent.len() {
                match framing.decode(&sent[..end]) {
                    Ok(Decoded::Incomplete { wants }) if wants > end && wants <= sent.len() => {
                        end = wants;
                    }
                    other => panic!("{len}: {other:?} at {end}"),
                }
            }
            let whole = Decoded::Recovered { payload: frame.to_bytes(), len: sent.len() };
            assert_eq!(framing.decode(&sent), Ok(whole));
        }
    }

    #[test]
    fn a_frame_over_the_limit_or_without_a_mask_is_refused() {
        let framing = WebSocketFrames::new().limit(5);
        let sent = WebSocketFrame::text("Hello!").masked([0; 4]).to_bytes();
        assert_eq!(framing.decode(&sent[..2]), Err(FrameError::TooLong { len: 6, limit: 5 }));
        let unmasked = framing.decode(&WebSocketFrame::text("Hello").to_bytes());
        assert!(matches!(unmasked, Err(FrameError::Malformed(_))));
    }
}
