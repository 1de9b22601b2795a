//! The frame of each test: a promise that is broken by waiting for ever is broken in finite time.

use std::panic::resume_unwind;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

/// Much longer than any promise takes on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs `promise` on a thread of its own and waits for it for a minute.
///
/// # Panics
///
/// As `promise` does; or because it is not through by then. Its thread is then left behind.
#[track_caller]
pub fn check(promise: impl FnOnce() + Send + 'static) {
    let (done, waiting) = channel();
    let mut thread = thread::Builder::new();
    if let Some(name) = thread::current().name() {
        thread = thread.name(name.to_owned());
    }
    let running = thread
        .spawn(move || {
            promise();
            // Nobody waits any more if it took too long.
            let _ = done.send(());
        })
        .expect("the system has no thread to spare");
    if let Err(RecvTimeoutError::Timeout) = waiting.recv_timeout(PATIENCE) {
        panic!("after {PATIENCE:?}, something still waits, and nothing will come");
    }
    if let Err(panic) = running.join() {
        resume_unwind(panic);
    }
}
