//! Bad rows as data: counted by reason, the first places kept, merged exactly.

use std::collections::BTreeMap;

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
    /// An attribute of an XES event that is not valid XML.
    BadXml,
    /// The header once more, in the middle of the data.
    RepeatedHeader,
    /// No time in the row.
    MissingTime,
    /// No name in an event of a format whose events have one.
    MissingName,
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
    /// A path with an empty channel, or one that is named as the conversion is.
    BadPath,
    /// A number of journeys that is not whole, or none at all.
    BadCount,
    /// A record that is not as its preset's format says.
    BadRecord,
    /// An id of somebody who is to be forgotten. Nothing of such a row is kept.
    Forgotten,
}

/// All kinds, in the order in which they are reported.
pub const ISSUE_KINDS: [IssueKind; 22] = [
    IssueKind::FieldCount,
    IssueKind::BadQuote,
    IssueKind::BadEncoding,
    IssueKind::NulByte,
    IssueKind::TooLong,
    IssueKind::BadJson,
    IssueKind::NotAnObject,
    IssueKind::BadXml,
    IssueKind::RepeatedHeader,
    IssueKind::MissingTime,
    IssueKind::MissingName,
    IssueKind::BadTime,
    IssueKind::SkippedTime,
    IssueKind::MissingId,
    IssueKind::NullLikeId,
    IssueKind::BadValue,
    IssueKind::OtherCurrency,
    IssueKind::BadSequence,
    IssueKind::BadPath,
    IssueKind::BadCount,
    IssueKind::BadRecord,
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
            Self::BadXml => "bad_xml",
            Self::RepeatedHeader => "repeated_header",
            Self::MissingTime => "missing_time",
            Self::MissingName => "missing_name",
            Self::BadTime => "bad_time",
            Self::SkippedTime => "skipped_time",
            Self::MissingId => "missing_id",
            Self::NullLikeId => "null_like_id",
            Self::BadValue => "bad_value",
            Self::OtherCurrency => "other_currency",
            Self::BadSequence => "bad_sequence",
            Self::BadPath => "bad_path",
            Self::BadCount => "bad_count",
            Self::BadRecord => "bad_record",
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
            Self::BadXml => "not valid XML:",
            Self::RepeatedHeader => "the header once more",
            Self::MissingTime => "no time",
            Self::MissingName => "no event name",
            Self::BadTime => "cannot read a time from",
            Self::SkippedTime => "the clocks jumped over this time:",
            Self::MissingId => "no id",
            Self::NullLikeId => "no id but one that is nobody's:",
            Self::BadValue => "cannot read an amount from",
            Self::OtherCurrency => "an amount in another currency:",
            Self::BadSequence => "cannot read a sequence from",
            Self::BadPath => "cannot read a path from",
            Self::BadCount => "cannot read a count from",
            Self::BadRecord => "not as the preset's format says:",
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
            Self::BadXml => "the export is damaged there; export it again",
            Self::RepeatedHeader => "files were joined with their headers; the line is left out",
            Self::MissingTime => "an event needs a time; a totals line has none",
            Self::MissingName => "an event of a log needs a name (concept:name)",
            Self::BadTime => "name the format with time_format in the source",
            Self::SkippedTime => "the clocks of this zone jumped over this time; check timezone",
            Self::MissingId => "an event needs an id; a totals line has none",
            Self::NullLikeId => "this id is nobody's; see [identity] blocklist",
            Self::BadValue => "write a plain decimal number, such as 1234.50",
            Self::OtherCurrency => {
                "amounts of several currencies are never added; convert them first"
            }
            Self::BadSequence => "a sequence must be a whole number; use event_id for text",
            Self::BadPath => "check paths.separator in the source",
            Self::BadCount => "write a whole number of journeys; a row must stand for one at least",
            Self::BadRecord => "compare the record with the vendor's description of the export",
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
    /// Records that the source's `where` left out, or that are knowingly no rows.
    pub filtered: u64,
    /// Of those left out, the ones that are knowingly no rows, by reason.
    left_out: BTreeMap<String, u64>,
    /// The first places of such rows, with the order of their files.
    left_out_at: BTreeMap<String, Vec<(u32, Place)>>,
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
            left_out: BTreeMap::new(),
            left_out_at: BTreeMap::new(),
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

    /// Counts a row that is knowingly none, for this reason, as filtered.
    pub fn leave_out(&mut self, reason: &str) {
        self.add_left_out(reason, 1);
        self.filtered += 1;
    }

    /// As [`Self::leave_out`], of a row that was counted as read before, with its place in
    /// the file of this order; the first places of each reason are kept. Rows must come in
    /// file order.
    pub fn leave_out_at(&mut self, reason: &str, file_order: u32, place: impl FnOnce() -> Place) {
        self.leave_out(reason);
        if self.left_out_at.get(reason).is_none_or(|it| it.len() < SAMPLES) {
            self.note_left_out_at(reason, [(file_order, place())]);
        }
    }

    /// Notes places of rows left out that are counted elsewhere; at most the first ten of
    /// each reason count, so they must come in file order.
    pub fn note_left_out_at(
        &mut self,
        reason: &str,
        places: impl IntoIterator<Item = (u32, Place)>,
    ) {
        let own = self.left_out_at.entry(reason.to_owned()).or_default();
        own.extend(places);
        own.truncate(SAMPLES);
    }

    /// The first places of rows left out, by reason, where they are known.
    pub fn left_out_at(&self) -> impl Iterator<Item = (&str, &Place)> {
        self.left_out_at.iter().flat_map(|it| it.1.iter().map(|at| (it.0.as_str(), &at.1)))
    }

    /// Notes that so many of the rows filtered out were so for this reason.
    pub fn add_left_out(&mut self, reason: &str, rows: u64) {
        match self.left_out.get_mut(reason) {
            Some(it) => *it += rows,
            None => _ = self.left_out.insert(reason.to_owned(), rows),
        }
    }

    /// Rows that are knowingly none (part of those filtered out), by reason.
    pub fn left_out(&self) -> &BTreeMap<String, u64> {
        &self.left_out
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

    /// Moves all places down by so many lines, which came before those that were counted.
    pub fn move_lines(&mut self, lines: u64) {
        let left_out = self.left_out_at.values_mut().flatten().map(|it| &mut it.1);
        let places = self.samples.iter_mut().map(|it| &mut it.place).chain(left_out);
        places.for_each(|it| it.line += lines);
    }

    /// Takes in the issues of other rows. Merging is the same in every order.
    pub fn merge(&mut self, other: Self) {
        self.read += other.read;
        self.filtered += other.filtered;
        other.left_out.iter().for_each(|(reason, rows)| self.add_left_out(reason, *rows));
        for (reason, mut places) in other.left_out_at {
            let own = self.left_out_at.entry(reason).or_default();
            own.append(&mut places);
            own.sort();
            own.truncate(SAMPLES);
        }
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
