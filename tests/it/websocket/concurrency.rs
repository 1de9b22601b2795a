//! Tasks and threads on one WebSocket: nothing needs luck, and no wake-up is lost.

use std::thread;

use futures::executor::block_on;
use futures::stream::{SplitSink, SplitStream};
use futures::{FutureExt, SinkExt, StreamExt, join};
use wirescript::scripted::{Chunks, ScriptedWebSocket};
use wirescript::websocket::Message;
use wirescript::{Verifier, WebSocketExt};

use super::support::{check_received, double};
use crate::support::{everywhere, spawn};
use crate::witness::within_reason;

type Halves = (SplitSink<ScriptedWebSocket, Message>, SplitStream<ScriptedWebSocket>);

/// How many messages go each way in the long ones.
const MANY: usize = 20_000;

/// A script in which `rounds` questions are asked and answered, and its halves.
fn rounds(verifier: &Verifier, rounds: usize) -> Halves {
    let mut script = verifier.websocket().new_session();
    for round in 0..rounds {
        script =
            script.expect_send(format!("ask {round}")).expect_recv(format!("got {round}")).erased();
    }
    script.expect_close(None).expect_recv_close(1000, "").expect_eof().into_websocket().split()
}

async fn write(mut sink: SplitSink<ScriptedWebSocket, Message>, rounds: usize) {
    for round in 0..rounds {
        sink.send(format!("ask {round}").into()).await.unwrap();
    }
    sink.close().await.unwrap();
}

async fn read(mut stream: SplitStream<ScriptedWebSocket>, rounds: usize) {
    for round in 0..rounds {
        assert_eq!(stream.next().await.unwrap().unwrap(), format!("got {round}").into());
    }
    assert!(matches!(stream.next().await, Some(Ok(Message::Close(Some(_))))));
    assert!(stream.next().await.is_none());
}

everywhere! {
    async fn a_reader_and_a_writer_in_two_tasks_need_no_luck() {
        for _ in 0..100 {
            let verifier = Verifier::new();
            let (sink, stream) = rounds(&verifier, 20);
            join!(spawn(write(sink, 20)), spawn(read(stream, 20)));
            verifier.finish().await;
        }
    }

    async fn in_lockstep_they_need_none_either() {
        for _ in 0..100 {
            let verifier = Verifier::builder().chunks(Chunks::Bytewise).build();
            let mut script = verifier.websocket().new_session().lockstep();
            for _ in 0..20 {
                script = script.expect_recv("next?").expect_send("next").erased();
            }
            let (mut sink, mut stream) = script.expect_close(None).into_websocket().split();
            let writing = spawn(async move {
                for _ in 0..20 {
                    sink.send("next".into()).await.unwrap();
                }
                sink.close().await.unwrap();
            });
            let reading = spawn(async move {
                for _ in 0..20 {
                    assert_eq!(stream.next().await.unwrap().unwrap(), "next?".into());
                }
            });
            join!(writing, reading);
            verifier.finish().await;
        }
    }

    async fn a_select_loop_writes_while_unread_messages_wait() {
        let (verifier, mut ws) = double(|script| {
            let mut script = script.expect_recv("news").erased();
            for round in 0..20 {
                script = script
                    .expect_recv("news")
                    .expect_send(format!("ask {round}"))
                    .expect_recv(format!("got {round}"))
                    .erased();
            }
            script.expect_recv_close(1000, "").expect_eof()
        });
        let (mut asked, mut received) = (0, 0);
        loop {
            let may_ask = asked < 20;
            let next = {
                let recv = ws.recv().fuse();
                let ask = async { if !may_ask { futures::future::pending::<()>().await } }.fuse();
                futures::pin_mut!(recv, ask);
                futures::select! {
                    message = recv => Some(message.unwrap()),
                    () = ask => None,
                }
            };
            match next {
                None => {
                    ws.send_text(format!("ask {asked}")).await.unwrap();
                    asked += 1;
                }
                Some(Some(_)) => received += 1,
                Some(None) => break,
            }
        }
        assert_eq!((asked, received), (20, 1 + 2 * 20 + 1));
        drop(ws);
        verifier.finish().await;
    }
}

#[test]
fn tens_of_thousands_of_messages_pass_each_way_between_two_threads() {
    within_reason(|| {
        let verifier = Verifier::new();
        let (sink, stream) = rounds(&verifier, MANY);
        let writing = thread::spawn(move || block_on(write(sink, MANY)));
        block_on(read(stream, MANY));
        writing.join().unwrap();
        verifier.finish_blocking();
    })
    .unwrap();
}

#[test]
fn tens_of_thousands_of_messages_pass_each_way_between_two_tasks() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).build().unwrap();
    runtime.block_on(async {
        let verifier = Verifier::new();
        let (sink, stream) = rounds(&verifier, MANY);
        let (writing, reading) =
            (tokio::spawn(write(sink, MANY)), tokio::spawn(read(stream, MANY)));
        writing.await.unwrap();
        reading.await.unwrap();
        verifier.finish().await;
    });
}

#[test]
fn a_reader_that_drives_the_writer_needs_no_luck() {
    within_reason(|| {
        for _ in 0..100 {
            let verifier = Verifier::new();
            let (mut sink, mut stream) = rounds(&verifier, 50);
            let (next, mut turns) = futures::channel::mpsc::unbounded();
            let writing = thread::spawn(move || {
                block_on(async {
                    for round in 0..50 {
                        sink.send(format!("ask {round}").into()).await.unwrap();
                        StreamExt::next(&mut turns).await.unwrap();
                    }
                    sink.close().await.unwrap();
                });
            });
            block_on(async {
                for _ in 0..50 {
                    stream.next().await.unwrap().unwrap();
                    next.unbounded_send(()).unwrap();
                }
                while stream.next().await.is_some() {}
            });
            writing.join().unwrap();
            drop(stream);
            verifier.finish_blocking();
        }
    })
    .unwrap();
}

#[test]
fn a_client_that_never_waits_lets_others_run() {
    block_on(async {
        let (verifier, mut ws) = double(|script| script.expect_recv("news").times(1000));
        let mut turns = 0;
        let reading = async {
            for _ in 0..1000 {
                check_received(&mut ws, "news").await;
            }
        };
        let counting = async {
            while turns < 5 {
                turns += 1;
                futures::pending!();
            }
        };
        join!(reading, counting);
        assert_eq!(turns, 5);
        drop(ws);
        verifier.finish().await;
    });
}
