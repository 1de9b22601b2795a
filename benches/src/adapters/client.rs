//! The work of a client, on a raw stream of each runtime and on the socket of its adapter.

use std::fmt;
use std::io::{IoSlice, Read as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use wirescript::blocking::{Connect as _, StdConnector};
use wirescript::{Connect as _, Endpoint};
use wirescript_async_std::AsyncStdConnector;
use wirescript_smol::SmolConnector;
use wirescript_tokio::TokioConnector;

use super::Work;

/// The most buffers of one send.
const BUFFERS: usize = 16;

/// Whose streams they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runtime {
    /// tokio's, on one thread.
    Tokio,
    /// async-std's.
    AsyncStd,
    /// async-net's, on smol's executor.
    Smol,
    /// The standard library's, which block.
    Std,
}

impl Runtime {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Tokio, Self::AsyncStd, Self::Smol, Self::Std];
}

impl fmt::Display for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tokio => "tokio",
            Self::AsyncStd => "async-std",
            Self::Smol => "smol",
            Self::Std => "std",
        })
    }
}

/// The stream as it is, or the socket that an adapter makes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// With the verbs of the runtime.
    Raw,
    /// With ours.
    Ours,
}

/// Does `work` so many times with a peer at `addr`, and says how long that took; it is connected
/// already, unless that is the work.
pub fn client(
    runtime: Runtime,
    side: Side,
    work: Work,
    addr: SocketAddr,
) -> impl FnMut(usize) -> Duration {
    let is_connecting = work.sends == 0;
    let mut client = match is_connecting {
        true => connecting(runtime, side, addr),
        false => talking(runtime, side, work, addr),
    };
    move |times| {
        let begun = Instant::now();
        client(times);
        let took = begun.elapsed();
        if is_connecting {
            settle(addr);
        }
        took
    }
}

fn tokio_runtime() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_io().build().expect("the system has what it needs")
}

const LISTENS: &str = "somebody listens";

fn talking(runtime: Runtime, side: Side, work: Work, addr: SocketAddr) -> Box<dyn FnMut(usize)> {
    let (mut job, to) = (Job::new(work), Endpoint::from(addr));
    match (runtime, side) {
        (Runtime::Tokio, Side::Raw) => {
            let tokio = tokio_runtime();
            let mut stream = tokio.block_on(tokio::net::TcpStream::connect(addr)).expect(LISTENS);
            Box::new(move |times| tokio.block_on(on_tokio(&mut stream, &mut job, times)))
        }
        (Runtime::Tokio, Side::Ours) => {
            let tokio = tokio_runtime();
            let mut socket = tokio.block_on(TokioConnector::new().connect(&to)).expect(LISTENS);
            Box::new(move |times| tokio.block_on(on_socket(&mut socket, &mut job, times)))
        }
        (Runtime::AsyncStd, Side::Raw) => {
            let connecting = async_std::net::TcpStream::connect(addr);
            let mut stream = async_std::task::block_on(connecting).expect(LISTENS);
            Box::new(move |times| {
                async_std::task::block_on(on_futures(&mut stream, &mut job, times));
            })
        }
        (Runtime::AsyncStd, Side::Ours) => {
            let net = AsyncStdConnector::new();
            let mut socket = async_std::task::block_on(net.connect(&to)).expect(LISTENS);
            Box::new(move |times| {
                async_std::task::block_on(on_socket(&mut socket, &mut job, times));
            })
        }
        (Runtime::Smol, Side::Raw) => {
            let mut stream = smol::block_on(async_net::TcpStream::connect(addr)).expect(LISTENS);
            Box::new(move |times| smol::block_on(on_futures(&mut stream, &mut job, times)))
        }
        (Runtime::Smol, Side::Ours) => {
            let mut socket = smol::block_on(SmolConnector::new().connect(&to)).expect(LISTENS);
            Box::new(move |times| smol::block_on(on_socket(&mut socket, &mut job, times)))
        }
        (Runtime::Std, Side::Raw) => {
            let mut stream = TcpStream::connect(addr).expect(LISTENS);
            Box::new(move |times| on_std(&mut stream, &mut job, times))
        }
        (Runtime::Std, Side::Ours) => {
            let mut socket = StdConnector::new().connect(&to).expect(LISTENS);
            Box::new(move |times| on_blocking(&mut socket, &mut job, times))
        }
    }
}

/// Connects so many times, and drops what it has.
macro_rules! connects {
    ($times:ident, $connect:expr) => {
        async {
            for _ in 0..$times {
                drop($connect.await.expect(LISTENS));
            }
        }
    };
}

