//! Every figure to hold, beside its reference in the same run.
//!
//! `cargo bench --package wirescript-benches --bench compare`, with words to choose rows. It fails
//! if a row is not held.

use std::process::ExitCode;

use futures::executor::block_on;
use wirescript_benches::compare::{Comparison, Row, timed, whole};
use wirescript_benches::stream::{self, READ, STEP};
use wirescript_benches::{scale, session};

fn main() -> ExitCode {
    let mut comparison = Comparison::from_args();
    sessions(&mut comparison);
    streams(&mut comparison);
    scales(&mut comparison);
    comparison.conclude()
}

fn sessions(comparison: &mut Comparison) {
    let to = session::endpoint();
    comparison.row(
        Row {
            subject: "session, written to judged",
            reference: "tokio-test",
            hold: Some(2.0),
            aim: Some(1.0),
        },
        whole(|| block_on(session::scripted(&to))),
        whole(|| block_on(session::tokio_test())),
    );
}

fn streams(comparison: &mut Comparison) {
    let step = stream::step();
    let tokio_test = |subject| Row { subject, reference: "tokio-test", hold: Some(1.0), aim: None };
    comparison.row(
        tokio_test("16 KiB steps, read"),
        timed(stream::scripted_reads, |made| block_on(made.receive::<STEP>())),
        timed(stream::tokio_test_reads, |made| block_on(stream::tokio_test_receive(made))),
    );
    comparison.row(
        tokio_test("16 KiB steps, written and compared"),
        timed(stream::scripted_writes, |made| block_on(made.send(&step))),
        timed(stream::tokio_test_writes, |made| block_on(stream::tokio_test_send(made, &step))),
    );
    comparison.row(
        Row { subject: "16 KiB steps, read", reference: "memcpy", hold: None, aim: Some(1.0) },
        timed(stream::scripted_reads, |made| block_on(made.receive::<STEP>())),
        whole(|| stream::copy(&step)),
    );
    let other = step.to_vec();
    comparison.row(
        Row {
            subject: "16 KiB steps, written and compared",
            reference: "memcmp",
            hold: None,
            aim: Some(1.0),
        },
        timed(stream::scripted_writes, |made| block_on(made.send(&step))),
        whole(|| stream::compare(&step, &other)),
    );
    let data = vec![b'x'; stream::LARGE];
    comparison.row(
        Row {
            subject: "one 4 MiB step, read 1 KiB at a time",
            reference: "tokio duplex(64 KiB)",
            hold: Some(1.5),
            aim: Some(1.0),
        },
        timed(stream::scripted_large, |made| block_on(made.receive::<READ>())),
        whole(|| block_on(stream::pipe(&data))),
    );
}

/// What is to grow with the size alone is compared with as much of it in parts, all of which are
/// kept until the last one is through: memory that is new from the system costs much more than
/// memory that was used before, and that is not the question.
fn scales(comparison: &mut Comparison) {
    let linear = |subject| Row {
        subject,
        reference: "itself at a tenth, ten times",
        hold: Some(1.3),
        aim: None,
    };
    let steps = comparison.size(1_000_000);
    comparison.row(
        linear("script of 1,000,000 steps"),
        whole(|| drop(scale::long_script(steps))),
        whole(|| drop([(); 10].map(|()| scale::long_script(steps / 10)))),
    );
    let sessions = comparison.size(10_000);
    comparison.row(
        linear("10,000 sessions over 8 threads"),
        whole(|| drop(scale::many_sessions(sessions))),
        whole(|| drop([(); 10].map(|()| scale::many_sessions(sessions / 10)))),
    );
    let many = comparison.size(100_000);
    let few = many.min(100);
    let constant = |subject| Row {
        subject,
        reference: "itself at 100, a thousand times",
        hold: Some(1.5),
        aim: None,
    };
    comparison.row(
        constant("asserting 100,000 interactions"),
        timed(
            || scale::unasserted(many),
            |(verifier, net)| {
                scale::assert_all(&net, many);
                verifier
            },
        ),
        timed(
            || (0..many / few).map(|_| scale::unasserted(few)).collect::<Vec<_>>(),
            |made| {
                made.iter().for_each(|(_, net)| scale::assert_all(net, few));
                made
            },
        ),
    );
    comparison.row(
        constant("asserting 100,000 interactions in any order"),
        timed(
            || scale::unasserted(many),
            |(verifier, net)| {
                scale::assert_in_any_order(&verifier, &net, many);
                verifier
            },
        ),
        timed(
            || (0..many / few).map(|_| scale::unasserted(few)).collect::<Vec<_>>(),
            |made| {
                for (verifier, net) in &made {
                    scale::assert_in_any_order(verifier, net, few);
                }
                made
            },
        ),
    );
}
