//! Values that a step or an assertion states: a literal, anything, or a labelled predicate.

use std::borrow::Cow;
use std::convert::Infallible;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;

use super::{Ending, IntoParts, Literal, Part, Parts, WebSocketFrame, common_prefix};
use crate::transport::websocket::{CloseFrame, InvalidRequest, Message, WebSocketRequest};
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
    Matching(Predicate::new(label.into(), predicate))
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

impl<T: ?Sized> Predicate<T> {
    pub(super) fn new<F>(label: Cow<'static, str>, test: F) -> Self
    where
        F: Fn(&T) -> bool + Send + Sync + 'static,
    {
        Self { label, test: Arc::new(test) }
    }
}

/// Two predicates are alike if the same words stand for them.
impl<T: ?Sized> PartialEq for Predicate<T> {
    fn eq(&self, other: &Self) -> bool {
        self.label == other.label
    }
}

impl<T: ?Sized> Eq for Predicate<T> {}

impl<T: ?Sized> Clone for Predicate<T> {
    fn clone(&self) -> Self {
        Self { label: self.label.clone(), test: Arc::clone(&self.test) }
    }
}

/// What a step or an assertion states about a value.
///
/// Made by [`IntoExpected`] from a literal, [`any`] or [`matching`].
pub struct Expected<T: Value + ?Sized>(pub(crate) Pattern<T>);

/// The ways of stating a value.
pub(crate) enum Pattern<T: Value + ?Sized> {
    Is(T::Literal),
    Any,
    Matching(Predicate<T>),
    Parts(T::Parts),
}

impl<T: Value + ?Sized> Expected<T> {
    /// The literal, any value, or a labelled predicate: whatever was given.
    #[inline]
    pub(crate) fn literal(&self) -> Option<&T::Literal> {
        match &self.0 {
            Pattern::Is(literal) => Some(literal),
            Pattern::Any | Pattern::Matching(_) | Pattern::Parts(_) => None,
        }
    }

    /// Whether nothing is said about the value.
    pub(crate) fn is_any(&self) -> bool {
        matches!(self.0, Pattern::Any)
    }
}

impl Expected<[u8]> {
    /// Whether the script judges every byte, so that nobody has to assert them.
    #[inline]
    pub(crate) fn is_stated(&self) -> bool {
        match &self.0 {
            Pattern::Is(_) | Pattern::Matching(_) => true,
            Pattern::Any => false,
            Pattern::Parts(parts) => parts.is_stated(),
        }
    }

    /// Whether these bytes are what is expected, asking predicates; or how far they are.
    pub(crate) fn agrees(&self, bytes: &[u8]) -> Result<(), usize> {
        let judged = |is_met: bool| if is_met { Ok(()) } else { Err(0) };
        match &self.0 {
            Pattern::Is(literal) if **literal == *bytes => Ok(()),
            Pattern::Is(literal) => Err(common_prefix(literal, bytes)),
            Pattern::Any => Ok(()),
            Pattern::Matching(predicate) => judged((predicate.test)(bytes)),
            Pattern::Parts(parts) => {
                parts.split(bytes)?;
                judged(parts.is_met_by(bytes))
            }
        }
    }

    /// What was wanted, if predicates judge that.
    pub(crate) fn label(&self) -> Option<Cow<'static, str>> {
        match &self.0 {
            Pattern::Is(_) | Pattern::Any => None,
            Pattern::Matching(predicate) => Some(predicate.label.clone()),
            Pattern::Parts(parts) => parts.label(),
        }
    }

    /// Where a run of these bytes ends, if it has no end of its own.
    #[inline]
    pub(crate) fn ending(&self) -> Option<Ending> {
        match &self.0 {
            Pattern::Is(_) => None,
            Pattern::Any | Pattern::Matching(_) => Some(Ending::Pause),
            Pattern::Parts(parts) => parts.ending(),
        }
    }

