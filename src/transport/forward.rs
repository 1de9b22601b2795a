//! Pointers to a contract keep it: `Box` and `&mut` for sockets, `&`, `Arc` and `Box` for the rest.
//!
//! Every method is forwarded, provided ones too, so that a pointer never changes an answer.
#![deny(clippy::missing_trait_methods)]

use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures_core::future::BoxFuture;

use super::{AsyncSocket, BoxConnector, Connect, Endpoint, SocketInfo, Timer};

macro_rules! forward_socket {
    ($($pointer:ty),+) => {$(
        impl<S: AsyncSocket + ?Sized> AsyncSocket for $pointer {
            fn info(&self) -> &SocketInfo {
                (**self).info()
            }

            fn is_write_vectored(&self) -> bool {
                (**self).is_write_vectored()
            }
        }
    )+};
}

forward_socket!(Box<S>, &mut S);

macro_rules! forward_connect {
    ($($pointer:ty),+) => {$(
        impl<C: Connect + ?Sized> Connect for $pointer {
            type Socket = C::Socket;

            // Not an `async fn`: the call itself must reach the connector, not the first poll.
            fn connect<'c, 'e, 'f>(&'c self, to: &'e Endpoint) -> BoxFuture<'f, io::Result<Self::Socket>>
            where
                'c: 'f,
                'e: 'f,
                Self: 'f,
            {
                (**self).connect(to)
            }

            fn boxed(self) -> BoxConnector
            where
                Self: Sized + 'static,
            {
                BoxConnector::new(self)
            }
        }
    )+};
}

forward_connect!(&C, Arc<C>, Box<C>);

macro_rules! forward_timer {
    ($($pointer:ty),+) => {$(
        impl<T: Timer + ?Sized> Timer for $pointer {
            fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
                (**self).sleep(duration)
            }
        }
    )+};
}

forward_timer!(&T, Arc<T>, Box<T>);
