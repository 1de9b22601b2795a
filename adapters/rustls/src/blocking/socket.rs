//! From bytes under TLS to the contract of [`Socket`].
//!
//! All handles share one [`Engine`], whose lock nobody holds who waits for the network. Whoever reads
//! has the turn to read, and whoever writes that to write, so that bytes stay in order; the two
//! directions meet only where the cipher works.

use std::fmt;
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};
use wirescript::SocketInfo;
use wirescript::blocking::{BoxSocket, Socket};

use crate::engine::Engine;

/// How many bytes are received at once: a full record (RFC 8446 section 5.2).
const CHUNK: usize = 5 + 16 * 1024 + 256;

/// A connection under TLS, over any blocking [`Socket`], as a [`Socket`].
///
/// It keeps the contract C1 to C9 over a socket that does. What TLS adds is what it adds to the
/// [async one](crate::TlsSocket), and:
///
/// - [`try_clone`](Socket::try_clone) gives another handle wherever the socket below does. The
///   directions never wait for each other's peer (C6): they share a cipher, for as long as a record
///   takes, and no more. A thread that shuts down waits for one that writes.
/// - Timeouts are those of the socket below (C7). The bytes of a record may each take as long.
pub struct TlsSocket<S> {
    inner: S,
    shared: Arc<Shared>,
    info: SocketInfo,
}

struct Shared {
    /// Held for no longer than the cipher works. Whoever has a turn may take it, not the other way.
    engine: Mutex<Engine>,
    reading: Mutex<Incoming>,
    writing: Mutex<Outgoing>,
}

/// What was received, and not yet taken by the engine.
struct Incoming {
    chunk: Box<[u8]>,
    rest: Range<usize>,
}

/// What the engine wants sent, and was not yet.
#[derive(Default)]
struct Outgoing {
    bytes: Vec<u8>,
    sent: usize,
}

impl<S> TlsSocket<S> {
    /// Asks what rustls knows of the connection: the peer's certificates, the version of TLS,
    /// secrets that both ends can derive. Other handles wait meanwhile.
    pub fn with_connection<R>(&self, ask: impl FnOnce(&ClientConnection) -> R) -> R {
        ask(lock(&self.shared.engine).connection())
    }

    /// The socket below.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    /// The socket below, to be changed. Whoever reads from it or writes to it breaks TLS.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// Takes the socket below out. What was received and not read is lost, if this is the last
    /// handle.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S: Socket> TlsSocket<S> {
    /// Agrees on TLS over `inner`, which is connected, with the peer whose certificate is for
    /// `server_name`.
    ///
    /// # Errors
    ///
    /// Those of the [async handshake](crate::TlsSocket::handshake).
    ///
    /// # Timeouts
    ///
    /// After `TimedOut`, `inner` is dropped.
    pub fn handshake(
        inner: S,
        config: Arc<ClientConfig>,
        server_name: ServerName<'static>,
    ) -> io::Result<Self> {
        Self::agree(inner, Engine::new(config, server_name)?)
    }

    pub(crate) fn agree(mut inner: S, mut engine: Engine) -> io::Result<Self> {
        loop {
            engine.transmit(&mut inner)?;
            inner.flush()?;
            if !engine.is_handshaking() {
                break;
            }
            if let Err(error) = engine.shake_hands(&mut inner) {
                // The peer may hear why. It makes no difference here.
                let _ = engine.transmit(&mut inner).and_then(|()| inner.flush());
                return Err(error);
            }
        }
        let info = engine.info(inner.info());
        let shared = Shared {
            engine: Mutex::new(engine),
            reading: Mutex::new(Incoming { chunk: vec![0; CHUNK].into(), rest: 0..0 }),
            writing: Mutex::default(),
        };
        Ok(Self { inner, shared: Arc::new(shared), info })
    }

    fn write_some(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        if bufs.iter().all(|buf| buf.is_empty()) {
            return Ok(0);
        }
        let Self { inner, shared, .. } = self;
        let mut outgoing = lock(&shared.writing);
        lock(&shared.engine).check_writable()?;
        // A peer that does not read is felt: what was taken before has to go out first.
        shared.transmit(&mut outgoing, inner)?;
        let taken = lock(&shared.engine).write(bufs)?;
        match shared.transmit(&mut outgoing, inner) {
            // To fail here would lose the count (C8).
            Err(error) if error.kind() != ErrorKind::TimedOut => Err(error),
            _ => Ok(taken),
        }
    }
}

impl<S: Socket> Socket for TlsSocket<S> {
    fn info(&self) -> &SocketInfo {
        &self.info
    }

    fn shutdown(&mut self) -> io::Result<()> {
        let mut outgoing = lock(&self.shared.writing);
        lock(&self.shared.engine).close();
        self.shared.transmit(&mut outgoing, &mut self.inner)?;
        self.inner.shutdown()
    }

    fn try_clone(&self) -> io::Result<BoxSocket> {
        let (shared, info) = (Arc::clone(&self.shared), self.info.clone());
        Ok(Box::new(TlsSocket { inner: self.inner.try_clone()?, shared, info }))
    }
}

impl<S: Socket> Read for TlsSocket<S> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        let mut incoming = lock(&self.shared.reading);
        loop {
            let mut engine = lock(&self.shared.engine);
            if let Some(read) = engine.read(buf)? {
                return Ok(read);
            }
            let mut is_end = false;
            if incoming.rest.is_empty() {
                drop(engine);
                let received = self.inner.read(&mut incoming.chunk);
                engine = lock(&self.shared.engine);
                incoming.rest = 0..received.map_err(|error| engine.told(error))?;
                is_end = incoming.rest.is_empty();
            }
            let taken = engine.receive(&mut incoming.rest())?;
            debug_assert!(taken > 0 || is_end, "an engine that wants more takes what there is");
            incoming.rest.start += taken;
        }
    }
}

impl<S: Socket> Write for TlsSocket<S> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.write_some(&[IoSlice::new(buf)])
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.write_some(bufs)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.shared.transmit(&mut lock(&self.shared.writing), &mut self.inner)?;
        self.inner.flush()
    }
}

impl<S: fmt::Debug> fmt::Debug for TlsSocket<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { inner, shared: _, info } = self;
        f.debug_struct("TlsSocket")
            .field("inner", inner)
            .field("info", info)
            .finish_non_exhaustive()
    }
}

impl Shared {
    /// Sends all that the engine has for the peer.
    fn transmit(&self, outgoing: &mut Outgoing, to: &mut impl Write) -> io::Result<()> {
        loop {
            while let [_, ..] = outgoing.rest() {
                match to.write(outgoing.rest()) {
                    Ok(0) => return Err(ErrorKind::WriteZero.into()),
                    Ok(sent) => outgoing.sent += sent,
                    Err(error) => return lock(&self.engine).not_transmitted(error),
                }
            }
            if !outgoing.refill(&mut lock(&self.engine)) {
                return Ok(());
            }
        }
    }
}

impl Incoming {
    fn rest(&self) -> &[u8] {
        &self.chunk[self.rest.clone()]
    }
}

impl Outgoing {
    fn rest(&self) -> &[u8] {
        &self.bytes[self.sent..]
    }

    /// Takes what the engine has, once all that it had is sent. Whether that was anything.
    fn refill(&mut self, engine: &mut Engine) -> bool {
        self.bytes.clear();
        self.sent = 0;
        engine.transmit(&mut self.bytes).expect("memory takes everything");
        !self.bytes.is_empty()
    }
}

/// Nothing that holds one of these can leave it half changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
