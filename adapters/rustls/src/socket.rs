//! From bytes under TLS to the contract of [`AsyncSocket`].

use std::fmt;
use std::future::poll_fn;
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_io::{AsyncRead, AsyncWrite};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};
use wirescript::{AsyncSocket, SocketInfo};

use crate::engine::Engine;

/// A connection under TLS, over any [`AsyncSocket`], as an [`AsyncSocket`].
///
/// It keeps the contract C1 to C9 over a socket that does. What TLS adds:
///
/// - The end of the stream is the peer's close_notify (C1). A connection that ends without one may
///   have been cut by anybody on the way: every read is then `UnexpectedEof`. A protocol that knows
///   by itself that it has everything may take that for the end.
/// - `poll_close` sends a close_notify, then closes the sending direction below (C4). Dropping the
///   socket sends none: its peer is told of a connection that was cut.
/// - What is no TLS, and an alert, is `InvalidData` with a [`TlsError`](crate::TlsError) in both
///   directions, from then on.
/// - A write takes at most 64 KiB ahead of the socket below. What that has no room for goes out with
///   the next write, flush or close, so flush before you wait for an answer.
///
/// [`info`](AsyncSocket::info) is secure, and has the protocol that was agreed on and the addresses
/// of the socket below.
///
/// # Cancel safety
///
/// That of the socket below: TLS itself loses nothing when whatever awaits it is dropped.
///
/// # Example
///
/// A connection that begins in the clear:
///
/// ```
/// use std::io;
/// use wirescript::{AsyncSocket, AsyncSocketExt};
/// use wirescript_rustls::rustls::pki_types::ServerName;
/// use wirescript_rustls::{TlsConnector, TlsSocket};
///
/// async fn start_tls<C, S: AsyncSocket>(
///     tls: &TlsConnector<C>,
///     mut socket: S,
///     server: ServerName<'static>,
/// ) -> io::Result<TlsSocket<S>> {
///     socket.send_all(b"STARTTLS\r\n").await?;
///     let mut ready = [0; 11];
///     socket.recv_exact(&mut ready).await?;
///     TlsSocket::handshake(socket, tls.config().clone(), server).await
/// }
/// ```
pub struct TlsSocket<S> {
    inner: S,
    engine: Engine,
    info: SocketInfo,
}

impl<S> TlsSocket<S> {
    /// What rustls knows of the connection: the peer's certificates, the version of TLS, secrets
    /// that both ends can derive.
    pub fn connection(&self) -> &ClientConnection {
        self.engine.connection()
    }

    /// The socket below.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    /// The socket below, to be changed. Whoever reads from it or writes to it breaks TLS.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// Takes the socket below out. What was received and not read, and what was written and not
    /// flushed, is lost.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S: AsyncSocket> TlsSocket<S> {
    /// Agrees on TLS over `inner`, which is connected, with the peer whose certificate is for
    /// `server_name`. A [`TlsConnector`](crate::TlsConnector) does this, and is for connections that
    /// begin with TLS.
    ///
    /// # Errors
    ///
    /// `InvalidData` with a [`TlsError`](crate::TlsError), where the certificate does not verify or
    /// the two cannot agree; `UnexpectedEof` if the peer ends the connection meanwhile; those of
    /// `inner`.
    ///
    /// # Cancel safety
    ///
    /// Not cancel safe: `inner` is dropped with the future.
    pub async fn handshake(
        inner: S,
        config: Arc<ClientConfig>,
        server_name: ServerName<'static>,
    ) -> io::Result<Self> {
        Self::agree(inner, Engine::new(config, server_name)?).await
    }

    pub(crate) async fn agree(inner: S, engine: Engine) -> io::Result<Self> {
        let mut socket = Self { inner, engine, info: SocketInfo::new() };
        poll_fn(|cx| socket.poll_agree(cx)).await?;
        socket.info = socket.engine.info(socket.inner.info());
        Ok(socket)
    }

