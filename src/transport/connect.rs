//! Opening transports: the thing a client is constructed with.

use std::fmt;
use std::io;
use std::sync::Arc;

use async_trait::async_trait;
use futures_core::future::BoxFuture;

use super::{AsyncSocket, BoxSocket, Endpoint};

/// Opens byte-stream connections.
///
/// A client takes a connector when it is constructed and never learns what it is: an adapter of a
/// runtime in production, a scripted double in a test. The future is boxed, once per connection;
/// in return the trait can be made into an object (see [`boxed`](Connect::boxed)).
///
/// # Contract
///
/// The call itself counts, not the first poll: a connector that wraps another one calls it inside
/// its own `connect`, before it returns a future. A double takes its next session at the call.
/// (An `async fn connect`, as below, is lazy: it runs when it is first polled. That is fine for a
/// connector at the bottom of a stack, and changes the order of sessions only where two calls are
/// made before either is awaited.)
///
/// Dropping the future gives the attempt up. There is no timeout.
///
/// # Errors
///
/// Those of the transport; [`classify`](super::classify) tells them apart. An endpoint that cannot
/// be (see [`Endpoint::check`]) fails with `InvalidInput` before anything is sent.
///
/// # Implementing
///
/// ```
/// use std::io;
/// use wirescript::{BoxSocket, Connect, Endpoint, async_trait};
///
/// /// Connects to one place, whatever the client asks for.
/// struct Redirect<C>(C, Endpoint);
///
/// #[async_trait]
/// impl<C: Connect> Connect for Redirect<C> {
///     type Socket = C::Socket;
///
///     async fn connect(&self, _: &Endpoint) -> io::Result<C::Socket> {
///         self.0.connect(&self.1).await
///     }
/// }
/// ```
#[async_trait]
pub trait Connect: Send + Sync {
    /// What a connection is.
    type Socket: AsyncSocket + 'static;

    /// Opens a connection to `to`.
    async fn connect(&self, to: &Endpoint) -> io::Result<Self::Socket>;

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
/// use wirescript::{BoxConnector, Connect};
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

    fn connect<'c, 'e, 'f>(&'c self, to: &'e Endpoint) -> BoxFuture<'f, io::Result<BoxSocket>>
    where
        'c: 'f,
        'e: 'f,
    {
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

    fn connect<'c, 'e, 'f>(&'c self, to: &'e Endpoint) -> BoxFuture<'f, io::Result<BoxSocket>>
    where
        'c: 'f,
        'e: 'f,
        Self: 'f,
    {
        let connecting = self.0.connect(to);
        Box::pin(async move { Ok(Box::new(connecting.await?) as BoxSocket) })
    }
}

/// A connector made of a function.
///
/// The function is called when [`connect`](Connect::connect) is; it gets the endpoint by value, so
/// that its future may keep it.
///
/// ```
/// use wirescript::{BoxSocket, Connect, Endpoint, connect_fn};
///
/// fn pinned<C: Connect + Clone + 'static>(inner: C) -> impl Connect {
///     connect_fn(move |to: Endpoint| {
///         let inner = inner.clone();
///         async move { inner.connect(&Endpoint::new(to.host(), 443)).await }
///     })
/// }
/// ```
pub fn connect_fn<F, Connecting, S>(function: F) -> ConnectFn<F>
where
    F: Fn(Endpoint) -> Connecting + Send + Sync,
    Connecting: Future<Output = io::Result<S>> + Send + 'static,
    S: AsyncSocket + 'static,
{
    ConnectFn(function)
}

/// What [`connect_fn`] returns.
#[derive(Clone)]
pub struct ConnectFn<F>(F);

impl<F, Connecting, S> Connect for ConnectFn<F>
where
    F: Fn(Endpoint) -> Connecting + Send + Sync,
    Connecting: Future<Output = io::Result<S>> + Send + 'static,
    S: AsyncSocket + 'static,
{
    type Socket = S;

    fn connect<'c, 'e, 'f>(&'c self, to: &'e Endpoint) -> BoxFuture<'f, io::Result<S>>
    where
        'c: 'f,
        'e: 'f,
        Self: 'f,
    {
        Box::pin((self.0)(to.clone()))
    }
}

impl<F> fmt::Debug for ConnectFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectFn").finish_non_exhaustive()
    }
}
