//! How a WebSocket over TLS ends, with a close and without, and what arrives before it.

use std::io::Read;
use std::net::Shutdown;
use std::sync::mpsc::channel;

use tungstenite::Error;
use wirescript::websocket::{
    BoxWebSocket, CloseFrame, Message, WebSocketConnectExt, WebSocketError,
};
use wirescript::{WebSocketConnect, WebSocketExt};

use super::ca::{Ca, HOST};
use super::server::{Server, end};
use super::{Net, on_every_net, trusting};

/// How many messages a server says that nobody has received when the client closes.
const UNREAD: usize = 64;

on_every_net! {
    a_close_at_the_end_of_a_scope_reaches_a_server_that_reads_late
    a_disconnect_reads_what_is_left_so_that_nobody_is_reset
    after_both_closes_an_end_without_a_close_notify_is_an_ordinary_end
    before_both_closes_an_end_is_abnormal_with_a_close_notify_or_without
}

fn close(code: u16, reason: &'static str) -> Message {
    CloseFrame::new(code, reason).into()
}

/// The tickets of TLS 1.3 came before the answer that opened the WebSocket, so they have been read,
/// and to drop the connection does not reset it.
async fn a_close_at_the_end_of_a_scope_reaches_a_server_that_reads_late(net: Net) {
    let (has_dropped, dropped) = channel();
    let server = Server::new(Ca::trusted().server(HOST).config(), move |socket| {
        dropped.recv().unwrap();
        let heard = [socket.read().unwrap(), socket.read().unwrap()];
        // The answer cannot arrive. What the end is does not matter any more.
        assert!(socket.read().is_err());
        heard
    });
    let body = async |ws: &mut BoxWebSocket| ws.send_text("last words").await;
    trusting(net).with_connection(&server.request, body).await.unwrap();
    has_dropped.send(()).unwrap();
    let [words, closed] = server.outcome().unwrap();
    assert_eq!(words, tungstenite::Message::text("last words"));
    assert_eq!(closed, tungstenite::Message::Close(None));
}

async fn a_disconnect_reads_what_is_left_so_that_nobody_is_reset(net: Net) {
    let (has_said, said) = channel();
    let server = Server::new(Ca::trusted().server(HOST).config(), move |socket| {
        for _ in 0..UNREAD {
            socket.send(tungstenite::Message::binary(vec![7; 1024])).unwrap();
        }
        has_said.send(()).unwrap();
        let closed = socket.read().unwrap();
        assert!(matches!(socket.read(), Err(Error::ConnectionClosed)));
        let stream = socket.get_mut();
        end(stream);
        // Its own end is none of TLS, and no reset either.
        let mut rest = Vec::new();
        let ended = stream.sock.read_to_end(&mut rest);
        (closed, ended.unwrap())
    });
    let socket = trusting(net).connect(&server.request).await.unwrap();
    said.recv().unwrap();
    socket.disconnect(4000, "enough").await.unwrap();
    let (closed, rest) = server.outcome().unwrap();
    let tungstenite::Message::Close(Some(frame)) = closed else { panic!("{closed:?}") };
    assert_eq!((u16::from(frame.code), &*frame.reason), (4000, "enough"));
    assert_eq!(rest, 0);
}

/// Nobody on the way can have cut anything off: both closes have come.
async fn after_both_closes_an_end_without_a_close_notify_is_an_ordinary_end(net: Net) {
    for is_server_first in [true, false] {
        let server = Server::new(Ca::trusted().server(HOST).config(), move |socket| {
            if is_server_first {
                socket.close(None).unwrap();
            }
            while socket.read().is_ok() {}
            socket.get_ref().sock.shutdown(Shutdown::Write).unwrap();
        });
        let mut socket = trusting(net).connect(&server.request).await.unwrap();
        if !is_server_first {
            socket.close_with(1000, "").await.unwrap();
        }
        let answer = if is_server_first { Message::Close(None) } else { close(1000, "") };
        assert_eq!(socket.recv().await.unwrap(), Some(answer));
        assert_eq!(socket.recv().await.unwrap(), None, "is_server_first: {is_server_first}");
        assert_eq!(socket.recv().await.unwrap(), None);
        server.outcome().unwrap();
    }
}

async fn before_both_closes_an_end_is_abnormal_with_a_close_notify_or_without(net: Net) {
    for is_notified in [true, false] {
        for is_closed_by_us in [true, false] {
            let server = Server::new(Ca::trusted().server(HOST).config(), move |socket| {
                socket.send(tungstenite::Message::text("so far")).unwrap();
                if is_closed_by_us {
                    // It hears the close, and does not answer.
                    socket.get_mut().read_exact(&mut [0; 8]).unwrap();
                }
                if is_notified {
                    end(socket.get_mut());
                } else {
                    socket.get_ref().sock.shutdown(Shutdown::Write).unwrap();
                }
            });
            let mut socket = trusting(net).connect(&server.request).await.unwrap();
            if is_closed_by_us {
                socket.close_with(1000, "").await.unwrap();
            }
            assert_eq!(socket.recv().await.unwrap(), Some(Message::text("so far")));
            let error = socket.recv().await.unwrap_err();
            assert!(matches!(error, WebSocketError::AbnormalClosure), "{error:?}");
            assert_eq!(socket.recv().await.unwrap(), None);
            server.outcome().unwrap();
        }
    }
}
