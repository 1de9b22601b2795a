//! The model check of `shared.rs`: no wake-up is lost, and nobody waits for ever.
//!
//! Each model is a small test whose threads and tasks are scheduled by shuttle, in as many orders as
//! there are or as there is time for. An execution fails if an assertion does, or if all that is
//! left waits: a wake-up that is lost is a deadlock here. There are neither atomics nor `unsafe` in
//! what is checked, so the order in which the lock is taken is all that a schedule can be about.
//!
//! Shuttle prints the schedule of an execution that fails; `shuttle::replay(model, schedule)` in the
//! place of `check(model)` runs it again.
//!
//! `.ci/run` has the command. `WIRESCRIPT_MODEL_SCHEDULES` says how many schedules each model is
//! given by each scheduler, if not [`SCHEDULES`].

pub(super) mod clock;
mod endings;
mod patience;
mod threads;
mod waits;

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use shuttle::future;
use shuttle::scheduler::{DfsScheduler, PctScheduler, RandomScheduler, Scheduler};
use shuttle::{Config, Runner};

use super::language::Answer;
use super::request::{Hear, Listen, Pause, Request};
use super::shared::{Asker, Polled, Settings, Shared, Side};
use super::socket::SocketCall;
use crate::double::Scripted;
use crate::script::{Chunks, Socket, SocketScript};
use crate::verify::{Violation, ViolationKind};

/// How many schedules a model is given, unless told.
const SCHEDULES: usize = 2_000;
const SCHEDULES_VARIABLE: &str = "WIRESCRIPT_MODEL_SCHEDULES";
/// Where chance begins: the same schedules in every run.
const SEED: u64 = 0x5eed;
/// How many preemptions a bug may need to be found by the scheduler that counts them.
const PREEMPTIONS: usize = 3;
/// More steps than this take a model that makes no way.
const STEPS: usize = 10_000;

const PATIENCE: Duration = Duration::from_secs(5);
const DEADLINE: Duration = Duration::from_secs(60);

/// Runs a model in the first schedules that there are, depth first; in schedules by chance; and in
/// such with few preemptions, which is what most bugs take.
fn check(model: fn()) {
    let schedules = schedules();
    let explored = explore(model, DfsScheduler::new(Some(schedules), false));
    if explored == schedules {
        check_by_chance(model);
    }
}

/// The same for a model that parks a thread, which may wake without a cause: as often as a schedule
/// likes, so that there is no first and last of them.
fn check_by_chance(model: fn()) {
    let schedules = schedules();
    explore(model, RandomScheduler::new_from_seed(SEED, schedules));
    explore(model, PctScheduler::new_from_seed(SEED, PREEMPTIONS, schedules));
}

fn schedules() -> usize {
    std::env::var(SCHEDULES_VARIABLE).map_or(SCHEDULES, |text| {
        text.parse().unwrap_or_else(|_| panic!("`{SCHEDULES_VARIABLE}` is a number"))
    })
}

/// Gives how many schedules there were.
fn explore(model: fn(), scheduler: impl Scheduler + 'static) -> usize {
    let mut config = Config::new();
    config.max_steps = shuttle::MaxSteps::FailAfter(STEPS);
    // It warns that statics are dropped; ours is made for each execution.
    config.silence_warnings = true;
    Runner::new(scheduler, config).run(move || {
        clock::begin();
        model();
    })
}

fn block_on<F: Future>(future: F) -> F::Output {
    future::block_on(strictly(future))
}

fn spawn<T: Send + 'static>(
    task: impl Future<Output = T> + Send + 'static,
) -> impl Future<Output = T> {
    let task = future::spawn(strictly(task));
    async { task.await.expect("no task is aborted") }
}

/// The strictest of executors: it polls a future when that was woken, and not otherwise. (Shuttle's
/// own also does when a lock was waited for, which would hide a wake-up that is missing and renew
/// patience without end.)
async fn strictly<F: Future>(future: F) -> F::Output {
    struct Alert {
        is_woken: AtomicBool,
        waker: Waker,
    }
    impl Wake for Alert {
        fn wake(self: Arc<Self>) {
            self.is_woken.store(true, Ordering::Relaxed);
            self.waker.wake_by_ref();
        }
    }
    let mut future = pin!(future);
    let waker = poll_fn(|cx| Poll::Ready(cx.waker().clone())).await;
    let alert = Arc::new(Alert { is_woken: AtomicBool::new(true), waker });
    let waker = Waker::from(Arc::clone(&alert));
    poll_fn(|_| match alert.is_woken.swap(false, Ordering::Relaxed) {
        true => future.as_mut().poll(&mut Context::from_waker(&waker)),
        false => Poll::Pending,
    })
    .await
}

