//! What passes between a client and its server, to be compared with what a script says.
//!
//! A real connection has no boundaries (B1), so what went the same way in a row is one.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures::io::{AsyncRead, AsyncWrite};
use wirescript::scripted::{Argument, Interaction, Outcome};
use wirescript::{AsyncSocket, Connect, Endpoint, SocketInfo, async_trait};

/// Bytes that went one way until some went the other.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Passed {
    Sent(Vec<u8>),
    Received(Vec<u8>),
}

impl fmt::Debug for Passed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (way, bytes) = match self {
            Self::Sent(bytes) => ("sent", bytes),
            Self::Received(bytes) => ("received", bytes),
        };
        write!(f, "{way} {:?}", Bytes::copy_from_slice(bytes))
    }
}

/// All that passed over one connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Conversation(pub(crate) Vec<Passed>);

impl Conversation {
    fn sent(&mut self, bytes: &[u8]) {
        match self.0.last_mut() {
            Some(Passed::Sent(so_far)) => so_far.extend_from_slice(bytes),
            _ => self.0.push(Passed::Sent(bytes.to_vec())),
        }
    }

    fn received(&mut self, bytes: &[u8]) {
        match self.0.last_mut() {
            Some(Passed::Received(so_far)) => so_far.extend_from_slice(bytes),
            _ => self.0.push(Passed::Received(bytes.to_vec())),
        }
    }

    /// All that was sent, and all that was received: for a client that does not wait for the end of
    /// an answer before it goes on, so that one may overtake the other.
    pub(crate) fn each_way(self) -> [Passed; 2] {
        let mut ways = [Vec::new(), Vec::new()];
        for passed in self.0 {
            match passed {
                Passed::Sent(bytes) => ways[0].extend(bytes),
                Passed::Received(bytes) => ways[1].extend(bytes),
            }
        }
        let [sent, received] = ways;
        [Passed::Sent(sent), Passed::Received(received)]
    }

    /// The same, with `change` made to all that was received.
    pub(crate) fn with_received(self, change: impl Fn(&[u8]) -> Vec<u8>) -> Self {
        let changed = self.0.into_iter().map(|passed| match passed {
            Passed::Received(bytes) => Passed::Received(change(&bytes)),
            sent @ Passed::Sent(_) => sent,
        });
        Self(changed.collect())
    }
}

/// The conversations that a timeline tells of, in the order in which their sessions were written.
pub(crate) fn conversations_of(timeline: &[Interaction]) -> Vec<Conversation> {
    let sessions = timeline.iter().map(|happened| happened.session.number()).max().unwrap_or(0);
    let mut conversations = vec![Conversation::default(); sessions];
    for happened in timeline {
        assert_eq!(happened.outcome, Outcome::Complete, "{happened}");
        let conversation = &mut conversations[happened.session.number() - 1];
        match (&happened.operation.argument, happened.operation.name) {
            (Argument::Bytes(bytes), "send" | "send_all") => conversation.sent(bytes),
            (Argument::Bytes(bytes), "recv") => conversation.received(bytes),
            _ => {}
        }
    }
    conversations
}

/// A connector that writes down what passes over its connections.
#[derive(Clone, Debug)]
pub(crate) struct Recorder<C> {
    inner: C,
    conversations: Conversations,
}

type Conversations = Arc<Mutex<Vec<Conversation>>>;

impl<C> Recorder<C> {
    pub(crate) fn new(inner: C) -> Self {
        Self { inner, conversations: Conversations::default() }
    }

    /// What has passed so far, connection by connection.
    pub(crate) fn conversations(&self) -> Vec<Conversation> {
        self.conversations.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl<C: Connect> Connect for Recorder<C> {
    type Socket = Recorded<C::Socket>;

    async fn connect(&self, to: &Endpoint) -> io::Result<Self::Socket> {
        let inner = self.inner.connect(to).await?;
        let conversations = Arc::clone(&self.conversations);
        let mut all = conversations.lock().unwrap_or_else(PoisonError::into_inner);
        all.push(Conversation::default());
        let number = all.len() - 1;
        drop(all);
        Ok(Recorded { inner, conversations, number })
    }
}

/// A connection of a [`Recorder`].
#[derive(Debug)]
pub(crate) struct Recorded<S> {
    inner: S,
    conversations: Conversations,
    number: usize,
}

impl<S> Recorded<S> {
    fn record(&self, passed: impl FnOnce(&mut Conversation)) {
        let mut all = self.conversations.lock().unwrap_or_else(PoisonError::into_inner);
        passed(&mut all[self.number]);
    }
}

impl<S: AsyncSocket> AsyncSocket for Recorded<S> {
    fn info(&self) -> &SocketInfo {
        self.inner.info()
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Recorded<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let read = ready!(Pin::new(&mut self.inner).poll_read(cx, buf))?;
        if read > 0 {
            self.record(|conversation| conversation.received(&buf[..read]));
        }
        Poll::Ready(Ok(read))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Recorded<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let sent = ready!(Pin::new(&mut self.inner).poll_write(cx, buf))?;
        if sent > 0 {
            self.record(|conversation| conversation.sent(&buf[..sent]));
        }
        Poll::Ready(Ok(sent))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_close(cx)
    }
}
