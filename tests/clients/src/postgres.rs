//! tokio-postgres, on doubles and on a PostgreSQL server.
//!
//! The library numbers the statements of a process, so what it calls one depends on the tests that
//! ran before. That is the one thing about what it sends that no script here states.

use std::error::Error;
use std::future::poll_fn;

use tokio::task::JoinHandle;
use tokio_postgres::error::SqlState;
use tokio_postgres::{AsyncMessage, Client, Config, NoTls, SimpleQueryMessage};
use wirescript::scripted::{AfterRecv, Matching, Socket, SocketScript, Violation, ViolationKind};
use wirescript::{Connect, Endpoint, Scripted, Verifier, matching};
use wirescript_tokio::{IntoTokio, TokioConnector};

use self::messages::*;
use crate::both_flavours;
use crate::by_script::{by_script, in_any_chunks};
use crate::recorder::{Conversation, Passed, Recorder};
use crate::servers::Server;

mod messages;

type Failure = Box<dyn Error + Send + Sync>;
/// What the connection's task ends with: the notices that came.
type Driver = JoinHandle<Result<Vec<String>, tokio_postgres::Error>>;

/// A client of tokio-postgres on a connection of `net`'s, and the task that drives it.
async fn connect<C: Connect>(net: &C, server: &Endpoint) -> Result<(Client, Driver), Failure> {
    let stream = IntoTokio::new(net.connect(server).await?);
    let mut config = Config::new();
    config.user("postgres").password("opensesame").dbname("postgres");
    let (client, mut connection) = config.connect_raw(stream, NoTls).await?;
    let driver = tokio::spawn(async move {
        let mut notices = Vec::new();
        while let Some(message) = poll_fn(|cx| connection.poll_message(cx)).await {
            if let AsyncMessage::Notice(notice) = message? {
                notices.push(notice.message().to_owned());
            }
        }
        Ok(notices)
    });
    Ok((client, driver))
}

fn database() -> Endpoint {
    Endpoint::new("database.internal", 5432)
}

const ADD: &str = "SELECT $1::int4 + $2::int4 AS sum";
const NOTICE: &str = "DO $$ BEGIN RAISE NOTICE 'hello'; END $$";

/// Everything that a client does here with a server.
async fn asks<C: Connect>(net: &C, server: &Endpoint) -> Result<(), Failure> {
    let (client, driver) = connect(net, server).await?;

    let answers = client.simple_query("SELECT 1 AS one, NULL AS none").await?;
    let row = answers.iter().find_map(|answer| match answer {
        SimpleQueryMessage::Row(row) => Some((row.get("one"), row.get("none"))),
        _ => None,
    });
    assert_eq!(row, Some((Some("1"), None)));

    client.batch_execute(NOTICE).await?;

    let refused = client.simple_query("SELECT nonsense").await.expect_err("there is none");
    assert_eq!(refused.code(), Some(&SqlState::UNDEFINED_COLUMN));

    let add = client.prepare(ADD).await?;
    for (a, b) in [(40, 2), (-1, 1)] {
        assert_eq!(client.query_one(&add, &[&a, &b]).await?.get::<_, i32>("sum"), a + b);
    }
    drop(add);
    drop(client);
    assert_eq!(driver.await??, ["hello"]);
    Ok(())
}

