//! A CA that lasts for one process, and what it signs.

use std::sync::{Arc, LazyLock};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair,
};
use wirescript_rustls::TlsConnector;
use wirescript_rustls::rustls::crypto::ring;
use wirescript_rustls::rustls::pki_types::pem::PemObject;
use wirescript_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use wirescript_rustls::rustls::server::WebPkiClientVerifier;
use wirescript_rustls::rustls::{
    ALL_VERSIONS, RootCertStore, ServerConfig, SupportedProtocolVersion,
};

/// Where the servers of the tests are, and whom their certificates are for.
pub(super) const HOST: &str = "127.0.0.1";

/// Somebody who is trusted by those who are told to.
pub(super) struct Ca(CertifiedIssuer<'static, KeyPair>);

static TRUSTED: LazyLock<Ca> = LazyLock::new(|| Ca::named("wirescript test CA"));

impl Ca {
    /// The one that tests trust.
    pub(super) fn trusted() -> &'static Self {
        &TRUSTED
    }

    /// One that nobody knows.
    pub(super) fn stranger() -> Self {
        Self::named("a stranger's CA")
    }

    fn named(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// TLS of a client that trusts this CA alone.
    pub(super) fn tls(&self) -> TlsConnector<()> {
        TlsConnector::new(()).with_roots_pem(self.0.pem()).unwrap()
    }

    /// A server of this name or address.
    pub(super) fn server(&self, name: &str) -> Identity {
        self.sign(name, ExtendedKeyUsagePurpose::ServerAuth)
    }

    pub(super) fn client(&self) -> Identity {
        self.sign("client", ExtendedKeyUsagePurpose::ClientAuth)
    }

    fn sign(&self, name: &str, usage: ExtendedKeyUsagePurpose) -> Identity {
        let mut params = CertificateParams::new([name.into()]).unwrap();
        params.extended_key_usages.push(usage);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        Identity { certificate: certificate.pem(), key: key.serialize_pem() }
    }
}

/// A certificate and its key.
pub(super) struct Identity {
    pub(super) certificate: String,
    pub(super) key: String,
}

impl Identity {
    pub(super) fn config(&self) -> ServerConfig {
        self.config_of(ALL_VERSIONS, None)
    }

    /// A server that speaks `versions`, and asks for a certificate that `clients` has signed.
    pub(super) fn config_of(
        &self,
        versions: &[&'static SupportedProtocolVersion],
        clients: Option<&Ca>,
    ) -> ServerConfig {
        let provider = Arc::new(ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(versions)
            .unwrap();
        let builder = match clients {
            Some(ca) => {
                let mut roots = RootCertStore::empty();
                roots.add(ca.0.der().clone()).unwrap();
                let verifier =
                    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
                builder.with_client_cert_verifier(verifier.build().unwrap())
            }
            None => builder.with_no_client_auth(),
        };
        let certificate = CertificateDer::from_pem_slice(self.certificate.as_bytes()).unwrap();
        let key = PrivateKeyDer::from_pem_slice(self.key.as_bytes()).unwrap();
        builder.with_single_cert(vec![certificate], key).unwrap()
    }
}
