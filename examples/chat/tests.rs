//! The client against scripts, in which no time passes; and the program.

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join3;
use serde_json::Value;
use tokio::time::{Instant, sleep, timeout};
use wirescript::scripted::{AfterConnect, AfterMessage, WebSocketScript};
use wirescript::websocket::{Handshake, Message, ProtocolError, WebSocketError};

use super::conversation::MOST_ANSWERS;
use super::error::Loss;
use super::*;

const URI: &str = "ws://chat.internal/rpc";

/// Runs `body` with a client that meets what `write` scripts, to the end of its driver, and judges
/// both. A client that strays from its script is stopped there, before it can try again.
async fn check(
    write: impl FnOnce(&Scripted<WebSocket>),
    body: impl AsyncFnOnce(Client, &mut Events),
) -> Result<(), Error> {
    let mut ended = Ok(());
    // What the server does late it does in the time of the test.
    let verifier = Verifier::builder().timer(TokioTimer::new()).build();
    verifier
        .run(async |verifier| {
            let net = verifier.websocket();
            write(&net);
            let request = request(URI).unwrap();
            (ended, ()) = with_client(net, request, Settings::default(), body).await;
        })
        .await;
    ended
}

#[track_caller]
fn session(net: &Scripted<WebSocket>) -> WebSocketScript<AfterConnect> {
    let script = net.new_session().expect_connect(URI);
    script.header("authorization", "Bearer 0042").subprotocol("chat.v1")
}

/// The end of a session in which the client takes leave.
#[track_caller]
fn closes<K>(script: WebSocketScript<K>) {
    script.expect_close(1000).expect_recv_close(1000, "").expect_eof();
}

/// A session in which `a` is called with this id, and answered.
#[track_caller]
fn answers_a(net: &Scripted<WebSocket>, id: u64) {
    closes(session(net).expect_send(asks(id, "a")).expect_recv(tells(id, "1")));
}

fn asks(id: u64, method: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"{method}","params":[]}}"#)
}

fn tells(id: u64, result: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{result}}}"#)
}

fn is_io(loss: &Loss, kind: ErrorKind) -> bool {
    matches!(loss, Loss::Failed(WebSocketError::Io(error)) if error.kind() == kind)
}

fn is_refused(loss: &Loss) -> bool {
    is_io(loss, ErrorKind::ConnectionRefused)
}

async fn ask(client: &Client, method: &str) -> Result<Value, Error> {
    client.call(method, json!([])).await
}

