//! Bad rows as data: counted by reason, the first places kept, merged exactly.

use super::error::Place;

/// Why a row was set aside, or what was noticed about one that was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum IssueKind {
    /// The row has more or fewer fields than the header.
    FieldCount,
    /// A quote inside an unquoted field, text after a closing quote, or a quote never closed.
    BadQuote,
    /// Bytes that are not UTF-8.
    BadEncoding,
    /// A NUL byte in the row.
    NulByte,
    /// A record or a field longer than the limit.
    TooLong,
    /// A line that is not valid JSON.
    BadJson,
    /// A JSON line that is not an object.
    NotAnObject,
    /// The header once more, in the middle of the data.
    RepeatedHeader,
    /// No time in the row.
    MissingTime,
    /// A time that cannot be read.
    BadTime,
    /// A local time that a change of clocks skipped.
    SkippedTime,
    /// No id in the row.
    MissingId,
    /// Only ids such as `null` or `anonymous`, which are nobody's.
    NullLikeId,
    /// A value of money or a quantity that is not a finite decimal number, or too large.
    BadValue,
    /// An amount in another currency than the journey's.
    OtherCurrency,
    /// A sequence that is not a whole number.
    BadSequence,
    /// An id of somebody who is to be forgotten. Nothing of such a row is kept.
    Forgotten,
}

/// All kinds, in the order in which they are reported.
pub const ISSUE_KINDS: [IssueKind; 17] = [
    IssueKind::FieldCount,
    IssueKind::BadQuote,
    IssueKind::BadEncoding,
    IssueKind::NulByte,
    IssueKind::TooLong,
    IssueKind::BadJson,
    IssueKind::NotAnObject,
    IssueKind::RepeatedHeader,
    IssueKind::MissingTime,
    IssueKind::BadTime,
    IssueKind::SkippedTime,
    IssueKind::MissingId,
    IssueKind::NullLikeId,
    IssueKind::BadValue,
    IssueKind::OtherCurrency,
    IssueKind::BadSequence,
    IssueKind::Forgotten,
];

impl IssueKind {
    /// The reason's stable key, as in `rejects.csv`.
    pub fn key(self) -> &'static str {
        match self {
            Self::FieldCount => "field_count",
            Self::BadQuote => "bad_quote",
            Self::BadEncoding => "bad_encoding",
            Self::NulByte => "nul_byte",
            Self::TooLong => "too_long",
            Self::BadJson => "bad_json",
            Self::NotAnObject => "not_an_object",
            Self::RepeatedHeader => "repeated_header",
            Self::MissingTime => "missing_time",
            Self::BadTime => "bad_time",
            Self::SkippedTime => "skipped_time",
            Self::MissingId => "missing_id",
            Self::NullLikeId => "null_like_id",
            Self::BadValue => "bad_value",
            Self::OtherCurrency => "other_currency",
            Self::BadSequence => "bad_sequence",
            Self::Forgotten => "forgotten",
        }
    }

    /// What is wrong, as a message about one row begins.
    pub fn label(self) -> &'static str {
        match self {
            Self::FieldCount => "wrong number of fields",
            Self::BadQuote => "a quote is out of place",
            Self::BadEncoding => "bytes that are not UTF-8",
            Self::NulByte => "a NUL byte",
            Self::TooLong => "a record or field is too long",
            Self::BadJson => "not valid JSON",
            Self::NotAnObject => "not a JSON object",
            Self::RepeatedHeader => "the header once more",
            Self::MissingTime => "no time",
            Self::BadTime => "cannot read a time from",
            Self::SkippedTime => "the clocks jumped over this time:",
            Self::MissingId => "no id",
            Self::NullLikeId => "no id but one that is nobody's:",
            Self::BadValue => "cannot read an amount from",
            Self::OtherCurrency => "an amount in another currency:",
            Self::BadSequence => "cannot read a sequence from",
            Self::Forgotten => "somebody who is to be forgotten",
        }
    }

    /// What a user can do about it.
    pub fn hint(self) -> &'static str {
        match self {
            Self::FieldCount => {
                "a delimiter is missing or one too many; quote fields that hold one"
            }
            Self::BadQuote => "double the quotes inside a quoted field",
            Self::BadEncoding => "save the file as UTF-8",
            Self::NulByte => "the file may be UTF-16 or damaged; save it as UTF-8",
            Self::TooLong => "a quote may be missing, or the line is not an event",
            Self::BadJson => "each line must hold one JSON object",
            Self::NotAnObject => "each line must hold one JSON object",
            Self::RepeatedHeader => "files were joined with their headers; the line is left out",
            Self::MissingTime => "an event needs a time; a totals line has none",
            Self::BadTime => "name the format with time_format in the source",
            Self::SkippedTime => "the clocks of this zone jumped over this time; check timezone",
            Self::MissingId => "an event needs an id; a totals line has none",
            Self::NullLikeId => "this id is nobody's; see [identity] blocklist",
            Self::BadValue => "write a plain decimal number, such as 1234.50",
            Self::OtherCurrency => {
                "amounts of several currencies are never added; convert them first"
            }
            Self::BadSequence => "a sequence must be a whole number; use event_id for text",
            Self::Forgotten => "an id of the row is on the list of --forget or [identity] forget",
        }
    }
}

