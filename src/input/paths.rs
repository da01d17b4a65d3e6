//! The few values that a mapping names, out of one JSON object, without a tree.
//!
//! Values that nobody asked for are checked and skipped; numbers keep their own
//! digits. Knows nothing of rows or files.

use std::borrow::Cow;
use std::fmt;

use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::value::RawValue;

use super::rows::spans::Span;

/// Dotted paths as a tree of keys.
///
/// A path `a.0.b` goes through the object `a`, its first array element (or its
/// key `0`) and that one's `b`. A key that is the whole path, dots and all, goes
/// before the path.
#[derive(Debug, Clone)]
pub struct Paths {
    nodes: Vec<Node>,
    slots: usize,
}

#[derive(Debug, Clone, Default)]
struct Node {
    key: String,
    /// The key as a position in an array.
    index: Option<usize>,
    /// The column that this node is the value of.
    slot: Option<usize>,
    /// Whether the key is a whole dotted path.
    whole: bool,
    children: Vec<usize>,
}

/// The values of one object, to be used again for the next.
#[derive(Debug, Clone)]
pub struct Values<'a> {
    /// Where values stand as they are, in the text that the object stands in.
    spans: Vec<Span>,
    /// The other values.
    texts: Vec<Option<Cow<'a, str>>>,
    /// Whether there is any of the other values.
    written: bool,
    whole: Vec<bool>,
    /// The last object in which each node was met, to find repeated keys.
    met: Vec<u64>,
    object: u64,
    /// Which columns were met in any object, `null` or not.
    seen: Vec<bool>,
    /// Whether all of them were.
    all_seen: bool,
}

impl<'a> Values<'a> {
    /// The texts of the columns, of an object in `text`; `None` for `null` and what is absent.
    pub fn texts<'s>(&'s self, text: &'s str) -> impl Iterator<Item = Option<&'s str>> {
        self.texts.iter().zip(&self.spans).map(move |(it, span)| match it {
            Some(it) => Some(&**it),
            // What stands in an object has at least a brace before it.
            None if span.start == 0 => None,
            None => text.get(span.start as usize..span.end as usize),
        })
    }

    /// Where the values of all columns stand, none for `null` and what is absent; unless a value
    /// stands nowhere as it is.
    #[inline]
    pub(super) fn spans(&self) -> Option<&[Span]> {
        (!self.written).then_some(&self.spans)
    }

    /// Which columns occurred in any object so far.
    pub fn seen(&self) -> &[bool] {
        &self.seen
    }

    pub(super) fn begin(&mut self) {
        self.object += 1;
        self.spans.fill(Span::default());
        self.whole.fill(false);
        if self.written {
            self.texts.fill(None);
            self.written = false;
        }
    }

    /// Notes the columns of all nodes met in this object, once all of it is found good.
    #[inline]
    pub(super) fn commit(&mut self, paths: &Paths) {
        if !self.all_seen {
            for (node, _) in paths.nodes.iter().zip(&self.met).filter(|it| *it.1 == self.object) {
                node.slot.into_iter().for_each(|it| self.seen[it] = true);
            }
            self.all_seen = self.seen.iter().all(|&it| it);
        }
    }

    /// Notes the columns of nodes that occurred in good objects, by their bits.
    pub(super) fn note(&mut self, paths: &Paths, nodes: u64) {
        let met = paths
            .nodes
            .iter()
            .enumerate()
            .filter(|it| nodes.checked_shr(it.0 as u32).unwrap_or(0) & 1 == 1);
        met.filter_map(|it| it.1.slot).for_each(|it| self.seen[it] = true);
    }

    fn set(&mut self, slot: usize, whole: bool, text: Option<Cow<'a, str>>) {
        self.seen[slot] = true;
        self.put(slot, whole, text);
    }

    /// Notes that a node is met; `None` if it was before in the same object. Gives its
    /// column, and whether that is for the whole path, and whether its inside is wanted.
    #[inline]
    pub(super) fn meet(
        &mut self,
        paths: &Paths,
        node: usize,
    ) -> Option<(Option<(usize, bool)>, bool)> {
        if std::mem::replace(&mut self.met[node], self.object) == self.object {
            return None;
        }
        let it = &paths.nodes[node];
        Some((it.slot.map(|slot| (slot, it.whole)), !it.children.is_empty()))
    }

