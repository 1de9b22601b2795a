//! The reference: what every client operation must come to, by the rules S1 to S9, B1 to B10, W1 to
//! W6 and V1 of scripts.
//!
//! It is slow on purpose. It keeps the script and the list of facts, which are what happened so far,
//! and works everything else out from those each time it is asked: there is no cursor, and nothing
//! that could get out of step. Captures, standing rules and frames would be more kinds of facts, and
//! more takers in [`Model::taker`].

use std::io::ErrorKind;

use super::rules::{Rule, State, Wait, is_reset, rule};
use super::script::{
    Batch, Case, Delay, ENDPOINTS, Flag, Op, PANIC, Setup, Task, Test, Value, What,
};
use super::text::{Answer, Violation, bytes, described};

/// All that a verifier with one session knows.
#[derive(Clone)]
pub(crate) struct Model {
    pub(super) setup: Setup,
    pub(super) rules: Vec<Rule>,
    flags: Vec<Flag>,
    pub(super) facts: Vec<Fact>,
    pub(super) stage: &'static str,
    /// A connect that was called and not answered.
    connecting: Option<Connecting>,
    /// The first violation, which every later operation gets again (S9).
    pub(super) broken: Option<Violation>,
    pub(super) violations: Vec<Violation>,
    pub(super) refused_connects: usize,
}

/// One thing that happened, in the order in which it began.
#[derive(Clone)]
pub(super) enum Fact {
    /// The peer heard this, which is `step`'s; or it is not decided yet whose, or has not ended.
    Heard { step: Option<usize>, heard: Heard },
    /// The peer said so much of `step`, to a client that first offered a buffer of `size`.
    Said { step: usize, amount: usize, size: usize, is_over: bool },
    /// A write was told of the reset that `step` says.
    Interrupted { step: usize },
    /// The client shut down, and no step mentions it.
    ShutDown,
    /// The client dropped its socket, and no step mentions it.
    Dropped,
    /// Somebody waited for `step`, which never answers.
    WaitedOn { step: usize },
    /// The delay of `step` is over.
    Elapsed { step: usize },
}

/// What a peer heard, with what the script leaves open of it.
#[derive(Clone)]
pub(super) enum Heard {
    Connect(usize),
    /// Bytes, of which `by` wrote the last, begun when the script had so many steps.
    Bytes {
        data: Vec<u8>,
        by: Task,
        known: usize,
    },
    Nothing,
}

#[derive(Clone)]
struct Connecting {
    to: usize,
    is_polled: bool,
    refused: Option<Violation>,
}

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

/// Why an operation has to wait.
#[derive(Clone, Copy)]
enum Why {
    NotHeard(usize),
    RunWithoutEnd(usize),
    NotListened(usize),
    PastTheEnd,
    Never,
    Delayed,
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

    // What follows from the facts.

    fn has(&self, flag: Flag) -> bool {
        self.flags.contains(&flag)
    }

    fn has_connect(&self) -> bool {
        self.rules.first().is_some_and(|rule| matches!(rule.what, What::Connect(_)))
    }

    /// How often the step has come.
    pub(super) fn times(&self, wanted: usize) -> usize {
        let is_it = |fact: &&Fact| match fact {
            Fact::Heard { step, .. } => *step == Some(wanted),
            Fact::Said { step, is_over, .. } => *step == wanted && *is_over,
            Fact::Interrupted { step } => *step == wanted,
            _ => false,
        };
        self.facts.iter().filter(is_it).count()
    }

    fn last_heard(&self) -> Option<usize> {
        let step = |fact: &Fact| match fact {
            Fact::Heard { step, .. } => *step,
            _ => None,
        };
        self.facts.iter().filter_map(step).max()
    }

    /// What was heard and is not over: it may still be of several steps, or has no end yet.
    fn undecided(&self) -> Option<(&[u8], Task, usize)> {
        self.facts.iter().find_map(|fact| match fact {
            Fact::Heard { step: None, heard: Heard::Bytes { data, by, known } } => {
                Some((&data[..], *by, *known))
            }
            _ => None,
        })
    }

    /// How much was said of the step that is being said.
    fn half_said(&self, wanted: usize) -> Option<usize> {
        self.facts.iter().find_map(|fact| match fact {
            Fact::Said { step, amount, is_over: false, .. } if *step == wanted => Some(*amount),
            _ => None,
        })
    }

    fn is_elapsed(&self, wanted: usize) -> bool {
        self.facts.iter().any(|fact| matches!(fact, Fact::Elapsed { step } if *step == wanted))
    }

