//! C8, where each operation pends before it is done: on the double and on every adapter.
//!
//! A real socket is ready nearly always, so a future of it is nearly never dropped. These pend every
//! other time that they are polled, in each direction, and only then ask the socket.

use std::io::{self, IoSlice, IoSliceMut};
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures::io::{AsyncRead, AsyncWrite};
use wirescript::{AsyncSocket, Connect, Endpoint, SocketInfo, async_trait};
use wirescript_async_std::{AsyncStdConnector, AsyncStdSocket, AsyncStdStream};
use wirescript_conformance::{Subject, Transport};
use wirescript_smol::{SmolConnector, SmolSocket, SmolStream};
use wirescript_tokio::{TokioConnector, TokioSocket, TokioStream};

macro_rules! stamped {
    ($($module:ident: $subject:ty;)+) => {
        $(mod $module {
            type Stuttering = super::Stuttering<$subject>;

            wirescript_conformance::promises!(Stuttering, only {
                cancelling::c8_a_write_that_is_dropped_neither_loses_nor_doubles,
                cancelling::c8_all_bytes_come_once_though_no_future_lives_for_two_polls,
                cancelling::c8_no_byte_is_lost_or_doubled_by_what_is_dropped_at_any_poll,
            });
        })+
    };
}

stamped! {
    on_the_double: crate::stamped::Double<crate::stamped::Threads>;
    on_tokio: super::Tokio;
    on_smol: super::Smol;
    on_async_std: super::AsyncStd;
}

/// `T`, whose sockets pend where they need not.
struct Stuttering<T>(PhantomData<fn() -> T>);

impl<T: Subject> Subject for Stuttering<T> {
    type Connector = Stutters<T::Connector>;
    type Listener = T::Listener;

    fn connector() -> Self::Connector {
        Stutters(T::connector())
    }

    fn block_on<F: Future>(promise: F) -> F::Output {
        T::block_on(promise)
    }

    fn spawn(task: impl Future<Output = ()> + Send + 'static) {
        T::spawn(task);
    }

    fn is_connected(socket: &Stutterer<<T::Connector as Connect>::Socket>) -> bool {
        T::is_connected(&socket.inner)
    }
}

struct Stutters<C>(C);

#[async_trait]
impl<C: Connect> Connect for Stutters<C> {
    type Socket = Stutterer<C::Socket>;

    async fn connect(&self, to: &Endpoint) -> io::Result<Self::Socket> {
        let inner = self.0.connect(to).await?;
        Ok(Stutterer { inner, reading: Stutter::default(), writing: Stutter::default() })
    }
}

struct Stutterer<S> {
    inner: S,
    reading: Stutter,
    writing: Stutter,
}

/// Whether the next poll in one direction goes through.
#[derive(Default)]
struct Stutter {
    has_pended: bool,
}

impl Stutter {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.has_pended = !self.has_pended;
        if !self.has_pended {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl<S: AsyncSocket> AsyncSocket for Stutterer<S> {
    fn info(&self) -> &SocketInfo {
        self.inner.info()
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }
}

impl<S: AsyncSocket> AsyncRead for Stutterer<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.reading.poll(cx));
        Pin::new(&mut self.inner).poll_read(cx, buf)
    }

    fn poll_read_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.reading.poll(cx));
        Pin::new(&mut self.inner).poll_read_vectored(cx, bufs)
    }
}

impl<S: AsyncSocket> AsyncWrite for Stutterer<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.writing.poll(cx));
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.writing.poll(cx));
        Pin::new(&mut self.inner).poll_write_vectored(cx, bufs)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.writing.poll(cx));
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.writing.poll(cx));
        Pin::new(&mut self.inner).poll_close(cx)
    }
}

/// What an adapter says of itself to be tested.
macro_rules! transports {
    ($($name:ident: $connector:ident, $socket:ty, $block_on:expr, $spawn:expr;)+) => {
        $(pub(crate) struct $name;

        impl Transport for $name {
            type Connector = $connector;

            fn connector() -> $connector {
                $connector::new()
            }

            fn block_on<F: Future>(future: F) -> F::Output {
                $block_on(future)
            }

            fn spawn(task: impl Future<Output = ()> + Send + 'static) {
                $spawn(task);
            }

            fn is_connected(socket: &$socket) -> bool {
                socket.get_ref().as_tcp().is_some_and(|stream| stream.peer_addr().is_ok())
            }
        })+
    };
}

transports! {
    Tokio: TokioConnector, TokioSocket<TokioStream>,
        |future| tokio::runtime::Runtime::new().unwrap().block_on(future), |task| drop(tokio::spawn(task));
    Smol: SmolConnector, SmolSocket<SmolStream>,
        smol::block_on, |task| smol::spawn(task).detach();
    AsyncStd: AsyncStdConnector, AsyncStdSocket<AsyncStdStream>,
        async_std::task::block_on, |task| drop(async_std::task::spawn(task));
}
