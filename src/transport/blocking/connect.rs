//! Opening transports that block.

use std::fmt;
use std::io;
use std::sync::Arc;

use super::super::Endpoint;
use super::{BoxSocket, Socket};

/// Opens byte-stream connections, and blocks until they are open.
///
/// A client takes a connector when it is constructed and never learns what it is: a
/// [`StdConnector`](crate::blocking::StdConnector) in production, a scripted double in a test.
///
/// ```
/// use std::io;
/// use wirescript::Endpoint;
/// use wirescript::blocking::{Connect, SocketExt};
///
/// fn fetch_status<C: Connect>(net: &C, server: &Endpoint) -> io::Result<Vec<u8>> {
///     let mut socket = net.connect(server)?;
///     socket.send_all(b"STATUS\r\n")?;
///     let reply = socket.recv_to_end(4096)?;
///     socket.disconnect()?;
///     Ok(reply)
/// }
/// ```
///
/// # Errors
///
/// Those of the transport; [`classify`](crate::classify) tells them apart. An endpoint that cannot
/// be (see [`Endpoint::check`]) fails with `InvalidInput` before anything is sent.
pub trait Connect: Send + Sync {
    /// What a connection is.
    type Socket: Socket + 'static;

    /// Opens a connection to `to`.
    fn connect(&self, to: &Endpoint) -> io::Result<Self::Socket>;

    /// This connector as one of a type that is known: cloneable, its sockets boxed.
    fn boxed(self) -> BoxConnector
    where
        Self: Sized + 'static,
    {
        BoxConnector::new(self)
    }
}

/// A connector of a type that is chosen at run time. Clones share it.
///
/// ```
/// use wirescript::blocking::{BoxConnector, Connect};
///
/// struct Client {
///     net: BoxConnector, // no type parameter
/// }
///
/// impl Client {
///     fn new(net: impl Connect + 'static) -> Self {
///         Self { net: net.boxed() }
///     }
/// }
/// ```
#[derive(Clone)]
pub struct BoxConnector(Arc<dyn Connect<Socket = BoxSocket>>);

impl BoxConnector {
    pub(super) fn new(connector: impl Connect + 'static) -> Self {
        Self(Arc::new(Boxing(connector)))
    }
}

impl Connect for BoxConnector {
    type Socket = BoxSocket;

    fn connect(&self, to: &Endpoint) -> io::Result<BoxSocket> {
        self.0.connect(to)
    }

    fn boxed(self) -> BoxConnector {
        self
    }
}

impl fmt::Debug for BoxConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BoxConnector").finish_non_exhaustive()
    }
}

/// A connector whose sockets are boxed.
struct Boxing<C>(C);

impl<C: Connect> Connect for Boxing<C> {
    type Socket = BoxSocket;

    fn connect(&self, to: &Endpoint) -> io::Result<BoxSocket> {
        Ok(Box::new(self.0.connect(to)?))
    }
}
