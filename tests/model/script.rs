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

/// One thing as it is written: a step, a rule, or what a frame is. A new kind of it begins here.
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
    SendFrame(Value<Vec<u8>>),
    Shutdown,
    Close,
    Recv(Vec<u8>),
    RecvFrame(Vec<u8>),
    Reply(Reply),
    RecvError(ErrorKind),
    Reset,
    Eof,
    /// `allows_sent`: a rule.
    Allows(Value<Vec<u8>>),
    /// `whenever_sent`: a rule, and the `Recv` or `Reply` that answers.
    Whenever(Value<Vec<u8>>, Box<What>),
    /// `framed`: what a frame is from here on.
    Framed(Framing),
}

/// What a step states of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value<T> {
    Is(T),
    Any,
    Matching(Test),
    /// Of bytes alone: what they are one after the other.
    Parts(Vec<Part>),
}

/// A part of a run of bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) extent: Extent,
    pub(crate) capture: Option<&'static str>,
    pub(crate) test: Option<Test>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    Literal(Vec<u8>),
    Len(usize),
    Until(Vec<u8>),
    /// `any()`
    ToPause,
    /// `to_end()`
    ToEnd,
}

/// What a reply is made of, one after the other.
pub(crate) type Reply = Vec<Ingredient>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ingredient {
    Literal(&'static [u8]),
    /// `sent.bytes()`
    Bytes,
    /// `sent.capture(name)`, which panics if there is none.
    Capture(&'static str),
}

/// What a frame is, and how long its payload may be, if that is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Framing {
    pub(crate) form: Form,
    pub(crate) limit: Option<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    U8,
    U16,
    Varint,
    Lf,
    CrLf,
    Delimited(Vec<u8>),
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
            Self::SendAll(_) | Self::Allows(_) | Self::Whenever(..) => "send_all",
            Self::SendFrame(_) => "send_frame",
            Self::Shutdown => "shutdown",
            Self::Close => "close",
            Self::Recv(_) | Self::Reply(_) => "recv",
            Self::RecvFrame(_) => "recv_frame",
            Self::RecvError(_) => "recv_error",
            Self::Reset => "reset",
            Self::Eof => "eof",
            Self::Framed(_) => "framed",
        }
    }

    /// The method of the builder.
    pub(crate) fn method(&self) -> String {
        match self {
            Self::Reply(_) => "replies_with".to_owned(),
            Self::Allows(_) => "allows_sent".to_owned(),
            Self::Whenever(..) => "whenever_sent".to_owned(),
            Self::Framed(_) => "framed".to_owned(),
            _ => format!("expect_{}", self.name()),
        }
    }

    /// Whether the client does it, and the peer hears it.
    pub(crate) fn is_heard(&self) -> bool {
        !matches!(self, Self::RecvError(_) | Self::Reset | Self::Eof) && !self.is_bytes_said()
    }

    /// Whether the peer says bytes by it.
    pub(crate) fn is_bytes_said(&self) -> bool {
        matches!(self, Self::Recv(_) | Self::RecvFrame(_) | Self::Reply(_))
    }

    /// What a step that hears bytes states of them, or of the payload.
    pub(crate) fn sent(&self) -> Option<&Value<Vec<u8>>> {
        match self {
            Self::Send(bytes) | Self::SendAll(bytes) | Self::SendFrame(bytes) => Some(bytes),
            _ => None,
        }
    }
}

impl Batch {
    /// The method of the builder that comes at this place: a step, or one behind a step.
    pub(crate) fn method(&self, (place, part): (usize, usize)) -> String {
        let Some(Step { what, modifiers }) = self.steps.get(place) else {
            return "into_socket".to_owned();
        };
        let behind = match what {
            _ if part == 0 => return what.method(),
            What::Whenever(_, reply) if part == 1 => {
                return if matches!(**reply, What::Reply(_)) { "replies_with" } else { "replies" }
                    .to_owned();
            }
            What::Whenever(..) => part - 2,
            _ => part - 1,
        };
        modifiers[behind].method().to_owned()
    }
}

impl Modifier {
    fn method(&self) -> &'static str {
        match self {
            Self::Optional => "optional",
            Self::Times(_) => "times",
            Self::Raises(_) => "raises",
            Self::After(_) => "after",
            Self::Never => "never",
            Self::Accepts(_) => "accepts",
            Self::InChunks(_) => "in_chunks",
        }
    }
}
