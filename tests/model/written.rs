//! What can be written (S2, S6): a script as it stands once its modifiers are applied.
//!
//! Whether a step is refused is worked out anew from all that was written before it.

use std::collections::BTreeSet;
use std::io::ErrorKind;

use super::parts::{self, Ending};
use super::script::{
    Chunks, Count, Delay, Extent, Form, Framing, Modifier, Part, Step, Value, What,
};

/// A script as far as it has been written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Script {
    /// The steps, and among them, where they were written, the rules: what one hears is an entry of
    /// its own, and what it replies is the next.
    pub(crate) steps: Vec<Written>,
    pub(crate) framing: Option<Framing>,
}

/// One step of a script that could be written, or a part of a rule.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    pub(crate) what: What,
    /// It is a part of a rule.
    pub(crate) is_standing: bool,
    /// What a frame is, if it is one.
    pub(crate) framing: Option<Framing>,
    /// How often it has to come, and how often it may.
    pub(crate) least: usize,
    pub(crate) most: Option<usize>,
    pub(crate) raises: Option<ErrorKind>,
    pub(crate) wait: Option<Wait>,
    pub(crate) accepts: Option<usize>,
    /// How what is said is cut.
    pub(crate) chunks: Option<Chunks>,
}

/// What lies between a step and its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    Delay(Delay),
    Never,
}

/// Where a connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum State {
    Disconnected,
    Connected,
    ShutDown,
    PeerClosed,
    Finished,
    Reset,
    Closed,
}

impl State {
    /// What can come in this state, in alphabetical order.
    pub(crate) fn allows(self) -> &'static [&'static str] {
        match self {
            Self::Disconnected => &["connect"],
            Self::Connected => &[
                "close",
                "eof",
                "recv",
                "recv_error",
                "recv_frame",
                "reset",
                "send",
                "send_all",
                "send_frame",
                "shutdown",
            ],
            Self::ShutDown => &["close", "eof", "recv", "recv_error", "recv_frame", "reset"],
            Self::PeerClosed => &["close", "send", "send_all", "send_frame", "shutdown"],
            Self::Finished | Self::Reset => &["close"],
            Self::Closed => &[],
        }
    }
}

/// Whether an error of this kind ends the connection.
pub(crate) fn is_reset(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted)
}

