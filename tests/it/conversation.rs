//! A whole conversation: a client, a script, a verdict.

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufStream};
use wirescript::{Connect, Endpoint, Verifier};
use wirescript_tokio::IntoTokio;

use crate::support::{everywhere, fetch_status, spawn};

everywhere! {
    async fn a_client_that_keeps_to_the_script_passes() {
        let verifier = Verifier::new();
        let net = verifier.socket();
        net.new_session()
            .expect_connect("monitoring.internal:5000")
            .expect_send_all(b"STATUS\r\n")
            .expect_recv(b"OK 200\r\n")
            .expect_eof()
            .expect_close();
        let status = fetch_status(&net, "monitoring.internal", 5000).await;
        assert_eq!(status.unwrap(), "OK 200\r\n");
        verifier.finish().await;
    }

    async fn a_client_that_strays_gets_an_error_and_fails_the_verdict() {
        let verifier = Verifier::new();
        let net = verifier.socket();
        net.new_session().expect_connect("monitoring.internal:5000").expect_send_all(b"STATE\r\n");
        let error = fetch_status(&net, "monitoring.internal", 5000).await.unwrap_err();
        assert!(error.to_string().starts_with("the client strayed from the script"), "{error}");
        let report = verifier.try_verify().unwrap_err();
        assert!(report.violations().next().unwrap().is_mismatch());
    }

    async fn a_client_in_a_task_of_its_own_reports_to_its_verifier() {
        let verifier = Verifier::new();
        let net = verifier.socket();
        net.new_session()
            .expect_connect("monitoring.internal:5000")
            .expect_send_all(b"STATUS\r\n")
            .expect_recv(b"OK 200\r\n")
            .expect_eof()
            .expect_close();
        let client = spawn(async move { fetch_status(&net, "monitoring.internal", 5000).await });
        assert_eq!(client.await.unwrap(), "OK 200\r\n");
        verifier.finish().await;
    }
}

#[tokio::test]
async fn what_is_written_for_tokio_runs_on_a_script() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    net.new_session()
        .expect_connect("mail.internal:25")
        .expect_recv(b"220 ready\r\n")
        .in_chunks(4)
        .expect_send_all(b"QUIT\r\n")
        .expect_recv(b"221 bye\r\n")
        .expect_eof()
        .expect_close();

    let socket = net.connect(&Endpoint::new("mail.internal", 25)).await.unwrap();
    let mut stream = BufStream::new(IntoTokio::new(socket));
    let mut line = String::new();
    stream.read_line(&mut line).await.unwrap();
    stream.write_all(b"QUIT\r\n").await.unwrap();
    stream.flush().await.unwrap();
    stream.read_to_string(&mut line).await.unwrap();
    assert_eq!(line, "220 ready\r\n221 bye\r\n");
    drop(stream);
    verifier.finish().await;
}
