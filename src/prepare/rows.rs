//! Rows ready to be grouped: flat columns of codes, with customer and stage.

use crate::base::{NONE, Names, Result, Timestamp};
use crate::model::Batch;
use crate::model::raw::{NO_AMOUNT, NO_SEQUENCE, Sequence};
use crate::store::RawEvents;
use crate::store::codes::Codes;
use crate::store::kept::{self, Kept, Order, Wanted};
use crate::store::narrow::Strip;
use crate::store::sparse::Sparse;
use crate::store::steps::Steps;
use crate::store::waiting::Waiting;

use super::channels::Channels;
use super::sessions::SessionColumns;
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
    /// Among `texts`: the events' own names, where the session rule asks for them.
    pub name: Option<usize>,
    /// Where the session rule asks for cookies or devices: the positions of the id types to
    /// look at, the first that a row has first, and the number of each type's first id.
    pub scopes: Vec<(usize, u32)>,
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
    pub times: Steps,
    /// What decides between equal times: a number, or the code of a text.
    pub sequence: Steps,
    /// Stages.
    pub stages: Codes,
    /// Channels.
    pub channels: Codes,
    /// Cookies or devices, numbered over all id types.
    pub scopes: Vec<u32>,
    /// Minor units or `NO_AMOUNT`.
    pub amounts: Sparse,
    /// The texts of the layout.
    pub texts: Vec<Vec<u32>>,
}

impl Rows {
    /// Takes all rows out, and keeps the room, for rows of these stages and channels.
    fn clear(&mut self, stages: usize, channels: usize) {
        self.customers.clear();
        self.times.clear();
        self.sequence.clear();
        self.stages.begin(stages);
        self.channels.begin(channels);
        self.scopes.clear();
        self.amounts.clear();
        self.texts.iter_mut().for_each(Vec::clear);
    }
}

