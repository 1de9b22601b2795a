//! The `redis` crate's multiplexed connection, on doubles and on a Redis server.

use std::io::Write;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, ErrorKind, RedisConnectionInfo, RedisResult};
use tokio::task::JoinHandle;
use wirescript::scripted::{Socket, Violation, ViolationKind};
use wirescript::{Connect, Endpoint, Scripted, Verifier};
use wirescript_tokio::{IntoTokio, TokioConnector};

use crate::both_flavours;
use crate::by_script::{by_script, in_any_chunks};
use crate::recorder::{Conversation, Recorder};
use crate::servers::Server;

/// A client of `redis` on a connection of `net`'s, and the task that drives it.
async fn connect<C: Connect>(
    net: &C,
    server: &Endpoint,
    info: &RedisConnectionInfo,
) -> RedisResult<(MultiplexedConnection, JoinHandle<()>)> {
    let stream = IntoTokio::new(net.connect(server).await?);
    // How long an answer takes is the machine's affair.
    let config = AsyncConnectionConfig::new().set_response_timeout(None);
    let (client, driver) = MultiplexedConnection::new_with_config(info, stream, config).await?;
    Ok((client, tokio::spawn(driver)))
}

/// A connection about which the server is told nothing.
fn anonymous() -> RedisConnectionInfo {
    RedisConnectionInfo::default().set_skip_set_lib_name()
}

fn cache() -> Endpoint {
    Endpoint::new("cache.internal", 6379)
}

/// A command as RESP has it: an array of bulk strings.
fn command<const N: usize>(words: [&str; N]) -> Vec<u8> {
    let mut bytes = format!("*{N}\r\n").into_bytes();
    for word in words {
        write!(bytes, "${}\r\n{word}\r\n", word.len()).expect("a vector takes all");
    }
    bytes
}

/// Everything that a client does here with a server that is empty at first.
async fn counts<C: Connect>(net: &C, server: &Endpoint) -> RedisResult<()> {
    let (mut client, driver) = connect(net, server, &anonymous()).await?;

    let (count, text): (u32, String) = redis::pipe()
        .cmd("SET")
        .arg("count")
        .arg(41)
        .ignore()
        .cmd("INCR")
        .arg("count")
        .cmd("GET")
        .arg("count")
        .query_async(&mut client)
        .await?;
    assert_eq!((count, text.as_str()), (42, "42"));

    let refused = redis::cmd("LPUSH").arg("count").arg("x").exec_async(&mut client).await;
    let refused = refused.expect_err("a count is no list");
    assert_eq!(refused.code(), Some("WRONGTYPE"));

    let nested: (u32, (u32, String), Option<String>) = redis::cmd("EVAL")
        .arg("return {1, {2, 'three'}, redis.call('GET', 'none')}")
        .arg(0)
        .query_async(&mut client)
        .await?;
    assert_eq!(nested, (1, (2, "three".to_owned()), None));

    // The server hangs up, and the client is told so until it connects anew.
    redis::cmd("QUIT").exec_async(&mut client).await?;
    driver.await.expect("the driver does not panic");
    let gone = redis::cmd("PING").exec_async(&mut client).await;
    assert!(gone.expect_err("nobody is there").is_unrecoverable_error());

    let (mut client, driver) = connect(net, server, &anonymous()).await?;
    assert_eq!(redis::cmd("GET").arg("count").query_async::<u32>(&mut client).await?, 42);
    drop(client);
    driver.await.expect("the driver does not panic");
    Ok(())
}

fn script_counts(net: &Scripted<Socket>, server: &Endpoint) {
    net.new_session()
        .expect_connect(server)
        .expect_send_all(command(["SET", "count", "41"]))
        .expect_send_all(command(["INCR", "count"]))
        .expect_send_all(command(["GET", "count"]))
        .expect_recv("+OK\r\n")
        .expect_recv(":42\r\n")
        .expect_recv("$2\r\n42\r\n")
        .expect_send_all(command(["LPUSH", "count", "x"]))
        .expect_recv("-WRONGTYPE Operation against a key holding the wrong kind of value\r\n")
        .expect_send_all(command([
            "EVAL",
            "return {1, {2, 'three'}, redis.call('GET', 'none')}",
            "0",
        ]))
        .expect_recv("*3\r\n:1\r\n*2\r\n:2\r\n$5\r\nthree\r\n$-1\r\n")
        .expect_send_all(command(["QUIT"]))
        .expect_recv("+OK\r\n")
        .expect_eof()
        .expect_close();
    net.new_session()
        .expect_connect(server)
        .expect_send_all(command(["GET", "count"]))
        .expect_recv("$2\r\n42\r\n")
        .expect_close();
}

/// Two callers at once, each of whom gets the answer that is its own.
async fn shares<C: Connect>(net: &C, server: &Endpoint) -> RedisResult<()> {
    let (client, driver) = connect(net, server, &anonymous()).await?;
    let add = async |key: &str, count: u32| {
        let mut client = client.clone();
        redis::cmd("INCRBY").arg(key).arg(count).query_async::<u32>(&mut client).await
    };
    assert_eq!(tokio::join!(add("a", 1), add("b", 2)), (Ok(1), Ok(2)));
    drop(client);
    driver.await.expect("the driver does not panic");
    Ok(())
}

fn script_shares(net: &Scripted<Socket>, server: &Endpoint) {
    net.new_session()
        .expect_connect(server)
        .expect_send_all(command(["INCRBY", "a", "1"]))
        .expect_send_all(command(["INCRBY", "b", "2"]))
        .expect_recv(":1\r\n")
        .expect_recv(":2\r\n")
        .expect_close();
}

