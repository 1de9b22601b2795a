//! One step of a script, as it was written.

use std::panic::Location;
use std::time::Duration;

use super::{Fault, Times};
use crate::session::Language;

/// As long as any wait can be told to last: longer ones would leave the clock's range.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// One step: what the peer hears or says, and how.
pub(crate) struct Step<L: Language> {
    pub(crate) what: What<L>,
    /// Where it was written.
    pub(crate) at: &'static Location<'static>,
    /// How often it is used; the verdict misses it when it was not as often as it has to.
    pub(crate) times: Times,
    /// What lies between the step being due and its answer.
    pub(crate) delay: Delay,
    /// The error that a heard step answers with.
    pub(crate) raises: Option<Fault>,
    /// It is part of a rule that holds at any point, and has no place in the order. What it says
    /// answers what is heard by the step before it.
    pub(crate) is_standing: bool,
}

impl<L: Language> Step<L> {
    pub(crate) fn new(what: What<L>, at: &'static Location<'static>) -> Self {
        let times = Times::ONCE;
        Self { what, at, times, delay: Delay::None, raises: None, is_standing: false }
    }

    /// A part of a rule.
    pub(crate) fn standing(what: What<L>, at: &'static Location<'static>) -> Self {
        Self { times: Times::from(0..), is_standing: true, ..Self::new(what, at) }
    }
}

impl<L: Language> Step<L> {
    /// Whether it has to come once, in its place, and is answered at once by what it is.
    pub(crate) fn is_plain(&self) -> bool {
        let Self { times, delay, raises, is_standing, .. } = self;
        *times == Times::ONCE && *delay == Delay::None && raises.is_none() && !is_standing
    }

    pub(crate) fn is_required(&self) -> bool {
        !self.times.is_optional()
    }

    /// Whether being used is progress: it has to be, and not without end (W2).
    pub(crate) fn is_progress(&self) -> bool {
        self.is_required() && !self.times.is_endless()
    }

    pub(crate) fn is_heard(&self) -> bool {
        self.heard().is_some()
    }

    /// The error that it says, if it says one.
    pub(crate) fn said_fault(&self) -> Option<Fault> {
        match &self.what {
            What::Said(said) => L::said_fault(said),
            What::Heard(_) => None,
        }
    }

    pub(crate) fn heard(&self) -> Option<&L::Heard> {
        match &self.what {
            What::Heard(heard) => Some(heard),
            What::Said(_) => None,
        }
    }
}

/// Who speaks.
pub(crate) enum What<L: Language> {
    /// The client does something, and the peer hears it.
    Heard(L::Heard),
    /// The peer says something.
    Said(L::Said),
}

/// How long a step that is due lets the client wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delay {
    None,
    After(Duration),
    /// Until a later heard step is met, if ever.
    Never,
}
