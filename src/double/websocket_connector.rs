//! The scripted connector of WebSockets.

use bytes::Bytes;
use futures_core::future::BoxFuture;
use http::Response;

use super::connecting::{Connecting, refuse};
use super::connector::info_of;
use super::line::{Failed, Line};
use super::{BlockingScriptedWebSocket, Scripted, ScriptedWebSocket};
use crate::script::websocket::{Answered, WebSocketHeard, refusal};
use crate::script::{Draft, Script, WebSocket, WebSocketScript};
use crate::session::{Refused, WebSocketCall};
use crate::transport::websocket::{Handshake, WebSocketConnect, WebSocketError, WebSocketRequest};
use crate::transport::{SocketInfo, blocking};

impl Scripted<WebSocket> {
    /// Takes the next place in the queue for a session, and returns the builder of its script.
    ///
    /// The script lands when the builder is dropped, as a rule at the end of the statement.
    ///
    /// # Panics
    ///
    /// At this line: if the verifier has given its last verdict, so that nobody would judge it.
    #[track_caller]
    pub fn new_session(&self) -> WebSocketScript {
        WebSocketScript::new(Draft::new(&self.shared, self.queue))
    }

    /// Takes a session for a client that connects.
    fn begin<'r>(
        &self,
        request: &'r WebSocketRequest,
    ) -> Result<Connecting<'r, WebSocket>, Refused> {
        let call = WebSocketCall::Connect(request);
        Connecting::begin(&self.shared, self.queue, self.is_by_endpoint, call)
    }
}

impl WebSocketConnect for Scripted<WebSocket> {
    type Transport = ScriptedWebSocket;

    fn connect<'c, 'r, 'f>(
        &'c self,
        request: &'r WebSocketRequest,
    ) -> BoxFuture<'f, Result<ScriptedWebSocket, WebSocketError>>
    where
        'c: 'f,
        'r: 'f,
    {
        match self.begin(request) {
            Ok(connecting) => Box::pin(async move {
                let (line, connected) = connecting.await;
                opened(line, connected, request)
            }),
            Err(refused) => Box::pin(async move { Err(refuse(refused).await.into()) }),
        }
    }
}

/// A client that blocks and one that awaits may share a connector and its queue.
impl blocking::WebSocketConnect for Scripted<WebSocket> {
    type Transport = BlockingScriptedWebSocket;

    fn connect(
        &self,
        request: &WebSocketRequest,
    ) -> Result<BlockingScriptedWebSocket, WebSocketError> {
        match self.begin(request) {
            Ok(connecting) => {
                let (line, connected) = connecting.wait();
                opened(line, connected, request).map(BlockingScriptedWebSocket::new)
            }
            Err(refused) => Err(refused.violation.into()),
        }
    }
}

/// What comes of a connect that was answered.
fn opened(
    line: Line<WebSocket>,
    connected: Result<(), Failed>,
    request: &WebSocketRequest,
) -> Result<ScriptedWebSocket, WebSocketError> {
    if let Err(failed) = connected {
        let error = WebSocketError::from(failed);
        let rejection = match &error {
            WebSocketError::Rejected(_) => line.with_script(rejection),
            _ => None,
        };
        return Err(rejection.map_or(error, WebSocketError::Rejected));
    }
    let handshake = line.with_script(handshake).unwrap_or_else(|| {
        let handshake = Handshake::new();
        match request.subprotocols().next() {
            Some(first) => handshake.with_subprotocol(first),
            None => handshake,
        }
    });
    let handshake = if *handshake.info() == SocketInfo::new() {
        let info = info_of(request.endpoint()).map(|info| *info).unwrap_or_default();
        handshake.with_info(info.with_secure(request.is_secure()))
    } else {
        handshake
    };
    let socket = ScriptedWebSocket::new(line, request, handshake);
    // What was opened and does not suit the client is dropped by its transport.
    match refusal(socket.handshake(), request) {
        Some(error) => Err(error.into()),
        None => Ok(socket),
    }
}

/// How the script has the peer answer.
fn answer(script: &Script<WebSocket>) -> Option<&Answered> {
    match script.steps[script.first()?].heard()? {
        WebSocketHeard::Connect { answer, .. } => Some(answer),
        _ => None,
    }
}

fn rejection(script: &Script<WebSocket>) -> Option<Box<Response<Bytes>>> {
    match answer(script)? {
        Answered::Rejected(response) => Some(response.clone()),
        Answered::Opened(_) => None,
    }
}

fn handshake(script: &Script<WebSocket>) -> Option<Handshake> {
    match answer(script)? {
        Answered::Opened(handshake) => handshake.as_deref().cloned(),
        Answered::Rejected(_) => None,
    }
}
