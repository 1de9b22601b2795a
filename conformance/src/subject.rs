//! What the promises ask for: a connector, a runtime, and somebody at the other end.

use wirescript::Connect;

use crate::Transport;
use crate::peer::Listener;
use crate::tcp::TcpPeers;

/// The sockets of a [`Subject`].
pub type Socket<T> = <<T as Subject>::Connector as Connect>::Socket;

/// What is held to the promises.
///
/// Every [`Transport`] is, and its peers are sockets of the system. What has other peers, as a double
/// has a script, says here who they are.
pub trait Subject: Sized + 'static {
    /// Connects to the peers.
    type Connector: Connect + 'static;

    /// The peers.
    type Listener: Listener;

    /// A connector as users get it.
    fn connector() -> Self::Connector;

    /// Runs a promise to its end on the runtime, in which [`spawn`](Self::spawn) then works.
    fn block_on<F: Future>(promise: F) -> F::Output;

    /// Runs `task` beside the one that calls this.
    fn spawn(task: impl Future<Output = ()> + Send + 'static);

    /// Whether a reset that the peer has made cannot be seen yet by the socket.
    fn is_connected(socket: &Socket<Self>) -> bool;
}

impl<T: Transport> Subject for T {
    type Connector = T::Connector;
    type Listener = TcpPeers;

    fn connector() -> T::Connector {
        T::connector()
    }

    fn block_on<F: Future>(promise: F) -> F::Output {
        T::block_on(promise)
    }

    fn spawn(task: impl Future<Output = ()> + Send + 'static) {
        T::spawn(task);
    }

    fn is_connected(socket: &Socket<T>) -> bool {
        T::is_connected(socket)
    }
}
