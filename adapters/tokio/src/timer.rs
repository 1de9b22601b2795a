//! Sleeping on tokio's clock, which tests can pause.

use std::time::Duration;

use futures_core::future::BoxFuture;
use wirescript::Timer;

/// A [`Timer`] on [`tokio::time::sleep`]. The sleep begins at the call.
///
/// # Panics
///
/// `sleep` panics when it is called outside a tokio runtime, or in one without time enabled.
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
/// use wirescript_tokio::TokioTimer;
///
/// async fn ask_again_later(timer: &impl Timer) {
///     timer.sleep(Duration::from_secs(30)).await;
/// }
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// ask_again_later(&TokioTimer::new()).await;
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct TokioTimer;

impl TokioTimer {
    /// A timer on the runtime in which it is used.
    pub fn new() -> Self {
        Self
    }
}

impl Timer for TokioTimer {
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}
