//! Messages in frames (CASES 42).

use std::io::ErrorKind;
use std::sync::Arc;

use futures::executor::block_on;
use wirescript::scripted::{
    Chunks, Decoded, Delimited, FrameError, Framing, LengthPrefix, Lines, Outcome,
};
use wirescript::{AsyncSocketExt, Verifier, any, matching, until};

use crate::probe::{double, left, only_violation, panics_here, report, violation};
use crate::support::everywhere;

/// A framing that is handed to several scripts.
#[derive(Clone, Debug)]
struct Shared(Arc<dyn Framing>);

impl Framing for Shared {
    fn encode(&self, payload: &[u8], frame: &mut Vec<u8>) -> Result<(), FrameError> {
        self.0.encode(payload, frame)
    }

    fn decode(&self, bytes: &[u8]) -> Result<Decoded, FrameError> {
        self.0.decode(bytes)
    }
}

impl Shared {
    fn frame(&self, payload: &[u8]) -> Vec<u8> {
        let mut frame = Vec::new();
        self.encode(payload, &mut frame).unwrap();
        frame
    }
}

fn framings() -> Vec<Shared> {
    let framings: [Arc<dyn Framing>; 11] = [
        Arc::new(LengthPrefix::u8()),
        Arc::new(LengthPrefix::u16_be()),
        Arc::new(LengthPrefix::u16_le()),
        Arc::new(LengthPrefix::u32_be()),
        Arc::new(LengthPrefix::u32_le()),
        Arc::new(LengthPrefix::u64_be()),
        Arc::new(LengthPrefix::u64_le()),
        Arc::new(LengthPrefix::varint()),
        Arc::new(Delimited::by(b"\0")),
        Arc::new(Lines::lf()),
        Arc::new(Lines::crlf()),
    ];
    framings.map(Shared).into()
}

everywhere! {
    async fn frames_are_expected_and_sent() {
        for framing in framings() {
            let (verifier, mut socket) = double(|script| {
                let script = script.framed(framing.clone()).expect_send_frame(b"ask");
                let script = script.expect_recv_frame(b"answer").expect_send_frame(any());
                let script = script.expect_recv_frame(b"");
                script.expect_send_frame(("id=", until(";").capture("id"))).times(2)
                    .replies_with(|sent| sent.capture("id").to_vec())
            });
            socket.send_all(&framing.frame(b"ask")).await.unwrap();
            let mut reply = framing.frame(b"answer");
            reply.fill(0);
            socket.recv_exact(&mut reply).await.unwrap();
            assert_eq!(reply, framing.frame(b"answer"));
            // Byte by byte, several in one write.
            for byte in framing.frame(b"whatever it is") {
                socket.send_all(&[byte]).await.unwrap();
            }
            let mut reply = framing.frame(b"");
            socket.recv_exact(&mut reply).await.unwrap();
            let both = [framing.frame(b"id=1;"), framing.frame(b"id=2;")].concat();
            socket.send_all(&both).await.unwrap();
            let mut id = [0; 2];
            socket.recv_exact(&mut id).await.unwrap();
            assert_eq!(&id, b"2;");
            drop(socket);
            let net = verifier.socket();
            net.assert_recv_frame(b"answer");
            net.assert_send_frame(b"whatever it is");
            verifier.verify();
        }
    }
}

