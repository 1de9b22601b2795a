//! The reference: what every client operation must come to, by the rules S1 to S9, B1 to B10, W1 to
//! W6 and V1 of scripts.
//!
//! It is slow on purpose. It keeps the script and the list of facts, which are what happened so far,
//! and works everything else out from those each time it is asked: there is no cursor, and nothing
//! that could get out of step. Captures, standing rules and frames would be more kinds of facts, and
//! more takers in `writes`.

use std::io::ErrorKind;

use super::facts::{Fact, Heard, Why};
use super::rules::{Rule, State, rule};
use super::script::{Batch, Case, ENDPOINTS, Flag, Op, Setup, Task, Value, What};
use super::text::{Answer, Violation, bytes, described};

/// All that a verifier with one session knows.
#[derive(Clone)]
pub(crate) struct Model {
    pub(super) setup: Setup,
    pub(super) rules: Vec<Rule>,
    pub(super) flags: Vec<Flag>,
    pub(super) facts: Vec<Fact>,
    pub(super) stage: &'static str,
    /// A connect that was called and not answered.
    connecting: Option<Connecting>,
    /// The first violation, which every later operation gets again (S9).
    pub(super) broken: Option<Violation>,
    pub(super) violations: Vec<Violation>,
    pub(super) refused_connects: usize,
}

#[derive(Clone)]
struct Connecting {
    to: usize,
    is_polled: bool,
    refused: Option<Violation>,
}

impl Model {
    /// What a case begins with; or how many parts of which step could be written.
    pub(crate) fn new(case: &Case) -> Result<Self, (usize, usize)> {
        let mut model = Self {
            setup: case.setup,
            rules: Vec::new(),
            flags: Vec::new(),
            facts: Vec::new(),
            stage: "Queued",
            connecting: None,
            broken: None,
            violations: Vec::new(),
            refused_connects: 0,
        };
        model.write(&case.script)?;
        if case.setup.is_handed_out {
            if model.has_connect() {
                return Err((case.script.steps.len(), 0));
            }
            model.stage = "Open";
        }
        Ok(model)
    }

    /// Adds to the script; or says how many parts of which step could be written.
    pub(crate) fn write(&mut self, batch: &Batch) -> Result<(), (usize, usize)> {
        let mut rules = self.rules.clone();
        for (place, step) in batch.steps.iter().enumerate() {
            let rule = rule(step, &rules).map_err(|parts| (place, parts))?;
            rules.push(rule);
        }
        self.rules = rules;
        self.flags.extend(&batch.flags);
        Ok(())
    }

    /// What the operation comes to.
    pub(crate) fn apply(&mut self, op: &Op) -> Answer {
        let has_socket = self.stage == "Open";
        match op {
            Op::Connect { to, is_polled } => self.connect(*to, *is_polled),
            Op::Drop if has_socket || self.connecting.is_some() => self.drop(),
            Op::Then(batch) if !self.setup.is_handed_out => match self.write(batch) {
                Ok(()) => Answer::Done,
                Err(_) => Answer::Impossible,
            },
            Op::Verify => Answer::Done,
            Op::Write(task, data) if has_socket => self.send(*task, data),
            Op::WriteVectored(task, buffers) if has_socket => self.send(*task, &buffers.concat()),
            Op::Flush(_) if has_socket => match self.answered_again() {
                Some(answer) => answer,
                None => self.conclude().err().unwrap_or(Answer::Done),
            },
            Op::Read(task, size) if has_socket => self.read(*task, *size),
            Op::Shutdown(_) if has_socket => self.shutdown(),
            _ => Answer::Impossible,
        }
    }

    pub(super) fn answered_again(&self) -> Option<Answer> {
        self.broken.clone().map(Box::new).map(Answer::Refused)
    }

