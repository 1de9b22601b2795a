//! Asserting afterwards what the script left open.

use std::fmt;
use std::sync::Arc;

use super::{Argument, Described, Interaction, Outcome, render};
use crate::double::{Scripted, Session};
use crate::script::{Expected, Fault, IntoExpected, Pattern, Socket, expected};
use crate::session::Shared;
use crate::timeline::Happened;
use crate::transport::Endpoint;

/// What an assertion says about one interaction.
pub(crate) struct Assertion {
    name: &'static str,
    argument: Asserted,
    size: Option<Expected<usize>>,
    pub(super) raised: Option<Fault>,
}

enum Asserted {
    None,
    Endpoint(Expected<Endpoint>),
    Bytes(Expected<[u8]>),
    Error(Fault),
}

/// An assertion that did not hold.
pub(super) struct Failure {
    pub(super) assertion: Assertion,
    pub(super) reason: Reason,
}

/// Why an assertion did not hold.
pub(super) enum Reason {
    /// Nothing has happened at all.
    NothingHappened,
    /// Everything that happened has been asserted or passed over.
    NothingLeft,
    /// It says nothing; what it would have matched.
    Wild(Option<Box<Interaction>>),
    OtherOperation {
        happened: Box<Interaction>,
    },
    OtherFields {
        happened: Box<Interaction>,
        is_closest: bool,
    },
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        render::failure(f, self)
    }
}

impl Assertion {
    fn new(name: &'static str, argument: Asserted) -> Self {
        Self { name, argument, size: None, raised: None }
    }

    /// The assertion in the form of what it is about.
    pub(super) fn described(&self) -> Described {
        let argument = match &self.argument {
            Asserted::None => Argument::None,
            Asserted::Endpoint(expected) => Argument::from(expected),
            Asserted::Bytes(expected) => Argument::from(expected),
            Asserted::Error(fault) => Argument::Error(*fault),
        };
        Described::new(self.name, argument)
    }

    pub(super) fn size_text(&self) -> Option<String> {
        self.size.as_ref().map(|size| format!("{size:?}"))
    }

    pub(super) fn size_is_met(&self, happened: &Interaction) -> bool {
        match (self.size.as_ref().map(|size| &size.0), happened.size) {
            (Some(Pattern::Is(size)), Some(happened)) => *size == happened,
            (Some(Pattern::Matching(predicate)), Some(happened)) => (predicate.test)(&happened),
            (Some(Pattern::Is(_) | Pattern::Matching(_)), None) => false,
            (Some(Pattern::Parts(never)), _) => match *never {},
            (Some(Pattern::Any) | None, _) => true,
        }
    }

    pub(super) fn argument_is_met(&self, happened: &Interaction) -> bool {
        match (&self.argument, &happened.operation.argument) {
            (Asserted::None, _) => true,
            (Asserted::Endpoint(expected), Argument::Endpoint(endpoint)) => match &expected.0 {
                Pattern::Is(literal) => literal == endpoint,
                Pattern::Any => true,
                Pattern::Matching(predicate) => (predicate.test)(endpoint),
                Pattern::Parts(never) => match *never {},
            },
            (Asserted::Bytes(expected), Argument::Bytes(bytes)) => expected.agrees(bytes).is_ok(),
            (Asserted::Error(fault), Argument::Error(happened)) => fault == happened,
            _ => false,
        }
    }

    pub(super) fn outcome_is_met(&self, happened: &Interaction) -> bool {
        match happened.outcome {
            Outcome::Complete => self.raised.is_none(),
            Outcome::Raised(fault) => self.raised == Some(fault),
            Outcome::Partial { .. } => false,
        }
    }

    fn is_met(&self, happened: &Interaction) -> bool {
        self.name == happened.operation.name
            && self.argument_is_met(happened)
            && self.size_is_met(happened)
            && self.outcome_is_met(happened)
    }

    /// Whether there is something to say and nothing is said.
    fn is_wild(&self) -> bool {
        let argument_is_wild = match &self.argument {
            Asserted::None | Asserted::Error(_) => return false,
            Asserted::Endpoint(expected) => expected.is_any(),
            Asserted::Bytes(expected) => match &expected.0 {
                Pattern::Parts(parts) => parts.is_wild(),
                _ => expected.is_any(),
            },
        };
        let size_is_wild = self.size.as_ref().is_none_or(Expected::is_any);
        argument_is_wild && size_is_wild && self.raised.is_none()
    }
}

