//! Whole clients: `with_connection`, two connections at once, and one timeline for all. CASES 17, 46.

use futures::executor::block_on;
use futures::join;
use wirescript::scripted::Violation;
use wirescript::websocket::{
    Message, WebSocketConnect, WebSocketConnectExt, WebSocketError, WebSocketRequest,
};
use wirescript::{
    AsyncSocketExt, Connect, Endpoint, Verifier, WebSocketExt, WebSocketTransport, any,
};

use super::support::{URI, check_error, check_received, close, connect, request};
use crate::support::{everywhere, spawn};
use crate::witness::operations;

/// Says each text, and gives what comes back; closes at the end of the scope.
async fn echo<C: WebSocketConnect>(
    net: &C,
    texts: &[&str],
) -> Result<Vec<Message>, WebSocketError> {
    net.with_connection(&request(), async |ws| {
        let mut echoed = Vec::new();
        for text in texts {
            ws.send_text(*text).await?;
            echoed.extend(ws.recv().await?);
        }
        Ok(echoed)
    })
    .await
}

everywhere! {
    async fn an_echo_is_closed_at_the_end_of_its_scope() {
        let verifier = Verifier::new();
        let net = verifier.websocket();
        net.new_session()
            .expect_connect(URI)
            .expect_send("hello")
            .expect_recv("hello")
            .expect_send("world")
            .expect_recv("world")
            .expect_close(None)
            .expect_drop();
        let echoed = echo(&net, &["hello", "world"]).await.unwrap();
        assert_eq!(echoed, ["hello", "world"].map(Message::from));
        assert_eq!(
            operations(&verifier),
            ["connect", "send", "recv", "send", "recv", "close", "drop"]
        );
        verifier.finish().await;
    }

    async fn two_connections_at_once_follow_their_own_scripts() {
        let verifier = Verifier::new();
        let net = verifier.websocket();
        for name in ["one", "two"] {
            net.new_session()
                .named(name)
                .expect_connect(URI)
                .expect_send(any())
                .replies_with(|sent| sent.text().to_owned())
                .expect_close(None);
        }
        let (one, two) = join!(echo(&net, &["1"]), echo(&net, &["2"]));
        assert_eq!((one.unwrap(), two.unwrap()), (vec!["1".into()], vec!["2".into()]));
        verifier.in_any_order(|order| {
            order.on(&net).assert_send("2");
            order.on(&net).assert_send("1");
        });
        verifier.finish().await;
    }

    async fn with_connection_does_not_close_twice() {
        let verifier = Verifier::new();
        let net = verifier.websocket();
        net.new_session().expect_connect(URI).expect_close((1000, "by hand"));
        net.with_connection(&request(), async |ws| ws.close_with(1000, "by hand").await).await.unwrap();

        net.new_session().expect_connect(URI).expect_recv_close(1001, "").expect_eof();
        net.with_connection(&request(), async |ws| {
            check_received(ws, close(1001, "")).await;
            ws.recv().await
        })
        .await
        .unwrap();

        net.new_session().expect_connect(URI).expect_eof();
        let ended = net.with_connection(&request(), async |ws| ws.recv().await).await;
        check_error(ended, WebSocketError::AbnormalClosure);
        verifier.finish().await;
    }

    async fn with_connection_never_masks_the_error_of_the_body() {
        #[derive(Debug)]
        enum Failed {
            Mine,
            Theirs(WebSocketError),
        }
        impl From<WebSocketError> for Failed {
            fn from(error: WebSocketError) -> Self {
                Self::Theirs(error)
            }
        }
        let verifier = Verifier::new();
        let net = verifier.websocket();
        net.new_session().expect_connect(URI).expect_close(None);
        let failed = net.with_connection(&request(), async |_| Err::<(), _>(Failed::Mine)).await;
        assert!(matches!(failed, Err(Failed::Mine)));

        // Nor one of the close.
        net.new_session().expect_connect(URI).expect_close(None).raises(std::io::ErrorKind::BrokenPipe);
        let failed = net.with_connection(&request(), async |_| Err::<(), _>(Failed::Mine)).await;
        assert!(matches!(failed, Err(Failed::Mine)));

        // Which is told where the body is fine.
        net.new_session().expect_connect(URI).expect_close(None).raises(std::io::ErrorKind::BrokenPipe);
        let failed = net.with_connection(&request(), async |_| Ok(())).await;
        assert!(matches!(failed, Err(Failed::Theirs(WebSocketError::Io(_)))));

        net.new_session().expect_connect(URI).rejects(403);
        let failed = net.with_connection(&request(), async |_| Ok(())).await;
        assert!(matches!(failed, Err(Failed::Theirs(WebSocketError::Rejected(_)))));
        verifier.finish().await;
    }

    async fn a_with_connection_that_is_dropped_ends_without_a_close() {
        let verifier = Verifier::new();
        let net = verifier.websocket();
        net.new_session().expect_connect(URI).expect_recv("never").never().expect_drop();
        let request = request();
        {
            let body = net.with_connection(&request, async |ws| ws.recv().await);
            assert!(futures::FutureExt::now_or_never(body).is_none());
        }
        assert_eq!(operations(&verifier), ["connect", "drop"]);
        verifier.finish().await;
    }

    async fn a_socket_and_a_websocket_share_one_order() {
        let verifier = Verifier::new();
        let (sockets, websockets) = (verifier.socket(), verifier.websocket());
        sockets.new_session().expect_connect(any()).expect_send_all(any()).expect_recv(b"token").expect_close();
        websockets.new_session().expect_connect(any()).expect_send(any()).expect_close(any());
        let mut socket = sockets.connect(&Endpoint::new("login", 1)).await.unwrap();
        let mut ws = connect(&websockets).await;
        socket.send_all(b"who am i").await.unwrap();
        socket.recv_exact(&mut [0; 5]).await.unwrap();
        ws.send_text("token").await.unwrap();
        drop(socket);
        ws.close_with(1000, "").await.unwrap();
        drop(ws);
        assert_eq!(
            operations(&verifier),
            ["connect", "connect", "send_all", "recv", "send", "close", "close"]
        );
        sockets.assert_connect("login:1");
        websockets.assert_connect(URI);
        sockets.assert_send_all(b"who am i");
        websockets.assert_send("token");
        sockets.assert_close();
        websockets.assert_close(1000);
        verifier.finish().await;
    }

    async fn a_websocket_moves_to_any_task_and_still_reports() {
        let verifier = Verifier::new();
        let net = verifier.websocket();
        for _ in 0..10 {
            net.new_session().expect_connect(URI).expect_send("hi").expect_close(None);
        }
        let clients: Vec<_> = (0..10)
            .map(|_| {
                let net = net.clone();
                spawn(async move {
                    let said = async |ws: &mut _| WebSocketExt::send_text(ws, "hi").await;
                    net.with_connection(&request(), said).await.unwrap();
                })
            })
            .collect();
        futures::future::join_all(clients).await;
        verifier.finish().await;
    }
}

