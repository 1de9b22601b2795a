//! An async client on sockets that block (`BlockInPoll`). That the promises are kept is in `stamped`.

use std::io::{self, IoSlice, IoSliceMut, Read, Write};

use futures::executor::block_on;
use futures::io::{AsyncReadExt as _, AsyncWriteExt as _};
use wirescript::blocking::{BlockInPoll, BoxSocket, Socket, StdConnector, StdSocket};
use wirescript::scripted::BlockingScriptedSocket;
use wirescript::{AsyncSocket, AsyncSocketExt, Connect, Endpoint, SocketInfo, Verifier};

/// A socket that writes down how it is used.
#[derive(Debug, Default)]
struct Recorder {
    calls: Vec<String>,
    info: SocketInfo,
}

impl Recorder {
    fn called(&mut self, call: &str, bytes: usize) -> io::Result<usize> {
        self.calls.push(format!("{call} {bytes}"));
        Ok(bytes)
    }
}

impl Read for Recorder {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.called("read", buf.len())
    }

    fn read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        self.called("read_vectored", bufs.iter().map(|buf| buf.len()).sum())
    }
}

impl Write for Recorder {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.called("write", buf.len())
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.called("write_vectored", bufs.iter().map(|buf| buf.len()).sum())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.called("flush", 0).map(drop)
    }
}

impl Socket for Recorder {
    fn info(&self) -> &SocketInfo {
        &self.info
    }

    fn shutdown(&mut self) -> io::Result<()> {
        self.called("shutdown", 0).map(drop)
    }

    fn try_clone(&self) -> io::Result<BoxSocket> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

#[test]
fn every_operation_is_one_of_the_socket() {
    block_on(async {
        let mut socket = BlockInPoll::new(Recorder::default());
        assert_eq!(socket.read(&mut [0; 3]).await.unwrap(), 3);
        let (mut one, mut other) = ([0; 2], [0; 4]);
        let mut bufs = [IoSliceMut::new(&mut one), IoSliceMut::new(&mut other)];
        assert_eq!(socket.read_vectored(&mut bufs).await.unwrap(), 6);
        assert_eq!(socket.write(b"one").await.unwrap(), 3);
        let bufs = [IoSlice::new(b"one"), IoSlice::new(b"three")];
        assert_eq!(socket.write_vectored(&bufs).await.unwrap(), 8);
        socket.flush().await.unwrap();
        socket.close().await.unwrap();
        assert_eq!(
            socket.into_inner().calls,
            ["read 3", "read_vectored 6", "write 3", "write_vectored 8", "flush 0", "shutdown 0"]
        );
    });
}

#[test]
fn what_is_wrapped_can_be_reached() {
    let info = SocketInfo::new().with_peer_addr(([127, 0, 0, 1], 80).into());
    let mut socket = BlockInPoll::new(Recorder { info: info.clone(), ..Recorder::default() });
    assert_eq!(socket.info(), &info);
    assert!(!socket.is_write_vectored(), "nobody can say so");
    socket.get_mut().calls.push("reached".to_owned());
    assert_eq!(socket.get_ref().calls, ["reached"]);
}

#[test]
fn a_client_that_awaits_runs_on_the_double_of_those_that_block() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    net.new_session()
        .expect_connect("peer:1")
        .expect_send_all(b"ping")
        .expect_recv(b"pong")
        .expect_shutdown()
        .expect_close();
    block_on(async {
        let net = BlockInPoll::new(net).boxed();
        let mut socket = net.connect(&Endpoint::new("peer", 1)).await.unwrap();
        socket.send_all(b"ping").await.unwrap();
        socket.recv_exact(&mut [0; 4]).await.unwrap();
        socket.disconnect().await.unwrap();
    });
    verifier.verify();
}

#[test]
fn everything_may_be_sent_and_shared_and_shown() {
    fn check<T: Send + Sync + Unpin + std::fmt::Debug + 'static>() {}
    check::<BlockInPoll<StdConnector>>();
    check::<BlockInPoll<StdSocket>>();
    check::<BlockInPoll<BlockingScriptedSocket>>();
}
