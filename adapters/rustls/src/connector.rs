//! Dialling with another connector, then agreeing on TLS.

use std::future;
use std::io::{self, ErrorKind};
use std::sync::Arc;

use futures_core::future::BoxFuture;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use wirescript::{Connect, Endpoint};

use crate::TlsSocket;
use crate::config;
use crate::engine::Engine;

/// Opens connections with another connector, and TLS on them: 1.3, or 1.2 with peers that know no
/// better.
///
/// The peer has to have a certificate for the host of the endpoint, a name or an IP address, from
/// somebody who is trusted: Mozilla's roots, unless something else is said. There is no way to do
/// without, but in a [`ClientConfig`] of your own.
///
/// The connector below is called when this one is, and its errors are passed on as they are. It
/// connects to the endpoint that was asked for. A connector of blocking sockets makes this one, too,
/// [one of them](crate::blocking).
///
/// # Errors
///
/// Before the connector below is called: `InvalidInput` for an endpoint that nobody could dial (see
/// [`Endpoint::check`]) and a host that no certificate could be for; `Unsupported` for a path,
/// which has no name, unless [one is given](Self::with_server_name). Then its own errors, and those
/// of the [handshake](TlsSocket::handshake).
///
/// # Cancel safety
///
/// Dropping the future closes a connection that is half made.
///
/// # Example
///
/// ```
/// use std::io;
/// use wirescript::{AsyncSocket, Connect, Endpoint};
/// use wirescript_rustls::TlsConnector;
/// use wirescript_tokio::TokioConnector;
///
/// async fn reach(server: &Endpoint, company_ca: &[u8]) -> io::Result<()> {
///     let net = TlsConnector::new(TokioConnector::new())
///         .with_roots_pem(company_ca)?
///         .with_alpn(["h2", "http/1.1"]);
///     let socket = net.connect(server).await?;
///     assert!(socket.info().is_secure());
///     Ok(())
/// }
/// ```
#[derive(Clone, Debug)]
pub struct TlsConnector<C> {
    pub(crate) inner: C,
    config: Arc<ClientConfig>,
    server_name: Option<ServerName<'static>>,
}

impl<C> TlsConnector<C> {
    /// Connects with `inner` and trusts Mozilla's roots, as they were when `webpki-roots` was
    /// published.
    #[cfg(feature = "webpki-roots")]
    pub fn new(inner: C) -> Self {
        Self::from_config(inner, Arc::new(config::mozilla()))
    }

    /// Connects with `inner`, trusts whom the system trusts, and verifies as it does.
    ///
    /// # Errors
    ///
    /// `NotFound`, where there is nobody whom the system trusts.
    #[cfg(feature = "platform-verifier")]
    pub fn platform(inner: C) -> io::Result<Self> {
        Ok(Self::from_config(inner, Arc::new(config::platform()?)))
    }

    /// Connects with `inner`, and does all else as `config` says: another cryptography, other
    /// versions of TLS, a verifier of your own.
    pub fn from_config(inner: C, config: Arc<ClientConfig>) -> Self {
        Self { inner, config, server_name: None }
    }

    /// Trusts `roots`, and nobody else. [`RootCertStore::add`] takes certificates as DER.
    ///
    /// # Errors
    ///
    /// `InvalidInput`, if there are none.
    pub fn with_roots(mut self, roots: RootCertStore) -> io::Result<Self> {
        config::trust(Arc::make_mut(&mut self.config), roots)?;
        Ok(self)
    }

    /// Trusts the certificates in `pem`, and nobody else.
    ///
    /// # Errors
    ///
    /// `InvalidInput`, if there are none, or one of them is no root.
    pub fn with_roots_pem(self, pem: impl AsRef<[u8]>) -> io::Result<Self> {
        self.with_roots(config::roots(pem.as_ref())?)
    }

    /// Shows `chain`, of which the first certificate is that of `key`, to servers that ask for one.
    ///
    /// # Errors
    ///
    /// `InvalidInput`, if the key is not that of the certificate, or of a kind that is not known.
    pub fn with_client_cert(
        mut self,
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
    ) -> io::Result<Self> {
        config::identify(Arc::make_mut(&mut self.config), chain, key)?;
        Ok(self)
    }

