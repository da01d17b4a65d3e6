//! Exports as bare files: recognized, said, and written into journey files.

use std::path::Path;

use touchpath::base::Unwatched;
use touchpath::config::Config;
use touchpath::input::init::journey_file;
use touchpath::input::presets::{PRESETS, find};
use touchpath::input::sniff::sniff;
use touchpath::model::Cell;
use touchpath::study::{LoadOptions, Study};

use super::{SAMPLES, answers, difference, folder, study_of};
use crate::case::{Case, report};
use crate::cli::run;

#[test]
fn every_preset_has_a_sample_and_is_in_help_and_documents() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/");
    let read = |name: &str| std::fs::read_to_string(format!("{root}{name}")).unwrap();
    let help = run(Path::new("."), &["map", "--help"]).out();
    let schema = run(Path::new("."), &["schema"]).out();
    for preset in PRESETS {
        let name = preset.name;
        assert!(SAMPLES.iter().any(|it| it.preset == name), "no sample of {name}");
        assert!(help.contains(&format!("  {name} ")), "{name} is not in the help");
        assert!(schema.contains(&format!("\"{name}\"")), "{name} is not in the schema");
        for file in ["README.md", "docs/presets.md"] {
            assert!(read(file).contains(&format!("`{name}`")), "{name} is not in {file}");
        }
    }
}

#[test]
fn exports_are_recognized_by_what_they_hold() {
    for sample in SAMPLES {
        for export in sample.exports {
            let (_, case) = sample.export(export);
            let folder = case.as_ref().map_or_else(|| folder(sample.preset), |it| it.path(""));
            let path = folder.join(export.files[0]).display().to_string();
            let sniffed = sniff(&path).unwrap();
            assert_eq!(sniffed.source.preset, sample.preset, "{path}");
            let said = format!("preset = \"{}\" (", sample.preset);
            assert!(sniffed.guesses[0].starts_with(&said), "{:?}", sniffed.guesses);
            assert!(sniffed.source.format.is_empty(), "{path}: {}", sniffed.source.format);
            // Readers of their own may show no records to look at.
            let own = find(sample.preset).is_some_and(|it| it.read.is_some());
            assert!(own || !sniffed.events.is_empty(), "{path}");
        }
    }
}

#[test]
fn a_table_of_ones_own_is_not_taken_for_an_export() {
    let tables = [
        ("a.csv", "event_timestamp,event_name,user_pseudo_id\n1772359200000000,view,c1\n"),
        ("b.csv", "timestamp,event,user_id,anonymous_id\n2026-03-01T10:00:00Z,view,u,a\n"),
        (
            "c.jsonl",
            "{\"event\":\"view\",\"distinct_id\":\"d\",\"time\":\"2026-03-01T10:00:00Z\"}\n",
        ),
    ];
    for (name, text) in tables {
        let case = Case::new(&[(name, text)]);
        let sniffed = sniff(&case.path(name).display().to_string()).unwrap();
        assert_eq!(sniffed.source.preset, "", "{name}");
    }
}

