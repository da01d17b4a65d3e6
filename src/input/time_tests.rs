//! Tests of `time`.

use jiff::civil;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

use super::*;

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

fn read(format: TimeFormat, zone: TimeZone, text: &str) -> Result<String, TimeProblem> {
    let micros = TimeReader::new(format, zone).read(text)?;
    Ok(jiff::Timestamp::from_microsecond(micros).unwrap().to_string())
}

#[test]
fn texts_are_read_as_their_table_says() {
    use TimeFormat::{Auto, Date, EpochMs, EpochNs, EpochS, EpochUs, Local, Rfc3339};
    let cases = [
        (Auto, "2026-01-31T23:59:59Z", "2026-01-31T23:59:59Z"),
        (Auto, "2026-01-31t23:59:59z", "2026-01-31T23:59:59Z"),
        (Auto, " 2026-01-31 23:59:59Z ", "2026-01-31T23:59:59Z"),
        (Auto, "2026-01-31 23:59:59 UTC", "2026-01-31T23:59:59Z"),
        (Auto, "2026-01-31 23:59:59.123456 UTC", "2026-01-31T23:59:59.123456Z"),
        (Auto, "2026-01-31T23:59:59.1Z", "2026-01-31T23:59:59.1Z"),
        (Auto, "2026-01-31T23:59:59.123456789Z", "2026-01-31T23:59:59.123456Z"),
        (Auto, "2026-01-31T23:59:59+01:00", "2026-01-31T22:59:59Z"),
        (Auto, "2026-01-31T23:59:59-0530", "2026-02-01T05:29:59Z"),
        (Auto, "2026-01-31 23:59:59+00", "2026-01-31T23:59:59Z"),
        (Auto, "2026-01-31 23:59:59 +0100", "2026-01-31T22:59:59Z"),
        (Auto, "2026-01-31T23:59Z", "2026-01-31T23:59:00Z"),
        (Auto, "2026-01-31T23:59:60Z", "2026-01-31T23:59:59Z"),
        (Auto, "2026-01-31 23:59:59", "2026-01-31T22:59:59Z"),
        (Auto, "2026-07-31T23:59:59.5", "2026-07-31T21:59:59.5Z"),
        (Auto, "2026-07-31 23:59", "2026-07-31T21:59:00Z"),
        (Auto, "2026-07-31", "2026-07-30T22:00:00Z"),
        (Auto, "0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        (Auto, "9999-12-30T22:00:00Z", "9999-12-30T22:00:00Z"),
        (Auto, "2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z"),
        (Auto, "1700000000", "2023-11-14T22:13:20Z"),
        (Auto, "1700000000.123", "2023-11-14T22:13:20.123Z"),
        (Auto, "999999999", "2001-09-09T01:46:39Z"),
        (Auto, "1700000000123", "2023-11-14T22:13:20.123Z"),
        (Auto, "1700000000123456", "2023-11-14T22:13:20.123456Z"),
        (Auto, "1700000000123456789", "2023-11-14T22:13:20.123456Z"),
        (Auto, "-1700000000", "1916-02-18T01:46:40Z"),
        (Rfc3339, "2026-01-31T23:59:59Z", "2026-01-31T23:59:59Z"),
        (Local, "2026-01-31 23:59:59", "2026-01-31T22:59:59Z"),
        (Date, "20260731", "2026-07-30T22:00:00Z"),
        (Date, "2026-07-31", "2026-07-30T22:00:00Z"),
        (EpochS, "0", "1970-01-01T00:00:00Z"),
        (EpochS, "-1.5", "1969-12-31T23:59:58.5Z"),
        (EpochS, "-0.0000001", "1969-12-31T23:59:59.999999Z"),
        (EpochMs, "1", "1970-01-01T00:00:00.001Z"),
        (EpochUs, "1", "1970-01-01T00:00:00.000001Z"),
        (EpochNs, "1999", "1970-01-01T00:00:00.000001Z"),
        (EpochNs, "-1", "1969-12-31T23:59:59.999999Z"),
    ];
    for (format, text, expected) in cases {
        assert_eq!(read(format, zone("Europe/Berlin"), text).as_deref(), Ok(expected), "{text}");
    }
}

#[test]
fn what_is_no_time_is_refused() {
    use TimeFormat::{Auto, Date, EpochMs, EpochS, Local, Rfc3339};
    let bad = [
        (Auto, "2026-13-01T00:00:00Z"),
        (Auto, "2026-00-01"),
        (Auto, "2J26-01-01T00:00:00Z"),
        (Auto, "2026-01-01T\u{7f}0:00:00Z"),
        (Auto, "2026-02-29"),
        (Auto, "1900-02-29"),
        (Auto, "2026-04-31T00:00:00Z"),
        (Auto, "2026-01-00T00:00:00Z"),
        (Auto, "0000-01-01T00:00:00Z"),
        (Auto, "2026-01-31T24:00:00Z"),
        (Auto, "2026-01-31T23:60:00Z"),
        (Auto, "2026-01-31T23:59:61Z"),
        (Auto, "2026-01-31T23:59:59.Z"),
        (Auto, "2026-01-31T23:59:59.1234567890Z"),
        (Auto, "2026-01-31T23:59:59+24:00"),
        (Auto, "2026-01-31T23:59:59 CET"),
        (Auto, "2026-01-31T23:59:59[Europe/Berlin]"),
        (Auto, "2026-01-31T"),
        (Auto, "2026-01-31T23"),
        (Auto, "2026-01-31_23:59:59"),
        (Auto, "2026/01/31"),
        (Auto, "31/01/2026"),
        (Auto, "31.01.2026 10:00"),
        (Auto, "01-31-2026"),
        (Auto, "20260131"),
        (Auto, "45000"),
        (Auto, "17000000001"),
        (Auto, "99999999999999999999"),
        (Auto, "1.7e9"),
        (Auto, "yesterday"),
        (Auto, "٢٠٢٦-01-31"),
        (Auto, "9999-12-31T23:59:59Z"),
        (Rfc3339, "2026-01-31T23:59:59"),
        (Rfc3339, "1700000000"),
        (Local, "2026-01-31T23:59:59Z"),
        (Local, "2026-01-31"),
        (Date, "2026-01-31T23:59:59Z"),
        (Date, "20260231"),
        (Date, "1700000000"),
        (EpochS, "1700000000123"),
        (EpochS, "2026-01-31T23:59:59Z"),
        (EpochS, "NaN"),
        (EpochMs, "9223372036854775807"),
    ];
    for (format, text) in bad {
        assert_eq!(read(format, TimeZone::UTC, text), Err(TimeProblem::Bad), "{text}");
    }
    for empty in ["", "  "] {
        assert_eq!(read(Auto, TimeZone::UTC, empty), Err(TimeProblem::Missing));
    }
}

#[test]
fn the_first_number_of_a_file_decides_its_unit() {
    let mut reader = TimeReader::new(TimeFormat::Auto, TimeZone::UTC);
    assert_eq!(reader.decided(), None);
    assert_eq!(reader.read("nonsense"), Err(TimeProblem::Bad));
    assert_eq!(reader.decided(), None);
    assert_eq!(reader.read("1700000000123"), Ok(1_700_000_000_123_000));
    assert_eq!(reader.decided(), Some(TimeFormat::EpochMs));
    let mut fork = reader.fork();
    for other in ["1700000000", "1700000000123456", "2026-01-01T00:00:00Z", "2026-01-01"] {
        assert_eq!(fork.read(other), Err(TimeProblem::Bad), "{other}");
    }
    assert!(reader.hint("1700000000").contains("another unit"));
    assert_eq!(fork.read_number(1_700_000_000_124), Ok(1_700_000_000_124_000));
    assert_eq!(fork.read_number(1_700_000_000), Err(TimeProblem::Bad));
}

#[test]
fn hints_say_what_to_do() {
    let reader = TimeReader::new(TimeFormat::Auto, TimeZone::UTC);
    let cases = [
        ("31/01/2026", "order of day and month"),
        ("1.2.2026 10:00", "order of day and month"),
        ("20260131", "time_format = \"date\""),
        ("45000", "name the unit"),
        ("yesterday", "2026-01-31T23:59:59Z"),
        ("2026-13-01", "2026-01-31T23:59:59Z"),
    ];
    for (text, hint) in cases {
        assert!(reader.hint(text).contains(hint), "{text}: {}", reader.hint(text));
    }
}

#[test]
fn changes_of_clocks_skip_and_repeat_times() {
    let cases = [
        ("Europe/Berlin", "2026-03-29 01:59:59", Ok("2026-03-29T00:59:59Z"), 0),
        ("Europe/Berlin", "2026-03-29 02:30:00", Err(TimeProblem::Skipped), 0),
        ("Europe/Berlin", "2026-03-29 03:00:00", Ok("2026-03-29T01:00:00Z"), 0),
        ("Europe/Berlin", "2026-10-25 02:30:00", Ok("2026-10-25T00:30:00Z"), 1),
        ("Europe/Berlin", "2026-10-25 03:00:00", Ok("2026-10-25T02:00:00Z"), 0),
        ("America/New_York", "2026-03-08 02:00:00", Err(TimeProblem::Skipped), 0),
        ("America/New_York", "2026-11-01 01:30:00", Ok("2026-11-01T05:30:00Z"), 1),
        ("America/New_York", "2026-11-01 00:59:59", Ok("2026-11-01T04:59:59Z"), 0),
        // No midnight that day: the day begins with the jump to 01:00.
        ("America/Sao_Paulo", "2018-11-04", Ok("2018-11-04T03:00:00Z"), 0),
        ("America/Sao_Paulo", "2018-11-04 00:30:00", Err(TimeProblem::Skipped), 0),
        // The hour before this midnight occurs twice.
        ("America/Sao_Paulo", "2018-02-17 23:30:00", Ok("2018-02-18T01:30:00Z"), 1),
    ];
    for (name, text, expected, ambiguous) in cases {
        let mut reader = TimeReader::new(TimeFormat::Auto, zone(name));
        let got = reader.read(text).map(|it| jiff::Timestamp::from_microsecond(it).unwrap());
        assert_eq!(got.map(|it| it.to_string()).as_deref(), expected.as_deref(), "{text}");
        assert_eq!(reader.ambiguous(), ambiguous, "{text}");
        assert_eq!(reader.fork().ambiguous(), 0);
    }
}

#[test]
fn random_instants_are_read_as_jiff_reads_them() {
    let mut random = Pcg64::seed_from_u64(7);
    let mut reader = TimeReader::new(TimeFormat::Auto, TimeZone::UTC);
    for _ in 0..20_000 {
        let micros = random.random_range(-62_135_596_800_000_000..=253_402_207_200_000_000);
        let instant = jiff::Timestamp::from_microsecond(micros).unwrap();
        assert_eq!(reader.read(&instant.to_string()), Ok(micros), "{instant}");
        let offset =
            jiff::tz::Offset::from_seconds(random.random_range(-1439..=1439) * 60).unwrap();
        let shifted = offset.to_datetime(instant);
        if (1..=9999).contains(&shifted.year()) {
            let text = instant.display_with_offset(offset).to_string();
            assert_eq!(reader.read(&text), Ok(micros), "{text}");
        }
    }
}

#[test]
fn random_local_times_are_read_as_jiff_reads_them() {
    let mut random = Pcg64::seed_from_u64(8);
    for name in ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo"] {
        let zone = zone(name);
        let mut reader = TimeReader::new(TimeFormat::Local, zone.clone());
        let mut counted = 0;
        let mut local = civil::date(2023, 12, 30).at(0, 0, 0, 0);
        while local.year() < 2026 {
            // Steps of minutes to hours visit each change of clocks closely.
            local += jiff::Span::new().seconds(random.random_range(1..5_000));
            let ambiguous = zone.to_ambiguous_timestamp(local);
            let expected = match ambiguous.offset() {
                AmbiguousOffset::Gap { .. } => Err(TimeProblem::Skipped),
                it => {
                    counted += u64::from(matches!(it, AmbiguousOffset::Fold { .. }));
                    Ok(ambiguous.earlier().unwrap().as_microsecond())
                }
            };
            assert_eq!(reader.read(&local.to_string()), expected, "{name} {local}");
        }
        assert_eq!(reader.ambiguous(), counted);
        assert!(counted > 0);
    }
}

