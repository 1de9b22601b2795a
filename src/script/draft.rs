//! A script while it is being written: each step is checked where it is written.

use std::iter;
use std::mem::ManuallyDrop;
use std::panic::Location;
use std::sync::Arc;

use super::check::Before;
use super::{Framing, Step, What};
use crate::protocol::{OperationInfo, States};
use crate::session::{Language, Machine, Shared};
use crate::verify::SessionLabel;

/// As many steps as a short script has: room for them from the start.
const SHORT: usize = 4;

/// A script that is complete for now.
pub(crate) struct Script<L: Language> {
    pub(crate) steps: Vec<Step<L>>,
    /// Sends, too, wait until the client has received everything before them.
    pub(crate) lockstep: bool,
    /// The peer stays silent at the end, and the client may keep its transport.
    pub(crate) stays_open: bool,
    /// What comes past the end waits for more of the script.
    pub(crate) open_ended: bool,
    /// What the protocol forbids and transports let pass is a violation.
    pub(crate) is_strict: bool,
    /// The states in which the connection can be once the last step but one has been used (S2).
    pub(crate) reach: States,
    /// The places among `steps` of those that are parts of rules, in ascending order.
    pub(crate) standing: Vec<usize>,
    /// How frames are told apart, in what is written from here on.
    pub(crate) framing: Option<Arc<dyn Framing>>,
}

impl<L: Language> Script<L> {
    pub(crate) fn new() -> Self {
        Self {
            steps: Vec::new(),
            lockstep: false,
            stays_open: false,
            open_ended: false,
            is_strict: false,
            reach: States::NONE,
            standing: Vec::new(),
            framing: None,
        }
    }

    /// Whether the first step makes the connection.
    pub(crate) fn begins_with_entry(&self) -> bool {
        self.first().is_some_and(|first| self.steps[first].is_entry())
    }

    /// The place of the first step that is not part of a rule.
    pub(crate) fn first(&self) -> Option<usize> {
        self.steps.iter().position(|step| !step.is_standing)
    }

    /// The place of the last step that is not part of a rule.
    pub(crate) fn last(&self) -> Option<usize> {
        self.steps.iter().rposition(|step| !step.is_standing)
    }

    /// The number of the step at this place, from 1; of a rule, that of the step before it.
    pub(crate) fn number(&self, place: usize) -> usize {
        let is_standing = self.steps.get(place).is_some_and(|step| step.is_standing);
        place + usize::from(!is_standing) - self.standing.partition_point(|rule| *rule < place)
    }
}

impl<L: Language> Step<L> {
    pub(crate) fn is_entry(&self) -> bool {
        std::ptr::eq(self.operation(), L::ENTRY)
    }

    #[inline]
    pub(crate) fn operation(&self) -> &'static OperationInfo<L::State> {
        match &self.what {
            What::Heard(heard) => L::heard_operation(heard),
            What::Said(said) => L::said_operation(said),
        }
    }
}

/// A script that is being written, with its place in a queue. It lands when it is dropped.
pub(crate) struct Draft<L: Language> {
    shared: Arc<Shared>,
    session: usize,
    writing: Writing<L>,
}

/// Where a script is written to.
enum Writing<L: Language> {
    /// Into the machine that will judge by it, so that landing moves nothing.
    Whole(Box<Machine<L>>),
    More(Box<More<L>>),
    /// It has landed, or is not to.
    Over,
}

/// More of a script that has landed.
struct More<L: Language> {
    script: Script<L>,
    /// How long the script was that this goes on with.
    landed: usize,
}

impl<L: Language> Draft<L> {
    /// One with the next place in a queue. Panics at the caller's line if the verifier is gone.
    #[track_caller]
    pub(crate) fn new(shared: &Arc<Shared>, queue: usize) -> Self {
        let at = Location::caller();
        let Some(session) = shared.new_case(queue, at) else {
            panic!("the verifier is gone: nobody would judge a session that is queued now");
        };
        let script = Script { steps: Vec::with_capacity(SHORT), ..Script::new() };
        let label = SessionLabel { transport: L::NAME, ..SessionLabel::new(session, at) };
        let writing = Writing::Whole(Box::new(Machine::new(label, script)));
        Self { shared: Arc::clone(shared), session, writing }
    }

