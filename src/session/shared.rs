//! The lock and the wakers: how doubles, verifier and clock reach one [`Book`].
//!
//! This is the one file here that names `Mutex` and `Waker`. It decides nothing about a script. It
//! parks what has to wait, wakes what may go on, notices when nothing will, and sees to it that
//! code of the user's, predicates and wakers, never runs under the lock.

use std::fmt;
use std::panic::Location;
use std::sync::{Arc, PoisonError, Weak};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

#[cfg(not(all(test, wirescript_model)))]
use std::{
    sync::atomic::{AtomicBool, Ordering},
    sync::{Mutex, MutexGuard},
    thread::{self, Thread},
    thread_local,
};

#[cfg(all(test, wirescript_model))]
use shuttle::{
    sync::atomic::{AtomicBool, Ordering},
    sync::{Mutex, MutexGuard},
    thread::{self, Thread},
    thread_local,
};

use super::book::{Book, Choice, Taken};
use super::clock::{Ring, now, ring_at};
use super::few::Few;
use super::language::{Answer, Language, Opinion};
use super::machine::{Machine, Verdict, Wait};
use super::request::{Hear, Request};
use crate::script::{Chunks, Script};
use crate::transport::Timer;
use crate::verify::{Details, Report, Stage, Violation, ViolationKind};

/// How long after its patience has run out a wait may take to be polled and told so. A mark that
/// no poll answers by then belongs to a wait that was dropped, and harms nobody (W2). A wait that
/// is slower than that, because the machine is, has its patience once more, and then twice the time.
const ANSWER_WINDOW: Duration = Duration::from_millis(10);

/// After so many answers in a row that no wait came between, an operation yields once, so that a
/// client which never waits lets others run (B11).
const READY_IN_A_ROW: u8 = 128;

/// What a verifier was built with.
pub(crate) struct Settings {
    /// How long a wait may see no progress; `None` for as long as the deadline allows.
    pub(crate) patience: Option<Duration>,
    /// How long any wait may see no progress.
    pub(crate) deadline: Duration,
    /// What delays run on, if not on real time.
    pub(crate) timer: Option<Arc<dyn Timer>>,
    /// How what peers say is cut.
    pub(crate) chunks: Chunks,
    pub(crate) is_explicit: bool,
}

/// What one verifier and all its doubles share.
pub(crate) struct Shared {
    pub(crate) settings: Settings,
    inner: Mutex<Inner>,
}

struct Inner {
    book: Book,
    /// The verifier has given its verdict and is gone.
    is_ended: bool,
    /// For each session, the tasks that use it.
    tasks: Few<Tasks>,
    /// Who waits for all to settle.
    settling: Slot,
    /// All sessions before this one have settled.
    first_unsettled: usize,
    /// Who waits for the first violation, and until when.
    watcher: Option<(Waker, Instant)>,
    /// When a required step last moved on, while an alarm was set.
    last_progress: Option<Instant>,
    /// When the clock will ring next.
    alarm: Option<Instant>,
}

/// What an operation is to the two wakers of its session (C6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// It makes the connection, and waits where writing does.
    Connect,
    Write,
    /// It uses the waker of writing, and is over at once: nobody waits for a flush that `send`
    /// began.
    Flush,
    /// It does what writing does, for somebody who waits for something else: where it would have to
    /// wait, it is over, and leaves the waker of writing to whoever writes.
    InPassing,
    Read,
}

impl Side {
    fn slot(self) -> usize {
        match self {
            Self::Connect | Self::Write | Self::Flush | Self::InPassing => 0,
            Self::Read => 1,
        }
    }
}

/// Who asks for something.
#[derive(Clone, Copy)]
pub(crate) struct Asker<'w> {
    pub(crate) session: usize,
    pub(crate) side: Side,
    /// What the operation is called in messages.
    pub(crate) operation: &'static str,
    /// How much it has queued since it last flushed.
    pub(crate) unflushed: usize,
    /// The waker of the task that asks.
    pub(crate) waker: &'w Waker,
}

/// What a poll comes to.
pub(crate) enum Polled {
    /// With whether a pause would tell the session anything: it is in a run without an end.
    Ready(Answer, bool),
    Refused(Violation),
    Pending,
    /// To be polled again when the verifier's timer has slept so long for this step.
    Delay(usize, Duration),
}

/// What the turns of one poll leave for the next: it takes the lock once for each.
#[derive(Default)]
struct Turns {
    /// What code of the user's has said, as long as the machine stands where it stood then.
    answers: Vec<(usize, Opinion)>,
    asked_at: u64,
    /// A waker is cloned before it is needed under the lock: that, too, is code of the user's.
    spare: Option<Waker>,
    /// What waits may have moved something before that: it may have ended a run.
    has_moved: bool,
}

/// The tasks that use one session.
#[derive(Default)]
struct Tasks {
    /// Who waits: to do something, and for something said.
    parked: [Slot; 2],
    /// Who last wrote part of a run without an end.
    writer: Option<Waker>,
}

impl Tasks {
    /// Whether there is no task that would have to be woken, or remembered.
    fn are_away(&self) -> bool {
        self.parked.iter().all(Slot::is_empty) && self.writer.is_none()
    }
}