/// Where an assertion looks.
#[derive(Clone)]
pub(crate) struct Scope {
    shared: Arc<Shared>,
    session: Option<usize>,
    is_ordered: bool,
}

impl Scope {
    /// Finds the interaction that the assertion is about and marks it (A2).
    ///
    /// Predicates are asked without the lock: what they judge is a copy.
    fn check(&self, assertion: Assertion) -> Result<(), Box<Failure>> {
        let reason = match self.find(&assertion) {
            Ok((_, found)) if assertion.is_wild() => Reason::Wild(Some(Box::new(found))),
            Err(_) if assertion.is_wild() => {
                Reason::Wild(self.next(0, |_, _| true).map(|(_, happened)| Box::new(happened)))
            }
            Ok((place, found)) => {
                let passed = self.is_ordered.then_some(place);
                self.shared.with_book(|book| {
                    book.mark_asserted(found.sequence, self.session, passed);
                });
                return Ok(());
            }
            Err(reason) => reason,
        };
        Err(Box::new(Failure { assertion, reason }))
    }

    fn find(&self, assertion: &Assertion) -> Result<(usize, Interaction), Reason> {
        let start = self.shared.with_book(|book| book.cursor(self.session));
        let is_explicit = self.shared.settings.is_explicit;
        let may_pass = |is_stated: bool| !self.is_ordered || is_stated && !is_explicit;
        let mut from = start;
        loop {
            // Another operation is looked at only if it may not be passed over.
            let next = self.next(from, |happened, name| {
                name == assertion.name || !may_pass(happened.is_stated)
            });
            let Some((place, happened)) = next else {
                return Err(self.nothing_like(assertion, start));
            };
            if assertion.is_met(&happened) {
                return Ok((place, happened));
            }
            if !may_pass(happened.is_stated) {
                return Err(self.unlike(assertion, happened));
            }
            from = place + 1;
        }
    }

