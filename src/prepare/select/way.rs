//! A way through stages as an automaton that runs over the steps of a journey.

use super::marks::Marks;
use super::path::{Link, PathPattern};
use crate::base::Result;

/// A way through stages as an automaton: bit i stands for "came as far as stage i of the way".
#[derive(Debug, Clone)]
pub struct Way {
    /// For each mark, the places of the way at which its stage stands.
    places: Vec<u64>,
    /// The places that must follow at the very next step.
    directly: u64,
    /// The last place.
    end: u64,
}

impl Way {
    /// Looks the stages of a way up.
    ///
    /// # Errors
    /// One that does not occur.
    pub fn new(way: &PathPattern, marks: &Marks<'_>) -> Result<Self> {
        let mut own = Self { places: vec![0; marks.count()], directly: 0, end: 0 };
        for (place, (link, name)) in way.links().iter().enumerate() {
            own.end = 1 << place;
            if *link == Link::Directly {
                own.directly |= own.end;
            }
            if let Some(mark) = marks.find(name)? {
                own.places[mark] |= own.end;
            }
        }
        Ok(own)
    }

    /// Whether steps with these marks go this way. O(steps), without a branch on the way:
    /// the bit-parallel simulation of an automaton (Baeza-Yates and Gonnet 1992).
    pub fn goes(&self, marks: impl Iterator<Item = usize>) -> bool {
        let (mut ever, mut last) = (0u64, 0u64);
        for mark in marks {
            let next = 1 | ((last << 1) & self.directly) | ((ever << 1) & !self.directly);
            last = next & self.places[mark];
            if last & self.end != 0 {
                return true;
            }
            ever |= last;
        }
        false
    }
}
