//! The dead ends: every way in which a client and a script can miss each other.
//!
//! Each point that a script can be at meets each thing that a client can do there. Whatever comes of
//! it arrives: at once, or when the patience has run out, and never later; and where it is a
//! failure, it names both sides. The whole table is in `snapshots/dead_ends.txt`.

use std::fmt::Write as _;
use std::io;
use std::time::Duration;

use expect_test::expect_file;
use futures::executor::block_on;
use futures::{AsyncReadExt, AsyncWriteExt, FutureExt};
use wirescript::scripted::{
    LengthPrefix, Report, Scripted, ScriptedSocket, Socket, SocketScript, VerifierBuilder,
    Violation, ViolationKind,
};
use wirescript::{AsyncSocketExt, Connect, Endpoint, Verifier, any, to_end, until};

use crate::support::SHORT;

/// So long that no test sees it run out.
const LONG: Duration = Duration::from_secs(3600);

/// The points that a script can be at, each with the code that leads there.
macro_rules! points {
    ($($($step:ident($($argument:tt)*)).+;)+) => {
        vec![$((
            concat!($(".", stringify!($step), "(", stringify!($($argument)*), ")"),+),
            (|script: SocketScript| script.$($step($($argument)*)).+.into_socket()) as _,
        )),+]
    };
}

type Point = (&'static str, fn(SocketScript) -> ScriptedSocket);

fn points() -> Vec<Point> {
    points! {
        expect_send("\x02hi");
        expect_send("\x02hi").accepts(1);
        expect_send_all("\x02hi");
        expect_send_all("\x02hi").times(2);
        expect_send_all("\x02hi").optional();
        expect_send_all(any());
        expect_send_all(any().len(3));
        expect_send_all(("\x02", until("i").capture("rest")));
        expect_send_all(to_end());
        framed(LengthPrefix::u8()).expect_send_frame("hi");
        framed(LengthPrefix::u8()).expect_send_frame(any());
        allows_sent("\x02hi");
        whenever_sent("\x02hi").replies("ho");
        expect_shutdown();
        expect_close();
        expect_recv("ho");
        expect_recv("ho").optional();
        expect_recv("ho").after(LONG);
        expect_recv("ho").never();
        expect_recv_error(io::ErrorKind::TimedOut);
        expect_reset();
        expect_eof();
        replies_with(|_| "ho");
        replies_with(|_| "");
        replies_with(|sent| sent.capture("x").to_vec());
        expect_send_all("\x02hi").expect_recv("ho");
        expect_send_all(any()).expect_recv("ho");
        expect_send_all(to_end()).expect_recv("ho");
        expect_recv("ho").expect_send_all("\x02hi");
        expect_recv("ho").expect_send_all("\x02hi").lockstep();
        expect_shutdown().expect_recv("ho");
        expect_eof().expect_send_all("\x02hi");
        stays_open();
        open_ended();
        named("at the end");
    }
}

/// What a client does there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Sends,
    SendsOther,
    SendsHalf,
    Receives,
    ShutsDown,
    Leaves,
    Stays,
}

const ACTS: [Act; 7] = [
    Act::Sends,
    Act::SendsOther,
    Act::SendsHalf,
    Act::Receives,
    Act::ShutsDown,
    Act::Leaves,
    Act::Stays,
];

impl Act {
    async fn by(self, socket: &mut ScriptedSocket) -> io::Result<()> {
        match self {
            Self::Sends => socket.send_all(b"\x02hi").await,
            Self::SendsOther => socket.send_all(b"X").await,
            Self::SendsHalf => socket.send_all(b"\x02").await,
            Self::Receives => socket.read(&mut [0; 8]).await.map(drop),
            Self::ShutsDown => socket.close().await,
            Self::Leaves | Self::Stays => Ok(()),
        }
    }

