//! What a client did that the script, or the state of its connection, does not allow.

use std::error::Error;
use std::fmt;
use std::io::{self, ErrorKind};
use std::panic::Location;
use std::sync::Arc;

use super::{Described, render};
use crate::transport::websocket::WebSocketError;

/// Which session something belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SessionLabel {
    /// The session's place in the order in which sessions were written, from 0.
    pub(crate) index: usize,
    /// What it connects, as messages call that.
    pub(crate) transport: &'static str,
    /// The name that the script gave it.
    pub name: Option<Arc<str>>,
    /// Where its builder was made.
    pub at: &'static Location<'static>,
}

impl SessionLabel {
    pub(crate) fn new(index: usize, at: &'static Location<'static>) -> Self {
        Self { index, transport: "transport", name: None, at }
    }

    /// The session's number in the order in which sessions were written, from 1.
    pub fn number(&self) -> usize {
        self.index + 1
    }
}

/// Which step of a script something belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StepLabel {
    /// Its place among all that was written of the script.
    pub(crate) index: usize,
    /// The step's number in its script, from 1; of a rule, that of the step it was written behind.
    pub number: usize,
    /// How many steps the script has.
    pub of: usize,
    /// Where the step was written.
    pub at: &'static Location<'static>,
    /// It is a rule, which holds at any point.
    pub is_standing: bool,
}

/// An operation that the script, or the state of the connection, did not allow.
///
/// It is inside the [`io::Error`] that the client gets ([`Violation::of`]), and it fails the verdict whatever
/// the client makes of that error.
///
/// ```
/// # use std::io;
/// # use wirescript::{Connect, Endpoint, Verifier};
/// # use wirescript::scripted::Violation;
/// # futures::executor::block_on(async {
/// let verifier = Verifier::new();
/// let net = verifier.socket(); // and no session
///
/// let error = net.connect(&Endpoint::new("cache", 6379)).await.unwrap_err();
/// assert!(Violation::of(&error).unwrap().is_unmocked());
/// assert!(verifier.try_verify().is_err());
/// # });
/// ```
///
/// Clones share one set of details.
#[derive(Clone, PartialEq, Eq)]
pub struct Violation(pub(crate) Arc<Details>);

/// What a violation is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Details {
    pub(crate) kind: ViolationKind,
    pub(crate) session: Option<SessionLabel>,
    pub(crate) step: Option<StepLabel>,
    /// What the client did, or waits in.
    pub(crate) operation: &'static str,
    pub(crate) expected: Option<Described>,
    pub(crate) got: Option<Described>,
    pub(crate) error_kind: ErrorKind,
}

/// In which way an operation was not allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ViolationKind {
    /// The verifier has given its verdict and is gone.
    VerifierGone,
    /// The state of the connection does not allow the operation.
    #[non_exhaustive]
    InvalidState {
        /// The state.
        state: String,
        /// What it does allow, in alphabetical order.
        valid: Vec<&'static str>,
    },
    /// A client connects and no session is queued.
    #[non_exhaustive]
    NoSession {
        /// Where builders were made that somebody still holds, so that their scripts have not
        /// landed.
        held: Vec<&'static Location<'static>>,
        /// The connects that other sessions expect, where a session is chosen by endpoint.
        others: Vec<Described>,
    },
    /// A client connects and the script of its session does not begin with a connect.
    NeverConnected,
    /// The client goes on where the script has ended.
    ScriptExhausted,
    /// Another operation is due.
    #[non_exhaustive]
    OutOfOrder {
        /// How much had come of the step that is due, if it had begun.
        begun: Option<usize>,
    },
    /// The right operation, with another argument than the step states.
    #[non_exhaustive]
    Mismatch {
        /// How far the two agree, in bytes.
        at: usize,
    },
    /// What the client sends is no frame, or one over the limit.
    #[non_exhaustive]
    Malformed {
        /// Why it is none.
        problem: String,
    },
    /// The connection has ended, and the client goes on asking.
    #[non_exhaustive]
    EndIgnored {
        /// The state of the connection.
        state: String,
        /// How often in a row the client was told of its end.
        times: usize,
    },
    /// The client did what the protocol forbids, and the script asks for that to be told.
    #[non_exhaustive]
    Breach {
        /// The rule that it broke.
        rule: &'static str,
    },
    /// The client waits for what will not come.
    #[non_exhaustive]
    Stalled {
        /// What keeps it waiting.
        blocked: Blocked,
        /// How much had come of a step that had begun.
        begun: Option<usize>,
        /// Whether the verifier's deadline ended the wait; otherwise its patience did.
        is_deadline: bool,
        /// What the state of the connection lets either side do next, in alphabetical order, where
        /// the peer has said all it says.
        possible: Vec<&'static str>,
        /// How many messages the client has queued and not flushed: none of them was sent.
        unflushed: usize,
    },
    /// A predicate of the script panicked.
    #[non_exhaustive]
    MatcherPanicked {
        /// The predicate's label.
        label: String,
        /// What it panicked with.
        message: String,
    },
    /// What makes a reply panicked, or made none.
    #[non_exhaustive]
    ReplyFailed {
        /// What it panicked with; none, if it made a reply of no bytes.
        message: Option<String>,
    },
}

