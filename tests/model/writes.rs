//! Whose the bytes of a write are (S3, S6, B1, B2, B5).

use std::io::ErrorKind;

use super::facts::{Fact, Heard, Why};
use super::frames::Frame;
use super::model::Model;
use super::parts::{self, Fit, alike};
use super::script::{Flag, PANIC, Task, Value, What};
use super::text::{Answer, Violation, bytes, described};
use super::written::{State, Written};

/// Whose the next bytes of a write are.
enum Taker {
    /// They complete this step, which takes so many of them.
    Met(usize, usize),
    /// All of them begin these steps.
    Begun(Vec<usize>),
    /// Only a write of its own is for the step that may come next, or only one that begins with it
    /// shows code of the user's all of it.
    OwnWrite,
    /// The predicate of this step, or those with these labels, panicked.
    Panicked(usize, String),
    /// Nobody's.
    Nobody(Option<Strayed>),
}

/// The step that came furthest of those that do not take the bytes.
struct Strayed {
    step: usize,
    how: How,
    got: Vec<u8>,
}

/// How bytes are not what a step hears.
#[derive(PartialEq, Eq)]
enum How {
    Differs(usize),
    /// They are no frame.
    Malformed(String),
}

/// What of some bytes a step takes.
enum Take {
    Whole(usize),
    Begun,
    Differs(usize, Vec<u8>),
    Malformed(String),
    Panicked(String),
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
                Taker::Met(step, _) if is_begun && self.steps[step].raises.is_some() => {
                    return short;
                }
                Taker::Met(step, used) => {
                    if let Some(why) = self.awaited_in_lockstep(step) {
                        return if is_begun { short } else { self.wait(why, "send") };
                    }
                    let is_own_write = matches!(self.steps[step].what, What::Send(_));
                    let kept = if is_own_write { data } else { &data[taken..taken + used] };
                    self.hear(Some(step), kept, by);
                    if let Some(kind) = self.steps[step].raises {
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
                Taker::Panicked(step, label) => return self.panicked(step, &label, PANIC),
                Taker::Nobody(strayed) => return self.strayed(data, taken, strayed),
            }
        }
        Answer::Wrote(taken)
    }

    /// Whose the bytes of a write are that come after the first `taken`.
    fn taker(&self, data: &[u8], taken: usize) -> Taker {
        let (before, candidates) = match self.undecided() {
            Some((before, _, _)) => (before, self.begun()),
            None => (&[][..], self.may_come_next(self.steps.len())),
        };
        let stream = [before, &data[taken..]].concat();
        let mut begun = Vec::new();
        let mut furthest: Option<Strayed> = None;
        for step in candidates {
            let written = &self.steps[step];
            let is_own_write = matches!(written.what, What::Send(_));
            if written.what.sent().is_none() {
                continue;
            }
            if taken > 0 && (is_own_write || written.is_judged_after(&stream)) {
                return Taker::OwnWrite;
            }
            let take = match is_own_write {
                true => written.take_write(data),
                false => written.take(&stream),
            };
            let (how, got) = match take {
                Take::Whole(len) => return Taker::Met(step, len - before.len()),
                Take::Panicked(label) => return Taker::Panicked(step, label),
                Take::Begun => {
                    begun.push(step);
                    continue;
                }
                Take::Differs(at, got) => (How::Differs(at), got),
                Take::Malformed(problem) => (How::Malformed(problem), stream.clone()),
            };
            let is_further = match (&how, furthest.as_ref().map(|strayed| &strayed.how)) {
                (How::Differs(at), Some(How::Differs(so_far))) => at > so_far,
                _ => true,
            };
            if is_further {
                furthest = Some(Strayed { step, how, got });
            }
        }
        if begun.is_empty() { Taker::Nobody(furthest) } else { Taker::Begun(begun) }
    }

    /// The peer hears bytes, of this step or of what has begun.
    pub(super) fn hear(&mut self, decided: Option<usize>, more: &[u8], writer: Task) {
        let now = self.steps.len();
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
    fn strayed(&mut self, data: &[u8], taken: usize, furthest: Option<Strayed>) -> Answer {
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
        if let Some(Strayed { step, how, got }) = furthest {
            let (kind, expected) = match how {
                How::Differs(at) => (format!("Mismatch at {at}"), self.steps[step].compared()),
                How::Malformed(problem) => {
                    (format!("Malformed, {problem}"), self.steps[step].describe())
                }
            };
            let got = described(self.steps[step].what.name(), &bytes(&got));
            return self.refuse_as(&kind, step, expected, got, error);
        }
        let is_past_the_end = self.begun().is_empty() && self.due_to_be_heard().is_none();
        match self.due() {
            _ if is_past_the_end && self.has(Flag::OpenEnded) && taken > 0 => Answer::Wrote(taken),
            _ if is_past_the_end && self.has(Flag::OpenEnded) => self.wait(Why::PastTheEnd, "send"),
            Some(step) => {
                let kind = self.out_of_order();
                self.refuse(&kind, step, described("send", &bytes(rest)), error)
            }
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

impl Written {
    /// What it takes of a write that is to be all of it.
    fn take_write(&self, data: &[u8]) -> Take {
        let used = self.accepts.unwrap_or(data.len());
        let differs = |at| Take::Differs(at, data.to_vec());
        match self.what.sent() {
            Some(Value::Is(literal)) if literal != data => differs(alike(literal, data)),
            _ if used > data.len() => differs(data.len()),
            Some(Value::Parts(run)) => match parts::split(run, data) {
                Err(at) => differs(at),
                Ok(_) => judged(self.holds(data), used, data),
            },
            _ => judged(self.holds(data), used, data),
        }
    }

    /// What it takes of all that came of it so far.
    fn take(&self, stream: &[u8]) -> Take {
        if let (None, Some(framing)) = (self.literal(), &self.framing) {
            return match framing.decode(stream) {
                Frame::Begun => Take::Begun,
                Frame::None(problem) => Take::Malformed(problem),
                Frame::Whole(len, payload) => match self.what.sent() {
                    Some(Value::Parts(run)) if parts::split(run, &payload).is_err() => {
                        Take::Differs(
                            parts::split(run, &payload).map_or_else(|at| at, |_| 0),
                            payload,
                        )
                    }
                    _ => judged(self.holds(&payload), len, &payload),
                },
            };
        }
        match self.fit(stream) {
            Fit::Whole(len) => judged(self.holds(&stream[..len]), len, stream),
            Fit::Part | Fit::Open => Take::Begun,
            Fit::Differs(at) => Take::Differs(at, stream.to_vec()),
        }
    }

    /// Whether code of the user's has to be asked about these bytes.
    fn is_judged_after(&self, stream: &[u8]) -> bool {
        match self.what.sent() {
            Some(Value::Is(_)) | None => false,
            Some(_) if self.framing.is_some() => true,
            Some(Value::Parts(run)) => {
                parts::label(run).is_some() && matches!(self.fit(stream), Fit::Whole(_))
            }
            Some(_) => false,
        }
    }

    /// How far the bytes are the run that it hears.
    pub(super) fn fit(&self, bytes: &[u8]) -> Fit {
        match self.run() {
            Some(run) => parts::fit(&run, bytes),
            None => Fit::Open,
        }
    }

    /// Whether it may be what these bytes begin, over any number of writes.
    pub(super) fn is_begun_by(&self, bytes: &[u8]) -> bool {
        let is_run = matches!(self.what, What::SendAll(_) | What::SendFrame(_));
        is_run && matches!(self.take(bytes), Take::Begun)
    }

    /// What the predicates say of all that it hears; what they are called, if one panics.
    pub(super) fn holds(&self, bytes: &[u8]) -> Result<bool, String> {
        match self.what.sent() {
            Some(Value::Matching(test)) => test.holds(bytes).ok_or(test.label().to_owned()),
            Some(Value::Parts(run)) => {
                parts::holds(run, bytes).ok_or(parts::label(run).unwrap_or_default())
            }
            _ => Ok(true),
        }
    }
}

fn judged(holds: Result<bool, String>, used: usize, got: &[u8]) -> Take {
    match holds {
        Ok(true) => Take::Whole(used),
        Ok(false) => Take::Differs(0, got.to_vec()),
        Err(label) => Take::Panicked(label),
    }
}