    /// Puts a column's text, unless the whole path has given it already.
    pub(super) fn put(&mut self, slot: usize, whole: bool, text: Option<Cow<'a, str>>) {
        if whole || !self.whole[slot] {
            self.spans[slot] = Span::default();
            self.written = true;
            self.texts[slot] = text;
            self.whole[slot] |= whole;
        }
    }

    /// The same for a text that stands as it is in the one around it; none for `null`.
    #[inline(always)]
    pub(super) fn place(&mut self, slot: usize, whole: bool, span: Span) {
        if whole || !self.whole[slot] {
            self.spans[slot] = span;
            self.whole[slot] |= whole;
            if self.written {
                self.texts[slot] = None;
            }
        }
    }
}

impl Paths {
    /// The tree of these columns.
    pub fn new(columns: &[String]) -> Self {
        let mut paths = Self { nodes: vec![Node::default()], slots: columns.len() };
        for (slot, column) in columns.iter().enumerate() {
            let mut node = 0;
            for key in column.split('.') {
                node = paths.child(node, key);
            }
            paths.nodes[node].slot = Some(slot);
        }
        for (slot, column) in columns.iter().enumerate().filter(|it| it.1.contains('.')) {
            let node = paths.child(0, column);
            paths.nodes[node].slot = Some(slot);
            paths.nodes[node].whole = true;
        }
        paths
    }

    fn child(&mut self, parent: usize, key: &str) -> usize {
        let known = self.nodes[parent].children.iter().find(|&&it| self.nodes[it].key == key);
        if let Some(&it) = known {
            return it;
        }
        let node = self.nodes.len();
        self.nodes.push(Node { key: key.to_owned(), index: key.parse().ok(), ..Node::default() });
        self.nodes[parent].children.push(node);
        node
    }

    /// Room for the values of an object.
    pub fn values<'a>(&self) -> Values<'a> {
        Values {
            spans: vec![Span::default(); self.slots],
            texts: vec![None; self.slots],
            written: false,
            whole: vec![false; self.slots],
            met: vec![0; self.nodes.len()],
            object: 0,
            seen: vec![false; self.slots],
            all_seen: false,
        }
    }

    /// Reads one object.
    ///
    /// # Errors
    /// The text is no JSON object, something follows it, or a key on the way to a
    /// mapped value occurs twice.
    pub fn read<'a>(&self, text: &'a str, values: &mut Values<'a>) -> serde_json::Result<()> {
        values.begin();
        if !text.trim_start().starts_with('{') {
            return Err(serde_json::Error::custom("not an object"));
        }
        let mut json = serde_json::Deserializer::from_str(text);
        Inside { paths: self, node: 0, values }.deserialize(&mut json)?;
        json.end()
    }

    /// How many nodes the tree has.
    pub(super) fn nodes(&self) -> usize {
        self.nodes.len()
    }

    /// How many columns there are.
    pub(super) fn slots(&self) -> usize {
        self.slots
    }

    /// The column that a node is the value of.
    pub(super) fn slot(&self, node: usize) -> Option<usize> {
        self.nodes[node].slot
    }

    #[inline]
    pub(super) fn by_key(&self, node: usize, key: &str) -> Option<usize> {
        self.nodes[node].children.iter().copied().find(|&it| self.nodes[it].key == key)
    }

    pub(super) fn by_index(&self, node: usize, index: usize) -> Option<usize> {
        self.nodes[node].children.iter().copied().find(|&it| self.nodes[it].index == Some(index))
    }

    /// Takes the value of a node, and what is wanted of its inside.
    fn take<'a>(
        &self,
        node: usize,
        raw: &'a str,
        values: &mut Values<'a>,
    ) -> serde_json::Result<()> {
        let it = &self.nodes[node];
        if std::mem::replace(&mut values.met[node], values.object) == values.object {
            return Err(serde_json::Error::custom(format!("the key \"{}\" occurs twice", it.key)));
        }
        if let Some(slot) = it.slot {
            values.set(slot, it.whole, text_of(raw)?);
        }
        if !it.children.is_empty() && raw.starts_with(['{', '[']) {
            let mut json = serde_json::Deserializer::from_str(raw);
            Inside { paths: self, node, values }.deserialize(&mut json)?;
        }
        Ok(())
    }
}

