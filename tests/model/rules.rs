//! What can be written (S2, S6): a script as it stands once its modifiers are applied.
//!
//! Whether a step is refused is worked out anew from all that was written before it.

use std::collections::BTreeSet;
use std::io::ErrorKind;

use super::script::{Chunks, Count, Delay, Modifier, Step, Value, What};

/// One step of a script that could be written.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) what: What,
    /// How often it has to come, and how often it may.
    pub(crate) least: usize,
    pub(crate) most: Option<usize>,
    pub(crate) raises: Option<ErrorKind>,
    pub(crate) wait: Option<Wait>,
    pub(crate) accepts: Option<usize>,
    /// Where what is said is cut.
    pub(crate) cuts: Vec<usize>,
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

impl Rule {
    pub(crate) fn may_come_again(&self, times: usize) -> bool {
        self.most.is_none_or(|most| times < most)
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
            (What::Send(_) | What::SendAll(_) | What::Recv(_) | What::RecvError(_), None) => state,
        })
    }
}

/// The step as it stands behind `before`; or how many of its parts could be written: the step
/// itself, then each modifier.
pub(crate) fn rule(step: &Step, before: &[Rule]) -> Result<Rule, usize> {
    if !can_be_written(&step.what, before) {
        return Err(0);
    }
    let mut rule = Rule {
        what: step.what.clone(),
        least: 1,
        most: Some(1),
        raises: None,
        wait: None,
        accepts: None,
        cuts: Vec::new(),
    };
    for (place, modifier) in step.modifiers.iter().enumerate() {
        apply(modifier, &mut rule).ok_or(place + 1)?;
    }
    Ok(rule)
}

fn apply(modifier: &Modifier, rule: &mut Rule) -> Option<()> {
    match modifier {
        Modifier::Optional => rule.least = 0,
        Modifier::Times(count) => {
            let (least, most) = match *count {
                Count::Exactly(times) => (times, Some(times)),
                Count::From(least) => (least, None),
                Count::Between(least, most) => (least, Some(most)),
                Count::UpTo(most) => (0, Some(most)),
            };
            let is_empty = most.is_some_and(|most| most == 0 || most < least);
            if is_empty || rule.what.is_open_run() {
                return None;
            }
            (rule.least, rule.most) = (least, most);
        }
        Modifier::Raises(kind) if is_readiness(*kind) => return None,
        Modifier::Raises(kind) => rule.raises = Some(*kind),
        Modifier::After(delay) => rule.wait = Some(Wait::Delay(*delay)),
        Modifier::Never => rule.wait = Some(Wait::Never),
        Modifier::Accepts(count) => {
            let is_too_much = match rule.what.sent() {
                Some(Value::Is(bytes)) => *count > bytes.len(),
                _ => false,
            };
            if *count == 0 || is_too_much {
                return None;
            }
            rule.accepts = Some(*count);
        }
        Modifier::InChunks(chunks) => rule.cuts = cuts(chunks, &rule.what)?,
    }
    Some(())
}

/// The places at which the bytes of `what` are cut.
fn cuts(chunks: &Chunks, what: &What) -> Option<Vec<usize>> {
    let What::Recv(bytes) = what else { return None };
    match chunks {
        Chunks::Each(0) => None,
        Chunks::Each(size) => Some((1..bytes.len()).filter(|at| at % size == 0).collect()),
        Chunks::List(sizes) if sizes.contains(&0) => None,
        Chunks::List(sizes) => {
            let cuts: Vec<_> = (1..=sizes.len()).map(|n| sizes[..n].iter().sum()).collect();
            (cuts.last() == Some(&bytes.len())).then_some(cuts)
        }
    }
}

fn can_be_written(what: &What, before: &[Rule]) -> bool {
    let is_fit = match what {
        What::Connect(Value::Is(place)) => *place < 2,
        What::Send(Value::Is(bytes)) | What::SendAll(Value::Is(bytes)) | What::Recv(bytes) => {
            !bytes.is_empty()
        }
        What::RecvError(kind) => !is_readiness(*kind),
        _ => true,
    };
    let is_connect = matches!(what, What::Connect(_));
    let is_reached =
        states_behind(before, is_connect).iter().any(|state| state.allows().contains(&what.name()));
    let is_in_its_place = !is_connect || before.is_empty();
    let is_told_apart = match what.is_heard() {
        true => can_be_told_apart(what, before),
        // The peer goes on only when the client has ended what has no end.
        false => !before.last().is_some_and(|last| {
            !last.what.is_heard() && (last.wait == Some(Wait::Never) || last.most.is_none())
        }),
    };
    is_fit && is_in_its_place && is_reached && is_told_apart
}

/// Where the connection may stand behind `rules`: on every path, of which one takes each step that
/// the client may leave out and another does not.
fn states_behind(rules: &[Rule], is_connect: bool) -> BTreeSet<State> {
    let connects = match rules.first() {
        Some(first) => matches!(first.what, What::Connect(_)),
        None => is_connect,
    };
    let mut states =
        BTreeSet::from([if connects { State::Disconnected } else { State::Connected }]);
    for rule in rules {
        let is_left_out = rule.least == 0 && rule.what.is_heard();
        let passed = states.iter().copied().filter(|_| is_left_out);
        states = states.iter().filter_map(|state| rule.leads_from(*state)).chain(passed).collect();
    }
    states
}

/// Whether the bytes always tell `what` from the steps that may come in its place.
fn can_be_told_apart(what: &What, before: &[Rule]) -> bool {
    (0..before.len()).all(|place| {
        let earlier = &before[place];
        let between = &before[place + 1..];
        let is_required_between = between.iter().any(|rule| rule.what.is_heard() && rule.least > 0);
        let is_said_between = between.iter().any(|rule| !rule.what.is_heard());
        if is_required_between || !earlier.what.is_heard() || !are_alike(&earlier.what, what) {
            return true;
        }
        let may_be_left_out = earlier.least == 0;
        let may_come_again = earlier.may_come_again(earlier.least.max(1));
        let would_take_it = earlier.what.is_open_run() && !is_said_between;
        !may_be_left_out && !may_come_again && !would_take_it
    })
}

/// Whether the same bytes could begin one of the two and be all of the other.
fn are_alike(one: &What, other: &What) -> bool {
    match (one.sent(), other.sent()) {
        (Some(Value::Is(one)), Some(Value::Is(other))) => {
            one.starts_with(other) || other.starts_with(one)
        }
        (Some(Value::Any), Some(_)) | (Some(_), Some(Value::Any)) => true,
        // A predicate judges whole writes, in the order of the script; or all of a run.
        (Some(_), Some(_)) => one.is_open_run() || other.is_open_run(),
        _ => false,
    }
}
