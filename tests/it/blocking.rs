//! The scripted double for clients that block (`blocking`): the same scripts, on threads.

use std::io::{self, ErrorKind, Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::task::{Poll, Waker};
use std::thread;
use std::time::Duration;

use wirescript::blocking::{BoxConnector, BoxSocket, Connect, Socket, SocketExt};
use wirescript::scripted::{
    Blocked, BlockingScriptedSocket, Chunks, SocketScript, Violation, ViolationKind,
};
use wirescript::{Endpoint, Timer, Verifier, any};

use crate::promises::{check_broken, check_reset};
use crate::support::{SHORT, impatient};
use crate::witness::{judged, operations, stall, violation, within_reason};

/// What `test` gives; if it hangs, a failure.
#[track_caller]
fn soon<T: Send + 'static>(test: impl FnOnce() -> T + Send + 'static) -> T {
    within_reason(test).unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

fn peer() -> Endpoint {
    Endpoint::new("peer", 1)
}

fn connected<K>(
    verifier: &Verifier,
    write: impl FnOnce(SocketScript) -> SocketScript<K>,
) -> BlockingScriptedSocket {
    write(verifier.socket().new_session()).into_blocking_socket()
}

/// A client that does one thing after the other.
fn fetch_status<C: Connect>(net: &C) -> io::Result<String> {
    let mut socket = net.connect(&peer())?;
    assert_eq!(socket.send(b"STAT")?, 4);
    socket.send_all(b"US\r\n")?;
    let mut code = [0; 3];
    socket.recv_exact(&mut code)?;
    let reply = socket.recv_to_end(16)?;
    socket.disconnect()?;
    Ok(format!("{}|{}", String::from_utf8_lossy(&code), String::from_utf8_lossy(&reply)))
}

fn queue_a_status(verifier: &Verifier) -> wirescript::Scripted<wirescript::scripted::Socket> {
    let net = verifier.socket();
    net.new_session()
        .expect_connect("peer:1")
        .expect_send_all(b"STATUS\r\n")
        .expect_recv(b"200 OK")
        .expect_eof()
        .expect_close();
    net
}

#[test]
fn a_sequential_client_runs_on_every_form_of_the_connector() {
    fn check<C: Connect>(
        wrap: impl FnOnce(wirescript::Scripted<wirescript::scripted::Socket>) -> C,
    ) {
        let verifier = Verifier::new();
        let net = wrap(queue_a_status(&verifier));
        assert_eq!(fetch_status(&net).unwrap(), "200| OK");
        assert_eq!(operations(&verifier), ["connect", "send_all", "recv", "eof", "close"]);
        verifier.finish_blocking();
    }
    check(|net| net);
    check(Connect::boxed);
    check(|net| Connect::boxed(Connect::boxed(net)));
    check(Arc::new);
    check(Box::new);
    check(|net| Box::leak(Box::new(net)) as &_);
}

#[test]
fn whatever_is_cut_the_client_gets_the_same() {
    for chunks in [Chunks::Whole, Chunks::Bytewise, Chunks::Seeded(7)] {
        let verifier = Verifier::builder().chunks(chunks).build();
        assert_eq!(fetch_status(&queue_a_status(&verifier)).unwrap(), "200| OK");
        verifier.finish_blocking();
    }
}

#[test]
fn clients_that_block_and_clients_that_await_share_a_queue() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    net.new_session().expect_connect("peer:1").expect_recv(b"first");
    net.new_session().expect_connect("peer:1").expect_recv(b"second");
    let mut first = net.connect(&peer()).unwrap();
    futures::executor::block_on(async {
        let mut second = wirescript::Connect::connect(&net, &peer()).await.unwrap();
        let mut buffer = [0; 16];
        let len = wirescript::AsyncSocketExt::recv(&mut second, &mut buffer).await.unwrap();
        assert_eq!(&buffer[..len], b"second");
    });
    let mut buffer = [0; 16];
    assert_eq!(first.recv(&mut buffer).unwrap(), 5);
    drop(first);
    verifier.finish_blocking();
}

#[test]
fn a_reader_and_a_writer_on_two_threads_need_no_luck() {
    const ROUNDS: usize = 200;
    soon(|| {
        let verifier = Verifier::new();
        let mut script = verifier.socket().new_session().expect_recv(b"hello");
        for _ in 0..ROUNDS {
            script = script.expect_send_all(b"ask").expect_recv(b"answer");
        }
        let mut writer =
            script.expect_shutdown().expect_eof().expect_close().into_blocking_socket();
        let mut reader = writer.try_clone().unwrap();
        let reading = thread::spawn(move || reader.recv_to_end(usize::MAX));
        for _ in 0..ROUNDS {
            writer.send_all(b"ask").unwrap();
        }
        writer.disconnect().unwrap();
        let heard = reading.join().unwrap().unwrap();
        assert_eq!(heard, [&b"hello"[..], &b"answer".repeat(ROUNDS)].concat());
        verifier.finish_blocking();
    });
}

