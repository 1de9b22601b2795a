//! Ways in which a connection is opened, or is not.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;

use wirescript::{
    AsyncSocket, AsyncSocketExt, Connect, Endpoint, ErrorClass, InvalidEndpoint, classify,
};

use crate::looking::{polled, reset_arrived};
use crate::peer::{Listener, Peer, joined, pair};
use crate::tcp::TcpPeers;
use crate::{Socket, Subject};

/// Both ends are known as soon as the socket is connected.
pub async fn the_addresses_of_both_ends_are_known<T: Subject>() {
    let (socket, peer) = pair::<T>().await;
    assert_eq!(socket.info().peer_addr(), Some(peer.addr()));
    assert_eq!(socket.info().local_addr(), peer.peer_addr());
    assert!(!socket.info().is_secure());
}

/// So they are for whoever asks first when the system has forgotten the peer, as it does with a reset.
pub async fn the_addresses_are_known_even_after_a_reset<T: Subject>() {
    for is_told in [false, true] {
        let (mut socket, peer) = pair::<T>().await;
        let (ours, theirs) = (peer.peer_addr(), peer.addr());
        peer.resets();
        reset_arrived::<T>(&socket).await;
        if is_told {
            socket.recv(&mut [0; 8]).await.unwrap_err();
        }
        check_info::<T>(&socket, ours, theirs);
    }
}

/// So they are when nothing is left of the connection, whoever closed it first.
pub async fn the_addresses_are_known_even_after_the_end<T: Subject>() {
    for is_first in [true, false] {
        let (mut socket, mut peer) = pair::<T>().await;
        let (ours, theirs) = (peer.peer_addr(), peer.addr());
        if is_first {
            peer.awaits_all(b"");
            socket.shutdown().await.unwrap();
            peer.closes();
            assert_eq!(socket.recv(&mut [0; 8]).await.unwrap(), 0);
        } else {
            peer.ends();
            assert_eq!(socket.recv(&mut [0; 8]).await.unwrap(), 0);
            peer.awaits_all(b"");
            socket.shutdown().await.unwrap();
            assert_eq!(peer.hears_to_end(), b"");
        }
        check_info::<T>(&socket, ours, theirs);
    }
}

#[track_caller]
fn check_info<T: Subject>(socket: &Socket<T>, ours: Option<SocketAddr>, theirs: SocketAddr) {
    assert_eq!(socket.info().peer_addr(), Some(theirs));
    assert_eq!(socket.info().local_addr(), ours);
}

/// All addresses of a name are tried.
pub async fn a_name_is_looked_up_and_its_addresses_tried<T: Subject>() {
    let listener = TcpPeers::new();
    // It may have ::1 as well, and first: nobody listens there.
    let to = Endpoint::new("localhost", listener.addr().port());
    let socket = T::connector().connect(&to).await.unwrap();
    assert_eq!(socket.info().peer_addr(), Some(listener.addr()));
}

/// Addresses of both families are dialled.
pub async fn an_ipv6_address_is_dialled<T: Subject>() {
    let Some(listener) = T::Listener::on_ipv6() else {
        return; // A system without IPv6.
    };
    let server = listener.addr();
    let socket = T::connector().connect(&server.into()).await.unwrap();
    assert_eq!(socket.info().peer_addr(), Some(server));
}

/// What a socket says about itself it says in a box as well.
pub async fn a_boxed_connector_connects_and_keeps_the_info<T: Subject>() {
    let (bare, _peer) = pair::<T>().await;
    let listener = T::Listener::new();
    let boxed = T::connector().boxed().connect(&listener.addr().into()).await.unwrap();
    assert_eq!(boxed.info().peer_addr(), Some(listener.addr()));
    assert_eq!(boxed.is_write_vectored(), bare.is_write_vectored());
}

/// Refused, with the code of the system.
pub async fn c9_nobody_listening_is_refused<T: Subject>() {
    let (server, _held) = T::Listener::refusing("127.0.0.1");
    let error = failure::<T>(&server).await;
    assert_eq!(classify(&error), ErrorClass::Refused, "{error:?}");
    check_as_the_system_says(&error, ErrorKind::ConnectionRefused);
}