    pub(super) fn was_waited_on(&self, wanted: usize) -> bool {
        self.facts.iter().any(|fact| matches!(fact, Fact::WaitedOn { step } if *step == wanted))
    }

    /// Where the connection stands, by all that happened to it.
    fn state(&self) -> State {
        let mut state = if self.has_connect() { State::Disconnected } else { State::Connected };
        for fact in &self.facts {
            let kind = match fact {
                Fact::Heard { step: Some(step), .. } => {
                    let rule = &self.rules[*step];
                    match (&rule.what, rule.raises) {
                        (What::Connect(_), Some(_)) => return State::Closed,
                        (What::Connect(_), None) => state = State::Connected,
                        (What::Shutdown, None) => state = shut_down(state),
                        _ => {}
                    }
                    rule.raises
                }
                Fact::ShutDown => {
                    state = shut_down(state);
                    None
                }
                Fact::Said { step, is_over: true, .. } => match &self.rules[*step].what {
                    What::Eof if state == State::ShutDown => {
                        state = State::Finished;
                        None
                    }
                    What::Eof if state == State::Connected => {
                        state = State::PeerClosed;
                        None
                    }
                    What::RecvError(kind) => Some(*kind),
                    What::Reset => Some(ErrorKind::ConnectionReset),
                    _ => None,
                },
                Fact::Interrupted { .. } => Some(ErrorKind::ConnectionReset),
                _ => None,
            };
            if kind.is_some_and(is_reset) {
                state = State::Reset;
            }
        }
        state
    }

    /// The heard steps that may come next, of the first `known` (S6).
    fn may_come_next(&self, known: usize) -> Vec<usize> {
        let mut steps = Vec::new();
        for step in self.last_heard().unwrap_or(0)..known {
            let rule = &self.rules[step];
            if !rule.what.is_heard() {
                continue;
            }
            if rule.may_come_again(self.times(step)) {
                steps.push(step);
            }
            if self.times(step) < rule.least {
                break;
            }
        }
        steps
    }

    /// The steps whose beginning may have been heard.
    pub(super) fn begun(&self) -> Vec<usize> {
        let Some((data, _, known)) = self.undecided() else { return Vec::new() };
        let mut steps = self.may_come_next(known);
        steps.retain(|step| match &self.rules[*step].what {
            What::SendAll(Value::Is(literal)) => literal.starts_with(data),
            what => what.is_open_run(),
        });
        steps
    }

    /// The first heard step that has to come.
    fn due_to_be_heard(&self) -> Option<usize> {
        (0..self.rules.len()).find(|step| {
            let rule = &self.rules[*step];
            rule.what.is_heard() && self.times(*step) < rule.least
        })
    }

    /// The first thing that has to be said, and that somebody can wait for.
    fn due_to_be_said(&self) -> Option<usize> {
        (0..self.rules.len()).find(|step| {
            let rule = &self.rules[*step];
            !rule.what.is_heard()
                && self.times(*step) < rule.least
                && rule.wait != Some(Wait::Never)
                && !self.is_left_behind(*step)
        })
    }

    /// Whether the client has gone on from something that has no end of its own (W4).
    pub(super) fn is_left_behind(&self, step: usize) -> bool {
        let rule = &self.rules[step];
        let has_no_end = rule.wait == Some(Wait::Never) || rule.most.is_none();
        has_no_end
            && self.half_said(step).is_none()
            && self.last_heard().is_some_and(|heard| heard > step)
    }

    /// Whether the connection was gone before the peer came to say the step (B4).
    fn is_cut_off(&self, step: usize) -> bool {
        let raised_a_reset = |heard: usize| self.rules[heard].raises.is_some_and(is_reset);
        self.last_heard().is_some_and(|heard| heard < step && raised_a_reset(heard))
    }

    /// What a read is about.
    pub(super) fn said_next(&self) -> Option<usize> {
        (0..self.rules.len()).find(|step| {
            let rule = &self.rules[*step];
            !rule.what.is_heard()
                && rule.may_come_again(self.times(*step))
                && !self.is_left_behind(*step)
                && !self.is_cut_off(*step)
        })
    }

    /// What the peer waits to hear before it says the step (S3).
    fn awaited_before(&self, step: usize) -> Option<Why> {
        if let Some(last) = self.begun().last() {
            if *last < step {
                let is_open = self.rules[*last].what.is_open_run();
                return Some(if is_open {
                    Why::RunWithoutEnd(*last)
                } else {
                    Why::NotHeard(*last)
                });
            }
        }
        self.due_to_be_heard().filter(|due| *due < step).map(Why::NotHeard)
    }

