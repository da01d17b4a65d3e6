//! Tests of reading whole studies: files in, rows, rejects and errors out.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use super::*;
use crate::base::{NONE, Unwatched};
use crate::model::raw::{NO_AMOUNT, NO_TIME, Sequence};

/// Files in a folder of their own; a name's ending says how they are packed.
fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = folder.path().join(name);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, pack(name, bytes)).unwrap();
    }
    folder
}

fn pack(name: &str, bytes: &[u8]) -> Vec<u8> {
    if name.ends_with(".gz") {
        // Two members, as `cat a.gz b.gz` makes.
        let member = |bytes: &[u8]| {
            let mut encoder =
                flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(bytes).unwrap();
            encoder.finish().unwrap()
        };
        let (a, b) = bytes.split_at(bytes.len() / 2);
        [member(a), member(b)].concat()
    } else if name.ends_with(".zst") {
        let (a, b) = bytes.split_at(bytes.len() / 2);
        [zstd::encode_all(a, 1).unwrap(), zstd::encode_all(b, 1).unwrap()].concat()
    } else {
        bytes.to_vec()
    }
}

fn sources(text: &str) -> Vec<SourceOptions> {
    #[derive(serde::Deserialize)]
    struct Study {
        source: Vec<SourceOptions>,
    }
    toml::from_str::<Study>(text).unwrap().source
}

fn settings(folder: &Path) -> ReadSettings {
    ReadSettings {
        folder: folder.to_owned(),
        currency: "EUR".parse().unwrap(),
        ..ReadSettings::default()
    }
}

/// Rows, rejects and blocked ids as text.
fn dump(raw: &RawEvents) -> String {
    let mut out = String::new();
    for batch in &raw.batches.all().unwrap() {
        for row in 0..batch.len() {
            let time = match batch.times[row] {
                NO_TIME => "always".to_owned(),
                it => (it / 1_000_000).to_string(),
            };
            let _ = write!(out, "{}{time}", if batch.links { "link " } else { "" });
            for (column, table) in batch.ids.iter().zip(&raw.ids) {
                let code = column.code(row);
                let _ = write!(out, " {}", if code == NONE { "-" } else { table.get(code) });
            }
            for (column, names) in batch.texts.iter().zip(&raw.texts) {
                let code = column.code(row);
                let _ = write!(out, " {}", if code == NONE { "-" } else { names.get(code) });
            }
            match batch.amounts.get(row) {
                None | Some(&NO_AMOUNT) => {}
                Some(it) => drop(write!(out, " {it}")),
            }
            match &batch.sequence {
                Sequence::None => {}
                Sequence::Numbers(it) => drop(write!(out, " #{}", it[row])),
                Sequence::Texts(it) => {
                    let _ = write!(out, " #'{}'", raw.sequence_texts.get(it.code(row)));
                }
            }
            out.push('\n');
        }
    }
    for reject in raw.issues.rejects() {
        let _ = writeln!(out, "! {} {} {}", reject.place, reject.kind.key(), reject.detail);
    }
    for ((id_type, text), count) in &raw.blocked {
        let _ = writeln!(out, "x {}:{text} {count}", raw.fields.id_types[*id_type]);
    }
    let issues = &raw.issues;
    assert_eq!(issues.read, raw.len() as u64 + issues.rejected() + issues.filtered);
    assert_eq!(issues.read, raw.inputs.iter().map(|it| it.rows).sum::<u64>());
    out
}

#[track_caller]
fn check(files: &[(&str, &[u8])], study: &str, expected: &str) {
    let folder = folder(files);
    let shown = match read(&sources(study), &settings(folder.path()), &Unwatched) {
        Ok(raw) => dump(&raw),
        Err(error) => format!("error: {error}\nhint: {}\n", error.hint_text().unwrap_or("")),
    };
    assert_eq!(shown, expected);
}

const ONE: &str = "[[source]]\npath = 'a.csv'\ntime = 't'\ntime_format = 'epoch_s'\n\
                   ids = { user = 'u', cookie = 'c' }\n";

