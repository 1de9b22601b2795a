//! The life of one session: from the place it takes in a queue to the transport that is dropped.

use std::any::Any;
use std::panic::Location;

use super::language::Language;
use super::machine::Machine;
use crate::timeline::{Happened, Sequence, Sequences, Timeline};
use crate::verify::{
    Interaction, Line, Outcome, SessionLabel, Stage, StepLabel, UnusedSession, UnusedStep,
    Violation, ViolationKind,
};

/// One session: what it has whatever its protocol, and the machine that judges it.
pub(crate) struct Case {
    /// The queue in which it has its place.
    pub(crate) queue: usize,
    pub(crate) stage: Stage,
    /// Where its builder was made.
    pub(crate) written_at: &'static Location<'static>,
    /// Its first violation, which every later operation gets again.
    pub(crate) broken: Option<Violation>,
    /// The client may keep its transport.
    pub(crate) stays_open: bool,
    pub(crate) begins_with_entry: bool,
    /// How many of its interactions assertions on this session have passed.
    pub(crate) cursor: usize,
    /// A step of it could not be; nothing of it counts.
    pub(crate) is_withdrawn: bool,
    /// What was left in its transport when that was dropped, and never sent.
    pub(crate) unflushed: usize,
    /// There is none before its script has landed.
    machine: Option<Box<dyn AnyMachine>>,
}

/// A machine whose protocol does not matter.
pub(crate) trait AnyMachine: Send {
    fn as_any_mut(&mut self) -> &mut dyn Any;
    fn label(&self) -> &SessionLabel;
    /// The first step of the script, if it has any.
    fn first_step(&self) -> Option<StepLabel>;
    /// The name of a step's operation.
    fn name(&self, step: usize) -> &'static str;
    /// An interaction of this session, as data.
    fn interaction(&self, sequence: Sequence, happened: &Happened) -> Interaction;
    /// The interactions of this session, in order.
    fn happened(&self) -> &Sequences;
    /// The required steps that were left.
    fn unused(&self, timeline: &Timeline) -> Vec<UnusedStep>;
    /// The conversation around `violation`: what happened, what should not have, what did not.
    fn conversation(&self, timeline: &Timeline, violation: &Violation) -> Vec<Line>;
}

impl Case {
    pub(crate) fn new(queue: usize, written_at: &'static Location<'static>) -> Self {
        Self {
            queue,
            stage: Stage::Held,
            written_at,
            broken: None,
            stays_open: false,
            begins_with_entry: false,
            cursor: 0,
            is_withdrawn: false,
            unflushed: 0,
            machine: None,
        }
    }

    /// Takes the script that was written, in its machine.
    pub(crate) fn land<L: Language>(&mut self, mut machine: Box<Machine<L>>) {
        let script = machine.script();
        self.stage = Stage::Queued;
        self.stays_open = script.stays_open;
        self.begins_with_entry = script.begins_with_entry();
        let connected = L::ENTRY.next(L::INITIAL);
        let state = match connected {
            Some(connected) if !self.begins_with_entry => connected,
            _ => L::INITIAL,
        };
        machine.start(state);
        self.machine = Some(machine);
    }

    /// The machine, once the script has landed.
    pub(crate) fn machine(&self) -> Option<&dyn AnyMachine> {
        self.machine.as_deref()
    }

    /// The machine of a session of this protocol, once its script has landed.
    pub(crate) fn machine_mut<L: Language>(&mut self) -> Option<&mut Machine<L>> {
        self.machine.as_deref_mut()?.as_any_mut().downcast_mut()
    }

    /// What was left of the session with this number, from 0.
    pub(crate) fn unused(&self, index: usize, timeline: &Timeline) -> Option<UnusedSession> {
        if self.broken.is_some() || self.is_withdrawn {
            return None;
        }
        let (stage, unflushed) = (self.stage, self.unflushed);
        let Some(machine) = self.machine() else {
            // A builder that is still held may have any steps.
            let session = SessionLabel::new(index, self.written_at);
            return Some(UnusedSession {
                session,
                stage,
                steps: Vec::new(),
                unflushed,
                begins_with_connect: true,
            });
        };
        let steps = machine.unused(timeline);
        if steps.is_empty() {
            return None;
        }
        let (session, begins_with_connect) = (machine.label().clone(), self.begins_with_entry);
        Some(UnusedSession { session, stage, steps, unflushed, begins_with_connect })
    }
}

impl<L: Language> AnyMachine for Machine<L> {
    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }

    fn label(&self) -> &SessionLabel {
        &self.label
    }

    fn name(&self, step: usize) -> &'static str {
        Self::name(self, step)
    }

    fn first_step(&self) -> Option<StepLabel> {
        self.script().first().map(|first| self.step_label(first))
    }

    fn interaction(&self, sequence: Sequence, happened: &Happened) -> Interaction {
        let outcome = match happened.fault {
            Some(fault) => Outcome::Raised(fault),
            None if happened.is_complete => Outcome::Complete,
            None => Outcome::Partial { amount: happened.amount, of: self.extent(happened.step) },
        };
        Interaction {
            sequence,
            session: self.label.clone(),
            step: self.step_label(happened.step),
            operation: self.describe_happened(sequence, happened),
            size: happened.size,
            outcome,
            is_stated: happened.is_stated,
            is_asserted: happened.is_asserted,
        }
    }

    fn happened(&self) -> &Sequences {
        Self::happened(self)
    }

    fn unused(&self, timeline: &Timeline) -> Vec<UnusedStep> {
        if self.is_spent() {
            return Vec::new();
        }
        Self::unused(self, timeline)
            .map(|(step, used)| UnusedStep {
                step: self.step_label(step),
                operation: self.describe(step),
                times: used.times,
                least: self.least(step),
                amount: used.begun.map(|happened| happened.amount),
                of: self.extent(step),
                frame: self.frame(step),
                is_said: !self.script().steps[step].is_heard(),
                is_farewell: self.is_farewell(step),
            })
            .collect()
    }

    fn conversation(&self, timeline: &Timeline, violation: &Violation) -> Vec<Line> {
        let at_step = violation.step().map(|step| step.index);
        let is_compared = matches!(
            violation.kind(),
            ViolationKind::Mismatch { .. } | ViolationKind::Malformed { .. }
        );
        let mut lines = Vec::new();
        let mut used = vec![false; self.script().steps.len()];
        for sequence in Self::happened(self).iter() {
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
            if !used && !is_here && !self.script().steps[step].is_standing {
                lines.push(Line::NotReached(self.describe(step)));
            }
        }
        lines
    }
}
