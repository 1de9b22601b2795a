//! Whatever a peer says, however it is cut: the same comes of it, and nothing panics or hangs.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::executor::block_on;
use futures::io::{AsyncRead, AsyncWrite};
use wirescript::websocket::WebSocketRequest;
use wirescript::{AsyncSocket, WebSocketExt};
use wirescript_conformance::websocket::frames;
use wirescript_tungstenite::TungsteniteSocket;

/// How many peers there are. `WIRESCRIPT_RANDOM_CASES` says otherwise.
const CASES: u64 = 2_000;

/// Small, so that they matter.
const LIMIT: usize = 200;

/// Numbers that look random and are the same for the same seed (SplitMix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % sides as u64).expect("it is less than `sides`")
    }

    fn byte(&mut self) -> u8 {
        u8::try_from(self.roll(256)).expect("it is less than 256")
    }

    /// Frames that are mostly legal, of which some have a byte changed, and which may be cut short.
    fn peer(&mut self) -> Vec<u8> {
        let mut said = Vec::new();
        for _ in 0..=self.roll(6) {
            let opcode = [0, 1, 1, 2, 8, 9, 10][self.roll(7)];
            let fin = if self.roll(4) == 0 { 0 } else { frames::FIN };
            let len = [0, 1, 2, 5, 125, 126, 210][self.roll(7)];
            let mut payload: Vec<u8> = "h\u{e9}\u{20ac}".bytes().cycle().take(len).collect();
            if opcode == 8 && len >= 2 {
                payload[..2].copy_from_slice(&1000_u16.to_be_bytes());
            }
            said.extend(frames::frame(fin | opcode, &payload));
        }
        for _ in 0..self.roll(3) {
            let at = self.roll(said.len());
            said[at] = self.byte();
        }
        said.truncate(said.len() - if self.roll(3) == 0 { self.roll(said.len()) } else { 0 });
        said
    }
}

/// A peer that answers the request, says `says` in pieces of `size`, with a pause behind each, and
/// ends.
struct Cut {
    says: Vec<u8>,
    size: usize,
    pauses: bool,
    answer: Vec<u8>,
    written: Vec<u8>,
}

impl AsyncSocket for Cut {}

impl AsyncRead for Cut {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        this.pauses = !this.pauses;
        if this.pauses {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let from = if this.answer.is_empty() { &mut this.says } else { &mut this.answer };
        let len = from.len().min(this.size).min(buf.len());
        buf[..len].copy_from_slice(&from[..len]);
        from.drain(..len);
        Poll::Ready(Ok(len))
    }
}

impl AsyncWrite for Cut {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        if let Some(request) = std::str::from_utf8(buf).ok().filter(|text| text.starts_with("GET "))
        {
            let key = request.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "));
            self.answer = frames::answer(key.unwrap().as_bytes(), None).into_bytes();
        } else {
            self.written.extend_from_slice(buf);
        }
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// All that is received, and all that was answered.
fn outcome(says: &[u8], size: usize) -> Vec<String> {
    let request = WebSocketRequest::new("ws://random.internal").unwrap();
    let request = request.with_max_message_size(LIMIT);
    let (answer, written) = (Vec::new(), Vec::new());
    let peer = Cut { says: says.to_vec(), size, pauses: false, answer, written };
    block_on(async {
        let mut socket = TungsteniteSocket::client(peer, &request).await.unwrap();
        let mut outcome = Vec::new();
        loop {
            let received = socket.recv().await;
            outcome.push(format!("{received:?}"));
            if matches!(received, Ok(None)) {
                break;
            }
        }
        let mut written = &socket.get_ref().written[..];
        while let Some(answer) = frames::decode(written) {
            outcome.push(format!("{} {:?}", answer.first, answer.payload));
            written = &written[answer.len..];
        }
        assert!(written.is_empty(), "half a frame was written");
        outcome
    })
}

#[test]
fn whatever_is_said_the_same_comes_of_it_however_it_is_cut() {
    let cases = std::env::var("WIRESCRIPT_RANDOM_CASES").ok().and_then(|text| text.parse().ok());
    let mut kinds = std::collections::BTreeSet::new();
    for seed in 0..cases.unwrap_or(CASES) {
        let says = Dice(seed).peer();
        let whole = outcome(&says, usize::MAX);
        for size in [1, 2, 3, 7, 130] {
            assert_eq!(
                outcome(&says, size),
                whole,
                "seed {seed}, in pieces of {size}: {says:02x?}"
            );
        }
        kinds.extend(whole.iter().map(|item| item.chars().take(18).collect::<String>()));
    }
    // What is random is worth something only if it reaches what there is.
    for kind in [
        "Ok(Some(Text(",
        "Ok(Some(Close(",
        "Err(Protocol(",
        "Err(InvalidUtf8",
        "Err(TooBig",
        "Err(AbnormalC",
    ] {
        assert!(kinds.iter().any(|known| known.starts_with(kind)), "{kind}: {kinds:?}");
    }
}
