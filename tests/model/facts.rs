//! What happened, and what follows from it: worked out from the facts each time that it is asked.

use std::io::ErrorKind;

use super::model::Model;
use super::parts::Ending;
use super::script::{Flag, Task, What};
use super::written::{State, Wait, is_reset};

/// One thing that happened, in the order in which it began.
#[derive(Clone)]
pub(super) enum Fact {
    /// The peer heard this, which is `step`'s; or it is not decided yet whose, or has not ended.
    Heard { step: Option<usize>, heard: Heard },
    /// The peer said so much of `bytes`, which is all that `step` says this time, to a client that
    /// first offered a buffer of `size`.
    Said { step: usize, bytes: Vec<u8>, amount: usize, size: usize, is_over: bool },
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

/// Why an operation has to wait.
#[derive(Clone, Copy)]
pub(super) enum Why {
    NotHeard(usize),
    RunWithoutEnd(usize),
    RunToTheEnd(usize),
    NotListened(usize),
    PastTheEnd,
    Never,
    Delayed,
}

impl Model {
    pub(super) fn has(&self, flag: Flag) -> bool {
        self.flags.contains(&flag)
    }

    pub(super) fn has_connect(&self) -> bool {
        self.first().is_some_and(|first| matches!(self.steps[first].what, What::Connect(_)))
    }

    /// The first step that is not part of a rule.
    pub(super) fn first(&self) -> Option<usize> {
        self.steps.iter().position(|step| !step.is_standing)
    }