#[test]
fn in_lockstep_the_threads_wait_for_each_other() {
    soon(|| {
        let verifier = Verifier::new();
        let mut writer = connected(&verifier, |peer| {
            peer.lockstep()
                .expect_recv(b"hello")
                .expect_send_all(b"ask")
                .expect_recv(b"answer")
                .expect_send_all(b"bye")
        });
        let mut reader = writer.try_clone().unwrap();
        let writing = thread::spawn(move || {
            writer.send_all(b"ask")?;
            writer.send_all(b"bye")
        });
        let mut heard = [0; 11];
        reader.recv_exact(&mut heard).unwrap();
        assert_eq!(&heard, b"helloanswer");
        writing.join().unwrap().unwrap();
        drop(reader);
        verifier.finish_blocking();
    });
}

#[test]
fn finish_waits_for_the_last_handle_on_whatever_thread() {
    soon(|| {
        let verifier = Verifier::new();
        let socket = connected(&verifier, |peer| peer.expect_send_all(b"bye").expect_close());
        let mut last = socket.try_clone().unwrap();
        drop(socket);
        assert!(operations(&verifier).is_empty(), "a handle is left");
        let (go, wait) = mpsc::channel::<()>();
        let client = thread::spawn(move || {
            wait.recv().unwrap();
            last.send_all(b"bye").unwrap();
        });
        go.send(()).unwrap();
        verifier.finish_blocking();
        client.join().unwrap();
    });
}

#[test]
fn a_handle_that_is_left_is_an_open_socket() {
    let verifier = impatient();
    let socket = connected(&verifier, |peer| peer.expect_close());
    drop(socket.try_clone().unwrap());
    assert!(judged(&verifier).to_string().contains("close"));
    drop(socket);
    verifier.verify();
}

#[test]
fn a_wait_that_nothing_ends_is_stalled() {
    soon(|| {
        let verifier = impatient();
        let mut socket =
            connected(&verifier, |peer| peer.expect_send_all(b"ask").expect_recv(b"answer"));
        let stalled = violation(&socket.recv(&mut [0; 8]).unwrap_err());
        assert_eq!(stall(&stalled), (Blocked::NotHeard, false));
        assert_eq!(violation(&socket.send_all(b"ask").unwrap_err()), stalled);
        drop(socket);
        assert_eq!(judged(&verifier).violations().collect::<Vec<_>>(), [&stalled]);
    });
}

#[test]
fn a_failure_reads_as_that_of_a_client_that_awaits() {
    fn script(verifier: &Verifier) -> SocketScript<wirescript::scripted::AfterRecv> {
        let session = verifier.socket().new_session().named("control");
        session.expect_send_all(b"PING alice\r\n").expect_recv(b"PONG\r\n")
    }
    /// What the verdict says of a client that sends `request` and listens.
    fn told(request: &'static [u8], blocks: bool) -> String {
        let verifier = impatient();
        if blocks {
            let mut socket = script(&verifier).into_blocking_socket();
            let _ = socket.send_all(request).and_then(|()| socket.recv(&mut [0; 8]));
        } else {
            futures::executor::block_on(async {
                let mut socket = script(&verifier).into_socket();
                if wirescript::AsyncSocketExt::send_all(&mut socket, request).await.is_ok() {
                    let _ = wirescript::AsyncSocketExt::recv(&mut socket, &mut [0; 8]).await;
                }
            });
        }
        judged(&verifier).to_string()
    }
    for request in [&b"PING alicf\r\n"[..], b"PING ali", b"", b"PING alice\r\nPING"] {
        assert_eq!(told(request, true), told(request, false));
    }
}

#[test]
fn two_threads_that_read_at_once_are_both_told() {
    soon(|| {
        let verifier = impatient();
        let mut first = connected(&verifier, |peer| peer.expect_send_all(b"ask").expect_recv(b"x"));
        let mut second = first.try_clone().unwrap();
        let reading = thread::spawn(move || second.recv(&mut [0; 8]).unwrap_err());
        let stalled = violation(&first.recv(&mut [0; 8]).unwrap_err());
        assert_eq!(violation(&reading.join().unwrap()), stalled);
        drop(first);
        assert_eq!(judged(&verifier).violations().len(), 1);
    });
}

