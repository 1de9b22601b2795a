//! M1 and M2: what is received, and what answers a ping. CASES 47 and 49.

use futures::executor::block_on;
use futures::{SinkExt, StreamExt};
use wirescript::scripted::WebSocketState;
use wirescript::websocket::{Message, Text, WebSocketError, WebSocketRequest, WebSocketTransport};
use wirescript::{Verifier, WebSocketConnect, WebSocketExt, any};

use super::support::{
    check_ended, check_error, check_pending, check_received, close, double, violation,
};
use crate::support::everywhere;
use crate::witness::operations;

everywhere! {
    async fn m1_messages_come_as_they_were_written() {
        let messages = [
            Message::text("a\u{e9}\u{20ac}\u{1f600}\0\r\n"),
            Message::text(""),
            Message::binary(b"\xff\0".to_vec()),
            Message::binary(""),
            Message::ping(""),
            Message::pong("unasked"),
        ];
        let (verifier, mut ws) = double(|script| {
            messages.iter().fold(script, |script, one| script.expect_recv(one.clone()).erased())
        });
        for message in messages {
            check_received(&mut ws, message).await;
        }
        check_pending(&mut ws);
        drop(ws);
        assert_eq!(operations(&verifier), ["recv"; 6]);
        verifier.finish().await;
    }

    async fn m2_a_pong_that_answers_a_ping_needs_no_step() {
        let (verifier, mut ws) = double(|script| {
            script
                .expect_recv(Message::ping("1"))
                .expect_recv(Message::ping("2"))
                .expect_recv("hello")
                .expect_send("bye")
        });
        check_received(&mut ws, Message::ping("1")).await;
        check_received(&mut ws, Message::ping("2")).await;
        check_received(&mut ws, "hello").await;
        ws.send_text("bye").await.unwrap();
        drop(ws);
        verifier.finish().await;
    }
}

#[test]
fn text_is_not_binary_and_an_empty_message_is_a_message() {
    let kinds = ["hi".into(), Message::binary("hi"), Message::ping("hi"), Message::pong("hi")];
    for expected in &kinds {
        for sent in &kinds {
            let (verifier, mut ws) = double(|script| script.expect_send(expected));
            let result = block_on(ws.send_message(sent.clone()));
            if sent == expected {
                result.unwrap();
                drop(ws);
                verifier.verify();
            } else {
                assert!(violation(result).is_mismatch());
                assert_eq!(verifier.try_verify().unwrap_err().violations().count(), 1);
            }
        }
    }
    for empty in [Message::text(""), Message::binary("")] {
        let (verifier, mut ws) = double(|script| script.expect_send(&empty));
        block_on(ws.send_message(empty)).unwrap();
        drop(ws);
        verifier.verify();
    }
    let (verifier, ws) = double(|script| script.expect_send(""));
    drop(ws);
    assert_eq!(verifier.try_verify().unwrap_err().unused().len(), 1);
}

#[test]
fn every_kind_of_literal_is_the_message_that_it_looks_like() {
    let owned = String::from("c");
    let (verifier, mut ws) = double(|script| {
        script
            .expect_send("a")
            .expect_send(String::from("b"))
            .expect_send(&owned)
            .expect_send(std::borrow::Cow::from("d"))
            .expect_send(Text::from("e"))
            .expect_send(b"f")
            .expect_send(*b"g")
            .expect_send(&b"h"[..])
            .expect_send(vec![b'i'])
            .expect_send(bytes::Bytes::from_static(b"j"))
            .expect_send(Message::ping("k"))
            .expect_recv("l")
            .expect_recv(b"m")
            .expect_recv(&b"n"[..])
            .expect_recv(vec![b'o'])
    });
    block_on(async {
        for text in ["a", "b", "c", "d", "e"] {
            ws.send_text(text).await.unwrap();
        }
        for bytes in [b"f", b"g", b"h", b"i", b"j"] {
            ws.send_binary(&bytes[..]).await.unwrap();
        }
        ws.ping("k").await.unwrap();
        check_received(&mut ws, "l").await;
        for bytes in [b"m", b"n", b"o"] {
            check_received(&mut ws, bytes).await;
        }
    });
    drop(ws);
    verifier.verify();
}