    fn connect(&mut self, to: usize, is_polled: bool) -> Answer {
        let mut connecting = match self.connecting.take() {
            Some(connecting) => connecting,
            None => Connecting { to, is_polled: false, refused: self.take_session(to) },
        };
        if !is_polled {
            self.connecting = Some(connecting);
            return Answer::Done;
        }
        if let Some(violation) = connecting.refused {
            return Answer::Refused(Box::new(violation));
        }
        connecting.is_polled = true;
        let answer = self.connect_to(connecting.to);
        self.stage = match answer {
            Answer::Done => "Open",
            Answer::Pending => "Connecting",
            _ => "Failed",
        };
        if answer == Answer::Pending {
            self.connecting = Some(connecting);
        }
        answer
    }

    /// Takes the session out of its queue; or says why there is none to connect to.
    fn take_session(&mut self, to: usize) -> Option<Violation> {
        let got = Some(described("connect", ENDPOINTS[to]));
        let is_queued = self.stage == "Queued";
        if is_queued {
            self.stage = "Taken";
            if self.has_connect() {
                return None;
            }
        }
        let violation = Violation {
            kind: if is_queued { "NeverConnected" } else { "NoSession" }.to_owned(),
            step: Some((1, self.rules.len())).filter(|(_, of)| is_queued && *of > 0),
            operation: "connect".to_owned(),
            expected: None,
            got,
            error: Some(ErrorKind::Other),
        };
        if is_queued {
            self.broken = Some(violation.clone());
        } else if self.violations.iter().any(|listed| listed.kind == "NoSession") {
            self.refused_connects += 1;
            return Some(violation);
        }
        self.violations.push(violation.clone());
        Some(violation)
    }

    fn connect_to(&mut self, to: usize) -> Answer {
        if let Some(answer) = self.answered_again() {
            return answer;
        }
        let What::Connect(expected) = &self.rules[0].what else { unreachable!("it was looked at") };
        let is_met = match expected {
            Value::Is(place) => Some(*place == to),
            Value::Any => Some(true),
            Value::Matching(test) => test.holds(ENDPOINTS[to].as_bytes()),
        };
        match (is_met, expected) {
            (Some(true), _) => {}
            (None, Value::Matching(test)) => return self.panicked(0, *test),
            _ => {
                let got = described("connect", ENDPOINTS[to]);
                return self.refuse("Mismatch at 0", 0, got, ErrorKind::Other);
            }
        }
        if let Some(pending) = self.wait_for(0, "connect") {
            return pending;
        }
        self.facts.push(Fact::Heard { step: Some(0), heard: Heard::Connect(to) });
        self.rules[0].raises.map_or(Answer::Done, Answer::Fault)
    }

    fn read(&mut self, task: Task, size: usize) -> Answer {
        if size == 0 {
            return Answer::Received(Vec::new()); // B8
        }
        if let Some(answer) = self.answered_again() {
            return answer;
        }
        if self.undecided().is_some_and(|(_, by, _)| by == task) {
            if let Err(answer) = self.conclude() {
                return answer; // B5
            }
        }
        let state = self.state();
        let Some(step) = self.said_next() else {
            return match state {
                State::PeerClosed | State::Finished | State::Reset => Answer::Received(Vec::new()),
                _ => self.wait(Why::PastTheEnd, "recv"),
            };
        };
        if let Some(why) = self.awaited_before(step) {
            let is_gone = matches!(state, State::ShutDown | State::Finished | State::Reset);
            return match why {
                Why::NotHeard(due) if is_gone && self.rules[due].what.sent().is_some() => {
                    let kind = self.out_of_order();
                    self.refuse(&kind, due, "recv".to_owned(), ErrorKind::Other)
                }
                why => self.wait(why, "recv"),
            };
        }
        if let Some(pending) = self.wait_for(step, "recv") {
            return pending;
        }
        self.say(step, size)
    }

