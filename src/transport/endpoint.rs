//! Where a client connects to.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::str::FromStr;

/// The longest host name in bytes (RFC 1035 section 2.3.4, less the root's dot and length byte).
const MAX_HOST: usize = 253;

/// The longest path of a Unix domain socket in bytes: `sun_path` less its NUL. It has 108 bytes on
/// Linux (unix(7)), and 104 on macOS and the BSDs (their `sys/un.h`).
const MAX_PATH: usize = if cfg!(any(
    target_vendor = "apple",
    target_os = "freebsd",
    target_os = "netbsd",
    target_os = "openbsd",
    target_os = "dragonfly"
)) {
    103
} else {
    107
};

/// What the text of a path begins with.
const UNIX: &str = "unix:";

/// Where a client wants to be connected to: a host and a port, before any name is resolved, or the
/// path of a Unix domain socket.
///
/// The host is a name or an IP address; an IPv6 address is kept without brackets and printed with
/// them. Two such endpoints are equal when host and port are, letter for letter; two paths are when
/// [`Path`] says so.
///
/// ```
/// use wirescript::Endpoint;
///
/// let endpoint = Endpoint::new("monitoring.internal", 5000);
/// assert_eq!(endpoint, "monitoring.internal:5000".parse()?);
///
/// let endpoint: Endpoint = "[2001:db8::1]:443".parse()?;
/// assert_eq!(endpoint.host(), "2001:db8::1");
/// assert_eq!(endpoint.to_string(), "[2001:db8::1]:443");
///
/// let endpoint = Endpoint::unix("/run/redis.sock");
/// assert_eq!(endpoint, "unix:/run/redis.sock".parse()?);
/// assert_eq!(endpoint.path(), Some("/run/redis.sock".as_ref()));
///
/// let error = "monitoring.internal".parse::<Endpoint>().unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "`monitoring.internal` is no endpoint: the port is missing, as in `host:5000`"
/// );
/// # Ok::<(), wirescript::InvalidEndpoint>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Endpoint(Place);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Place {
    Host {
        host: Box<str>,
        port: u16,
        /// Nothing is wrong with the host: seen once, where the endpoint is made, because every
        /// connect asks.
        is_fine: bool,
    },
    Path(Box<Path>),
}

impl Place {
    fn host(host: &str, port: u16) -> Self {
        Self::Host { host: host.into(), port, is_fine: host_problem(host).is_none() }
    }
}

impl Endpoint {
    /// The endpoint `port` on `host`. Brackets around an IPv6 address are taken off.
    ///
    /// This never fails, because a client has it from somewhere and has nobody to tell; whoever
    /// dials asks [`check`](Self::check).
    pub fn new(host: impl AsRef<str>, port: u16) -> Self {
        Self(Place::host(without_brackets(host.as_ref()), port))
    }

    /// The Unix domain socket at `path` in the file system.
    ///
    /// It prints as `unix:` and the path; what is not UTF-8 in that, as U+FFFD. A path of digits
    /// alone is kept with `./` before it, because `unix:80` is a host of that name.
    ///
    /// This never fails, as [`new`](Self::new).
    pub fn unix(path: impl AsRef<Path>) -> Self {
        let path = path.as_ref();
        let is_like_a_port = path.to_str().is_some_and(is_number);
        Self(Place::Path(match is_like_a_port {
            true => Path::new(".").join(path).into(),
            false => path.into(),
        }))
    }

    /// The host: a name, or an IP address without brackets. Empty for a path, which no host is.
    pub fn host(&self) -> &str {
        match &self.0 {
            Place::Host { host, .. } => host,
            Place::Path(_) => "",
        }
    }

    /// The port; 0 for a path.
    pub fn port(&self) -> u16 {
        match self.0 {
            Place::Host { port, .. } => port,
            Place::Path(_) => 0,
        }
    }

    /// The host as an IP address, if it is one.
    pub fn ip(&self) -> Option<IpAddr> {
        let host = self.host();
        // Nearly every host is a name, and is not worth a parse.
        if !host.ends_with(|last: char| last.is_ascii_hexdigit() || last == ':') {
            return None;
        }
        if host.contains(':') {
            host.parse().ok().map(IpAddr::V6)
        } else {
            host.parse().ok().map(IpAddr::V4)
        }
    }

    /// The path of the Unix domain socket, if this is one.
    pub fn path(&self) -> Option<&Path> {
        match &self.0 {
            Place::Host { .. } => None,
            Place::Path(path) => Some(path),
        }
    }

