//! The promises of [`wirescript`]'s contracts as tests, for the adapter of any runtime.
//!
//! - [`Transport`] is what an adapter says about itself to be tested.
//! - [`promises!`] makes a `#[test]` of every promise, for one adapter.
//! - [`mod@promises`] are the bodies. Their names begin with the number of the promise that they hold
//!   the adapter to, C1 to C9 at [`AsyncSocket`](wirescript::AsyncSocket).
//!
//! The peer is a blocking socket of the standard library, on loopback and a port of the system's
//! choice: it has no runtime, so it is the same for all. Nothing sleeps to wait for something. What
//! would hang fails, after [a while](check).
//!
//! What is no adapter, and has no real peer, can be held to the promises as a [`Subject`], with a
//! [`Listener`] and a [`Peer`] of its own: wirescript's scripted double is, with a script.
//!
//! [`websocket`] has the same for WebSockets.
//!
//! This crate says nothing about the speed of an adapter, its timers or its options.
//!
//! # Example
//!
//! ```
//! use wirescript_conformance::Transport;
//! use wirescript_tokio::{TokioConnector, TokioSocket, TokioStream};
//!
//! struct Tokio;
//!
//! impl Transport for Tokio {
//!     type Connector = TokioConnector;
//!
//!     fn connector() -> TokioConnector {
//!         TokioConnector::new()
//!     }
//!
//!     fn block_on<F: Future>(future: F) -> F::Output {
//!         tokio::runtime::Runtime::new().unwrap().block_on(future)
//!     }
//!
//!     fn spawn(task: impl Future<Output = ()> + Send + 'static) {
//!         tokio::spawn(task);
//!     }
//!
//!     fn is_connected(socket: &TokioSocket<TokioStream>) -> bool {
//!         socket.get_ref().as_tcp().is_some_and(|stream| stream.peer_addr().is_ok())
//!     }
//! }
//!
//! wirescript_conformance::promises!(Tokio);
//! ```

#![forbid(unsafe_code)]

mod check;
mod looking;
mod peer;
pub mod promises;
mod subject;
mod tcp;
mod transport;
pub mod websocket;

pub use check::check;
pub use peer::{Listener, Peer, ROOM};
pub use subject::{Socket, Subject};
pub use tcp::{TcpPeer, TcpPeers};
pub use transport::Transport;

/// Makes a `#[test]` of each of the [promises](mod@promises), for one [`Transport`].
///
/// The tests have the names of the promises, and lie in the module in which this stands.
///
/// A [`Subject`] of which something cannot be asked says what, and why, with `|` between those that
/// have the same reason:
///
/// ```
/// # use wirescript_conformance::Transport;
/// # use wirescript_tokio::{TokioConnector, TokioSocket, TokioStream};
/// # struct Tokio;
/// # impl Transport for Tokio {
/// #     type Connector = TokioConnector;
/// #     fn connector() -> TokioConnector { TokioConnector::new() }
/// #     fn block_on<F: Future>(future: F) -> F::Output {
/// #         tokio::runtime::Runtime::new().unwrap().block_on(future)
/// #     }
/// #     fn spawn(task: impl Future<Output = ()> + Send + 'static) { tokio::spawn(task); }
/// #     fn is_connected(_: &TokioSocket<TokioStream>) -> bool { true }
/// # }
/// wirescript_conformance::promises!(Tokio, except {
///     connecting::an_ipv6_address_is_dialled: "this network has none",
/// });
/// ```
///
/// and one that is about a few of them names these: `promises!(Tokio, only { reset::.., .. })`. What
/// is no promise does not compile:
///
/// ```compile_fail,E0432
/// # use wirescript_conformance::Transport;
/// # use wirescript_tokio::{TokioConnector, TokioSocket, TokioStream};
/// # struct Tokio;
/// # impl Transport for Tokio {
/// #     type Connector = TokioConnector;
/// #     fn connector() -> TokioConnector { TokioConnector::new() }
/// #     fn block_on<F: Future>(future: F) -> F::Output {
/// #         tokio::runtime::Runtime::new().unwrap().block_on(future)
/// #     }
/// #     fn spawn(task: impl Future<Output = ()> + Send + 'static) { tokio::spawn(task); }
/// #     fn is_connected(_: &TokioSocket<TokioStream>) -> bool { true }
/// # }
/// wirescript_conformance::promises!(Tokio, except {
///     connecting::an_ipv5_address_is_dialled: "this network has none",
/// });
/// ```
#[macro_export]
macro_rules! promises {
    ($subject:ty) => {
        $crate::promises!($subject, except {});
    };
    ($subject:ty, except {
        $($($module:ident::$promise:ident)|+: $reason:literal),* $(,)?
    }) => {
        $crate::__except! {
            ($) __all __stamp $subject;
            $($($module::$promise is $crate::promises::$module::$promise)+)*
        }
    };
    ($subject:ty, only { $($module:ident::$promise:ident),+ $(,)? }) => {
        $($crate::__stamp! { $subject; $module::$promise })+
    };
}