#[test]
fn several_threads_that_read_at_once_share_what_there_is() {
    const READERS: usize = 4;
    const LEN: usize = 1000;
    soon(|| {
        let verifier = Verifier::new();
        let mut socket = connected(&verifier, |peer| {
            peer.expect_send_all(b"go").expect_recv([7; LEN]).expect_eof()
        });
        let readers: Vec<_> = (0..READERS)
            .map(|_| {
                let mut reader = socket.try_clone().unwrap();
                thread::spawn(move || {
                    let mut total = 0;
                    loop {
                        match reader.recv(&mut [0; 3]).unwrap() {
                            0 => return total,
                            len => total += len,
                        }
                    }
                })
            })
            .collect();
        socket.send_all(b"go").unwrap();
        let heard: usize = readers.into_iter().map(|reader| reader.join().unwrap()).sum();
        assert_eq!(heard, LEN);
        drop(socket);
        verifier.finish_blocking();
    });
}

/// A poll is what patience is counted from, so that it must not be had for nothing (W2).
#[test]
fn being_unparked_by_others_renews_no_patience() {
    soon(|| {
        let verifier = impatient();
        let mut socket =
            connected(&verifier, |peer| peer.expect_send_all(b"ask").expect_recv(b"x"));
        let (client, is_over) = (thread::current(), Arc::new(AtomicBool::new(false)));
        let disturber = {
            let is_over = Arc::clone(&is_over);
            thread::spawn(move || {
                while !is_over.load(Ordering::Relaxed) {
                    client.unpark();
                    thread::sleep(SHORT / 20);
                }
            })
        };
        let stalled = violation(&socket.recv(&mut [0; 8]).unwrap_err());
        assert_eq!(stall(&stalled), (Blocked::NotHeard, false));
        is_over.store(true, Ordering::Relaxed);
        disturber.join().unwrap();
        drop(socket);
        assert!(verifier.try_verify().is_err());
    });
}

#[test]
fn a_wrong_byte_is_told_to_every_handle_and_to_the_verdict() {
    soon(|| {
        let verifier = Verifier::new();
        let mut writer = connected(&verifier, |peer| {
            peer.expect_send_all(b"PING alice\r\n").expect_recv(b"PONG\r\n")
        });
        let mut reader = writer.try_clone().unwrap();
        let reading = thread::spawn(move || reader.recv(&mut [0; 8]).unwrap_err());
        let error = writer.send_all(b"PING alicf\r\n").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Other);
        let wrong = violation(&error);
        assert!(wrong.is_mismatch());
        assert_eq!(violation(&reading.join().unwrap()), wrong);
        assert_eq!(violation(&writer.shutdown().unwrap_err()), wrong);
        drop(writer);
        assert_eq!(judged(&verifier).violations().collect::<Vec<_>>(), [&wrong]);
    });
}

#[test]
fn a_client_is_told_when_nobody_is_expected_and_again() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    for _ in 0..3 {
        let error = net.connect(&peer()).unwrap_err();
        let kind = Violation::of(&error).unwrap().kind();
        assert!(matches!(kind, ViolationKind::NoSession { .. }), "{kind:?}");
    }
    assert_eq!(net.connect(&Endpoint::new("", 1)).unwrap_err().kind(), ErrorKind::InvalidInput);
    assert_eq!(judged(&verifier).violations().len(), 1);
}

#[test]
fn a_thread_that_waits_is_told_that_the_verifier_is_gone() {
    soon(|| {
        let verifier = Verifier::new();
        let mut socket = connected(&verifier, |peer| peer.expect_send_all(b"hi").stays_open());
        socket.send_all(b"hi").unwrap();
        let mut reader = socket.try_clone().unwrap();
        let reading = thread::spawn(move || reader.recv(&mut [0; 8]).unwrap_err());
        verifier.finish_blocking();
        assert!(violation(&reading.join().unwrap()).is_verifier_gone());
        assert!(violation(&socket.send_all(b"x").unwrap_err()).is_verifier_gone());
    });
}

#[test]
fn c4_reading_goes_on_after_the_clients_own_shutdown() {
    let verifier = Verifier::new();
    let mut socket = connected(&verifier, |peer| {
        peer.expect_send_all(b"ask").expect_shutdown().expect_recv(b"late").expect_eof()
    });
    socket.send_all(b"ask").unwrap();
    socket.shutdown().unwrap();
    socket.shutdown().unwrap();
    assert_eq!(socket.recv_to_end(16).unwrap(), b"late");
    for _ in 0..3 {
        assert_eq!(socket.recv(&mut [0; 8]).unwrap(), 0);
        socket.shutdown().unwrap();
    }
    drop(socket);
    verifier.verify();
}

