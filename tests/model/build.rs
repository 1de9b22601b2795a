//! Writing a script with the builder, as a test would.

use std::cell::Cell;
use std::time::Duration;

use wirescript::scripted::{
    AfterClose, AfterConnect, AfterEnd, AfterRecv, AfterRecvError, AfterSend, AfterSendAll,
    AfterShutdown, AtStart, ChunkSizes, Expected, IntoExpected, ScriptedSocket, Session, Socket,
    SocketScript, Times,
};
use wirescript::{Endpoint, any, matching};

use super::script::{
    Batch, Chunks, Count, Delay, ENDPOINTS, Flag, Modifier, PANIC, Step, Test, Value, What,
};

/// This file, where a builder panics that refuses a step.
pub(crate) const FILE: &str = file!();

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
    Recv(SocketScript<AfterRecv>),
    RecvError(SocketScript<AfterRecvError>),
    End(SocketScript<AfterEnd>),
    Shutdown(SocketScript<AfterShutdown>),
    Close(SocketScript<AfterClose>),
}

macro_rules! whatever {
    ($written:expr, $script:ident => $act:expr) => {
        match $written {
            Written::Start($script) => $act,
            Written::Connect($script) => $act,
            Written::Send($script) => $act,
            Written::SendAll($script) => $act,
            Written::Recv($script) => $act,
            Written::RecvError($script) => $act,
            Written::End($script) => $act,
            Written::Shutdown($script) => $act,
            Written::Close($script) => $act,
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
    match batch.steps.last().map(|step| &step.what) {
        None => ends_with!(Start),
        Some(What::Connect(_)) => ends_with!(Connect),
        Some(What::Send(_)) => ends_with!(Send),
        Some(What::SendAll(_)) => ends_with!(SendAll),
        Some(What::Recv(_)) => ends_with!(Recv),
        Some(What::RecvError(_)) => ends_with!(RecvError),
        Some(What::Reset | What::Eof) => ends_with!(End),
        Some(What::Shutdown) => ends_with!(Shutdown),
        Some(What::Close) => ends_with!(Close),
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
        written = whatever!(written, script => add(script, step, progress));
    }
    progress.set((batch.steps.len(), 0));
    written
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
        What::Recv(bytes) => modified!(
            Recv, script = script.expect_recv(bytes),
            Modifier::After(delay) => script.after(duration(*delay)),
            Modifier::Never => script.never(),
            Modifier::Times(count) => script.times(times(*count)),
            Modifier::InChunks(chunks) => script.in_chunks(sizes(chunks))
        ),
        What::RecvError(kind) => modified!(
            RecvError, script = script.expect_recv_error(*kind),
            Modifier::After(delay) => script.after(duration(*delay))
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
    }
}

fn endpoint(value: &Value<usize>) -> impl IntoExpected<Endpoint> + use<> {
    /// An endpoint that is parsed where the step is written.
    enum Given {
        Text(&'static str),
        Other(Expected<Endpoint>),
    }
    impl IntoExpected<Endpoint> for Given {
        fn into_expected(
            self,
        ) -> Result<Expected<Endpoint>, wirescript::scripted::InvalidArgument> {
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
    };
    Given::Other(given.expect("anything can be expected"))
}

fn bytes(value: &Value<Vec<u8>>) -> Expected<[u8]> {
    let expected = match value {
        Value::Is(literal) => literal.into_expected(),
        Value::Any => any().into_expected(),
        Value::Matching(test) => {
            let test = *test;
            matching(test.label(), move |sent: &[u8]| holds(test, sent)).into_expected()
        }
    };
    expected.expect("any bytes can be expected")
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