/// A column of [`Rows`].
pub enum Column<'r> {
    /// Codes or small numbers.
    Codes(&'r mut Vec<u32>),
    /// Codes of few kinds.
    Few(&'r mut Codes),
    /// Times, sequences.
    Numbers(&'r mut Steps),
    /// Amounts.
    Sparse(&'r mut Sparse),
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
    pub fn new(
        raw: &RawEvents,
        channels: &Channels,
        properties: &[String],
        sessions: SessionColumns,
    ) -> Self {
        let rising = raw.fields.sequence && rises(raw.batches.kept());
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
        layout.name = if sessions.names { layout.carry(raw, "event") } else { None };
        layout.scopes = if sessions.scopes { scopes(raw) } else { Vec::new() };
        layout.properties = properties.iter().filter_map(|it| layout.carry(raw, it)).collect();
        layout
    }

    /// The columns that rows of this layout have, always in the same order.
    pub fn columns<'r>(&self, rows: &'r mut Rows) -> impl Iterator<Item = Column<'r>> {
        let kept = |it: bool, column: Column<'r>| it.then_some(column);
        [
            kept(true, Column::Codes(&mut rows.customers)),
            kept(true, Column::Numbers(&mut rows.times)),
            kept(self.sequence, Column::Numbers(&mut rows.sequence)),
            kept(self.amounts, Column::Sparse(&mut rows.amounts)),
            kept(true, Column::Few(&mut rows.stages)),
            kept(self.channels, Column::Few(&mut rows.channels)),
            kept(!self.scopes.is_empty(), Column::Codes(&mut rows.scopes)),
        ]
        .into_iter()
        .flatten()
        .chain(rows.texts.iter_mut().map(Column::Codes))
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

/// Types of id that stand for a browser or an app, which count sessions for themselves.
const CLIENTS: [&str; 4] = ["cookie", "anonymous", "visitor", "device"];

/// The id types within which a session key means one session: browsers and apps first, then
/// the others, weakest first; and where the numbers of each begin.
fn scopes(raw: &RawEvents) -> Vec<(usize, u32)> {
    let mut base = 0u32;
    let numbered = raw.ids.iter().enumerate().map(|(at, table)| {
        let own = base;
        base = base.saturating_add(table.len() as u32);
        (at, own)
    });
    let mut scopes: Vec<(usize, u32)> = numbered.collect();
    let client = |at: usize| CLIENTS.iter().position(|it| *it == raw.fields.id_types[at]);
    scopes.sort_by_key(|&(at, _)| (client(at).unwrap_or(CLIENTS.len()), std::cmp::Reverse(at)));
    scopes
}

/// Whether the events' sequence is of numbers that strictly rise over all batches.
fn rises(kept: &[Kept]) -> bool {
    let mut before = None;
    kept.iter().filter(|it| !it.links).all(|it| match it.order {
        Order::Numbers { first, last, rises: true } => {
            let follows = before.is_none_or(|it| first > it);
            before = Some(last);
            follows
        }
        _ => false,
    })
}

/// The first of the sequences that stand for codes of texts: above all plain numbers.
const TEXT_SEQUENCE: i64 = i64::MAX - NONE as i64;

/// The sequence that stands for a text by its code; no text comes first.
pub(super) fn text_sequence(code: u32) -> i64 {
    if code == NONE { i64::MIN } else { TEXT_SEQUENCE + i64::from(code) }
}

/// The code of the text that a sequence stands for, if it stands for one.
pub fn sequence_text(sequence: i64) -> Option<u32> {
    u32::try_from(sequence.checked_sub(TEXT_SEQUENCE)?).ok()
}

/// What the rows of a study are made by.
pub struct Making<'a> {
    /// Which columns rows carry.
    pub layout: &'a Layout,
    /// Whose they are.
    pub stitched: &'a Stitched,
    /// At which stage.
    pub stages: &'a Stages,
    /// Through which channel.
    pub channels: &'a Channels,
    /// Which are used.
    pub selection: &'a Selection<'a>,
}

impl Making<'_> {
    /// Empties rows for those of a run.
    pub fn begin(&self, rows: &mut Rows) {
        rows.clear(self.stages.names.len(), self.channels.kinds());
    }

    /// Adds the rows of a batch that are events and selected; `batch` is room to unpack in.
    ///
    /// # Errors
    /// The spill file cannot be read.
    pub fn add(&self, waiting: &Waiting<'_>, batch: &mut Batch, rows: &mut Rows) -> Result<()> {
        if !waiting.is_links() && self.selection.takes_all() {
            return self.add_whole(waiting, batch, rows);
        }
        let sequence = self.layout.sequence;
        waiting.unpack(Wanted { texts: true, amounts: true, sequence }, batch)?;
        let batch = &*batch;
        let customer = |row: usize| self.stitched.customer(batch, row);
        (0..batch.len()).for_each(|row| self.stitched.see(batch, row, customer(row)));
        if batch.links {
            return Ok(());
        }
        let kept: Vec<u32> = (0..batch.len() as u32)
            .filter(|&it| self.selection.takes(batch, it as usize))
            .collect();
        let each = || kept.iter().map(|&it| it as usize);
        let customer = |row: usize| self.stitched.event_customer(batch, row).0;
        rows.customers.extend(each().map(customer));
        self.add_columns(batch, each(), rows);
        Ok(())
    }

    /// Adds a batch of which all rows are taken; it is unpacked only where a column says
    /// nothing without the others.
    fn add_whole(&self, from: &Waiting<'_>, batch: &mut Batch, rows: &mut Rows) -> Result<()> {
        let (layout, count) = (self.layout, from.rows());
        let (by_event, by_column) = (self.stages.by_event(), self.channels.by_column());
        let texts = by_event.is_none() || (layout.channels && by_column.is_none());
        if texts || self.stitched.owners().is_none() || !layout.scopes.is_empty() {
            from.unpack(Wanted { texts, amounts: false, sequence: false }, batch)?;
        }
        from.numbers(kept::Column::Times, &mut rows.times)?;
        self.add_customers(from, batch, rows)?;
        match by_event {
            Some((text, by)) => add_codes(from, text, by, &mut rows.stages)?,
            None => rows.stages.extend((0..count).map(|it| self.stages.of(batch, it).0)),
        }
        let to = &mut rows.channels;
        match by_column {
            _ if !layout.channels => {}
            Some((text, by)) => add_codes(from, text, by, to)?,
            None => to.extend((0..count).map(|it| self.channels.of(batch, it).0)),
        }
        if layout.sequence {
            match from.event_ids()? {
                Some(it) => rows.sequence.extend(it.into_iter().map(text_sequence)),
                None => from.numbers(kept::Column::Sequence, &mut rows.sequence)?,
            }
        }
        self.add_scopes(batch, 0..count, rows);
        if layout.amounts {
            from.amounts(&mut rows.amounts)?;
        }
        rows.texts.resize_with(layout.texts.len(), Vec::new);
        for (out, &text) in rows.texts.iter_mut().zip(&layout.texts) {
            let column = kept::Column::Text(text);
            from.column(column, |it, bytes| it.widen_codes(bytes, count, |it| it, out))?;
            out.resize(rows.times.len(), NONE);
        }
        Ok(())
    }

    /// Adds the customers of a batch whose times are added, and sees those that must be seen;
    /// it is unpacked where ids alone do not say whose a row is.
    fn add_customers(&self, from: &Waiting<'_>, batch: &Batch, rows: &mut Rows) -> Result<()> {
        let (stitched, begin) = (self.stitched, rows.customers.len());
        rows.customers.resize(begin + from.rows(), NONE);
        let customers = &mut rows.customers[begin..];
        match stitched.owners() {
            Some(owners) => {
                for (id_type, of) in owners.enumerate() {
                    from.look_up(id_type, of, customers)?;
                }
            }
            None => {
                for (row, to) in customers.iter_mut().enumerate() {
                    *to = stitched.event_customer(batch, row).0;
                }
            }
        }
        let seen = stitched.rows_to_see(customers);
        if !seen.is_empty() {
            for id_type in 0..stitched.nodes().types() {
                from.each_id(id_type, &seen, |row, code| {
                    stitched.see_id(id_type, code, rows.times.get(begin + row as usize));
                })?;
            }
        }
        Ok(())
    }

    /// Adds some rows of a batch.
    fn add_columns<I>(&self, batch: &Batch, each: I, rows: &mut Rows)
    where
        I: Iterator<Item = usize> + Clone,
    {
        let layout = self.layout;
        rows.times.extend(each.clone().map(|it| batch.times[it]));
        rows.stages.extend(each.clone().map(|it| self.stages.of(batch, it).0));
        if layout.channels {
            rows.channels.extend(each.clone().map(|it| self.channels.of(batch, it).0));
        }
        if layout.sequence {
            rows.sequence.extend(each.clone().map(|row| match &batch.sequence {
                Sequence::None => NO_SEQUENCE,
                Sequence::Numbers(it) => it[row],
                Sequence::Texts(it) => text_sequence(it.code(row)),
            }));
        }
        self.add_scopes(batch, each.clone(), rows);
        if layout.amounts {
            let amount = |row: usize| batch.amounts.get(row).copied().unwrap_or(NO_AMOUNT);
            rows.amounts.extend(each.clone().map(amount));
        }
        rows.texts.resize_with(layout.texts.len(), Vec::new);
        for (column, &text) in rows.texts.iter_mut().zip(&layout.texts) {
            column.extend(each.clone().map(|it| batch.texts[text].code(it)));
        }
    }

    /// Adds the browsers or apps of rows, where sessions are of them.
    fn add_scopes(&self, batch: &Batch, each: impl Iterator<Item = usize>, rows: &mut Rows) {
        let layout = self.layout;
        if layout.scopes.is_empty() {
            return;
        }
        rows.scopes.extend(each.map(|row| {
            let code = |&(at, base): &(usize, u32)| match batch.ids[at].code(row) {
                NONE => None,
                code => Some(base + code),
            };
            layout.scopes.iter().find_map(code).unwrap_or(NONE)
        }));
    }
}

/// Adds what each text of a column stands for, [`NONE`] where there is none.
fn add_codes(from: &Waiting<'_>, text: usize, by: &[u32], out: &mut Codes) -> Result<()> {
    let rows = from.rows();
    let code = |it: u32| by.get(it as usize).copied().unwrap_or(NONE);
    let add = |strip: &Strip, bytes: &[u8]| out.add(strip, bytes, rows, code);
    match from.column(kept::Column::Text(text), add)? {
        Some(()) => {}
        None => out.add_none(rows),
    }
    Ok(())
}
