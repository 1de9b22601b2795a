//! What a verifier makes of a test: sections, checkpoints, the drop, and how it reads.

use std::error::Error;
use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::task::{Context, Waker};

use futures::FutureExt;
use futures::executor::block_on;
use wirescript::scripted::{
    Interaction, InvalidArgument, Report, Scripted, ScriptedSocket, Session, Socket, SocketScript,
    Stage, Violation,
};
use wirescript::{AsyncSocketExt, Connect, Endpoint, InvalidEndpoint, Verifier, any};

use crate::probe::{double, left, names, only_violation, panic_of, panics_here, report, violation};
use crate::support::{connect, everywhere, impatient, spawn};

/// How many violations, open interactions and unused sessions there are.
fn sections(verifier: &Verifier) -> (usize, usize, usize) {
    match verifier.try_verify() {
        Ok(()) => (0, 0, 0),
        Err(report) => {
            (report.violations().len(), report.unasserted().len(), report.unused().len())
        }
    }
}

/// A session in which nothing can be said against the client.
fn good(verifier: &Verifier) {
    let mut socket = verifier.socket().new_session().expect_send_all(b"good").into_socket();
    block_on(socket.send_all(b"good")).unwrap();
}

/// A session in which the client strays.
fn broken(verifier: &Verifier) {
    let mut socket = verifier.socket().new_session().expect_send_all(b"right").into_socket();
    block_on(socket.send_all(b"wrong")).unwrap_err();
}

/// A session that leaves open what the client sent.
fn open(verifier: &Verifier) {
    let mut socket = verifier.socket().new_session().expect_send_all(any()).into_socket();
    block_on(socket.send_all(b"open")).unwrap();
}

/// A session of which the client leaves a step.
fn unused(verifier: &Verifier) {
    drop(verifier.socket().new_session().expect_send_all(b"left").into_socket());
}

// Case 14.
#[test]
fn each_verdict_has_exactly_its_sections() {
    let verifier = Verifier::new();
    open(&verifier);
    assert_eq!(sections(&verifier), (0, 1, 0));
    unused(&verifier);
    assert_eq!(sections(&verifier), (0, 1, 1));
    broken(&verifier);
    assert_eq!(sections(&verifier), (1, 1, 1));

    let verifier = Verifier::new();
    unused(&verifier);
    assert_eq!(sections(&verifier), (0, 0, 1));

    let verifier = Verifier::new();
    broken(&verifier);
    assert_eq!(sections(&verifier), (1, 0, 0));
}

#[test]
fn a_text_has_only_the_sections_that_its_report_has() {
    let has = |add: &[fn(&Verifier)]| {
        let verifier = Verifier::new();
        good(&verifier);
        add.iter().for_each(|add| add(&verifier));
        let text = report(&verifier).to_string();
        ["strayed", "not asserted", "not used"].map(|section| text.contains(section))
    };
    assert_eq!(has(&[broken]), [true, false, false]);
    assert_eq!(has(&[open]), [false, true, false]);
    assert_eq!(has(&[unused]), [false, false, true]);
    assert_eq!(has(&[open, unused]), [false, true, true]);
    assert_eq!(has(&[unused, open, broken]), [true, true, true]);
}

#[test]
fn a_violation_is_told_before_leftovers() {
    let verifier = Verifier::new();
    unused(&verifier);
    open(&verifier);
    broken(&verifier);
    let text = report(&verifier).to_string();
    let place = |section| text.find(section).unwrap();
    assert!(place("strayed") < place("not asserted"), "{text}");
    assert!(place("not asserted") < place("not used"), "{text}");
}

// Case 15, V1.

#[test]
fn an_empty_verifier_passes() {
    Verifier::new().verify();
    Verifier::default().finish_blocking();
    drop(Verifier::explicit());
}

#[test]
fn a_verifier_with_a_connector_that_nobody_uses_passes() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    verifier.verify();
    drop(net);
}

