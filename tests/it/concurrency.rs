//! Tasks and threads on one verifier: nothing needs luck, and nothing slips by.

use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;

use futures::executor::block_on;
use futures::future::join_all;
use futures::{AsyncReadExt, AsyncWriteExt, FutureExt, join, poll};
use wirescript::scripted::{ScriptedSocket, SessionLabel, Socket};
use wirescript::{AsyncSocketExt, Connect, Endpoint, Scripted, Verifier, any, connect_fn};

use crate::support::{SHORT, connect, everywhere, fetch_status, spawn};
use crate::witness::{judged, operations, timeout, violation, within_reason};

/// A session in which the client is greeted, asks `rounds` times and is answered.
fn rounds(net: &Scripted<Socket>, rounds: usize) {
    let mut script = net.new_session().expect_connect("peer:1").expect_recv(b"hello;");
    for round in 0..rounds {
        script = script
            .expect_send_all(format!("ask {round:04};"))
            .expect_recv(format!("got {round:04};").into_bytes());
    }
    drop(script.expect_close());
}

everywhere! {
    async fn a_reader_and_a_writer_in_two_tasks_need_no_luck() {
        let verifier = Verifier::new();
        let net = verifier.socket();
        let mut script = net.new_session().expect_connect("peer:1").expect_recv(b"hello");
        for _ in 0..50 {
            script = script.expect_send_all(b"ask").expect_recv(b"answer");
        }
        drop(script.expect_shutdown().expect_recv(b"bye").expect_eof().expect_close());
        let (mut reader, mut writer) = connect(&net).await.split();
        let reading = spawn(async move {
            let mut heard = Vec::new();
            reader.read_to_end(&mut heard).await.unwrap();
            heard
        });
        let writing = spawn(async move {
            for _ in 0..50 {
                writer.write_all(b"ask").await.unwrap();
            }
            writer.close().await.unwrap();
        });
        let (heard, ()) = join!(reading, writing);
        assert_eq!(heard, [b"hello".to_vec(), b"answer".repeat(50), b"bye".to_vec()].concat());
        verifier.finish().await;
    }

    async fn a_reader_that_drives_the_writer_needs_no_luck() {
        let verifier = Verifier::new();
        let net = verifier.socket();
        let script = net.new_session().expect_connect("peer:1");
        let mut script = script.expect_send_all(b"ask").expect_recv(b"answer");
        for _ in 1..50 {
            script = script.expect_send_all(b"ask").expect_recv(b"answer");
        }
        drop(script.expect_close());
        let (mut reader, mut writer) = connect(&net).await.split();
        let (next, mut turns) = futures::channel::mpsc::unbounded();
        let writing = spawn(async move {
            for _ in 0..50 {
                writer.write_all(b"ask").await.unwrap();
                futures::StreamExt::next(&mut turns).await.unwrap();
            }
        });
        let reading = spawn(async move {
            for _ in 0..50 {
                reader.read_exact(&mut [0; 6]).await.unwrap();
                next.unbounded_send(()).unwrap();
            }
        });
        join!(reading, writing);
        verifier.finish().await;
    }

    async fn a_select_loop_writes_while_unread_data_waits() {
        let verifier = Verifier::new();
        let net = verifier.socket();
        net.new_session()
            .expect_connect("peer:1")
            .expect_recv(b"news 1;")
            .expect_recv(b"news 2;")
            .expect_send_all(b"ask 1;ask 2;ask 3;")
            .expect_recv(b"answer;")
            .expect_eof()
            .expect_close();
        let (mut reader, mut writer) = connect(&net).await.split();
        let (mut heard, mut asked) = (Vec::new(), 0);
        let mut buffer = [0; 4];
        loop {
            let reading = reader.read(&mut buffer).fuse();
            let asking = async {
                if asked == 3 {
                    futures::future::pending::<()>().await;
                }
                writer.write_all(format!("ask {};", asked + 1).as_bytes()).await.unwrap();
            }.fuse();
            futures::select! {
                () = pin!(asking) => asked += 1,
                received = pin!(reading) => match received.unwrap() {
                    0 => break,
                    count => heard.extend_from_slice(&buffer[..count]),
                },
            }
        }
        assert_eq!(heard, b"news 1;news 2;answer;");
        drop((reader, writer));
        verifier.finish().await;
    }

    async fn a_select_loop_that_drops_its_recv_every_time_loses_nothing() {
        let verifier = Verifier::new();
        let net = verifier.socket();
        net.new_session()
            .expect_connect("peer:1")
            .expect_send_all(b"ask 1;ask 2;ask 3;")
            .expect_recv(b"answer;")
            .expect_eof()
            .expect_close();
        let mut socket = connect(&net).await;
        for number in 1..=3 {
            // The recv is polled first each time, and given up.
            assert!(poll!(pin!(socket.recv(&mut [0; 8]))).is_pending());
            socket.send_all(format!("ask {number};").as_bytes()).await.unwrap();
        }
        assert_eq!(socket.recv_to_end(16).await.unwrap(), b"answer;");
        drop(socket);
        verifier.finish().await;
    }

    async fn splitting_with_a_delayed_step_does_not_deadlock() {
        let verifier = Verifier::new();
        let net = verifier.socket();
        net.new_session()
            .expect_connect("peer:1")
            .expect_recv(b"late").after(SHORT / 2)
            .expect_send_all(b"ask")
            .expect_close();
        let (mut reader, mut writer) = connect(&net).await.split();
        let reading = spawn(async move {
            reader.read_exact(&mut [0; 4]).await.unwrap();
        });
        writer.write_all(b"ask").await.unwrap();
        drop(writer);
        reading.await;
        verifier.finish().await;
    }

    async fn a_driver_task_that_shuts_down_after_the_client_was_dropped_is_waited_for() {
        let verifier = Verifier::new();
        let net = verifier.socket();
        net.new_session()
            .expect_connect("peer:1")
            .expect_send_all(b"ask")
            .expect_recv(b"answer")
            .expect_shutdown()
            .expect_close();
        let mut socket = connect(&net).await;
        let (client, mut commands) = futures::channel::mpsc::unbounded::<()>();
        let (answers, mut answer) = futures::channel::mpsc::unbounded();
        drop(spawn(async move {
            while futures::StreamExt::next(&mut commands).await.is_some() {
                socket.send_all(b"ask").await.unwrap();
                let mut answer = [0; 6];
                socket.recv_exact(&mut answer).await.unwrap();
                answers.unbounded_send(answer).unwrap();
            }
            socket.disconnect().await.unwrap();
        }));
        client.unbounded_send(()).unwrap();
        assert_eq!(futures::StreamExt::next(&mut answer).await.unwrap(), *b"answer");
        drop(client);
        verifier.finish().await;
    }

    async fn a_violation_that_the_client_swallows_fails_the_verdict() {
        let verifier = Verifier::new();
        let net = verifier.socket();
        net.new_session().expect_connect("peer:1").expect_send_all(b"ask");
        let mut socket = connect(&net).await;
        let _ = socket.send_all(b"bark").await;
        drop(socket);
        let report = judged(&verifier);
        assert!(report.violations().all(wirescript::scripted::Violation::is_mismatch));
        assert_eq!(report.violations().len(), 1);
    }

    async fn a_violation_in_a_task_whose_handle_is_dropped_fails_the_verdict() {
        let verifier = Verifier::new();
        let net = verifier.socket();
        net.new_session().expect_connect("peer:1").expect_send_all(b"ask");
        let mut socket = connect(&net).await;
        drop(spawn(async move {
            let _ = socket.send_all(b"bark").await;
        }));
        let frame = std::panic::AssertUnwindSafe(verifier.finish()).catch_unwind().await;
        let told = crate::witness::text(frame.unwrap_err());
        assert!(told.starts_with("the client strayed from the script"), "{told}");
    }

    async fn a_task_that_waits_is_told_when_another_strays() {
        let verifier = Verifier::new();
        let net = verifier.socket();
        net.new_session()
            .expect_connect("peer:1")
            .expect_send_all(b"ask")
            .expect_recv(b"answer");
        let (mut reader, mut writer) = connect(&net).await.split();
        let waiting = spawn(async move {
            (reader.read(&mut [0; 8]).await.unwrap_err(), reader)
        });
        let strayed = writer.write_all(b"bark").await.unwrap_err();
        let (told, reader) = waiting.await;
        assert_eq!(violation(&told), violation(&strayed));
        drop((reader, writer));
        assert_eq!(judged(&verifier).violations().len(), 1);
    }

    async fn several_broken_sessions_are_all_reported() {
        let verifier = Verifier::new();
        let net = verifier.socket();
        for name in ["one", "two", "three"] {
            net.new_session().named(name).expect_connect("peer:1").expect_send_all(b"ask");
        }
        let (one, two, three) = (connect(&net).await, connect(&net).await, connect(&net).await);
        let straying = [three, one, two].map(|mut socket| spawn(async move {
            let _ = socket.send_all(b"bark").await;
        }));
        for task in straying {
            task.await;
        }
        let report = judged(&verifier);
        let mut sessions: Vec<_> =
            report.violations().filter_map(|one| one.session()).map(SessionLabel::number).collect();
        sessions.sort_unstable();
        assert_eq!(sessions, [1, 2, 3]);
    }

    async fn two_connections_interleave_and_each_follows_its_script() {
        let verifier = Verifier::new();
        let net = verifier.socket();
        net.new_session().expect_connect("a:1").expect_recv(b"from a").expect_close();
        net.new_session().expect_connect("b:1").expect_recv(b"from b").expect_close();
        let mut a = net.connect(&Endpoint::new("a", 1)).await.unwrap();
        let mut b = net.connect(&Endpoint::new("b", 1)).await.unwrap();
        b.recv_exact(&mut [0; 6]).await.unwrap();
        a.recv_exact(&mut [0; 6]).await.unwrap();
        drop(a);
        drop(b);
        assert_eq!(
            operations(&verifier),
            ["connect", "connect", "recv", "recv", "close", "close"]
        );
        net.assert_connect("a:1");
        net.assert_connect("b:1");
        net.assert_recv(6, b"from b");
        net.assert_recv(6, b"from a");
        net.assert_close();
        net.assert_close();
        verifier.finish().await;
    }

    async fn a_transport_may_be_moved_to_any_thread_and_still_reports() {
        let verifier = Verifier::new();
        let net = verifier.socket();
        net.new_session()
            .expect_connect("peer:1")
            .expect_send_all(b"here")
            .expect_send_all(b"there")
            .expect_recv(b"answer")
            .expect_close();
        let mut socket = connect(&net).await;
        socket.send_all(b"here").await.unwrap();
        let mut socket = spawn(async move {
            socket.send_all(b"there").await.unwrap();
            socket
        }).await;
        let elsewhere = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(async { socket.recv_exact(&mut [0; 6]).await.unwrap() });
        });
        elsewhere.join().unwrap();
        assert_eq!(operations(&verifier), ["connect", "send_all", "send_all", "recv", "close"]);
        verifier.finish().await;
    }

    async fn connects_take_sessions_in_the_order_of_the_calls() {
        let verifier = Verifier::new();
        let net = verifier.socket();
        let check = async |net: &dyn Connecting| {
            verifier.socket().new_session().expect_connect("first:1").expect_close();
            verifier.socket().new_session().expect_connect("second:2").expect_close();
            net.connect_in_reverse().await;
        };
        check(&net).await;
        check(&&net).await;
        check(&Arc::new(net.clone())).await;
        check(&Box::new(net.clone())).await;
        check(&net.clone().boxed()).await;
        check(&net.clone().boxed().boxed()).await;
        check(&Arc::new(Box::new(net.clone().boxed()))).await;
        check(&Arc::new(net.clone()).boxed()).await;
        verifier.finish().await;
    }

    async fn a_connector_made_of_a_function_calls_it_at_once() {
        let calls = Arc::new(AtomicUsize::new(0));
        let verifier = Verifier::new();
        let net = verifier.socket();
        let counting = connect_fn({
            let (calls, net) = (Arc::clone(&calls), net.clone());
            move |to: Endpoint| {
                let call = calls.fetch_add(1, Ordering::SeqCst);
                let socket = net
                    .new_session()
                    .named(format!("call {call} for {}", to.host()))
                    .expect_send_all(format!("{call}"))
                    .expect_close()
                    .into_socket();
                async move { Ok(socket) }
            }
        });
        let counting = Arc::new(counting).boxed();
        let (a, b) = (Endpoint::new("a", 1), Endpoint::new("b", 1));
        let (first, second) = (counting.connect(&a), counting.connect(&b));
        assert_eq!(calls.load(Ordering::SeqCst), 2);
        second.await.unwrap().send_all(b"1").await.unwrap();
        first.await.unwrap().send_all(b"0").await.unwrap();
        verifier.finish().await;
    }

    async fn a_connector_is_one_queue_for_all_its_clones() {
        let verifier = Verifier::new();
        for number in 0..8 {
            let reply = format!("{number}").into_bytes();
            verifier
                .socket()
                .new_session()
                .expect_connect("monitoring.internal:5000")
                .expect_send_all(b"STATUS\r\n")
                .expect_recv(reply)
                .expect_eof()
                .expect_close();
        }
        let clients = (0..8).map(|_| {
            let net = verifier.socket();
            spawn(async move { fetch_status(&net, "monitoring.internal", 5000).await.unwrap() })
        });
        let mut replies = join_all(clients.collect::<Vec<_>>()).await;
        replies.sort_unstable();
        assert_eq!(replies.concat(), "01234567");
        verifier.finish().await;
    }

    async fn a_client_that_reads_the_end_for_ever_lets_others_run() {
        let verifier = Verifier::new();
        let net = verifier.socket();
        net.new_session().expect_connect("peer:1").expect_eof().expect_close();
        let mut socket = connect(&net).await;
        let mut reading = Box::pin(async {
            for _ in 0..100_000 {
                assert_eq!(socket.recv(&mut [0; 8]).await.unwrap(), 0);
            }
        });
        assert!(poll!(&mut reading).is_pending(), "now and then a ready operation yields (B11)");
        drop(reading);
        drop(socket);
        verifier.finish().await;
    }

    async fn a_client_that_is_always_answered_at_once_lets_others_run() {
        let verifier = Verifier::new();
        let net = verifier.socket();
        rounds(&net, 500);
        let mut socket = connect(&net).await;
        let mut client = Box::pin(async {
            socket.recv_exact(&mut [0; 6]).await.unwrap();
            for round in 0..500 {
                socket.send_all(format!("ask {round:04};").as_bytes()).await.unwrap();
                socket.recv_exact(&mut [0; 9]).await.unwrap();
            }
        });
        assert!(poll!(&mut client).is_pending(), "now and then a ready operation yields (B11)");
        client.await;
        drop(socket);
        verifier.finish().await;
    }

    async fn a_client_that_writes_into_a_broken_pipe_for_ever_lets_others_run() {
        let verifier = Verifier::new();
        let net = verifier.socket();
        net.new_session().expect_connect("peer:1").expect_reset().expect_close();
        let mut socket = connect(&net).await;
        socket.recv(&mut [0; 8]).await.unwrap_err();
        let mut writing = Box::pin(async {
            for _ in 0..100_000 {
                socket.send(b"more").await.unwrap_err();
            }
        });
        assert!(poll!(&mut writing).is_pending(), "now and then a ready operation yields (B11)");
        drop(writing);
        drop(socket);
        verifier.finish().await;
    }

    async fn tasks_on_many_sessions_keep_their_scripts_apart() {
        let verifier = Verifier::new();
        let net = verifier.socket();
        for _ in 0..20 {
            rounds(&net, 20);
        }
        let clients = (0..20).map(|_| {
            let net = net.clone();
            spawn(async move {
                let (mut reader, mut writer) = connect(&net).await.split();
                let writing = async {
                    for round in 0..20 {
                        writer.write_all(format!("ask {round:04};").as_bytes()).await.unwrap();
                    }
                };
                let reading = async {
                    reader.read_exact(&mut [0; 6]).await.unwrap();
                    for round in 0..20 {
                        let mut answer = [0; 9];
                        reader.read_exact(&mut answer).await.unwrap();
                        assert_eq!(answer, format!("got {round:04};").as_bytes());
                    }
                };
                join!(writing, reading);
            })
        });
        join_all(clients.collect::<Vec<_>>()).await;
        verifier.finish().await;
    }
}

