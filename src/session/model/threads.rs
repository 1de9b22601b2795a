//! Clients that block: a thread that waits is woken by whatever would wake a task.
//!
//! Shuttle lets a parked thread wake without a cause, as it may; that neither ends a wait nor
//! renews patience.

use std::io;
use std::sync::Arc;

use shuttle::thread;

use super::{check_by_chance, clock, connector, shared, violations};
use crate::double::BlockingScriptedSocket;
use crate::script::SocketScript;
use crate::session::Shared;
use crate::transport::Endpoint;
use crate::transport::blocking::{Connect, SocketExt};
use crate::verify::Violation;

fn connected<K>(
    shared: &Arc<Shared>,
    write: impl FnOnce(SocketScript) -> SocketScript<K>,
) -> BlockingScriptedSocket {
    write(connector(shared).new_session()).into_blocking_socket()
}

fn violation(error: &io::Error) -> Violation {
    Violation::of(error).expect("the error is the script's").clone()
}

#[test]
fn a_reading_thread_is_woken_by_the_writing_one() {
    check_by_chance(|| {
        let shared = shared();
        let mut writer = connected(&shared, |peer| {
            peer.lockstep()
                .expect_recv(b"hello")
                .expect_send_all(b"ask")
                .expect_recv(b"got")
                .expect_send_all(b"bye")
        });
        let mut reader = writer.try_clone().unwrap();
        let reading = thread::spawn(move || {
            let mut heard = [0; 8];
            reader.recv_exact(&mut heard).map(|()| heard)
        });
        writer.send_all(b"ask").unwrap();
        writer.send_all(b"bye").unwrap();
        assert_eq!(&reading.join().unwrap().unwrap(), b"hellogot");
        drop(writer);
        shared.wait_settled();
        assert!(shared.end(None).is_some_and(|verdict| verdict.is_ok()));
    });
}

#[test]
fn threads_that_read_in_turns_all_get_something() {
    check_by_chance(|| {
        let shared = shared();
        let mut socket = connected(&shared, |peer| peer.expect_send_all(b"ask").expect_recv(b"ab"));
        let readers = [(); 2].map(|()| {
            let mut reader = socket.try_clone().unwrap();
            thread::spawn(move || reader.recv(&mut [0; 1]).unwrap())
        });
        socket.send_all(b"ask").unwrap();
        assert_eq!(readers.map(|reader| reader.join().unwrap()), [1, 1]);
    });
}

#[test]
fn a_thread_that_connects_is_woken_by_progress_elsewhere_and_by_the_end() {
    check_by_chance(|| {
        let shared = shared();
        let net = connector(&shared);
        net.new_session().expect_connect("peer:1").never();
        let connecting = thread::spawn(move || net.connect(&Endpoint::new("peer", 1)).map(drop));
        drop(connected(&shared, |peer| peer.expect_close()));
        assert!(shared.end(None).is_some());
        assert!(violation(&connecting.join().unwrap().unwrap_err()).is_verifier_gone());
    });
}

#[test]
fn threads_that_nothing_wakes_are_all_told_that_they_stalled() {
    check_by_chance(|| {
        let shared = shared();
        let mut first = connected(&shared, |peer| peer.expect_send_all(b"ask").expect_recv(b"got"));
        let mut second = first.try_clone().unwrap();
        clock::run();
        let reading = thread::spawn(move || second.recv(&mut [0; 8]).unwrap_err());
        let told = violation(&first.recv(&mut [0; 8]).unwrap_err());
        assert!(told.is_stalled());
        assert_eq!(violation(&reading.join().unwrap()), told);
        assert_eq!(violations(&shared), [told]);
    });
}

#[test]
fn the_last_handle_closes_on_whichever_thread() {
    check_by_chance(|| {
        let shared = shared();
        let socket = connected(&shared, |peer| peer.expect_close());
        let other = socket.try_clone().unwrap();
        let dropping = thread::spawn(move || drop(other));
        drop(socket);
        shared.wait_settled();
        assert!(shared.end(None).is_some_and(|verdict| verdict.is_ok()));
        dropping.join().unwrap();
    });
}
