//! How right is stitching? Precision and recall of customers where the truth is known.
//!
//! Reads events with a column that says who it really was. The stitcher never sees it:
//! it is carried beside the rows, and compared when all is done. Of all pairs that
//! stitching gives to one customer, precision is the share that are of one person; of all
//! pairs that are of one person, recall is the share that stitching brings together. Pairs
//! are of events, where somebody's events count as often as there are, and of ids, where
//! each id counts once, as that of the person who used it most.
//!
//! `--kiosks N` lets people share N devices now and then: one browser's day in a hundred
//! (`--share`) happens on one of them, chosen by `--seed`.
//!
//! Without EVENTS it makes up some, with eight kiosks.
//!
//! ```sh
//! cargo run --release --example identity_truth -- EVENTS.csv --kiosks 20
//! ```
#![allow(clippy::print_stdout)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use touchpath::base::{Error, NONE, Result, Unwatched};
use touchpath::input::{self, ReadSettings, SourceOptions};
use touchpath::model::Batch;
use touchpath::prepare::identity::{Guards, IdentityOptions};
use touchpath::prepare::stitch::{Asked, Stitched, stitch_again};
use touchpath::store::RawEvents;

/// A stream of numbers that stays the same (Steele and Vigna's SplitMix64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut it = self.0;
        it = (it ^ (it >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        it = (it ^ (it >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (it ^ (it >> 31)) % bound
    }
}

/// Events to try it on: visits of people with up to three browsers each, of whom most log
/// in now and then.
pub fn made_up(people: u64, seed: u64) -> String {
    let mut chance = Chance(seed);
    let mut text = String::from("ts,anonymous_id,user_id,customer_id\n");
    for person in 0..people {
        let (browsers, logs_in) = (1 + chance.below(3), chance.below(10) < 7);
        for _ in 0..1 + chance.below(6) {
            let (day, minute) = (1 + chance.below(28), chance.below(1300));
            let browser = person * 4 + chance.below(browsers);
            let login = if logs_in { chance.below(5) } else { 9 };
            for step in 0..4 + chance.below(5) {
                let at = minute + step;
                let user = if step >= login { format!("u{person}") } else { String::new() };
                let (hour, minute) = (at / 60, at % 60);
                let _ = writeln!(
                    text,
                    "2026-01-{day:02}T{hour:02}:{minute:02}:00Z,b{browser},{user},p{person}"
                );
            }
        }
    }
    text
}

/// What is asked for.
pub struct Asks {
    events: Option<PathBuf>,
    time: String,
    cookie: String,
    user: String,
    truth: String,
    kiosks: u64,
    share: f64,
    seed: u64,
}

impl Asks {
    /// What the arguments ask for.
    pub fn new(arguments: impl Iterator<Item = String>) -> Result<Self> {
        let (mut events, mut given) = (None, BTreeMap::new());
        let mut arguments = arguments.peekable();
        while let Some(it) = arguments.next() {
            match it.strip_prefix("--") {
                Some(name) => {
                    given.insert(name.to_owned(), arguments.next().unwrap_or_default());
                }
                None => events = Some(PathBuf::from(it)),
            }
        }
        let usage = "identity_truth [EVENTS.csv] [--kiosks N] [--share 0.01] [--seed N] [--time ts] \
                     [--cookie anonymous_id] [--user user_id] [--truth customer_id]";
        let kiosks = if events.is_some() { "0" } else { "8" };
        let mut text = |name: &str, usual: &str| given.remove(name).unwrap_or(usual.to_owned());
        fn number<T: std::str::FromStr>(name: &str, text: String) -> Result<T> {
            text.parse().map_err(|_| Error::new(format!("--{name}: \"{text}\" is no number")))
        }
        let asks = Self {
            events,
            time: text("time", "ts"),
            cookie: text("cookie", "anonymous_id"),
            user: text("user", "user_id"),
            truth: text("truth", "customer_id"),
            kiosks: number("kiosks", text("kiosks", kiosks))?,
            share: number("share", text("share", "0.01"))?,
            seed: number("seed", text("seed", "1"))?,
        };
        match given.keys().next() {
            Some(it) => Err(Error::new(format!("unknown option --{it}")).hint(usage)),
            None => Ok(asks),
        }
    }

    /// The same events, where some days of some browsers happen on shared devices instead.
    fn with_kiosks(&self, events: &Path, folder: &Path) -> Result<PathBuf> {
        let wrong = |it: csv::Error| Error::new(format!("cannot read the events: {it}"));
        let mut reader = csv::Reader::from_path(events).map_err(wrong)?;
        let path = folder.join("kiosks.csv");
        let mut writer = csv::Writer::from_path(&path).map_err(wrong)?;
        let header = reader.headers().map_err(wrong)?.clone();
        let column = |name: &str| {
            let at = header.iter().position(|it| it == name);
            at.ok_or_else(|| Error::new(format!("the events have no column \"{name}\"")))
        };
        let (time, cookie) = (column(&self.time)?, column(&self.cookie)?);
        writer.write_record(&header).map_err(wrong)?;
        for record in reader.records() {
            let record = record.map_err(wrong)?;
            let day: String = record[time].chars().take("2026-01-31".len()).collect();
            let kiosk = self.kiosk(&record[cookie], &day);
            let fields = record.iter().enumerate();
            let fields = fields.map(|(at, it)| if at == cookie { &kiosk } else { it });
            writer.write_record(fields).map_err(wrong)?;
        }
        writer.flush()?;
        Ok(path)
    }

    /// The device on which a browser's day happens: its own, or a shared one.
    fn kiosk(&self, cookie: &str, day: &str) -> String {
        let seed = FixedState::with_seed(self.seed);
        let chance = std::hash::BuildHasher::hash_one(&seed, (cookie, day));
        let (share, which) = (chance >> 11, chance % self.kiosks.max(1));
        // The upper 53 bits as a number from 0 to 1.
        match (share as f64) < self.share * (1u64 << 53) as f64 && self.kiosks > 0 {
            true => format!("kiosk-{which}"),
            false => cookie.to_owned(),
        }
    }

    fn read(&self, path: &Path) -> Result<RawEvents> {
        let ids = [("user", &self.user), ("cookie", &self.cookie)];
        let source = SourceOptions {
            path: path.display().to_string(),
            format: "csv".into(),
            time: Some(self.time.clone()),
            ids: ids.into_iter().map(|(name, it)| (name.to_owned(), it.clone())).collect(),
            properties: [(TRUTH.to_owned(), self.truth.clone())].into_iter().collect(),
            ..SourceOptions::default()
        };
        input::read(&[source], &ReadSettings::default(), &Unwatched)
    }
}

/// The property that the truth is carried as.
const TRUTH: &str = "truth";

/// Pairs of events, by what stitching says and what is so.
#[derive(Debug, Default)]
pub struct Score {
    /// Customers with an event, or with an id.
    pub customers: u64,
    /// Pairs that are of one person and of one customer.
    both: u128,
    /// Pairs that are of one customer.
    together: u128,
    /// Pairs that are of one person.
    same: u128,
}

/// How many events are of one customer and one person.
type Cells = HashMap<(u32, u32), u64, FixedState>;

impl Score {
    /// Counts pairs of events.
    fn of_events(raw: &RawEvents, stitched: &Stitched) -> Result<Self> {
        let of = |batch: &Batch, row: usize| vec![stitched.customer(batch, row).0];
        Ok(Self::new(&cells(raw, of)?))
    }

    /// Counts pairs of ids.
    fn of_ids(raw: &RawEvents, stitched: &Stitched) -> Result<Self> {
        let nodes = stitched.nodes();
        let of = |batch: &Batch, row: usize| {
            let codes = batch.ids.iter().map(|it| it.code(row)).enumerate();
            codes.filter(|it| it.1 != NONE).map(|it| nodes.node(it.0, it.1)).collect()
        };
        // The person who used each id most; of equals the least code, whoever that is.
        let mut used: HashMap<u32, (u64, u32), FixedState> = HashMap::default();
        for ((node, person), count) in cells(raw, of)? {
            let most = used.entry(node).or_insert((0, u32::MAX));
            if count > most.0 || (count == most.0 && person < most.1) {
                *most = (count, person);
            }
        }
        let mut ids = Cells::default();
        for (node, (_, person)) in used {
            *ids.entry((stitched.customer_of(node).0, person)).or_default() += 1;
        }
        Ok(Self::new(&ids))
    }

    fn new(cells: &Cells) -> Self {
        let mut customers: HashMap<u32, u64, FixedState> = HashMap::default();
        let mut persons: HashMap<u32, u64, FixedState> = HashMap::default();
        for (&(customer, person), &count) in cells {
            *customers.entry(customer).or_default() += count;
            *persons.entry(person).or_default() += count;
        }
        let pairs = |it: &u64| u128::from(*it) * u128::from(it.saturating_sub(1)) / 2;
        Self {
            customers: customers.len() as u64,
            both: cells.values().map(pairs).sum(),
            together: customers.values().map(pairs).sum(),
            same: persons.values().map(pairs).sum(),
        }
    }

    /// Of pairs of one customer, the share that are of one person.
    pub fn precision(&self) -> f64 {
        self.both as f64 / self.together.max(1) as f64
    }

    /// Of pairs of one person, the share that are of one customer.
    pub fn recall(&self) -> f64 {
        self.both as f64 / self.same.max(1) as f64
    }
}

/// How many events there are of each thing that `of` finds on a row, and each person.
fn cells(raw: &RawEvents, of: impl Fn(&Batch, usize) -> Vec<u32> + Sync) -> Result<Cells> {
    let truth = raw.fields.text(TRUTH).ok_or_else(|| Error::new("no column with the truth"))?;
    let all: Mutex<Cells> = Mutex::default();
    raw.batches.for_each(|batch| {
        let mut own = Cells::default();
        for row in 0..batch.len() {
            for it in of(batch, row) {
                *own.entry((it, batch.texts[truth].code(row))).or_default() += 1;
            }
        }
        let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
        own.into_iter().for_each(|(cell, count)| *all.entry(cell).or_default() += count);
    })?;
    Ok(all.into_inner().unwrap_or_else(PoisonError::into_inner))
}

/// Guards by name, plain union-find first.
fn guards() -> [(&'static str, IdentityOptions); 3] {
    let of = |guards| IdentityOptions { guards, ..IdentityOptions::default() };
    [
        ("loose (plain union-find)", of(Guards::Loose)),
        ("default", of(Guards::Default)),
        ("strict", of(Guards::Strict)),
    ]
}

/// How right some guards are.
pub struct Scores {
    /// The guards.
    pub name: &'static str,
    /// By pairs of events.
    pub events: Score,
    /// By pairs of ids.
    pub ids: Score,
}

/// How many events there are, and how right each of the guards is.
pub fn scores(asks: &Asks) -> Result<(usize, Vec<Scores>)> {
    let folder = tempfile::tempdir()?;
    let made = folder.path().join("events.csv");
    let events = match &asks.events {
        Some(it) => it,
        None => {
            fs_err::write(&made, made_up(3000, asks.seed))?;
            &made
        }
    };
    let path = match asks.kiosks {
        0 => events.clone(),
        _ => asks.with_kiosks(events, folder.path())?,
    };
    let raw = asks.read(&path)?;
    let score = |(name, options): (&'static str, IdentityOptions)| {
        let stitched = stitch_again(&raw, &options, Asked::default())?;
        let (events, ids) = (Score::of_events(&raw, &stitched)?, Score::of_ids(&raw, &stitched)?);
        Ok(Scores { name, events, ids })
    };
    Ok((raw.len(), guards().into_iter().map(score).collect::<Result<_>>()?))
}

fn main() -> Result<()> {
    let asks = Asks::new(std::env::args().skip(1))?;
    let (rows, scores) = scores(&asks)?;
    println!("{rows} events, {} kiosks", asks.kiosks);
    let head = ["customers", "precision", "recall", "id prec.", "id recall"];
    println!("{:<26} {}", "guards", head.map(|it| format!("{it:>10}")).concat());
    for Scores { name, events, ids } in scores {
        let shares = [events.precision(), events.recall(), ids.precision(), ids.recall()];
        let shares = shares.map(|it| format!("{it:>10.4}")).concat();
        println!("{name:<26} {:>10}{shares}", events.customers);
    }
    Ok(())
}