#[test]
fn ten_thousand_sessions_are_open_at_once_over_eight_threads() {
    const SESSIONS: usize = 10_000;
    const THREADS: usize = 8;
    let verifier = Verifier::new();
    let net = verifier.socket();
    for number in 0..SESSIONS {
        net.new_session()
            .expect_connect("peer:1")
            .expect_send_all("who")
            .expect_recv(format!("{number:04}"))
            .expect_close();
    }
    let opens = || block_on(join_all((0..SESSIONS / THREADS).map(|_| connect(&net))));
    let open: Vec<Vec<ScriptedSocket>> = thread::scope(|scope| {
        let threads = [(); THREADS].map(|()| scope.spawn(opens));
        threads.map(|thread| thread.join().unwrap()).into()
    });
    let asks = async |mut socket: ScriptedSocket| {
        socket.send_all(b"who").await.unwrap();
        let mut answer = [0; 4];
        socket.recv_exact(&mut answer).await.unwrap();
        std::str::from_utf8(&answer).unwrap().parse::<usize>().unwrap()
    };
    let mut numbers: Vec<usize> = thread::scope(|scope| {
        let threads = open
            .into_iter()
            .map(|sockets| scope.spawn(move || block_on(join_all(sockets.into_iter().map(asks)))));
        let threads: Vec<_> = threads.collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    verifier.verify();
    numbers.sort_unstable();
    assert!(numbers.into_iter().eq(0..SESSIONS), "each session has one client");
}

#[test]
fn ten_threads_record_fifty_interactions_each() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    for _ in 0..10 {
        let script = net.new_session().expect_connect("peer:1");
        let mut script = script.expect_send_all(b"ask").expect_recv(b"answer");
        for _ in 1..24 {
            script = script.expect_send_all(b"ask").expect_recv(b"answer");
        }
        drop(script.expect_close());
    }
    let threads = [(); 10].map(|()| {
        let net = net.clone();
        thread::spawn(move || {
            block_on(async {
                let mut socket = connect(&net).await;
                for _ in 0..24 {
                    socket.send_all(b"ask").await.unwrap();
                    socket.recv_exact(&mut [0; 6]).await.unwrap();
                }
            });
        })
    });
    for thread in threads {
        thread.join().unwrap();
    }
    let sequences: Vec<_> = verifier.interactions().iter().map(|one| one.sequence).collect();
    assert_eq!(sequences, (0..500).collect::<Vec<_>>());
    verifier.finish_blocking();
}

#[test]
fn ten_threads_that_stray_are_all_told_of() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    for _ in 0..10 {
        net.new_session().expect_connect("peer:1").expect_send_all(b"ask");
    }
    let threads = [(); 10].map(|()| {
        let net = net.clone();
        thread::spawn(move || {
            block_on(async {
                let _ = connect(&net).await.send_all(b"bark").await;
            });
        })
    });
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!(judged(&verifier).violations().len(), 10);
}

