//! Messages and pings, both ways.

use futures::SinkExt;
use wirescript::WebSocketExt;
use wirescript::websocket::Message;

use crate::places::{Place, everywhere, next};

/// The largest message that the servers take, in bytes.
pub(crate) const LARGEST: usize = 16 << 20;
/// How many messages are on their way at once.
const MANY: usize = 1000;

everywhere! {
    messages_come_back_as_they_are
    a_message_of_16_mib_comes_back
    many_messages_come_back_in_order
    fragments_come_as_one_message_and_a_ping_between_them_first
    the_server_answers_a_ping
    the_server_gets_an_answer_to_its_ping
}

/// Some bytes that are no text, and differ from their neighbours.
fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i % 251) as u8).collect()
}

async fn messages_come_back_as_they_are(place: Place) {
    let mut socket = place.connect("echo").await;
    assert_eq!(socket.handshake().info().is_secure(), place.is_secure);
    // 125 and 65535 bytes are the last that fit into a length of one byte and of three.
    let lens = [1, 125, 126, 65535, 65536].map(|len| Message::binary(pattern(len)));
    let texts = ["hello", "", "caf\u{e9} \u{1f600}\0"].map(Message::text);
    for message in texts.into_iter().chain(lens).chain([Message::binary(b"".to_vec())]) {
        socket.send_message(message.clone()).await.unwrap();
        assert_eq!(next(&mut socket).await, message);
    }
    socket.disconnect(1000, "").await.unwrap();
}

async fn a_message_of_16_mib_comes_back(place: Place) {
    let mut socket = place.connect("echo").await;
    let message = Message::binary(pattern(LARGEST));
    socket.send_message(message.clone()).await.unwrap();
    assert!(next(&mut socket).await == message);
    let message = Message::text("\u{e9}".repeat(LARGEST / 32));
    socket.send_message(message.clone()).await.unwrap();
    assert!(next(&mut socket).await == message);
    socket.disconnect(1000, "").await.unwrap();
}

async fn many_messages_come_back_in_order(place: Place) {
    let mut socket = place.connect("echo").await;
    for number in 0..MANY {
        socket.feed(Message::text(number.to_string())).await.unwrap();
    }
    socket.flush().await.unwrap();
    for number in 0..MANY {
        assert_eq!(next(&mut socket).await.as_text(), Some(&*number.to_string()));
    }
    socket.disconnect(1000, "").await.unwrap();
}

async fn fragments_come_as_one_message_and_a_ping_between_them_first(place: Place) {
    let (mut socket, seen) = place.connect_seen("fragments").await;
    // The cut is within a code point, where the server cuts bytes.
    let texts = ["caf\u{e9}s", "ab"].map(Message::text);
    for message in texts.into_iter().chain([Message::binary(pattern(100_001))]) {
        socket.send_message(message.clone()).await.unwrap();
        assert_eq!(next(&mut socket).await, Message::ping("between"));
        assert_eq!(next(&mut socket).await, message);
    }
    socket.disconnect(1000, "").await.unwrap();
    assert_eq!(place.saw(seen).await, "1000");
}

async fn the_server_answers_a_ping(place: Place) {
    let mut socket = place.connect("echo").await;
    for payload in [&b""[..], b"are you there?", &[0xff; Message::MAX_CONTROL]] {
        socket.ping(payload).await.unwrap();
        assert_eq!(next(&mut socket).await, Message::pong(payload));
    }
    socket.disconnect(1000, "").await.unwrap();
}

/// Nobody does anything for it but receive.
async fn the_server_gets_an_answer_to_its_ping(place: Place) {
    let mut socket = place.connect("ping").await;
    assert_eq!(next(&mut socket).await, Message::ping("are you there?"));
    assert_eq!(next(&mut socket).await, Message::text("ponged"));
    socket.disconnect(1000, "").await.unwrap();
}
