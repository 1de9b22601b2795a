//! Much of everything on one verifier: steps, sessions, assertions.

use std::thread;

use futures::executor::block_on;
use wirescript::scripted::{Scripted, Socket};
use wirescript::{AsyncSocketExt, Connect, Verifier, any};

use crate::session::endpoint;

/// How many threads share the sessions.
const THREADS: usize = 8;

/// Writes a script of so many steps, sends and receives in turns, runs it and judges it.
#[must_use = "dropping it gives its memory to whoever comes next"]
pub fn long_script(steps: usize) -> Verifier {
    let verifier = Verifier::new();
    let net = verifier.socket();
    let mut script = net.new_session().expect_send_all(b"ping").expect_recv(b"pong");
    for _ in 1..steps / 2 {
        script = script.expect_send_all(b"ping").expect_recv(b"pong");
    }
    let mut socket = script.into_socket();
    block_on(async {
        let mut reply = [0; 4];
        for _ in 0..steps / 2 {
            socket.send_all(b"ping").await.expect("it is scripted");
            socket.recv_exact(&mut reply).await.expect("it is scripted");
        }
    });
    drop(socket);
    verifier.verify();
    verifier
}

/// Opens so many sessions on one verifier, from all threads, uses them in turns, closes them and
/// judges them. All sockets of a thread are open at once.
#[must_use = "dropping it gives its memory to whoever comes next"]
pub fn many_sessions(sessions: usize) -> Verifier {
    let verifier = Verifier::new();
    let net = verifier.socket();
    for _ in 0..sessions {
        net.new_session()
            .expect_connect("echo.internal:7")
            .expect_send_all(b"ping")
            .expect_recv(b"pong")
            .expect_close();
    }
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let share = sessions / THREADS + usize::from(thread < sessions % THREADS);
            let net = net.clone();
            scope.spawn(move || block_on(use_sessions(&net, share)));
        }
    });
    verifier.verify();
    verifier
}

async fn use_sessions(net: &Scripted<Socket>, sessions: usize) {
    let to = endpoint();
    let mut sockets = Vec::with_capacity(sessions);
    for _ in 0..sessions {
        sockets.push(net.connect(&to).await.expect("it is scripted"));
    }
    for socket in &mut sockets {
        socket.send_all(b"ping").await.expect("it is scripted");
    }
    for socket in &mut sockets {
        socket.recv_exact(&mut [0; 4]).await.expect("it is scripted");
    }
}

/// A verifier on which so many sends were left to be asserted.
pub fn unasserted(sends: usize) -> (Verifier, Scripted<Socket>) {
    let verifier = Verifier::new();
    let net = verifier.socket();
    let script = net.new_session().expect_send(any()).times(sends);
    let mut socket = script.into_socket();
    block_on(async {
        for _ in 0..sends {
            socket.send(b"ping").await.expect("it is scripted");
        }
    });
    (verifier, net)
}

/// Asserts them all, one after another.
pub fn assert_all(net: &Scripted<Socket>, sends: usize) {
    for _ in 0..sends {
        net.assert_send(b"ping");
    }
}

/// Asserts them all in any order, which is the one in which they happened.
pub fn assert_in_any_order(verifier: &Verifier, net: &Scripted<Socket>, sends: usize) {
    verifier.in_any_order(|any| {
        for _ in 0..sends {
            any.on(net).assert_send(b"ping");
        }
    });
}
