//! What only tokio's own sockets can be asked, or only a clock that is paused can show.

use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::time::timeout;
use wirescript::{AsyncSocketExt, ErrorClass, classify};

use crate::support::{arrived, pair};

#[tokio::test]
async fn c3_two_writes_of_the_peer_may_be_one_read() {
    let (mut socket, mut peer) = pair().await;
    peer.write_all(b"one").await.unwrap();
    peer.write_all(b"two").await.unwrap();
    arrived(&socket, 6).await;
    let mut buf = [0; 16];
    assert_eq!(socket.recv(&mut buf).await.unwrap(), 6);
    assert_eq!(&buf[..6], b"onetwo");
}

#[tokio::test(start_paused = true)]
async fn c7_a_silent_peer_is_waited_for_until_the_caller_gives_up() {
    let (mut socket, mut peer) = pair().await;
    let mut buf = [0; 1];
    let elapsed = timeout(Duration::from_secs(365 * 86_400), socket.recv(&mut buf)).await;
    assert_eq!(classify(&elapsed.unwrap_err().into()), ErrorClass::TimedOut);

    peer.write_all(b"x").await.unwrap();
    assert_eq!(socket.recv(&mut buf).await.unwrap(), 1);
}
