//! The contract of blocking sockets, under TLS over the standard library's: peers are those of the
//! promises. The numbers are those of `blocking::Socket`.

use std::fmt::Debug;
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::Duration;

use wirescript::blocking::{BoxSocket, Connect, Socket, SocketExt, StdConnector, StdSocket};
use wirescript::{Endpoint, SocketInfo};
use wirescript_conformance::{Listener, Peer, ROOM, check};
use wirescript_rustls::blocking::{TlsConnector, TlsSocket};
use wirescript_rustls::rustls::ProtocolVersion;

use crate::support::{Ca, TlsPeer, TlsPeers, server_name};

/// Enough to go through every buffer several times.
const MUCH: usize = 8 * 1024 * 1024;

/// How long a test waits for what does not come.
const SHORT: Duration = Duration::from_millis(20);

fn pair_over<C: Connect>(inner: C) -> (TlsSocket<C::Socket>, TlsPeer) {
    let listener = TlsPeers::new();
    let net = tls(inner);
    (net.connect(&listener.addr().into()).unwrap(), listener.accept())
}

fn pair() -> (TlsSocket<StdSocket>, TlsPeer) {
    pair_over(StdConnector::new())
}

fn tls<C>(inner: C) -> TlsConnector<C> {
    Ca::trusted().connector(inner).with_server_name(server_name())
}

/// Waits until a reset has arrived, and leaves it where it is.
fn reset_arrived(socket: &TlsSocket<StdSocket>) {
    while socket.get_ref().get_ref().as_tcp().unwrap().peer_addr().is_ok() {
        thread::yield_now();
    }
}

#[track_caller]
fn check_kind<T: Debug>(result: io::Result<T>, kind: ErrorKind) {
    assert_eq!(result.unwrap_err().kind(), kind);
}

/// C5, once the reset has been told.
#[track_caller]
fn check_only_the_end_is_left(socket: &mut impl Socket) {
    for _ in 0..3 {
        assert_eq!(socket.recv(&mut [0; 8]).unwrap(), 0);
        check_kind(socket.send(b"x"), ErrorKind::BrokenPipe);
        socket.shutdown().unwrap();
    }
}

fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i % 251) as u8).collect()
}

#[test]
fn c1_the_end_of_the_stream_comes_after_all_bytes_and_stays() {
    check(|| {
        let (mut socket, mut peer) = pair();
        peer.says(b"hi");
        peer.closes();
        assert_eq!(socket.recv_to_end(8).unwrap(), b"hi");
        for _ in 0..3 {
            assert_eq!(socket.recv(&mut [0; 8]).unwrap(), 0);
        }
    });
}

#[test]
fn c3_reads_are_as_small_as_they_have_to_be_and_empty_buffers_touch_nothing() {
    check(|| {
        let (mut socket, mut peer) = pair();
        assert_eq!(socket.recv(&mut []).unwrap(), 0);
        assert_eq!(socket.send(b"").unwrap(), 0);
        assert_eq!(socket.write_vectored(&[IoSlice::new(b""), IoSlice::new(b"")]).unwrap(), 0);
        peer.says(b"onetwo");
        let mut buf = [0; 4];
        assert_eq!(socket.recv(&mut buf).unwrap(), 4);
        assert_eq!(&buf, b"onet");
        assert_eq!(socket.recv(&mut buf).unwrap(), 2);
        assert_eq!(&buf[..2], b"wo");
        let bufs = [IoSlice::new(b"one"), IoSlice::new(b""), IoSlice::new(b"two")];
        assert_eq!(socket.write_vectored(&bufs).unwrap(), 6);
        assert_eq!(peer.hears(6), b"onetwo");
    });
}

#[test]
fn c4_half_a_close_ends_what_the_peer_hears_and_reads_go_on() {
    check(|| {
        let (mut socket, mut peer) = pair();
        let mut other = socket.try_clone().unwrap();
        socket.send_all(b"bye").unwrap();
        socket.shutdown().unwrap();
        assert_eq!(peer.hears_to_end(), b"bye");
        check_kind(other.send(b"x"), ErrorKind::BrokenPipe);
        other.shutdown().unwrap();

        peer.says(b"late");
        peer.closes();
        assert_eq!(other.recv_to_end(8).unwrap(), b"late");
        assert_eq!(socket.recv(&mut [0; 8]).unwrap(), 0);
        socket.disconnect().unwrap();
    });
}

#[test]
fn c5_a_reset_is_told_once_on_whichever_handle() {
    check(|| {
        let (mut socket, peer) = pair();
        let mut other = socket.try_clone().unwrap();
        peer.resets();
        reset_arrived(&socket);
        check_kind(other.recv(&mut [0; 8]), ErrorKind::ConnectionReset);
        check_only_the_end_is_left(&mut socket);
        check_only_the_end_is_left(&mut other);
    });
    check(|| {
        let (mut socket, peer) = pair();
        peer.resets();
        reset_arrived(&socket);
        check_kind(socket.send(b"x"), ErrorKind::ConnectionReset);
        check_only_the_end_is_left(&mut socket);
    });
}

#[test]
fn c5_closing_does_not_take_the_reset() {
    check(|| {
        let (mut socket, peer) = pair();
        peer.resets();
        reset_arrived(&socket);
        socket.shutdown().unwrap();
        socket.shutdown().unwrap();
        check_kind(socket.recv(&mut [0; 8]), ErrorKind::ConnectionReset);
        check_only_the_end_is_left(&mut socket);
    });
}

