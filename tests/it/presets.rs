//! Each preset's sample gives the same rows and journeys as the same facts in plain CSV.
//!
//! A sample is a folder of `tests/presets`: `plain.csv` (and `plain_links.csv`) with the
//! facts, and the export's files. The table says how each is read and what is set aside.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::Value;
use touchpath::base::{Timestamp, Unwatched};
use touchpath::config::Config;
use touchpath::input::presets::find;
use touchpath::model::raw::{NO_AMOUNT, NO_TIME};
use touchpath::output::Style;
use touchpath::output::json::write_report;
use touchpath::study::{LoadOptions, Study};

use crate::case::{Case, reports};
use crate::cli::run;

mod bare;
mod broken;
#[cfg(feature = "parquet")]
mod pack;

/// One sample beside its facts, in one or more forms of the same export.
struct Sample {
    /// The preset, and its folder.
    preset: &'static str,
    /// The event that is the goal.
    goal: &'static str,
    /// The keys of the source of the facts.
    plain: &'static str,
    /// The ids of the links among the facts.
    links: &'static str,
    exports: &'static [Export],
}

/// Files of an export, and what becomes of their rows that are no facts.
struct Export {
    files: &'static [&'static str],
    set_aside: &'static [(&'static str, u64)],
    left_out: &'static [(&'static str, u64)],
}

const DEFAULT: &str = "event_id = 'tie'\nvariant = 'variant'\n";
const CALLS: &str = "ids = { user = 'user', email = 'email', cookie = 'cookie' }\n\
                     properties = { device = 'device', page = 'page' }";

