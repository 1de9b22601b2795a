//! How a connection under TLS ends, and what ends it.

use std::io::{self, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::sync::mpsc::channel;

use futures::io::AsyncReadExt as _;
use futures::{AsyncWriteExt as _, FutureExt as _};
use wirescript::{AsyncSocketExt, Connect, ErrorClass, classify};
use wirescript_rustls::rustls::version::{TLS12, TLS13};
use wirescript_rustls::rustls::{AlertDescription, Error};
use wirescript_rustls::{TlsConnector, TlsError, TlsSocket};
use wirescript_smol::SmolConnector;

use crate::support::{Agreed, Ca, Identity, echo, serve, server_name};

type Socket = TlsSocket<<SmolConnector as Connect>::Socket>;

fn net() -> TlsConnector<SmolConnector> {
    Ca::trusted().connector(SmolConnector::new()).with_server_name(server_name())
}

/// What a client comes to, and what its server does.
#[track_caller]
fn check<R: Send + 'static>(
    server: impl FnOnce(Agreed) -> io::Result<R> + Send + 'static,
    client: impl AsyncFnOnce(Socket) -> io::Result<()>,
) -> io::Result<R> {
    let (to, serving) = serve(Identity::trusted_server().config(), server);
    smol::block_on(async { client(net().connect(&to).await?).await }).unwrap();
    serving.join().unwrap()
}

#[test]
fn half_a_close_is_heard_as_an_end_and_reads_go_on() {
    for version in [&TLS12, &TLS13] {
        let config = Identity::trusted_server().config_of(&[version], None);
        let (to, serving) = serve(config, |mut stream| echo(&mut stream));
        smol::block_on(async {
            let mut socket = net().connect(&to).await.unwrap();
            socket.send_all(&[7; 100_000]).await.unwrap();
            socket.shutdown().await.unwrap();
            assert!(socket.recv_to_end(100_000).await.unwrap() == [7; 100_000]);
            assert_eq!(socket.recv(&mut [0; 8]).await.unwrap(), 0);
            socket.shutdown().await.unwrap();
        });
        // It has read to a close_notify: without one this is an error.
        serving.join().unwrap().unwrap();
    }
}

#[test]
fn an_end_without_a_close_notify_may_have_been_made_by_anybody() {
    let server = |mut stream: Agreed| {
        stream.write_all(b"half of")?;
        stream.sock.shutdown(Shutdown::Write)?;
        stream.read_to_end(&mut Vec::new())
    };
    let client = async |mut socket: Socket| {
        let mut buf = [0; 16];
        assert_eq!(socket.recv(&mut buf).await?, 7);
        for _ in 0..3 {
            let error = socket.recv(&mut buf).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
            assert_eq!(classify(&error), ErrorClass::Eof);
            assert_eq!(
                error.to_string(),
                "the connection to `wirescript.test` ended without a close_notify: what came may \
                 not be all"
            );
        }
        // The other direction is as it was.
        socket.send_all(b"hello").await?;
        socket.shutdown().await
    };
    assert_eq!(check(server, client).unwrap(), 5);
}

#[test]
fn who_drops_a_socket_has_cut_the_connection() {
    let error = check(
        |mut stream| stream.read_to_end(&mut Vec::new()),
        async |mut socket| {
            // The tickets are read, so that the system has no reason to reset.
            assert!(socket.recv(&mut [0; 8]).now_or_never().is_none());
            socket.send_all(b"hello").await
        },
    )
    .unwrap_err();
    let is_cut = [ErrorKind::UnexpectedEof, ErrorKind::ConnectionReset].contains(&error.kind());
    assert!(is_cut, "{error:?}");
}

#[test]
fn bytes_that_are_no_tls_end_both_directions_for_good() {
    let server = |mut stream: Agreed| {
        // A record of its length, and not of its key.
        stream.sock.write_all(&[&[0x17, 3, 3, 0, 32][..], &[0; 32]].concat())?;
        stream.read_to_end(&mut Vec::new())
    };
    let client = async |mut socket: Socket| {
        for _ in 0..3 {
            let error = socket.recv(&mut [0; 8]).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidData);
            assert_eq!(TlsError::behind(&error).unwrap().reason(), &Error::DecryptError);
            let error = socket.send(b"x").await.unwrap_err();
            assert_eq!(TlsError::behind(&error).unwrap().reason(), &Error::DecryptError);
        }
        socket.shutdown().await?;
        socket.shutdown().await
    };
    let heard = check(server, client).unwrap_err();
    let heard: Error = *heard.into_inner().unwrap().downcast().unwrap();
    assert_eq!(heard, Error::AlertReceived(AlertDescription::BadRecordMac));
}

#[test]
fn an_alert_is_an_error_with_its_name() {
    let server = |mut stream: Agreed| {
        // To hear no TLS is to say so.
        stream.conn.read_tls(&mut &b"\x17\x03\x03\x00\x20................................"[..])?;
        stream.conn.process_new_packets().unwrap_err();
        stream.conn.write_tls(&mut stream.sock)?;
        stream.sock.shutdown(Shutdown::Write)
    };
    let client = async |mut socket: Socket| {
        let error = socket.recv(&mut [0; 8]).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "TLS with `wirescript.test` failed: received fatal alert: BadRecordMac"
        );
        Ok(())
    };
    check(server, client).unwrap();
}

#[test]
fn keys_are_changed_on_the_way() {
    let server = |mut stream: Agreed| {
        for _ in 0..3 {
            stream.conn.refresh_traffic_keys().unwrap();
            stream.write_all(b"ping")?;
            let mut pong = [0; 4];
            stream.read_exact(&mut pong)?;
            assert_eq!(&pong, b"pong");
        }
        stream.conn.send_close_notify();
        stream.flush()
    };
    let client = async |mut socket: Socket| {
        let mut ping = [0; 4];
        for _ in 0..3 {
            socket.recv_exact(&mut ping).await?;
            assert_eq!(&ping, b"ping");
            socket.send_all(b"pong").await?;
        }
        assert_eq!(socket.recv(&mut ping).await?, 0);
        socket.disconnect().await
    };
    check(server, client).unwrap();
}

#[test]
fn c3_an_empty_buffer_gives_zero_at_once() {
    let (go, waiting) = channel::<()>();
    let server = move |mut stream: Agreed| {
        waiting.recv().unwrap_err();
        let heard = stream.read_to_end(&mut Vec::new())?;
        stream.conn.send_close_notify();
        stream.flush().map(|()| heard)
    };
    let client = async move |mut socket: Socket| {
        let is_zero = |polled: Option<io::Result<usize>>| matches!(polled, Some(Ok(0)));
        let bytes = vec![0; 1 << 20];
        while socket.send(&bytes).now_or_never().is_some() {}
        assert!(is_zero(socket.recv(&mut []).now_or_never()));
        assert!(is_zero(socket.read_vectored(&mut []).now_or_never()));
        assert!(is_zero(socket.send(b"").now_or_never()));
        assert!(is_zero(socket.write_vectored(&[]).now_or_never()));
        // To close is to say so, and for that there is no room.
        assert!(socket.shutdown().now_or_never().is_none());
        assert!(is_zero(socket.send(b"").now_or_never()));
        drop(go);
        socket.shutdown().await?;
        socket.shutdown().await?;
        // Who goes before the tickets are read has reset the connection.
        assert_eq!(socket.recv_to_end(8).await?, b"");
        Ok(())
    };
    assert!(check(server, client).unwrap() > 0);
}
