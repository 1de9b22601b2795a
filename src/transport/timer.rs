//! How a library sleeps without knowing its runtime.

use std::time::Duration;

use futures_core::future::BoxFuture;

/// A source of delays, provided by a runtime.
///
/// Every async adapter has one (`TokioTimer`, ...). A client that needs timeouts or backoff takes
/// one where it takes its connector; a verifier that is given one runs `.after(..)` on it, so that
/// a runtime's virtual time works.
pub trait Timer: Send + Sync {
    /// A future that is ready once `duration` has passed since this call. Dropping it is free.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()>;
}