const SAMPLES: &[Sample] = &[
    Sample {
        preset: "ga4",
        goal: "purchase",
        plain: "ids = { user = 'user', cookie = 'cookie' }\nvariant = ''\n\
                properties = { device = 'device', country = 'country', page = 'page' }",
        links: "",
        exports: &[
            Export {
                files: &["events.jsonl"],
                set_aside: &[
                    ("bad_json", 1),
                    ("not_an_object", 1),
                    ("bad_time", 1),
                    ("missing_id", 1),
                    ("bad_record", 3),
                ],
                left_out: &[],
            },
            Export { files: &["events.parquet"], set_aside: &[], left_out: &[] },
        ],
    },
    Sample {
        preset: "segment",
        goal: "Order Completed",
        plain: CALLS,
        links: "ids = { user = 'user', email = 'email', cookie = 'cookie', alias = 'alias' }",
        exports: &[
            Export {
                files: &["calls.jsonl"],
                set_aside: &[
                    ("bad_json", 1),
                    ("missing_time", 1),
                    ("bad_time", 1),
                    ("missing_id", 1),
                    ("bad_value", 1),
                    ("other_currency", 1),
                    ("bad_record", 3),
                ],
                left_out: &[("group calls", 1)],
            },
            Export {
                files: &[
                    "tracks.csv",
                    "pages.csv",
                    "screens.csv",
                    "identifies.csv",
                    "aliases.csv",
                    "groups.csv",
                ],
                set_aside: &[("field_count", 1), ("missing_time", 1)],
                left_out: &[("group calls", 1)],
            },
        ],
    },
    Sample {
        preset: "rudderstack",
        goal: "Order Completed",
        plain: CALLS,
        links: "ids = { user = 'user', email = 'email', cookie = 'cookie' }",
        exports: &[
            Export {
                files: &["calls.jsonl"],
                set_aside: &[("not_an_object", 1), ("missing_id", 1)],
                left_out: &[("group calls", 1)],
            },
            Export {
                files: &["tracks.csv", "pages.csv", "identifies.csv"],
                set_aside: &[],
                left_out: &[],
            },
            Export {
                files: &["tracks.parquet", "pages.parquet", "identifies.parquet"],
                set_aside: &[],
                left_out: &[],
            },
        ],
    },
    Sample {
        preset: "posthog",
        goal: "purchase",
        plain: "ids = { person = 'person', distinct = 'distinct' }\n\
                properties = { device = 'device', country = 'country', page = 'page' }",
        links: "ids = { person = 'person', distinct = 'distinct', alias = 'alias' }",
        exports: &[
            Export {
                files: &["events.jsonl", "persons.jsonl"],
                set_aside: &[
                    ("bad_json", 1),
                    ("bad_time", 1),
                    ("missing_id", 1),
                    ("bad_record", 2),
                ],
                left_out: &[("calls that only set properties", 1), ("deleted persons", 1)],
            },
            Export {
                files: &["events.parquet.zst", "persons.parquet"],
                set_aside: &[],
                left_out: &[("calls that only set properties", 1), ("deleted persons", 1)],
            },
        ],
    },
    Sample {
        preset: "mixpanel",
        goal: "Order Completed",
        plain: "ids = { user = 'user', distinct = 'distinct', device = 'device_id' }\n\
                properties = { device = 'device', country = 'country', page = 'page' }",
        links: "ids = { user = 'user', distinct = 'distinct', device = 'device_id', \
                alias = 'alias' }",
        exports: &[
            Export {
                files: &["export.jsonl"],
                set_aside: &[
                    ("missing_time", 1),
                    ("bad_time", 1),
                    ("missing_id", 1),
                    ("null_like_id", 1),
                    ("bad_record", 2),
                ],
                left_out: &[],
            },
            Export { files: &["millis.json"], set_aside: &[], left_out: &[] },
        ],
    },
    Sample {
        preset: "amplitude",
        goal: "purchase",
        plain: "ids = { user = 'user', amplitude = 'amplitude', device = 'device_id' }\n\
                properties = { device = 'device', platform = 'platform', country = 'country' }",
        links: "ids = { user = 'user', amplitude = 'amplitude', device = 'device_id' }",
        exports: &[Export {
            files: &["events.json"],
            set_aside: &[
                ("not_an_object", 1),
                ("bad_time", 1),
                ("missing_id", 1),
                ("bad_sequence", 1),
                ("bad_record", 2),
            ],
            left_out: &[("group calls", 1)],
        }],
    },
    Sample {
        preset: "matomo",
        goal: "ecommerceOrder",
        plain: "ids = { user = 'user', cookie = 'cookie' }\nsequence = 'seq'\nevent_id = ''\n\
                variant = ''\n\
                properties = { device = 'device', country = 'country', page = 'page' }",
        links: "",
        exports: &[
            Export {
                files: &["visits.json"],
                set_aside: &[("missing_time", 1), ("null_like_id", 1), ("bad_record", 4)],
                left_out: &[("visits without actions", 1)],
            },
            Export {
                files: &["visits.jsonl"],
                set_aside: &[("missing_time", 1), ("null_like_id", 1), ("bad_record", 4)],
                left_out: &[("visits without actions", 1)],
            },
        ],
    },
    Sample {
        preset: "snowplow",
        goal: "purchase",
        plain: "ids = { user = 'user', cookie = 'cookie', device = 'device', \
                network = 'network' }\nvariant = ''\nproperties = { platform = 'platform', \
                device = 'kind', country = 'country', page = 'page', category = 'category' }",
        links: "",
        exports: &[Export {
            files: &["events.tsv", "warehouse.csv"],
            set_aside: &[
                ("field_count", 1),
                ("bad_time", 1),
                ("missing_id", 1),
                ("bad_value", 1),
                ("bad_record", 2),
            ],
            left_out: &[
                ("bot: its user agent says so", 1),
                ("bot: on the list of spiders and robots", 1),
                ("duplicate: another row has its key", 1),
                ("page ping: the page was still open", 1),
            ],
        }],
    },
    Sample {
        preset: "shopify",
        goal: "purchase",
        plain: "ids = { email = 'email', phone = 'phone' }\nutm_source = ''\nutm_medium = ''\n\
                campaign = ''\nvariant = ''\nproperties = { source = 'source', \
                status = 'status', discount = 'discount', location = 'location' }",
        links: "",
        exports: &[Export {
            files: &["orders_export.csv"],
            set_aside: &[
                ("field_count", 1),
                ("bad_time", 1),
                ("missing_id", 1),
                ("bad_value", 2),
                ("other_currency", 1),
                ("bad_record", 1),
            ],
            left_out: &[("a further item of an order", 1)],
        }],
    },
    Sample {
        preset: "xes",
        goal: "purchase",
        plain: "ids = { case = 'case' }\nutm_source = ''\nutm_medium = ''\ncampaign = ''\n\
                event_id = ''\nvariant = ''\n\
                properties = { lifecycle = 'lifecycle', resource = 'resource' }",
        links: "",
        exports: &[Export {
            files: &["log.xes"],
            set_aside: &[
                ("bad_xml", 1),
                ("missing_time", 1),
                ("missing_name", 1),
                ("bad_time", 1),
                ("missing_id", 2),
            ],
            left_out: &[],
        }],
    },
    Sample {
        preset: "paths",
        // Counted paths name their own goal.
        goal: "(conversion)",
        plain: "ids = { case = 'case' }\nutm_source = ''\nutm_medium = ''\ncampaign = ''\n\
                event_id = ''\nvariant = ''\nchannel = 'channel'",
        links: "",
        exports: &[Export {
            files: &["paths.csv"],
            set_aside: &[
                ("field_count", 1),
                ("repeated_header", 1),
                ("bad_value", 2),
                ("bad_path", 1),
                ("bad_count", 2),
            ],
            left_out: &[],
        }],
    },
];