    fn say(&mut self, step: usize, size: usize) -> Answer {
        let given = self.half_said(step).unwrap_or(0);
        let rule = &self.rules[step];
        let (answer, end) = match &rule.what {
            What::Recv(data) => {
                let cut = rule.cuts.iter().copied().find(|cut| *cut > given);
                let fits = if self.setup.is_bytewise { 1 } else { size };
                let end = cut.unwrap_or(data.len()).min(given + fits);
                (Answer::Received(data[given..end].to_vec()), end)
            }
            What::RecvError(kind) => (Answer::Fault(*kind), 0),
            What::Reset => (Answer::Fault(ErrorKind::ConnectionReset), 0),
            _ => (Answer::Received(Vec::new()), 0),
        };
        let is_all = match &rule.what {
            What::Recv(data) => end == data.len(),
            _ => true,
        };
        let going_on = self.facts.iter_mut().find_map(|fact| match fact {
            Fact::Said { amount, is_over: is_over @ false, .. } => Some((amount, is_over)),
            _ => None,
        });
        match going_on {
            Some((amount, is_over)) => (*amount, *is_over) = (end, is_all),
            None => self.facts.push(Fact::Said { step, amount: end, size, is_over: is_all }),
        }
        answer
    }

    fn shutdown(&mut self) -> Answer {
        if let Some(answer) = self.answered_again() {
            return answer;
        }
        if matches!(self.state(), State::ShutDown | State::Finished | State::Reset) {
            return Answer::Done; // C4
        }
        if let Err(answer) = self.conclude() {
            return answer;
        }
        if let Some(step) = self.mentions(&What::Shutdown) {
            if let Some(why) = self.awaited_in_lockstep(step) {
                return self.wait(why, "shutdown");
            }
            self.facts.push(Fact::Heard { step: Some(step), heard: Heard::Nothing });
            return self.rules[step].raises.map_or(Answer::Done, Answer::Fault);
        }
        match self.due() {
            Some(step) if !self.is_at_the_end() => {
                let kind = self.out_of_order();
                self.refuse(&kind, step, "shutdown".to_owned(), ErrorKind::Other)
            }
            _ => {
                self.facts.push(Fact::ShutDown);
                Answer::Done
            }
        }
    }

    fn drop(&mut self) -> Answer {
        if let Some(connecting) = self.connecting.take() {
            if connecting.refused.is_none() {
                self.stage = if connecting.is_polled { "Abandoned" } else { "NeverAwaited" };
            }
            return Answer::Done;
        }
        self.stage = "Closed";
        if self.broken.is_some() {
            return Answer::Done;
        }
        if let Err(Answer::Refused(_)) = self.conclude() {
            return Answer::Done; // the verdict tells
        }
        let fact = match self.mentions(&What::Close) {
            Some(step) => Fact::Heard { step: Some(step), heard: Heard::Nothing },
            None => Fact::Dropped,
        };
        self.facts.push(fact);
        Answer::Done
    }

    /// The step that the script has for something that is no send, if it may come now.
    fn mentions(&self, what: &What) -> Option<usize> {
        let candidates = self.may_come_next(self.rules.len());
        let mut steps = candidates.into_iter().filter(|step| self.rules[*step].what == *what);
        steps.next().filter(|_| self.undecided().is_none())
    }

    /// Ends a run that has no end of its own (B5); or says what the client gets instead.
    fn conclude(&mut self) -> Result<(), Answer> {
        let Some((data, by, _)) = self.undecided() else { return Ok(()) };
        let Some(&step) = self.begun().first() else { return Ok(()) };
        let tested = match &self.rules[step].what {
            What::SendAll(Value::Any) => None,
            What::SendAll(Value::Matching(test)) => Some(*test),
            _ => return Ok(()),
        };
        let got = described("send_all", &bytes(data));
        match tested.map(|test| (test.holds(data), test)) {
            None | Some((Some(true), _)) => {}
            Some((Some(false), _)) => {
                return Err(self.refuse("Mismatch at 0", step, got, ErrorKind::Other));
            }
            Some((None, test)) => return Err(self.panicked(step, test)),
        }
        self.hear(Some(step), &[], by);
        self.rules[step].raises.map_or(Ok(()), |kind| Err(Answer::Fault(kind)))
    }
}