/// A place where the scheduler may turn to somebody else.
fn anything_may_happen() {
    drop(shuttle::sync::Mutex::new(()).lock());
}

/// What a verifier and its doubles share, with the patience of [`PATIENCE`].
fn shared() -> Arc<Shared> {
    shared_with(Some(PATIENCE))
}

fn shared_with(patience: Option<Duration>) -> Arc<Shared> {
    Shared::new(Settings {
        patience,
        deadline: DEADLINE,
        timer: None,
        chunks: Chunks::Whole,
        is_explicit: false,
    })
}

fn connector(shared: &Arc<Shared>) -> Scripted<Socket> {
    Scripted::new(Arc::clone(shared), shared.queue::<Socket>(""))
}

/// The two sides of a connected socket, for two tasks.
///
/// It calls what `ScriptedSocket` calls, without the lock of a `split`, which would only keep
/// schedules from happening.
#[derive(Clone)]
struct Sides {
    shared: Arc<Shared>,
    session: usize,
}

impl Sides {
    fn new<K>(shared: &Arc<Shared>, write: impl FnOnce(SocketScript) -> SocketScript<K>) -> Self {
        let session = write(connector(shared).new_session()).handle().session;
        shared.with_book(|book| book.open(session));
        Self { shared: Arc::clone(shared), session }
    }

    /// Adds to the script, as a test does.
    fn then<K>(&self, write: impl FnOnce(SocketScript) -> SocketScript<K>) {
        crate::double::Session::<Socket>::new(Arc::clone(&self.shared), self.session).then(write);
    }

    async fn send(&self, bytes: &[u8]) -> Result<(), Violation> {
        let mut sent = 0;
        while sent < bytes.len() {
            let rest = &bytes[sent..];
            sent += poll_fn(|cx| self.poll(Side::Write, "send", cx, Hear(SocketCall::Write(rest))))
                .await?;
        }
        Ok(())
    }

    async fn flush(&self) -> Result<(), Violation> {
        let flushed = poll_fn(|cx| self.poll(Side::Flush, "flush", cx, Pause));
        flushed.await.map(drop)
    }

    async fn recv(&self) -> Result<Vec<u8>, Violation> {
        poll_fn(|cx| self.poll_recv(cx)).await
    }

    fn poll_recv(&self, cx: &Context<'_>) -> Poll<Result<Vec<u8>, Violation>> {
        let mut buffer = [0; 8];
        let request = Listen { size: Some(buffer.len()), buffer: &mut buffer[..] };
        let read = self.poll(Side::Read, "recv", cx, request);
        read.map_ok(|count| buffer[..count].to_vec())
    }

    fn poll(
        &self,
        side: Side,
        operation: &'static str,
        cx: &Context<'_>,
        mut request: impl Request<Socket>,
    ) -> Poll<Result<usize, Violation>> {
        let session = self.session;
        let asker = Asker { session, side, operation, unflushed: 0, waker: cx.waker() };
        match self.shared.poll(asker, &mut request) {
            Polled::Ready(Answer::Amount(amount), _) => Poll::Ready(Ok(amount)),
            Polled::Ready(Answer::Fault(fault), _) => unreachable!("{fault:?} is in no model"),
            Polled::Refused(violation) => Poll::Ready(Err(violation)),
            Polled::Pending => Poll::Pending,
            Polled::Delay(..) => unreachable!("there is no timer in a model"),
        }
    }
}

#[track_caller]
fn assert_stalled<T>(outcome: &Result<T, Violation>, by_deadline: bool) {
    match outcome.as_ref().err().map(Violation::kind) {
        Some(ViolationKind::Stalled { is_deadline, .. }) => assert_eq!(*is_deadline, by_deadline),
        other => panic!("the wait is not told that it stalled: {other:?}"),
    }
}

#[track_caller]
fn assert_gone<T>(outcome: &Result<T, Violation>) {
    let violation = outcome.as_ref().err().map(Violation::kind);
    assert_eq!(violation, Some(&ViolationKind::VerifierGone));
}

fn violations(shared: &Shared) -> Vec<Violation> {
    let verdict = shared.with_book(|book| book.verdict());
    verdict.err().iter().flat_map(|report| report.violations().cloned()).collect()
}
