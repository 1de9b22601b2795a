//! The wrapper by itself: what it passes on, and what it answers without asking.

use std::io::{self, ErrorKind, IoSlice, IoSliceMut};
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use wirescript::{AsyncSocket, AsyncSocketExt, SocketInfo};
use wirescript_smol::{SmolConnector, SmolSocket, SmolStream, SmolTimer};

use crate::support::pair;

/// A stream that writes down how it is used.
#[derive(Debug, Default)]
struct Recorder {
    calls: Vec<&'static str>,
    close_error: Option<ErrorKind>,
}

impl Recorder {
    fn called<T>(&mut self, call: &'static str, answer: T) -> Poll<io::Result<T>> {
        self.calls.push(call);
        Poll::Ready(Ok(answer))
    }
}

impl AsyncRead for Recorder {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.called("read", buf.len())
    }

    fn poll_read_vectored(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        self.called("read_vectored", bufs.iter().map(|buf| buf.len()).sum())
    }
}

impl AsyncWrite for Recorder {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.called("write", buf.len())
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.called("write_vectored", bufs.iter().map(|buf| buf.len()).sum())
    }

    fn poll_flush(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.called("flush", ())
    }

    fn poll_close(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.calls.push("close");
        Poll::Ready(self.close_error.map_or(Ok(()), |kind| Err(kind.into())))
    }
}

#[test]
fn everything_may_be_sent_and_shared() {
    fn check<T: Send + Sync + Unpin + 'static>() {}
    check::<SmolConnector>();
    check::<SmolSocket<SmolStream>>();
    check::<SmolTimer>();
}

#[test]
fn several_buffers_are_one_operation_of_the_stream_either_way() {
    smol::block_on(async {
        let mut socket = SmolSocket::new(Recorder::default());
        let sent = [IoSlice::new(b"one"), IoSlice::new(b""), IoSlice::new(b"three")];
        assert_eq!(socket.write_vectored(&sent).await.unwrap(), 8);
        let (mut one, mut other) = ([0; 2], [0; 4]);
        let mut bufs = [IoSliceMut::new(&mut one), IoSliceMut::new(&mut other)];
        assert_eq!(socket.read_vectored(&mut bufs).await.unwrap(), 6);
        assert_eq!(socket.into_inner().calls, ["write_vectored", "read_vectored"]);
    });
}

#[test]
fn vectored_writes_are_claimed_by_whoever_knows_the_stream() {
    assert!(smol::block_on(pair()).0.is_write_vectored());
    let socket = SmolSocket::new(Recorder::default());
    assert!(!socket.is_write_vectored());
    assert!(socket.with_write_vectored(true).is_write_vectored());
}

#[test]
fn c3_the_stream_is_not_asked_about_empty_buffers() {
    smol::block_on(async {
        let mut socket = SmolSocket::new(Recorder::default());
        assert_eq!(socket.read(&mut []).await.unwrap(), 0);
        assert_eq!(socket.read_vectored(&mut []).await.unwrap(), 0);
        assert_eq!(socket.read_vectored(&mut [IoSliceMut::new(&mut [])]).await.unwrap(), 0);
        assert_eq!(socket.write(b"").await.unwrap(), 0);
        assert_eq!(socket.write_vectored(&[]).await.unwrap(), 0);
        assert_eq!(socket.write_vectored(&[IoSlice::new(b"")]).await.unwrap(), 0);
        assert!(socket.into_inner().calls.is_empty());
    });
}

#[test]
fn c4_closing_flushes_first() {
    smol::block_on(async {
        let mut socket = SmolSocket::new(Recorder::default());
        socket.close().await.unwrap();
        assert_eq!(socket.into_inner().calls, ["flush", "close"]);
    });
}

#[test]
fn c4_a_stream_that_is_no_longer_connected_closes_all_the_same() {
    for (kind, expected) in
        [(ErrorKind::NotConnected, Ok(())), (ErrorKind::BrokenPipe, Err(ErrorKind::BrokenPipe))]
    {
        let recorder = Recorder { close_error: Some(kind), ..Recorder::default() };
        let closed = smol::block_on(SmolSocket::new(recorder).shutdown());
        assert_eq!(closed.map_err(|error| error.kind()), expected);
    }
}

#[cfg(unix)]
#[test]
fn c4_a_stream_of_another_kind_is_half_closed_too() {
    smol::block_on(async {
        let (near, far) = async_net::unix::UnixStream::pair().unwrap();
        let (mut near, mut far) = (SmolSocket::new(near), SmolSocket::new(far));
        near.send_all(b"bye").await.unwrap();
        near.shutdown().await.unwrap();
        assert_eq!(far.recv_to_end(8).await.unwrap(), b"bye");
        assert_eq!(near.send(b"x").await.unwrap_err().kind(), ErrorKind::BrokenPipe);

        far.send_all(b"late").await.unwrap();
        far.disconnect().await.unwrap();
        assert_eq!(near.recv_to_end(8).await.unwrap(), b"late");
        near.disconnect().await.unwrap();
    });
}

#[test]
fn what_is_wrapped_can_be_reached() {
    let info = SocketInfo::new().with_peer_addr(([127, 0, 0, 1], 80).into());
    let mut socket = SmolSocket::new(Recorder::default());
    assert_eq!(socket.info(), SocketInfo::unknown());
    socket = socket.with_info(info.clone());
    assert_eq!(socket.info(), &info);
    socket.get_mut().calls.push("reached");
    assert_eq!(socket.get_ref().calls, ["reached"]);
    assert_eq!(socket.into_inner().calls, ["reached"]);
}