#[test]
fn frames_are_recorded_by_their_payload() {
    let (verifier, mut socket) = double(|script| {
        let script = script.framed(LengthPrefix::u16_be()).expect_send_frame(any());
        script.expect_recv_frame(b"answer").in_chunks(3)
    });
    block_on(socket.send_all(b"\0\x03ask")).unwrap();
    assert_eq!(block_on(socket.recv(&mut [0; 64])).unwrap(), 3);
    block_on(socket.recv_exact(&mut [0; 5])).unwrap();
    drop(socket);
    let lines: Vec<_> = verifier.interactions().iter().map(ToString::to_string).collect();
    assert_eq!(lines, [r#"send_frame b"ask""#, r#"recv_frame b"answer""#]);
    let unasserted = report(&verifier).unasserted().len();
    assert_eq!(unasserted, 1);
    verifier.socket().assert_send_frame(b"ask");
    verifier.verify();
}

#[test]
fn a_client_that_goes_without_its_frame_is_told_how_far_it_came() {
    for framing in framings() {
        for of_any in [false, true] {
            let frame = framing.frame(b"ask");
            for come in 0..frame.len() {
                let (verifier, mut socket) = double(|script| {
                    let script = script.framed(framing.clone());
                    if of_any {
                        script.expect_send_frame(any())
                    } else {
                        script.expect_send_frame(b"ask")
                    }
                });
                block_on(socket.send_all(&frame[..come])).unwrap();
                drop(socket);
                let report = report(&verifier);
                assert_eq!(left(&report), [["send_frame"]]);
                let amount = report.unused()[0].steps[0].amount;
                assert_eq!(amount, (come > 0).then_some(come), "{report}");
            }
        }
    }
}

#[test]
fn a_truncated_header_is_told_from_a_truncated_payload() {
    for (come, text) in [
        (&b"\0\0"[..], "2 of 8 bytes: its header is truncated"),
        (b"\0\0\0\x04PI", "6 of 8 bytes: its payload is truncated"),
    ] {
        let (verifier, mut socket) =
            double(|script| script.framed(LengthPrefix::u32_be()).expect_send_frame("PING"));
        block_on(socket.send_all(come)).unwrap();
        drop(socket);
        assert!(report(&verifier).to_string().contains(text), "{}", report(&verifier));
    }
}

#[test]
fn a_frame_over_the_limit_is_refused_by_its_header_and_nothing_is_allocated_for_it() {
    let (verifier, mut socket) =
        double(|script| script.framed(LengthPrefix::u64_be().limit(1024)).expect_send_frame(any()));
    let error = block_on(socket.send_all(&u64::MAX.to_be_bytes())).unwrap_err();
    drop(socket);
    let text = violation(&error).to_string();
    assert!(text.contains(&format!("{} bytes is over the limit of 1024", u64::MAX)), "{text}");
    assert_eq!(only_violation(&verifier), *violation(&error));
}

#[test]
fn what_is_no_frame_is_told() {
    let (verifier, mut socket) =
        double(|script| script.framed(LengthPrefix::varint()).expect_send_frame(any()));
    block_on(socket.send_all(&[0xff; 9])).unwrap();
    block_on(socket.send_all(&[0xff; 9])).unwrap_err();
    drop(socket);
    assert!(only_violation(&verifier).to_string().contains("a varint has more than"));
}

#[test]
fn a_frame_with_another_payload_is_a_mismatch() {
    let short = || matching("short", |payload: &[u8]| payload.len() < 4);
    let (verifier, mut socket) =
        double(|script| script.framed(Lines::lf()).expect_send_frame(short()));
    block_on(socket.send_all(b"ping\n")).unwrap_err();
    drop(socket);
    assert!(only_violation(&verifier).is_mismatch());

    let (verifier, mut socket) =
        double(|script| script.framed(Lines::lf()).expect_send_frame("ping"));
    block_on(socket.send_all(b"ping\r\n")).unwrap_err();
    drop(socket);
    assert!(only_violation(&verifier).to_string().contains("byte 4: expected b'\\n'"));
}

#[test]
fn frames_come_in_any_chunks() {
    let verifier = Verifier::builder().chunks(Chunks::Bytewise).build();
    let script = verifier.socket().new_session().framed(LengthPrefix::u32_le());
    let mut socket = script.expect_recv_frame(b"answer").expect_eof().into_socket();
    assert_eq!(block_on(socket.recv_to_end(64)).unwrap(), b"\x06\0\0\0answer");
    drop(socket);
    verifier.verify();
}

#[test]
fn a_frame_can_raise() {
    let (verifier, mut socket) = double(|script| {
        let script = script.framed(Lines::lf()).expect_send_frame("ping");
        script.raises(ErrorKind::BrokenPipe)
    });
    block_on(socket.send_all(b"pi")).unwrap();
    let error = block_on(socket.send_all(b"ng\n")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BrokenPipe);
    drop(socket);
    verifier.verify();
}

#[test]
fn a_session_goes_on_with_its_framing() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    let session = net.new_session().framed(Lines::lf()).expect_connect("peer:1").handle();
    session.then(|more| more.expect_send_frame("ping"));
    let mut socket = block_on(crate::support::connect(&net));
    block_on(socket.send_all(b"ping\n")).unwrap();
    drop(socket);
    verifier.verify();
}

#[test]
fn frames_that_cannot_be_are_refused_where_they_are_written() {
    /// It finds no end of what it encodes.
    #[derive(Debug)]
    struct Endless;
    impl Framing for Endless {
        fn encode(&self, payload: &[u8], frame: &mut Vec<u8>) -> Result<(), FrameError> {
            frame.extend_from_slice(payload);
            Ok(())
        }
        fn decode(&self, bytes: &[u8]) -> Result<Decoded, FrameError> {
            Ok(Decoded::Incomplete { wants: bytes.len() })
        }
    }
    let verifier = Verifier::new();
    let net = verifier.socket();
    let short = || net.new_session().framed(LengthPrefix::u8());
    panics_here(|| drop(net.new_session().expect_send_frame("x")));
    panics_here(|| drop(net.new_session().expect_recv_frame("x")));
    panics_here(|| drop(short().expect_send_frame([0; 256])));
    panics_here(|| drop(short().expect_recv_frame([0; 256])));
    panics_here(|| drop(net.new_session().framed(Lines::lf()).expect_send_frame("a\nb")));
    panics_here(|| drop(net.new_session().framed(Endless).expect_send_frame("x")));
    panics_here(|| drop(short().expect_send_frame(any()).optional().expect_send_all("x")));
    panics_here(|| Delimited::by(""));
    let _ = verifier.try_verify(); // nothing of it is used
}

#[test]
fn a_framing_of_the_users_cannot_lead_astray() {
    /// It claims what is not so.
    #[derive(Debug)]
    struct Wrong(Decoded);
    impl Framing for Wrong {
        fn encode(&self, _: &[u8], _: &mut Vec<u8>) -> Result<(), FrameError> {
            Err(FrameError::malformed("it frames nothing"))
        }
        fn decode(&self, _: &[u8]) -> Result<Decoded, FrameError> {
            Ok(self.0.clone())
        }
    }
    for claim in [
        Decoded::Frame { payload: 0..0, len: 0 },
        Decoded::Frame { payload: 0..1, len: 9 },
        Decoded::Frame { payload: 2..9, len: 2 },
        Decoded::Frame { payload: 2..3, len: 2 },
        #[expect(clippy::reversed_empty_ranges, reason = "it is what is claimed")]
        Decoded::Frame { payload: 2..1, len: 2 },
    ] {
        let (verifier, mut socket) =
            double(|script| script.framed(Wrong(claim)).expect_send_frame(any()));
        block_on(socket.send_all(b"abc")).unwrap_err();
        drop(socket);
        assert!(only_violation(&verifier).to_string().contains("the framing finds"));
    }
    let (verifier, mut socket) = double(|script| {
        script.framed(Wrong(Decoded::Incomplete { wants: 0 })).expect_send_frame(any())
    });
    block_on(socket.send_all(b"abc")).unwrap();
    let happened = verifier.interactions();
    assert!(matches!(happened[0].outcome, Outcome::Partial { amount: 3, .. }));
    drop(socket);
    assert_eq!(left(&report(&verifier)), [["send_frame"]]);
}

#[test]
fn each_frame_of_a_write_is_looked_at_by_itself() {
    let (verifier, mut socket) = double(|script| {
        let is_short = |payload: &[u8]| payload.len() < 4;
        let lines = script.framed(Lines::lf()).expect_send_frame(matching("short", is_short));
        lines.times(4)
    });
    block_on(socket.send_all(b"abc\nd\n")).unwrap();
    let error = block_on(socket.send_all(b"ef\nmuch longer\n")).unwrap_err();
    drop(socket);
    assert!(violation(&error).is_mismatch(), "{error}");
    let sent: Vec<_> = verifier.interactions().iter().map(ToString::to_string).collect();
    let expected = [r#"send_frame b"abc""#, r#"send_frame b"d""#, r#"send_frame b"ef""#];
    assert_eq!(sent, expected);
    assert_eq!(only_violation(&verifier), *violation(&error));
}

#[test]
fn a_predicate_that_panics_over_a_payload_is_told_by_its_label() {
    let (verifier, mut socket) = double(|script| {
        let script = script.framed(Lines::lf());
        script.expect_send_frame(matching("a number", |_: &[u8]| panic!("out of order")))
    });
    block_on(socket.send_all(b"7\n")).unwrap_err();
    drop(socket);
    let violation = only_violation(&verifier).to_string();
    assert!(violation.contains("a number") && violation.contains("out of order"), "{violation}");
}

#[test]
fn what_is_no_frame_is_refused_as_any_other_write_is() {
    let framing = || LengthPrefix::u8().limit(3);
    let (verifier, mut socket) =
        double(|script| script.framed(framing()).expect_eof().expect_send_frame(any()));
    assert_eq!(block_on(socket.recv(&mut [0; 1])).unwrap(), 0);
    let error = block_on(socket.send_all(b"\x09")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BrokenPipe, "{error}");
    drop(socket);
    assert_eq!(only_violation(&verifier), *violation(&error));
    // A reset is for whichever operation comes first that the script does not have.
    let (verifier, mut socket) = double(|script| {
        script.framed(framing()).expect_send_frame(any()).optional().expect_reset()
    });
    let error = block_on(socket.send_all(b"\x09")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}");
    drop(socket);
    verifier.verify();
}

#[test]
fn a_frame_without_an_end_is_refused_at_the_first_byte_over_the_limit() {
    for framing in [
        Shared(Arc::new(Delimited::by("--end--").limit(2))),
        Shared(Arc::new(Lines::crlf().limit(2))),
        Shared(Arc::new(Lines::lf().limit(2))),
    ] {
        let (verifier, mut socket) =
            double(|script| script.framed(framing).expect_send_frame(any()));
        block_on(socket.send_all(b"a")).unwrap();
        block_on(socket.send_all(b"b")).unwrap();
        block_on(socket.send_all(b"c")).unwrap_err();
        drop(socket);
        assert!(only_violation(&verifier).to_string().contains("3 bytes is over the limit of 2"));
    }
}
