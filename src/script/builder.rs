//! Writing a script for a byte socket: the conversation, in the order in which it is held.

use std::fmt;
use std::marker::PhantomData;
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

use super::expected::expected;
use super::framing::{self, Encoded};
use super::{
    ChunkSizes, Delay, Draft, Expected, Fault, FrameHeard, Framing, IntoBytes, IntoExpected,
    LONGEST_WAIT, Pieces, Reply, Sent, Socket, SocketHeard, SocketSaid, Step, Times, What,
};
use crate::double::{ScriptedSocket, Session};
use crate::transport::Endpoint;

/// A socket's script while it is being written.
///
/// Each `expect_` method adds a step and returns a builder with the modifiers that make sense for
/// that step; `K` says which it was. The script is **the peer's view of the conversation**: what
/// it hears, and what it then says.
///
/// The script lands whole, when the builder is dropped: at the end of its statement, as a rule. It
/// needs no closing call.
///
/// # Panics
///
/// Every step is checked where it is written, and panics at that line if it cannot be: if its
/// argument does not parse, if no client could ever come to it (anything after a close, data after
/// the end of the stream), or if nothing could tell it from an optional step before it.
pub struct SocketScript<K = AtStart> {
    draft: Draft<Socket>,
    kind: PhantomData<fn() -> K>,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident: $($modifier:ident)*;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub enum $kind {}
        $(impl modifiers::$modifier for $kind {})*
        impl modifiers::sealed::Sealed for $kind {}
    )+};
}

/// Which step takes which modifier.
pub mod modifiers {
    pub(super) mod sealed {
        pub trait Sealed {}
    }
    /// Any step at all.
    pub trait Step: sealed::Sealed {}
    /// Steps that can come again: [`times`](super::SocketScript::times).
    pub trait Times: sealed::Sealed {}
    /// Steps that can answer with an error: [`raises`](super::SocketScript::raises).
    pub trait Raises: sealed::Sealed {}
    /// Steps that can take their time: [`after`](super::SocketScript::after).
    pub trait After: sealed::Sealed {}
    /// Steps that can stay without an answer: [`never`](super::SocketScript::never).
    pub trait Never: sealed::Sealed {}
}

kinds! {
    /// No step has been written yet.
    AtStart: ;
    /// Behind `expect_connect`.
    AfterConnect: Step Raises After Never;
    /// Behind `expect_send`.
    AfterSend: Step Raises Times;
    /// Behind `expect_send_all`.
    AfterSendAll: Step Raises Times;
    /// Behind `expect_send_frame`.
    AfterFrame: Step Raises Times;
    /// Behind `expect_recv`, `expect_recv_frame` and `replies_with`.
    AfterRecv: Step After Never Times;
    /// Behind `expect_recv_error`.
    AfterRecvError: Step After Times;
    /// Behind `expect_reset` and `expect_eof`.
    AfterEnd: Step After;
    /// Behind `expect_shutdown`.
    AfterShutdown: Step Raises;
    /// Behind `expect_close`.
    AfterClose: Step;
    /// Behind `allows_sent`.
    AfterRule: ;
    /// Behind what `whenever_sent` replies.
    AfterReply: After;
}

impl SocketScript {
    pub(crate) fn new(draft: Draft<Socket>) -> Self {
        Self { draft, kind: PhantomData }
    }
}

/// Steps.
impl<K> SocketScript<K> {
    /// The client connects to `endpoint`.
    ///
    /// # Panics
    ///
    /// At this line: if `endpoint` does not parse, or a step has been written before.
    #[track_caller]
    pub fn expect_connect(
        self,
        endpoint: impl IntoExpected<Endpoint>,
    ) -> SocketScript<AfterConnect> {
        let endpoint = expected("expect_connect", endpoint);
        self.heard(SocketHeard::Connect(endpoint))
    }

