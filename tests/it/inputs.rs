//! What is read from where: standard input, kinds of files, folders, what `init` wrote.

use touchpath::config::Config;

use crate::cli::{EVENTS, JOURNEY, folder, measure, run, run_with};

#[test]
fn standard_input_is_told_by_its_content() {
    let folder = folder();
    let at = folder.path();
    let gzip = |bytes: &[u8]| {
        let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut out, bytes).unwrap();
        out.finish().unwrap()
    };
    let lines: String = EVENTS
        .lines()
        .skip(1)
        .map(|it| {
            let it: Vec<&str> = it.split(',').collect();
            format!(
                "{{\"timestamp\":\"{}\",\"user_id\":\"{}\",\"event\":\"{}\"}}\n",
                it[0], it[1], it[2]
            )
        })
        .collect();
    let cases: [(&str, Vec<u8>, &str); 6] = [
        ("csv", EVENTS.into(), "csv"),
        ("semicolons", EVENTS.replace(',', ";").into(), "csv"),
        ("tabs", EVENTS.replace(',', "\t").into(), "tsv"),
        ("jsonl", lines.clone().into(), "jsonl"),
        ("gz", gzip(EVENTS.as_bytes()), "csv"),
        ("zst", zstd::encode_all(lines.as_bytes(), 1).unwrap(), "jsonl"),
    ];
    for (name, bytes, format) in cases {
        let check = run_with(at, &["check", "-", "--format", "json"], &bytes, &[]);
        assert_eq!(check.code, 0, "{name}: {}", check.err);
        let report: serde_json::Value = serde_json::from_slice(&check.out).unwrap();
        assert_eq!(report["tables"]["files"]["rows"][0]["file"], "-", "{name}");
        assert_eq!(report["tables"]["files"]["rows"][0]["format"], format, "{name}");
        assert_eq!(report["tables"]["rows"]["rows"][4]["value"], 7, "{name}");
        assert!(check.err.contains("note: -: guessed time"), "{}", check.err);
    }
    std::fs::write(at.join("in.toml"), JOURNEY.replace("'e.csv'", "'-'\nformat = 'csv'")).unwrap();
    let check = run_with(at, &["check", "in.toml", "--format", "csv"], EVENTS.as_bytes(), &[]);
    assert_eq!(measure(&check, "events"), "7");
    let bad = [(&b""[..], "error: -: the file is empty"), (b"\0\x01\xff", "error: -: ")];
    for (bytes, message) in bad {
        let run = run_with(at, &["check", "-"], bytes, &[]);
        assert!(run.code == 2 && run.said().starts_with(message), "{}", run.err);
    }
    let twice = run_with(at, &["check", "-", "-"], EVENTS.as_bytes(), &[]);
    assert_eq!(twice.said(), "error: -: the file is named twice");
    let report = run_with(at, &["report", "-", "-o", "out"], EVENTS.as_bytes(), &[]);
    assert_eq!(report.code, 0, "{}", report.err);
}

