//! One short session, written, run and judged; and the nearest thing that there is elsewhere.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use wirescript::{AsyncSocketExt, Connect, Endpoint, Verifier};

/// Connect, send 4 bytes, receive 4 bytes, close, verify.
pub async fn scripted(to: &Endpoint) {
    let verifier = Verifier::new();
    let net = verifier.socket();
    net.new_session()
        .expect_connect("echo.internal:7")
        .expect_send_all(b"ping")
        .expect_recv(b"pong")
        .expect_close();

    let mut socket = net.connect(to).await.expect("it is scripted");
    socket.send_all(b"ping").await.expect("it is scripted");
    let mut reply = [0; 4];
    socket.recv_exact(&mut reply).await.expect("it is scripted");
    drop(socket);
    verifier.verify();
}

/// The same in tokio-test: a write and a read, with neither a connect nor a record.
pub async fn tokio_test() {
    let mut socket = tokio_test::io::Builder::new().write(b"ping").read(b"pong").build();

    socket.write_all(b"ping").await.expect("it is scripted");
    let mut reply = [0; 4];
    socket.read_exact(&mut reply).await.expect("it is scripted");
    drop(socket);
}

/// Where the sessions connect to.
pub fn endpoint() -> Endpoint {
    Endpoint::new("echo.internal", 7)
}
