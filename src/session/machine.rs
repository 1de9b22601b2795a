//! The machine: a script, a state and a call in; a verdict out.
//!
//! It is pure. It takes no lock, reads no clock, wakes nobody and runs no code of the user's: where
//! only a predicate can tell, it asks, and is called again with the answer. Two cursors walk the
//! script, one over what the peer hears and one over what it says, so that a client may write and
//! read from two tasks and needs no luck (S3).

use std::borrow::Cow;
use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use super::language::{
    Answer, Begun, Delivered, Kept, Language, Meet, Nature, Opinion, Question, Unmentioned,
};
use crate::protocol::{self, States};
use crate::script::{Delay, Ending, Fault, Script, Step, What};
use crate::timeline::{Happened, Sequence, Sequences, Timeline};
use crate::verify::{
    Blocked, Described, Details, FrameExtent, SessionLabel, StepLabel, Violation, ViolationKind,
};

/// Whether what is exactly due is answered at a glance. Built with `--cfg wirescript_closely` it takes
/// the closer look, too, and all tests hold: a glance comes to the same.
const GLANCES: bool = !cfg!(wirescript_closely);

/// How often in a row a client is answered by the end of its connection alone. One that asks more
/// often ignores that end, and would never stop.
const MOST_AT_THE_END: usize = 1_000;

/// What the machine says to a call.
pub(crate) enum Verdict {
    /// It is answered. `progressed` if a required step moved on.
    Done { answer: Answer, progressed: bool },
    /// It has to wait.
    Wait(Wait),
    /// Code of the user's has to be asked, for the step at this place.
    Ask(usize, Question),
    /// The script or the state does not allow it.
    Refuse(Violation),
}

/// Why a call has to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    /// Something said waits for a heard step before it.
    ForHeard(usize),
    /// The same, where that step is a run without an end.
    ForEndOfRun(usize),
    /// Under `lockstep`, something heard waits for a said step before it.
    ForSaid(usize),
    /// The peer has nothing more to say.
    PastTheEnd,
    /// The step never answers.
    Never(usize),
    /// The step answers after a delay.
    Delay(usize, Duration),
}

/// What code of the user's said, by the place of its step.
pub(crate) type Answers = [(usize, Opinion)];

/// One session's script and how far it has come.
pub(crate) struct Machine<L: Language> {
    pub(crate) label: SessionLabel,
    script: Script<L>,
    state: L::State,
    heard: Cursor,
    said: Cursor,
    /// The last heard step that was met.
    last_heard: Option<usize>,
    run: Option<Run<L::Progress>>,
    /// The said step that was begun.
    given: Option<Given<L>>,
    /// Most scripts have nothing of it, so it is kept elsewhere.
    aside: Option<Box<Aside<L::Sent>>>,
    /// The step whose fault whichever operation asks first gets, and whether one did.
    interruption: Option<usize>,
    is_interrupted: bool,
    /// The arguments that the script left open.
    kept: Vec<(Sequence, Kept)>,
    /// The interactions of this session.
    happened: Sequences,
    /// How often in a row, since what move, the state alone was the answer.
    at_the_end: (u64, usize),
    /// How often anything changed: an answer to a question is stale when this moved on.
    moves: u64,
}

/// What comes of rules, of captures and of delays.
#[derive(Default)]
struct Aside<S> {
    /// What rules have still to say, in order.
    owed: VecDeque<Owed>,
    /// What has been captured of steps before the last reply that was made.
    sent: S,
    /// The steps of which something was captured since, with their interactions.
    captured: VecDeque<(usize, Sequence)>,
    /// Steps that never answer and were waited on.
    waited_on: BTreeSet<usize>,
    /// Steps whose delay has passed.
    elapsed: BTreeSet<usize>,
}

/// Who speaks in the steps that a cursor walks over.
#[derive(Clone, Copy, Debug)]
enum Side {
    Heard,
    Said,
}

/// A place among the steps of one side.
#[derive(Clone, Copy, Debug)]
struct Cursor {
    side: Side,
    /// The first step that may come next.
    at: usize,
    /// How often the step at `at` has come.
    times: usize,
    /// The first one that has to come, at or after `at`.
    due: usize,
}

impl Cursor {
    /// One before a script that has no steps yet.
    fn new(side: Side) -> Self {
        Self { side, at: 0, times: 0, due: 0 }
    }

    /// One more time of `step`, at or after `at`, is over.
    fn used<L: Language>(&mut self, step: usize, steps: &[Step<L>]) {
        if step > self.at {
            self.at = step;
            self.times = 0;
        }
        self.times += 1;
        let times = steps[step].times;
        if !times.goes_on_after(self.times) {
            self.pass(step + 1, steps);
        } else if self.times < times.least() {
            self.due = step;
        } else if self.due <= step {
            self.due = self.place(steps, step + 1, true);
        }
    }

    /// Everything before `from` is over.
    fn pass<L: Language>(&mut self, from: usize, steps: &[Step<L>]) {
        self.times = 0;
        self.at = self.place(steps, from, false);
        if self.due < self.at {
            self.due = self.place(steps, self.at, true);
        }
    }

    /// The script, which ended at `end`, goes on.
    fn extend<L: Language>(&mut self, end: usize, steps: &[Step<L>]) {
        if self.at == end {
            self.at = self.place(steps, end, false);
        }
        if self.due == end {
            self.due = self.place(steps, end, true);
        }
    }

    /// The place of the first step of this side from `from` on, or of the first that has to come;
    /// the end, if there is none.
    fn place<L: Language>(&self, steps: &[Step<L>], from: usize, has_to_come: bool) -> usize {
        let is_wanted = |step: &Step<L>| match self.side {
            Side::Heard => step.is_heard() && (!has_to_come || step.is_required()),
            // Nobody waits for the end of what never comes.
            Side::Said => {
                let can_be_due = step.is_required() && step.delay != Delay::Never;
                !step.is_heard() && (!has_to_come || can_be_due)
            }
        };
        let is_wanted = |step: &Step<L>| !step.is_standing && is_wanted(step);
        steps[from..].iter().position(is_wanted).map_or(steps.len(), |place| from + place)
    }
}

/// What happened of one step.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Used<'t> {
    /// How often it was met.
    pub(crate) times: usize,
    /// What came of it since then.
    pub(crate) begun: Option<&'t Happened>,
}

/// A said step that was begun.
struct Given<L: Language> {
    step: usize,
    amount: usize,
    sequence: Sequence,
    /// What it says, where that was made of what was sent.
    made: Option<Box<L::Said>>,
}

/// What a rule has still to say, and the interaction that it answers.
struct Owed {
    step: usize,
    cause: Sequence,
}

/// Heard steps that have begun and are not met yet.
struct Run<P> {
    alive: Alive<P>,
    met: usize,
    sequence: Sequence,
    kept: Kept,
}

/// The steps that what came so far may belong to, with how far they have come: one or, rarely,
/// several.
struct Alive<P> {
    first: (usize, P),
    rest: Vec<(usize, P)>,
}

