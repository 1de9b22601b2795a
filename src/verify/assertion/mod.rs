//! Asserting afterwards what the script left open.

mod socket;
mod websocket;

use std::fmt;
use std::sync::Arc;

use super::{Argument, Described, Interaction, Outcome, render};
use crate::double::{Scripted, Session};
use crate::script::websocket::meets_request;
use crate::script::{Expected, Fault, Pattern, Value, common_prefix};
use crate::session::Shared;
use crate::timeline::Happened;
use crate::transport::Endpoint;
use crate::transport::websocket::{CloseFrame, Message, WebSocketRequest};

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
    Request(Box<Expected<WebSocketRequest>>),
    Message(Expected<Message>),
    Close(Expected<Option<CloseFrame>>),
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
            Asserted::Request(expected) => Argument::from(&**expected),
            Asserted::Message(expected) => Argument::from(expected),
            Asserted::Close(expected) => Argument::from(expected),
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
            (Asserted::Endpoint(expected), Argument::Endpoint(endpoint)) => {
                agrees(expected, endpoint, |literal| literal == endpoint)
            }
            (Asserted::Request(expected), Argument::Request(request)) => {
                agrees(expected, request, |literal| meets_request(literal, request))
            }
            (Asserted::Message(expected), Argument::Message(message)) => {
                agrees(expected, message, |literal| literal == message)
            }
            (Asserted::Close(expected), Argument::Close(close)) => {
                agrees(expected, close, |literal| literal == close)
            }
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
            Asserted::Request(expected) => expected.is_any(),
            Asserted::Message(expected) => expected.is_any(),
            Asserted::Close(expected) => expected.is_any(),
            Asserted::Bytes(expected) => match &expected.0 {
                Pattern::Parts(parts) => parts.is_wild(),
                _ => expected.is_any(),
            },
        };
        let size_is_wild = self.size.as_ref().is_none_or(Expected::is_any);
        argument_is_wild && size_is_wild && self.raised.is_none()
    }
}

/// Whether `value` is what is expected, where `is_literal` compares it with a literal.
fn agrees<T: Value>(
    expected: &Expected<T>,
    value: &T,
    is_literal: impl FnOnce(&T::Literal) -> bool,
) -> bool {
    match &expected.0 {
        Pattern::Is(literal) => is_literal(literal),
        Pattern::Any => true,
        Pattern::Matching(predicate) => (predicate.test)(value),
        Pattern::Parts(_) => unreachable!("only bytes have parts"),
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
        (Argument::Bytes(a), Argument::Bytes(b)) => common_prefix(&a, b),
        // The kind of a message counts as much as a byte.
        (Argument::Message(a), Argument::Message(b)) => {
            let is_same_kind = std::mem::discriminant(&a) == std::mem::discriminant(b);
            usize::from(is_same_kind) + common_prefix(a.payload(), b.payload())
        }
        (a, b) => usize::from(a == *b),
    };
    (is_same_operation, alike)
}

/// What assertions are made on: each protocol has its own, which all come to this.
trait Asserting {
    fn scope(&self) -> Scope;

    /// The error with which what is asserted answered, if it did.
    fn raised(&self) -> Option<Fault> {
        None
    }

    #[track_caller]
    fn assert(&self, assertion: Assertion) {
        let assertion = Assertion { raised: self.raised(), ..assertion };
        if let Err(failure) = self.scope().check(assertion) {
            panic!("{failure}");
        }
    }
}

impl<P> Asserting for Scripted<P> {
    fn scope(&self) -> Scope {
        Scope { shared: Arc::clone(&self.shared), session: None, is_ordered: true }
    }
}

impl<P> Asserting for Session<P> {
    fn scope(&self) -> Scope {
        Scope { shared: Arc::clone(&self.shared), session: Some(self.session), is_ordered: true }
    }
}

impl<P> Asserting for Raised<'_, P> {
    fn scope(&self) -> Scope {
        self.scope.clone()
    }

    fn raised(&self) -> Option<Fault> {
        Some(self.fault)
    }
}

impl<P> Asserting for Unordered<'_, P> {
    fn scope(&self) -> Scope {
        self.scope.clone()
    }
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
        Raised { scope: Asserting::scope(self), fault: kind.into(), of: std::marker::PhantomData }
    }
}

impl<P> Session<P> {
    /// The assertions about an interaction that answered with an error of this kind.
    pub fn raised(&self, kind: impl Into<Fault>) -> Raised<'_, P> {
        Raised { scope: Asserting::scope(self), fault: kind.into(), of: std::marker::PhantomData }
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
        sealed::ScopeOf(Asserting::scope(self))
    }
}

impl<P> Asserts<P> for Session<P> {
    fn scope(&self, _: sealed::Token) -> sealed::ScopeOf {
        sealed::ScopeOf(Asserting::scope(self))
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