/// A place for one task to wait in.
#[derive(Default)]
struct Slot {
    waker: Option<Waker>,
    /// The wait, from its first poll until it is answered. Most operations never wait, so it is kept
    /// elsewhere.
    waiting: Option<Box<Waiting>>,
    /// The last answer was put off once, so that others may run.
    has_yielded: bool,
    /// How often in a row it was answered at once.
    ready_in_a_row: u8,
}

/// A wait, and how long it has lasted.
#[derive(Default)]
struct Waiting {
    wait: Option<Wait>,
    /// When the wait was last polled.
    since: Option<Instant>,
    /// When it began, however often it was polled.
    began: Option<Instant>,
    /// Its end is not the client's to bring about.
    is_exempt: bool,
    /// When the clock found that nothing would end it.
    mark: Option<Mark>,
    /// How many marks were answered too late.
    late_answers: u32,
    /// When another task woke it by something that is no progress, which gives nobody patience
    /// anew.
    disturbed: Option<Instant>,
    /// When the delay of a step will have passed.
    delay: Option<(usize, Instant)>,
}

#[derive(Clone, Copy)]
struct Mark {
    at: Instant,
    is_deadline: bool,
}

impl Slot {
    /// Empties the place; gives the waker that was in it, to be dropped without the lock.
    #[must_use = "dropping a waker may run code of the user's, which must not be under the lock"]
    fn clear(&mut self) -> Option<Waker> {
        self.waiting = None;
        self.answered();
        self.waker.take()
    }

    /// Whoever asked was answered.
    fn answered(&mut self) {
        self.has_yielded = false;
        self.ready_in_a_row = self.ready_in_a_row.saturating_add(1);
    }

    /// Whether nobody waits here, or waited when it was last asked.
    fn is_empty(&self) -> bool {
        self.waker.is_none() && self.waiting.is_none()
    }

    /// What was waited for here when it was last polled.
    fn wait(&self) -> Option<Wait> {
        self.waiting.as_ref()?.wait
    }

    fn delay(&self) -> Option<(usize, Instant)> {
        self.waiting.as_ref()?.delay
    }

    /// When the wait was last polled.
    fn since(&self) -> Option<Instant> {
        self.waiting.as_ref()?.since
    }

    fn end_delay(&mut self) {
        if let Some(waiting) = &mut self.waiting {
            waiting.delay = None;
        }
    }

    /// Whether `waker` would have to be cloned to wait here.
    fn is_new(&self, waker: &Waker) -> bool {
        self.waker.as_ref().is_none_or(|parked| !parked.will_wake(waker))
    }

    /// Waits here, with `waker` in the place of the one that did, if it is new. Gives that one.
    #[must_use = "dropping a waker may run code of the user's, which must not be under the lock"]
    fn park(
        &mut self,
        wait: Wait,
        is_exempt: bool,
        waker: Option<Waker>,
        now: Instant,
    ) -> Option<Waker> {
        // A waker that was taken was woken: by progress, or by a mark that this poll is too late
        // to answer.
        let waiting = self.waiting.get_or_insert_default();
        let disturbed = waiting.disturbed.take();
        let is_prompt = disturbed.is_some_and(|at| now.duration_since(at) <= ANSWER_WINDOW);
        let goes_on = waiting.wait == Some(wait) && is_prompt;
        if waiting.wait != Some(wait) || self.waker.is_none() && !goes_on {
            waiting.began = Some(now);
        }
        if waiting.mark.is_some() {
            waiting.late_answers += 1;
        }
        if !goes_on {
            waiting.since = Some(now);
        }
        waiting.wait = Some(wait);
        waiting.is_exempt = is_exempt;
        waiting.mark = None;
        self.ready_in_a_row = 0;
        match waker {
            Some(waker) => self.waker.replace(waker),
            None => None,
        }
    }
}

impl Waiting {
    /// Whether the clock has marked this wait, and the poll is the answer to that.
    fn overdue(&self, wait: Wait, now: Instant) -> Option<Mark> {
        let mark = self.mark?;
        let window = ANSWER_WINDOW * 2_u32.pow(self.late_answers.min(6));
        let is_answered = now.duration_since(mark.at) <= window;
        (self.wait == Some(wait) && is_answered).then_some(mark)
    }
}

impl Shared {
    pub(crate) fn new(settings: Settings) -> Arc<Self> {
        let book = Book::new(settings.is_explicit);
        Arc::new(Self {
            settings,
            inner: Mutex::new(Inner {
                book,
                is_ended: false,
                tasks: Few::new(),
                settling: Slot::default(),
                first_unsettled: 0,
                watcher: None,
                last_progress: None,
                alarm: None,
            }),
        })
    }

    /// Looks at the book, or changes it without waking anybody.
    pub(crate) fn with_book<T>(&self, look: impl FnOnce(&mut Book) -> T) -> T {
        look(&mut self.lock().book)
    }

    /// The queue of the connector of this name.
    pub(crate) fn queue<L: Language>(&self, connector: &str) -> usize {
        self.with_book(|book| book.queue::<L>(connector))
    }

    /// Takes the next place in a queue, unless the verifier is gone.
    pub(crate) fn new_case(
        &self,
        queue: usize,
        written_at: &'static Location<'static>,
    ) -> Option<usize> {
        let mut inner = self.lock();
        if inner.is_ended {
            return None;
        }
        inner.tasks.push(Tasks::default());
        Some(inner.book.new_case(queue, written_at))
    }