#[tokio::test(start_paused = true)]
async fn a_call_is_answered_and_the_last_client_closes_the_connection() {
    let write = |net: &Scripted<WebSocket>| {
        session(net)
            .expect_send(r#"{"jsonrpc":"2.0","id":1,"method":"say \"hi\"","params":{"to":"ann"}}"#)
            .expect_recv(r#"{"jsonrpc": "2.0", "result": [null, 1], "id": 1}"#)
            .expect_close(1000)
            .expect_recv_close(1000, "")
            .expect_eof();
    };
    let ended = check(write, async |client, _| {
        let said = client.call("say \"hi\"", json!({ "to": "ann" })).await;
        assert_eq!(said.unwrap(), json!([null, 1]));
    });
    ended.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn replies_belong_to_their_calls_in_whatever_order_they_come() {
    let write = |net: &Scripted<WebSocket>| {
        closes(
            session(net)
                .expect_send(asks(1, "a"))
                .expect_send(asks(2, "b"))
                .expect_send(asks(3, "c"))
                .expect_recv(tells(3, "30"))
                .expect_recv(tells(1, "10"))
                .expect_recv(tells(2, "20")),
        );
    };
    let ended = check(write, async |client, _| {
        let calls = join3(ask(&client, "a"), ask(&client, "b"), ask(&client, "c"));
        let (a, b, c) = calls.await;
        assert_eq!([a.unwrap(), b.unwrap(), c.unwrap()], [10, 20, 30]);
    });
    ended.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_told_to_its_caller_and_ends_nothing() {
    let write = |net: &Scripted<WebSocket>| {
        let refusal =
            r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"no such room"}}"#;
        let script = session(net).expect_send(asks(1, "join")).expect_recv(refusal);
        closes(script.expect_send(asks(2, "a")).expect_recv(tells(2, "1")));
    };
    let ended = check(write, async |client, _| {
        let error = ask(&client, "join").await.unwrap_err();
        assert_eq!(error.to_string(), "the server refused: no such room (-32602)");
        assert_eq!(ask(&client, "a").await.unwrap(), 1);
    });
    ended.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn notifications_go_both_ways_and_requests_are_refused() {
    let write = |net: &Scripted<WebSocket>| {
        let script = session(net)
            .expect_recv(r#"{"jsonrpc":"2.0","method":"said","params":["hi"]}"#)
            .expect_recv(r#"{"jsonrpc":"2.0","method":"left"}"#)
            .expect_recv(r#"{"jsonrpc":"2.0","id":"x","method":"whoami"}"#)
            .expect_send(concat!(
                r#"{"jsonrpc":"2.0","id":"x","#,
                r#""error":{"code":-32601,"message":"method not found"}}"#
            ))
            .expect_send(r#"{"jsonrpc":"2.0","method":"typing","params":["hi"]}"#);
        closes(script);
    };
    let ended = check(write, async |client, events| {
        assert_eq!(next(events).await, "connected, for chat.v1");
        assert_eq!(next(events).await, r#"said ["hi"]"#);
        assert_eq!(next(events).await, "left");
        sleep(Duration::from_millis(1)).await;
        client.notify("typing", json!(["hi"])).await.unwrap();
    });
    ended.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_call_that_cannot_go_out_yet_keeps_nobody_from_listening() {
    let write = |net: &Scripted<WebSocket>| {
        let script = session(net)
            // A server that reads nothing until it is rid of what it has to say.
            .lockstep()
            .expect_recv(r#"{"jsonrpc":"2.0","method":"said","params":["hi"]}"#)
            .after(Duration::from_secs(1))
            .expect_send(asks(1, "a"))
            .expect_recv(tells(1, "1"));
        closes(script);
    };
    let ended = check(write, async |client, _| {
        assert_eq!(ask(&client, "a").await.unwrap(), 1);
    });
    ended.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_server_that_answers_pings_is_kept_and_its_own_are_answered() {
    let write = |net: &Scripted<WebSocket>| {
        // Strict: it reports a ping that the client's transport had no chance to answer.
        let script = session(net).strict_rfc6455().expect_recv(Message::ping("are you there"));
        let mut script = script.erased();
        for _ in 0..3 {
            script = script.expect_send(Message::ping("")).expect_recv(Message::pong("")).erased();
        }
        closes(script);
    };
    // Asked after 40 s, 70 s and 100 s: its ping counts at first, and a pong for as long as it is
    // waited for.
    let ended = check(write, async |_client, _| sleep(Duration::from_secs(120)).await);
    ended.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_server_that_answers_no_ping_is_left_for_another_connection() {
    let write = |net: &Scripted<WebSocket>| {
        session(net).expect_send(asks(1, "b")).expect_send(Message::ping("")).expect_drop();
        answers_a(net, 2);
    };
    let ended = check(write, async |client, events| {
        let error = ask(&client, "b").await.unwrap_err();
        assert!(matches!(&error, Error::Lost(loss) if matches!(**loss, Loss::Silent)), "{error:?}");
        assert_eq!(ask(&client, "a").await.unwrap(), 1);
        let told = [next(events).await, next(events).await, next(events).await];
        let connected = "connected, for chat.v1";
        assert_eq!(told, [connected, "lost: the server is silent", connected]);
    });
    ended.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_reply_that_comes_too_late_is_nobodys() {
    let write = |net: &Scripted<WebSocket>| {
        let script = session(net)
            .whenever_sent(Message::ping(""))
            .replies(Message::pong(""))
            .expect_send(asks(1, "slow"))
            .expect_send(asks(2, "a"))
            .expect_recv(tells(1, "0"))
            .expect_recv(tells(2, "1"));
        closes(script);
    };
    let ended = check(write, async |client, _| {
        let began = Instant::now();
        assert!(matches!(ask(&client, "slow").await, Err(Error::TimedOut)));
        assert_eq!(began.elapsed().as_secs(), 30);
        assert_eq!(ask(&client, "a").await.unwrap(), 1);
    });
    ended.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_call_that_was_given_up_before_it_was_sent_is_not_sent() {
    let write = |net: &Scripted<WebSocket>| {
        closes(
            session(net)
                .after(Duration::from_secs(5))
                .expect_send(asks(1, "a"))
                .expect_recv(tells(1, "1")),
        );
    };
    let ended = check(write, async |client, _| {
        timeout(Duration::from_secs(1), ask(&client, "b")).await.unwrap_err();
        assert_eq!(ask(&client, "a").await.unwrap(), 1);
    });
    ended.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_server_that_restarts_is_connected_to_again() {
    let write = |net: &Scripted<WebSocket>| {
        session(net).expect_recv_close(1012, "restarting").expect_eof();
        answers_a(net, 1);
    };
    let ended = check(write, async |client, events| {
        assert_eq!(next(events).await, "connected, for chat.v1");
        assert_eq!(next(events).await, r#"lost: the server closed with 1012 "restarting""#);
        let lost = Instant::now();
        assert_eq!(next(events).await, "connected, for chat.v1");
        assert_eq!(lost.elapsed().as_millis() / 250, 1);
        assert_eq!(ask(&client, "a").await.unwrap(), 1);
    });
    ended.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_down_is_tried_again_later_and_later() {
    let write = |net: &Scripted<WebSocket>| {
        session(net).raises(ErrorKind::ConnectionRefused);
        session(net).rejects(503);
        session(net).never();
        // It opens, and says nothing: a failure in a row.
        session(net).expect_eof();
        session(net).expect_send(asks(1, "a")).expect_recv(tells(1, "1")).expect_eof();
        answers_a(net, 2);
    };
    let ended = check(write, async |client, _| {
        let began = Instant::now();
        assert_eq!(ask(&client, "a").await.unwrap(), 1);
        // What it waits, and the silent connect.
        let expected = [250, 500, 10_000, 1000, 2000].into_iter().sum::<u128>();
        assert_eq!(began.elapsed().as_millis() / 100, expected / 100);
        // It was of use: this is the first failure again.
        let lost = Instant::now();
        assert_eq!(ask(&client, "a").await.unwrap(), 1);
        assert_eq!(lost.elapsed().as_millis() / 250, 1);
    });
    ended.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_server_that_stays_down_is_given_up_and_callers_are_told() {
    let write = |net: &Scripted<WebSocket>| {
        for _ in 0..11 {
            session(net).raises(ErrorKind::ConnectionRefused);
        }
    };
    let ended = check(write, async |client, events| {
        assert!(matches!(ask(&client, "a").await, Err(Error::TimedOut)));
        while events.next().await.is_some() {}
        let error = ask(&client, "a").await.unwrap_err();
        assert!(matches!(&error, Error::GaveUp(loss) if is_refused(loss)), "{error}");
    });
    assert!(matches!(ended.await, Err(Error::GaveUp(loss)) if is_refused(&loss)));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_will_never_open_is_not_tried_again() {
    async fn given_up(answer: impl FnOnce(WebSocketScript<AfterConnect>)) -> String {
        let write = |net: &Scripted<WebSocket>| answer(session(net));
        let mut told = String::new();
        let ended = check(write, async |client, _| {
            told = ask(&client, "a").await.unwrap_err().to_string();
        });
        assert_eq!(ended.await.unwrap_err().to_string(), told);
        told
    }
    assert_eq!(
        given_up(|script| drop(script.rejects(401))).await,
        "there is no connection: the server answered 401 Unauthorized and opened no websocket"
    );
    assert_eq!(
        given_up(|script| drop(script.answers(Handshake::new()))).await,
        "there is no connection: the server opened no websocket: it chose none of the subprotocols"
    );
    assert_eq!(
        given_up(|script| drop(script.expect_recv_close(1008, "banned").expect_eof())).await,
        "there is no connection: the server closed with 1008 \"banned\""
    );
}

#[tokio::test(start_paused = true)]
async fn a_call_fails_with_the_connection_on_which_it_was_sent() {
    async fn lost(end: impl FnOnce(WebSocketScript<AfterMessage>)) -> Arc<Loss> {
        let write = |net: &Scripted<WebSocket>| {
            end(session(net).expect_send(asks(1, "b")));
            answers_a(net, 2);
        };
        let mut lost = None;
        let ended = check(write, async |client, _| {
            let error = ask(&client, "b").await.unwrap_err();
            let text = "the call may or may not have been done: ";
            assert!(error.to_string().starts_with(text), "{error}");
            if let Error::Lost(loss) = error {
                lost = Some(loss);
            }
            // This one waits for the next connection.
            assert_eq!(ask(&client, "a").await.unwrap(), 1);
        });
        ended.await.unwrap();
        lost.unwrap()
    }
    let loss = lost(|script| drop(script.expect_eof())).await;
    assert!(matches!(*loss, Loss::Failed(WebSocketError::AbnormalClosure)), "{loss}");
    let loss = lost(|script| drop(script.expect_reset())).await;
    assert!(is_io(&loss, ErrorKind::ConnectionReset), "{loss}");
    let loss = lost(|script| drop(script.expect_recv_error(ProtocolError::ReservedBits))).await;
    assert!(matches!(*loss, Loss::Failed(WebSocketError::Protocol(_))), "{loss}");
    let loss = lost(|script| drop(script.expect_recv_close(1001, "").expect_eof())).await;
    assert_eq!(loss.to_string(), "the server closed with 1001 \"\"");
}

#[tokio::test(start_paused = true)]
async fn what_is_no_json_rpc_is_named_and_the_connection_given_up() {
    for (said, named) in [
        (Message::from("{"), "a text that is no JSON"),
        (Message::from("[]"), "JSON that is no JSON-RPC 2.0"),
        (Message::from(r#"{"id":1,"result":1}"#), "JSON that is no JSON-RPC 2.0"),
        (Message::from(r#"{"jsonrpc":"2.0","id":1}"#), "JSON-RPC that is neither call nor reply"),
        (
            Message::from(r#"{"jsonrpc":"2.0","id":1,"error":"no"}"#),
            "an error without a code or message",
        ),
        (Message::from(tells(1, "1").as_bytes()), "a binary message"),
    ] {
        let write = |net: &Scripted<WebSocket>| {
            session(net)
                .expect_send(asks(1, "b"))
                .expect_recv(said)
                .expect_close((1007, named))
                .expect_recv_close(1007, "")
                .expect_eof();
            answers_a(net, 2);
        };
        let ended = check(write, async |client, _| {
            let error = ask(&client, "b").await.unwrap_err();
            let expected =
                format!("the call may or may not have been done: the server sent {named}");
            assert_eq!(error.to_string(), expected);
            assert_eq!(ask(&client, "a").await.unwrap(), 1);
        });
        ended.await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_asks_and_asks_and_reads_nothing_is_left() {
    let write = |net: &Scripted<WebSocket>| {
        let unread = MOST_ANSWERS + 1; // one of them is with the connection
        session(net)
            .lockstep()
            .expect_recv(r#"{"jsonrpc":"2.0","id":7,"method":"whoami"}"#)
            .times(unread + 1)
            .expect_send(message::method_not_found(&json!(7)))
            .expect_close((1007, "more requests than it reads answers"))
            .expect_recv_close(1007, "")
            .expect_eof();
        answers_a(net, 1);
    };
    let ended = check(write, async |client, events| {
        assert_eq!(next(events).await, "connected, for chat.v1");
        let lost = "lost: the server sent more requests than it reads answers";
        assert_eq!(next(events).await, lost);
        assert_eq!(ask(&client, "a").await.unwrap(), 1);
    });
    ended.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_answer_a_close_is_left() {
    let write = |net: &Scripted<WebSocket>| drop(session(net).expect_close(1000).expect_drop());
    let ended = check(write, async |client, events| {
        assert_eq!(next(events).await, "connected, for chat.v1");
        drop(client);
        let closed = Instant::now();
        assert_eq!(next(events).await, "the end");
        assert_eq!(closed.elapsed().as_secs(), 2);
    });
    ended.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn nobody_connects_for_a_client_that_is_gone() {
    let write = |net: &Scripted<WebSocket>| drop(session(net).raises(ErrorKind::ConnectionRefused));
    let ended = check(write, async |client, events| {
        let lost = events.next().await;
        assert!(matches!(&lost, Some(Event::Lost(loss)) if is_refused(loss)), "{lost:?}");
        drop(client);
    });
    ended.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_client_that_nobody_drives_says_so() {
    let verifier = Verifier::new();
    let (net, settings) = (verifier.websocket(), Settings::default());
    let (client, driver) =
        Client::new(net, TokioTimer::new(), request(URI).unwrap(), settings, |_| {});
    drop(driver);
    assert!(matches!(ask(&client, "a").await, Err(Error::Closed)));
}

#[tokio::test]
async fn a_real_server_refuses_who_has_no_token() {
    let (uri, _serving) = server::serve().unwrap();
    let net = TungsteniteConnector::new(TokioConnector::new());
    let request = WebSocketRequest::new(uri).unwrap();
    let body = async |client: Client, _: &mut Events| ask(&client, "a").await.unwrap_err();
    let (ended, error) = with_client(net, request, Settings::default(), body).await;
    let text =
        "there is no connection: the server answered 401 Unauthorized and opened no websocket";
    assert_eq!([ended.unwrap_err().to_string(), error.to_string()], [text, text]);
}

#[tokio::test]
async fn the_program_says_what_it_did_over_both() {
    let told = compare().await.unwrap();
    let (real, scripted) = told.split_once("over a script").unwrap();
    assert_eq!(real.trim_start_matches("over tokio").trim(), scripted.trim());
    assert!(scripted.contains("\nlost: the server closed with 1012 \"restarting\"\n"), "{told}");
}

#[tokio::test]
async fn a_client_that_strays_is_told_what_to_do() {
    let text = break_it().await.unwrap();
    assert!(
        text.contains(r##".expect_send(r#"{"jsonrpc":"2.0","id":1,"method":"join""##),
        "{text}"
    );
}