#[test]
fn c6_both_directions_move_8_mib_at_once_from_threads_of_their_own() {
    check(|| {
        let (mut socket, mut peer) = pair();
        let mut reader = socket.try_clone().unwrap();
        assert_eq!(reader.info(), socket.info());
        let bytes = Arc::new(pattern(MUCH));
        let mut twin = peer.twin();
        thread::scope(|scope| {
            scope.spawn(|| {
                peer.says(&bytes);
                peer.ends();
            });
            scope.spawn(|| assert!(twin.hears_to_end() == *bytes));
            scope.spawn(|| assert!(reader.recv_to_end(MUCH).unwrap() == *bytes));
            socket.send_all(&bytes).unwrap();
            socket.shutdown().unwrap();
        });
    });
}

#[test]
fn c6_a_thread_that_waits_for_the_peer_stops_no_other_direction() {
    check(|| {
        let (reads, reading) = channel();
        let (mut socket, mut peer) = pair_below(Some(reads));
        let mut reader = socket.try_clone().unwrap();
        while reading.try_recv().is_ok() {} // The handshake's.
        let waiting = thread::spawn(move || reader.recv_to_end(8).unwrap());
        reading.recv().unwrap();
        socket.send_all(b"ping").unwrap();
        assert_eq!(peer.hears(4), b"ping");
        assert!(socket.with_connection(|connection| !connection.is_handshaking()));
        peer.says(b"pong");
        peer.ends();
        assert_eq!(waiting.join().unwrap(), b"pong");
    });
}

#[test]
fn c7_what_takes_too_long_has_timed_out_and_lost_nothing() {
    check(|| {
        let (mut socket, mut peer) = pair_over(StdConnector::new());
        // Only now: the handshake may take longer than that.
        let stream = socket.get_ref().get_ref().as_tcp().unwrap();
        stream.set_read_timeout(Some(SHORT)).unwrap();
        stream.set_write_timeout(Some(SHORT)).unwrap();
        check_kind(socket.recv(&mut [0; 8]), ErrorKind::TimedOut);
        peer.says(b"late");
        let mut late = [0; 4];
        socket.recv_exact(&mut late).unwrap();
        assert_eq!(&late, b"late");

        // C8: what has timed out was not taken, and the rest was.
        let sent = pattern(4 * MUCH);
        let mut taken = 0;
        let error = loop {
            match socket.write(&sent[taken..]) {
                Ok(wrote) => taken += wrote,
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        assert!(taken >= ROOM, "{taken}");
        check_kind(socket.flush(), ErrorKind::TimedOut);
        let hearing = thread::spawn(move || peer.hears_to_end());
        while let Err(error) = socket.shutdown() {
            assert_eq!(error.kind(), ErrorKind::TimedOut);
        }
        assert!(hearing.join().unwrap() == sent[..taken]);
    });
}

#[test]
fn a_peer_that_never_shakes_hands_times_out() {
    check(|| {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let to = Endpoint::from(listener.local_addr().unwrap());
        let net = tls(StdConnector::new().with_read_timeout(SHORT));
        check_kind(net.connect(&to), ErrorKind::TimedOut);
    });
}

#[test]
fn an_end_without_a_close_notify_is_told_every_time() {
    check(|| {
        let (mut socket, peer) = pair();
        peer.shuts();
        for _ in 0..3 {
            check_kind(socket.recv(&mut [0; 8]), ErrorKind::UnexpectedEof);
        }
        socket.shutdown().unwrap();
    });
}

#[test]
fn boxes_connect_too_and_what_is_known_of_tls_can_be_asked() {
    check(|| {
        let (mut socket, mut peer) = pair_over(StdConnector::new().boxed());
        let version = socket.with_connection(|connection| connection.protocol_version());
        assert_eq!(version, Some(ProtocolVersion::TLSv1_3));
        assert_eq!(socket.info().peer_addr(), Some(peer.addr()));
        assert!(socket.info().is_secure());
        socket.send_all(b"hello").unwrap();
        assert_eq!(peer.hears(5), b"hello");
        assert!(socket.into_inner().info().peer_addr().is_some());
    });
}

/// A socket that tells of its reads; where nobody listens, it has but one handle.
struct Below {
    inner: BoxSocket,
    reads: Option<Sender<()>>,
}

/// TLS over a [`Below`], and its peer.
fn pair_below(reads: Option<Sender<()>>) -> (TlsSocket<Below>, TlsPeer) {
    let listener = TlsPeers::new();
    let inner = StdConnector::new().boxed().connect(&listener.addr().into()).unwrap();
    let config = Ca::trusted().connector(()).config().clone();
    let socket = TlsSocket::handshake(Below { inner, reads }, config, server_name()).unwrap();
    (socket, listener.accept())
}

impl Read for Below {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if let Some(reads) = &self.reads {
            // Nobody may listen any more.
            let _ = reads.send(());
        }
        self.inner.read(buf)
    }
}

impl Write for Below {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.inner.write(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl Socket for Below {
    fn shutdown(&mut self) -> io::Result<()> {
        self.inner.shutdown()
    }

    fn try_clone(&self) -> io::Result<BoxSocket> {
        match &self.reads {
            None => Err(ErrorKind::Unsupported.into()),
            reads => Ok(Box::new(Self { inner: self.inner.try_clone()?, reads: reads.clone() })),
        }
    }
}

#[test]
fn there_is_another_handle_only_where_there_is_one_below() {
    check(|| {
        let (socket, _peer) = pair_below(None);
        check_kind(socket.try_clone(), ErrorKind::Unsupported);
        assert_eq!(socket.info(), &SocketInfo::new().with_secure(true));
    });
}
