//! An adapter of your own: what it takes, and how it is checked.
//!
//! The stream is someone else's and knows nothing of wirescript: smol's `Async<TcpStream>`, as its
//! reactor has it. What makes a transport of it stands between two rules; that it keeps its promises
//! is the business of one macro, in the tests.
//!
//! ```text
//! cargo run --example own_adapter    # a client on it, against a server that this starts
//! cargo test --example own_adapter   # every promise of the contract
//! ```

use std::io::{self, ErrorKind, Write};
use std::net::{Shutdown, TcpListener, TcpStream, ToSocketAddrs};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::thread;

use futures::io::{AsyncRead, AsyncWrite};
use smol::Async;
use wirescript::{AsyncSocket, AsyncSocketExt, Connect, Endpoint, SocketInfo, async_trait};

// ---- the adapter ----

struct OwnConnector;

#[async_trait]
impl Connect for OwnConnector {
    type Socket = OwnSocket;

    async fn connect(&self, to: &Endpoint) -> io::Result<OwnSocket> {
        // Refuses what nobody could dial, and paths, which this one does not.
        let (host, port) = to.host_and_port()?;
        let host = host.to_owned();
        let found = smol::unblock(move || (host.as_str(), port).to_socket_addrs()).await?;
        let mut failure = io::Error::new(ErrorKind::InvalidInput, "the name has no address");
        for addr in found {
            match Async::<TcpStream>::connect(addr).await {
                Ok(stream) => {
                    // Now, because the system forgets the peer once that resets the connection.
                    let info = SocketInfo::new().with_peer_addr(addr);
                    let info = info.with_local_addr(stream.get_ref().local_addr()?);
                    return Ok(OwnSocket { stream, info });
                }
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }
}

struct OwnSocket {
    stream: Async<TcpStream>,
    info: SocketInfo,
}

impl AsyncSocket for OwnSocket {
    fn info(&self) -> &SocketInfo {
        &self.info
    }
}

type Polled<T> = Poll<io::Result<T>>;

impl AsyncRead for OwnSocket {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut [u8]) -> Polled<usize> {
        match buf.len() {
            0 => Poll::Ready(Ok(0)), // C3: the system would tell a pending error, or wait.
            _ => Pin::new(&mut self.stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for OwnSocket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Polled<usize> {
        match buf.len() {
            0 => Poll::Ready(Ok(0)), // C3, as above.
            _ => Pin::new(&mut self.stream).poll_write(cx, buf),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Polled<()> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Polled<()> {
        // C4: closing this stream only flushes it, and the peer would never hear the end.
        match self.stream.get_ref().shutdown(Shutdown::Write) {
            // C4: nothing is left to close once the peer has reset the connection.
            Err(error) if error.kind() == ErrorKind::NotConnected => Poll::Ready(Ok(())),
            result => Poll::Ready(result),
        }
    }
}

// ---- that was all of it ----

/// A client, which knows nothing of it.
async fn greeting<C: Connect>(net: &C, server: &Endpoint) -> io::Result<String> {
    let mut socket = net.connect(server).await?;
    let greeting = socket.recv_to_end(4096).await?;
    socket.disconnect().await?;
    Ok(String::from_utf8_lossy(&greeting).trim_end().to_owned())
}

/// The client, over the adapter, to a server on a free port.
fn greeted() -> io::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let server = listener.local_addr()?.into();
    thread::spawn(move || listener.accept()?.0.write_all(b"220 ready\r\n"));
    smol::block_on(greeting(&OwnConnector, &server))
}

#[expect(clippy::print_stdout, reason = "a program, not a library")]
fn main() -> io::Result<()> {
    println!("over an adapter of your own  {}", greeted()?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use wirescript_conformance::Transport;

    use super::*;

    impl Transport for OwnConnector {
        type Connector = Self;

        fn connector() -> Self {
            Self
        }

        fn block_on<F: Future>(future: F) -> F::Output {
            smol::block_on(future)
        }

        fn spawn(task: impl Future<Output = ()> + Send + 'static) {
            smol::spawn(task).detach();
        }

        fn is_connected(socket: &OwnSocket) -> bool {
            socket.stream.get_ref().peer_addr().is_ok()
        }
    }

    wirescript_conformance::promises!(OwnConnector);

    #[test]
    fn a_client_runs_on_it() {
        assert_eq!(greeted().unwrap(), "220 ready");
    }

    #[test]
    fn it_takes_less_than_60_lines() {
        let (_, rest) = include_str!("own_adapter.rs").split_once("---- the adapter ----").unwrap();
        let (adapter, _) = rest.split_once("---- that was all of it ----").unwrap();
        let is_code = |line: &&str| !line.is_empty() && !line.starts_with("//");
        assert!(adapter.lines().map(str::trim).filter(is_code).count() < 60);
    }
}