/// The text of a value: a string's content, the digits of a number, `true` or
/// `false`, nothing for `null`, and arrays and objects as they are written.
pub(super) fn text_of(raw: &str) -> serde_json::Result<Option<Cow<'_, str>>> {
    Ok(match raw.as_bytes() {
        b"null" => None,
        [b'"', inside @ .., b'"'] if memchr::memchr(b'\\', inside).is_none() => {
            Some(Cow::Borrowed(&raw[1..raw.len() - 1]))
        }
        [b'"', ..] => Some(Cow::Owned(serde_json::from_str(raw)?)),
        [b'-' | b'0'..=b'9', ..] if raw.contains(['e', 'E']) => Some(without_exponent(raw)),
        _ => Some(Cow::Borrowed(raw)),
    })
}

/// The same number as plain digits, or as it is where those would be too many.
pub(super) fn without_exponent(raw: &str) -> Cow<'_, str> {
    const MOST: usize = 40;
    let parts = raw.split_once(['e', 'E']).and_then(|(number, exponent)| {
        let exponent: i32 = exponent.parse().ok()?;
        Some((number, exponent)).filter(|_| exponent.unsigned_abs() as usize <= MOST)
    });
    let Some((number, exponent)) = parts else { return Cow::Borrowed(raw) };
    let (sign, number) = number.strip_prefix('-').map_or(("", number), |it| ("-", it));
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.len() + fraction.len() > MOST {
        return Cow::Borrowed(raw);
    }
    let zeros = "0".repeat(exponent.unsigned_abs() as usize);
    let digits = match exponent {
        0.. => format!("{whole}{fraction}{zeros}"),
        _ => format!("{zeros}{whole}{fraction}"),
    };
    // Where the point stands now, from the left.
    let point = match exponent {
        0.. => whole.len() + zeros.len(),
        _ => whole.len(),
    };
    let (whole, fraction) = digits.split_at(point);
    let whole = whole.trim_start_matches('0');
    let fraction = fraction.trim_end_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let point = if fraction.is_empty() { "" } else { "." };
    Cow::Owned(format!("{sign}{whole}{point}{fraction}"))
}

/// What is wanted of an object's or array's inside.
struct Inside<'p, 'v, 'a> {
    paths: &'p Paths,
    node: usize,
    values: &'v mut Values<'a>,
}

impl<'de> DeserializeSeed<'de> for Inside<'_, '_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Inside<'_, '_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(child) = map.next_key_seed(Key { paths: self.paths, node: self.node })? {
            let Some(child) = child else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            let raw: &'de RawValue = map.next_value()?;
            self.paths.take(child, raw.get(), self.values).map_err(A::Error::custom)?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        for index in 0.. {
            let Some(child) = self.paths.by_index(self.node, index) else {
                if elements.next_element::<IgnoredAny>()?.is_none() {
                    break;
                }
                continue;
            };
            let Some(raw) = elements.next_element::<&'de RawValue>()? else { break };
            self.paths.take(child, raw.get(), self.values).map_err(A::Error::custom)?;
        }
        Ok(())
    }
}

