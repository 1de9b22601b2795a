//! All that one verifier knows: its sessions, its timeline and what went wrong.

use std::collections::VecDeque;
use std::panic::Location;

use super::case::{AnyCase, Case};
use super::language::Language;
use crate::timeline::{Happened, Sequence, Timeline};
use crate::verify::{
    Details, Interaction, Report, ReportedViolation, Stage, Violation, ViolationKind,
};

/// The pure part of what a verifier and its doubles share.
#[derive(Default)]
pub(crate) struct Book {
    pub(crate) cases: Vec<Box<dyn AnyCase>>,
    pub(crate) timeline: Timeline,
    /// For each connector, the sessions that nobody has taken, in the order of their places.
    queues: Vec<VecDeque<usize>>,
    violations: Vec<Violation>,
    /// Connects that were refused after the first for which no session was queued.
    refused_connects: usize,
    /// The first interaction that no assertion has passed.
    cursor: Sequence,
    /// Whether everything has to be asserted, stated or not.
    is_explicit: bool,
    /// How often anything happened that a verdict could depend on.
    pub(crate) activity: u64,
}

impl Book {
    pub(crate) fn new(is_explicit: bool) -> Self {
        Self { is_explicit, ..Self::default() }
    }

    pub(crate) fn new_queue(&mut self) -> usize {
        self.queues.push(VecDeque::new());
        self.queues.len() - 1
    }

    /// Takes the next place in a queue for a session whose script is being written.
    pub(crate) fn new_case<L: Language>(
        &mut self,
        queue: usize,
        written_at: &'static Location<'static>,
    ) -> usize {
        let index = self.cases.len();
        self.cases.push(Box::new(Case::<L>::new(index, written_at)));
        self.queues[queue].push_back(index);
        index
    }

    pub(crate) fn case_mut<L: Language>(&mut self, session: usize) -> Option<&mut Case<L>> {
        self.cases[session].as_any_mut().downcast_mut()
    }

    /// The session and the timeline at once, which judging a call takes.
    pub(crate) fn judging<L: Language>(
        &mut self,
        session: usize,
    ) -> Option<(&mut Case<L>, &mut Timeline)> {
        let case = self.cases[session].as_any_mut().downcast_mut()?;
        Some((case, &mut self.timeline))
    }

    /// Gives the first session that is complete to a client that connects.
    pub(crate) fn take<L: Language>(
        &mut self,
        queue: usize,
        call: L::Call<'_>,
    ) -> Result<usize, Violation> {
        self.activity += 1;
        let refused = |kind, session, step| {
            let got = Some(L::describe_call(call, 0, None));
            let details = Details::new(kind, session);
            Violation::from(Details { operation: L::ENTRY, got, step, ..details })
        };
        let cases = &self.cases;
        let is_queued = |index: &usize| cases[*index].life().stage == Stage::Queued;
        if let Some(place) = self.queues[queue].iter().position(is_queued) {
            let session = self.queues[queue].remove(place).unwrap_or_default();
            self.cases[session].life_mut().stage = Stage::Taken;
            if !self.cases[session].life().begins_with_entry {
                let label = self.cases[session].label().clone();
                let step = self.cases[session].first_step();
                let violation = refused(ViolationKind::NeverConnected, Some(label), step);
                self.break_case(session, violation.clone());
                return Err(violation);
            }
            return Ok(session);
        }
        let held = self.queues[queue].iter().map(|index| self.cases[*index].life());
        let held = held.filter(|life| life.stage == Stage::Held && !life.is_withdrawn);
        let kind = ViolationKind::NoSession { held: held.map(|life| life.written_at).collect() };
        Err(refused(kind, None, None))
    }

    /// Takes a session out of its queue, connected as it is.
    pub(crate) fn open(&mut self, session: usize) {
        self.activity += 1;
        self.cases[session].life_mut().stage = Stage::Open;
        for queue in &mut self.queues {
            queue.retain(|queued| *queued != session);
        }
    }

    /// Records that a connect was refused because no session is queued: the first is listed.
    /// Returns whether it was.
    pub(crate) fn refuse_connect(&mut self, violation: &Violation) -> bool {
        let is_listed =
            self.violations.iter().any(|v| matches!(v.kind(), ViolationKind::NoSession { .. }));
        if is_listed {
            self.refused_connects += 1;
        } else {
            self.violations.push(violation.clone());
        }
        !is_listed
    }

    /// Records the first violation of a session, which every later operation of it gets again.
    pub(crate) fn break_case(&mut self, session: usize, violation: Violation) {
        self.activity += 1;
        self.violations.push(violation.clone());
        self.cases[session].life_mut().broken = Some(violation);
    }

    pub(crate) fn has_violations(&self) -> bool {
        !self.violations.is_empty()
    }

    /// The verdict as it would be now.
    pub(crate) fn report(&self) -> Report {
        let mut happened: Vec<Vec<(Sequence, Happened)>> = vec![Vec::new(); self.cases.len()];
        for (sequence, one) in self.timeline.iter() {
            happened[one.session].push((sequence, one.clone()));
        }
        let violations = self.violations.iter().map(|violation| ReportedViolation {
            violation: violation.clone(),
            conversation: match violation.session() {
                Some(session) => {
                    self.cases[session.index].conversation(&happened[session.index], violation)
                }
                None => Vec::new(),
            },
        });
        let unused = self.cases.iter().zip(&happened).filter_map(|(case, happened)| {
            let mut used = Vec::new();
            for (_, one) in happened {
                if used.len() <= one.step {
                    used.resize(one.step + 1, None);
                }
                used[one.step] = Some(one.clone());
            }
            case.unused(&used)
        });
        let is_unasserted = |(_, one): &(Sequence, &Happened)| {
            !one.is_asserted
                && one.is_complete
                && (self.is_explicit || !one.is_stated)
                && self.cases[one.session].life().broken.is_none()
        };
        Report {
            violations: violations.collect(),
            refused_connects: self.refused_connects,
            unasserted: self
                .timeline
                .iter()
                .filter(is_unasserted)
                .map(|(sequence, one)| self.interaction_of(sequence, one))
                .collect(),
            unused: unused.collect(),
            deadline: false,
        }
    }

    /// All that happened, as data.
    pub(crate) fn interactions(&self) -> Vec<Interaction> {
        self.timeline.iter().map(|(seq, happened)| self.interaction_of(seq, happened)).collect()
    }

    /// The first interaction from `from` on that no assertion has matched, of `session` or any.
    pub(crate) fn next_unasserted(
        &self,
        from: Sequence,
        session: Option<usize>,
    ) -> Option<Interaction> {
        (from..self.timeline.len())
            .map(|sequence| (sequence, &self.timeline[sequence]))
            .find(|(_, one)| !one.is_asserted && session.is_none_or(|s| s == one.session))
            .map(|(sequence, one)| self.interaction_of(sequence, one))
    }

    /// Where the assertions have got to.
    pub(crate) fn cursor(&self) -> Sequence {
        self.cursor
    }

    /// Marks an interaction as asserted; `moves_cursor` if the assertions go on behind it.
    pub(crate) fn mark_asserted(&mut self, sequence: Sequence, moves_cursor: bool) {
        if self.timeline.get(sequence).is_none() {
            return;
        }
        self.activity += 1;
        self.timeline[sequence].is_asserted = true;
        if moves_cursor {
            self.cursor = self.cursor.max(sequence + 1);
        }
    }

    fn interaction_of(&self, sequence: Sequence, happened: &Happened) -> Interaction {
        self.cases[happened.session].interaction(sequence, happened)
    }
}
