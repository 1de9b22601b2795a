//! The promises that every adapter keeps, over Unix domain sockets, as far as they mean something
//! there.
//!
//! The bodies dial addresses. Each stands for a path here: the connectors under test are wrapped in
//! one that dials the path instead.

use std::io::{self, ErrorKind, Read, Write};
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::net::{Ipv4Addr, Shutdown, SocketAddr};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use socket2::SockRef;
use wirescript::{Connect, Endpoint, async_trait};
use wirescript_conformance::{Listener, Peer, ROOM, Socket, Subject, Transport};

/// Stamps all promises but those that cannot be asked of a Unix domain socket, and those that the
/// subject says.
macro_rules! stamped {
    ($($module:ident: $subject:ty, except { $($excepted:tt)* })+) => {
        $(mod $module {
            type Subject = super::OverPaths<$subject>;

            wirescript_conformance::promises!(Subject, except {
                connecting::the_addresses_of_both_ends_are_known
                | connecting::the_addresses_are_known_even_after_a_reset
                | connecting::the_addresses_are_known_even_after_the_end
                | connecting::a_name_is_looked_up_and_its_addresses_tried
                | connecting::an_ipv6_address_is_dialled
                | connecting::a_boxed_connector_connects_and_keeps_the_info
                | connecting::c9_a_name_with_nobody_listening_is_refused
                | connecting::c9_port_zero_is_refused
                | connecting::c9_a_name_that_does_not_resolve_is_unresolvable:
                    "it has no addresses, names and ports: what it has instead is in the tests of \
                     each adapter",
                connecting::an_endpoint_that_cannot_be_is_invalid_input
                | connecting::a_path_is_dialled_or_refused_as_everywhere:
                    "these dial no address in the first place",
                connecting::c7_a_connect_that_nobody_answers_waits_until_it_is_given_up:
                    "a backlog without room refuses, as the tests of each adapter have it",
                connecting::c9_a_peer_that_resets_at_once_is_a_reset_wherever_it_is_noticed
                | reset::c5_a_reset_is_told_to_a_read_that_waits_for_it_and_only_once
                | reset::c5_a_reset_is_told_to_the_read_that_asks_first_and_only_once
                | reset::c5_what_came_before_a_reset_is_read_before_it
                | reset::c3_an_empty_buffer_does_not_take_the_reset
                | reset::c4_closing_after_a_reset_is_fine_and_may_be_done_again:
                    "a peer that has heard everything does not reset, and in these the client \
                     says nothing",
                reset::c5_a_reset_is_told_to_the_write_that_asks_first_and_only_once
                | reset::c5_what_came_before_a_reset_is_read_even_behind_it:
                    "a write is told `BrokenPipe`, and the reset stays for a read",
                reset::a_peer_that_closed_takes_one_write_and_breaks_the_next:
                    "a peer that is gone is seen at once, and takes no write more",
                $($excepted)*
            });
        })+
    };
}

stamped! {
    on_tokio: crate::stuttering::Tokio, except {}
    on_smol: crate::stuttering::Smol, except {}
    on_async_std: crate::stuttering::AsyncStd, except {}
    on_std: crate::stamped_blocking::Std, except {
        reset::c5_a_reset_ends_both_directions_and_is_told_to_one
        | stream::c2_what_has_to_wait_is_pending
        | stream::c3_a_peer_that_does_not_read_makes_writes_partial
        | stream::c3_an_empty_buffer_gives_zero_at_once
        | stream::c6_the_last_waker_of_each_direction_wins
        | stream::c6_both_directions_move_64_mib_at_once_from_tasks_of_their_own
        | stream::c6_both_directions_move_64_mib_at_once_from_threads_of_their_own
        | cancelling::c8_a_read_that_is_dropped_loses_nothing
        | cancelling::c8_a_write_that_is_dropped_neither_loses_nor_doubles
        | cancelling::c8_all_bytes_come_once_though_no_future_lives_for_two_polls
        | cancelling::c8_no_byte_is_lost_or_doubled_by_what_is_dropped_at_any_poll:
            "they are asked of what awaits; `std_sockets` has what is asked instead"
    }
}

/// `T`, whose connector dials a path for each address.
struct OverPaths<T>(PhantomData<fn() -> T>);