impl<P: Copy> Alive<P> {
    fn iter(&self) -> impl Iterator<Item = (usize, P)> {
        std::iter::once(self.first).chain(self.rest.iter().copied())
    }

    fn steps(&self) -> impl Iterator<Item = usize> {
        self.iter().map(|(step, _)| step)
    }
}

impl<P: Copy> Run<P> {
    fn begun(&self, progress: P) -> Begun<'_, P> {
        Begun { progress, met: self.met, kept: &self.kept }
    }
}

/// How a call compares with all steps that may come next.
enum Judgement<P> {
    Met {
        step: usize,
        used: usize,
    },
    Begun {
        alive: Alive<P>,
        used: usize,
    },
    Ask(usize, Question),
    /// What is left of the call is for a step that wants a call of its own.
    OwnCall,
    /// It is not what the step is about, for this reason.
    Malformed {
        step: usize,
        problem: String,
    },
    /// The predicate of the step panicked, with this message.
    Panicked {
        step: usize,
        label: Cow<'static, str>,
        message: String,
    },
    /// No step takes it; the one that came furthest, and how far, if it is the right operation.
    Strayed(Option<(usize, usize)>),
}

/// What several steps make of one call, in their order: what the first says that takes it or has to
/// be asked; or else all that it may belong to; or else the first of those it came furthest in.
fn among<P: Copy>(judgements: impl Iterator<Item = Judgement<P>>) -> Judgement<P> {
    let mut begun: Option<(Alive<P>, usize)> = None;
    let mut furthest = None;
    for judgement in judgements {
        match judgement {
            Judgement::Begun { alive, used } => match &mut begun {
                Some((few, _)) => few.rest.push(alive.first),
                None => begun = Some((alive, used)),
            },
            Judgement::Strayed(strayed) => {
                let how_far = |(_, at): (usize, usize)| at;
                if strayed.map(how_far) > furthest.map(how_far) {
                    furthest = strayed;
                }
            }
            decided => return decided,
        }
    }
    match begun {
        Some((alive, used)) => Judgement::Begun { alive, used },
        None => Judgement::Strayed(furthest),
    }
}

/// What became of a run without an end when the client paused.
enum Concluded {
    /// There was none, or it is met; with the fault that its step raises.
    Settled {
        fault: Option<Fault>,
        progressed: bool,
    },
    Unsettled(Verdict),
}

impl<L: Language> Machine<L> {
    /// One whose script is still being written.
    #[inline]
    pub(crate) fn new(label: SessionLabel, script: Script<L>) -> Self {
        Self {
            heard: Cursor::new(Side::Heard),
            said: Cursor::new(Side::Said),
            label,
            script,
            state: L::INITIAL,
            last_heard: None,
            run: None,
            given: None,
            aside: None,
            interruption: None,
            is_interrupted: false,
            kept: Vec::new(),
            at_the_end: (0, 0),
            happened: Sequences::default(),
            moves: 0,
        }
    }

    /// Starts with the script, which is complete for now, in a state.
    pub(crate) fn start(&mut self, state: L::State) {
        self.state = state;
        self.interruption = position_of_interruption(&self.script);
        self.heard.extend(0, &self.script.steps);
        self.said.extend(0, &self.script.steps);
    }

    /// Goes on with `more` of the script.
    pub(crate) fn append(&mut self, more: Script<L>) {
        let end = self.script.steps.len();
        self.script.lockstep |= more.lockstep;
        self.script.open_ended |= more.open_ended;
        self.script.is_strict |= more.is_strict;
        self.script.reach = more.reach;
        self.script.standing = more.standing;
        self.script.framing = more.framing;
        self.script.steps.extend(more.steps);
        self.interruption = position_of_interruption(&self.script);
        self.heard.extend(end, &self.script.steps);
        self.said.extend(end, &self.script.steps);
        self.moves += 1;
    }

    pub(crate) fn script(&self) -> &Script<L> {
        &self.script
    }

    /// The script, to be written; it is not to be changed once it has begun.
    pub(crate) fn script_mut(&mut self) -> &mut Script<L> {
        &mut self.script
    }

    pub(crate) fn state(&self) -> L::State {
        self.state
    }

    pub(crate) fn moves(&self) -> u64 {
        self.moves
    }

    /// Whether a run without an end has begun.
    pub(crate) fn is_in_open_run(&self) -> bool {
        self.run.as_ref().is_some_and(|run| self.nature(run.alive.first.0).ending.is_some())
    }

    /// Says that the delay of `step` has passed.
    pub(crate) fn elapse(&mut self, step: usize) {
        self.aside_mut().elapsed.insert(step);
        self.moves += 1;
    }

    /// How far the call meets the step that makes the connection.
    pub(crate) fn meets_entry(
        &self,
        call: L::Call<'_>,
        opinion: Option<&Opinion>,
    ) -> Meet<L::Progress> {
        match self.entry_step() {
            Some(heard) => L::meet(heard, Begun::not(), call, 0, opinion),
            None => Meet::Other,
        }
    }

    /// The step that makes the connection, as it was written.
    pub(crate) fn entry(&self) -> Option<Described> {
        self.entry_step().map(L::describe_heard)
    }

    fn entry_step(&self) -> Option<&L::Heard> {
        let first = self.script.first().filter(|first| self.script.steps[*first].is_entry())?;
        self.heard_at(first)
    }

    /// The client does something that the peer hears: what [`hear`](Self::hear) would come to, if it
    /// is exactly the one thing that may come next.
    #[inline]
    pub(crate) fn hear_exactly(
        &mut self,
        call: L::Call<'_>,
        timeline: &mut Timeline,
    ) -> Option<usize> {
        if self.script.is_strict && L::breach(call, self.state).is_some() {
            return None;
        }
        match L::standing(call, self.state) {
            None => self.meet_exactly(call, timeline),
            Some(_) => None,
        }
    }

