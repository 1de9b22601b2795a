//! A client library for a real protocol: RESP, which Redis speaks.
//!
//! It pipelines, reads nested arrays however they are cut, tells errors of the server from errors
//! of the connection, and never reads on behind a reply that it lost. Written once, it runs on any
//! transport; its tests, below, need no server.
//!
//! ```text
//! cargo run --example redis                          # on a double that plays the server
//! cargo run --example redis -- --connect host:port   # on a server of yours, or unix:/path
//! cargo run --example redis -- --runtime smol --connect host:port   # or async-std, or std
//! ```

use std::fmt;
use std::io::{self, ErrorKind};
use std::process::ExitCode;

use wirescript::scripted::Socket;
use wirescript::{AsyncSocketExt, Connect, Endpoint, Scripted, Verifier};

use self::runtime::Runtime;

pub(crate) mod runtime;

/// The longest line that is read: a status, an error or a number.
const LONGEST_LINE: usize = 64 * 1024;
/// The longest bulk string that Redis sends unless it is told otherwise.
const LONGEST_BULK: usize = 512 * 1024 * 1024;
/// How deep arrays are followed into each other.
const DEEPEST: usize = 32;
/// What is asked of the socket at once.
const CHUNK: usize = 4096;

/// What a server answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    Status(String),
    /// The server refused the command.
    Error(String),
    Integer(i64),
    Bulk(Vec<u8>),
    Nil,
    Array(Vec<Reply>),
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Error {
    /// The server refused the command. The connection is as good as before.
    Refused(String),
    /// What the server said is no reply.
    Malformed(&'static str),
    /// The connection broke.
    Io(io::Error),
}

/// A client of one server.
///
/// It connects when it is first asked for something. A connection that broke, and one on which a
/// reply was given up, is not used again: the next call opens another. No command is sent twice.
pub(crate) struct Client<C: Connect> {
    net: C,
    server: Endpoint,
    connection: Option<Connection<C::Socket>>,
}

impl<C: Connect> Client<C> {
    pub(crate) fn new(net: C, server: Endpoint) -> Self {
        Self { net, server, connection: None }
    }

    /// What the server answers to one command.
    ///
    /// # Cancel safety
    ///
    /// As [`pipeline`](Self::pipeline).
    pub(crate) async fn command(&mut self, words: &[&str]) -> Result<Reply, Error> {
        match self.pipeline(&[words]).await?.pop() {
            Some(Reply::Error(text)) => Err(Error::Refused(text)),
            Some(reply) => Ok(reply),
            None => Err(Error::Malformed("no reply")),
        }
    }

    /// What the server answers to each of these commands, which are sent together. One that is
    /// refused keeps none of the others from being done.
    ///
    /// # Cancel safety
    ///
    /// The commands may or may not have been done. The next call is answered right: it goes over a
    /// connection of its own.
    pub(crate) async fn pipeline(&mut self, commands: &[&[&str]]) -> Result<Vec<Reply>, Error> {
        if commands.is_empty() {
            return Ok(Vec::new());
        }
        // Put back only when nothing is on its way that belongs to nobody.
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => Connection::new(self.net.connect(&self.server).await?),
        };
        let mut request = Vec::new();
        commands.iter().for_each(|words| encode(words, &mut request));
        connection.socket.send_all(&request).await?;
        let mut replies = Vec::with_capacity(commands.len());
        for _ in commands {
            replies.push(connection.reply().await?);
        }
        self.connection = Some(connection);
        Ok(replies)
    }

    /// Takes leave of the server.
    pub(crate) async fn quit(&mut self) -> Result<(), Error> {
        if self.connection.is_some() {
            self.command(&["QUIT"]).await?;
            self.connection = None;
        }
        Ok(())
    }
}

/// A command as RESP has it: an array of bulk strings.
fn encode(words: &[&str], request: &mut Vec<u8>) {
    request.extend_from_slice(format!("*{}\r\n", words.len()).as_bytes());
    for word in words {
        request.extend_from_slice(format!("${}\r\n{word}\r\n", word.len()).as_bytes());
    }
}