    /// Whether anybody could dial this; connectors ask before they do.
    ///
    /// # Errors
    ///
    /// The host is empty, longer than 253 bytes, or holds white space or a control character. The
    /// path is empty, holds a NUL byte, or is longer than the system takes: 107 bytes on Linux,
    /// 103 on macOS.
    pub fn check(&self) -> Result<(), InvalidEndpoint> {
        let problem = match &self.0 {
            Place::Host { is_fine: true, .. } => None,
            Place::Host { host, .. } => host_problem(host),
            Place::Path(path) => path_problem(path),
        };
        problem.map_or(Ok(()), |problem| Err(self.invalid(problem)))
    }

    /// The host and the port, for a connector that dials nothing else; it asks this instead of
    /// [`check`](Self::check).
    ///
    /// ```
    /// use std::io::{self, ErrorKind};
    /// use wirescript::Endpoint;
    ///
    /// assert_eq!(Endpoint::new("localhost", 80).host_and_port()?, ("localhost", 80));
    ///
    /// let error: io::Error = Endpoint::unix("/run/redis.sock").host_and_port().unwrap_err().into();
    /// assert_eq!(error.kind(), ErrorKind::Unsupported);
    /// assert_eq!(
    ///     error.to_string(),
    ///     "`unix:/run/redis.sock` is the path of a socket, and this connector dials only hosts"
    /// );
    /// # io::Result::Ok(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`check`](Self::check); and this is a path, which becomes an [`io::Error`] of the
    /// kind `Unsupported`.
    pub fn host_and_port(&self) -> Result<(&str, u16), InvalidEndpoint> {
        self.check()?;
        match &self.0 {
            Place::Host { host, port, .. } => Ok((host, *port)),
            Place::Path(_) => Err(self.invalid(Problem::PathUnsupported)),
        }
    }

    fn invalid(&self, problem: Problem) -> InvalidEndpoint {
        InvalidEndpoint { text: self.to_string(), problem }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Place::Host { host, port, .. } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Place::Host { host, port, .. } => write!(f, "{host}:{port}"),
            Place::Path(path) => write!(f, "{UNIX}{}", path.display()),
        }
    }
}

impl FromStr for Endpoint {
    type Err = InvalidEndpoint;

    /// Parses `host:port`, `192.0.2.7:port`, `[2001:db8::1]:port` or `unix:/path`.
    fn from_str(text: &str) -> Result<Self, InvalidEndpoint> {
        if let Some(endpoint) = name_and_port(text) {
            return Ok(endpoint);
        }
        if let Some(path) = text.strip_prefix(UNIX).filter(|rest| !is_number(rest)) {
            let endpoint = Self::unix(path);
            return endpoint.check().map(|()| endpoint);
        }
        parse(text).map_err(|problem| {
            // Nothing with a scheme parses; its first problem is only not its plainest.
            let problem = if text.contains("://") { Problem::Scheme } else { problem };
            InvalidEndpoint { text: text.to_owned(), problem }
        })
    }
}

impl TryFrom<&str> for Endpoint {
    type Error = InvalidEndpoint;

    fn try_from(text: &str) -> Result<Self, InvalidEndpoint> {
        text.parse()
    }
}

impl From<SocketAddr> for Endpoint {
    fn from(addr: SocketAddr) -> Self {
        Self(Place::host(&addr.ip().to_string(), addr.port()))
    }
}

impl<H: AsRef<str>> From<(H, u16)> for Endpoint {
    fn from((host, port): (H, u16)) -> Self {
        Self::new(host, port)
    }
}

/// A text that is no endpoint, or an endpoint that nobody could dial.
///
/// It converts to an [`io::Error`] of the kind `InvalidInput`; to one of the kind `Unsupported`, if
/// only this connector could not (see [`Endpoint::host_and_port`]).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidEndpoint {
    text: String,
    problem: Problem,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Problem {
    PortMissing,
    PortInvalid(String),
    HostEmpty,
    HostTooLong(usize),
    HostCharacter(char),
    Ipv6Unbracketed,
    Ipv6Invalid(String),
    Scheme,
    PathEmpty,
    PathNul,
    PathTooLong(usize),
    PathUnsupported,
}

