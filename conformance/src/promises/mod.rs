//! The bodies of the tests. Each panics if `T` does not keep the promise of its name.

pub mod connecting;
pub mod reset;
pub mod stream;
