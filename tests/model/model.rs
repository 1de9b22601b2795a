//! The reference: what every client operation must come to, by the rules S1 to S9, B1 to B10, W1 to
//! W6 and V1 of scripts.
//!
//! It is slow on purpose. It keeps the script and the list of facts, which are what happened so far,
//! and works everything else out from those each time it is asked: there is no cursor, and nothing
//! that could get out of step.

use std::io::ErrorKind;

use super::facts::{Fact, Heard, Why};
use super::parts::{Ending, Fit};
use super::script::{Batch, Case, ENDPOINTS, Flag, Framing, Op, PANIC, Setup, Task, Value, What};
use super::text::{Answer, Violation, bytes, described};
use super::written::{Script, State, Written};

/// All that a verifier with one session knows.
#[derive(Clone)]
pub(crate) struct Model {
    pub(super) setup: Setup,
    pub(super) steps: Vec<Written>,
    framing: Option<Framing>,
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
            steps: Vec::new(),
            framing: None,
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
        let mut script = self.script();
        for (place, step) in batch.steps.iter().enumerate() {
            script.add(step).map_err(|parts| (place, parts))?;
        }
        (self.steps, self.framing) = (script.steps, script.framing);
        self.flags.extend(&batch.flags);
        Ok(())
    }

    /// All that has landed of the script.
    pub(crate) fn script(&self) -> Script {
        Script { steps: self.steps.clone(), framing: self.framing.clone() }
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
                None => self.conclude(Ending::Pause).err().unwrap_or(Answer::Done),
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
            step: self.first().filter(|_| is_queued).map(|first| self.numbers(first)),
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
        let first = self.first().expect("it was looked at");
        let What::Connect(expected) = &self.steps[first].what else { unreachable!("so was that") };
        let is_met = match expected {
            Value::Is(place) => Some(*place == to),
            Value::Any => Some(true),
            Value::Matching(test) => test.holds(ENDPOINTS[to].as_bytes()),
            Value::Parts(_) => unreachable!("an endpoint has no parts"),
        };
        match (is_met, expected) {
            (Some(true), _) => {}
            (None, Value::Matching(test)) => return self.panicked(first, test.label(), PANIC),
            _ => {
                let got = described("connect", ENDPOINTS[to]);
                return self.refuse("Mismatch at 0", first, got, ErrorKind::Other);
            }
        }
        if let Some(pending) = self.wait_for(first, "connect") {
            return pending;
        }
        self.facts.push(Fact::Heard { step: Some(first), heard: Heard::Connect(to) });
        self.steps[first].raises.map_or(Answer::Done, Answer::Fault)
    }

    fn read(&mut self, task: Task, size: usize) -> Answer {
        if size == 0 {
            return Answer::Received(Vec::new()); // B8
        }
        if let Some(answer) = self.answered_again() {
            return answer;
        }
        if self.undecided().is_some_and(|(_, by, _)| by == task) {
            if let Err(answer) = self.conclude(Ending::Pause) {
                return answer; // B5
            }
        }
        if let Some(owed) = self.owed() {
            return self.say_in_time(owed, size);
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
                Why::NotHeard(due) if is_gone && self.steps[due].what.sent().is_some() => {
                    let kind = self.out_of_order();
                    self.refuse(&kind, due, "recv".to_owned(), ErrorKind::Other)
                }
                why => self.wait(why, "recv"),
            };
        }
        self.say_in_time(step, size)
    }

    fn say_in_time(&mut self, step: usize, size: usize) -> Answer {
        match self.wait_for(step, "recv") {
            Some(pending) => pending,
            None => self.say(step, size),
        }
    }

    fn say(&mut self, step: usize, size: usize) -> Answer {
        let written = &self.steps[step];
        let (bytes, given) = match self.being_said() {
            Some((_, bytes, given)) => (bytes.to_vec(), given),
            None => match (&written.what, written.says()) {
                (_, Some(bytes)) => (bytes, 0),
                (What::Reply(reply), None) => match self.reply(step, reply) {
                    Ok(bytes) => (bytes, 0),
                    Err(message) => return self.reply_failed(step, message),
                },
                (_, None) => (Vec::new(), 0),
            },
        };
        let cut = written.cuts(bytes.len()).into_iter().find(|cut| *cut > given);
        let fits = if self.setup.is_bytewise { 1 } else { size };
        let end = cut.unwrap_or(bytes.len()).min(given + fits);
        let answer = match &written.what {
            What::RecvError(kind) => Answer::Fault(*kind),
            What::Reset => Answer::Fault(ErrorKind::ConnectionReset),
            _ => Answer::Received(bytes[given..end].to_vec()),
        };
        let is_all = end == bytes.len();
        let going_on = self.facts.iter_mut().find_map(|fact| match fact {
            Fact::Said { amount, is_over: is_over @ false, .. } => Some((amount, is_over)),
            _ => None,
        });
        match going_on {
            Some((amount, is_over)) => (*amount, *is_over) = (end, is_all),
            None => {
                self.facts.push(Fact::Said { step, bytes, amount: end, size, is_over: is_all });
            }
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
        if let Err(answer) = self.conclude(Ending::Close) {
            return answer;
        }
        if let Some(step) = self.mentions(&What::Shutdown) {
            if let Some(why) = self.awaited_in_lockstep(step) {
                return self.wait(why, "shutdown");
            }
            self.facts.push(Fact::Heard { step: Some(step), heard: Heard::Nothing });
            return self.steps[step].raises.map_or(Answer::Done, Answer::Fault);
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
        if let Err(Answer::Refused(_)) = self.conclude(Ending::Close) {
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
        let candidates = self.may_come_next(self.steps.len());
        let mut steps = candidates.into_iter().filter(|step| self.steps[*step].what == *what);
        steps.next().filter(|_| self.undecided().is_none())
    }

    /// Ends a run that has no end of its own, and ends like this (B5); or says what the client gets
    /// instead.
    fn conclude(&mut self, ending: Ending) -> Result<(), Answer> {
        let Some((data, by, _)) = self.undecided() else { return Ok(()) };
        let Some(&step) = self.begun().first() else { return Ok(()) };
        let data = data.to_vec();
        match self.steps[step].ending() {
            None => return Ok(()),
            Some(Ending::Close) if ending == Ending::Pause => return Ok(()), // who closes pauses, too
            Some(_) => {}
        }
        if self.steps[step].fit(&data) != Fit::Open {
            return Ok(());
        }
        match self.steps[step].holds(&data) {
            Ok(true) => {}
            Ok(false) => {
                let got = described(self.steps[step].what.name(), &bytes(&data));
                return Err(self.refuse("Mismatch at 0", step, got, ErrorKind::Other));
            }
            Err(label) => return Err(self.panicked(step, &label, PANIC)),
        }
        self.hear(Some(step), &[], by);
        self.steps[step].raises.map_or(Ok(()), |kind| Err(Answer::Fault(kind)))
    }
}
