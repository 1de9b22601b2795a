//! The same promises on Unix domain sockets, as far as those can be seen there.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::AsyncWriteExt as _;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixSocket, UnixStream};
use wirescript::{
    AsyncSocket, AsyncSocketExt, Connect, Endpoint, ErrorClass, InvalidEndpoint, classify,
};
use wirescript_tokio::TokioConnector;

use crate::support::{Socket, pattern};

/// A place in the file system that nobody else uses, gone with this.
struct Place(PathBuf);

impl Place {
    fn new() -> Self {
        static PLACES: AtomicUsize = AtomicUsize::new(0);
        let number = PLACES.fetch_add(1, Ordering::Relaxed);
        let name = format!("wirescript-tokio-{}-{number}.sock", std::process::id());
        let path = std::env::temp_dir().join(name);
        let _ = std::fs::remove_file(&path);
        Self(path)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

async fn pair() -> (Socket, UnixStream) {
    let place = Place::new();
    let listener = UnixListener::bind(&place.0).unwrap();
    let socket = TokioConnector::new().connect(&Endpoint::unix(&place.0)).await.unwrap();
    assert_eq!(socket.info().peer_path(), Some(&*place.0));
    assert_eq!((socket.info().peer_addr(), socket.info().local_addr()), (None, None));
    (socket, listener.accept().await.unwrap().0)
}

#[tokio::test]
async fn both_sides_hear_what_the_other_says_and_c4_half_close() {
    let (mut socket, mut peer) = pair().await;
    assert!(socket.get_ref().as_unix().is_some() && socket.get_ref().as_tcp().is_none());
    assert!(socket.is_write_vectored());
    socket.send_all(b"ping").await.unwrap();
    socket.shutdown().await.unwrap();
    socket.shutdown().await.unwrap();
    assert_eq!(socket.send(b"x").await.unwrap_err().kind(), ErrorKind::BrokenPipe);

    let mut heard = Vec::new();
    peer.read_to_end(&mut heard).await.unwrap();
    assert_eq!(heard, b"ping");
    peer.write_all(b"pong").await.unwrap();
    drop(peer);
    assert_eq!(socket.recv_to_end(16).await.unwrap(), b"pong");
    for _ in 0..3 {
        assert_eq!(socket.recv(&mut [0; 8]).await.unwrap(), 0);
        socket.shutdown().await.unwrap();
    }
}

#[tokio::test]
async fn a_boxed_connector_dials_paths_and_bytes_pass_in_both_directions_at_once() {
    const LEN: usize = 64 << 20;
    let place = Place::new();
    let listener = UnixListener::bind(&place.0).unwrap();
    let socket = TokioConnector::new().boxed().connect(&Endpoint::unix(&place.0)).await.unwrap();
    let (peer, _) = listener.accept().await.unwrap();
    let bytes = pattern(LEN);
    let (mut near_read, mut near_write) = futures::AsyncReadExt::split(socket);
    let (mut far_read, mut far_write) = peer.into_split();
    let (mut at_near, mut at_far) = (vec![0; LEN], vec![0; LEN]);
    let passed = tokio::join!(
        futures::AsyncWriteExt::write_all(&mut near_write, &bytes),
        far_write.write_all(&bytes),
        futures::AsyncReadExt::read_exact(&mut near_read, &mut at_near),
        far_read.read_exact(&mut at_far),
    );
    passed.0.unwrap();
    passed.1.unwrap();
    passed.2.unwrap();
    passed.3.unwrap();
    assert!(at_near == bytes && at_far == bytes);
    near_write.close().await.unwrap();
}

/// TCP has a first write that is taken and a reset; here the peer is known to be gone.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn c5_a_peer_that_drops_what_it_has_not_read_is_a_reset_that_a_read_is_told_once() {
    let (mut socket, peer) = pair().await;
    socket.send_all(b"unread").await.unwrap();
    drop(peer);
    assert_eq!(socket.send(b"x").await.unwrap_err().kind(), ErrorKind::BrokenPipe);
    let error = socket.recv(&mut [0; 8]).await.unwrap_err();
    assert_eq!(classify(&error), ErrorClass::Reset);
    assert_eq!(socket.recv(&mut [0; 8]).await.unwrap(), 0);
    assert_eq!(socket.send(b"x").await.unwrap_err().kind(), ErrorKind::BrokenPipe);
    socket.disconnect().await.unwrap();
}

#[tokio::test]
async fn c9_nobody_listening_is_refused_and_no_socket_is_not_found() {
    let place = Place::new();
    let to = Endpoint::unix(&place.0);
    let error = TokioConnector::new().connect(&to).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    drop(UnixListener::bind(&place.0).unwrap());
    let error = TokioConnector::new().connect(&to).await.unwrap_err();
    assert_eq!(classify(&error), ErrorClass::Refused);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn c2_a_backlog_without_room_is_refused() {
    let place = Place::new();
    let listening = UnixSocket::new_stream().unwrap();
    listening.bind(&place.0).unwrap();
    let _listener = listening.listen(1).unwrap();
    let (net, to) = (TokioConnector::new(), Endpoint::unix(&place.0));
    let mut waiting = Vec::new();
    let error = loop {
        match net.connect(&to).await {
            Ok(socket) => waiting.push(socket),
            Err(error) => break error,
        }
    };
    assert_eq!(classify(&error), ErrorClass::Refused, "{error:?}");
}

#[tokio::test]
async fn a_path_that_cannot_be_is_invalid_input() {
    for path in ["", "a\0b", &"x".repeat(200)] {
        let error = TokioConnector::new().connect(&Endpoint::unix(path)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{path:?}");
        assert!(error.get_ref().unwrap().is::<InvalidEndpoint>(), "{error:?}");
    }
}
