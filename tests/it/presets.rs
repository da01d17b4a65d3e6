//! Each preset's sample gives the same rows and journeys as the same facts in plain CSV.
//!
//! A sample is a folder of `tests/presets`: `plain.csv` (and `plain_links.csv`) with the
//! facts, and the export's files. The table says how each is read and what is set aside.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use touchpath::base::{Timestamp, Unwatched};
use touchpath::config::Config;
use touchpath::model::raw::{NO_AMOUNT, NO_TIME};
use touchpath::output::json::write_report;
use touchpath::study::{LoadOptions, Study};

use crate::case::{report, reports};

/// One sample of an export beside its facts.
struct Sample {
    /// The preset, and its folder.
    preset: &'static str,
    /// Files of the export.
    files: &'static [&'static str],
    /// The keys of the source of the facts.
    plain: &'static str,
    /// What becomes of rows that are no facts: reasons and how many.
    set_aside: &'static [(&'static str, u64)],
    left_out: &'static [(&'static str, u64)],
}

const SAMPLES: &[Sample] = &[
    Sample {
        preset: "ga4",
        files: &["events.jsonl"],
        plain: "ids = { user = 'user', cookie = 'cookie' }\nevent_id = 'tie'\n\
            properties = { device = 'device', country = 'country', page = 'page' }",
        set_aside: &[
            ("bad_json", 1),
            ("not_an_object", 1),
            ("bad_time", 1),
            ("missing_id", 1),
            ("bad_record", 3),
        ],
        left_out: &[],
    },
    Sample {
        preset: "snowplow",
        files: &["events.tsv", "warehouse.csv"],
        plain: "ids = { user = 'user', cookie = 'cookie', device = 'device', \
                network = 'network' }\nevent_id = 'tie'\nproperties = { platform = 'platform', \
                device = 'kind', country = 'country', page = 'page', category = 'category' }",
        set_aside: &[
            ("field_count", 1),
            ("bad_time", 1),
            ("missing_id", 1),
            ("bad_value", 1),
            ("bad_record", 2),
        ],
        left_out: &[
            ("bot: on the list of spiders and robots", 1),
            ("page ping: the page was still open", 1),
        ],
    },
    Sample {
        preset: "shopify",
        files: &["orders_export.csv"],
        plain: "ids = { email = 'email', phone = 'phone' }\nevent_id = 'tie'\nproperties = { \
                source = 'source', status = 'status', discount = 'discount', \
                location = 'location' }",
        set_aside: &[
            ("field_count", 1),
            ("bad_time", 1),
            ("missing_id", 1),
            ("bad_value", 2),
            ("other_currency", 1),
            ("bad_record", 1),
        ],
        left_out: &[("a further item of an order", 1)],
    },
    Sample {
        preset: "xes",
        files: &["log.xes"],
        plain: "ids = { case = 'case' }\nproperties = { lifecycle = 'lifecycle', resource = 'resource' }",
        set_aside: &[
            ("bad_xml", 1),
            ("missing_time", 1),
            ("missing_name", 1),
            ("bad_time", 1),
            ("missing_id", 2),
        ],
        left_out: &[],
    },
    Sample {
        preset: "paths",
        files: &["paths.csv"],
        plain: "ids = { case = 'case' }\nchannel = 'channel'",
        set_aside: &[
            ("field_count", 1),
            ("repeated_header", 1),
            ("bad_value", 2),
            ("bad_path", 1),
            ("bad_count", 2),
        ],
        left_out: &[],
    },
];

/// The keys that the facts of every sample have.
const PLAIN: &str = "path = 'plain.csv'\ntime = 'time'\nevent = 'event'\nsession = 'session'\n\
                     utm_source = 'utm_source'\nutm_medium = 'utm_medium'\ncampaign = 'campaign'\n\
                     value = 'value'\ncurrency = 'currency'\norder = 'order'\n";

const JOURNEY: &str = "currency = 'EUR'\n[journey]\nconversion = ['purchase']\ngap = 'none'\n";

pub fn folder(preset: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/presets").join(preset)
}

/// The study of these sources, whose paths begin in a folder.
pub fn study_of(sources: &str, folder: &Path) -> Study {
    // Counted paths name their own.
    let goal = if folder.ends_with("paths") { "(conversion)" } else { "purchase" };
    let journey = JOURNEY.replace("purchase", goal);
    let mut config = Config::parse(&format!("{journey}{sources}"), "journey.toml")
        .unwrap_or_else(|it| panic!("{it}\n{sources}"));
    config.folder = folder.to_owned();
    Study::load(config, &LoadOptions::default(), &Unwatched).unwrap_or_else(|it| panic!("{it:?}"))
}