    /// Makes a script that was written the session's: for a client to connect to, or for a double
    /// that is connected already.
    pub(crate) fn land<L: Language>(
        &self,
        session: usize,
        machine: Box<Machine<L>>,
        is_connected: bool,
    ) {
        let mut inner = self.lock();
        inner.book.activity += 1;
        inner.book.cases[session].land(machine);
        if is_connected {
            inner.book.open(session);
            inner.first_unsettled = inner.first_unsettled.min(session);
        }
    }

    /// Looks at the script of a session.
    pub(crate) fn with_script<L: Language, T>(
        &self,
        session: usize,
        look: impl FnOnce(&Script<L>) -> T,
    ) -> T {
        match self.lock().book.cases[session].machine_mut::<L>() {
            Some(machine) => look(machine.script()),
            None => unreachable!("a draft goes on with a session of its own protocol"),
        }
    }

    /// Where the connection of a session stands, and whether its script is strict; nothing once all
    /// that its client gets is a violation.
    pub(crate) fn standing<L: Language>(&self, session: usize) -> Option<(L::State, bool)> {
        let mut inner = self.lock();
        let is_ended = inner.is_ended;
        let case = &mut inner.book.cases[session];
        if is_ended || case.broken.is_some() {
            return None;
        }
        let machine = case.machine_mut::<L>()?;
        Some((machine.state(), machine.script().is_strict))
    }

    /// Adds `more` to a session's script, if that still has `landed` steps, and wakes whoever
    /// waited for it. Returns whether it did.
    pub(crate) fn land_more<L: Language>(
        &self,
        session: usize,
        more: Script<L>,
        landed: usize,
    ) -> bool {
        let mut inner = self.lock();
        let case = &mut inner.book.cases[session];
        let Some(machine) = case.machine_mut::<L>() else { return false };
        if machine.script().steps.len() != landed {
            return false;
        }
        let stays_open = more.stays_open;
        machine.append(more);
        case.stays_open |= stays_open;
        inner.book.activity += 1;
        if inner.is_ended {
            return true;
        }
        let woken = inner.take_parked(session);
        let settled = inner.take_settled();
        drop(inner);
        wake(woken);
        wake([settled]);
        true
    }

    /// Forgets a session whose script could not be written to its end.
    pub(crate) fn withdraw(&self, session: usize) {
        self.with_book(|book| book.cases[session].is_withdrawn = true);
    }

    /// Takes a session for a client that connects.
    pub(crate) fn take<L: Language>(
        &self,
        queue: usize,
        call: L::Call<'_>,
        is_by_entry: bool,
    ) -> Result<usize, Refused> {
        let mut choice = if is_by_entry { Choice::ByEntry(Vec::new()) } else { Choice::First };
        loop {
            let mut inner = self.lock();
            if inner.is_ended {
                return Err(Refused { violation: gone(L::ENTRY.name), is_repeated: true });
            }
            match inner.book.take::<L>(queue, call, &choice) {
                Taken::Session(session) => {
                    inner.first_unsettled = inner.first_unsettled.min(session);
                    return Ok(session);
                }
                Taken::Ask(session, question) => {
                    drop(inner);
                    if let Choice::ByEntry(answers) = &mut choice {
                        answers.push((session, question.put()));
                    }
                }
                Taken::Refused(violation) => {
                    let is_repeated =
                        violation.session().is_none() && !inner.book.refuse_connect(&violation);
                    let woken = inner.take_overseers();
                    drop(inner);
                    wake(woken);
                    return Err(Refused { violation, is_repeated });
                }
            }
        }
    }

    /// Puts a request of a client to the machine, and does what that says.
    #[inline]
    pub(crate) fn poll<L: Language>(
        self: &Arc<Self>,
        asker: Asker<'_>,
        request: &mut impl Request<L>,
    ) -> Polled {
        let mut guard = self.lock();
        match guard.glance(asker.session, asker.side, request) {
            Some(amount) => Polled::Ready(Answer::Amount(amount), false),
            None => self.poll_closely(guard, asker, request),
        }
    }

