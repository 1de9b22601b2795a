//! Byte sockets that do what real ones seldom do.

use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use futures::executor::block_on;
use futures::io::{AsyncRead, AsyncWrite};
use futures::{FutureExt, SinkExt, Stream};
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
    /// Whether that is all that comes, and no silence.
    ends: bool,
    answer: Vec<u8>,
    at: usize,
    is_open: bool,
    writes: Writes,
    written: usize,
    /// Who waits to write.
    writer: Option<Waker>,
}

impl Fake {
    async fn opened(says: Vec<u8>, times: usize, writes: Writes) -> TungsteniteSocket<Self> {
        let (answer, at, is_open, written) = (Vec::new(), 0, false, 0);
        let ends = false;
        let writer = None;
        let fake = Self { says, times, ends, answer, at, is_open, writes, written, writer };
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
        if this.at == this.says.len() && this.times > 0 {
            (this.at, this.times) = (0, this.times - 1);
        }
        if this.times == 0 || this.says.is_empty() {
            return if this.ends { Poll::Ready(Ok(0)) } else { Poll::Pending };
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
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        if !self.is_open {
            let request = std::str::from_utf8(buf).unwrap();
            let key = request.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "));
            self.answer = frames::answer(key.unwrap().as_bytes(), None).into_bytes();
            return Poll::Ready(Ok(buf.len()));
        }
        match self.writes {
            Writes::Pend => {
                self.writer = Some(cx.waker().clone());
                Poll::Pending
            }
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

/// One that was pinged, and whose answer met a reset that the reading has not seen yet.
async fn reset_in_an_answer() -> TungsteniteSocket<Fake> {
    let reset = Writes::Fail(ErrorKind::ConnectionReset);
    let mut socket = Fake::opened(frames::frame(0x89, b"7"), 1, reset).await;
    assert_eq!(socket.recv().await.unwrap(), Some(Message::ping("7")));
    // What came before the reset may still be read, and then reading ends by itself.
    assert!(socket.recv().now_or_never().is_none());
    socket.get_mut().writes = Writes::Fail(ErrorKind::BrokenPipe);
    socket
}

#[track_caller]
fn check_reset<T: std::fmt::Debug>(result: Result<T, WebSocketError>) {
    match result {
        Err(WebSocketError::Io(error)) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
        other => panic!("{other:?}"),
    }
}

#[test]
fn m6_a_reset_that_an_answer_met_is_told_behind_what_is_read() {
    block_on(async {
        let mut socket = reset_in_an_answer().await;
        let fake = socket.get_mut();
        (fake.says, fake.at, fake.times, fake.ends) = (frames::frame(0x81, b"hello"), 0, 1, true);
        assert_eq!(socket.recv().await.unwrap(), Some(Message::from("hello")));
        check_reset(socket.recv().await);
        assert_eq!(socket.recv().await.unwrap(), None);
    });
}

#[test]
fn m6_a_reset_that_an_answer_met_is_told_to_a_send_that_asks_first() {
    block_on(async {
        let mut socket = reset_in_an_answer().await;
        check_reset(socket.send_text("hello").await);
        match socket.send_text("hello").await {
            Err(WebSocketError::Io(error)) => assert_eq!(error.kind(), ErrorKind::BrokenPipe),
            other => panic!("{other:?}"),
        }
        socket.get_mut().ends = true;
        assert!(matches!(socket.recv().await, Err(WebSocketError::AbnormalClosure)));
        assert_eq!(socket.recv().await.unwrap(), None);
    });
}

#[test]
fn m3_nobody_is_told_that_the_peer_did_not_wait_for_the_answer_to_its_close() {
    block_on(async {
        for kind in [ErrorKind::ConnectionReset, ErrorKind::BrokenPipe] {
            let close = frames::frame(0x88, &1001_u16.to_be_bytes());
            let mut socket = Fake::opened(close, 1, Writes::Fail(kind)).await;
            assert!(matches!(socket.recv().await, Ok(Some(Message::Close(Some(_))))));
            socket.flush().await.unwrap();
            socket.close().await.unwrap();
            socket.get_mut().ends = true;
            assert_eq!(socket.recv().await.unwrap(), None);
        }
    });
}

#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn m10_both_who_wait_to_write_are_woken() {
    let pings = frames::frame(0x89, b"7").repeat(2);
    let mut socket = block_on(Fake::opened(pings, 1, Writes::Pend));
    let [stream, sink, later] = [(); 3].map(|()| Arc::<Wakes>::default());
    let of = |wakes: &Arc<Wakes>| Waker::from(Arc::clone(wakes));
    let count = |wakes: &Arc<Wakes>| wakes.0.load(Ordering::SeqCst);

    socket.start_send_unpin(Message::from("hello")).unwrap();
    let flushed = socket.poll_flush_unpin(&mut Context::from_waker(&of(&sink)));
    assert!(flushed.is_pending());
    // The first ping, the second, for which the answer to the first is written, and nothing.
    for is_pending in [false, false, true] {
        let polled = Pin::new(&mut socket).poll_next(&mut Context::from_waker(&of(&stream)));
        assert_eq!(polled.is_pending(), is_pending);
    }
    // To queue is nothing that waits.
    socket.start_send_unpin(Message::from("more")).unwrap();

    socket.get_mut().writer.take().unwrap().wake();
    assert_eq!((count(&stream), count(&sink)), (1, 1));

    for sink in [&sink, &later] {
        let flushed = socket.poll_flush_unpin(&mut Context::from_waker(&of(sink)));
        assert!(flushed.is_pending());
    }
    socket.get_mut().writer.take().unwrap().wake();
    assert_eq!((count(&stream), count(&sink), count(&later)), (1, 1, 1), "the last one wins");
}
