//! Rows of one input file as packed columns, and back as a batch.
//!
//! A block has at most [`BLOCK_ROWS`] rows. Its texts are sorted and coded by their
//! common beginnings, its numbers by [`column`](super::column), and all of it is
//! packed by Zstandard. Blocks are cut by count alone, so that they are the same
//! however the rows came.

use std::io::Read;
use std::ops::Range;

use super::column::{
    decode_i64, decode_u32, encode_i64, encode_u32, put_number, take_bytes, take_number,
};
use crate::base::{Dictionary, Error, NONE, Result};
use crate::model::Batch;
use crate::model::raw::{NO_AMOUNT, NO_SEQUENCE, Sequence, TextColumn};

/// The most rows of a block.
pub const BLOCK_ROWS: usize = 1 << 18;

/// Packs about 4 times at half a gigabyte a second, and unpacks at twice that.
const LEVEL: i32 = 3;

/// The most bytes of text that a column of a block unpacks to.
const MOST_TEXT: u64 = 1 << 32;

/// A run of rows of one batch.
pub type Run<'a> = (&'a Batch, Range<usize>);

/// Cuts the rows of batches into the runs of blocks.
pub fn blocks(batches: &[Batch]) -> Vec<Vec<Run<'_>>> {
    let mut blocks: Vec<Vec<Run<'_>>> = Vec::new();
    let mut room = 0;
    for batch in batches {
        let mut at = 0;
        while at < batch.len() {
            if room == 0 {
                blocks.push(Vec::new());
                room = BLOCK_ROWS;
            }
            let end = batch.len().min(at + room);
            if let Some(block) = blocks.last_mut() {
                block.push((batch, at..end));
            }
            room -= end - at;
            at = end;
        }
    }
    blocks
}

