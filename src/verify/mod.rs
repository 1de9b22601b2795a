//! What it means: the verdict, as data, and all the text that people read.
//!
//! Nothing in here takes a lock, wakes a task, reads a clock or does I/O; what needs those asks
//! `session`. All failure text is made in `render`.

mod assertion;
mod bytes;
mod described;
mod interaction;
mod message;
mod render;
mod report;
mod run;
mod verifier;
mod violation;

pub use assertion::{AnyOrder, Asserts, Raised, Unordered};
pub use described::{Argument, Described};
pub use interaction::{Interaction, Outcome, Transcript};
pub use report::{Report, Stage, UnusedSession, UnusedStep};
pub use run::{RunOutcome, run};
pub use verifier::{Verifier, VerifierBuilder};
pub use violation::{Blocked, SessionLabel, StepLabel, Violation, ViolationKind};

pub(crate) use bytes::shown;
pub(crate) use report::{FrameExtent, Line, ReportedViolation};
pub(crate) use violation::Details;