impl Sample {
    fn plain(&self) -> Study {
        let folder = folder(self.preset);
        // Logs and orders know no campaigns; counted paths know nothing of where channels come from.
        let log = matches!(self.preset, "xes" | "paths" | "shopify");
        let has = |it: &&str| !log || !(it.starts_with("utm") || it.starts_with("campaign"));
        let keys: Vec<&str> = PLAIN.lines().filter(has).collect();
        let mut sources = format!("[[source]]\n{}\n{}\n", keys.join("\n"), self.plain);
        if folder.join("plain_links.csv").exists() {
            let ids = self.plain.lines().find(|it| it.starts_with("ids")).unwrap();
            let _ =
                write!(sources, "[[source]]\npath = 'plain_links.csv'\nrole = 'links'\n{ids}\n");
        }
        study_of(&sources, &folder)
    }

    fn export(&self) -> Study {
        let source =
            |file: &&str| format!("[[source]]\npath = '{file}'\npreset = '{}'\n", self.preset);
        let sources: String = self.files.iter().map(source).collect();
        study_of(&sources, &folder(self.preset))
    }
}

/// All events of a study, one a line, in order of their texts.
pub fn rows(study: &Study) -> Vec<String> {
    let config = &study.config;
    let settings = touchpath::input::ReadSettings {
        folder: config.folder.clone(),
        currency: config.sections.currency,
        ..touchpath::input::ReadSettings::default()
    };
    let raw = touchpath::input::read(&config.sections.source, &settings, &Unwatched).unwrap();
    let mut rows = Vec::new();
    for batch in raw.batches.all().unwrap().iter().filter(|it| !it.links) {
        for row in 0..batch.len() {
            assert_ne!(batch.times[row], NO_TIME);
            let mut cells = vec![Timestamp(batch.times[row]).to_string()];
            for (id_type, (column, table)) in
                raw.fields.id_types.iter().zip(batch.ids.iter().zip(&raw.ids))
            {
                match table.get(column.code(row)) {
                    "" => {}
                    id => cells.push(format!("{id_type}:{id}")),
                }
            }
            cells[1..].sort();
            for (name, (column, texts)) in
                raw.fields.texts.iter().zip(batch.texts.iter().zip(&raw.texts))
            {
                if column.code(row) != touchpath::base::NONE {
                    cells.push(format!("{name}={}", texts.get(column.code(row))));
                }
            }
            match batch.amounts.get(row) {
                None | Some(&NO_AMOUNT) => {}
                Some(amount) => cells.push(format!("minor={amount}")),
            }
            rows.push(cells.join(" "));
        }
    }
    rows.sort();
    rows
}

/// All reports of a study that rest on its events alone, as JSON.
pub fn answers(study: &Study) -> String {
    let all = reports(study);
    let mut text = Vec::new();
    all.iter().for_each(|it| write_report(it, &mut text).unwrap());
    String::from_utf8(text).unwrap()
}

/// Asserts that texts are the same, and shows the first line where they are not.
#[track_caller]
pub fn same_lines(left: &str, right: &str, label: &str) {
    for (at, (left, right)) in left.lines().zip(right.lines()).enumerate() {
        assert!(left == right, "{label}, line {}:\n{left}\n{right}", at + 1);
    }
    assert_eq!(left.lines().count(), right.lines().count(), "{label}: lines");
}

#[test]
fn each_sample_gives_the_rows_of_its_facts() {
    for sample in SAMPLES {
        let (facts, export) = (rows(&sample.plain()), rows(&sample.export()));
        same_lines(&facts.join("\n"), &export.join("\n"), sample.preset);
    }
}

#[test]
fn each_sample_gives_the_journeys_of_its_facts() {
    for sample in SAMPLES {
        let (facts, export) = (sample.plain(), sample.export());
        same_lines(&answers(&facts), &answers(&export), sample.preset);
    }
}

#[test]
fn each_row_that_is_no_fact_is_counted_with_its_reason() {
    for sample in SAMPLES {
        let issues = &sample.export().raw.issues;
        let aside: Vec<_> = issues.kinds().map(|it| (it.0.key(), it.1)).collect();
        assert_eq!(aside, sample.set_aside, "{}", sample.preset);
        let out: Vec<_> = issues.left_out().iter().map(|it| (&**it.0, *it.1)).collect();
        assert_eq!(out, sample.left_out, "{}", sample.preset);
        assert_eq!(issues.read, issues.used() + issues.filtered + issues.rejected());
        assert!(report(&sample.export(), "paths").tables.iter().any(|it| !it.rows.is_empty()));
    }
}
