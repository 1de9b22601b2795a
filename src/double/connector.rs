//! The scripted connector: where sessions are queued, and what a client is constructed with.

use std::fmt;
use std::io;
use std::marker::PhantomData;
use std::sync::Arc;

use futures_core::future::BoxFuture;

use super::connecting::{Connecting, refuse};
use super::{BlockingScriptedSocket, ScriptedSocket};
use crate::script::{Draft, Socket, SocketScript};
use crate::session::{Refused, Shared, SocketCall};
use crate::transport::{Connect, Endpoint, SocketInfo, blocking};

/// A connector whose peers are scripts: of byte sockets, as `Scripted<Socket>`, or of WebSockets, as
/// `Scripted<WebSocket>`.
///
/// It is the connector that a client is constructed with *and* the place where sessions are queued
/// and asserted. Clones share the queue. Each connect takes the session at its head, at the moment
/// `connect()` is called.
pub struct Scripted<P> {
    pub(crate) shared: Arc<Shared>,
    pub(super) queue: usize,
    pub(super) is_by_endpoint: bool,
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
        SocketScript::new(Draft::new(&self.shared, self.queue))
    }
}

impl<P> Scripted<P> {
    /// The same connector, which takes the first queued session whose `expect_connect` accepts the
    /// endpoint (of a WebSocket, the request), instead of the first: for a client that connects to several places in an order of
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
            Ok(connecting) => Box::pin(async move {
                let (line, connected) = connecting.await;
                connected?;
                Ok(ScriptedSocket::new(line, info_of(to)))
            }),
            Err(refused) => Box::pin(async move { Err(refuse(refused).await.into()) }),
        }
    }
}

/// A client that blocks and one that awaits may share a connector and its queue.
impl blocking::Connect for Scripted<Socket> {
    type Socket = BlockingScriptedSocket;

    fn connect(&self, to: &Endpoint) -> io::Result<BlockingScriptedSocket> {
        to.check()?;
        match self.begin(to) {
            Ok(connecting) => {
                let (line, connected) = connecting.wait();
                connected?;
                let info = info_of(to).map(|info| *info).unwrap_or_default();
                Ok(BlockingScriptedSocket::new(line, info))
            }
            Err(refused) => Err(refused.violation.into()),
        }
    }
}

impl Scripted<Socket> {
    /// Takes a session for a client that connects.
    fn begin<'e>(&self, to: &'e Endpoint) -> Result<Connecting<'e, Socket>, Refused> {
        let call = SocketCall::Connect(to);
        Connecting::begin(&self.shared, self.queue, self.is_by_endpoint, call)
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

/// What a connection to `to` knows, as far as the endpoint tells; nothing, if that is a name.
pub(super) fn info_of(to: &Endpoint) -> Option<Box<SocketInfo>> {
    let info = SocketInfo::new();
    let info = match (to.path(), to.ip()) {
        (Some(path), _) => info.with_peer_path(path),
        (None, Some(ip)) => info.with_peer_addr((ip, to.port()).into()),
        (None, None) => return None,
    };
    Some(info.into())
}
