//! Values that a step or an assertion states: a literal, anything, or a labelled predicate.

use std::borrow::Cow;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;

use crate::transport::{Endpoint, InvalidEndpoint};

/// Matches every value, and states nothing: what met it is to be asserted later.
///
/// ```
/// # use wirescript::{AsyncSocketExt, Connect, Endpoint, Verifier, any};
/// # futures::executor::block_on(async {
/// let verifier = Verifier::new();
/// let net = verifier.socket();
/// net.new_session().expect_connect("cache:6379").expect_send_all(any());
///
/// let mut socket = net.connect(&Endpoint::new("cache", 6379)).await?;
/// socket.send_all(b"PING\r\n").await?;
/// drop(socket);
///
/// net.assert_send_all(b"PING\r\n");
/// verifier.verify();
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
pub fn any() -> Any {
    Any
}

/// What [`any`] returns.
#[derive(Clone, Copy, Debug)]
pub struct Any;

/// Matches the values of which `predicate` is true; `label` says in a failure what was wanted.
///
/// The predicate takes a reference to what it judges: `&[u8]` where bytes are sent, [`&Endpoint`]
/// where a client connects. It may be asked more than once, and runs on the client's task. If it
/// panics, that is a violation of its own, and the client gets an error.
///
/// [`&Endpoint`]: Endpoint
///
/// ```
/// # use wirescript::{AsyncSocketExt, Connect, Endpoint, Verifier, matching};
/// # futures::executor::block_on(async {
/// let verifier = Verifier::new();
/// let net = verifier.socket();
/// net.new_session()
///     .expect_connect("web:80")
///     .expect_send(matching("a GET request", |sent: &[u8]| sent.starts_with(b"GET ")));
///
/// let mut socket = net.connect(&Endpoint::new("web", 80)).await?;
/// socket.send(b"GET / HTTP/1.1\r\n\r\n").await?;
/// # drop(socket); verifier.verify();
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
pub fn matching<T, F>(label: impl Into<Cow<'static, str>>, predicate: F) -> Matching<T>
where
    T: ?Sized,
    F: Fn(&T) -> bool + Send + Sync + 'static,
{
    Matching(Predicate { label: label.into(), test: Arc::new(predicate) })
}

/// What [`matching`] returns.
pub struct Matching<T: ?Sized>(Predicate<T>);

impl<T: ?Sized> fmt::Debug for Matching<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Matching").field(&self.0.label).finish()
    }
}

/// A predicate with the words for it.
pub(crate) struct Predicate<T: ?Sized> {
    pub(crate) label: Cow<'static, str>,
    pub(crate) test: Arc<dyn Fn(&T) -> bool + Send + Sync>,
}

impl<T: ?Sized> Clone for Predicate<T> {
    fn clone(&self) -> Self {
        Self { label: self.label.clone(), test: Arc::clone(&self.test) }
    }
}

/// What a step or an assertion states about a value.
///
/// Made by [`IntoExpected`] from a literal, [`any`] or [`matching`].
pub struct Expected<T: Value + ?Sized>(pub(crate) Pattern<T>);

/// The three ways of stating a value.
pub(crate) enum Pattern<T: Value + ?Sized> {
    Is(T::Literal),
    Any,
    Matching(Predicate<T>),
}

impl<T: Value + ?Sized> Expected<T> {
    /// The literal, any value, or a labelled predicate: whatever was given.
    pub(crate) fn literal(&self) -> Option<&T::Literal> {
        match &self.0 {
            Pattern::Is(literal) => Some(literal),
            Pattern::Any | Pattern::Matching(_) => None,
        }
    }

    /// Whether nothing is said about the value.
    pub(crate) fn is_any(&self) -> bool {
        matches!(self.0, Pattern::Any)
    }
}

impl<T: Value + ?Sized> Clone for Expected<T> {
    fn clone(&self) -> Self {
        Self(match &self.0 {
            Pattern::Is(literal) => Pattern::Is(literal.clone()),
            Pattern::Any => Pattern::Any,
            Pattern::Matching(predicate) => Pattern::Matching(predicate.clone()),
        })
    }
}

impl<T: Value + ?Sized> fmt::Debug for Expected<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Pattern::Is(literal) => literal.fmt(f),
            Pattern::Any => f.write_str("any()"),
            Pattern::Matching(predicate) => write!(f, "matching({:?})", predicate.label),
        }
    }
}

/// A type of values that can be expected, and how a literal of it is kept.
pub trait Value: sealed::Sealed {
    /// How a literal is kept.
    type Literal: Clone + fmt::Debug + Send + Sync;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for [u8] {}
    impl Sealed for super::Endpoint {}
    impl Sealed for usize {}
}

impl Value for [u8] {
    type Literal = Bytes;
}

impl Value for Endpoint {
    type Literal = Endpoint;
}

impl Value for usize {
    type Literal = usize;
}

