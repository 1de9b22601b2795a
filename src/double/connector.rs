//! The scripted connector: where sessions are queued, and what a client is constructed with.

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::marker::PhantomData;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_core::future::BoxFuture;

use super::line::Line;
use super::{BlockingScriptedSocket, ScriptedSocket};
use crate::script::{Draft, Socket, SocketScript};
use crate::session::{Refused, Shared, SocketCall, block_on};
use crate::transport::{Connect, Endpoint, SocketInfo, blocking};
use crate::verify::Stage;

/// A connector whose peers are scripts; of byte sockets, as `Scripted<Socket>`.
///
/// It is the connector that a client is constructed with *and* the place where sessions are queued
/// and asserted. Clones share the queue. Each connect takes the session at its head, at the moment
/// `connect()` is called.
pub struct Scripted<P> {
    pub(crate) shared: Arc<Shared>,
    queue: usize,
    is_by_endpoint: bool,
    protocol: PhantomData<fn() -> P>,
}

impl<P> Scripted<P> {
    pub(crate) fn new(shared: Arc<Shared>, queue: usize) -> Self {
        Self { shared, queue, is_by_endpoint: false, protocol: PhantomData }
    }
}

impl Scripted<Socket> {
    /// Takes the next place in the queue for a session, and returns the builder of its script.
    ///
    /// The script lands when the builder is dropped, as a rule at the end of the statement.
    ///
    /// # Panics
    ///
    /// At this line: if the verifier has given its last verdict, so that nobody would judge it.
    #[track_caller]
    pub fn new_session(&self) -> SocketScript {
        let session = self.shared.new_case(self.queue, Location::caller());
        let Some(session) = session else {
            panic!("the verifier is gone: nobody would judge a session that is queued now");
        };
        SocketScript::new(Draft::new(Arc::clone(&self.shared), session))
    }
}

impl Scripted<Socket> {
    /// The same connector, which takes the first queued session whose `expect_connect` accepts the
    /// endpoint, instead of the first: for a client that connects to several places in an order of
    /// its own.
    ///
    /// ```
    /// # use wirescript::{Connect, Endpoint, Verifier};
    /// # futures::executor::block_on(async {
    /// # let verifier = Verifier::new();
    /// let net = verifier.socket().by_endpoint();
    /// net.new_session().expect_connect("primary:1");
    /// net.new_session().expect_connect("replica:1");
    ///
    /// net.connect(&Endpoint::new("replica", 1)).await?;
    /// net.connect(&Endpoint::new("primary", 1)).await?;
    /// # verifier.verify();
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[must_use = "returns the connector that chooses; this one stays as it is"]
    pub fn by_endpoint(&self) -> Self {
        Self { is_by_endpoint: true, ..self.clone() }
    }
}

impl Connect for Scripted<Socket> {
    type Socket = ScriptedSocket;

    fn connect<'c, 'e, 'f>(&'c self, to: &'e Endpoint) -> BoxFuture<'f, io::Result<ScriptedSocket>>
    where
        'c: 'f,
        'e: 'f,
    {
        if let Err(error) = to.check() {
            return Box::pin(std::future::ready(Err(error.into())));
        }
        match self.begin(to) {
            Ok(connecting) => Box::pin(connecting),
            Err(refused) => Box::pin(async move {
                if refused.is_repeated {
                    yield_once().await;
                }
                Err(refused.violation.into())
            }),
        }
    }
}

/// A client that blocks and one that awaits may share a connector and its queue.
impl blocking::Connect for Scripted<Socket> {
    type Socket = BlockingScriptedSocket;

    fn connect(&self, to: &Endpoint) -> io::Result<BlockingScriptedSocket> {
        to.check()?;
        match self.begin(to) {
            Ok(mut connecting) => {
                let line = block_on(|cx| connecting.poll_connected(cx))?;
                Ok(BlockingScriptedSocket::new(line, info_of(to)))
            }
            Err(refused) => Err(refused.violation.into()),
        }
    }
}

impl Scripted<Socket> {
    /// Takes a session for a client that connects.
    fn begin<'e>(&self, to: &'e Endpoint) -> Result<Connecting<'e>, Refused> {
        let call = SocketCall::Connect(to);
        let session = self.shared.take::<Socket>(self.queue, call, self.is_by_endpoint)?;
        let line = Line::new(Arc::clone(&self.shared), session);
        Ok(Connecting { line: Some(line), to, is_polled: false })
    }
}

impl<P> Clone for Scripted<P> {
    fn clone(&self) -> Self {
        let shared = Arc::clone(&self.shared);
        Self {
            shared,
            queue: self.queue,
            is_by_endpoint: self.is_by_endpoint,
            protocol: PhantomData,
        }
    }
}

impl<P> fmt::Debug for Scripted<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scripted").finish_non_exhaustive()
    }
}

/// A session that was taken and is not connected yet.
struct Connecting<'e> {
    /// `None` once it is answered.
    line: Option<Line>,
    to: &'e Endpoint,
    is_polled: bool,
}

impl Connecting<'_> {
    fn poll_connected(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Line>> {
        self.is_polled = true;
        let Some(connecting) = &mut self.line else { return Poll::Pending };
        let connected = ready!(connecting.poll_connect(self.to, cx));
        let Some(line) = self.line.take() else { return Poll::Pending };
        Poll::Ready(connected.map(|()| line))
    }
}

impl Future for Connecting<'_> {
    type Output = io::Result<ScriptedSocket>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.poll_connected(cx).map_ok(|line| ScriptedSocket::new(line, info_of(self.to)))
    }
}

impl Drop for Connecting<'_> {
    fn drop(&mut self) {
        if let Some(line) = &self.line {
            line.give_up(if self.is_polled { Stage::Abandoned } else { Stage::NeverAwaited });
        }
    }
}

/// What a connection to `to` knows, as far as the endpoint tells.
fn info_of(to: &Endpoint) -> SocketInfo {
    let info = SocketInfo::new();
    match (to.path(), to.ip()) {
        (Some(path), _) => info.with_peer_path(path),
        (None, Some(ip)) => info.with_peer_addr((ip, to.port()).into()),
        (None, None) => info,
    }
}

/// Lets whatever else is ready run first.
async fn yield_once() {
    let mut has_yielded = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut has_yielded, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
