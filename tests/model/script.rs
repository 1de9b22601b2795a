//! Scripts and clients as plain data: what is generated, printed, judged and played.

use std::io::ErrorKind;

/// Where clients connect to. The last one is none that parses.
pub(crate) const ENDPOINTS: [&str; 3] = ["peer:1", "nobody:22", "peer"];

/// All of one test: how the verifier is set up, what is written, and what the client does.
#[derive(Clone, Debug, Default)]
pub(crate) struct Case {
    pub(crate) setup: Setup,
    pub(crate) script: Batch,
    pub(crate) client: Vec<Op>,
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Setup {
    /// Waits are refused at once, instead of never.
    pub(crate) has_no_patience: bool,
    /// Everything is to be asserted, and nothing is.
    pub(crate) is_explicit: bool,
    /// What peers say comes one byte at a time.
    pub(crate) is_bytewise: bool,
    /// The socket is handed out connected.
    pub(crate) is_handed_out: bool,
}

/// Steps that land at once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Batch {
    pub(crate) steps: Vec<Step>,
    pub(crate) flags: Vec<Flag>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flag {
    Lockstep,
    StaysOpen,
    OpenEnded,
}

/// One step as it is written. A new kind of step, pattern or rule begins here.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) what: What,
    pub(crate) modifiers: Vec<Modifier>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// To the endpoint of this place in [`ENDPOINTS`].
    Connect(Value<usize>),
    Send(Value<Vec<u8>>),
    SendAll(Value<Vec<u8>>),
    Shutdown,
    Close,
    Recv(Vec<u8>),
    RecvError(ErrorKind),
    Reset,
    Eof,
}

/// What a step states of a value. Patterns with parts of their own belong here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value<T> {
    Is(T),
    Any,
    Matching(Test),
}

/// A predicate on bytes, or on an endpoint as it is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Test {
    EvenLength,
    BeginsWithA,
    Nothing,
    Panics,
}

/// What a predicate that panics says.
pub(crate) const PANIC: &str = "the predicate of a random script";

impl Test {
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::EvenLength => "an even length",
            Self::BeginsWithA => "what begins with `a`",
            Self::Nothing => "nothing",
            Self::Panics => "a panic",
        }
    }

    /// Whether it is true of `value`; `None` if it panics.
    pub(crate) fn holds(self, value: &[u8]) -> Option<bool> {
        match self {
            Self::EvenLength => Some(value.len() % 2 == 0),
            Self::BeginsWithA => Some(value.starts_with(b"a")),
            Self::Nothing => Some(false),
            Self::Panics => None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Modifier {
    Optional,
    Times(Count),
    Raises(ErrorKind),
    After(Delay),
    Never,
    Accepts(usize),
    InChunks(Chunks),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Count {
    Exactly(usize),
    From(usize),
    Between(usize, usize),
    UpTo(usize),
}

/// How long a step takes: nothing that a clock would have to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delay {
    /// It is over when somebody has waited for it once.
    Zero,
    /// It outlasts every case.
    Hour,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Chunks {
    Each(usize),
    List(Vec<usize>),
}

/// The tasks of a client, each with a waker of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Task {
    A,
    B,
}

/// One thing that a client, or the test around it, does.
#[derive(Clone, Debug)]
pub(crate) enum Op {
    /// Calls `connect`, unless that was done before and not answered; then polls it, if it is to.
    Connect {
        to: usize,
        is_polled: bool,
    },
    Write(Task, Vec<u8>),
    WriteVectored(Task, Vec<Vec<u8>>),
    Flush(Task),
    Read(Task, usize),
    Shutdown(Task),
    /// Drops the socket, or the connect that was not answered.
    Drop,
    /// Lands more of the script.
    Then(Batch),
    /// Asks for a verdict in between.
    Verify,
}

impl What {
    /// The name of the operation.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Connect(_) => "connect",
            Self::Send(_) => "send",
            Self::SendAll(_) => "send_all",
            Self::Shutdown => "shutdown",
            Self::Close => "close",
            Self::Recv(_) => "recv",
            Self::RecvError(_) => "recv_error",
            Self::Reset => "reset",
            Self::Eof => "eof",
        }
    }

    /// Whether the client does it, and the peer hears it.
    pub(crate) fn is_heard(&self) -> bool {
        !matches!(self, Self::Recv(_) | Self::RecvError(_) | Self::Reset | Self::Eof)
    }

    /// What a step that hears bytes states of them.
    pub(crate) fn sent(&self) -> Option<&Value<Vec<u8>>> {
        match self {
            Self::Send(bytes) | Self::SendAll(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// Whether it is a run that takes all bytes until the client pauses.
    pub(crate) fn is_open_run(&self) -> bool {
        matches!(self, Self::SendAll(Value::Any | Value::Matching(_)))
    }
}
