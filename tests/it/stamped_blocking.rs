//! The promises that every adapter keeps, on sockets that block: those of the standard library, and
//! the double.
//!
//! The bodies are async, and `BlockInPoll` makes that of these sockets. Where a body looks whether
//! something waits, blocking sockets have no answer: what they promise instead is below, once for
//! both.

use std::io::{self, IoSlice, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};

use wirescript::blocking::{
    BlockInPoll, BoxSocket, Connect, Socket as _, SocketExt as _, StdConnector, StdSocket,
};
use wirescript::scripted::{BlockingScriptedSocket, Socket};
use wirescript::{ErrorClass, Scripted, classify};
use wirescript_conformance::{Listener, Peer, ROOM, Subject, Transport, check};

use crate::promises::{check_broken, check_reset};
use crate::stamped::{Double, ScriptedListener, Threads};

/// Stamps all promises but those that cannot be asked of sockets that block; says why, and what is
/// asked instead.
macro_rules! stamped {
    ($($module:ident::$promise:ident: $reason:literal, instead $file:ident::$test:ident;)+) => {
        /// What is asked instead, with the file that has it.
        const INSTEAD: &[(&str, &str)] = &[$((stringify!($file), stringify!($test))),+];

        mod on_std {
            use super::Std;

            wirescript_conformance::promises!(Std, except {
                $($module::$promise: $reason),+
            });
        }

        mod on_the_double {
            use super::BlockingDouble;

            wirescript_conformance::promises!(BlockingDouble, except {
                connecting::a_name_is_looked_up_and_its_addresses_tried: "as in `stamped`",
                connecting::c9_port_zero_is_refused: "as in `stamped`",
                stream::c4_a_direction_that_is_closed_takes_no_more: "as in `stamped`",
                $($module::$promise: $reason),+
            });
        }
    };
}

stamped! {
    connecting::c7_a_connect_that_nobody_answers_waits_until_it_is_given_up:
        "what blocks cannot be given up: it can take too long",
        instead std_sockets::c7_a_connect_that_nobody_answers_has_timed_out;
    reset::c5_a_reset_is_told_to_a_read_that_waits_for_it_and_only_once:
        "whether a read waits is seen by polling it",
        instead stamped_blocking::c5_a_reset_is_told_to_a_thread_that_waits_for_it;
    reset::c5_a_reset_ends_both_directions_and_is_told_to_one:
        "a socket is split into halves that lock each other out while one waits",
        instead stamped_blocking::c5_a_reset_ends_both_directions_and_is_told_to_one_thread;
    stream::c2_what_has_to_wait_is_pending:
        "nothing is ever pending",
        instead stamped_blocking::c5_a_reset_is_told_to_a_thread_that_waits_for_it;
    stream::c3_a_peer_that_does_not_read_makes_writes_partial:
        "a write that blocks goes on where one that awaits would give a part back",
        instead stamped_blocking::c3_a_write_waits_until_there_is_room_and_nothing_is_lost;
    stream::c3_an_empty_buffer_gives_zero_at_once:
        "a socket is filled until a write is pending",
        instead stamped_blocking::c3_an_empty_buffer_gives_zero_though_another_thread_waits;
    stream::c6_the_last_waker_of_each_direction_wins:
        "threads have no wakers",
        instead stamped_blocking::c6_64_mib_each_way_at_once_on_two_threads;
    stream::c6_both_directions_move_64_mib_at_once_from_tasks_of_their_own:
        "halves in two tasks wait for each other, and threads have handles instead",
        instead stamped_blocking::c6_64_mib_each_way_at_once_on_two_threads;
    stream::c6_both_directions_move_64_mib_at_once_from_threads_of_their_own:
        "halves on two threads wait for each other, and threads have handles instead",
        instead stamped_blocking::c6_64_mib_each_way_at_once_on_two_threads;
    cancelling::c8_a_read_that_is_dropped_loses_nothing:
        "what blocks cannot be dropped: it can take too long",
        instead std_sockets::c7_a_read_that_takes_too_long_has_timed_out_and_lost_nothing;
    cancelling::c8_a_write_that_is_dropped_neither_loses_nor_doubles:
        "what blocks cannot be dropped: it can take too long",
        instead std_sockets::c8_a_write_that_takes_too_long_has_taken_nothing;
    cancelling::c8_all_bytes_come_once_though_no_future_lives_for_two_polls:
        "what blocks cannot be dropped; and a read that waits for what the client has yet to send \
         would wait for ever",
        instead stamped_blocking::c6_64_mib_each_way_at_once_on_two_threads;
    cancelling::c8_no_byte_is_lost_or_doubled_by_what_is_dropped_at_any_poll:
        "what blocks cannot be dropped: it can take too long",
        instead stamped_blocking::c6_64_mib_each_way_at_once_on_two_threads;
}