#[test]
fn ids_stay_text_and_nobodys_are_left_out() {
    check(
        &[("a.csv", b"t,u,c\n1,00001,NA\n2,null,7\n3,,\n4,0,anonymous\n5,u 1,\n")],
        ONE,
        "1 00001 NA\n2 - 7\n5 u 1 -\n\
         ! a.csv:4 missing_id \n\
         ! a.csv:5:3 null_like_id \"0\" (column u)\n\
         x user:0 1\nx user:null 1\nx cookie:anonymous 1\n",
    );
}

#[test]
fn blanks_around_ids_and_the_case_of_addresses_do_not_count() {
    check(
        &[("a.csv", b"t,m,u\n1,Ada@X.COM,B7\n2, ada@x.com ,b7\n3,, B7\n4, ,\n")],
        "[[source]]\npath = 'a.csv'\ntime = 't'\ntime_format = 'epoch_s'\n\
         ids = { email = 'm', user = 'u' }\n",
        "1 B7 ada@x.com\n2 b7 ada@x.com\n3 B7 -\n! a.csv:5 missing_id \n",
    );
}

#[test]
fn times_that_cannot_be_read_are_set_aside_with_their_place() {
    check(
        &[("a.csv", b"u,t,c\nx,1,\nx,,\nx,soon,\n\xc3\xbc,later,\n")],
        ONE,
        "1 x -\n! a.csv:3:3 missing_time column t\n\
         ! a.csv:4:3 bad_time \"soon\" (column t)\n! a.csv:5:3 bad_time \"later\" (column t)\n",
    );
}

#[test]
fn amounts_become_minor_units() {
    let study = format!("{ONE}value = 'v'\nquantity = 'q'\ncurrency = 'k'\n");
    check(
        &[(
            "a.csv",
            b"t,u,c,v,q,k\n1,x,,12.5,,\n2,x,,3,2,eur\n3,x,,0.005,3,EUR\n4,x,,,,USD\n\
              5,x,,1,1,USD\n6,x,,1e3,,\n7,x,,1,many,\n8,x,,-0.10,,\n9,x,,99999999999999999999,,\n",
        )],
        &study,
        "1 x - 1250\n2 x - 600\n3 x - 2\n4 x -\n8 x - -10\n\
         ! a.csv:6:10 other_currency \"USD\" (column k)\n\
         ! a.csv:7:6 bad_value \"1e3\" (column v)\n\
         ! a.csv:8:8 bad_value \"many\" (column q)\n\
         ! a.csv:10:6 bad_value \"99999999999999999999\" (column v)\n",
    );
}

#[test]
fn constants_fill_gaps_and_filters_leave_rows_out() {
    let study = format!(
        "{ONE}channel = 'ch'\nconstants = {{ channel = 'direct', event = 'visit', shop = 'one' }}\n\
         where = \"land != 'AT'\"\n"
    );
    check(
        &[("a.csv", b"t,u,c,ch,land\n1,x,,mail,DE\n2,x,,,\nsoon,x,,,AT\n")],
        &study,
        "1 x - visit mail one\n2 x - visit direct one\n",
    );
}

#[test]
fn event_ids_are_texts_as_soon_as_one_is() {
    let study = "[[source]]\npath = '*.csv'\ntime = 't'\nids = { user = 'u' }\nevent_id = 'e'\n\
                 time_format = 'epoch_s'\n\
                 [[source]]\npath = 'b/n.csv'\ntime = 't'\nids = { user = 'u' }\nsequence = 'e'\n\
                 time_format = 'epoch_s'\n";
    let numbers: &[u8] = b"t,u,e\n1,x,7\n2,x,\n";
    check(
        &[("1.csv", numbers), ("b/n.csv", b"t,u,e\n3,x,8\n4,x,08\n5,x,z\n")],
        study,
        "1 x #7\n2 x #-9223372036854775808\n3 x #8\n4 x #8\n\
         ! b/n.csv:4:5 bad_sequence \"z\" (column e)\n",
    );
    check(
        &[("1.csv", numbers), ("2.csv", b"t,u,e\n1,x,07\n"), ("b/n.csv", b"t,u,e\n3,x,8\n")],
        study,
        "1 x #'7'\n2 x #''\n1 x #'07'\n3 x #8\n",
    );
}