fn script_asks(net: &Scripted<Socket>, server: &Endpoint) {
    started(net, server)
        .expect_send_all(query("SELECT 1 AS one, NULL AS none"))
        .expect_recv(row_description(&[("one", INT4), ("none", TEXT)]))
        .expect_recv(data_row(&[Some(b"1"), None]))
        .expect_recv(command_complete("SELECT 1"))
        .expect_recv(ready_for_query())
        .expect_send_all(query(NOTICE))
        .expect_recv(notice(&[
            ('S', "NOTICE"),
            ('V', "NOTICE"),
            ('C', "00000"),
            ('M', "hello"),
            ('W', "PL/pgSQL function inline_code_block line 1 at RAISE"),
        ]))
        .expect_recv(command_complete("DO"))
        .expect_recv(ready_for_query())
        .expect_send_all(query("SELECT nonsense"))
        .expect_recv(error(&[
            ('S', "ERROR"),
            ('V', "ERROR"),
            ('C', "42703"),
            ('M', "column \"nonsense\" does not exist"),
            ('P', "8"),
        ]))
        .expect_recv(ready_for_query())
        .expect_send_all(but_for_names("prepare", [parse("s", ADD), describe("s"), sync()]))
        .expect_recv(parse_complete())
        .expect_recv(parameter_description(&[INT4, INT4]))
        .expect_recv(row_description(&[("sum", INT4)]))
        .expect_recv(ready_for_query())
        .expect_send_all(but_for_names("40 + 2", [bind("s", &[40, 2]), execute(), sync()]))
        .expect_recv(bind_complete())
        .expect_recv(data_row(&[Some(&42_i32.to_be_bytes())]))
        .expect_recv(command_complete("SELECT 1"))
        .expect_recv(ready_for_query())
        .expect_send_all(but_for_names("-1 + 1", [bind("s", &[-1, 1]), execute(), sync()]))
        .expect_recv(bind_complete())
        .expect_recv(data_row(&[Some(&0_i32.to_be_bytes())]))
        .expect_recv(command_complete("SELECT 1"))
        .expect_recv(ready_for_query())
        .expect_send_all(but_for_names("close", [close("s"), sync()]))
        .expect_recv(close_complete())
        .expect_recv(ready_for_query())
        .expect_send_all(terminate())
        .expect_close();
}

/// A session in which the client is let in without a password.
#[track_caller]
fn started(net: &Scripted<Socket>, server: &Endpoint) -> SocketScript<AfterRecv> {
    net.new_session()
        .expect_connect(server)
        .expect_send_all(startup(&[
            ("client_encoding", "UTF8"),
            ("user", "postgres"),
            ("database", "postgres"),
        ]))
        .expect_recv(authentication(OK))
        .expect_recv(parameter_status("server_version", "15.0"))
        .expect_recv(backend_key_data(7, 1234))
        .expect_recv(ready_for_query())
}

/// These messages, whatever statements are called in them.
fn but_for_names<const N: usize>(label: &'static str, wanted: [Vec<u8>; N]) -> Matching<[u8]> {
    let wanted = without_names(&wanted.concat());
    matching(label, move |sent: &[u8]| without_names(sent) == wanted)
}

/// What went each way, without what the library or the server chooses anew each time. The library
/// goes on when it has an error, before it has heard that the server is ready again.
fn deterministic(conversation: Conversation) -> [Passed; 2] {
    conversation.each_way().map(|passed| match passed {
        Passed::Sent(bytes) => Passed::Sent(without_names(&bytes)),
        Passed::Received(bytes) => Passed::Received(without_circumstances(&bytes)),
    })
}

