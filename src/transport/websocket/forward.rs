//! Pointers to a contract keep it: `Box` and `&mut` for WebSockets, `&`, `Arc` and `Box` for
//! connectors.
#![deny(clippy::missing_trait_methods)]

use std::sync::Arc;

use futures_core::future::BoxFuture;

use super::{
    BoxWebSocketConnector, Handshake, WebSocketConnect, WebSocketError, WebSocketRequest,
    WebSocketTransport,
};

macro_rules! forward_transport {
    ($($pointer:ty),+) => {$(
        impl<W: WebSocketTransport + ?Sized> WebSocketTransport for $pointer {
            fn handshake(&self) -> &Handshake {
                (**self).handshake()
            }
        }
    )+};
}

forward_transport!(Box<W>, &mut W);

macro_rules! forward_connect {
    ($($pointer:ty),+) => {$(
        impl<C: WebSocketConnect + ?Sized> WebSocketConnect for $pointer {
            type Transport = C::Transport;

            // Not an `async fn`: the call itself must reach the connector, not the first poll.
            fn connect<'c, 'r, 'f>(
                &'c self,
                request: &'r WebSocketRequest,
            ) -> BoxFuture<'f, Result<Self::Transport, WebSocketError>>
            where
                'c: 'f,
                'r: 'f,
                Self: 'f,
            {
                (**self).connect(request)
            }

            fn boxed(self) -> BoxWebSocketConnector
            where
                Self: Sized + 'static,
            {
                BoxWebSocketConnector::new(self)
            }
        }
    )+};
}

forward_connect!(&C, Arc<C>, Box<C>);