#[test]
fn c4_a_write_after_the_clients_own_shutdown_is_a_broken_pipe() {
    let verifier = Verifier::new();
    let mut socket = connected(&verifier, |peer| peer.expect_shutdown());
    let mut other = socket.try_clone().unwrap();
    socket.shutdown().unwrap();
    assert_eq!(other.send(b"x").unwrap_err().kind(), ErrorKind::BrokenPipe);
    drop((socket, other));
    assert!(verifier.try_verify().is_err());
}

#[test]
fn c5_a_reset_is_told_once_to_whichever_handle_asks_first() {
    for is_read in [true, false] {
        let verifier = Verifier::new();
        let mut socket = connected(&verifier, |peer| peer.expect_reset());
        let mut other = socket.try_clone().unwrap();
        if is_read {
            check_reset(socket.recv(&mut [0; 8]));
        } else {
            check_reset(socket.send(b"x"));
        }
        check_broken(&mut other);
        check_broken(&mut socket);
        drop((socket, other));
        verifier.verify();
    }
}

#[test]
fn c7_timeouts_are_scripted_like_any_error_and_lose_nothing() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    net.new_session().expect_connect("peer:1").raises(ErrorKind::TimedOut);
    net.new_session()
        .expect_connect("peer:1")
        .expect_send(b"ask")
        .raises(ErrorKind::TimedOut)
        .expect_send(b"ask")
        .expect_recv_error(ErrorKind::TimedOut)
        .expect_recv(b"late");
    assert_eq!(net.connect(&peer()).unwrap_err().kind(), ErrorKind::TimedOut);
    let mut socket = net.connect(&peer()).unwrap();
    assert_eq!(socket.send(b"ask").unwrap_err().kind(), ErrorKind::TimedOut);
    assert_eq!(socket.send(b"ask").unwrap(), 3);
    assert_eq!(socket.recv(&mut [0; 8]).unwrap_err().kind(), ErrorKind::TimedOut);
    assert_eq!(socket.recv(&mut [0; 8]).unwrap(), 4);
    drop(socket);
    verifier.finish_blocking();
}

#[test]
fn c3_buffers_may_be_empty_and_several() {
    let verifier = Verifier::new();
    let mut socket = connected(&verifier, |peer| peer.expect_send(b"onetwo").expect_recv(b"three"));
    assert_eq!(socket.read(&mut []).unwrap(), 0);
    assert_eq!(socket.write(&[]).unwrap(), 0);
    let bufs = [io::IoSlice::new(b"one"), io::IoSlice::new(b""), io::IoSlice::new(b"two")];
    assert_eq!(socket.write_vectored(&bufs).unwrap(), 6);
    assert_eq!(socket.recv_to_end(4).unwrap_err().kind(), ErrorKind::InvalidData);
    drop(socket);
    verifier.verify();
}

#[test]
fn a_run_without_an_end_ends_when_the_thread_turns_to_reading_on_whichever_handle() {
    soon(|| {
        let verifier = impatient();
        let mut writer =
            connected(&verifier, |peer| peer.expect_send_all(any()).expect_recv(b"answer"));
        let mut reader = writer.try_clone().unwrap();
        writer.write_all(b"a request without an end").unwrap();
        assert_eq!(reader.recv(&mut [0; 8]).unwrap(), 6);
        drop((writer, reader));
        verifier.socket().assert_send_all(b"a request without an end");
        verifier.verify();
    });
}

#[test]
fn a_run_without_an_end_does_not_end_when_another_thread_reads() {
    soon(|| {
        let verifier = Verifier::new();
        let mut writer =
            connected(&verifier, |peer| peer.expect_send_all(any()).expect_recv(b"answer"));
        let mut reader = writer.try_clone().unwrap();
        writer.write_all(b"one, ").unwrap();
        let reading = thread::spawn(move || reader.recv(&mut [0; 8]));
        writer.write_all(b"two").unwrap();
        writer.flush().unwrap();
        assert_eq!(reading.join().unwrap().unwrap(), 6);
        drop(writer);
        verifier.socket().assert_send_all(b"one, two");
        verifier.verify();
    });
}

