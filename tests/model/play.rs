//! A case on the real thing: a verifier, a scripted double, and a client that polls it by hand.

use std::future::Future;
use std::io::{self, ErrorKind, IoSlice};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use futures::future::BoxFuture;
use futures::{AsyncRead, AsyncWrite};
use wirescript::scripted::{
    Argument, Chunks, Described, Interaction, Outcome, Report, Scripted, ScriptedSocket, Session,
    Socket, StepLabel, UnusedSession, ViolationKind,
};
use wirescript::{Connect, Endpoint, Verifier, scripted};

use super::build::{self, Landed, Progress};
use super::script::{Batch, Op, Setup, Task};
use super::text::{self, Answer, Violation};

/// No case lasts as long; what it would have waited for is forgotten after that.
const DEADLINE: Duration = Duration::from_secs(20);

/// More often than this nothing yields that is not out of order.
const YIELDS: usize = 4;

/// A verifier as a case sets it up.
pub(crate) fn verifier(setup: Setup) -> Verifier {
    let builder = Verifier::builder().deadline(DEADLINE);
    let builder = match setup.has_no_patience {
        true => builder.patience(Duration::ZERO),
        false => builder.without_patience(),
    };
    let builder = if setup.is_explicit { builder.explicit() } else { builder };
    let chunks = if setup.is_bytewise { Chunks::Bytewise } else { Chunks::Whole };
    builder.chunks(chunks).build()
}

/// The client of a case, with the two wakers of its tasks.
pub(crate) struct Player<'n> {
    net: &'n Scripted<Socket>,
    places: &'n [Endpoint],
    session: Option<Session<Socket>>,
    connecting: Option<BoxFuture<'n, io::Result<ScriptedSocket>>>,
    pub(crate) socket: Option<ScriptedSocket>,
    wakers: [Arc<Count>; 2],
}

/// Counts how often a task is woken.
#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl<'n> Player<'n> {
    pub(crate) fn new(net: &'n Scripted<Socket>, places: &'n [Endpoint], landed: Landed) -> Self {
        let (session, socket) = match landed {
            Landed::Session(session) => (Some(session), None),
            Landed::Socket(socket) => (None, Some(socket)),
        };
        Self { net, places, session, connecting: None, socket, wakers: Default::default() }
    }

    /// How often the task was woken.
    pub(crate) fn wakes(&self, task: Task) -> usize {
        self.wakers[task as usize].0.load(Ordering::Relaxed)
    }

    pub(crate) fn apply(&mut self, op: &Op) -> Answer {
        match op {
            Op::Connect { to, is_polled } => return self.connect(*to, *is_polled),
            Op::Drop if self.connecting.take().is_some() || self.socket.take().is_some() => {
                return Answer::Done;
            }
            Op::Then(batch) => return self.then(batch),
            Op::Verify => return Answer::Done,
            _ => {}
        }
        let wakers = self.wakers.clone();
        let Some(socket) = &mut self.socket else { return Answer::Impossible };
        let mut socket = Pin::new(socket);
        match op {
            Op::Write(task, data) => {
                let wrote = poll(&wakers, *task, |cx| socket.as_mut().poll_write(cx, data));
                answer(wrote, Answer::Wrote)
            }
            Op::WriteVectored(task, buffers) => {
                let buffers: Vec<_> = buffers.iter().map(|buffer| IoSlice::new(buffer)).collect();
                let wrote =
                    poll(&wakers, *task, |cx| socket.as_mut().poll_write_vectored(cx, &buffers));
                answer(wrote, Answer::Wrote)
            }
            Op::Flush(task) => {
                let flushed = poll(&wakers, *task, |cx| socket.as_mut().poll_flush(cx));
                answer(flushed, |()| Answer::Done)
            }
            Op::Read(task, size) => {
                let mut buffer = vec![0; *size];
                let read = poll(&wakers, *task, |cx| socket.as_mut().poll_read(cx, &mut buffer));
                answer(read, |count| Answer::Received(buffer[..count].to_vec()))
            }
            Op::Shutdown(task) => {
                let closed = poll(&wakers, *task, |cx| socket.as_mut().poll_close(cx));
                answer(closed, |()| Answer::Done)
            }
            _ => Answer::Impossible,
        }
    }

    fn connect(&mut self, to: usize, is_polled: bool) -> Answer {
        let connecting = self.connecting.get_or_insert_with(|| self.net.connect(&self.places[to]));
        if !is_polled {
            return Answer::Done;
        }
        let polled = poll(&self.wakers, Task::A, |cx| pin!(&mut *connecting).poll(cx));
        if polled.is_ready() {
            self.connecting = None;
        }
        answer(polled, |socket| {
            self.socket = Some(socket);
            Answer::Done
        })
    }

    fn then(&mut self, batch: &Batch) -> Answer {
        let Some(session) = &self.session else { return Answer::Impossible };
        let progress = Progress::default();
        match super::quiet::caught(|| build::then(session, batch, &progress)) {
            Ok(()) => Answer::Done,
            Err(panic) => {
                panic.check_refusal(&batch.method(progress.get()));
                Answer::Impossible
            }
        }
    }
}

