//! The pages of one column in one row group, as values of rows; of a column without lists.
//!
//! Pages whose values are picked from a dictionary, and plain ones, are decoded here;
//! all others by `generic`. Knows nothing of files and of what values mean to a journey.

use std::sync::Arc;

use bytes::Bytes;
use parquet::basic::{Encoding, Type as Physical};
use parquet::column::page::{Page, PageReader};
use parquet::schema::types::ColumnDescPtr;

use super::cells::{Cells, list_of, spread};
use super::checked::{Parts, parts_of};
use super::damaged;
use super::delta;
use super::dense::{Dense, Strings, Why};
use super::generic::Generic;
use super::hybrid::{Hybrid, TooFew};
use super::kind::Kind;
use crate::base::Result;
use crate::input::rows::listed::List;

/// How many rows are decoded at a time where they are passed over.
const STEP: usize = 8192;

const WIDE: Why = "a page says that its numbers have more than 32 bits";
const TWICE: Why = "a column has two dictionaries";
const NO_LIST: Why = "a page picks from a dictionary that is not there";
const NO_PLAIN: Why = "a dictionary is of an encoding that is none for dictionaries";
const BEYOND: Why = "a value lies beyond its dictionary";
const FEWER: Why = "a page holds fewer values than it says";

/// A column in a row group.
pub(super) struct Chunk {
    column: ColumnDescPtr,
    kind: Kind,
    physical: Physical,
    /// How long each value is, where all are of one length.
    length: usize,
    /// The level of a row that has a value.
    full: u32,
    /// Whether numbers are wanted as texts.
    written: bool,
    pages: Box<dyn PageReader>,
    dictionary: Option<(Page, Dense)>,
    list: Option<Arc<List>>,
    generic: Option<Generic>,
    page: Loaded,
}

/// What is left of a page.
struct Loaded {
    rows: usize,
    /// Which rows have a value; all where there are no levels.
    levels: Option<Hybrid>,
    form: Form,
}

/// How values are stored.
enum Form {
    Picks(Hybrid),
    Plain(Bytes),
    /// Strings of which so many are used up.
    Strings(Strings, usize),
    Generic,
}

/// Values of some rows as they come from pages.
struct Taken {
    rows: usize,
    present: Vec<bool>,
    /// How many of the rows have a value.
    hits: usize,
    picks: Vec<u32>,
    dense: Dense,
}

impl Chunk {
    /// The pages of a column; `written` where numbers are wanted as texts.
    pub fn new(column: ColumnDescPtr, pages: Box<dyn PageReader>, written: bool) -> Self {
        let kind = Kind::of(&column);
        Self {
            kind,
            physical: column.physical_type(),
            length: usize::try_from(column.type_length()).unwrap_or(0),
            full: u32::try_from(column.max_def_level()).unwrap_or(0),
            written: written && kind.is_whole(),
            column,
            pages,
            dictionary: None,
            list: None,
            generic: None,
            page: Loaded { rows: 0, levels: None, form: Form::Generic },
        }
    }

    /// The next rows, and how many there are: fewer than asked for at the end alone.
    pub fn read(&mut self, rows: usize) -> Result<(Cells, usize)> {
        let Taken { rows, mut present, hits, mut picks, dense } = self.take(rows)?;
        if hits == rows {
            present.clear();
        }
        let cells = match self.picked().filter(|_| hits > 0 && picks.len() == hits) {
            Some(list) => {
                if !present.is_empty() {
                    spread(&mut picks, &present, list.len() as u32);
                }
                Cells::listed(list, picks)
            }
            _ => Cells::of(self.kind, dense, present, self.written).map_err(|it| damaged(&it))?,
        };
        Ok((cells, rows))
    }

