//! Any bytes from a server, cut anyhow: no panic, no hang, and the same as if they had come whole.

use std::fs;
use std::path::PathBuf;

use wirescript::scripted::WebSocketFrame;

use crate::anything::check;

/// How many cases are made, beside those of the corpus.
const CASES: u64 = 3_000;

/// The finalizer of SplitMix64 (Steele, Lea and Flood, 2014): numbers that are unlike their
/// neighbours, and the same in every run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
}

/// Frames of which some are illegal, with a byte wrong here and there.
fn frames(numbers: &mut Numbers) -> Vec<u8> {
    let payloads: [&[u8]; 7] =
        [b"", b"hi", b"\xc3\xa9", b"\xc3", b"\xa9", b"\x03\xe8bye", &[b'x'; 130]];
    let mut bytes = Vec::new();
    for _ in 0..=numbers.below(6) {
        let opcode = [0, 0, 1, 1, 2, 8, 9, 10, 3, 11][numbers.below(10) as usize];
        let mut frame = WebSocketFrame::new(opcode, payloads[numbers.below(7) as usize]);
        if numbers.below(3) == 0 {
            frame = frame.unfinished();
        }
        if numbers.below(20) == 0 {
            frame = frame.reserved(numbers.below(8) as u8);
        }
        if numbers.below(20) == 0 {
            frame = frame.masked(*b"mask");
        }
        bytes.extend(frame.to_bytes());
    }
    spoilt(bytes, numbers)
}

fn answers(numbers: &mut Numbers) -> Vec<u8> {
    let parts: [&[u8]; 12] = [
        b"HTTP/1.1 101 Switching Protocols\r\n",
        b"HTTP/1.1 404 Not Found\r\n",
        b"HTTP/1.0 101 Switching Protocols\r\n",
        b"Connection: keep-alive, Upgrade\r\n",
        b"Upgrade: websocket\r\n",
        b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n",
        b"Sec-WebSocket-Protocol: chat\r\n",
        b"Content-Length: 5\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"X: \xff\r\n",
        b"\r\n",
        b"hello",
    ];
    // Nearly right, or anything.
    let mut bytes = match numbers.below(2) {
        0 => [parts[0], parts[3], parts[4], parts[5]].concat(),
        _ => parts[numbers.below(3) as usize].to_vec(),
    };
    for _ in 0..numbers.below(8) {
        bytes.extend(parts[numbers.below(12) as usize]);
    }
    spoilt(bytes, numbers)
}

fn spoilt(mut bytes: Vec<u8>, numbers: &mut Numbers) -> Vec<u8> {
    if numbers.below(3) == 0 {
        bytes.truncate(numbers.below(bytes.len() as u64 + 1) as usize);
    }
    if numbers.below(4) == 0 {
        let place = numbers.below(bytes.len() as u64 + 1) as usize;
        if let Some(byte) = bytes.get_mut(place) {
            *byte = numbers.next() as u8;
        }
    }
    bytes
}

#[track_caller]
fn check_case(bytes: &[u8]) -> Vec<String> {
    match check(bytes) {
        Ok(seen) => seen,
        Err(difference) => panic!("{}: {difference}", bytes.escape_ascii()),
    }
}

#[test]
fn whatever_a_server_sends_comes_to_the_same_however_it_is_cut() {
    let mut numbers = Numbers(7);
    let mut seen = String::new();
    for _ in 0..CASES {
        let choices = numbers.next() as u8;
        let says = if choices & 1 == 0 { frames(&mut numbers) } else { answers(&mut numbers) };
        let case = [&[choices][..], &says].concat();
        seen.push_str(&check_case(&case).join("\n"));
    }
    // The cases are many, and not all alike.
    for expected in [
        "Text(\"hi\")",
        "Close(Some(CloseFrame { code: CloseCode(1000), reason: \"bye\" }))",
        "InvalidUtf8",
        "ReservedBits",
        "UnknownOpcode",
        "Masked",
        "ControlFragmented",
        "UnexpectedContinuation",
        "ExpectedContinuation",
        "AfterClose",
        "TooBig",
        "AbnormalClosure",
        "sent \\x8a",
        "sent \\x88",
        "rejected 404",
        "HttpVersion",
        "Incomplete",
        "Malformed",
        "AcceptMismatch",
    ] {
        assert!(seen.contains(expected), "no case came to {expected}");
    }
}

#[test]
fn what_the_fuzzer_found_stays_mended() {
    let corpus = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/websocket");
    let cases: Vec<_> = fs::read_dir(corpus).unwrap().map(|case| case.unwrap().path()).collect();
    assert!(!cases.is_empty());
    for case in cases {
        check_case(&fs::read(case).unwrap());
    }
}