/// Polls once; again if that only let others run first (B11).
fn poll<T>(
    wakers: &[Arc<Count>; 2],
    task: Task,
    mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>,
) -> Poll<T> {
    let count = &wakers[task as usize];
    let waker = Waker::from(Arc::clone(count));
    for _ in 0..YIELDS {
        let woken = count.0.load(Ordering::Relaxed);
        let polled = poll(&mut Context::from_waker(&waker));
        if polled.is_ready() || count.0.load(Ordering::Relaxed) == woken {
            return polled;
        }
    }
    panic!("an operation yields more than {YIELDS} times");
}

fn answer<T>(polled: Poll<io::Result<T>>, done: impl FnOnce(T) -> Answer) -> Answer {
    match polled {
        Poll::Pending => Answer::Pending,
        Poll::Ready(Ok(value)) => done(value),
        Poll::Ready(Err(error)) => match scripted::Violation::of(&error) {
            Some(violation) => Answer::Refused(Box::new(told(violation, Some(error.kind())))),
            None => {
                check_code(&error);
                Answer::Fault(error.kind())
            }
        },
    }
}

/// B10: the error has the code of the platform, if the platform has one.
fn check_code(error: &io::Error) {
    if cfg!(any(unix, windows)) && error.kind() != ErrorKind::UnexpectedEof {
        let code = error.raw_os_error().expect("the platform has a code for it");
        assert_eq!(io::Error::from_raw_os_error(code).kind(), error.kind(), "{error:?}");
    }
}

/// What happened, and what the verdict says.
pub(crate) fn verdict(verifier: &Verifier) -> Vec<String> {
    let mut lines: Vec<_> = verifier.interactions().iter().map(interaction).collect();
    if let Err(report) = verifier.try_verify() {
        lines.extend(reported(&report));
    }
    lines
}

fn reported(report: &Report) -> Vec<String> {
    let violations = report.violations().map(|one| format!("violation: {}", told(one, None)));
    let mut lines: Vec<_> = violations.collect();
    if report.refused_connects() > 0 {
        lines.push(format!("refused connects: {}", report.refused_connects()));
    }
    let open = report.unasserted().iter();
    lines.extend(open.map(|one| format!("unasserted: {}", interaction(one))));
    lines.extend(report.unused().iter().flat_map(unused));
    lines
}

fn interaction(one: &Interaction) -> String {
    let outcome = match one.outcome {
        Outcome::Complete => "complete".to_owned(),
        Outcome::Partial { amount, of, .. } => format!("{amount} of {of:?} bytes"),
        Outcome::Raised(fault) => format!("raised {:?}", fault.kind()),
        _ => format!("{:?}", one.outcome),
    };
    format!(
        "{}: {}, {}, size {:?}, {outcome}, stated {}",
        one.sequence,
        numbers(one.step),
        described(&one.operation),
        one.size,
        one.is_stated,
    )
}

fn unused(session: &UnusedSession) -> Vec<String> {
    let lines = session.steps.iter().map(|left| {
        format!(
            "unused, {:?}: {}, {}, {} of {} times, {:?} of {:?} bytes",
            session.stage,
            numbers(left.step),
            described(&left.operation),
            left.times,
            left.least,
            left.amount,
            left.of,
        )
    });
    lines.collect()
}

fn told(violation: &scripted::Violation, error: Option<ErrorKind>) -> Violation {
    let kind = match violation.kind() {
        ViolationKind::InvalidState { state, valid, .. } => {
            format!("InvalidState {state}, which allows {valid:?}")
        }
        ViolationKind::NoSession { .. } => "NoSession".to_owned(),
        ViolationKind::OutOfOrder { begun, .. } => format!("OutOfOrder, begun {begun:?}"),
        ViolationKind::Mismatch { at, .. } => format!("Mismatch at {at}"),
        ViolationKind::Stalled { blocked, begun, is_deadline: false, .. } => {
            format!("Stalled by {blocked:?}, begun {begun:?}")
        }
        ViolationKind::MatcherPanicked { label, message, .. } => {
            format!("MatcherPanicked `{label}` {message:?}")
        }
        ViolationKind::Malformed { problem, .. } => format!("Malformed, {problem}"),
        ViolationKind::ReplyFailed { message, .. } => format!("ReplyFailed {message:?}"),
        other => format!("{other:?}"),
    };
    Violation {
        kind,
        step: violation.step().map(numbers),
        operation: violation.operation().to_owned(),
        expected: violation.expected().map(described),
        got: violation.got().map(described),
        error,
    }
}

fn numbers(step: StepLabel) -> String {
    text::numbers(step.number, step.of, step.is_standing)
}

fn described(operation: &Described) -> String {
    let argument = match &operation.argument {
        Argument::None => String::new(),
        Argument::Endpoint(endpoint) => endpoint.to_string(),
        Argument::Bytes(bytes) => text::bytes(bytes),
        Argument::Error(fault) => format!("{:?}", fault.kind()),
        Argument::Any => "any()".to_owned(),
        Argument::Matching(label) => format!("matching {label}"),
        Argument::Parts(parts) => format!("{parts:?}"),
        Argument::Reply => "a reply".to_owned(),
        other => format!("{other:?}"),
    };
    text::described(operation.name, &argument)
}
