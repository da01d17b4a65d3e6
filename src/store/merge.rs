//! Partials into one: which pieces stay, and what is refused.
//!
//! Pieces are a set: the same piece twice is once. Any order and any grouping of
//! merges gives the same bytes. What would count events twice in silence, or
//! split a customer, is refused. Knows no journey.

use std::collections::BTreeMap;
use std::io::Write;

use rayon::prelude::*;
use serde_json::Value;

use super::marks::{BUCKETS, hash};
use super::partial::{Entry, Head, Partial, Totals, Writer};
use super::piece::Piece;
use crate::base::{Error, Place, Result};

/// What a merge allows.
#[derive(Debug, Clone, Copy, Default)]
pub struct Rules {
    /// A partial that adds nothing is refused, not dropped.
    pub strict: bool,
    /// Partials may share input files: a file with the same name and content counts
    /// once, any other as it stands.
    pub allow_overlap: bool,
}

/// Some partials as one.
#[derive(Debug, Clone, Default)]
pub struct Merged {
    /// What they all say.
    pub head: Head,
    /// What was dropped, in words.
    pub notes: Vec<String>,
    partials: Vec<Partial>,
    /// Pieces in order: partial and entry.
    order: Vec<(usize, usize)>,
}

impl Merged {
    /// Joins partials.
    ///
    /// # Errors
    /// They were read in different ways; they share input files or content; a
    /// customer is in two shards that were said to hold whole customers.
    pub fn new(partials: Vec<Partial>, rules: Rules) -> Result<Self> {
        let mut merged = Self::default();
        for partial in by_size(partials) {
            let Some(first) = merged.partials.first() else {
                merged.head = partial.head.clone();
                merged.partials.push(partial);
                continue;
            };
            same_reading(first, &partial)?;
            // What a dropped partial was folded with counts too: then dropping changes nothing.
            merged.head.merge(&partial.head);
            if let Some(why) = merged.adds_nothing(&partial, rules) {
                if rules.strict {
                    return Err(Error::new(why)
                        .at(file(&partial))
                        .hint("leave it out, or leave out --strict to have it dropped"));
                }
                merged.notes.push(format!("{}: {why}: dropped", partial.path.display()));
                continue;
            }
            if !rules.allow_overlap {
                merged.refuse_overlap(&partial)?;
            }
            merged.partials.push(partial);
        }
        merged.notes.sort();
        merged.put_in_order();
        merged.refuse_split_customers()?;
        Ok(merged)
    }

    /// The pieces in order, with their partials.
    pub fn entries(&self) -> impl ExactSizeIterator<Item = (&Partial, &Entry)> {
        self.order.iter().map(|&(partial, entry)| {
            let partial = &self.partials[partial];
            (partial, &partial.entries[entry])
        })
    }

    /// Writes the one partial.
    ///
    /// # Errors
    /// A partial that cannot be read any more or is damaged; a failed write.
    pub fn write(&self, out: &mut dyn Write) -> Result<Totals> {
        let mut writer = Writer::new(&self.head, out)?;
        for (partial, entry) in self.entries() {
            partial.copy(entry, &mut writer)?;
        }
        writer.finish()
    }

    fn put_in_order(&mut self) {
        let all = self.partials.iter().enumerate();
        let mut order: Vec<(usize, usize)> =
            all.flat_map(|(at, it)| (0..it.entries.len()).map(move |entry| (at, entry))).collect();
        let key = |it: &(usize, usize)| self.partials[it.0].entries[it.1].piece.key();
        order.sort_by(|a, b| key(a).cmp(&key(b)));
        order.dedup_by(|a, b| key(a) == key(b));
        self.order = order;
    }

    fn pieces(&self) -> impl Iterator<Item = (&Partial, &Piece)> {
        self.partials.iter().flat_map(|it| it.entries.iter().map(move |entry| (it, &entry.piece)))
    }

    /// Why a partial adds nothing, if so.
    fn adds_nothing(&self, partial: &Partial, rules: Rules) -> Option<String> {
        let known: BTreeMap<_, _> = self.pieces().map(|it| (it.1.key(), it.0)).collect();
        let mut holders = partial.entries.iter().map(|it| known.get(&it.piece.key()));
        let holder = holders.next().flatten();
        if let Some(holder) = holder.filter(|_| holders.all(|it| it.is_some())) {
            return Some(format!("all of it is in {} already", holder.path.display()));
        }
        let same = |it: &&Partial| {
            partial.totals.rows > 0
                && it.totals.rows == partial.totals.rows
                && it.marks() == partial.marks()
        };
        let twin = self.partials.iter().find(same).filter(|_| !rules.allow_overlap)?;
        Some(format!("its {} rows are those of {}", partial.totals.rows, twin.path.display()))
    }

    fn refuse_overlap(&self, partial: &Partial) -> Result<()> {
        for (other, theirs) in self.pieces() {
            let others = partial.entries.iter().map(|it| &it.piece);
            for own in others.filter(|it| it.rank == theirs.rank) {
                let Some(why) = overlap(own, theirs) else { continue };
                return Err(Error::new(format!("{why} {}", other.path.display()))
                    .at(file(partial))
                    .hint("its events would count twice; leave one out, or see --allow-overlap"));
            }
        }
        Ok(())
    }

