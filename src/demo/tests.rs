//! The sample is the same each time, well formed, and of a believable shape.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use super::*;

fn shop(customers: u32, seed: u64) -> (tempfile::TempDir, ShopFiles) {
    let folder = tempfile::tempdir().unwrap();
    let files = write_shop(folder.path(), customers, seed).unwrap();
    (folder, files)
}

fn bytes(files: &ShopFiles, name: &str) -> Vec<u8> {
    fs_err::read(files.folder.join(name)).unwrap()
}

fn digest(files: &ShopFiles) -> String {
    let mut hash = Sha256::new();
    for file in &files.files {
        hash.update(file.name);
        hash.update(bytes(files, file.name));
    }
    hash.finalize().iter().map(|it| format!("{it:02x}")).collect()
}

/// Good records of a delimited file: those with as many fields as the header has.
fn records(files: &ShopFiles, name: &str, delimiter: u8) -> Vec<csv::ByteRecord> {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .from_reader(std::io::Cursor::new(bytes(files, name)));
    let width = reader.byte_headers().unwrap().len();
    reader.byte_records().map(|it| it.unwrap()).filter(|it| it.len() == width).collect()
}

fn text(record: &csv::ByteRecord, column: usize) -> String {
    String::from_utf8_lossy(&record[column]).into_owned()
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let (_one, first) = shop(300, 7);
    let (_two, second) = shop(300, 7);
    assert_eq!(digest(&first), digest(&second));
    assert_eq!(first.files, second.files);
    let (_three, other) = shop(300, 8);
    assert_ne!(digest(&first), digest(&other));
}

#[test]
fn the_bytes_are_those_of_every_platform_and_release() {
    let (_folder, files) = shop(300, 7);
    // Changes only when the sample is meant to change; then say so in CHANGELOG.md.
    assert_eq!(digest(&files), "11c1c72e61f39926a2607dc74f964ffc29215f3d57d75cc5e591206f573395fd");
}

#[test]
fn nothing_but_the_files_is_left_in_the_folder() {
    let (folder, files) = shop(20, 1);
    let again = write_shop(folder.path(), 20, 2).unwrap();
    assert_ne!(digest(&again), "");
    let mut names: Vec<String> = fs_err::read_dir(folder.path())
        .unwrap()
        .map(|it| it.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let mut expected: Vec<&str> = files.files.iter().map(|it| it.name).collect();
    expected.extend(["README.md", "journey.toml"]);
    expected.sort_unstable();
    assert_eq!(names, expected);
}

#[test]
fn no_customer_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    assert!(write_shop(folder.path(), 0, 1).is_err());
}

#[test]
fn the_shape_is_believable() {
    let (_folder, files) = shop(2_000, 3);
    let rows = |name: &str| files.files.iter().find(|it| it.name == name).unwrap().rows;
    assert!((8_000..40_000).contains(&rows("web.csv")), "{files:?}");
    assert!((2_000..15_000).contains(&rows("app.jsonl")), "{files:?}");
    assert!((1_000..20_000).contains(&rows("crm.csv")), "{files:?}");
    assert!((300..3_000).contains(&rows("pos.tsv")), "{files:?}");
    assert!((300..2_000).contains(&rows("links.csv")), "{files:?}");
    assert!((300..630).contains(&rows("costs.csv")), "{files:?}");
    assert!((2_000..12_000).contains(&rows("truth.csv")), "{files:?}");
    assert!((400..3_000).contains(&files.orders), "{files:?}");
    assert!(files.revenue > 0 && files.dirty.len() >= 11);
}