#[test]
fn a_bare_export_answers_as_a_journey_that_names_its_preset() {
    let path = folder("ga4").join("events.jsonl").display().to_string();
    let run = run(Path::new("."), &["overview", &path]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(run.err.contains("guessed preset = \"ga4\" (Google Analytics 4"), "{}", run.err);
    assert!(run.err.contains("user_pseudo_id"), "{}", run.err);
    assert!(run.out().contains("61.90"), "{}", run.out());
}

#[test]
fn init_writes_the_preset_and_its_journey_file_is_read() {
    let path = folder("posthog").join("events.jsonl").display().to_string();
    let text = journey_file(&[sniff(&path).unwrap()]);
    assert!(text.contains("\npreset = \"posthog\""), "{text}");
    assert!(text.contains("conversion = \"purchase\""), "{text}");
    let config = Config::parse(&text, "journey.toml").unwrap();
    let study = Study::load(config, &LoadOptions::default(), &Unwatched).unwrap();
    assert!(study.catalog.events > 0);
}

#[test]
fn the_data_names_the_currency_where_the_journey_does_not() {
    let text = "[journey]\nconversion = 'purchase'\ngap = 'none'\n\
                [[source]]\npath = 'events.jsonl'\npreset = 'ga4'\n";
    let mut config = Config::parse(text, "journey.toml").unwrap();
    config.folder = folder("ga4");
    let study = Study::load(config, &LoadOptions::default(), &Unwatched).unwrap();
    assert_eq!(study.catalog.currency.code(), "EUR");
    assert!(study.guesses.iter().any(|it| it.starts_with("currency = \"EUR\"")));
}

#[test]
fn an_unknown_preset_is_an_error_with_place_and_nearest() {
    let text = "[[source]]\npath = 'a.jsonl'\npreset = 'segmnt'\n";
    let case = Case::new(&[("journey.toml", text)]);
    let config = Config::read(&case.path("")).unwrap();
    let error = Study::load(config, &LoadOptions::default(), &Unwatched).err().unwrap();
    assert!(error.to_string().contains("journey.toml:3:10: unknown preset \"segmnt\""), "{error}");
    assert!(error.hint_text().is_some_and(|it| it.contains("segment")), "{error:?}");
}

#[test]
fn keys_of_the_source_go_before_the_preset() {
    let source = "[[source]]\npath = 'events.jsonl'\npreset = 'ga4'\n\
                  event = 'event_params.page_location'\nids = { browser = 'user_pseudo_id' }\n\
                  session = ''\nproperties = { city = 'geo.city' }\n";
    let study = study_of("https://shop.example/", source, &folder("ga4"));
    assert_eq!(study.raw.fields.id_types, ["browser"]);
    assert!(study.raw.fields.text("session").is_none());
    assert!(study.raw.fields.text("city").is_some() && study.raw.fields.text("device").is_some());
    // The same facts, with the preset's own keys written out, answer alike.
    let own = "[[source]]\npath = 'events.jsonl'\npreset = 'ga4'\ntime = 'event_timestamp'\n\
               time_format = 'epoch_us'\nvalue = '@value'\n";
    let plain = "[[source]]\npath = 'events.jsonl'\npreset = 'ga4'\n";
    let both = [own, plain].map(|it| answers(&study_of("purchase", it, &folder("ga4"))));
    assert_eq!(difference(&both[0], &both[1]), None);
}

#[test]
fn check_says_which_rows_are_no_events() {
    let source = "[[source]]\npath = 'calls.jsonl'\npreset = 'segment'\n";
    let study = study_of("Order Completed", source, &folder("segment"));
    let checked = touchpath::study::check::check(&study).unwrap();
    let table = checked.table("left_out").unwrap();
    assert_eq!(table.rows[0][..2], [Cell::text("group calls"), Cell::Count(1)]);
    assert!(report(&study, "paths").table("paths").is_some());
}

#[test]
fn tables_of_profiles_join_ids() {
    let folder = Case::new(&[
        (
            "identifiers.csv",
            "canonical_segment_id,type,value,seq\np1,user_id,u-1,1\np1,anonymous_id,a-2,2\n\
             p1,ios.idfa,x,3\np9,email,z@example.com,4\n",
        ),
        ("merges.csv", "segment_id,canonical_segment_id,timestamp\np9,p1,2026-03-01 10:00:00\n"),
        (
            "mapping.csv",
            "segment_id,external_id_type,external_id_value,timestamp\n\
             p1,user_id,u-7,2026-03-01 10:00:00\n",
        ),
        (
            "events.csv",
            "t,u,c,m\n2026-03-01T10:00:00Z,u-1,,\n2026-03-01T10:00:00Z,,a-2,\n\
             2026-03-01T10:00:00Z,,,z@example.com\n2026-03-01T10:00:00Z,u-7,,\n\
             2026-03-01T10:00:00Z,u-8,,\n",
        ),
    ]);
    let mut sources = String::new();
    for file in ["identifiers.csv", "merges.csv", "mapping.csv"] {
        assert_eq!(
            sniff(&folder.path(file).display().to_string()).unwrap().source.preset,
            "segment"
        );
        sources.push_str(&format!("[[source]]\npath = '{file}'\npreset = 'segment'\n"));
    }
    sources.push_str(
        "[[source]]\npath = 'events.csv'\ntime = 't'\nconstants = { event = 'visit' }\n\
         ids = { user = 'u', cookie = 'c', email = 'm' }\n",
    );
    let study = study_of("visit", &sources, &folder.path(""));
    assert_eq!((study.catalog.events, study.catalog.customers), (5, 2));
    assert_eq!(study.raw.issues.rejected(), 0);
}

#[test]
fn visits_whose_actions_php_wrote_as_an_object_are_read() {
    let visit = r#"[{"idVisit":1,"visitorId":"v","actionDetails":{"0":{"type":"action",
        "timestamp":1772359200},"2":{"type":"action","timestamp":1772359260}}}]"#;
    let case = Case::new(&[("visits.json", visit)]);
    let source = "[[source]]\npath = 'visits.json'\npreset = 'matomo'\n";
    let study = study_of("pageview", source, &case.path(""));
    assert_eq!((study.raw.issues.read, study.catalog.events), (2, 2));
}

#[test]
fn names_of_columns_in_capitals_are_those_in_small_letters() {
    let case = Case::new(&[]);
    for file in ["tracks.csv", "pages.csv", "identifies.csv"] {
        let text = std::fs::read_to_string(folder("rudderstack").join(file)).unwrap();
        let (header, rows) = text.split_once('\n').unwrap();
        std::fs::write(case.path(file), format!("{}\n{rows}", header.to_uppercase())).unwrap();
    }
    let path = case.path("tracks.csv").display().to_string();
    assert_eq!(sniff(&path).unwrap().source.preset, "rudderstack");
    let source = |it: &str| format!("[[source]]\npath = '{it}.csv'\npreset = 'rudderstack'\n");
    let sources: String = ["tracks", "pages", "identifies"].map(source).concat();
    let [small, large] = [folder("rudderstack"), case.path("")]
        .map(|it| answers(&study_of("Order Completed", &sources, &it)));
    assert_eq!(difference(&small, &large), None);
}

#[test]
fn filters_and_properties_reach_into_lists_of_keys() {
    let source = "[[source]]\npath = 'events.jsonl'\npreset = 'ga4'\n\
                  where = \"event_params.ga_session_id == 1772359200 and country == 'Germany'\"\n\
                  properties = { country = 'geo.country' }\n";
    let source = source.replace("country ==", "geo.country ==");
    let study = study_of("purchase", &source, &folder("ga4"));
    assert_eq!(study.catalog.events, 5);
}
