//! What the promises ask for: a connector, a runtime, and somebody at the other end.

use wirescript::WebSocketConnect;

use super::Listener;

/// The WebSockets of a [`Subject`].
pub type Socket<T> = <<T as Subject>::Connector as WebSocketConnect>::Transport;

/// What is held to the promises.
pub trait Subject: Sized + 'static {
    /// Connects to the peers.
    type Connector: WebSocketConnect + 'static;

    /// The peers.
    type Listener: Listener;

    /// A connector as users get it.
    fn connector() -> Self::Connector;

    /// Runs a promise to its end on the runtime, in which [`spawn`](Self::spawn) then works.
    fn block_on<F: Future>(promise: F) -> F::Output;

    /// Runs `task` beside the one that calls this.
    fn spawn(task: impl Future<Output = ()> + Send + 'static);
}
