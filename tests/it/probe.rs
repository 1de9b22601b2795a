//! How the tests look at errors, panics and what happened.

use std::cell::RefCell;
use std::io;
use std::panic::{self, AssertUnwindSafe, Location};
use std::sync::Once;

use wirescript::Verifier;
use wirescript::scripted::{
    Interaction, Report, ScriptedSocket, SocketScript, UnusedSession, Violation,
};

/// A double that is connected already, whose peer is as `write` says.
pub(crate) fn double<K>(
    write: impl FnOnce(SocketScript) -> SocketScript<K>,
) -> (Verifier, ScriptedSocket) {
    let verifier = Verifier::new();
    let socket = write(verifier.socket().new_session()).into_socket();
    (verifier, socket)
}

/// The violation that an error of a double is made of.
#[track_caller]
pub(crate) fn violation(error: &io::Error) -> &Violation {
    Violation::of(error).unwrap_or_else(|| panic!("no violation: {error:?}"))
}

/// The report on a test that must not pass.
#[track_caller]
pub(crate) fn report(verifier: &Verifier) -> Report {
    verifier.try_verify().expect_err("the verdict is against the test")
}

/// The one violation of a test that must not pass, in which nothing else is reported.
#[track_caller]
pub(crate) fn only_violation(verifier: &Verifier) -> Violation {
    let report = report(verifier);
    assert_eq!((report.unused().len(), report.unasserted().len()), (0, 0), "{report}");
    let violations: Vec<_> = report.violations().collect();
    assert_eq!(violations.len(), 1, "{report}");
    violations[0].clone()
}

/// The names of what happened, in order.
pub(crate) fn happened(verifier: &Verifier) -> Vec<&'static str> {
    names(&verifier.interactions())
}

/// The names of the operations, in order.
pub(crate) fn names(interactions: &[Interaction]) -> Vec<&'static str> {
    interactions.iter().map(|one| one.operation.name).collect()
}

/// The names of the steps that were left, by session.
pub(crate) fn left(report: &Report) -> Vec<Vec<&'static str>> {
    let names = |session: &UnusedSession| session.steps.iter().map(|s| s.operation.name).collect();
    report.unused().iter().map(names).collect()
}

/// A panic that was caught.
#[derive(Debug)]
pub(crate) struct Panic {
    pub(crate) file: String,
    pub(crate) line: u32,
    pub(crate) message: String,
}

thread_local! {
    /// Where the thread panicked, while somebody wants to know.
    static WATCHED: RefCell<Option<(String, u32)>> = const { RefCell::new(None) };
}

/// The panic that `act` ends in, if it does.
pub(crate) fn panic_of<T>(act: impl FnOnce() -> T) -> Option<Panic> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let print = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let is_watched = WATCHED.with_borrow_mut(|watched| {
                if let (Some(place), Some(at)) = (watched.as_mut(), info.location()) {
                    *place = (at.file().to_owned(), at.line());
                }
                watched.is_some()
            });
            if !is_watched {
                print(info);
            }
        }));
    });
    WATCHED.set(Some(Default::default()));
    let ended = panic::catch_unwind(AssertUnwindSafe(act));
    let (file, line) = WATCHED.take().unwrap_or_default();
    let payload = ended.err()?;
    let message = match payload.downcast::<String>() {
        Ok(message) => *message,
        Err(payload) => (*payload.downcast::<&str>().expect("a panic with a text")).to_owned(),
    };
    Some(Panic { file, line, message })
}

/// Demands that `act` panics at the caller's line; gives the message.
#[track_caller]
pub(crate) fn panics_here<T>(act: impl FnOnce() -> T) -> String {
    let here = Location::caller();
    let panic = panic_of(act).expect("it panics");
    assert_eq!((panic.file.as_str(), panic.line), (here.file(), here.line()), "{panic:?}");
    panic.message
}