#[test]
fn m1_the_stream_and_the_sink_are_those_of_futures() {
    let (verifier, mut ws) = double(|script| {
        script
            .expect_send("one")
            .expect_send("two")
            .expect_recv("three")
            .expect_recv_close(1000, "")
            .expect_eof()
    });
    block_on(async {
        let mut messages =
            futures::stream::iter(["one", "two"]).map(|text| Ok(Message::from(text)));
        ws.send_all(&mut messages).await.unwrap();
        let rest: Vec<_> = ws.by_ref().map(Result::unwrap).collect().await;
        assert_eq!(rest, [Message::from("three"), close(1000, "")]);
    });
    drop(ws);
    verifier.verify();
}

#[test]
fn m2_a_pong_of_the_clients_own_is_a_message_like_any_other() {
    let (verifier, mut ws) =
        double(|script| script.expect_recv(Message::ping("1")).expect_send(Message::pong("1")));
    block_on(async {
        check_received(&mut ws, Message::ping("1")).await;
        ws.send_message(Message::pong("1")).await.unwrap();
    });
    drop(ws);
    verifier.verify();

    let (verifier, mut ws) = double(|script| script.expect_recv(Message::ping("1")));
    block_on(async {
        check_received(&mut ws, Message::ping("1")).await;
        let strayed = ws.send_message(Message::pong("1")).await;
        assert!(violation(strayed).is_unmocked(), "what the client sends itself is stated");
    });
    assert!(verifier.try_verify().is_err());
}

#[test]
fn m8_a_message_over_a_limit_of_the_request_is_an_error_and_the_client_may_still_send() {
    for (message_limit, frame_limit, limit) in [(8, 100, 8), (100, 8, 8), (7, 8, 8)] {
        let verifier = Verifier::new();
        let net = verifier.websocket();
        net.new_session()
            .expect_connect(any())
            .expect_recv("12345678")
            .optional()
            .expect_recv("123456789")
            .expect_send("sorry");
        block_on(async {
            let request = WebSocketRequest::new("ws://a/")
                .unwrap()
                .with_max_message_size(message_limit)
                .with_max_frame_size(frame_limit);
            let mut ws = WebSocketConnect::connect(&net, &request).await.unwrap();
            if message_limit >= 8 {
                check_received(&mut ws, "12345678").await;
                check_error(ws.recv().await, WebSocketError::TooBig { size: 9, limit });
            } else {
                check_error(ws.recv().await, WebSocketError::TooBig { size: 8, limit: 7 });
            }
            check_ended(&mut ws).await;
            ws.send_text("sorry").await.unwrap();
        });
        net.assert_connect("ws://a/");
        if message_limit >= 8 {
            verifier.verify();
        }
        let _ = verifier.try_verify();
    }
}

#[test]
fn m8_control_frames_are_not_held_to_the_limit_of_messages() {
    let verifier = Verifier::new();
    let net = verifier.websocket();
    net.new_session()
        .expect_connect("ws://a/")
        .expect_recv(Message::ping("12345"))
        .expect_recv("1234");
    block_on(async {
        let request = WebSocketRequest::new("ws://a/").unwrap().with_max_message_size(4);
        let mut ws = WebSocketConnect::connect(&net, &request).await.unwrap();
        check_received(&mut ws, Message::ping("12345")).await;
        check_received(&mut ws, "1234").await;
    });
    verifier.verify();
}

#[test]
fn doubles_are_debug_send_unpin_and_static() {
    fn check<T: std::fmt::Debug + Send + Unpin + 'static>(_: &T) {}
    fn check_transport<T: WebSocketTransport>(_: &T) {}
    let (_verifier, ws) = double(|script| script);
    check(&ws);
    check_transport(&ws);
    let shown = format!("{ws:?}");
    assert!(shown.starts_with("ScriptedWebSocket { session: 1, handshake: "), "{shown}");
    assert_eq!(format!("{:?}", WebSocketState::PeerClosed), "PeerClosed");
}
