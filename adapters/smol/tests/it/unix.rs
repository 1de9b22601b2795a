//! The same promises on Unix domain sockets, as far as those can be seen there.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_net::unix::{UnixListener, UnixStream};
use futures::io::{AsyncReadExt as _, AsyncWriteExt as _};
use socket2::{Domain, SockAddr, Type};
use wirescript::{
    AsyncSocket, AsyncSocketExt, Connect, Endpoint, ErrorClass, InvalidEndpoint, classify,
};
use wirescript_smol::{SmolConnector, SmolSocket, SmolStream};

/// A prime, so that no size of a chunk or a buffer is a multiple of it.
const PERIOD: usize = 251;

/// Bytes of which none that is lost, doubled or moved goes unseen.
fn pattern(len: usize) -> Vec<u8> {
    let period: [u8; PERIOD] = std::array::from_fn(|i| i as u8);
    let mut bytes = period.repeat(len.div_ceil(PERIOD));
    bytes.truncate(len);
    bytes
}

/// A place in the file system that nobody else uses, gone with this.
struct Place(PathBuf);

impl Place {
    fn new() -> Self {
        static PLACES: AtomicUsize = AtomicUsize::new(0);
        let number = PLACES.fetch_add(1, Ordering::Relaxed);
        let name = format!("wirescript-smol-{}-{number}.sock", std::process::id());
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

async fn pair() -> (SmolSocket<SmolStream>, UnixStream) {
    let place = Place::new();
    let listener = UnixListener::bind(&place.0).unwrap();
    let socket = SmolConnector::new().connect(&Endpoint::unix(&place.0)).await.unwrap();
    assert_eq!(socket.info().peer_path(), Some(&*place.0));
    assert_eq!((socket.info().peer_addr(), socket.info().local_addr()), (None, None));
    (socket, listener.accept().await.unwrap().0)
}

#[test]
fn both_sides_hear_what_the_other_says_and_c4_half_close() {
    smol::block_on(async {
        let (mut socket, mut peer) = pair().await;
        assert!(socket.get_ref().as_unix().is_some() && socket.get_ref().as_tcp().is_none());
        // async-net's streams write the first of several buffers.
        assert!(!socket.is_write_vectored());
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
    });
}

#[test]
fn a_boxed_connector_dials_paths_and_bytes_pass_in_both_directions_at_once() {
    smol::block_on(async {
        const LEN: usize = 64 << 20;
        let place = Place::new();
        let listener = UnixListener::bind(&place.0).unwrap();
        let socket = SmolConnector::new().boxed().connect(&Endpoint::unix(&place.0)).await.unwrap();
        let (peer, _) = listener.accept().await.unwrap();
        let bytes = pattern(LEN);
        let (mut near_read, mut near_write) = socket.split();
        let (mut far_read, mut far_write) = peer.split();
        let (mut at_near, mut at_far) = (vec![0; LEN], vec![0; LEN]);
        let passed = futures::join!(
            near_write.write_all(&bytes),
            far_write.write_all(&bytes),
            near_read.read_exact(&mut at_near),
            far_read.read_exact(&mut at_far),
        );
        passed.0.unwrap();
        passed.1.unwrap();
        passed.2.unwrap();
        passed.3.unwrap();
        assert!(at_near == bytes && at_far == bytes);
        near_write.close().await.unwrap();
    });
}

/// TCP has a first write that is taken and a reset; here the peer is known to be gone.
#[cfg(target_os = "linux")]
#[test]
fn c5_a_peer_that_drops_what_it_has_not_read_is_a_reset_that_a_read_is_told_once() {
    smol::block_on(async {
        let (mut socket, peer) = pair().await;
        socket.send_all(b"unread").await.unwrap();
        drop(peer);
        assert_eq!(socket.send(b"x").await.unwrap_err().kind(), ErrorKind::BrokenPipe);
        let error = socket.recv(&mut [0; 8]).await.unwrap_err();
        assert_eq!(classify(&error), ErrorClass::Reset);
        assert_eq!(socket.recv(&mut [0; 8]).await.unwrap(), 0);
        assert_eq!(socket.send(b"x").await.unwrap_err().kind(), ErrorKind::BrokenPipe);
        socket.disconnect().await.unwrap();
    });
}

#[test]
fn c9_nobody_listening_is_refused_and_no_socket_is_not_found() {
    smol::block_on(async {
        let place = Place::new();
        let to = Endpoint::unix(&place.0);
        let error = SmolConnector::new().connect(&to).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        drop(UnixListener::bind(&place.0).unwrap());
        let error = SmolConnector::new().connect(&to).await.unwrap_err();
        assert_eq!(classify(&error), ErrorClass::Refused);
    });
}

#[cfg(target_os = "linux")]
#[test]
fn c2_a_backlog_without_room_is_refused() {
    smol::block_on(async {
        let place = Place::new();
        let listening = socket2::Socket::new(Domain::UNIX, Type::STREAM, None).unwrap();
        listening.bind(&SockAddr::unix(&place.0).unwrap()).unwrap();
        listening.listen(1).unwrap();
        let (net, to) = (SmolConnector::new(), Endpoint::unix(&place.0));
        let mut waiting = Vec::new();
        let error = loop {
            match net.connect(&to).await {
                Ok(socket) => waiting.push(socket),
                Err(error) => break error,
            }
        };
        assert_eq!(classify(&error), ErrorClass::Refused, "{error:?}");
    });
}

#[test]
fn a_path_that_cannot_be_is_invalid_input() {
    smol::block_on(async {
        for path in ["", "a\0b", &"x".repeat(200)] {
            let error = SmolConnector::new().connect(&Endpoint::unix(path)).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{path:?}");
            assert!(error.get_ref().unwrap().is::<InvalidEndpoint>(), "{error:?}");
        }
    });
}
