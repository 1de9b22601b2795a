//! A server for the client: tungstenite's own, on threads.

use std::io;
use std::net::{TcpListener, TcpStream};
use std::thread::{self, JoinHandle};

use http::{HeaderValue, StatusCode};
use serde_json::{Value, json};
use tungstenite::handshake::server::{ErrorResponse, Request, Response};
use wirescript::websocket::CloseCode;

use super::message::METHOD_NOT_FOUND;
use super::{SUBPROTOCOL, TOKEN};

/// A server for one visit, on a thread of its own.
pub(super) fn serve() -> io::Result<(String, JoinHandle<tungstenite::Result<()>>)> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let uri = format!("ws://{}/rpc", listener.local_addr()?);
    let serving = thread::spawn(move || {
        for stream in listener.incoming().take(2) {
            attend(stream?)?;
        }
        Ok(())
    });
    Ok((uri, serving))
}

/// Serves one connection, until both sides have closed it.
fn attend(stream: TcpStream) -> tungstenite::Result<()> {
    let mut ws = tungstenite::accept_hdr(stream, admit).map_err(|error| match error {
        tungstenite::HandshakeError::Failure(error) => error,
        tungstenite::HandshakeError::Interrupted(_) => unreachable!("the stream blocks"),
    })?;
    loop {
        let call: Value = match ws.read() {
            Ok(tungstenite::Message::Text(text)) => serde_json::from_str(&text).unwrap_or_default(),
            Ok(_) => continue,
            Err(tungstenite::Error::ConnectionClosed) => return Ok(()),
            Err(error) => return Err(error),
        };
        let (name, outcome) = match call["method"].as_str() {
            Some("join") => ("result", json!({ "members": 2 })),
            Some("restart") => ("result", json!("see you")),
            Some("typing") => continue,
            _ => ("error", json!({ "code": METHOD_NOT_FOUND, "message": "no dancing" })),
        };
        let reply = json!({ "jsonrpc": "2.0", "id": call["id"], name: outcome });
        ws.send(tungstenite::Message::text(reply.to_string()))?;
        if call["method"] == "dance" {
            let said = json!({ "jsonrpc": "2.0", "method": "said", "params": ["ann", "hi"] });
            ws.send(tungstenite::Message::text(said.to_string()))?;
        }
        if call["method"] == "restart" {
            let code = CloseCode::SERVICE_RESTART.as_u16().into();
            let reason = "restarting".into();
            ws.close(Some(tungstenite::protocol::CloseFrame { code, reason }))?;
        }
    }
}

/// Admits whoever has the token, to the one protocol that is spoken here.
#[expect(clippy::result_large_err, reason = "the signature is tungstenite's")]
fn admit(request: &Request, mut response: Response) -> Result<Response, ErrorResponse> {
    let headers = request.headers();
    if headers.get("authorization").is_none_or(|token| token != TOKEN) {
        let mut refusal = ErrorResponse::new(None);
        *refusal.status_mut() = StatusCode::UNAUTHORIZED;
        return Err(refusal);
    }
    let subprotocol = HeaderValue::from_static(SUBPROTOCOL);
    response.headers_mut().insert("sec-websocket-protocol", subprotocol);
    Ok(response)
}