impl InvalidEndpoint {
    /// The text as it was given.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for InvalidEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = shown(&self.text);
        if self.problem == Problem::PathUnsupported {
            return write!(
                f,
                "`{text}` is the path of a socket, and this connector dials only hosts"
            );
        }
        write!(f, "`{text}` is no endpoint: ")?;
        match &self.problem {
            Problem::PortMissing => f.write_str("the port is missing, as in `host:5000`"),
            Problem::PortInvalid(port) => {
                write!(f, "`{}` is no port, which is a number from 0 to 65535", shown(port))
            }
            Problem::HostEmpty => f.write_str("the host is empty"),
            Problem::HostTooLong(len) => {
                write!(f, "the host is {len} bytes long, and a name has at most {MAX_HOST}")
            }
            Problem::HostCharacter(c) => write!(f, "a host holds no {c:?}"),
            Problem::Ipv6Unbracketed => {
                f.write_str("an IPv6 address stands in brackets, as in `[::1]:5000`")
            }
            Problem::Ipv6Invalid(inner) => write!(f, "`{}` is no IPv6 address", shown(inner)),
            Problem::Scheme => f.write_str("it has a scheme, and an endpoint is only `host:port`"),
            Problem::PathEmpty => f.write_str("the path is empty"),
            Problem::PathNul => f.write_str("a path holds no NUL byte"),
            Problem::PathTooLong(len) => {
                write!(
                    f,
                    "the path is {len} bytes long, and that of a socket has at most {MAX_PATH}"
                )
            }
            Problem::PathUnsupported => Ok(()),
        }
    }
}

impl std::error::Error for InvalidEndpoint {}

impl From<InvalidEndpoint> for io::Error {
    fn from(error: InvalidEndpoint) -> Self {
        let kind = match error.problem {
            Problem::PathUnsupported => io::ErrorKind::Unsupported,
            _ => io::ErrorKind::InvalidInput,
        };
        Self::new(kind, error)
    }
}

/// What [`parse`] would make of a plain name with its port, which nearly every text is: one pass.
fn name_and_port(text: &str) -> Option<Endpoint> {
    let end = text.bytes().position(|byte| byte == b':' || !byte.is_ascii_graphic())?;
    let (name, rest) = text.split_at_checked(end)?;
    let port = rest.strip_prefix(':')?;
    if name.starts_with('[') || !(1..=MAX_HOST).contains(&end) {
        return None;
    }
    // `u16::from_str` alone would take a sign.
    let port = port.parse().ok().filter(|_| port.as_bytes()[0].is_ascii_digit())?;
    Some(Endpoint(Place::Host { host: name.into(), port, is_fine: true }))
}

fn parse(text: &str) -> Result<Endpoint, Problem> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (inner, after) =
                rest.split_once(']').ok_or_else(|| Problem::Ipv6Invalid(rest.to_owned()))?;
            if !is_ipv6(inner) {
                return Err(Problem::Ipv6Invalid(inner.to_owned()));
            }
            (inner, after.strip_prefix(':').ok_or(Problem::PortMissing)?)
        }
        None => {
            let (host, port) = text.rsplit_once(':').ok_or(Problem::PortMissing)?;
            if host.contains(':') {
                return Err(Problem::Ipv6Unbracketed);
            }
            (host, port)
        }
    };
    if let Some(problem) = host_problem(host) {
        return Err(problem);
    }
    if port.is_empty() {
        return Err(Problem::PortMissing);
    }
    // `u16::from_str` alone would take a sign.
    match port.parse() {
        Ok(port_number) if is_number(port) => Ok(Endpoint(Place::host(host, port_number))),
        _ => Err(Problem::PortInvalid(port.to_owned())),
    }
}

fn host_problem(host: &str) -> Option<Problem> {
    if host.is_empty() {
        return Some(Problem::HostEmpty);
    }
    if host.len() > MAX_HOST {
        return Some(Problem::HostTooLong(host.len()));
    }
    // Nearly all are like this.
    if host.bytes().all(|byte| byte.is_ascii_graphic()) {
        return None;
    }
    host.chars().find(|c| c.is_whitespace() || c.is_control()).map(Problem::HostCharacter)
}

fn path_problem(path: &Path) -> Option<Problem> {
    let bytes = path.as_os_str().as_encoded_bytes();
    if bytes.is_empty() {
        return Some(Problem::PathEmpty);
    }
    if bytes.contains(&0) {
        return Some(Problem::PathNul);
    }
    (bytes.len() > MAX_PATH).then_some(Problem::PathTooLong(bytes.len()))
}