    /// More of a script that has landed.
    pub(crate) fn continuing(shared: Arc<Shared>, session: usize) -> Self {
        let more = shared.with_script(session, |script: &Script<L>| {
            let Script { reach, standing, framing, .. } = script;
            let (standing, framing) = (standing.clone(), framing.clone());
            let more = Script { reach: *reach, standing, framing, ..Script::new() };
            More { script: more, landed: script.steps.len() }
        });
        Self { shared, session, writing: Writing::More(more.into()) }
    }

    /// Adds a step. Panics at the caller's line if no client could ever come to it, or if nothing
    /// could tell it from one before it.
    #[inline]
    #[track_caller]
    pub(crate) fn push(&mut self, what: What<L>) {
        let at = Location::caller();
        // What may have to be dropped on the way is kept in memory for that, and moved from there.
        let what = ManuallyDrop::new(what);
        self.add(|| Step::new(ManuallyDrop::into_inner(what), at));
    }

    /// The same of a part of a rule.
    #[track_caller]
    pub(crate) fn push_rule(&mut self, what: What<L>) {
        let at = Location::caller();
        self.add(|| Step::standing(what, at));
    }

    #[inline]
    #[track_caller]
    fn add(&mut self, step: impl FnOnce() -> Step<L>) {
        // Made where it stays: moving a step costs more than all else that is done with it here.
        self.script_mut().steps.extend(iter::once_with(step));
        self.accept();
    }

    /// Checks the step that was added last by those before it.
    #[inline(never)]
    #[track_caller]
    fn accept(&mut self) {
        let landed = match &self.writing {
            Writing::More(more) => more.landed,
            Writing::Whole(_) | Writing::Over => 0,
        };
        let Script { steps, standing, reach, .. } = self.script();
        let Some((step, batch)) = steps.split_last() else { return };
        let (reach, is_standing) = (*reach, step.is_standing);
        let checked = match landed {
            0 => Before { landed: &[], batch, standing }.check(step, reach),
            _ => self.shared.with_script(self.session, |script| {
                Before { landed: &script.steps[..landed], batch, standing }.check(step, reach)
            }),
        };
        let script = self.script_mut();
        match checked {
            Ok(reach) => script.reach = reach,
            Err(problem) => panic!("{problem}"),
        }
        if is_standing {
            script.standing.push(landed + script.steps.len() - 1);
        }
    }

    /// The step that was added last, for its modifiers.
    pub(crate) fn last(&mut self) -> Option<&mut Step<L>> {
        self.script_mut().steps.last_mut()
    }

    pub(crate) fn script(&self) -> &Script<L> {
        match &self.writing {
            Writing::Whole(machine) => machine.script(),
            Writing::More(more) => &more.script,
            Writing::Over => unreachable!("what has landed is no draft"),
        }
    }

    pub(crate) fn script_mut(&mut self) -> &mut Script<L> {
        match &mut self.writing {
            Writing::Whole(machine) => machine.script_mut(),
            Writing::More(more) => &mut more.script,
            Writing::Over => unreachable!("what has landed is no draft"),
        }
    }

    /// Names the session; what goes on has the name that it has.
    pub(crate) fn set_name(&mut self, name: &str) {
        if let Writing::Whole(machine) = &mut self.writing {
            machine.label.name = Some(name.into());
        }
    }

    /// Lands the script now: for a client to connect to, or for a double that `is_connected`
    /// already. Gives what it landed on.
    pub(crate) fn land(mut self, is_connected: bool) -> (Arc<Shared>, usize) {
        self.land_once(is_connected);
        (Arc::clone(&self.shared), self.session)
    }

    /// Lands more of a script that has landed before. Panics at the caller's line if that has
    /// grown meanwhile.
    #[track_caller]
    pub(crate) fn land_more(mut self) {
        if !self.land_once(false) {
            panic!("`then`: somebody else wrote more of this session at the same time");
        }
    }

    fn land_once(&mut self, is_connected: bool) -> bool {
        match std::mem::replace(&mut self.writing, Writing::Over) {
            Writing::Whole(machine) => self.shared.land(self.session, machine, is_connected),
            Writing::More(more) => {
                return self.shared.land_more(self.session, more.script, more.landed);
            }
            Writing::Over => {}
        }
        true
    }
}

impl<L: Language> Drop for Draft<L> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // The step that was being written is refused; half a script would only mislead.
            let refused = std::mem::replace(&mut self.writing, Writing::Over);
            if matches!(refused, Writing::Whole(_)) {
                self.shared.withdraw(self.session);
            }
        }
        self.land_once(false);
    }
}
