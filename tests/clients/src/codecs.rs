//! What clients are built of: the codecs of tokio-util, and the buffers of futures on the scripted
//! socket itself.

use std::io::{self, ErrorKind};
use std::time::Duration;

use bytes::Bytes;
use futures::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, BufWriter};
use futures::{SinkExt, StreamExt, TryStreamExt, stream};
use tokio_util::codec::{Decoder, Framed};
use tokio_util::codec::{
    FramedRead, FramedWrite, LengthDelimitedCodec, LinesCodec, LinesCodecError,
};
use wirescript::scripted::{Chunks, Socket, Violation};
use wirescript::{Connect, Endpoint, Scripted, Verifier};
use wirescript_tokio::IntoTokio;

use crate::both_flavours;

/// Every way in which the network may cut what the peer says.
const CUTS: [Chunks; 3] = [Chunks::Whole, Chunks::Bytewise, Chunks::Seeded(7)];
/// The longest line that a client takes.
const LONGEST: usize = 64;
/// Long enough for a client to get to its wait, and short enough to wait for.
const SHORT: Duration = Duration::from_millis(100);

fn mail() -> Endpoint {
    Endpoint::new("mail.internal", 25)
}

/// Introduces itself by lines, each answered by a line.
async fn by_lines<C: Connect>(net: &C) -> Result<Vec<String>, LinesCodecError> {
    let stream = IntoTokio::new(net.connect(&mail()).await?);
    let mut lines = LinesCodec::new_with_max_length(LONGEST).framed(stream);
    let mut heard = Vec::new();
    for said in ["HELO client.internal", "QUIT"] {
        heard.push(lines.try_next().await?.ok_or(io::Error::from(ErrorKind::UnexpectedEof))?);
        lines.send(said).await?;
    }
    heard.extend(lines.try_collect::<Vec<String>>().await?);
    Ok(heard)
}

fn script_by_lines(net: &Scripted<Socket>) {
    net.new_session()
        .expect_connect("mail.internal:25")
        .expect_recv("220 ready\r\n")
        .expect_send_all("HELO client.internal\n")
        .expect_recv("250 hello\n")
        .expect_send_all("QUIT\n")
        .expect_recv("221 bye\n")
        .expect_eof()
        .expect_close();
}

/// Says the same by the buffers of futures, on the socket itself.
async fn by_buffers<S: wirescript::AsyncSocket>(socket: S) -> io::Result<Vec<String>> {
    let (reader, writer) = socket.split();
    let mut replies = BufReader::new(reader).lines();
    let mut writer = BufWriter::new(writer);
    let mut heard = Vec::new();
    for said in ["HELO client.internal", "QUIT"] {
        heard.push(replies.try_next().await?.ok_or(ErrorKind::UnexpectedEof)?);
        writer.write_all(said.as_bytes()).await?;
        writer.write_all(b"\n").await?;
        writer.flush().await?;
    }
    heard.extend(replies.try_collect::<Vec<String>>().await?);
    writer.close().await?;
    Ok(heard)
}

const REPLIES: [&str; 3] = ["220 ready", "250 hello", "221 bye"];

