//! What happened: every interaction of a verifier, in order.
//!
//! Append-only and lean: an interaction is the step that was used, how much of it, and what became
//! of it. What the arguments were is in the script, or kept by the session where the script left
//! them open.

use crate::script::Fault;

/// The place of an interaction in the order of everything that happened, from 0.
pub(crate) type Sequence = usize;

/// As many interactions as a short session has: room for them from the start.
const SHORT: usize = 8;

/// All interactions, in the order in which they began.
#[derive(Debug)]
pub(crate) struct Timeline {
    happened: Vec<Happened>,
}

/// One interaction: one step that was used.
#[derive(Clone, Debug)]
pub(crate) struct Happened {
    /// The number of the session, from 0.
    pub(crate) session: usize,
    /// The step's place in its script, from 0.
    pub(crate) step: usize,
    /// How much came of what the step hears or says, in the units of its language.
    pub(crate) amount: usize,
    /// The size of the buffer of the first call that was answered.
    pub(crate) size: Option<usize>,
    /// The error with which the step answered.
    pub(crate) fault: Option<Fault>,
    pub(crate) is_complete: bool,
    /// The script judged its arguments.
    pub(crate) is_stated: bool,
    /// An assertion matched it.
    pub(crate) is_asserted: bool,
}

impl Happened {
    #[inline]
    pub(crate) fn new(session: usize, step: usize) -> Self {
        Self {
            session,
            step,
            amount: 0,
            size: None,
            fault: None,
            is_complete: false,
            is_stated: true,
            is_asserted: false,
        }
    }
}

impl Timeline {
    /// An empty one, with room for a short session.
    #[inline]
    pub(crate) fn new() -> Self {
        Self { happened: Vec::with_capacity(SHORT) }
    }

    #[inline]
    pub(crate) fn push(&mut self, happened: Happened) -> Sequence {
        self.happened.push(happened);
        self.happened.len() - 1
    }

    pub(crate) fn len(&self) -> usize {
        self.happened.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Sequence, &Happened)> {
        self.happened.iter().enumerate()
    }

    pub(crate) fn get(&self, sequence: Sequence) -> Option<&Happened> {
        self.happened.get(sequence)
    }
}

/// The interactions of one session, in order. They follow each other until another session comes
/// between; what follows each other is not listed.
#[derive(Debug, Default)]
pub(crate) struct Sequences {
    /// The first one, and how many follow each other from there.
    first: Sequence,
    following: usize,
    /// The others.
    listed: Vec<Sequence>,
}

impl Sequences {
    /// Adds one that comes after all others.
    #[inline]
    pub(crate) fn push(&mut self, sequence: Sequence) {
        if self.following == 0 {
            self.first = sequence;
        }
        if self.listed.is_empty() && sequence == self.first + self.following {
            self.following += 1;
        } else {
            self.listed.push(sequence);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.following + self.listed.len()
    }

    /// The one at a place that there is.
    pub(crate) fn at(&self, place: usize) -> Sequence {
        match place.checked_sub(self.following) {
            None => self.first + place,
            Some(place) => self.listed[place],
        }
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = Sequence> {
        (self.first..self.first + self.following).chain(self.listed.iter().copied())
    }
}

impl std::ops::Index<Sequence> for Timeline {
    type Output = Happened;

    fn index(&self, sequence: Sequence) -> &Happened {
        &self.happened[sequence]
    }
}

impl std::ops::IndexMut<Sequence> for Timeline {
    fn index_mut(&mut self, sequence: Sequence) -> &mut Happened {
        &mut self.happened[sequence]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interactions_of_a_session_are_found_whatever_came_between() {
        for sequences in [vec![], vec![3], vec![0, 1, 2], vec![4, 5, 7, 8, 12]] {
            let mut kept = Sequences::default();
            sequences.iter().for_each(|sequence| kept.push(*sequence));
            assert_eq!(kept.len(), sequences.len());
            assert_eq!(kept.iter().collect::<Vec<_>>(), sequences);
            assert!((0..kept.len()).all(|place| kept.at(place) == sequences[place]));
            assert_eq!(kept.iter().next_back(), sequences.last().copied());
        }
    }
}
