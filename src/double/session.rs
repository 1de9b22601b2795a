//! A handle on one session, for assertions on it alone.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use crate::session::Shared;

/// One session of a scripted connector, for assertions that look at it alone.
///
/// Got from [`SocketScript::handle`](crate::scripted::SocketScript::handle).
pub struct Session<P> {
    pub(crate) shared: Arc<Shared>,
    pub(crate) session: usize,
    protocol: PhantomData<fn() -> P>,
}

impl<P> Session<P> {
    pub(crate) fn new(shared: Arc<Shared>, session: usize) -> Self {
        Self { shared, session, protocol: PhantomData }
    }
}

impl<P> Clone for Session<P> {
    fn clone(&self) -> Self {
        Self::new(Arc::clone(&self.shared), self.session)
    }
}

impl<P> fmt::Debug for Session<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("number", &(self.session + 1)).finish_non_exhaustive()
    }
}