    /// The client sends `data` in exactly one write.
    ///
    /// Use it where the boundary matters; [`expect_send_all`](Self::expect_send_all) has none.
    ///
    /// # Panics
    ///
    /// At this line: if `data` is empty, or nothing can be sent here.
    #[track_caller]
    pub fn expect_send(self, data: impl IntoExpected<[u8]>) -> SocketScript<AfterSend> {
        let data = some_bytes("expect_send", data);
        self.heard(SocketHeard::Send { data, accepts: None })
    }

    /// The client sends `bytes`, over any number of writes.
    ///
    /// Boundaries mean nothing: many writes may meet one step, and one write may meet two. A wrong
    /// byte fails at once, at that byte. With [`any`](super::any) or
    /// [`matching`](super::matching) the run takes all that comes until the client flushes, shuts
    /// down, turns to reading or drops the socket; with `matching`, the predicate judges all of it.
    ///
    /// # Panics
    ///
    /// At this line: if `bytes` is empty, or nothing can be sent here.
    #[track_caller]
    pub fn expect_send_all(self, bytes: impl IntoExpected<[u8]>) -> SocketScript<AfterSendAll> {
        let bytes = some_bytes("expect_send_all", bytes);
        self.heard(SocketHeard::SendAll(bytes))
    }

    /// The peer says `bytes`, once it has heard every required step before this one.
    ///
    /// The client receives them over as many reads as its buffers need; a read never spans two
    /// steps.
    ///
    /// # Panics
    ///
    /// At this line: if `bytes` is empty (see [`expect_eof`](Self::expect_eof)), or nothing can be
    /// received here.
    #[track_caller]
    pub fn expect_recv(self, bytes: impl IntoBytes) -> SocketScript<AfterRecv> {
        let bytes = bytes.into_bytes();
        assert!(
            !bytes.is_empty(),
            "`expect_recv` wants at least one byte: the peer cannot say nothing; if it closes its \
             direction, write `.expect_eof()`"
        );
        self.said(SocketSaid::Recv { bytes, pieces: Pieces::Whole, payload: None })
    }

    /// The client sends a frame with this payload, over any number of writes, as
    /// [`framed`](Self::framed) says.
    ///
    /// A literal payload is compared with its frame around it; of another one, the frame has to be
    /// one, and its payload what is expected. What is no frame, or one over the limit of the framing,
    /// is a violation as soon as that is known.
    ///
    /// # Panics
    ///
    /// At this line: if the session is not framed, if there is no frame with this payload, or nothing
    /// can be sent here.
    #[track_caller]
    pub fn expect_send_frame(self, payload: impl IntoExpected<[u8]>) -> SocketScript<AfterFrame> {
        let payload = expected("expect_send_frame", payload);
        let framing = self.framing("expect_send_frame");
        let frame = match payload.literal() {
            Some(literal) => {
                let Encoded { bytes, header } = encoded("expect_send_frame", &*framing, literal);
                FrameHeard::Is { frame: bytes, header, payload: literal.clone() }
            }
            None => FrameHeard::Of { framing, payload },
        };
        self.heard(SocketHeard::Frame(frame))
    }

    /// The peer says a frame with this payload, as [`framed`](Self::framed) says, once it has heard
    /// every required step before this one.
    ///
    /// # Panics
    ///
    /// At this line: if the session is not framed, if there is no frame with this payload, or nothing
    /// can be received here.
    #[track_caller]
    pub fn expect_recv_frame(self, payload: impl IntoBytes) -> SocketScript<AfterRecv> {
        let payload = payload.into_bytes();
        let framing = self.framing("expect_recv_frame");
        let Encoded { bytes, .. } = encoded("expect_recv_frame", &*framing, &payload);
        assert!(
            !bytes.is_empty(),
            "`expect_recv_frame`: a frame of no bytes is nothing that the peer could say"
        );
        self.said(SocketSaid::Recv { bytes, pieces: Pieces::Whole, payload: Some(payload) })
    }