    /// The same for a request that wants a closer look.
    #[inline(never)]
    fn poll_closely<'s, L: Language>(
        self: &'s Arc<Self>,
        mut guard: MutexGuard<'s, Inner>,
        asker: Asker<'_>,
        request: &mut impl Request<L>,
    ) -> Polled {
        let mut turns = Turns::default();
        loop {
            if let Some(polled) = self.turn(guard, asker, request, &mut turns) {
                return polled;
            }
            guard = self.lock();
        }
    }

    /// One turn of a poll. Gives what that comes to, unless it takes another.
    fn turn<L: Language>(
        self: &Arc<Self>,
        mut guard: MutexGuard<'_, Inner>,
        asker: Asker<'_>,
        request: &mut impl Request<L>,
        turns: &mut Turns,
    ) -> Option<Polled> {
        let Asker { session, side, waker, .. } = asker;
        let inner = &mut *guard;
        let tasks = &mut inner.tasks[session];
        let slot = &mut tasks.parked[side.slot()];
        let (case, timeline) = inner.book.judging(session);
        if inner.is_ended || case.broken.is_some() {
            return Some(Self::refuse_again(guard, asker));
        }
        if slot.ready_in_a_row >= READY_IN_A_ROW && side != Side::Flush {
            slot.ready_in_a_row = 0;
            drop(guard);
            waker.wake_by_ref();
            return Some(Polled::Pending);
        }
        let turned = match (side, &tasks.writer) {
            (Side::Read, Some(writer)) => writer.will_wake(waker),
            _ => false,
        };
        let Some(machine) = case.machine_mut::<L>() else {
            unreachable!("a double asks for a session of its own protocol");
        };
        let moves = machine.moves();
        if moves != turns.asked_at {
            turns.answers.clear();
        }
        let verdict = request.judge(machine, turned, &turns.answers, timeline);
        turns.has_moved |= machine.moves() != moves;
        match verdict {
            Verdict::Done { answer, progressed } => {
                let is_in_open_run = machine.is_in_open_run();
                // A flush that is over says nothing about a write that waits (C6).
                let parked = match side {
                    Side::Flush | Side::InPassing => None,
                    Side::Connect | Side::Write | Side::Read => slot.clear(),
                };
                let writer = if is_in_open_run { None } else { tasks.writer.take() };
                let mut woken = [None, None];
                if turns.has_moved {
                    inner.book.activity += 1;
                    if progressed && inner.alarm.is_some() {
                        inner.last_progress = Some(now());
                    }
                    woken = if progressed {
                        inner.take_parked(session)
                    } else {
                        inner.disturb(session, waker)
                    };
                }
                let overseers = match side {
                    Side::Connect => inner.connected(session, answer),
                    Side::Write | Side::Flush | Side::InPassing | Side::Read => [None, None],
                };
                drop(guard);
                drop((parked, writer));
                wake(woken);
                wake(overseers);
                if is_in_open_run && side == Side::Write {
                    self.remember_writer(session, waker.clone());
                }
                Some(Polled::Ready(answer, is_in_open_run))
            }
            Verdict::Wait(wait) if side == Side::InPassing => {
                let Wait::Delay(step, duration) = wait else { return Some(Polled::Pending) };
                if self.settings.timer.is_some() {
                    return Some(Polled::Delay(step, duration));
                }
                let delay = slot.delay().filter(|(delayed, _)| *delayed == step);
                let Some((_, until)) = delay else { return Some(Polled::Pending) };
                if until > now() {
                    self.schedule(inner, until);
                    return Some(Polled::Pending);
                }
                slot.end_delay();
                machine.elapse(step);
                inner.last_progress = Some(now());
                None
            }
            Verdict::Wait(wait) => {
                if turns.spare.is_none() && slot.is_new(waker) {
                    drop(guard);
                    turns.spare = Some(waker.clone());
                    return None;
                }
                self.hold::<L>(guard, asker, wait, turns)
            }
            Verdict::Ask(step, question) => {
                turns.asked_at = machine.moves();
                drop(guard);
                turns.answers.push((step, question.put()));
                None
            }
            Verdict::Refuse(violation) => Some(Self::refuse(guard, asker, violation)),
        }
    }

    /// Answers an operation of a session that is broken, or of a verifier that is gone.
    fn refuse_again(
        mut guard: MutexGuard<'_, Inner>,
        Asker { session, side, operation, waker, .. }: Asker<'_>,
    ) -> Polled {
        let slot = &mut guard.tasks[session].parked[side.slot()];
        // A client that asks again and again must not keep others from running.
        slot.has_yielded = !slot.has_yielded;
        if slot.has_yielded {
            drop(guard);
            waker.wake_by_ref();
            return Polled::Pending;
        }
        let broken = guard.book.cases[session].broken.clone();
        Polled::Refused(broken.filter(|_| !guard.is_ended).unwrap_or_else(|| gone(operation)))
    }

    /// Lets an operation wait.
    fn hold<L: Language>(
        self: &Arc<Self>,
        mut guard: MutexGuard<'_, Inner>,
        asker: Asker<'_>,
        wait: Wait,
        turns: &mut Turns,
    ) -> Option<Polled> {
        let Asker { session, side, operation, unflushed, .. } = asker;
        let inner = &mut *guard;
        let stays_open = inner.book.cases[session].stays_open;
        if side == Side::Connect {
            inner.book.set_stage(session, Stage::Connecting);
        }
        let waited = self.wait(inner, asker, wait, stays_open, turns.spare.take());
        let is_parked = matches!(waited, Waited::Parked(_) | Waited::Sleeps(..));
        let mut woken = None;
        if turns.has_moved && is_parked {
            inner.book.activity += 1;
            woken = inner.tasks[session].parked[1 - side.slot()].waker.take();
        }
        match waited {
            Waited::Parked(retired) => {
                let settled = match wait {
                    Wait::Never(_) => inner.take_settled(),
                    _ => None,
                };
                drop(guard);
                drop(retired);
                wake([settled, woken]);
                Some(Polled::Pending)
            }
            Waited::Sleeps(step, duration, retired) => {
                drop(guard);
                drop(retired);
                wake([woken]);
                Some(Polled::Delay(step, duration))
            }
            Waited::Elapsed(step) => {
                if let Some(machine) = inner.book.cases[session].machine_mut::<L>() {
                    machine.elapse(step);
                }
                // What comes of it does so in another turn of the lock, and the clock may ring
                // before that.
                inner.last_progress = Some(now());
                None
            }
            Waited::Overdue { is_deadline } => {
                let machine = inner.book.cases[session].machine_mut::<L>()?;
                let violation = machine.stalled(wait, operation, is_deadline, unflushed);
                Some(Self::refuse(guard, asker, violation.into()))
            }
        }
    }

    /// The client lets go of its transport, with so much in it that was not flushed: judges that, and
    /// ends the session's life.
    pub(crate) fn leave<L: Language>(&self, session: usize, call: L::Call<'_>, unflushed: usize) {
        let mut guard = self.lock();
        guard.book.cases[session].unflushed = unflushed;
        match guard.glance(session, Side::Write, &mut Hear::<L>(call)) {
            Some(_) => Self::end_life(guard, session, Stage::Closed),
            None => self.leave_closely::<L>(guard, session, call),
        }
    }

    /// The same where it wants a closer look.
    #[inline(never)]
    fn leave_closely<'s, L: Language>(
        &'s self,
        mut guard: MutexGuard<'s, Inner>,
        session: usize,
        call: L::Call<'_>,
    ) {
        let mut answers = Vec::new();
        let mut asked_at = 0;
        loop {
            let inner = &mut *guard;
            if inner.is_ended {
                return;
            }
            let (case, timeline) = inner.book.judging(session);
            if case.broken.is_none() {
                let Some(machine) = case.machine_mut::<L>() else {
                    unreachable!("a double asks for a session of its own protocol");
                };
                if machine.moves() != asked_at {
                    answers.clear();
                }
                match machine.hear(call, &answers, timeline) {
                    Verdict::Done { progressed, .. } => {
                        if progressed && inner.alarm.is_some() {
                            inner.last_progress = Some(now());
                        }
                    }
                    Verdict::Ask(step, question) => {
                        asked_at = machine.moves();
                        drop(guard);
                        answers.push((step, question.put()));
                        guard = self.lock();
                        continue;
                    }
                    // It is told by the verdict; there is nobody to hand an error to.
                    Verdict::Refuse(violation) => inner.book.break_case(session, violation),
                    Verdict::Wait(_) => unreachable!("nobody who leaves can be told to wait"),
                }
            }
            return Self::end_life(guard, session, Stage::Closed);
        }
    }

    /// Says that the verifier's timer has slept for a step's delay.
    pub(crate) fn elapse<L: Language>(&self, session: usize, step: usize) {
        let mut inner = self.lock();
        if let Some(machine) = inner.book.cases[session].machine_mut::<L>() {
            machine.elapse(step);
        }
        inner.last_progress = Some(now());
    }

    /// Keeps the waker of the task that wrote, as the sign by which it is known when it reads.
    fn remember_writer(&self, session: usize, writer: Waker) {
        let mut inner = self.lock();
        if inner.is_ended {
            return;
        }
        let before = inner.tasks[session].writer.replace(writer);
        drop(inner);
        drop(before);
    }

    /// The client gave up connecting.
    pub(crate) fn give_up(&self, session: usize, stage: Stage) {
        let inner = self.lock();
        if !inner.is_ended {
            Self::end_life(inner, session, stage);
        }
    }

    /// Nothing more comes of a session.
    fn end_life(mut inner: MutexGuard<'_, Inner>, session: usize, stage: Stage) {
        inner.book.set_stage(session, stage);
        let tasks = &mut inner.tasks[session];
        let tasks = (!tasks.are_away()).then(|| std::mem::take(tasks));
        let woken = inner.take_overseers();
        drop(inner);
        drop(tasks);
        wake(woken);
    }

    /// Whether nothing is left that a client may still do, or nobody has the patience to see.
    pub(crate) fn poll_settled(self: &Arc<Self>, cx: &Context<'_>) -> Poll<()> {
        let waker = cx.waker().clone();
        let mut guard = self.lock();
        let inner = &mut *guard;
        let is_marked = |waiting: &Waiting| waiting.mark.is_some();
        let is_overdue = inner.settling.waiting.as_deref().is_some_and(is_marked);
        let is_over =
            is_overdue || self.settings.patience == Some(Duration::ZERO) || inner.is_settled();
        let retired = if is_over {
            inner.settling.clear()
        } else {
            let now = now();
            // A wait that is found stalled at the same time shall be told first.
            let patience = self.settings.patience.unwrap_or(self.settings.deadline);
            self.schedule(inner, now + patience + ANSWER_WINDOW);
            inner.settling.park(Wait::PastTheEnd, false, Some(waker), now)
        };
        drop(guard);
        drop(retired);
        if is_over { Poll::Ready(()) } else { Poll::Pending }
    }

    /// The same for a thread.
    pub(crate) fn wait_settled(self: &Arc<Self>) {
        block_on(|cx| self.poll_settled(cx));
    }

    /// Whether there is a violation; wakes when there is one, or at `deadline`.
    pub(crate) fn poll_violation(
        self: &Arc<Self>,
        deadline: Instant,
        cx: &Context<'_>,
    ) -> Poll<()> {
        let waker = cx.waker().clone();
        let mut inner = self.lock();
        if inner.book.has_violations() {
            return Poll::Ready(());
        }
        let retired = inner.watcher.replace((waker, deadline));
        self.schedule(&mut inner, deadline);
        drop(inner);
        drop(retired);
        Poll::Pending
    }

    /// Ends it all with a last verdict; nothing comes between. Whoever waits is told that the
    /// verifier is gone.
    ///
    /// There is no verdict if that was so before, or if nothing has happened since the one that
    /// covered the activity `judged`.
    pub(crate) fn end(&self, judged: Option<u64>) -> Option<Result<(), Report>> {
        let mut inner = self.lock();
        if inner.is_ended {
            return None;
        }
        let verdict = inner.conclude(judged);
        let mut parked: Vec<Waker> = Vec::new();
        let mut writers: Vec<Waker> = Vec::new();
        for tasks in inner.tasks.iter_mut() {
            writers.extend(tasks.writer.take());
            for slot in &mut tasks.parked {
                parked.extend(slot.waker.take());
                // Whoever asks now is answered at once, and put off before each repetition.
                *slot = Slot { has_yielded: true, ..Slot::default() };
            }
        }
        let overseers = inner.take_overseers();
        drop(inner);
        drop(writers);
        wake(overseers);
        parked.into_iter().for_each(Waker::wake);
        verdict
    }

    /// The same where the verifier has outlived all that was made of it, as in most tests: nobody is
    /// left to be told, or to be kept out.
    pub(crate) fn end_alone(&mut self, judged: Option<u64>) -> Option<Result<(), Report>> {
        let inner = self.inner.get_mut().unwrap_or_else(PoisonError::into_inner);
        if inner.is_ended { None } else { inner.conclude(judged) }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing panics under the lock; were it to, the violations before that still count.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Parks a wait, unless it has lasted too long or has something to do.
    fn wait(
        self: &Arc<Self>,
        inner: &mut Inner,
        Asker { session, side, .. }: Asker<'_>,
        wait: Wait,
        stays_open: bool,
        waker: Option<Waker>,
    ) -> Waited {
        let now = now();
        let slot = &mut inner.tasks[session].parked[side.slot()];
        let is_exempt = match wait {
            Wait::Never(_) | Wait::Delay(..) => true,
            Wait::PastTheEnd => stays_open,
            Wait::ForHeard(_) | Wait::ForEndOfRun(_) | Wait::ForSaid(_) => false,
        };
        let waiting = slot.waiting.get_or_insert_default();
        if let Some(mark) = waiting.overdue(wait, now) {
            return Waited::Overdue { is_deadline: mark.is_deadline };
        }
        if !is_exempt && self.settings.patience == Some(Duration::ZERO) {
            return Waited::Overdue { is_deadline: false };
        }
        let delay_until = match wait {
            Wait::Delay(step, duration) => {
                let until = match waiting.delay {
                    Some((delayed, until)) if delayed == step => until,
                    _ => now + duration,
                };
                if self.settings.timer.is_none() && until <= now {
                    waiting.delay = None;
                    return Waited::Elapsed(step);
                }
                waiting.delay = Some((step, until));
                Some(until)
            }
            _ => None,
        };
        let retired = slot.park(wait, is_exempt, waker, now);
        let waiting = slot.waiting.get_or_insert_default();
        let mut next = waiting.began.unwrap_or(now) + self.settings.deadline;
        if let Some(patience) = self.settings.patience.filter(|_| !is_exempt) {
            next = next.min(waiting.since.unwrap_or(now) + patience);
        }
        // A timer of its own wakes whoever sleeps on it.
        if let Some(until) = delay_until.filter(|_| self.settings.timer.is_none()) {
            next = next.min(until);
        }
        self.schedule(inner, next);
        match wait {
            Wait::Delay(step, duration) if self.settings.timer.is_some() => {
                Waited::Sleeps(step, duration, retired)
            }
            _ => Waited::Parked(retired),
        }
    }

    fn refuse(
        mut inner: MutexGuard<'_, Inner>,
        Asker { session, side, .. }: Asker<'_>,
        violation: Violation,
    ) -> Polled {
        if side == Side::Connect {
            inner.book.set_stage(session, Stage::Failed);
        }
        inner.book.break_case(session, violation.clone());
        let parked = std::mem::take(&mut inner.tasks[session].parked).map(|slot| slot.waker);
        let overseers = inner.take_overseers();
        drop(inner);
        wake(parked);
        wake(overseers);
        Polled::Refused(violation)
    }

    fn schedule(self: &Arc<Self>, inner: &mut Inner, at: Instant) {
        if inner.alarm.is_none_or(|alarm| at < alarm) {
            inner.alarm = Some(at);
            let me: Weak<Self> = Arc::downgrade(self);
            ring_at(at, me);
        }
    }
}

