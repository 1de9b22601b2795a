//! What a client gets that has to wait, or strays (S9, W1 to W6).

use std::io::ErrorKind;

use super::facts::{Fact, Why};
use super::model::Model;
use super::rules::{State, Wait};
use super::script::{Delay, Flag, PANIC, Test, What};
use super::text::{Answer, Violation, bytes, described};

impl Model {
    /// What an operation gets that the step is to answer, if it does not answer now.
    pub(super) fn wait_for(&mut self, step: usize, operation: &'static str) -> Option<Answer> {
        match self.rules[step].wait? {
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
        let due = self.due_to_be_heard().filter(|step| self.rules[*step].what != What::Close);
        let (blocked, step) = match (why, due) {
            (Why::NotHeard(step), _) | (Why::PastTheEnd, Some(step)) => ("NotHeard", Some(step)),
            (Why::RunWithoutEnd(step), _) => ("RunWithoutEnd", Some(step)),
            (Why::NotListened(step), _) => ("NotListened", Some(step)),
            (Why::PastTheEnd, None) if operation == "recv" => ("PeerSilent", None),
            _ => ("NothingMore", None),
        };
        self.violate(Violation {
            kind: format!("Stalled by {blocked}, begun {:?}", self.amount_begun()),
            step: step.map(|step| (step + 1, self.rules.len())).or(self.last_step()),
            operation: operation.to_owned(),
            expected: step.map(|step| self.rules[step].describe()),
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

    pub(super) fn last_step(&self) -> Option<(usize, usize)> {
        Some((self.rules.len(), self.rules.len())).filter(|(last, _)| *last > 0)
    }

    pub(super) fn refuse(
        &mut self,
        kind: &str,
        step: usize,
        got: String,
        error: ErrorKind,
    ) -> Answer {
        self.violate(Violation {
            kind: kind.to_owned(),
            step: Some((step + 1, self.rules.len())),
            operation: got.split(' ').next().unwrap_or_default().to_owned(),
            expected: Some(self.rules[step].describe()),
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

    pub(super) fn panicked(&mut self, step: usize, test: Test) -> Answer {
        self.violate(Violation {
            kind: format!("MatcherPanicked `{}` {PANIC:?}", test.label()),
            step: Some((step + 1, self.rules.len())),
            operation: self.rules[step].what.name().to_owned(),
            expected: Some(self.rules[step].describe()),
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
