//! An open-addressed table from hashes to codes, with each text's place beside its code.
//!
//! One line of the cache says all that is needed to look at the text itself, and
//! several searches can be set off at once. Knows no text.

/// Where a text may stand: its code, half of its hash, its first byte and its length.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slot {
    tag: u32,
    /// One more than the code; 0 in an empty slot.
    next_code: u32,
    /// The first byte, and the length where it fits into 16 bits.
    place: u64,
}

/// A length that stands for all longer ones too.
const LONG: u64 = 0xffff;
/// A table of so many slots is never too large.
const ROOMY: usize = 1 << 12;
/// A slot as it is kept.
type Packed = [u64; 2];
const EMPTY: Packed = [0; 2];

impl Slot {
    #[inline]
    fn packed(self) -> Packed {
        [self.place, u64::from(self.tag) << 32 | u64::from(self.next_code)]
    }

    #[inline]
    fn of([place, rest]: Packed) -> Self {
        Self { tag: (rest >> 32) as u32, next_code: rest as u32, place }
    }

    /// A text with this code and hash, which begins at `start`.
    #[inline]
    pub fn new(code: u32, hash: u64, start: usize, length: usize) -> Self {
        let place = (start as u64) << 16 | (length as u64).min(LONG);
        Self { tag: tag(hash), next_code: code + 1, place }
    }

    /// The code of the text.
    #[inline]
    pub fn code(&self) -> u32 {
        self.next_code - 1
    }

    /// The first byte of the text.
    #[inline]
    pub fn start(&self) -> usize {
        (self.place >> 16) as usize
    }

    /// The length of the text, unless it is a long one.
    #[inline]
    pub fn length(&self) -> Option<usize> {
        let length = self.place & LONG;
        (length < LONG).then_some(length as usize)
    }
}

/// The half of a hash that chooses places, in a table of whatever size.
#[inline]
fn tag(hash: u64) -> u32 {
    hash as u32
}

/// Slots, a power of two of them, at most two thirds full.
#[derive(Debug, Clone, Default)]
pub(super) struct Table {
    slots: Vec<Packed>,
    filled: usize,
}

impl Table {
    /// The first slot, from the place of `hash` on, that `same` agrees to; or else the
    /// empty one where it would be.
    #[inline]
    pub fn find(&self, hash: u64, same: impl Fn(&Slot) -> bool) -> Result<Slot, usize> {
        let mask = self.slots.len().wrapping_sub(1);
        let mut at = tag(hash) as usize & mask;
        loop {
            let Some(slot) = self.slots.get(at).map(|it| Slot::of(*it)) else { return Err(at) };
            if slot.next_code == 0 {
                return Err(at);
            }
            if slot.tag == tag(hash) && same(&slot) {
                return Ok(slot);
            }
            at = (at + 1) & mask;
        }
    }

    /// Whether it must grow before one more text is added.
    #[inline]
    pub fn is_full(&self) -> bool {
        (self.filled + 1) * 3 > self.slots.len() * 2
    }

    /// Whether there is any slot, empty or not.
    #[inline]
    pub fn has_slots(&self) -> bool {
        !self.slots.is_empty()
    }

    /// Adds a text that is not there in the empty slot where [`Self::find`] ended.
    #[inline]
    pub fn fill(&mut self, place: usize, slot: Slot) {
        if let Some(it) = self.slots.get_mut(place) {
            *it = slot.packed();
            self.filled += 1;
        }
    }

    /// Makes room for so many texts in all.
    #[cold]
    pub fn grow(&mut self, texts: usize) {
        let wanted = (texts * 3 / 2 + 1).next_power_of_two().max(16);
        if wanted <= self.slots.len() {
            return;
        }
        // Written, not asked for as zero: a page that is read first is fetched a second time
        // when it is written.
        let mut slots = Vec::with_capacity(wanted);
        slots.resize(wanted, EMPTY);
        let old = std::mem::replace(&mut self.slots, slots);
        for slot in old.into_iter().map(Slot::of).filter(|it| it.next_code > 0) {
            self.put(slot);
        }
    }

    fn put(&mut self, slot: Slot) {
        let mask = self.slots.len() - 1;
        let mut at = slot.tag as usize & mask;
        while Slot::of(self.slots[at]).next_code > 0 {
            at = (at + 1) & mask;
        }
        self.slots[at] = slot.packed();
    }

    /// Takes out all texts; the room stays, unless it was far too large.
    pub fn clear(&mut self) {
        if self.slots.len() > ROOMY && self.filled * 16 < self.slots.len() {
            self.slots = Vec::new();
        }
        self.slots.fill(EMPTY);
        self.filled = 0;
    }

    /// Brings the slot where a search begins near; says where its text begins.
    #[inline]
    pub fn touch(&self, hash: u64) -> usize {
        let mask = self.slots.len().wrapping_sub(1);
        self.slots.get(tag(hash) as usize & mask).map_or(0, |it| Slot::of(*it).start())
    }

    /// How much memory it takes, in bytes.
    pub fn memory(&self) -> usize {
        self.slots.capacity() * size_of::<Packed>()
    }

    /// How many texts there are.
    pub fn len(&self) -> usize {
        self.filled
    }
}
