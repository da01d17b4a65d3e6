//! One set of events in every format: the same rows and the same codes come out.

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

use super::parquet::written::{Cell, table};
use super::{ReadSettings, SourceOptions, read};
use crate::base::{Timestamp, Unwatched};
use crate::store::RawEvents;

/// One made-up event.
struct Event {
    time: i64,
    user: Option<i64>,
    cookie: String,
    event: &'static str,
    cents: Option<i128>,
    note: Option<&'static str>,
}

fn events(count: usize) -> Vec<Event> {
    let mut random = Pcg64::seed_from_u64(11);
    let notes =
        ["plain", "with \"quotes\"", "comma, semicolon;", "two\nlines", "ünï 😀", "\\back\tslash"];
    let mut event = |index: usize| Event {
        time: 1_767_225_600_000_000 + index as i64 * 1_234_567 + random.random_range(0..1000),
        user: random.random_bool(0.5).then(|| random.random_range(0..50)),
        cookie: format!("c{:03}", random.random_range(0..90)),
        event: ["home", "cart", "purchase"][random.random_range(0..3)],
        cents: random.random_bool(0.2).then(|| random.random_range(-500..100_000)),
        note: random.random_bool(0.7).then(|| notes[random.random_range(0..notes.len())]),
    };
    (0..count).map(&mut event).collect()
}

fn price(cents: i128) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", cents.abs() / 100, cents.abs() % 100)
}

fn csv(events: &[Event]) -> Vec<u8> {
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    writer.write_record(["ts", "user", "cookie", "event", "value", "note"]).unwrap();
    for it in events {
        writer
            .write_record([
                &Timestamp(it.time).to_string(),
                &it.user.map(|it| it.to_string()).unwrap_or_default(),
                &it.cookie,
                it.event,
                &it.cents.map(price).unwrap_or_default(),
                it.note.unwrap_or_default(),
            ])
            .unwrap();
    }
    writer.into_inner().unwrap()
}

fn jsonl(events: &[Event]) -> Vec<u8> {
    let mut text = String::new();
    for it in events {
        let cents = it.cents.map_or("null".to_owned(), price);
        text.push_str(&format!(
            "{{\"note\":{},\"ts\":\"{}\",\"value\":{cents},\"user\":{},\"cookie\":{:?},\"event\":{:?}}}\n",
            serde_json::Value::from(it.note),
            Timestamp(it.time),
            serde_json::Value::from(it.user),
            it.cookie,
            it.event,
        ));
    }
    text.into_bytes()
}

fn parquet(events: &[Event]) -> Vec<u8> {
    let column = |of: &dyn Fn(&Event) -> Cell| events.iter().map(of).collect();
    let cents = |it: i128| Cell::Bytes(it.to_be_bytes()[8..].to_vec());
    let columns = [
        ("required int64 ts (timestamp(micros, true));", column(&|it| it.time.into())),
        ("optional int64 user;", column(&|it| it.user.into())),
        ("required binary cookie (string);", column(&|it| it.cookie.as_str().into())),
        ("required binary event (string);", column(&|it| it.event.into())),
        (
            "optional fixed_len_byte_array(8) value (decimal(18, 2));",
            column(&|it| it.cents.map_or(Cell::None, cents)),
        ),
        ("optional binary note (string);", column(&|it| it.note.into())),
    ];
    table(&columns, 700)
}

/// All rows with their texts, in order.
fn rows(raw: &RawEvents) -> Vec<String> {
    let mut rows = Vec::new();
    for batch in &raw.batches.all().unwrap() {
        for row in 0..batch.len() {
            let ids = batch
                .ids
                .iter()
                .zip(&raw.ids)
                .map(|(column, table)| table.get(column.code(row)).to_owned());
            let texts = batch
                .texts
                .iter()
                .zip(&raw.texts)
                .map(|(column, dictionary)| dictionary.get(column.code(row)).to_owned());
            let cells: Vec<String> = ids.chain(texts).collect();
            let amount = batch.amounts.get(row);
            rows.push(format!("{} {amount:?} {}", batch.times[row], cells.join("|")));
        }
    }
    rows
}

#[test]
fn csv_json_lines_and_parquet_give_the_same_rows() {
    let events = events(3000);
    let folder = tempfile::tempdir().unwrap();
    let files =
        [("a.csv", csv(&events)), ("a.jsonl", jsonl(&events)), ("a.parquet", parquet(&events))];
    let mut all = Vec::new();
    for (name, bytes) in files {
        fs_err::File::create(folder.path().join(name))
            .and_then(|mut it| std::io::Write::write_all(&mut it, &bytes))
            .unwrap();
        let source: SourceOptions = toml::from_str(&format!(
            "path = '{name}'\ntime = 'ts'\nevent = 'event'\nvalue = 'value'\n\
             ids = {{ user = 'user', cookie = 'cookie' }}\nproperties = {{ note = 'note' }}"
        ))
        .unwrap();
        let settings = ReadSettings {
            folder: folder.path().to_owned(),
            currency: "EUR".parse().unwrap(),
            ..ReadSettings::default()
        };
        let raw = read(&[source], &settings, &Unwatched).unwrap();
        assert_eq!((raw.issues.read, raw.issues.used()), (3000, 3000), "{name}");
        all.push((name, rows(&raw)));
    }
    for (name, rows) in &all[1..] {
        for (row, expected) in rows.iter().zip(&all[0].1) {
            assert_eq!(row, expected, "{name}");
        }
        assert_eq!(rows.len(), all[0].1.len());
    }
}
