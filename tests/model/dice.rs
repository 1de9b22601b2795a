//! Decisions made from a string of bytes.
//!
//! One byte is one decision, and bytes that are not there are zeros, which always choose the
//! simplest. So a shorter string is a simpler case, and part of a string means the same elsewhere:
//! what shrinks a failure and what a fuzzer splices need no more.

/// Makes decisions, as the bytes have it.
pub(crate) struct Dice<'b> {
    bytes: &'b [u8],
}

impl<'b> Dice<'b> {
    pub(crate) fn new(bytes: &'b [u8]) -> Self {
        Self { bytes }
    }

    /// A number below `count`, which is at least 1.
    pub(crate) fn below(&mut self, count: usize) -> usize {
        match self.bytes.split_first() {
            Some((byte, rest)) => {
                self.bytes = rest;
                usize::from(*byte) % count
            }
            None => 0,
        }
    }

    /// `true` once in so many times.
    pub(crate) fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == count - 1
    }

    pub(crate) fn pick<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())].clone()
    }

    /// Whether every further decision is the simplest.
    pub(crate) fn is_spent(&self) -> bool {
        self.bytes.is_empty()
    }
}
