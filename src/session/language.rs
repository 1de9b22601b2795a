//! What the machine must know of a protocol, and no more.
//!
//! A language says what can be heard and said and how far a call meets a step. It decides nothing
//! about order, optional steps, waiting or violations: that is the machine, for every language.

use std::borrow::Cow;
use std::io;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use bytes::Bytes;

use crate::protocol::{OperationInfo, Protocol};
use crate::script::{Ending, Fault};
use crate::transport::Endpoint;
use crate::transport::websocket::{Message, WebSocketRequest};
use crate::verify::{Described, FrameExtent};

/// A protocol in the terms of the machine. Byte sockets are one.
pub(crate) trait Language: Protocol + Sized + Send + Sync {
    /// What a step hears.
    type Heard: Send;
    /// What a step says.
    type Said: Send;
    /// One call of the client that the peer hears.
    type Call<'c>: Copy;
    /// What something said is put into.
    type Buffer: ?Sized;
    /// How far into a heard step calls have come.
    type Progress: Copy + Default + Send;
    /// What of all that was heard replies are made of.
    type Sent: Clone + Default + Send;

    /// The operation that makes a connection.
    const ENTRY: &'static OperationInfo<Self::State>;
    /// The operation with which a client asks for what the peer says.
    const LISTENING: &'static OperationInfo<Self::State>;

