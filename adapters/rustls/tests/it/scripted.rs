//! TLS over a script: a whole conversation, and handshakes that fail in every way.

use std::io::{self, ErrorKind, Read, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use wirescript::scripted::{
    AfterSendAll, Chunks, Decoded, FrameError, Framing, IntoExpected, Scripted, Socket,
    SocketScript, Violation,
};
use wirescript::{
    AsyncSocketExt, Connect, Endpoint, ErrorClass, Verifier, blocking, classify, matching,
};
use wirescript_rustls::TlsError;
use wirescript_rustls::rustls::{AlertDescription, Error, ServerConnection};

use crate::support::{Ca, Identity, SERVER};

/// Soon over, where a test waits for it.
const SHORT: Duration = Duration::from_millis(50);

/// Where the scripts expect the client.
fn server() -> Endpoint {
    Endpoint::new(SERVER, 443)
}

fn is_client_hello(sent: &[u8]) -> bool {
    sent.starts_with(&[0x16, 3, 1]) && sent.get(5) == Some(&1)
}

/// A server in memory: what it answers to what it hears.
#[derive(Clone)]
struct Relay(Arc<Mutex<ServerConnection>>);

impl Relay {
    fn new() -> Self {
        let config = Arc::new(Identity::trusted_server().config());
        Self(Arc::new(Mutex::new(ServerConnection::new(config).unwrap())))
    }

    /// What it answers when it has heard `sent`, and then says `more`.
    fn answer(&self, mut sent: &[u8], more: impl FnOnce(&mut ServerConnection)) -> Vec<u8> {
        let mut tls = self.0.lock().unwrap();
        while !sent.is_empty() {
            tls.read_tls(&mut sent).unwrap();
            tls.process_new_packets().unwrap();
        }
        more(&mut tls);
        let mut answer = Vec::new();
        while tls.wants_write() {
            tls.write_tls(&mut answer).unwrap();
        }
        answer
    }
}

/// The client of the README of the core.
async fn fetch_status<C: Connect>(net: &C) -> io::Result<Vec<u8>> {
    let mut socket = net.connect(&server()).await?;
    socket.send_all(b"STATUS\r\n").await?;
    let reply = socket.recv_to_end(4096).await?;
    socket.disconnect().await?;
    Ok(reply)
}

/// The same for clients that block.
fn fetch_status_blocking<C: blocking::Connect>(net: &C) -> io::Result<Vec<u8>> {
    use blocking::SocketExt as _;

    let mut socket = net.connect(&server())?;
    socket.send_all(b"STATUS\r\n")?;
    let reply = socket.recv_to_end(4096)?;
    socket.disconnect()?;
    Ok(reply)
}

/// What TLS is sent in: a type, a version, a length of two bytes, and so many (RFC 8446 section
/// 5.1). Here all of it is the payload.
#[derive(Debug)]
struct Records;

/// How many bytes are in front of a record's length and with it.
const HEADER: usize = 5;

impl Framing for Records {
    fn encode(&self, record: &[u8], frame: &mut Vec<u8>) -> Result<(), FrameError> {
        frame.extend_from_slice(record);
        Ok(())
    }

    fn decode(&self, bytes: &[u8]) -> Result<Decoded, FrameError> {
        let [_, _, _, high, low, ..] = *bytes else {
            return Ok(Decoded::Incomplete { wants: HEADER });
        };
        let len = HEADER + usize::from(u16::from_be_bytes([high, low]));
        match bytes.len() < len {
            true => Ok(Decoded::Incomplete { wants: len }),
            false => Ok(Decoded::Frame { payload: 0..len, len }),
        }
    }
}

/// A record of a type, whatever is in it: the relay knows.
fn record(name: &'static str, kind: u8) -> impl IntoExpected<[u8]> {
    matching(name, move |sent: &[u8]| sent[0] == kind)
}

/// Writes the script of a server that tells its status.
fn queue_a_status(net: &Scripted<Socket>) {
    let relay = Relay::new();
    let (hello, finished, status) = (relay.clone(), relay.clone(), relay);
    net.new_session()
        .framed(Records)
        .expect_connect(server())
        .expect_send_frame(matching("a ClientHello", is_client_hello))
        .replies_with(move |sent| hello.answer(sent.bytes(), |_| {}))
        .expect_send_frame(record("a ChangeCipherSpec", 0x14))
        .expect_send_frame(record("a Finished", 0x17))
        .replies_with(move |sent| finished.answer(sent.bytes(), |_| {}))
        .expect_send_frame(record("application data", 0x17))
        .replies_with(move |sent| {
            status.answer(sent.bytes(), |tls| {
                let mut heard = [0; 16];
                let len = tls.reader().read(&mut heard).unwrap();
                assert_eq!(&heard[..len], b"STATUS\r\n");
                tls.writer().write_all(b"OK 200\r\n").unwrap();
                tls.send_close_notify();
            })
        })
        .expect_send_frame(record("a close_notify", 0x17))
        .expect_shutdown()
        .expect_close();
}

#[test]
fn a_conversation_is_had_over_a_script_however_it_is_cut() {
    for chunks in [Chunks::Whole, Chunks::Bytewise, Chunks::Seeded(1), Chunks::Seeded(2)] {
        let verifier = Verifier::builder().chunks(chunks).build();
        let net = verifier.socket();
        queue_a_status(&net);
        let reply = smol::block_on(fetch_status(&Ca::trusted().connector(net)));
        assert_eq!(reply.unwrap(), b"OK 200\r\n", "{chunks:?}");
        verifier.verify();
    }
}

#[test]
fn a_conversation_is_had_over_a_script_by_who_blocks() {
    for chunks in [Chunks::Whole, Chunks::Bytewise, Chunks::Seeded(3)] {
        let verifier = Verifier::builder().chunks(chunks).build();
        let net = verifier.socket();
        queue_a_status(&net);
        let reply = fetch_status_blocking(&Ca::trusted().connector(net));
        assert_eq!(reply.unwrap(), b"OK 200\r\n", "{chunks:?}");
        verifier.verify();
    }
}

/// A peer that hears a ClientHello and then does as `answer` says; and why clients of both kinds do
/// not connect to it, which is the same.
#[track_caller]
fn check_refused(
    answer: impl Fn(SocketScript<AfterSendAll>) -> SocketScript,
    kind: ErrorKind,
    text: &str,
) -> io::Error {
    let verifier = Verifier::new();
    let net = verifier.socket();
    let queue = || {
        let hello = matching("a ClientHello", is_client_hello);
        let hello = net.new_session().expect_connect(server()).expect_send_all(hello);
        answer(hello).expect_close();
    };
    let tls = Ca::trusted().connector(net.clone());
    queue();
    let error = smol::block_on(Connect::connect(&tls, &server())).unwrap_err();
    queue();
    let blocking = blocking::Connect::connect(&tls, &server()).unwrap_err();
    for error in [&error, &blocking] {
        assert_eq!(error.kind(), kind, "{error:?}");
        assert!(error.to_string().starts_with(text), "{error}");
    }
    verifier.verify();
    error
}

/// The alert of a client that says why.
const fn alert(description: u8) -> [u8; 7] {
    [0x15, 3, 3, 0, 2, 2, description]
}

#[test]
fn a_peer_that_speaks_something_else_is_no_tls() {
    let error = check_refused(
        |hello| {
            let answered = hello.expect_recv("HTTP/1.1 400 Bad Request\r\n\r\n");
            answered.expect_send_all(alert(50)).erased() // decode_error
        },
        ErrorKind::InvalidData,
        "TLS with `wirescript.test` failed: received corrupt message",
    );
    let reason = TlsError::behind(&error).unwrap().reason();
    assert!(matches!(reason, Error::InvalidMessage(_)), "{reason:?}");
}

#[test]
fn a_peer_that_refuses_says_why() {
    let error = check_refused(
        |hello| hello.expect_recv(alert(40)).erased(),
        ErrorKind::InvalidData,
        "TLS with `wirescript.test` failed: received fatal alert: HandshakeFailure",
    );
    let reason = TlsError::behind(&error).unwrap().reason();
    assert_eq!(reason, &Error::AlertReceived(AlertDescription::HandshakeFailure));
}

#[test]
fn a_peer_that_ends_before_tls_is_agreed_on_is_eof() {
    let text = "`wirescript.test` ended the connection before TLS was agreed on";
    let at_once = |hello: SocketScript<AfterSendAll>| hello.expect_eof().erased();
    let error = check_refused(at_once, ErrorKind::UnexpectedEof, text);
    assert_eq!(classify(&error), ErrorClass::Eof);

    let half_way = |hello: SocketScript<AfterSendAll>| {
        hello.expect_recv([0x16, 3, 3, 0, 122, 2, 0]).expect_eof().erased()
    };
    check_refused(half_way, ErrorKind::UnexpectedEof, text);
}

#[test]
fn a_peer_that_resets_before_tls_is_agreed_on_is_a_reset() {
    let error =
        check_refused(|hello| hello.expect_reset().erased(), ErrorKind::ConnectionReset, "");
    assert_eq!(classify(&error), ErrorClass::Reset);
    assert!(error.raw_os_error().is_some());
}

#[test]
fn a_peer_that_says_nothing_is_waited_for_until_the_patience_ends() {
    let verifier = Verifier::builder().patience(SHORT).build();
    let net = verifier.socket();
    let hello = matching("a ClientHello", is_client_hello);
    // Half a record, and no more before the client has sent something.
    let half = net.new_session().expect_connect(server()).expect_send_all(hello).expect_recv([22]);
    half.expect_send_all("more").expect_recv("x");
    let tls = Ca::trusted().connector(net);
    let error = smol::block_on(Connect::connect(&tls, &server())).unwrap_err();
    assert!(Violation::behind(&error).is_some(), "{error:?}");
    verifier.try_verify().unwrap_err();
}

#[test]
fn a_violation_is_passed_on_as_it_is() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    net.new_session().expect_connect(server()).expect_send_all("no TLS");
    let error = smol::block_on(Connect::connect(&Ca::trusted().connector(net), &server()));
    assert!(Violation::behind(&error.unwrap_err()).is_some());
    verifier.try_verify().unwrap_err();
}
