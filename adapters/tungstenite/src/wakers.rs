//! Two tasks that both write: the one that receives, which answers, and the one that sends.
//!
//! A byte socket keeps one waker for writing (C6), and both tasks may wait for it. So it is given the
//! same one always, which wakes both.

use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Wake, Waker};

/// Which of the two tasks.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Half {
    Stream,
    Sink,
}

/// Those who wait until something can be written.
#[derive(Debug)]
pub(crate) struct Writers {
    waiting: Arc<Waiting>,
    /// Wakes them.
    waker: Waker,
}

#[derive(Debug, Default)]
struct Waiting(Mutex<[Option<Waker>; 2]>);

impl Writers {
    pub(crate) fn new() -> Self {
        let waiting = Arc::<Waiting>::default();
        Self { waker: Arc::clone(&waiting).into(), waiting }
    }

    /// The waker for whatever is written to.
    pub(crate) fn waker(&self) -> &Waker {
        &self.waker
    }

    /// Has `waker` woken with the next wake. What came before it is missed: try again.
    pub(crate) fn wait(&self, half: Half, waker: &Waker) {
        let mut waiting = self.waiting.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut waiting[half as usize] {
            Some(known) => known.clone_from(waker),
            empty => *empty = Some(waker.clone()),
        }
    }
}

impl Wake for Waiting {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let waiting = {
            let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *waiting)
        };
        waiting.into_iter().flatten().for_each(Waker::wake);
    }
}
