//! Rows ready to be grouped: flat columns of codes, with customer and stage.

use rayon::prelude::*;

use crate::base::{NONE, Names, Timestamp};
use crate::model::raw::{NO_AMOUNT, Sequence, TextColumn};
use crate::model::{Batch, RawEvents};

use super::channels::Channels;
use super::stages::Stages;
use super::stitch::Stitched;

/// The columns of a row in one numbering: which narrow and wide columns there are.
///
/// A column that no source has is left out, so that it costs nothing.
#[derive(Debug, Clone, Default)]
pub struct Layout {
    /// Text columns that are carried: their positions in the raw fields.
    pub texts: Vec<usize>,
    /// Among `texts`: session key, order, campaign.
    pub session: Option<usize>,
    /// See `session`.
    pub order: Option<usize>,
    /// See `session`.
    pub campaign: Option<usize>,
    /// Among `texts`: the kept properties, in the catalog's order.
    pub properties: Vec<usize>,
    /// Whether rows have channels.
    pub channels: bool,
    /// Whether rows have amounts.
    pub amounts: bool,
    /// Whether rows carry a sequence: one that rises from row to row is left out, since
    /// the place of a row says the same.
    pub sequence: bool,
    /// Whether the sequence was left out, so that no two rows tie.
    pub rising: bool,
}

/// Columns of rows that move together: each has one entry a row, or none at all.
#[derive(Debug, Clone, Default)]
pub struct Rows {
    /// Customers.
    pub customers: Vec<u32>,
    /// Microseconds since the epoch.
    pub times: Vec<i64>,
    /// What decides between equal times: a number, or the code of a text.
    pub sequence: Vec<i64>,
    /// Stages.
    pub stages: Vec<u32>,
    /// Channels.
    pub channels: Vec<u32>,
    /// Minor units or `NO_AMOUNT`.
    pub amounts: Vec<i64>,
    /// The texts of the layout.
    pub texts: Vec<Vec<u32>>,
}

impl Rows {
    /// Puts the rows into a new order: row `i` is the old row `order[i]`.
    pub fn reorder(&mut self, order: &[u32]) {
        fn pick<T: Copy>(column: &mut Vec<T>, order: &[u32]) {
            if !column.is_empty() {
                *column = order.iter().map(|&it| column[it as usize]).collect();
            }
        }
        pick(&mut self.customers, order);
        pick(&mut self.times, order);
        pick(&mut self.sequence, order);
        pick(&mut self.stages, order);
        pick(&mut self.channels, order);
        pick(&mut self.amounts, order);
        self.texts.iter_mut().for_each(|it| pick(it, order));
    }

    /// Adds some rows of others.
    pub fn extend(&mut self, other: &Self, range: std::ops::Range<usize>) {
        fn add<T: Copy>(column: &mut Vec<T>, other: &[T], range: &std::ops::Range<usize>) {
            if !other.is_empty() {
                column.extend_from_slice(&other[range.clone()]);
            }
        }
        add(&mut self.customers, &other.customers, &range);
        add(&mut self.times, &other.times, &range);
        add(&mut self.sequence, &other.sequence, &range);
        add(&mut self.stages, &other.stages, &range);
        add(&mut self.channels, &other.channels, &range);
        add(&mut self.amounts, &other.amounts, &range);
        self.texts.resize_with(other.texts.len(), Vec::new);
        for (column, other) in self.texts.iter_mut().zip(&other.texts) {
            add(column, other, &range);
        }
    }

    /// Sets room aside for so many rows of the same columns.
    pub fn reserve(&mut self, rows: usize, like: &Self) {
        fn room<T>(column: &mut Vec<T>, like: &[T], rows: usize) {
            if !like.is_empty() {
                column.reserve_exact(rows);
            }
        }
        room(&mut self.customers, &like.customers, rows);
        room(&mut self.times, &like.times, rows);
        room(&mut self.sequence, &like.sequence, rows);
        room(&mut self.stages, &like.stages, rows);
        room(&mut self.channels, &like.channels, rows);
        room(&mut self.amounts, &like.amounts, rows);
        self.texts.resize_with(like.texts.len(), Vec::new);
        for (column, like) in self.texts.iter_mut().zip(&like.texts) {
            room(column, like, rows);
        }
    }
}

/// A test of a row: given a batch and a row of it.
pub type RowTest<'a> = dyn Fn(&Batch, usize) -> bool + Sync + 'a;

/// Which events a study uses, of those that were read.
pub struct Selection<'a> {
    /// The earliest time, inclusive.
    pub since: Option<Timestamp>,
    /// The latest time, exclusive.
    pub until: Option<Timestamp>,
    /// A test of a row's texts: given a batch and a row.
    pub filter: Option<&'a RowTest<'a>>,
}

impl Selection<'_> {
    fn takes(&self, batch: &Batch, row: usize) -> bool {
        let time = Timestamp(batch.times[row]);
        self.since.is_none_or(|it| time >= it)
            && self.until.is_none_or(|it| time < it)
            && self.filter.is_none_or(|it| it(batch, row))
    }

    fn takes_all(&self) -> bool {
        self.since.is_none() && self.until.is_none() && self.filter.is_none()
    }
}