    fn refuse_split_customers(&self) -> Result<()> {
        let shards: Vec<&str> =
            self.entries().filter_map(|it| it.1.piece.shard.as_deref()).collect();
        if shards.iter().all(|it| *it == shards[0]) {
            return Ok(());
        }
        let entries: Vec<_> = self.entries().filter(|it| it.1.piece.shard.is_some()).collect();
        let ids: Vec<Vec<u64>> = entries
            .par_iter()
            .map(|(partial, entry)| id_hashes(partial, entry))
            .collect::<Result<_>>()?;
        let each = ids.iter().zip(&entries).zip(0usize..);
        let mut all: Vec<(u64, &str, usize)> = each
            .flat_map(|((ids, (_, it)), at)| {
                let shard = it.piece.shard.as_deref().unwrap_or_default();
                ids.iter().map(move |&id| (id, shard, at))
            })
            .collect();
        all.par_sort_unstable();
        let split = all.windows(2).find(|it| it[0].0 == it[1].0 && it[0].1 != it[1].1);
        let Some(&[(id, _, one), (_, _, other)]) = split else { return Ok(()) };
        let (partial, entry) = entries[one];
        let (id_type, masked) = masked(partial, entry, id)?;
        Err(Error::new(format!(
            "a customer is split: the {id_type} id {masked} (bucket {}) is in {} and in {}",
            id as usize % BUCKETS,
            partial.path.display(),
            entries[other].0.path.display(),
        ))
        .hint("they were folded with --by-customer, so each must hold whole customers"))
    }
}

fn file(partial: &Partial) -> Place {
    Place::file(partial.path.display().to_string())
}

/// Partials with more pieces first, so that what is in another comes after it; else
/// by their pieces, so that the order given says nothing.
fn by_size(mut partials: Vec<Partial>) -> Vec<Partial> {
    let keys = |it: &Partial| -> Vec<(u32, String, String)> {
        let key = |it: &Entry| {
            let (rank, name, sha256, _) = it.piece.key();
            (rank, name.to_owned(), sha256.to_owned())
        };
        it.entries.iter().map(key).collect()
    };
    partials.sort_by_cached_key(|it| (usize::MAX - it.entries.len(), keys(it), it.path.clone()));
    partials
}

/// Why two pieces of two partials cannot both count, if so.
fn overlap(own: &Piece, theirs: &Piece) -> Option<String> {
    let name = &own.name;
    if own.name == theirs.name {
        return Some(match own.sha256 == theirs.sha256 {
            true => format!("{name} is also in"),
            false => format!("{name} is, with other content, also in"),
        });
    }
    let same_bytes = own.read > 0 && own.sha256 == theirs.sha256;
    let same_rows = own.rows > 0 && own.rows == theirs.rows && own.marks == theirs.marks;
    (same_bytes || same_rows).then(|| format!("{name} has the events of {} in", theirs.name))
}

/// Refuses partials that were read in different ways.
fn same_reading(one: &Partial, other: &Partial) -> Result<()> {
    match difference(&one.head.reading, &other.head.reading, "") {
        None => Ok(()),
        Some(what) => {
            Err(Error::new(format!("was read otherwise than {}: {what}", one.path.display()))
                .at(file(other))
                .hint("fold both with the same journey file"))
        }
    }
}

/// The first difference of two values, in words.
pub fn difference(one: &Value, other: &Value, at: &str) -> Option<String> {
    if one == other {
        return None;
    }
    let below = |key: &str| if at.is_empty() { key.to_owned() } else { format!("{at}.{key}") };
    match (one, other) {
        (Value::Object(a), Value::Object(b)) => {
            let keys = a.keys().chain(b.keys().filter(|it| !a.contains_key(*it)));
            let null = Value::Null;
            keys.into_iter().find_map(|key| {
                difference(a.get(key).unwrap_or(&null), b.get(key).unwrap_or(&null), &below(key))
            })
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            let mut each = a.iter().zip(b).enumerate();
            each.find_map(|(place, (a, b))| difference(a, b, &below(&place.to_string())))
        }
        _ => {
            let shown = |it: &Value| if it.is_null() { "nothing".into() } else { it.to_string() };
            Some(format!("{at} is {} there and {} here", shown(one), shown(other)))
        }
    }
}

/// The hashes of the distinct ids of a piece.
fn id_hashes(partial: &Partial, entry: &Entry) -> Result<Vec<u64>> {
    let mut hashes = Vec::new();
    for block in &entry.blocks {
        let batch = partial.block(entry, block)?;
        for (id_type, column) in entry.piece.id_types.iter().zip(&batch.ids) {
            hashes.extend(column.dictionary.iter().map(|it| id_hash(id_type, it)));
        }
    }
    hashes.sort_unstable();
    hashes.dedup();
    Ok(hashes)
}

fn id_hash(id_type: &str, id: &str) -> u64 {
    hash(format!("{id_type}:{id}").as_bytes())
}

/// The type of the id with this hash, and so much of it as may be shown.
fn masked(partial: &Partial, entry: &Entry, id: u64) -> Result<(String, String)> {
    for block in &entry.blocks {
        let batch = partial.block(entry, block)?;
        for (id_type, column) in entry.piece.id_types.iter().zip(&batch.ids) {
            if let Some(it) = column.dictionary.iter().find(|it| id_hash(id_type, it) == id) {
                let first: String = it.chars().take(1).collect();
                return Ok((
                    id_type.clone(),
                    format!("\"{first}…\" of {} characters", it.chars().count()),
                ));
            }
        }
    }
    Ok((String::new(), String::new()))
}
