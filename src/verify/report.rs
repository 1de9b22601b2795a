//! The verdict on a test that failed, as data.

use std::fmt;

use super::{Described, Interaction, SessionLabel, StepLabel, Violation, render};

/// Why a verifier does not let a test pass.
///
/// Its `Display` is the text that a failing test prints; the methods give the same as data.
#[derive(Clone, PartialEq, Eq)]
pub struct Report {
    pub(crate) violations: Vec<ReportedViolation>,
    pub(crate) refused_connects: usize,
    pub(crate) unasserted: Vec<Interaction>,
    pub(crate) unused: Vec<UnusedSession>,
    pub(crate) deadline: bool,
}

/// A violation with the conversation that led to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReportedViolation {
    pub(crate) violation: Violation,
    pub(crate) conversation: Vec<Line>,
}

/// One line of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    Happened(Interaction),
    /// What the violation is about.
    Here(Described),
    NotReached(Described),
}

/// A session of which required steps were left, or whose script has not landed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnusedSession {
    /// The session.
    pub session: SessionLabel,
    /// How far it came.
    pub stage: Stage,
    /// The steps that were left: none that are known yet, if its builder is still held.
    pub steps: Vec<UnusedStep>,
    /// How many messages the client had queued and never flushed when it dropped its WebSocket: none
    /// of them was sent.
    pub unflushed: usize,
    /// Whether its script begins with a connect, or is not known yet.
    pub(crate) begins_with_connect: bool,
}

/// A required step that was left, or half met.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnusedStep {
    /// Which step.
    pub step: StepLabel,
    /// What it was written as.
    pub operation: Described,
    /// How often it was used.
    pub times: usize,
    /// How often it has to be.
    pub least: usize,
    /// How much came of it, in bytes, if it had begun.
    pub amount: Option<usize>,
    /// How much it wants in all, where it says so.
    pub of: Option<usize>,
    /// What it is made of, if it is a frame.
    pub(crate) frame: Option<FrameExtent>,
    /// Whether it is the peer that says it.
    pub(crate) is_said: bool,
    /// Whether it is met by the end of the connection.
    pub(crate) is_farewell: bool,
}

/// What a frame is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FrameExtent {
    /// How many bytes are in front of its payload, and how many that has, if the script says so.
    pub(crate) header: Option<(usize, usize)>,
}

/// How far a session came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stage {
    /// Its builder is still held, so that its script has not landed.
    Held,
    /// It waits for a client to connect.
    Queued,
    /// A client called `connect()`, and has not awaited it yet.
    Taken,
    /// A client called `connect()`, and dropped what that returned without awaiting it.
    NeverAwaited,
    /// A client is connecting.
    Connecting,
    /// A client gave its connect up before it was answered.
    Abandoned,
    /// It is connected, and its transport is alive.
    Open,
    /// Its connect failed.
    Failed,
    /// Its transport was dropped.
    Closed,
}

impl Report {
    /// What clients did that was not allowed, in the order in which it happened.
    pub fn violations(&self) -> impl ExactSizeIterator<Item = &Violation> {
        self.violations.iter().map(|reported| &reported.violation)
    }

    /// How many more connects were refused after the first for which no session was queued.
    pub fn refused_connects(&self) -> usize {
        self.refused_connects
    }

    /// What happened, was left open by the script and was not asserted.
    pub fn unasserted(&self) -> &[Interaction] {
        &self.unasserted
    }

    /// The required steps that were not used, by session.
    pub fn unused(&self) -> &[UnusedSession] {
        &self.unused
    }

    /// A report of nothing at all.
    pub(crate) fn nothing() -> Self {
        Self {
            violations: Vec::new(),
            refused_connects: 0,
            unasserted: Vec::new(),
            unused: Vec::new(),
            deadline: false,
        }
    }

    /// The same, of a test that took longer than it may.
    pub(crate) fn past_deadline(mut self) -> Self {
        self.deadline = true;
        self
    }

    /// What is left of it when leftovers do not count.
    pub(crate) fn only_violations(mut self) -> Option<Self> {
        self.unasserted.clear();
        self.unused.clear();
        (!self.is_empty()).then_some(self)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.violations.is_empty()
            && self.unasserted.is_empty()
            && self.unused.is_empty()
            && !self.deadline
    }
}

impl fmt::Debug for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What `unwrap` prints is read by people too, and has to stay as short.
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        render::report(f, self)
    }
}

impl std::error::Error for Report {}