    /// [`with_client_cert`](Self::with_client_cert), from texts: all certificates of the one, the
    /// first private key of the other. They may be the same text.
    ///
    /// # Errors
    ///
    /// `InvalidInput`, if there are none, or they do not belong together.
    pub fn with_client_cert_pem(
        self,
        chain: impl AsRef<[u8]>,
        key: impl AsRef<[u8]>,
    ) -> io::Result<Self> {
        let key = config::private_key(key.as_ref())?;
        self.with_client_cert(config::certificates(chain.as_ref())?, key)
    }

    /// Offers protocols by ALPN (RFC 7301), the best first. Which one the server took is in
    /// [`SocketInfo::alpn`](wirescript::SocketInfo::alpn); a server that knows none of them refuses,
    /// or goes on without.
    ///
    /// # Panics
    ///
    /// The name of a protocol is empty or longer than 255 bytes.
    #[must_use = "returns the changed connector"]
    pub fn with_alpn(mut self, protocols: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Self {
        let protocols = protocols.into_iter().map(|name| name.as_ref().to_vec()).collect();
        config::offer(Arc::make_mut(&mut self.config), protocols);
        self
    }

    /// Asks for a certificate for `name`, wherever the connection goes: to an address that is in no
    /// certificate, a tunnel, or a path.
    ///
    /// ```
    /// use wirescript::Endpoint;
    /// use wirescript_rustls::TlsConnector;
    /// use wirescript_tokio::TokioConnector;
    ///
    /// let name = "db.internal".try_into()?;
    /// let net = TlsConnector::new(TokioConnector::new()).with_server_name(name);
    /// let tunnel = Endpoint::new("127.0.0.1", 5432); // where it goes
    /// # Ok::<(), wirescript_rustls::rustls::pki_types::InvalidDnsNameError>(())
    /// ```
    #[must_use = "returns the changed connector"]
    pub fn with_server_name(mut self, name: ServerName<'static>) -> Self {
        self.server_name = Some(name);
        self
    }

    /// What it comes to: for [`TlsSocket::handshake`], and all else that speaks rustls.
    pub fn config(&self) -> &Arc<ClientConfig> {
        &self.config
    }

    /// TLS that is about to begin, or why it cannot: whatever can be refused before anybody dials.
    pub(crate) fn engine(&self, to: &Endpoint) -> io::Result<Engine> {
        to.check()?;
        let name = match &self.server_name {
            Some(name) => name.clone(),
            None => name_of(to)?,
        };
        Engine::new(Arc::clone(&self.config), name)
    }
}

impl<C: Connect> Connect for TlsConnector<C> {
    type Socket = TlsSocket<C::Socket>;

    // Not an `async fn`: the call itself must reach the connector below, not the first poll.
    fn connect<'c, 'e, 'f>(&'c self, to: &'e Endpoint) -> BoxFuture<'f, io::Result<Self::Socket>>
    where
        'c: 'f,
        'e: 'f,
        Self: 'f,
    {
        let engine = match self.engine(to) {
            Ok(engine) => engine,
            Err(error) => return Box::pin(future::ready(Err(error))),
        };
        let connecting = self.inner.connect(to);
        Box::pin(async move { TlsSocket::agree(connecting.await?, engine).await })
    }
}

fn name_of(to: &Endpoint) -> io::Result<ServerName<'static>> {
    if to.path().is_some() {
        let problem =
            format!("`{to}` has no name that a certificate could be for, and none is set");
        return Err(io::Error::new(ErrorKind::Unsupported, problem));
    }
    ServerName::try_from(to.host().to_owned()).map_err(|_| {
        let problem = format!("`{}` is no name that a certificate could be for", to.host());
        io::Error::new(ErrorKind::InvalidInput, problem)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_addresses_are_names() {
        for host in ["example.org", "a_b.example.org", "EXAMPLE.org", "example.org.", "localhost"] {
            let name = name_of(&Endpoint::new(host, 443)).unwrap();
            assert!(matches!(&name, ServerName::DnsName(name) if name.as_ref() == host), "{host}");
        }
        for host in ["192.0.2.7", "2001:db8::1", "[2001:db8::1]"] {
            let name = name_of(&Endpoint::new(host, 443)).unwrap();
            assert!(matches!(name, ServerName::IpAddress(_)), "{host}");
        }
    }
}