    #[track_caller]
    fn framing(&self, method: &str) -> Arc<dyn Framing> {
        match &self.draft.script().framing {
            Some(framing) => Arc::clone(framing),
            None => panic!(
                "`{method}` wants to know what a frame is: say so before it, as with \
                 `.framed(LengthPrefix::u32_be())`"
            ),
        }
    }

    /// The peer says what `reply` makes of what the client has sent: an `expect_recv` whose bytes
    /// are known only then.
    ///
    /// `reply` is asked when the step is due, once for each time that it comes, as a rule: it may be
    /// asked again if something else happened meanwhile. It runs on the client's task; if it panics
    /// or replies with nothing, that is a violation of its own, and the client gets an error.
    ///
    /// ```
    /// # use wirescript::{AsyncSocketExt, Verifier, any};
    /// # futures::executor::block_on(async {
    /// # let verifier = Verifier::new();
    /// # let net = verifier.socket();
    /// let mut socket = net
    ///     .new_session()
    ///     .expect_send_all(("PING ", any().len(4).capture("nonce"), "\n"))
    ///     .replies_with(|sent| [b"PONG ", sent.capture("nonce")].concat())
    ///     .into_socket();
    ///
    /// socket.send_all(b"PING 0042\n").await?;
    /// let mut buffer = [0; 64];
    /// let len = socket.recv(&mut buffer).await?;
    /// assert_eq!(&buffer[..len], b"PONG 0042");
    /// # drop(socket); verifier.verify();
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    ///
    /// # Panics
    ///
    /// At this line: if nothing can be received here.
    #[track_caller]
    pub fn replies_with<F, B>(self, reply: F) -> SocketScript<AfterRecv>
    where
        F: Fn(&Sent) -> B + Send + Sync + 'static,
        B: IntoBytes,
    {
        self.said(SocketSaid::Reply { reply: Reply::new(reply), piece: None })
    }

    /// The next read fails with an error of this kind.
    ///
    /// The connection lives on, unless the kind is `ConnectionReset` or `ConnectionAborted`, after
    /// which it is gone as after [`expect_reset`](Self::expect_reset).
    ///
    /// # Panics
    ///
    /// At this line: if no socket gives errors of this kind to its client (`WouldBlock`,
    /// `Interrupted`), or nothing can be received here.
    #[track_caller]
    pub fn expect_recv_error(self, kind: impl Into<Fault>) -> SocketScript<AfterRecvError> {
        let fault = checked_fault("expect_recv_error", kind);
        self.said(SocketSaid::RecvError(fault))
    }

    /// The connection is reset: the next read or write, whichever comes first, fails with
    /// `ConnectionReset`; after that reads return `Ok(0)` and writes fail with `BrokenPipe`,
    /// without any step.
    ///
    /// # Panics
    ///
    /// At this line: if the connection cannot be reset here.
    #[track_caller]
    pub fn expect_reset(self) -> SocketScript<AfterEnd> {
        self.said(SocketSaid::Reset)
    }

    /// The peer closes its direction: the next read returns `Ok(0)`, and so does every one after
    /// it, without any step. The client may go on sending.
    ///
    /// # Panics
    ///
    /// At this line: if the stream cannot end here.
    #[track_caller]
    pub fn expect_eof(self) -> SocketScript<AfterEnd> {
        self.said(SocketSaid::Eof)
    }

    /// The client closes its direction (`poll_close`, `shutdown`). It may go on receiving.
    ///
    /// # Panics
    ///
    /// At this line: if the client cannot shut down here.
    #[track_caller]
    pub fn expect_shutdown(self) -> SocketScript<AfterShutdown> {
        self.heard(SocketHeard::Shutdown)
    }

    /// The client drops the socket. A shutdown just before it belongs to it.
    ///
    /// # Panics
    ///
    /// At this line: if there is nothing to close here.
    #[track_caller]
    pub fn expect_close(self) -> SocketScript<AfterClose> {
        self.heard(SocketHeard::Close)
    }

    #[track_caller]
    fn heard<N>(self, heard: SocketHeard) -> SocketScript<N> {
        self.step(What::Heard(heard))
    }