/// A socket and what has been received on it and not been read yet.
struct Connection<S> {
    socket: S,
    received: Vec<u8>,
    /// How much of it has been read.
    read: usize,
}

impl<S: AsyncSocketExt> Connection<S> {
    fn new(socket: S) -> Self {
        Self { socket, received: Vec::new(), read: 0 }
    }

    /// Reads one reply, however deep and however cut.
    async fn reply(&mut self) -> Result<Reply, Error> {
        // The arrays that are not at their end, outermost first, and how much each still lacks.
        let mut open: Vec<(usize, Vec<Reply>)> = Vec::new();
        loop {
            let mut reply = match self.header().await? {
                Header::Reply(reply) => reply,
                Header::Bulk(len) => self.bulk(len).await?,
                Header::Array(0) => Reply::Array(Vec::new()),
                Header::Array(_) if open.len() == DEEPEST => {
                    return Err(Error::Malformed("arrays in arrays without end"));
                }
                Header::Array(len) => {
                    open.push((len, Vec::new()));
                    continue;
                }
            };
            loop {
                let Some((lacking, mut replies)) = open.pop() else { return Ok(reply) };
                replies.push(reply);
                if lacking > 1 {
                    open.push((lacking - 1, replies));
                    break;
                }
                reply = Reply::Array(replies);
            }
        }
    }

    async fn header(&mut self) -> Result<Header, Error> {
        let line = self.line().await?;
        let Some((kind, rest)) = line.split_first() else {
            return Err(Error::Malformed("an empty line"));
        };
        let text = || String::from_utf8_lossy(rest).into_owned();
        Ok(match kind {
            b'+' => Header::Reply(Reply::Status(text())),
            b'-' => Header::Reply(Reply::Error(text())),
            b':' => Header::Reply(Reply::Integer(number(rest)?)),
            b'$' => match length(rest)? {
                None => Header::Reply(Reply::Nil),
                Some(len) if len > LONGEST_BULK => {
                    return Err(Error::Malformed("a string that is too long"));
                }
                Some(len) => Header::Bulk(len),
            },
            b'*' => length(rest)?.map_or(Header::Reply(Reply::Nil), Header::Array),
            _ => return Err(Error::Malformed("a reply of no known kind")),
        })
    }

    /// Reads a line, and leaves its end out.
    async fn line(&mut self) -> Result<Vec<u8>, Error> {
        let mut searched = 0;
        loop {
            let rest = &self.received[self.read..];
            if let Some(at) = rest[searched..].windows(2).position(|pair| pair == b"\r\n") {
                let line = rest[..searched + at].to_vec();
                self.read += line.len() + 2;
                return Ok(line);
            }
            if rest.len() > LONGEST_LINE {
                return Err(Error::Malformed("a line that is too long"));
            }
            // The end may be cut in two.
            searched = rest.len().saturating_sub(1);
            self.receive().await?;
        }
    }

    async fn bulk(&mut self, len: usize) -> Result<Reply, Error> {
        while self.received.len() - self.read < len + 2 {
            self.receive().await?;
        }
        let (bytes, rest) = self.received[self.read..].split_at(len);
        if !rest.starts_with(b"\r\n") {
            return Err(Error::Malformed("a string that is longer than it says"));
        }
        let reply = Reply::Bulk(bytes.to_vec());
        self.read += len + 2;
        Ok(reply)
    }

    /// Receives something more.
    async fn receive(&mut self) -> Result<(), Error> {
        self.received.drain(..self.read);
        self.read = 0;
        let mut chunk = [0; CHUNK];
        match self.socket.recv(&mut chunk).await? {
            0 => Err(Error::Io(ErrorKind::UnexpectedEof.into())),
            count => {
                self.received.extend_from_slice(&chunk[..count]);
                Ok(())
            }
        }
    }
}

