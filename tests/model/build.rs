//! Writing a script with the builder, as a test would.

use std::cell::Cell;
use std::time::Duration;

use wirescript::scripted::{
    AfterClose, AfterConnect, AfterEnd, AfterFrame, AfterRecv, AfterRecvError, AfterReply,
    AfterRule, AfterSend, AfterSendAll, AfterShutdown, AtStart, ChunkSizes, Delimited, Expected,
    IntoExpected, IntoParts, InvalidArgument, LengthPrefix, Lines, Part, ScriptedSocket, Sent,
    Session, Socket, SocketScript, Times,
};
use wirescript::{Endpoint, any, matching, to_end, until};

use super::script::{
    self, Batch, Chunks, Count, Delay, ENDPOINTS, Extent, Flag, Form, Framing, Ingredient,
    Modifier, PANIC, Step, Test, Value, What,
};

/// This file, where a builder panics that refuses a step.
pub(crate) const FILE: &str = file!();
pub(crate) const TEXT: &str = include_str!("build.rs");

/// How many steps, and how many parts of the next, have been written.
pub(crate) type Progress = Cell<(usize, usize)>;

/// What a finished script is asked for.
pub(crate) enum Landed {
    Session(Session<Socket>),
    Socket(ScriptedSocket),
}

/// A script behind a step of some kind.
enum Written {
    Start(SocketScript<AtStart>),
    Connect(SocketScript<AfterConnect>),
    Send(SocketScript<AfterSend>),
    SendAll(SocketScript<AfterSendAll>),
    Frame(SocketScript<AfterFrame>),
    Recv(SocketScript<AfterRecv>),
    RecvError(SocketScript<AfterRecvError>),
    End(SocketScript<AfterEnd>),
    Shutdown(SocketScript<AfterShutdown>),
    Close(SocketScript<AfterClose>),
    Rule(SocketScript<AfterRule>),
    Reply(SocketScript<AfterReply>),
}

macro_rules! whatever {
    ($written:expr, $script:ident => $act:expr) => {
        match $written {
            Written::Start($script) => $act,
            Written::Connect($script) => $act,
            Written::Send($script) => $act,
            Written::SendAll($script) => $act,
            Written::Frame($script) => $act,
            Written::Recv($script) => $act,
            Written::RecvError($script) => $act,
            Written::End($script) => $act,
            Written::Shutdown($script) => $act,
            Written::Close($script) => $act,
            Written::Rule($script) => $act,
            Written::Reply($script) => $act,
        }
    };
}

/// The same script, behind the same step, after an act that leaves it there.
macro_rules! with {
    ($written:expr, $script:ident => $act:expr) => {
        match $written {
            Written::Start($script) => Written::Start($act),
            Written::Connect($script) => Written::Connect($act),
            Written::Send($script) => Written::Send($act),
            Written::SendAll($script) => Written::SendAll($act),
            Written::Frame($script) => Written::Frame($act),
            Written::Recv($script) => Written::Recv($act),
            Written::RecvError($script) => Written::RecvError($act),
            Written::End($script) => Written::End($act),
            Written::Shutdown($script) => Written::Shutdown($act),
            Written::Close($script) => Written::Close($act),
            Written::Rule($script) => Written::Rule($act),
            Written::Reply($script) => Written::Reply($act),
        }
    };
}

/// Writes the script of a session.
pub(crate) fn land(
    start: SocketScript,
    batch: &Batch,
    is_handed_out: bool,
    progress: &Progress,
) -> Landed {
    let written = write(start, batch, progress);
    match is_handed_out {
        true => Landed::Socket(whatever!(written, script => script.into_socket())),
        false => Landed::Session(whatever!(written, script => script.handle())),
    }
}

/// Goes on with the script of a session.
pub(crate) fn then(session: &Session<Socket>, batch: &Batch, progress: &Progress) {
    macro_rules! ends_with {
        ($kind:ident) => {
            session.then(|start| match write(start, batch, progress) {
                Written::$kind(script) => script,
                _ => unreachable!("the last step is known"),
            })
        };
    }
    // What a frame is, is nothing that a modifier could stand behind.
    let mut steps = batch.steps.iter().rev().map(|step| &step.what);
    match steps.find(|what| !matches!(what, What::Framed(_))) {
        None | Some(What::Framed(_)) => ends_with!(Start),
        Some(What::Connect(_)) => ends_with!(Connect),
        Some(What::Send(_)) => ends_with!(Send),
        Some(What::SendAll(_)) => ends_with!(SendAll),
        Some(What::SendFrame(_)) => ends_with!(Frame),
        Some(What::Recv(_) | What::RecvFrame(_) | What::Reply(_)) => ends_with!(Recv),
        Some(What::RecvError(_)) => ends_with!(RecvError),
        Some(What::Reset | What::Eof) => ends_with!(End),
        Some(What::Shutdown) => ends_with!(Shutdown),
        Some(What::Close) => ends_with!(Close),
        Some(What::Allows(_)) => ends_with!(Rule),
        Some(What::Whenever(..)) => ends_with!(Reply),
    }
}

