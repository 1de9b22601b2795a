//! How a WebSocket is opened, as far as that can be said without bytes.

use wirescript::websocket::{Message, WebSocketError};
use wirescript::{WebSocketConnect, WebSocketExt, WebSocketTransport};

use super::support::{check_received, pair, request};
use crate::websocket::{Answer, Listener, Peer, Subject};

/// The handshake has the status 101, and no subprotocol that nobody asked for.
pub async fn the_handshake_says_how_it_was_opened<T: Subject>() {
    let (socket, _peer) = pair::<T>().await;
    assert_eq!(socket.handshake().status(), 101);
    assert_eq!(socket.handshake().subprotocol(), None);
}

/// The subprotocol that was chosen of several is in the handshake.
pub async fn the_subprotocol_that_the_server_chose_is_known<T: Subject>() {
    let listener = T::Listener::new(Answer::Chooses("chat.v1"));
    let request = request::<T>(&listener);
    let request = request.with_subprotocol("chat.v2").unwrap().with_subprotocol("chat.v1").unwrap();
    let socket = T::connector().connect(&request).await.unwrap();
    assert_eq!(socket.handshake().subprotocol(), Some("chat.v1"));
}

/// A connector of a type that is chosen at run time opens the same.
pub async fn a_boxed_connector_connects<T: Subject>() {
    let listener = T::Listener::new(Answer::Opens);
    let request = request::<T>(&listener);
    let mut socket = T::connector().boxed().connect(&request).await.unwrap();
    let mut peer = listener.accept();
    peer.says(&"hello".into());
    check_received(&mut socket, &"hello".into()).await;
    peer.awaits(&Message::from("hi"));
    socket.send_text("hi").await.unwrap();
    assert_eq!(peer.hears(), Message::from("hi"));
}

/// Another status is a rejection, and nobody follows where it points to.
pub async fn a_server_that_refuses_is_a_rejection<T: Subject>() {
    for status in [404, 401, 301, 200, 503] {
        let listener = T::Listener::new(Answer::Refuses(status, "sorry"));
        match T::connector().connect(&request::<T>(&listener)).await.map(drop) {
            Err(WebSocketError::Rejected(response)) => {
                assert_eq!(response.status().as_u16(), status);
                assert_eq!(&response.body()[..], b"sorry");
            }
            other => panic!("{status} was answered, and what came of it is {other:?}"),
        }
    }
}
