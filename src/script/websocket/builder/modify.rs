//! The modifiers of the step that was written last.

use bytes::Bytes;
use http::{Response, StatusCode};

use super::WebSocketScript;
use crate::script::builder::check_readiness;
use crate::script::websocket::{Answered, WebSocketHeard, WebSocketSaid, refusal};
use crate::script::{AfterConnect, Fault, Pattern, Times, WebSocketFault, What, modifiers};
use crate::transport::websocket::{Handshake, InvalidRequest, WebSocketRequest};

impl<K: modifiers::Step + modifiers::Times> WebSocketScript<K> {
    /// The step comes so often: `3`, `2..`, `2..=4`, `..=3`.
    ///
    /// What the client does is taken as a repetition for as long as it may be one. What the peer says
    /// it says as often as it may; without an upper end, until the client does the next thing that
    /// the script has the peer hear. Each time is an interaction of its own.
    ///
    /// # Panics
    ///
    /// At this line: if nothing can come so often (0, or an empty range), or it is a close.
    #[track_caller]
    pub fn times(mut self, times: impl Into<Times>) -> Self {
        let times = times.into();
        if let Some(problem) = times.problem() {
            panic!("`times`: {problem}");
        }
        let is_close = matches!(
            self.draft.last().map(|step| &step.what),
            Some(What::Said(WebSocketSaid::RecvClose(_)))
        );
        assert!(!is_close || times == Times::ONCE, "`times`: a peer closes once");
        self.modified(|step| step.times = times)
    }
}

impl<K: modifiers::Step + modifiers::Raises> WebSocketScript<K> {
    /// The operation fails: with an error of the connection below, of this kind; a connect also with
    /// a [`HandshakeError`](crate::websocket::HandshakeError).
    ///
    /// A connect that fails does not connect, so nothing can follow it in its session.
    ///
    /// # Panics
    ///
    /// At this line: if that operation of a transport never fails like that.
    #[track_caller]
    pub fn raises(mut self, fault: impl Into<Fault>) -> Self {
        let fault = fault.into();
        check_readiness("raises", fault);
        let step = self.draft.last().map(|step| &step.what);
        let is_connect = matches!(step, Some(What::Heard(WebSocketHeard::Connect { .. })));
        match fault.websocket() {
            None => {}
            Some(WebSocketFault::Handshake(_)) if is_connect => {}
            Some(WebSocketFault::Rejected(status)) if is_connect => {
                panic!("`raises`: a server that refuses is written `.rejects({})`", status.as_u16())
            }
            Some(_) if is_connect => panic!("`raises`: no connect fails with {fault}"),
            Some(_) => panic!("`raises`: nothing that is sent fails with {fault}"),
        }
        self.modified(|step| step.raises = Some(fault))
    }
}

impl WebSocketScript<AfterConnect> {
    /// The client sends this header with its request.
    ///
    /// # Panics
    ///
    /// At this line: if that is no header, or one of which the handshake itself is made; or if the
    /// step does not state a URI.
    #[track_caller]
    pub fn header(self, name: impl AsRef<str>, value: impl AsRef<[u8]>) -> Self {
        self.requested("header", |request| request.with_header(name, value))
    }

    /// The client asks for this subprotocol, after those that were written before it. The peer
    /// chooses the first of them, unless [`answers`](Self::answers) says otherwise.
    ///
    /// # Panics
    ///
    /// At this line: if it cannot be asked for, or the step does not state a URI.
    #[track_caller]
    pub fn subprotocol(self, name: impl AsRef<str>) -> Self {
        self.requested("subprotocol", |request| request.with_subprotocol(name))
    }

    /// The peer opens the connection with this handshake.
    ///
    /// A subprotocol in it that does not suit the client's request fails the connect, as it does on
    /// any transport. What it knows of the connection below is that of the request, unless it says
    /// something itself. Of this and the other answers of a peer, the one that was written last holds.
    pub fn answers(self, handshake: Handshake) -> Self {
        self.answered(Answered::Opened(Some(Box::new(handshake))))
            .modified(|step| step.raises = None)
            .settled()
    }

