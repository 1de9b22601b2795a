//! The byte-stream contract for threads. Its numbers are those of the async one.

use std::fmt;
use std::io;

use super::super::SocketInfo;

/// An owned socket of a type that is chosen at run time.
pub type BoxSocket = Box<dyn Socket>;

/// A connected, reliable, ordered stream of bytes in both directions, whose operations block.
///
/// A client library that is generic over `S: Socket` runs on every transport for which there is an
/// adapter, and on the scripted double. A socket is one handle on a connection;
/// [`try_clone`](Self::try_clone) gives another, so that one thread may read while another writes.
///
/// # Contract
///
/// The numbers are those of [`AsyncSocket`](crate::AsyncSocket), whose promises these are.
///
/// **C1. End of stream.** `read` into a buffer that is not empty returns `Ok(0)` when the peer has
/// closed its direction, and from then on always does.
///
/// **C2. Readiness.** No operation fails with [`WouldBlock`] or [`Interrupted`]: it waits, or tries
/// again.
///
/// **C3. Partial results.** A read may fill, and a write may take, any part of the buffer that is
/// at least one byte long. Boundaries mean nothing. An empty buffer gives `Ok(0)` and touches
/// nothing.
///
/// **C4. Half-close.** `shutdown` flushes, then closes the sending direction (a TCP FIN) for all
/// handles. It may be called again, and succeeds when the peer is gone. Reads go on afterwards;
/// writes fail with [`BrokenPipe`]. Dropping the last handle closes the connection.
///
/// **C5. Reset.** A connection reset is delivered once, as [`ConnectionReset`], to whichever read
/// or write of at least one byte asks first, on whichever handle. After that reads return `Ok(0)`
/// and writes fail with [`BrokenPipe`].
///
/// **C6. Threads.** One thread may read and another write at the same time, each with a handle of
/// its own. Neither waits for the other: not for a lock, nor because the peer is slow in the other
/// direction.
///
/// **C7. Time.** Nobody can wrap an operation that blocks, so its timeout is set where the
/// connection is opened. An operation that runs into it fails with [`TimedOut`]; without one it
/// waits for as long as it takes.
///
/// **C8. Giving up.** An operation that fails with [`TimedOut`] has neither taken nor given a byte,
/// and may be tried again. Of the methods of [`SocketExt`](super::SocketExt), `send` and `recv` keep
/// this promise; those that loop say in their docs that they do not.
///
/// **C9. Errors.** [`classify`](crate::classify) tells the ways in which a connection ends apart,
/// the same way on every system.
///
/// # Implementing
///
/// ```
/// use std::io;
/// use wirescript::blocking::{BoxSocket, Socket, SocketExt};
///
/// /// A connection to `/dev/null`: takes everything, says nothing.
/// #[derive(Debug)]
/// struct Null;
///
/// impl io::Read for Null {
///     fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
///         Ok(0)
///     }
/// }
/// impl io::Write for Null {
///     fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
///         Ok(buf.len())
///     }
///     fn flush(&mut self) -> io::Result<()> {
///         Ok(())
///     }
/// }
/// impl Socket for Null {
///     fn shutdown(&mut self) -> io::Result<()> {
///         Ok(())
///     }
///     fn try_clone(&self) -> io::Result<BoxSocket> {
///         Ok(Box::new(Null))
///     }
/// }
///
/// let mut socket = Null;
/// socket.send_all(b"into the void")?;
/// assert_eq!(socket.recv_to_end(16)?, b"");
/// # io::Result::Ok(())
/// ```
///
/// [`WouldBlock`]: io::ErrorKind::WouldBlock
/// [`Interrupted`]: io::ErrorKind::Interrupted
/// [`BrokenPipe`]: io::ErrorKind::BrokenPipe
/// [`ConnectionReset`]: io::ErrorKind::ConnectionReset
/// [`TimedOut`]: io::ErrorKind::TimedOut
pub trait Socket: io::Read + io::Write + Send {
    /// What was known about the connection when it was made.
    ///
    /// It is what was true at that moment, whatever became of the connection: who the peer is has to
    /// be kept, because `getpeername(2)` fails once that has reset the connection. What the system
    /// tells at any time may be asked for only now (see [`LateInfo`](crate::LateInfo)). A socket that
    /// knows nothing gives [`SocketInfo::unknown`].
    fn info(&self) -> &SocketInfo {
        SocketInfo::unknown()
    }

    /// Says that nothing more will be sent: flushes, then closes the sending direction, of this
    /// handle and all others (C4). The peer sees the end of the stream; reading goes on.
    ///
    /// # Errors
    ///
    /// Those of flushing; none if the peer is gone.
    fn shutdown(&mut self) -> io::Result<()>;

    /// Another handle on this connection, for another thread (C6).
    ///
    /// The handles are equals: what one of them reads, the others do not, and the connection is
    /// closed when the last one is dropped. It is not said which of two gets what when both read, or
    /// in which order bytes go out when both write.
    ///
    /// ```
    /// use std::io;
    /// use std::thread;
    /// use wirescript::blocking::{Socket, SocketExt};
    ///
    /// /// Sends `request` while the answer is already coming.
    /// fn exchange(mut socket: impl Socket, request: &[u8], limit: usize) -> io::Result<Vec<u8>> {
    ///     let mut reader = socket.try_clone()?;
    ///     thread::scope(|scope| {
    ///         let answer = scope.spawn(move || reader.recv_to_end(limit));
    ///         socket.send_all(request)?;
    ///         socket.shutdown()?;
    ///         answer.join().expect("the reader does not panic")
    ///     })
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// The system has no handle left; `Unsupported`, on a transport that has but one.
    fn try_clone(&self) -> io::Result<BoxSocket>;
}

impl fmt::Debug for dyn Socket + '_ {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socket").field("info", self.info()).finish_non_exhaustive()
    }
}
