//! The bodies of the tests. Each panics if `T` does not keep the promise of its name.

pub mod breaches;
pub mod closing;
pub mod connecting;
pub mod ends;
pub mod messages;
pub mod sending;
mod support;

/// The names of all of them, as in `closing::m4_a_close_of_the_client_does_not_wait`.
pub const ALL: &[&str] = crate::__websocket_all! { __names };