impl Ring for Shared {
    /// Marks the waits that nothing has ended, and wakes them: the poll that follows tells.
    fn ring(self: Arc<Self>, now: Instant) {
        let mut guard = self.lock();
        let inner = &mut *guard;
        if inner.is_ended {
            return;
        }
        if inner.alarm.is_some_and(|alarm| alarm <= now) {
            inner.alarm = None;
        }
        // On a timer of the verifier's, it is the timer that ends a delay.
        let is_ours = self.settings.timer.is_none();
        // A scripted delay brings progress by itself. Until it has, nobody is out of patience; and
        // once it is over, those who wait for what follows have theirs anew.
        let allowance = self.settings.patience.unwrap_or(self.settings.deadline);
        let slots = inner.tasks.iter().flat_map(|tasks| &tasks.parked);
        let delays = slots.filter(|slot| slot.waker.is_some()).filter_map(Slot::delay);
        let ends = delays.map(|(_, until)| match is_ours {
            // The timer may be later than real time; or the wait may have been dropped.
            false if now < until + allowance => until.max(now + ANSWER_WINDOW),
            _ => until,
        });
        let hold = ends.max();
        if is_ours && hold.is_some_and(|until| until <= now) {
            inner.last_progress = Some(now);
        }
        let last_progress = inner.last_progress;
        let mut round = Round { now, hold, last_progress, next: None, woken: Vec::new() };
        let delay_of = |slot: &Slot| slot.delay().map(|(_, until)| until).filter(|_| is_ours);
        for tasks in inner.tasks.iter_mut() {
            // Whoever writes may be gone, and what is sent then goes out in passing: with the next poll
            // of whoever waits since before that.
            let of_writing = delay_of(&tasks.parked[Side::Write.slot()]);
            for slot in &mut tasks.parked {
                let is_news = |until: Instant| slot.since().is_some_and(|since| since <= until);
                let has_slept = delay_of(slot).is_some_and(|until| until <= now)
                    || of_writing.is_some_and(|until| until <= now && is_news(until));
                if has_slept {
                    round.woken.extend(slot.waker.take());
                    continue;
                }
                round.visit(slot, self.settings.patience, self.settings.deadline);
            }
            let to_come = of_writing.filter(|until| *until > now);
            round.next = round.next.into_iter().chain(to_come).min();
        }
        let patience = self.settings.patience.map(|patience| patience + ANSWER_WINDOW);
        round.visit(&mut inner.settling, patience, self.settings.deadline + ANSWER_WINDOW);
        // Not before its time: to poll a whole body is to poll all the waits in it, and they would
        // begin anew each time (W2).
        match inner.watcher.take() {
            Some((waker, deadline)) if deadline <= now => round.woken.push(waker),
            watcher => {
                let deadline = watcher.as_ref().map(|(_, deadline)| *deadline);
                round.next = round.next.into_iter().chain(deadline).min();
                inner.watcher = watcher;
            }
        }
        let Round { next, woken, .. } = round;
        if let Some(next) = next {
            self.schedule(inner, next);
        }
        drop(guard);
        woken.into_iter().for_each(Waker::wake);
    }
}

