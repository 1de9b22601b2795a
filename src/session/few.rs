//! A list of which there is one item, as a rule: that one has its place in the list itself.
//!
//! Most verifiers have one connector and one session, and most tests are short beside what a few
//! allocations cost.

use std::iter;
use std::ops::{Index, IndexMut};

/// Items in order: the first here, the others wherever a `Vec` has them.
pub(super) struct Few<T> {
    first: Option<T>,
    others: Vec<T>,
}

impl<T> Few<T> {
    pub(super) fn new() -> Self {
        Self { first: None, others: Vec::new() }
    }

    /// Adds an item; gives its place.
    pub(super) fn push(&mut self, item: T) -> usize {
        let place = self.len();
        match self.first {
            None => self.first = Some(item),
            Some(_) => self.others.push(item),
        }
        place
    }

    pub(super) fn len(&self) -> usize {
        usize::from(self.first.is_some()) + self.others.len()
    }

    pub(super) fn get(&self, place: usize) -> Option<&T> {
        match place.checked_sub(1) {
            None => self.first.as_ref(),
            Some(place) => self.others.get(place),
        }
    }

    pub(super) fn get_mut(&mut self, place: usize) -> Option<&mut T> {
        match place.checked_sub(1) {
            None => self.first.as_mut(),
            Some(place) => self.others.get_mut(place),
        }
    }

    pub(super) fn iter(&self) -> iter::Chain<std::option::Iter<'_, T>, std::slice::Iter<'_, T>> {
        self.first.iter().chain(&self.others)
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.first.iter_mut().chain(&mut self.others)
    }
}

impl<T> Index<usize> for Few<T> {
    type Output = T;

    fn index(&self, place: usize) -> &T {
        match self.get(place) {
            Some(item) => item,
            None => absent(place),
        }
    }
}

impl<T> IndexMut<usize> for Few<T> {
    fn index_mut(&mut self, place: usize) -> &mut T {
        match self.get_mut(place) {
            Some(item) => item,
            None => absent(place),
        }
    }
}

#[cold]
fn absent(place: usize) -> ! {
    panic!("there is no item {place}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_keep_their_places() {
        let mut few = Few::new();
        assert!(few.get(0).is_none() && few.len() == 0);
        for item in 0..3 {
            assert_eq!(few.push(item), item);
        }
        few[0] += 10;
        few[2] += 10;
        few.iter_mut().for_each(|item| *item += 1);
        assert_eq!(few.iter().copied().collect::<Vec<_>>(), [11, 2, 13]);
        assert_eq!((few[1], few.get(3)), (2, None));
    }
}