    /// The operation that is heard.
    fn heard_operation(heard: &Self::Heard) -> &'static OperationInfo<Self::State>;
    /// The operation that is said.
    fn said_operation(said: &Self::Said) -> &'static OperationInfo<Self::State>;
    /// The call's operation where no step gives it a better one.
    fn call_operation(call: Self::Call<'_>) -> &'static OperationInfo<Self::State>;

    /// The name of the operation that is heard.
    fn heard_name(heard: &Self::Heard) -> &'static str {
        Self::heard_operation(heard).name
    }
    /// The name of the operation that is said.
    fn said_name(said: &Self::Said) -> &'static str {
        Self::said_operation(said).name
    }
    /// The name of the call's operation where no step gives it a better one.
    fn call_name(call: Self::Call<'_>) -> &'static str {
        Self::call_operation(call).name
    }

    /// The step as it was written.
    fn describe_heard(heard: &Self::Heard) -> Described;
    /// The step as it was written.
    fn describe_said(said: &Self::Said) -> Described;
    /// The step in the form in which a call that differs from it is shown beside it.
    fn describe_compared(heard: &Self::Heard) -> Described {
        Self::describe_heard(heard)
    }
    /// The call as it was made, from `offset` on.
    fn describe_call(call: Self::Call<'_>, offset: usize) -> Described;
    /// The same, behind what came before of a step, as it is compared with that.
    fn describe_differing(
        call: Self::Call<'_>,
        offset: usize,
        heard: &Self::Heard,
        begun: Begun<'_, Self::Progress>,
        opinion: Option<&Opinion>,
    ) -> Described;
    /// What an interaction kept of the arguments that met `heard`.
    fn describe_kept(heard: &Self::Heard, kept: &Kept) -> Described;

    /// What kind of step it is.
    fn nature(heard: &Self::Heard) -> Nature;
    /// How much the step takes in all, where the script says.
    fn heard_extent(heard: &Self::Heard) -> Option<usize>;
    /// What the step is made of, if it hears a frame.
    fn frame(heard: &Self::Heard) -> Option<FrameExtent>;
    /// How much the step says in all, where the script says.
    fn said_extent(said: &Self::Said) -> Option<usize>;
    /// Whether the client sends bytes by it.
    fn is_sent(heard: &Self::Heard) -> bool;
    /// Whether a call could meet both steps, and nothing that follows would tell which was meant.
    fn is_ambiguous(first: &Self::Heard, second: &Self::Heard) -> bool;

    /// How much of the call there is to take.
    fn amount(call: Self::Call<'_>) -> usize;
    /// Whether the call is all of the step and nothing else, and the script has every byte of it: a
    /// glance that spares most calls a closer look. Where it says no, [`meet`](Self::meet) decides.
    fn is_exactly(heard: &Self::Heard, call: Self::Call<'_>) -> bool {
        let _ = (heard, call);
        false
    }
    /// How far the call, from `offset` on, meets a step that has `begun` before; with what was
    /// said to its question, if it asked one.
    fn meet(
        heard: &Self::Heard,
        begun: Begun<'_, Self::Progress>,
        call: Self::Call<'_>,
        offset: usize,
        opinion: Option<&Opinion>,
    ) -> Meet<Self::Progress>;
    /// Whether all that an open step has taken meets it, now that the client has come to `ending`.
    fn conclude(
        heard: &Self::Heard,
        begun: Begun<'_, Self::Progress>,
        ending: Ending,
        opinion: Option<&Opinion>,
    ) -> Meet<Self::Progress>;
    /// Whether anything of what met the step has a name, by which replies find it.
    fn has_captures(heard: &Self::Heard) -> bool;
    /// Notes of a step that was met what has a name.
    fn note_captures(heard: &Self::Heard, kept: &Kept, sent: &mut Self::Sent);
    /// Notes that the step was the last one by which something was sent.
    fn note_last(heard: &Self::Heard, kept: Option<&Kept>, sent: &mut Self::Sent);
    /// What makes the step's bytes of what was sent, if the script does not have them.
    fn reply(said: &Self::Said, sent: impl FnOnce() -> Self::Sent) -> Option<Question>;
    /// The step that says what was made.
    fn said_made(said: &Self::Said, made: Kept) -> Self::Said;
    /// What was made for a step that says it.
    fn made_of(said: &Self::Said) -> Option<Kept>;
    /// Adds what the call brings from `offset` to `end` to what an interaction keeps.
    fn keep(call: Self::Call<'_>, offset: usize, end: usize, kept: &mut Kept);
    /// What an interaction keeps for good of what met `heard`.
    fn keep_of(heard: &Self::Heard, kept: Kept, opinion: Option<&Opinion>) -> Kept;

    /// Puts what is left after `given` into the buffer, in this state.
    fn deliver(
        said: &Self::Said,
        given: usize,
        state: Self::State,
        buffer: &mut Self::Buffer,
    ) -> Delivered;
    /// Puts all of the step into the buffer, if the script has it, uncut, and there is room: a glance
    /// that spares most steps a closer look. Gives how much that was. Where it says no, it has put
    /// nothing, and [`deliver`](Self::deliver) decides.
    fn deliver_whole(said: &Self::Said, buffer: &mut Self::Buffer) -> Option<usize> {
        let _ = (said, buffer);
        None
    }
    /// The fault that the step says, if it says one.
    fn said_fault(said: &Self::Said) -> Option<Fault>;
    /// Whether a fault is what the step is there for, so that it need not be told beside it.
    fn says_fault(said: &Self::Said) -> bool {
        Self::said_fault(said).is_some()
    }
    /// The fault of a step that whichever operation asks first gets, heard or said.
    fn interruption(said: &Self::Said) -> Option<Fault>;

    /// The state after a heard step that answered with a fault.
    fn after_fault(heard: &Self::Heard, fault: Fault, state: Self::State) -> Self::State;
    /// The state after a said fault.
    fn after_said_fault(fault: Fault, state: Self::State) -> Self::State;
    /// The state after an interruption that was told to an operation that the peer hears.
    fn after_interruption(state: Self::State) -> Self::State {
        state
    }
    /// The rule of the protocol that the call breaks, where a script asks for that to be told.
    fn breach(_call: Self::Call<'_>, _state: Self::State) -> Option<&'static str> {
        None
    }
    /// What a call is answered by the state alone, without any step.
    fn standing(call: Self::Call<'_>, state: Self::State) -> Option<Answer>;
    /// Whether nothing that the peer may still say reaches the client.
    fn is_deaf(_state: Self::State) -> bool {
        false
    }
    /// What a client that listens is answered by the state alone, once nothing more is scripted; and
    /// the state after that.
    fn standing_said(state: Self::State) -> Option<(Answer, Self::State)>;
    /// Whether the step can no longer come about.
    fn is_unreachable(heard: &Self::Heard, state: Self::State) -> bool;
    /// What becomes of the call when the script does not mention it.
    fn unmentioned(call: Self::Call<'_>) -> Unmentioned;
    /// The state after a call that the script does not mention.
    fn after_unmentioned(call: Self::Call<'_>, state: Self::State) -> Self::State;
    /// The kind of the error with which the call is refused.
    fn refusal_kind(call: Self::Call<'_>, state: Self::State) -> io::ErrorKind;
}

/// What kind of heard step one is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Nature {
    /// The script judges the arguments, so that nobody has to assert them.
    pub(crate) is_stated: bool,
    /// The arguments are in the script, so that the interaction need not keep them.
    pub(crate) is_literal: bool,
    /// It takes all that comes until the client pauses, or leaves.
    pub(crate) ending: Option<Ending>,
    /// It wants a call of its own, not the rest of one that met another step.
    pub(crate) is_whole_call: bool,
    /// It ends the connection.
    pub(crate) is_farewell: bool,
}

/// What came of a step in calls before this one.
#[derive(Clone, Copy)]
pub(crate) struct Begun<'r, P> {
    pub(crate) progress: P,
    /// How much it was.
    pub(crate) met: usize,
    /// What was kept of it, where the script does not have it.
    pub(crate) kept: &'r Kept,
}

impl<P: Default> Begun<'static, P> {
    /// Nothing.
    pub(crate) fn not() -> Self {
        static NOTHING: Kept = Kept::Nothing;
        Self { progress: P::default(), met: 0, kept: &NOTHING }
    }
}

/// How far a call meets a step.
pub(crate) enum Meet<P> {
    /// It completes the step with so much of what the call offers.
    Whole(usize),
    /// All that the call offers belongs to the step, which wants more.
    Part(P),
    /// It is the right operation with other arguments; so far into the step they agree.
    Differs(usize),
    /// It is the right operation, and what it brings is not what the step is about, for this reason.
    Malformed(String),
    /// It is another operation.
    Other,
    /// Only the user's code can tell.
    Ask(Question),
}

/// A question to code of the user's, to be asked without any lock.
#[derive(Clone)]
pub(crate) struct Question {
    /// What messages call the code that is asked.
    pub(crate) label: Cow<'static, str>,
    pub(crate) ask: Arc<dyn Fn() -> Opinion + Send + Sync>,
}

impl Question {
    pub(crate) fn put(&self) -> Opinion {
        caught(|| self.label.clone(), || (self.ask)())
    }
}

/// Asks code of the user's; what it panics with is told like any other violation, because the task
/// it would unwind may be one that nobody looks at, or one that is unwinding already.
pub(crate) fn caught(
    label: impl FnOnce() -> Cow<'static, str>,
    ask: impl FnOnce() -> Opinion,
) -> Opinion {
    match catch_unwind(AssertUnwindSafe(ask)) {
        Ok(opinion) => opinion,
        Err(payload) => {
            let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
            let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
            let message = text.unwrap_or_else(|| {
                // Its drop is the user's too, and might be the second panic, which aborts.
                std::mem::forget(payload);
                "something that is no text".to_owned()
            });
            Opinion::Panicked { label: label(), message }
        }
    }
}

/// What code of the user's said.
pub(crate) enum Opinion {
    /// A predicate's word.
    Is(bool),
    /// A reply.
    Says(Kept),
    /// What a framing found.
    Framed(Framed),
    /// It panicked, with this message.
    Panicked { label: Cow<'static, str>, message: String },
}

/// What a framing found, and how far the payload is what a step expects.
pub(crate) enum Framed {
    /// No whole frame; so many bytes are wanted.
    Incomplete(usize),
    Whole {
        payload: Payload,
        len: usize,
        agrees: Result<(), usize>,
    },
    Malformed(String),
}

/// The payload of a frame: where it is in it, or what was recovered of it.
#[derive(Clone)]
pub(crate) enum Payload {
    At(Range<usize>),
    Is(Bytes),
}

impl Payload {
    /// The payload, of a frame of these bytes.
    pub(crate) fn of(&self, frame: &Bytes) -> Bytes {
        match self {
            Self::At(place) => frame.slice(place.clone()),
            Self::Is(payload) => payload.clone(),
        }
    }
}

/// What was said of what there is to say.
pub(crate) enum Delivered {
    /// So much fitted; there is more.
    Part(usize),
    /// So much, and that was all.
    Whole(usize),
    /// An error.
    Fault(Fault),
}

/// What a call is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// So much was taken or given; nothing given is the end.
    Amount(usize),
    /// An error that the script or the state asks for.
    Fault(Fault),
}

/// What becomes of a call that the script does not mention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unmentioned {
    /// It is a violation.
    Refused,
    /// It is one as long as required steps are left; then it is nothing.
    ToleratedAtTheEnd,
    /// It is nothing.
    Tolerated,
}

/// What an interaction keeps of its arguments when the script does not have them.
#[derive(Clone, Debug, Default)]
pub(crate) enum Kept {
    #[default]
    Nothing,
    Endpoint(Endpoint),
    Growing(Vec<u8>),
    Bytes(Bytes),
    Request(Box<WebSocketRequest>),
    Message(Box<Message>),
}

impl Kept {
    /// Whether it is nothing that a peer could say.
    pub(crate) fn is_nothing(&self) -> bool {
        match self {
            Self::Nothing => true,
            Self::Growing(bytes) => bytes.is_empty(),
            Self::Bytes(bytes) => bytes.is_empty(),
            Self::Endpoint(_) | Self::Request(_) | Self::Message(_) => false,
        }
    }
}
