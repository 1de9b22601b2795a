//! The steps: what the client does, and what the peer says.

use std::sync::Arc;

use super::{
    AfterClose, AfterConnect, AfterEnd, AfterFrame, AfterRecv, AfterRecvError, AfterSend,
    AfterSendAll, AfterShutdown, SocketScript, checked_fault, some_bytes,
};
use crate::script::expected::expected;
use crate::script::framing::{self, Encoded};
use crate::script::{
    Fault, FrameHeard, Framing, IntoBytes, IntoExpected, Pieces, Reply, Sent, SocketHeard,
    SocketSaid, StatedFrame, What,
};
use crate::transport::Endpoint;

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
    /// byte fails at once, at that byte. With [`any`](crate::any) or
    /// [`matching`](crate::matching()) the run takes all that comes until the client flushes, shuts
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
        let bytes = bytes.into_literal();
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
            // A frame that the client makes otherwise is compared by its payload; that there is one
            // is seen here.
            Some(literal) if !framing.is_symmetric() => {
                encoded("expect_send_frame", &*framing, literal);
                FrameHeard::Of { framing, payload }
            }
            Some(literal) => {
                let Encoded { bytes, header } = encoded("expect_send_frame", &*framing, literal);
                let payload = literal.to_bytes();
                FrameHeard::Is(StatedFrame { frame: bytes, header, payload }.into())
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
        let (bytes, payload) = (bytes.into(), Some(payload.into()));
        self.said(SocketSaid::Recv { bytes, pieces: Pieces::Whole, payload })
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

    /// The peer says what `reply` makes of what the client has sent before it in the script: an
    /// `expect_recv` whose bytes are known only then. In a framed session, too, they are bytes, not a
    /// payload.
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
}

#[track_caller]
fn encoded(method: &str, framing: &dyn Framing, payload: &[u8]) -> Encoded {
    match framing::encode(framing, payload) {
        Ok(encoded) => encoded,
        Err(error) => panic!("`{method}`: {error}"),
    }
}