#[test]
fn many_sources_in_many_formats_join() {
    let study = "[[source]]\npath = 'web'\ntime = 't'\nids = { cookie = 'c' }\nevent = 'e'\n\
                 time_format = 'epoch_s'\n\
                 [[source]]\npath = 'crm.jsonl'\nids = { user = 'who.id', cookie = 'who.c' }\n\
                 role = 'links'\n";
    let csv: &[u8] = b"\xef\xbb\xbfe,t,c\nhome,1,a\ncart,2,b\n";
    check(
        &[
            ("web/2/x.csv.gz", csv),
            ("web/1.tsv.zst", b"e\tt\tc\nbuy\t3\tb\n"),
            ("web/.hidden.csv", b"no"),
            ("web/readme.md", b"no"),
            ("crm.jsonl", b"{\"who\":{\"id\":7,\"c\":\"b\"}}\n"),
        ],
        study,
        "3 - b buy\n1 - a home\n2 - b cart\nlink always 7 b -\n",
    );
}

#[test]
fn what_cannot_be_read_is_an_error_with_a_hint() {
    let good: &[u8] = b"t,u,c\n1,x,y\n";
    let cases: [(&str, &[u8], &str, &str); 9] = [
        ("b.csv", good, "", "error: a.csv: there is no such file\nhint: \n"),
        ("a.csv", b"", "", "error: a.csv: the file is empty\n"),
        ("a.csv", b"\xff\xfet\0,\0", "", "error: a.csv: the file is UTF-16\n"),
        (
            "a.csv",
            b"time,u,c\n1,x,y\n",
            "",
            "error: a.csv:1: no column \"t\"\nhint: did you mean \"time\"? the file has: time, u, c\n",
        ),
        (
            "a.csv",
            good,
            "event = 'c'\nchannel = 'C'",
            "error: a.csv:1: no column \"C\"\nhint: did you",
        ),
        (
            "a.csv",
            good,
            "format = 'csvv'",
            "error: a.csv: unknown format \"csvv\"\nhint: did you mean \"csv\"?",
        ),
        ("a.csv", good, "delimiter = '\u{20ac}'", "error: a.csv: '€' cannot be a delimiter"),
        ("a.csv", good, "quantity = 'c'", "error: source \"a.csv\" has a quantity or currency but"),
        (
            "a.csv",
            good,
            "value = 'c'\nconstants = { currency = 'USD' }",
            "error: source \"a.csv\" counts in USD, the journey in EUR\n",
        ),
    ];
    for (name, bytes, more, expected) in cases {
        let folder = folder(&[(name, bytes)]);
        let study = format!("{ONE}{more}\n");
        let error = read(&sources(&study), &settings(folder.path()), &Unwatched).unwrap_err();
        let shown = format!("error: {error}\nhint: {}\n", error.hint_text().unwrap_or(""));
        assert!(shown.starts_with(expected), "{shown}");
    }
}

#[test]
fn damaged_packed_files_are_refused() {
    let rows = "1,x,y\n".repeat(50_000);
    let text = format!("t,u,c\n{rows}");
    for ending in ["gz", "zst"] {
        let name = format!("a.csv.{ending}");
        let study = ONE.replace("a.csv", &name);
        let packed = pack(&name, text.as_bytes());
        let mut flipped = packed.clone();
        let last = flipped.len() - 6;
        flipped[last] ^= 1;
        let cut = &packed[..packed.len() - 9];
        for (bytes, expected) in
            [(cut, "data is cut short"), (&flipped[..], "damaged"), (b"t,u,c\n", "does not hold")]
        {
            let folder = tempfile::tempdir().unwrap();
            fs_err::write(folder.path().join(&name), bytes).unwrap();
            let result = read(&sources(&study), &settings(folder.path()), &Unwatched);
            match result {
                Err(error) => assert!(error.to_string().contains(expected), "{error}"),
                // Zstandard frames carry a checksum only if they were made with one.
                Ok(_) => assert_eq!((ending, expected), ("zst", "damaged")),
            }
        }
    }
}

