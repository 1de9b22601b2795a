//! What a state machine is made of: states, operations, and the transitions between them.
//!
//! This file owns the tables and the questions that are asked of them. Which operation a call is,
//! and whether a step is met by it, is the business of `session`.

use std::fmt::Debug;

/// A protocol: the states a connection can be in and what each operation does to them.
pub(crate) trait Protocol: 'static {
    /// The protocol's name, as in "no `socket` session is queued".
    const NAME: &'static str;
    /// Where a connection stands. Its `Debug` form is what messages call it.
    type State: Copy + Eq + Debug + Send + Sync;
    /// Every state; at most 32.
    const STATES: &'static [Self::State];
    /// The state of a connection that does not exist yet.
    const INITIAL: Self::State;
    /// Every operation.
    const OPERATIONS: &'static [&'static OperationInfo<Self::State>];

    /// The place of a state in `STATES`.
    fn place(state: Self::State) -> u32;
}

/// One operation of a protocol.
pub(crate) struct OperationInfo<S: 'static> {
    /// The operation's name, which is also that of its `expect_` and `assert_` methods.
    pub(crate) name: &'static str,
    /// From which states it is possible, and where it leads.
    pub(crate) transitions: &'static [(S, S)],
}

impl<S: Copy + Eq> OperationInfo<S> {
    /// The state that the operation leads to from `state`, if it is possible there.
    pub(crate) fn next(&self, state: S) -> Option<S> {
        self.transitions.iter().find(|(from, _)| *from == state).map(|(_, to)| *to)
    }

    /// The states that it leads to from any of `states`; none, if it is possible in none of them.
    pub(crate) fn after<P: Protocol<State = S>>(&self, states: States) -> States {
        let after = self.possible_in::<P>(states).map(|(_, next)| States::of::<P>(*next));
        after.fold(States::NONE, States::or)
    }

    /// The transitions that are possible in any of `states`.
    pub(crate) fn possible_in<P: Protocol<State = S>>(
        &self,
        states: States,
    ) -> impl Iterator<Item = &(S, S)> {
        self.transitions.iter().filter(move |(from, _)| states.has::<P>(*from))
    }
}

/// The operations that are possible in any of `states`, in alphabetical order.
pub(crate) fn possible<P: Protocol>(states: States) -> Vec<&'static str> {
    let is_possible =
        |info: &&&OperationInfo<P::State>| info.possible_in::<P>(states).next().is_some();
    let mut names: Vec<_> =
        P::OPERATIONS.iter().filter(is_possible).map(|info| info.name).collect();
    names.sort_unstable();
    names
}

/// Some of the states of a protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct States(u32);

impl States {
    pub(crate) const NONE: Self = Self(0);

    pub(crate) fn of<P: Protocol>(state: P::State) -> Self {
        Self(1 << P::place(state))
    }

    pub(crate) fn has<P: Protocol>(self, state: P::State) -> bool {
        self.0 & Self::of::<P>(state).0 != 0
    }

    pub(crate) fn or(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// The states, in the order in which the protocol lists them.
    pub(crate) fn iter<P: Protocol>(self) -> impl Iterator<Item = P::State> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let state = P::STATES.get(rest.trailing_zeros() as usize)?;
            rest &= rest - 1;
            Some(*state)
        })
    }
}
