//! The command line from outside: exit codes, messages, streams, files.

use std::path::Path;

use assert_cmd::Command;
use tempfile::TempDir;

pub const EVENTS: &str = "\
timestamp,user_id,event,channel,revenue,order_id,variant
2026-01-01T10:00:00Z,u1,home,email,,,A
2026-01-01T10:05:00Z,u1,cart,email,,,A
2026-01-01T10:10:00Z,u1,purchase,email,12.50,o1,A
2026-01-02T10:00:00Z,u2,home,search,,,B
2026-01-02T10:05:00Z,u2,cart,search,,,B
2026-01-02T23:30:00Z,u3,home,direct,,,A
2026-01-03T11:00:00Z,u3,purchase,direct,20.00,o2,A
";

pub const JOURNEY: &str = "\
name = 'T'
currency = 'EUR'
timezone = 'Europe/Berlin'
[[source]]
path = 'e.csv'
time = 'timestamp'
event = 'event'
ids = { user = 'user_id' }
channel = 'channel'
value = 'revenue'
order = 'order_id'
variant = 'variant'
[journey]
conversion = 'purchase'
";

/// What a run said and how it ended.
pub struct Run {
    pub code: i32,
    pub out: Vec<u8>,
    pub err: String,
}

impl Run {
    pub fn out(&self) -> String {
        String::from_utf8(self.out.clone()).unwrap()
    }

    /// The first line of what was said besides the answer.
    pub fn said(&self) -> &str {
        self.err.lines().find(|it| !it.starts_with("note: ")).unwrap_or_default()
    }

    pub fn hint(&self) -> &str {
        self.err.lines().find_map(|it| it.strip_prefix("hint: ")).unwrap_or_default()
    }
}

/// Runs the binary in a folder.
pub fn run(folder: &Path, arguments: &[&str]) -> Run {
    run_with(folder, arguments, b"", &[])
}

pub fn run_with(folder: &Path, arguments: &[&str], stdin: &[u8], env: &[(&str, &str)]) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_touchpath"));
    let output = command
        .current_dir(folder)
        .args(arguments)
        .envs(env.iter().copied())
        .write_stdin(stdin)
        .output()
        .unwrap();
    let code = output.status.code().unwrap_or(-1);
    let run = Run { code, out: output.stdout, err: String::from_utf8(output.stderr).unwrap() };
    assert!(!run.err.contains("panicked") && !run.err.contains("internal error"), "{}", run.err);
    run
}

/// A folder with events and a journey file.
pub fn folder() -> TempDir {
    let folder = TempDir::with_prefix("touchpath-cli-").unwrap();
    std::fs::write(folder.path().join("e.csv"), EVENTS).unwrap();
    std::fs::write(folder.path().join("journey.toml"), JOURNEY).unwrap();
    folder
}

fn names(folder: &Path) -> Vec<String> {
    let name = |it: std::io::Result<std::fs::DirEntry>| it.unwrap().file_name().into_string();
    let mut names: Vec<String> =
        std::fs::read_dir(folder).unwrap().map(|it| name(it).unwrap()).collect();
    names.sort();
    names
}

