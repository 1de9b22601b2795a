//! Sleeping on async-std's clock, which is that of the system.

use std::time::{Duration, Instant};

use futures_core::future::BoxFuture;
use wirescript::Timer;

/// A [`Timer`] on [`async_std::task::sleep`]. The sleep begins at the call, on any executor or none.
///
/// # Cancel safety
///
/// A sleep that is dropped is forgotten.
///
/// # Example
///
/// ```
/// use std::time::Duration;
/// use wirescript::Timer;
/// use wirescript_async_std::AsyncStdTimer;
///
/// async fn ask_again_soon(timer: &impl Timer) {
///     timer.sleep(Duration::from_millis(5)).await;
/// }
///
/// # async_std::task::block_on(async {
/// ask_again_soon(&AsyncStdTimer::new()).await;
/// # });
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct AsyncStdTimer;

impl AsyncStdTimer {
    /// A timer on async-std's thread.
    pub fn new() -> Self {
        Self
    }
}

impl Timer for AsyncStdTimer {
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let called = Instant::now();
        Box::pin(async move {
            // async-std begins to count when it is first polled.
            async_std::task::sleep(duration.saturating_sub(called.elapsed())).await;
        })
    }
}
