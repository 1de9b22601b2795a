//! The modifiers of the step that was written last.

use super::{AfterRecv, AfterSend, SocketScript, checked_fault, modifiers};
use crate::script::{ChunkSizes, Fault, SocketHeard, SocketSaid, Times, What};

/// Modifiers of the step that was written last.
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
            match data.extent() {
                Some(len) if len < count => {
                    panic!("`accepts({count})` is more than the {len} bytes that the step sends")
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
