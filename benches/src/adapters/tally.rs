//! What reaches a stream: the calls of which each would be one of the system.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::executor::block_on;
use tokio::io::ReadBuf;
use wirescript_async_std::{AsyncStdSocket, CloseWrite};
use wirescript_smol::SmolSocket;
use wirescript_tokio::TokioSocket;

use super::Work;
use super::client::{Job, Runtime, Side, on_futures, on_socket, on_tokio};

/// How often a stream was asked for what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Calls {
    reads: usize,
    writes: usize,
    vectored_writes: usize,
    bytes: usize,
}

/// The calls that `work` makes, done so many times, of a stream that always has room and an answer.
/// `None` for the standard library, under whose socket no other stream can be put.
pub fn calls(runtime: Runtime, side: Side, work: Work, times: usize) -> Option<Calls> {
    let (mut tally, mut job) = (Tally::default(), Job::new(work));
    block_on(async {
        match (runtime, side) {
            (Runtime::Tokio, Side::Raw) => on_tokio(&mut tally, &mut job, times).await,
            (Runtime::Tokio, Side::Ours) => {
                on_socket(&mut TokioSocket::new(&mut tally), &mut job, times).await;
            }
            (Runtime::AsyncStd | Runtime::Smol, Side::Raw) => {
                on_futures(&mut tally, &mut job, times).await;
            }
            (Runtime::AsyncStd, Side::Ours) => {
                on_socket(&mut AsyncStdSocket::new(&mut tally), &mut job, times).await;
            }
            (Runtime::Smol, Side::Ours) => {
                on_socket(&mut SmolSocket::new(&mut tally), &mut job, times).await;
            }
            (Runtime::Std, _) => return None,
        }
        Some(())
    })?;
    Some(tally.0)
}

/// A stream that counts.
#[derive(Debug, Default)]
struct Tally(Calls);

impl Tally {
    fn read(&mut self, len: usize) -> usize {
        self.0.reads += 1;
        self.0.bytes += len;
        len
    }

    fn wrote(&mut self, len: usize) -> Poll<io::Result<usize>> {
        self.0.writes += 1;
        self.0.bytes += len;
        Poll::Ready(Ok(len))
    }

    fn wrote_vectored(&mut self, bufs: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let len = bufs.iter().map(|buf| buf.len()).sum();
        self.0.vectored_writes += 1;
        self.0.bytes += len;
        Poll::Ready(Ok(len))
    }
}

impl tokio::io::AsyncRead for Tally {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let len = self.read(buf.remaining());
        buf.initialize_unfilled();
        buf.advance(len);
        Poll::Ready(Ok(()))
    }
}

impl futures::io::AsyncRead for Tally {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(self.read(buf.len())))
    }
}

/// Both traits have the same methods, but for the name of the last.
macro_rules! writes {
    ($trait:path, $close:ident $(, $is_write_vectored:ident)?) => {
        impl $trait for Tally {
            fn poll_write(
                mut self: Pin<&mut Self>,
                _: &mut Context<'_>,
                buf: &[u8],
            ) -> Poll<io::Result<usize>> {
                self.wrote(buf.len())
            }

            fn poll_write_vectored(
                mut self: Pin<&mut Self>,
                _: &mut Context<'_>,
                bufs: &[IoSlice<'_>],
            ) -> Poll<io::Result<usize>> {
                self.wrote_vectored(bufs)
            }

            $(fn $is_write_vectored(&self) -> bool {
                true
            })?

            /// No call of the system: sockets hold nothing back.
            fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
                Poll::Ready(Ok(()))
            }

            fn $close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
                Poll::Ready(Ok(()))
            }
        }
    };
}

writes!(tokio::io::AsyncWrite, poll_shutdown, is_write_vectored);
writes!(futures::io::AsyncWrite, poll_close);

impl CloseWrite for &mut Tally {
    fn close_write(&self) -> io::Result<()> {
        Ok(())
    }
}
