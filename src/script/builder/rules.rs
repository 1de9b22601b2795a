//! Rules: what may come at any point, beside the steps.

use std::fmt;
use std::marker::PhantomData;

use super::{AfterReply, AfterRule, SocketScript, some_bytes};
use crate::script::{
    Draft, IntoBytes, IntoExpected, Pieces, Reply, Sent, Socket, SocketHeard, SocketSaid, What,
};

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
        self.draft.push_rule(heard);
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
        let bytes = bytes.into_literal();
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
        self.draft.push_rule(What::Said(said));
        SocketScript { draft: self.draft, kind: PhantomData }
    }
}

impl fmt::Debug for Whenever {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Whenever").finish_non_exhaustive()
    }
}
