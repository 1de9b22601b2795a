//! The words that machine and model are compared in: one line for each thing that is told.

use std::fmt::{self, Display, Formatter};
use std::io::ErrorKind;

/// Bytes as a literal.
pub(crate) fn bytes(bytes: &[u8]) -> String {
    format!("b\"{}\"", bytes.escape_ascii())
}

/// An operation with its argument.
pub(crate) fn described(name: &str, argument: &str) -> String {
    if argument.is_empty() { name.to_owned() } else { format!("{name} {argument}") }
}

/// Which step something belongs to, or behind which step the rule stands.
pub(crate) fn numbers(number: usize, of: usize, is_standing: bool) -> String {
    let whose = if is_standing { "a rule behind " } else { "" };
    format!("{whose}step {number} of {of}")
}

/// What a call of the client came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Wrote(usize),
    Received(Vec<u8>),
    /// It succeeded, and there is nothing to count.
    Done,
    /// The script, or the state, has an error here (B10).
    Fault(ErrorKind),
    Refused(Box<Violation>),
    Pending,
    /// There was nothing to do it with.
    Impossible,
}

/// A violation, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Violation {
    pub(crate) kind: String,
    /// Which step.
    pub(crate) step: Option<String>,
    pub(crate) operation: String,
    pub(crate) expected: Option<String>,
    pub(crate) got: Option<String>,
    /// The kind of the error that carried it to the client; `None` where none did.
    pub(crate) error: Option<ErrorKind>,
}

impl Display for Answer {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wrote(count) => write!(f, "wrote {count}"),
            Self::Received(data) => write!(f, "received {}", bytes(data)),
            Self::Done => f.write_str("done"),
            Self::Fault(kind) => write!(f, "fault {kind:?}"),
            Self::Refused(violation) => write!(f, "refused: {violation}"),
            Self::Pending => f.write_str("pending"),
            Self::Impossible => f.write_str("impossible"),
        }
    }
}

impl Display for Violation {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { kind, step, operation, expected, got, error } = self;
        write!(f, "{kind} in {operation}")?;
        if let Some(step) = step {
            write!(f, ", {step}")?;
        }
        let (expected, got) = (expected.as_deref(), got.as_deref());
        write!(f, ", expected {}, got {}", expected.unwrap_or("-"), got.unwrap_or("-"))?;
        match error {
            Some(kind) => write!(f, ", as {kind:?}"),
            None => Ok(()),
        }
    }
}