#[test]
fn orders_and_revenue_are_those_of_the_files() {
    let (_folder, files) = shop(1_000, 3);
    let (mut orders, mut cents) = (BTreeSet::new(), 0);
    let mut take = |order: String, amount: String| {
        let Ok(value) = amount.replace('.', "").parse::<i64>() else { return };
        assert_eq!(amount.split('.').nth(1).map(str::len), Some(2), "{amount}");
        assert!(orders.insert(order.clone()), "{order} twice");
        cents += value;
    };
    for record in records(&files, "web.csv", b',') {
        if !record[10].is_empty() && &record[10] != b"order_id" {
            take(text(&record, 10), text(&record, 11));
        }
    }
    for line in String::from_utf8(bytes(&files, "app.jsonl")).unwrap().lines() {
        let Ok(row) = serde_json::from_str::<serde_json::Value>(line) else { continue };
        if row["order"]["currency"] == "EUR" {
            let total = row["order"]["total"].as_f64().unwrap();
            take(row["order"]["id"].as_str().unwrap().to_owned(), format!("{total:.2}"));
        }
    }
    for record in records(&files, "pos.tsv", b'\t') {
        if !record[0].is_empty() && &record[0] != b"Total" {
            take(text(&record, 2), text(&record, 3));
        }
    }
    assert_eq!(orders.len() as u64, files.orders);
    assert_eq!(cents, files.revenue);
}

#[test]
fn web_rows_are_sorted_numbered_and_have_twelve_fields() {
    let (_folder, files) = shop(500, 5);
    let content = String::from_utf8(bytes(&files, "web.csv")).unwrap();
    assert_eq!(content.lines().count() as u64, 1 + files.files[0].rows);
    let good: Vec<_> = records(&files, "web.csv", b',')
        .into_iter()
        .filter(|it| it[0].starts_with(b"e0"))
        .collect();
    assert!(good.windows(2).all(|it| it[0][0] < it[1][0] && it[0][1] <= it[1][1]));
    assert!(good.iter().all(|it| it[1].len() == 24 && it[1].ends_with(b"Z")));
    assert!(good.iter().all(|it| it[9] == *b"A" || it[9] == *b"B"));
    assert!(good.iter().any(|it| &it[7] == b"Spring sale, 2nd wave"));
    // Bad are: one too short, one header, and the planted ones that begin with x.
    assert_eq!(good.len() as u64 + 8 + 1, files.files[0].rows);
}

#[test]
fn app_rows_are_nested_objects() {
    let (_folder, files) = shop(500, 5);
    let content = String::from_utf8(bytes(&files, "app.jsonl")).unwrap();
    let (mut good, mut bad, mut seen, mut again) = (0, 0, BTreeSet::new(), 0);
    for line in content.lines() {
        match serde_json::from_str::<serde_json::Value>(line) {
            Ok(row) if row.is_object() => {
                good += 1;
                let id = row["id"].as_str().unwrap().to_owned();
                again += u64::from(!seen.insert(id.clone()));
                let time = row["at"]["time"].as_i64().unwrap();
                assert!((clock::START..clock::END).contains(&time));
                assert!(row["device"]["id"].is_string() && row["event"].is_string());
                assert!(row["user"]["id"].is_string() || row["user"]["id"].is_null());
            }
            _ => bad += 1,
        }
    }
    assert_eq!((bad, again), (2, files.duplicates));
    assert_eq!(good + bad, files.files[1].rows);
}

#[test]
fn the_customer_file_has_quotes_newlines_and_a_byte_order_mark() {
    let (_folder, files) = shop(2_000, 5);
    let content = bytes(&files, "crm.csv");
    assert!(content.starts_with(b"\xef\xbb\xbfemail;customer_no"));
    let rows = records(&files, "crm.csv", b';');
    assert_eq!(rows.len() as u64, files.files[2].rows);
    assert!(rows.iter().any(|it| it[6].contains(&b'\n') && it[6].contains(&b'"')));
    assert!(rows.iter().any(|it| it[6].contains(&b';')));
    assert!(rows.iter().filter(|it| &it[3] != b"31.04.2025").all(|it| it[3].len() == 19));
}

