#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod transport;

pub use async_trait::async_trait;
pub use transport::{
    AsyncSocket, AsyncSocketExt, BoxConnector, BoxSocket, Connect, ConnectFn, Endpoint, ErrorClass,
    InvalidEndpoint, SocketInfo, Timer, classify, connect_fn,
};
