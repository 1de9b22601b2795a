//! hyper's HTTP/1.1 client, on doubles and on nginx.

use std::error::Error;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::thread;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{CONNECTION, HOST, UPGRADE};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinHandle;
use wirescript::scripted::{
    AfterRecv, AfterSendAll, Chunks, Socket, SocketScript, Violation, ViolationKind,
};
use wirescript::{Connect, Endpoint, Scripted, Verifier};
use wirescript_tokio::{IntoTokio, TokioConnector};

use crate::both_flavours;
use crate::by_script::{by_script, in_any_chunks};
use crate::recorder::{Conversation, Recorder};
use crate::servers::Server;

type Body = Full<Bytes>;
type Failure = Box<dyn Error + Send + Sync>;

/// A client of hyper's on a connection of `net`'s, and the task that drives it.
async fn connect<C: Connect>(
    net: &C,
    server: &Endpoint,
) -> Result<(SendRequest<Body>, JoinHandle<hyper::Result<()>>), Failure> {
    let socket = net.connect(server).await?;
    let (sender, connection) = handshake(TokioIo::new(IntoTokio::new(socket))).await?;
    Ok((sender, tokio::spawn(connection.with_upgrades())))
}

fn request(method: Method, path: &str, body: &'static str) -> Request<Body> {
    let request = Request::builder().method(method).uri(path).header(HOST, "monitoring.internal");
    request.body(Full::new(Bytes::from_static(body.as_bytes()))).expect("a request")
}

async fn text(response: Response<hyper::body::Incoming>) -> Result<String, Failure> {
    let body = response.into_body().collect().await?.to_bytes();
    Ok(String::from_utf8(body.to_vec())?)
}

fn monitoring() -> Endpoint {
    Endpoint::new("monitoring.internal", 80)
}

/// Two requests on one connection.
async fn keeps_alive<C: Connect>(net: &C, server: &Endpoint) -> Result<(), Failure> {
    let (mut sender, driver) = connect(net, server).await?;

    let response = sender.send_request(request(Method::GET, "/status", "")).await?;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(text(response).await?, "OK 200\n");

    sender.ready().await?;
    let response = sender.send_request(request(Method::POST, "/missing", "cause=42")).await?;
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    assert_eq!(text(response).await?, "no such page\n");

    drop(sender);
    driver.await??;
    Ok(())
}

/// What nginx is told, so that it says what the script of [`keeps_alive`] says.
const LOCATIONS: &str = r#"
    location = /status { return 200 "OK 200\n"; }
    location / { return 404 "no such page\n"; }
"#;

fn script_keeps_alive(net: &Scripted<Socket>, server: &Endpoint) {
    net.new_session()
        .expect_connect(server)
        .expect_send_all(b"GET /status HTTP/1.1\r\nhost: monitoring.internal\r\n\r\n")
        .expect_recv(concat!(
            "HTTP/1.1 200 OK\r\n",
            "Server: nginx\r\n",
            "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n",
            "Content-Type: text/plain\r\n",
            "Content-Length: 7\r\n",
            "Connection: keep-alive\r\n",
            "\r\n",
            "OK 200\n",
        ))
        .expect_send_all(concat!(
            "POST /missing HTTP/1.1\r\n",
            "host: monitoring.internal\r\n",
            "content-length: 8\r\n",
            "\r\n",
            "cause=42",
        ))
        .expect_recv(concat!(
            "HTTP/1.1 404 Not Found\r\n",
            "Server: nginx\r\n",
            "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n",
            "Content-Type: text/plain\r\n",
            "Content-Length: 13\r\n",
            "Connection: keep-alive\r\n",
            "\r\n",
            "no such page\n",
        ))
        .expect_close();
}

/// Asks for a page whose end does not come, and tells how that is.
async fn how_it_breaks_off<C: Connect>(net: &C, server: &Endpoint) -> Result<ErrorKind, Failure> {
    let (mut sender, driver) = connect(net, server).await?;
    let response = sender.send_request(request(Method::GET, "/status", "")).await?;
    assert_eq!(response.status(), StatusCode::OK);
    let error = response.into_body().collect().await.expect_err("it breaks off");
    let cause = error.source().and_then(|cause| cause.downcast_ref::<io::Error>());
    let kind = cause.map(io::Error::kind);
    drop(sender);
    let _ = driver.await?;
    kind.ok_or_else(|| error.into())
}

/// The script of [`how_it_breaks_off`], up to how.
#[track_caller]
fn breaks_off(net: &Scripted<Socket>, server: &Endpoint) -> SocketScript<AfterRecv> {
    net.new_session()
        .expect_connect(server)
        .expect_send_all("GET /status HTTP/1.1\r\nhost: monitoring.internal\r\n\r\n")
        .expect_recv(concat!(
            "HTTP/1.1 200 OK\r\n",
            "Server: nginx\r\n",
            "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n",
            "Content-Type: text/plain\r\n",
            "Content-Length: 7\r\n",
            "Connection: keep-alive\r\n",
            "\r\n",
        ))
        .expect_recv("OK ")
}