    /// How many bytes there are, where the script says.
    pub(crate) fn extent(&self) -> Option<usize> {
        match &self.0 {
            Pattern::Is(literal) => Some(literal.len()),
            Pattern::Any | Pattern::Matching(_) => None,
            Pattern::Parts(parts) => parts.extent(),
        }
    }
}

impl<T: Value + ?Sized> Clone for Expected<T> {
    fn clone(&self) -> Self {
        Self(match &self.0 {
            Pattern::Is(literal) => Pattern::Is(literal.clone()),
            Pattern::Any => Pattern::Any,
            Pattern::Matching(predicate) => Pattern::Matching(predicate.clone()),
            Pattern::Parts(parts) => Pattern::Parts(parts.clone()),
        })
    }
}

impl<T: Value + ?Sized> fmt::Debug for Expected<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Pattern::Is(literal) => literal.fmt(f),
            Pattern::Any => f.write_str("any()"),
            Pattern::Matching(predicate) => write!(f, "matching({:?})", predicate.label),
            Pattern::Parts(parts) => parts.fmt(f),
        }
    }
}

/// A type of values that can be expected, and how a literal of it is kept.
pub trait Value: sealed::Sealed {
    /// How a literal is kept.
    type Literal: Clone + fmt::Debug + Send + Sync;
    /// What a value is described by that is a sequence of parts.
    type Parts: Clone + fmt::Debug + Send + Sync;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for [u8] {}
    impl Sealed for super::Endpoint {}
    impl Sealed for usize {}
    impl Sealed for super::Message {}
    impl Sealed for super::WebSocketRequest {}
    impl Sealed for Option<super::CloseFrame> {}
}

impl Value for [u8] {
    type Literal = Literal;
    type Parts = Parts;
}

impl Value for Endpoint {
    type Literal = Endpoint;
    type Parts = Infallible;
}

impl Value for usize {
    type Literal = usize;
    type Parts = Infallible;
}

impl Value for Message {
    type Literal = Message;
    type Parts = Infallible;
}

impl Value for WebSocketRequest {
    type Literal = WebSocketRequest;
    type Parts = Infallible;
}

impl Value for Option<CloseFrame> {
    type Literal = Self;
    type Parts = Infallible;
}

/// What can stand where a `T` is expected: literals of every common shape, [`any`] and
/// [`matching`].
///
/// For bytes (`T = [u8]`): slices, arrays, `&str`, `String`, `Vec<u8>`, [`Bytes`], and what has
/// [`Part`]s: one, or a tuple of parts and literals. For endpoints:
/// `"host:port"`, `"unix:/path"`, `("host", port)`, [`Endpoint`], [`SocketAddr`]. For sizes: `usize`. Implement it
/// for types of your own by way of one of these.
///
/// For [`Message`]s: `&str`, `String` and [`Text`](crate::websocket::Text) are text; slices, arrays,
/// `Vec<u8>` and [`Bytes`] are binary. For [`WebSocketRequest`]s: a URI, as a text. For what a close
/// says: a [`CloseFrame`], `None`, a code, `(code, "reason")`.
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

/// An argument that is not what its place wants, such as `"host"` where an endpoint is expected.
#[derive(Debug)]
pub struct InvalidArgument(Problem);

#[derive(Debug)]
enum Problem {
    Endpoint(InvalidEndpoint),
    Request(InvalidRequest),
    Parts(&'static str),
}

impl InvalidArgument {
    pub(super) fn parts(problem: &'static str) -> Self {
        Self(Problem::Parts(problem))
    }
}

impl fmt::Display for InvalidArgument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Problem::Endpoint(error) => error.fmt(f),
            Problem::Request(error) => error.fmt(f),
            Problem::Parts(problem) => f.write_str(problem),
        }
    }
}

impl std::error::Error for InvalidArgument {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0 {
            Problem::Endpoint(error) => Some(error),
            Problem::Request(error) => Some(error),
            Problem::Parts(_) => None,
        }
    }
}

