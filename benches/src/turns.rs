//! Running two sides in turns, and what their times come to.
//!
//! Whatever slows the machine down meanwhile slows both; turns are short, so that most of them are
//! not interrupted. It knows nothing of rows and limits.

use std::time::{Duration, Instant};

use crate::compare::Side;

/// A turn runs as many iterations as take at least this long, which is little beside the time that a
/// busy system lets a thread run.
const TURN: Duration = Duration::from_micros(200);
/// As many pairs of turns are run at most ...
const MOST_PAIRS: usize = 2001;
/// ... and at least, even if they take longer than ...
const LEAST_PAIRS: usize = 7;
/// ... this.
const BUDGET: Duration = Duration::from_secs(3);
/// The same of sides that do the same: their turns are short.
const MOST_PAIRS_ALIKE: usize = 20_000;
/// Sides that are made anew are made so after so many pairs.
const PAIRS_OF_ONE: usize = 20;

/// What one iteration took in each turn, in seconds.
#[derive(Debug, Default)]
pub(crate) struct Turns {
    subject: Vec<f64>,
    reference: Vec<f64>,
}

impl Turns {
    /// Those of two sides that do the same in different ways, each with as many iterations as it
    /// takes.
    pub(crate) fn of(mut subject: impl Side, mut reference: impl Side) -> Self {
        let iterations = [iterations(&mut subject), iterations(&mut reference)];
        let (mut turns, begun) = (Self::default(), Instant::now());
        while turns.go_on(begun, MOST_PAIRS) {
            turns.run_pair(&mut subject, &mut reference, iterations);
        }
        turns
    }

    /// Those of two sides that do the same with the same, as on two connections.
    ///
    /// A turn is one iteration: the spread of the reference is that of what a client does once, which
    /// an average of several would hide. And the sides are made anew again and again, now one first and
    /// now the other: what one of them just happens to have, such as buffers in a better place, would
    /// tell of itself in all of its turns.
    pub(crate) fn of_alike<S: Side, R: Side>(
        mut make_subject: impl FnMut() -> S,
        mut make_reference: impl FnMut() -> R,
    ) -> Self {
        let (mut turns, begun) = (Self::default(), Instant::now());
        while turns.go_on(begun, MOST_PAIRS_ALIKE) {
            let is_first = turns.subject.len() / PAIRS_OF_ONE % 2 == 0;
            let early = is_first.then(&mut make_subject);
            let mut reference = make_reference();
            let mut subject = early.unwrap_or_else(&mut make_subject);
            // The first turn on a connection is like no other.
            let _ = (subject(1), reference(1));
            for _ in 0..PAIRS_OF_ONE {
                turns.run_pair(&mut subject, &mut reference, [1; 2]);
            }
        }
        turns
    }

    fn go_on(&self, begun: Instant, most: usize) -> bool {
        let pairs = self.subject.len();
        pairs < LEAST_PAIRS || (pairs < most && begun.elapsed() <= BUDGET)
    }

    /// Whoever comes second finds the caches as the other left them; so each comes second.
    fn run_pair(
        &mut self,
        subject: &mut impl Side,
        reference: &mut impl Side,
        [of_subject, of_reference]: [usize; 2],
    ) {
        let is_first = self.subject.len() % 2 == 0;
        if is_first {
            self.subject.push(took(subject, of_subject));
        }
        self.reference.push(took(reference, of_reference));
        if !is_first {
            self.subject.push(took(subject, of_subject));
        }
    }

    /// What they come to.
    pub(crate) fn ratios(mut self) -> Ratios {
        self.subject.sort_by(f64::total_cmp);
        self.reference.sort_by(f64::total_cmp);
        let middle = self.subject.len() / 2;
        Ratios {
            medians: self.subject[middle] / self.reference[middle],
            minima: self.subject[0] / self.reference[0],
            spread: self.reference[middle + middle / 2] / self.reference[middle],
        }
    }
}

/// The ratios of subject to reference.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ratios {
    pub(crate) medians: f64,
    pub(crate) minima: f64,
    /// That of the reference's upper quartile to its median.
    pub(crate) spread: f64,
}

/// What one of so many iterations took, in seconds.
fn took(side: &mut impl Side, iterations: usize) -> f64 {
    side(iterations).as_secs_f64() / iterations as f64
}

/// How many iterations of a side take a turn.
fn iterations(side: &mut impl Side) -> usize {
    let mut iterations = 1;
    while side(iterations) < TURN {
        iterations *= 2;
    }
    iterations
}
