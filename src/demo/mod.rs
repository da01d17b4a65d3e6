//! The sample journey **shop**: a made-up shop for shoes, written into a folder.
//!
//! About 90 days of a web shop, an app, a customer file and cash desks in stores,
//! in four formats, with links between ids, costs, an experiment, rows that are
//! broken on purpose, and the truth about who is who. The same number of
//! customers and the same seed give the same bytes on every platform: all chance
//! is whole numbers from one seeded stream per person.
//!
//! Only writes. Knows `base` and nothing else of touchpath, so that what reads
//! the sample cannot lean on what wrote it.

mod channel;
mod clock;
mod dice;
mod dirt;
mod life;
mod people;
mod rows;
mod save;
mod sheet;
mod walk;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use self::channel::CHANNELS;
use self::dice::Dice;
use self::sheet::{Kind, Sheet};
use crate::base::{Amount, Error, IssueKind, Progress, Result, Unwatched};

/// How many people the sample has unless told otherwise.
pub const SHOP_CUSTOMERS: u32 = 20_000;
/// The seed of the sample unless told otherwise.
pub const SHOP_SEED: u64 = 20_250_301;

/// The sample's journey file.
const JOURNEY: &str = include_str!("../../journeys/shop/journey.toml");
/// The sample's description.
const README: &str = include_str!("../../journeys/shop/README.md");

const WEB_HEAD: &str = "event_id,ts,visitor,user_id,page,utm_source,utm_medium,utm_campaign,\
                        device,variant,order_id,revenue";
const CRM_HEAD: &str = "\u{feff}email;customer_no;activity;at;source;medium;note";

/// One file of the sample.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShopFile {
    /// The file's name in the folder.
    pub name: &'static str,
    /// Records in it, the header not counted, broken ones counted.
    pub rows: u64,
    /// Its length.
    pub bytes: u64,
}

/// What [`write_shop`] wrote, and what a reader should find in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShopFiles {
    /// The folder.
    pub folder: PathBuf,
    /// The journey file in it.
    pub journey: PathBuf,
    /// The data files, sources first.
    pub files: Vec<ShopFile>,
    /// True people, including those of whom no row tells.
    pub people: u64,
    /// Orders of web shop, app and stores together.
    pub orders: u64,
    /// Their value together, in cents.
    pub revenue: Amount,
    /// Rows that a client sent twice, with the same event id: this many are too many.
    pub duplicates: u64,
    /// Broken rows by the reason for which a reader sets them aside.
    pub dirty: BTreeMap<IssueKind, u64>,
}

/// Everything that is written down while people live.
struct Shop {
    web: Sheet,
    app: Sheet,
    crm: Sheet,
    pos: Sheet,
    links: Sheet,
    truth: Sheet,
    clicks: BTreeMap<(i64, &'static str), (u64, u64)>,
    orders: u64,
    revenue: Amount,
    duplicates: u64,
    dirty: BTreeMap<IssueKind, u64>,
}

impl Shop {
    fn new() -> Self {
        Self {
            web: Sheet::new("web.csv", WEB_HEAD).numbered("e", ""),
            app: Sheet::new("app.jsonl", "").numbered("{\"id\":\"a", "\""),
            crm: Sheet::new("crm.csv", CRM_HEAD).windows(),
            pos: Sheet::new("pos.tsv", "card_no\tbought_at\treceipt\tamount"),
            links: Sheet::new("links.csv", "linked_at,customer_no,user_id,email,card_no"),
            truth: Sheet::new("truth.csv", "id_type,id,person"),
            clicks: BTreeMap::new(),
            orders: 0,
            revenue: 0,
            duplicates: 0,
            dirty: BTreeMap::new(),
        }
    }

    fn count_click(&mut self, day: i64, channel: usize) {
        let channel = &CHANNELS[channel];
        let (clicks, cents) = self.clicks.entry((day, channel.booked)).or_default();
        *clicks += 1;
        *cents += u64::from(channel.click_price);
    }

    fn dirty(&mut self, kind: IssueKind) {
        *self.dirty.entry(kind).or_default() += 1;
    }

    /// Costs per day and channel; the bill counts a few clicks more than the shop saw.
    fn costs(&self, seed: u64) -> Sheet {
        let mut sheet = Sheet::new("costs.csv", "day,channel,cost,impressions,clicks");
        let mut dice = Dice::new(seed, u64::MAX);
        for (&(day, channel), &(clicks, cents)) in &self.clicks {
            let lost = u64::from(dice.below(1 + clicks as u32 / 8));
            let billed = clicks + lost;
            let cost = cents * billed / clicks.max(1);
            let shown = billed * u64::from(20 + dice.below(60));
            let line = format!(
                "{},{channel},{},{shown},{billed}",
                clock::date(day),
                euros(cost.cast_signed())
            );
            sheet.add(day, Kind::Plain, line.as_bytes());
        }
        sheet
    }
}

/// Writes the sample journey **shop** into a folder, which is made if need be.
///
/// Files of the same names are replaced; each appears whole or not at all. At
/// [`SHOP_CUSTOMERS`] people the files take about 24 MB; memory and disk grow
/// in proportion to the number of people. `truth.csv` says which ids are whose
/// and is for judging a stitcher, never for stitching.
///
/// # Errors
/// If there is no customer, or a file cannot be written.
///
/// ```
/// let folder = tempfile::tempdir().unwrap();
/// let shop = touchpath::demo::write_shop(folder.path(), 50, 1).unwrap();
/// assert!(shop.journey.ends_with("journey.toml"));
/// assert_eq!(shop.files[0].name, "web.csv");
/// ```
pub fn write_shop(folder: &Path, customers: u32, seed: u64) -> Result<ShopFiles> {
    write_shop_watched(folder, customers, seed, &Unwatched)
}

/// The same, watched by somebody who may call it off.
///
/// # Errors
/// As [`write_shop`]; the work was cancelled.
pub fn write_shop_watched(
    folder: &Path,
    customers: u32,
    seed: u64,
    progress: &dyn Progress,
) -> Result<ShopFiles> {
    if customers == 0 {
        return Err(Error::new("a shop needs at least one customer"));
    }
    fs_err::create_dir_all(folder)?;
    let mut shop = Shop::new();
    progress.stage("making", customers.into());
    for number in 0..customers {
        progress.check()?;
        progress.advance(1);
        life::live(seed, number, &mut shop);
    }
    dirt::plant(&mut shop, customers);
    let costs = shop.costs(seed);
    let mut files = Vec::new();
    for sheet in [shop.web, shop.app, shop.crm, shop.pos, shop.links, costs, shop.truth] {
        progress.check()?;
        let (name, rows) = (sheet.name, sheet.rows());
        let bytes = sheet.into_bytes();
        save::save(folder, name, &bytes)?;
        files.push(ShopFile { name, rows, bytes: bytes.len() as u64 });
    }
    save::save(folder, "README.md", README.as_bytes())?;
    save::save(folder, "journey.toml", JOURNEY.as_bytes())?;
    Ok(ShopFiles {
        folder: folder.to_owned(),
        journey: folder.join("journey.toml"),
        files,
        people: u64::from(customers),
        orders: shop.orders,
        revenue: shop.revenue,
        duplicates: shop.duplicates,
        dirty: shop.dirty,
    })
}

/// Cents as euros with two decimals.
fn euros(cents: Amount) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

#[cfg(test)]
mod tests;