/// How a reply begins.
enum Header {
    /// It is all there.
    Reply(Reply),
    /// So many bytes follow, and the end of a line.
    Bulk(usize),
    /// So many replies follow.
    Array(usize),
}

fn number(digits: &[u8]) -> Result<i64, Error> {
    let number = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok());
    number.ok_or(Error::Malformed("a number that is none"))
}

/// A length, or `None` for what there is not.
fn length(digits: &[u8]) -> Result<Option<usize>, Error> {
    match number(digits)? {
        -1 => Ok(None),
        length => match usize::try_from(length) {
            Ok(length) => Ok(Some(length)),
            Err(_) => Err(Error::Malformed("a length below zero")),
        },
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(text) => f.write_str(text),
            Self::Error(text) => write!(f, "error: {text}"),
            Self::Integer(number) => number.fmt(f),
            Self::Bulk(bytes) => write!(f, "\"{}\"", bytes.escape_ascii()),
            Self::Nil => f.write_str("nil"),
            Self::Array(replies) => {
                f.write_str("[")?;
                for (i, reply) in replies.iter().enumerate() {
                    f.write_str(if i == 0 { "" } else { ", " })?;
                    reply.fmt(f)?;
                }
                f.write_str("]")
            }
        }
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(text) => write!(f, "the server says: {text}"),
            Self::Malformed(what) => write!(f, "the server sent {what}"),
            Self::Io(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            Self::Refused(_) | Self::Malformed(_) => None,
        }
    }
}

/// The key that the tour uses, and deletes.
const KEY: &str = "wirescript:tour";

/// Some of what the client can do.
pub(crate) async fn tour<C: Connect>(net: C, server: Endpoint) -> Result<String, Error> {
    let mut client = Client::new(net, server);
    let counted = client
        .pipeline(&[&["SET", KEY, "41"], &["INCR", KEY], &["GET", KEY], &["LPUSH", KEY, "x"]])
        .await?;
    let nested = client.command(&["EVAL", "return {1, {2, 'three', {}}, false}", "0"]).await?;
    client.quit().await?;
    // Over another connection.
    let deleted = client.command(&["DEL", KEY]).await?;
    let counted = Reply::Array(counted);
    Ok(format!("a pipeline  {counted}\nan array    {nested}\nlater on    {deleted}"))
}

/// The script of the tour.
pub(crate) fn script(net: &Scripted<Socket>, server: &Endpoint) {
    net.new_session()
        .named("counting")
        .expect_connect(server)
        .expect_send_all("*3\r\n$3\r\nSET\r\n$15\r\nwirescript:tour\r\n$2\r\n41\r\n")
        .expect_send_all("*2\r\n$4\r\nINCR\r\n$15\r\nwirescript:tour\r\n")
        .expect_send_all("*2\r\n$3\r\nGET\r\n$15\r\nwirescript:tour\r\n")
        .expect_send_all("*3\r\n$5\r\nLPUSH\r\n$15\r\nwirescript:tour\r\n$1\r\nx\r\n")
        .expect_recv("+OK\r\n:42\r\n$2\r\n42\r\n")
        .expect_recv("-WRONGTYPE Operation against a key holding the wrong kind of value\r\n")
        .expect_send_all(
            "*3\r\n$4\r\nEVAL\r\n$35\r\nreturn {1, {2, 'three', {}}, false}\r\n$1\r\n0\r\n",
        )
        .expect_recv("*3\r\n:1\r\n*3\r\n:2\r\n$5\r\nthree\r\n*0\r\n$-1\r\n")
        .expect_send_all("*1\r\n$4\r\nQUIT\r\n")
        .expect_recv("+OK\r\n")
        .expect_close();
    net.new_session()
        .named("deleting")
        .expect_connect(server)
        .expect_send_all("*2\r\n$3\r\nDEL\r\n$15\r\nwirescript:tour\r\n")
        .expect_recv(":1\r\n")
        .expect_close();
}

