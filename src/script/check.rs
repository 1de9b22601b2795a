//! Whether a step can come where it is written (S2), and can be told from those around it (S6).

use std::fmt;

use super::{Delay, Ending, Step, Times, What};
use crate::protocol::{self, States};
use crate::session::Language;

/// What was written before a step: what has landed already, and the batch that is being written.
pub(super) struct Before<'s, L: Language> {
    pub(super) landed: &'s [Step<L>],
    pub(super) batch: &'s [Step<L>],
    /// The places of the parts of rules among them.
    pub(super) standing: &'s [usize],
}

impl<L: Language> Before<'_, L> {
    /// How many steps there are, without rules.
    fn len(&self) -> usize {
        self.landed.len() + self.batch.len() - self.standing.len()
    }

    /// Every step of the order, from the last to the first.
    fn backwards(&self) -> impl Iterator<Item = &Step<L>> {
        self.landed.iter().chain(self.batch).rev().filter(|step| !step.is_standing)
    }

    /// The last step of the order.
    fn last(&self) -> Option<&Step<L>> {
        match self.batch.last().or(self.landed.last()) {
            Some(rule) if rule.is_standing => self.backwards().next(),
            last => last,
        }
    }

    /// Every part of a rule.
    fn rules(&self) -> impl Iterator<Item = &Step<L>> {
        self.standing.iter().filter_map(|place| self.at(*place))
    }

    fn at(&self, place: usize) -> Option<&Step<L>> {
        match place.checked_sub(self.landed.len()) {
            Some(place) => self.batch.get(place),
            None => self.landed.get(place),
        }
    }

    /// Why `step` cannot come, if it cannot.
    ///
    /// `reach` are the states in which the connection could be before the last step. Gives those
    /// before this one; of a rule, the same.
    #[inline]
    pub(super) fn check(&self, step: &Step<L>, reach: States) -> Result<States, String> {
        match self.glance(step, reach) {
            Some(next) => {
                debug_assert_eq!(self.check_closely(step, reach), Ok(next));
                Ok(next)
            }
            None => self.check_closely(step, reach),
        }
    }

    /// What the closer look would come to, where a step follows plain ones, as nearly all do.
    fn glance(&self, step: &Step<L>, before: States) -> Option<States> {
        let last = self.batch.last().filter(|last| last.is_plain())?;
        let has_rules = step.is_standing || !self.standing.is_empty();
        if has_rules || last.said_fault().is_some() {
            return None;
        }
        let reach = last.operation().after::<L>(before);
        step.operation().possible_in::<L>(reach).next()?;
        if step.is_heard() {
            self.batch
                .iter()
                .rev()
                .find(|before| before.is_heard())
                .filter(|b| ends_by_itself(b))?;
        }
        Some(reach)
    }

    #[inline(never)]
    fn check_closely(&self, step: &Step<L>, reach: States) -> Result<States, String> {
        if step.is_standing {
            return self.check_rule(step).map(|()| reach);
        }
        let operation = step.operation();
        let name = operation.name;
        let is_entry = std::ptr::eq(operation, L::ENTRY);
        let last = self.last();
        let reach = match last {
            Some(last) => reach_after(last, reach),
            None if is_entry => States::of::<L>(L::INITIAL),
            None => L::ENTRY.next(L::INITIAL).map_or(States::NONE, States::of::<L>),
        };
        if is_entry && last.is_some() {
            let number = self.len() + 1;
            return Err(format!(
                "`{name}` cannot be step {number}: it makes the connection, so it comes first"
            ));
        }
        if operation.possible_in::<L>(reach).next().is_none() {
            let is_behind_entry = last.is_some_and(|last| std::ptr::eq(last.operation(), L::ENTRY));
            if is_behind_entry && reach != States::NONE {
                let number = self.len() + 1;
                return Err(format!(
                    "`{name}` cannot be step {number}: the connect is refused, so nothing can \
                     follow it"
                ));
            }
            return Err(self.impossible(name, reach).to_string());
        }
        match &step.what {
            What::Heard(heard) => {
                if !self.standing.is_empty() {
                    self.check_distinct_from_rules(name, heard)?;
                }
                self.check_distinct(name, heard)?;
            }
            What::Said(_) => self.check_not_behind_endless(name, last)?,
        }
        Ok(reach)
    }

    fn impossible(&self, name: &'static str, reach: States) -> Impossible {
        Impossible {
            name,
            number: self.len() + 1,
            protocol: L::NAME,
            states: reach.iter::<L>().map(|state| format!("`{state:?}`")).collect(),
            possible: protocol::possible::<L>(reach),
        }
    }

    /// A rule is told from everything that the client may do.
    fn check_rule(&self, rule: &Step<L>) -> Result<(), String> {
        let What::Heard(heard) = &rule.what else { return Ok(()) };
        self.check_distinct_from_rules("this rule", heard)?;
        for (behind, before) in self.backwards().enumerate() {
            if before.heard().is_some_and(|before| L::is_ambiguous(before, heard)) {
                let number = self.len() - behind;
                return Err(format!(
                    "this rule cannot be told from step {number}: what begins one of them may be \
                     all of the other",
                ));
            }
        }
        Ok(())
    }

    fn check_distinct_from_rules(&self, name: &str, heard: &L::Heard) -> Result<(), String> {
        for rule in self.rules() {
            if rule.heard().is_some_and(|rule| L::is_ambiguous(rule, heard)) {
                let name = if name.contains(' ') { name.to_owned() } else { format!("`{name}`") };
                return Err(format!(
                    "{name} cannot be told from the rule written at {}: what begins one of them \
                     may be all of the other",
                    rule.at,
                ));
            }
        }
        Ok(())
    }

    /// The peer does not go on behind something that never answers, unless the client does.
    fn check_not_behind_endless(&self, name: &str, last: Option<&Step<L>>) -> Result<(), String> {
        match last {
            Some(Step { what: What::Said(_), times, .. }) if times.is_endless() => Err(format!(
                "`{name}` cannot follow step {} directly: the peer says that again and again, \
                 until the client does something that the script has it do in between",
                self.len(),
            )),
            Some(Step { what: What::Said(_), delay: Delay::Never, .. }) => Err(format!(
                "`{name}` cannot follow step {} directly: that never answers, until the client \
                 goes on and does something that the script has it do in between",
                self.len(),
            )),
            _ => Ok(()),
        }
    }

    /// What the client does cannot meet both this step and one that may stay unused before it.
    fn check_distinct(&self, name: &str, heard: &L::Heard) -> Result<(), String> {
        let mut said_between = false;
        for (behind, before) in self.backwards().enumerate() {
            let What::Heard(earlier) = &before.what else {
                said_between = true;
                continue;
            };
            if ends_by_itself(before) {
                return Ok(());
            }
            let number = self.len() - behind;
            let is_ambiguous = || L::is_ambiguous(earlier, heard);
            // What it begins with does not matter to a run that has begun before.
            let ending = match L::is_sent(heard) {
                true => L::nature(earlier).ending,
                false => None,
            };
            let is_behind_all = || before.is_required() || is_ambiguous();
            if ending == Some(Ending::Close) && is_behind_all() {
                return Err(format!(
                    "`{name}` cannot follow step {number}, which takes all that the client sends \
                     until it closes its direction; give that an end",
                ));
            }
            if ending == Some(Ending::Pause) && !said_between {
                return Err(format!(
                    "`{name}` cannot follow step {number} directly: that is a run without an end, \
                     which would take these bytes too; state its bytes, or let the peer say \
                     something in between",
                ));
            }
            if before.times.is_optional() && is_ambiguous() {
                return Err(format!(
                    "`{name}` cannot be told from step {number}, which is optional: what begins \
                     one of them may be all of the other",
                ));
            }
            if before.times.is_open() && is_ambiguous() {
                return Err(format!(
                    "`{name}` cannot be told from step {number}, which may come again: what \
                     begins one of them may be all of the other",
                ));
            }
            if before.is_required() {
                return Ok(());
            }
        }
        Ok(())
    }
}

/// Whether the step has to be heard, once, and has an end of its own: nothing that comes after it
/// could be taken for it.
fn ends_by_itself<L: Language>(step: &Step<L>) -> bool {
    let What::Heard(heard) = &step.what else { return false };
    step.times == Times::ONCE && L::nature(heard).ending.is_none()
}

/// The states that are possible once `last`, before which there were these, has been used or passed
/// over.
fn reach_after<L: Language>(last: &Step<L>, before: States) -> States {
    let after = |&(state, next): &(L::State, L::State)| match &last.what {
        What::Heard(_) if last.delay == Delay::Never => None,
        What::Heard(heard) => {
            Some(last.raises.map_or(next, |fault| L::after_fault(heard, fault, state)))
        }
        What::Said(_) if last.delay == Delay::Never => Some(state),
        What::Said(said) => Some(match L::said_fault(said) {
            Some(fault) => L::after_said_fault(fault, next),
            None => next,
        }),
    };
    // What the peer may say it says; only what the client may do can be left out.
    let is_left_out = !last.is_required() && last.is_heard();
    let reached = last.operation().possible_in::<L>(before).filter_map(after);
    let reached = reached.map(States::of::<L>);
    reached.fold(if is_left_out { before } else { States::NONE }, States::or)
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
