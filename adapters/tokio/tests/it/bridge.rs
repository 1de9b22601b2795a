//! The two wrappers: what they pass on, and that they undo each other.

use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::AsyncWriteExt as _;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use wirescript::{AsyncSocket, AsyncSocketExt, BoxSocket, SocketInfo};
use wirescript_tokio::{IntoTokio, TokioConnector, TokioSocket, TokioStream, TokioTimer};

use crate::support::pair;

/// A tokio stream that says how it is used.
#[derive(Debug, Default)]
struct Recorder {
    taken: Vec<u8>,
    writes: usize,
    vectored_writes: usize,
    vectored: bool,
    shutdown_error: Option<ErrorKind>,
}

impl AsyncRead for Recorder {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        buf.put_slice(b"abc");
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Recorder {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.writes += 1;
        self.taken.extend_from_slice(buf);
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.vectored_writes += 1;
        bufs.iter().for_each(|buf| self.taken.extend_from_slice(buf));
        Poll::Ready(Ok(bufs.iter().map(|buf| buf.len()).sum()))
    }

    fn is_write_vectored(&self) -> bool {
        self.vectored
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.shutdown_error.map_or(Ok(()), |kind| Err(kind.into())))
    }
}

#[test]
fn everything_may_be_sent_and_shared() {
    fn check<T: Send + Sync + Unpin + 'static>() {}
    check::<TokioConnector>();
    check::<TokioSocket<TokioStream>>();
    check::<IntoTokio<TokioSocket<TokioStream>>>();
    check::<TokioTimer>();
}

#[tokio::test]
async fn a_vectored_write_is_one_vectored_write_of_the_stream() {
    let bufs = [IoSlice::new(b"one"), IoSlice::new(b"two"), IoSlice::new(b"three")];

    let gathering = || Recorder { vectored: true, ..Recorder::default() };
    let mut socket = TokioSocket::new(gathering());
    assert!(socket.is_write_vectored());
    assert_eq!(socket.write_vectored(&bufs).await.unwrap(), 11);
    let recorder = socket.into_inner();
    assert_eq!((recorder.vectored_writes, recorder.writes), (1, 0));
    assert_eq!(recorder.taken, b"onetwothree");

    let mut stream = IntoTokio::new(TokioSocket::new(gathering()));
    assert!(stream.is_write_vectored());
    assert_eq!(AsyncWriteExt::write_vectored(&mut stream, &bufs).await.unwrap(), 11);
    let recorder = stream.into_inner().into_inner();
    assert_eq!((recorder.vectored_writes, recorder.writes), (1, 0));
    assert_eq!(recorder.taken, b"onetwothree");
}

#[test]
fn a_stream_without_vectored_writes_claims_none() {
    let socket = TokioSocket::new(Recorder::default());
    assert!(!socket.is_write_vectored());
    assert!(!IntoTokio::new(socket).is_write_vectored());
}

#[tokio::test]
async fn c4_a_stream_that_is_no_longer_connected_closes_all_the_same() {
    for (kind, expected) in
        [(ErrorKind::NotConnected, Ok(())), (ErrorKind::BrokenPipe, Err(ErrorKind::BrokenPipe))]
    {
        let recorder = Recorder { shutdown_error: Some(kind), ..Recorder::default() };
        let closed = TokioSocket::new(recorder).shutdown().await;
        assert_eq!(closed.map_err(|error| error.kind()), expected);
    }
}

#[tokio::test]
async fn a_read_goes_behind_what_the_buffer_holds() {
    let mut stream = IntoTokio::new(TokioSocket::new(Recorder::default()));
    let mut buf = b"kept ".to_vec();
    stream.read_buf(&mut buf).await.unwrap();
    assert_eq!(buf, b"kept abc");
}

#[tokio::test]
async fn a_socket_in_a_stream_in_a_socket_is_still_that_socket() {
    let (socket, mut peer) = pair().await;
    let info = socket.info().clone();
    let mut socket = TokioSocket::new(IntoTokio::new(socket)).with_info(info.clone());
    assert_eq!(socket.info(), &info);
    assert!(socket.is_write_vectored());

    socket.send_all(b"ping").await.unwrap();
    let mut heard = [0; 4];
    peer.read_exact(&mut heard).await.unwrap();
    assert_eq!(&heard, b"ping");

    socket.shutdown().await.unwrap();
    assert_eq!(peer.read(&mut heard).await.unwrap(), 0);
    peer.write_all(b"pong").await.unwrap();
    drop(peer);
    assert_eq!(socket.recv_to_end(16).await.unwrap(), b"pong");

    assert_eq!(socket.into_inner().into_inner().info(), &info);
}

#[tokio::test]
async fn what_is_written_for_tokio_runs_on_a_boxed_socket() {
    let (socket, mut peer) = pair().await;
    let socket: BoxSocket = Box::new(socket);
    let echo = tokio::spawn(async move {
        let (mut reader, mut writer) = tokio::io::split(IntoTokio::new(socket));
        let copied = tokio::io::copy(&mut reader, &mut writer).await?;
        writer.shutdown().await?;
        io::Result::Ok(copied)
    });
    peer.write_all(b"echo").await.unwrap();
    peer.shutdown().await.unwrap();
    let mut heard = Vec::new();
    peer.read_to_end(&mut heard).await.unwrap();
    assert_eq!(heard, b"echo");
    assert_eq!(echo.await.unwrap().unwrap(), 4);
}

#[test]
fn what_is_wrapped_can_be_reached() {
    let mut socket = TokioSocket::new(Recorder::default());
    assert_eq!(socket.info(), SocketInfo::unknown());
    socket.get_mut().writes = 7;
    assert_eq!(socket.get_ref().writes, 7);

    let mut stream = IntoTokio::new(socket);
    stream.get_mut().get_mut().writes = 8;
    assert_eq!(stream.get_ref().get_ref().writes, 8);
    assert_eq!(stream.into_inner().into_inner().writes, 8);
}