    #[track_caller]
    fn said<N>(self, said: SocketSaid) -> SocketScript<N> {
        self.step(What::Said(said))
    }

    #[track_caller]
    fn step<N>(mut self, what: What<Socket>) -> SocketScript<N> {
        self.draft.push(Step::new(what, Location::caller()));
        SocketScript { draft: self.draft, kind: PhantomData }
    }
}

/// Modifiers of the step that was written last.
impl<K: modifiers::Step> SocketScript<K> {
    /// The step may be left out: the verdict does not miss it.
    ///
    /// What the client may do is one of several things that may come next until the bytes decide.
    /// What the peer says it says all the same; the client need not receive it.
    pub fn optional(self) -> Self {
        self.modified(|step| step.times = step.times.or_never())
    }
}

impl<K> SocketScript<K> {
    fn modified(mut self, modify: impl FnOnce(&mut Step<Socket>)) -> Self {
        if let Some(step) = self.draft.last() {
            modify(step);
        }
        self
    }
}

impl<K: modifiers::Step + modifiers::Times> SocketScript<K> {
    /// The step comes so often: `3`, `2..`, `2..=4`, `..=3`.
    ///
    /// What the client does is taken as a repetition for as long as it may be one, and as the next
    /// step from then on. What the peer says it says as often as it may; without an upper end, until
    /// the client does the next thing that the script has the peer hear. The verdict misses only
    /// what has to come. Each time is an interaction of its own.
    ///
    /// ```
    /// # use wirescript::{AsyncSocketExt, Verifier};
    /// # futures::executor::block_on(async {
    /// # let verifier = Verifier::new();
    /// # let net = verifier.socket();
    /// let script = net.new_session().expect_send_all(b"PING\r\n").times(2..);
    /// let mut socket = script.expect_send_all(b"QUIT\r\n").into_socket();
    ///
    /// socket.send_all(b"PING\r\nPING\r\nPING\r\nQUIT\r\n").await?;
    /// # drop(socket); verifier.verify();
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    ///
    /// # Panics
    ///
    /// At this line: if nothing can come so often (0, or an empty range), if the step is a run
    /// without an end, of which nothing could tell two apart, or if it ends the connection.
    #[track_caller]
    pub fn times(self, times: impl Into<Times>) -> Self {
        let times = times.into();
        if let Some(problem) = times.problem() {
            panic!("`times`: {problem}");
        }
        let mut script = self;
        match script.draft.last().map(|step| &step.what) {
            Some(What::Heard(SocketHeard::SendAll(bytes))) => assert!(
                bytes.ending().is_none(),
                "`times`: nothing could tell where a run without an end ends and the next begins; \
                 state its bytes"
            ),
            Some(What::Said(SocketSaid::RecvError(fault))) => assert!(
                !fault.is_reset() || times == Times::ONCE,
                "`times`: the connection is gone after the first {:?}",
                fault.kind()
            ),
            _ => {}
        }
        script.modified(|step| step.times = times)
    }
}

impl<K: modifiers::Step + modifiers::Raises> SocketScript<K> {
    /// The operation fails with an error of this kind, which has this platform's
    /// `raw_os_error`.
    ///
    /// A connect that fails does not connect, so nothing can follow it in its session. A run of
    /// bytes fails with the write that completes it (or, without an end, where it ends).
    ///
    /// # Panics
    ///
    /// At this line: if no socket gives errors of this kind to its client (`WouldBlock`,
    /// `Interrupted`).
    #[track_caller]
    pub fn raises(self, kind: impl Into<Fault>) -> Self {
        let fault = checked_fault("raises", kind);
        self.modified(|step| step.raises = Some(fault))
    }
}

impl<K: modifiers::After> SocketScript<K> {
    /// The answer comes only when `delay` has passed since the client first waited for it.
    ///
    /// The delay runs on the verifier's [`Timer`](crate::Timer), if it was given one, and in real
    /// time otherwise.
    pub fn after(self, delay: Duration) -> Self {
        self.modified(|step| step.delay = Delay::After(delay.min(LONGEST_WAIT)))
    }
}