#[test]
fn binary_times_agree_with_texts() {
    let mut reader = TimeReader::new(TimeFormat::Auto, zone("Europe/Berlin"));
    let text = reader.read("2026-07-31 12:00:00.25").unwrap();
    assert_eq!(reader.read_local(1_785_499_200_250_000), Ok(text));
    assert_eq!(reader.read_day(20_665), reader.read("2026-07-31"));
    assert_eq!(reader.read_day(i64::MAX), Err(TimeProblem::Bad));
    assert_eq!(reader.read_local(i64::MAX), Err(TimeProblem::Bad));
    assert_eq!(reader.read_local(i64::MIN), Err(TimeProblem::Bad));
}

/// Dates and minutes are remembered; a time reads the same whatever came before it.
#[test]
fn what_came_before_changes_no_time() {
    let minutes = ["2026-01-01T10:00", "2026-01-01 10:00", "2026-01-01T10:59", "2026-02-30T10:00"];
    let changes = ["2026-10-25 02:30", "2026-03-29T02:30", "9999-12-30T23:00", "0000-01-01T00:00"];
    let ends = [
        "",
        "Z",
        ":00Z",
        ":59.168Z",
        ":60.999Z",
        ":61.000Z",
        ":05,168Z",
        ":05.16aZ",
        ":05:168Z",
        ":05.1Z",
        ":05.1234567Z",
        ":05.Z",
        ":5Z",
        ":00",
        ":60",
        ":61",
        ":07.25",
        ":07.",
        ":00z",
        ":00+01:00",
        ":00.5-0130",
        "+01",
        ":00 UTC",
        ":00 ",
        "-00",
    ];
    let texts: Vec<String> = minutes
        .iter()
        .chain(&changes)
        .flat_map(|minute| ends.iter().map(move |end| format!("{minute}{end}")))
        .chain(["2026-01-01".to_owned(), "\0".repeat(19), format!("{}:00Z", "\0".repeat(16))])
        .collect();
    let zone = TimeZone::get("Europe/Berlin").unwrap();
    for format in [TimeFormat::Auto, TimeFormat::Rfc3339, TimeFormat::Local] {
        let mut decided = TimeReader::new(format, zone.clone());
        let _ = decided.read("2026-01-01T00:00:00");
        let alone = |text: &str| {
            let mut reader = TimeReader::new(format, zone.clone());
            let _ = reader.read("2026-01-01T00:00:00");
            reader.read(text)
        };
        let expected: Vec<_> = texts.iter().map(|it| alone(it)).collect();
        for before in &texts {
            for (text, expected) in texts.iter().zip(&expected) {
                let mut reader = decided.clone();
                let _ = reader.read(before);
                assert_eq!(reader.read(text), *expected, "{text} after {before} as {format:?}");
            }
        }
    }
}
