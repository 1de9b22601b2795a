//! A whole conversation: a client, a script, a verdict.

use wirescript::Verifier;

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
