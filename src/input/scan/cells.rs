//! Where values stand, of some hundred records and column by column.

use crate::input::rows::spans::Span;

/// How many records have room.
pub(in crate::input) const ROOM: usize = 512;
/// From a column to the next: a little more, so that the same records of all columns do not
/// need the same places of a cache.
const STRIDE: usize = ROOM + 24;

/// For each column where the values of records stand; none where nothing was put.
pub(in crate::input) struct Cells {
    spans: Vec<Span>,
}

impl Cells {
    pub fn new(columns: usize) -> Self {
        Self { spans: vec![Span::default(); (columns + 1) * STRIDE] }
    }

    /// The values of a column, as many as there is room for.
    pub fn column(&self, column: usize) -> &[Span] {
        &self.spans[column * STRIDE..][..ROOM]
    }

    /// Where the first record's value of a column has its place.
    pub(super) fn place(column: usize) -> usize {
        column * STRIDE
    }

    /// Takes out what the first records have.
    pub fn clear(&mut self, records: usize) {
        self.spans.chunks_exact_mut(STRIDE).for_each(|it| it[..records].fill(Span::default()));
    }

    /// Takes out what a record has.
    pub(super) fn take_out(&mut self, record: usize) {
        self.spans.chunks_exact_mut(STRIDE).for_each(|it| it[record] = Span::default());
    }

    /// The values from a [place](Self::place) on.
    #[inline(always)]
    pub(super) fn from(&mut self, place: usize) -> &mut [Span] {
        self.spans.get_mut(place..).unwrap_or_default()
    }

    /// Puts the value of a record into a column, given by its [place](Self::place).
    #[inline(always)]
    pub(super) fn put_one(&mut self, column: usize, record: usize, span: Span) {
        if let Some(place) = self.spans.get_mut(column + record) {
            *place = span;
        }
    }

    /// Puts the values of a record.
    pub fn put(&mut self, record: usize, spans: &[Span]) {
        for (column, span) in self.spans.chunks_exact_mut(STRIDE).zip(spans) {
            column[record] = *span;
        }
    }
}
