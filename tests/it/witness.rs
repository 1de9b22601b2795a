//! What the tests about waiting, tasks and frames share: time that passes, and a look at what
//! went wrong.

use std::any::Any;
use std::future::Future;
use std::io;
use std::pin::pin;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Wake, Waker};
use std::thread;
use std::time::Duration;

use futures::channel::oneshot;
use futures::future::{Either, select};
use wirescript::Verifier;
use wirescript::scripted::{Blocked, Report, Violation, ViolationKind};

use crate::probe;

/// Lets real time pass, on any runtime and on none. For tests about time; not to wait for anything.
pub(crate) async fn pass(time: Duration) {
    let (passed, wait) = oneshot::channel();
    thread::spawn(move || {
        thread::sleep(time);
        let _ = passed.send(());
    });
    wait.await.expect("time passes");
}

/// What `future` gives, unless it takes longer than `time`: a client's own timeout.
pub(crate) async fn timeout<T>(time: Duration, future: impl Future<Output = T>) -> Option<T> {
    match select(pin!(future), pin!(pass(time))).await {
        Either::Left((output, _)) => Some(output),
        Either::Right(_) => None,
    }
}

/// The violation that a client was told of.
#[track_caller]
pub(crate) fn violation(error: &io::Error) -> Violation {
    probe::violation(error).clone()
}

/// What kept the client waiting, and whether it took the deadline to end that.
#[track_caller]
pub(crate) fn stall(violation: &Violation) -> (Blocked, bool) {
    match violation.kind() {
        ViolationKind::Stalled { blocked, is_deadline, .. } => (*blocked, *is_deadline),
        kind => panic!("not stalled: {kind:?}"),
    }
}

/// The verdict on a test that has to fail.
#[track_caller]
pub(crate) fn judged(verifier: &Verifier) -> Report {
    verifier.try_verify().expect_err("the verdict is against the test")
}

/// The names of the operations that happened, in order.
pub(crate) fn operations(verifier: &Verifier) -> Vec<&'static str> {
    verifier.interactions().iter().map(|one| one.operation.name).collect()
}

/// The text that a panic carries.
pub(crate) fn text(panic: Box<dyn Any + Send>) -> String {
    match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(panic) => (*panic.downcast::<&str>().expect("a panic carries a text")).to_owned(),
    }
}

/// What `test` returns, or the panic it ends with; a test that hangs fails instead.
#[track_caller]
pub(crate) fn within_reason<T: Send + 'static>(
    test: impl FnOnce() -> T + Send + 'static,
) -> thread::Result<T> {
    let (done, wait) = mpsc::channel();
    let running = thread::spawn(move || {
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(test));
        let _ = done.send(outcome);
    });
    let outcome = wait.recv_timeout(Duration::from_secs(30)).expect("the test comes to an end");
    let _ = running.join();
    outcome
}

/// A waker, and a future that is ready when somebody has woken it.
pub(crate) fn bell() -> (Waker, oneshot::Receiver<()>) {
    let (ring, rung) = oneshot::channel();
    (Waker::from(Arc::new(Bell(Mutex::new(Some(ring))))), rung)
}

struct Bell(Mutex<Option<oneshot::Sender<()>>>);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        if let Some(ring) = self.0.lock().expect("nobody panics with it").take() {
            let _ = ring.send(());
        }
    }
}

/// Set in a process that runs one scenario of a test.
const INSIDE: &str = "WIRESCRIPT_TEST_INSIDE";

/// Runs `test` again in a process of its own, where it is `scenario`, and gives what came of that;
/// `None` inside that process.
pub(crate) fn child(
    test: &str,
    environment: &[(&str, &str)],
    scenario: impl FnOnce(),
) -> Option<Output> {
    if std::env::var_os(INSIDE).is_some() {
        scenario();
        return None;
    }
    let binary = std::env::current_exe().expect("a test knows its binary");
    let mut command = Command::new(binary);
    command.args([test, "--exact", "--nocapture"]).env(INSIDE, "1");
    command.envs(environment.iter().copied());
    Some(command.output().expect("a test binary runs"))
}

/// What a child process told, if it failed as a test does: neither passed nor aborted.
#[track_caller]
pub(crate) fn told_by_failing(child: &Output) -> String {
    let told = String::from_utf8_lossy(&child.stderr).into_owned();
    assert_eq!(child.status.code(), Some(101), "{}: {told}", child.status);
    told
}
