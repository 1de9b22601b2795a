//! A handle on one session, for assertions on it alone.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use crate::script::{Draft, Socket, SocketScript, WebSocket, WebSocketScript};
use crate::session::Shared;

/// One session of a scripted connector, for assertions that look at it alone.
///
/// Got from [`SocketScript::handle`](crate::scripted::SocketScript::handle) or
/// [`WebSocketScript::handle`](crate::scripted::WebSocketScript::handle).
pub struct Session<P> {
    pub(crate) shared: Arc<Shared>,
    pub(crate) session: usize,
    protocol: PhantomData<fn() -> P>,
}

impl<P> Session<P> {
    pub(crate) fn new(shared: Arc<Shared>, session: usize) -> Self {
        Self { shared, session, protocol: PhantomData }
    }
}

impl Session<Socket> {
    /// Goes on with the script of this session, while the client runs: a batch of steps that lands
    /// at once when `write` returns.
    ///
    /// Where the client may come to the end of the script before, let it be
    /// [`open_ended`](SocketScript::open_ended).
    ///
    /// ```
    /// # use wirescript::{AsyncSocketExt, Connect, Endpoint, Verifier};
    /// # futures::executor::block_on(async {
    /// # let verifier = Verifier::new();
    /// let net = verifier.socket();
    /// let session = net.new_session().expect_connect("feed:1").open_ended().handle();
    /// let mut socket = net.connect(&Endpoint::new("feed", 1)).await?;
    ///
    /// session.then(|script| script.expect_send_all(b"NEXT\r\n").expect_recv(b"one\r\n"));
    /// socket.send_all(b"NEXT\r\n").await?;
    /// assert_eq!(socket.recv(&mut [0; 64]).await?, 5);
    /// # drop(socket); verifier.verify();
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    ///
    /// # Panics
    ///
    /// At the line of a step that cannot come there, as everywhere; and at this line, if somebody
    /// else wrote more of the same session meanwhile.
    #[track_caller]
    pub fn then<K>(&self, write: impl FnOnce(SocketScript) -> SocketScript<K>) {
        let draft = Draft::continuing(Arc::clone(&self.shared), self.session);
        write(SocketScript::new(draft)).land_more();
    }
}

impl Session<WebSocket> {
    /// Goes on with the script of this session, while the client runs: a batch of steps that lands
    /// at once when `write` returns.
    ///
    /// # Panics
    ///
    /// At the line of a step that cannot come there, as everywhere; and at this line, if somebody
    /// else wrote more of the same session meanwhile.
    #[track_caller]
    pub fn then<K>(&self, write: impl FnOnce(WebSocketScript) -> WebSocketScript<K>) {
        let draft = Draft::continuing(Arc::clone(&self.shared), self.session);
        write(WebSocketScript::new(draft)).land_more();
    }
}

impl<P> Clone for Session<P> {
    fn clone(&self) -> Self {
        Self::new(Arc::clone(&self.shared), self.session)
    }
}

impl<P> fmt::Debug for Session<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("number", &(self.session + 1)).finish_non_exhaustive()
    }
}