#[test]
fn a_panic_of_the_body_is_no_close() {
    let verifier = Verifier::new();
    let net = verifier.websocket();
    net.new_session().expect_connect(URI).expect_drop();
    let body = std::panic::AssertUnwindSafe(|| {
        let panics = async |_: &mut _| -> Result<(), WebSocketError> { panic!("the body's own") };
        block_on(net.with_connection(&request(), panics))
    });
    assert!(std::panic::catch_unwind(body).is_err());
    assert_eq!(operations(&verifier), ["connect", "drop"]);
    verifier.verify();
}

#[test]
fn a_client_works_on_boxed_connectors_and_transports() {
    async fn client(ws: &mut dyn WebSocketTransport) -> Result<Option<Message>, WebSocketError> {
        ws.send_text("hi").await?;
        ws.recv().await
    }
    let verifier = Verifier::new();
    let net = verifier.websocket();
    net.new_session().expect_connect(URI).expect_send("hi").expect_recv("hi yourself");
    let boxed = net.boxed();
    block_on(async {
        let mut ws = boxed.connect(&request()).await.unwrap();
        assert_eq!(client(&mut *ws).await.unwrap(), Some("hi yourself".into()));
        assert!(format!("{ws:?}").starts_with("WebSocketTransport"), "{ws:?}");
    });
    verifier.verify();
}

#[test]
fn run_is_the_whole_frame_of_a_test_with_websockets() {
    let error = block_on(wirescript::run(async |verifier| {
        let net = verifier.websocket();
        net.new_session().expect_connect(URI).rejects(401);
        echo(&net, &["hello"]).await
    }))
    .unwrap_err();
    assert!(matches!(error, WebSocketError::Rejected(_)));

    // A client that ignores every error cannot hide a violation.
    let ended = crate::witness::within_reason(|| {
        block_on(wirescript::run(async |verifier| {
            let net = verifier.websocket();
            net.new_session().expect_connect(URI).expect_recv_close(1000, "");
            let mut ws = connect(&net).await;
            check_received(&mut ws, close(1000, "")).await;
            while ws.send_text("are you there").await.is_err() {}
        }));
    });
    let told = crate::witness::text(ended.expect_err("it ends with the verdict"));
    assert!(told.contains("the client ignores that its connection has ended"), "{told}");
}

#[test]
fn a_violation_is_found_behind_every_error_that_is_made_of_it() {
    let verifier = Verifier::new();
    let net = verifier.websocket();
    let error = block_on(echo(&net, &[])).unwrap_err();
    assert!(Violation::behind(&error).unwrap().is_unmocked());
    assert!(Violation::of(&std::io::Error::from(error)).unwrap().is_unmocked());
    assert!(verifier.try_verify().is_err());
    let request = WebSocketRequest::new("wss://elsewhere/").unwrap();
    assert!(request.is_secure());
}
