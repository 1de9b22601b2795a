//! One client and one test of it, under every runtime, side by side.
//!
//! The scripted half needs none of them. Over real sockets the adapter is chosen where the client is
//! constructed, and nowhere else.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::thread;

use wirescript::blocking::{BlockInPoll, StdConnector};
use wirescript::{AsyncSocketExt, Connect, Endpoint, run};
use wirescript_async_std::AsyncStdConnector;
use wirescript_smol::SmolConnector;
use wirescript_tokio::TokioConnector;

/// The client.
async fn fetch_status<C: Connect>(net: &C, server: &Endpoint) -> io::Result<String> {
    let mut socket = net.connect(server).await?;
    socket.send_all(b"STATUS\r\n").await?;
    let reply = socket.recv_to_end(4096).await?;
    socket.disconnect().await?;
    Ok(String::from_utf8_lossy(&reply).into_owned())
}

/// Its test, over a script.
async fn scripted() -> io::Result<()> {
    run(async |verifier| {
        let net = verifier.socket();
        net.new_session()
            .expect_connect("monitoring.internal:5000")
            .expect_send_all(b"STATUS\r\n")
            .expect_recv(b"OK 200\r\n")
            .expect_eof()
            .expect_close();
        let server = Endpoint::new("monitoring.internal", 5000);
        assert_eq!(fetch_status(&net, &server).await?, "OK 200\r\n");
        Ok(())
    })
    .await
}

/// The same over real sockets.
async fn real<C: Connect>(net: C) -> io::Result<()> {
    let server = Endpoint::from(serve()?);
    assert_eq!(fetch_status(&net, &server).await?, "OK 200\r\n");
    Ok(())
}

/// A server for one client, which needs no runtime.
fn serve() -> io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        let mut stream = BufReader::new(listener.accept()?.0);
        stream.read_line(&mut String::new())?;
        stream.get_mut().write_all(b"OK 200\r\n")
    });
    Ok(address)
}

#[tokio::test]
async fn under_tokio() -> io::Result<()> {
    scripted().await?;
    real(TokioConnector::new()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_tokio_with_several_threads() -> io::Result<()> {
    scripted().await?;
    real(TokioConnector::new()).await
}

#[async_std::test]
async fn under_async_std() -> io::Result<()> {
    scripted().await?;
    real(AsyncStdConnector::new()).await
}

#[test]
fn under_smol() -> io::Result<()> {
    smol::block_on(async {
        scripted().await?;
        real(SmolConnector::new()).await
    })
}

#[test]
fn under_no_runtime() -> io::Result<()> {
    futures::executor::block_on(async {
        scripted().await?;
        // The standard library's sockets block, which is all that there is to do here.
        real(BlockInPoll::new(StdConnector::new())).await
    })
}