/// What can stand where a `T` is expected: literals of every common shape, [`any`] and
/// [`matching`].
///
/// For bytes (`T = [u8]`): slices, arrays, `&str`, `String`, `Vec<u8>`, [`Bytes`]. For endpoints:
/// `"host:port"`, `("host", port)`, [`Endpoint`], [`SocketAddr`]. For sizes: `usize`. Implement it
/// for types of your own by way of one of these.
pub trait IntoExpected<T: Value + ?Sized> {
    /// The expectation.
    ///
    /// # Errors
    ///
    /// The literal is not what its place wants. The step or assertion panics with it, at its line.
    fn into_expected(self) -> Result<Expected<T>, InvalidArgument>;
}

/// What a method was given to expect; panics at its caller's line if that is not what its place
/// wants.
#[track_caller]
pub(crate) fn expected<T: Value + ?Sized>(
    method: &str,
    value: impl IntoExpected<T>,
) -> Expected<T> {
    match value.into_expected() {
        Ok(value) => value,
        Err(error) => panic!("`{method}`: {error}"),
    }
}

/// A literal that is not what its place wants, such as `"host"` where an endpoint is expected.
#[derive(Debug)]
pub struct InvalidArgument(InvalidEndpoint);

impl fmt::Display for InvalidArgument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for InvalidArgument {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

impl From<InvalidEndpoint> for InvalidArgument {
    fn from(error: InvalidEndpoint) -> Self {
        Self(error)
    }
}

impl<T: Value + ?Sized> IntoExpected<T> for Expected<T> {
    fn into_expected(self) -> Result<Self, InvalidArgument> {
        Ok(self)
    }
}

impl<T: Value + ?Sized> IntoExpected<T> for Any {
    fn into_expected(self) -> Result<Expected<T>, InvalidArgument> {
        Ok(Expected(Pattern::Any))
    }
}

impl<T: Value + ?Sized> IntoExpected<T> for Matching<T> {
    fn into_expected(self) -> Result<Expected<T>, InvalidArgument> {
        Ok(Expected(Pattern::Matching(self.0)))
    }
}

impl IntoExpected<usize> for usize {
    fn into_expected(self) -> Result<Expected<usize>, InvalidArgument> {
        Ok(Expected(Pattern::Is(self)))
    }
}

macro_rules! endpoint_literals {
    ($($literal:ty),+) => {$(
        impl IntoExpected<Endpoint> for $literal {
            fn into_expected(self) -> Result<Expected<Endpoint>, InvalidArgument> {
                let endpoint = Endpoint::from(self);
                endpoint.check()?;
                Ok(Expected(Pattern::Is(endpoint)))
            }
        }
    )+};
}

endpoint_literals!(Endpoint, SocketAddr, (&str, u16), (String, u16));

impl IntoExpected<Endpoint> for &str {
    fn into_expected(self) -> Result<Expected<Endpoint>, InvalidArgument> {
        Ok(Expected(Pattern::Is(self.parse()?)))
    }
}

impl IntoExpected<Endpoint> for String {
    fn into_expected(self) -> Result<Expected<Endpoint>, InvalidArgument> {
        self.as_str().into_expected()
    }
}

impl IntoExpected<Endpoint> for &Endpoint {
    fn into_expected(self) -> Result<Expected<Endpoint>, InvalidArgument> {
        self.clone().into_expected()
    }
}

/// Bytes that a script states literally: slices, arrays, `&str`, `String`, `Vec<u8>`, [`Bytes`].
pub trait IntoBytes {
    /// The bytes.
    fn into_bytes(self) -> Bytes;
}

macro_rules! bytes_literals {
    ($($({$($generic:tt)+})? $literal:ty => $bytes:expr),+ $(,)?) => {$(
        impl $(<$($generic)+>)? IntoBytes for $literal {
            fn into_bytes(self) -> Bytes {
                let bytes: fn(Self) -> Bytes = $bytes;
                bytes(self)
            }
        }

        impl $(<$($generic)+>)? IntoExpected<[u8]> for $literal {
            fn into_expected(self) -> Result<Expected<[u8]>, InvalidArgument> {
                Ok(Expected(Pattern::Is(IntoBytes::into_bytes(self))))
            }
        }
    )+};
}

bytes_literals! {
    &[u8] => Bytes::copy_from_slice,
    &str => |text| Bytes::copy_from_slice(text.as_bytes()),
    &String => |text| Bytes::copy_from_slice(text.as_bytes()),
    &Vec<u8> => |bytes| Bytes::copy_from_slice(bytes),
    String => Bytes::from,
    Vec<u8> => Bytes::from,
    Box<[u8]> => Bytes::from,
    Bytes => |bytes| bytes,
    &Bytes => Bytes::clone,
    {const N: usize} &[u8; N] => |bytes| Bytes::copy_from_slice(bytes),
    {const N: usize} [u8; N] => |bytes| Bytes::copy_from_slice(&bytes),
}
