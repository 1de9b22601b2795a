//! What happened, as data that can be compared and printed.

use std::fmt;

use super::{Described, SessionLabel, StepLabel, render};
use crate::script::Fault;

/// One step that was used: an operation that really happened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Interaction {
    /// Its place in the order of everything that happened on its verifier, from 0.
    pub sequence: usize,
    /// The session it belongs to.
    pub session: SessionLabel,
    /// The step that it used.
    pub step: StepLabel,
    /// The operation and its argument: what the client really sent where the script left that open.
    pub operation: Described,
    /// The size in bytes of the buffer that the client first offered, for what was received.
    pub size: Option<usize>,
    /// What became of it.
    pub outcome: Outcome,
    /// Whether the script states its argument, so that nobody has to assert it.
    pub is_stated: bool,
    /// Whether an assertion has matched it.
    pub is_asserted: bool,
}

/// What became of an interaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// The step was met to its end.
    Complete,
    /// The step was begun, and this much came of it.
    #[non_exhaustive]
    Partial {
        /// How many bytes came.
        amount: usize,
        /// How many bytes the step wants, where it says so.
        of: Option<usize>,
    },
    /// The step answered with this error.
    Raised(Fault),
}

impl fmt::Display for Interaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&render::interaction(self))
    }
}

/// All that happened on a verifier, in order. It prints as a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transcript {
    pub(crate) interactions: Vec<Interaction>,
}

impl Transcript {
    /// The interactions, in the order in which they began.
    pub fn interactions(&self) -> &[Interaction] {
        &self.interactions
    }
}

impl fmt::Display for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        render::transcript(f, self)
    }
}
