//! Whatever a server sends, and however it is cut: one client, and what it sees of it.
//!
//! A case is made of any bytes, so that a fuzzer can make them: see `fuzz/`.

use std::io::{self, Read, Write};
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::executor::block_on;
use futures::io::{AsyncRead, AsyncWrite};
use wirescript::blocking::{BoxSocket, Socket, WebSocket};
use wirescript::scripted::{Decoded, Framing, WebSocketFrames, upgrade};
use wirescript::websocket::{Message, WebSocketError, WebSocketRequest};
use wirescript::{AsyncSocket, WebSocketExt};
use wirescript_tungstenite::{TungsteniteSocket, blocking};

/// More than what is received of any case: a client that goes on behind it would go on for ever.
const MOST: usize = 10_000;

/// Plays the case that `bytes` make, in several ways, which all must come to the same.
///
/// # Errors
///
/// Two ways, and what they came to.
pub(crate) fn check(bytes: &[u8]) -> Result<Vec<String>, String> {
    let [choices, rest @ ..] = bytes else { return Ok(Vec::new()) };
    let case = Case::new(*choices, rest);
    let whole = case.played(Cut::Whole);
    for cut in [Cut::Bytewise, Cut::Seeded(*choices), Cut::Seeded(choices.wrapping_add(97))] {
        for (name, played) in [("", case.played(cut)), ("blocking, ", case.played_blocking(cut))] {
            if played != whole {
                return Err(format!("whole: {whole:#?}\n{name}{cut:?}: {played:#?}"));
            }
        }
    }
    Ok(whole)
}

/// What a server sends, and to whom.
struct Case {
    /// The handshake is right, and what is sent are frames; otherwise that is the handshake.
    is_open: bool,
    request: WebSocketRequest,
    says: Vec<u8>,
}

impl Case {
    fn new(choices: u8, says: &[u8]) -> Self {
        let request = WebSocketRequest::new("ws://server/").unwrap();
        let request = match choices >> 1 & 0b11 {
            0 => request,
            1 => request.with_max_message_size(16),
            2 => request.with_max_frame_size(16),
            _ => request.with_subprotocol("chat").unwrap(),
        };
        Self { is_open: choices & 1 == 0, request, says: says.to_vec() }
    }

    fn fed(&self, cut: Cut) -> Fed {
        Fed {
            is_open: self.is_open,
            says: self.says.clone(),
            is_asked: false,
            at: 0,
            cut,
            is_between: false,
            written: Vec::new(),
        }
    }

    fn played(&self, cut: Cut) -> Vec<String> {
        let mut seen = Vec::new();
        block_on(async {
            match TungsteniteSocket::client(self.fed(cut), &self.request).await {
                Err(error) => seen.push(shown(&error)),
                Ok(mut socket) => {
                    while seen.len() < MOST && see(&mut seen, socket.recv().await) {}
                    assert_eq!(socket.recv().await.unwrap(), None, "the end stays");
                    seen.extend(socket.get_ref().frames());
                }
            }
        });
        assert!(seen.len() < MOST, "the client goes on for ever");
        seen
    }

    fn played_blocking(&self, cut: Cut) -> Vec<String> {
        let mut seen = Vec::new();
        match blocking::TungsteniteSocket::client(self.fed(cut), &self.request) {
            Err(error) => seen.push(shown(&error)),
            Ok(mut socket) => {
                while seen.len() < MOST && see(&mut seen, socket.receive()) {}
                assert_eq!(socket.receive().unwrap(), None, "the end stays");
                seen.extend(socket.get_ref().frames());
            }
        }
        assert!(seen.len() < MOST, "the client goes on for ever");
        seen
    }
}

/// Notes what was received; returns whether there may be more.
fn see(seen: &mut Vec<String>, received: Result<Option<Message>, WebSocketError>) -> bool {
    match received {
        Ok(Some(message)) => {
            seen.push(format!("{message:?}"));
            true
        }
        Ok(None) => false,
        Err(error) => {
            seen.push(shown(&error));
            false
        }
    }
}

fn shown(error: &WebSocketError) -> String {
    match error {
        // How much of the body had come depends on how it came.
        WebSocketError::Rejected(response) => {
            format!("rejected {} {:?}", response.status(), response.headers())
        }
        error => format!("{error:?}"),
    }
}

/// How what is sent is cut into reads.
#[derive(Clone, Copy, Debug)]
enum Cut {
    Whole,
    Bytewise,
    Seeded(u8),
}

/// A server that sends what it has, and then ends the connection.
struct Fed {
    is_open: bool,
    says: Vec<u8>,
    is_asked: bool,
    at: usize,
    cut: Cut,
    is_between: bool,
    written: Vec<u8>,
}

impl Fed {
    /// The frames that the client sent, without their masks.
    fn frames(&self) -> Vec<String> {
        let framing = WebSocketFrames::new();
        let mut rest = &self.written[..];
        let mut frames = Vec::new();
        while !rest.is_empty() {
            match framing.decode(rest).expect("the client sends frames") {
                Decoded::Recovered { payload, len } => {
                    frames.push(format!("sent {}", payload.escape_ascii()));
                    rest = &rest[len..];
                }
                other => panic!("the client sent half a frame: {other:?}"),
            }
        }
        frames
    }
}

impl Read for Fed {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        assert!(self.is_asked, "the client waits for an answer to nothing");
        let rest = &self.says[self.at..];
        let most = match self.cut {
            Cut::Whole => rest.len(),
            Cut::Bytewise => 1,
            Cut::Seeded(seed) => {
                1 + usize::from(seed.wrapping_mul(31).wrapping_add(self.at as u8) % 13)
            }
        };
        let len = rest.len().min(most).min(buf.len());
        buf[..len].copy_from_slice(&rest[..len]);
        self.at += len;
        Ok(len)
    }
}

impl Write for Fed {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.written.extend_from_slice(buf);
        if !self.is_asked && self.written.ends_with(b"\r\n\r\n") {
            self.is_asked = true;
            let request = std::mem::take(&mut self.written);
            if self.is_open {
                let mut answer = upgrade(&request);
                // The key, which is random, has every word at some time.
                let asked = b"\r\nSec-WebSocket-Protocol: chat\r\n";
                if request.windows(asked.len()).any(|part| part == asked) {
                    answer = answer.replace("\r\n\r\n", "\r\nSec-WebSocket-Protocol: chat\r\n\r\n");
                }
                self.says.splice(..0, answer.into_bytes());
            }
        }
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Socket for Fed {
    fn shutdown(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn try_clone(&self) -> io::Result<BoxSocket> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

impl AsyncRead for Fed {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.is_between = !self.is_between && !matches!(self.cut, Cut::Whole);
        if self.is_between {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(self.read(buf))
    }
}

impl AsyncWrite for Fed {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(self.write(buf))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl AsyncSocket for Fed {}
