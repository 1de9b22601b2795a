//! What a transport puts to its session: one of three things.
//!
//! This file owns how each is put to the machine. Who waits meanwhile, and who is woken, is the
//! business of `shared`.

use super::language::Language;
use super::machine::{Answers, Machine, Verdict};
use crate::timeline::Timeline;

/// One thing that a client does or asks for.
pub(crate) trait Request<L: Language> {
    /// Does it if it is exactly what the script has next, as nearly always: a glance that spares a
    /// closer look. Gives how much was taken or given. Where it says no, nothing has changed, and
    /// [`judge`](Self::judge) decides.
    fn glance(&mut self, machine: &mut Machine<L>, timeline: &mut Timeline) -> Option<usize>;

    /// Lets the machine judge it. It may be put again, with the answers to what was asked; `turned`
    /// if the task that puts it is the one that wrote last.
    fn judge(
        &mut self,
        machine: &mut Machine<L>,
        turned: bool,
        answers: &Answers,
        timeline: &mut Timeline,
    ) -> Verdict;
}

/// The client does something that the peer hears.
pub(crate) struct Hear<'c, L: Language>(pub(crate) L::Call<'c>);

impl<L: Language> Request<L> for Hear<'_, L> {
    #[inline]
    fn glance(&mut self, machine: &mut Machine<L>, timeline: &mut Timeline) -> Option<usize> {
        machine.hear_exactly(self.0, timeline)
    }

    fn judge(
        &mut self,
        machine: &mut Machine<L>,
        _turned: bool,
        answers: &Answers,
        timeline: &mut Timeline,
    ) -> Verdict {
        machine.hear(self.0, answers, timeline)
    }
}

/// The client listens.
pub(crate) struct Listen<'b, L: Language> {
    /// For how much, if it says.
    pub(crate) size: Option<usize>,
    /// What that is put into; it may be less.
    pub(crate) buffer: &'b mut L::Buffer,
}

impl<L: Language> Request<L> for Listen<'_, L> {
    #[inline]
    fn glance(&mut self, machine: &mut Machine<L>, timeline: &mut Timeline) -> Option<usize> {
        machine.say_exactly(self.size, self.buffer, timeline)
    }

    fn judge(
        &mut self,
        machine: &mut Machine<L>,
        turned: bool,
        answers: &Answers,
        timeline: &mut Timeline,
    ) -> Verdict {
        machine.say(turned, self.size, self.buffer, answers, timeline)
    }
}

/// The client pauses in what it does.
pub(crate) struct Pause;

impl<L: Language> Request<L> for Pause {
    fn glance(&mut self, _machine: &mut Machine<L>, _timeline: &mut Timeline) -> Option<usize> {
        None
    }

    fn judge(
        &mut self,
        machine: &mut Machine<L>,
        _turned: bool,
        answers: &Answers,
        timeline: &mut Timeline,
    ) -> Verdict {
        machine.pause(answers, timeline)
    }
}
