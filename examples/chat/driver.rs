//! The driver of a client: it gets a connection, and another one when that is lost.

use std::collections::{HashMap, VecDeque};
use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};

use futures::StreamExt;
use futures::channel::{mpsc, oneshot};
use serde_json::Value;
use wirescript::websocket::{CloseCode, WebSocketRequest};
use wirescript::{Timer, WebSocketConnect, WebSocketExt, WebSocketTransport};

use super::client::{Event, Settings, within};
use super::conversation::Conversation;
use super::error::{Error, Loss};

pub(super) type Answer = oneshot::Sender<Result<Value, Error>>;

#[derive(Clone, Copy)]
pub(super) enum Kind {
    Call,
    Notification,
}

/// What a client wants to have sent. Somebody waits for its answer, or it is forgotten.
pub(super) struct Command {
    pub(super) kind: Kind,
    pub(super) method: String,
    pub(super) params: Value,
    pub(super) answer: Answer,
}

/// The calls that have no answer yet.
pub(super) struct Calls {
    pub(super) commands: mpsc::UnboundedReceiver<Command>,
    /// Taken while there was no connection.
    pub(super) unsent: VecDeque<Command>,
    pub(super) sent: HashMap<u64, Answer>,
    pub(super) next_id: u64,
}

impl Calls {
    /// The next command for which somebody still waits; `None` when the last client is gone.
    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Command>> {
        loop {
            let next = match self.unsent.pop_front() {
                Some(command) => Some(command),
                None => ready!(self.commands.poll_next_unpin(cx)),
            };
            match next {
                Some(command) if command.answer.is_canceled() => {}
                next => return Poll::Ready(next),
            }
        }
    }

    /// What `future` gives, or `None` as soon as the last client is gone. What is called meanwhile is
    /// kept.
    pub(super) async fn unless_abandoned<F: Future>(&mut self, future: F) -> Option<F::Output> {
        self.unsent.retain(|command| !command.answer.is_canceled());
        let mut future = pin!(future);
        poll_fn(|cx| {
            while let Poll::Ready(next) = self.commands.poll_next_unpin(cx) {
                match next {
                    Some(command) => self.unsent.push_back(command),
                    None => return Poll::Ready(None),
                }
            }
            future.as_mut().poll(cx).map(Some)
        })
        .await
    }

    /// A reply of an id that is not known is late: its call has timed out.
    pub(super) fn answer(&mut self, id: &Value, outcome: Result<Value, Error>) {
        if let Some(answer) = id.as_u64().and_then(|id| self.sent.remove(&id)) {
            let _ = answer.send(outcome);
        }
    }

    pub(super) fn fail_sent(&mut self, error: &Error) {
        for (_, answer) in self.sent.drain() {
            let _ = answer.send(Err(error.clone()));
        }
    }
}

/// Holds a connection for as long as there is a client.
pub(super) struct Driver<C, F> {
    pub(super) net: C,
    pub(super) timer: Arc<dyn Timer>,
    pub(super) request: WebSocketRequest,
    pub(super) settings: Settings,
    pub(super) on_event: F,
    pub(super) calls: Calls,
    pub(super) gave_up: Arc<OnceLock<Error>>,
    /// How many there were since the server last said something of use.
    pub(super) failures: u32,
}

impl<C: WebSocketConnect, F: FnMut(Event) + Send> Driver<C, F> {
    pub(super) async fn run(mut self) -> Result<(), Error> {
        while let Err(loss) = self.run_connection().await {
            let delay = if loss.is_final() { None } else { (self.settings.backoff)(self.failures) };
            let Some(delay) = delay else {
                let error = Error::GaveUp(loss);
                let _ = self.gave_up.set(error.clone());
                return Err(error);
            };
            self.failures += 1;
            let waited = self.calls.unless_abandoned(self.timer.sleep(delay)).await;
            if waited.is_none() {
                break;
            }
        }
        Ok(())
    }

    /// One connection, from the connect to the end. It is `Ok` when the last client is gone.
    async fn run_connection(&mut self) -> Result<(), Arc<Loss>> {
        let connecting = self.net.connect(&self.request);
        let connecting = within(&*self.timer, self.settings.connect_timeout, connecting);
        let ws = match self.calls.unless_abandoned(connecting).await {
            Some(Some(Ok(ws))) => ws,
            Some(Some(Err(error))) => return Err(self.lose(error.into())),
            Some(None) => return Err(self.lose(Loss::Silent)),
            None => return Ok(()),
        };
        let subprotocol = ws.handshake().subprotocol().map(str::to_owned);
        (self.on_event)(Event::Connected { subprotocol });

        let mut conversation = Conversation::new(self, ws);
        let ended = poll_fn(|cx| conversation.poll(cx)).await;
        let ws = conversation.ws;
        let ended = ended.map_err(|loss| self.lose(loss));
        let (code, reason) = match ended.as_ref().map_err(|loss| &**loss) {
            // Of a close of the server's this is the answer, whatever it says.
            Ok(()) | Err(Loss::Closed(_)) => (CloseCode::NORMAL, ""),
            Err(Loss::Malformed(what)) => (CloseCode::INVALID_PAYLOAD, *what),
            Err(Loss::Silent | Loss::Failed(_)) => return ended,
        };
        // As polite as the server lets it be: its own errors change nothing any more.
        let closing = ws.disconnect(code, reason);
        let _ = within(&*self.timer, self.settings.close_timeout, closing).await;
        ended
    }

    fn lose(&mut self, loss: Loss) -> Arc<Loss> {
        let loss = Arc::new(loss);
        self.calls.fail_sent(&Error::Lost(Arc::clone(&loss)));
        (self.on_event)(Event::Lost(Arc::clone(&loss)));
        loss
    }
}
