//! The other end of the connection, in the verbs of the promises.
//!
//! A promise tells the peer what to do and knows nothing else of it. A real one does it; a script
//! says it. Where a script has to be told of what the client will do, the verb has a name of its
//! own, and a real peer does nothing for it.

use std::net::SocketAddr;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use wirescript::{Connect, Endpoint};

use crate::{Socket, Subject};

/// What a peer that does not read takes in: small, so that it is full soon. A real one has it as
/// its receive buffer, and the system may put more in other places.
pub const ROOM: usize = 64 * 1024;

/// A peer that nobody has connected to yet, and that one client may connect to.
pub trait Listener: Sized + Send + 'static {
    /// Who is there once somebody has connected.
    type Peer: Peer;

    /// Listens on an address of IPv4.
    fn new() -> Self;

    /// Listens on an address of IPv6, if there are any.
    fn on_ipv6() -> Option<Self>;

    /// A port of `host` at which nobody listens, for as long as what comes with it is held.
    fn refusing(host: &str) -> (Endpoint, impl Sized);

    /// Where somebody listens and answers nobody, for as long as what comes with it is held; if that
    /// can be arranged.
    fn silent() -> Option<(Endpoint, impl Sized)>;

    /// A host of a name that does not resolve.
    fn unresolvable() -> Endpoint;

    /// The path of a Unix domain socket in a folder that is not there.
    fn nowhere() -> Endpoint {
        Endpoint::unix("/wirescript-nowhere/nobody.sock")
    }

    /// Where it listens.
    fn addr(&self) -> SocketAddr;

    /// Waits for whoever connects.
    fn accept(&self) -> Self::Peer;
}

/// A peer that is connected. What becomes of the connection when it is dropped is not said: the
/// promises end it with a verb, or do not look at it any more.
pub trait Peer: Sized + Send + 'static {
    /// Its own address.
    fn addr(&self) -> SocketAddr;

    /// That of the socket that is tested, if there is one.
    fn peer_addr(&self) -> Option<SocketAddr>;

    /// Says `bytes`, and waits until there was room for all of them.
    fn says(&mut self, bytes: &[u8]);

    /// Says that nothing more will come, with a FIN, and goes on hearing.
    fn ends(&mut self);

    /// Waits for so many bytes.
    fn hears(&mut self, len: usize) -> Vec<u8>;

    /// Waits for all bytes that have not been heard, until the client closes its direction.
    fn hears_to_end(&mut self) -> Vec<u8>;

    /// Waits until something is there to be heard, and does not hear it.
    fn is_reached(&mut self);

    /// Hears what is there, if anything is, without waiting: so that there is room for `next`, which
    /// the client sends then.
    fn makes_room_for(&mut self, next: &[u8]);

    /// Closes the connection: with a FIN if it has heard everything, and with an RST otherwise.
    fn closes(self);

    /// Closes the connection with a FIN though the client goes on: a write of `taken` still goes out,
    /// and the system, where nobody is left, answers it with an RST.
    fn closes_early(self, taken: &[u8]);

    /// Cuts the connection with an RST instead of a FIN. Nobody has to ask for it.
    fn resets(self);

    /// The same peer, for another thread.
    fn twin(&self) -> Self;

    /// The client will send `bytes`, over any number of writes.
    fn awaits(&mut self, bytes: &[u8]) {
        let _ = bytes;
    }

    /// The client will send `bytes`, if there are any, and then close its direction.
    fn awaits_all(&mut self, bytes: &[u8]) {
        let _ = bytes;
    }

    /// The client will drop its socket.
    fn awaits_drop(&mut self) {}
}

/// A connected socket of `T`, and its peer.
pub(crate) async fn pair<T: Subject>() -> (Socket<T>, PeerOf<T>) {
    let listener = T::Listener::new();
    let socket = T::connector().connect(&Endpoint::from(listener.addr())).await.unwrap();
    (socket, listener.accept())
}

/// The peers of `T`.
pub(crate) type PeerOf<T> = <<T as Subject>::Listener as Listener>::Peer;

/// What a peer on a thread of its own came to; it panics as that did.
pub(crate) fn joined<R>(thread: JoinHandle<R>) -> R {
    thread.join().unwrap_or_else(|panic| resume_unwind(panic))
}

/// Two threads on which `peer` says `bytes`, and hears the same.
pub(crate) fn both_ways<P: Peer>(mut peer: P, bytes: &Arc<[u8]>) -> [JoinHandle<()>; 2] {
    let mut twin = peer.twin();
    let (said, expected) = (Arc::clone(bytes), Arc::clone(bytes));
    let saying = thread::spawn(move || {
        peer.says(&said);
        peer.ends();
    });
    let hearing = thread::spawn(move || {
        assert!(twin.hears_to_end()[..] == expected[..], "the peer heard other bytes than these");
    });
    [saying, hearing]
}