/// A name of which no address answers fails as the last of them did.
pub async fn c9_a_name_with_nobody_listening_is_refused<T: Subject>() {
    let (server, _held) = T::Listener::refusing("localhost");
    let error = failure::<T>(&server).await;
    assert_eq!(classify(&error), ErrorClass::Refused, "{error:?}");
    check_as_the_system_says(&error, ErrorKind::ConnectionRefused);
}

/// Nobody can listen on port 0. What that means is known of Linux only.
pub async fn c9_port_zero_is_refused<T: Subject>() {
    let error = failure::<T>(&Endpoint::new("127.0.0.1", 0)).await;
    if cfg!(target_os = "linux") {
        assert_eq!(classify(&error), ErrorClass::Refused, "{error:?}");
        check_as_the_system_says(&error, ErrorKind::ConnectionRefused);
    }
}

/// Whatever the runtime makes of the resolver's error.
pub async fn c9_a_name_that_does_not_resolve_is_unresolvable<T: Subject>() {
    let error = failure::<T>(&T::Listener::unresolvable()).await;
    assert_eq!(classify(&error), ErrorClass::Unresolvable, "{error:?}");
}

/// Refused before anybody is asked, and with the same words everywhere.
pub async fn an_endpoint_that_cannot_be_is_invalid_input<T: Subject>() {
    let hosts = ["", "a b", "a\n", &"x".repeat(254)].map(|host| Endpoint::new(host, 80));
    let paths = ["", "a\0b", &"x".repeat(200)].map(Endpoint::unix);
    for to in hosts.into_iter().chain(paths) {
        let error = failure::<T>(&to).await;
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error:?}");
        check_refused(&error, &to.check().unwrap_err());
    }
}

/// Where there are no Unix domain sockets, or this is not for them, it says so as everybody does.
pub async fn a_path_is_dialled_or_refused_as_everywhere<T: Subject>() {
    let to = T::Listener::nowhere();
    let error = failure::<T>(&to).await;
    if error.kind() != ErrorKind::NotFound {
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error:?}");
        check_refused(&error, &to.host_and_port().unwrap_err());
    }
}

/// There is no timeout but that of the system, which is minutes; and giving up is fine.
pub async fn c7_a_connect_that_nobody_answers_waits_until_it_is_given_up<T: Subject>() {
    let Some((server, _held)) = T::Listener::silent() else {
        return; // A system that refuses instead.
    };
    let connector = T::connector();
    assert!(polled(LOOKS, connector.connect(&server)).await.is_pending());
}

/// How often it is looked whether something that should not happen has happened.
const LOOKS: usize = 1000;

/// Some runtimes notice while they connect, others not before the first read.
pub async fn c9_a_peer_that_resets_at_once_is_a_reset_wherever_it_is_noticed<T: Subject>() {
    let listener = T::Listener::new();
    let server = listener.addr();
    let peer = std::thread::spawn(move || listener.accept().resets());
    let error = match T::connector().connect(&server.into()).await {
        Ok(mut socket) => {
            assert_eq!(socket.info().peer_addr(), Some(server));
            socket.recv(&mut [0; 8]).await.unwrap_err()
        }
        Err(error) => error,
    };
    assert_eq!(classify(&error), ErrorClass::Reset, "{error:?}");
    check_as_the_system_says(&error, ErrorKind::ConnectionReset);
    joined(peer);
}

async fn failure<T: Subject>(to: &Endpoint) -> io::Error {
    let connected: io::Result<Socket<T>> = T::connector().connect(to).await;
    match connected {
        Ok(socket) => panic!("connected to {to}: {:?}", socket.info()),
        Err(error) => error,
    }
}

/// The error is that of the core, which has one place for each.
#[track_caller]
fn check_refused(error: &io::Error, expected: &InvalidEndpoint) {
    let source = error.get_ref().unwrap_or_else(|| panic!("{error:?} has no source"));
    assert_eq!(source.downcast_ref(), Some(expected), "{error:?}");
    assert_eq!(error.to_string(), expected.to_string());
}

/// The kind and the code that come from the system are those that the client sees.
#[track_caller]
pub(super) fn check_as_the_system_says(error: &io::Error, kind: ErrorKind) {
    assert_eq!(error.kind(), kind, "{error:?}");
    let code = error.raw_os_error().unwrap_or_else(|| panic!("{error:?} has lost its code"));
    assert_eq!(io::Error::from_raw_os_error(code).kind(), kind, "{error:?}");
}