    /// Passes rows over; ends early where there are not so many.
    pub fn skip(&mut self, mut rows: u64) -> Result<()> {
        while rows > 0 {
            if self.page.rows == 0 {
                let Some(next) = self.pages.peek_next_page().map_err(|it| damaged(&it))? else {
                    return Ok(());
                };
                let held = next.num_levels.or(next.num_rows).unwrap_or(0) as u64;
                if !next.is_dict && held <= rows {
                    self.pages.skip_next_page().map_err(|it| damaged(&it))?;
                    rows -= held;
                    continue;
                }
                if !self.load()? {
                    return Ok(());
                }
            }
            let some = self.page.rows.min(usize::try_from(rows).unwrap_or(STEP)).min(STEP);
            self.pass(some)?;
            rows -= some as u64;
        }
        Ok(())
    }

    /// Passes rows of the page at hand over.
    fn pass(&mut self, rows: usize) -> Result<()> {
        let Loaded { levels, form: Form::Picks(picks), .. } = &mut self.page else {
            return self.take(rows).map(|_| ());
        };
        let hits = match levels {
            Some(levels) => levels.is(self.full, rows, &mut Vec::with_capacity(rows)),
            None => Ok(rows),
        };
        hits.and_then(|it| picks.skip(it)).map_err(|_| damaged(&FEWER))?;
        self.page.rows -= rows;
        Ok(())
    }

    /// Whether there are more rows.
    pub fn has_more(&mut self) -> Result<bool> {
        self.load()
    }

    /// The list that rows pick from, where they are handed on so.
    fn picked(&self) -> Option<Arc<List>> {
        self.list.clone()
    }

    fn take(&mut self, rows: usize) -> Result<Taken> {
        let dense = Dense::new(self.physical);
        let room = |some: bool| if some { rows.min(STEP) } else { 0 };
        let present = Vec::with_capacity(room(self.full > 0));
        let picks = Vec::with_capacity(room(self.dictionary.is_some()));
        let mut taken = Taken { rows: 0, present, hits: 0, picks, dense };
        while taken.rows < rows && self.load()? {
            let some = self.page.rows.min(rows - taken.rows);
            self.take_some(some, &mut taken)?;
            taken.rows += some;
            self.page.rows -= some;
        }
        Ok(taken)
    }

    /// Takes rows of one page.
    fn take_some(&mut self, rows: usize, taken: &mut Taken) -> Result<()> {
        let too_few = |_: TooFew| damaged(&FEWER);
        let lists = self.list.is_some();
        let hits = match (&mut self.page.levels, &self.page.form) {
            (_, Form::Generic) => 0,
            (Some(levels), _) => levels.is(self.full, rows, &mut taken.present).map_err(too_few)?,
            (None, _) => rows,
        };
        match (&mut self.page.form, &self.dictionary) {
            (Form::Picks(picks), Some((_, dictionary))) => {
                let begin = taken.picks.len();
                picks.read(hits, &mut taken.picks).map_err(too_few)?;
                let new = &taken.picks[begin..];
                let values = u32::try_from(dictionary.len()).unwrap_or(u32::MAX);
                if new.iter().fold(false, |any, &it| any | (it >= values)) {
                    return Err(damaged(&BEYOND));
                }
                if !lists || taken.dense.len() > 0 {
                    taken.dense.gather(dictionary, new).map_err(|it| damaged(&it))?;
                    taken.picks.truncate(begin);
                }
                taken.hits += hits;
                return Ok(());
            }
            (Form::Picks(_), None) => return Err(damaged(&NO_LIST)),
            (_, Some((_, dictionary))) if !taken.picks.is_empty() => {
                // From here on values are no picks any more.
                let picks = std::mem::take(&mut taken.picks);
                taken.dense.gather(dictionary, &picks).map_err(|it| damaged(&it))?;
            }
            _ => {}
        }
        match &mut self.page.form {
            Form::Plain(bytes) => {
                let dense = &mut taken.dense;
                let used = dense.plain(bytes, self.physical, self.length, hits);
                *bytes = bytes.slice(used.map_err(|it| damaged(&it))?..);
                taken.hits += hits;
            }
            Form::Strings(all, used) => {
                let Dense::Bytes(strings) = &mut taken.dense else { return Err(damaged(&FEWER)) };
                strings.extend(all, *used..*used + hits).map_err(|_| damaged(&FEWER))?;
                *used += hits;
                taken.hits += hits;
            }
            _ => taken.hits += self.take_generic(rows, taken)?,
        }
        Ok(())
    }

