//! Sleeping, on a clock that is paused: only the tests move it.

use std::time::Duration;

use tokio::time::{Instant, advance};
use wirescript::scripted::Violation;
use wirescript::{AsyncSocketExt, Connect, Endpoint, Timer, Verifier};
use wirescript_tokio::TokioTimer;

use crate::support::{pair, poll_once};

#[tokio::test(start_paused = true)]
async fn a_sleep_begins_at_the_call() {
    let called = Instant::now();
    let sleep = TokioTimer::new().sleep(Duration::from_secs(5));
    advance(Duration::from_secs(3)).await;
    sleep.await;
    assert_eq!(called.elapsed().as_secs(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_sleep_is_not_over_before_its_time() {
    let mut sleep = TokioTimer::new().sleep(Duration::from_secs(5));
    advance(Duration::from_secs(4)).await;
    assert!(poll_once(&mut sleep).await.is_pending());
    advance(Duration::from_secs(2)).await;
    assert!(poll_once(&mut sleep).await.is_ready());
}

#[tokio::test(start_paused = true)]
async fn c7_a_client_makes_a_timeout_of_a_timer_that_it_was_given() {
    let timer: Box<dyn Timer> = Box::new(TokioTimer::new());
    let (mut socket, _peer) = pair().await;
    let mut buf = [0; 8];
    tokio::select! {
        received = socket.recv(&mut buf) => panic!("the peer is silent, but {received:?} came"),
        () = timer.sleep(Duration::from_secs(30)) => {}
    }
}

#[tokio::test(start_paused = true)]
async fn the_delays_of_a_script_run_on_it() {
    const HOUR: Duration = Duration::from_secs(3600);
    let verifier = Verifier::builder().timer(TokioTimer::new()).build();
    let run = verifier.run(async |verifier| {
        let net = verifier.socket();
        net.new_session()
            .expect_connect("late:1")
            .after(HOUR)
            .expect_recv("x")
            .after(HOUR)
            .expect_eof();
        let called = Instant::now();
        let mut socket = net.connect(&Endpoint::new("late", 1)).await.unwrap();
        assert_eq!(called.elapsed(), HOUR);
        assert_eq!(socket.recv_to_end(8).await.unwrap(), b"x");
        assert_eq!(called.elapsed(), 2 * HOUR);
    });
    run.await;
}

#[tokio::test(start_paused = true)]
async fn w3_patience_is_real_time_beside_it() {
    const SHORT: Duration = Duration::from_millis(10);
    let verifier = Verifier::builder().timer(TokioTimer::new()).patience(SHORT).build();
    let mut socket =
        verifier.socket().new_session().expect_send_all("ask").expect_recv("x").into_socket();
    let (called, called_in_real_time) = (Instant::now(), std::time::Instant::now());
    let error = socket.recv(&mut [0; 8]).await.unwrap_err();
    assert!(called.elapsed().is_zero(), "the clock is paused");
    assert!(called_in_real_time.elapsed() >= SHORT);
    drop(socket);
    let report = verifier.try_verify().unwrap_err();
    let told = report.violations().next();
    assert!(told.is_some_and(Violation::is_stalled), "{report}");
    assert_eq!(Violation::of(&error), told);
}