fn write(mut start: SocketScript, batch: &Batch, progress: &Progress) -> Written {
    for flag in &batch.flags {
        start = match flag {
            Flag::Lockstep => start.lockstep(),
            Flag::StaysOpen => start.stays_open(),
            Flag::OpenEnded => start.open_ended(),
        };
    }
    let mut written = Written::Start(start);
    for (place, step) in batch.steps.iter().enumerate() {
        progress.set((place, 0));
        written = match &step.what {
            What::Framed(framing) => framed(written, framing),
            _ => whatever!(written, script => add(script, step, progress)),
        };
    }
    progress.set((batch.steps.len(), 0));
    written
}

fn framed(written: Written, framing: &Framing) -> Written {
    // With the limit, if there is one.
    macro_rules! framed {
        ($framing:expr) => {{
            let unlimited = $framing;
            let framing = framing.limit.map_or(unlimited.clone(), |limit| unlimited.limit(limit));
            with!(written, script => script.framed(framing))
        }};
    }
    match &framing.form {
        Form::U8 => framed!(LengthPrefix::u8()),
        Form::U16 => framed!(LengthPrefix::u16_be()),
        Form::Varint => framed!(LengthPrefix::varint()),
        Form::Lf => framed!(Lines::lf()),
        Form::CrLf => framed!(Lines::crlf()),
        Form::Delimited(delimiter) => framed!(Delimited::by(delimiter)),
    }
}

fn add<K>(script: SocketScript<K>, step: &Step, progress: &Progress) -> Written {
    macro_rules! modified {
        ($kind:ident, $script:ident = $step:expr, $($pattern:pat => $modified:expr),*) => {{
            let mut $script = $step;
            for modifier in &step.modifiers {
                progress.set((progress.get().0, progress.get().1 + 1));
                $script = match modifier {
                    Modifier::Optional => $script.optional(),
                    $($pattern => $modified,)*
                    other => unreachable!("{other} does not go with this step"),
                };
            }
            Written::$kind($script)
        }};
    }
    match &step.what {
        What::Connect(value) => modified!(
            Connect, script = script.expect_connect(endpoint(value)),
            Modifier::Raises(kind) => script.raises(*kind),
            Modifier::After(delay) => script.after(duration(*delay)),
            Modifier::Never => script.never()
        ),
        What::Send(value) => modified!(
            Send, script = script.expect_send(bytes(value)),
            Modifier::Raises(kind) => script.raises(*kind),
            Modifier::Times(count) => script.times(times(*count)),
            Modifier::Accepts(count) => script.accepts(*count)
        ),
        What::SendAll(value) => modified!(
            SendAll, script = script.expect_send_all(bytes(value)),
            Modifier::Raises(kind) => script.raises(*kind),
            Modifier::Times(count) => script.times(times(*count))
        ),
        What::SendFrame(value) => modified!(
            Frame, script = script.expect_send_frame(bytes(value)),
            Modifier::Raises(kind) => script.raises(*kind),
            Modifier::Times(count) => script.times(times(*count))
        ),
        What::Recv(bytes) => modified!(
            Recv, script = script.expect_recv(bytes),
            Modifier::After(delay) => script.after(duration(*delay)),
            Modifier::Never => script.never(),
            Modifier::Times(count) => script.times(times(*count)),
            Modifier::InChunks(chunks) => script.in_chunks(sizes(chunks))
        ),
        What::RecvFrame(payload) => modified!(
            Recv, script = script.expect_recv_frame(payload),
            Modifier::After(delay) => script.after(duration(*delay)),
            Modifier::Never => script.never(),
            Modifier::Times(count) => script.times(times(*count)),
            Modifier::InChunks(chunks) => script.in_chunks(sizes(chunks))
        ),
        What::Reply(reply) => modified!(
            Recv, script = script.replies_with(making(reply)),
            Modifier::After(delay) => script.after(duration(*delay)),
            Modifier::Never => script.never(),
            Modifier::Times(count) => script.times(times(*count)),
            Modifier::InChunks(chunks) => script.in_chunks(sizes(chunks))
        ),
        What::RecvError(kind) => modified!(
            RecvError, script = script.expect_recv_error(*kind),
            Modifier::After(delay) => script.after(duration(*delay)),
            Modifier::Times(count) => script.times(times(*count))
        ),
        What::Reset => modified!(
            End, script = script.expect_reset(),
            Modifier::After(delay) => script.after(duration(*delay))
        ),
        What::Eof => modified!(
            End, script = script.expect_eof(),
            Modifier::After(delay) => script.after(duration(*delay))
        ),
        What::Shutdown => modified!(
            Shutdown, script = script.expect_shutdown(),
            Modifier::Raises(kind) => script.raises(*kind)
        ),
        What::Close => modified!(Close, script = script.expect_close(),),
        What::Allows(value) => Written::Rule(script.allows_sent(bytes(value))),
        What::Whenever(value, reply) => {
            let rule = script.whenever_sent(bytes(value));
            progress.set((progress.get().0, 1));
            let script = match &**reply {
                What::Recv(bytes) => rule.replies(bytes),
                What::Reply(reply) => rule.replies_with(making(reply)),
                other => unreachable!("{other:?} is no reply"),
            };
            let after = |script: SocketScript<_>, modifier: &Modifier| match modifier {
                Modifier::After(delay) => script.after(duration(*delay)),
                other => unreachable!("{other} does not go with a reply"),
            };
            Written::Reply(step.modifiers.iter().fold(script, after))
        }
        What::Framed(framing) => unreachable!("{framing:?} is no step"),
    }
}

