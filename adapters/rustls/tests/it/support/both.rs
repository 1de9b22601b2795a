//! A connector for clients of both kinds, so that one test may be about both.

use std::io;

use wirescript::blocking::{self, StdConnector, StdSocket};
use wirescript::{Connect, Endpoint, async_trait};
use wirescript_rustls::TlsConnector;
use wirescript_rustls::rustls::{self, ServerConfig};
use wirescript_smol::SmolConnector;

use super::serve::serve;

/// smol, and the standard library.
#[derive(Clone, Debug)]
pub(crate) struct Both;

#[async_trait]
impl Connect for Both {
    type Socket = <SmolConnector as Connect>::Socket;

    async fn connect(&self, to: &Endpoint) -> io::Result<Self::Socket> {
        SmolConnector::new().connect(to).await
    }
}

impl blocking::Connect for Both {
    type Socket = StdSocket;

    fn connect(&self, to: &Endpoint) -> io::Result<StdSocket> {
        StdConnector::new().connect(to)
    }
}

/// Why clients of both kinds do not connect to a server; and what that hears of it.
#[track_caller]
pub(crate) fn refused(
    net: &TlsConnector<Both>,
    config: impl Fn() -> ServerConfig,
) -> (io::Error, rustls::Error) {
    let (to, serving) = serve(config(), |_| Ok(()));
    let error = smol::block_on(Connect::connect(net, &to)).unwrap_err();
    let heard = serving.join().unwrap().unwrap_err();

    let (to, serving) = serve(config(), |_| Ok(()));
    let blocking = blocking::Connect::connect(net, &to).unwrap_err();
    assert_eq!(blocking.kind(), error.kind(), "{blocking} but {error}");
    let too = serving.join().unwrap().unwrap_err();
    assert_eq!(too.to_string(), heard.to_string());
    (error, *heard.into_inner().unwrap().downcast().unwrap())
}
