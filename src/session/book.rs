//! All that one verifier knows: its sessions, its timeline and what went wrong.

use std::panic::Location;

use super::case::{AnyMachine, Case};
use super::few::Few;
use super::language::{Language, Meet, Opinion, Question};
use super::machine::answer_for;
use crate::protocol::Protocol as _;
use crate::script::Socket;
use crate::timeline::{Happened, Sequence, Sequences, Timeline};
use crate::verify::{
    Details, Interaction, Report, ReportedViolation, Stage, UnusedSession, Violation, ViolationKind,
};

/// Which of the queued sessions a client that connects is given.
pub(crate) enum Choice {
    /// The first.
    First,
    /// The first whose entry step accepts it; with what predicates have said, by session.
    ByEntry(Vec<(usize, Opinion)>),
}

/// What a client that connects is given.
pub(crate) enum Taken {
    Session(usize),
    /// A predicate has to be asked, for this session.
    Ask(usize, Question),
    Refused(Violation),
}

/// The place of the queue that every verifier has: that of byte sockets without a name.
pub(crate) const UNNAMED_SOCKETS: usize = 0;

/// The pure part of what a verifier and its doubles share.
pub(crate) struct Book {
    pub(super) cases: Few<Case>,
    pub(crate) timeline: Timeline,
    queues: Few<Queue>,
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

/// The sessions of one connector, in the order of their places.
struct Queue {
    protocol: &'static str,
    connector: String,
    /// Nobody waits to be taken before this session.
    from: usize,
}

impl Book {
    #[inline]
    pub(crate) fn new(is_explicit: bool) -> Self {
        let mut queues = Few::new();
        queues.push(Queue { protocol: Socket::NAME, connector: String::new(), from: 0 });
        Self {
            cases: Few::new(),
            timeline: Timeline::new(),
            queues,
            violations: Vec::new(),
            refused_connects: 0,
            cursor: 0,
            is_explicit,
            activity: 0,
        }
    }

    /// The queue of the connector of this name; a new one if nobody has asked for it before.
    pub(crate) fn queue<L: Language>(&mut self, connector: &str) -> usize {
        let is_meant = |q: &Queue| q.protocol == L::NAME && q.connector == connector;
        self.queues.iter().position(is_meant).unwrap_or_else(|| {
            let connector = connector.to_owned();
            self.queues.push(Queue { protocol: L::NAME, connector, from: self.cases.len() })
        })
    }

    /// Takes the next place in a queue for a session whose script is being written.
    pub(crate) fn new_case(
        &mut self,
        queue: usize,
        written_at: &'static Location<'static>,
    ) -> usize {
        self.activity += 1;
        self.cases.push(Case::new(queue, written_at))
    }

    /// A session and the timeline at once, which judging a call takes.
    pub(super) fn judging(&mut self, session: usize) -> (&mut Case, &mut Timeline) {
        (&mut self.cases[session], &mut self.timeline)
    }

    /// Gives a session whose script is complete to a client that connects: the first, or the first
    /// whose entry step accepts the call.
    pub(crate) fn take<L: Language>(
        &mut self,
        queue: usize,
        call: L::Call<'_>,
        choice: &Choice,
    ) -> Taken {
        self.activity += 1;
        let mut others = Vec::new();
        let waits =
            |case: &Case| case.queue == queue && matches!(case.stage, Stage::Held | Stage::Queued);
        let from = &mut self.queues[queue].from;
        while self.cases.get(*from).is_some_and(|case| !waits(case)) {
            *from += 1;
        }
        let from = *from;
        for session in from..self.cases.len() {
            let case = &self.cases[session];
            if case.queue != queue || case.stage != Stage::Queued {
                continue;
            }
            if let Choice::ByEntry(answers) = choice {
                let Some(machine) = self.cases[session].machine_mut::<L>() else { continue };
                let opinion = answer_for(session, answers);
                match machine.meets_entry(call, opinion) {
                    Meet::Whole(_) => {}
                    // What panicked is taken: the connect itself will tell.
                    _ if matches!(opinion, Some(Opinion::Panicked { .. })) => {}
                    Meet::Ask(question) => return Taken::Ask(session, question),
                    // A predicate is no connect that could be shown instead.
                    Meet::Differs(_) if opinion.is_some() => continue,
                    Meet::Part(_) | Meet::Differs(_) | Meet::Malformed(_) | Meet::Other => {
                        others.extend(machine.entry());
                        continue;
                    }
                }
            }
            let case = &mut self.cases[session];
            case.stage = Stage::Taken;
            if case.begins_with_entry {
                return Taken::Session(session);
            }
            let machine = case.machine();
            let step = machine.and_then(AnyMachine::first_step);
            let label = machine.map(|machine| machine.label().clone());
            let details = Details::new(ViolationKind::NeverConnected, label);
            let violation = Violation::from(Details {
                operation: L::ENTRY.name,
                got: Some(L::describe_call(call, 0)),
                step,
                ..details
            });
            self.break_case(session, violation.clone());
            return Taken::Refused(violation);
        }
        let is_held =
            |case: &&Case| case.queue == queue && case.stage == Stage::Held && !case.is_withdrawn;
        let held = self.cases.iter().skip(from).filter(is_held);
        let held = held.map(|case| case.written_at).collect();
        let details = Details::new(ViolationKind::NoSession { held, others }, None);
        let got = Some(L::describe_call(call, 0));
        Taken::Refused(Details { operation: L::ENTRY.name, got, ..details }.into())
    }