/// Finds the child that a key names, without keeping the key.
struct Key<'p> {
    paths: &'p Paths,
    node: usize,
}

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: serde::de::Error>(self, key: &str) -> Result<Self::Value, E> {
        Ok(self.paths.by_key(self.node, key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pick(columns: &[&str], json: &str) -> Result<Vec<Option<String>>, String> {
        let columns: Vec<String> = columns.iter().map(|it| (*it).to_owned()).collect();
        let paths = Paths::new(&columns);
        let mut values = paths.values();
        paths.read(json, &mut values).map_err(|it| it.to_string())?;
        Ok(values.texts(json).map(|it| it.map(str::to_owned)).collect())
    }

    #[test]
    fn values_are_picked_as_their_table_says() {
        let cases = [
            (r#"{"a":"x"}"#, "a", Some("x")),
            (r#"{"b":"x"}"#, "a", None),
            (r#"{"a":null}"#, "a", None),
            (r#"{"a":true}"#, "a", Some("true")),
            (r#"{"a":9007199254740993.10}"#, "a", Some("9007199254740993.10")),
            (
                r#"{"a":123456789012345678901234567890}"#,
                "a",
                Some("123456789012345678901234567890"),
            ),
            (r#"{"a":1e-05}"#, "a", Some("0.00001")),
            (r#"{"a":-1.25E2}"#, "a", Some("-125")),
            (r#"{"a":1.5e0}"#, "a", Some("1.5")),
            (r#"{"a":123.4e-2}"#, "a", Some("1.234")),
            (r#"{"a":1e400}"#, "a", Some("1e400")),
            (r#"{"a":"1e5"}"#, "a", Some("1e5")),
            (r#"{"a":"q\"\u00e9\\n\ud83d\ude00"}"#, "a", Some("q\"é\\n😀")),
            (r#"{"\u0061":1}"#, "a", Some("1")),
            (r#"{"a":{"b":{"c":1}}}"#, "a.b.c", Some("1")),
            (r#"{"a":{"b":[{"c":1},{"c":2}]}}"#, "a.b.1.c", Some("2")),
            (r#"{"a":{"b":{"1":{"c":3}}}}"#, "a.b.1.c", Some("3")),
            (r#"{"a":[1,2]}"#, "a.7", None),
            (r#"{"a":5}"#, "a.b", None),
            (r#"{"a":[1, {"x": 2}]}"#, "a", Some(r#"[1, {"x": 2}]"#)),
            (r#"{"a.b":1,"a":{"b":2}}"#, "a.b", Some("1")),
            (r#"{"a":{"b":2},"a.b":1}"#, "a.b", Some("1")),
            (r#"{"z":{"a":1},"z2":[[[]]],"a":2}"#, "a", Some("2")),
        ];
        for (json, column, expected) in cases {
            let got = pick(&[column], json).unwrap();
            assert_eq!(got, [expected.map(str::to_owned)], "{json}");
        }
        let both = pick(&["a", "a.b"], r#"{"a":{"b":1}}"#).unwrap();
        assert_eq!(both, [Some(r#"{"b":1}"#.to_owned()), Some("1".to_owned())]);
    }

    #[test]
    fn what_is_no_object_or_ambiguous_is_refused() {
        let bad = [
            "",
            "{",
            "[1]",
            "1",
            r#""a""#,
            "null",
            r#"{"a":1} x"#,
            r#"{"a":1}{"a":2}"#,
            r#"{"a":1,}"#,
            r#"{"a":NaN}"#,
            r#"{"a":01}"#,
            r#"{'a':1}"#,
            r#"{"a":"\ud800"}"#,
            r#"{"z":"\q"}"#,
            r#"{"a":1,"a":1}"#,
            r#"{"b":{"c":1},"b":{"d":2}}"#,
            "{\"a\":\"\n\"}",
        ];
        for json in bad {
            assert!(pick(&["a", "b.c"], json).is_err(), "{json}");
        }
        // A repeated key that nobody asked for harms nobody.
        assert!(pick(&["a"], r#"{"z":1,"z":1,"a":1}"#).is_ok());
    }

    #[test]
    fn deep_nesting_overflows_nothing() {
        let deep = format!(r#"{{"z":{}{},"a":1}}"#, "[".repeat(200_000), "]".repeat(200_000));
        assert_eq!(pick(&["a"], &deep), Ok(vec![Some("1".to_owned())]));
        let open = format!(r#"{{"a":{}"#, "[".repeat(200_000));
        assert!(pick(&["a"], &open).is_err());
    }
}
