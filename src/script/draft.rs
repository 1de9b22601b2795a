//! A script while it is being written: each step is checked where it is written.

use std::fmt;
use std::sync::Arc;

use super::{Delay, Step, What};
use crate::protocol;
use crate::session::{Language, Shared};

/// A script that is complete for now.
pub(crate) struct Script<L: Language> {
    pub(crate) steps: Vec<Step<L>>,
    /// Sends, too, wait until the client has received everything before them.
    pub(crate) lockstep: bool,
    /// The peer stays silent at the end, and the client may keep its transport.
    pub(crate) stays_open: bool,
}

impl<L: Language> Script<L> {
    pub(crate) fn new() -> Self {
        Self { steps: Vec::new(), lockstep: false, stays_open: false }
    }

    /// Whether the first step makes the connection.
    pub(crate) fn begins_with_entry(&self) -> bool {
        self.steps.first().is_some_and(Step::is_entry)
    }
}

impl<L: Language> Step<L> {
    fn is_entry(&self) -> bool {
        matches!(&self.what, What::Heard(heard) if L::nature(heard).is_entry)
    }

    fn name(&self) -> &'static str {
        match &self.what {
            What::Heard(heard) => L::heard_name(heard),
            What::Said(said) => L::said_name(said),
        }
    }
}

/// A script that is being written, with its place in a queue. It lands when it is dropped.
pub(crate) struct Draft<L: Language> {
    shared: Arc<Shared>,
    session: usize,
    script: Script<L>,
    name: Option<Arc<str>>,
    /// The states in which the connection can be once the last step but one has been used (S2).
    reach: Vec<L::State>,
    has_landed: bool,
}

impl<L: Language> Draft<L> {
    pub(crate) fn new(shared: Arc<Shared>, session: usize) -> Self {
        Self {
            shared,
            session,
            script: Script::new(),
            name: None,
            reach: Vec::new(),
            has_landed: false,
        }
    }

    /// Adds a step. Panics at the caller's line if no client could ever come to it, or if nothing
    /// could tell it from one before it.
    #[track_caller]
    pub(crate) fn push(&mut self, step: Step<L>) {
        self.reach = match self.script.steps.last() {
            Some(last) => reach_after(last, &self.reach),
            None if step.is_entry() => vec![L::INITIAL],
            None => protocol::next::<L>(L::ENTRY, L::INITIAL).into_iter().collect(),
        };
        assert!(
            !step.is_entry() || self.script.steps.is_empty(),
            "`{}` cannot be step {}: it makes the connection, so it comes first",
            step.name(),
            self.script.steps.len() + 1
        );
        let is_possible = |state: &L::State| protocol::next::<L>(step.name(), *state).is_some();
        if !self.reach.iter().any(is_possible) {
            panic!(
                "{}",
                Impossible {
                    name: step.name(),
                    number: self.script.steps.len() + 1,
                    protocol: L::NAME,
                    states: self.reach.iter().map(|state| format!("`{state:?}`")).collect(),
                    possible: protocol::possible::<L>(&self.reach),
                }
            );
        }
        match &step.what {
            What::Heard(heard) => self.check_distinct(heard),
            What::Said(_) => self.check_not_behind_never(step.name()),
        }
        self.script.steps.push(step);
    }

    /// Panics if the peer would say something behind a step that never answers, with nothing in
    /// between that the client does to end that.
    #[track_caller]
    fn check_not_behind_never(&self, name: &str) {
        let is_never =
            |step: &&Step<L>| matches!(step.what, What::Said(_)) && step.delay == Delay::Never;
        if self.script.steps.last().filter(is_never).is_some() {
            panic!(
                "`{name}` cannot follow step {} directly: that never answers, until the client \
                 goes on and does something that the script has it do in between",
                self.script.steps.len(),
            );
        }
    }