    /// Moves a session on in its life.
    pub(crate) fn set_stage(&mut self, session: usize, stage: Stage) {
        let case = &mut self.cases[session];
        case.stage = stage;
        // Of a broken session nothing is told but its violation.
        self.activity += u64::from(case.broken.is_none());
    }

    /// Takes a session out of its queue, connected as it is.
    pub(crate) fn open(&mut self, session: usize) {
        self.set_stage(session, Stage::Open);
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
        self.cases[session].broken = Some(violation);
    }

    pub(crate) fn has_violations(&self) -> bool {
        !self.violations.is_empty()
    }

    /// The verdict as it would be now: what there is to report, if there is anything.
    pub(crate) fn verdict(&self) -> Result<(), Report> {
        if self.is_fine() { Ok(()) } else { Err(self.report()) }
    }

    fn report(&self) -> Report {
        let violations = self.violations.iter().map(|violation| ReportedViolation {
            violation: violation.clone(),
            conversation: match violation.session() {
                Some(label) => self.machine(label.index).conversation(&self.timeline, violation),
                None => Vec::new(),
            },
        });
        let unasserted = self.timeline.iter().filter(|(_, one)| self.is_unasserted(one));
        Report {
            violations: violations.collect(),
            refused_connects: self.refused_connects,
            unasserted: unasserted.map(|(seq, one)| self.interaction_of(seq, one)).collect(),
            unused: self.unused().collect(),
            deadline: false,
        }
    }

    /// Whether there is nothing to report, which is what most verdicts are about.
    fn is_fine(&self) -> bool {
        self.violations.is_empty()
            && !self.timeline.iter().any(|(_, one)| self.is_unasserted(one))
            && self.unused().next().is_none()
    }

    fn is_unasserted(&self, one: &Happened) -> bool {
        !one.is_asserted
            && one.is_complete
            && (self.is_explicit || !one.is_stated)
            && self.cases[one.session].broken.is_none()
    }

    /// All that happened, as data.
    pub(crate) fn interactions(&self) -> Vec<Interaction> {
        self.timeline.iter().map(|(seq, happened)| self.interaction_of(seq, happened)).collect()
    }

    /// The first interaction that no assertion has matched and that `is_wanted`, of `session` or of
    /// any, from the place `from` on; and that place.
    ///
    /// Places count the interactions of the session, or all. `is_wanted` is given an interaction
    /// with the name of its operation.
    pub(crate) fn next_unasserted(
        &self,
        from: usize,
        session: Option<usize>,
        is_wanted: impl Fn(&Happened, &'static str) -> bool,
    ) -> Option<(usize, Interaction)> {
        let of_session = session.map(|session| self.machine(session).happened());
        let end = of_session.map_or(self.timeline.len(), Sequences::len);
        (from..end)
            .map(|place| (place, of_session.map_or(place, |happened| happened.at(place))))
            .find(|(_, sequence)| {
                let one = &self.timeline[*sequence];
                !one.is_asserted && is_wanted(one, self.machine(one.session).name(one.step))
            })
            .map(|(place, sequence)| {
                (place, self.interaction_of(sequence, &self.timeline[sequence]))
            })
    }

    /// The place that assertions on `session`, or on all, have got to.
    pub(crate) fn cursor(&self, session: Option<usize>) -> usize {
        match session {
            Some(session) => self.cases[session].cursor,
            None => self.cursor,
        }
    }

    /// Marks an interaction as asserted; `passed` if assertions on `session`, or on all, go on
    /// behind that place.
    pub(crate) fn mark_asserted(
        &mut self,
        sequence: Sequence,
        session: Option<usize>,
        passed: Option<usize>,
    ) {
        self.activity += 1;
        self.timeline[sequence].is_asserted = true;
        match (session, passed) {
            (Some(session), Some(place)) => self.cases[session].cursor = place + 1,
            (None, Some(place)) => self.cursor = place + 1,
            (_, None) => {}
        }
        // What has been asserted in any order need not be looked at again.
        while self.timeline.get(self.cursor).is_some_and(|one| one.is_asserted) {
            self.cursor += 1;
        }
    }

    fn unused(&self) -> impl Iterator<Item = UnusedSession> {
        let cases = self.cases.iter().enumerate();
        cases.filter_map(|(index, case)| case.unused(index, &self.timeline))
    }

    fn interaction_of(&self, sequence: Sequence, happened: &Happened) -> Interaction {
        self.machine(happened.session).interaction(sequence, happened)
    }

    /// The machine of a session in which something has happened, or that somebody has a handle on.
    fn machine(&self, session: usize) -> &dyn AnyMachine {
        match self.cases[session].machine() {
            Some(machine) => machine,
            None => unreachable!("the script of such a session has landed"),
        }
    }
}