#[test]
fn other_tables_are_well_formed() {
    let (_folder, files) = shop(500, 5);
    for (name, delimiter) in
        [("pos.tsv", b'\t'), ("links.csv", b','), ("costs.csv", b','), ("truth.csv", b',')]
    {
        let file = files.files.iter().find(|it| it.name == name).unwrap();
        assert_eq!(records(&files, name, delimiter).len() as u64, file.rows, "{name}");
    }
    let costs = records(&files, "costs.csv", b',');
    assert!(costs.iter().all(|it| text(it, 2).parse::<f64>().unwrap() >= 0.0));
    let footer = records(&files, "pos.tsv", b'\t').pop().unwrap();
    assert_eq!((text(&footer, 0), text(&footer, 3)), ("Total".into(), euros(files.revenue)));
}

#[test]
fn the_truth_knows_each_id_of_a_good_row_but_the_kiosks() {
    let (_folder, files) = shop(800, 5);
    let truth: BTreeSet<(String, String)> =
        records(&files, "truth.csv", b',').iter().map(|it| (text(it, 0), text(it, 1))).collect();
    let knows = |kind: &str, id: String| {
        assert!(truth.contains(&(kind.to_owned(), id.clone())), "{kind}:{id}");
    };
    for record in records(&files, "web.csv", b',') {
        if record[0].starts_with(b"e0") {
            knows("cookie", text(&record, 2));
            if !record[3].is_empty() {
                knows("user", text(&record, 3));
            }
        }
    }
    for line in String::from_utf8(bytes(&files, "app.jsonl")).unwrap().lines() {
        let Ok(row) = serde_json::from_str::<serde_json::Value>(line) else { continue };
        let device = row["device"]["id"].as_str().unwrap_or_default();
        if row["id"].as_str().unwrap_or("x").starts_with("a0") && !device.starts_with("KIOSK") {
            knows("device", device.to_owned());
        }
    }
    for record in records(&files, "links.csv", b',') {
        knows("customer", text(&record, 1));
    }
}

#[test]
fn the_journey_file_names_the_files_and_their_columns() {
    let journey: toml::Table = toml::from_str(JOURNEY).unwrap();
    let (_folder, files) = shop(20, 1);
    for source in journey["source"].as_array().unwrap() {
        let name = source["path"].as_str().unwrap();
        let content = bytes(&files, name);
        let head = String::from_utf8_lossy(content.split(|it| *it == b'\n').next().unwrap());
        let ids = source["ids"].as_table().unwrap().values().map(|it| it.as_str().unwrap());
        for column in ids.chain([source["time"].as_str().unwrap()]) {
            let last = column.rsplit('.').next().unwrap();
            assert!(head.contains(last), "{name} has no {column}");
        }
    }
}

#[test]
fn the_readme_states_the_figures_of_the_default_sample() {
    let (_folder, files) = shop(SHOP_CUSTOMERS, SHOP_SEED);
    for file in &files.files {
        let line = README.lines().find(|it| it.starts_with(&format!("| `{}` |", file.name)));
        let line = line.unwrap_or_else(|| panic!("the README has no line on {}", file.name));
        assert!(line.ends_with(&format!("| {} |", grouped(file.rows))), "{line}: {file:?}");
    }
    let worth = format!("{}.{:02} EUR", grouped(files.revenue as u64 / 100), files.revenue % 100);
    assert!(README.contains(&format!("{} orders", grouped(files.orders))), "{files:?}");
    assert!(README.contains(&worth), "{worth}");
    assert!(README.contains(&format!("{} rows of `app.jsonl` were sent twice", files.duplicates)));
    for (kind, count) in &files.dirty {
        assert!(README.contains(&format!("| `{}` | {count} |", kind.key())), "{kind:?} {count}");
    }
    let bytes: u64 = files.files.iter().map(|it| it.bytes).sum();
    assert!((20_000_000..30_000_000).contains(&bytes), "{bytes}");
}

/// A whole number with commas between thousands.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