fn endpoint(value: &Value<usize>) -> impl IntoExpected<Endpoint> + use<> {
    /// An endpoint that is parsed where the step is written.
    enum Given {
        Text(&'static str),
        Other(Expected<Endpoint>),
    }
    impl IntoExpected<Endpoint> for Given {
        fn into_expected(self) -> Result<Expected<Endpoint>, InvalidArgument> {
            match self {
                Self::Text(text) => text.into_expected(),
                Self::Other(expected) => Ok(expected),
            }
        }
    }
    let given = match value {
        Value::Is(place) => return Given::Text(ENDPOINTS[*place]),
        Value::Any => any().into_expected(),
        Value::Matching(test) => {
            let test = *test;
            let holds = move |to: &Endpoint| holds(test, to.to_string().as_bytes());
            matching(test.label(), holds).into_expected()
        }
        Value::Parts(_) => unreachable!("an endpoint has no parts"),
    };
    Given::Other(given.expect("anything can be expected"))
}

/// Bytes that are looked at where the step is written.
enum Given {
    Expected(Expected<[u8]>),
    Parts(Vec<Part>),
}

impl IntoExpected<[u8]> for Given {
    fn into_expected(self) -> Result<Expected<[u8]>, InvalidArgument> {
        match self {
            Self::Expected(expected) => Ok(expected),
            // As tuples are, one in another.
            Self::Parts(mut first) if first.len() > 1 => {
                let others = first.split_off(1);
                (first, others).into_expected()
            }
            Self::Parts(parts) => parts.into_expected(),
        }
    }
}

fn bytes(value: &Value<Vec<u8>>) -> Given {
    let expected = match value {
        Value::Is(literal) => literal.into_expected(),
        Value::Any => any().into_expected(),
        Value::Matching(test) => matching(test.label(), judge(*test)).into_expected(),
        Value::Parts(run) => {
            let mut parts = Vec::new();
            run.iter().for_each(|part| add_part(part, &mut parts));
            return Given::Parts(parts);
        }
    };
    Given::Expected(expected.expect("any bytes can be expected"))
}

fn add_part(part: &script::Part, parts: &mut Vec<Part>) {
    let mut made = match &part.extent {
        Extent::Literal(literal) => return literal.add_to(parts),
        Extent::ToPause => return any().add_to(parts),
        Extent::Len(len) => any().len(*len),
        Extent::Until(delimiter) => until(delimiter),
        Extent::ToEnd => to_end(),
    };
    made = match part.capture {
        Some(name) => made.capture(name),
        None => made,
    };
    parts.push(match part.test {
        Some(test) => made.matching(test.label(), judge(test)),
        None => made,
    });
}

fn judge(test: Test) -> impl Fn(&[u8]) -> bool + Send + Sync + 'static {
    move |sent| holds(test, sent)
}

/// What makes the reply.
fn making(reply: &[Ingredient]) -> impl Fn(&Sent) -> Vec<u8> + Send + Sync + use<> {
    let reply = reply.to_vec();
    move |sent| {
        let bytes = |ingredient: &Ingredient| match ingredient {
            Ingredient::Literal(literal) => literal.to_vec(),
            Ingredient::Bytes => sent.bytes().to_vec(),
            Ingredient::Capture(name) => sent.capture(name).to_vec(),
        };
        reply.iter().flat_map(bytes).collect()
    }
}

fn holds(test: Test, value: &[u8]) -> bool {
    test.holds(value).unwrap_or_else(|| panic!("{PANIC}"))
}

fn duration(delay: Delay) -> Duration {
    match delay {
        Delay::Zero => Duration::ZERO,
        Delay::Hour => Duration::from_secs(60 * 60),
    }
}

fn times(count: Count) -> Times {
    match count {
        Count::Exactly(times) => times.into(),
        Count::From(least) => (least..).into(),
        Count::Between(least, most) => (least..=most).into(),
        Count::UpTo(most) => (..=most).into(),
    }
}

fn sizes(chunks: &Chunks) -> ChunkSizes {
    match chunks {
        Chunks::Each(size) => (*size).into(),
        Chunks::List(sizes) => sizes.clone().into(),
    }
}
