//! The main job of wirescript, from end to end.
//!
//! One client, written once, asks a monitoring server for its status: over a real connection, and
//! over a script.
//!
//! ```text
//! cargo run --example quickstart                          # against a server that this starts
//! cargo run --example quickstart -- --connect host:port   # against a server of yours
//! cargo run --example quickstart -- --runtime smol        # tokio (as it is), async-std, smol or std
//! cargo run --example quickstart -- --break               # what a failing script says
//! ```

use std::io::{self, BufRead, BufReader, Write};
use std::net::{Shutdown, TcpListener};
use std::process::ExitCode;
use std::thread::{self, JoinHandle};

use wirescript::{AsyncSocketExt, Connect, Endpoint, Verifier};

use crate::runtime::Runtime;

mod runtime;

/// The client. It knows nothing of runtimes, nor of tests.
struct Monitor<C> {
    net: C,
    server: Endpoint,
}

impl<C: Connect> Monitor<C> {
    fn new(net: C, server: Endpoint) -> Self {
        Self { net, server }
    }

    /// What the server says of itself, such as `OK 200`.
    async fn status(&self) -> io::Result<String> {
        let mut socket = self.net.connect(&self.server).await?;
        socket.send_all(b"STATUS\r\n").await?;
        let reply = socket.recv_to_end(4096).await?;
        socket.disconnect().await?;
        Ok(String::from_utf8_lossy(&reply).trim_end().to_owned())
    }
}

/// Over a real connection: to `server`, or to one that is started for it on a free port.
async fn over_sockets(runtime: Runtime, server: Option<Endpoint>) -> io::Result<String> {
    let server = match server {
        Some(server) => server,
        None => serve(TcpListener::bind(("127.0.0.1", 0))?)?.0,
    };
    Monitor::new(runtime.connector(), server).status().await
}

/// A server for one client, on a thread of its own.
fn serve(listener: TcpListener) -> io::Result<(Endpoint, JoinHandle<io::Result<()>>)> {
    let address = listener.local_addr()?.into();
    let serving = thread::spawn(move || {
        let (stream, _) = listener.accept()?;
        let mut stream = BufReader::new(stream);
        let mut request = String::new();
        stream.read_line(&mut request)?;
        let reply: &[u8] = if request == "STATUS\r\n" { b"OK 200\r\n" } else { b"ERROR 400\r\n" };
        stream.get_mut().write_all(reply)?;
        stream.get_ref().shutdown(Shutdown::Write)
    });
    Ok((address, serving))
}

/// Over a script: what the server hears, and what it then says.
async fn over_a_script(verifier: &Verifier, request: &str) -> io::Result<String> {
    let net = verifier.socket();
    net.new_session()
        .named("monitoring")
        .expect_connect("monitoring.internal:5000")
        .expect_send_all(request)
        .expect_recv(b"OK 200\r\n")
        .expect_eof()
        .expect_close();
    Monitor::new(net, Endpoint::new("monitoring.internal", 5000)).status().await
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (runtime, arguments) = match Runtime::chosen_by(&arguments) {
        Ok(chosen) => chosen,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let outcome = runtime.block_on(async {
        match arguments.as_slice() {
            [] => compare(runtime, None).await,
            ["--connect", server] => match server.parse() {
                Ok(server) => compare(runtime, Some(server)).await,
                Err(error) => Err(format!("--connect: {error}")),
            },
            ["--break"] => break_it().await,
            _ => {
                Err("usage: quickstart [--runtime NAME] [--connect host:port | --break]".to_owned())
            }
        }
    });
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

/// The same client over both.
async fn compare(runtime: Runtime, server: Option<Endpoint>) -> Result<String, String> {
    let real = over_sockets(runtime, server).await;
    let real = real.map_err(|error| format!("over {runtime}: {error}"))?;

    let verifier = Verifier::new();
    let scripted = over_a_script(&verifier, "STATUS\r\n").await;
    let scripted = scripted.map_err(|error| format!("over a script: {error}"))?;
    let timeline = verifier.timeline();
    verifier.finish().await;

    let over = format!("over {runtime}");
    Ok(format!("{over:<14}  {real}\nover a script   {scripted}\n\n{timeline}"))
}

/// A script that wants another request than the client makes.
async fn break_it() -> Result<String, String> {
    let verifier = Verifier::new();
    let error = over_a_script(&verifier, "STATE\r\n").await.err();
    let error = error.ok_or("the client kept to a script that it cannot know")?;
    let verdict = verifier.try_verify().err();
    let verdict = verdict.ok_or("the verdict let a client pass that strayed")?;
    Ok(format!("the client got   {:?}\nthe test prints\n\n{verdict}", error.kind()))
}

#[expect(clippy::print_stdout, reason = "a program, not a library")]
fn print(text: &str) {
    println!("{text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_client_gets_the_same_over_both_on_every_runtime() {
        for runtime in Runtime::ALL {
            let text = runtime.block_on(compare(runtime, None)).unwrap();
            let over = format!("over {runtime}");
            let expected = format!("{over:<14}  OK 200\nover a script   OK 200\n");
            assert!(text.starts_with(&expected), "{text}");
        }
    }

    #[test]
    fn a_server_of_yours_is_asked() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let (server, asked) = serve(listener).unwrap();
        Runtime::Tokio.block_on(compare(Runtime::Tokio, Some(server))).unwrap();
        asked.join().unwrap().unwrap();
    }

    #[test]
    fn a_runtime_that_is_none_is_refused() {
        let arguments = ["--runtime", "rayon"].map(str::to_owned);
        let error = Runtime::chosen_by(&arguments).unwrap_err();
        assert_eq!(error, "--runtime: `rayon` is none of tokio, async-std, smol, std");
    }

    #[test]
    fn a_client_that_strays_is_told_what_to_do() {
        let text = Runtime::Smol.block_on(break_it()).unwrap();
        assert!(text.contains(r#"fix: if the client is right, write the step as"#), "{text}");
    }
}