#[test]
fn every_mistake_in_a_journey_file_is_named_with_its_place() {
    let folder = folder();
    // What is replaced by what, the message, and the hint.
    let cases = [
        ("time = ", "tiem = ", "6:1: unknown key \"tiem\"", "did you mean \"time\"?"),
        ("[journey]", "[jurney]", "13:2: unknown key \"jurney\"", "did you mean \"journey\"?"),
        ("[journey]", "[funel]", "13:2: unknown key \"funel\"", "did you mean \"funnel\"?"),
        ("conversion =", "conversoin =", "14:1: unknown key", "did you mean \"conversion\"?"),
        ("conversion = 'purchase'", "gpa = '1d'", "14:1: unknown key \"gpa\"", "\"gap\""),
        ("conversion = 'purchase'", "end_of_data = 'exti'", "14:15: unknown value", "\"exit\""),
        ("'purchase'", "'purchse'", "14:14: [journey] conversion: no event", "\"purchase\""),
        ("'purchase'", "5", "14:14: expected a text or a list of texts", ""),
        ("currency = 'EUR'", "currency = 7", "2:12: invalid type: integer `7`", ""),
        ("'EUR'", "'EURO'", "2:12: \"EURO\" is not a currency", ""),
        ("Europe/Berlin", "Europe/Berln", "3:12: there is no time zone", "IANA"),
        ("ids = { user = 'user_id' }", "ids = 'user_id'", "8:7: invalid type: string", ""),
        ("variant = 'variant'", "variant = ['v']", "12:11: invalid type: sequence", ""),
        ("name = 'T'", "name name = 'T'", "1:6: ", ""),
        ("[journey]", "[identity]\nlimit = { usr = 2 }\n[journey]", "14:9: ", "\"user\""),
        ("[journey]", "[identity]\nlimt = 2\n[journey]", "14:1: unknown key", "\"limit\""),
        ("[journey]", "[session]\nprest = 'ga4'\n[journey]", "14:1: unknown key", "\"preset\""),
        ("[journey]", "[[stage]]\nnam = 'x'\n[journey]", "14:1: unknown key", "\"name\""),
        (
            "[journey]",
            "[[stage]]\nname = 'x'\nglob = '*'\n[[stage]]\nname = 'y'\nregex = '('\n[journey]",
            "16:1: [[stage]] rule 2: bad pattern \"(\": unclosed group",
            "",
        ),
        ("[journey]", "[[channel]]\nregx = 'x'\n[journey]", "14:1: unknown key", "\"regex\""),
        ("[journey]", "[funnel]\nstesp = []\n[journey]", "14:1: unknown key", "\"steps\""),
        ("[journey]", "[kpi]\ncrat = 'x'\n[journey]", "14:1: unknown key", "\"cart\""),
        ("[journey]", "[attribution]\ntuches = 1\n[journey]", "14:1: unknown key", "\"touches\""),
        ("[journey]", "[experiment]\ncontrl = 'A'\n[journey]", "14:1: unknown key", "\"control\""),
    ];
    for (from, to, message, hint) in cases {
        assert!(JOURNEY.contains(from), "{from}");
        std::fs::write(folder.path().join("bad.toml"), JOURNEY.replacen(from, to, 1)).unwrap();
        let run = run(folder.path(), &["check", "bad.toml"]);
        assert_eq!((run.code, run.out.len()), (2, 0), "{to}: {}", run.err);
        let expected = format!("error: bad.toml:{message}");
        assert!(run.said().starts_with(&expected), "{to}: {}", run.err);
        assert!(run.hint().contains(hint), "{to}: {}", run.err);
        let lines: Vec<&str> = run.err.lines().collect();
        assert!(lines[1].starts_with("  | ") && lines[2].trim_end().ends_with('^'), "{}", run.err);
        let column = message.split(':').nth(1).unwrap().parse::<usize>().unwrap();
        assert_eq!(lines[2].find('^'), Some(column + 3), "{}", run.err);
    }
}

#[test]
fn names_that_do_not_occur_are_told_the_nearest() {
    let folder = folder();
    let cases: [(&[&str], &str, &str); 18] = [
        (&["funel", "."], "unrecognized subcommand 'funel'", "'funnel'"),
        (&["map", ".", "--formt", "svg"], "unexpected argument '--formt'", "'--format'"),
        (&["map", ".", "--format", "sgv"], "invalid value 'sgv'", "\"svg\""),
        (&["map"], "the following required arguments were not provided: <INPUT>", "usage:"),
        (&["funnel", ".", "--steps", "home,crt"], "there is no stage \"crt\"", "\"cart\""),
        (&["kpi", ".", "--cart", "cert"], "there is no stage \"cert\"", "\"cart\""),
        (&["compare", ".", "--property", "varint"], "no source has a property", "\"variant\""),
        (&["check", ".", "--where", "chanel == 'x'"], "no source has a property", "\"channel\""),
        (&["check", ".", "--where", "channel =="], "where:1:", ""),
        (&["check", ".", "--since", "2026-13-01"], "--since: cannot read a time", "zone"),
        (&["check", ".", "--since", "2026-02-01", "--until", "2026-01-01"], "--until is not", ""),
        (&["check", ".", "--set", "jurney.gap=1d"], "--set jurney.gap: unknown key", "\"journey\""),
        (&["check", ".", "--set", "journey.gpa=1d"], "--set journey.gpa: unknown key", "\"gap\""),
        (&["check", ".", "--set", "funnel.stps=x"], "--set funnel.stps: unknown key", "\"steps\""),
        (&["check", ".", "--set", "journey.gap=1x"], "--set journey.gap: cannot read a span", ""),
        (&["check", ".", "--set", "source.4.path=x"], "--set source.4.path: \"4\" is no pos", ""),
        (&["check", ".", "--set", "gap"], "--set: \"gap\" has no =", "journey.gap=30d"),
        (&["map", ".", "--coverage", "7"], "--coverage: 7 is no share", "0.9"),
    ];
    for (arguments, message, hint) in cases {
        let run = run(folder.path(), arguments);
        assert_eq!((run.code, run.out.len()), (2, 0), "{arguments:?}: {}", run.err);
        assert!(run.said().starts_with(&format!("error: {message}")), "{}", run.err);
        assert!(run.hint().contains(hint), "{arguments:?}: {}", run.err);
    }
    std::fs::write(folder.path().join("t.toml"), JOURNEY.replace("'timestamp'", "'timestmp'"))
        .unwrap();
    let run = run(folder.path(), &["check", "t.toml"]);
    assert_eq!(run.said(), "error: e.csv:1: no column \"timestmp\"");
    assert!(run.hint().starts_with("did you mean \"timestamp\"?"), "{}", run.err);
}

