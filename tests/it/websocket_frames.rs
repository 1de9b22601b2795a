//! Frames of WebSockets on a scripted byte socket, below whatever speaks WebSocket.

use expect_test::expect;
use wirescript::scripted::{WebSocketFrame, WebSocketFrames};
use wirescript::{AsyncSocketExt, any};

use crate::probe::{double, only_violation};

/// What a client sends for this frame.
fn from_client(frame: &WebSocketFrame) -> Vec<u8> {
    frame.clone().masked(*b"mask").to_bytes().to_vec()
}

#[tokio::test]
async fn a_frame_of_the_client_is_met_whatever_its_mask_and_however_it_comes() {
    let frames = [
        WebSocketFrame::text("hello").unfinished(),
        WebSocketFrame::ping(""),
        WebSocketFrame::continuation(""),
        WebSocketFrame::close_bytes(b"\x03\xe8bye"),
    ];
    let (verifier, mut socket) = double(|script| {
        let script = script.framed(WebSocketFrames::new()).erased();
        frames.iter().fold(script, |script, frame| script.expect_send_frame(frame).erased())
    });
    for frame in &frames {
        for byte in from_client(frame) {
            socket.send_all(&[byte]).await.unwrap();
        }
    }
    drop(socket);
    verifier.verify();
}

#[tokio::test]
async fn a_frame_that_the_script_leaves_open_is_asserted_without_its_mask() {
    let (verifier, mut socket) =
        double(|script| script.framed(WebSocketFrames::new()).expect_send_frame(any()));
    socket.send_all(&from_client(&WebSocketFrame::text("hello"))).await.unwrap();
    drop(socket);
    verifier.socket().assert_send_frame(WebSocketFrame::text("hello"));
    verifier.verify();
}

#[tokio::test]
async fn a_frame_that_differs_is_shown_without_its_mask() {
    let (verifier, mut socket) = double(|script| {
        script.framed(WebSocketFrames::new()).expect_send_frame(WebSocketFrame::text("hello"))
    });
    socket.send_all(&from_client(&WebSocketFrame::text("hallo"))).await.unwrap_err();
    drop(socket);
    let violation = only_violation(&verifier);
    let text = violation.to_string().replace(&violation.step().unwrap().at.to_string(), "HERE");
    expect![[r#"
        the client strayed from the script

          session #1, step 1 of 1, written at HERE
            expected  send_frame b"\x81\x05hello"
            got       send_frame b"\x81\x05hallo"
                                            ^ byte 3: expected b'e', got b'a'

          fix: if the client is right, change the payload of the step; shown is the whole frame"#]]
    .assert_eq(&text);
}

#[tokio::test]
async fn a_frame_without_a_mask_is_none() {
    let (verifier, mut socket) =
        double(|script| script.framed(WebSocketFrames::new()).expect_send_frame(any()));
    let error = socket.send_all(&WebSocketFrame::text("hello").to_bytes()).await.unwrap_err();
    assert!(error.to_string().contains("a client masks its frames (RFC 6455 section 5.1)"));
    drop(socket);
    only_violation(&verifier);
}

#[test]
#[should_panic(expected = "what is framed here is a whole `WebSocketFrame`")]
fn a_payload_that_is_no_frame_is_refused_where_it_is_written() {
    double(|script| script.framed(WebSocketFrames::new()).expect_send_frame("hello"));
}
