//! The promises that every WebSocket adapter keeps, on the scripted double.
//!
//! What the peer does there it does here from a script: each of its verbs lands steps while the test
//! goes on. The script's own verdict is given at the end of each promise, too.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::ErrorKind;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::Response;
use wirescript::scripted::{Fault, Session, WebSocket};
use wirescript::websocket::{Handshake, Message, ProtocolError, WebSocketError, WebSocketRequest};
use wirescript::{Scripted, Verifier, matching};
use wirescript_conformance::websocket::{Answer, Breach, Listener, Peer, Subject};

use crate::stamped::{CurrentThread, MultiThread, Runtime, Threads};

macro_rules! stamped {
    ($($module:ident: $runtime:ident;)+) => {
        $(mod $module {
            type Double = super::Double<super::$runtime>;

            wirescript_conformance::websocket_promises!(Double, except {
                breaches::m8_a_frame_over_the_limit_is_too_big:
                    "a script says messages, each of which is one frame, so that the larger limit \
                     is never the one that counts; `websocket::handshake` has the rest of it",
            });
        })+
    };
}

stamped! {
    without_a_runtime: Threads;
    on_tokio: CurrentThread;
    on_tokio_multi_thread: MultiThread;
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