/// The value of a row of `check --format csv`.
pub fn measure(run: &Run, name: &str) -> String {
    let text = run.out();
    let line = text.lines().find_map(|it| it.strip_prefix(name)?.strip_prefix(','));
    line.unwrap_or_else(|| panic!("no {name}: {text}{}", run.err)).to_owned()
}

#[test]
fn a_selection_is_what_the_options_say() {
    let folder = folder();
    let check = |more: &[&str]| {
        let arguments = [&["check", ".", "--format", "csv"], more].concat();
        measure(&run(folder.path(), &arguments), "events")
    };
    assert_eq!(check(&[]), "7");
    assert_eq!(check(&["--where", "channel == 'email'"]), "3");
    assert_eq!(check(&["--set", "source.0.where=\"channel == 'email'\""]), "3");
    // 23:30 in UTC is the next day in Berlin, the journey's zone.
    assert_eq!(check(&["--since", "2026-01-03"]), "2");
    assert_eq!(check(&["--since", "2026-01-03T00:00:00Z"]), "1");
    assert_eq!(check(&["--since", "2026-01-03", "--set", "timezone=UTC"]), "1");
    assert_eq!(check(&["--until", "2026-01-02T11:05"]), "4");
    let none = run(folder.path(), &["check", ".", "--since", "2027-01-01"]);
    assert_eq!(none.code, 1);
    assert!(none.said().starts_with("warning: no events: of 7 rows"), "{}", none.err);
}

#[test]
fn the_answer_goes_to_stdout_and_all_else_to_stderr() {
    let folder = folder();
    let at = folder.path();
    let bare = run(at, &["map", "e.csv", "--format", "json"]);
    assert_eq!(bare.code, 0);
    serde_json::from_slice::<serde_json::Value>(&bare.out).unwrap();
    assert!(bare.err.contains("note: e.csv: guessed time = \"timestamp\""), "{}", bare.err);
    let quiet = run(at, &["map", "e.csv", "--format", "json", "-q"]);
    assert_eq!((quiet.err.as_str(), &quiet.out), ("", &bare.out));
    let verbose = run(at, &["map", ".", "-v"]);
    assert!(verbose.err.contains("7 rows of 1 files, 7 events of 3 customers"), "{}", verbose.err);
    // Color is asked for, or not there: no terminal listens here.
    let escape = |run: &Run| (run.out.contains(&0x1b), run.err.contains('\u{1b}'));
    let colored = run(at, &["map", "e.csv", "--color", "always"]);
    assert_eq!(escape(&colored), (true, true));
    assert_eq!(escape(&run(at, &["map", "e.csv"])), (false, false));
    let never = run_with(at, &["map", "e.csv", "--color", "never"], b"", &[("NO_COLOR", "")]);
    assert_eq!(escape(&never), (false, false));
    let off = run_with(at, &["map", "e.csv", "--color", "auto"], b"", &[("NO_COLOR", "1")]);
    assert_eq!(escape(&off), (false, false));
    assert_eq!(run(at, &["--help"]).code, 0);
    assert_eq!(run(at, &["--version"]).out(), format!("touchpath {}\n", env!("CARGO_PKG_VERSION")));
    assert_eq!(run(at, &[]).code, 2);
}