#[test]
fn what_is_asked_instead_is_asked() {
    let sources = [
        ("stamped_blocking", include_str!("stamped_blocking.rs")),
        ("std_sockets", include_str!("std_sockets.rs")),
    ];
    for (file, test) in INSTEAD {
        let (_, source) = sources.iter().find(|(known, _)| known == file).unwrap();
        assert!(source.contains(&format!("fn {test}")), "{file}::{test}");
    }
}

/// The sockets of the standard library.
pub(crate) struct Std;

impl Transport for Std {
    type Connector = BlockInPoll<StdConnector>;

    fn connector() -> Self::Connector {
        BlockInPoll::new(StdConnector::new())
    }

    fn block_on<F: Future>(future: F) -> F::Output {
        futures::executor::block_on(future)
    }

    fn spawn(task: impl Future<Output = ()> + Send + 'static) {
        thread::spawn(|| futures::executor::block_on(task));
    }

    fn is_connected(socket: &BlockInPoll<StdSocket>) -> bool {
        socket.get_ref().get_ref().as_tcp().is_some_and(|stream| stream.peer_addr().is_ok())
    }
}

/// The double, whose peer is the script of the other one.
struct BlockingDouble;

impl Subject for BlockingDouble {
    type Connector = BlockInPoll<Scripted<Socket>>;
    type Listener = ScriptedListener;

    fn connector() -> Self::Connector {
        BlockInPoll::new(Double::<Threads>::connector())
    }

    fn block_on<F: Future>(promise: F) -> F::Output {
        Double::<Threads>::block_on(promise)
    }

    fn spawn(task: impl Future<Output = ()> + Send + 'static) {
        Double::<Threads>::spawn(task);
    }

    fn is_connected(_: &BlockInPoll<BlockingScriptedSocket>) -> bool {
        false
    }
}

/// Stamps what blocking sockets promise instead, each in a frame in which nothing waits for ever.
macro_rules! instead {
    ($($promise:ident)+) => {
        mod instead_on_std {
            $(#[test]
            fn $promise() {
                super::stamp::<super::Std, _>(super::$promise::<super::Std, _>);
            })+
        }

        mod instead_on_the_double {
            $(#[test]
            fn $promise() {
                super::stamp::<super::BlockingDouble, _>(super::$promise::<super::BlockingDouble, _>);
            })+
        }
    };
}

instead! {
    c3_a_write_waits_until_there_is_room_and_nothing_is_lost
    c3_an_empty_buffer_gives_zero_though_another_thread_waits
    c5_a_reset_is_told_to_a_thread_that_waits_for_it
    c5_a_reset_ends_both_directions_and_is_told_to_one_thread
    c6_64_mib_each_way_at_once_on_two_threads
}

