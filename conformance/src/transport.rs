//! What an adapter says about itself to be held to the promises.

use wirescript::Connect;

use crate::Socket;

/// An adapter, its runtime, and a look at what lies under its sockets.
///
/// The [example](crate) is that of tokio.
pub trait Transport: 'static {
    /// Opens TCP connections.
    type Connector: Connect + 'static;

    /// A connector as users get it.
    fn connector() -> Self::Connector;

    /// Runs `future` to its end on the runtime, in which [`spawn`](Self::spawn) then works.
    fn block_on<F: Future>(future: F) -> F::Output;

    /// Runs `task` beside the one that calls this.
    fn spawn(task: impl Future<Output = ()> + Send + 'static);

    /// Whether the system still takes the socket for connected: whether `getpeername(2)` succeeds.
    ///
    /// That it fails is the one sign of a reset that leaves the error itself where it is.
    fn is_connected(socket: &Socket<Self>) -> bool
    where
        Self: Sized;
}