    /// The peer refuses to open the connection: it answers with this status, or this whole response.
    ///
    /// ```
    /// # use wirescript::{Verifier, WebSocketConnect};
    /// # use wirescript::websocket::{WebSocketError, WebSocketRequest};
    /// # futures::executor::block_on(async {
    /// # let verifier = Verifier::new();
    /// let net = verifier.websocket();
    /// net.new_session().expect_connect("wss://chat.example").rejects(401);
    ///
    /// let request = WebSocketRequest::new("wss://chat.example")?;
    /// match net.connect(&request).await.map(drop) {
    ///     Err(WebSocketError::Rejected(response)) => assert_eq!(response.status(), 401),
    ///     other => panic!("{other:?}"),
    /// }
    /// # Ok::<(), WebSocketError>(()) }).unwrap();
    /// ```
    ///
    /// # Panics
    ///
    /// At this line: if that is no status, or the one with which connections are opened (101).
    #[track_caller]
    pub fn rejects(self, response: impl IntoRejection) -> Self {
        let Some(response) = response.into_rejection() else {
            panic!("`rejects` wants a status from 100 to 999 that is not 101");
        };
        let status = response.status();
        assert!(
            status != StatusCode::SWITCHING_PROTOCOLS,
            "`rejects(101)` would open the connection: write `.answers(..)`"
        );
        self.answered(Answered::Rejected(Box::new(response)))
            .modified(|step| step.raises = Some(WebSocketFault::Rejected(status).into()))
    }

    fn answered(self, with: Answered) -> Self {
        self.modified(|step| {
            if let What::Heard(WebSocketHeard::Connect { answer, .. }) = &mut step.what {
                *answer = with;
            }
        })
    }

    #[track_caller]
    fn requested(
        mut self,
        method: &str,
        change: impl FnOnce(WebSocketRequest) -> Result<WebSocketRequest, InvalidRequest>,
    ) -> Self {
        let step = self.draft.last().map(|step| &mut step.what);
        let Some(What::Heard(WebSocketHeard::Connect { request, .. })) = step else { return self };
        let Pattern::Is(literal) = &mut request.0 else {
            panic!("`{method}` adds to a request whose URI is stated; this one is not");
        };
        match change(literal.clone()) {
            Ok(changed) => *literal = changed,
            Err(error) => panic!("`{method}`: {error}"),
        }
        self.settled()
    }

    /// A handshake that the client does not take fails the connect.
    fn settled(self) -> Self {
        self.modified(|step| {
            let What::Heard(WebSocketHeard::Connect { request, answer }) = &step.what else {
                return;
            };
            let (Some(request), Answered::Opened(Some(handshake))) = (request.literal(), answer)
            else {
                return;
            };
            let is_ours = step.raises.is_none_or(|fault| {
                matches!(fault.websocket(), Some(WebSocketFault::Handshake(_)))
            });
            if is_ours {
                step.raises = refusal(handshake, request).map(Fault::from);
            }
        })
    }
}

/// How a peer refuses a request: a status, as a number or not, or a whole response.
pub trait IntoRejection {
    /// The response, if there is such a one.
    fn into_rejection(self) -> Option<Response<Bytes>>;
}

impl IntoRejection for u16 {
    fn into_rejection(self) -> Option<Response<Bytes>> {
        StatusCode::from_u16(self).ok()?.into_rejection()
    }
}

impl IntoRejection for StatusCode {
    fn into_rejection(self) -> Option<Response<Bytes>> {
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = self;
        Some(response)
    }
}

impl<B: Into<Bytes>> IntoRejection for Response<B> {
    fn into_rejection(self) -> Option<Response<Bytes>> {
        Some(self.map(Into::into))
    }
}