/// The keys that the facts of every sample have.
const PLAIN: &str = "path = 'plain.csv'\ntime = 'time'\nevent = 'event'\nsession = 'session'\n\
                     utm_source = 'utm_source'\nutm_medium = 'utm_medium'\ncampaign = 'campaign'\n\
                     value = 'value'\ncurrency = 'currency'\norder = 'order'\n";

pub fn folder(preset: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/presets").join(preset)
}

/// The study of these sources, whose paths begin in a folder.
pub fn study_of(goal: &str, sources: &str, folder: &Path) -> Study {
    let journey =
        format!("currency = 'EUR'\n[journey]\nconversion = '{goal}'\ngap = 'none'\n{sources}");
    let mut config =
        Config::parse(&journey, "journey.toml").unwrap_or_else(|it| panic!("{it}\n{sources}"));
    config.folder = folder.to_owned();
    Study::load(config, &LoadOptions::default(), &Unwatched).unwrap_or_else(|it| panic!("{it:?}"))
}

impl Sample {
    fn plain(&self) -> Study {
        let folder = folder(self.preset);
        let key = |line: &str| line.split(' ').next().unwrap_or_default().to_owned();
        let usual = PLAIN.lines().chain(DEFAULT.lines());
        let usual = usual.filter(|it| !self.plain.lines().any(|own| key(own) == key(it)));
        let own = self.plain.lines().filter(|it| !it.ends_with("= ''"));
        let keys: Vec<&str> = usual.chain(own).collect();
        let mut sources = format!("[[source]]\n{}\n", keys.join("\n"));
        if !self.links.is_empty() {
            let links = "[[source]]\npath = 'plain_links.csv'\nrole = 'links'\n";
            let _ = writeln!(sources, "{links}{}", self.links);
        }
        study_of(self.goal, &sources, &folder)
    }

    /// The study of an export, and the folder of its files if they had to be made.
    fn export(&self, export: &Export) -> (Study, Option<Case>) {
        let packed = export.files.iter().any(|it| it.contains(".parquet"));
        let case = packed.then(|| {
            let case = Case::new(&[]);
            export.files.iter().for_each(|it| parquet(self.preset, it, &case));
            case
        });
        let source =
            |file: &&str| format!("[[source]]\npath = '{file}'\npreset = '{}'\n", self.preset);
        let sources: String = export.files.iter().map(source).collect();
        let folder = case.as_ref().map_or_else(|| folder(self.preset), |it| it.path(""));
        (study_of(self.goal, &sources, &folder), case)
    }
}

/// Writes the good rows of a sample as Parquet.
fn parquet(preset: &str, name: &str, case: &Case) {
    let stem = name.split('.').next().unwrap();
    let lines = std::fs::read_to_string(folder(preset).join(format!("{stem}.jsonl")));
    let rows: Vec<Value> = match lines {
        // The bad rows of these files lack what every good one has.
        Ok(text) => {
            let rows = text.lines().filter_map(|it| serde_json::from_str(it).ok());
            let has = |it: &Value, key: &str| it.get(key).is_some();
            let good = |it: &Value| {
                ["stream_id", "elements_chain", "team_id"].iter().any(|key| has(it, key))
            };
            rows.filter(good).collect()
        }
        Err(_) => table(&folder(preset).join(format!("{stem}.csv"))),
    };
    let packing = pack::Packing {
        texts: &["properties", "person_properties"],
        times: &["timestamp", "created_at", "received_at", "sent_at"],
        numbers: preset == "ga4",
    };
    std::fs::write(case.path(name), pack::pack(&rows, &packing)).unwrap();
}