    fn next(
        &self,
        from: usize,
        is_wanted: impl Fn(&Happened, &'static str) -> bool,
    ) -> Option<(usize, Interaction)> {
        self.shared.with_book(|book| book.next_unasserted(from, self.session, is_wanted))
    }

    /// Why nothing from `start` on meets the assertion: what comes closest, if there is anything.
    fn nothing_like(&self, assertion: &Assertion, start: usize) -> Reason {
        let mut closest: Option<((bool, usize), Interaction)> = None;
        let mut from = start;
        while let Some((place, happened)) = self.next(from, |_, _| true) {
            let closeness = closeness(assertion, &happened);
            if closest.as_ref().is_none_or(|(than, _)| closeness > *than) {
                closest = Some((closeness, happened));
            }
            from = place + 1;
        }
        match closest {
            Some((_, happened)) => self.unlike(assertion, happened),
            None if self.shared.with_book(|book| book.timeline.len() == 0) => {
                Reason::NothingHappened
            }
            None => Reason::NothingLeft,
        }
    }

    fn unlike(&self, assertion: &Assertion, happened: Interaction) -> Reason {
        let happened = Box::new(happened);
        if assertion.name == happened.operation.name {
            Reason::OtherFields { happened, is_closest: !self.is_ordered }
        } else {
            Reason::OtherOperation { happened }
        }
    }
}

/// How much of what was asserted an interaction has, for showing the one that has most.
fn closeness(assertion: &Assertion, happened: &Interaction) -> (bool, usize) {
    let is_same_operation = assertion.name == happened.operation.name;
    let alike = match (assertion.described().argument, &happened.operation.argument) {
        (Argument::Bytes(a), Argument::Bytes(b)) => {
            a.iter().zip(b).take_while(|(a, b)| a == b).count()
        }
        (a, b) => usize::from(a == *b),
    };
    (is_same_operation, alike)
}

/// The assertions of byte sockets, on everything that has a scope.
macro_rules! socket_assertions {
    ($($(#[$doc:meta])* [$($generics:tt)*] $type:ty: |$this:ident| $scope:expr, $raised:expr;)+) => {$(
        $(#[$doc])*
        impl $($generics)* $type {
            /// A client connected to `endpoint`.
            ///
            /// # Panics
            ///
            /// At this line, as all assertions do: if that is not what happened next, or if nothing
            /// is said about it.
            #[track_caller]
            pub fn assert_connect(&self, endpoint: impl IntoExpected<Endpoint>) {
                let endpoint = expected("assert_connect", endpoint);
                self.assert(Assertion::new("connect", Asserted::Endpoint(endpoint)));
            }

            /// A client sent `data` in one write, where the script has `expect_send`.
            #[track_caller]
            pub fn assert_send(&self, data: impl IntoExpected<[u8]>) {
                let data = expected("assert_send", data);
                self.assert(Assertion::new("send", Asserted::Bytes(data)));
            }

            /// A client sent `bytes`, where the script has `expect_send_all`.
            #[track_caller]
            pub fn assert_send_all(&self, bytes: impl IntoExpected<[u8]>) {
                let bytes = expected("assert_send_all", bytes);
                self.assert(Assertion::new("send_all", Asserted::Bytes(bytes)));
            }

            /// A client sent a frame with this payload, where the script has `expect_send_frame`.
            #[track_caller]
            pub fn assert_send_frame(&self, payload: impl IntoExpected<[u8]>) {
                let payload = expected("assert_send_frame", payload);
                self.assert(Assertion::new("send_frame", Asserted::Bytes(payload)));
            }

            /// A client received a frame with this payload, where the script has
            /// `expect_recv_frame`.
            #[track_caller]
            pub fn assert_recv_frame(&self, payload: impl IntoExpected<[u8]>) {
                let payload = expected("assert_recv_frame", payload);
                self.assert(Assertion::new("recv_frame", Asserted::Bytes(payload)));
            }

            /// A client received `data`, the first of it into a buffer of `size` bytes.
            #[track_caller]
            pub fn assert_recv(&self, size: impl IntoExpected<usize>, data: impl IntoExpected<[u8]>) {
                let data = expected("assert_recv", data);
                let mut assertion = Assertion::new("recv", Asserted::Bytes(data));
                assertion.size = Some(expected("assert_recv", size));
                self.assert(assertion);
            }

            /// A client received an error of this kind, where the script has `expect_recv_error`.
            #[track_caller]
            pub fn assert_recv_error(&self, kind: impl Into<Fault>) {
                self.assert(Assertion::new("recv_error", Asserted::Error(kind.into())));
            }

            /// A client was told that the connection was reset.
            #[track_caller]
            pub fn assert_reset(&self) {
                self.assert(Assertion::new("reset", Asserted::None));
            }

            /// A client received the end of the stream.
            #[track_caller]
            pub fn assert_eof(&self) {
                self.assert(Assertion::new("eof", Asserted::None));
            }

            /// A client closed its direction.
            #[track_caller]
            pub fn assert_shutdown(&self) {
                self.assert(Assertion::new("shutdown", Asserted::None));
            }

            /// A client dropped its socket.
            #[track_caller]
            pub fn assert_close(&self) {
                self.assert(Assertion::new("close", Asserted::None));
            }

            #[track_caller]
            fn assert(&self, mut assertion: Assertion) {
                let $this = self;
                let scope: Scope = $scope;
                assertion.raised = $raised;
                if let Err(failure) = scope.check(assertion) {
                    panic!("{failure}");
                }
            }
        }
    )+};
}

socket_assertions! {
    /// Assertions about what happened, in the order in which it happened.
    ///
    /// They walk one cursor over everything that happened on the verifier. An interaction whose
    /// step stated its arguments may be passed over; one that the script left open may not.
    [] Scripted<Socket>: |this| this.scope(), None;
    /// Assertions that look at this session only, in the order in which it went.
    [] Session<Socket>: |this| this.scope(), None;
    /// Assertions about an interaction that answered with an error.
    [] Raised<'_, Socket>: |this| this.scope.clone(), Some(this.fault);
    /// Assertions that find their interaction wherever it stands.
    [] Unordered<'_, Socket>: |this| this.scope.clone(), None;
}

/// Assertions about an interaction that answered with an error, from `raised(kind)`.
pub struct Raised<'a, P> {
    scope: Scope,
    fault: Fault,
    of: std::marker::PhantomData<&'a P>,
}

/// Assertions that hold in any order. See
/// [`Verifier::in_any_order`](crate::Verifier::in_any_order).
pub struct Unordered<'a, P> {
    scope: Scope,
    of: std::marker::PhantomData<&'a P>,
}

impl<P> Unordered<'_, P> {
    /// The same about an interaction that answered with an error of this kind.
    pub fn raised(&self, kind: impl Into<Fault>) -> Raised<'_, P> {
        Raised { scope: self.scope.clone(), fault: kind.into(), of: std::marker::PhantomData }
    }
}