    /// The client does something that the peer hears.
    pub(crate) fn hear(
        &mut self,
        call: L::Call<'_>,
        answers: &Answers,
        timeline: &mut Timeline,
    ) -> Verdict {
        if self.script.is_strict {
            if let Some(rule) = L::breach(call, self.state) {
                return self.refuse_breach(call, rule);
            }
        }
        if let Some(answer) = L::standing(call, self.state) {
            return self.answer_at_the_end(answer, L::call_name(call), false);
        }
        if let Some(amount) = self.meet_exactly(call, timeline) {
            return Verdict::Done { answer: Answer::Amount(amount), progressed: true };
        }
        if L::call_operation(call).next(self.state).is_none() {
            return self.refuse_state(call);
        }
        let mut progressed = false;
        if self.run.is_some() && L::unmentioned(call) != Unmentioned::Refused {
            match self.conclude(Ending::Close, answers, timeline) {
                Concluded::Settled { fault: None, progressed: moved } => progressed = moved,
                // A client that leaves is handed no fault, and leaves all the same.
                Concluded::Settled { progressed: moved, .. }
                    if L::unmentioned(call) == Unmentioned::Tolerated =>
                {
                    progressed = moved;
                }
                Concluded::Settled { fault: Some(fault), progressed } => {
                    return Verdict::Done { answer: Answer::Fault(fault), progressed };
                }
                Concluded::Unsettled(verdict) => return verdict,
            }
        }
        let mut offset = 0;
        loop {
            // What was said is about what the call begins with, not about what comes behind that.
            let answers = if offset == 0 { answers } else { &[] };
            let (step, used) = match self.judge(call, offset, answers) {
                Judgement::Met { step, used } => (step, used),
                Judgement::Begun { alive, used } => {
                    if let Some(wait) = self.lockstep_wait(alive.first.0) {
                        return wait_or_short(wait, offset, progressed);
                    }
                    progressed |= alive.steps().any(|step| self.script.steps[step].is_progress());
                    self.begin(alive, used, call, offset, timeline);
                    return Verdict::Done { answer: Answer::Amount(offset + used), progressed };
                }
                // The steps that were met in this call stay met: the client hears of a short
                // write, and is judged on the rest when it comes back with it.
                Judgement::Ask(..) | Judgement::OwnCall if offset > 0 => {
                    return Verdict::Done { answer: Answer::Amount(offset), progressed };
                }
                Judgement::OwnCall => unreachable!("a call begins as one of its own"),
                Judgement::Ask(step, question) => return Verdict::Ask(step, question),
                Judgement::Malformed { step, problem } => {
                    let furthest = Some((step, ViolationKind::Malformed { problem }));
                    return self.stray(call, offset, furthest, progressed, answers, timeline);
                }
                Judgement::Panicked { step, label, message } => {
                    return Verdict::Refuse(self.matcher_panicked(step, label, message).into());
                }
                Judgement::Strayed(furthest) => {
                    let furthest =
                        furthest.map(|(step, at)| (step, ViolationKind::Mismatch { at }));
                    return self.stray(call, offset, furthest, progressed, answers, timeline);
                }
            };
            let raises = self.script.steps[step].raises;
            let nature = self.nature(step);
            if offset > 0 && raises.is_some() {
                return Verdict::Done { answer: Answer::Amount(offset), progressed };
            }
            if let Some(wait) = self.lockstep_wait(step) {
                return wait_or_short(wait, offset, progressed);
            }
            if let Some(wait) = self.answer_to_come(step) {
                return Verdict::Wait(wait);
            }
            progressed |= self.script.steps[step].is_progress();
            self.meet(step, used, call, offset, answers, timeline);
            if let Some(fault) = raises {
                return Verdict::Done { answer: Answer::Fault(fault), progressed };
            }
            offset += used;
            if nature.is_whole_call || offset == L::amount(call) {
                return Verdict::Done { answer: Answer::Amount(offset), progressed };
            }
        }
    }

    /// The client pauses in what it does: a run without an end has ended.
    pub(crate) fn pause(&mut self, answers: &Answers, timeline: &mut Timeline) -> Verdict {
        match self.conclude(Ending::Pause, answers, timeline) {
            Concluded::Settled { fault, progressed } => {
                let answer = fault.map_or(Answer::Amount(0), Answer::Fault);
                Verdict::Done { answer, progressed }
            }
            Concluded::Unsettled(verdict) => verdict,
        }
    }

    /// The client listens, for as much as `size` if it says, of which `buffer` may be a part. `turned`
    /// if it is the one that wrote, so that it has paused in that.
    pub(crate) fn say(
        &mut self,
        turned: bool,
        size: Option<usize>,
        buffer: &mut L::Buffer,
        answers: &Answers,
        timeline: &mut Timeline,
    ) -> Verdict {
        if let Some(amount) = self.say_exactly(size, buffer, timeline) {
            return Verdict::Done { answer: Answer::Amount(amount), progressed: true };
        }
        let mut progressed = false;
        if turned {
            match self.conclude(Ending::Pause, answers, timeline) {
                Concluded::Settled { fault: None, progressed: moved } => progressed = moved,
                Concluded::Settled { fault: Some(fault), progressed } => {
                    return Verdict::Done { answer: Answer::Fault(fault), progressed };
                }
                Concluded::Unsettled(verdict) => return verdict,
            }
        }
        if let Some(step) = self.owed() {
            return self.give(step, size, buffer, progressed, answers, timeline);
        }
        loop {
            let index = self.said.at;
            if self.step_index(index).is_none() || self.is_cut_off(index) {
                return match L::standing_said(self.state) {
                    Some((answer, state)) => {
                        self.state = state;
                        self.answer_at_the_end(answer, L::LISTENING.name, progressed)
                    }
                    None => Verdict::Wait(Wait::PastTheEnd),
                };
            }
            if self.is_interrupted && self.interruption == Some(index) {
                self.said.pass(index + 1, &self.script.steps);
                continue;
            }
            if let Some(wait) = self.heard_before(index) {
                if let Wait::ForHeard(before) = wait {
                    let heard = self.heard_at(before);
                    if heard.is_some_and(|heard| L::is_unreachable(heard, self.state)) {
                        return Verdict::Refuse(self.refuse_unreachable(before).into());
                    }
                }
                return Verdict::Wait(wait);
            }
            return self.give(index, size, buffer, progressed, answers, timeline);
        }
    }

    /// What the state alone answers, unless the client has ignored that too often.
    fn answer_at_the_end(
        &mut self,
        answer: Answer,
        operation: &'static str,
        progressed: bool,
    ) -> Verdict {
        let (since, times) = self.at_the_end;
        let times = if since == self.moves { times + 1 } else { 1 };
        self.at_the_end = (self.moves, times);
        if times <= MOST_AT_THE_END {
            return Verdict::Done { answer, progressed };
        }
        let state = format!("{:?}", self.state);
        let details = self.violation(ViolationKind::EndIgnored { state, times: MOST_AT_THE_END });
        let step = self.script.last().map(|step| self.step_label(step));
        Verdict::Refuse(Details { operation, step, ..details }.into())
    }

    /// What a rule has to say before the script goes on, if there is any: not in the midst of
    /// something that the peer is saying, nor once it can say nothing more. What it has begun to say
    /// it says to its end.
    fn owed(&mut self) -> Option<usize> {
        let given = self.given.as_ref().map(|given| given.step);
        let is_begun_by_rule = given.is_some_and(|step| self.is_standing(step));
        let owed = &mut self.aside.as_mut()?.owed;
        if L::LISTENING.next(self.state).is_none() {
            owed.truncate(usize::from(is_begun_by_rule));
        }
        let is_begun = given == Some(self.said.at);
        owed.front().map(|owed| owed.step).filter(|_| !is_begun)
    }