    fn poll_agree(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            let sent = match self.poll_transmit(cx)? {
                Poll::Ready(()) => Pin::new(&mut self.inner).poll_flush(cx)?,
                Poll::Pending => Poll::Pending,
            };
            if !self.engine.is_handshaking() {
                return sent.map(Ok);
            }
            let mut below = Below { inner: &mut self.inner, cx };
            if let Err(error) = ready!(pending(self.engine.shake_hands(&mut below))) {
                // The peer may hear why, if that can be said at once. It makes no difference here.
                if self.poll_transmit(cx).is_ready() {
                    let _ = Pin::new(&mut self.inner).poll_flush(cx);
                }
                return Poll::Ready(Err(error));
            }
        }
    }

    fn poll_transmit(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        pending(self.engine.transmit(&mut Below { inner: &mut self.inner, cx }))
    }
}

impl<S: AsyncSocket> AsyncSocket for TlsSocket<S> {
    fn info(&self) -> &SocketInfo {
        &self.info
    }

    /// Several buffers go out under one cipher text.
    fn is_write_vectored(&self) -> bool {
        true
    }
}

impl<S: AsyncSocket> AsyncRead for TlsSocket<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        if buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let Self { inner, engine, .. } = &mut *self;
        loop {
            if let Some(read) = engine.read(buf)? {
                return Poll::Ready(Ok(read));
            }
            // What TLS has to answer to this waits for the next write: sending belongs to another
            // task, and so does its waker (C6).
            ready!(pending(engine.receive(&mut Below { inner, cx })))?;
        }
    }
}

impl<S: AsyncSocket> AsyncWrite for TlsSocket<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(buf)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if bufs.iter().all(|buf| buf.is_empty()) {
            return Poll::Ready(Ok(0));
        }
        self.engine.check_writable()?;
        // A peer that does not read is felt: what was taken before has to go out first.
        ready!(self.poll_transmit(cx))?;
        let taken = self.engine.write(bufs)?;
        match self.poll_transmit(cx) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            // To wait here would lose the count if whoever writes gave up meanwhile (C8).
            Poll::Ready(Ok(())) | Poll::Pending => Poll::Ready(Ok(taken)),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_transmit(cx))?;
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.engine.close();
        ready!(self.poll_transmit(cx))?;
        Pin::new(&mut self.inner).poll_close(cx)
    }
}

impl<S: fmt::Debug> fmt::Debug for TlsSocket<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { inner, engine: _, info } = self;
        f.debug_struct("TlsSocket")
            .field("inner", inner)
            .field("info", info)
            .finish_non_exhaustive()
    }
}

/// The socket below, as rustls asks for bytes: it would block where that is pending.
struct Below<'s, 'c, S> {
    inner: &'s mut S,
    cx: &'s mut Context<'c>,
}

impl<S: AsyncSocket> Read for Below<'_, '_, S> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        blocking(Pin::new(&mut *self.inner).poll_read(self.cx, buf))
    }
}

impl<S: AsyncSocket> Write for Below<'_, '_, S> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        blocking(Pin::new(&mut *self.inner).poll_write(self.cx, buf))
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        blocking(Pin::new(&mut *self.inner).poll_write_vectored(self.cx, bufs))
    }

    fn flush(&mut self) -> io::Result<()> {
        blocking(Pin::new(&mut *self.inner).poll_flush(self.cx))
    }
}

fn blocking<T>(polled: Poll<io::Result<T>>) -> io::Result<T> {
    match polled {
        Poll::Ready(result) => result,
        Poll::Pending => Err(ErrorKind::WouldBlock.into()),
    }
}

fn pending<T>(result: io::Result<T>) -> Poll<io::Result<T>> {
    match result {
        Err(error) if error.kind() == ErrorKind::WouldBlock => Poll::Pending,
        result => Poll::Ready(result),
    }
}