#[test]
fn what_the_script_goes_on_with_wakes_a_thread() {
    soon(|| {
        let verifier = Verifier::new();
        let script = verifier.socket().new_session().expect_connect("peer:1").open_ended();
        let session = script.handle();
        let mut socket = verifier.socket().connect(&peer()).unwrap();
        let reading = thread::spawn(move || {
            let mut news = [0; 4];
            socket.recv_exact(&mut news).map(|()| news)
        });
        session.then(|script| script.expect_recv(b"news").expect_close());
        assert_eq!(&reading.join().unwrap().unwrap(), b"news");
        verifier.finish_blocking();
    });
}

#[test]
fn delays_pass_in_real_time() {
    soon(|| {
        let verifier = Verifier::new();
        let net = verifier.socket();
        net.new_session()
            .expect_connect("peer:1")
            .after(SHORT / 5)
            .expect_recv(b"x")
            .after(SHORT / 5);
        let begun = std::time::Instant::now();
        let mut socket = net.connect(&peer()).unwrap();
        assert_eq!(socket.recv(&mut [0; 8]).unwrap(), 1);
        assert!(begun.elapsed() >= SHORT / 5 * 2);
        drop(socket);
        verifier.finish_blocking();
    });
}

/// A timer whose sleeps are over at the second poll, as those of virtual time are.
#[derive(Default)]
struct AtOnce;

impl Timer for AtOnce {
    fn sleep(&self, _: Duration) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>> {
        let mut is_begun = false;
        Box::pin(std::future::poll_fn(move |cx| {
            if std::mem::replace(&mut is_begun, true) {
                return Poll::Ready(());
            }
            let waker: Waker = cx.waker().clone();
            thread::spawn(move || waker.wake());
            Poll::Pending
        }))
    }
}

#[test]
fn delays_pass_on_the_verifiers_timer() {
    soon(|| {
        const LONG: Duration = Duration::from_secs(3600);
        let verifier = Verifier::builder().timer(AtOnce).build();
        let mut socket = connected(&verifier, |peer| {
            peer.expect_recv(b"one").after(LONG).expect_recv(b"two").after(LONG)
        });
        let mut heard = [0; 6];
        socket.recv_exact(&mut heard).unwrap();
        assert_eq!(&heard, b"onetwo");
        drop(socket);
        verifier.finish_blocking();
    });
}

#[test]
fn a_client_that_never_waits_gets_through_a_long_script() {
    const LEN: usize = 10_000;
    let verifier = Verifier::new();
    let mut socket =
        connected(&verifier, |peer| peer.expect_recv(vec![1; LEN]).expect_send_all(vec![2; LEN]));
    for _ in 0..LEN {
        assert_eq!(socket.recv(&mut [0; 1]).unwrap(), 1);
    }
    for _ in 0..LEN {
        assert_eq!(socket.send(&[2]).unwrap(), 1);
    }
    drop(socket);
    verifier.verify();
}

#[test]
fn a_socket_may_be_used_where_a_thread_ends() {
    thread_local! {
        static LAST: std::cell::RefCell<Option<Parting>> = const { std::cell::RefCell::new(None) };
    }
    struct Parting(BlockingScriptedSocket);
    impl Drop for Parting {
        fn drop(&mut self) {
            assert_eq!(self.0.recv(&mut [0; 8]).unwrap(), 3);
            self.0.send_all(b"bye").unwrap();
        }
    }
    soon(|| {
        let verifier = Verifier::new();
        let socket = connected(&verifier, |peer| {
            peer.expect_recv(b"end").expect_send_all(b"bye").expect_close()
        });
        thread::spawn(|| LAST.set(Some(Parting(socket)))).join().unwrap();
        verifier.finish_blocking();
    });
}

#[test]
fn everything_may_be_sent_and_shared_and_shown() {
    fn check<T: Send + Sync + Unpin + std::fmt::Debug + 'static>() {}
    check::<BlockingScriptedSocket>();
    check::<wirescript::blocking::StdConnector>();
    check::<wirescript::blocking::StdSocket>();
    check::<BoxConnector>();
    fn check_send<T: Send + std::fmt::Debug + 'static>() {}
    check_send::<BoxSocket>();
    let verifier = Verifier::new();
    let net = verifier.socket();
    net.new_session().expect_connect("192.0.2.7:1").expect_close();
    let socket = Connect::boxed(net).connect(&Endpoint::new("192.0.2.7", 1)).unwrap();
    let clone = socket.try_clone().unwrap();
    assert_eq!(clone.info().peer_addr(), Some(([192, 0, 2, 7], 1).into()));
    assert_eq!(format!("{clone:?}"), format!("{socket:?}"));
    drop((socket, clone));
    verifier.verify();
}
