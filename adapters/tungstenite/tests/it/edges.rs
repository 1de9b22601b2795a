//! Byte sockets that do what real ones seldom do.

use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::executor::block_on;
use futures::io::{AsyncRead, AsyncWrite};
use futures::{FutureExt, SinkExt};
use wirescript::websocket::{Message, WebSocketError, WebSocketRequest};
use wirescript::{AsyncSocket, WebSocketExt};
use wirescript_conformance::websocket::frames;
use wirescript_tungstenite::TungsteniteSocket;

/// What a socket does with a write once the WebSocket is open.
enum Writes {
    Pend,
    Take,
    TakeNothing,
    Fail(ErrorKind),
}

/// A socket that answers the request, says `says` again and again, `times` times, and is then silent.
struct Fake {
    says: Vec<u8>,
    times: usize,
    answer: Vec<u8>,
    at: usize,
    is_open: bool,
    writes: Writes,
    written: usize,
}

impl Fake {
    async fn opened(says: Vec<u8>, times: usize, writes: Writes) -> TungsteniteSocket<Self> {
        let (answer, at, is_open, written) = (Vec::new(), 0, false, 0);
        let fake = Self { says, times, answer, at, is_open, writes, written };
        let request = WebSocketRequest::new("ws://fake.internal").unwrap();
        TungsteniteSocket::client(fake, &request).await.unwrap()
    }
}

impl AsyncSocket for Fake {}

impl AsyncRead for Fake {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        if !this.is_open {
            this.is_open = true;
            buf[..this.answer.len()].copy_from_slice(&this.answer);
            return Poll::Ready(Ok(this.answer.len()));
        }
        if this.at == this.says.len() {
            (this.at, this.times) = (0, this.times - 1);
        }
        if this.times == 0 || this.says.is_empty() {
            return Poll::Pending;
        }
        let len = buf.len().min(this.says.len() - this.at);
        buf[..len].copy_from_slice(&this.says[this.at..this.at + len]);
        this.at += len;
        Poll::Ready(Ok(len))
    }
}

impl AsyncWrite for Fake {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        if !self.is_open {
            let request = std::str::from_utf8(buf).unwrap();
            let key = request.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "));
            self.answer = frames::answer(key.unwrap().as_bytes(), None).into_bytes();
            return Poll::Ready(Ok(buf.len()));
        }
        match self.writes {
            Writes::Pend => Poll::Pending,
            Writes::Take => {
                self.written += buf.len();
                Poll::Ready(Ok(buf.len()))
            }
            Writes::TakeNothing => Poll::Ready(Ok(0)),
            Writes::Fail(kind) => Poll::Ready(Err(kind.into())),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[test]
fn m9_a_peer_that_pings_and_does_not_read_is_not_answered_without_end() {
    block_on(async {
        const PINGS: usize = 20_000;
        let mut socket = Fake::opened(frames::frame(0x89, &[b'x'; 125]), PINGS, Writes::Pend).await;
        for _ in 0..PINGS {
            assert!(matches!(socket.recv().await, Ok(Some(Message::Ping(_)))));
        }
        assert!(socket.recv().now_or_never().is_none());
        // A message is taken all the same.
        assert!(socket.send_binary(vec![0; 1 << 20]).now_or_never().is_none());

        socket.get_mut().writes = Writes::Take;
        socket.flush().await.unwrap();
        let written = socket.get_ref().written;
        assert!(written > 1 << 20, "the message and the answers: {written}");
        assert!(written < (1 << 20) + (512 << 10), "of 2.6 MB of answers, as many: {written}");
        socket.send_text("more").await.unwrap();
    });
}

#[test]
fn an_answer_that_fails_for_another_reason_is_told_when_there_is_nothing_to_receive() {
    block_on(async {
        let says = [frames::frame(0x89, b"7"), frames::frame(0x81, b"hello")].concat();
        let mut socket = Fake::opened(says, 1, Writes::Fail(ErrorKind::Other)).await;
        assert_eq!(socket.recv().await.unwrap(), Some(Message::ping("7")));
        assert_eq!(socket.recv().await.unwrap(), Some(Message::from("hello")));
        match socket.recv().await {
            Err(WebSocketError::Io(error)) => assert_eq!(error.kind(), ErrorKind::Other),
            other => panic!("{other:?}"),
        }
        assert_eq!(socket.recv().await.unwrap(), None);
    });
}

#[test]
fn a_socket_that_takes_nothing_is_write_zero_and_no_reset() {
    block_on(async {
        let mut socket = Fake::opened(Vec::new(), 1, Writes::TakeNothing).await;
        match socket.send_text("hello").await {
            Err(WebSocketError::Io(error)) => assert_eq!(error.kind(), ErrorKind::WriteZero),
            other => panic!("{other:?}"),
        }
    });
}

#[test]
fn m2_a_pong_of_the_client_may_come_while_answers_are_bounded() {
    block_on(async {
        let mut socket = Fake::opened(frames::frame(0x89, &[0; 125]), 5_000, Writes::Pend).await;
        for _ in 0..5_000 {
            socket.recv().await.unwrap();
        }
        assert!(socket.send_message(Message::pong("mine")).now_or_never().is_none());
        assert!(socket.close().now_or_never().is_none());
        socket.get_mut().writes = Writes::Take;
        socket.close().await.unwrap();
    });
}