/// Whether `text` is what stands behind the colon of a host.
fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn without_brackets(host: &str) -> &str {
    host.strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .filter(|inner| is_ipv6(inner))
        .unwrap_or(host)
}

/// Whether `text` is an IPv6 address, with or without a zone (RFC 4007 section 11).
fn is_ipv6(text: &str) -> bool {
    let address = text.split_once('%').map_or(text, |(address, _)| address);
    address.parse::<Ipv6Addr>().is_ok()
}

/// `text` on one line and not without end.
fn shown(text: &str) -> String {
    const LIMIT: usize = 80;
    let escaped = text.chars().flat_map(char::escape_debug);
    let mut shown: String = escaped.clone().take(LIMIT).collect();
    if escaped.count() > LIMIT {
        shown.push_str("...");
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_parse(text: &str, expected: Result<(&str, u16), &str>) {
        let parsed = text.parse::<Endpoint>();
        match (&parsed, expected) {
            (Ok(endpoint), Ok((host, port))) => {
                assert_eq!((endpoint.host(), endpoint.port()), (host, port));
                assert_eq!(endpoint.to_string().parse(), parsed, "it prints as it parses");
            }
            (Err(error), Err(reason)) => {
                assert_eq!(error.to_string(), format!("`{text}` is no endpoint: {reason}"));
            }
            _ => panic!("{text:?} gave {parsed:?}"),
        }
    }

    #[test]
    fn parses_names_and_addresses() {
        check_parse("localhost:80", Ok(("localhost", 80)));
        check_parse("192.0.2.7:65535", Ok(("192.0.2.7", 65535)));
        check_parse("[::1]:0", Ok(("::1", 0)));
        check_parse("[fe80::1%eth0]:22", Ok(("fe80::1%eth0", 22)));
    }

    #[test]
    fn says_what_is_wrong_with_a_text_that_does_not_parse() {
        let port = "is no port, which is a number from 0 to 65535";
        check_parse("localhost", Err("the port is missing, as in `host:5000`"));
        check_parse("localhost:", Err("the port is missing, as in `host:5000`"));
        check_parse("[::1]", Err("the port is missing, as in `host:5000`"));
        check_parse("localhost:65536", Err(&format!("`65536` {port}")));
        check_parse("localhost:+80", Err(&format!("`+80` {port}")));
        check_parse("localhost:http", Err(&format!("`http` {port}")));
        check_parse(":80", Err("the host is empty"));
        check_parse("::1:80", Err("an IPv6 address stands in brackets, as in `[::1]:5000`"));
        check_parse("[::g]:80", Err("`::g` is no IPv6 address"));
        check_parse("[::1:80", Err("`::1:80` is no IPv6 address"));
        check_parse("a b:80", Err("a host holds no ' '"));
        check_parse("http://[::1]", Err("it has a scheme, and an endpoint is only `host:port`"));
        check_parse("http://a", Err("it has a scheme, and an endpoint is only `host:port`"));
        check_parse("http://a:80", Err("it has a scheme, and an endpoint is only `host:port`"));
    }

    #[test]
    fn a_host_is_an_address_of_either_family_or_none() {
        let ip = |host: &str| Endpoint::new(host, 1).ip();
        assert_eq!(ip("192.0.2.7"), Some(IpAddr::from([192, 0, 2, 7])));
        assert_eq!(ip("[::1]"), Some(IpAddr::V6(Ipv6Addr::LOCALHOST)));
        assert_eq!(ip("fe80::"), Some(IpAddr::V6(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0))));
        let mapped = IpAddr::V6(Ipv6Addr::from([0, 0, 0, 0, 0, 0xffff, 0xc000, 0x207]));
        assert_eq!(ip("::ffff:192.0.2.7"), Some(mapped));
        for host in ["localhost", "192.0.2", "fe80::1%eth0", "a:b", ""] {
            assert_eq!(ip(host), None, "{host}");
        }
    }

    #[test]
    fn a_host_of_any_script_is_one_without_white_space() {
        assert_eq!(Endpoint::new("b\u{fc}cher.example", 1).check(), Ok(()));
        let error = Endpoint::new("b\u{fc}cher\u{a0}example", 1).check().unwrap_err();
        assert!(error.to_string().ends_with(r"a host holds no '\u{a0}'"), "{error}");
    }

    #[test]
    fn a_host_that_is_too_long_is_refused_by_whoever_dials() {
        let error = Endpoint::new("a".repeat(254), 1).check().unwrap_err();
        assert!(
            error.to_string().ends_with("the host is 254 bytes long, and a name has at most 253")
        );
        assert!(error.to_string().len() < 200, "and its text stays short");
        assert_eq!(Endpoint::new("a".repeat(253), 1).check(), Ok(()));
        assert_eq!(io::Error::from(error).kind(), io::ErrorKind::InvalidInput);
    }

    #[test]
    fn brackets_do_not_make_another_endpoint() {
        assert_eq!(Endpoint::new("[::1]", 80), Endpoint::new("::1", 80));
        assert_eq!(Endpoint::from(("::1", 80)), "[::1]:80".parse().unwrap());
        assert_eq!(Endpoint::new("[x]", 80).host(), "[x]");
    }

    #[test]
    fn a_path_prints_as_it_parses() {
        for path in
            ["/run/redis.sock", "redis.sock", "./80", "a b", "/tmp/a:1", "///x", "//h/x", "b\u{fc}"]
        {
            let endpoint = Endpoint::unix(path);
            assert_eq!(endpoint.to_string(), format!("unix:{path}"));
            assert_eq!(endpoint.to_string().parse(), Ok(endpoint.clone()));
            assert_eq!(endpoint.path(), Some(Path::new(path)));
            assert_eq!((endpoint.host(), endpoint.port(), endpoint.ip()), ("", 0, None));
            assert_eq!(endpoint.check(), Ok(()));
        }
        assert_eq!(Endpoint::new("localhost", 80).path(), None);
    }

    #[test]
    fn a_host_that_is_called_unix_is_a_host() {
        check_parse("unix:80", Ok(("unix", 80)));
        let port = "is no port, which is a number from 0 to 65535";
        check_parse("unix:65536", Err(&format!("`65536` {port}")));
        // So that what is printed parses.
        let endpoint = Endpoint::unix("80");
        assert_eq!(endpoint.to_string(), "unix:./80");
        assert_eq!("unix:./80".parse(), Ok(endpoint.clone()));
        assert_ne!(endpoint, Endpoint::new("unix", 80));
    }

    #[test]
    fn paths_are_equal_as_paths_are() {
        use std::collections::HashSet;
        let equal = ["unix:/run/x", "unix:///run/x", "unix:/run//x", "unix:/run/./x"];
        let endpoints = equal.map(|text| text.parse::<Endpoint>().unwrap());
        assert!(endpoints.iter().all(|endpoint| *endpoint == endpoints[0]));
        assert_eq!(HashSet::from(endpoints.clone()).len(), 1);
        assert_ne!(endpoints[0], Endpoint::unix("/run/y"));
    }

    #[test]
    fn a_path_that_no_socket_has_is_refused() {
        check_parse("unix:", Err("the path is empty"));
        assert!(Endpoint::unix("").check().is_err());
        let error = Endpoint::unix("a\0b").check().unwrap_err();
        assert_eq!(error.to_string(), r"`unix:a\0b` is no endpoint: a path holds no NUL byte");
        assert_eq!(Endpoint::unix("a".repeat(MAX_PATH)).check(), Ok(()));
        let error = Endpoint::unix("a".repeat(MAX_PATH + 1)).check().unwrap_err();
        let reason =
            format!("{} bytes long, and that of a socket has at most {MAX_PATH}", MAX_PATH + 1);
        assert!(error.to_string().ends_with(&reason), "{error}");
        assert_eq!(io::Error::from(error).kind(), io::ErrorKind::InvalidInput);
    }

    /// The system has the last word on how long a path may be.
    #[cfg(unix)]
    #[test]
    fn the_longest_path_is_the_longest_that_the_system_takes() {
        use std::os::unix::net::SocketAddr;
        assert!(SocketAddr::from_pathname("a".repeat(MAX_PATH)).is_ok());
        assert!(SocketAddr::from_pathname("a".repeat(MAX_PATH + 1)).is_err());
    }

    #[test]
    fn a_connector_of_hosts_refuses_paths_and_what_nobody_could_dial() {
        let kind =
            |endpoint: Endpoint| io::Error::from(endpoint.host_and_port().unwrap_err()).kind();
        assert_eq!(kind(Endpoint::unix("/run/x")), io::ErrorKind::Unsupported);
        assert_eq!(kind(Endpoint::unix("")), io::ErrorKind::InvalidInput);
        assert_eq!(kind(Endpoint::new("", 1)), io::ErrorKind::InvalidInput);
    }
}
