//! The promises M1 to M11 of [`WebSocketTransport`](wirescript::WebSocketTransport) as tests.
//!
//! - [`Subject`] is what is held to them: an adapter over byte sockets, or a double.
//! - [`websocket_promises!`](crate::websocket_promises) makes a `#[test]` of every promise.
//! - [`mod@promises`] are the bodies. Their names begin with the number of the promise.
//! - [`TcpListener`] and [`TcpPeer`] are the peers of an adapter that dials: blocking sockets of the
//!   standard library, which make the frames by themselves, legal and illegal. [`frames`] are how.
//! - [`InPoll`] is the contract for threads as the async one, for tests that are about both.
//!
//! What is asked of a peer is said in messages, so that one which knows no frames can be asked.

pub mod frames;
mod in_poll;
mod peer;
pub mod promises;
mod subject;
mod tcp;

pub use in_poll::InPoll;
pub use peer::{Answer, Breach, Listener, Peer};
pub use subject::{Socket, Subject};
pub use tcp::{TcpListener, TcpPeer};

/// Makes a `#[test]` of each of the [promises](mod@crate::websocket::promises), for one
/// [`Subject`](crate::websocket::Subject).
///
/// One of which something cannot be asked says what, and why, as in
/// [`promises!`](crate::promises!).
#[macro_export]
macro_rules! websocket_promises {
    ($subject:ty) => {
        $crate::websocket_promises!($subject, except {});
    };
    ($subject:ty, except {
        $($($module:ident::$promise:ident)|+: $reason:literal),* $(,)?
    }) => {
        $crate::__except! {
            ($) __websocket_all __websocket_stamp $subject;
            $($($module::$promise is $crate::websocket::promises::$module::$promise)+)*
        }
    };
}

/// Gives all promises to the macro `$to`, behind what is for it alone.
#[doc(hidden)]
#[macro_export]
macro_rules! __websocket_all {
    ($to:ident $($first:tt)*) => {
        $crate::$to! {
            $($first)*;
            connecting::the_handshake_says_how_it_was_opened
            connecting::the_subprotocol_that_the_server_chose_is_known
            connecting::a_boxed_connector_connects
            connecting::a_server_that_refuses_is_a_rejection
            messages::m1_messages_come_as_they_were_sent
            messages::m1_a_message_of_a_mebibyte_comes_whole
            messages::m1_fragments_come_as_one_message
            messages::m1_a_code_point_may_lie_in_several_fragments
            messages::m1_control_frames_come_between_fragments
            messages::m2_a_ping_is_an_item_and_is_answered_with_the_next_receive
            messages::m2_a_ping_is_answered_with_the_next_send
            messages::m2_a_pong_of_the_client_goes_in_place_of_the_answer
            messages::m2_a_pong_that_nobody_asked_for_is_an_item
            messages::m11_a_receive_that_is_dropped_loses_nothing
            closing::m3_a_close_of_the_peer_is_an_item_and_is_answered
            closing::m3_a_close_without_a_code_is_answered_without_one
            closing::m3_codes_that_may_be_sent_come_as_they_are
            closing::m3_codes_that_may_not_be_sent_are_replaced
            closing::m3_codes_of_an_answer_that_may_not_be_sent_are_replaced
            closing::m3_after_the_close_of_the_peer_the_sink_closes_without_another
            closing::m4_a_close_of_the_client_does_not_wait
            closing::m4_closing_the_sink_sends_a_close_without_a_code
            closing::m4_closing_the_sink_is_fine_when_the_connection_is_gone
            closing::m4_what_comes_after_a_close_of_the_client_is_delivered
            closing::m5_after_a_close_of_the_client_nothing_is_sent
            closing::m5_after_a_close_of_the_peer_nothing_is_sent
            ends::m6_an_end_without_a_close_is_abnormal
            ends::m6_an_end_within_a_message_is_abnormal
            ends::m6_an_end_after_the_clients_close_alone_is_abnormal
            ends::m6_what_came_before_an_end_is_received
            ends::m6_a_reset_is_told_to_a_receive_that_waits_for_it
            ends::m6_a_reset_is_told_to_a_send_that_comes_first
            ends::m6_what_came_before_a_reset_is_received
            ends::m6_an_answer_that_fails_takes_nothing_from_who_receives
            ends::m6_after_both_closes_a_reset_is_an_ordinary_end
            breaches::m8_a_breach_ends_the_stream_and_the_client_may_still_send
            breaches::m8_what_came_before_a_breach_is_received
            breaches::m8_what_comes_after_the_close_of_the_peer_is_a_breach
            breaches::m8_a_message_over_the_limit_is_too_big
            breaches::m8_fragments_that_are_together_over_the_limit_are_too_big
            breaches::m8_a_frame_over_the_limit_is_too_big
            sending::m9_messages_arrive_as_they_were_sent
            sending::m9_what_is_fed_goes_out_with_a_flush
            sending::m9_a_message_that_cannot_be_sent_is_refused
            sending::m9_while_the_sink_is_blocked_the_stream_goes_on
            sending::m10_the_last_waker_of_the_stream_wins
            sending::m10_both_halves_are_used_from_two_tasks
            sending::m11_a_send_that_was_dropped_goes_out_with_the_next_receive
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __websocket_stamp {
    ($subject:ty; $module:ident::$promise:ident) => {
        #[test]
        fn $promise() {
            $crate::check(|| {
                <$subject as $crate::websocket::Subject>::block_on(
                    $crate::websocket::promises::$module::$promise::<$subject>(),
                )
            });
        }
    };
}
