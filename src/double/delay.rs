//! Sleeping for a step on the verifier's timer.

use std::sync::Mutex;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_core::future::BoxFuture;

use crate::transport::Timer;

/// The delay of one step, kept when the operation that waits for it is dropped and begun anew.
#[derive(Default)]
pub(super) struct DelayOnTimer {
    /// Never locked: it makes the future, which is only `Send`, `Sync` as well.
    sleeping: Mutex<Option<(usize, BoxFuture<'static, ()>)>>,
}

impl DelayOnTimer {
    pub(super) fn poll(
        &mut self,
        step: usize,
        duration: Duration,
        timer: &dyn Timer,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        let Ok(sleeping) = self.sleeping.get_mut() else { return Poll::Ready(()) };
        if sleeping.as_ref().is_none_or(|(delayed, _)| *delayed != step) {
            *sleeping = Some((step, timer.sleep(duration)));
        }
        if let Some((_, future)) = sleeping {
            ready!(future.as_mut().poll(cx));
        }
        *sleeping = None;
        Poll::Ready(())
    }
}