#[test]
fn a_checkpoint_may_be_repeated_and_changes_nothing() {
    let verifier = Verifier::new();
    open(&verifier);
    unused(&verifier);
    broken(&verifier);
    let interactions = verifier.interactions();
    assert_eq!(report(&verifier), report(&verifier));
    assert_eq!(verifier.interactions(), interactions);
}

#[test]
fn a_checkpoint_ends_nothing() {
    let (verifier, mut socket) = double(|peer| peer.expect_send_all(b"a").expect_send_all(b"b"));
    block_on(socket.send_all(b"a")).unwrap();
    assert_eq!(left(&report(&verifier)), [["send_all"]]);
    block_on(socket.send_all(b"b")).unwrap();
    verifier.verify();
    drop(socket);
    verifier.verify();
}

#[test]
fn a_verdict_panics_at_the_line_that_asked_for_it() {
    let verifier = Verifier::new();
    broken(&verifier);
    let text = panics_here(|| verifier.verify());
    assert_eq!(text, report(&verifier).to_string());
    panics_here(|| verifier.finish_blocking());
}

// Cases 9 and 22.

#[test]
fn unused_steps_are_reported_however_far_their_session_came() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    let peer = Endpoint::new("peer", 1);
    let new = |name| {
        net.new_session().expect_connect("peer:1").expect_send_all(b"hi").named(name);
    };
    new("abandoned");
    drop(net.connect(&peer));
    new("taken");
    let taken = net.connect(&peer);
    new("open");
    let open = block_on(connect(&net));
    new("closed");
    drop(block_on(connect(&net)));
    net.new_session().expect_connect("peer:1").never().named("connecting").optional();
    new("queued");
    let report = report(&verifier);
    let stages: Vec<_> = report
        .unused()
        .iter()
        .map(|unused| (unused.session.name.as_deref().unwrap(), unused.stage, unused.steps.len()))
        .collect();
    assert_eq!(
        stages,
        [
            ("abandoned", Stage::NeverAwaited, 2),
            ("taken", Stage::Taken, 2),
            ("open", Stage::Open, 1),
            ("closed", Stage::Closed, 1),
            ("queued", Stage::Queued, 2),
        ]
    );
    drop((taken, open));
    let _ = verifier.try_verify();
}

#[test]
fn a_connect_that_was_given_up_while_it_waited_leaves_its_session_abandoned() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    let patiently = std::time::Duration::from_secs(3600);
    net.new_session().expect_connect("peer:1").after(patiently).expect_close();
    let peer = Endpoint::new("peer", 1);
    let mut connecting = net.connect(&peer);
    let mut cx = Context::from_waker(Waker::noop());
    assert!(connecting.poll_unpin(&mut cx).is_pending());
    assert_eq!(report(&verifier).unused()[0].stage, Stage::Connecting);
    drop(connecting);
    assert_eq!(report(&verifier).unused()[0].stage, Stage::Abandoned);
}

#[test]
fn optional_steps_are_never_reported() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    net.new_session()
        .expect_connect("peer:1")
        .expect_send_all(b"a")
        .optional()
        .expect_send(b"b")
        .optional()
        .expect_recv(b"c")
        .optional()
        .expect_shutdown()
        .optional()
        .expect_close()
        .optional();
    let socket = block_on(connect(&net));
    verifier.verify();
    drop(socket);
    verifier.verify();
    net.new_session().expect_connect("peer:1").optional();
    verifier.verify();
}

#[test]
fn required_steps_that_are_left_after_the_close_are_reported() {
    let (verifier, mut socket) = double(|peer| {
        peer.expect_send_all(b"one").expect_recv(b"1").expect_send_all(b"two").expect_recv(b"2")
    });
    block_on(socket.send_all(b"one")).unwrap();
    drop(socket);
    let report = report(&verifier);
    assert_eq!(left(&report), [["recv", "send_all", "recv"]]);
    assert_eq!(report.unused()[0].stage, Stage::Closed);
}