/// One look of the clock at everybody who waits.
struct Round {
    now: Instant,
    hold: Option<Instant>,
    last_progress: Option<Instant>,
    next: Option<Instant>,
    woken: Vec<Waker>,
}

impl Round {
    fn visit(&mut self, slot: &mut Slot, patience: Option<Duration>, deadline: Duration) {
        let (Some(waiting), true) = (&mut slot.waiting, slot.waker.is_some()) else { return };
        let (Some(since), Some(began)) = (waiting.since, waiting.began) else { return };
        let patience = patience.filter(|_| !waiting.is_exempt);
        let progress = self.last_progress;
        let latest = |from: Instant| progress.map_or(from, |progress| progress.max(from));
        let deadline_at = latest(began) + deadline;
        let patience_at = patience.map(|patience| {
            let from = latest(since);
            self.hold.map_or(from, |hold| from.max(hold)) + patience
        });
        let is_deadline = deadline_at <= self.now;
        if is_deadline || patience_at.is_some_and(|at| at <= self.now) {
            waiting.mark = Some(Mark { at: self.now, is_deadline });
            self.woken.extend(slot.waker.take());
            return;
        }
        let next = patience_at.map_or(deadline_at, |at| at.min(deadline_at));
        let delay = waiting.delay.map(|(_, until)| until).filter(|until| *until > self.now);
        let next = delay.map_or(next, |until| next.min(until));
        self.next = Some(self.next.map_or(next, |soonest| soonest.min(next)));
    }
}