#[test]
fn every_kind_of_input_is_read_or_refused() {
    let folder = folder();
    let at = folder.path();
    let write = |name: &str, bytes: &[u8]| std::fs::write(at.join(name), bytes).unwrap();
    std::fs::create_dir(at.join("in")).unwrap();
    std::fs::create_dir(at.join("none")).unwrap();
    let utf16: Vec<u8> =
        [0xfeffu16].into_iter().chain(EVENTS.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut gz, EVENTS.as_bytes()).unwrap();
    let gz = gz.finish().unwrap();
    write("in/a.csv.gz", &gz);
    write("in/b.csv.zst", &zstd::encode_all(EVENTS.as_bytes(), 1).unwrap());
    write("bom.csv", format!("\u{feff}{EVENTS}").as_bytes());
    write("crlf.csv", EVENTS.replace('\n', "\r\n").as_bytes());
    write("semi.csv", EVENTS.replace(',', ";").as_bytes());
    write("utf16.csv", &utf16);
    write("cut.csv.gz", &gz[..gz.len() / 2]);
    write("empty.csv", b"");
    write("garbage.csv", &(0..4000u32).map(|it| (it * it % 251) as u8).collect::<Vec<_>>());
    write("garbage.parquet", b"PAR1 this is none PAR1");
    write("plain.csv.gz", EVENTS.as_bytes());
    let good: [(&[&str], &str); 7] = [
        (&["bom.csv"], "7"),
        (&["crlf.csv"], "7"),
        (&["semi.csv"], "7"),
        (&["in"], "14"),
        (&["in/*.csv.*"], "14"),
        (&["e.csv", "in/a.csv.gz"], "14"),
        (&["."], "7"),
    ];
    for (inputs, events) in good {
        let run = run(at, &[&["check", "--format", "csv"], inputs].concat());
        assert_eq!((run.code, measure(&run, "events").as_str()), (0, events), "{inputs:?}");
    }
    let bad = [
        ("utf16.csv", "the file is UTF-16", "iconv"),
        ("cut.csv.gz", "the gzip data is cut short", "fetch the file again"),
        ("empty.csv", "the file is empty", ""),
        ("garbage.csv", "the file is no", ""),
        ("garbage.parquet", "cannot read the Parquet file", "damaged"),
        ("plain.csv.gz", "does not hold gzip data", ""),
        ("missing.csv", "there is no such file", ""),
        ("none", "the folder has no file with a known ending", "csv"),
        ("*.tsv", "no file matches the pattern", ""),
    ];
    for (name, message, hint) in bad {
        let run = run(at, &["check", name]);
        assert_eq!((run.code, run.out.len()), (2, 0), "{name}");
        assert!(run.said().starts_with(&format!("error: {name}: {message}")), "{}", run.err);
        assert!(run.hint().contains(hint), "{name}: {}", run.err);
        // The same file behind a journey file.
        let journey = JOURNEY.replace("e.csv", name);
        write("j.toml", journey.as_bytes());
        let run = self::run(at, &["check", "j.toml"]);
        assert!(run.code == 2 || name == "garbage.csv", "{name}: {}", run.err);
    }
}

#[test]
fn a_header_alone_is_answered_with_nothing() {
    let folder = folder();
    let at = folder.path();
    std::fs::write(at.join("e.csv"), EVENTS.lines().next().unwrap()).unwrap();
    for input in [".", "e.csv"] {
        for entry in touchpath::analysis::ANALYSES {
            for format in ["table", "json"] {
                let run = run(at, &[entry.name, input, "--format", format]);
                assert_eq!(run.code, 1, "{} {}", entry.name, run.err);
                assert!(
                    run.err.contains("warning: no events: the data has no rows"),
                    "{}",
                    run.err
                );
                let text = run.out();
                assert!(!text.contains("NaN") && !text.contains("inf"), "{text}");
            }
        }
        let report = run(at, &["report", input, "-o", "out"]);
        assert_eq!((report.code, report.out().as_str()), (1, "out/index.html\n"), "{}", report.err);
        let check = run(at, &["check", input, "--format", "csv"]);
        assert_eq!((check.code, measure(&check, "events").as_str()), (1, "0"));
    }
}

#[test]
fn a_journey_stays_in_its_folder_unless_allowed() {
    let folder = folder();
    let at = folder.path();
    std::fs::create_dir(at.join("in")).unwrap();
    let absolute = at.join("e.csv").display().to_string();
    for path in ["../e.csv", "../*.csv", ".."] {
        std::fs::write(at.join("in/journey.toml"), JOURNEY.replace("e.csv", path)).unwrap();
        let refused = run(at, &["check", "in"]);
        assert_eq!(refused.code, 2, "{path}");
        assert!(refused.err.contains("leads out of the journey file's folder"), "{}", refused.err);
        assert!(refused.hint().starts_with("--allow-outside"), "{}", refused.err);
        let allowed = run(at, &["check", "in", "--allow-outside", "--format", "csv"]);
        assert_eq!(measure(&allowed, "events"), "7", "{path}");
        let config = Config::read(&at.join("in")).unwrap();
        let options = touchpath::study::LoadOptions::default();
        touchpath::study::Study::load(config, &options, &touchpath::base::Unwatched).unwrap();
    }
    // An absolute path says where it leads.
    std::fs::write(at.join("in/journey.toml"), JOURNEY.replace("e.csv", &absolute)).unwrap();
    assert_eq!(run(at, &["check", "in"]).code, 0);
    // Paths begin at the journey file, wherever it is called from.
    std::fs::copy(at.join("e.csv"), at.join("in/e.csv")).unwrap();
    for path in ["e.csv", "./e.csv", "../in/e.csv"] {
        std::fs::write(at.join("in/journey.toml"), JOURNEY.replace("e.csv", path)).unwrap();
        assert_eq!(run(at, &["check", "in/journey.toml"]).code, 0, "{path}");
    }
}