#[test]
fn a_session_that_is_broken_reports_no_leftovers() {
    let (verifier, mut socket) =
        double(|peer| peer.expect_send_all(any()).expect_recv(b"b").expect_send_all(b"c"));
    block_on(socket.send_all(b"a")).unwrap();
    block_on(socket.send_all(b"d")).unwrap_err();
    drop(socket);
    only_violation(&verifier);
}

// Case 31.
#[test]
fn several_broken_sessions_are_all_reported_in_the_order_in_which_they_broke() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    let session = |name| net.new_session().expect_send_all(b"right").named(name).into_socket();
    let (mut a, mut b, mut c) = (session("a"), session("b"), session("c"));
    block_on(async {
        for socket in [&mut c, &mut a, &mut b] {
            socket.send_all(b"wrong").await.unwrap_err();
        }
    });
    drop((a, b, c));
    let report = report(&verifier);
    let names: Vec<_> =
        report.violations().map(|v| v.session().unwrap().name.as_deref().unwrap()).collect();
    assert_eq!(names, ["c", "a", "b"]);
}

// S9.
everywhere! {
    async fn a_violation_that_the_client_swallows_fails_the_verdict() {
        let (verifier, mut socket) = double(|peer| peer.expect_send_all(b"right"));
        let swallowing = spawn(async move { drop(socket.send_all(b"wrong").await) });
        swallowing.await;
        assert!(only_violation(&verifier).is_mismatch());
    }
}

// Case 19.

#[test]
fn a_socket_that_outlives_its_verifier_says_so() {
    let (verifier, mut socket) = double(|peer| peer.expect_send_all(b"hi").optional());
    let net = verifier.socket();
    verifier.verify();
    drop(verifier);
    let errors = [
        block_on(socket.send(b"hi")).unwrap_err(),
        block_on(socket.recv(&mut [0; 8])).unwrap_err(),
        block_on(socket.shutdown()).unwrap_err(),
        block_on(net.connect(&Endpoint::new("peer", 1))).unwrap_err(),
    ];
    for error in &errors {
        assert!(violation(error).is_verifier_gone(), "{error}");
    }
    let operations = errors.iter().map(|error| violation(error).operation());
    assert_eq!(operations.collect::<Vec<_>>(), ["send", "recv", "shutdown", "connect"]);
}

#[test]
fn a_session_that_would_never_be_judged_is_refused_where_it_is_written() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    let session = net.new_session().expect_connect("peer:1").optional().handle();
    let held = net.new_session();
    drop(held);
    verifier.finish_blocking();
    panics_here(|| drop(net.new_session()));
    panics_here(|| session.assert_connect("peer:1"));
    let error = block_on(net.connect(&Endpoint::new("peer", 1))).unwrap_err();
    assert!(violation(&error).is_verifier_gone(), "{error}");
}

#[test]
fn a_socket_that_is_dropped_after_its_verifier_is_no_use() {
    let (verifier, socket) = double(|peer| peer.expect_close().optional());
    verifier.verify();
    drop(verifier);
    drop(socket);
}

everywhere! {
    async fn who_waits_when_the_verifier_ends_is_told_that_it_is_gone() {
        let (verifier, mut socket) = double(|peer| peer.expect_recv(b"hi").stays_open());
        socket.recv(&mut [0; 8]).await.unwrap();
        let waiting = spawn(async move { socket.recv(&mut [0; 8]).await.unwrap_err() });
        verifier.finish().await;
        assert!(violation(&waiting.await).is_verifier_gone());
    }
}

// V3.

#[test]
fn the_drop_judges_what_was_not_judged() {
    for make in [unused, open, broken] {
        let verifier = Verifier::new();
        make(&verifier);
        let text = report(&verifier).to_string();
        good(&verifier);
        let panic = panic_of(|| drop(verifier)).expect("something happened since the verdict");
        assert_eq!(panic.message, text);
    }
}

#[test]
fn the_drop_does_not_judge_again_what_was_judged() {
    let verifier = Verifier::new();
    broken(&verifier);
    report(&verifier);
    drop(verifier);
}

