//! A peer that is a script of bytes: it says frames, and states the frames that it hears.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use wirescript::scripted::{Chunks, Session, Socket};
use wirescript::websocket::Message;
use wirescript::{Scripted, Verifier, any, until};
use wirescript_conformance::websocket::frames::{self, Opcode};
use wirescript_conformance::websocket::{Answer, Breach, Listener, Peer, Subject};
use wirescript_tungstenite::TungsteniteConnector;

/// Longer than any promise takes on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(20);

/// Any will do.
const ENDPOINT: &str = "script.internal:5000";

thread_local! {
    /// That of the promise which runs on this thread.
    static NET: RefCell<Option<Scripted<Socket>>> = const { RefCell::new(None) };
}

pub(crate) fn net() -> Scripted<Socket> {
    NET.with_borrow(|net| net.clone().expect("a promise runs here"))
}

/// How the bytes of a script are cut.
pub(crate) trait Cut: 'static {
    fn chunks() -> Option<Chunks>;
}

/// The adapter over scripted byte sockets.
pub(crate) struct Script<C>(PhantomData<fn() -> C>);

impl<C: Cut> Subject for Script<C> {
    type Connector = TungsteniteConnector<Scripted<Socket>>;
    type Listener = ScriptListener;

    fn connector() -> Self::Connector {
        TungsteniteConnector::new(net())
    }

    fn block_on<F: Future>(promise: F) -> F::Output {
        let verifier = Verifier::builder().patience(PATIENCE);
        let verifier = match C::chunks() {
            Some(chunks) => verifier.chunks(chunks).build(),
            None => verifier.build(),
        };
        NET.set(Some(verifier.socket()));
        let output = futures::executor::block_on(promise);
        verifier.verify();
        output
    }

    fn spawn(task: impl Future<Output = ()> + Send + 'static) {
        std::thread::spawn(|| futures::executor::block_on(task));
    }
}

/// A session that hears the request and answers.
pub(crate) struct ScriptListener(Session<Socket>);

impl Listener for ScriptListener {
    type Peer = ScriptPeer;

    fn new(answer: Answer) -> Self {
        let request = until("\r\n\r\n").capture("request");
        let script = net().new_session().expect_connect(ENDPOINT).expect_send_all(request);
        let opens = !matches!(answer, Answer::Refuses(..));
        let script = script.replies_with(move |sent| {
            let request = std::str::from_utf8(sent.capture("request")).unwrap();
            let key = request.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "));
            let key = key.expect("the request has a key").as_bytes();
            match answer {
                Answer::Opens => frames::answer(key, None),
                Answer::Chooses(subprotocol) => frames::answer(key, Some(subprotocol)),
                Answer::Refuses(status, body) => frames::refusal(status, body),
            }
        });
        Self(if opens { script.open_ended().handle() } else { script.handle() })
    }

    fn uri(&self) -> String {
        format!("ws://{ENDPOINT}/")
    }

    fn accept(self) -> ScriptPeer {
        ScriptPeer { session: self.0, unheard: Arc::default() }
    }
}

/// A script hears what the client sends at once. What the peer has then to hear of it is what it was
/// told to await: that this has come the script sees to.
pub(crate) struct ScriptPeer {
    session: Session<Socket>,
    /// What was awaited and not heard; who has the lock may write more of the script.
    unheard: Arc<Mutex<VecDeque<Message>>>,
}

impl ScriptPeer {
    fn says_bytes(&self, bytes: Vec<u8>) {
        let _writing = self.unheard.lock();
        self.session.then(|script| script.expect_recv(bytes));
    }

    /// Bytes of which the client need not read more than it takes to see that they are no good.
    fn says_in_vain(&self, bytes: Vec<u8>) {
        let _writing = self.unheard.lock();
        self.session.then(|script| script.expect_recv(bytes).optional());
    }

    /// A frame of the client's that carries `message`, whatever its mask is.
    fn states(&self, message: &Message) {
        let (first, payload) = frames::of(message);
        let header = frames::masked_header(first, payload.len());
        let label = format!("the payload of {message:.40?}, masked");
        let body = any().len(4 + payload.len()).matching(label, move |sent| {
            let (mask, masked) = sent.split_first_chunk().expect("a mask is there");
            let mut sent = masked.to_vec();
            frames::unmask(*mask, &mut sent);
            sent == payload
        });
        self.session.then(|script| script.expect_send_all((header, body)));
    }
}

impl Peer for ScriptPeer {
    fn says(&mut self, message: &Message) {
        let (first, payload) = frames::of(message);
        self.says_bytes(frames::frame(first, &payload));
    }

    fn says_in_fragments(&mut self, message: &Message, size: usize, between: Option<&Message>) {
        self.says_bytes(frames::fragments(message, size, between));
    }

    fn begins(&mut self) {
        self.says_bytes(frames::frame(Opcode::Text as u8, b"once upon a time"));
    }

    fn says_too_much(&mut self, message: &Message) {
        let (first, payload) = frames::of(message);
        self.says_in_vain(frames::frame(first, &payload));
    }

    fn breaks(&mut self, breach: Breach) {
        self.says_in_vain(breach.frames());
    }

    fn ends(&mut self) {
        let _writing = self.unheard.lock();
        self.session.then(|script| script.expect_eof());
    }

    fn resets(self) {
        let _writing = self.unheard.lock();
        self.session.then(|script| script.expect_reset().optional());
    }

    fn hears(&mut self) -> Message {
        self.unheard.lock().unwrap().pop_front().expect("something was awaited")
    }

    fn hears_answer(&mut self, _: &Message) {}

    fn hears_to_end(&mut self) -> Vec<Message> {
        self.unheard.lock().unwrap().drain(..).collect()
    }

    fn twin(&self) -> Self {
        Self { session: self.session.clone(), unheard: Arc::clone(&self.unheard) }
    }

    fn awaits(&mut self, message: &Message) {
        let mut unheard = self.unheard.lock().unwrap();
        self.states(message);
        unheard.push_back(message.clone());
    }

    fn awaits_answer(&mut self, answer: &Message) {
        let _writing = self.unheard.lock();
        self.states(answer);
    }

    fn awaits_drop(&mut self) {
        self.session.then(|script| script.expect_close());
    }
}