/// No socket gives errors of this kind to its client (C2).
fn is_readiness(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

impl Written {
    fn new(what: What, framing: Option<&Framing>) -> Self {
        let framing = framing.filter(|_| matches!(what, What::SendFrame(_) | What::RecvFrame(_)));
        Self {
            what: what.simplified(),
            is_standing: false,
            framing: framing.cloned(),
            least: 1,
            most: Some(1),
            raises: None,
            wait: None,
            accepts: None,
            chunks: None,
        }
    }

    fn standing(what: What) -> Self {
        Self { is_standing: true, least: 0, most: None, ..Self::new(what, None) }
    }

    pub(crate) fn may_come_again(&self, times: usize) -> bool {
        self.most.is_none_or(|most| times < most)
    }

    /// The bytes that it hears, if the script has them.
    pub(crate) fn literal(&self) -> Option<Vec<u8>> {
        match (self.what.sent()?, &self.framing) {
            (Value::Is(payload), Some(framing)) => framing.encode(payload),
            (Value::Is(literal), None) => Some(literal.clone()),
            _ => None,
        }
    }

    /// How a run ends that it hears and that has no end of its own.
    pub(crate) fn ending(&self) -> Option<Ending> {
        match &self.what {
            What::SendAll(Value::Any | Value::Matching(_)) => Some(Ending::Pause),
            What::SendAll(Value::Parts(run)) => parts::ending(run),
            _ => None,
        }
    }

    /// The states that this step leads to from `state`, if it comes.
    fn leads_from(&self, state: State) -> Option<State> {
        if !state.allows().contains(&self.what.name()) {
            return None;
        }
        if self.wait == Some(Wait::Never) {
            // Nothing is said, and a call that is never answered never ends.
            return (!self.what.is_heard()).then_some(state);
        }
        Some(match (&self.what, self.raises) {
            (What::Connect(_), Some(_)) | (What::Close, _) => State::Closed,
            (_, Some(kind)) if is_reset(kind) => State::Reset,
            (_, Some(_)) => state,
            (What::Connect(_), None) => State::Connected,
            (What::Reset, None) => State::Reset,
            (What::RecvError(kind), None) if is_reset(*kind) => State::Reset,
            (What::Eof, None) if state == State::ShutDown => State::Finished,
            (What::Eof, None) => State::PeerClosed,
            (What::Shutdown, None) if state == State::PeerClosed => State::Finished,
            (What::Shutdown, None) => State::ShutDown,
            _ => state,
        })
    }
}

impl What {
    /// The same in the simplest form; what cannot be written stays as it is.
    fn simplified(self) -> Self {
        let simple = |value| match value {
            Value::Parts(run) => parts::stands_for(&run).unwrap_or(Value::Parts(run)),
            other => other,
        };
        match self {
            Self::Send(value) => Self::Send(simple(value)),
            Self::SendAll(value) => Self::SendAll(simple(value)),
            Self::SendFrame(value) => Self::SendFrame(simple(value)),
            other => other,
        }
    }
}

impl Script {
    /// Writes it behind what is there; or says how many of its parts could be written: the step
    /// itself, then, of a rule, what it replies, then each modifier.
    pub(crate) fn add(&mut self, step: &Step) -> Result<(), usize> {
        let mut written = match &step.what {
            What::Framed(framing) => {
                if framing.form == Form::Delimited(Vec::new()) {
                    return Err(0);
                }
                self.framing = Some(framing.clone());
                return Ok(());
            }
            What::Allows(value) => {
                return self.add_rule(value).map(|rule| self.steps.push(rule)).ok_or(0);
            }
            What::Whenever(value, reply) => {
                let rule = self.add_rule(value).ok_or(0_usize)?;
                if **reply == What::Recv(Vec::new()) {
                    return Err(1);
                }
                let mut reply = Written::standing((**reply).clone());
                for (place, modifier) in step.modifiers.iter().enumerate() {
                    apply(modifier, &mut reply).ok_or(place + 2)?;
                }
                self.steps.extend([rule, reply]);
                return Ok(());
            }
            what => Written::new(what.clone(), self.framing.as_ref()),
        };
        if !self.can_be_written(&written) {
            return Err(0);
        }
        for (place, modifier) in step.modifiers.iter().enumerate() {
            apply(modifier, &mut written).ok_or(place + 1)?;
        }
        self.steps.push(written);
        Ok(())
    }

    /// A rule is told from all that the client sends, wherever that was written.
    fn add_rule(&self, value: &Value<Vec<u8>>) -> Option<Written> {
        let rule = Written::standing(What::SendAll(value.clone()));
        let is_told_apart = self.steps.iter().all(|step| !are_alike(step, &rule));
        (is_fit(&rule) && rule.ending().is_none() && is_told_apart).then_some(rule)
    }

    fn can_be_written(&self, step: &Written) -> bool {
        let before: Vec<_> = self.steps.iter().filter(|before| !before.is_standing).collect();
        let mut rules = self.steps.iter().filter(|rule| rule.is_standing);
        let what = &step.what;
        let is_connect = matches!(what, What::Connect(_));
        let is_reached = states_behind(&before, is_connect)
            .iter()
            .any(|state| state.allows().contains(&what.name()));
        let is_in_its_place = !is_connect || before.is_empty();
        let is_told_apart = match what.is_heard() {
            true => can_be_told_apart(step, &before) && rules.all(|rule| !are_alike(rule, step)),
            // The peer goes on only when the client has ended what has no end.
            false => !before.last().is_some_and(|last| {
                !last.what.is_heard() && (last.wait == Some(Wait::Never) || last.most.is_none())
            }),
        };
        is_fit(step) && is_in_its_place && is_reached && is_told_apart
    }
}

fn apply(modifier: &Modifier, step: &mut Written) -> Option<()> {
    match modifier {
        Modifier::Optional => step.least = 0,
        Modifier::Times(count) => {
            let (least, most) = match *count {
                Count::Exactly(times) => (times, Some(times)),
                Count::From(least) => (least, None),
                Count::Between(least, most) => (least, Some(most)),
                Count::UpTo(most) => (0, Some(most)),
            };
            let is_empty = most.is_some_and(|most| most == 0 || most < least);
            let is_over_after_one = matches!(step.what, What::RecvError(kind) if is_reset(kind));
            if is_empty
                || step.ending().is_some()
                || is_over_after_one && (least, most) != (1, Some(1))
            {
                return None;
            }
            (step.least, step.most) = (least, most);
        }
        Modifier::Raises(kind) if is_readiness(*kind) => return None,
        Modifier::Raises(kind) => step.raises = Some(*kind),
        Modifier::After(delay) => step.wait = Some(Wait::Delay(*delay)),
        Modifier::Never => step.wait = Some(Wait::Never),
        Modifier::Accepts(count) => {
            let is_too_much = step.extent().is_some_and(|extent| *count > extent);
            if *count == 0 || is_too_much {
                return None;
            }
            step.accepts = Some(*count);
        }
        Modifier::InChunks(chunks) => {
            let is_fit = match (chunks, step.says()) {
                (Chunks::Each(size), _) => *size > 0,
                (Chunks::List(sizes), Some(bytes)) => {
                    !sizes.contains(&0) && sizes.iter().sum::<usize>() == bytes.len()
                }
                // How long a reply is, nobody knows before it is made.
                (Chunks::List(_), None) => false,
            };
            step.chunks = Some(chunks.clone()).filter(|_| is_fit);
            step.chunks.as_ref()?;
        }
    }
    Some(())
}

impl Written {
    /// The bytes that the peer says, if the script has them.
    pub(crate) fn says(&self) -> Option<Vec<u8>> {
        match (&self.what, &self.framing) {
            (What::Recv(bytes), _) => Some(bytes.clone()),
            (What::RecvFrame(payload), Some(framing)) => framing.encode(payload),
            _ => None,
        }
    }

    /// How much it hears or says in all, where the script says.
    pub(crate) fn extent(&self) -> Option<usize> {
        match &self.what {
            What::Send(Value::Parts(run)) | What::SendAll(Value::Parts(run)) => parts::extent(run),
            What::RecvError(_) | What::Reset | What::Eof => Some(0),
            _ => self.literal().or_else(|| self.says()).map(|bytes| bytes.len()),
        }
    }

    /// The places at which so many bytes are cut.
    pub(crate) fn cuts(&self, len: usize) -> Vec<usize> {
        match &self.chunks {
            None => Vec::new(),
            Some(Chunks::Each(size)) => (1..len).filter(|at| at % size == 0).collect(),
            Some(Chunks::List(sizes)) => {
                (1..=sizes.len()).map(|n| sizes[..n].iter().sum()).collect()
            }
        }
    }
}

/// Whether what a step was given is what its place wants.
fn is_fit(step: &Written) -> bool {
    let is_value_fit = match step.what.sent() {
        Some(Value::Parts(run)) => parts::stands_for(run).is_some(),
        Some(Value::Is(bytes)) => step.framing.is_some() || !bytes.is_empty(),
        _ => true,
    };
    let is_frame = match &step.what {
        What::SendFrame(_) if step.framing.is_none() => false,
        What::SendFrame(Value::Is(_)) => step.literal().is_some(),
        What::RecvFrame(_) => step.says().is_some(),
        _ => true,
    };
    let is_rest_fit = match &step.what {
        What::Connect(Value::Is(place)) => *place < 2,
        What::Recv(bytes) => !bytes.is_empty(),
        What::RecvError(kind) => !is_readiness(*kind),
        _ => true,
    };
    is_value_fit && is_frame && is_rest_fit
}

/// Where the connection may stand behind `steps`: on every path, of which one takes each step that
/// the client may leave out and another does not.
fn states_behind(steps: &[&Written], is_connect: bool) -> BTreeSet<State> {
    let connects = match steps.first() {
        Some(first) => matches!(first.what, What::Connect(_)),
        None => is_connect,
    };
    let mut states =
        BTreeSet::from([if connects { State::Disconnected } else { State::Connected }]);
    for step in steps {
        let is_left_out = step.least == 0 && step.what.is_heard();
        let passed = states.iter().copied().filter(|_| is_left_out);
        states = states.iter().filter_map(|state| step.leads_from(*state)).chain(passed).collect();
    }
    states
}

/// Whether the bytes always tell `step` from those that may come in its place.
fn can_be_told_apart(step: &Written, before: &[&Written]) -> bool {
    (0..before.len()).all(|place| {
        let (earlier, between) = (before[place], &before[place + 1..]);
        if !earlier.what.is_heard() || step.what.sent().is_none() {
            return true;
        }
        let is_said_between = between.iter().any(|step| !step.what.is_heard());
        let is_required_between = between.iter().any(|step| step.what.is_heard() && step.least > 0);
        let would_take_it = match earlier.ending() {
            None => false,
            Some(Ending::Pause) => !is_said_between && !is_required_between,
            // Nothing is sent behind it, unless it is left out, or a shutdown ended it and failed.
            Some(Ending::Close) => earlier.least > 0 && !is_required_between,
        };
        let may_be_meant = earlier.least == 0 || earlier.may_come_again(earlier.least.max(1));
        !would_take_it && (is_required_between || !may_be_meant || !are_alike(earlier, step))
    })
}

/// Whether the same bytes could begin one of the two and be all of the other.
fn are_alike(one: &Written, other: &Written) -> bool {
    let (Some(of_one), Some(of_other)) = (one.what.sent(), other.what.sent()) else { return false };
    let is_anything = |step: &Written, value: &Value<_>| {
        matches!(value, Value::Any) || step.framing.is_some() && !matches!(value, Value::Is(_))
    };
    let is_judged = |value: &Value<_>| matches!(value, Value::Matching(_));
    match (one.run(), other.run()) {
        _ if is_anything(one, of_one) || is_anything(other, of_other) => true,
        // A predicate judges whole writes, in the order of the script; or all of a run.
        _ if is_judged(of_one) || is_judged(of_other) => {
            one.ending().is_some() || other.ending().is_some()
        }
        (Some(one), Some(other)) => !parts::are_distinct(&one, &other),
        _ => false,
    }
}

impl Written {
    /// What it hears, as parts.
    pub(super) fn run(&self) -> Option<Vec<Part>> {
        let literal = |bytes| Part { extent: Extent::Literal(bytes), capture: None, test: None };
        match self.what.sent()? {
            Value::Parts(run) if self.framing.is_none() => Some(run.clone()),
            _ => self.literal().map(|bytes| vec![literal(bytes)]),
        }
    }
}