#[test]
fn the_drop_judges_again_when_a_step_was_used_since() {
    let steps: [fn(&mut ScriptedSocket); 2] = [
        |socket| block_on(socket.send_all(b"ask")).unwrap(),
        |socket| assert_eq!(block_on(socket.recv(&mut [0; 8])).unwrap(), 3),
    ];
    for step in steps {
        let verifier = Verifier::builder().explicit().build();
        let script = verifier.socket().new_session().expect_recv(b"got").expect_send_all(b"ask");
        let mut socket = script.into_socket();
        report(&verifier);
        step(&mut socket);
        assert!(panic_of(|| drop(verifier)).is_some(), "something happened since the verdict");
        drop(socket);
    }
}

#[test]
fn a_socket_of_a_broken_session_that_is_dropped_after_a_verdict_is_nothing_new() {
    let verifier = Verifier::new();
    let mut socket = verifier.socket().new_session().expect_send_all(b"right").into_socket();
    block_on(socket.send_all(b"wrong")).unwrap_err();
    verifier.try_verify().unwrap_err();
    drop(socket);
    drop(verifier); // would panic if it judged once more
}

#[test]
fn the_drop_judges_a_session_that_nobody_opened() {
    let verifier = Verifier::new();
    verifier.socket().new_session().expect_connect("peer:1");
    assert!(panic_of(|| drop(verifier)).is_some());
}

#[test]
fn the_drop_judges_a_connect_that_nothing_was_queued_for() {
    let verifier = Verifier::new();
    block_on(verifier.socket().connect(&Endpoint::new("peer", 1))).unwrap_err();
    assert!(panic_of(|| drop(verifier)).is_some());
    let verifier = Verifier::new();
    block_on(verifier.socket().connect(&Endpoint::new("peer", 1))).unwrap_err();
    report(&verifier);
    block_on(verifier.socket().connect(&Endpoint::new("peer", 1))).unwrap_err();
    assert!(panic_of(|| drop(verifier)).is_some(), "one more was refused since the verdict");
}

// Case 32.
#[test]
fn the_tests_own_panic_stays_the_headline() {
    let panic = panic_of(|| {
        let verifier = Verifier::new();
        broken(&verifier);
        unused(&verifier);
        panic!("the test's own");
    });
    assert_eq!(panic.unwrap().message, "the test's own");
}

trait MayBeSent<A> {
    const CANNOT: bool = true;
}
impl<T: ?Sized> MayBeSent<()> for T {}
struct Can;
impl<T: ?Sized + Send> MayBeSent<Can> for T {}

#[test]
fn a_verifier_stays_with_its_test_and_all_that_it_gives_may_go_anywhere() {
    fn go_anywhere<T: Send + Sync + Unpin + std::fmt::Debug + 'static>() {}
    go_anywhere::<Scripted<Socket>>();
    go_anywhere::<ScriptedSocket>();
    go_anywhere::<Session<Socket>>();
    go_anywhere::<SocketScript>();
    go_anywhere::<Interaction>();
    go_anywhere::<Report>();
    // If a verifier were `Send`, this would not know which of the two to take.
    const { assert!(<Verifier as MayBeSent<_>>::CANNOT) };
}

// Cases 20, 33 and 34, V5: how it reads.

#[test]
fn everything_that_fails_is_an_error() {
    fn is_error<T: Error + Send + Sync + Clone + PartialEq>() {}
    is_error::<Violation>();
    is_error::<Report>();
    is_error::<InvalidEndpoint>();
    fn is_error_too<T: Error + Send + Sync>() {}
    is_error_too::<InvalidArgument>();
}