both_flavours! {
    async fn a_client_counts() {
        let client = async |net: &Scripted<Socket>| counts(net, &cache()).await.unwrap();
        in_any_chunks(|net| script_counts(net, &cache()), client).await;
    }

    async fn what_passes_is_what_passes_between_redis_and_its_server() {
        let Some(server) = Server::redis() else { return };
        let real = Recorder::new(TokioConnector::new());
        counts(&real, server.endpoint()).await.unwrap();

        let client = async |net: &Scripted<Socket>| counts(net, server.endpoint()).await.unwrap();
        let of_the_script = by_script(|net| script_counts(net, server.endpoint()), client).await;

        assert_eq!(real.conversations(), of_the_script);
    }

    async fn the_library_says_who_it_is_if_nobody_minds() {
        let verifier = Verifier::new();
        let net = verifier.socket();
        net.new_session()
            .expect_connect("cache.internal:6379")
            .expect_send_all(command(["CLIENT", "SETINFO", "LIB-NAME", "counter"]))
            .expect_send_all(command(["CLIENT", "SETINFO", "LIB-VER", "1.0"]))
            .expect_recv("+OK\r\n")
            // Servers before 7.2 do not know the command, which is no reason to give up.
            .expect_recv("-ERR unknown subcommand 'SETINFO'. Try CLIENT HELP.\r\n")
            .expect_send_all(command(["PING"]))
            .expect_recv("+PONG\r\n")
            .expect_close();

        let info = RedisConnectionInfo::default().set_lib_name("counter", "1.0");
        let (mut client, driver) = connect(&net, &cache(), &info).await.unwrap();
        let pong: String = redis::cmd("PING").query_async(&mut client).await.unwrap();
        assert_eq!(pong, "PONG");
        drop(client);
        driver.await.unwrap();
        verifier.finish().await;
    }

    async fn two_callers_share_a_connection() {
        let client = async |net: &Scripted<Socket>| shares(net, &cache()).await.unwrap();
        in_any_chunks(|net| script_shares(net, &cache()), client).await;
    }

    async fn two_callers_share_a_connection_to_the_server_as_well() {
        let Some(server) = Server::redis() else { return };
        let real = Recorder::new(TokioConnector::new());
        shares(&real, server.endpoint()).await.unwrap();

        let client = async |net: &Scripted<Socket>| shares(net, server.endpoint()).await.unwrap();
        let of_the_script = by_script(|net| script_shares(net, server.endpoint()), client).await;

        // The first answer may overtake the second question.
        let each_way = |all: Vec<Conversation>| -> Vec<_> {
            all.into_iter().map(Conversation::each_way).collect()
        };
        assert_eq!(each_way(real.conversations()), each_way(of_the_script));
    }

    async fn a_reply_that_breaks_off_is_no_reply() {
        for is_reset in [false, true] {
            let verifier = Verifier::new();
            let net = verifier.socket();
            let script = net
                .new_session()
                .expect_connect("cache.internal:6379")
                .expect_send_all(command(["GET", "song"]))
                .expect_recv("$12\r\nla la");
            if is_reset { script.expect_reset() } else { script.expect_eof() }.expect_close();
            net.new_session()
                .expect_connect("cache.internal:6379")
                .expect_send_all(command(["GET", "song"]))
                .expect_recv("$8\r\nla la la\r\n")
                .expect_close();

            let song = async || {
                let (mut client, driver) = connect(&net, &cache(), &anonymous()).await?;
                let song = redis::cmd("GET").arg("song").query_async::<String>(&mut client).await;
                drop(client);
                driver.await.expect("the driver does not panic");
                song
            };
            let error = song().await.unwrap_err();
            assert!(error.is_unrecoverable_error(), "{error:?}");
            assert_eq!(error.is_connection_dropped(), is_reset, "{error:?}");
            assert_eq!(song().await.unwrap(), "la la la");
            verifier.finish().await;
        }
    }

    async fn a_reply_that_is_none_is_refused() {
        let verifier = Verifier::new();
        let net = verifier.socket();
        net.new_session()
            .expect_connect("cache.internal:6379")
            .expect_send_all(command(["PING"]))
            .expect_recv("HTTP/1.1 400 Bad Request\r\n")
            .expect_close();

        let (mut client, driver) = connect(&net, &cache(), &anonymous()).await.unwrap();
        let error = redis::cmd("PING").exec_async(&mut client).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Parse);
        drop(client);
        driver.await.unwrap();
        verifier.finish().await;
    }

    async fn another_command_than_the_script_has_is_reported() {
        let verifier = Verifier::new();
        let net = verifier.socket();
        net.new_session()
            .expect_connect("cache.internal:6379")
            .expect_send_all(command(["INCR", "count"]))
            .expect_recv(":1\r\n")
            .expect_close();

        let (mut client, driver) = connect(&net, &cache(), &anonymous()).await.unwrap();
        let error = redis::cmd("DECR").arg("count").exec_async(&mut client).await.unwrap_err();
        drop(client);
        driver.await.unwrap();

        let report = verifier.try_verify().unwrap_err();
        let told = report.violations().next().unwrap();
        let ViolationKind::Mismatch { at, .. } = told.kind() else { panic!("{report}") };
        assert_eq!(*at, "*2\r\n$4\r\n".len());
        assert_eq!(Violation::behind(&error), Some(told), "redis hands on what it was told");
        assert_eq!(report.violations().len(), 1);
    }
}