/// One row set aside.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reject {
    /// The order of the row's file among all input files.
    pub file_order: u32,
    /// Where the row begins (and the column of the bad field, when known).
    pub place: Place,
    /// Why.
    pub kind: IssueKind,
    /// The column's name and value that are wrong, or what else is to be said.
    pub detail: String,
    /// The row as it stands in the file, cut at 1 KiB.
    pub raw: String,
}

/// How many examples of each kind are kept.
pub const SAMPLES: usize = 10;

/// Rows read and rows set aside, by reason, with the first places.
///
/// `read == used() + rejected() + filtered` always holds once reading is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issues {
    /// Records that the readers met.
    pub read: u64,
    /// Records that the source's `where` left out.
    pub filtered: u64,
    counts: [u64; ISSUE_KINDS.len()],
    samples: Vec<Reject>,
    keep_all: bool,
    /// Amounts with more decimals than the currency has, rounded half to even. Still used.
    pub rounded: u64,
    /// Times that a change of clocks made ambiguous, read as the earlier one. Still used.
    pub ambiguous: u64,
}

impl Default for Issues {
    fn default() -> Self {
        Self::new(false)
    }
}

impl Issues {
    /// No rows yet; `keep_all` keeps every rejected row for `--rejects`.
    pub fn new(keep_all: bool) -> Self {
        Self {
            read: 0,
            filtered: 0,
            counts: [0; ISSUE_KINDS.len()],
            samples: Vec::new(),
            keep_all,
            rounded: 0,
            ambiguous: 0,
        }
    }

    /// Whether every rejected row is kept, and not only the first of each kind.
    pub fn keeps_all(&self) -> bool {
        self.keep_all
    }

    /// Counts a rejected row and keeps it if it is among the first of its kind.
    ///
    /// `reject` is only called when the row is kept. Rows must come in file order.
    pub fn reject(&mut self, kind: IssueKind, reject: impl FnOnce() -> Reject) {
        let count = &mut self.counts[kind as usize];
        *count += 1;
        if self.keep_all || *count <= SAMPLES as u64 {
            self.samples.push(reject());
        }
    }

    /// Rows set aside for this reason.
    pub fn count(&self, kind: IssueKind) -> u64 {
        self.counts[kind as usize]
    }

    /// Rows set aside.
    pub fn rejected(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Rows set aside because something is wrong with them: not those of who is forgotten.
    pub fn faults(&self) -> u64 {
        self.rejected() - self.count(IssueKind::Forgotten)
    }

    /// The first kept row, in order of places, with which something is wrong.
    pub fn first_fault(&self) -> Option<&Reject> {
        self.samples.iter().find(|it| it.kind != IssueKind::Forgotten)
    }

    /// Rows that were used.
    pub fn used(&self) -> u64 {
        self.read.saturating_sub(self.rejected() + self.filtered)
    }

    /// The kinds that occur, with their counts, in the order of [`ISSUE_KINDS`].
    pub fn kinds(&self) -> impl Iterator<Item = (IssueKind, u64)> {
        ISSUE_KINDS.into_iter().map(|it| (it, self.count(it))).filter(|it| it.1 > 0)
    }

    /// Kept rows in order of their places: the first ten of each kind, or all of them.
    pub fn rejects(&self) -> &[Reject] {
        &self.samples
    }

    /// Changes every kept row, such as to leave out what must not be kept.
    pub fn keep(&mut self, change: impl Fn(&mut Reject)) {
        self.samples.iter_mut().for_each(change);
    }

    /// Takes in the issues of other rows. Merging is the same in every order.
    pub fn merge(&mut self, other: Self) {
        self.read += other.read;
        self.filtered += other.filtered;
        self.rounded += other.rounded;
        self.ambiguous += other.ambiguous;
        for (count, more) in self.counts.iter_mut().zip(other.counts) {
            *count += more;
        }
        self.keep_all |= other.keep_all;
        self.samples.extend(other.samples);
        self.samples.sort();
        if !self.keep_all {
            let mut seen = [0usize; ISSUE_KINDS.len()];
            self.samples.retain(|it| {
                seen[it.kind as usize] += 1;
                seen[it.kind as usize] <= SAMPLES
            });
        }
    }
}