impl Inner {
    /// Answers a request that is exactly what the script has next, as nearly all are, while nobody
    /// has to be told of it.
    #[inline]
    fn glance<L: Language>(
        &mut self,
        session: usize,
        side: Side,
        request: &mut impl Request<L>,
    ) -> Option<usize> {
        let tasks = &mut self.tasks[session];
        let (case, timeline) = self.book.judging(session);
        if !tasks.are_away() || self.is_ended || case.broken.is_some() {
            return None;
        }
        let slot = match side {
            // Nobody has to let go of what may stay open, so that may be all that was waited for.
            Side::Connect if !self.settling.is_empty() => return None,
            Side::Connect | Side::Write | Side::Read => &mut tasks.parked[side.slot()],
            Side::Flush | Side::InPassing => return None,
        };
        if slot.ready_in_a_row >= READY_IN_A_ROW {
            return None;
        }
        let amount = request.glance(case.machine_mut::<L>()?, timeline)?;
        slot.answered();
        self.book.activity += 1;
        if side == Side::Connect {
            self.book.set_stage(session, Stage::Open);
        }
        if self.alarm.is_some() {
            self.last_progress = Some(now());
        }
        Some(amount)
    }

    /// Gives the last verdict, unless nothing has happened since the one that covered `judged`.
    fn conclude(&mut self, judged: Option<u64>) -> Option<Result<(), Report>> {
        self.is_ended = true;
        let is_judged = judged == Some(self.book.activity);
        (!is_judged).then(|| self.book.verdict())
    }