/// The program, but for what it prints.
pub(crate) async fn run(runtime: Runtime, arguments: &[&str]) -> Result<String, String> {
    match arguments {
        [] => {
            let verifier = Verifier::new();
            let net = verifier.socket();
            let server = Endpoint::new("cache.internal", 6379);
            script(&net, &server);
            let told = tour(net, server).await.map_err(|error| error.to_string())?;
            let timeline = verifier.timeline();
            verifier.finish().await;
            Ok(format!("{told}\n\n{timeline}"))
        }
        ["--connect", server] => {
            let server = server.parse().map_err(|error| format!("--connect: {error}"))?;
            tour(runtime.connector(), server).await.map_err(|error| error.to_string())
        }
        _ => Err("usage: redis [--runtime NAME] [--connect host:port|unix:/path]".to_owned()),
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = Runtime::chosen_by(&arguments)
        .and_then(|(runtime, arguments)| runtime.block_on(run(runtime, &arguments)));
    match outcome {
        Ok(text) => {
            print(&text);
            ExitCode::SUCCESS
        }
        Err(text) => {
            eprintln!("{text}");
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stdout, reason = "a program, not a library")]
fn print(text: &str) {
    println!("{text}");
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Write};
    use std::net::TcpListener;
    use std::thread;
    use std::time::Duration;

    use wirescript::scripted::{AfterConnect, AfterSendAll, Chunks, SocketScript};

    use super::*;

    const GET_A: &str = "*2\r\n$3\r\nGET\r\n$1\r\na\r\n";

    const TOLD: &str = concat!(
        "a pipeline  [OK, 42, \"42\", error: WRONGTYPE Operation against a key holding the wrong ",
        "kind of value]\n",
        "an array    [1, [2, \"three\", []], nil]\n",
        "later on    1",
    );

    fn cache() -> Endpoint {
        Endpoint::new("cache", 6379)
    }

    #[track_caller]
    fn session(net: &Scripted<Socket>) -> SocketScript<AfterConnect> {
        net.new_session().expect_connect("cache:6379")
    }

    /// A session in which the client first gets `a`.
    #[track_caller]
    fn gets(net: &Scripted<Socket>) -> SocketScript<AfterSendAll> {
        session(net).expect_send_all(GET_A)
    }

    fn bulk(text: &str) -> Reply {
        Reply::Bulk(text.as_bytes().to_vec())
    }

    #[tokio::test]
    async fn the_tour_is_taken_wherever_the_replies_are_cut() {
        for chunks in [Chunks::Whole, Chunks::Bytewise, Chunks::Seeded(1), Chunks::Seeded(2)] {
            let verifier = Verifier::builder().chunks(chunks).build();
            let net = verifier.socket();
            script(&net, &cache());
            let told = tour(net, cache()).await.unwrap();
            assert_eq!(told, TOLD);
            verifier.finish().await;
        }
    }

    #[tokio::test]
    async fn commands_of_a_pipeline_are_sent_together_and_answered_one_by_one() {
        let verifier = Verifier::new();
        let net = verifier.socket();
        session(&net)
            // In one write: the boundary matters, because each costs a packet.
            .expect_send(
                "*2\r\n$4\r\nINCR\r\n$1\r\na\r\n*1\r\n$6\r\nNOTHIN\r\n*1\r\n$4\r\nPING\r\n",
            )
            .expect_recv(":7\r\n-ERR unknown command\r\n+PONG\r\n")
            .expect_close();
        let mut client = Client::new(net, cache());
        let replies = client.pipeline(&[&["INCR", "a"], &["NOTHIN"], &["PING"]]).await.unwrap();
        assert_eq!(
            replies,
            [
                Reply::Integer(7),
                Reply::Error("ERR unknown command".to_owned()),
                Reply::Status("PONG".to_owned()),
            ]
        );
        drop(client);
        verifier.finish().await;
    }

    #[tokio::test]
    async fn a_nested_array_may_be_cut_at_every_byte() {
        let verifier = Verifier::builder().chunks(Chunks::Bytewise).build();
        let net = verifier.socket();
        gets(&net)
            .expect_recv("*3\r\n*2\r\n:-1\r\n*1\r\n$4\r\n\r\n\r\n\r\n*0\r\n*-1\r\n")
            .expect_close();
        let mut client = Client::new(net, cache());
        let inner = Reply::Array(vec![bulk("\r\n\r\n")]);
        let first = Reply::Array(vec![Reply::Integer(-1), inner]);
        assert_eq!(
            client.command(&["GET", "a"]).await.unwrap(),
            Reply::Array(vec![first, Reply::Array(vec![]), Reply::Nil])
        );
        drop(client);
        verifier.finish().await;
    }

    #[tokio::test]
    async fn after_an_error_of_the_server_the_connection_is_as_good_as_before() {
        let verifier = Verifier::new();
        let net = verifier.socket();
        gets(&net)
            .expect_recv("-WRONGTYPE no string\r\n")
            .expect_send_all(GET_A)
            .expect_recv("$1\r\n1\r\n")
            .expect_close();
        let mut client = Client::new(net, cache());
        let error = client.command(&["GET", "a"]).await.unwrap_err();
        assert_eq!(error.to_string(), "the server says: WRONGTYPE no string");
        assert_eq!(client.command(&["GET", "a"]).await.unwrap(), bulk("1"));
        drop(client);
        verifier.finish().await;
    }

    #[tokio::test]
    async fn after_a_reply_that_broke_off_the_client_connects_anew() {
        for kind in [ErrorKind::UnexpectedEof, ErrorKind::ConnectionReset, ErrorKind::TimedOut] {
            let verifier = Verifier::new();
            let net = verifier.socket();
            let broken = gets(&net).expect_recv("$5\r\nwh");
            match kind {
                ErrorKind::UnexpectedEof => broken.expect_eof().expect_close(),
                kind => broken.expect_recv_error(kind).expect_close(),
            };
            gets(&net).expect_recv("$5\r\nwhole\r\n").expect_close();

            let mut client = Client::new(net, cache());
            match client.command(&["GET", "a"]).await {
                Err(Error::Io(error)) => assert_eq!(error.kind(), kind),
                other => panic!("{other:?}"),
            }
            assert_eq!(client.command(&["GET", "a"]).await.unwrap(), bulk("whole"));
            drop(client);
            verifier.finish().await;
        }
    }

    #[tokio::test]
    async fn a_server_that_cannot_be_reached_is_asked_again_with_the_next_command() {
        let verifier = Verifier::new();
        let net = verifier.socket();
        session(&net).raises(ErrorKind::ConnectionRefused);
        gets(&net).expect_recv("$-1\r\n").expect_close();
        let mut client = Client::new(net, cache());
        let error = client.command(&["GET", "a"]).await.unwrap_err();
        assert!(matches!(error, Error::Io(error) if error.kind() == ErrorKind::ConnectionRefused));
        assert_eq!(client.command(&["GET", "a"]).await.unwrap(), Reply::Nil);
        drop(client);
        verifier.finish().await;
    }

    #[tokio::test]
    async fn what_is_no_reply_is_named_and_the_connection_given_up() {
        let long_line = format!("+{}", "x".repeat(LONGEST_LINE));
        let deep_array = "*1\r\n".repeat(DEEPEST + 1);
        for (said, named) in [
            ("?\r\n", "a reply of no known kind"),
            ("\r\n", "an empty line"),
            (":4 2\r\n", "a number that is none"),
            ("$-2\r\n", "a length below zero"),
            ("*-7\r\n", "a length below zero"),
            ("$536870913\r\n", "a string that is too long"),
            ("$1\r\n12\r\n", "a string that is longer than it says"),
            ("*2\r\n:1\r\n!\r\n", "a reply of no known kind"),
            (&long_line, "a line that is too long"),
            (&deep_array, "arrays in arrays without end"),
        ] {
            let verifier = Verifier::new();
            let net = verifier.socket();
            gets(&net).expect_recv(said).expect_close();
            gets(&net).expect_recv("$1\r\n1\r\n").expect_close();
            let mut client = Client::new(net, cache());
            let error = client.command(&["GET", "a"]).await.unwrap_err();
            assert_eq!(error.to_string(), format!("the server sent {named}"), "{said:?}");
            assert_eq!(client.command(&["GET", "a"]).await.unwrap(), bulk("1"));
            drop(client);
            verifier.finish().await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_reply_that_somebody_gave_up_is_not_taken_for_the_next_one() {
        let verifier = Verifier::new();
        let net = verifier.socket();
        gets(&net).expect_recv("$1\r\n1").expect_recv("\r\n").never().expect_close();
        session(&net)
            .expect_send_all("*2\r\n$3\r\nGET\r\n$1\r\nb\r\n")
            .expect_recv("$1\r\n2\r\n")
            .expect_close();
        let mut client = Client::new(net, cache());
        let given_up = tokio::time::timeout(Duration::from_secs(1), client.command(&["GET", "a"]));
        given_up.await.unwrap_err();
        assert_eq!(client.command(&["GET", "b"]).await.unwrap(), bulk("2"));
        drop(client);
        verifier.finish().await;
    }

    #[tokio::test]
    async fn nothing_is_asked_of_a_server_without_need() {
        let verifier = Verifier::new();
        let mut client = Client::new(verifier.socket(), cache());
        assert_eq!(client.pipeline(&[]).await.unwrap(), []);
        client.quit().await.unwrap();
        drop(client);
        verifier.finish().await;
    }

    #[tokio::test]
    async fn the_program_says_what_it_did_and_how_it_is_used() {
        let run = async |arguments: &[&str]| run(Runtime::Tokio, arguments).await;
        let told = run(&[]).await.unwrap();
        assert!(told.starts_with(TOLD), "{told}");
        let usage = "usage: redis [--runtime NAME] [--connect host:port|unix:/path]";
        assert_eq!(run(&["--help"]).await.unwrap_err(), usage);
        let nowhere = run(&["--connect", "nowhere"]).await.unwrap_err();
        assert!(nowhere.starts_with("--connect: `nowhere` is no endpoint"), "{nowhere}");
    }

    #[test]
    fn the_program_is_the_same_on_every_runtime() {
        for runtime in Runtime::ALL {
            let server = serve().to_string();
            let told = runtime.block_on(run(runtime, &["--connect", &server]));
            assert_eq!(told.unwrap(), TOLD, "{runtime}");
        }
    }

    /// A server for one tour, on a thread of its own.
    fn serve() -> Endpoint {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let server = listener.local_addr().unwrap().into();
        thread::spawn(move || {
            for stream in listener.incoming().take(2) {
                let mut stream = BufReader::new(stream.unwrap());
                while let Some(word) = first_word(&mut stream) {
                    stream.get_mut().write_all(reply_to(&word).as_bytes()).unwrap();
                }
            }
        });
        server
    }

    /// The first word of the next command.
    fn first_word(stream: &mut impl BufRead) -> Option<String> {
        let mut line = || stream.by_ref().lines().next().map(Result::unwrap);
        let words: usize = line()?.strip_prefix('*')?.parse().unwrap();
        // A length and a word, each.
        let lines: Vec<String> = (0..2 * words).map_while(|_| line()).collect();
        lines.into_iter().nth(1)
    }

    fn reply_to(word: &str) -> &'static str {
        match word {
            "SET" | "QUIT" => "+OK\r\n",
            "INCR" => ":42\r\n",
            "GET" => "$2\r\n42\r\n",
            "LPUSH" => "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n",
            "EVAL" => "*3\r\n:1\r\n*3\r\n:2\r\n$5\r\nthree\r\n*0\r\n$-1\r\n",
            "DEL" => ":1\r\n",
            _ => "-ERR unknown command\r\n",
        }
    }
}