/// Gives each of the promises that `$all` has to `$stamp`, but for some: these have an arm of their
/// own in a macro that is made for it, which makes nothing of them.
#[doc(hidden)]
#[macro_export]
macro_rules! __except {
    (
        ($dollar:tt) $all:ident $stamp:ident $subject:ty;
        $($module:ident::$promise:ident is $path:path)*
    ) => {
        $(
            #[allow(unused_imports, reason = "it is only to exist")]
            const _: () = {
                use $path;
            };
        )*
        macro_rules! __unless_excepted {
            $(($module::$promise) => {};)*
            ($dollar module:ident::$dollar promise:ident) => {
                $crate::$stamp! { $subject; $dollar module::$dollar promise }
            };
        }
        $crate::$all! { __each __unless_excepted }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __each {
    ($to:ident; $($module:ident::$promise:ident)+) => {
        $($to! { $module::$promise })+
    };
}

/// Gives all promises to the macro `$to`, behind what is for it alone.
#[doc(hidden)]
#[macro_export]
macro_rules! __all {
    ($to:ident $($first:tt)*) => {
        $crate::$to! {
            $($first)*;
            connecting::the_addresses_of_both_ends_are_known
            connecting::the_addresses_are_known_even_after_a_reset
            connecting::the_addresses_are_known_even_after_the_end
            connecting::a_name_is_looked_up_and_its_addresses_tried
            connecting::an_ipv6_address_is_dialled
            connecting::a_boxed_connector_connects_and_keeps_the_info
            connecting::c9_nobody_listening_is_refused
            connecting::c9_a_name_with_nobody_listening_is_refused
            connecting::c9_port_zero_is_refused
            connecting::c9_a_name_that_does_not_resolve_is_unresolvable
            connecting::an_endpoint_that_cannot_be_is_invalid_input
            connecting::a_path_is_dialled_or_refused_as_everywhere
            connecting::c7_a_connect_that_nobody_answers_waits_until_it_is_given_up
            connecting::c9_a_peer_that_resets_at_once_is_a_reset_wherever_it_is_noticed
            reset::c5_a_reset_is_told_to_a_read_that_waits_for_it_and_only_once
            reset::c5_a_reset_is_told_to_the_read_that_asks_first_and_only_once
            reset::c5_a_reset_is_told_to_the_write_that_asks_first_and_only_once
            reset::c5_a_peer_that_drops_what_it_has_not_read_is_a_reset
            reset::c5_a_reset_ends_both_directions_and_is_told_to_one
            reset::c5_what_came_before_a_reset_is_read_before_it
            reset::c5_what_came_before_a_reset_is_read_even_behind_it
            reset::c3_an_empty_buffer_does_not_take_the_reset
            reset::c4_closing_after_a_reset_is_fine_and_may_be_done_again
            reset::a_peer_that_closed_takes_one_write_and_breaks_the_next
            stream::c1_the_end_of_the_stream_comes_after_all_bytes_and_stays
            stream::c9_a_stream_that_ends_too_early_is_eof
            stream::c2_what_has_to_wait_is_pending
            stream::c3_a_read_takes_no_more_than_its_buffer_holds
            stream::c3_a_peer_that_does_not_read_makes_writes_partial
            stream::c3_an_empty_buffer_gives_zero_at_once
            stream::c4_half_a_close_ends_what_the_peer_hears_and_reads_go_on
            stream::c4_a_direction_that_is_closed_takes_no_more
            stream::c4_closing_is_fine_when_both_ends_are_closed_and_may_be_done_again
            stream::c4_dropping_closes
            stream::c6_the_last_waker_of_each_direction_wins
            stream::c6_both_directions_move_64_mib_at_once_from_tasks_of_their_own
            stream::c6_both_directions_move_64_mib_at_once_from_threads_of_their_own
            cancelling::c8_a_read_that_is_dropped_loses_nothing
            cancelling::c8_a_write_that_is_dropped_neither_loses_nor_doubles
            cancelling::c8_all_bytes_come_once_though_no_future_lives_for_two_polls
            cancelling::c8_no_byte_is_lost_or_doubled_by_what_is_dropped_at_any_poll
            stream::several_buffers_are_written_in_one_go
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __stamp {
    ($subject:ty; $module:ident::$promise:ident) => {
        #[test]
        fn $promise() {
            $crate::check(|| {
                <$subject as $crate::Subject>::block_on($crate::promises::$module::$promise::<
                    $subject,
                >())
            });
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __names {
    (; $($module:ident::$promise:ident)+) => {
        &[$(concat!(stringify!($module), "::", stringify!($promise))),+]
    };
}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
