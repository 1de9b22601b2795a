//! Against tungstenite's own server, over the sockets of every runtime.

use std::net::TcpListener;
use std::thread::{self, JoinHandle};

use futures::{SinkExt, StreamExt};
use tungstenite::handshake::server::{Request, Response};
use wirescript::blocking::{StdConnector, WebSocket as _, WebSocketConnect as _};
use wirescript::websocket::{CloseFrame, Message, WebSocketError, WebSocketRequest};
use wirescript::{
    Connect, WebSocketConnect, WebSocketConnectExt, WebSocketExt, WebSocketTransport,
};
use wirescript_async_std::AsyncStdConnector;
use wirescript_smol::SmolConnector;
use wirescript_tokio::TokioConnector;
use wirescript_tungstenite::{TungsteniteConnector, blocking};

/// How the client closed, or what the server met instead.
type Closed = Result<Option<CloseFrame>, String>;

/// Serves one client: says what it hears until that closes.
fn echo() -> (WebSocketRequest, JoinHandle<Closed>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let uri = format!("ws://{}/echo?all=1", listener.local_addr().unwrap());
    let serving = thread::spawn(move || {
        let (stream, _) = listener.accept().map_err(|error| error.to_string())?;
        #[expect(clippy::result_large_err, reason = "it is tungstenite's")]
        let choose = |request: &Request, mut response: Response| {
            assert_eq!(request.uri(), "/echo?all=1");
            if request.headers().contains_key("sec-websocket-protocol") {
                let chosen = "v1".parse().unwrap();
                response.headers_mut().insert("sec-websocket-protocol", chosen);
            }
            Ok(response)
        };
        let mut server =
            tungstenite::accept_hdr(stream, choose).map_err(|error| error.to_string())?;
        let mut closed = None;
        loop {
            match server.read() {
                Ok(tungstenite::Message::Close(frame)) => {
                    closed = frame
                        .map(|frame| CloseFrame::new(u16::from(frame.code), frame.reason.as_str()));
                }
                Ok(message @ (tungstenite::Message::Text(_) | tungstenite::Message::Binary(_))) => {
                    server.send(message).map_err(|error| error.to_string())?;
                }
                Ok(_) => {}
                Err(tungstenite::Error::ConnectionClosed) => return Ok(closed),
                Err(error) => return Err(error.to_string()),
            }
        }
    });
    (WebSocketRequest::new(uri).unwrap(), serving)
}

/// As the guides have it: the connection is closed at the end of the scope.
async fn an_echo_is_heard(dialler: impl Connect + 'static) {
    let (request, serving) = echo();
    let request = request.with_subprotocol("v2").unwrap().with_subprotocol("v1").unwrap();
    let net = TungsteniteConnector::new(dialler);
    net.with_connection(&request, async |ws| {
        assert_eq!(ws.handshake().subprotocol(), Some("v1"));
        assert!(ws.handshake().info().peer_addr().is_some());
        for message in [
            Message::text("hello"),
            Message::binary(b"\xff\0".to_vec()),
            Message::text(""),
            Message::binary(vec![7; WebSocketRequest::MAX_FRAME_SIZE]),
        ] {
            let sent = message.clone();
            let (mut sink, mut stream) = ws.split();
            // There is more than fits anywhere, so it is received while it is sent.
            let (sent, received) = futures::join!(sink.send(sent), stream.next());
            sent?;
            assert!(received.unwrap()? == message);
        }
        Ok::<_, WebSocketError>(())
    })
    .await
    .unwrap();
    assert_eq!(serving.join().unwrap(), Ok(None));
}

/// Two connections at once; each is closed with a reason, and waits for the answer.
async fn two_echoes_are_heard_at_once(dialler: impl Connect + 'static) {
    let ((first, first_server), (second, second_server)) = (echo(), echo());
    let net = TungsteniteConnector::new(dialler);
    let talk = async |request: &WebSocketRequest, name: &str| {
        let mut ws = net.connect(request).await?;
        for n in 0..10 {
            ws.send_text(format!("{name} {n}")).await?;
            assert_eq!(ws.recv().await?, Some(Message::from(format!("{name} {n}"))));
        }
        ws.disconnect(4000, name).await
    };
    let both = futures::join!(talk(&first, "first"), talk(&second, "second"));
    both.0.unwrap();
    both.1.unwrap();
    let closed = |name: &str| Ok(Some(CloseFrame::new(4000, name)));
    assert_eq!(first_server.join().unwrap(), closed("first"));
    assert_eq!(second_server.join().unwrap(), closed("second"));
}

#[test]
fn on_tokio() {
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        an_echo_is_heard(TokioConnector::new()).await;
        two_echoes_are_heard_at_once(TokioConnector::new().boxed()).await;
    });
}

#[test]
fn on_smol() {
    smol::block_on(async {
        an_echo_is_heard(SmolConnector::new()).await;
        two_echoes_are_heard_at_once(SmolConnector::new().boxed()).await;
    });
}

#[test]
fn on_async_std() {
    async_std::task::block_on(async {
        an_echo_is_heard(AsyncStdConnector::new()).await;
        two_echoes_are_heard_at_once(AsyncStdConnector::new().boxed()).await;
    });
}

#[test]
fn on_threads() {
    let (request, serving) = echo();
    let net = blocking::TungsteniteConnector::new(StdConnector::new());
    net.with_connection(&request, |ws| {
        for message in [Message::text("hello"), Message::binary(""), Message::text("a\u{e9}")] {
            ws.send(message.clone())?;
            assert_eq!(ws.receive()?, Some(message));
        }
        Ok::<_, WebSocketError>(())
    })
    .unwrap();
    assert_eq!(serving.join().unwrap(), Ok(None));
}

/// How many messages go each way.
const MANY: usize = 100_000;

/// One task sends, another receives, and the server answers each.
async fn nothing_is_lost_between_two_tasks() {
    let (request, serving) = echo();
    let ws = TungsteniteConnector::new(TokioConnector::new()).connect(&request).await.unwrap();
    let (mut sink, mut stream) = ws.split();
    let sending = tokio::spawn(async move {
        for n in 0..MANY {
            // Now and then all of it goes out.
            let message = Message::from(n.to_string());
            if n % 7 == 0 { sink.send(message).await } else { sink.feed(message).await }.unwrap();
        }
        sink.flush().await.unwrap();
        sink
    });
    let receiving = tokio::spawn(async move {
        for n in 0..MANY {
            assert_eq!(stream.next().await.unwrap().unwrap(), Message::from(n.to_string()));
        }
        stream
    });
    let (sink, stream) = (sending.await.unwrap(), receiving.await.unwrap());
    sink.reunite(stream).unwrap().disconnect(1000, "").await.unwrap();
    assert_eq!(serving.join().unwrap(), Ok(Some(CloseFrame::new(1000, ""))));
}

#[test]
fn m10_many_messages_go_each_way_on_several_threads() {
    wirescript_conformance::check(|| {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(nothing_is_lost_between_two_tasks());
    });
}

#[test]
fn m10_many_messages_go_each_way_on_one_thread() {
    wirescript_conformance::check(|| {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().build().unwrap();
        runtime.block_on(nothing_is_lost_between_two_tasks());
    });
}
