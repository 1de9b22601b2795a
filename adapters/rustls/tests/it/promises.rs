//! The promises that every adapter keeps, under TLS on three runtimes.

use std::collections::BTreeSet;

use wirescript::Connect;
use wirescript_async_std::AsyncStdConnector;
use wirescript_conformance::promises::ALL;
use wirescript_conformance::{Socket, Subject};
use wirescript_rustls::TlsConnector;
use wirescript_smol::SmolConnector;
use wirescript_tokio::TokioConnector;

use crate::support::{Ca, TlsPeers, server_name};

/// What of the promises is not asked of TLS, and why.
const NOT_STAMPED: [(&str, &str); 3] = [
    (
        "connecting::the_addresses_of_both_ends_are_known",
        "it wants a connection that is not secure; `connecting.rs` has the rest of it",
    ),
    (
        "connecting::a_name_is_looked_up_and_its_addresses_tried",
        "its peer is a plain socket, which nobody agrees on TLS with; looking up is the business of \
         the connector below",
    ),
    (
        "stream::c3_an_empty_buffer_gives_zero_at_once",
        "it shuts down while the peer does not read, which waits until there is room for a \
         close_notify; `ends.rs` has the rest of it",
    ),
];

macro_rules! stamped {
    ($($module:ident::$promise:ident)+) => {
        const STAMPED: &[&str] =
            &[$(concat!(stringify!($module), "::", stringify!($promise))),+];

        mod on_tokio {
            use super::Tokio;
            wirescript_conformance::promises!(Tokio; $($module::$promise)+);
        }

        mod on_smol {
            use super::Smol;
            wirescript_conformance::promises!(Smol; $($module::$promise)+);
        }

        mod on_async_std {
            use super::AsyncStd;
            wirescript_conformance::promises!(AsyncStd; $($module::$promise)+);
        }
    };
}

stamped! {
    connecting::the_addresses_are_known_even_after_a_reset
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

#[test]
fn every_promise_is_stamped_but_for_those_that_have_a_reason() {
    let left_out: BTreeSet<&str> =
        ALL.iter().copied().filter(|name| !STAMPED.contains(name)).collect();
    let reasons: BTreeSet<&str> = NOT_STAMPED.iter().map(|(name, _)| *name).collect();
    assert_eq!(left_out, reasons);
}

/// The peers of the promises are addresses; the certificate is for a name.
fn tls<C: Connect>(inner: C) -> TlsConnector<C> {
    Ca::trusted().connector(inner).with_server_name(server_name())
}

struct Tokio;

impl Subject for Tokio {
    type Connector = TlsConnector<TokioConnector>;
    type Listener = TlsPeers;

    fn connector() -> Self::Connector {
        tls(TokioConnector::new())
    }

    fn block_on<F: Future>(promise: F) -> F::Output {
        tokio::runtime::Runtime::new().unwrap().block_on(promise)
    }

    fn spawn(task: impl Future<Output = ()> + Send + 'static) {
        tokio::spawn(task);
    }

    fn is_connected(socket: &Socket<Self>) -> bool {
        let stream = socket.get_ref().get_ref();
        stream.as_tcp().is_some_and(|stream| stream.peer_addr().is_ok())
    }
}

struct Smol;

impl Subject for Smol {
    type Connector = TlsConnector<SmolConnector>;
    type Listener = TlsPeers;

    fn connector() -> Self::Connector {
        tls(SmolConnector::new())
    }

    fn block_on<F: Future>(promise: F) -> F::Output {
        smol::block_on(promise)
    }

    fn spawn(task: impl Future<Output = ()> + Send + 'static) {
        smol::spawn(task).detach();
    }

    fn is_connected(socket: &Socket<Self>) -> bool {
        let stream = socket.get_ref().get_ref();
        stream.as_tcp().is_some_and(|stream| stream.peer_addr().is_ok())
    }
}

struct AsyncStd;

impl Subject for AsyncStd {
    type Connector = TlsConnector<AsyncStdConnector>;
    type Listener = TlsPeers;

    fn connector() -> Self::Connector {
        tls(AsyncStdConnector::new())
    }

    fn block_on<F: Future>(promise: F) -> F::Output {
        async_std::task::block_on(promise)
    }

    fn spawn(task: impl Future<Output = ()> + Send + 'static) {
        async_std::task::spawn(task);
    }

    fn is_connected(socket: &Socket<Self>) -> bool {
        let stream = socket.get_ref().get_ref();
        stream.as_tcp().is_some_and(|stream| stream.peer_addr().is_ok())
    }
}
