//! A CA that lasts for one process, and what it signs.

use std::sync::{Arc, LazyLock};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, date_time_ymd,
};
use wirescript_rustls::TlsConnector;
use wirescript_rustls::rustls::crypto::ring;
use wirescript_rustls::rustls::pki_types::pem::PemObject;
use wirescript_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use wirescript_rustls::rustls::server::WebPkiClientVerifier;
use wirescript_rustls::rustls::{
    ALL_VERSIONS, RootCertStore, ServerConfig, SupportedProtocolVersion,
};

/// The name that certificates of servers are for.
pub(crate) const SERVER: &str = "wirescript.test";

/// [`SERVER`], as a connector takes it.
pub(crate) fn server_name() -> ServerName<'static> {
    SERVER.try_into().unwrap()
}

/// Somebody who is trusted by those who are told to.
pub(crate) struct Ca(CertifiedIssuer<'static, KeyPair>);

static TRUSTED: LazyLock<Ca> = LazyLock::new(|| Ca::named("wirescript test CA"));
static SERVER_IDENTITY: LazyLock<Identity> = LazyLock::new(|| Ca::trusted().server(&[SERVER]));

impl Ca {
    /// The one that tests trust.
    pub(crate) fn trusted() -> &'static Self {
        &TRUSTED
    }

    /// One that nobody knows.
    pub(crate) fn stranger() -> Self {
        Self::named("a stranger's CA")
    }

    fn named(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    pub(crate) fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(self.0.der().clone()).unwrap();
        roots
    }

    /// A connector over `inner` that trusts this CA alone.
    pub(crate) fn connector<C>(&self, inner: C) -> TlsConnector<C> {
        TlsConnector::new(inner).with_roots_pem(self.pem()).unwrap()
    }

    /// A server of these names and addresses.
    pub(crate) fn server(&self, names: &[&str]) -> Identity {
        self.sign(names, ExtendedKeyUsagePurpose::ServerAuth, |_| {})
    }

    /// A server whose certificate was good until the year 2001.
    pub(crate) fn expired_server(&self) -> Identity {
        self.sign(&[SERVER], ExtendedKeyUsagePurpose::ServerAuth, |params| {
            params.not_before = date_time_ymd(2000, 1, 1);
            params.not_after = date_time_ymd(2001, 1, 1);
        })
    }

    pub(crate) fn client(&self) -> Identity {
        self.sign(&["client"], ExtendedKeyUsagePurpose::ClientAuth, |_| {})
    }

    fn sign(
        &self,
        names: &[&str],
        usage: ExtendedKeyUsagePurpose,
        change: impl FnOnce(&mut CertificateParams),
    ) -> Identity {
        let names: Vec<String> = names.iter().map(|&name| name.into()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.extended_key_usages.push(usage);
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        Identity { certificate: certificate.pem(), key: key.serialize_pem() }
    }
}

/// A certificate and its key.
#[derive(Clone)]
pub(crate) struct Identity {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

impl Identity {
    /// That of [`SERVER`], signed by the CA that is trusted.
    pub(crate) fn trusted_server() -> Self {
        SERVER_IDENTITY.clone()
    }

    pub(crate) fn config(&self) -> ServerConfig {
        self.config_of(ALL_VERSIONS, None)
    }

    /// A server that speaks `versions`, and asks for a certificate that `clients` has signed.
    pub(crate) fn config_of(
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
                let roots = Arc::new(ca.roots());
                let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider);
                builder.with_client_cert_verifier(verifier.build().unwrap())
            }
            None => builder.with_no_client_auth(),
        };
        let certificate = CertificateDer::from_pem_slice(self.certificate.as_bytes()).unwrap();
        let key = PrivateKeyDer::from_pem_slice(self.key.as_bytes()).unwrap();
        builder.with_single_cert(vec![certificate], key).unwrap()
    }
}
