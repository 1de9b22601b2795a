//! What the adapter promises, seen on real loopback sockets. C1 to C9 are the numbers of the
//! contract at `wirescript::AsyncSocket`.
//!
//! Nothing here sleeps to wait for something: a test looks until what it waits for can be seen.

mod connecting;
mod promises;
mod support;
mod timer;
#[cfg(unix)]
mod unix;
mod wrapper;
