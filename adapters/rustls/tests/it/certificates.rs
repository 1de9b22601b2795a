//! Who is trusted, who is not, and who we say that we are.

use std::io::{ErrorKind, Read};
use std::sync::Arc;

use wirescript::{AsyncSocket, AsyncSocketExt, Connect, blocking};
use wirescript_rustls::rustls::pki_types::ServerName;
use wirescript_rustls::rustls::version::{TLS12, TLS13};
use wirescript_rustls::rustls::{
    AlertDescription, CertificateError, Error, HandshakeKind, ProtocolVersion, RootCertStore,
    SupportedProtocolVersion,
};
use wirescript_rustls::{TlsConnector, TlsError};

use crate::support::{Both, Ca, Identity, SERVER, echo, refused, serve, server_name};

fn trusting() -> TlsConnector<Both> {
    Ca::trusted().connector(Both).with_server_name(server_name())
}

/// A client that says something, and then hears the same, if the server lets it.
async fn conversation(net: &TlsConnector<Both>, to: &wirescript::Endpoint) -> std::io::Result<()> {
    let mut socket = net.connect(to).await?;
    socket.send_all(b"hello").await?;
    socket.shutdown().await?;
    assert_eq!(socket.recv_to_end(16).await?, b"hello");
    Ok(())
}

#[track_caller]
fn check_untrusted(net: &TlsConnector<Both>, server: &Identity, why: &CertificateError) {
    let (error, _) = refused(net, || server.config());
    assert_eq!(error.kind(), ErrorKind::InvalidData);
    let tls = TlsError::behind(&error).unwrap();
    assert_eq!(tls.reason(), &Error::InvalidCertificate(why.clone()));
    assert_eq!(tls.server_name(), &server_name());
    let text = format!("TLS with `{SERVER}` failed: invalid peer certificate: ");
    assert!(error.to_string().starts_with(&text), "{error}");
}

#[test]
fn a_certificate_of_an_unknown_ca_is_refused_and_the_server_hears_why() {
    let server = Ca::stranger().server(&[SERVER]);
    check_untrusted(&trusting(), &server, &CertificateError::UnknownIssuer);
    let (error, heard) = refused(&trusting(), || server.config());
    assert_eq!(
        error.to_string(),
        "TLS with `wirescript.test` failed: invalid peer certificate: UnknownIssuer"
    );
    assert_eq!(heard, Error::AlertReceived(AlertDescription::UnknownCA));
}

#[test]
fn mozilla_does_not_know_a_ca_of_our_own() {
    let net = TlsConnector::new(Both).with_server_name(server_name());
    check_untrusted(&net, &Identity::trusted_server(), &CertificateError::UnknownIssuer);
}

#[test]
fn neither_does_the_system() {
    match TlsConnector::platform(Both) {
        Ok(net) => {
            let net = net.with_server_name(server_name());
            let (error, _) = refused(&net, || Identity::trusted_server().config());
            assert!(TlsError::behind(&error).is_some(), "{error:?}");
        }
        // It knows nobody.
        Err(error) => assert_eq!(error.kind(), ErrorKind::NotFound),
    }
}

#[test]
fn a_certificate_for_another_host_is_refused_and_the_text_names_both() {
    let server = Ca::trusted().server(&["other.test"]);
    let (error, _) = refused(&trusting(), || server.config());
    assert_eq!(error.kind(), ErrorKind::InvalidData);
    let text = error.to_string();
    assert!(text.contains(SERVER) && text.contains("other.test"), "{text}");
    let is_for_another = |reason: &Error| {
        use CertificateError::{NotValidForName, NotValidForNameContext};
        matches!(reason, Error::InvalidCertificate(NotValidForName | NotValidForNameContext { .. }))
    };
    assert!(is_for_another(TlsError::behind(&error).unwrap().reason()), "{error:?}");
}

#[test]
fn a_certificate_that_has_expired_is_refused() {
    let server = Ca::trusted().expired_server();
    let (error, heard) = refused(&trusting(), || server.config());
    assert_eq!(error.kind(), ErrorKind::InvalidData);
    assert!(error.to_string().contains("expired"), "{error}");
    assert_eq!(heard, Error::AlertReceived(AlertDescription::CertificateExpired));
}