/// The rows of some runs as one batch with its own sorted dictionaries.
///
/// All batches must have columns of the same meaning, in the same order.
pub fn gather(runs: &[Run<'_>]) -> Batch {
    let Some((first, _)) = runs.first() else { return Batch::default() };
    let texts = |of: &dyn Fn(&Batch) -> Option<&TextColumn>| gather_texts(runs, of);
    let times = runs.iter().flat_map(|(it, run)| &it.times[run.clone()]).copied().collect();
    let amounts = match first.amounts.is_empty() {
        true => Vec::new(),
        false => runs.iter().flat_map(amounts).collect(),
    };
    Batch {
        links: first.links,
        times,
        sequence: gather_sequence(runs),
        ids: (0..first.ids.len()).map(|at| texts(&|it| it.ids.get(at))).collect(),
        texts: (0..first.texts.len()).map(|at| texts(&|it| it.texts.get(at))).collect(),
        amounts,
        ..Batch::default()
    }
}

fn amounts((batch, run): &Run<'_>) -> Vec<i64> {
    batch.amounts.get(run.clone()).map_or_else(|| vec![NO_AMOUNT; run.len()], <[i64]>::to_vec)
}

fn gather_sequence(runs: &[Run<'_>]) -> Sequence {
    match runs.first().map(|it| &it.0.sequence) {
        Some(Sequence::Numbers(_)) => {
            let numbers = |(batch, run): &Run<'_>| match &batch.sequence {
                Sequence::Numbers(it) => it[run.clone()].to_vec(),
                _ => vec![NO_SEQUENCE; run.len()],
            };
            Sequence::Numbers(runs.iter().flat_map(numbers).collect())
        }
        Some(Sequence::Texts(_)) => Sequence::Texts(gather_texts(runs, &|it| match &it.sequence {
            Sequence::Texts(it) => Some(it),
            _ => None,
        })),
        _ => Sequence::None,
    }
}

/// One column of texts over runs, its dictionary sorted; no codes where no run has any.
fn gather_texts(runs: &[Run<'_>], of: &dyn Fn(&Batch) -> Option<&TextColumn>) -> TextColumn {
    let rows = runs.iter().map(|it| it.1.len()).sum();
    let mut met = Dictionary::default();
    let mut codes = Vec::with_capacity(rows);
    for (batch, run) in runs {
        let column = of(batch).filter(|it| !it.codes.is_empty());
        let Some(column) = column else {
            codes.resize(codes.len() + run.len(), NONE);
            continue;
        };
        let mut known = vec![NONE; column.dictionary.len()];
        codes.extend(column.codes[run.clone()].iter().map(|&code| {
            let Some(known) = known.get_mut(code as usize) else { return NONE };
            if *known == NONE {
                *known = met.intern(column.dictionary.get(code));
            }
            *known
        }));
    }
    if !runs.iter().any(|it| of(it.0).is_some_and(|it| !it.codes.is_empty())) {
        return TextColumn::default();
    }
    let mut order: Vec<(&str, u32)> = met.iter().zip(0..).collect();
    order.sort_unstable();
    let mut ranks = vec![NONE; order.len()];
    let mut dictionary = Dictionary::default();
    for (text, code) in order {
        ranks[code as usize] = dictionary.intern(text);
    }
    for code in &mut codes {
        *code = ranks.get(*code as usize).copied().unwrap_or(NONE);
    }
    TextColumn { codes, dictionary }
}

/// Packs a batch that [`gather`] made.
///
/// # Errors
/// Zstandard fails, which it does not.
pub fn pack(batch: &Batch) -> Result<Vec<u8>> {
    let mut raw = Vec::new();
    put_number(batch.len() as u64, &mut raw);
    raw.push(u8::from(batch.links));
    encode_i64(&batch.times, &mut raw);
    match &batch.sequence {
        Sequence::None => raw.push(0),
        Sequence::Numbers(it) => {
            raw.push(1);
            encode_i64(it, &mut raw);
        }
        Sequence::Texts(it) => {
            raw.push(2);
            put_texts(it, &mut raw);
        }
    }
    encode_i64(&batch.amounts, &mut raw);
    for columns in [&batch.ids, &batch.texts] {
        put_number(columns.len() as u64, &mut raw);
        columns.iter().for_each(|it| put_texts(it, &mut raw));
    }
    let mut packed = Vec::new();
    put_number(raw.len() as u64, &mut packed);
    packed.extend(zstd::bulk::compress(&raw, LEVEL)?);
    Ok(packed)
}

fn put_texts(column: &TextColumn, out: &mut Vec<u8>) {
    encode_u32(&column.codes, out);
    let (mut shared, mut own) = (Vec::new(), Vec::new());
    let mut rests: Vec<u8> = Vec::new();
    let mut last: &[u8] = b"";
    for text in column.dictionary.iter().map(str::as_bytes) {
        let same = text.iter().zip(last).take_while(|it| it.0 == it.1).count();
        shared.push(u32::try_from(same).unwrap_or(0));
        own.push(u32::try_from(text.len() - same).unwrap_or(0));
        rests.extend(&text[same..]);
        last = text;
    }
    encode_u32(&shared, out);
    encode_u32(&own, out);
    out.extend(rests);
}

/// Unpacks what [`pack`] made: the rows of a batch with these numbers of columns.
///
/// # Errors
/// The bytes are no block, or one of other columns.
pub fn unpack(mut packed: &[u8], ids: usize, texts: usize) -> Result<Batch> {
    let size = take_number(&mut packed)?;
    let mut raw = Vec::new();
    let mut unpacked = zstd::stream::read::Decoder::with_buffer(packed)?.take(size + 1);
    // What is set aside follows what comes, not what is said.
    unpacked.read_to_end(&mut raw)?;
    if raw.len() as u64 != size {
        return Err(Error::new("a block of another length than it says"));
    }
    let rest = &mut &raw[..];
    let rows = take_number(rest)? as usize;
    if rows > BLOCK_ROWS {
        return Err(Error::new(format!("a block of {rows} rows")));
    }
    let mut batch = Batch { links: take_bytes(rest, 1)? == [1], ..Batch::default() };
    decode_i64(rest, &mut batch.times)?;
    batch.sequence = match take_bytes(rest, 1)? {
        [0] => Sequence::None,
        [1] => {
            let mut numbers = Vec::new();
            decode_i64(rest, &mut numbers)?;
            Sequence::Numbers(numbers)
        }
        _ => Sequence::Texts(take_texts(rest, rows)?),
    };
    decode_i64(rest, &mut batch.amounts)?;
    for (columns, count) in [(&mut batch.ids, ids), (&mut batch.texts, texts)] {
        if take_number(rest)? != count as u64 {
            return Err(Error::new("a block of other columns"));
        }
        *columns = (0..count).map(|_| take_texts(rest, rows)).collect::<Result<_>>()?;
    }
    let numbers = match &batch.sequence {
        Sequence::Numbers(it) => it.len(),
        _ => rows,
    };
    let amounts = batch.amounts.len();
    match batch.len() == rows
        && numbers == rows
        && (amounts == 0 || amounts == rows)
        && rest.is_empty()
    {
        true => Ok(batch),
        false => Err(uneven()),
    }
}

#[cold]
fn uneven() -> Error {
    Error::new("a block whose columns differ in length")
}

fn take_texts(bytes: &mut &[u8], rows: usize) -> Result<TextColumn> {
    let mut column = TextColumn::default();
    decode_u32(bytes, &mut column.codes)?;
    let (mut shared, mut own) = (Vec::new(), Vec::new());
    decode_u32(bytes, &mut shared)?;
    decode_u32(bytes, &mut own)?;
    let count = shared.len();
    let known = |it: &u32| (*it as usize) < count || *it == NONE;
    if (!column.codes.is_empty() && column.codes.len() != rows)
        || own.len() != count
        || !column.codes.iter().all(known)
    {
        return Err(uneven());
    }
    let all = shared.iter().chain(&own).map(|&it| u64::from(it)).sum::<u64>();
    if all > MOST_TEXT {
        return Err(Error::new("a block with more text than a block can have"));
    }
    let mut text = Vec::new();
    for (at, (&shared, &own)) in shared.iter().zip(&own).enumerate() {
        if shared as usize > text.len() {
            return Err(Error::new("a text that shares more than there is"));
        }
        text.truncate(shared as usize);
        text.extend(take_bytes(bytes, own as usize)?);
        let text = std::str::from_utf8(&text)
            .map_err(|it| Error::new("a text that is not UTF-8").caused_by(it))?;
        if column.dictionary.intern(text) as usize != at {
            return Err(Error::new("a text that comes twice"));
        }
    }
    Ok(column)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(texts: &[&str]) -> TextColumn {
        let mut column = TextColumn::default();
        for text in texts {
            column.codes.push(match *text {
                "" => NONE,
                it => column.dictionary.intern(it),
            });
        }
        column
    }

    fn batch() -> Batch {
        Batch {
            times: vec![5_000_000, 4_000_000, 9_000_000],
            sequence: Sequence::Texts(column(&["b", "", "a7"])),
            ids: vec![column(&["user-2", "user-1", ""]), TextColumn::default()],
            texts: vec![column(&["größe", "", "größer"])],
            amounts: vec![NO_AMOUNT, 1_250, -3],
            ..Batch::default()
        }
    }

    fn shown(batch: &Batch) -> String {
        let texts = |it: &TextColumn| -> Vec<String> {
            let text = |row| it.dictionary.get(it.code(row)).to_owned();
            (0..batch.len()).map(text).collect()
        };
        let all: Vec<_> = batch.ids.iter().chain(&batch.texts).map(texts).collect();
        let sequence = match &batch.sequence {
            Sequence::Texts(it) => texts(it),
            other => vec![format!("{other:?}")],
        };
        format!("{:?} {:?} {sequence:?} {all:?}", batch.times, batch.amounts)
    }

    #[test]
    fn rows_come_back_whatever_the_batches_were() {
        let batches = [batch(), batch()];
        let runs = blocks(&batches).remove(0);
        let whole = gather(&runs);
        assert_eq!(whole.len(), 6);
        assert!(whole.ids[0].dictionary.iter().eq(["user-1", "user-2"]), "sorted");
        let cut = [(&batches[0], 0..1), (&batches[0], 1..3), (&batches[1], 0..3)];
        let bytes = pack(&whole).unwrap();
        assert_eq!(pack(&gather(&cut)).unwrap(), bytes);
        assert_eq!(shown(&unpack(&bytes, 2, 1).unwrap()), shown(&whole));
        assert!(unpack(&bytes, 1, 1).is_err() && unpack(&bytes, 2, 2).is_err());
    }

    #[test]
    fn any_change_inside_a_block_is_another_block_or_an_error() {
        let bytes = pack(&gather(&blocks(&[batch()]).remove(0))).unwrap();
        let mut packed = &bytes[..];
        let size = take_number(&mut packed).unwrap() as usize;
        let raw = zstd::bulk::decompress(packed, size).unwrap();
        for at in 0..raw.len() {
            for change in 1..=255u8 {
                let mut changed = raw.clone();
                changed[at] ^= change;
                let mut again = Vec::new();
                put_number(size as u64, &mut again);
                again.extend(zstd::bulk::compress(&changed, 1).unwrap());
                if let Ok(batch) = unpack(&again, 2, 1) {
                    shown(&batch);
                }
            }
        }
    }

    #[test]
    fn fingerprints_tell_no_order_and_no_batch() {
        use crate::store::marks::Marks;
        let (types, texts) = (["user".to_owned(), "cookie".to_owned()], ["event".to_owned()]);
        let of = |batches: &[Batch]| {
            let mut marks = Marks::default();
            batches.iter().for_each(|it| marks.add(it, &types, &texts));
            marks
        };
        let one = batch();
        let turned = gather(&[(&one, 2..3), (&one, 0..2)]);
        assert_eq!(of(&[batch()]), of(&[turned]));
        let mut other = batch();
        other.amounts[1] += 1;
        assert_ne!(of(&[batch()]), of(&[other]));
        assert_ne!(of(&[batch()]), of(&[batch(), batch()]));
        let mut bytes = Vec::new();
        of(&[batch()]).write(&mut bytes);
        assert_eq!(Marks::read(&mut &bytes[..]).unwrap(), of(&[batch()]));
    }
}