/// Asks for another protocol, and speaks it.
async fn upgrades<C: Connect>(net: &C, server: &Endpoint) -> Result<(), Failure> {
    let (mut sender, driver) = connect(net, server).await?;
    let mut asked = request(Method::GET, "/feed", "");
    asked.headers_mut().insert(CONNECTION, "upgrade".parse()?);
    asked.headers_mut().insert(UPGRADE, "feed".parse()?);
    let response = sender.send_request(asked).await?;
    assert_eq!(response.status(), StatusCode::SWITCHING_PROTOCOLS);

    let mut feed = TokioIo::new(hyper::upgrade::on(response).await?);
    let mut hello = [0; 6];
    feed.read_exact(&mut hello).await?;
    assert_eq!(&hello, b"hello\n");
    feed.write_all(b"more\n").await?;
    let mut bye = String::new();
    feed.read_to_string(&mut bye).await?;
    assert_eq!(bye, "bye\n");
    drop(feed);
    driver.await??;
    Ok(())
}

fn script_upgrades(net: &Scripted<Socket>, server: &Endpoint) {
    net.new_session()
        .expect_connect(server)
        .expect_send_all(concat!(
            "GET /feed HTTP/1.1\r\n",
            "host: monitoring.internal\r\n",
            "connection: upgrade\r\n",
            "upgrade: feed\r\n",
            "\r\n",
        ))
        // The first words of the new protocol come with the end of the old one.
        .expect_recv(concat!(
            "HTTP/1.1 101 Switching Protocols\r\n",
            "Server: nginx\r\n",
            "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n",
            "Connection: upgrade\r\n",
            "Upgrade: feed\r\n",
            "\r\n",
            "hello\n",
        ))
        .expect_send_all("more\n")
        .expect_recv("bye\n")
        .expect_eof()
        .expect_close();
}

/// Who serves what nginx passes on: answers one request with `answer`, waits for `asked` and says
/// `last`, and closes.
fn behind(answer: &[u8], asked: &[u8], last: &[u8]) -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("there is a free port");
    let addr = listener.local_addr().expect("it listens");
    let [answer, asked, last] = [answer, asked, last].map(<[u8]>::to_vec);
    thread::spawn(move || -> io::Result<()> {
        let mut stream = BufReader::new(listener.accept()?.0);
        let mut line = String::new();
        // A request ends with an empty line.
        while stream.read_line(&mut line)? > "\r\n".len() {
            line.clear();
        }
        stream.get_mut().write_all(&answer)?;
        stream.read_exact(&mut vec![0; asked.len()])?;
        stream.get_mut().write_all(&last)
    });
    addr
}

/// What nginx is told, so that it passes on what it is asked for at `path`, as it comes.
fn passed_on(path: &str, to: SocketAddr) -> String {
    format!(
        r#"location = {path} {{
            proxy_pass http://{to}; proxy_http_version 1.1; proxy_buffering off;
            proxy_set_header Connection $http_connection; proxy_set_header Upgrade $http_upgrade;
        }}"#
    )
}

/// Fails unless both are the same but for the time of day.
#[track_caller]
fn check_alike(real: Vec<Conversation>, of_the_script: Vec<Conversation>) {
    let without_dates = |all: Vec<Conversation>| -> Vec<Conversation> {
        all.into_iter().map(without_date).collect()
    };
    assert_eq!(without_dates(real), without_dates(of_the_script));
}

/// The conversation without the time of day, which is the one thing in it that nginx chooses anew.
fn without_date(conversation: Conversation) -> Conversation {
    conversation.with_received(|bytes| {
        let mut text = String::from_utf8(bytes.to_vec()).expect("all of it is text");
        let mut from = 0;
        while let Some(at) = text[from..].find("Date: ") {
            let start = from + at;
            let end = text[start..].find("\r\n").expect("a header ends") + start;
            text.replace_range(start..end, "Date: ");
            from = start + "Date: ".len();
        }
        text.into_bytes()
    })
}

