//! The one background thread: it rings when real time has come.
//!
//! It knows instants and whom to ring, and nothing of what that means. It starts with the first
//! alarm and serves every verifier of the process, so that patience needs no runtime (W3).

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, OnceLock, Weak};
use std::thread;
use std::time::Instant;

/// Somebody who can be rung.
pub(crate) trait Ring: Send + Sync {
    fn ring(self: Arc<Self>, now: Instant);
}

/// What time it is to those who wait.
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Rings `whom` at `at`, or as soon after as the machine allows; nobody, if it is gone by then.
pub(crate) fn ring_at(at: Instant, whom: Weak<dyn Ring>) {
    static CLOCK: OnceLock<Sender<Alarm>> = OnceLock::new();
    let clock = CLOCK.get_or_init(|| {
        let (sender, alarms) = channel();
        thread::Builder::new()
            .name("wirescript-clock".into())
            .spawn(move || keep_time(&alarms))
            .expect("the system can start a thread");
        sender
    });
    // The thread holds the receiver for as long as the process lives.
    let _ = clock.send(Alarm { at, whom });
}

struct Alarm {
    at: Instant,
    whom: Weak<dyn Ring>,
}

fn keep_time(alarms: &Receiver<Alarm>) {
    let mut pending: BinaryHeap<Reverse<Alarm>> = BinaryHeap::new();
    loop {
        let next = match pending.peek() {
            Some(Reverse(alarm)) => alarms.recv_timeout(alarm.at.saturating_duration_since(now())),
            None => alarms.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        match next {
            Ok(alarm) => pending.push(Reverse(alarm)),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        let now = now();
        while pending.peek().is_some_and(|Reverse(alarm)| alarm.at <= now) {
            if let Some(whom) = pending.pop().and_then(|Reverse(alarm)| alarm.whom.upgrade()) {
                // Wakers, and whatever goes with them or with the last reference, are code of the
                // user's; a panic there must not stop the clock of everybody else.
                let _ = catch_unwind(AssertUnwindSafe(move || whom.ring(now)));
            }
        }
    }
}

impl Ord for Alarm {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.at.cmp(&other.at)
    }
}

impl PartialOrd for Alarm {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Alarm {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at
    }
}

impl Eq for Alarm {}