#[test]
fn strict_stops_at_the_first_reject_in_file_order() {
    let folder = folder(&[("a.csv", b"t,u,c\n1,x,y\nsoon,x,y\n2,x\n")]);
    let settings = ReadSettings { strict: true, ..settings(folder.path()) };
    let error = read(&sources(ONE), &settings, &Unwatched).unwrap_err();
    assert_eq!(error.to_string(), "a.csv:3:1: cannot read a time from \"soon\" (column t)");
    assert_eq!(error.excerpt_text(), Some("soon,x,y"));
    assert!(error.hint_text().is_some());
}

#[test]
fn kept_properties_are_read_unasked_and_mistyped_ones_refused() {
    let folder = folder(&[("a.csv", b"t,u,c,device\n1,x,y,phone\n")]);
    let keep = |name: &str| {
        let settings = ReadSettings { keep: vec![name.into()], ..settings(folder.path()) };
        read(&sources(ONE), &settings, &Unwatched)
    };
    assert_eq!(dump(&keep("device").unwrap()), "1 x y phone\n");
    let error = keep("devise").unwrap_err();
    assert_eq!(error.to_string(), "no source has a property \"devise\"");
}

#[test]
fn any_number_of_threads_reads_the_same() {
    let mut text = String::from("t,u,c,e\n");
    for row in 0..200_000u32 {
        let _ = writeln!(text, "{row},u{},c{},\"e{}\"", row % 7919, row % 104_729, row % 13);
    }
    let folder = folder(&[("a.csv", text.as_bytes())]);
    let study = format!("{ONE}event = 'e'\n");
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let raw = read(&sources(&study), &settings(folder.path()), &Unwatched).unwrap();
            dump(&raw)
        })
    };
    let one = on(1);
    assert!(one.starts_with("0 u0 c0 e0\n1 u1 c1 e1\n"));
    assert_eq!(one.lines().count(), 200_000);
    assert!(one == on(2));
    assert!(one == on(5));
}

#[test]
fn many_files_are_read_at_the_same_time_and_joined_in_their_order() {
    let names: Vec<String> = (0..2100).map(|it| format!("in/{it:04}.csv")).collect();
    let text = |it: usize| match it {
        1500 => "t,u,c\nsoon,x,y\n".to_owned(),
        1700 | 1900 => "t,u\n".to_owned(),
        _ => format!("t,u,c\n{it},u{},c{it}\n", it % 7),
    };
    let texts: Vec<String> = (0..names.len()).map(text).collect();
    let list = |count: usize| {
        let files = names.iter().zip(&texts).take(count);
        files.map(|(name, text)| (name.as_str(), text.as_bytes())).collect::<Vec<_>>()
    };
    let study = ONE.replace("a.csv", "in");
    let read_in = |folder: &tempfile::TempDir, strict| {
        let settings = ReadSettings { strict, ..settings(folder.path()) };
        read(&sources(&study), &settings, &Unwatched)
    };
    let good = folder(&list(1600));
    let raw = read_in(&good, false).unwrap();
    let rows = dump(&raw);
    let expected = (0..1600).filter(|&it| it != 1500).map(|it| format!("{it} u{} c{it}", it % 7));
    assert!(rows.lines().take(1599).eq(expected), "{rows}");
    assert_eq!((raw.inputs.len(), raw.issues.rejected()), (1600, 1));
    let error = read_in(&good, true).unwrap_err();
    assert!(error.to_string().starts_with("in/1500.csv:2:1: "), "{error}");
    let error = read_in(&folder(&list(2100)), false).unwrap_err();
    assert!(error.to_string().starts_with("in/1700.csv:1: no column \"c\""), "{error}");
}
