//! For clients that block: the contracts, and the standard library's sockets behind them.
//!
//! [`Connect`] opens a [`Socket`], [`SocketExt`] has the verbs: the names and promises of the async
//! contracts, kept by threads. [`StdConnector`] is what a client is constructed with in production,
//! a scripted connector in a test.
//!
//! An async client runs on them too, in a program without a runtime: [`BlockInPoll`].
//!
//! What dials lives here, outside `transport`, which only says what is promised.
//!
#![cfg_attr(
    feature = "scripted",
    doc = r#"
```
use std::io;
use wirescript::blocking::{Connect, SocketExt};
use wirescript::{Endpoint, Verifier};

// The client: written once, generic over its transport.
fn fetch_status<C: Connect>(net: &C, host: &str, port: u16) -> io::Result<String> {
    let mut socket = net.connect(&Endpoint::new(host, port))?;
    socket.send_all(b"STATUS\r\n")?;
    let reply = socket.recv_to_end(4096)?;
    socket.disconnect()?;
    Ok(String::from_utf8_lossy(&reply).into_owned())
}

// Production: fetch_status(&StdConnector::new(), ..)

let verifier = Verifier::new();
let net = verifier.socket();
net.new_session()
    .expect_connect("monitoring.internal:5000")
    .expect_send_all(b"STATUS\r\n")
    .expect_recv(b"OK 200\r\n")
    .expect_eof()
    .expect_close();

assert_eq!(fetch_status(&net, "monitoring.internal", 5000)?, "OK 200\r\n");
verifier.finish_blocking();
# io::Result::Ok(())
```
"#
)]

mod connector;
mod in_poll;
mod socket;
mod stream;

pub use self::connector::StdConnector;
pub use self::in_poll::BlockInPoll;
pub use self::socket::StdSocket;
pub use self::stream::StdStream;
pub use crate::transport::blocking::{
    BoxConnector, BoxSocket, BoxWebSocket, BoxWebSocketConnector, Connect, Socket, SocketExt,
    WebSocket, WebSocketConnect, WebSocketExt,
};
