//! The TLS of one connection, and what of the contract it keeps. No I/O, no waker, no lock: sockets
//! bring the bytes.

use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::mem;
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};
use wirescript::SocketInfo;

use crate::error::{TlsError, closed, ended_before_tls, truncated};

/// One end of a connection under TLS.
#[derive(Debug)]
pub(crate) struct Engine {
    tls: ClientConnection,
    server_name: ServerName<'static>,
    /// What ended TLS for good. It is told whenever somebody asks.
    failure: Option<rustls::Error>,
    /// Whether nothing more may be sent (C4).
    closed: bool,
    reset: Reset,
}

/// Whether the connection below was reset, and somebody knows (C5).
#[derive(Debug)]
enum Reset {
    No,
    /// It was met while closing, which does not fail for it (C4).
    Untold(io::Error),
    Told,
}

impl Engine {
    /// TLS that is about to begin. This sends nothing yet.
    pub(crate) fn new(
        config: Arc<ClientConfig>,
        server_name: ServerName<'static>,
    ) -> io::Result<Self> {
        match ClientConnection::new(config, server_name.clone()) {
            Ok(tls) => {
                Ok(Self { tls, server_name, failure: None, closed: false, reset: Reset::No })
            }
            Err(reason) => {
                let error = TlsError::new(server_name, reason);
                Err(io::Error::new(ErrorKind::InvalidInput, error))
            }
        }
    }

    pub(crate) fn connection(&self) -> &ClientConnection {
        &self.tls
    }

    /// What is known of a connection, once TLS is agreed on over one of which `below` is known.
    pub(crate) fn info(&self, below: &SocketInfo) -> SocketInfo {
        let mut info = SocketInfo::new().with_secure(true);
        if let Some(addr) = below.peer_addr() {
            info = info.with_peer_addr(addr);
        }
        if let Some(addr) = below.local_addr() {
            info = info.with_local_addr(addr);
        }
        if let Some(path) = below.peer_path() {
            info = info.with_peer_path(path);
        }
        // What was agreed on below, as with a proxy under TLS, is nothing to who speaks above.
        match self.tls.alpn_protocol() {
            Some(protocol) => info.with_alpn(protocol),
            None => info,
        }
    }

    pub(crate) fn is_handshaking(&self) -> bool {
        self.tls.is_handshaking()
    }

    /// Takes bytes of the handshake from below, once. Fails where it cannot go on; there may be an
    /// alert to [`transmit`](Self::transmit) then.
    pub(crate) fn shake_hands(&mut self, from: &mut dyn Read) -> io::Result<()> {
        let received = self.receive(from)?;
        self.check_failure()?;
        match received {
            0 if self.is_handshaking() => Err(ended_before_tls(&self.server_name)),
            _ => Ok(()),
        }
    }

    /// Takes bytes from below, once; an empty read is the end there. What they are is told by
    /// [`read`](Self::read), errors of TLS included; errors here are those from below.
    pub(crate) fn receive(&mut self, from: &mut dyn Read) -> io::Result<usize> {
        match self.tls.read_tls(from) {
            Ok(received) => {
                if let Err(reason) = self.tls.process_new_packets() {
                    self.failure.get_or_insert(reason);
                }
                Ok(received)
            }
            Err(error) => Err(self.told(error)),
        }
    }

    /// Gives plaintext, or the end; `None` if more has to be received first. `buf` is not empty.
    pub(crate) fn read(&mut self, buf: &mut [u8]) -> io::Result<Option<usize>> {
        let kind = match self.tls.reader().read(buf) {
            Ok(read) => return Ok(Some(read)),
            Err(error) => error.kind(),
        };
        self.check_failure()?;
        if kind == ErrorKind::WouldBlock {
            return Ok(None);
        }
        match self.tell_reset() {
            Some(error) => Err(error),
            // After a reset there is nothing but the end (C5).
            None if matches!(self.reset, Reset::Told) => Ok(Some(0)),
            None => Err(truncated(&self.server_name)),
        }
    }

    /// Whether plaintext may be given to [`write`](Self::write).
    pub(crate) fn check_writable(&mut self) -> io::Result<()> {
        if let Some(error) = self.tell_reset() {
            return Err(error);
        }
        if self.closed {
            return Err(closed());
        }
        self.check_failure()
    }

    /// Takes plaintext of which some is to be sent, and there is room; returns how much.
    pub(crate) fn write(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.check_writable()?;
        self.tls.writer().write_vectored(bufs)
    }

    /// Whether there is anything to [`transmit`](Self::transmit).
    pub(crate) fn is_transmitting(&self) -> bool {
        self.tls.wants_write()
    }

    /// Gives all that is to be sent to `to`. What it does not take stays for the next time.
    pub(crate) fn transmit(&mut self, to: &mut dyn Write) -> io::Result<()> {
        while self.is_transmitting() {
            match self.tls.write_tls(to) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(_) => {}
                Err(error) => return self.not_transmitted(error),
            }
        }
        Ok(())
    }

    /// What an error from below means to who sends: nothing, to who only closes (C4).
    pub(crate) fn not_transmitted(&mut self, error: io::Error) -> io::Result<()> {
        if !self.closed || !is_gone(&error) {
            return Err(self.told(error));
        }
        if is_reset(&error) {
            self.reset = Reset::Untold(error);
        }
        Ok(())
    }

    /// Lets nothing more be sent but the close_notify that says so.
    pub(crate) fn close(&mut self) {
        if !mem::replace(&mut self.closed, true) {
            self.tls.send_close_notify();
        }
    }

    /// An error from below that the caller is told.
    pub(crate) fn told(&mut self, error: io::Error) -> io::Error {
        if is_reset(&error) {
            self.reset = Reset::Told;
        }
        error
    }

    fn tell_reset(&mut self) -> Option<io::Error> {
        match mem::replace(&mut self.reset, Reset::Told) {
            Reset::Untold(error) => Some(error),
            other => {
                self.reset = other;
                None
            }
        }
    }

    fn check_failure(&self) -> io::Result<()> {
        match &self.failure {
            Some(reason) => Err(TlsError::new(self.server_name.clone(), reason.clone()).into()),
            None => Ok(()),
        }
    }
}

fn is_reset(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted)
}

/// Whether nobody is there to be told anything.
fn is_gone(error: &io::Error) -> bool {
    is_reset(error) || matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::NotConnected)
}