impl Layout {
    /// The columns that the rows of a study need; `properties` by name, in order.
    pub fn new(raw: &RawEvents, channels: &Channels, properties: &[String]) -> Self {
        let rising = raw.fields.sequence && rises(&raw.batches);
        let mut layout = Self {
            channels: !channels.names.is_empty(),
            amounts: raw.fields.amounts,
            sequence: raw.fields.sequence && !rising,
            rising,
            ..Self::default()
        };
        layout.session = layout.carry(raw, "session");
        layout.order = layout.carry(raw, "order");
        layout.campaign = layout.carry(raw, "campaign");
        layout.properties = properties.iter().filter_map(|it| layout.carry(raw, it)).collect();
        layout
    }

    fn carry(&mut self, raw: &RawEvents, name: &str) -> Option<usize> {
        let text = raw.fields.text(name)?;
        if let Some(at) = self.texts.iter().position(|&it| it == text) {
            return Some(at);
        }
        self.texts.push(text);
        Some(self.texts.len() - 1)
    }

    /// The names of a carried text column, ranked, and the rank of each code.
    pub fn ranked(&self, raw: &RawEvents, at: usize) -> (Names, Vec<u32>) {
        let dictionary = &raw.texts[self.texts[at]];
        let names = Names::new(dictionary.iter().map(str::to_owned));
        let ranks = dictionary.iter().map(|it| names.id(it).unwrap_or(NONE)).collect();
        (names, ranks)
    }
}

/// Whether the events' sequence is of numbers that strictly rise over all batches.
fn rises(batches: &[Batch]) -> bool {
    let mut last = None;
    batches.iter().filter(|it| !it.links && !it.is_empty()).all(|batch| {
        let Sequence::Numbers(numbers) = &batch.sequence else { return false };
        let follows = last.is_none_or(|it| numbers.first().is_some_and(|&first| first > it));
        last = numbers.last().copied();
        follows && numbers.is_sorted_by(|a, b| a < b)
    })
}

/// The first of the sequences that stand for codes of texts: above all plain numbers.
const TEXT_SEQUENCE: i64 = i64::MAX - NONE as i64;

/// The sequence that stands for a text by its code; no text comes first.
fn text_sequence(code: u32) -> i64 {
    if code == NONE { i64::MIN } else { TEXT_SEQUENCE + i64::from(code) }
}

/// The code of the text that a sequence stands for, if it stands for one.
pub fn sequence_text(sequence: i64) -> Option<u32> {
    u32::try_from(sequence.checked_sub(TEXT_SEQUENCE)?).ok()
}

/// Makes the rows of each batch: links left out, events not selected left out.
pub fn rows(
    batches: Vec<Batch>,
    layout: &Layout,
    stitched: &Stitched,
    stages: &Stages,
    channels: &Channels,
    selection: &Selection<'_>,
) -> Vec<Rows> {
    batches
        .into_par_iter()
        .filter(|it| !it.links)
        .map(|batch| batch_rows(&batch, layout, stitched, stages, channels, selection))
        .collect()
}

fn batch_rows(
    batch: &Batch,
    layout: &Layout,
    stitched: &Stitched,
    stages: &Stages,
    channels: &Channels,
    selection: &Selection<'_>,
) -> Rows {
    let count = batch.len() as u32;
    let all = selection.takes_all();
    let kept: Vec<u32> =
        (0..count).filter(|&it| all || selection.takes(batch, it as usize)).collect();
    let each = || kept.iter().map(|&it| it as usize);
    let text = |column: &TextColumn| each().map(|it| column.code(it)).collect::<Vec<u32>>();
    let sequence = |row: usize| match &batch.sequence {
        Sequence::None => i64::MIN,
        Sequence::Numbers(it) => it[row],
        Sequence::Texts(it) => text_sequence(it.code(row)),
    };
    let amount = |row: usize| batch.amounts.get(row).copied().unwrap_or(NO_AMOUNT);
    let wide = |wanted: bool, of: &dyn Fn(usize) -> i64| -> Vec<i64> {
        if wanted { each().map(of).collect() } else { Vec::new() }
    };
    Rows {
        customers: each().map(|it| stitched.customer(batch, it).0).collect(),
        times: each().map(|it| batch.times[it]).collect(),
        sequence: wide(layout.sequence, &sequence),
        stages: each().map(|it| stages.of(batch, it).0).collect(),
        channels: match layout.channels {
            true => each().map(|it| channels.of(batch, it).0).collect(),
            false => Vec::new(),
        },
        amounts: wide(layout.amounts, &amount),
        texts: layout.texts.iter().map(|&it| text(&batch.texts[it])).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_numbers_that_strictly_rise_over_all_events_say_what_the_place_says() {
        let batch = |sequence: Sequence, links| Batch {
            links,
            times: vec![0; 2],
            sequence,
            ..Batch::default()
        };
        let events = |numbers: [i64; 2]| batch(Sequence::Numbers(numbers.into()), false);
        assert!(rises(&[events([1, 2]), events([5, 9])]));
        assert!(rises(&[events([1, 2]), batch(Sequence::None, true), events([3, 4])]));
        assert!(!rises(&[events([1, 2]), events([2, 3])]));
        assert!(!rises(&[events([1, 1])]));
        assert!(!rises(&[events([1, 2]), batch(Sequence::None, false)]));
        assert!(!rises(&[batch(Sequence::Texts(TextColumn::default()), false)]));
    }
}
