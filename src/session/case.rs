//! The life of one session: from the place it takes in a queue to the transport that is dropped.

use std::any::Any;
use std::panic::Location;

use super::language::Language;
use super::machine::Machine;
use crate::protocol;
use crate::script::Script;
use crate::timeline::{Happened, Sequence, Timeline};
use crate::verify::{
    Interaction, Line, Outcome, SessionLabel, Stage, StepLabel, UnusedSession, UnusedStep,
    Violation, ViolationKind,
};

/// One session, with the machine that judges it.
pub(crate) struct Case<L: Language> {
    pub(crate) life: Life,
    pub(crate) machine: Machine<L>,
}

/// What every session has, whatever its protocol.
pub(crate) struct Life {
    pub(crate) stage: Stage,
    /// Its first violation, which every later operation gets again.
    pub(crate) broken: Option<Violation>,
    /// The client may keep its transport.
    pub(crate) stays_open: bool,
    pub(crate) begins_with_entry: bool,
    /// How many of its interactions assertions on this session have passed.
    pub(crate) cursor: usize,
    /// A step of it could not be; nothing of it counts.
    pub(crate) is_withdrawn: bool,
}

/// A session whose protocol does not matter.
pub(crate) trait AnyCase: Send {
    fn as_any_mut(&mut self) -> &mut dyn Any;
    fn life(&self) -> &Life;
    fn life_mut(&mut self) -> &mut Life;
    fn label(&self) -> &SessionLabel;
    /// The first step of the script, if it has any.
    fn first_step(&self) -> Option<StepLabel>;
    /// The name of a step's operation.
    fn name(&self, step: usize) -> &'static str;
    /// An interaction of this session, as data.
    fn interaction(&self, sequence: Sequence, happened: &Happened) -> Interaction;
    /// The interactions of this session, in order.
    fn happened(&self) -> &[Sequence];
    /// The required steps that were left.
    fn unused(&self, timeline: &Timeline) -> Option<UnusedSession>;
    /// The conversation around `violation`: what happened, what should not have, what did not.
    fn conversation(&self, timeline: &Timeline, violation: &Violation) -> Vec<Line>;
}

impl<L: Language> Case<L> {
    pub(crate) fn new(index: usize, written_at: &'static Location<'static>) -> Self {
        Self {
            life: Life {
                stage: Stage::Held,
                broken: None,
                stays_open: false,
                begins_with_entry: false,
                cursor: 0,
                is_withdrawn: false,
            },
            machine: Machine::new(SessionLabel::new(index, written_at), Script::new(), L::INITIAL),
        }
    }

    /// Takes the script that was written.
    pub(crate) fn land(&mut self, script: Script<L>, name: Option<std::sync::Arc<str>>) {
        let mut label = self.machine.label.clone();
        label.name = name;
        self.life.stage = Stage::Queued;
        self.life.stays_open = script.stays_open;
        self.life.begins_with_entry = script.begins_with_entry();
        let connected = protocol::next::<L>(L::ENTRY, L::INITIAL);
        let state = match connected {
            Some(connected) if !script.begins_with_entry() => connected,
            _ => L::INITIAL,
        };
        self.machine = Machine::new(label, script, state);
    }
}

impl<L: Language> AnyCase for Case<L> {
    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }

    fn life(&self) -> &Life {
        &self.life
    }

    fn life_mut(&mut self) -> &mut Life {
        &mut self.life
    }

    fn label(&self) -> &SessionLabel {
        &self.machine.label
    }

    fn name(&self, step: usize) -> &'static str {
        self.machine.name(step)
    }

    fn first_step(&self) -> Option<StepLabel> {
        self.machine.script().first().map(|first| self.machine.step_label(first))
    }

    fn interaction(&self, sequence: Sequence, happened: &Happened) -> Interaction {
        let outcome = match happened.fault {
            Some(fault) => Outcome::Raised(fault),
            None if happened.is_complete => Outcome::Complete,
            None => {
                Outcome::Partial { amount: happened.amount, of: self.machine.extent(happened.step) }
            }
        };
        Interaction {
            sequence,
            session: self.machine.label.clone(),
            step: self.machine.step_label(happened.step),
            operation: self.machine.describe_happened(sequence, happened),
            size: happened.size,
            outcome,
            is_stated: happened.is_stated,
            is_asserted: happened.is_asserted,
        }
    }

    fn happened(&self) -> &[Sequence] {
        self.machine.happened()
    }

    fn unused(&self, timeline: &Timeline) -> Option<UnusedSession> {
        let is_held = self.life.stage == Stage::Held;
        if self.life.broken.is_some() || self.life.is_withdrawn {
            return None;
        }
        if self.machine.is_spent() && !is_held {
            return None;
        }
        let steps: Vec<_> = self
            .machine
            .unused(timeline)
            .map(|(step, used)| UnusedStep {
                step: self.machine.step_label(step),
                operation: self.machine.describe(step),
                times: used.times,
                least: self.machine.least(step),
                amount: used.begun.map(|happened| happened.amount),
                of: self.machine.extent(step),
                frame: self.machine.frame(step),
                is_farewell: self.machine.is_farewell(step),
            })
            .collect();
        // A builder that is still held may have any steps.
        (is_held || !steps.is_empty()).then(|| UnusedSession {
            session: self.machine.label.clone(),
            stage: self.life.stage,
            steps,
        })
    }

    fn conversation(&self, timeline: &Timeline, violation: &Violation) -> Vec<Line> {
        let at_step = violation.step().map(|step| step.index);
        let is_compared = matches!(
            violation.kind(),
            ViolationKind::Mismatch { .. } | ViolationKind::Malformed { .. }
        );
        let mut lines = Vec::new();
        let mut used = vec![false; self.machine.script().steps.len()];
        for &sequence in self.machine.happened() {
            let happened = &timeline[sequence];
            // What came of the step before the wrong byte is part of what is shown as wrong.
            if is_compared && !happened.is_complete && at_step == Some(happened.step) {
                continue;
            }
            used[happened.step] = true;
            lines.push(Line::Happened(self.interaction(sequence, happened)));
        }
        lines.extend(violation.got().cloned().map(Line::Here));
        for (step, used) in used.iter().enumerate() {
            let is_here = is_compared && at_step == Some(step);
            if !used && !is_here && !self.machine.script().steps[step].is_standing {
                lines.push(Line::NotReached(self.machine.describe(step)));
            }
        }
        lines
    }
}