    /// What a client that waits like this is told when its patience has run out.
    pub(crate) fn stalled(
        &self,
        wait: Wait,
        operation: &'static str,
        is_deadline: bool,
        unflushed: usize,
    ) -> Details {
        let (blocked, step) = match wait {
            Wait::ForHeard(step) => (Blocked::NotHeard, Some(step)),
            Wait::ForEndOfRun(step) => match self.nature(step).ending {
                Some(Ending::Close) => (Blocked::RunToTheEnd, Some(step)),
                _ => (Blocked::RunWithoutEnd, Some(step)),
            },
            Wait::ForSaid(step) => (Blocked::NotListened, Some(step)),
            Wait::PastTheEnd => match self.step_index(self.heard.due) {
                Some(step) if !self.is_farewell(step) => (Blocked::NotHeard, Some(step)),
                _ if operation != L::LISTENING.name => (Blocked::NothingMore, None),
                _ => (Blocked::PeerSilent, None),
            },
            Wait::Never(step) => (Blocked::Never, Some(step)),
            Wait::Delay(step, _) => (Blocked::Delayed, Some(step)),
        };
        let is_of_step = |run: &&Run<_>| run.alive.steps().any(|begun| Some(begun) == step);
        let begun = self.run.as_ref().filter(is_of_step).map(|run| run.met);
        let mut possible = Vec::new();
        if blocked == Blocked::PeerSilent {
            possible = protocol::possible::<L>(States::of::<L>(self.state));
        }
        let kind = ViolationKind::Stalled { blocked, begun, is_deadline, possible, unflushed };
        let mut violation = self.violation(kind);
        violation.operation = operation;
        violation.step = step.or_else(|| self.script.last()).map(|step| self.step_label(step));
        violation.expected = step.map(|step| self.describe(step));
        violation
    }

    /// A predicate of the user's panicked while it judged a call.
    fn matcher_panicked(&self, step: usize, label: Cow<'static, str>, message: String) -> Details {
        let label = label.into_owned();
        let violation = self.violation(ViolationKind::MatcherPanicked { label, message });
        Details {
            operation: self.name(step),
            step: Some(self.step_label(step)),
            expected: Some(self.describe(step)),
            ..violation
        }
    }

    /// The interactions of this session, in order.
    pub(crate) fn happened(&self) -> &Sequences {
        &self.happened
    }

