//! The verifier: it owns what was written and what happened, and gives the verdict.

use std::cell::Cell;
use std::fmt;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::panic::Location;
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use super::{AnyOrder, Interaction, Report, Transcript};
use crate::double::Scripted;
use crate::script::{Chunks, LONGEST_WAIT, Socket, WebSocket};
use crate::session::{Settings, Shared, UNNAMED_SOCKETS};
use crate::transport::Timer;

const PATIENCE: Duration = Duration::from_secs(5);
const DEADLINE: Duration = Duration::from_secs(60);
/// Overrides the patience of verifiers that were not given one: milliseconds, or `off`.
const PATIENCE_VARIABLE: &str = "WIRESCRIPT_PATIENCE_MS";

/// Owns the scripts of a test and everything that happened on them, and gives the verdict.
///
/// Connectors and doubles made from it are `Send + Sync` and may go anywhere; the verifier stays
/// with the test: it is not `Send`, so that it cannot be lost in a task. It judges when it is told
/// to, by [`verify`](Self::verify) or [`finish`](Self::finish), and when it is dropped.
///
/// A test passes only if every call of its clients was scripted, every byte that they sent was
/// stated once, in the script or in an assertion afterwards, and every required step was used.
///
/// ```
/// use wirescript::{AsyncSocketExt, Connect, Endpoint, Verifier};
///
/// # futures::executor::block_on(async {
/// let verifier = Verifier::new();
/// let net = verifier.socket();
/// net.new_session()
///     .expect_connect("time.internal:37")
///     .expect_recv(b"\xda\x7a\x11\x00")
///     .expect_eof()
///     .expect_close();
///
/// let mut socket = net.connect(&Endpoint::new("time.internal", 37)).await?;
/// assert_eq!(socket.recv_to_end(16).await?, b"\xda\x7a\x11\x00");
/// drop(socket);
///
/// verifier.finish().await;
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
pub struct Verifier {
    shared: Arc<Shared>,
    /// How much had happened at the last verdict.
    judged: Cell<Option<u64>>,
    /// How many violations a panic of ours has told.
    told: Cell<usize>,
    not_send: PhantomData<*const ()>,
}

impl Verifier {
    /// A verifier with the patience of 5 s and the deadline of 60 s.
    ///
    /// # Panics
    ///
    /// If the environment variable `WIRESCRIPT_PATIENCE_MS` is set to something that is neither a
    /// number of milliseconds nor `off`.
    #[track_caller]
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// A verifier that demands an assertion for everything that happens, stated or not.
    #[track_caller]
    pub fn explicit() -> Self {
        Self::builder().explicit().build()
    }

    /// A verifier that is to be set up first.
    pub fn builder() -> VerifierBuilder {
        VerifierBuilder {
            patience: None,
            deadline: DEADLINE,
            timer: None,
            chunks: Chunks::Whole,
            is_explicit: false,
        }
    }

    /// The scripted connector for byte sockets: what the client is constructed with, and where its
    /// sessions are queued. Every call gives the same queue.
    pub fn socket(&self) -> Scripted<Socket> {
        Scripted::new(Arc::clone(&self.shared), UNNAMED_SOCKETS)
    }

    /// A second scripted connector for byte sockets, with a queue of its own: for a client that is
    /// constructed with several. Every call with the same name gives the same queue.
    pub fn socket_named(&self, name: &str) -> Scripted<Socket> {
        let queue = self.shared.queue::<Socket>(name);
        Scripted::new(Arc::clone(&self.shared), queue)
    }

    /// The scripted connector for WebSockets: what the client is constructed with, and where its
    /// sessions are queued. Every call gives the same queue.
    ///
    /// ```
    /// use wirescript::websocket::{Message, WebSocketRequest};
    /// use wirescript::{Verifier, WebSocketConnect, WebSocketExt};
    ///
    /// # futures::executor::block_on(async {
    /// let verifier = Verifier::new();
    /// let net = verifier.websocket();
    /// net.new_session()
    ///     .expect_connect("wss://chat.example/rooms/7")
    ///     .expect_send("hello")
    ///     .expect_recv("hello yourself")
    ///     .expect_close((1000, "bye"));
    ///
    /// let mut ws = net.connect(&WebSocketRequest::new("wss://chat.example/rooms/7")?).await?;
    /// ws.send_text("hello").await?;
    /// assert_eq!(ws.recv().await?, Some(Message::from("hello yourself")));
    /// ws.close_with(1000, "bye").await?;
    /// drop(ws);
    ///
    /// verifier.finish().await;
    /// # Ok::<(), wirescript::websocket::WebSocketError>(()) }).unwrap();
    /// ```
    pub fn websocket(&self) -> Scripted<WebSocket> {
        self.websocket_named("")
    }

