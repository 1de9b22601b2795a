//! What is known about a connection that was dialled, without a call of the system more than the
//! connection itself takes.
//!
//! It names no stream: how one is asked, its adapter says.

use std::fmt;
use std::net::SocketAddr;
use std::sync::OnceLock;

use super::SocketInfo;

/// The [`SocketInfo`] of a stream `T` that an adapter dialled, complete when it is looked at first.
///
/// A connector knows the address that it dialled, and nearly always that is the address of the peer.
/// That of this end the system can be asked for at any time, so it is not asked before somebody
/// wants to know it: most clients never do, and a connect has one call of the system less for it,
/// two with that for the peer. A layer that copies the info, such as TLS, looks at it. Which end may be
/// asked when is decided here, for all adapters.
///
/// ```
/// use std::net::{TcpListener, TcpStream};
/// use wirescript::{LateInfo, SocketInfo};
///
/// /// A socket of an adapter.
/// struct Socket {
///     stream: TcpStream,
///     info: LateInfo<TcpStream>,
/// }
///
/// impl Socket {
///     // What the trait's method does.
///     fn info(&self) -> &SocketInfo {
///         self.info.of(&self.stream)
///     }
/// }
///
/// # fn main() -> std::io::Result<()> {
/// # let server = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
/// # let listener = TcpListener::bind(server)?;
/// let stream = TcpStream::connect(server)?;
/// let info = LateInfo::dialled(
///     server,
///     &stream,
///     |stream| stream.peer_addr().ok(),
///     |stream| stream.local_addr().ok(),
/// );
/// let socket = Socket { stream, info };
/// assert_eq!(socket.info().peer_addr(), Some(server));
/// assert!(socket.info().local_addr().is_some());
/// # Ok(()) }
/// ```
pub struct LateInfo<T> {
    /// In a box, because every socket is moved about until its client has it, and few are asked.
    info: OnceLock<Box<SocketInfo>>,
    /// What the info is made of; nothing, unless the stream was dialled.
    dialled: Option<Dialled<T>>,
}

struct Dialled<T> {
    peer_addr: SocketAddr,
    local_addr: fn(&T) -> Option<SocketAddr>,
}

impl<T> LateInfo<T> {
    /// That of `stream`, which has just been connected to `addr`.
    ///
    /// `peer_addr` and `local_addr` ask the system for the addresses of the ends, and give `None`
    /// where it has no answer. They are called now or later, or not at all.
    pub fn dialled(
        addr: SocketAddr,
        stream: &T,
        peer_addr: fn(&T) -> Option<SocketAddr>,
        local_addr: fn(&T) -> Option<SocketAddr>,
    ) -> Self {
        // Now if at all, because getpeername(2) fails once the peer has reset the connection. If it
        // has by now, what was dialled is all that is known.
        let asked = if is_whole(addr) { None } else { peer_addr(stream) };
        let dialled = Dialled { peer_addr: asked.unwrap_or(addr), local_addr };
        let late = Self { info: OnceLock::new(), dialled: Some(dialled) };
        if !TELLS_LATE {
            late.of(stream);
        }
        late
    }

    /// The info; of `stream`, which must be the one that was dialled.
    pub fn of(&self, stream: &T) -> &SocketInfo {
        match &self.dialled {
            Some(dialled) => self.info.get_or_init(|| Box::new(dialled.ask(stream))),
            None => self.info.get().map_or(SocketInfo::unknown(), |info| info),
        }
    }
}

/// Whether getsockname(2) answers for as long as there is a socket. Linux only looks at what it
/// keeps of the socket, whatever became of the connection; macOS documents `EINVAL` for one that was
/// shut down, and the others promise nothing.
const TELLS_LATE: bool = cfg!(any(target_os = "linux", target_os = "android"));

/// Whether the peer has the very address that was dialled. Instead of the unspecified one the system
/// takes one of its own, and a zone (RFC 4007 section 11) it leaves out where it means nothing.
fn is_whole(addr: SocketAddr) -> bool {
    let has_zone = matches!(addr, SocketAddr::V6(addr) if addr.scope_id() != 0);
    !has_zone && !addr.ip().to_canonical().is_unspecified()
}

impl<T> Dialled<T> {
    fn ask(&self, stream: &T) -> SocketInfo {
        let info = SocketInfo::new().with_peer_addr(self.peer_addr);
        match (self.local_addr)(stream) {
            Some(addr) => info.with_local_addr(addr),
            None => info,
        }
    }
}

/// Nothing is known, and nobody is asked.
impl<T> Default for LateInfo<T> {
    fn default() -> Self {
        Self { info: OnceLock::new(), dialled: None }
    }
}

/// Known from the beginning: nobody is asked for anything.
impl<T> From<SocketInfo> for LateInfo<T> {
    fn from(info: SocketInfo) -> Self {
        Self { info: Box::new(info).into(), dialled: None }
    }
}