    /// What a violation calls it.
    fn operation(self) -> &'static str {
        match self {
            Self::Sends | Self::SendsOther | Self::SendsHalf => "send",
            Self::Receives => "recv",
            Self::ShutsDown => "shutdown",
            Self::Leaves | Self::Stays => "close",
        }
    }
}

/// What came of an act: what the client was told, if it was told anything, and the verdict.
struct Outcome {
    told: Option<io::Result<()>>,
    verdict: Result<(), Report>,
}

impl Outcome {
    /// Lets the client act under a verifier with these limits, polling once or to the end.
    fn of(point: Point, act: Act, limits: VerifierBuilder, to_the_end: bool) -> Self {
        let verifier = limits.build();
        let mut socket = (point.1)(verifier.socket().new_session());
        let told = if to_the_end {
            Some(block_on(act.by(&mut socket)))
        } else {
            act.by(&mut socket).now_or_never()
        };
        let kept = (act == Act::Stays).then_some(socket);
        let verdict = verifier.try_verify();
        drop(kept);
        let _ = verifier.try_verify(); // judged above
        Self { told, verdict }
    }

    /// In a few words: the violation, or what is left.
    fn summary(&self) -> String {
        let Err(report) = &self.verdict else {
            return match &self.told {
                Some(Err(error)) => format!("passes, with {:?}", error.kind()),
                _ => "passes".to_owned(),
            };
        };
        let mut words = Vec::new();
        for violation in report.violations() {
            words.push(match violation.kind() {
                ViolationKind::Stalled { blocked, .. } => format!("Stalled, {blocked:?}"),
                kind => format!("{kind:?}").split([' ', '{']).next().unwrap_or("").to_owned(),
            });
        }
        for left in report.unused().iter().flat_map(|session| &session.steps) {
            let half = if left.amount.is_some() { " half" } else { "" };
            words.push(format!("`{}`{half} unused", left.operation.name));
        }
        words.extend(
            report.unasserted().iter().map(|one| format!("`{}` unasserted", one.operation.name)),
        );
        words.join(", ")
    }
}

/// A failure says what the script has, or that it has nothing, and what the client did.
fn check_both_sides(place: &str, act: Act, report: &Report) {
    for violation in report.violations() {
        let text = violation.to_string();
        let has_script = violation.expected().is_some_and(|step| text.contains(step.name))
            || text.contains("nothing")
            || text.contains("valid ");
        assert!(has_script, "{place}, {act:?}: the script's side\n{text}");
        let has_client = text.contains(act.operation());
        assert!(has_client, "{place}, {act:?}: the client's side\n{text}");
        assert!(text.contains("dead_ends.rs:"), "{place}, {act:?}: where\n{text}");
        assert!(text.contains("fix: "), "{place}, {act:?}: what to do\n{text}");
    }
    let text = report.to_string();
    for session in report.unused() {
        let stage = if act == Act::Stays { "still open" } else { "was dropped" };
        assert!(text.contains(stage), "{place}, {act:?}: the client's side\n{text}");
        let names = session.steps.iter().all(|step| text.contains(step.operation.name));
        assert!(names, "{place}, {act:?}: the script's side\n{text}");
    }
}

