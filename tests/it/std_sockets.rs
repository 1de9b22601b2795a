//! The blocking promises C1 to C9 on real sockets, as the standard library has them.
//!
//! Nothing here sleeps to wait for something: a test looks until what it waits for can be seen.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv6Addr, Shutdown, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use socket2::SockRef;
use wirescript::blocking::{Connect, Socket, SocketExt, StdConnector, StdSocket, StdStream};
use wirescript::{Endpoint, ErrorClass, InvalidEndpoint, classify};

use crate::promises::{check_broken, check_reset};

/// Long enough to be over only when something is wrong.
const AGES: Duration = Duration::from_secs(30);
/// Short enough to wait for.
const MOMENT: Duration = Duration::from_millis(20);

/// A socket of `net` and the raw stream of its peer, over TCP.
fn tcp(net: &StdConnector) -> (StdSocket, StdStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = listener.local_addr().unwrap();
    let socket = net.connect(&server.into()).unwrap();
    let (peer, addr) = listener.accept().unwrap();
    assert_eq!(socket.info().peer_addr(), Some(server));
    assert_eq!(socket.info().local_addr(), Some(addr));
    (socket, peer.into())
}

/// The same over whatever there is.
fn pairs(net: &StdConnector) -> Vec<(StdSocket, StdStream)> {
    vec![
        tcp(net),
        #[cfg(unix)]
        unix::pair(net),
    ]
}

fn raw(socket: &StdSocket) -> &TcpStream {
    socket.get_ref().as_tcp().unwrap()
}

/// Cuts the connection with an RST instead of a FIN.
fn reset(peer: StdStream) {
    SockRef::from(peer.as_tcp().unwrap()).set_linger(Some(Duration::ZERO)).unwrap();
}

/// Looks until an RST has arrived, without taking the error that is pending.
fn reset_arrived(socket: &StdSocket) {
    while raw(socket).peer_addr().is_ok() {
        thread::yield_now();
    }
}

fn pair_that_was_reset() -> StdSocket {
    let (socket, peer) = tcp(&StdConnector::new());
    reset(peer);
    reset_arrived(&socket);
    socket
}

/// Looks until `expected` bytes can be read, without reading them.
fn arrived(socket: &StdSocket, expected: usize) {
    let mut buf = vec![0; expected];
    while raw(socket).peek(&mut buf).unwrap() < expected {
        thread::yield_now();
    }
}

/// A prime, so that no size of a chunk or a buffer is a multiple of it.
const PERIOD: usize = 251;
const CHUNK: usize = 64 * 1024;

/// A chunk and a period of bytes of which none that is lost, doubled or moved goes unseen.
fn pattern() -> Vec<u8> {
    (0..CHUNK + PERIOD).map(|at| (at % PERIOD) as u8).collect()
}

fn send_pattern(mut to: impl Write, len: usize) -> io::Result<()> {
    let pattern = pattern();
    let mut sent = 0;
    while sent < len {
        let chunk = CHUNK.min(len - sent);
        to.write_all(&pattern[sent % PERIOD..][..chunk])?;
        sent += chunk;
    }
    Ok(())
}

/// Reads to the end, and compares every byte; gives how many there were.
fn check_pattern(mut from: impl Read) -> io::Result<usize> {
    let pattern = pattern();
    let (mut heard, mut buf) = (0, vec![0; CHUNK]);
    loop {
        match from.read(&mut buf)? {
            0 => return Ok(heard),
            len => {
                assert!(buf[..len] == pattern[heard % PERIOD..][..len], "around byte {heard}");
                heard += len;
            }
        }
    }
}

#[test]
fn c1_the_end_of_the_stream_is_sticky() {
    for (mut socket, mut peer) in pairs(&StdConnector::new()) {
        peer.write_all(b"hi").unwrap();
        drop(peer);
        assert_eq!(socket.recv_to_end(2).unwrap(), b"hi");
        for _ in 0..3 {
            assert_eq!(socket.recv(&mut [0; 8]).unwrap(), 0);
        }
        assert_eq!(socket.recv_exact(&mut [0; 1]).unwrap_err().kind(), ErrorKind::UnexpectedEof);
    }
}