/// What drops when the last waker does: a task that nothing else keeps alive.
struct Owner(#[allow(dead_code, reason = "it is there to be dropped")] Mutex<ScriptedSocket>);

impl Wake for Owner {
    fn wake(self: Arc<Self>) {}
}

/// Parks a task that owns a socket and lives by its waker alone, then does `what`.
#[track_caller]
fn check_a_task_that_goes_with_its_waker(
    park: fn(&mut ScriptedSocket, &mut Context<'_>),
    what: fn(ScriptedSocket),
) {
    let test = within_reason(move || {
        let verifier = Verifier::new();
        let net = verifier.socket();
        let mut socket = net
            .new_session()
            .expect_send_all(any())
            .expect_recv(b"answer")
            .expect_close()
            .into_socket();
        let owned = net.new_session().expect_close().into_socket();
        let owner = Arc::new(Owner(Mutex::new(owned)));
        let task = Arc::downgrade(&owner);
        let waker = Waker::from(owner);
        park(&mut socket, &mut Context::from_waker(&waker));
        drop(waker);
        what(socket);
        assert!(task.upgrade().is_none(), "nobody keeps its waker");
        drop(verifier.try_verify());
    });
    test.unwrap();
}

fn read(socket: &mut ScriptedSocket, cx: &mut Context<'_>) {
    assert!(pin!(socket.recv(&mut [0; 8])).poll(cx).is_pending());
}

fn write(socket: &mut ScriptedSocket, cx: &mut Context<'_>) {
    let written = pin!(AsyncWriteExt::write(socket, b"ask")).poll(cx);
    assert!(matches!(written, Poll::Ready(Ok(3))));
}

#[test]
fn a_task_that_lives_by_its_waker_alone_may_go_when_its_socket_does() {
    check_a_task_that_goes_with_its_waker(read, drop);
}

#[test]
fn a_task_that_lives_by_its_waker_alone_may_go_when_another_takes_its_place() {
    check_a_task_that_goes_with_its_waker(read, |mut socket| {
        read(&mut socket, &mut Context::from_waker(Waker::noop()));
    });
}

#[test]
fn a_task_that_lives_by_its_waker_alone_may_go_when_another_reads() {
    check_a_task_that_goes_with_its_waker(read, |mut socket| {
        let cx = &mut Context::from_waker(Waker::noop());
        assert!(pin!(socket.send_all(b"ask")).poll(cx).is_ready());
        assert!(pin!(socket.recv(&mut [0; 8])).poll(cx).is_ready());
    });
}

#[test]
fn a_task_that_wrote_and_lives_by_its_waker_alone_may_go_when_another_writes() {
    check_a_task_that_goes_with_its_waker(write, |mut socket| {
        write(&mut socket, &mut Context::from_waker(Waker::noop()));
    });
}

#[test]
fn a_task_that_wrote_and_lives_by_its_waker_alone_may_go_when_the_run_ends() {
    check_a_task_that_goes_with_its_waker(write, |mut socket| {
        let cx = &mut Context::from_waker(Waker::noop());
        assert!(pin!(socket.flush()).poll(cx).is_ready());
    });
}

#[test]
fn a_task_that_wrote_and_lives_by_its_waker_alone_may_go_when_its_socket_does() {
    check_a_task_that_goes_with_its_waker(write, drop);
}

/// Any connector, to be called twice before either connect is polled.
trait Connecting {
    fn connect_in_reverse(&self) -> futures::future::LocalBoxFuture<'_, ()>;
}

impl<C: Connect> Connecting for C {
    fn connect_in_reverse(&self) -> futures::future::LocalBoxFuture<'_, ()> {
        Box::pin(async {
            let (first, second) = (Endpoint::new("first", 1), Endpoint::new("second", 2));
            let (a, b) = (self.connect(&first), self.connect(&second));
            b.await.unwrap();
            a.await.unwrap();
        })
    }
}

#[tokio::test]
async fn a_wait_survives_the_runtime_it_began_on() {
    let verifier = Verifier::new();
    let net = verifier.socket();
    net.new_session().expect_connect("peer:1").expect_send_all(b"ask").expect_recv(b"answer");
    let (mut reader, mut writer) = connect(&net).await.split();
    let mut reader = thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            assert!(poll!(pin!(reader.read(&mut [0; 8]))).is_pending());
        });
        reader
    })
    .join()
    .unwrap();
    assert!(timeout(SHORT / 4, reader.read_exact(&mut [0; 6])).await.is_none());
    writer.write_all(b"ask").await.unwrap();
    assert_eq!(reader.read(&mut [0; 8]).await.unwrap(), 6);
    drop((reader, writer));
    verifier.finish().await;
}