impl<P> Scripted<P> {
    fn scope(&self) -> Scope {
        Scope { shared: Arc::clone(&self.shared), session: None, is_ordered: true }
    }

    /// The assertions about an interaction that answered with an error of this kind.
    ///
    /// ```
    /// # use std::io::ErrorKind;
    /// # use wirescript::{Connect, Endpoint, Verifier, any};
    /// # futures::executor::block_on(async {
    /// let verifier = Verifier::new();
    /// let net = verifier.socket();
    /// net.new_session().expect_connect(any()).raises(ErrorKind::ConnectionRefused);
    ///
    /// net.connect(&Endpoint::new("cache", 6379)).await.unwrap_err();
    /// net.raised(ErrorKind::ConnectionRefused).assert_connect("cache:6379");
    /// # });
    /// ```
    pub fn raised(&self, kind: impl Into<Fault>) -> Raised<'_, P> {
        Raised { scope: self.scope(), fault: kind.into(), of: std::marker::PhantomData }
    }
}

impl<P> Session<P> {
    fn scope(&self) -> Scope {
        Scope { shared: Arc::clone(&self.shared), session: Some(self.session), is_ordered: true }
    }

    /// The assertions about an interaction that answered with an error of this kind.
    pub fn raised(&self, kind: impl Into<Fault>) -> Raised<'_, P> {
        Raised { scope: self.scope(), fault: kind.into(), of: std::marker::PhantomData }
    }
}

/// Gives assertions that hold in any order. See
/// [`Verifier::in_any_order`](crate::Verifier::in_any_order).
#[derive(Debug)]
pub struct AnyOrder<'v> {
    pub(super) shared: &'v Arc<Shared>,
}

impl AnyOrder<'_> {
    /// The assertions of the protocol of `on`: a scripted connector, or a session.
    ///
    /// On a connector they find an interaction of any session, on a session one of its own.
    ///
    /// # Panics
    ///
    /// At this line: if `on` belongs to another verifier.
    #[track_caller]
    pub fn on<'a, P>(&'a self, on: &'a impl Asserts<P>) -> Unordered<'a, P> {
        let scope = on.scope(sealed::Token).0;
        assert!(
            Arc::ptr_eq(&scope.shared, self.shared),
            "what is asserted on belongs to another verifier than the one that is asked"
        );
        let scope = Scope { is_ordered: false, ..scope };
        Unordered { scope, of: std::marker::PhantomData }
    }
}

/// What can be asserted on: [`Scripted`] connectors and [`Session`]s.
pub trait Asserts<P> {
    #[doc(hidden)]
    fn scope(&self, _: sealed::Token) -> sealed::ScopeOf;
}

mod sealed {
    /// Only this module's parent can make one, so only it can call what takes one.
    #[derive(Debug)]
    pub struct Token;

    /// Where an assertion looks.
    #[expect(missing_debug_implementations, reason = "nobody outside can hold one")]
    pub struct ScopeOf(pub(super) super::Scope);
}

impl<P> Asserts<P> for Scripted<P> {
    fn scope(&self, _: sealed::Token) -> sealed::ScopeOf {
        sealed::ScopeOf(Self::scope(self))
    }
}

impl<P> Asserts<P> for Session<P> {
    fn scope(&self, _: sealed::Token) -> sealed::ScopeOf {
        sealed::ScopeOf(Self::scope(self))
    }
}

impl<P> fmt::Debug for Raised<'_, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Raised").field("fault", &self.fault).finish_non_exhaustive()
    }
}

impl<P> fmt::Debug for Unordered<'_, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unordered").finish_non_exhaustive()
    }
}
