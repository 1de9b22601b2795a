//! From the call of `connect` to a connection.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use super::line::{Failed, Line};
use crate::session::{Language, Refused, Shared, block_on};
use crate::verify::Stage;

/// A session that was taken and is not connected yet.
pub(super) struct Connecting<'c, L: Language> {
    /// `None` once it is answered.
    line: Option<Line<L>>,
    call: L::Call<'c>,
    is_polled: bool,
}

impl<'c, L: Language> Connecting<'c, L> {
    /// Takes a session for a client that connects.
    pub(super) fn begin(
        shared: &Arc<Shared>,
        queue: usize,
        is_by_entry: bool,
        call: L::Call<'c>,
    ) -> Result<Self, Refused> {
        let session = shared.take::<L>(queue, call, is_by_entry)?;
        let line = Line::new(Arc::clone(shared), session);
        Ok(Self { line: Some(line), call, is_polled: false })
    }

    /// Blocks the thread until it is connected.
    pub(super) fn wait(mut self) -> (Line<L>, Result<(), Failed>) {
        block_on(|cx| self.poll_connected(cx))
    }

    fn poll_connected(&mut self, cx: &mut Context<'_>) -> Poll<(Line<L>, Result<(), Failed>)> {
        self.is_polled = true;
        let Some(connecting) = &mut self.line else { return Poll::Pending };
        let connected = ready!(connecting.poll_connect(self.call, cx));
        let Some(line) = self.line.take() else { return Poll::Pending };
        Poll::Ready((line, connected))
    }
}

// Nothing in it is pinned.
impl<L: Language> Unpin for Connecting<'_, L> {}

impl<L: Language> Future for Connecting<'_, L> {
    /// The line to the session, and whether it is connected.
    type Output = (Line<L>, Result<(), Failed>);

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.poll_connected(cx)
    }
}

impl<L: Language> Drop for Connecting<'_, L> {
    fn drop(&mut self) {
        if let Some(line) = &self.line {
            line.give_up(if self.is_polled { Stage::Abandoned } else { Stage::NeverAwaited });
        }
    }
}

/// What a connect that was refused comes to: it lets whatever else is ready run first, if it is not
/// the first one.
pub(super) async fn refuse(refused: Refused) -> Failed {
    let mut has_yielded = !refused.is_repeated;
    poll_fn(|cx| {
        if std::mem::replace(&mut has_yielded, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
    Failed::Refused(refused.violation)
}
