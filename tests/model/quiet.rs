//! Panics that are expected: caught without a word, and told apart from those of a bug.

use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

use super::build;

/// How the texts begin with which a builder refuses what cannot be written.
const REFUSALS: &[&str] = &[
    "`any().len(0)` is no bytes at all",
    "`until` wants a delimiter of at least one byte",
    "`Delimited::by` wants a delimiter of at least one byte",
    "`expect_connect`: ",
    "`expect_send` wants at least one byte",
    "`expect_send`: ",
    "`expect_send_all` wants at least one byte",
    "`expect_send_all`: ",
    "`expect_send_frame` wants to know what a frame is",
    "`expect_send_frame`: ",
    "`expect_recv` wants at least one byte",
    "`expect_recv_frame` wants to know what a frame is",
    "`expect_recv_frame`: ",
    "`expect_recv_error`: no transport gives its client ",
    "`whenever_sent` wants at least one byte",
    "`whenever_sent`: ",
    "`allows_sent` wants at least one byte",
    "`allows_sent`: ",
    "`replies` wants at least one byte",
    "`raises`: no transport gives its client ",
    "`times`: ",
    "`accepts(",
    "`in_chunks`: ",
    "`into_socket` hands out a socket that is connected already",
    "this rule cannot be told from ",
    // With the name of a step before it:
    "` cannot be step ",
    "` cannot follow step ",
    "` cannot be told from ",
];

/// What refuses a value, before it is given to a step: the beginning of its text, and how it is
/// called.
const VALUES: &[(&str, &str)] = &[
    ("`any().len(0)`", "any().len("),
    ("`until`", "until("),
    ("`Delimited::by`", "Delimited::by("),
];

/// A panic that was caught.
#[derive(Debug)]
pub(crate) struct Panic {
    pub(crate) message: String,
    /// The file and the line that panicked.
    at: (String, u32),
}

impl Panic {
    /// Demands that it is the one with which a builder refuses a step, at the line where `method`
    /// is called, or what makes its value.
    pub(crate) fn check_refusal(&self, method: &str) {
        let is_known = REFUSALS.iter().any(|text| match text.strip_prefix("` ") {
            Some(_) => self.message.contains(text),
            None => self.message.starts_with(text),
        });
        let value = VALUES.iter().find(|(text, _)| self.message.starts_with(text));
        let call = value.map_or(format!(".{method}("), |(_, call)| (*call).to_owned());
        let (file, line) = &self.at;
        let line = build::TEXT.lines().nth(*line as usize - 1).unwrap_or_default();
        assert!(
            is_known && file == build::FILE && line.contains(&call),
            "no refusal at the line of `{call}`, which is `{line}`: {self:?}"
        );
    }
}

thread_local! {
    /// What panicked last, while somebody catches panics.
    static CAUGHT: RefCell<Option<(String, u32)>> = const { RefCell::new(None) };
}

/// What `act` returns, or how it panics.
pub(crate) fn caught<T>(act: impl FnOnce() -> T) -> Result<T, Panic> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let print = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let is_caught = CAUGHT.with_borrow_mut(|caught| {
                if let (Some(caught), Some(at)) = (caught.as_mut(), info.location()) {
                    *caught = (at.file().to_owned(), at.line());
                }
                caught.is_some()
            });
            if !is_caught {
                print(info);
            }
        }));
    });
    let outer = CAUGHT.replace(Some(Default::default()));
    let ended = panic::catch_unwind(AssertUnwindSafe(act));
    let at = CAUGHT.replace(outer).unwrap_or_default();
    ended.map_err(|payload| {
        let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
        Panic { message: text.unwrap_or_default(), at }
    })
}