both_flavours! {
    async fn a_client_asks() {
        let client = async |net: &Scripted<Socket>| asks(net, &database()).await.unwrap();
        in_any_chunks(|net| script_asks(net, &database()), client).await;
    }

    async fn what_passes_is_what_passes_between_the_library_and_its_server() {
        let Some(server) = Server::postgres() else { return };
        let real = Recorder::new(TokioConnector::new());
        asks(&real, server.endpoint()).await.unwrap();

        let client = async |net: &Scripted<Socket>| asks(net, server.endpoint()).await.unwrap();
        let of_the_script = by_script(|net| script_asks(net, server.endpoint()), client).await;

        let deterministic =
            |all: Vec<Conversation>| -> Vec<_> { all.into_iter().map(deterministic).collect() };
        assert_eq!(deterministic(real.conversations()), deterministic(of_the_script));
    }

    async fn a_password_is_told_to_who_asks_for_it() {
        for is_right in [true, false] {
            let verifier = Verifier::new();
            let net = verifier.socket();
            let script = net
                .new_session()
                .expect_connect("database.internal:5432")
                .expect_send_all(startup(&[
                    ("client_encoding", "UTF8"),
                    ("user", "postgres"),
                    ("database", "postgres"),
                ]))
                .expect_recv(authentication(CLEARTEXT_PASSWORD))
                .expect_send_all(password("opensesame"));
            if is_right {
                script
                    .expect_recv(authentication(OK))
                    .expect_recv(backend_key_data(7, 1234))
                    .expect_recv(ready_for_query())
                    .expect_send_all(terminate())
                    .expect_close();
            } else {
                script
                    .expect_recv(error(&[('S', "FATAL"), ('C', "28P01"), ('M', "no entry")]))
                    .expect_eof()
                    .optional() // the library does not wait for it
                    .expect_close();
            }

            match connect(&net, &database()).await {
                Ok((client, driver)) => {
                    assert!(is_right);
                    drop(client);
                    assert_eq!(driver.await.unwrap().unwrap(), Vec::<String>::new());
                }
                Err(failure) => {
                    assert!(!is_right, "{failure}");
                    let error = failure.downcast::<tokio_postgres::Error>().unwrap();
                    assert_eq!(error.code(), Some(&SqlState::INVALID_PASSWORD));
                }
            }
            verifier.finish().await;
        }
    }

    async fn a_server_that_goes_in_the_middle_of_an_answer_leaves_none() {
        let verifier = Verifier::new();
        let net = verifier.socket();
        let row = data_row(&[Some(b"1")]);
        started(&net, &database())
            .expect_send_all(query("SELECT 1"))
            .expect_recv(row_description(&[("?column?", INT4)]))
            .expect_recv(&row[..row.len() / 2])
            .expect_reset()
            .expect_close();

        let (client, driver) = connect(&net, &database()).await.unwrap();
        assert!(client.simple_query("SELECT 1").await.unwrap_err().is_closed());
        assert!(client.is_closed());
        drop(client);
        assert_eq!(
            driver.await.unwrap().unwrap_err().to_string(),
            "error communicating with the server"
        );
        verifier.finish().await;
    }

    async fn another_query_than_the_script_has_is_reported() {
        let verifier = Verifier::new();
        let net = verifier.socket();
        started(&net, &database())
            .expect_send_all(query("SELECT 1"))
            .expect_recv(command_complete("SELECT 0"))
            .expect_recv(ready_for_query())
            .expect_close();

        let (client, driver) = connect(&net, &database()).await.unwrap();
        client.simple_query("SELECT 2").await.unwrap_err();
        let error = driver.await.unwrap().unwrap_err();

        let report = verifier.try_verify().unwrap_err();
        let told = report.violations().next().unwrap();
        let ViolationKind::Mismatch { at, .. } = told.kind() else { panic!("{report}") };
        assert_eq!(*at, query("SELECT ").len() - 1, "without the zero at its end");
        assert_eq!(Violation::behind(&error), Some(told), "the library hands on what it was told");
        assert_eq!(report.violations().len(), 1);
    }

    async fn other_arguments_than_a_predicate_wants_are_reported() {
        let verifier = Verifier::new();
        let net = verifier.socket();
        started(&net, &database())
            .expect_send_all(but_for_names("prepare", [parse("s", ADD), describe("s"), sync()]))
            .expect_recv(parse_complete())
            .expect_recv(parameter_description(&[INT4, INT4]))
            .expect_recv(row_description(&[("sum", INT4)]))
            .expect_recv(ready_for_query())
            .expect_send_all(but_for_names("40 + 2", [bind("s", &[40, 2]), execute(), sync()]))
            .expect_recv(bind_complete());

        let (client, driver) = connect(&net, &database()).await.unwrap();
        let add = client.prepare(ADD).await.unwrap();
        client.query(&add, &[&2, &40]).await.unwrap_err();
        let error = driver.await.unwrap().unwrap_err();

        let report = verifier.try_verify().unwrap_err();
        let told = report.violations().next().unwrap();
        assert!(told.is_mismatch(), "{report}");
        assert_eq!(Violation::behind(&error), Some(told), "the library hands on what it was told");
        assert!(report.to_string().contains("40 + 2"), "{report}");
    }
}