    /// A second scripted connector for WebSockets, with a queue of its own. Every call with the same
    /// name gives the same queue.
    pub fn websocket_named(&self, name: &str) -> Scripted<WebSocket> {
        let queue = self.shared.queue::<WebSocket>(name);
        Scripted::new(Arc::clone(&self.shared), queue)
    }

    /// Judges what has happened so far, and panics at this line if it is not what has to.
    ///
    /// This is a checkpoint: it changes nothing, may be repeated, and ends nothing. A client that
    /// is still at work is not waited for; see [`finish`](Self::finish).
    ///
    /// # Panics
    ///
    /// With the [`Report`], if [`try_verify`](Self::try_verify) would give one.
    #[track_caller]
    pub fn verify(&self) {
        if let Err(report) = self.try_verify() {
            self.fail(&report);
        }
    }

    /// Judges what has happened so far.
    ///
    /// # Errors
    ///
    /// The report, if there was a violation, if something that the script leaves open was not
    /// asserted, or if a required step was not used.
    pub fn try_verify(&self) -> Result<(), Report> {
        let (verdict, activity) = self.shared.with_book(|book| (book.verdict(), book.activity));
        self.judged.set(Some(activity));
        verdict
    }

    /// Waits until the clients have let go, then judges and ends.
    ///
    /// It waits, within the patience, until every transport that is not `stays_open` has been
    /// dropped and every connect has been answered; not at all once there is a violation. After
    /// that the verifier is gone, and whoever still uses one of its transports is told so.
    ///
    /// # Panics
    ///
    /// With the [`Report`], as [`verify`](Self::verify) does; it says at which line this was called,
    /// because a future panics where it is polled.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the verifier, which judges at once.
    #[track_caller]
    pub fn finish(self) -> impl Future<Output = ()> {
        let at = Location::caller();
        async move {
            self.settle().await;
            if let Err(report) = self.conclude() {
                self.told.set(report.violations().len());
                panic!("{report}\n\n  judged by `finish` at {at}");
            }
        }
    }

    /// The same for a test without a runtime: blocks the thread.
    ///
    /// # Panics
    ///
    /// With the [`Report`], as [`verify`](Self::verify) does.
    #[track_caller]
    pub fn finish_blocking(self) {
        self.shared.wait_settled();
        if let Err(report) = self.conclude() {
            self.fail(&report);
        }
    }

    /// Everything that happened, in order, as data.
    pub fn interactions(&self) -> Vec<Interaction> {
        self.shared.with_book(|book| book.interactions())
    }

    /// Everything that happened, in order: the conversation so far, for printing.
    pub fn timeline(&self) -> Transcript {
        Transcript { interactions: self.interactions() }
    }