#[cfg(unix)]
#[test]
fn a_closed_pipe_is_no_failure_and_a_full_disk_is() {
    let folder = folder();
    let mut rows = EVENTS.to_owned();
    for row in 0..20_000 {
        rows.push_str(&format!("2026-01-01T10:00:00Z,x{row},purchase,email,1.00,p{row},A\n"));
    }
    std::fs::write(folder.path().join("e.csv"), rows).unwrap();
    let shell = |script: &str| {
        let script = script.replace("touchpath", env!("CARGO_BIN_EXE_touchpath"));
        let mut command = std::process::Command::new("sh");
        let output = command.arg("-c").arg(script).current_dir(folder.path()).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
            + String::from_utf8(output.stderr).unwrap().as_str()
    };
    // The pipe holds 64 KiB, the ledger is longer.
    let text = shell("{ touchpath ledger . -q --format csv; echo code $? >&2; } | head -1");
    assert_eq!(text.lines().last(), Some("code 0"), "{text}");
    assert_eq!(text.lines().count(), 2, "{text}");
    let closed = shell("touchpath map . -q >&-; echo code $?");
    assert!(closed.starts_with("code 0"), "{closed}");
    if Path::new("/dev/full").exists() {
        let full = shell("touchpath map . > /dev/full; echo code $?");
        assert!(full.contains("code 2") && full.contains("standard output: "), "{full}");
        let full = shell("touchpath map . --format csv -o /dev/full; echo code $?");
        assert!(full.contains("code 2") && full.contains("/dev/full: cannot write"), "{full}");
    }
}

#[test]
fn outputs_appear_whole_or_not_at_all() {
    let folder = folder();
    let at = folder.path();
    let before = names(at);
    let fails: [(&[&str], &str); 8] = [
        (&["map", ".", "-o", "no/map.svg"], "no/map.svg: there is no folder \"no\""),
        (&["map", ".", "-o", "map.foo"], "map.foo: the ending does not say"),
        (&["kpi", ".", "-o", "kpi.svg"], "this report has no map"),
        (&["map", ".", "-o", "m.csv", "--part", "stagess"], "this report has no table"),
        (&["map", ".", "-o", "e.csv"], "e.csv: --output would replace a file that is read"),
        (&["check", ".", "--rejects", "e.csv"], "e.csv: --rejects would replace"),
        (&["map", "e.csv", "./e.csv"], "./e.csv: the file is named twice"),
        (&["init", "e.csv", "-o", "journey.toml"], "journey.toml: there is a journey file already"),
    ];
    for (arguments, message) in fails {
        let run = run(at, arguments);
        assert_eq!(run.code, 2, "{arguments:?}");
        assert!(run.err.contains(&format!("error: {message}")), "{arguments:?}: {}", run.err);
    }
    assert_eq!(names(at), before);
    assert_eq!(std::fs::read_to_string(at.join("e.csv")).unwrap(), EVENTS);
    // Formats by ending and by name, parts, and into a folder that is there.
    assert_eq!(run(at, &["map", ".", "-o", "m.csv", "--part", "transitions"]).code, 0);
    assert!(std::fs::read_to_string(at.join("m.csv")).unwrap().starts_with("from,to,moves"));
    std::fs::write(at.join("m.svg"), "old").unwrap();
    assert_eq!(run(at, &["kpi", ".", "-o", "m.svg"]).code, 2);
    assert_eq!(std::fs::read_to_string(at.join("m.svg")).unwrap(), "old");
    assert_eq!(run(at, &["map", ".", "-o", "m.svg"]).code, 0);
    assert!(std::fs::read_to_string(at.join("m.svg")).unwrap().contains("<svg"));
    std::fs::create_dir(at.join("out")).unwrap();
    std::fs::write(at.join("out/mine.txt"), "mine").unwrap();
    for _ in 0..2 {
        let report = run(at, &["report", ".", "-o", "out"]);
        assert_eq!((report.code, report.out()), (0, "out/index.html\n".to_owned()));
    }
    let written = names(&at.join("out"));
    assert!(written.contains(&"mine.txt".to_owned()) && written.contains(&"map.svg".to_owned()));
    assert!(!written.iter().any(|it| it.starts_with('.')), "{written:?}");
    assert_eq!(run(at, &["report", ".", "-o", "m.csv"]).code, 2);
}

