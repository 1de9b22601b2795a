//! What a session, a step and an interaction take of memory; and that a call of an adapter takes none.
//!
//! `cargo bench --package wirescript-benches --bench memory`. It is a target of its own because
//! counting takes time.
#![expect(clippy::print_stdout, reason = "printing is what it is for")]

use std::alloc::System;

use futures::executor::block_on;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, Stats, StatsAlloc};
use wirescript::{AsyncSocketExt, Verifier, any};
use wirescript_benches::adapters::{Runtime, Side, Work, calls, client, serve};
use wirescript_benches::session;

#[global_allocator]
static COUNTING: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// So many that what a session has once does not show.
const STEPS: usize = 100_000;

fn main() {
    println!("| what | allocations | bytes allocated | bytes kept |");
    println!("|---|---|---|---|");
    sessions();
    steps();
    left_open();
    adapters();
}

fn sessions() {
    let to = session::endpoint();
    // Whatever is made once for all is made now.
    block_on(session::scripted(&to));
    block_on(session::tokio_test());
    let region = Region::new(COUNTING);
    block_on(session::scripted(&to));
    print("session, written to judged", &region.change(), 1);
    let region = Region::new(COUNTING);
    block_on(session::tokio_test());
    print("the same in tokio-test", &region.change(), 1);
}

/// Steps that state what comes: what writing one takes, and what using it does.
fn steps() {
    let verifier = Verifier::new();
    let region = Region::new(COUNTING);
    let mut script = verifier.socket().new_session().expect_send_all(b"ping").expect_recv(b"pong");
    for _ in 1..STEPS / 2 {
        script = script.expect_send_all(b"ping").expect_recv(b"pong");
    }
    let mut socket = script.into_socket();
    print("step of 4 bytes, stated", &region.change(), STEPS);

    let region = Region::new(COUNTING);
    block_on(async {
        for _ in 0..STEPS / 2 {
            socket.send_all(b"ping").await.expect("it is scripted");
            socket.recv_exact(&mut [0; 4]).await.expect("it is scripted");
        }
    });
    print("interaction with it", &region.change(), STEPS);

    drop(socket);
    let region = Region::new(COUNTING);
    verifier.verify();
    print("judging it", &region.change(), STEPS);
}

/// Steps that leave it open, so that what comes is kept and asserted.
fn left_open() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    let mut socket = net.new_session().expect_send(any()).times(STEPS).into_socket();
    let region = Region::new(COUNTING);
    block_on(async {
        for _ in 0..STEPS {
            socket.send(b"ping").await.expect("it is scripted");
        }
    });
    print("interaction of 4 bytes with `any()`", &region.change(), STEPS);

    let region = Region::new(COUNTING);
    for _ in 0..STEPS {
        net.assert_send(b"ping");
    }
    print("asserting it", &region.change(), STEPS);
}

/// One round of each work. Under the sockets of adapters lies a stream that is always ready, since
/// some runtimes allocate while they wait; under that of the standard library lies its own, over
/// loopback, whose peer allocates nothing.
fn adapters() {
    const ROUNDS: usize = 1000;
    for work in [Work::ECHO, Work::VECTORED] {
        for runtime in Runtime::ALL {
            let mut rounds: Box<dyn FnMut(usize)> = match runtime {
                Runtime::Std => {
                    let mut client = client(runtime, Side::Ours, work, serve(work));
                    Box::new(move |times| _ = client(times))
                }
                _ => Box::new(move |times| _ = calls(runtime, Side::Ours, work, times)),
            };
            // Whatever is made once is made by one round as by many.
            let [once, often] = [1, 1 + ROUNDS].map(|times| {
                rounds(times);
                let region = Region::new(COUNTING);
                rounds(times);
                region.change()
            });
            let name = format!("{runtime}, {}", work.name);
            print(&name, &(often - once), ROUNDS);
            assert_eq!(
                often.allocations + often.reallocations,
                once.allocations + once.reallocations,
                "{name}"
            );
        }
    }
}

fn print(what: &str, stats: &Stats, count: usize) {
    let each = |amount: usize| amount as f64 / count as f64;
    println!(
        "| {what} | {:.2} | {:.0} | {:.0} |",
        each(stats.allocations + stats.reallocations),
        each(stats.bytes_allocated),
        each(stats.bytes_allocated) - each(stats.bytes_deallocated),
    );
}