#[test]
fn c3_an_empty_buffer_touches_nothing() {
    let mut socket = pair_that_was_reset();
    assert_eq!(socket.recv(&mut []).unwrap(), 0);
    assert_eq!(socket.send(&[]).unwrap(), 0);
    let (mut none, nothing) = ([io::IoSliceMut::new(&mut [])], [io::IoSlice::new(&[])]);
    assert_eq!(socket.read_vectored(&mut none).unwrap(), 0);
    assert_eq!(socket.write_vectored(&nothing).unwrap(), 0);
    check_reset(socket.recv(&mut [0; 8]));
}

#[test]
fn c3_several_buffers_are_one_operation() {
    for (mut socket, mut peer) in pairs(&StdConnector::new()) {
        let bufs = [io::IoSlice::new(b"one"), io::IoSlice::new(b"two")];
        assert_eq!(socket.write_vectored(&bufs).unwrap(), 6);
        let mut heard = [0; 6];
        peer.read_exact(&mut heard).unwrap();
        assert_eq!(&heard, b"onetwo");
        peer.write_all(b"threefour").unwrap();
        drop(peer);
        let (mut three, mut four) = ([0; 5], [0; 4]);
        let mut bufs = [io::IoSliceMut::new(&mut three), io::IoSliceMut::new(&mut four)];
        assert_eq!(socket.read_vectored(&mut bufs).unwrap(), 9);
        assert_eq!((&three, &four), (b"three", b"four"));
    }
}

#[test]
fn c4_a_half_close_ends_writes_and_no_reads() {
    for (mut socket, mut peer) in pairs(&StdConnector::new()) {
        let mut other = socket.try_clone().unwrap();
        socket.send_all(b"ask").unwrap();
        socket.shutdown().unwrap();
        socket.shutdown().unwrap();
        for handle in [&mut socket, &mut other] {
            assert_eq!(handle.send(b"x").unwrap_err().kind(), ErrorKind::BrokenPipe);
        }
        let mut heard = Vec::new();
        peer.read_to_end(&mut heard).unwrap();
        assert_eq!(heard, b"ask");
        peer.write_all(b"late").unwrap();
        drop(peer);
        assert_eq!(other.recv_to_end(8).unwrap(), b"late");
        socket.shutdown().unwrap();
        other.disconnect().unwrap();
    }
}

#[test]
fn c4_the_drop_of_the_last_handle_closes() {
    for (socket, mut peer) in pairs(&StdConnector::new()) {
        let last = Socket::try_clone(&socket).unwrap();
        assert_eq!(last.info(), socket.info());
        drop(socket);
        peer.write_all(b"are you there?").unwrap();
        let mut last = last;
        last.send_all(b"yes").unwrap();
        last.recv_exact(&mut [0; 14]).unwrap();
        drop(last);
        let mut heard = Vec::new();
        peer.read_to_end(&mut heard).unwrap();
        assert_eq!(heard, b"yes");
    }
}

#[test]
fn c5_a_reset_is_told_once_to_whoever_asks_first() {
    let mut socket = pair_that_was_reset();
    check_reset(socket.recv(&mut [0; 8]));
    check_broken(&mut socket);

    let mut socket = pair_that_was_reset();
    check_reset(socket.send(b"x"));
    check_broken(&mut socket);

    // And to only one of the handles.
    let mut socket = pair_that_was_reset();
    let mut other = socket.try_clone().unwrap();
    check_reset(socket.recv(&mut [0; 8]));
    check_broken(&mut other);
    check_broken(&mut socket);
}

#[test]
fn c5_a_reset_ends_a_read_that_waits() {
    let (mut socket, peer) = tcp(&StdConnector::new());
    let mut reader = socket.try_clone().unwrap();
    let reading = thread::spawn(move || reader.recv(&mut [0; 8]));
    reset(peer);
    check_reset(reading.join().unwrap());
    check_broken(&mut socket);
}