both_flavours! {
    async fn a_connection_is_kept_alive() {
        let client = async |net: &Scripted<Socket>| keeps_alive(net, &monitoring()).await.unwrap();
        in_any_chunks(|net| script_keeps_alive(net, &monitoring()), client).await;
    }

    async fn what_passes_is_what_passes_between_hyper_and_nginx() {
        let Some(nginx) = Server::nginx(LOCATIONS) else { return };
        let real = Recorder::new(TokioConnector::new());
        keeps_alive(&real, nginx.endpoint()).await.unwrap();

        let client = async |net: &Scripted<Socket>| keeps_alive(net, nginx.endpoint()).await.unwrap();
        let of_the_script = by_script(|net| script_keeps_alive(net, nginx.endpoint()), client).await;

        check_alike(real.conversations(), of_the_script);
    }

    async fn a_reply_in_chunks_is_one_body() {
        let verifier = Verifier::builder().chunks(Chunks::Bytewise).build();
        let net = verifier.socket();
        gets(&net, "/log")
            .expect_recv("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            .expect_recv("5\r\nfirst\r\n")
            .expect_recv("7\r\n, last.\r\n0\r\n\r\n")
            .expect_close();

        let (mut sender, driver) = connect(&net, &monitoring()).await.unwrap();
        let response = sender.send_request(request(Method::GET, "/log", "")).await.unwrap();
        assert_eq!(text(response).await.unwrap(), "first, last.");
        drop(sender);
        driver.await.unwrap().unwrap();
        verifier.finish().await;
    }

    async fn a_body_that_breaks_off_is_told_from_one_that_ends() {
        for kind in [ErrorKind::UnexpectedEof, ErrorKind::ConnectionReset] {
            let verifier = Verifier::new();
            let net = verifier.socket();
            let script = breaks_off(&net, &monitoring());
            match kind {
                ErrorKind::ConnectionReset => script.expect_reset(),
                _ => script.expect_eof(),
            }
            .expect_close();
            assert_eq!(how_it_breaks_off(&net, &monitoring()).await.unwrap(), kind);
            verifier.finish().await;
        }
    }

    async fn a_body_breaks_off_as_it_does_behind_nginx() {
        let broken = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 7\r\n\r\nOK ";
        let behind = behind(broken, b"", b"");
        let Some(nginx) = Server::nginx(&passed_on("/status", behind)) else { return };
        let real = Recorder::new(TokioConnector::new());
        let kind = how_it_breaks_off(&real, nginx.endpoint()).await.unwrap();
        assert_eq!(kind, ErrorKind::UnexpectedEof);

        let script = |net: &Scripted<Socket>| {
            breaks_off(net, nginx.endpoint()).expect_eof().expect_close();
        };
        let client = async |net: &Scripted<Socket>| {
            assert_eq!(how_it_breaks_off(net, nginx.endpoint()).await.unwrap(), kind);
        };
        let of_the_script = by_script(script, client).await;
        check_alike(real.conversations(), of_the_script);
    }

    async fn an_upgraded_connection_is_a_stream_of_its_own() {
        let client = async |net: &Scripted<Socket>| upgrades(net, &monitoring()).await.unwrap();
        in_any_chunks(|net| script_upgrades(net, &monitoring()), client).await;
    }

    async fn a_connection_is_upgraded_as_it_is_behind_nginx() {
        let switched = concat!(
            "HTTP/1.1 101 Switching Protocols\r\n",
            "Connection: upgrade\r\n",
            "Upgrade: feed\r\n",
            "\r\n",
            "hello\n",
        );
        let behind = behind(switched.as_bytes(), b"more\n", b"bye\n");
        let Some(nginx) = Server::nginx(&passed_on("/feed", behind)) else { return };
        let real = Recorder::new(TokioConnector::new());
        upgrades(&real, nginx.endpoint()).await.unwrap();

        let client = async |net: &Scripted<Socket>| upgrades(net, nginx.endpoint()).await.unwrap();
        let of_the_script = by_script(|net| script_upgrades(net, nginx.endpoint()), client).await;
        check_alike(real.conversations(), of_the_script);
    }

    async fn a_request_for_another_page_is_reported() {
        let verifier = Verifier::new();
        let net = verifier.socket();
        gets(&net, "/state").expect_recv("HTTP/1.1 204 No Content\r\n\r\n").expect_close();

        let (mut sender, driver) = connect(&net, &monitoring()).await.unwrap();
        let error = sender.send_request(request(Method::GET, "/status", "")).await.unwrap_err();
        drop(sender);
        let _ = driver.await.unwrap();

        let report = verifier.try_verify().unwrap_err();
        let told = report.violations().next().unwrap();
        let ViolationKind::Mismatch { at, .. } = told.kind() else { panic!("{report}") };
        assert_eq!(*at, "GET /stat".len());
        assert_eq!(Violation::behind(&error), Some(told), "hyper hands on what it was told");
        assert_eq!(report.violations().len(), 1);
    }
}

/// A session in which the client first gets `path`.
#[track_caller]
fn gets(net: &Scripted<Socket>, path: &str) -> SocketScript<AfterSendAll> {
    let request = format!("GET {path} HTTP/1.1\r\nhost: monitoring.internal\r\n\r\n");
    net.new_session().expect_connect("monitoring.internal:80").expect_send_all(request)
}
