//! A client library for JSON-RPC 2.0 over WebSocket, as chats and feeds speak it.
//!
//! Many calls at once, notifications both ways, keep-alive, and a new connection when one was lost.
//! It spawns nothing: like hyper, it gives a handle, and a driver that its user runs. Its tests, below,
//! need no server, and no time passes in them.
//!
//! ```text
//! cargo run --example chat             # over a real connection, and over a script
//! cargo run --example chat -- --break  # what a failing script says
//! ```

use std::process::ExitCode;

use futures::StreamExt;
use futures::channel::mpsc;
use futures::future::join;
use serde_json::json;
use wirescript::scripted::WebSocket;
use wirescript::websocket::{CloseCode, InvalidRequest, WebSocketRequest};
use wirescript::{Scripted, Verifier, WebSocketConnect};
use wirescript_tokio::{TokioConnector, TokioTimer};
use wirescript_tungstenite::TungsteniteConnector;

use self::client::{Client, Event, Settings};
use self::error::Error;

mod client;
mod conversation;
mod driver;
mod error;
mod message;
mod server;
#[cfg(test)]
mod tests;

/// What the server of this example asks for.
const TOKEN: &str = "Bearer 0042";
const SUBPROTOCOL: &str = "chat.v1";

/// What happens, for whoever uses the client on the task of its driver.
type Events = mpsc::UnboundedReceiver<Event>;

/// Runs `body` with a client, and the client's driver to its end.
async fn with_client<C: WebSocketConnect, T>(
    net: C,
    request: WebSocketRequest,
    settings: Settings,
    body: impl AsyncFnOnce(Client, &mut Events) -> T,
) -> (Result<(), Error>, T) {
    let (sender, mut events) = mpsc::unbounded();
    let on_event = move |event| {
        // Nobody has to listen.
        let _ = sender.unbounded_send(event);
    };
    let (client, driver) = Client::new(net, TokioTimer::new(), request, settings, on_event);
    join(driver, body(client, &mut events)).await
}

/// A request as the server of this example wants it.
fn request(uri: &str) -> Result<WebSocketRequest, InvalidRequest> {
    WebSocketRequest::new(uri)?.with_header("authorization", TOKEN)?.with_subprotocol(SUBPROTOCOL)
}

/// What a user sees who joins a room, and whose server then restarts.
async fn visit<C: WebSocketConnect>(
    net: C,
    uri: &str,
    settings: Settings,
) -> Result<String, String> {
    let request = request(uri).map_err(|error| error.to_string())?;
    let (ended, told) = with_client(net, request, settings, async |client, events| {
        let mut told = vec![next(events).await];
        told.push(call(&client, "join").await);
        told.push(call(&client, "dance").await);
        told.push(next(events).await);
        let notified = client.notify("typing", json!(["rust"])).await;
        told.extend(notified.err().map(|error| error.to_string()));
        told.push(call(&client, "restart").await);
        told.extend([next(events).await, next(events).await]);
        told.push(call(&client, "join").await);
        told.join("\n")
    })
    .await;
    match ended {
        Ok(()) => Ok(told),
        Err(error) => Err(error.to_string()),
    }
}

async fn next(events: &mut Events) -> String {
    events.next().await.map_or_else(|| "the end".to_owned(), |event| event.to_string())
}

async fn call(client: &Client, method: &str) -> String {
    match client.call(method, json!(["rust"])).await {
        Ok(result) => format!("{method} -> {result}"),
        Err(error) => format!("{method} -> {error}"),
    }
}

/// The script of the visit; the client is to join `room` first.
fn script(net: &Scripted<WebSocket>, uri: &str, room: &str) {
    net.new_session()
        .named("before the restart")
        .expect_connect(uri)
        .header("authorization", TOKEN)
        .subprotocol(SUBPROTOCOL)
        .expect_send(format!(r#"{{"jsonrpc":"2.0","id":1,"method":"join","params":["{room}"]}}"#))
        .expect_recv(r#"{"jsonrpc":"2.0","id":1,"result":{"members":2}}"#)
        .expect_send(r#"{"jsonrpc":"2.0","id":2,"method":"dance","params":["rust"]}"#)
        .expect_recv(r#"{"jsonrpc":"2.0","id":2,"error":{"code":-32601,"message":"no dancing"}}"#)
        .expect_recv(r#"{"jsonrpc":"2.0","method":"said","params":["ann","hi"]}"#)
        .expect_send(r#"{"jsonrpc":"2.0","method":"typing","params":["rust"]}"#)
        .expect_send(r#"{"jsonrpc":"2.0","id":3,"method":"restart","params":["rust"]}"#)
        .expect_recv(r#"{"jsonrpc":"2.0","id":3,"result":"see you"}"#)
        .expect_recv_close(CloseCode::SERVICE_RESTART, "restarting")
        .expect_eof();
    net.new_session()
        .named("after the restart")
        .expect_connect(uri)
        .header("authorization", TOKEN)
        .subprotocol(SUBPROTOCOL)
        .expect_send(r#"{"jsonrpc":"2.0","id":4,"method":"join","params":["rust"]}"#)
        .expect_recv(r#"{"jsonrpc":"2.0","id":4,"result":{"members":2}}"#)
        .expect_close(CloseCode::NORMAL)
        .expect_recv_close(CloseCode::NORMAL, "")
        .expect_eof();
}

/// The same visit, over a real connection and over a script.
async fn compare() -> Result<String, String> {
    let (uri, serving) = server::serve().map_err(|error| error.to_string())?;
    let net = TungsteniteConnector::new(TokioConnector::new());
    let real = visit(net, &uri, Settings::default()).await;
    let real = real.map_err(|error| format!("over tokio: {error}"))?;
    let served = serving.join().map_err(|_| "the server panicked")?;
    served.map_err(|error| format!("the server: {error}"))?;

    let verifier = Verifier::new();
    let net = verifier.websocket();
    script(&net, &uri, "rust");
    let scripted = visit(net, &uri, Settings::default()).await;
    let scripted = scripted.map_err(|error| format!("over a script: {error}"))?;
    verifier.finish().await;
    Ok(format!("over tokio\n\n{real}\n\nover a script\n\n{scripted}"))
}

/// A script that wants another room than the client joins.
async fn break_it() -> Result<String, String> {
    let verifier = Verifier::new();
    let net = verifier.websocket();
    script(&net, "ws://chat.internal/rpc", "lobby");
    // A client that tries again would stray again; `wirescript::run` ends a test at the first time.
    let settings = Settings { backoff: |_| None, ..Settings::default() };
    let visited = visit(net, "ws://chat.internal/rpc", settings).await;
    visited.err().ok_or("the client kept to a script that it cannot know")?;
    let verdict = verifier.try_verify().err();
    let verdict = verdict.ok_or("the verdict let a client pass that strayed")?;
    Ok(verdict.to_string())
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("tokio has what it needs of the system");
    let outcome = runtime.block_on(async {
        match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            [] => compare().await,
            ["--break"] => break_it().await,
            _ => Err("usage: chat [--break]".to_owned()),
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

#[expect(clippy::print_stdout, reason = "a program, not a library")]
fn print(text: &str) {
    println!("{text}");
}