    /// Panics if what the client does could meet this step and one that may stay unused before it.
    #[track_caller]
    fn check_distinct(&self, heard: &L::Heard) {
        let mut said_between = false;
        for (index, before) in self.script.steps.iter().enumerate().rev() {
            let What::Heard(earlier) = &before.what else {
                said_between = true;
                continue;
            };
            let is_ambiguous = L::is_ambiguous(earlier, heard);
            let is_open = L::nature(earlier).is_open;
            if is_ambiguous && is_open && !said_between {
                panic!(
                    "`{}` cannot follow step {} directly: that is a run without an end, which \
                     would take these bytes too; state its bytes, or let the peer say something \
                     in between",
                    L::heard_name(heard),
                    index + 1,
                );
            }
            if before.required {
                return;
            }
            if is_ambiguous {
                panic!(
                    "`{}` cannot be told from step {}, which is optional: what begins one of them \
                     may be all of the other",
                    L::heard_name(heard),
                    index + 1,
                );
            }
        }
    }

    /// The step that was added last, for its modifiers.
    pub(crate) fn last(&mut self) -> Option<&mut Step<L>> {
        self.script.steps.last_mut()
    }

    pub(crate) fn script_mut(&mut self) -> &mut Script<L> {
        &mut self.script
    }

    pub(crate) fn set_name(&mut self, name: &str) {
        self.name = Some(name.into());
    }

    /// Lands the script now: for a client to connect to, or for a double that `is_connected`
    /// already. Gives what it landed on.
    pub(crate) fn land(mut self, is_connected: bool) -> (Arc<Shared>, usize) {
        self.land_once(is_connected);
        (Arc::clone(&self.shared), self.session)
    }

    fn land_once(&mut self, is_connected: bool) {
        if !self.has_landed {
            self.has_landed = true;
            let script = std::mem::replace(&mut self.script, Script::new());
            self.shared.land(self.session, script, self.name.take(), is_connected);
        }
    }
}

impl<L: Language> Drop for Draft<L> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // The step that was being written is refused; half a script would only mislead.
            self.has_landed = true;
            self.shared.withdraw(self.session);
        }
        self.land_once(false);
    }
}

/// The states that are possible once `last` has been used, or passed over.
fn reach_after<L: Language>(last: &Step<L>, before: &[L::State]) -> Vec<L::State> {
    let after = |state: &L::State| {
        let next = protocol::next::<L>(last.name(), *state)?;
        match &last.what {
            What::Heard(_) if last.delay == Delay::Never => None,
            What::Heard(heard) => {
                Some(last.raises.map_or(next, |fault| L::after_fault(heard, fault, *state)))
            }
            What::Said(_) if last.delay == Delay::Never => Some(*state),
            What::Said(said) => Some(match L::said_fault(said) {
                Some(fault) => L::after_said_fault(fault, next),
                None => next,
            }),
        }
    };
    // What the peer may say it says; only what the client may do can be left out.
    let is_left_out = !last.required && matches!(last.what, What::Heard(_));
    let left_out = if is_left_out { before } else { &[] };
    let mut reach = Vec::new();
    for state in before.iter().filter_map(after).chain(left_out.iter().copied()) {
        if !reach.contains(&state) {
            reach.push(state);
        }
    }
    reach
}

/// A step to which no path through the states leads.
struct Impossible {
    name: &'static str,
    number: usize,
    protocol: &'static str,
    states: Vec<String>,
    possible: Vec<&'static str>,
}

impl fmt::Display for Impossible {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, number, protocol, .. } = self;
        write!(f, "`{name}` cannot be step {number}: ")?;
        if self.states.is_empty() {
            return f.write_str("the step before it never completes");
        }
        let states = self.states.join(" or ");
        write!(f, "by then the {protocol} is {states}, where ")?;
        match self.possible.as_slice() {
            [] => f.write_str("nothing can come"),
            possible => write!(f, "what can come is {}", possible.join(", ")),
        }
    }
}
