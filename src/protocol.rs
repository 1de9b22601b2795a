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
    /// The state of a connection that does not exist yet.
    const INITIAL: Self::State;
    /// Every operation, with its transitions.
    const OPERATIONS: &'static [OperationInfo<Self::State>];
}

/// One operation of a protocol.
pub(crate) struct OperationInfo<S: 'static> {
    /// The operation's name, which is also that of its `expect_` and `assert_` methods.
    pub(crate) name: &'static str,
    /// From which states it is possible, and where it leads.
    pub(crate) transitions: &'static [(S, S)],
}

/// The state that `operation` leads to from `state`, if it is possible there.
pub(crate) fn next<P: Protocol>(operation: &str, state: P::State) -> Option<P::State> {
    let info = P::OPERATIONS.iter().find(|info| info.name == operation)?;
    info.transitions.iter().find(|(from, _)| *from == state).map(|(_, to)| *to)
}

/// The operations that are possible in any of `states`, in alphabetical order.
pub(crate) fn possible<P: Protocol>(states: &[P::State]) -> Vec<&'static str> {
    let is_possible = |info: &&OperationInfo<P::State>| {
        info.transitions.iter().any(|(from, _)| states.contains(from))
    };
    let mut names: Vec<_> =
        P::OPERATIONS.iter().filter(is_possible).map(|info| info.name).collect();
    names.sort_unstable();
    names
}
