//! Privacy at the door: ids become keyed hashes, rows of who is forgotten stay out.
//!
//! Both happen before anything else sees a row, so that no later step, file or report
//! can tell what was left out here. Knows no format.

use std::fmt;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use foldhash::fast::FixedState;
use hashbrown::HashSet;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::ids::{compared, folds_case};
use super::nobody::is_nobodys;
use super::read::ReadSettings;
use crate::base::names::nearest;
use crate::base::privacy::{HASH_DIGITS, hex, is_hash};
use crate::base::{Dictionary, Error, NONE, Place, Reject, Result};
use crate::model::raw::{Blocked, OUT_OF_SESSION, Sequence, TextColumn};
use crate::model::{Batch, Fields};

/// The fewest bytes of a key: who has 2^128 guesses has time for anything.
const KEY_BYTES: usize = 16;
/// The most bytes of a key file or a list of ids.
const FILE_BYTES: u64 = 1 << 30;
/// What a key's fingerprint is the hash of.
const FINGERPRINT: &str = "touchpath: which key";

/// A keyed hash of ids: HMAC-SHA-256 (RFC 2104, FIPS 180-4) over `type:id`, of which the
/// first 128 bits are kept as 32 hexadecimal digits.
///
/// The same key gives the same text for the same id in every run and file, so that joins
/// still work; without the key nobody can find out whose it is by trying addresses.
///
/// ```
/// use touchpath::input::privacy::IdHash;
/// let one = IdHash::new(b"sixteen bytes or more").unwrap();
/// assert_eq!(one.of("email", "ann@x.org").len(), 32);
/// assert_eq!(one.of("email", "ann@x.org"), one.of("email", "ann@x.org"));
/// assert_ne!(one.of("email", "ann@x.org"), one.of("user", "ann@x.org"));
/// assert!(IdHash::new(b"too short").is_err());
/// ```
#[derive(Clone)]
pub struct IdHash {
    keyed: Hmac<Sha256>,
}

impl fmt::Debug for IdHash {
    /// Never the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdHash")
    }
}

impl IdHash {
    /// A hash with a key of 16 bytes or more.
    ///
    /// # Errors
    /// The key is shorter.
    pub fn new(key: &[u8]) -> Result<Self> {
        let hint = "write at least 16 bytes that nobody can guess, such as: \
                    head -c 32 /dev/urandom | base64 > ids.key";
        if key.len() < KEY_BYTES {
            let bytes = key.len();
            return Err(Error::new(format!("the key has {bytes} bytes, too few")).hint(hint));
        }
        match Hmac::new_from_slice(key) {
            Ok(keyed) => Ok(Self { keyed }),
            Err(error) => Err(Error::new(format!("cannot use the key: {error}")).hint(hint)),
        }
    }

    /// A hash with the key in a file; blanks and line ends around it do not count.
    ///
    /// # Errors
    /// The file cannot be read, or the key is too short.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = bytes(path).map_err(|it| it.hint("--hash-ids names a file with a key"))?;
        Self::new(bytes.trim_ascii()).map_err(|it| it.at(Place::file(path.display().to_string())))
    }

    /// The hash of an id of some type.
    pub fn of(&self, id_type: &str, id: &str) -> String {
        let mut text = self.whole(&[id_type, ":", id]);
        text.truncate(HASH_DIGITS);
        text
    }

    /// The hash of an id that somebody wrote as `type:id`, with its type: compared as ids in
    /// files are. What is a hash already stays.
    ///
    /// ```
    /// use touchpath::input::privacy::IdHash;
    /// let hash = IdHash::new(b"sixteen bytes or more").unwrap();
    /// let name = hash.name("email: ANN@x.org");
    /// assert_eq!(name, format!("email:{}", hash.of("email", "ann@x.org")));
    /// assert_eq!(hash.name(&name), name);
    /// ```
    pub fn name(&self, name: &str) -> String {
        let Some((id_type, id)) = name.split_once(':') else { return name.to_owned() };
        let (id_type, id) = (id_type.trim(), id.trim());
        if is_hash(id) {
            return format!("{id_type}:{id}");
        }
        format!("{id_type}:{}", self.of(id_type, &compared(id, folds_case(id_type))))
    }

    /// Tells keys apart and says nothing of them.
    pub fn fingerprint(&self) -> String {
        let mut text = self.whole(&[FINGERPRINT]);
        text.truncate(HASH_DIGITS / 2);
        text
    }

    fn whole(&self, parts: &[&str]) -> String {
        let mut keyed = self.keyed.clone();
        parts.iter().for_each(|it| keyed.update(it.as_bytes()));
        hex(&keyed.finalize().into_bytes())
    }

    /// The same column with hashed texts.
    fn column(&self, id_type: &str, column: TextColumn) -> TextColumn {
        let mut dictionary = Dictionary::default();
        let hash = |it: &str| match (id_type, it) {
            // Not a key: it says that the row is out of all sessions.
            ("session", OUT_OF_SESSION) => dictionary.intern(it),
            _ => dictionary.intern(&self.of(id_type, it)),
        };
        let codes: Vec<u32> = column.dictionary.iter().map(hash).collect();
        let code = |it: u32| codes.get(it as usize).copied().unwrap_or(NONE);
        TextColumn { codes: column.codes.into_iter().map(code).collect(), dictionary }
    }
}

