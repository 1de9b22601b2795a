//! What a client gets that has to wait, or strays (S9, W1 to W6).

use std::io::ErrorKind;

use super::facts::{Fact, Why};
use super::model::Model;
use super::script::{Delay, Flag, What};
use super::text::{self, Answer, Violation, bytes, described};
use super::written::{State, Wait, Written};

impl Model {
    /// What an operation gets that the step is to answer, if it does not answer now.
    pub(super) fn wait_for(&mut self, step: usize, operation: &'static str) -> Option<Answer> {
        match self.steps[step].wait? {
            Wait::Never => {
                self.facts.push(Fact::WaitedOn { step });
                Some(self.wait(Why::Never, operation))
            }
            Wait::Delay(_) if self.is_elapsed(step) => None,
            Wait::Delay(Delay::Zero) => {
                self.facts.push(Fact::Elapsed { step });
                None
            }
            Wait::Delay(Delay::Hour) => Some(self.wait(Why::Delayed, operation)),
        }
    }

    pub(super) fn wait(&mut self, why: Why, operation: &'static str) -> Answer {
        let is_exempt = match why {
            Why::Never | Why::Delayed => true,
            Why::PastTheEnd => self.has(Flag::StaysOpen),
            _ => false,
        };
        if is_exempt || !self.setup.has_no_patience {
            return Answer::Pending;
        }
        let due = self.due_to_be_heard().filter(|step| self.steps[*step].what != What::Close);
        let (blocked, step) = match (why, due) {
            (Why::NotHeard(step), _) | (Why::PastTheEnd, Some(step)) => ("NotHeard", Some(step)),
            (Why::RunWithoutEnd(step), _) => ("RunWithoutEnd", Some(step)),
            (Why::RunToTheEnd(step), _) => ("RunToTheEnd", Some(step)),
            (Why::NotListened(step), _) => ("NotListened", Some(step)),
            (Why::PastTheEnd, None) if operation == "recv" => ("PeerSilent", None),
            _ => ("NothingMore", None),
        };
        let has_begun = step.is_some_and(|step| self.begun().contains(&step));
        let begun = self.amount_begun().filter(|_| has_begun);
        self.violate(Violation {
            kind: format!("Stalled by {blocked}, begun {begun:?}"),
            step: step.map(|step| self.numbers(step)).or(self.last_step()),
            operation: operation.to_owned(),
            expected: step.map(|step| self.steps[step].describe()),
            got: None,
            error: Some(ErrorKind::Other),
        })
    }

    /// The step that something else is out of order with.
    pub(super) fn due(&self) -> Option<usize> {
        let begun = self.begun().first().copied();
        begun.or(self.due_to_be_heard()).or(self.due_to_be_said())
    }

    pub(super) fn amount_begun(&self) -> Option<usize> {
        self.undecided().map(|(data, ..)| data.len())
    }

    pub(super) fn out_of_order(&self) -> String {
        format!("OutOfOrder, begun {:?}", self.amount_begun())
    }

    pub(super) fn last_step(&self) -> Option<String> {
        let last = (0..self.steps.len()).rev().find(|step| !self.is_standing(*step));
        last.map(|step| self.numbers(step))
    }

    /// The number of the step, of how many; of a rule, that of the step before it.
    pub(super) fn numbers(&self, step: usize) -> String {
        let steps = |entries: &[Written]| entries.iter().filter(|step| !step.is_standing).count();
        let (number, of) = (steps(&self.steps[..=step]), steps(&self.steps));
        text::numbers(number, of, self.is_standing(step))
    }

    pub(super) fn refuse(
        &mut self,
        kind: &str,
        step: usize,
        got: String,
        error: ErrorKind,
    ) -> Answer {
        let expected = self.steps[step].describe();
        self.refuse_as(kind, step, expected, got, error)
    }

    /// The same, where the step is shown in another form than it was written in.
    pub(super) fn refuse_as(
        &mut self,
        kind: &str,
        step: usize,
        expected: String,
        got: String,
        error: ErrorKind,
    ) -> Answer {
        self.violate(Violation {
            kind: kind.to_owned(),
            step: Some(self.numbers(step)),
            operation: got.split(' ').next().unwrap_or_default().to_owned(),
            expected: Some(expected),
            got: Some(got),
            error: Some(error),
        })
    }

    pub(super) fn refuse_state(&mut self, state: State, data: &[u8]) -> Answer {
        self.violate(Violation {
            kind: format!("InvalidState {state:?}, which allows {:?}", state.allows()),
            step: None,
            operation: "send".to_owned(),
            expected: None,
            got: Some(described("send", &bytes(data))),
            error: Some(ErrorKind::BrokenPipe),
        })
    }

    pub(super) fn panicked(&mut self, step: usize, label: &str, message: &str) -> Answer {
        self.violate(Violation {
            kind: format!("MatcherPanicked `{label}` {message:?}"),
            step: Some(self.numbers(step)),
            operation: self.steps[step].what.name().to_owned(),
            expected: Some(self.steps[step].describe()),
            got: None,
            error: Some(ErrorKind::Other),
        })
    }

    pub(super) fn violate(&mut self, violation: Violation) -> Answer {
        self.broken = Some(violation.clone());
        self.violations.push(violation.clone());
        Answer::Refused(Box::new(violation))
    }
}