    /// Takes rows of a page in another encoding; says how many have a value.
    fn take_generic(&mut self, rows: usize, taken: &mut Taken) -> Result<usize> {
        let Some(generic) = &mut self.generic else { return Err(damaged(&FEWER)) };
        let (mut levels, before) = (Vec::new(), taken.dense.len());
        generic.read(rows, &mut levels, &mut taken.dense)?;
        if self.full > 0 {
            taken.present.extend(levels.iter().map(|&it| i64::from(it) == i64::from(self.full)));
        }
        Ok(taken.dense.len() - before)
    }

    /// Makes sure that there are rows left in the page at hand; `false` at the end.
    fn load(&mut self) -> Result<bool> {
        while self.page.rows == 0 {
            match self.pages.get_next_page().map_err(|it| damaged(&it))? {
                None => return Ok(false),
                Some(page) if page.is_dictionary_page() => self.set_dictionary(page)?,
                Some(page) => self.page = self.opened(page).map_err(|it| damaged(&it))?,
            }
        }
        Ok(true)
    }

    fn set_dictionary(&mut self, page: Page) -> Result<()> {
        if self.dictionary.is_some() {
            return Err(damaged(&TWICE));
        }
        if !matches!(page.encoding(), Encoding::PLAIN | Encoding::PLAIN_DICTIONARY) {
            return Err(damaged(&NO_PLAIN));
        }
        let mut dense = Dense::new(self.physical);
        let count = page.num_values() as usize;
        dense.plain(page.buffer(), self.physical, self.length, count).map_err(|it| damaged(&it))?;
        if self.kind.is_text() || self.written {
            self.list = Some(list_of(self.kind, &dense).map_err(|it| damaged(&it))?.into());
        }
        self.dictionary = Some((page, dense));
        Ok(())
    }

    /// A data page, ready to be read.
    fn opened(&mut self, page: Page) -> std::result::Result<Loaded, Why> {
        let rows = page.num_values() as usize;
        let Some(Parts { levels, values, .. }) = parts_of(&page, &self.column)? else {
            return Ok(self.handed(page, rows));
        };
        let form = match page.encoding() {
            Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY => {
                let width = values.first().copied().unwrap_or(1);
                let picks = values.slice(1.min(values.len())..);
                Form::Picks(Hybrid::new(picks, width).ok_or(WIDE)?)
            }
            Encoding::PLAIN if self.physical != Physical::BOOLEAN => Form::Plain(values),
            Encoding::DELTA_LENGTH_BYTE_ARRAY | Encoding::DELTA_BYTE_ARRAY
                if self.physical == Physical::BYTE_ARRAY =>
            {
                let shared = page.encoding() == Encoding::DELTA_BYTE_ARRAY;
                Form::Strings(delta::strings(&values, shared)?, 0)
            }
            _ => return Ok(self.handed(page, rows)),
        };
        let width = (u32::BITS - self.full.leading_zeros()) as u8;
        let levels = levels.map(|it| Hybrid::new(it, width).ok_or(WIDE)).transpose()?;
        Ok(Loaded { rows, levels, form })
    }

    /// A page that is left to the decoders of the crate.
    fn handed(&mut self, page: Page, rows: usize) -> Loaded {
        let (column, dictionary) = (&self.column, &self.dictionary);
        let generic = self.generic.get_or_insert_with(|| {
            let mut generic = Generic::new(column.clone());
            if let Some((page, _)) = dictionary {
                generic.hand(page.clone());
            }
            generic
        });
        generic.hand(page);
        Loaded { rows, levels: None, form: Form::Generic }
    }
}