fn stamp<T, C>(promise: impl FnOnce() + Send + 'static)
where
    T: Subject<Connector = BlockInPoll<C>>,
    C: Connect,
{
    check(|| T::block_on(async { promise() }));
}

/// A connected socket of `T`, and its peer.
fn pair<T, C>() -> (BoxSocket, <T::Listener as Listener>::Peer)
where
    T: Subject<Connector = BlockInPoll<C>>,
    C: Connect,
{
    let listener = T::Listener::new();
    let socket = T::connector().into_inner().connect(&listener.addr().into()).unwrap();
    (Box::new(socket), listener.accept())
}

/// A prime, so that no size of a chunk or a buffer is a multiple of it.
const PERIOD: usize = 251;
/// More than a system holds back for a peer that does not read.
const MUCH: usize = 16 << 20;
/// Enough to go through every buffer many times.
const VERY_MUCH: usize = 64 << 20;
/// What is read or written at once.
const CHUNK: usize = 64 * 1024;

/// Bytes of which none that is lost, doubled or moved goes unseen.
fn pattern(len: usize) -> Vec<u8> {
    let period: [u8; PERIOD] = std::array::from_fn(|i| i as u8);
    let mut bytes = period.repeat(len.div_ceil(PERIOD));
    bytes.truncate(len);
    bytes
}

fn joined<R>(thread: JoinHandle<R>) -> R {
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// Fills the connection from a thread, until a write fails; by the time this returns, the peer has
/// no more room, or soon will have none. Gives why the write failed.
fn fills(mut writer: BoxSocket, peer: &mut impl Peer) -> JoinHandle<io::Error> {
    peer.awaits(&pattern(ROOM));
    let taken = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&taken);
    let writing = thread::spawn(move || {
        let bytes = pattern(CHUNK + PERIOD);
        loop {
            let at = counted.load(Ordering::Relaxed) % PERIOD;
            match writer.send(&bytes[at..][..CHUNK]) {
                Ok(sent) => drop(counted.fetch_add(sent, Ordering::Relaxed)),
                Err(error) => return error,
            }
        }
    });
    while taken.load(Ordering::Relaxed) < ROOM {
        thread::yield_now();
    }
    writing
}

fn c3_a_write_waits_until_there_is_room_and_nothing_is_lost<T, C>()
where
    T: Subject<Connector = BlockInPoll<C>>,
    C: Connect,
{
    let (mut socket, mut peer) = pair::<T, C>();
    let bytes = pattern(MUCH);
    peer.awaits(&bytes[..ROOM]);
    let sent = bytes.clone();
    let writing = thread::spawn(move || {
        socket.send_all(&sent).unwrap();
        socket.shutdown().unwrap();
    });
    // Until here it has no more room, whatever the thread has sent of it.
    peer.awaits_all(&bytes[ROOM..]);
    assert!(peer.hears_to_end() == bytes, "the peer heard other bytes than these");
    joined(writing);
}

fn c3_an_empty_buffer_gives_zero_though_another_thread_waits<T, C>()
where
    T: Subject<Connector = BlockInPoll<C>>,
    C: Connect,
{
    let (mut socket, mut peer) = pair::<T, C>();
    let mut reader = socket.try_clone().unwrap();
    let reading = thread::spawn(move || reader.recv(&mut [0; 8]));
    let writing = fills(socket.try_clone().unwrap(), &mut peer);
    assert_eq!(socket.recv(&mut []).unwrap(), 0);
    assert_eq!(socket.write(b"").unwrap(), 0);
    assert_eq!(socket.write_vectored(&[IoSlice::new(b"")]).unwrap(), 0);
    peer.resets();
    // Nobody waits any more, whoever was told.
    let _ = (joined(reading), joined(writing));
}

fn c5_a_reset_is_told_to_a_thread_that_waits_for_it<T, C>()
where
    T: Subject<Connector = BlockInPoll<C>>,
    C: Connect,
{
    let (mut socket, peer) = pair::<T, C>();
    let mut reader = socket.try_clone().unwrap();
    let reading = thread::spawn(move || reader.recv(&mut [0; 8]));
    peer.resets();
    check_reset(joined(reading));
    check_broken(&mut socket);
}

fn c5_a_reset_ends_both_directions_and_is_told_to_one_thread<T, C>()
where
    T: Subject<Connector = BlockInPoll<C>>,
    C: Connect,
{
    let (mut socket, mut peer) = pair::<T, C>();
    let writing = fills(socket.try_clone().unwrap(), &mut peer);
    let reading = thread::spawn(move || socket.recv(&mut [0; 8]));
    peer.resets();
    let (read, wrote) = (joined(reading), joined(writing));
    match read {
        Ok(read) => {
            assert_eq!(read, 0);
            check_reset::<()>(Err(wrote));
        }
        Err(error) => {
            check_reset::<()>(Err(error));
            assert_eq!(classify(&wrote), ErrorClass::BrokenPipe, "{wrote:?}");
        }
    }
}

fn c6_64_mib_each_way_at_once_on_two_threads<T, C>()
where
    T: Subject<Connector = BlockInPoll<C>>,
    C: Connect,
{
    let (mut socket, mut peer) = pair::<T, C>();
    let bytes: Arc<[u8]> = pattern(VERY_MUCH).into();
    peer.awaits_all(&bytes);
    let (mut twin, mut reader) = (peer.twin(), socket.try_clone().unwrap());
    let (said, heard, received) = (Arc::clone(&bytes), Arc::clone(&bytes), Arc::clone(&bytes));
    let threads = [
        thread::spawn(move || {
            peer.says(&said);
            peer.ends();
        }),
        thread::spawn(move || {
            assert!(twin.hears_to_end()[..] == heard[..], "the peer heard other bytes");
        }),
        thread::spawn(move || {
            let (mut at, mut buf) = (0, vec![0; CHUNK]);
            loop {
                match reader.recv(&mut buf).unwrap() {
                    0 => return assert_eq!(at, received.len()),
                    len => {
                        assert!(buf[..len] == received[at..][..len], "around byte {at}");
                        at += len;
                    }
                }
            }
        }),
    ];
    socket.send_all(&bytes).unwrap();
    socket.shutdown().unwrap();
    threads.into_iter().for_each(joined);
}