    /// Who waits in a session, to be woken.
    fn take_parked(&mut self, session: usize) -> [Option<Waker>; 2] {
        self.tasks[session].parked.each_mut().map(|slot| slot.waker.take())
    }

    /// The same by something that is no progress, done by the task of `waker`. What that task waits
    /// for itself begins anew: it goes on, and has a clock of its own.
    fn disturb(&mut self, session: usize, waker: &Waker) -> [Option<Waker>; 2] {
        self.tasks[session].parked.each_mut().map(|slot| {
            let is_other = slot.waker.as_ref().is_some_and(|parked| !parked.will_wake(waker));
            if let Some(waiting) = &mut slot.waiting {
                waiting.disturbed = is_other.then(now);
            }
            slot.waker.take()
        })
    }

    /// Who waits for all to settle, to be woken if that has come about without an end or a
    /// violation.
    fn take_settled(&mut self) -> Option<Waker> {
        if self.settling.waker.is_none() || !self.is_settled() {
            return None;
        }
        self.settling.waker.take()
    }

    /// The session is connected, or its connect has failed; gives who is to be told.
    fn connected(&mut self, session: usize, answer: Answer) -> [Option<Waker>; 2] {
        match answer {
            Answer::Amount(_) => {
                self.book.set_stage(session, Stage::Open);
                [self.take_settled(), None]
            }
            Answer::Fault(_) => {
                self.book.set_stage(session, Stage::Failed);
                self.take_overseers()
            }
        }
    }

    fn take_overseers(&mut self) -> [Option<Waker>; 2] {
        [self.settling.waker.take(), self.watcher.take().map(|(waker, _)| waker)]
    }

    fn is_settled(&mut self) -> bool {
        while self.is_settled_at(self.first_unsettled) {
            self.first_unsettled += 1;
        }
        self.book.has_violations() || self.first_unsettled == self.book.cases.len()
    }

    fn is_settled_at(&self, session: usize) -> bool {
        let Some(case) = self.book.cases.get(session) else { return false };
        match case.stage {
            Stage::Open => case.stays_open,
            Stage::Taken | Stage::Connecting => {
                let slots = &self.tasks[session].parked;
                slots.iter().any(|slot| matches!(slot.wait(), Some(Wait::Never(_))))
            }
            _ => true,
        }
    }
}

/// What became of a wait that was to be parked.
enum Waited {
    /// In the place of this waker.
    Parked(Option<Waker>),
    /// The verifier's timer is to be asked; in the place of this waker.
    Sleeps(usize, Duration, Option<Waker>),
    /// The delay of this step has passed.
    Elapsed(usize),
    Overdue {
        is_deadline: bool,
    },
}

/// A connect that was refused.
pub(crate) struct Refused {
    pub(crate) violation: Violation,
    /// It is not the first, so that others are to run before it is answered.
    pub(crate) is_repeated: bool,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

/// A thread that waits, as a waker.
struct Unpark {
    thread: Thread,
    is_woken: AtomicBool,
}

thread_local! {
    /// One for each thread: the waker by which it is known when it turns from writing to reading
    /// (B5), on whichever handle.
    static THIS_THREAD: Arc<Unpark> = Unpark::new();
}

impl Unpark {
    fn new() -> Arc<Self> {
        Arc::new(Self { thread: thread::current(), is_woken: AtomicBool::new(false) })
    }
}

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.is_woken.store(true, Ordering::Release);
        self.thread.unpark();
    }
}

/// Polls until there is an answer. In between the thread sleeps, whoever else unparks it: a poll
/// for no reason would renew patience (W2).
pub(crate) fn block_on<T>(mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>) -> T {
    // A thread that is ending may have lost its own already.
    let unpark = THIS_THREAD.try_with(Arc::clone).unwrap_or_else(|_| Unpark::new());
    let waker = Waker::from(Arc::clone(&unpark));
    let mut cx = Context::from_waker(&waker);
    loop {
        unpark.is_woken.store(false, Ordering::Relaxed);
        if let Poll::Ready(answer) = poll(&mut cx) {
            return answer;
        }
        while !unpark.is_woken.load(Ordering::Acquire) {
            thread::park();
        }
    }
}

/// Polls for somebody who cannot wait: what is pending is left to a poll of theirs.
pub(crate) fn poll_once<T>(poll: impl FnOnce(&mut Context<'_>) -> Poll<T>) -> Poll<T> {
    poll(&mut Context::from_waker(Waker::noop()))
}

fn gone(operation: &'static str) -> Violation {
    Details { operation, ..Details::new(ViolationKind::VerifierGone, None) }.into()
}

fn wake<const N: usize>(mut woken: [Option<Waker>; N]) {
    woken.iter_mut().filter_map(Option::take).for_each(Waker::wake);
}
