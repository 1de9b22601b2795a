//! Panics that are expected: caught without a word, and told apart from those of a bug.

use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

use super::build;

/// How the texts begin with which a builder refuses what cannot be written.
const REFUSALS: [&str; 14] = [
    "`expect_connect`: ",
    "`expect_send` wants at least one byte",
    "`expect_send_all` wants at least one byte",
    "`expect_recv` wants at least one byte",
    "`expect_recv_error`: no transport gives its client ",
    "`raises`: no transport gives its client ",
    "`times`: ",
    "`accepts(",
    "`in_chunks`: ",
    "`into_socket` hands out a socket that is connected already",
    // With the name of a step before it:
    "` cannot be step ",
    "` cannot follow step ",
    "` cannot be told from step ",
    "` cannot be told from a step ",
];

/// A panic that was caught.
#[derive(Debug)]
pub(crate) struct Panic {
    pub(crate) message: String,
    /// The file that panicked.
    file: String,
}

impl Panic {
    /// Demands that it is the one with which a builder refuses a step, at the line of the step.
    pub(crate) fn check_refusal(&self) {
        let is_known = REFUSALS.iter().any(|text| match text.strip_prefix("` ") {
            Some(_) => self.message.contains(text),
            None => self.message.starts_with(text),
        });
        assert!(is_known && self.file == build::FILE, "no refusal at its line: {self:?}");
    }
}

thread_local! {
    /// The file that panicked last, while somebody catches panics.
    static CAUGHT: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// What `act` returns, or how it panics.
pub(crate) fn caught<T>(act: impl FnOnce() -> T) -> Result<T, Panic> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let print = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let is_caught = CAUGHT.with_borrow_mut(|caught| {
                if let (Some(file), Some(at)) = (caught.as_mut(), info.location()) {
                    at.file().clone_into(file);
                }
                caught.is_some()
            });
            if !is_caught {
                print(info);
            }
        }));
    });
    let outer = CAUGHT.replace(Some(String::new()));
    let ended = panic::catch_unwind(AssertUnwindSafe(act));
    let file = CAUGHT.replace(outer).unwrap_or_default();
    ended.map_err(|payload| {
        let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
        Panic { message: text.unwrap_or_default(), file }
    })
}
