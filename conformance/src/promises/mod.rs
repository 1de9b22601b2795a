//! The bodies of the tests. Each panics if `T` does not keep the promise of its name.

pub mod cancelling;
pub mod connecting;
pub mod reset;
pub mod stream;

/// The names of all of them, as in `stream::c4_dropping_closes`.
pub const ALL: &[&str] = crate::__all! { __names };
