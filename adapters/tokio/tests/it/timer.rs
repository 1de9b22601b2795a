//! Sleeping, on a clock that is paused: only the tests move it.

use std::time::Duration;

use tokio::time::{Instant, advance};
use wirescript::{AsyncSocketExt, Timer};
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
