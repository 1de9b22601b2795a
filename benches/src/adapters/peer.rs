//! The other end of the connections: a blocking socket on threads of its own.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use socket2::SockRef;

use super::Work;

/// What is read at once.
const CHUNK: usize = 256 * 1024;

/// Serves any number of clients with `work`, from threads of this process.
pub fn serve(work: Work) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let addr = listener.local_addr().expect("it is bound");
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            if work.sends == 0 {
                // Whoever goes is the last to know.
                let _ = part(&stream);
            } else {
                thread::spawn(move || exchange(&stream, work));
            }
        }
    });
    addr
}

/// Hears what a client sends and replies, until it is gone.
fn exchange(mut stream: &TcpStream, work: Work) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let (mut heard, reply) = (vec![0; CHUNK], vec![b'r'; work.reply]);
    loop {
        let mut left = work.send * work.sends;
        while left > 0 {
            let most = left.min(CHUNK);
            match stream.read(&mut heard[..most])? {
                0 => return Ok(()),
                len => left -= len,
            }
        }
        stream.write_all(&reply)?;
    }
}

/// Waits until the client goes, and leaves nothing of the connection behind: many of them would use
/// up the ports of the system, which keeps each for a minute after an ordinary end.
fn part(mut stream: &TcpStream) -> io::Result<()> {
    SockRef::from(stream).set_linger(Some(Duration::ZERO))?;
    stream.read(&mut [0]).map(drop)
}
