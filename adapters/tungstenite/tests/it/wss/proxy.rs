//! TLS in front of the peers of the promises, which speak in the clear.
//!
//! A thread for each direction. What ends or resets one side ends or resets the other.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use socket2::SockRef;
use wirescript_conformance::websocket::{Answer, Listener, TcpListener, TcpPeer};
use wirescript_rustls::rustls::ServerConnection;

use super::ca::{Ca, HOST};

/// How much is decrypted at once.
const CHUNK: usize = 16 * 1024;

/// A peer behind TLS that nobody has connected to yet.
pub(super) struct TlsListener {
    behind: TcpListener,
    addr: SocketAddr,
}

impl Listener for TlsListener {
    type Peer = TcpPeer;

    fn new(answer: Answer) -> Self {
        let behind = TcpListener::new(answer);
        let uri = behind.uri();
        let listening = std::net::TcpListener::bind((HOST, 0)).unwrap();
        let addr = listening.local_addr().unwrap();
        thread::spawn(move || {
            let client = listening.accept().unwrap().0;
            let authority = uri.trim_start_matches("ws://").trim_end_matches('/');
            let peer = TcpStream::connect(authority).unwrap();
            relay(client, peer);
        });
        Self { behind, addr }
    }

    fn uri(&self) -> String {
        format!("wss://{}/", self.addr)
    }

    fn accept(self) -> TcpPeer {
        self.behind.accept()
    }
}

fn relay(mut client: TcpStream, peer: TcpStream) {
    client.set_nodelay(true).unwrap();
    peer.set_nodelay(true).unwrap();
    let config = Arc::new(Ca::trusted().server(HOST).config());
    let mut tls = ServerConnection::new(config).unwrap();
    while tls.is_handshaking() {
        tls.complete_io(&mut client).unwrap();
    }
    while tls.wants_write() {
        tls.write_tls(&mut client).unwrap();
    }
    let ends = Arc::new((client, peer, Mutex::new(tls)));
    let others = Arc::clone(&ends);
    thread::spawn(move || {
        let (client, peer, tls) = &*others;
        if to_client(peer, client, tls).is_none() {
            reset(client, peer);
        }
    });
    let (client, peer, tls) = &*ends;
    if to_peer(client, peer, tls).is_none() {
        reset(client, peer);
    }
}

/// Nothing, if either side was reset.
fn to_client(
    mut peer: &TcpStream,
    mut client: &TcpStream,
    tls: &Mutex<ServerConnection>,
) -> Option<()> {
    let mut chunk = [0; CHUNK];
    loop {
        let read = peer.read(&mut chunk).ok()?;
        if read == 0 && peer.peer_addr().is_err() {
            // The other thread was told of the reset.
            return None;
        }
        let mut bytes = Vec::new();
        {
            let mut tls = tls.lock().unwrap();
            match read {
                0 => tls.send_close_notify(),
                _ => tls.writer().write_all(&chunk[..read]).unwrap(),
            }
            while tls.wants_write() {
                tls.write_tls(&mut bytes).unwrap();
            }
        }
        client.write_all(&bytes).ok()?;
        if read == 0 {
            return client.shutdown(Shutdown::Write).ok();
        }
    }
}

/// Nothing, if either side was reset.
fn to_peer(
    mut client: &TcpStream,
    mut peer: &TcpStream,
    tls: &Mutex<ServerConnection>,
) -> Option<()> {
    let (mut chunk, mut plain) = ([0; CHUNK], [0; CHUNK]);
    let mut received = 0..0;
    loop {
        // What came with the end of the handshake is there before anything is read.
        let decrypted = tls.lock().unwrap().reader().read(&mut plain);
        match decrypted {
            Ok(len @ 1..) => peer.write_all(&plain[..len]).ok()?,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                if received.is_empty() {
                    received = 0..client.read(&mut chunk).ok()?;
                    if received.is_empty() && client.peer_addr().is_err() {
                        return None;
                    }
                }
                let mut tls = tls.lock().unwrap();
                received.start += tls.read_tls(&mut &chunk[received.clone()]).unwrap();
                tls.process_new_packets().unwrap();
            }
            // A close_notify, or a client that let go of its socket.
            Ok(0) | Err(_) => return peer.shutdown(Shutdown::Write).ok(),
        }
    }
}

/// Resets both sides, once both threads have let go of them.
fn reset(client: &TcpStream, peer: &TcpStream) {
    for stream in [client, peer] {
        // It may be gone already.
        let _ = SockRef::from(stream).set_linger(Some(Duration::ZERO));
        // The other thread reads no more. Nobody on the wire sees that.
        let _ = stream.shutdown(Shutdown::Read);
    }
}