/// What keeps a client waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Blocked {
    /// The peer has not heard what it waits for before it speaks.
    NotHeard,
    /// What it hears has no end: the client neither flushes nor turns to reading.
    RunWithoutEnd,
    /// What it hears goes on until the client closes its direction.
    RunToTheEnd,
    /// The script is in lockstep, and the client has not received what comes before.
    NotListened,
    /// The peer has said all that the script lets it say, and the connection stays open.
    PeerSilent,
    /// An open-ended script has nothing more for what the client does.
    NothingMore,
    /// The step never answers.
    Never,
    /// The step answers later.
    Delayed,
}

impl Details {
    pub(crate) fn new(kind: ViolationKind, session: Option<SessionLabel>) -> Self {
        Self {
            kind,
            session,
            step: None,
            operation: "",
            expected: None,
            got: None,
            error_kind: ErrorKind::Other,
        }
    }
}

impl From<Details> for Violation {
    fn from(details: Details) -> Self {
        Self(Arc::new(details))
    }
}

impl Violation {
    /// The violation behind an error that a client got from a double, if there is one.
    pub fn of(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }

    /// The violation behind an error that a client made of one that it got from a double, if there
    /// is one: behind its sources, and theirs.
    ///
    /// ```
    /// # use std::error::Error;
    /// # use std::{fmt, io};
    /// # use wirescript::{Connect, Endpoint, Verifier};
    /// # use wirescript::scripted::Violation;
    /// #[derive(Debug)]
    /// struct Unavailable(io::Error);
    /// # impl fmt::Display for Unavailable {
    /// #     fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str("unavailable") }
    /// # }
    ///
    /// impl Error for Unavailable {
    ///     fn source(&self) -> Option<&(dyn Error + 'static)> {
    ///         Some(&self.0)
    ///     }
    /// }
    ///
    /// # futures::executor::block_on(async {
    /// # let verifier = Verifier::new();
    /// # let net = verifier.socket();
    /// # let error = net.connect(&Endpoint::new("cache", 6379)).await.map(drop).unwrap_err();
    /// let error = Unavailable(error);
    /// assert!(Violation::behind(&error).unwrap().is_unmocked());
    /// # let _ = verifier.try_verify();
    /// # });
    /// ```
    pub fn behind<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e Self> {
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(violation) = error.downcast_ref() {
                return Some(violation);
            }
            next = held(error).or_else(|| error.source());
        }
        None
    }

    /// In which way the operation was not allowed.
    pub fn kind(&self) -> &ViolationKind {
        &self.0.kind
    }

    /// The session it happened in, if there was one.
    pub fn session(&self) -> Option<&SessionLabel> {
        self.0.session.as_ref()
    }

    /// The step that the operation was judged against, if there was one.
    pub fn step(&self) -> Option<StepLabel> {
        self.0.step
    }

    /// The name of the operation that was not allowed.
    pub fn operation(&self) -> &'static str {
        self.0.operation
    }

    /// What the script wants.
    pub fn expected(&self) -> Option<&Described> {
        self.0.expected.as_ref()
    }

    /// What the client did.
    pub fn got(&self) -> Option<&Described> {
        self.0.got.as_ref()
    }

    /// Whether the script has nothing for the operation.
    pub fn is_unmocked(&self) -> bool {
        matches!(
            self.0.kind,
            ViolationKind::NoSession { .. }
                | ViolationKind::NeverConnected
                | ViolationKind::ScriptExhausted
        )
    }

    /// Whether the state of the connection does not allow the operation.
    pub fn is_invalid_state(&self) -> bool {
        matches!(self.0.kind, ViolationKind::InvalidState { .. })
    }

    /// Whether another operation is due.
    pub fn is_out_of_order(&self) -> bool {
        matches!(self.0.kind, ViolationKind::OutOfOrder { .. })
    }

    /// Whether the argument is another than the step states.
    pub fn is_mismatch(&self) -> bool {
        matches!(self.0.kind, ViolationKind::Mismatch { .. })
    }

    /// Whether the client waited for what would not come.
    pub fn is_stalled(&self) -> bool {
        matches!(self.0.kind, ViolationKind::Stalled { .. })
    }

    /// Whether the verifier had given its verdict and was gone.
    pub fn is_verifier_gone(&self) -> bool {
        matches!(self.0.kind, ViolationKind::VerifierGone)
    }
}

impl fmt::Debug for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What `unwrap` prints is read by people too, and has to stay as short.
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        render::violation(f, &self.0)
    }
}

impl Error for Violation {}

/// What `error` holds and leaves out of its sources: it speaks for it, and so does its source.
fn held<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e (dyn Error + 'static)> {
    if let Some(error) = error.downcast_ref::<io::Error>() {
        return error.get_ref().map(|held| held as _);
    }
    // How clients keep errors that they hand out more than once.
    if let Some(shared) = error.downcast_ref::<Arc<io::Error>>() {
        return Some(&**shared);
    }
    error.downcast_ref::<Arc<dyn Error + Send + Sync>>().map(|shared| &**shared as _)
}

impl From<Violation> for WebSocketError {
    fn from(violation: Violation) -> Self {
        Self::Io(violation.into())
    }
}

impl From<Violation> for io::Error {
    fn from(violation: Violation) -> Self {
        Self::new(violation.0.error_kind, violation)
    }
}
