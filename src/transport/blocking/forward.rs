//! Pointers to a contract keep it: `Box` and `&mut` for sockets, `&`, `Arc` and `Box` for
//! connectors.
//!
//! Every method is forwarded, provided ones too, so that a pointer never changes an answer.
#![deny(clippy::missing_trait_methods)]

use std::io;
use std::sync::Arc;

use super::super::{Endpoint, SocketInfo};
use super::{BoxConnector, BoxSocket, Connect, Socket};

macro_rules! forward_socket {
    ($($pointer:ty),+) => {$(
        impl<S: Socket + ?Sized> Socket for $pointer {
            fn info(&self) -> &SocketInfo {
                (**self).info()
            }

            fn shutdown(&mut self) -> io::Result<()> {
                (**self).shutdown()
            }

            fn try_clone(&self) -> io::Result<BoxSocket> {
                (**self).try_clone()
            }
        }
    )+};
}

forward_socket!(Box<S>, &mut S);

macro_rules! forward_connect {
    ($($pointer:ty),+) => {$(
        impl<C: Connect + ?Sized> Connect for $pointer {
            type Socket = C::Socket;

            fn connect(&self, to: &Endpoint) -> io::Result<Self::Socket> {
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