#[test]
fn an_address_is_verified_as_a_name_is() {
    let net = Ca::trusted().connector(Both); // The name is that of the endpoint: 127.0.0.1.
    let (to, serving) =
        serve(Ca::trusted().server(&["127.0.0.1"]).config(), |mut stream| echo(&mut stream));
    smol::block_on(conversation(&net, &to)).unwrap();
    serving.join().unwrap().unwrap();

    let (error, _) = refused(&net, || Identity::trusted_server().config());
    assert!(error.to_string().starts_with("TLS with `127.0.0.1` failed: "), "{error}");
}

#[test]
fn roots_are_taken_as_der_too() {
    let net = TlsConnector::new(Both).with_server_name(server_name());
    let net = net.with_roots(Ca::trusted().roots()).unwrap();
    let (to, serving) = serve(Identity::trusted_server().config(), |mut stream| echo(&mut stream));
    smol::block_on(conversation(&net, &to)).unwrap();
    serving.join().unwrap().unwrap();
}

#[test]
fn texts_that_are_no_certificates_are_refused_where_they_are_given() {
    let net = || TlsConnector::new(Both);
    let client = Ca::trusted().client();
    let other = Ca::trusted().client();
    for (result, text) in [
        (
            net().with_roots_pem(""),
            "the certificates cannot be used: there is no certificate in the PEM text",
        ),
        (net().with_client_cert_pem(&client.key, &client.key), "the certificates cannot be used"),
        (net().with_client_cert_pem(&client.certificate, ""), "the private key cannot be used"),
        (
            net().with_client_cert_pem(&client.certificate, &other.key),
            "the client certificate cannot be used",
        ),
        (
            net().with_roots_pem("-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n"),
            "the certificates cannot be used",
        ),
        (net().with_roots(RootCertStore::empty()), "the roots cannot be used"),
    ] {
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().starts_with(text), "{error}");
    }
}

#[test]
fn a_server_that_asks_for_a_certificate_gets_ours() {
    let client = Ca::trusted().client();
    let net = trusting().with_client_cert_pem(&client.certificate, &client.key).unwrap();
    for version in [&TLS12, &TLS13] {
        let config = Identity::trusted_server().config_of(&[version], Some(Ca::trusted()));
        let (to, serving) = serve(config, |mut stream| {
            assert_eq!(stream.conn.peer_certificates().unwrap().len(), 1);
            echo(&mut stream)
        });
        smol::block_on(conversation(&net, &to)).unwrap();
        serving.join().unwrap().unwrap();
    }
}

#[track_caller]
fn check_client_refused(
    net: &TlsConnector<Both>,
    version: &'static SupportedProtocolVersion,
    why: AlertDescription,
) {
    let config = Identity::trusted_server().config_of(&[version], Some(Ca::trusted()));
    let (to, serving) = serve(config, |_| Ok(()));
    // With TLS 1.3 the client is through with its handshake before the server has looked.
    let error = smol::block_on(async {
        let mut socket = net.connect(&to).await?;
        socket.recv(&mut [0; 8]).await
    })
    .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidData, "{error:?}");
    assert_eq!(TlsError::behind(&error).unwrap().reason(), &Error::AlertReceived(why));
    serving.join().unwrap().unwrap_err();
}

#[test]
fn a_server_that_asks_for_a_certificate_refuses_who_has_none() {
    check_client_refused(&trusting(), &TLS13, AlertDescription::CertificateRequired);
    check_client_refused(&trusting(), &TLS12, AlertDescription::CertificateRequired);
}

#[test]
fn a_server_that_asks_for_a_certificate_refuses_that_of_a_stranger() {
    let stranger = Ca::stranger().client();
    let net = trusting().with_client_cert_pem(&stranger.certificate, &stranger.key).unwrap();
    check_client_refused(&net, &TLS13, AlertDescription::UnknownCA);
    check_client_refused(&net, &TLS12, AlertDescription::UnknownCA);
}