/// That of another handle on the same connection.
impl<T> Clone for LateInfo<T> {
    fn clone(&self) -> Self {
        Self { info: self.info.clone(), dialled: self.dialled.clone() }
    }
}

impl<T> Clone for Dialled<T> {
    fn clone(&self) -> Self {
        Self { peer_addr: self.peer_addr, local_addr: self.local_addr }
    }
}

/// What is known by now: nobody is asked for anything.
impl<T> fmt::Debug for LateInfo<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let peer_addr = self.dialled.as_ref().map(|dialled| dialled.peer_addr);
        match (self.info.get(), peer_addr) {
            (Some(info), _) => info.fmt(f),
            (None, Some(addr)) => SocketInfo::new().with_peer_addr(addr).fmt(f),
            (None, None) => SocketInfo::unknown().fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// Counts what it is asked for.
    #[derive(Default)]
    struct Stream {
        peer: Cell<usize>,
        local: Cell<usize>,
    }

    impl Stream {
        fn asked(&self) -> (usize, usize) {
            (self.peer.get(), self.local.get())
        }

        fn peer_addr(&self) -> Option<SocketAddr> {
            self.peer.set(self.peer.get() + 1);
            Some(PEER)
        }

        fn local_addr(&self) -> Option<SocketAddr> {
            self.local.set(self.local.get() + 1);
            Some(LOCAL)
        }
    }

    const PEER: SocketAddr =
        SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1)), 1);
    const LOCAL: SocketAddr =
        SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2)), 2);

    fn dialled(addr: &str, stream: &Stream) -> LateInfo<Stream> {
        LateInfo::dialled(addr.parse().unwrap(), stream, Stream::peer_addr, Stream::local_addr)
    }

    #[test]
    fn this_end_is_asked_for_once_and_where_the_system_tells_late_not_before_somebody_looks() {
        let stream = Stream::default();
        let info = dialled("192.0.2.7:6379", &stream);
        assert_eq!(stream.asked(), (0, usize::from(!TELLS_LATE)));
        let expected =
            SocketInfo::new().with_peer_addr(([192, 0, 2, 7], 6379).into()).with_local_addr(LOCAL);
        assert_eq!((info.of(&stream), info.of(&stream)), (&expected, &expected));
        assert_eq!(stream.asked(), (0, 1));
    }

    #[test]
    fn the_peer_is_asked_for_where_the_system_takes_another_address_than_was_dialled() {
        let own = ["0.0.0.0:1", "[::]:1", "[::ffff:0.0.0.0]:1", "[fe80::1%2]:1"];
        for addr in own {
            let stream = Stream::default();
            let info = dialled(addr, &stream);
            assert_eq!(stream.peer.get(), 1, "{addr}");
            assert_eq!(info.of(&stream).peer_addr(), Some(PEER));
        }
        for addr in ["127.0.0.1:1", "[::1]:1", "[::ffff:127.0.0.1]:1", "[fe80::1]:1"] {
            let stream = Stream::default();
            let info = dialled(addr, &stream);
            assert_eq!(info.of(&stream).peer_addr(), Some(addr.parse().unwrap()));
            assert_eq!(stream.peer.get(), 0, "{addr}");
        }
    }

    #[test]
    fn a_system_without_an_answer_leaves_what_was_dialled() {
        let addr = ([0, 0, 0, 0], 1).into();
        let info = LateInfo::dialled(addr, &(), |()| None, |()| None);
        assert_eq!(info.of(&()), &SocketInfo::new().with_peer_addr(addr));
    }

    #[test]
    fn what_is_known_is_not_asked_for() {
        let known = SocketInfo::new().with_secure(true);
        let info = LateInfo::<Stream>::from(known.clone());
        assert_eq!(info.of(&Stream::default()), &known);
        assert_eq!(info.clone().of(&Stream::default()), &known);
        assert_eq!(format!("{info:?}"), format!("{known:?}"));
        let nothing = LateInfo::<Stream>::default();
        assert_eq!(format!("{nothing:?}"), format!("{:?}", SocketInfo::unknown()));
        assert_eq!(nothing.of(&Stream::default()), SocketInfo::unknown());
    }

    #[cfg(any(target_os = "linux", target_os = "android"))]
    #[test]
    fn printing_asks_nobody() {
        let stream = Stream::default();
        let info = dialled("192.0.2.7:6379", &stream);
        let peer = SocketInfo::new().with_peer_addr(([192, 0, 2, 7], 6379).into());
        assert_eq!(format!("{info:?}"), format!("{peer:?}"));
        info.clone().of(&stream);
        assert_eq!(stream.asked(), (0, 1));
        assert_eq!(format!("{info:?}"), format!("{peer:?}"), "a clone has its own");
        info.of(&stream);
        assert_eq!(format!("{info:?}"), format!("{:?}", peer.with_local_addr(LOCAL)));
    }
}