impl<K: modifiers::Step + modifiers::Never> SocketScript<K> {
    /// There is no answer: whoever waits for it waits until its own timer ends that, or the
    /// verifier's deadline does.
    ///
    /// What the peer never says counts as used once the client has waited for it, or has gone on
    /// without it: it lasts until the client does the next thing that the script has the peer hear.
    pub fn never(self) -> Self {
        self.modified(|step| step.delay = Delay::Never)
    }
}

impl SocketScript<AfterSend> {
    /// The write takes only the first `count` bytes, as a socket whose buffer is nearly full does.
    /// What the client then sends of the rest is a step of its own.
    ///
    /// # Panics
    ///
    /// At this line: if `count` is 0, or more than the step states.
    #[track_caller]
    pub fn accepts(mut self, count: usize) -> Self {
        assert!(
            count > 0,
            "`accepts(0)` is no short write: a socket that can take nothing lets the client wait"
        );
        if let Some(What::Heard(SocketHeard::Send { data, accepts })) =
            self.draft.last().map(|step| &mut step.what)
        {
            match data.literal() {
                Some(data) if data.len() < count => {
                    panic!(
                        "`accepts({count})` is more than the {} bytes that the step sends",
                        data.len()
                    )
                }
                _ => *accepts = Some(count),
            }
        }
        self
    }
}

impl SocketScript<AfterRecv> {
    /// The bytes come in pieces of this size, or of these sizes: a read never gets more than the
    /// piece it begins in, however large its buffer.
    ///
    /// ```
    /// # use wirescript::{AsyncSocketExt, Verifier};
    /// # futures::executor::block_on(async {
    /// # let verifier = Verifier::new();
    /// # let net = verifier.socket();
    /// let mut socket = net.new_session().expect_recv(b"HELLO").in_chunks([2, 3]).into_socket();
    ///
    /// let mut buffer = [0; 512];
    /// assert_eq!(socket.recv(&mut buffer).await?, 2);
    /// assert_eq!(socket.recv(&mut buffer).await?, 3);
    /// # drop(socket); verifier.verify();
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    ///
    /// # Panics
    ///
    /// At this line: if a size is 0, or a list of sizes does not add up to what the step says.
    #[track_caller]
    pub fn in_chunks(mut self, sizes: impl Into<ChunkSizes>) -> Self {
        let sizes = sizes.into();
        let cut = match self.draft.last().map(|step| &mut step.what) {
            Some(What::Said(SocketSaid::Recv { bytes, pieces, .. })) => {
                sizes.pieces(bytes.len()).map(|cut| *pieces = cut)
            }
            Some(What::Said(SocketSaid::Reply { piece, .. })) => {
                sizes.piece().map(|size| *piece = Some(size))
            }
            _ => Ok(()),
        };
        if let Err(reason) = cut {
            panic!("`in_chunks`: {reason}");
        }
        self
    }
}

/// Rules: what may come at any point, beside the steps.
impl<K> SocketScript<K> {
    /// Whenever the client sends `bytes`, at any point, the peer replies; how is said next.
    ///
    /// It is for what comes unasked, such as heartbeats. What the client sends is compared with the
    /// steps that may come next and with the rules until the bytes decide, and one send never
    /// belongs to both. The reply is what the peer says next, at the end of what it is just saying;
    /// the client need not receive it. Each time is an interaction of its own, and none is progress
    /// that would give another wait patience anew.
    ///
    /// ```
    /// # use wirescript::{AsyncSocketExt, Verifier};
    /// # futures::executor::block_on(async {
    /// # let verifier = Verifier::new();
    /// # let net = verifier.socket();
    /// let mut socket = net
    ///     .new_session()
    ///     .whenever_sent(b"PING\r\n")
    ///     .replies(b"PONG\r\n")
    ///     .expect_send_all(b"QUIT\r\n")
    ///     .into_socket();
    ///
    /// socket.send_all(b"PING\r\nQUIT\r\n").await?;
    /// let mut buffer = [0; 64];
    /// let len = socket.recv(&mut buffer).await?;
    /// assert_eq!(&buffer[..len], b"PONG\r\n");
    /// # drop(socket); verifier.verify();
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    ///
    /// # Panics
    ///
    /// At this line: if `bytes` is empty, if it has no end of its own, or if the client may send
    /// something by a step that begins alike.
    #[track_caller]
    pub fn whenever_sent(self, bytes: impl IntoExpected<[u8]>) -> Whenever {
        Whenever { draft: self.rule("whenever_sent", bytes) }
    }

