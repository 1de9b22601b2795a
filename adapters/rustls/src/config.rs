//! What a [`ClientConfig`] is made of: whom to trust, and who we are.

use std::fmt::Display;
use std::io::{self, ErrorKind};
use std::sync::Arc;

use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, RootCertStore};

/// The longest name of a protocol in bytes (RFC 7301 section 3.1).
const MAX_PROTOCOL: usize = 255;

/// Mozilla's roots, without a certificate of our own.
#[cfg(feature = "webpki-roots")]
pub(crate) fn mozilla() -> ClientConfig {
    builder()
        .with_root_certificates(RootCertStore::from_iter(
            webpki_roots::TLS_SERVER_ROOTS.iter().cloned(),
        ))
        .with_no_client_auth()
}

/// The system's roots and its ways to verify, without a certificate of our own.
#[cfg(feature = "platform-verifier")]
pub(crate) fn platform() -> io::Result<ClientConfig> {
    use rustls_platform_verifier::BuilderVerifierExt;

    let verifying = builder().with_platform_verifier();
    let verifying = verifying.map_err(|error| io::Error::new(ErrorKind::NotFound, error))?;
    Ok(verifying.with_no_client_auth())
}

/// On ring, whatever else the process has: it builds with a C compiler alone.
#[cfg(any(feature = "webpki-roots", feature = "platform-verifier"))]
fn builder() -> rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier> {
    ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring has cipher suites of both versions")
}

/// Trusts `roots` and nobody else.
pub(crate) fn trust(config: &mut ClientConfig, roots: RootCertStore) -> io::Result<()> {
    let provider = Arc::clone(config.crypto_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
        .build()
        .map_err(|error| invalid("the roots", error))?;
    // It verifies as the one that it replaces does; rustls calls every exchange dangerous.
    config.dangerous().set_certificate_verifier(verifier);
    forget_sessions(config);
    Ok(())
}

/// Shows `chain` to servers that ask for a certificate.
pub(crate) fn identify(
    config: &mut ClientConfig,
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> io::Result<()> {
    let provider: &CryptoProvider = config.crypto_provider();
    let certified = CertifiedKey::from_der(chain, key, provider)
        .map_err(|error| invalid("the client certificate", error))?;
    config.client_auth_cert_resolver = Arc::new(SingleCertAndKey::from(certified));
    forget_sessions(config);
    Ok(())
}

/// Offers `protocols`, the best first.
pub(crate) fn offer(config: &mut ClientConfig, protocols: Vec<Vec<u8>>) {
    for protocol in &protocols {
        assert!(
            (1..=MAX_PROTOCOL).contains(&protocol.len()),
            "the name of a protocol has 1 to {MAX_PROTOCOL} bytes, and this one {}",
            protocol.len()
        );
    }
    config.alpn_protocols = protocols;
}

/// All certificates of a text, of which there is at least one.
pub(crate) fn certificates(pem: &[u8]) -> io::Result<Vec<CertificateDer<'static>>> {
    let certificates = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
    let certificates = certificates.map_err(|error| invalid("the certificates", error))?;
    if certificates.is_empty() {
        return Err(invalid("the certificates", "there is no certificate in the PEM text"));
    }
    Ok(certificates)
}

/// All certificates of a text as roots.
pub(crate) fn roots(pem: &[u8]) -> io::Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(pem)? {
        roots.add(certificate).map_err(|error| invalid("the roots", error))?;
    }
    Ok(roots)
}

/// The first private key of a text.
pub(crate) fn private_key(pem: &[u8]) -> io::Result<PrivateKeyDer<'static>> {
    PrivateKeyDer::from_pem_slice(pem).map_err(|error| invalid("the private key", error))
}

/// A session that was agreed on with other certificates is not to be resumed: nobody verifies them
/// then.
fn forget_sessions(config: &mut ClientConfig) {
    config.resumption = Resumption::default();
}

fn invalid(what: &str, why: impl Display) -> io::Error {
    io::Error::new(ErrorKind::InvalidInput, format!("{what} cannot be used: {why}"))
}
