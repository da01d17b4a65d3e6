//! Bots by stated rules: what a program calls itself, and how fast an id is.
//!
//! Off unless a source names the column of user agents, or `[bots]` a rate. Rows of bots
//! are left out and counted, and tell nothing, not even who is who.

use std::sync::LazyLock;

use regex::Regex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::time::SECOND;
use crate::base::{NONE, Progress, Result};
use crate::model::Batch;
use crate::store::RawEvents;

/// Why a row whose program says that it is a bot is left out.
pub(super) const AGENT: &str = "bot: its user agent says so";
/// Why rows of an id that is too fast are left out.
pub const RATE: &str = "bot: an id with more events in an hour than [bots] rate";

/// Who is a bot, besides those whose user agent says so (see a source's `user_agent`).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BotOptions {
    /// The most events that one id may have in an hour of the clock (UTC); all rows of an id
    /// with more are left out. None are if this is not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub rate: Option<u64>,
}

static LIST: &str = include_str!("bots.txt");

static AGENTS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let lines = LIST.lines().filter(|it| !it.is_empty() && !it.starts_with('#'));
    let fragments: Vec<String> = lines.map(regex::escape).collect();
    Regex::new(&format!("(?i-u){}", fragments.join("|"))).ok()
});

/// Whether a program says that it is no visitor: by a fragment of `bots.txt`, in any case of
/// letters. A Cubot is a telephone.
pub(super) fn is_bot(agent: &str) -> bool {
    let Some(agents) = &*AGENTS else { return false };
    let mut found = agents.find_iter(agent);
    found.any(|it| {
        let before = agent.get(it.start().saturating_sub(2)..it.start());
        !(it.as_str().eq_ignore_ascii_case("bot")
            && before.is_some_and(|it| it.eq_ignore_ascii_case("cu")))
    })
}

/// How many rows are looked at together, about.
const TOGETHER: usize = 32 << 20;
/// An hour in microseconds.
const HOUR: i64 = 3600 * SECOND;

/// Takes out all rows of ids with more than `rate` events in an hour of the clock.
///
/// # Errors
/// The spill file cannot be read or written.
pub(super) fn drop_fast(raw: &mut RawEvents, rate: u64, progress: &dyn Progress) -> Result<()> {
    let mut fast: Vec<Vec<u32>> = Vec::new();
    for id_type in 0..raw.fields.id_types.len() {
        fast.push(fast_ids(raw, id_type, rate, progress)?);
    }
    if fast.iter().all(Vec::is_empty) {
        return Ok(());
    }
    for at in 0..raw.batches.kept().len() {
        progress.check()?;
        let batch = raw.batches.get(at)?;
        if batch.links {
            continue;
        }
        let is_fast = |row: &u32| {
            let mut ids = batch.ids.iter().zip(&fast);
            ids.any(|(column, fast)| fast.binary_search(&column.code(*row as usize)).is_ok())
        };
        let rows: Vec<u32> = (0..batch.len() as u32).filter(is_fast).collect();
        if !rows.is_empty() {
            raw.batches.rewrite(at, |it| super::dedupe::remove(it, &rows))?;
            rows.iter().for_each(|_| raw.issues.leave_out(RATE));
        }
    }
    Ok(())
}

/// The codes of a type's ids that are too fast, in order.
fn fast_ids(
    raw: &RawEvents,
    id_type: usize,
    rate: u64,
    progress: &dyn Progress,
) -> Result<Vec<u32>> {
    let shards = (raw.batches.rows() / TOGETHER + 1) as u32;
    let mut fast = Vec::new();
    for shard in 0..shards {
        let mut hours: Vec<(u32, i32)> = Vec::new();
        for at in 0..raw.batches.kept().len() {
            progress.check()?;
            let batch = raw.batches.get(at)?;
            if !batch.links {
                hours.extend(of_shard(&batch, id_type, shards, shard));
            }
        }
        hours.sort_unstable();
        let runs = hours.chunk_by(|a, b| a == b).filter(|it| it.len() as u64 > rate);
        fast.extend(runs.map(|it| it[0].0));
    }
    fast.sort_unstable();
    fast.dedup();
    Ok(fast)
}

/// The ids of a batch's rows and the hours of their times.
fn of_shard(
    batch: &Batch,
    id_type: usize,
    shards: u32,
    shard: u32,
) -> impl Iterator<Item = (u32, i32)> {
    (0..batch.len()).filter_map(move |row| {
        let code = batch.ids[id_type].code(row);
        // Hours of the years 1 to 9999 fit.
        let hour = batch.times[row].div_euclid(HOUR) as i32;
        (code != NONE && code % shards == shard).then_some((code, hour))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_bots_if_they_say_so() {
        let bots = [
            "Mozilla/5.0 (compatible; Googlebot/2.1; +http://127.0.0.1/bot.html)",
            "Mozilla/5.0 (compatible; bingBOT/2.0)",
            "curl/8.5.0",
            "Mozilla/5.0 (X11) AppleWebKit/537.36 HeadlessChrome/120.0 Safari/537.36",
            "CUBOT_X18 Googlebot",
        ];
        let people = [
            "",
            "Mozilla/5.0 (Linux; Android 9; CUBOT_X18) Chrome/88.0 Mobile Safari/537.36",
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_14_6) Version/14.0 Safari/605.1.15",
            "snowplow/andr-1.7.1 android/8.0.0",
            "Dalvik/2.1.0 (Linux; U; Android 10) okhttp/4.9",
        ];
        assert!(bots.iter().all(|it| is_bot(it)));
        assert!(people.iter().all(|it| !is_bot(it)), "{people:?}");
    }

    #[test]
    fn fragments_are_in_small_letters_and_come_once() {
        let mut lines: Vec<&str> =
            LIST.lines().filter(|it| !it.is_empty() && !it.starts_with('#')).collect();
        assert!(lines.iter().all(|it| it.to_lowercase() == *it && it.trim() == *it));
        let count = lines.len();
        lines.sort_unstable();
        lines.dedup();
        assert_eq!(lines.len(), count);
    }
}
