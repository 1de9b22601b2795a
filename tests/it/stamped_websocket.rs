//! The promises that every WebSocket adapter keeps, on the scripted double.
//!
//! What the peer does there it does here from a script: each of its verbs lands steps while the test
//! goes on. The script's own verdict is given at the end of each promise, too.

use std::cell::RefCell;
use std::collections::{BTreeSet, VecDeque};
use std::io::ErrorKind;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::Response;
use wirescript::scripted::{Fault, Session, WebSocket};
use wirescript::websocket::{Handshake, Message, ProtocolError, WebSocketError, WebSocketRequest};
use wirescript::{Scripted, Verifier, matching};
use wirescript_conformance::websocket::promises::ALL;
use wirescript_conformance::websocket::{Answer, Breach, Listener, Peer, Subject};

use crate::stamped::{CurrentThread, MultiThread, Runtime, Threads};

/// What of the promises is not asked of a double, and why.
const NOT_STAMPED: [(&str, &str); 1] = [(
    "breaches::m8_a_frame_over_the_limit_is_too_big",
    "a script says messages, each of which is one frame, so that the larger limit is never the one \
     that counts; `websocket::handshake` has the rest of it",
)];

macro_rules! stamped {
    ($($module:ident::$promise:ident)+) => {
        const STAMPED: &[&str] =
            &[$(concat!(stringify!($module), "::", stringify!($promise))),+];

        mod without_a_runtime {
            type Double = super::Double<super::Threads>;
            wirescript_conformance::websocket_promises!(Double; $($module::$promise)+);
        }

        mod on_tokio {
            type Double = super::Double<super::CurrentThread>;
            wirescript_conformance::websocket_promises!(Double; $($module::$promise)+);
        }

        mod on_tokio_multi_thread {
            type Double = super::Double<super::MultiThread>;
            wirescript_conformance::websocket_promises!(Double; $($module::$promise)+);
        }
    };
}

stamped! {
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
    sending::m9_messages_arrive_as_they_were_sent
    sending::m9_what_is_fed_goes_out_with_a_flush
    sending::m9_a_message_that_cannot_be_sent_is_refused
    sending::m9_while_the_sink_is_blocked_the_stream_goes_on
    sending::m10_the_last_waker_of_the_stream_wins
    sending::m10_both_halves_are_used_from_two_tasks
    sending::m11_a_send_that_was_dropped_goes_out_with_the_next_receive
}

#[test]
fn every_promise_is_stamped_but_for_those_that_have_a_reason() {
    let left_out: BTreeSet<&str> =
        ALL.iter().copied().filter(|name| !STAMPED.contains(name)).collect();
    let reasons: BTreeSet<&str> = NOT_STAMPED.iter().map(|(name, _)| *name).collect();
    assert_eq!(left_out, reasons);
}

#[test]
#[should_panic(expected = "the script requires what did not happen")]
fn a_promise_is_broken_too_where_only_the_script_knows() {
    use wirescript::WebSocketConnect;

    type Threaded = Double<Threads>;
    Threaded::block_on(async {
        let listener = ScriptedListener::new(Answer::Opens);
        let request = WebSocketRequest::new(listener.uri()).unwrap();
        let socket = Threaded::connector().connect(&request).await.unwrap();
        listener.accept().awaits(&Message::from("never sent"));
        drop(socket);
    });
}

/// The double, on a runtime.
struct Double<R>(PhantomData<fn() -> R>);

thread_local! {
    /// That of the promise which runs on this thread.
    static NET: RefCell<Option<Scripted<WebSocket>>> = const { RefCell::new(None) };
}

/// Longer than any promise takes on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(20);

fn net() -> Scripted<WebSocket> {
    NET.with_borrow(|net| net.clone().expect("a promise runs here"))
}

impl<R: Runtime> Subject for Double<R> {
    type Connector = Scripted<WebSocket>;
    type Listener = ScriptedListener;

    fn connector() -> Scripted<WebSocket> {
        net()
    }

    fn block_on<F: Future>(promise: F) -> F::Output {
        let verifier = Verifier::builder().patience(PATIENCE).build();
        NET.set(Some(verifier.websocket()));
        let output = R::block_on(promise);
        verifier.verify();
        output
    }

    fn spawn(task: impl Future<Output = ()> + Send + 'static) {
        R::spawn(task);
    }
}