impl<T: Transport> Subject for OverPaths<T> {
    type Connector = DialsPaths<T::Connector>;
    type Listener = UnixPeers;

    fn connector() -> Self::Connector {
        DialsPaths(T::connector())
    }

    fn block_on<F: Future>(promise: F) -> F::Output {
        T::block_on(promise)
    }

    fn spawn(task: impl Future<Output = ()> + Send + 'static) {
        T::spawn(task);
    }

    /// There is no way between the two ends: what the one has done the other can see.
    fn is_connected(_: &Socket<Self>) -> bool {
        false
    }
}

struct DialsPaths<C>(C);

#[async_trait]
impl<C: Connect> Connect for DialsPaths<C> {
    type Socket = C::Socket;

    async fn connect(&self, to: &Endpoint) -> io::Result<C::Socket> {
        let (_, number) = to.host_and_port()?;
        self.0.connect(&Endpoint::unix(path(number))).await
    }
}

/// Where the listener of this number is found.
fn path(number: u16) -> PathBuf {
    std::env::temp_dir().join(format!("wirescript-stamped-{}-{number}.sock", std::process::id()))
}

/// A number whose path nobody else uses; what is there goes with this.
struct Place(u16);

impl Place {
    fn new() -> Self {
        static NUMBERS: AtomicU16 = AtomicU16::new(1);
        let place = Self(NUMBERS.fetch_add(1, Ordering::Relaxed));
        let _ = std::fs::remove_file(path(place.0));
        place
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(path(self.0));
    }
}

/// How long a peer waits for bytes, or for room for them.
const PATIENCE: Duration = Duration::from_secs(20);

/// A listening socket in the file system.
struct UnixPeers {
    listener: UnixListener,
    place: Place,
}

impl Listener for UnixPeers {
    type Peer = UnixPeer;

    fn new() -> Self {
        let place = Place::new();
        Self { listener: UnixListener::bind(path(place.0)).unwrap(), place }
    }

    fn on_ipv6() -> Option<Self> {
        None
    }

    fn refusing(host: &str) -> (Endpoint, impl Sized) {
        // A socket stays in the file system when nobody listens on it any more.
        let Self { listener, place } = Self::new();
        drop(listener);
        (Endpoint::new(host, place.0), place)
    }

    fn silent() -> Option<(Endpoint, impl Sized)> {
        None::<(Endpoint, ())>
    }

    fn unresolvable() -> Endpoint {
        unreachable!("a path is not looked up")
    }

    fn addr(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.place.0).into()
    }

    fn accept(&self) -> UnixPeer {
        let stream = self.listener.accept().unwrap().0;
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        UnixPeer { stream, number: self.place.0 }
    }
}

/// The other end, which blocks.
struct UnixPeer {
    stream: UnixStream,
    number: u16,
}

impl Peer for UnixPeer {
    fn addr(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.number).into()
    }

    fn peer_addr(&self) -> Option<SocketAddr> {
        None
    }

    fn says(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    fn ends(&mut self) {
        self.stream.shutdown(Shutdown::Write).unwrap();
    }

    fn hears(&mut self, len: usize) -> Vec<u8> {
        let mut heard = vec![0; len];
        self.stream.read_exact(&mut heard).unwrap();
        heard
    }

    fn hears_to_end(&mut self) -> Vec<u8> {
        let mut heard = Vec::new();
        self.stream.read_to_end(&mut heard).unwrap();
        heard
    }

    fn is_reached(&mut self) {
        SockRef::from(&self.stream).peek(&mut [MaybeUninit::uninit()]).unwrap();
    }

    fn makes_room_for(&mut self, _: &[u8]) {
        self.stream.set_nonblocking(true).unwrap();
        match self.stream.read(&mut [0; ROOM]) {
            Err(error) if error.kind() != ErrorKind::WouldBlock => panic!("{error}"),
            _ => self.stream.set_nonblocking(false).unwrap(),
        }
    }

    fn closes(self) {}

    fn closes_early(self, _: &[u8]) {}

    /// Only where it has not heard everything: that is what a reset is here.
    fn resets(self) {}

    fn twin(&self) -> Self {
        Self { stream: self.stream.try_clone().unwrap(), number: self.number }
    }
}