/// Ids of who is to be forgotten, as listed: one a line, `type:id`, or an id of any type.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ForgetList {
    /// Where each id stands, and the id.
    entries: Vec<(Place, String)>,
}

impl ForgetList {
    /// Reads a list; blank lines and those that begin with `#` do not count.
    ///
    /// # Errors
    /// The file cannot be read or is not UTF-8.
    pub fn read(path: &Path) -> Result<Self> {
        let name = path.display().to_string();
        let bytes =
            bytes(path).map_err(|it| it.hint("a list of ids has one a line, as type:id"))?;
        let text = String::from_utf8(bytes).map_err(|_| {
            Error::new("is not UTF-8").at(Place::file(&*name)).hint("save the file as UTF-8")
        })?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let lines = text.lines().zip(1..).map(|(line, number)| (line.trim(), number));
        let entries = lines.filter(|it| !it.0.is_empty() && !it.0.starts_with('#'));
        let entry = |(line, number): (&str, u64)| (Place::line(&*name, number), line.to_owned());
        Ok(Self { entries: entries.map(entry).collect() })
    }

    /// Adds the ids of another list.
    pub fn extend(&mut self, other: Self) {
        self.entries.extend(other.entries);
    }

    /// How many ids are listed.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

fn bytes(path: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    fs_err::File::open(path)?.take(FILE_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A list of ids to forget, by type of id.
#[derive(Debug, Clone)]
pub struct Forget {
    types: Vec<HashSet<String, FixedState>>,
    /// All ids in one, for texts that nobody took apart.
    texts: Vec<String>,
}

impl Forget {
    fn new(list: &ForgetList, id_types: &[String], hash: Option<&IdHash>) -> Result<Self> {
        let mut types: Vec<HashSet<String, FixedState>> = vec![HashSet::default(); id_types.len()];
        let mut texts = Vec::new();
        for (place, entry) in &list.entries {
            let (named, id) = parse(entry, id_types).map_err(|it| it.at(place.clone()))?;
            for (at, id_type) in id_types.iter().enumerate() {
                if named.is_some_and(|it| it != at) {
                    continue;
                }
                let id = compared(id, folds_case(id_type));
                types[at].extend(hash.map(|it| it.of(id_type, &id)));
                types[at].insert(id);
            }
            texts.push(id.to_owned());
        }
        Ok(Self { types, texts })
    }

    /// Whether an id, as it is compared, is to be forgotten.
    pub fn has(&self, id_type: usize, id: &str) -> bool {
        self.types.get(id_type).is_some_and(|it| it.contains(id))
    }

    fn is_in(&self, text: &str) -> bool {
        self.texts.iter().any(|it| text.contains(it.as_str()))
    }
}

/// The type that an entry names, and the id.
fn parse<'e>(entry: &'e str, id_types: &[String]) -> Result<(Option<usize>, &'e str)> {
    let Some((named, id)) = entry.split_once(':') else { return Ok((None, entry)) };
    let (named, id) = (named.trim(), id.trim());
    if let Some(at) = id_types.iter().position(|it| it == named) {
        return Ok((Some(at), id));
    }
    // Who mistypes a type would not forget.
    match nearest(named, id_types.iter().map(String::as_str)) {
        Some(near) => Err(Error::new(format!("no source has ids of type \"{named}\""))
            .hint(format!("did you mean \"{near}\"? An id of any type stands alone in its line"))),
        None => Ok((None, entry)),
    }
}

/// What becomes of ids at the door.
#[derive(Debug, Clone, Default)]
pub struct Privacy {
    /// How ids are hashed, if they are.
    pub hash: Option<Arc<IdHash>>,
    /// Who is to be forgotten, if anybody.
    pub forget: Option<Arc<Forget>>,
}

impl Privacy {
    /// As the settings say, for these types of ids.
    ///
    /// # Errors
    /// An entry of the list names a type that seems to be mistyped.
    pub fn new(settings: &ReadSettings, id_types: &[String]) -> Result<Self> {
        let list = settings.forget.as_deref().filter(|it| !it.is_empty());
        let hash = settings.hash_ids.as_deref();
        let forget = list.map(|it| Forget::new(it, id_types, hash).map(Arc::new)).transpose()?;
        Ok(Self { hash: settings.hash_ids.clone(), forget })
    }

    /// The same, where ids are hashed already or not.
    #[must_use]
    pub fn for_partials(&self, hashed: bool) -> Self {
        Self { hash: self.hash.clone().filter(|_| !hashed), forget: self.forget.clone() }
    }

    /// What of a row that was set aside may be kept: its detail and its text.
    pub fn kept(&self, detail: String, raw: String) -> (String, String) {
        if self.hash.is_some() || self.forget.as_ref().is_some_and(|it| it.is_in(&raw)) {
            return (String::new(), String::new());
        }
        (detail, raw)
    }

    /// Leaves out of a row that an earlier run set aside what may not be kept.
    pub fn keep_reject(&self, reject: &mut Reject) {
        let (detail, raw) = (std::mem::take(&mut reject.detail), std::mem::take(&mut reject.raw));
        let forgotten = self.forget.as_ref().is_some_and(|it| it.is_in(&detail));
        if !forgotten {
            (reject.detail, reject.raw) = self.kept(detail, raw);
        }
    }

    /// Hashes the ids of a batch whose codes are its own, and its sessions' keys, which may
    /// begin with a cookie.
    pub fn hash_batch(&self, batch: &mut Batch, fields: &Fields) {
        let Some(hash) = &self.hash else { return };
        for (column, id_type) in batch.ids.iter_mut().zip(&fields.id_types) {
            *column = hash.column(id_type, std::mem::take(column));
        }
        if let Some(column) = fields.text("session").and_then(|it| batch.texts.get_mut(it)) {
            *column = hash.column("session", std::mem::take(column));
        }
        batch.blocked = self.hash_blocked(std::mem::take(&mut batch.blocked), &fields.id_types);
    }

    /// Hashes ids that link nobody; what is nobody's id anywhere is no secret.
    pub fn hash_blocked(&self, blocked: Blocked, id_types: &[String]) -> Blocked {
        let Some(hash) = &self.hash else { return blocked };
        let mut hashed = Blocked::new();
        for ((id_type, id), count) in blocked {
            let known = is_nobodys(&id);
            let id = if known { id } else { hash.of(&id_types[id_type], &id) };
            *hashed.entry((id_type, id)).or_default() += count;
        }
        hashed
    }

    /// Takes rows with an id of somebody who is forgotten out of a batch whose codes are
    /// its own, and says how many.
    pub fn forget_rows(&self, batch: &mut Batch) -> u64 {
        let Some(forget) = &self.forget else { return 0 };
        let listed = |(id_type, column): (usize, &TextColumn)| -> Vec<bool> {
            column.dictionary.iter().map(|it| forget.has(id_type, it)).collect()
        };
        let listed: Vec<Vec<bool>> = batch.ids.iter().enumerate().map(listed).collect();
        if !listed.iter().flatten().any(|it| *it) {
            return 0;
        }
        let stays = |row: &usize| {
            let hit = |(column, listed): (&TextColumn, &Vec<bool>)| {
                listed.get(column.code(*row) as usize).copied().unwrap_or(false)
            };
            !batch.ids.iter().zip(&listed).any(hit)
        };
        let rows: Vec<usize> = (0..batch.len()).filter(stays).collect();
        let forgotten = (batch.len() - rows.len()) as u64;
        pick(batch, &rows);
        forgotten
    }
}

/// Leaves a batch with these rows alone, and with no text of any other.
fn pick(batch: &mut Batch, rows: &[usize]) {
    let numbers = |column: &mut Vec<i64>| {
        if !column.is_empty() {
            *column = rows.iter().map(|&it| column[it]).collect();
        }
    };
    let texts = |column: &mut TextColumn| {
        let mut picked = TextColumn::default();
        if !column.codes.is_empty() {
            let code = |&row: &usize| match column.codes[row] {
                NONE => NONE,
                code => picked.dictionary.intern(column.dictionary.get(code)),
            };
            picked.codes = rows.iter().map(code).collect();
        }
        *column = picked;
    };
    numbers(&mut batch.times);
    numbers(&mut batch.amounts);
    numbers(&mut batch.lines);
    batch.ids.iter_mut().for_each(texts);
    batch.texts.iter_mut().for_each(texts);
    match &mut batch.sequence {
        Sequence::None => {}
        Sequence::Numbers(it) => numbers(it),
        Sequence::Texts(it) => texts(it),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_hmac_sha_256() {
        // RFC 4231, test case 4: a key of 25 bytes, 50 times 0xcd; here over our own parts.
        let key: Vec<u8> = (1..=25).collect();
        let mut keyed = IdHash::new(&key).unwrap().keyed;
        keyed.update(&[0xcd; 50]);
        assert_eq!(
            hex(&keyed.finalize().into_bytes()),
            "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"
        );
    }

    #[test]
    fn entries_name_a_type_or_any() {
        let types = ["user".to_owned(), "email".to_owned()];
        assert_eq!(parse("email: A@x.org", &types).unwrap(), (Some(1), "A@x.org"));
        assert_eq!(parse("42", &types).unwrap(), (None, "42"));
        assert_eq!(parse("urn:isbn:1", &types).unwrap(), (None, "urn:isbn:1"));
        assert!(parse("emial:a@x.org", &types).unwrap_err().hint_text().unwrap().contains("email"));
    }

    #[test]
    fn rows_that_are_forgotten_leave_no_text_behind() {
        let entries = vec![(Place::default(), "email:ANN@x.org".to_owned())];
        let types = ["user".to_owned(), "email".to_owned()];
        let forget = Forget::new(&ForgetList { entries }, &types, None).unwrap();
        let privacy = Privacy { forget: Some(Arc::new(forget)), ..Privacy::default() };
        let column = |texts: &[&str]| {
            let mut column = TextColumn::default();
            for it in texts {
                column.codes.push(if it.is_empty() { NONE } else { column.dictionary.intern(it) });
            }
            column
        };
        let mut batch = Batch {
            times: vec![1, 2, 3],
            ids: vec![column(&["u1", "u2", "u1"]), column(&["ann@x.org", "", "bob@x.org"])],
            texts: vec![TextColumn::default()],
            ..Batch::default()
        };
        assert_eq!(privacy.forget_rows(&mut batch), 1);
        assert_eq!(batch.times, [2, 3]);
        assert_eq!(batch.ids[0].dictionary.iter().collect::<Vec<_>>(), ["u2", "u1"]);
        assert_eq!(batch.ids[1].codes, [NONE, 0]);
        assert!(batch.ids[1].dictionary.iter().eq(["bob@x.org"]));
    }
}