#[test]
fn c5_a_peer_that_drops_what_it_has_not_read_is_a_reset() {
    for (mut socket, peer) in pairs(&StdConnector::new()) {
        socket.send_all(b"unread").unwrap();
        if let Some(peer) = peer.as_tcp() {
            peer.peek(&mut [0; 1]).unwrap();
        }
        drop(peer);
        check_reset(socket.recv(&mut [0; 8]));
        check_broken(&mut socket);
    }
}

/// No other stack is known to promise it.
#[cfg(target_os = "linux")]
#[test]
fn c5_what_came_before_a_reset_is_read_before_it() {
    let (mut socket, mut peer) = tcp(&StdConnector::new());
    peer.write_all(b"last").unwrap();
    arrived(&socket, 4);
    reset(peer);
    reset_arrived(&socket);
    let mut heard = [0; 4];
    socket.recv_exact(&mut heard).unwrap();
    assert_eq!(&heard, b"last");
    check_reset(socket.recv(&mut [0; 8]));
    check_broken(&mut socket);
}

#[test]
fn c4_a_connection_that_was_reset_closes_all_the_same() {
    let mut socket = pair_that_was_reset();
    socket.shutdown().unwrap();
    socket.disconnect().unwrap();
}

#[test]
fn c6_64_mib_each_way_at_once_on_two_threads_each() {
    const LEN: usize = 64 << 20;
    for (socket, mut peer) in pairs(&StdConnector::new()) {
        let reader = Socket::try_clone(&socket).unwrap();
        let peer_reader = peer.try_clone().unwrap();
        let mut socket: Box<dyn Socket> = Box::new(socket);
        thread::scope(|scope| {
            let heard = scope.spawn(|| check_pattern(reader));
            let heard_by_peer = scope.spawn(|| check_pattern(peer_reader));
            scope.spawn(move || {
                send_pattern(&mut peer, LEN).unwrap();
                peer.shutdown(Shutdown::Write).unwrap();
            });
            send_pattern(&mut socket, LEN).unwrap();
            socket.shutdown().unwrap();
            assert_eq!(heard.join().unwrap().unwrap(), LEN);
            assert_eq!(heard_by_peer.join().unwrap().unwrap(), LEN);
        });
    }
}

#[test]
fn c6_a_reader_is_not_kept_by_a_writer_whose_peer_does_not_read() {
    for (mut socket, mut peer) in pairs(&StdConnector::new()) {
        const LEN: usize = 64 << 20;
        let writer = socket.try_clone().unwrap();
        let writing = thread::spawn(move || send_pattern(writer, LEN));
        for _ in 0..100 {
            peer.write_all(b"news").unwrap();
            socket.recv_exact(&mut [0; 4]).unwrap();
        }
        assert!(!writing.is_finished(), "no system holds so much back");
        drop(socket);
        assert_eq!(check_pattern(&mut peer).unwrap(), LEN);
        writing.join().unwrap().unwrap();
    }
}

#[test]
fn c7_a_read_that_takes_too_long_has_timed_out_and_lost_nothing() {
    let net = StdConnector::new().with_read_timeout(MOMENT);
    for (mut socket, mut peer) in pairs(&net) {
        for _ in 0..2 {
            let begun = Instant::now();
            let error = socket.recv(&mut [0; 8]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::TimedOut, "{error:?}");
            assert_eq!(classify(&error), ErrorClass::TimedOut);
            // The clock of a socket ticks in steps of the kernel's.
            assert!(begun.elapsed() >= MOMENT / 2);
        }
        peer.write_all(b"late").unwrap();
        let mut heard = [0; 8];
        let len = loop {
            match socket.recv(&mut heard) {
                Err(error) if error.kind() == ErrorKind::TimedOut => {}
                result => break result.unwrap(),
            }
        };
        assert_eq!(&heard[..len], b"late");
    }
}