const URI: &str = "ws://127.0.0.1:5000/";

/// A session that lets a client connect, and then waits for more.
struct ScriptedListener(Session<WebSocket>);

impl Listener for ScriptedListener {
    type Peer = ScriptedPeer;

    fn new(answer: Answer) -> Self {
        // What a client asks for is the business of its promise.
        let any = matching("any request", |_: &WebSocketRequest| true);
        let script = net().new_session().expect_connect(any);
        let script = match answer {
            Answer::Opens => script,
            Answer::Chooses(name) => script.answers(Handshake::new().with_subprotocol(name)),
            Answer::Refuses(status, body) => {
                let response = Response::builder().status(status).body(body).unwrap();
                return Self(script.rejects(response).handle());
            }
        };
        Self(script.open_ended().handle())
    }

    fn uri(&self) -> String {
        URI.to_owned()
    }

    fn accept(self) -> ScriptedPeer {
        ScriptedPeer { session: self.0, unheard: Arc::default(), has_closed: false }
    }
}

/// A peer that says and hears by a script.
///
/// What it hears is what it was told to await: that this has come the script sees to.
struct ScriptedPeer {
    session: Session<WebSocket>,
    /// What was awaited and not heard; who has the lock may write more of the script.
    unheard: Arc<Mutex<VecDeque<Message>>>,
    has_closed: bool,
}

impl ScriptedPeer {
    fn heard(&self) -> Message {
        self.unheard.lock().unwrap().pop_front().expect("nothing was awaited")
    }

    fn fails(&self, fault: Fault) {
        let _writing = self.unheard.lock();
        self.session.then(|script| script.expect_recv_error(fault));
    }
}

impl Peer for ScriptedPeer {
    fn says(&mut self, message: &Message) {
        if self.has_closed {
            return self.fails(ProtocolError::AfterClose.into());
        }
        self.has_closed = matches!(message, Message::Close(_));
        let _writing = self.unheard.lock();
        self.session.then(|script| script.expect_recv(message.clone()));
    }

    fn says_in_fragments(&mut self, message: &Message, _: usize, between: Option<&Message>) {
        between.into_iter().chain([message]).for_each(|message| self.says(message));
    }

    /// Nobody sees a message that is not whole.
    fn begins(&mut self) {}

    fn breaks(&mut self, breach: Breach) {
        self.fails(match breach.error() {
            WebSocketError::Protocol(error) => error.into(),
            WebSocketError::InvalidUtf8 => Fault::invalid_utf8(),
            error => panic!("there is no fault for {error:?}"),
        });
    }

    fn ends(&mut self) {
        let _writing = self.unheard.lock();
        self.session.then(|script| script.expect_eof().optional());
    }

    fn resets(self) {
        let _writing = self.unheard.lock();
        self.session.then(|script| script.expect_reset().optional());
    }

    fn hears(&mut self) -> Message {
        self.heard()
    }

    /// No transport gives another, and no step is for it.
    fn hears_answer(&mut self, _: &Message) {}

    fn hears_to_end(&mut self) -> Vec<Message> {
        self.unheard.lock().unwrap().drain(..).collect()
    }

    fn twin(&self) -> Self {
        let Self { session, unheard, has_closed } = self;
        let (session, unheard) = (session.clone(), Arc::clone(unheard));
        Self { session, unheard, has_closed: *has_closed }
    }

    fn awaits(&mut self, message: &Message) {
        let mut unheard = self.unheard.lock().unwrap();
        self.session.then(|script| match message {
            Message::Close(close) => script.expect_close(close.clone()).erased(),
            message => script.expect_send(message).erased(),
        });
        unheard.push_back(message.clone());
    }

    fn awaits_drop(&mut self) {
        let _writing = self.unheard.lock();
        self.session.then(|script| script.expect_drop());
    }
}

#[test]
fn a_connect_that_is_refused_below_is_no_rejection() {
    use wirescript::WebSocketConnect;

    type Threaded = Double<Threads>;
    let error = Threaded::block_on(async {
        net().new_session().expect_connect(URI).raises(ErrorKind::ConnectionRefused);
        net().connect(&WebSocketRequest::new(URI).unwrap()).await.map(drop).unwrap_err()
    });
    assert!(
        matches!(error, WebSocketError::Io(error) if error.kind() == ErrorKind::ConnectionRefused)
    );
}
