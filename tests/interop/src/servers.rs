//! The servers: one process for each, for all tests. It ends with this one, because its standard input
//! does then.

use std::fmt::Display;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair,
};
use wirescript_rustls::TlsConnector;

/// Where the servers listen, and whom their certificate is for.
const HOST: &str = "127.0.0.1";

/// A CA that lasts for one process, and the certificate of the servers.
static CA: LazyLock<CertifiedIssuer<'static, KeyPair>> = LazyLock::new(|| {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, "wirescript interop CA");
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
});

static PYTHON: LazyLock<Option<Server>> = LazyLock::new(|| {
    let mut command = Command::new(installed("venv/bin/python")?);
    // Nothing is left beside the sources.
    command.arg("-B").arg(script("echo.py"));
    Some(Server::start(command))
});

static NODE: LazyLock<Option<Server>> = LazyLock::new(|| {
    let mut command = Command::new("node");
    command.arg(script("echo.mjs")).arg(installed("node_modules/ws")?);
    Some(Server::start(command))
});

/// Somebody else's WebSockets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Python's `websockets`.
    Python,
    /// Node's `ws`.
    Node,
}

/// A server that is up.
#[derive(Debug)]
pub(crate) struct Server {
    /// It ends with its standard input, which is in here.
    _process: Child,
    plain: u16,
    secure: u16,
    mutual: u16,
}

impl Server {
    /// The one of this kind, if it is installed.
    ///
    /// # Panics
    ///
    /// If it is not installed and `CI` is set, where nothing may be skipped.
    pub(crate) fn of(kind: Kind) -> Option<&'static Self> {
        match kind {
            Kind::Python => PYTHON.as_ref(),
            Kind::Node => NODE.as_ref(),
        }
    }

    /// Starts what `command` says, and waits until it says where it listens.
    fn start(mut command: Command) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let file = |name: &str| folder.join(format!("interop-{}-{name}", std::process::id()));
        let (certificate, key) = signed(HOST, ExtendedKeyUsagePurpose::ServerAuth);
        let files = [
            (file("certificate.pem"), certificate),
            (file("key.pem"), key),
            (file("ca.pem"), CA.pem()),
        ];
        for (path, text) in &files {
            fs::write(path, text).expect("the folder is ours");
            command.arg(path);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().expect("an installed server can be run");
        let mut line = String::new();
        let mut stdout = BufReader::new(process.stdout.take().expect("it is a pipe"));
        stdout.read_line(&mut line).expect("it says where it listens");
        for (path, _) in &files {
            // They have been read; what is left in a folder for temporary files harms nobody.
            let _ = fs::remove_file(path);
        }
        let mut ports = line.split_whitespace().map(|port| port.parse().expect("it is a port"));
        let mut port = || ports.next().unwrap_or_else(|| panic!("{command:?} says `{line}`"));
        let (plain, secure, mutual) = (port(), port(), port());
        Self { _process: process, plain, secure, mutual }
    }

    /// Where it has `path`.
    pub(crate) fn uri(&self, is_secure: bool, path: impl Display) -> String {
        match is_secure {
            false => format!("ws://{HOST}:{}/{path}", self.plain),
            true => format!("wss://{HOST}:{}/{path}", self.secure),
        }
    }

    /// Where it has `path` for clients that have a certificate.
    pub(crate) fn mutual_uri(&self, path: impl Display) -> String {
        format!("wss://{HOST}:{}/{path}", self.mutual)
    }
}

/// TLS of a client that trusts the CA of the servers alone.
pub(crate) fn tls() -> TlsConnector<()> {
    TlsConnector::new(()).with_roots_pem(CA.pem()).unwrap()
}

/// The same, of one that has a certificate.
pub(crate) fn mutual_tls() -> TlsConnector<()> {
    let (certificate, key) = signed("client", ExtendedKeyUsagePurpose::ClientAuth);
    tls().with_client_cert_pem(certificate, key).unwrap()
}

/// A certificate of the CA for `name`, and its key.
fn signed(name: &str, usage: ExtendedKeyUsagePurpose) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new([name.into()]).unwrap();
    params.extended_key_usages.push(usage);
    let certificate = params.signed_by(&key, &CA).unwrap();
    (certificate.pem(), key.serialize_pem())
}

/// What `.ci/run` installed there, or `None` where a test may do without it.
fn installed(path: &str) -> Option<PathBuf> {
    // Beside the folder that cargo has for tests.
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("interop");
    let path = folder.join(path);
    if path.exists() {
        return Some(path);
    }
    let text = format!("there is no {}; `.ci/run` installs it", path.display());
    assert!(std::env::var_os("CI").is_none(), "{text}");
    eprintln!("skipped: {text}");
    None
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("servers").join(name)
}
