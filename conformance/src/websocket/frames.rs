//! Frames as bytes (RFC 6455 section 5.2), legal or not, and the messages that they carry.

use data_encoding::BASE64;
use sha1_smol::Sha1;
use wirescript::websocket::{CloseFrame, Message, Text};

/// The bit of a first byte that says that no fragment follows.
pub const FIN: u8 = 0x80;
/// The bit of a second byte that says that a mask follows.
const MASK: u8 = 0x80;

/// What a frame is, in the low bits of its first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Opcode {
    /// More of the message before it.
    Continuation = 0,
    /// Text.
    Text = 1,
    /// Bytes.
    Binary = 2,
    /// A close.
    Close = 8,
    /// A ping.
    Ping = 9,
    /// A pong.
    Pong = 10,
}

/// A frame as servers send it.
pub fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    [&header(first, 0, payload.len()), payload].concat()
}

/// A frame as clients send it.
pub fn masked(first: u8, mask: [u8; 4], payload: &[u8]) -> Vec<u8> {
    let mut masked = payload.to_vec();
    unmask(mask, &mut masked);
    [&header(first, MASK, payload.len()), &mask[..], &masked].concat()
}

/// What stands before the mask of a frame of the client's.
pub fn masked_header(first: u8, len: usize) -> Vec<u8> {
    header(first, MASK, len)
}

/// The shortest header for so many bytes.
fn header(first: u8, mask: u8, len: usize) -> Vec<u8> {
    let mut header = vec![first];
    match (u8::try_from(len), u16::try_from(len)) {
        (Ok(len @ ..=125), _) => header.push(mask | len),
        (_, Ok(len)) => {
            header.push(mask | 126);
            header.extend_from_slice(&len.to_be_bytes());
        }
        _ => {
            header.push(mask | 127);
            header.extend_from_slice(&(len as u64).to_be_bytes());
        }
    }
    header
}

/// Puts a mask on, or takes it off.
pub fn unmask(mask: [u8; 4], payload: &mut [u8]) {
    payload.iter_mut().zip(mask.into_iter().cycle()).for_each(|(byte, mask)| *byte ^= mask);
}

/// The first byte and the payload of the frame that a message is.
pub fn of(message: &Message) -> (u8, Vec<u8>) {
    let (opcode, payload) = match message {
        Message::Text(text) => (Opcode::Text, text.as_bytes().to_vec()),
        Message::Binary(bytes) => (Opcode::Binary, bytes.to_vec()),
        Message::Ping(payload) => (Opcode::Ping, payload.to_vec()),
        Message::Pong(payload) => (Opcode::Pong, payload.to_vec()),
        Message::Close(None) => (Opcode::Close, Vec::new()),
        Message::Close(Some(frame)) => {
            let code = frame.code.as_u16().to_be_bytes();
            (Opcode::Close, [&code, frame.reason.as_bytes().as_ref()].concat())
        }
        other => panic!("{other:?} is of a kind that this peer does not know"),
    };
    (FIN | opcode as u8, payload)
}

/// The fragments of a message, and whole frames `between` behind the first of them.
pub fn fragments(message: &Message, size: usize, between: Option<&Message>) -> Vec<u8> {
    let (first, payload) = of(message);
    let last = payload.len().div_ceil(size).max(2) - 1;
    let mut bytes = Vec::new();
    for index in 0..=last {
        let opcode = if index == 0 { first & !FIN } else { Opcode::Continuation as u8 };
        let fin = if index == last { FIN } else { 0 };
        let end = payload.len().min((index + 1) * size);
        bytes.extend(frame(fin | opcode, &payload[payload.len().min(index * size)..end]));
        if let (0, Some(between)) = (index, between) {
            let (first, payload) = of(between);
            bytes.extend(frame(first, &payload));
        }
    }
    bytes
}

/// A frame of a client's, decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded {
    /// The first byte.
    pub first: u8,
    /// The payload, without its mask.
    pub payload: Vec<u8>,
    /// How many bytes the whole takes.
    pub len: usize,
}

/// The frame that `bytes` begin with; nothing if more has to come.
///
/// # Panics
///
/// It has no mask: clients have to (RFC 6455 section 5.3).
pub fn decode(bytes: &[u8]) -> Option<Decoded> {
    let (&[first, second], rest) = bytes.split_first_chunk::<2>()?;
    assert!(second & MASK != 0, "the client sent a frame without a mask: {bytes:02x?}");
    let (len, rest) = match second & !MASK {
        126 => {
            rest.split_first_chunk().map(|(len, rest)| (u16::from_be_bytes(*len).into(), rest))?
        }
        127 => rest.split_first_chunk().map(|(len, rest)| (u64::from_be_bytes(*len), rest))?,
        len => (u64::from(len), rest),
    };
    let (mask, rest) = rest.split_first_chunk::<4>()?;
    let len = usize::try_from(len).expect("it fits into memory");
    let mut payload = rest.get(..len)?.to_vec();
    unmask(*mask, &mut payload);
    Some(Decoded { first, payload, len: bytes.len() - rest.len() + len })
}

/// The message that a whole one's opcode and payload are.
///
/// # Panics
///
/// They are none.
pub fn message(opcode: u8, payload: Vec<u8>) -> Message {
    let text = |bytes| Text::try_from(bytes).expect("the client sent text that is no UTF-8");
    match opcode {
        1 => Message::Text(text(payload)),
        2 => Message::binary(payload),
        8 => Message::Close(payload.split_first_chunk().map(|(code, reason)| {
            CloseFrame::new(u16::from_be_bytes(*code), text(reason.to_vec()))
        })),
        9 => Message::ping(payload),
        10 => Message::pong(payload),
        opcode => panic!("the client sent a frame of the opcode {opcode}"),
    }
}

/// What answers a key (RFC 6455 section 4.2.2).
pub fn accept(key: &[u8]) -> String {
    let mut digest = Sha1::new();
    digest.update(key);
    digest.update(b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    BASE64.encode(&digest.digest().bytes())
}

/// The answer that opens a WebSocket.
pub fn answer(key: &[u8], subprotocol: Option<&str>) -> String {
    let accept = accept(key);
    let chosen = subprotocol.map(|name| format!("Sec-WebSocket-Protocol: {name}\r\n"));
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n{}\r\n",
        chosen.unwrap_or_default()
    )
}

/// The answer that opens none.
pub fn refusal(status: u16, body: &str) -> String {
    format!("HTTP/1.1 {status} No\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}