/// The rows of a CSV file without quotes, empty values left out.
fn table(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    let row = |line: &str| {
        let cells = names.iter().zip(line.split(',')).filter(|it| !it.1.is_empty());
        cells.map(|it| ((*it.0).to_owned(), Value::from(it.1))).collect()
    };
    lines.map(|it| Value::Object(row(it))).collect()
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
    all.iter().for_each(|it| write_report(it, &Style::default(), &mut text).unwrap());
    String::from_utf8(text).unwrap()
}

/// The first line in which texts differ.
pub fn difference(left: &str, right: &str) -> Option<String> {
    let (mut left, mut right) = (left.lines(), right.lines());
    for at in 1.. {
        match (left.next(), right.next()) {
            (None, None) => break,
            (left, right) if left == right => {}
            (left, right) => return Some(format!("line {at}:\n{left:?}\n{right:?}")),
        }
    }
    None
}

/// Asserts something of each export of each sample, and tells of all that fail.
fn each_export(wrong: impl Fn(&Sample, &Export, &Study) -> Option<String>) {
    let mut all = String::new();
    for sample in SAMPLES {
        for export in sample.exports {
            let (study, _case) = sample.export(export);
            if let Some(it) = wrong(sample, export, &study) {
                let _ = writeln!(all, "{} as {}, {it}", sample.preset, export.files.join(", "));
            }
        }
    }
    assert!(all.is_empty(), "{all}");
}

#[test]
fn each_sample_gives_the_rows_of_its_facts() {
    each_export(|sample, _, study| {
        difference(&rows(&sample.plain()).join("\n"), &rows(study).join("\n"))
    });
}

#[test]
fn each_sample_gives_the_journeys_of_its_facts() {
    each_export(|sample, _, study| difference(&answers(&sample.plain()), &answers(study)));
}

#[test]
fn each_row_that_is_no_fact_is_counted_with_its_reason() {
    each_export(|_, export, study| {
        let issues = &study.raw.issues;
        assert_eq!(issues.read, issues.used() + issues.filtered + issues.rejected());
        let aside: Vec<_> = issues.kinds().map(|it| (it.0.key(), it.1)).collect();
        let out: Vec<_> = issues.left_out().iter().map(|it| (&**it.0, *it.1)).collect();
        let good = aside == export.set_aside && out == export.left_out;
        let details: Vec<_> = issues.rejects().iter().map(|it| (it.kind, &it.detail)).collect();
        (!good).then(|| format!("{aside:?} {out:?}\n{details:?}"))
    });
}

#[test]
fn a_partial_of_an_export_answers_as_the_export() {
    for sample in SAMPLES {
        let name = sample.exports[0].files[0];
        let path = folder(sample.preset).join(name).display().to_string();
        let case = Case::new(&[]);
        let folder = case.path("");
        assert_eq!(run(&folder, &["fold", &path, "-o", "a.part"]).code, 0, "{name}");
        let goal = format!("journey.conversion=[\"{}\"]", sample.goal);
        let ask = |input: &str| {
            let out = format!("{}.json", if input == "a.part" { "part" } else { "whole" });
            let run = run(&folder, &["report", input, "--set", &goal, "-o", &out]);
            assert!(run.code < 2, "{}", run.err);
            std::fs::read_to_string(case.path(&out)).unwrap()
        };
        let (whole, part) = (ask(&path), ask("a.part"));
        assert_eq!(difference(&whole, &part), None, "{name}");
    }
}

#[test]
fn lines_that_come_twice_count_once_where_the_vendor_names_a_key() {
    let keyed = SAMPLES.iter().filter(|it| find(it.preset).is_some_and(|it| !it.dedupe.is_empty()));
    let mut count = 0;
    for sample in keyed {
        for export in sample.exports.iter().filter(|it| it.files[0].ends_with(".jsonl")) {
            let case = Case::new(&[]);
            let mut sources = String::new();
            for name in export.files {
                let text = std::fs::read_to_string(folder(sample.preset).join(name)).unwrap();
                std::fs::write(case.path(name), text.repeat(2)).unwrap();
                let _ =
                    writeln!(sources, "[[source]]\npath = '{name}'\npreset = '{}'", sample.preset);
            }
            let twice = study_of(sample.goal, &sources, &case.path(""));
            let once = sample.export(export).0;
            let label = sample.preset;
            assert_eq!(difference(&answers(&once), &answers(&twice)), None, "{label}");
            assert_eq!(twice.raw.issues.read, 2 * once.raw.issues.read, "{label}");
            count += 1;
        }
    }
    assert!(count >= 5);
}