    /// Asserts what happened in any order.
    ///
    /// Within `assertions`, each one finds its interaction wherever it stands behind what has been
    /// asserted in order.
    ///
    /// ```
    /// # use wirescript::{Connect, Endpoint, Verifier, any};
    /// # futures::executor::block_on(async {
    /// # let verifier = Verifier::new();
    /// # let net = verifier.socket();
    /// # net.new_session().expect_connect(any());
    /// # net.new_session().expect_connect(any());
    /// let a = net.connect(&Endpoint::new("a", 1)).await?;
    /// let b = net.connect(&Endpoint::new("b", 2)).await?;
    ///
    /// verifier.in_any_order(|any| {
    ///     any.on(&net).assert_connect("b:2");
    ///     any.on(&net).assert_connect("a:1");
    /// });
    /// # drop((a, b)); verifier.verify();
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn in_any_order(&self, assertions: impl FnOnce(&AnyOrder<'_>)) {
        assertions(&AnyOrder { shared: &self.shared });
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    pub(super) async fn settle(&self) {
        poll_fn(|cx| self.shared.poll_settled(cx)).await;
    }

    /// Judges and ends, with nothing in between: what is done to a transport from now on is told
    /// that the verifier is gone.
    pub(super) fn conclude(&self) -> Result<(), Report> {
        self.shared.end(None).unwrap_or(Ok(()))
    }

    /// Fails the test.
    #[track_caller]
    pub(super) fn fail(&self, report: &Report) -> ! {
        self.told.set(report.violations().len());
        panic!("{report}");
    }
}

impl Default for Verifier {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Verifier {
    fn drop(&mut self) {
        let judged = self.judged.get();
        let verdict = match Arc::get_mut(&mut self.shared) {
            Some(shared) => shared.end_alone(judged),
            None => self.shared.end(judged),
        };
        let Some(Err(report)) = verdict else { return };
        if !thread::panicking() {
            panic!("{report}");
        }
        // The test's own panic stays the headline; what it left unused it could not help. If that
        // panic is ours, it has told.
        if report.violations().len() > self.told.get() {
            if let Some(violations) = report.only_violations() {
                eprintln!("{violations}");
            }
        }
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier").finish_non_exhaustive()
    }
}

/// Sets a [`Verifier`] up.
#[must_use = "it is `build` that makes the verifier"]
pub struct VerifierBuilder {
    patience: Option<Option<Duration>>,
    deadline: Duration,
    timer: Option<Arc<dyn Timer>>,
    chunks: Chunks,
    is_explicit: bool,
}

impl VerifierBuilder {
    /// How long a wait may see no progress on any session of this verifier before it fails:
    /// 5 s of real time unless told, zero to refuse every wait at once.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = Some(Some(patience));
        self
    }

    /// Lets waits last as long as the deadline allows.
    pub fn without_patience(mut self) -> Self {
        self.patience = Some(None);
        self
    }

    /// How long any wait may last without progress, and how long [`run`](crate::run) may take:
    /// 60 s of real time unless told. Nothing is exempt from it.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// What `.after(..)` sleeps on, so that a runtime's virtual time works; real time unless told.
    pub fn timer(mut self, timer: impl Timer + 'static) -> Self {
        self.timer = Some(Arc::new(timer));
        self
    }

    /// Cuts everything that peers say: into single bytes, or where a seed has it; with a `Pending`
    /// between the pieces. A client passes all the same, or depends on boundaries that no stream
    /// has.
    ///
    /// ```
    /// # use wirescript::{AsyncSocketExt, Verifier};
    /// # use wirescript::scripted::Chunks;
    /// # futures::executor::block_on(async {
    /// let verifier = Verifier::builder().chunks(Chunks::Bytewise).build();
    /// # let net = verifier.socket();
    /// let mut socket = net.new_session().expect_recv(b"OK\r\n").into_socket();
    ///
    /// assert_eq!(socket.recv(&mut [0; 512]).await?, 1);
    /// # socket.recv_exact(&mut [0; 3]).await?; drop(socket); verifier.verify();
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn chunks(mut self, chunks: Chunks) -> Self {
        self.chunks = chunks;
        self
    }

    /// Demands an assertion for everything that happens, stated or not.
    pub fn explicit(mut self) -> Self {
        self.is_explicit = true;
        self
    }

    /// The verifier.
    ///
    /// # Panics
    ///
    /// If no patience was given and the environment variable `WIRESCRIPT_PATIENCE_MS` is set to
    /// something that is neither a number of milliseconds nor `off`.
    #[track_caller]
    pub fn build(self) -> Verifier {
        let patience = match self.patience {
            Some(patience) => patience,
            None => default_patience(),
        };
        let shared = Shared::new(Settings {
            patience: patience.map(|patience| patience.min(LONGEST_WAIT)),
            deadline: self.deadline.min(LONGEST_WAIT),
            timer: self.timer,
            chunks: self.chunks,
            is_explicit: self.is_explicit,
        });
        Verifier { shared, judged: Cell::new(None), told: Cell::new(0), not_send: PhantomData }
    }
}

impl fmt::Debug for VerifierBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifierBuilder")
            .field("patience", &self.patience)
            .field("deadline", &self.deadline)
            .field("chunks", &self.chunks)
            .field("is_explicit", &self.is_explicit)
            .finish_non_exhaustive()
    }
}

/// The patience of a verifier that was not given one. The environment is asked once.
#[track_caller]
fn default_patience() -> Option<Duration> {
    static TOLD: OnceLock<Option<String>> = OnceLock::new();
    match TOLD.get_or_init(|| std::env::var(PATIENCE_VARIABLE).ok()) {
        None => Some(PATIENCE),
        Some(text) => match parse_patience(text) {
            Some(patience) => patience,
            None => panic!("`{PATIENCE_VARIABLE}` is `{text}`: neither milliseconds nor `off`"),
        },
    }
}

fn parse_patience(text: &str) -> Option<Option<Duration>> {
    match text.trim() {
        "off" => Some(None),
        millis => millis.parse().ok().map(Duration::from_millis).map(Some),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patience_is_milliseconds_or_off() {
        assert_eq!(parse_patience("250"), Some(Some(Duration::from_millis(250))));
        assert_eq!(parse_patience("off"), Some(None));
        assert_eq!(parse_patience("5s"), None);
        assert_eq!(parse_patience("-1"), None);
    }
}
