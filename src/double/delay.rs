//! Sleeping for a step on the verifier's timer.

use std::sync::Mutex;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_core::future::BoxFuture;

use crate::transport::Timer;

/// The delay of one step, kept when the operation that waits for it is dropped and begun anew.
#[derive(Default)]
pub(super) struct DelayOnTimer {
    /// Made when first wanted, which is rarely ever. Never locked: it makes the future, which is
    /// only `Send`, `Sync` as well.
    sleeping: Option<Box<Mutex<Sleep>>>,
}

struct Sleep {
    step: usize,
    future: BoxFuture<'static, ()>,
}

impl DelayOnTimer {
    pub(super) fn poll(
        &mut self,
        step: usize,
        duration: Duration,
        timer: &dyn Timer,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        let begin = || Sleep { step, future: timer.sleep(duration) };
        let sleeping = self.sleeping.get_or_insert_with(|| Box::new(Mutex::new(begin())));
        if let Ok(sleep) = sleeping.get_mut() {
            if sleep.step != step {
                *sleep = begin();
            }
            ready!(sleep.future.as_mut().poll(cx));
        }
        self.sleeping = None;
        Poll::Ready(())
    }
}
