//! What a journey comes to for the first time: noted on the way, read once it ends.

use super::Seen;

/// The stages and transitions that the journey at hand came to for the first time.
#[derive(Debug, Default)]
pub(super) struct News {
    pub(super) stages: Notes,
    pub(super) transitions: Notes,
}

/// Places in a list, each once; and whether its customer had been there in an earlier journey.
#[derive(Debug, Default)]
pub(super) struct Notes {
    /// A place, twice, and 1 where the customer comes again; longer than what is noted.
    list: Vec<u64>,
    noted: usize,
}

impl News {
    /// Makes room for so many notes of each kind.
    pub(super) fn make_room(&mut self, notes: usize) {
        for list in [&mut self.stages.list, &mut self.transitions.list] {
            if list.len() < notes {
                list.resize(notes, 0);
            }
        }
    }
}

impl Notes {
    /// Notes a place if the journey that came there last is an earlier one. Nothing hangs on a
    /// branch; there must be room.
    #[inline(always)]
    pub(super) fn note(&mut self, place: u32, last: u64, seen: &Seen) {
        if let Some(it) = self.list.get_mut(self.noted) {
            *it = u64::from(place) << 1 | u64::from(last >= seen.first);
        }
        self.noted += usize::from(last < seen.number);
    }

    /// What was noted, which is forgotten.
    pub(super) fn take(&mut self) -> impl Iterator<Item = (usize, bool)> {
        let noted = std::mem::take(&mut self.noted);
        self.list[..noted].iter().map(|it| ((it >> 1) as usize, it & 1 == 1))
    }
}
