//! Sleeping on async-io's clock, which is that of the system.

use std::time::Duration;

use async_io::Timer as AsyncIoTimer;
use futures_core::future::BoxFuture;
use wirescript::Timer;

/// A [`Timer`] on [`async_io::Timer`]. The sleep begins at the call, on any executor or none.
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
/// use wirescript_smol::SmolTimer;
///
/// async fn ask_again_soon(timer: &impl Timer) {
///     timer.sleep(Duration::from_millis(5)).await;
/// }
///
/// # smol::block_on(async {
/// ask_again_soon(&SmolTimer::new()).await;
/// # });
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct SmolTimer;

impl SmolTimer {
    /// A timer on async-io's thread.
    pub fn new() -> Self {
        Self
    }
}

impl Timer for SmolTimer {
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let timer = AsyncIoTimer::after(duration);
        Box::pin(async move {
            timer.await;
        })
    }
}