#[test]
fn c8_a_write_that_takes_too_long_has_taken_nothing() {
    let net = StdConnector::new().with_write_timeout(MOMENT);
    for (mut socket, peer) in pairs(&net) {
        let pattern = pattern();
        let mut taken = 0;
        let error = loop {
            match socket.send(&pattern[taken % PERIOD..][..CHUNK]) {
                Ok(sent) => taken += sent,
                Err(error) => break error,
            }
        };
        assert_eq!(classify(&error), ErrorClass::TimedOut, "{error:?}");
        assert!(taken > 0);
        let reading = thread::spawn(move || check_pattern(peer));
        // What it takes from here on is what comes next.
        let rest = loop {
            match socket.send(&pattern[taken % PERIOD..][..CHUNK]) {
                Err(error) if error.kind() == ErrorKind::TimedOut => {}
                result => break result.unwrap(),
            }
        };
        drop(socket);
        assert_eq!(reading.join().unwrap().unwrap(), taken + rest);
    }
}

#[test]
fn a_timeout_of_zero_is_invalid_input() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let to = Endpoint::from(listener.local_addr().unwrap());
    for net in [
        StdConnector::new().with_connect_timeout(Duration::ZERO),
        StdConnector::new().with_read_timeout(Duration::ZERO),
        StdConnector::new().with_write_timeout(Duration::ZERO),
    ] {
        assert_eq!(net.connect(&to).unwrap_err().kind(), ErrorKind::InvalidInput, "{net:?}");
    }
}

#[test]
fn options_are_as_they_were_asked_for() {
    let net = StdConnector::new();
    let (socket, _peer) = tcp(&net);
    assert!(!raw(&socket).nodelay().unwrap());
    assert_eq!(raw(&socket).read_timeout().unwrap(), None);
    let net = net
        .with_nodelay(true)
        .with_read_timeout(AGES)
        .with_write_timeout(AGES * 2)
        .with_connect_timeout(Duration::MAX);
    let (socket, _peer) = tcp(&net);
    assert!(raw(&socket).nodelay().unwrap());
    assert_eq!(raw(&socket).read_timeout().unwrap(), Some(AGES));
    assert_eq!(raw(&socket).write_timeout().unwrap(), Some(AGES * 2));
}

#[test]
fn a_name_is_looked_up_and_its_addresses_tried() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = listener.local_addr().unwrap();
    // It may have ::1 as well, and first: nobody listens there.
    let to = Endpoint::new("localhost", server.port());
    for net in [StdConnector::new(), StdConnector::new().with_connect_timeout(AGES)] {
        assert_eq!(net.connect(&to).unwrap().info().peer_addr(), Some(server));
    }
}

#[test]
fn an_ipv6_address_is_dialled() {
    let Ok(listener) = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)) else {
        return; // A system without IPv6.
    };
    let server = listener.local_addr().unwrap();
    let socket = StdConnector::new().boxed().connect(&server.into()).unwrap();
    assert_eq!(socket.info().peer_addr(), Some(server));
}

/// The kernel takes loopback for the unspecified address.
#[cfg(target_os = "linux")]
#[test]
fn the_unspecified_address_leads_to_one_that_is_known() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = listener.local_addr().unwrap();
    let socket = StdConnector::new().connect(&Endpoint::new("0.0.0.0", server.port())).unwrap();
    let (_peer, addr) = listener.accept().unwrap();
    assert_eq!(socket.info().peer_addr(), Some(server));
    assert_eq!(socket.info().local_addr(), Some(addr));
}