#[test]
fn an_error_is_of_the_kind_that_a_real_transport_has_or_of_no_kind() {
    let (verifier, mut socket) = double(|peer| peer.expect_shutdown());
    block_on(socket.shutdown()).unwrap();
    assert_eq!(block_on(socket.send(b"x")).unwrap_err().kind(), ErrorKind::BrokenPipe);
    drop(socket);
    only_violation(&verifier);
    let (verifier, mut socket) = double(|peer| peer.expect_send_all(b"right"));
    assert_eq!(block_on(socket.send(b"wrong")).unwrap_err().kind(), ErrorKind::Other);
    drop(socket);
    only_violation(&verifier);
}

#[test]
fn a_violation_is_found_behind_whatever_a_client_makes_of_its_error() {
    let (verifier, mut socket) = double(|peer| peer.expect_send_all(b"right"));
    let error = block_on(socket.send(b"wrong")).unwrap_err();
    drop(socket);
    let told = only_violation(&verifier);
    assert_eq!(Violation::behind(&told), Some(&told));
    assert_eq!(Violation::behind(&error), Some(&told));

    let wrapped = io::Error::other(error);
    assert_eq!(Violation::of(&wrapped), None);
    assert_eq!(Violation::behind(&wrapped), Some(&told));
    let shared = io::Error::other(Arc::new(wrapped));
    assert_eq!(Violation::behind(&shared), Some(&told));
    let anything: Arc<dyn Error + Send + Sync> = Arc::new(shared);
    assert_eq!(Violation::behind(&anything), Some(&told));

    assert_eq!(Violation::behind(&io::Error::other("another reason")), None);
    assert_eq!(Violation::behind(&io::Error::from(ErrorKind::Other)), None);
}

/// The text of the same failure, made anew.
fn text_of_a_failure() -> String {
    let verifier = Verifier::new();
    open(&verifier);
    unused(&verifier);
    broken(&verifier);
    report(&verifier).to_string()
}

#[test]
fn the_same_failure_reads_the_same_every_time() {
    let text = text_of_a_failure();
    assert_eq!(text, text_of_a_failure());
    assert_eq!(text, std::thread::spawn(text_of_a_failure).join().unwrap());
    assert!(!text.contains("0x"), "no addresses: {text}");
}