    /// The client may send `bytes` at any point, as often as it likes. See
    /// [`whenever_sent`](Self::whenever_sent).
    ///
    /// # Panics
    ///
    /// At this line, as [`whenever_sent`](Self::whenever_sent) does.
    #[track_caller]
    pub fn allows_sent(self, bytes: impl IntoExpected<[u8]>) -> SocketScript<AfterRule> {
        SocketScript { draft: self.rule("allows_sent", bytes), kind: PhantomData }
    }

    #[track_caller]
    fn rule(mut self, method: &str, bytes: impl IntoExpected<[u8]>) -> Draft<Socket> {
        let bytes = some_bytes(method, bytes);
        assert!(
            bytes.ending().is_none(),
            "`{method}`: a run without an end would take all that the client sends; give it one"
        );
        let heard = What::Heard(SocketHeard::SendAll(bytes));
        self.draft.push(Step::standing(heard, Location::caller()));
        self.draft
    }
}

/// A rule of which it is to be said what the peer replies. Left like this, it allows what is sent
/// and replies nothing.
#[must_use = "say what the peer replies, with `.replies(..)` or `.replies_with(..)`"]
pub struct Whenever {
    draft: Draft<Socket>,
}

impl Whenever {
    /// The peer says `bytes` each time.
    ///
    /// # Panics
    ///
    /// At this line: if `bytes` is empty (see [`allows_sent`](SocketScript::allows_sent)).
    #[track_caller]
    pub fn replies(self, bytes: impl IntoBytes) -> SocketScript<AfterReply> {
        let bytes = bytes.into_bytes();
        assert!(
            !bytes.is_empty(),
            "`replies` wants at least one byte: if the peer says nothing, write `.allows_sent(..)`"
        );
        self.says(SocketSaid::Recv { bytes, pieces: Pieces::Whole, payload: None })
    }

    /// The peer says what `reply` makes of what was sent, each time. See
    /// [`replies_with`](SocketScript::replies_with).
    #[track_caller]
    pub fn replies_with<F, B>(self, reply: F) -> SocketScript<AfterReply>
    where
        F: Fn(&Sent) -> B + Send + Sync + 'static,
        B: IntoBytes,
    {
        self.says(SocketSaid::Reply { reply: Reply::new(reply), piece: None })
    }

    #[track_caller]
    fn says(mut self, said: SocketSaid) -> SocketScript<AfterReply> {
        self.draft.push(Step::standing(What::Said(said), Location::caller()));
        SocketScript { draft: self.draft, kind: PhantomData }
    }
}

impl fmt::Debug for Whenever {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Whenever").finish_non_exhaustive()
    }
}

/// The session as a whole.
impl<K> SocketScript<K> {
    /// Gives the session a name, which every message then uses.
    pub fn named(mut self, name: impl AsRef<str>) -> Self {
        self.draft.set_name(name.as_ref());
        self
    }

