//! Virtual time: it stands still, unless a model lets it run.
//!
//! It takes the place of `session/clock.rs` in a model. Where time runs, it does so as on the worst
//! of machines: whenever an alarm is pending, its time may come before anybody else does anything.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use shuttle::future;

use super::anything_may_happen;

/// Somebody who can be rung.
pub(crate) trait Ring: Send + Sync {
    fn ring(self: Arc<Self>, now: Instant);
}

shuttle::lazy_static! {
    /// The time of one execution. Its lock is the standard library's and is never contended, so
    /// that looking at a clock is nothing that the schedules have to be about.
    static ref TIME: Arc<Mutex<Time>> = Arc::default();
}

#[derive(Default)]
struct Time {
    passed: Duration,
    alarms: BTreeMap<(Instant, usize), Weak<dyn Ring>>,
    /// How many alarms there were.
    set: usize,
    /// The clock, while it waits for an alarm.
    clock: Option<Waker>,
}

pub(crate) fn now() -> Instant {
    epoch() + passed()
}

pub(crate) fn ring_at(at: Instant, whom: Weak<dyn Ring>) {
    let clock = with_time(|time| {
        time.set += 1;
        time.alarms.insert((at, time.set), whom);
        time.clock.take()
    });
    if let Some(clock) = clock {
        clock.wake();
    }
}

/// Makes the time of this execution, which takes a lock where schedules have nothing to be about.
pub(super) fn begin() {
    let _ = passed();
}

/// How much time has passed since the model began.
pub(super) fn passed() -> Duration {
    with_time(|time| time.passed)
}

/// Lets so much time pass, as if nobody had been run meanwhile.
pub(super) fn pass(time: Duration) {
    with_time(|now| now.passed += time);
}

/// Lets time run, from one alarm to the next.
pub(super) fn run() {
    drop(future::spawn(async {
        loop {
            poll_fn(|cx| {
                with_time(|time| match time.alarms.is_empty() {
                    false => Poll::Ready(()),
                    true => {
                        time.clock = Some(cx.waker().clone());
                        Poll::Pending
                    }
                })
            })
            .await;
            anything_may_happen();
            let rung = with_time(|time| {
                let ((at, _), whom) = time.alarms.pop_first()?;
                time.passed = time.passed.max(at - epoch());
                Some((epoch() + time.passed, whom.upgrade()?))
            });
            if let Some((now, whom)) = rung {
                whom.ring(now);
            }
        }
    }));
}

/// Instants cannot be made up, so there has to be a first one.
fn epoch() -> Instant {
    static EPOCH: OnceLock<Instant> = OnceLock::new();
    *EPOCH.get_or_init(Instant::now)
}

fn with_time<T>(look: impl FnOnce(&mut Time) -> T) -> T {
    look(&mut TIME.lock().unwrap_or_else(PoisonError::into_inner))
}