#[test]
fn c9_nobody_listening_is_refused() {
    // Bound, so that nobody else gets the port, and never listening.
    let held = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    held.bind(&std::net::SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    let to = Endpoint::from(held.local_addr().unwrap().as_socket().unwrap());
    for net in [StdConnector::new(), StdConnector::new().with_connect_timeout(AGES)] {
        let error = net.connect(&to).unwrap_err();
        assert_eq!(classify(&error), ErrorClass::Refused, "{error:?}");
        assert!(error.raw_os_error().is_some());
    }
}

#[test]
fn c9_a_name_that_does_not_resolve_is_unresolvable() {
    // A label has at most 63 bytes (RFC 1035 section 2.3.4): no resolver asks anybody.
    let to = Endpoint::new("x".repeat(64), 80);
    let error = StdConnector::new().connect(&to).unwrap_err();
    assert_eq!(classify(&error), ErrorClass::Unresolvable, "{error:?}");
}

#[test]
fn an_endpoint_that_cannot_be_is_invalid_input() {
    let net = StdConnector::new();
    for to in [Endpoint::new("", 80), Endpoint::new("a b", 80), Endpoint::unix("")] {
        let error = net.connect(&to).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{to}");
        assert!(error.get_ref().unwrap().is::<InvalidEndpoint>(), "{error:?}");
    }
}

/// The kernel drops the SYN of a connection for which the backlog has no room.
#[cfg(target_os = "linux")]
#[test]
fn c7_a_connect_that_nobody_answers_has_timed_out() {
    let listening =
        socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    listening.bind(&std::net::SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    listening.listen(1).unwrap();
    let to = Endpoint::from(listening.local_addr().unwrap().as_socket().unwrap());
    let net = StdConnector::new().with_connect_timeout(MOMENT * 5);
    let mut waiting = Vec::new();
    let error = loop {
        match net.connect(&to) {
            Ok(socket) => waiting.push(socket),
            Err(error) => break error,
        }
    };
    assert_eq!(classify(&error), ErrorClass::TimedOut, "{error:?}");
}

#[test]
fn c9_a_peer_that_resets_at_once_is_a_reset_wherever_it_is_noticed() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let to = Endpoint::from(listener.local_addr().unwrap());
    let net = StdConnector::new().with_nodelay(true).with_read_timeout(AGES);
    let peer = thread::spawn(move || reset(listener.accept().unwrap().0.into()));
    let error = match net.connect(&to) {
        Ok(mut socket) => socket.recv(&mut [0; 8]).unwrap_err(),
        Err(error) => error,
    };
    assert_eq!(classify(&error), ErrorClass::Reset, "{error:?}");
    peer.join().unwrap();
}

#[test]
fn what_is_wrapped_can_be_reached() {
    let (socket, mut peer) = tcp(&StdConnector::new());
    let mut socket = StdSocket::new(socket.into_inner());
    assert_eq!(socket.info(), wirescript::SocketInfo::unknown());
    socket.get_mut().write_all(b"past it").unwrap();
    socket.get_mut().flush().unwrap();
    peer.read_exact(&mut [0; 7]).unwrap();
}

#[cfg(unix)]
mod unix {
    use std::os::unix::net::UnixListener;
    use std::path::PathBuf;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// A place in the file system that nobody else uses, gone with this.
    struct Place(PathBuf);

    impl Place {
        fn new() -> Self {
            static PLACES: AtomicUsize = AtomicUsize::new(0);
            let number = PLACES.fetch_add(1, Ordering::Relaxed);
            let name = format!("wirescript-{}-{number}.sock", std::process::id());
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

    pub(super) fn pair(net: &StdConnector) -> (StdSocket, StdStream) {
        let place = Place::new();
        let listener = UnixListener::bind(&place.0).unwrap();
        let socket = net.connect(&Endpoint::unix(&place.0)).unwrap();
        assert!(socket.get_ref().as_unix().is_some() && socket.get_ref().as_tcp().is_none());
        assert_eq!(socket.info().peer_path(), Some(&*place.0));
        assert_eq!((socket.info().peer_addr(), socket.info().local_addr()), (None, None));
        (socket, listener.accept().unwrap().0.into())
    }

    #[test]
    fn c9_nobody_listening_is_refused_and_no_socket_is_not_found() {
        let place = Place::new();
        let to = Endpoint::unix(&place.0);
        let error = StdConnector::new().connect(&to).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        drop(UnixListener::bind(&place.0).unwrap());
        let error = StdConnector::new().connect(&to).unwrap_err();
        assert_eq!(classify(&error), ErrorClass::Refused);
    }
}
