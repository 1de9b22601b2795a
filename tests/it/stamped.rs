//! The promises that every adapter keeps, on the scripted double.
//!
//! What the peer does there it does here from a script: each of its verbs lands steps while the test
//! goes on. The script's own verdict is given at the end of each promise, too.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::ErrorKind;
use std::marker::PhantomData;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use wirescript::scripted::{Fault, ScriptedSocket, Session, Socket};
use wirescript::{Connect, Endpoint, Scripted, Verifier};
use wirescript_conformance::{Listener, Peer, Subject};

macro_rules! stamped {
    ($($module:ident: $runtime:ident;)+) => {
        $(mod $module {
            type Double = super::Double<super::$runtime>;

            wirescript_conformance::promises!(Double, except {
                connecting::a_name_is_looked_up_and_its_addresses_tried:
                    "a script has the name, and nobody looks it up: there are no addresses to try",
                connecting::c9_port_zero_is_refused:
                    "what may listen on a port is the system's business; a script that refuses \
                     says so, as in `c9_nobody_listening_is_refused`",
                stream::c4_a_direction_that_is_closed_takes_no_more:
                    "a write after the client's own shutdown is a violation (B4): of the kind \
                     `BrokenPipe`, but with the violation as its source instead of the code of \
                     the system",
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
    type Threaded = Double<Threads>;
    Threaded::block_on(async {
        let listener = ScriptedListener::new();
        let socket = Threaded::connector().connect(&listener.addr().into()).await.unwrap();
        listener.accept().awaits(b"never sent");
        drop(socket);
    });
}

/// The double, on a runtime.
pub(crate) struct Double<R>(PhantomData<fn() -> R>);

/// A runtime to run on.
pub(crate) trait Runtime: 'static {
    fn block_on<F: Future>(future: F) -> F::Output;
    fn spawn(task: impl Future<Output = ()> + Send + 'static);
}

/// None at all: every task has a thread.
pub(crate) struct Threads;

impl Runtime for Threads {
    fn block_on<F: Future>(future: F) -> F::Output {
        futures::executor::block_on(future)
    }

    fn spawn(task: impl Future<Output = ()> + Send + 'static) {
        std::thread::spawn(|| futures::executor::block_on(task));
    }
}

pub(crate) struct CurrentThread;

impl Runtime for CurrentThread {
    fn block_on<F: Future>(future: F) -> F::Output {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
    }

    fn spawn(task: impl Future<Output = ()> + Send + 'static) {
        tokio::spawn(task);
    }
}

pub(crate) struct MultiThread;

impl Runtime for MultiThread {
    fn block_on<F: Future>(future: F) -> F::Output {
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        runtime.worker_threads(2).build().unwrap().block_on(future)
    }

    fn spawn(task: impl Future<Output = ()> + Send + 'static) {
        tokio::spawn(task);
    }
}

thread_local! {
    /// That of the promise which runs on this thread.
    static NET: RefCell<Option<Scripted<Socket>>> = const { RefCell::new(None) };
}

/// Longer than any promise takes on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(20);

fn net() -> Scripted<Socket> {
    NET.with_borrow(|net| net.clone().expect("a promise runs here"))
}

impl<R: Runtime> Subject for Double<R> {
    type Connector = Scripted<Socket>;
    type Listener = ScriptedListener;

    fn connector() -> Scripted<Socket> {
        net()
    }

    fn block_on<F: Future>(promise: F) -> F::Output {
        let verifier = Verifier::builder().patience(PATIENCE).build();
        NET.set(Some(verifier.socket()));
        let output = R::block_on(promise);
        verifier.verify();
        output
    }

    fn spawn(task: impl Future<Output = ()> + Send + 'static) {
        R::spawn(task);
    }

    /// What has landed has arrived.
    fn is_connected(_: &ScriptedSocket) -> bool {
        false
    }
}

/// A session that lets a client connect, and then waits for more.
pub(crate) struct ScriptedListener {
    addr: SocketAddr,
    session: Session<Socket>,
}

/// Any will do.
const PORT: u16 = 5000;

impl ScriptedListener {
    fn on(addr: SocketAddr) -> Self {
        let session = net().new_session().expect_connect(addr.to_string()).open_ended().handle();
        Self { addr, session }
    }
}

impl Listener for ScriptedListener {
    type Peer = ScriptedPeer;

    fn new() -> Self {
        Self::on((Ipv4Addr::LOCALHOST, PORT).into())
    }

    fn on_ipv6() -> Option<Self> {
        Some(Self::on((Ipv6Addr::LOCALHOST, PORT).into()))
    }

    fn refusing(host: &str) -> (Endpoint, impl Sized) {
        net().new_session().expect_connect((host, PORT)).raises(Fault::refused());
        (Endpoint::new(host, PORT), ())
    }

    fn silent() -> Option<(Endpoint, impl Sized)> {
        let silent = Endpoint::new("silent.invalid", PORT);
        net().new_session().expect_connect(silent.clone()).never();
        Some((silent, ()))
    }

    fn unresolvable() -> Endpoint {
        let nowhere = Endpoint::new("nowhere.invalid", PORT);
        net().new_session().expect_connect(nowhere.clone()).raises(Fault::unresolvable());
        nowhere
    }

    fn nowhere() -> Endpoint {
        let nowhere = Endpoint::unix("/nowhere/nobody.sock");
        net().new_session().expect_connect(nowhere.clone()).raises(ErrorKind::NotFound);
        nowhere
    }

    fn addr(&self) -> SocketAddr {
        self.addr
    }

    fn accept(&self) -> ScriptedPeer {
        let unheard = Arc::default();
        ScriptedPeer { addr: self.addr, session: self.session.clone(), unheard }
    }
}

/// A peer that says and hears by a script.
///
/// The script hears what the client sends at once, as the buffers of a system do. What the peer has
/// then to hear of it is what it was told to await: that this has come the script sees to.
pub(crate) struct ScriptedPeer {
    addr: SocketAddr,
    session: Session<Socket>,
    /// The runs that were awaited and not heard; who has the lock may write more of the script.
    unheard: Arc<Mutex<VecDeque<Vec<u8>>>>,
}

impl Peer for ScriptedPeer {
    fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// A script knows where the client connects to, and not from where.
    fn peer_addr(&self) -> Option<SocketAddr> {
        None
    }

    fn says(&mut self, bytes: &[u8]) {
        let _writing = self.unheard.lock();
        self.session.then(|script| script.expect_recv(bytes));
    }

    fn ends(&mut self) {
        let _writing = self.unheard.lock();
        self.session.then(|script| script.expect_eof());
    }

    fn hears(&mut self, len: usize) -> Vec<u8> {
        let run = self.unheard.lock().unwrap().pop_front().expect("nothing was awaited");
        assert_eq!(run.len(), len, "a run is heard whole");
        self.session.assert_send_all(&run[..]);
        run
    }

    fn hears_to_end(&mut self) -> Vec<u8> {
        self.unheard.lock().unwrap().drain(..).collect::<Vec<_>>().concat()
    }

    fn is_reached(&mut self) {
        let unheard = self.unheard.lock().unwrap();
        self.session.assert_send_all(&unheard.front().expect("nothing was awaited")[..]);
    }

    fn makes_room_for(&mut self, next: &[u8]) {
        self.awaits(next);
    }

    fn closes(mut self) {
        let is_all_heard = self.unheard.lock().unwrap().is_empty();
        if is_all_heard { self.ends() } else { self.resets() }
    }

    fn closes_early(self, taken: &[u8]) {
        self.session.then(|script| {
            let taking = script.expect_eof().expect_send_all(taken);
            taking.expect_send(taken).raises(ErrorKind::BrokenPipe).times(1..)
        });
    }

    fn resets(self) {
        let _writing = self.unheard.lock();
        self.session.then(|script| script.expect_reset().optional());
    }

    fn twin(&self) -> Self {
        let Self { addr, session, unheard } = self;
        Self { addr: *addr, session: session.clone(), unheard: Arc::clone(unheard) }
    }

    fn awaits(&mut self, bytes: &[u8]) {
        let mut unheard = self.unheard.lock().unwrap();
        self.session.then(|script| script.expect_send_all(bytes));
        unheard.push_back(bytes.to_vec());
    }

    fn awaits_all(&mut self, bytes: &[u8]) {
        let mut unheard = self.unheard.lock().unwrap();
        self.session.then(|script| {
            let run = match bytes {
                [] => script,
                bytes => script.expect_send_all(bytes).erased(),
            };
            run.expect_shutdown()
        });
        unheard.extend((!bytes.is_empty()).then(|| bytes.to_vec()));
    }

    fn awaits_drop(&mut self) {
        self.session.then(|script| script.expect_close());
    }
}
