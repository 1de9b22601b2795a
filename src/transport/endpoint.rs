//! Where a client connects to.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

/// The longest host name in bytes (RFC 1035 section 2.3.4, less the root's dot and length byte).
const MAX_HOST: usize = 253;

/// A host and a port: what a client asks a connector for, before any name is resolved.
///
/// The host is a name or an IP address; an IPv6 address is kept without brackets and printed with
/// them. Two endpoints are equal when host and port are, letter for letter.
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
/// let error = "monitoring.internal".parse::<Endpoint>().unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "`monitoring.internal` is no endpoint: the port is missing, as in `host:5000`"
/// );
/// # Ok::<(), wirescript::InvalidEndpoint>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Endpoint {
    host: Box<str>,
    port: u16,
}

impl Endpoint {
    /// The endpoint `port` on `host`. Brackets around an IPv6 address are taken off.
    ///
    /// This never fails, because a client has it from somewhere and has nobody to tell; whoever
    /// dials asks [`check`](Self::check).
    pub fn new(host: impl AsRef<str>, port: u16) -> Self {
        Self { host: without_brackets(host.as_ref()).into(), port }
    }

    /// The host: a name, or an IP address without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The host as an IP address, if it is one.
    pub fn ip(&self) -> Option<IpAddr> {
        if self.host.contains(':') {
            self.host.parse().ok().map(IpAddr::V6)
        } else {
            self.host.parse().ok().map(IpAddr::V4)
        }
    }

    /// Whether anybody could dial this; connectors ask before they do.
    ///
    /// # Errors
    ///
    /// The host is empty, longer than 253 bytes, or holds white space or a control character.
    pub fn check(&self) -> Result<(), InvalidEndpoint> {
        match host_problem(&self.host) {
            Some(problem) => Err(InvalidEndpoint { text: self.to_string(), problem }),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

impl FromStr for Endpoint {
    type Err = InvalidEndpoint;

    /// Parses `host:port`, `192.0.2.7:port` or `[2001:db8::1]:port`.
    fn from_str(text: &str) -> Result<Self, InvalidEndpoint> {
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
        Self { host: addr.ip().to_string().into(), port: addr.port() }
    }
}

impl<H: AsRef<str>> From<(H, u16)> for Endpoint {
    fn from((host, port): (H, u16)) -> Self {
        Self::new(host, port)
    }
}

/// A text that is no endpoint, or an endpoint that nobody could dial.
///
/// It converts to an [`io::Error`] of the kind `InvalidInput`.
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
}

impl InvalidEndpoint {
    /// The text as it was given.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for InvalidEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no endpoint: ", shown(&self.text))?;
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
        }
    }
}

impl std::error::Error for InvalidEndpoint {}

impl From<InvalidEndpoint> for io::Error {
    fn from(error: InvalidEndpoint) -> Self {
        Self::new(io::ErrorKind::InvalidInput, error)
    }
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
    let digits = port.bytes().all(|byte| byte.is_ascii_digit());
    match port.parse() {
        Ok(port) if digits => Ok(Endpoint::new(host, port)),
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
    // Every host is looked at twice or more, and nearly all are like this.
    if host.bytes().all(|byte| byte.is_ascii_graphic()) {
        return None;
    }
    host.chars().find(|c| c.is_whitespace() || c.is_control()).map(Problem::HostCharacter)
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
}