#[test]
fn a_report_of_some_answers_is_a_folder_or_one_file() {
    let folder = folder();
    let at = folder.path();
    assert_eq!(run(at, &["report", ".", "--only", "kpi,map", "-o", "some"]).code, 0);
    let written = names(&at.join("some"));
    assert!(written.contains(&"map-stages.csv".to_owned()), "{written:?}");
    assert!(written.contains(&"manifest.json".to_owned()), "{written:?}");
    assert!(!written.iter().any(|it| it.starts_with("paths-")), "{written:?}");
    // In the order of the registry, each as its own command answers.
    let one = run(at, &["report", ".", "--only", "kpi,map,map", "-o", "some.json"]);
    assert_eq!((one.code, one.out()), (0, String::new()), "{}", one.err);
    let text = std::fs::read_to_string(at.join("some.json")).unwrap();
    let all: serde_json::Value = serde_json::from_str(&text).unwrap();
    for (place, name) in ["map", "kpi"].iter().enumerate() {
        let alone = run(at, &[name, ".", "--format", "json"]);
        let alone: serde_json::Value = serde_json::from_slice(&alone.out).unwrap();
        assert_eq!(all["reports"][place]["tables"], alone["tables"], "{name}");
    }
    assert_eq!(all["reports"].as_array().unwrap().len(), 2);
    let wrong = run(at, &["report", ".", "--only", "maps", "-o", "some.json"]);
    assert_eq!(wrong.code, 2);
    // Who names a question wants its answer; of all, those that fit the data are given.
    let goalless = ["report", ".", "--only", "attribute", "--set", "journey.conversion=[]"];
    assert_eq!(run(at, &[&goalless[..], &["-o", "a.json"]].concat()).code, 2);
    assert!(!at.join("a.json").exists());
}

#[test]
fn every_command_writes_every_format_or_says_why_not() {
    let folder = folder();
    for entry in touchpath::analysis::ANALYSES {
        for format in touchpath::output::FORMATS {
            let run = run(folder.path(), &[entry.name, ".", "--format", format.name, "-q"]);
            let of_tables = ["table", "csv", "json", "md", "html"];
            let drawn = !of_tables.contains(&format.name);
            if run.code == 0 {
                assert!(!run.out.is_empty(), "{} {}", entry.name, format.name);
            } else {
                let expected = if drawn { "error: this report has no map" } else { "error: " };
                // Without steps named there is no funnel to be asked for.
                assert!(run.said().starts_with(expected), "{} {}", entry.name, run.err);
                assert!(drawn || entry.name == "funnel", "{} {}", entry.name, run.err);
            }
        }
    }
}

#[test]
fn maps_are_drawn_as_asked() {
    let folder = folder();
    let dot = |more: &[&str]| {
        let arguments = [&["map", ".", "--format", "dot"], more].concat();
        run(folder.path(), &arguments).out()
    };
    let edges = |text: &str| text.matches(" -> n").count() - text.matches("n0 -> n").count();
    assert_eq!(edges(&dot(&["--all-edges"])), 3);
    assert!(dot(&["--dir", "lr"]).contains("rankdir=LR") && dot(&[]).contains("rankdir=TB"));
    assert!(dot(&["--plain-labels"]).contains("[label=\"cart\\n"));
    assert!(edges(&dot(&["--top-edges", "1"])) <= edges(&dot(&["--coverage", "1"])));
    let both = run(folder.path(), &["map", ".", "--all-edges", "--top-edges", "3"]);
    assert_eq!(both.code, 2, "{}", both.err);
}

