//! The handle of a client: what its user sees of it.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::pin::pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures::channel::{mpsc, oneshot};
use futures::future::{Either, select};
use serde_json::Value;
use wirescript::websocket::WebSocketRequest;
use wirescript::{Timer, WebSocketConnect};

use super::driver::{Calls, Command, Driver, Kind};
use super::error::{Error, Loss};

/// How patient a client is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    pub(super) connect_timeout: Duration,
    pub(super) call_timeout: Duration,
    /// How long the server may be silent before it is asked whether it is there.
    pub(super) idle: Duration,
    /// How long it then has to say anything.
    pub(super) pong_timeout: Duration,
    /// How long it has to close its side, too.
    pub(super) close_timeout: Duration,
    /// How long to wait after a failure, by how many others came right before it, and whether to try
    /// again at all. Many clients of one server want some jitter in it.
    pub(super) backoff: fn(u32) -> Option<Duration>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            call_timeout: Duration::from_secs(30),
            idle: Duration::from_secs(20),
            pong_timeout: Duration::from_secs(10),
            close_timeout: Duration::from_secs(2),
            backoff: |failures| {
                let delay = Duration::from_millis(250).saturating_mul(1 << failures.min(10));
                (failures < 10).then_some(delay.min(Duration::from_secs(30)))
            },
        }
    }
}

/// What happens beside the calls.
#[derive(Debug)]
pub(super) enum Event {
    /// There is a connection, perhaps another one: what the server knew of the old one it has forgotten.
    Connected {
        subprotocol: Option<String>,
    },
    /// There is none, for now or for ever.
    Lost(Arc<Loss>),
    Notification {
        method: String,
        params: Value,
    },
}

/// The handle of a client. Clones share its connection, which is closed when the last one is dropped.
#[derive(Clone)]
pub(super) struct Client {
    commands: mpsc::UnboundedSender<Command>,
    timer: Arc<dyn Timer>,
    call_timeout: Duration,
    gave_up: Arc<OnceLock<Error>>,
}

impl Client {
    /// A client, and the driver that has to be polled for it to get anywhere: spawned, or joined with
    /// whatever uses the client. `on_event` is called by the driver, and must not block.
    ///
    /// The driver ends well when the last client was dropped and the connection is closed, and with
    /// [`Error::GaveUp`] when no connection can be had.
    ///
    /// # Cancel safety
    ///
    /// A driver that is dropped ends the connection without a close; its clients get
    /// [`Error::Closed`].
    pub(super) fn new<C: WebSocketConnect>(
        net: C,
        timer: impl Timer + 'static,
        request: WebSocketRequest,
        settings: Settings,
        on_event: impl FnMut(Event) + Send,
    ) -> (Self, impl Future<Output = Result<(), Error>> + Send) {
        let timer: Arc<dyn Timer> = Arc::new(timer);
        let (sender, commands) = mpsc::unbounded();
        let calls = Calls { commands, unsent: VecDeque::new(), sent: HashMap::new(), next_id: 1 };
        let client = Self {
            commands: sender,
            timer: Arc::clone(&timer),
            call_timeout: settings.call_timeout,
            gave_up: Arc::default(),
        };
        let gave_up = Arc::clone(&client.gave_up);
        let driver =
            Driver { net, timer, request, settings, on_event, calls, gave_up, failures: 0 };
        (client, driver.run())
    }

    /// Calls a method, with as many others at the same time as you like.
    ///
    /// A call that could not be sent yet waits for the next connection. One that was sent is never
    /// sent again.
    ///
    /// # Cancel safety
    ///
    /// The call is given up. What was not sent by then is not sent.
    pub(super) async fn call(&self, method: &str, params: Value) -> Result<Value, Error> {
        self.command(Kind::Call, method, params).await
    }

    /// Sends a notification: what is `Ok` was handed to a connection, and no more is known of it.
    ///
    /// # Cancel safety
    ///
    /// That of [`call`](Self::call).
    pub(super) async fn notify(&self, method: &str, params: Value) -> Result<(), Error> {
        self.command(Kind::Notification, method, params).await.map(drop)
    }

    async fn command(&self, kind: Kind, method: &str, params: Value) -> Result<Value, Error> {
        let (answer, answered) = oneshot::channel();
        let command = Command { kind, method: method.to_owned(), params, answer };
        self.commands.unbounded_send(command).map_err(|_| self.ended())?;
        match within(&*self.timer, self.call_timeout, answered).await {
            Some(Ok(outcome)) => outcome,
            Some(Err(oneshot::Canceled)) => Err(self.ended()),
            None => Err(Error::TimedOut),
        }
    }

    /// Why there is no driver any more.
    fn ended(&self) -> Error {
        self.gave_up.get().cloned().unwrap_or(Error::Closed)
    }
}

/// What `future` gives, unless it takes longer than `limit`.
pub(super) async fn within<F: Future>(
    timer: &dyn Timer,
    limit: Duration,
    future: F,
) -> Option<F::Output> {
    match select(pin!(future), timer.sleep(limit)).await {
        Either::Left((output, _)) => Some(output),
        Either::Right(_) => None,
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connected { subprotocol: None } => f.write_str("connected"),
            Self::Connected { subprotocol: Some(name) } => write!(f, "connected, for {name}"),
            Self::Lost(loss) => write!(f, "lost: {loss}"),
            Self::Notification { method, params: Value::Null } => f.write_str(method),
            Self::Notification { method, params } => write!(f, "{method} {params}"),
        }
    }
}
