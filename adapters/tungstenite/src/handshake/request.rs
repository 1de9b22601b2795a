//! The request, byte for byte.

use http::{HeaderName, header};
use wirescript::websocket::WebSocketRequest;

/// Headers of other requests that servers have been seen to look for in this case alone.
const CAPITALISED: [(HeaderName, &str); 1] = [(header::ORIGIN, "Origin")];

/// `GET`, then `Host`, `Connection`, `Upgrade`, the version and the key in this order; then the
/// subprotocols, and all other headers as they were added.
pub(super) fn encode(request: &WebSocketRequest, key: &str) -> Vec<u8> {
    let uri = request.uri();
    let mut out = Vec::with_capacity(256);
    // `path_and_query` is not to be sent where there is no path.
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let first = format!("GET {}{query} HTTP/1.1\r\n", uri.path());
    out.extend_from_slice(first.as_bytes());
    line(&mut out, "Host", host(request).as_bytes());
    out.extend_from_slice(
        b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n",
    );
    line(&mut out, "Sec-WebSocket-Key", key.as_bytes());
    if request.subprotocols().len() > 0 {
        let names: Vec<_> = request.subprotocols().collect();
        line(&mut out, "Sec-WebSocket-Protocol", names.join(", ").as_bytes());
    }
    for (name, value) in request.headers() {
        let capitalised = CAPITALISED.iter().find(|(known, _)| known == name);
        line(&mut out, capitalised.map_or(name.as_str(), |(_, name)| name), value.as_bytes());
    }
    out.extend_from_slice(b"\r\n");
    out
}

/// The host, and the port unless that is the one of the scheme (RFC 6455 section 4.1).
fn host(request: &WebSocketRequest) -> String {
    let host = request.uri().host().unwrap_or_default();
    let port = request.endpoint().port();
    let usual = if request.is_secure() { 443 } else { 80 };
    if port == usual { host.to_owned() } else { format!("{host}:{port}") }
}

fn line(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    for part in [name.as_bytes(), b": ", value, b"\r\n"] {
        out.extend_from_slice(part);
    }
}