    /// The steps that had to be used and were not, wholly or as often; and what happened of them.
    pub(crate) fn unused<'t>(
        &self,
        timeline: &'t Timeline,
    ) -> impl Iterator<Item = (usize, Used<'t>)> {
        let mut used = vec![Used::default(); self.script.steps.len()];
        for happened in self.happened.iter().map(|sequence| &timeline[sequence]) {
            let used = &mut used[happened.step];
            used.times += usize::from(happened.is_complete);
            used.begun = Some(happened).filter(|happened| !happened.is_complete);
        }
        self.script.steps.iter().zip(used).enumerate().filter_map(|(index, (step, used))| {
            let is_missed = match used.begun {
                Some(_) => step.is_required() || step.is_heard(),
                None if step.is_standing => false,
                None if step.delay == Delay::Never => {
                    step.is_required()
                        && !self.aside().is_some_and(|aside| aside.waited_on.contains(&index))
                        && !self.is_left_behind(index)
                }
                None => used.times < step.times.least(),
            };
            is_missed.then_some((index, used))
        })
    }

    /// Whether nothing is left, begun or waited for, so that a closer look would find nothing.
    pub(crate) fn is_spent(&self) -> bool {
        let end = self.script.steps.len();
        // A step that never answers is never due, and one without an end may have been left behind
        // before it was, so they take the closer look.
        let takes_it = |step: &Step<L>| {
            let is_said = matches!(step.what, What::Said(_));
            step.delay == Delay::Never || is_said && step.times.is_endless()
        };
        self.heard.due == end
            && self.said.due == end
            && self.run.is_none()
            && self.given.is_none()
            && !self.script.steps.iter().any(takes_it)
    }

    /// How often a step has to be used.
    pub(crate) fn least(&self, step: usize) -> usize {
        self.script.steps[step].times.least()
    }

    /// The arguments of an interaction: those of the script, or those that were kept.
    pub(crate) fn describe_happened(&self, sequence: Sequence, happened: &Happened) -> Described {
        let kept = match &self.run {
            Some(run) if run.sequence == sequence => Some(&run.kept),
            _ => self.kept_of(sequence),
        };
        match (&self.script.steps[happened.step].what, kept) {
            (What::Heard(heard), Some(kept)) if !L::nature(heard).is_literal => {
                L::describe_kept(heard, kept)
            }
            (What::Said(said), kept) => {
                let given = self.given.as_ref().filter(|given| given.sequence == sequence);
                match (given.and_then(|given| given.made.as_ref()), kept) {
                    (Some(made), _) => L::describe_said(made),
                    (None, Some(made)) => L::describe_said(&L::said_made(said, made.clone())),
                    (None, None) => L::describe_said(said),
                }
            }
            _ => self.describe(happened.step),
        }
    }

    /// A step as it was written.
    pub(crate) fn describe(&self, step: usize) -> Described {
        match &self.script.steps[step].what {
            What::Heard(heard) => L::describe_heard(heard),
            What::Said(said) => L::describe_said(said),
        }
    }

    /// The name of a step's operation.
    pub(crate) fn name(&self, step: usize) -> &'static str {
        self.script.steps[step].operation().name
    }

    /// What a step has in front of its payload, if it hears a frame.
    pub(crate) fn frame(&self, step: usize) -> Option<FrameExtent> {
        self.heard_at(step).and_then(L::frame)
    }

    /// How much a step hears or says in all, where the script says.
    pub(crate) fn extent(&self, step: usize) -> Option<usize> {
        match &self.script.steps[step].what {
            What::Heard(heard) => L::heard_extent(heard),
            What::Said(said) => L::said_extent(said),
        }
    }

    pub(crate) fn is_farewell(&self, step: usize) -> bool {
        self.heard_at(step).is_some_and(|heard| L::nature(heard).is_farewell)
    }

    pub(crate) fn step_label(&self, step: usize) -> StepLabel {
        let Step { at, is_standing, .. } = self.script.steps[step];
        let of = self.script.steps.len() - self.script.standing.len();
        StepLabel { index: step, number: self.script.number(step), of, at, is_standing }
    }

    /// Compares the call with every step that may come next (S6), and then with the rules.
    fn judge(&self, call: L::Call<'_>, offset: usize, answers: &Answers) -> Judgement<L::Progress> {
        if let Some(step) = self.only_candidate() {
            return self.judge_by(step, Begun::not(), call, offset, answers);
        }
        match &self.run {
            Some(run) => among(run.alive.iter().map(|(step, progress)| {
                self.judge_by(step, run.begun(progress), call, offset, answers)
            })),
            None => {
                let end = self.script.steps.len().min(self.heard.due + 1);
                let in_order = (self.heard.at..end).filter(|step| !self.is_standing(*step));
                let candidates = in_order.chain(self.script.standing.iter().copied());
                among(
                    candidates.map(|step| self.judge_by(step, Begun::not(), call, offset, answers)),
                )
            }
        }
    }

    /// The one step that may come next, where nothing has begun, as nearly everywhere.
    fn only_candidate(&self) -> Option<usize> {
        let is_one = self.heard.at == self.heard.due && self.script.standing.is_empty();
        (is_one && self.run.is_none()).then_some(self.heard.at)
    }

    /// Compares the call with one step, of which so much has `begun`.
    fn judge_by(
        &self,
        step: usize,
        begun: Begun<'_, L::Progress>,
        call: L::Call<'_>,
        offset: usize,
        answers: &Answers,
    ) -> Judgement<L::Progress> {
        let Some(heard) = self.heard_at(step) else { return Judgement::Strayed(None) };
        let opinion = answer_for(step, answers);
        if let Some(Opinion::Panicked { label, message }) = opinion {
            let (label, message) = (label.clone(), message.clone());
            return Judgement::Panicked { step, label, message };
        }
        let meet = L::meet(heard, begun, call, offset, opinion);
        let is_other = matches!(meet, Meet::Other);
        if offset > 0 && !is_other && L::nature(heard).is_whole_call {
            return Judgement::OwnCall;
        }
        match meet {
            Meet::Whole(used) => Judgement::Met { step, used },
            Meet::Part(progress) => {
                let alive = Alive { first: (step, progress), rest: Vec::new() };
                Judgement::Begun { alive, used: L::amount(call) - offset }
            }
            Meet::Malformed(problem) => Judgement::Malformed { step, problem },
            Meet::Differs(at) => Judgement::Strayed(Some((step, at))),
            Meet::Ask(question) => Judgement::Ask(step, question),
            Meet::Other => Judgement::Strayed(None),
        }
    }

    /// No step takes the call: a fault that is due, nothing at all, or a violation.
    fn stray(
        &mut self,
        call: L::Call<'_>,
        offset: usize,
        furthest: Option<(usize, ViolationKind)>,
        progressed: bool,
        answers: &Answers,
        timeline: &mut Timeline,
    ) -> Verdict {
        let leniency = L::unmentioned(call);
        let tolerated = match leniency {
            Unmentioned::Refused => false,
            Unmentioned::ToleratedAtTheEnd => self.is_at_the_end(),
            Unmentioned::Tolerated => true,
        };
        if tolerated {
            self.state = L::after_unmentioned(call, self.state);
            self.moves += 1;
            return Verdict::Done { answer: Answer::Amount(0), progressed };
        }
        if leniency == Unmentioned::Refused && self.is_interruption_due() {
            if offset > 0 {
                return Verdict::Done { answer: Answer::Amount(offset), progressed };
            }
            if let Some(wait) = self.interruption.and_then(|step| self.delay_of(step)) {
                return Verdict::Wait(wait);
            }
            if let Some(fault) = self.interrupt(timeline) {
                return Verdict::Done { answer: Answer::Fault(fault), progressed: true };
            }
        }
        let kind = L::refusal_kind(call, self.state);
        let run = self.run.as_ref().map(|run| (run.alive.first.0, run.met));
        if let Some((step, reason)) = furthest {
            // Where no frame was found, there is no payload to show.
            let is_frame = matches!(reason, ViolationKind::Mismatch { .. });
            let mut violation = self.violation(reason);
            violation.got = self.heard_at(step).map(|heard| {
                let opinion = answer_for(step, answers).filter(|_| is_frame);
                L::describe_differing(call, offset, heard, self.begun(), opinion)
            });
            violation.expected = self.heard_at(step).map(L::describe_compared);
            return Verdict::Refuse(self.against(step, violation, kind).into());
        }
        let due_to_be_heard = match run {
            Some((step, _)) => Some(step),
            None => self.step_index(self.heard.due),
        };
        // What is still to be said makes no difference: nothing heard waits for that (S3).
        let is_past_the_end = due_to_be_heard.is_none() && leniency == Unmentioned::Refused;
        if is_past_the_end && self.script.open_ended {
            return wait_or_short(Wait::PastTheEnd, offset, progressed);
        }
        let due = due_to_be_heard.or_else(|| self.step_index(self.said.due));
        let reason = match due {
            Some(_) => ViolationKind::OutOfOrder { begun: run.map(|(_, met)| met) },
            None => ViolationKind::ScriptExhausted,
        };
        let mut violation = self.violation(reason);
        violation.got = Some(L::describe_call(call, offset));
        let violation = match due {
            Some(step) => self.against(step, violation, kind),
            None => {
                violation.operation = L::call_name(call);
                violation.error_kind = kind;
                violation.step = self.script.last().map(|step| self.step_label(step));
                violation
            }
        };
        Verdict::Refuse(violation.into())
    }

    fn against(&self, step: usize, mut violation: Details, kind: std::io::ErrorKind) -> Details {
        violation.operation = violation.got.as_ref().map_or("", |got| got.name);
        violation.expected = violation.expected.or_else(|| Some(self.describe(step)));
        violation.step = Some(self.step_label(step));
        violation.error_kind = kind;
        violation
    }

    /// What came of the heard step that has begun.
    fn begun(&self) -> Begun<'_, L::Progress> {
        self.run.as_ref().map_or(Begun::not(), |run| run.begun(run.alive.first.1))
    }

    fn refuse_state(&self, call: L::Call<'_>) -> Verdict {
        let mut violation = self.violation(ViolationKind::InvalidState {
            state: format!("{:?}", self.state),
            valid: protocol::possible::<L>(States::of::<L>(self.state)),
        });
        violation.operation = L::call_name(call);
        violation.got = Some(L::describe_call(call, 0));
        violation.error_kind = L::refusal_kind(call, self.state);
        Verdict::Refuse(violation.into())
    }

    fn refuse_breach(&self, call: L::Call<'_>, rule: &'static str) -> Verdict {
        let details = self.violation(ViolationKind::Breach { rule });
        let got = Some(L::describe_call(call, 0));
        let error_kind = L::refusal_kind(call, self.state);
        Verdict::Refuse(
            Details { operation: L::call_name(call), got, error_kind, ..details }.into(),
        )
    }

    /// Something said would come after a heard step that can no longer be.
    fn refuse_unreachable(&self, step: usize) -> Details {
        let begun = self.run.as_ref().map(|run| run.met);
        let mut violation = self.violation(ViolationKind::OutOfOrder { begun });
        violation.got = Some(Described::new(L::LISTENING.name, crate::verify::Argument::None));
        self.against(step, violation, std::io::ErrorKind::Other)
    }

    fn violation(&self, kind: ViolationKind) -> Details {
        Details::new(kind, Some(self.label.clone()))
    }

    /// Takes part of a call for steps that want more.
    fn begin(
        &mut self,
        alive: Alive<L::Progress>,
        used: usize,
        call: L::Call<'_>,
        offset: usize,
        timeline: &mut Timeline,
    ) {
        let first = alive.first.0;
        // What is kept is for whichever of them the bytes will have been.
        let is_kept = alive.steps().any(|step| !self.nature(step).is_literal);
        let mut run = match self.run.take() {
            Some(run) => run,
            None => Run {
                alive: Alive { first: alive.first, rest: Vec::new() },
                met: 0,
                sequence: self.record(Happened::new(self.label.index, first), timeline),
                kept: Kept::Nothing,
            },
        };
        if is_kept {
            L::keep(call, offset, offset + used, &mut run.kept);
        }
        run.met += used;
        run.alive = alive;
        let happened = &mut timeline[run.sequence];
        happened.step = first;
        happened.amount = run.met;
        happened.is_stated = self.nature(first).is_stated;
        self.run = Some(run);
        self.moves += 1;
    }

    fn record(&mut self, happened: Happened, timeline: &mut Timeline) -> Sequence {
        let sequence = timeline.push(happened);
        self.happened.push(sequence);
        sequence
    }

    /// Completes the one step that may come next, if the call is all of it and there is nothing more
    /// to it: what [`judge`](Self::judge) and [`meet`](Self::meet) would come to, as nearly always.
    fn meet_exactly(&mut self, call: L::Call<'_>, timeline: &mut Timeline) -> Option<usize> {
        if !GLANCES {
            return None;
        }
        let step = self.only_candidate().filter(|_| !self.script.lockstep)?;
        let due = self.script.steps.get(step).filter(|due| due.is_plain())?;
        let What::Heard(heard) = &due.what else { return None };
        let state = L::heard_operation(heard).next(self.state)?;
        if !L::is_exactly(heard, call) {
            return None;
        }
        let amount = L::amount(call);
        let happened = Happened::new(self.label.index, step);
        self.record(Happened { amount, is_complete: true, ..happened }, timeline);
        self.state = state;
        self.last_heard = Some(step);
        self.heard.pass(step + 1, &self.script.steps);
        self.leave_behind();
        self.moves += 1;
        Some(amount)
    }

    /// Completes a heard step with what it takes of a call.
    fn meet(
        &mut self,
        step: usize,
        used: usize,
        call: L::Call<'_>,
        offset: usize,
        answers: &Answers,
        timeline: &mut Timeline,
    ) {
        let nature = self.nature(step);
        let (sequence, met, mut kept) = match self.run.take() {
            Some(run) => (run.sequence, run.met, run.kept),
            None => {
                let sequence = self.record(Happened::new(self.label.index, step), timeline);
                (sequence, 0, Kept::Nothing)
            }
        };
        self.complete(step, nature, met + used, sequence, timeline);
        if nature.is_literal {
            return;
        }
        if let Some(heard) = self.heard_at(step) {
            let end = if nature.is_whole_call { L::amount(call) } else { offset + used };
            L::keep(call, offset, end, &mut kept);
            let kept = L::keep_of(heard, kept, answer_for(step, answers));
            self.keep(sequence, kept);
        }
    }

    fn complete(
        &mut self,
        step: usize,
        nature: Nature,
        amount: usize,
        sequence: Sequence,
        timeline: &mut Timeline,
    ) {
        let Step { what, raises, is_standing, .. } = &self.script.steps[step];
        let What::Heard(heard) = what else { return };
        let happened = &mut timeline[sequence];
        happened.step = step;
        happened.amount = amount;
        happened.is_complete = true;
        happened.is_stated = nature.is_stated;
        happened.fault = *raises;
        if *is_standing {
            let reply = self.script.steps.get(step + 1);
            if reply.is_some_and(|reply| reply.is_standing && !reply.is_heard()) {
                self.aside_mut().owed.push_back(Owed { step: step + 1, cause: sequence });
            }
        } else {
            self.state = match raises {
                Some(fault) => L::after_fault(heard, *fault, self.state),
                None => L::heard_operation(heard).next(self.state).unwrap_or(self.state),
            };
            if L::has_captures(heard) {
                self.aside_mut().captured.push_back((step, sequence));
            }
            self.last_heard = Some(step);
            self.heard.used(step, &self.script.steps);
            self.leave_behind();
        }
        self.begin_delay_anew(step);
        self.moves += 1;
    }

    /// Nobody waits any more for what has been left behind, whether anybody listens or not.
    fn leave_behind(&mut self) {
        // Nothing at or after the next that may come, as nearly always.
        if self.last_heard.is_none_or(|heard| heard < self.said.at) {
            return;
        }
        while self.step_index(self.said.at).is_some_and(|step| self.is_left_behind(step)) {
            self.said.pass(self.said.at + 1, &self.script.steps);
        }
        while self.step_index(self.said.due).is_some_and(|step| self.is_left_behind(step)) {
            self.said.due = self.said.place(&self.script.steps, self.said.due + 1, true);
        }
    }

    /// Interactions complete out of order only where said and heard ones overlap; so this is an
    /// append, as a rule.
    fn keep(&mut self, sequence: Sequence, kept: Kept) {
        let kept = match kept {
            Kept::Nothing => return,
            Kept::Growing(bytes) => Kept::Bytes(bytes.into()),
            kept => kept,
        };
        let place = self.kept.iter().rposition(|(before, _)| *before < sequence);
        self.kept.insert(place.map_or(0, |place| place + 1), (sequence, kept));
    }

    /// Ends a run without an end, if there is one that ends like this.
    fn conclude(
        &mut self,
        ending: Ending,
        answers: &Answers,
        timeline: &mut Timeline,
    ) -> Concluded {
        let nothing = Concluded::Settled { fault: None, progressed: false };
        let Some(run) = &self.run else { return nothing };
        let (step, progress) = run.alive.first;
        let Some(heard) = self.heard_at(step) else { return nothing };
        let opinion = answer_for(step, answers);
        if let Some(Opinion::Panicked { label, message }) = opinion {
            let violation = self.matcher_panicked(step, label.clone(), message.clone());
            return Concluded::Unsettled(Verdict::Refuse(violation.into()));
        }
        match L::conclude(heard, run.begun(progress), ending, opinion) {
            Meet::Ask(question) => return Concluded::Unsettled(Verdict::Ask(step, question)),
            Meet::Whole(_) => {}
            Meet::Part(_) | Meet::Other | Meet::Malformed(_) => return nothing,
            Meet::Differs(at) => {
                let mut violation = self.violation(ViolationKind::Mismatch { at });
                violation.got = Some(L::describe_kept(heard, &run.kept));
                let violation = self.against(step, violation, std::io::ErrorKind::Other);
                return Concluded::Unsettled(Verdict::Refuse(violation.into()));
            }
        }
        let (met, sequence, nature) = (run.met, run.sequence, L::nature(heard));
        let kept = self.run.take().map(|run| run.kept).unwrap_or_default();
        self.complete(step, nature, met, sequence, timeline);
        self.keep(sequence, kept);
        let step = &self.script.steps[step];
        Concluded::Settled { fault: step.raises, progressed: step.is_progress() }
    }

    /// Gives the client the whole step that is due, or more of one that was begun, if there is
    /// nothing else to it: what [`give`](Self::give) would come to, as nearly always.
    pub(crate) fn say_exactly(
        &mut self,
        size: Option<usize>,
        buffer: &mut L::Buffer,
        timeline: &mut Timeline,
    ) -> Option<usize> {
        if !GLANCES {
            return None;
        }
        let step = self.said.at;
        let is_plain = self.run.is_none() && self.aside.is_none() && !self.is_interrupted;
        if !is_plain || self.heard.due < step {
            return None;
        }
        let due = self.script.steps.get(step).filter(|due| due.is_plain())?;
        let What::Said(said) = &due.what else { return None };
        let state = L::said_operation(said).next(self.state)?;
        if self.is_cut_off(step) {
            return None;
        }
        let amount = match &mut self.given {
            None => {
                let amount = L::deliver_whole(said, buffer)?;
                let happened = Happened::new(self.label.index, step);
                self.record(Happened { amount, size, is_complete: true, ..happened }, timeline);
                amount
            }
            Some(given) if given.step == step && given.made.is_none() => {
                let (amount, is_all) = match L::deliver(said, given.amount, self.state, buffer) {
                    Delivered::Part(amount) => (amount, false),
                    Delivered::Whole(amount) => (amount, true),
                    Delivered::Fault(_) => return None,
                };
                given.amount += amount;
                let happened = &mut timeline[given.sequence];
                happened.amount = given.amount;
                happened.is_complete = is_all;
                if !is_all {
                    self.moves += 1;
                    return Some(amount);
                }
                self.given = None;
                amount
            }
            Some(_) => return None,
        };
        self.state = state;
        self.said.pass(step + 1, &self.script.steps);
        self.leave_behind();
        self.moves += 1;
        Some(amount)
    }

    /// Gives the client what a said step that is due has for it, once it has.
    fn give(
        &mut self,
        step: usize,
        size: Option<usize>,
        buffer: &mut L::Buffer,
        progressed: bool,
        answers: &Answers,
        timeline: &mut Timeline,
    ) -> Verdict {
        if let Some(wait) = self.answer_to_come(step) {
            return Verdict::Wait(wait);
        }
        if !self.is_standing(step) {
            self.note_captures_before(step);
        }
        let What::Said(said) = &self.script.steps[step].what else {
            unreachable!("only said steps are given")
        };
        let mut given = match self.given.take() {
            Some(given) => given,
            None => {
                let made = match self.make(step, said, answers, timeline) {
                    Ok(made) => made,
                    Err(verdict) => return verdict,
                };
                let mut happened = Happened::new(self.label.index, step);
                happened.size = size;
                let sequence = timeline.push(happened);
                self.happened.push(sequence);
                Given { step, amount: 0, sequence, made }
            }
        };
        self.moves += 1;
        let progressed = progressed || self.script.steps[step].is_progress();
        let next = || L::said_operation(said).next(self.state);
        let (amount, state) = match L::deliver(
            given.made.as_deref().unwrap_or(said),
            given.amount,
            self.state,
            buffer,
        ) {
            Delivered::Part(amount) => {
                given.amount += amount;
                timeline[given.sequence].amount = given.amount;
                self.given = Some(given);
                return Verdict::Done { answer: Answer::Amount(amount), progressed };
            }
            Delivered::Whole(amount) => (Ok(amount), next()),
            Delivered::Fault(fault) => {
                timeline[given.sequence].fault = (!L::says_fault(said)).then_some(fault);
                (Err(fault), next().map(|state| L::after_said_fault(fault, state)))
            }
        };
        self.state = state.unwrap_or(self.state);
        let happened = &mut timeline[given.sequence];
        happened.is_complete = true;
        happened.amount = given.amount + amount.unwrap_or(0);
        self.begin_delay_anew(step);
        if let Some(made) = given.made.as_deref().and_then(L::made_of) {
            self.keep(given.sequence, made);
        }
        if self.is_standing(step) {
            self.aside_mut().owed.pop_front();
        } else {
            self.said.used(step, &self.script.steps);
            self.leave_behind();
        }
        Verdict::Done { answer: amount.map_or_else(Answer::Fault, Answer::Amount), progressed }
    }

    /// What a said step says where that is made of what was sent.
    fn make(
        &self,
        step: usize,
        said: &L::Said,
        answers: &Answers,
        timeline: &Timeline,
    ) -> Result<Option<Box<L::Said>>, Verdict> {
        let sent = || match self.owes().next().filter(|owed| owed.step == step) {
            Some(owed) => self.sent_until(owed.cause, timeline),
            None => self.sent_before(step, timeline),
        };
        let Some(question) = L::reply(said, sent) else { return Ok(None) };
        let message = match answer_for(step, answers) {
            Some(Opinion::Says(made)) if made.is_nothing() => None,
            Some(Opinion::Says(made)) => {
                return Ok(Some(Box::new(L::said_made(said, made.clone()))));
            }
            Some(Opinion::Panicked { message, .. }) => Some(message.clone()),
            Some(Opinion::Is(_) | Opinion::Framed(_)) => unreachable!("a reply is said"),
            None => return Err(Verdict::Ask(step, question)),
        };
        let violation = Details {
            operation: L::LISTENING.name,
            step: Some(self.step_label(step)),
            expected: Some(self.describe(step)),
            ..self.violation(ViolationKind::ReplyFailed { message })
        };
        Err(Verdict::Refuse(violation.into()))
    }

    /// Notes what has been captured of steps before this one. What a client sends ahead is nothing
    /// that a reply before it knows of.
    fn note_captures_before(&mut self, step: usize) {
        let Some(mut aside) = self.aside.take() else { return };
        while let Some(&(heard, sequence)) = aside.captured.front().filter(|(at, _)| *at < step) {
            aside.captured.pop_front();
            self.note_captures(heard, sequence, &mut aside.sent);
        }
        self.aside = Some(aside);
    }

    fn note_captures(&self, heard: usize, sequence: Sequence, sent: &mut L::Sent) {
        if let (Some(heard), Some(kept)) = (self.heard_at(heard), self.kept_of(sequence)) {
            L::note_captures(heard, kept, sent);
        }
    }

    /// What a reply by this step is made of.
    fn sent_before(&self, step: usize, timeline: &Timeline) -> L::Sent {
        let mut sent = self.sent();
        for sequence in self.happened.iter().rev() {
            let happened = &timeline[sequence];
            if happened.step > step || !happened.is_complete || self.is_standing(happened.step) {
                continue;
            }
            if let Some(heard) = self.heard_at(happened.step).filter(|heard| L::is_sent(heard)) {
                L::note_last(heard, self.kept_of(sequence), &mut sent);
                break;
            }
        }
        sent
    }

    /// What a rule's reply to this interaction is made of: that, and what came before it.
    fn sent_until(&self, cause: Sequence, timeline: &Timeline) -> L::Sent {
        let mut sent = self.sent();
        let captured = self.aside().into_iter().flat_map(|aside| &aside.captured);
        let before = captured.filter(|(_, sequence)| *sequence < cause);
        before.for_each(|(heard, sequence)| self.note_captures(*heard, *sequence, &mut sent));
        let rule = timeline[cause].step;
        self.note_captures(rule, cause, &mut sent);
        if let Some(heard) = self.heard_at(rule) {
            L::note_last(heard, self.kept_of(cause), &mut sent);
        }
        sent
    }

    /// What was kept of an interaction that is complete.
    fn kept_of(&self, sequence: Sequence) -> Option<&Kept> {
        let place = self.kept.binary_search_by_key(&sequence, |(sequence, _)| *sequence).ok()?;
        Some(&self.kept[place].1)
    }

    /// Whether there is a fault for whichever operation asks first, and nobody had it.
    ///
    /// The peer may have said it behind things that the client has not received; not behind one
    /// that it has not said yet.
    fn is_interruption_due(&self) -> bool {
        let Some(index) = self.interruption else { return false };
        // What is not connected cannot be cut.
        let is_possible = self.script.steps[index].operation().next(self.state).is_some();
        let is_held_back = |step: usize| {
            let Step { what, is_standing, .. } = &self.script.steps[step];
            let is_said = matches!(what, What::Said(_)) && !is_standing;
            let is_never = self.script.steps[step].delay == Delay::Never;
            let is_put_off = is_never || self.delay_of(step).is_some();
            is_said && is_put_off && !self.is_left_behind(step)
        };
        is_possible
            && !self.is_interrupted
            && self.said.at <= index
            && self.heard_before(index).is_none()
            && !(self.said.at..index).any(is_held_back)
            // What a rule says comes before the fault, and no rule says anything before it is heard.
            && !self.owes().any(|owed| self.delay_of(owed.step).is_some())
    }

    /// What whoever is to be answered by the step has to wait for, if it does not answer now.
    fn answer_to_come(&mut self, step: usize) -> Option<Wait> {
        if self.script.steps[step].delay == Delay::Never {
            self.aside_mut().waited_on.insert(step);
            return Some(Wait::Never(step));
        }
        self.delay_of(step)
    }

    /// The delay of the step, unless it has passed.
    fn delay_of(&self, step: usize) -> Option<Wait> {
        let has_elapsed = || self.aside().is_some_and(|aside| aside.elapsed.contains(&step));
        match self.script.steps[step].delay {
            Delay::After(duration) if !has_elapsed() => Some(Wait::Delay(step, duration)),
            Delay::None | Delay::After(_) | Delay::Never => None,
        }
    }

    /// The delay of a step that was answered begins anew, should it come again.
    fn begin_delay_anew(&mut self, step: usize) {
        if let Some(aside) = &mut self.aside {
            aside.elapsed.remove(&step);
        }
    }

    /// Hands that fault to an operation that the peer hears.
    fn interrupt(&mut self, timeline: &mut Timeline) -> Option<Fault> {
        let index = self.interruption?;
        let What::Said(said) = &self.script.steps[index].what else { return None };
        let fault = L::interruption(said)?;
        let mut happened = Happened::new(self.label.index, index);
        happened.is_complete = true;
        self.happened.push(timeline.push(happened));
        self.is_interrupted = true;
        let state = L::said_operation(said).next(self.state).unwrap_or(self.state);
        self.state = L::after_interruption(state);
        self.moves += 1;
        Some(fault)
    }

    /// What something said at `index` has to wait for: heard steps before it.
    fn heard_before(&self, index: usize) -> Option<Wait> {
        // What has begun may belong behind `index` as long as one of its candidates does.
        let in_order = |run: &Run<L::Progress>| {
            run.alive.steps().filter(|step| !self.is_standing(*step)).max()
        };
        if let Some(step) = self.run.as_ref().and_then(in_order) {
            if step < index {
                let has_end = self.nature(step).ending.is_none();
                return Some(if has_end { Wait::ForHeard(step) } else { Wait::ForEndOfRun(step) });
            }
        }
        (self.heard.due < index).then_some(Wait::ForHeard(self.heard.due))
    }

    fn lockstep_wait(&self, step: usize) -> Option<Wait> {
        // A client that leaves cannot be told to wait; what it has not received is reported.
        let waits = self.script.lockstep
            && self.said.due < step
            && !self.is_farewell(step)
            && !self.is_standing(step);
        waits.then_some(Wait::ForSaid(self.said.due))
    }

    /// Whether a step that has no end of its own, because it never answers or always does, has been
    /// overtaken by what was heard after it (W4).
    fn is_left_behind(&self, index: usize) -> bool {
        if self.last_heard.is_none_or(|heard| heard <= index) {
            return false;
        }
        let step = &self.script.steps[index];
        let is_endless = step.delay == Delay::Never || step.times.is_endless();
        is_endless && self.given.as_ref().is_none_or(|given| given.step != index)
    }

    /// Whether the connection was gone before the peer came to say the step (B4, C5).
    fn is_cut_off(&self, index: usize) -> bool {
        if L::is_deaf(self.state) {
            return true;
        }
        let has_cut = |step: usize| self.script.steps[step].raises.is_some_and(Fault::is_reset);
        self.last_heard.is_some_and(|heard| heard < index && has_cut(heard))
    }

    /// Whether nothing that has to come is left, but for the end of the connection.
    fn is_at_the_end(&self) -> bool {
        let heard_is_done =
            self.step_index(self.heard.due).is_none_or(|step| self.nature(step).is_farewell);
        heard_is_done && self.run.is_none() && self.step_index(self.said.due).is_none()
    }

    fn aside(&self) -> Option<&Aside<L::Sent>> {
        self.aside.as_deref()
    }

    fn aside_mut(&mut self) -> &mut Aside<L::Sent> {
        self.aside.get_or_insert_default()
    }

    /// What rules have still to say, in order.
    fn owes(&self) -> impl Iterator<Item = &Owed> {
        self.aside().into_iter().flat_map(|aside| &aside.owed)
    }

    /// What has been captured of steps before the last reply that was made.
    fn sent(&self) -> L::Sent {
        self.aside().map(|aside| aside.sent.clone()).unwrap_or_default()
    }

    /// `index`, if there is such a step.
    fn step_index(&self, index: usize) -> Option<usize> {
        (index < self.script.steps.len()).then_some(index)
    }

    fn heard_at(&self, step: usize) -> Option<&L::Heard> {
        match &self.script.steps.get(step)?.what {
            What::Heard(heard) => Some(heard),
            What::Said(_) => None,
        }
    }

    fn is_standing(&self, step: usize) -> bool {
        self.script.steps[step].is_standing
    }

    fn nature(&self, step: usize) -> Nature {
        match &self.script.steps[step].what {
            What::Heard(heard) => L::nature(heard),
            What::Said(_) => unreachable!("only heard steps are asked for their nature"),
        }
    }
}

fn position_of_interruption<L: Language>(script: &Script<L>) -> Option<usize> {
    let is_interruption =
        |step: &Step<L>| matches!(&step.what, What::Said(s) if L::interruption(s).is_some());
    script.steps.iter().position(is_interruption)
}

/// What was said about this one, if it was asked.
pub(super) fn answer_for(asked: usize, answers: &Answers) -> Option<&Opinion> {
    answers.iter().find(|(known, _)| *known == asked).map(|(_, opinion)| opinion)
}

/// A call that met something before it has to wait is answered with that much.
fn wait_or_short(wait: Wait, offset: usize, progressed: bool) -> Verdict {
    if offset > 0 {
        Verdict::Done { answer: Answer::Amount(offset), progressed }
    } else {
        Verdict::Wait(wait)
    }
}