    /// What the client has to receive before it does the step, if they take turns (S3).
    fn awaited_in_lockstep(&self, step: usize) -> Option<Why> {
        let is_asked = self.has(Flag::Lockstep) && self.rules[step].what != What::Close;
        let due = self.due_to_be_said().filter(|due| is_asked && *due < step);
        due.map(Why::NotListened)
    }

    /// Whether no step has to come but the close (B7).
    fn is_at_the_end(&self) -> bool {
        self.due_to_be_heard().is_none_or(|step| self.rules[step].what == What::Close)
            && self.undecided().is_none()
            && self.due_to_be_said().is_none()
    }

    /// The reset that a write is told of if no step takes it (C5).
    fn reset_to_be_told(&self) -> Option<usize> {
        let reset = self.rules.iter().position(|rule| rule.what == What::Reset)?;
        let is_unsaid = |step: usize| match self.rules[step].wait {
            _ if self.rules[step].what.is_heard() || self.is_left_behind(step) => false,
            Some(Wait::Delay(_)) => !self.is_elapsed(step),
            Some(Wait::Never) => true,
            None => false,
        };
        let is_due = self.state() != State::Disconnected
            && self.times(reset) == 0
            && self.awaited_before(reset).is_none()
            && !(0..reset).any(is_unsaid);
        is_due.then_some(reset)
    }

    /// What the client may do next that the script mentions, and what has begun of it.
    pub(super) fn invited(&self) -> (Vec<usize>, &[u8]) {
        match self.undecided() {
            Some((data, ..)) => (self.begun(), data),
            None => (self.may_come_next(self.rules.len()), &[]),
        }
    }

    // Operations.

    fn answered_again(&self) -> Option<Answer> {
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

    fn send(&mut self, by: Task, data: &[u8]) -> Answer {
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
    fn hear(&mut self, decided: Option<usize>, more: &[u8], writer: Task) {
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

    // Waiting.

    /// What an operation gets that the step is to answer, if it does not answer now.
    fn wait_for(&mut self, step: usize, operation: &'static str) -> Option<Answer> {
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

    fn wait(&mut self, why: Why, operation: &'static str) -> Answer {
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

    // Violations.

    /// The step that something else is out of order with.
    fn due(&self) -> Option<usize> {
        let begun = self.begun().first().copied();
        begun.or(self.due_to_be_heard()).or(self.due_to_be_said())
    }

    fn amount_begun(&self) -> Option<usize> {
        self.undecided().map(|(data, ..)| data.len())
    }

    fn out_of_order(&self) -> String {
        format!("OutOfOrder, begun {:?}", self.amount_begun())
    }

    fn last_step(&self) -> Option<(usize, usize)> {
        Some((self.rules.len(), self.rules.len())).filter(|(last, _)| *last > 0)
    }

    fn refuse(&mut self, kind: &str, step: usize, got: String, error: ErrorKind) -> Answer {
        self.violate(Violation {
            kind: kind.to_owned(),
            step: Some((step + 1, self.rules.len())),
            operation: got.split(' ').next().unwrap_or_default().to_owned(),
            expected: Some(self.rules[step].describe()),
            got: Some(got),
            error: Some(error),
        })
    }

    fn refuse_state(&mut self, state: State, data: &[u8]) -> Answer {
        self.violate(Violation {
            kind: format!("InvalidState {state:?}, which allows {:?}", state.allows()),
            step: None,
            operation: "send".to_owned(),
            expected: None,
            got: Some(described("send", &bytes(data))),
            error: Some(ErrorKind::BrokenPipe),
        })
    }

    fn panicked(&mut self, step: usize, test: Test) -> Answer {
        self.violate(Violation {
            kind: format!("MatcherPanicked `{}` {PANIC:?}", test.label()),
            step: Some((step + 1, self.rules.len())),
            operation: self.rules[step].what.name().to_owned(),
            expected: Some(self.rules[step].describe()),
            got: None,
            error: Some(ErrorKind::Other),
        })
    }

    fn violate(&mut self, violation: Violation) -> Answer {
        self.broken = Some(violation.clone());
        self.violations.push(violation.clone());
        Answer::Refused(Box::new(violation))
    }
}

fn shut_down(state: State) -> State {
    if state == State::PeerClosed { State::Finished } else { State::ShutDown }
}

/// How many bytes the two begin with alike.
fn alike(one: &[u8], other: &[u8]) -> usize {
    (0..=one.len().min(other.len())).rev().find(|n| one[..*n] == other[..*n]).unwrap_or(0)
}
