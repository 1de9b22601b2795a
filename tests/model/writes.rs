//! Whose the bytes of a write are (S3, S6, B1, B2, B5).

use std::io::ErrorKind;

use super::facts::{Fact, Heard, Why};
use super::model::Model;
use super::rules::State;
use super::script::{Flag, Task, Test, Value, What};
use super::text::{Answer, Violation, bytes, described};

/// Whose the next bytes of a write are.
enum Taker {
    /// They complete this step, which takes so many of them.
    Met(usize, usize),
    /// All of them begin these steps.
    Begun(Vec<usize>),
    /// A step that wants a write of its own may come next.
    OwnWrite,
    /// The predicate of this step panicked.
    Panicked(usize, Test),
    /// Nobody's; the step that came furthest, and how far.
    Nobody(Option<(usize, usize)>),
}

impl Model {
    pub(super) fn send(&mut self, by: Task, data: &[u8]) -> Answer {
        if data.is_empty() {
            return Answer::Wrote(0); // B8
        }
        if let Some(answer) = self.answered_again() {
            return answer;
        }
        match self.state() {
            State::Reset => return Answer::Fault(ErrorKind::BrokenPipe),
            state @ (State::ShutDown | State::Finished) => return self.refuse_state(state, data),
            _ => {}
        }
        let mut taken = 0;
        while taken < data.len() {
            let short = Answer::Wrote(taken);
            let is_begun = taken > 0;
            match self.taker(data, taken) {
                Taker::Met(step, _) if is_begun && self.rules[step].raises.is_some() => {
                    return short;
                }
                Taker::Met(step, used) => {
                    if let Some(why) = self.awaited_in_lockstep(step) {
                        return if is_begun { short } else { self.wait(why, "send") };
                    }
                    let is_own_write = matches!(self.rules[step].what, What::Send(_));
                    let kept = if is_own_write { data } else { &data[taken..taken + used] };
                    self.hear(Some(step), kept, by);
                    if let Some(kind) = self.rules[step].raises {
                        return Answer::Fault(kind);
                    }
                    taken += used;
                    if is_own_write {
                        return Answer::Wrote(taken);
                    }
                }
                Taker::Begun(steps) => {
                    if let Some(why) = self.awaited_in_lockstep(steps[0]) {
                        return if is_begun { short } else { self.wait(why, "send") };
                    }
                    self.hear(None, &data[taken..], by);
                    taken = data.len();
                }
                Taker::OwnWrite => return short,
                Taker::Panicked(step, test) => return self.panicked(step, test),
                Taker::Nobody(furthest) => return self.strayed(data, taken, furthest),
            }
        }
        Answer::Wrote(taken)
    }

    /// Whose the bytes of a write are that come after the first `taken`.
    fn taker(&self, data: &[u8], taken: usize) -> Taker {
        let (before, candidates) = match self.undecided() {
            Some((before, _, _)) => (before, self.begun()),
            None => (&[][..], self.may_come_next(self.rules.len())),
        };
        let stream = [before, &data[taken..]].concat();
        let mut begun = Vec::new();
        let mut furthest: Option<(usize, usize)> = None;
        let mut differs = |step: usize, at: usize| {
            if furthest.is_none_or(|(_, so_far)| at > so_far) {
                furthest = Some((step, at));
            }
        };
        for step in candidates {
            let rule = &self.rules[step];
            match &rule.what {
                What::Send(_) if taken > 0 => return Taker::OwnWrite,
                What::Send(value) => {
                    let enough = rule.accepts.unwrap_or(0);
                    let used = rule.accepts.unwrap_or(data.len());
                    match value {
                        Value::Is(literal) if literal != data || enough > data.len() => {
                            differs(step, alike(literal, data));
                        }
                        _ if enough > data.len() => differs(step, data.len()),
                        Value::Is(_) | Value::Any => return Taker::Met(step, used),
                        Value::Matching(test) => match test.holds(data) {
                            Some(true) => return Taker::Met(step, used),
                            Some(false) => differs(step, 0),
                            None => return Taker::Panicked(step, *test),
                        },
                    }
                }
                What::SendAll(Value::Is(literal)) if stream.starts_with(literal) => {
                    return Taker::Met(step, literal.len() - before.len());
                }
                What::SendAll(Value::Is(literal)) if !literal.starts_with(&stream) => {
                    differs(step, alike(literal, &stream));
                }
                What::SendAll(_) => begun.push(step),
                _ => {}
            }
        }
        if begun.is_empty() { Taker::Nobody(furthest) } else { Taker::Begun(begun) }
    }

    /// The peer hears bytes, of this step or of what has begun.
    pub(super) fn hear(&mut self, decided: Option<usize>, more: &[u8], writer: Task) {
        let now = self.rules.len();
        for fact in &mut self.facts {
            if let Fact::Heard { step: step @ None, heard: Heard::Bytes { data, by, .. } } = fact {
                data.extend_from_slice(more);
                (*step, *by) = (decided, writer);
                return;
            }
        }
        let heard = Heard::Bytes { data: more.to_vec(), by: writer, known: now };
        self.facts.push(Fact::Heard { step: decided, heard });
    }

    /// No step takes what is left of a write.
    fn strayed(&mut self, data: &[u8], taken: usize, furthest: Option<(usize, usize)>) -> Answer {
        if let Some(reset) = self.reset_to_be_told() {
            if taken > 0 {
                return Answer::Wrote(taken);
            }
            if let Some(pending) = self.wait_for(reset, "send") {
                return pending;
            }
            self.facts.push(Fact::Interrupted { step: reset });
            return Answer::Fault(ErrorKind::ConnectionReset);
        }
        let rest = &data[taken..];
        let error = match self.state() {
            State::PeerClosed => ErrorKind::BrokenPipe,
            _ => ErrorKind::Other,
        };
        if let Some((step, at)) = furthest {
            let before = self.undecided().map_or(&[][..], |(before, ..)| before);
            let got = [before, rest].concat();
            let got = described(self.rules[step].what.name(), &bytes(&got));
            return self.refuse(&format!("Mismatch at {at}"), step, got, error);
        }
        match self.due() {
            Some(step) => {
                let kind = self.out_of_order();
                self.refuse(&kind, step, described("send", &bytes(rest)), error)
            }
            None if self.has(Flag::OpenEnded) && taken > 0 => Answer::Wrote(taken),
            None if self.has(Flag::OpenEnded) => self.wait(Why::PastTheEnd, "send"),
            None => self.violate(Violation {
                kind: "ScriptExhausted".to_owned(),
                step: self.last_step(),
                operation: "send".to_owned(),
                expected: None,
                got: Some(described("send", &bytes(rest))),
                error: Some(error),
            }),
        }
    }
}

/// How many bytes the two begin with alike.
fn alike(one: &[u8], other: &[u8]) -> usize {
    (0..=one.len().min(other.len())).rev().find(|n| one[..*n] == other[..*n]).unwrap_or(0)
}
