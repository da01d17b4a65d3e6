//! Ids of all types in one numbering. Knows texts only by their codes.

use crate::base::{Error, NONE, Result};
use crate::store::RawEvents;

/// Ids of all types in one numbering, strongest type first: an id is a **node**.
#[derive(Debug, Default, Clone)]
pub struct Nodes {
    bases: Vec<u32>,
}

impl Nodes {
    /// The numbering of all ids that were read.
    ///
    /// # Errors
    /// There are more than four billion.
    pub fn new(raw: &RawEvents) -> Result<Self> {
        let mut bases = vec![0u32];
        for table in &raw.ids {
            let last = bases.last().copied().unwrap_or(0) as usize + table.len();
            let base = u32::try_from(last).ok().filter(|&it| it < NONE - 1);
            bases.push(base.ok_or_else(|| {
                Error::new("more than four billion distinct ids")
                    .hint("fold the data in shards by customer")
            })?);
        }
        Ok(Self { bases })
    }

    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.bases.last().map_or(0, |&it| it as usize)
    }

    /// Whether there is no node.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The node of an id.
    #[inline]
    pub fn node(&self, id_type: usize, code: u32) -> u32 {
        self.bases[id_type] + code
    }

    /// The type of a node and its code there.
    pub fn code(&self, node: u32) -> (usize, u32) {
        let id_type = self.id_type(node);
        (id_type, node - self.bases[id_type])
    }

    /// How many types there are.
    pub fn types(&self) -> usize {
        self.bases.len().saturating_sub(1)
    }

    /// The nodes of a type.
    pub fn of_type(&self, id_type: usize) -> std::ops::Range<u32> {
        self.bases[id_type]..self.bases[id_type + 1]
    }

    /// The position of a node's type in [`Fields::id_types`](crate::model::Fields::id_types).
    #[inline]
    pub fn id_type(&self, node: u32) -> usize {
        self.bases.partition_point(|&it| it <= node) - 1
    }

    /// The id of a node, without its type.
    pub fn text<'a>(&self, raw: &'a RawEvents, node: u32) -> &'a str {
        let id_type = self.id_type(node);
        raw.ids[id_type].get(node - self.bases[id_type])
    }

    /// An id as people write it: `type:id`.
    pub fn name(&self, raw: &RawEvents, node: u32) -> String {
        format!("{}:{}", raw.fields.id_types[self.id_type(node)], self.text(raw, node))
    }

    /// The node of `type:id`, if it occurs: blanks around both do not count, nor does the case
    /// of letters where only the id in lower case occurs.
    pub fn find(&self, raw: &RawEvents, name: &str) -> Option<u32> {
        let (id_type, id) = name.split_once(':')?;
        let id_type = raw.fields.id_type(id_type.trim())?;
        let (id, table) = (id.trim(), raw.ids.get(id_type)?);
        let lower = || id.chars().flat_map(char::to_lowercase).collect::<String>();
        let code = table.code(id).or_else(|| table.code(&lower()))?;
        Some(self.node(id_type, code))
    }
}

/// A set of nodes, one bit each.
#[derive(Debug, Default, Clone)]
pub struct NodeSet {
    words: Vec<u64>,
}

impl NodeSet {
    /// No node of so many.
    pub fn new(nodes: usize) -> Self {
        Self { words: vec![0; nodes.div_ceil(64)] }
    }

    /// Whether there is room for no node, so that none is in it.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Adds a node.
    pub fn insert(&mut self, node: u32) {
        if let Some(word) = self.words.get_mut(node as usize / 64) {
            *word |= 1 << (node % 64);
        }
    }

    /// Whether a node is in it.
    #[inline]
    pub fn contains(&self, node: u32) -> bool {
        self.words.get(node as usize / 64).is_some_and(|it| it >> (node % 64) & 1 == 1)
    }

    /// All nodes, ascending.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.words.iter().enumerate().flat_map(|(at, &word)| {
            (0..64).filter(move |it| word >> it & 1 == 1).map(move |it| at as u32 * 64 + it)
        })
    }
}