    pub(super) fn is_standing(&self, step: usize) -> bool {
        self.steps[step].is_standing
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

    pub(super) fn last_heard(&self) -> Option<usize> {
        let step = |fact: &Fact| match fact {
            Fact::Heard { step: Some(step), .. } if !self.is_standing(*step) => Some(*step),
            _ => None,
        };
        self.facts.iter().filter_map(step).max()
    }

    /// What was heard and is not over: it may still be of several steps, or has no end yet.
    pub(super) fn undecided(&self) -> Option<(&[u8], Task, usize)> {
        self.facts.iter().find_map(|fact| match fact {
            Fact::Heard { step: None, heard: Heard::Bytes { data, by, known } } => {
                Some((&data[..], *by, *known))
            }
            _ => None,
        })
    }

    /// What is being said: the step, all of its bytes, and how many of them were said.
    pub(super) fn being_said(&self) -> Option<(usize, &[u8], usize)> {
        self.facts.iter().find_map(|fact| match fact {
            Fact::Said { step, bytes, amount, is_over: false, .. } => {
                Some((*step, &bytes[..], *amount))
            }
            _ => None,
        })
    }

    pub(super) fn is_half_said(&self, wanted: usize) -> bool {
        self.being_said().is_some_and(|(step, ..)| step == wanted)
    }

    /// What rules have still to say, each with the place of the fact that it answers.
    pub(super) fn all_owed(&self) -> Vec<(usize, usize)> {
        // Once the peer can say nothing more, it does not begin to.
        let is_begun = self.being_said().is_some_and(|(step, ..)| self.is_standing(step));
        let most = match self.state().allows().contains(&"recv") {
            true => usize::MAX,
            false => usize::from(is_begun),
        };
        let answer = |(place, fact): (usize, &Fact)| match fact {
            Fact::Heard { step: Some(step), .. } if self.is_standing(*step) => {
                let reply = self.steps.get(step + 1)?;
                (reply.is_standing && !reply.what.is_heard()).then_some((step + 1, place))
            }
            _ => None,
        };
        let is_settled = |fact: &&Fact| match fact {
            Fact::Said { step, is_over: true, .. } => self.is_standing(*step),
            _ => false,
        };
        let settled = self.facts.iter().filter(is_settled).count();
        self.facts.iter().enumerate().filter_map(answer).skip(settled).take(most).collect()
    }

    /// What a rule has to say before the script goes on: at the end of what is being said.
    pub(super) fn owed(&self) -> Option<usize> {
        let is_in_the_midst = self.being_said().is_some_and(|(step, ..)| !self.is_standing(step));
        self.all_owed().first().map(|(step, _)| *step).filter(|_| !is_in_the_midst)
    }

    /// Whether the delay of this time of the step is over: each time has its own.
    pub(super) fn is_elapsed(&self, wanted: usize) -> bool {
        let last = self.facts.iter().rev().find_map(|fact| match fact {
            Fact::Elapsed { step } if *step == wanted => Some(true),
            Fact::Said { step, is_over: true, .. } if *step == wanted => Some(false),
            _ => None,
        });
        last == Some(true)
    }

    pub(super) fn was_waited_on(&self, wanted: usize) -> bool {
        self.facts.iter().any(|fact| matches!(fact, Fact::WaitedOn { step } if *step == wanted))
    }

    /// Where the connection stands, by all that happened to it.
    pub(super) fn state(&self) -> State {
        let mut state = if self.has_connect() { State::Disconnected } else { State::Connected };
        for fact in &self.facts {
            let kind = match fact {
                Fact::Heard { step: Some(step), .. } => {
                    let rule = &self.steps[*step];
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
                Fact::Said { step, is_over: true, .. } => match &self.steps[*step].what {
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

    /// What may be heard next of the first `known`: steps (S6), and then rules.
    pub(super) fn may_come_next(&self, known: usize) -> Vec<usize> {
        let mut steps = self.steps_that_may_come_next(known);
        let is_rule = |step: &usize| self.is_standing(*step) && self.steps[*step].what.is_heard();
        steps.extend((0..known).filter(is_rule));
        steps
    }

    fn steps_that_may_come_next(&self, known: usize) -> Vec<usize> {
        let mut steps = Vec::new();
        for step in self.last_heard().unwrap_or(0)..known {
            let rule = &self.steps[step];
            if !rule.what.is_heard() || rule.is_standing {
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

    /// The steps and rules whose beginning may have been heard.
    pub(super) fn begun(&self) -> Vec<usize> {
        let Some((data, _, known)) = self.undecided() else { return Vec::new() };
        let mut steps = self.may_come_next(known);
        steps.retain(|step| self.steps[*step].is_begun_by(data));
        steps
    }

    /// The first heard step that has to come.
    pub(super) fn due_to_be_heard(&self) -> Option<usize> {
        (0..self.steps.len()).find(|step| {
            let rule = &self.steps[*step];
            rule.what.is_heard() && self.times(*step) < rule.least
        })
    }

    /// The first thing that has to be said, and that somebody can wait for.
    pub(super) fn due_to_be_said(&self) -> Option<usize> {
        (0..self.steps.len()).find(|step| {
            let rule = &self.steps[*step];
            !rule.what.is_heard()
                && self.times(*step) < rule.least
                && rule.wait != Some(Wait::Never)
                && !self.is_left_behind(*step)
        })
    }

    /// Whether the client has gone on from something that has no end of its own (W4).
    pub(super) fn is_left_behind(&self, step: usize) -> bool {
        let rule = &self.steps[step];
        let has_no_end = rule.wait == Some(Wait::Never) || rule.most.is_none();
        has_no_end
            && !self.is_half_said(step)
            && self.last_heard().is_some_and(|heard| heard > step)
    }

    /// Whether the connection was gone before the peer came to say the step (B4).
    pub(super) fn is_cut_off(&self, step: usize) -> bool {
        let raised_a_reset = |heard: usize| self.steps[heard].raises.is_some_and(is_reset);
        self.last_heard().is_some_and(|heard| heard < step && raised_a_reset(heard))
    }

    /// What a read is about.
    pub(super) fn said_next(&self) -> Option<usize> {
        (0..self.steps.len()).find(|step| {
            let rule = &self.steps[*step];
            !rule.what.is_heard()
                && !rule.is_standing
                && rule.may_come_again(self.times(*step))
                && !self.is_left_behind(*step)
                && !self.is_cut_off(*step)
        })
    }

    /// What the peer waits to hear before it says the step (S3).
    pub(super) fn awaited_before(&self, step: usize) -> Option<Why> {
        let mut in_order = self.begun();
        in_order.retain(|begun| !self.is_standing(*begun));
        if let Some(&last) = in_order.last().filter(|last| **last < step) {
            return Some(match self.steps[last].ending() {
                None => Why::NotHeard(last),
                Some(Ending::Pause) => Why::RunWithoutEnd(last),
                Some(Ending::Close) => Why::RunToTheEnd(last),
            });
        }
        self.due_to_be_heard().filter(|due| *due < step).map(Why::NotHeard)
    }

    /// What the client has to receive before it does the step, if they take turns (S3).
    pub(super) fn awaited_in_lockstep(&self, step: usize) -> Option<Why> {
        let is_asked = self.has(Flag::Lockstep)
            && self.steps[step].what != What::Close
            && !self.is_standing(step);
        let due = self.due_to_be_said().filter(|due| is_asked && *due < step);
        due.map(Why::NotListened)
    }

    /// Whether no step has to come but the close (B7).
    pub(super) fn is_at_the_end(&self) -> bool {
        self.due_to_be_heard().is_none_or(|step| self.steps[step].what == What::Close)
            && self.undecided().is_none()
            && self.due_to_be_said().is_none()
    }

    /// The reset that a write is told of if no step takes it (C5).
    pub(super) fn reset_to_be_told(&self) -> Option<usize> {
        let reset = self.steps.iter().position(|rule| rule.what == What::Reset)?;
        let is_in_front = |step: usize| {
            !self.steps[step].what.is_heard()
                && !self.is_standing(step)
                && !self.is_left_behind(step)
                && self.steps[step].may_come_again(self.times(step))
                && self.is_put_off(step)
        };
        let is_due = self.state() != State::Disconnected
            && self.times(reset) == 0
            && self.awaited_before(reset).is_none()
            && !(0..reset).any(is_in_front)
            && !self.all_owed().iter().any(|(owed, _)| self.is_put_off(*owed));
        is_due.then_some(reset)
    }

    /// Whether the peer has not said the step yet, though nothing else keeps it.
    fn is_put_off(&self, step: usize) -> bool {
        match self.steps[step].wait {
            Some(Wait::Delay(_)) => !self.is_elapsed(step),
            Some(Wait::Never) => true,
            None => false,
        }
    }

    /// What the client may do next that the script mentions, and what has begun of it.
    pub(super) fn invited(&self) -> (Vec<usize>, &[u8]) {
        match self.undecided() {
            Some((data, ..)) => (self.begun(), data),
            None => (self.may_come_next(self.steps.len()), &[]),
        }
    }
}

fn shut_down(state: State) -> State {
    if state == State::PeerClosed { State::Finished } else { State::ShutDown }
}