#[test]
fn a_report_names_the_session_the_step_and_its_line() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    let line = line!() + 1;
    let script = net.new_session().expect_send_all(b"right").named("control").expect_close();
    let mut socket = script.into_socket();
    block_on(socket.send_all(b"wrong")).unwrap_err();
    drop(socket);
    let text = report(&verifier).to_string();
    let place = format!("session #1 `control`, step 1 of 2, written at {}:{line}:", file!());
    assert!(text.contains(&place), "{text}");
    assert!(text.contains(r#".expect_send_all(b"wrong")"#), "a fix to paste: {text}");
}

#[test]
fn what_is_not_asserted_comes_with_an_assertion_to_paste() {
    let verifier = Verifier::new();
    open(&verifier);
    let text = report(&verifier).to_string();
    assert!(text.contains(r#"net.assert_send_all(b"open");"#), "{text}");
    verifier.socket().assert_send_all(b"open");
    verifier.verify();
}

#[test]
fn unused_steps_are_one_line_each_with_their_source_line() {
    let verifier = Verifier::new();
    let line = line!() + 4;
    verifier
        .socket()
        .new_session()
        .expect_connect("peer:1")
        .expect_send_all(b"a\nb")
        .expect_close();
    let text = report(&verifier).to_string();
    for step in 0..3 {
        let place = format!("written at {}:{}:", file!(), line + step);
        let lines: Vec<_> = text.lines().filter(|text| text.contains(&place)).collect();
        assert_eq!(lines.len(), 1, "{text}");
        assert!(lines[0].contains(&format!("step {} of 3", step + 1)), "{text}");
    }
}

#[test]
fn the_timeline_prints_the_conversation_so_far() {
    let verifier = Verifier::new();
    good(&verifier);
    open(&verifier);
    let timeline = verifier.timeline();
    assert_eq!(names(timeline.interactions()), ["send_all", "send_all"]);
    let text = timeline.to_string();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 2, "{text}");
    assert!(lines[0].contains("session #1") && lines[0].contains(r#"b"good""#), "{text}");
    assert!(lines[1].contains("session #2") && lines[1].contains(r#"b"open""#), "{text}");
    let _ = verifier.try_verify();
}

/// Much more than a person reads, and much less than 20 MB.
const BOUND: usize = 4096;

#[test]
fn a_message_about_20_mb_stays_readable() {
    let right = vec![0xff; 20 << 20];
    let mut wrong = right.clone();
    wrong[10 << 20] = 0;
    let (verifier, mut socket) = double(|peer| peer.expect_send_all(right).expect_close());
    let error = block_on(socket.send_all(&wrong)).unwrap_err();
    drop(socket);
    let report = report(&verifier);
    for text in [error.to_string(), report.to_string()] {
        assert!(text.len() < BOUND, "{} bytes", text.len());
        assert!(text.contains(r"byte 10485760: expected b'\xff', got b'\x00'"), "{text}");
    }
}

#[test]
fn an_error_about_20_mb_that_is_unwrapped_stays_readable_too() {
    let (verifier, mut socket) = double(|peer| peer.expect_send_all(vec![0xff; 20 << 20]));
    let error = block_on(socket.send_all(&[0; 20 << 10])).unwrap_err();
    drop(socket);
    let report = report(&verifier);
    for text in [format!("{error:?}"), format!("{report:?}")] {
        assert!(text.len() < BOUND, "{} bytes", text.len());
    }
}

#[test]
fn leftovers_of_20_mb_stay_readable() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    let open = net.new_session().expect_send_all(any()).expect_recv(vec![b'x'; 20 << 20]);
    let mut socket = open.into_socket();
    block_on(socket.send_all(&vec![0xff; 20 << 20])).unwrap();
    drop(socket);
    let text = report(&verifier).to_string();
    assert!(text.len() < BOUND, "{} bytes", text.len());
    assert!(text.contains(r#"b"\xff\xff"#), "{text}");
    let text = panics_here(|| net.assert_send_all(any()));
    assert!(text.len() < BOUND, "{} bytes", text.len());
    let text = panics_here(|| net.assert_send_all(vec![0xff; 20 << 20 | 1]));
    assert!(text.len() < BOUND, "{} bytes", text.len());
}

#[test]
fn bytes_that_are_no_text_are_escaped_and_their_difference_is_marked() {
    let (verifier, mut socket) = double(|peer| peer.expect_send_all(b"\x00\xff\n"));
    let error = block_on(socket.send_all(b"\x00\xfe\n")).unwrap_err();
    drop(socket);
    let text = error.to_string();
    let got = text.lines().find(|line| line.contains("got  ")).unwrap();
    let mark = text.lines().find(|line| line.trim_start().starts_with('^')).unwrap();
    assert!(got.contains(r#"b"\x00\xfe\n""#), "{text}");
    assert_eq!(mark.find('^'), got.find(r"\xfe"), "{text}");
    assert!(mark.ends_with(r"byte 1: expected b'\xff', got b'\xfe'"), "{text}");
    only_violation(&verifier);
}

// V2, as far as verdicts go.

everywhere! {
    async fn finish_waits_until_the_client_has_let_go() {
        let (verifier, socket) = double(|peer| peer.expect_close());
        let closing = spawn(async move { drop(socket) });
        verifier.finish().await;
        closing.await;
    }

    async fn finish_judges_a_client_that_never_lets_go() {
        let verifier = impatient();
        let socket = verifier.socket().new_session().expect_close().into_socket();
        let line = line!() + 1;
        let finished = std::panic::AssertUnwindSafe(verifier.finish()).catch_unwind().await;
        let text = *finished.unwrap_err().downcast::<String>().unwrap();
        assert!(text.contains("still alive"), "{text}");
        let place = format!("judged by `finish` at tests/it/verdicts.rs:{line}:");
        assert!(text.contains(&place), "{text}");
        drop(socket);
    }
}
