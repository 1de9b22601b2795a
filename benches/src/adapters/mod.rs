//! Real streams, as each runtime has them and as its adapter does: the same work on both.
//!
//! `peer` is who is at the other end, `client` runs the work, `tally` counts what reaches the stream.

mod client;
mod peer;
mod tally;

pub use client::{Runtime, Side, client};
pub use peer::serve;
pub use tally::{Calls, calls};

/// One kind of work: what a client sends, so often, and what it then waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Work {
    /// What it is called.
    pub name: &'static str,
    /// The bytes of one send.
    pub send: usize,
    /// How many buffers they lie in; one, for a plain send.
    pub buffers: usize,
    /// How many sends there are.
    pub sends: usize,
    /// The bytes of the reply to all of them.
    pub reply: usize,
}

impl Work {
    /// 1 KiB, there and back.
    pub const ECHO: Self =
        Self { name: "1 KiB echo", send: 1024, buffers: 1, sends: 1, reply: 1024 };

    /// 64 MiB, in sends of 64 KiB.
    pub const COPY: Self =
        Self { name: "64 MiB copy", send: 64 * 1024, buffers: 1, sends: 1024, reply: 1 };

    /// 64 KiB from 16 buffers.
    pub const VECTORED: Self =
        Self { name: "16x4 KiB writev", send: 64 * 1024, buffers: 16, sends: 1, reply: 1 };

    /// Nothing: the connection itself, and its end.
    pub const CONNECT: Self = Self { name: "connect", send: 0, buffers: 0, sends: 0, reply: 0 };

    /// All of them.
    pub const ALL: [Self; 4] = [Self::ECHO, Self::COPY, Self::VECTORED, Self::CONNECT];

    /// A part of it that does not take long, with a reply of its own: what may be interrupted while it
    /// is timed should be short.
    #[must_use = "returns the part"]
    pub fn part(self) -> Self {
        const PARTS: usize = 64;
        Self { sends: self.sends.div_ceil(PARTS), ..self }
    }

    /// The same with fewer sends, for where it is only to be seen to work.
    #[must_use = "returns the smaller work"]
    pub fn little(self) -> Self {
        Self { sends: self.sends.min(2), ..self }
    }
}