impl From<InvalidEndpoint> for InvalidArgument {
    fn from(error: InvalidEndpoint) -> Self {
        Self(Problem::Endpoint(error))
    }
}

impl From<InvalidRequest> for InvalidArgument {
    fn from(error: InvalidRequest) -> Self {
        Self(Problem::Request(error))
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

    /// The bytes as a step keeps them.
    #[doc(hidden)]
    fn into_literal(self) -> Literal
    where
        Self: Sized,
    {
        self.into_bytes().into()
    }
}

macro_rules! borrowed_bytes {
    ($($({$($generic:tt)+})? $literal:ty),+ $(,)?) => {$(
        impl $(<$($generic)+>)? IntoBytes for $literal {
            fn into_bytes(self) -> Bytes {
                Bytes::copy_from_slice(self.as_ref())
            }

            #[inline]
            fn into_literal(self) -> Literal {
                Literal::copied(self.as_ref())
            }
        }

        bytes_literal!($({$($generic)+})? $literal);
    )+};
}

macro_rules! owned_bytes {
    ($($literal:ty => $bytes:expr),+ $(,)?) => {$(
        impl IntoBytes for $literal {
            fn into_bytes(self) -> Bytes {
                let bytes: fn(Self) -> Bytes = $bytes;
                bytes(self)
            }
        }

        bytes_literal!($literal);
    )+};
}

macro_rules! bytes_literal {
    ($({$($generic:tt)+})? $literal:ty) => {
        impl $(<$($generic)+>)? IntoParts for $literal {
            fn add_to(self, parts: &mut Vec<Part>) {
                parts.push(Part::literal(self));
            }
        }

        impl $(<$($generic)+>)? IntoExpected<[u8]> for $literal {
            #[inline]
            fn into_expected(self) -> Result<Expected<[u8]>, InvalidArgument> {
                Ok(Expected(Pattern::Is(self.into_literal())))
            }
        }
    };
}

borrowed_bytes!(
    &[u8],
    &str,
    &String,
    &Vec<u8>,
    {const N: usize} &[u8; N],
    {const N: usize} [u8; N],
);

owned_bytes!(
    String => Bytes::from,
    Vec<u8> => Bytes::from,
    Box<[u8]> => Bytes::from,
    Bytes => |bytes| bytes,
    &Bytes => Bytes::clone,
    WebSocketFrame => |frame| frame.to_bytes(),
    &WebSocketFrame => |frame| frame.to_bytes(),
);

/// The run that these parts make, in this order.
fn run_of(parts: impl IntoParts) -> Result<Expected<[u8]>, InvalidArgument> {
    let mut all = Vec::new();
    parts.add_to(&mut all);
    Parts::pattern(all).map(Expected)
}

impl IntoExpected<[u8]> for Part {
    fn into_expected(self) -> Result<Expected<[u8]>, InvalidArgument> {
        run_of(self)
    }
}

impl IntoExpected<[u8]> for Vec<Part> {
    fn into_expected(self) -> Result<Expected<[u8]>, InvalidArgument> {
        run_of(self)
    }
}

macro_rules! tuples_of_parts {
    ($($($part:ident)+),+) => {$(
        impl<$($part: IntoParts),+> IntoParts for ($($part,)+) {
            fn add_to(self, parts: &mut Vec<Part>) {
                #[expect(non_snake_case, reason = "a tuple's fields go by the names of their types")]
                let ($($part,)+) = self;
                $($part.add_to(parts);)+
            }
        }

        impl<$($part: IntoParts),+> IntoExpected<[u8]> for ($($part,)+) {
            fn into_expected(self) -> Result<Expected<[u8]>, InvalidArgument> {
                run_of(self)
            }
        }
    )+};
}

tuples_of_parts!(A B, A B C, A B C D, A B C D E, A B C D E F, A B C D E F G, A B C D E F G H);