    /// Says what a frame is, in the steps from here on.
    ///
    /// ```
    /// # use wirescript::{AsyncSocketExt, Verifier};
    /// # use wirescript::scripted::LengthPrefix;
    /// # futures::executor::block_on(async {
    /// # let verifier = Verifier::new();
    /// # let net = verifier.socket();
    /// let mut socket = net
    ///     .new_session()
    ///     .framed(LengthPrefix::u16_be())
    ///     .expect_send_frame(b"ask")
    ///     .expect_recv_frame(b"answer")
    ///     .into_socket();
    ///
    /// socket.send_all(b"\0\x03ask").await?;
    /// let mut reply = [0; 8];
    /// socket.recv_exact(&mut reply).await?;
    /// assert_eq!(&reply, b"\0\x06answer");
    /// # drop(socket); verifier.verify();
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn framed(mut self, framing: impl Framing) -> Self {
        self.draft.script_mut().framing = Some(Arc::new(framing));
        self
    }

    /// The client takes turns: its sends, too, wait until it has received everything that the
    /// script has before them.
    pub fn lockstep(mut self) -> Self {
        self.draft.script_mut().lockstep = true;
        self
    }

    /// The peer keeps the connection open and stays silent at the end: a client may wait there, and
    /// may keep its socket beyond the verdict.
    pub fn stays_open(mut self) -> Self {
        self.draft.script_mut().stays_open = true;
        self
    }

    /// The script is not at its end where it ends: what the client does past it waits until
    /// [`Session::then`] adds more.
    pub fn open_ended(mut self) -> Self {
        self.draft.script_mut().open_ended = true;
        self
    }

    /// Forgets which step was written last, so that scripts that end differently are of one type:
    /// for loops and branches.
    ///
    /// ```
    /// # use wirescript::{AsyncSocketExt, Verifier};
    /// # futures::executor::block_on(async {
    /// # let verifier = Verifier::new();
    /// # let net = verifier.socket();
    /// let mut script = net.new_session();
    /// for number in 1..=3 {
    ///     script = script.expect_recv(format!("{number}\n")).erased();
    /// }
    /// let mut socket = script.expect_eof().into_socket();
    /// assert_eq!(socket.recv_to_end(64).await?, b"1\n2\n3\n");
    /// # drop(socket); verifier.verify();
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn erased(self) -> SocketScript {
        SocketScript::new(self.draft)
    }

    /// Lands what was written of a session that goes on.
    #[track_caller]
    pub(crate) fn land_more(self) {
        self.draft.land_more();
    }

    /// Lands the script now and gives its session, for assertions and for
    /// [`then`](Session::then).
    pub fn handle(self) -> Session<Socket> {
        let (shared, session) = self.draft.land(false);
        Session::new(shared, session)
    }

    /// Lands the script now and hands out a double that is connected already.
    ///
    /// # Panics
    ///
    /// At this line: if the script has a connect.
    #[track_caller]
    pub fn into_socket(mut self) -> ScriptedSocket {
        assert!(
            !self.draft.script_mut().begins_with_entry(),
            "`into_socket` hands out a socket that is connected already: take the \
             `expect_connect` away, or let the client connect"
        );
        let (shared, session) = self.draft.land(true);
        ScriptedSocket::connected(shared, session)
    }
}

impl<K> fmt::Debug for SocketScript<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SocketScript").finish_non_exhaustive()
    }
}

#[track_caller]
fn some_bytes(method: &str, value: impl IntoExpected<[u8]>) -> Expected<[u8]> {
    let value = expected(method, value);
    assert!(
        value.literal().is_none_or(|bytes| !bytes.is_empty()),
        "`{method}` wants at least one byte: a send of nothing is not seen by any peer"
    );
    value
}

#[track_caller]
fn encoded(method: &str, framing: &dyn Framing, payload: &[u8]) -> Encoded {
    match framing::encode(framing, payload) {
        Ok(encoded) => encoded,
        Err(error) => panic!("`{method}`: {error}"),
    }
}

#[track_caller]
fn checked_fault(method: &str, kind: impl Into<Fault>) -> Fault {
    let fault = kind.into();
    assert!(
        !fault.is_readiness(),
        "`{method}`: no transport gives its client {:?}; it waits, or tries again (C2)",
        fault.kind()
    );
    fault
}