#[test]
fn every_dead_end_arrives_and_names_both_sides() {
    let mut table = String::new();
    for point in points() {
        let (code, _) = point;
        writeln!(table, "{}", if code == ".named(\"at the end\")" { "nothing more" } else { code })
            .unwrap();
        for act in ACTS {
            let patient = || Verifier::builder().patience(LONG).deadline(LONG);
            let first = Outcome::of(point, act, patient(), false);
            let (outcome, when) = if first.told.is_some() {
                (first, "at once")
            } else {
                let refused = Outcome::of(point, act, patient().patience(Duration::ZERO), false);
                // What waits without patience waits for something of its own, until the deadline.
                let is_exempt = refused.told.is_none();
                let limits = Verifier::builder();
                let limits = if is_exempt {
                    limits.patience(LONG).deadline(SHORT)
                } else {
                    limits.patience(SHORT).deadline(LONG)
                };
                let ended = Outcome::of(point, act, limits, true);
                if !is_exempt {
                    assert_eq!(refused.summary(), ended.summary(), "{code}, {act:?}");
                }
                (ended, if is_exempt { "at the deadline" } else { "after the patience" })
            };
            if let Err(report) = &outcome.verdict {
                check_both_sides(code, act, report);
            }
            let told = outcome.told.as_ref().and_then(|told| told.as_ref().err());
            let is_told = told.and_then(Violation::of).is_some();
            let has_violation =
                outcome.verdict.as_ref().is_err_and(|report| report.violations().len() > 0);
            assert_eq!(is_told, has_violation, "{code}, {act:?}: the client is told of it");
            writeln!(table, "    {:<12} {:<19} {}", format!("{act:?}"), when, outcome.summary())
                .unwrap();
        }
    }
    expect_file!["snapshots/dead_ends.txt"].assert_eq(&table);
}

/// A way in which a client and the queue of sessions miss each other, and what is then said.
type Scene = (&'static str, fn(&Verifier, &Scripted<Socket>), &'static [&'static str]);

fn connect(net: &Scripted<Socket>) -> io::Result<ScriptedSocket> {
    block_on(net.connect(&Endpoint::new("peer", 1)))
}

const SCENES: &[Scene] = &[
    (
        "a session to which nobody connects",
        |_, net| drop(net.new_session().expect_connect("peer:1")),
        &["to which no client connected", "connect   peer:1"],
    ),
    (
        "a client for which there is no session",
        |_, net| assert!(connect(net).is_err()),
        &["no session is queued", "got       connect   peer:1"],
    ),
    (
        "a client that connects to somewhere else",
        |_, net| {
            net.new_session().expect_connect("other:1");
            assert!(connect(net).is_err());
        },
        &["expected  connect   other:1", "got       connect   peer:1"],
    ),
    (
        "a client that connects where none of the sessions is",
        |_, net| {
            net.new_session().expect_connect("other:1");
            assert!(connect(&net.by_endpoint()).is_err());
        },
        &["queued    connect   other:1", "got       connect   peer:1"],
    ),
    (
        "a client that connects once too often",
        |_, net| {
            net.new_session().expect_connect("peer:1");
            drop(connect(net).unwrap());
            assert!(connect(net).is_err());
        },
        &["no session is queued", "got       connect   peer:1"],
    ),
    (
        "a script without a connect",
        |_, net| {
            net.new_session().expect_send_all("ask");
            assert!(connect(net).is_err());
        },
        &["its script does not begin with a connect", "got       connect   peer:1"],
    ),
    (
        "a connect that nobody awaits",
        |_, net| {
            net.new_session().expect_connect("peer:1");
            drop(net.connect(&Endpoint::new("peer", 1)));
        },
        &["never awaited", "connect   peer:1"],
    ),
    (
        "a script that goes on when it is too late",
        |_, net| {
            let session = net.new_session().expect_connect("peer:1").open_ended().handle();
            drop(connect(net).unwrap());
            session.then(|more| more.expect_recv("late"));
        },
        &["whose socket was dropped", "recv      b\"late\""],
    ),
];

#[test]
fn every_way_to_miss_a_session_is_told_and_names_both_sides() {
    for (name, scene, said) in SCENES {
        let verifier = Verifier::new();
        scene(&verifier, &verifier.socket());
        let text = verifier.try_verify().expect_err(name).to_string();
        for words in *said {
            assert!(text.contains(words), "{name}: {words}\n{text}");
        }
    }
}

#[test]
fn a_script_that_is_still_held_is_told_of() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    let held = net.new_session().expect_connect("peer:1");
    assert!(connect(&net).is_err());
    let text = verifier.try_verify().unwrap_err().to_string();
    assert!(text.contains("is still held: its script has not landed"), "{text}");
    drop(held);
    let _ = verifier.try_verify(); // judged above
}
