//! The main job of wirescript, from end to end.
//!
//! One client, written once, asks a monitoring server for its status: over a real connection, and
//! over a script.
//!
//! ```text
//! cargo run --example quickstart                          # against a server that this starts
//! cargo run --example quickstart -- --connect host:port   # against a server of yours
//! cargo run --example quickstart -- --break               # what a failing script says
//! ```

use std::io;
use std::process::ExitCode;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use wirescript::{AsyncSocketExt, Connect, Endpoint, Verifier};
use wirescript_tokio::TokioConnector;

/// The client. It knows nothing of tokio, nor of tests.
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
async fn over_tokio(server: Option<Endpoint>) -> io::Result<String> {
    let server = match server {
        Some(server) => server,
        None => {
            let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
            let address = listener.local_addr()?;
            tokio::spawn(serve(listener));
            address.into()
        }
    };
    Monitor::new(TokioConnector::new(), server).status().await
}

/// A server for one client.
async fn serve(listener: TcpListener) -> io::Result<()> {
    let (stream, _) = listener.accept().await?;
    let mut stream = BufReader::new(stream);
    let mut request = String::new();
    stream.read_line(&mut request).await?;
    let reply: &[u8] = if request == "STATUS\r\n" { b"OK 200\r\n" } else { b"ERROR 400\r\n" };
    stream.write_all(reply).await?;
    stream.shutdown().await
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

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match arguments.as_slice() {
        [] => compare(None).await,
        ["--connect", server] => match server.parse() {
            Ok(server) => compare(Some(server)).await,
            Err(error) => Err(format!("--connect: {error}")),
        },
        ["--break"] => break_it().await,
        _ => Err("usage: quickstart [--connect host:port | --break]".to_owned()),
    };
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
async fn compare(server: Option<Endpoint>) -> Result<String, String> {
    let real = over_tokio(server).await.map_err(|error| format!("over tokio: {error}"))?;

    let verifier = Verifier::new();
    let scripted = over_a_script(&verifier, "STATUS\r\n").await;
    let scripted = scripted.map_err(|error| format!("over a script: {error}"))?;
    let timeline = verifier.timeline();
    verifier.finish().await;

    Ok(format!("over tokio     {real}\nover a script  {scripted}\n\n{timeline}"))
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

    #[tokio::test]
    async fn the_client_gets_the_same_over_both() {
        let text = compare(None).await.unwrap();
        assert!(text.starts_with("over tokio     OK 200\nover a script  OK 200\n"), "{text}");
    }

    #[tokio::test]
    async fn a_server_of_yours_is_asked() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let server = Endpoint::from(listener.local_addr().unwrap());
        let asked = tokio::spawn(serve(listener));
        compare(Some(server)).await.unwrap();
        asked.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn a_client_that_strays_is_told_what_to_do() {
        let text = break_it().await.unwrap();
        assert!(text.contains(r#"fix: if the client is right, write the step as"#), "{text}");
    }
}
