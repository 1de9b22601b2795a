//! The same with a peer that is not rustls: OpenSSL's `s_server`, which gives every line back in
//! reverse. Where it is not installed these tests do nothing, unless `CI` is set.

use std::io::{BufRead, BufReader, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, fs, process};

use wirescript::{AsyncSocket, AsyncSocketExt, Connect, Endpoint, blocking};
use wirescript_conformance::check;
use wirescript_rustls::rustls::{AlertDescription, Error};
use wirescript_rustls::{TlsConnector, TlsError};

use crate::support::{Both, Ca, Identity, server_name};

/// A server, until it is dropped.
struct Server {
    process: Child,
    /// It ends where nobody hears it.
    _said: BufReader<ChildStdout>,
    folder: PathBuf,
    endpoint: Endpoint,
}

impl Server {
    /// One that is started with these options.
    fn start(options: &[&str]) -> Option<Self> {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = env::temp_dir().join(format!("wirescript-rustls-{}-{count}", process::id()));
        fs::create_dir(&folder).unwrap();
        let identity = Identity::trusted_server();
        let (chain, key) = (folder.join("chain.pem"), folder.join("key.pem"));
        let ca = folder.join("ca.pem");
        let write = |path: &Path, text: &str| fs::write(path, text).unwrap();
        write(&chain, &identity.certificate);
        write(&key, &identity.key);
        write(&ca, &Ca::trusted().pem());

        let mut command = Command::new("openssl");
        command.args(["s_server", "-accept", "127.0.0.1:0", "-rev", "-verify_return_error"]);
        command.arg("-cert").arg(chain).arg("-key").arg(key).arg("-CAfile").arg(ca).args(options);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = match command.spawn() {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                assert!(env::var_os("CI").is_none(), "`openssl` is not installed");
                fs::remove_dir_all(folder).unwrap();
                return None;
            }
            process => process.unwrap(),
        };
        let mut said = BufReader::new(process.stdout.take().unwrap());
        let endpoint = loop {
            let mut line = String::new();
            assert!(said.read_line(&mut line).unwrap() > 0, "it says where it listens");
            if let Some(addr) = line.trim_end().strip_prefix("ACCEPT ") {
                break addr.parse().unwrap();
            }
        };
        Some(Self { process, _said: said, folder, endpoint })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn net() -> TlsConnector<Both> {
    Ca::trusted().connector(Both).with_server_name(server_name())
}

/// A line as long as a few records.
fn line() -> Vec<u8> {
    let mut line: Vec<u8> = (0..15_000).map(|i| b'a' + (i % 23) as u8).collect();
    line.push(b'\n');
    line
}

fn reversed(line: &[u8]) -> Vec<u8> {
    let (end, text) = line.split_last().unwrap();
    text.iter().rev().chain([end]).copied().collect()
}

/// A conversation of clients of both kinds.
fn converse(net: &TlsConnector<Both>, server: &Server) {
    let line = line();
    let mut reply = vec![0; line.len()];
    smol::block_on(async {
        let mut socket = Connect::connect(net, &server.endpoint).await.unwrap();
        for _ in 0..3 {
            socket.send_all(&line).await.unwrap();
            socket.recv_exact(&mut reply).await.unwrap();
            assert!(reply == reversed(&line));
        }
        socket.shutdown().await.unwrap();
        assert_eq!(socket.recv(&mut [0; 8]).await.unwrap(), 0);
    });

    use blocking::{Socket as _, SocketExt as _};
    let mut socket = blocking::Connect::connect(net, &server.endpoint).unwrap();
    for _ in 0..3 {
        socket.send_all(&line).unwrap();
        socket.recv_exact(&mut reply).unwrap();
        assert!(reply == reversed(&line));
    }
    socket.shutdown().unwrap();
    assert_eq!(socket.recv(&mut [0; 8]).unwrap(), 0);
}

#[test]
fn both_versions_are_spoken_with_openssl() {
    check(|| {
        for version in ["-tls1_2", "-tls1_3"] {
            let Some(server) = Server::start(&[version, "-alpn", "imap"]) else { return };
            let net = net().with_alpn(["smtp", "imap"]);
            let socket = smol::block_on(Connect::connect(&net, &server.endpoint)).unwrap();
            assert_eq!(socket.info().alpn(), Some(&b"imap"[..]));
            drop(socket);
            converse(&net, &server);
        }
    });
}

#[test]
fn openssl_knows_our_certificate() {
    check(|| {
        for version in ["-tls1_2", "-tls1_3"] {
            let Some(server) = Server::start(&[version, "-Verify", "1"]) else { return };
            let client = Ca::trusted().client();
            let known = net().with_client_cert_pem(&client.certificate, &client.key).unwrap();
            converse(&known, &server);

            let stranger = Ca::stranger().client();
            let unknown = net().with_client_cert_pem(&stranger.certificate, &stranger.key).unwrap();
            let error = smol::block_on(async {
                let mut socket = Connect::connect(&unknown, &server.endpoint).await?;
                socket.recv(&mut [0; 8]).await
            })
            .unwrap_err();
            let reason = TlsError::behind(&error).unwrap().reason();
            assert_eq!(reason, &Error::AlertReceived(AlertDescription::UnknownCA));
        }
    });
}