/// Both sides have the host as text, as a client does.
fn connecting(runtime: Runtime, side: Side, addr: SocketAddr) -> Box<dyn FnMut(usize)> {
    let (host, port, to) = (addr.ip().to_string(), addr.port(), Endpoint::from(addr));
    match (runtime, side) {
        (Runtime::Tokio, Side::Raw) => {
            let tokio = tokio_runtime();
            Box::new(move |times| {
                tokio.block_on(connects!(times, tokio::net::TcpStream::connect((&*host, port))));
            })
        }
        (Runtime::Tokio, Side::Ours) => {
            let (tokio, net) = (tokio_runtime(), TokioConnector::new());
            Box::new(move |times| tokio.block_on(connects!(times, net.connect(&to))))
        }
        (Runtime::AsyncStd, Side::Raw) => Box::new(move |times| {
            let connects = connects!(times, async_std::net::TcpStream::connect((&*host, port)));
            async_std::task::block_on(connects);
        }),
        (Runtime::AsyncStd, Side::Ours) => {
            let net = AsyncStdConnector::new();
            Box::new(move |times| async_std::task::block_on(connects!(times, net.connect(&to))))
        }
        (Runtime::Smol, Side::Raw) => Box::new(move |times| {
            smol::block_on(connects!(times, async_net::TcpStream::connect((&*host, port))));
        }),
        (Runtime::Smol, Side::Ours) => {
            let net = SmolConnector::new();
            Box::new(move |times| smol::block_on(connects!(times, net.connect(&to))))
        }
        (Runtime::Std, Side::Raw) => Box::new(move |times| {
            for _ in 0..times {
                drop(TcpStream::connect((&*host, port)).expect(LISTENS));
            }
        }),
        (Runtime::Std, Side::Ours) => {
            let net = StdConnector::new();
            Box::new(move |times| {
                for _ in 0..times {
                    drop(net.connect(&to).expect(LISTENS));
                }
            })
        }
    }
}

/// Waits until the peer is done with all who came and went before: it takes them one by one. What it
/// has to do for them would fall into the time of whoever is next.
fn settle(addr: SocketAddr) {
    let mut last = TcpStream::connect(addr).expect(LISTENS);
    last.shutdown(Shutdown::Write).expect("it is connected");
    // A reset or an end, as it comes.
    let _ = last.read(&mut [0]);
}

/// A work with what it sends and the room for the reply.
pub(super) struct Job {
    work: Work,
    bytes: Vec<u8>,
    reply: Vec<u8>,
}

impl Job {
    pub(super) fn new(work: Work) -> Self {
        Self { work, bytes: vec![b's'; work.send], reply: vec![0; work.reply] }
    }

    /// The bytes in their buffers.
    fn slices(&self) -> [IoSlice<'_>; BUFFERS] {
        let each = self.bytes.len() / BUFFERS;
        std::array::from_fn(|at| IoSlice::new(&self.bytes[at * each..][..each]))
    }
}

/// One way to do the work, in the verbs that a stream has.
macro_rules! way {
    (
        $(#[$attribute:meta])*
        ($($async:tt)?) $name:ident<S: $($bound:path),+>:
        use [$($import:path),*];
        $write_all:ident $write_vectored:ident $read_exact:ident $(.$await:tt)?
    ) => {
        $(#[$attribute])*
        pub(super) $($async)? fn $name<S>(stream: &mut S, job: &mut Job, times: usize)
        where
            S: Unpin $(+ $bound)+,
        {
            $(use $import as _;)*
            const HEARS: &str = "the peer hears and replies";

            for _ in 0..times {
                for _ in 0..job.work.sends {
                    if job.work.buffers == 1 {
                        stream.$write_all(&job.bytes)$(.$await)?.expect(HEARS);
                        continue;
                    }
                    let mut slices = job.slices();
                    let mut rest = &mut slices[..];
                    while !rest.is_empty() {
                        let wrote = stream.$write_vectored(rest)$(.$await)?.expect(HEARS);
                        IoSlice::advance_slices(&mut rest, wrote);
                    }
                }
                stream.$read_exact(&mut job.reply)$(.$await)?.expect(HEARS);
            }
        }
    };
}

way! {
    (async) on_tokio<S: tokio::io::AsyncRead, tokio::io::AsyncWrite>:
        use [tokio::io::AsyncReadExt, tokio::io::AsyncWriteExt];
    write_all write_vectored read_exact .await
}

way! {
    (async) on_futures<S: futures::io::AsyncRead, futures::io::AsyncWrite>:
        use [futures::io::AsyncReadExt, futures::io::AsyncWriteExt];
    write_all write_vectored read_exact .await
}

way! {
    (async) on_socket<S: wirescript::AsyncSocket>:
        use [wirescript::AsyncSocketExt, futures::io::AsyncWriteExt];
    send_all write_vectored recv_exact .await
}

way! {
    () on_std<S: std::io::Read, std::io::Write>: use [];
    write_all write_vectored read_exact
}

way! {
    () on_blocking<S: wirescript::blocking::Socket>:
        use [wirescript::blocking::SocketExt];
    send_all write_vectored recv_exact
}
