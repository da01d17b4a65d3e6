//! A list that is written through a slice and counted afterwards.
//!
//! What is found of a customer is short: to extend a list by it element by element, its length
//! looked up and written back each time, costs as much as finding it. Knows nothing of what
//! it holds.

use std::ops::Range;

/// A list whose room stays, filled from the front.
#[derive(Debug)]
pub struct Pile<T> {
    /// What was piled up, and behind it room with anything in it.
    items: Vec<T>,
    len: usize,
}

impl<T> Default for Pile<T> {
    fn default() -> Self {
        Self { items: Vec::new(), len: 0 }
    }
}

impl<T: Copy> Pile<T> {
    /// Forgets all, and keeps the room.
    pub fn clear(&mut self) {
        self.len = 0;
    }

    /// How many there are.
    #[inline]
    pub fn count(&self) -> usize {
        self.len
    }

    /// Room for so many more; `any` is what new room is made of.
    #[inline]
    pub fn room(&mut self, more: usize, any: T) -> &mut [T] {
        if self.items.len() - self.len < more {
            self.grow(more, any);
        }
        &mut self.items[self.len..self.len + more]
    }

    /// Counts so many of the room as written.
    #[inline]
    pub fn add(&mut self, more: usize) {
        self.len = (self.len + more).min(self.items.len());
    }

    /// Adds one.
    #[inline]
    pub fn push(&mut self, item: T) {
        self.room(1, item)[0] = item;
        self.add(1);
    }

    /// Adds some.
    pub fn extend(&mut self, more: &[T]) {
        if let [first, ..] = more {
            self.room(more.len(), *first).copy_from_slice(more);
            self.add(more.len());
        }
    }

    /// Some of them.
    #[inline]
    pub fn get(&self, range: Range<usize>) -> &[T] {
        &self.items[range]
    }

    /// All from a place on.
    #[inline]
    pub fn from(&self, begin: usize) -> &[T] {
        &self.items[begin..self.len]
    }

    /// All from a place on, to be changed.
    #[inline]
    pub fn from_mut(&mut self, begin: usize) -> &mut [T] {
        &mut self.items[begin..self.len]
    }

    #[cold]
    fn grow(&mut self, more: usize, any: T) {
        let wanted = (self.len + more).max(2 * self.items.len());
        self.items.resize(wanted, any);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pile_holds_what_was_counted() {
        let mut pile = Pile::default();
        pile.room(3, 0).copy_from_slice(&[1, 2, 3]);
        pile.add(2);
        pile.push(7);
        pile.extend(&[8, 9]);
        pile.extend(&[]);
        assert_eq!(
            (pile.count(), pile.from(1), pile.get(0..2)),
            (5, &[2, 7, 8, 9][..], &[1, 2][..])
        );
        pile.from_mut(4)[0] = 4;
        assert_eq!(pile.from(3), [8, 4]);
        pile.clear();
        assert_eq!(pile.from(0), [0; 0]);
        pile.push(5);
        assert_eq!(pile.from(0), [5]);
    }
}