#[test]
fn bad_rows_are_counted_written_and_gates() {
    let folder = folder();
    let at = folder.path();
    let rows = format!("{EVENTS}soon,u4,home,,,,\n2026-01-03T11:00:00Z,,home,,,,\n");
    std::fs::write(at.join("e.csv"), rows).unwrap();
    let map = run(at, &["map", "."]);
    assert_eq!(map.code, 0);
    assert!(map.said().contains("2 of 9 rows set aside (1 bad_time, 1 missing_id)"), "{}", map.err);
    assert_eq!(run(at, &["map", ".", "--fail-if-rejects"]).code, 1);
    assert_eq!(run(at, &["report", ".", "-o", "o", "--fail-if-rejects"]).code, 1);
    let check = run(at, &["check", ".", "--rejects", "bad.csv", "--fail-if-rejects"]);
    assert_eq!(check.code, 1);
    let bad = std::fs::read_to_string(at.join("bad.csv")).unwrap();
    assert_eq!(bad.lines().count(), 3, "{bad}");
    assert!(bad.contains("e.csv,9,1,bad_time,"), "{bad}");
    let strict = run(at, &["map", ".", "--strict"]);
    assert_eq!((strict.code, strict.out.len()), (2, 0));
    let expected = "error: e.csv:9:1: cannot read a time from \"soon\" (column timestamp)\n  \
                    | soon,u4,home,,,,\n  | ^\nhint: ";
    assert!(strict.err.starts_with(expected), "{}", strict.err);
}

#[test]
fn shells_manuals_and_editors_are_served() {
    let folder = folder();
    let at = folder.path();
    for (shell, sign) in [("bash", "complete "), ("zsh", "#compdef"), ("fish", "complete -c")] {
        let run = run(at, &["completions", shell]);
        assert_eq!(run.code, 0);
        assert!(run.out().contains(sign) && run.out().contains("dropoff"), "{shell}");
    }
    assert_eq!(run(at, &["completions", "bsh"]).code, 2);
    assert!(run(at, &["man"]).out().contains(".TH touchpath"));
    assert_eq!(run(at, &["man", "pages"]).code, 0);
    assert!(names(&at.join("pages")).contains(&"touchpath-funnel.1".to_owned()));
    let schema = run(at, &["schema"]);
    let schema: serde_json::Value = serde_json::from_slice(&schema.out).unwrap();
    for sample in ["journeys/grocer", "journeys/shop"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(sample).join("journey.toml");
        let text = std::fs::read_to_string(path).unwrap();
        let value: serde_json::Value = toml::from_str(&text).unwrap();
        assert_known(&value, &schema, &schema, sample);
    }
    let typo: serde_json::Value = toml::from_str("[journey]\ngpa = '1d'").unwrap();
    assert!(std::panic::catch_unwind(|| assert_known(&typo, &schema, &schema, "")).is_err());
}

/// Asserts that each key of a value is one of its schema.
fn assert_known(
    value: &serde_json::Value,
    schema: &serde_json::Value,
    root: &serde_json::Value,
    at: &str,
) {
    let schema = match schema["$ref"].as_str() {
        Some(name) => root.pointer(name.trim_start_matches('#')).unwrap(),
        None => schema,
    };
    if let Some(any) = schema["anyOf"].as_array() {
        let null = |it: &&serde_json::Value| it["type"] != "null";
        return any.iter().filter(null).take(1).for_each(|it| assert_known(value, it, root, at));
    }
    for item in value.as_array().into_iter().flatten() {
        assert_known(item, &schema["items"], root, at);
    }
    for (key, inner) in value.as_object().into_iter().flatten() {
        let known = schema["properties"].get(key);
        let more = schema.get("additionalProperties").filter(|it| it.is_object());
        let known = known.or(more).unwrap_or_else(|| panic!("{at}: {key} is not in the schema"));
        assert_known(inner, known, root, &format!("{at}: {key}"));
    }
}

#[test]
fn orders_without_a_currency_are_in_the_ledgers() {
    let folder = folder();
    let at = folder.path();
    assert_eq!(run(at, &["ledger", ".", "-o", "ledger.csv"]).code, 0);
    let reconcile = |orders: &str, more: &[&str]| {
        std::fs::write(at.join("orders.csv"), orders).unwrap();
        let plain =
            ["reconcile", "ledger.csv", "orders.csv", "--order", "order_id", "--value", "total"];
        run(at, &[&plain, more].concat()).code
    };
    assert_eq!(reconcile("order_id,total\no1,12.50\no2,20.00\n", &[]), 0);
    assert_eq!(reconcile("order_id,total\no1,12.50\no2,20.01\n", &[]), 1);
    assert_eq!(reconcile("order_id,total\no1,12.50\no2,20.00\n", &["--currency", "USD"]), 1);
    assert_eq!(reconcile("order_id,total,currency\no1,12.50,USD\no2,20.00,EUR\n", &[]), 1);
}
