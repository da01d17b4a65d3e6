//! Where values stand in a text: each by itself, or all between marks.
//!
//! Knows nothing of what values mean.

/// Where a value stands in a text: its first byte and the one after its last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    /// The first byte of the value.
    pub start: u32,
    /// The byte after its last.
    pub end: u32,
}

impl Span {
    /// Whether there is no byte between.
    #[inline]
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// The bytes between.
    #[inline]
    pub fn of(self, bytes: &[u8]) -> &[u8] {
        &bytes[self.start as usize..self.end as usize]
    }
}

/// Where the values of a column stand in a text, record by record.
#[derive(Debug, Clone, Copy)]
pub enum Spans<'a> {
    /// Each by itself.
    Each(&'a [Span]),
    /// Between marks that come one after another.
    Between(Between<'a>),
}

/// Values between marks: each from behind one up to the next but for the last `less` bytes,
/// the value of the next record `stride` marks further. [`Self::BEGIN`] is the mark before a text.
#[derive(Debug, Clone, Copy)]
pub struct Between<'a> {
    /// The places of the marks, from that before the first value on.
    pub marks: &'a [u32],
    /// From a record's mark to that of the next one.
    pub stride: usize,
    /// How many bytes before its mark a value ends.
    pub less: u32,
}

impl Between<'_> {
    /// The mark before the first byte.
    pub const BEGIN: u32 = u32::MAX;
}

impl<'a> Between<'a> {
    /// The places of all values.
    #[inline]
    pub fn iter(self) -> impl Iterator<Item = Span> + 'a {
        let mut at = 0;
        std::iter::from_fn(move || {
            let &[before, end] = self.marks.get(at..)?.first_chunk()?;
            at += self.stride;
            Some(Span { start: before.wrapping_add(1), end: end - self.less })
        })
    }

    /// The same without the first records.
    fn behind(self, rows: usize) -> Self {
        Self { marks: self.marks.get(rows * self.stride..).unwrap_or_default(), ..self }
    }
}

impl Spans<'_> {
    /// The place of a record's value; that of none beyond the last one.
    #[inline]
    pub fn at(&self, row: usize) -> Span {
        match *self {
            Self::Each(it) => it.get(row).copied().unwrap_or_default(),
            Self::Between(it) => it.behind(row).iter().next().unwrap_or_default(),
        }
    }

    /// The same without the first records.
    #[must_use]
    pub fn behind(self, rows: usize) -> Self {
        match self {
            Self::Each(it) => Self::Each(it.get(rows..).unwrap_or_default()),
            Self::Between(it) => Self::Between(it.behind(rows)),
        }
    }
}

/// Does the same with the places of values, however they are given: of each way the code is
/// made anew, so that nothing is asked for each value.
macro_rules! each_span {
    ($spans:expr, $count:expr, $each:ident => $done:expr) => {
        match $spans {
            $crate::input::rows::spans::Spans::Each(it) => {
                let $each = it.iter().copied().take($count);
                $done
            }
            $crate::input::rows::spans::Spans::Between(it) => {
                let $each = it.iter().take($count);
                $done
            }
        }
    };
}
pub(in crate::input) use each_span;

impl<'a> From<&'a [Span]> for Spans<'a> {
    fn from(spans: &'a [Span]) -> Self {
        Self::Each(spans)
    }
}