#[test]
fn both_versions_of_tls_are_spoken() {
    for (version, spoken) in
        [(&TLS12, ProtocolVersion::TLSv1_2), (&TLS13, ProtocolVersion::TLSv1_3)]
    {
        let config = Identity::trusted_server().config_of(&[version], None);
        let (to, serving) = serve(config, |mut stream| stream.read_to_end(&mut Vec::new()));
        smol::block_on(async {
            let mut socket = trusting().connect(&to).await.unwrap();
            assert_eq!(socket.connection().protocol_version(), Some(spoken));
            socket.shutdown().await.unwrap();
        });
        assert_eq!(serving.join().unwrap().unwrap(), 0);
    }
}

#[test]
fn the_protocol_that_both_know_is_agreed_on() {
    let server = |protocols: &[&str]| {
        let mut config = Identity::trusted_server().config();
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        config
    };
    let net = trusting().with_alpn(["h2", "http/1.1"]);
    for (known, agreed) in [
        (&["http/1.1"][..], Some(&b"http/1.1"[..])),
        (&["http/1.1", "h2"], Some(b"http/1.1")), // The server chooses.
        (&[], None),
    ] {
        let (to, _) = serve(server(known), |_| Ok(()));
        let socket = smol::block_on(Connect::connect(&net, &to)).unwrap();
        assert_eq!(socket.info().alpn(), agreed);
        let (to, _) = serve(server(known), |_| Ok(()));
        let socket = blocking::Connect::connect(&net, &to).unwrap();
        assert_eq!(blocking::Socket::info(&socket).alpn(), agreed);
    }

    let net = trusting().with_alpn(["imap"]);
    let (to, _) = serve(server(&["h2"]), |_| Ok(()));
    let error = smol::block_on(Connect::connect(&net, &to)).unwrap_err();
    let reason = TlsError::behind(&error).unwrap().reason();
    assert_eq!(reason, &Error::AlertReceived(AlertDescription::NoApplicationProtocol));
}

#[test]
#[should_panic(expected = "the name of a protocol has 1 to 255 bytes, and this one 0")]
fn a_protocol_without_a_name_panics() {
    let _ = trusting().with_alpn(["h2", ""]);
}

#[test]
fn a_session_is_resumed_but_not_by_who_trusts_somebody_else() {
    let config = Arc::new(Identity::trusted_server().config());
    let kind = |net: &TlsConnector<Both>| {
        let (to, serving) = serve((*config).clone(), |mut stream| echo(&mut stream));
        let kind = smol::block_on(async {
            let mut socket = net.connect(&to).await?;
            socket.shutdown().await?;
            // The ticket comes before the end.
            assert_eq!(socket.recv(&mut [0; 8]).await?, 0);
            Ok::<_, std::io::Error>(socket.connection().handshake_kind().unwrap())
        });
        let served = serving.join().unwrap();
        assert_eq!(kind.is_ok(), served.is_ok());
        kind
    };
    let net = trusting();
    assert_eq!(kind(&net).unwrap(), HandshakeKind::Full);
    assert_eq!(kind(&net).unwrap(), HandshakeKind::Resumed);
    assert_eq!(kind(&net.clone()).unwrap(), HandshakeKind::Resumed);

    let elsewhere = net.with_roots_pem(Ca::stranger().pem()).unwrap();
    assert!(TlsError::behind(&kind(&elsewhere).unwrap_err()).is_some());
}

#[test]
fn options_change_a_configuration_of_ones_own_and_nothing_else_of_it() {
    let mut config = (**trusting().config()).clone();
    config.alpn_protocols = vec![b"smtp".to_vec()];
    config.enable_sni = false;
    let net = TlsConnector::from_config(Both, Arc::new(config)).with_alpn(["imap"]);
    let net = net.with_roots_pem(Ca::trusted().pem()).unwrap();
    assert_eq!(net.config().alpn_protocols, [b"imap".to_vec()]);
    assert!(!net.config().enable_sni);

    let name = ServerName::try_from(SERVER).unwrap();
    let (to, serving) = serve(Identity::trusted_server().config(), |mut stream| {
        assert_eq!(stream.conn.server_name(), None);
        stream.read_to_end(&mut Vec::new())
    });
    let mut socket = smol::block_on(net.with_server_name(name).connect(&to)).unwrap();
    smol::block_on(socket.shutdown()).unwrap();
    serving.join().unwrap().unwrap();
}
