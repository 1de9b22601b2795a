//! Sleeping, on the clock of the system: nobody but it can be asked to wait.

use std::time::{Duration, Instant};

use futures::future::{Either, select};
use wirescript::scripted::Violation;
use wirescript::{AsyncSocketExt, Connect, Endpoint, Timer, Verifier};
use wirescript_async_std::AsyncStdTimer;

use crate::support::{pair, poll_once};

const SHORT: Duration = Duration::from_millis(10);

#[test]
fn a_sleep_begins_at_the_call() {
    async_std::task::block_on(async {
        let sleep = AsyncStdTimer::new().sleep(SHORT);
        let called = Instant::now();
        while called.elapsed() < SHORT {
            std::hint::spin_loop();
        }
        assert!(poll_once(sleep).await.is_ready());
    });
}

#[test]
fn a_sleep_is_not_over_before_its_time() {
    async_std::task::block_on(async {
        let called = Instant::now();
        AsyncStdTimer::new().sleep(SHORT).await;
        assert!(called.elapsed() >= SHORT);
        assert!(poll_once(AsyncStdTimer::new().sleep(Duration::MAX)).await.is_pending());
    });
}

#[test]
fn c7_a_client_makes_a_timeout_of_a_timer_that_it_was_given() {
    async_std::task::block_on(async {
        let timer: Box<dyn Timer> = Box::new(AsyncStdTimer::new());
        let (mut socket, _peer) = pair().await;
        let mut buf = [0; 8];
        let received = std::pin::pin!(socket.recv(&mut buf));
        match select(received, timer.sleep(SHORT)).await {
            Either::Left((received, _)) => panic!("the peer is silent, but {received:?} came"),
            Either::Right(((), _)) => {}
        }
    });
}

#[test]
fn the_delays_of_a_script_run_on_it() {
    let verifier = Verifier::builder().timer(AsyncStdTimer::new()).build();
    async_std::task::block_on(verifier.run(async |verifier| {
        let net = verifier.socket();
        net.new_session()
            .expect_connect("late:1")
            .after(SHORT)
            .expect_recv("x")
            .after(SHORT)
            .expect_eof();
        let called = Instant::now();
        let mut socket = net.connect(&Endpoint::new("late", 1)).await.unwrap();
        assert!(called.elapsed() >= SHORT);
        assert_eq!(socket.recv_to_end(8).await.unwrap(), b"x");
        assert!(called.elapsed() >= 2 * SHORT);
    }));
}

#[test]
fn w3_patience_is_real_time_beside_it() {
    let verifier = Verifier::builder().timer(AsyncStdTimer::new()).patience(SHORT).build();
    let mut socket =
        verifier.socket().new_session().expect_send_all("ask").expect_recv("x").into_socket();
    let called = Instant::now();
    let error = async_std::task::block_on(socket.recv(&mut [0; 8])).unwrap_err();
    assert!(called.elapsed() >= SHORT);
    drop(socket);
    let report = verifier.try_verify().unwrap_err();
    let told = report.violations().next();
    assert!(told.is_some_and(Violation::is_stalled), "{report}");
    assert_eq!(Violation::of(&error), told);
}