both_flavours! {
    async fn lines_are_lines_wherever_they_are_cut() {
        for cut in CUTS {
            let verifier = Verifier::builder().chunks(cut).build();
            let net = verifier.socket();
            script_by_lines(&net);
            assert_eq!(by_lines(&net).await.unwrap(), REPLIES);
            verifier.finish().await;
        }
    }

    async fn buffers_change_nothing() {
        for cut in CUTS {
            let verifier = Verifier::builder().chunks(cut).build();
            let net = verifier.socket();
            script_by_lines(&net);
            let socket = net.connect(&mail()).await.unwrap();
            assert_eq!(by_buffers(socket).await.unwrap(), REPLIES);
            verifier.finish().await;
        }
    }

    async fn a_line_that_has_no_end_is_refused() {
        let verifier = Verifier::new();
        let net = verifier.socket();
        net.new_session()
            .expect_connect("mail.internal:25")
            .expect_recv("2".repeat(LONGEST + 1))
            .in_chunks(LONGEST)
            .expect_close();
        let error = by_lines(&net).await.unwrap_err();
        assert!(matches!(error, LinesCodecError::MaxLineLengthExceeded));
        verifier.finish().await;
    }

    async fn frames_go_both_ways_at_once() {
        for cut in CUTS {
            let verifier = Verifier::builder().chunks(cut).build();
            let socket = verifier
                .socket()
                .new_session()
                .expect_send_all(b"\0\0\0\x03one")
                .expect_recv(b"\0\0\0\x04eins")
                .expect_send_all(b"\0\0\0\0")
                .expect_recv(b"\0\0\0\0\0\0\0\x04zwei")
                .expect_shutdown()
                .expect_eof()
                .expect_close()
                .into_socket();

            let (reader, writer) = tokio::io::split(IntoTokio::new(socket));
            let writer = FramedWrite::new(writer, LengthDelimitedCodec::new());
            let frames = [Bytes::from_static(b"one"), Bytes::new()].map(io::Result::Ok);
            // It shuts down when it has sent them.
            let said = tokio::spawn(stream::iter(frames).forward(writer));
            let heard = FramedRead::new(reader, LengthDelimitedCodec::new());
            let heard: Vec<_> = heard.try_collect().await.unwrap();
            assert_eq!(heard, [&b"eins"[..], b"", b"zwei"]);
            said.await.unwrap().unwrap();
            verifier.finish().await;
        }
    }

    async fn a_frame_that_breaks_off_is_told_from_one_that_ends() {
        let verifier = Verifier::new();
        let socket = verifier
            .socket()
            .new_session()
            .expect_recv(b"\0\0\0\x04ei")
            .expect_eof()
            .into_socket();
        let mut frames = Framed::new(IntoTokio::new(socket), LengthDelimitedCodec::new());
        let error = frames.next().await.unwrap().unwrap_err();
        assert_eq!(error.to_string(), "bytes remaining on stream");
        drop(frames);
        verifier.finish().await;
    }

    async fn another_line_than_the_script_has_is_reported() {
        let verifier = Verifier::new();
        let net = verifier.socket();
        net.new_session()
            .expect_connect("mail.internal:25")
            .expect_recv("220 ready\r\n")
            .expect_send_all("EHLO client.internal\n");
        let LinesCodecError::Io(error) = by_lines(&net).await.unwrap_err() else {
            panic!("the line is short enough")
        };
        let report = verifier.try_verify().unwrap_err();
        let told = report.violations().next().unwrap();
        assert!(told.is_mismatch(), "{report}");
        assert_eq!(Violation::of(&error), Some(told), "the codec hands on what it was told");
    }

    async fn a_frame_of_another_length_is_reported() {
        let verifier = Verifier::new();
        let net = verifier.socket();
        let socket = net.new_session().expect_send_all(b"\0\x03one").into_socket();
        let mut frames = Framed::new(IntoTokio::new(socket), LengthDelimitedCodec::new());
        let error = frames.send(Bytes::from_static(b"one")).await.unwrap_err();
        drop(frames);
        let report = verifier.try_verify().unwrap_err();
        let told = report.violations().next().unwrap();
        assert!(told.is_mismatch(), "{report}");
        assert_eq!(Violation::of(&error), Some(told));
    }

    async fn a_client_that_forgets_to_flush_is_told_who_waits_for_whom() {
        let verifier = Verifier::builder().patience(SHORT).build();
        let net = verifier.socket();
        let socket = net
            .new_session()
            .expect_send_all("HELO client.internal\n")
            .expect_recv("250 hello\n")
            .into_socket();

        let (reader, writer) = socket.split();
        let mut writer = BufWriter::new(writer);
        writer.write_all(b"HELO client.internal\n").await.unwrap();
        let error = BufReader::new(reader).lines().next().await.unwrap().unwrap_err();
        drop(writer);
        let report = verifier.try_verify().unwrap_err();
        let told = report.violations().next().unwrap();
        assert!(told.is_stalled(), "{report}");
        assert_eq!(Violation::of(&error), Some(told));
    }
}
