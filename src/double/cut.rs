//! Cutting what the peer says further than the script does (B11).

use std::task::{Context, Poll};

use crate::script::Chunks;

/// The largest piece that a seed gives, in bytes.
const LARGEST: u64 = 16;

/// Where one socket's stream is cut.
pub(super) struct Cutter {
    chunks: Chunks,
    /// How many pieces there were.
    pieces: u64,
    /// A piece was delivered, and nothing has come between it and the next.
    is_between: bool,
}

impl Cutter {
    /// The cuts of a socket of `session`: other ones for every session, the same in every run.
    pub(super) fn new(chunks: Chunks, session: usize) -> Self {
        let chunks = match chunks {
            Chunks::Seeded(seed) => Chunks::Seeded(scramble(seed ^ scramble(session as u64))),
            chunks => chunks,
        };
        Self { chunks, pieces: 0, is_between: false }
    }

    /// How much of a buffer of `size` bytes the next read may fill; waits a turn between pieces.
    pub(super) fn poll_size(&mut self, size: usize, cx: &Context<'_>) -> Poll<usize> {
        if std::mem::take(&mut self.is_between) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(match self.chunks {
            Chunks::Whole => size,
            Chunks::Bytewise => size.min(1),
            Chunks::Seeded(seed) => {
                let piece = 1 + scramble(seed.wrapping_add(self.pieces)) % LARGEST;
                size.min(usize::try_from(piece).unwrap_or(size))
            }
        })
    }

    /// Says that a piece was delivered.
    pub(super) fn delivered(&mut self) {
        self.pieces += 1;
        self.is_between = self.chunks != Chunks::Whole;
    }
}

/// Turns neighbouring numbers into unlike ones: the finalizer of SplitMix64 (Steele, Lea and Flood,
/// "Fast Splittable Pseudorandom Number Generators", 2014).
fn scramble(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    fn sizes(chunks: Chunks, session: usize) -> Vec<usize> {
        let mut cutter = Cutter::new(chunks, session);
        let cx = Context::from_waker(Waker::noop());
        let mut sizes = Vec::new();
        while sizes.len() < 100 {
            if let Poll::Ready(size) = cutter.poll_size(1024, &cx) {
                sizes.push(size);
                cutter.delivered();
            }
        }
        sizes
    }

    #[test]
    fn a_seed_gives_the_same_cuts_in_every_run_and_other_ones_in_every_session() {
        let seeded = sizes(Chunks::Seeded(7), 0);
        assert_eq!(seeded, sizes(Chunks::Seeded(7), 0));
        assert_ne!(seeded, sizes(Chunks::Seeded(8), 0));
        assert_ne!(seeded, sizes(Chunks::Seeded(7), 1));
        assert!(seeded.iter().all(|size| (1..=16).contains(size)), "{seeded:?}");
        assert!(seeded.contains(&1) && seeded.contains(&16), "all sizes come: {seeded:?}");
    }

    #[test]
    fn a_turn_is_waited_between_pieces_only_where_there_are_any() {
        let cx = Context::from_waker(Waker::noop());
        for (chunks, waits) in [(Chunks::Whole, false), (Chunks::Bytewise, true)] {
            let mut cutter = Cutter::new(chunks, 0);
            assert!(cutter.poll_size(1, &cx).is_ready());
            cutter.delivered();
            assert_eq!(cutter.poll_size(1, &cx).is_pending(), waits);
            assert!(cutter.poll_size(1, &cx).is_ready());
        }
    }
}