#[test]
fn what_init_writes_is_read_again() {
    let case = crate::case::Case::new(&[]);
    let shop = case.path("shop");
    touchpath::demo::write_shop(&shop, 40, 7).unwrap();
    for (files, events) in [(&["web.csv"][..], true), (&["app.jsonl"], true), (&["pos.tsv"], true)]
    {
        let init = run(&shop, &[&["init"], files].concat());
        assert_eq!(init.code, 0, "{files:?}: {}", init.err);
        let config = Config::parse(&init.out(), "init").unwrap();
        assert_eq!(config.sections.source.len(), files.len());
        std::fs::write(shop.join("own.toml"), &init.out).unwrap();
        let own = run(&shop, &["check", "own.toml", "--format", "csv", "--part", "rows"]);
        let bare = run(&shop, &[&["check", "--format", "csv", "--part", "rows"], files].concat());
        assert_eq!(own.code, 0, "{files:?}: {}", own.err);
        assert_eq!(own.out(), bare.out(), "{files:?}");
        assert_eq!(measure(&own, "events") != "0", events, "{files:?}");
    }
    // Seen from another folder, and from standard input.
    let folder = folder();
    let at = folder.path();
    std::fs::create_dir_all(at.join("a/b")).unwrap();
    std::fs::copy(at.join("e.csv"), at.join("a/b/e.csv")).unwrap();
    assert_eq!(run(at, &["init", "a/b/e.csv", "-o", "a/own.toml", "-q"]).code, 0);
    assert_eq!(run(at, &["check", "a/own.toml"]).code, 0);
    let init = run(at, &["init", "e.csv", "-o", "a/outer.toml"]);
    assert_eq!(init.code, 0, "{}", init.err);
    assert_eq!(run(at, &["check", "a/outer.toml"]).code, 0);
    let init = run_with(at, &["init", "-", "-o", "in.toml"], EVENTS.as_bytes(), &[]);
    assert_eq!(init.code, 0, "{}", init.err);
    let check = run_with(at, &["check", "in.toml", "--format", "csv"], EVENTS.as_bytes(), &[]);
    assert_eq!(measure(&check, "events"), "7");
}

/// The columns of the events as Parquet.
#[cfg(feature = "parquet")]
fn parquet_file(columns: &[usize]) -> Vec<u8> {
    use crate::written::{Cell, table};
    let rows: Vec<Vec<&str>> = EVENTS.lines().map(|it| it.split(',').collect()).collect();
    let declared: Vec<String> =
        columns.iter().map(|&it| format!("optional binary {} (string);", rows[0][it])).collect();
    let column = |(&it, declared)| {
        let values: Vec<Cell> = rows[1..].iter().map(|row| Cell::from(row[it])).collect();
        (declared, values)
    };
    let columns: Vec<(&str, Vec<Cell>)> =
        columns.iter().zip(declared.iter().map(String::as_str)).map(column).collect();
    table(&columns, 1000)
}

#[cfg(feature = "parquet")]
#[test]
fn parquet_is_read_from_files_and_standard_input_and_never_panics() {
    let folder = folder();
    let at = folder.path();
    let bytes = parquet_file(&[0, 1, 2, 3, 4, 5]);
    std::fs::write(at.join("e.parquet"), &bytes).unwrap();
    let init = run(at, &["init", "e.parquet"]);
    assert_eq!(init.code, 0, "{}", init.err);
    std::fs::write(at.join("own.toml"), &init.out).unwrap();
    let packed = zstd::encode_all(&bytes[..], 1).unwrap();
    let cases: [(&[&str], &[u8]); 4] =
        [(&["own.toml"], b""), (&["e.parquet"], b""), (&["-"], &bytes), (&["-"], &packed)];
    for (inputs, stdin) in cases {
        let arguments = [&["check", "--format", "csv"], inputs].concat();
        let check = run_with(at, &arguments, stdin, &[]);
        assert_eq!((check.code, measure(&check, "events").as_str()), (0, "7"), "{}", check.err);
    }
    // One byte damaged, anywhere: rows as before, or an error in a line; never a panic.
    for place in (0..bytes.len()).step_by(bytes.len() / 60) {
        let mut damaged = bytes.clone();
        damaged[place] ^= 0x55;
        std::fs::write(at.join("e.parquet"), &damaged).unwrap();
        let run = run(at, &["check", "own.toml", "--format", "csv"]);
        assert!(run.code != -1 && run.err.lines().count() <= 4, "{place}: {}", run.err);
    }
}
