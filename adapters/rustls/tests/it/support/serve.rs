//! Servers on threads of their own, for any client.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use wirescript::Endpoint;
use wirescript_rustls::rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A connection of a server's, on which TLS is agreed.
pub(crate) type Agreed = StreamOwned<ServerConnection, TcpStream>;

/// Serves one client, and comes to what `serve` does, or to what went wrong before.
pub(crate) fn serve<R: Send + 'static>(
    config: ServerConfig,
    serve: impl FnOnce(Agreed) -> io::Result<R> + Send + 'static,
) -> (Endpoint, JoinHandle<io::Result<R>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let to = Endpoint::from(listener.local_addr().unwrap());
    let serving = thread::spawn(move || {
        let (mut stream, _) = listener.accept()?;
        let mut tls = ServerConnection::new(Arc::new(config)).unwrap();
        while tls.is_handshaking() {
            if let Err(error) = tls.complete_io(&mut stream) {
                // The client hears why.
                let _ = tls.write_tls(&mut stream);
                return Err(error);
            }
        }
        serve(StreamOwned::new(tls, stream))
    });
    (to, serving)
}

/// Gives back what it hears until the client ends, and then ends.
pub(crate) fn echo(stream: &mut Agreed) -> io::Result<()> {
    let mut heard = Vec::new();
    stream.read_to_end(&mut heard)?;
    stream.write_all(&heard)?;
    stream.conn.send_close_notify();
    stream.flush()
}
