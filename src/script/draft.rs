//! A script while it is being written: each step is checked where it is written.

use std::sync::Arc;

use super::check::Before;
use super::{Framing, Step, What};
use crate::protocol::{OperationInfo, States};
use crate::session::{Language, Shared};

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
    script: Script<L>,
    name: Option<Arc<str>>,
    /// How long the script was that this goes on with, if it does.
    landed: Option<usize>,
    has_landed: bool,
}

impl<L: Language> Draft<L> {
    pub(crate) fn new(shared: Arc<Shared>, session: usize) -> Self {
        let script = Script { steps: Vec::with_capacity(SHORT), ..Script::new() };
        Self { shared, session, script, name: None, landed: None, has_landed: false }
    }

    /// More of a script that has landed.
    pub(crate) fn continuing(shared: Arc<Shared>, session: usize) -> Self {
        let mut draft = Self::new(shared, session);
        let (landed, script) = draft.landed(|script| {
            let Script { reach, standing, framing, .. } = script;
            let (standing, framing) = (standing.clone(), framing.clone());
            (script.steps.len(), Script { reach: *reach, standing, framing, ..Script::new() })
        });
        draft.landed = Some(landed);
        draft.script = script;
        draft
    }

    /// Adds a step. Panics at the caller's line if no client could ever come to it, or if nothing
    /// could tell it from one before it.
    #[track_caller]
    pub(crate) fn push(&mut self, step: Step<L>) {
        self.script.steps.push(step);
        match self.check_last() {
            Ok(reach) => self.script.reach = reach,
            Err(problem) => panic!("{problem}"),
        }
        let Script { steps, standing, .. } = &mut self.script;
        if steps.last().is_some_and(|step| step.is_standing) {
            standing.push(self.landed.unwrap_or(0) + steps.len() - 1);
        }
    }

    /// Checks the step that was added last by those before it.
    fn check_last(&self) -> Result<States, String> {
        let Script { steps, standing, reach, .. } = &self.script;
        let Some((step, batch)) = steps.split_last() else { return Ok(*reach) };
        match self.landed {
            None => Before { landed: &[], batch, standing }.check(step, *reach),
            Some(landed) => self.landed(|script| {
                Before { landed: &script.steps[..landed], batch, standing }.check(step, *reach)
            }),
        }
    }

    /// Looks at the script that has landed.
    fn landed<T>(&self, look: impl FnOnce(&Script<L>) -> T) -> T {
        self.shared.with_script(self.session, look)
    }

    /// The step that was added last, for its modifiers.
    pub(crate) fn last(&mut self) -> Option<&mut Step<L>> {
        self.script.steps.last_mut()
    }

    pub(crate) fn script(&self) -> &Script<L> {
        &self.script
    }

    pub(crate) fn script_mut(&mut self) -> &mut Script<L> {
        &mut self.script
    }

    pub(crate) fn set_name(&mut self, name: &str) {
        self.name = Some(name.into());
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
        if self.has_landed {
            return true;
        }
        self.has_landed = true;
        let script = std::mem::replace(&mut self.script, Script::new());
        match self.landed {
            Some(landed) => self.shared.land_more(self.session, script, landed),
            None => {
                self.shared.land(self.session, script, self.name.take(), is_connected);
                true
            }
        }
    }
}

impl<L: Language> Drop for Draft<L> {
    fn drop(&mut self) {
        if std::thread::panicking() && !self.has_landed {
            // The step that was being written is refused; half a script would only mislead.
            self.has_landed = true;
            if self.landed.is_none() {
                self.shared.withdraw(self.session);
            }
        }
        self.land_once(false);
    }
}
