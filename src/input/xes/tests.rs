//! Tests of `xes`.

use super::*;
use crate::base::{Issues, Unwatched};
use crate::input::mapping::{Common, fields};
use crate::input::options::SourceOptions;

const LOG: &str = "path = 'a'\ntime = 'time:timestamp'\nevent = 'concept:name'\n\
                   ids = { case = 'case:concept:name' }\n\
                   properties = { channel = 'case:channel', total = 'cost.total' }";

fn mapping(toml: &str) -> Mapping {
    let source: SourceOptions =
        toml::from_str(toml.replace("channel =", "way =").as_str()).unwrap();
    let common = Common {
        fields: fields(std::slice::from_ref(&source), &[]),
        zone: jiff::tz::TimeZone::UTC,
        currency: "EUR".parse().unwrap(),
        blocklist: Default::default(),
        privacy: Default::default(),
        gather: None,
    };
    Mapping::new(&source, &common).unwrap()
}

fn read_with(mapping: &Mapping, mut text: &[u8]) -> Result<Outcome> {
    let mut fill = |buffer: &mut [u8]| {
        let (now, rest) = text.split_at(buffer.len().min(text.len()));
        buffer[..now.len()].copy_from_slice(now);
        text = rest;
        Ok(now.len())
    };
    let file = FileId { name: "a.xes".into(), order: 0 };
    let how = How { keep_all: true, strict: false, progress: &Unwatched };
    read(&mut fill, mapping, &file, how)
}

/// The rows as `case event time way total`, then the rejects as `line reason detail`.
fn shown(text: &str) -> Vec<String> {
    let mapping = mapping(LOG);
    let outcome = match read_with(&mapping, text.as_bytes()) {
        Ok(it) => it,
        Err(error) => return vec![error.to_string()],
    };
    let mut lines = Vec::new();
    let mut issues = Issues::new(true);
    for (part, more) in outcome.parts {
        issues.merge(more);
        let batch = part.into_batch();
        for row in 0..batch.len() {
            let text = |column: &crate::model::raw::TextColumn| match column.codes.get(row) {
                Some(&code) if (code as usize) < column.dictionary.len() => {
                    column.dictionary.get(code).to_owned()
                }
                _ => "-".to_owned(),
            };
            let texts: Vec<String> = batch.texts.iter().map(text).collect();
            let time = batch.times[row] / 1000;
            lines.push(format!("{} {time} {}", text(&batch.ids[0]), texts.join(" ")));
        }
    }
    assert_eq!(issues.read, lines.len() as u64 + issues.rejected());
    let reject = |it: &crate::base::Reject| {
        format!("{} {} {}", it.place.line, it.kind.key(), it.detail).trim().to_owned()
    };
    lines.extend(issues.rejects().iter().map(reject));
    lines
}

/// A log of these traces.
fn log(traces: &str) -> String {
    format!("<?xml version='1.0' encoding='utf-8'?>\n<log xes.version='1.0'>\n{traces}\n</log>\n")
}

fn event(name: &str, time: &str) -> String {
    format!(
        "<event><string key='concept:name' value='{name}'/>\
         <date key='time:timestamp' value='{time}'/></event>\n"
    )
}

const CASE: &str = "<trace><string key='concept:name' value='7'/>";

#[test]
fn attributes_of_trace_and_event_become_columns_wherever_they_stand() {
    let text = log(&format!(
        "<extension name='Time' prefix='time' uri='http://127.0.0.1/none'/>\n\
         <global scope='event'><string key='concept:name' value='UNKNOWN'/></global>\n\
         <classifier name='A' keys='concept:name'/>\n\
         <string key='concept:name' value='the log'/>\n\
         {CASE}<string key='channel' value='Desk &amp; &#x41;'/>\n\
         <event><string key='concept:name' value='a'>\
           <string key='concept:name' value='inner'/></string>\
         <date key='time:timestamp' value='1970-01-01T01:00:01.5+01:00'/>\
         <container key='cost'><float key='total' value='1.5E2'/></container></event>\n\
         <event><list key='cost'><values><int key='total' value='3'/></values></list>\n\
         <date key='time:timestamp' value='1970-01-01T00:00:00Z'/>\
         <string key='concept:name' value='b'/></event></trace>\n\
         <trace><event><string key='concept:name' value='c'/>\
         <date key='time:timestamp' value='1970-01-01T00:00:02Z'/></event>\
         <string key='channel' value='late'/><string key='concept:name' value='8'/></trace>"
    ));
    assert_eq!(shown(&text), ["7 1500 a 150 Desk & A", "7 0 b 3 Desk & A", "8 2000 c - late"]);
}

#[test]
fn an_event_that_cannot_be_used_is_set_aside_with_its_line() {
    let traces = format!(
        "{CASE}\n{}{}{}\
         <event><string key='concept:name' value='d'/></event>\n\
         <event><string key='concept:name' value='&lol;'/></event>\n\
         <event><string key='concept:name' value='e' value/></event>\n\
         <event><string value='e'/></event>\n\
         </trace>\n<event><date key='time:timestamp' value='1970-01-01T00:00:01Z'/>\
         <string key='concept:name' value='f'/></event>\n\
         <trace><string key='concept:name' value='a&#0;b'/>{}</trace>",
        event("a", "1970-01-01T00:00:00Z"),
        event("b", "31.12.1970"),
        event("", "1970-01-01T00:00:01Z"),
        event("z", "1970-01-01T00:00:01Z"),
    );
    assert_eq!(
        shown(&log(&traces)),
        [
            "7 0 a - -",
            "5 bad_time \"31.12.1970\" (column time:timestamp)",
            "6 missing_name column concept:name",
            "7 missing_time column time:timestamp",
            "8 bad_xml in the value of \"concept:name\": at 1..4: unrecognized entity `lol`",
            "9 bad_xml in <string>: position 41: attribute key must be directly followed by `=` \
             or space",
            "10 bad_xml <string> has no key",
            "12 missing_id",
            "13 bad_xml in the value of \"concept:name\": invalid character reference: 0x0 \
             character is not permitted in XML",
        ]
        .map(str::to_owned)
    );
}

#[test]
fn what_is_broken_or_hostile_is_refused_with_its_line() {
    let deep = "<string key='a' value='b'>".repeat(70);
    let cases: [(String, &str); 14] = [
        (log("<trace>\n<event>"), "a.xes:5: the XML is broken"),
        (log("").replace("</log>", ""), "a.xes:5: the file ends in the middle of the log"),
        (log(&format!("{CASE}\n<event>{deep}")), "a.xes:4: elements are nested deeper than 64"),
        (log(&format!("<{}/>", "a".repeat(20 << 20))), "a.xes:3: a tag or text is longer than"),
        (log("<trace><trace/></trace>"), "a.xes:3: a <trace> stands where none can be"),
        (log("<global><event/></global>"), "a.xes:3: a <event> stands where none can be"),
        (log("").replace("utf-8", "ISO-8859-1"), "a.xes:1: the file says that it is written in"),
        (log("") + "<log/>", "a.xes:5: <log> is no log"),
        ("<html></html>".into(), "a.xes:1: <html> is no log"),
        ("ts,user\n1,2\n".into(), "a.xes:1: there is text outside of the log"),
        (String::new(), "a.xes:1: there is no <log> in the file"),
        (
            "<!DOCTYPE l [<!ENTITY a \"aa\"><!ENTITY b \"&a;&a;\">]>\n<log/>".into(),
            "a.xes:1: the file has a document type",
        ),
        (log(&format!("{CASE}{}</trace>", event("a", "").replace("time:", "tiem:"))), "no column"),
        (log(&event("a", "1970-01-01")), "no column \"case:concept:name\""),
    ];
    for (text, expected) in cases {
        let message = shown(&text).join("\n");
        assert!(message.contains(expected), "{message}: {expected}");
        assert!(message.starts_with("a.xes:"), "{message}");
    }
    let latin = log("<trace><string key='a' value='\u{1}'/></trace>").replace('\u{1}', "\u{7f}");
    let latin: Vec<u8> = latin.bytes().map(|it| if it == 0x7f { 0xe9 } else { it }).collect();
    let error = read_with(&mapping(LOG), &latin).unwrap_err();
    assert_eq!(error.to_string(), "a.xes:3: the file is not UTF-8");
}

#[test]
fn a_log_without_events_has_no_rows() {
    assert!(shown("<log/>").is_empty());
    assert!(shown(&log("<trace/>")).is_empty());
}

#[test]
fn many_events_come_in_their_order_and_all_alike() {
    let mut traces = String::new();
    let mut expected = Vec::new();
    for trace in 0..300 {
        traces.push_str(&format!("<trace><string key='concept:name' value='t{trace}'/>"));
        for at in 0..(trace % 17) {
            let bad = (trace * 17 + at) % 97 == 0;
            traces.push_str(&event("a", if bad { "x" } else { "1970-01-01T00:00:01Z" }));
            if !bad {
                expected.push(format!("t{trace} 1000 a - -"));
            }
        }
        traces.push_str("</trace>");
    }
    let ours = shown(&log(&traces));
    assert_eq!(ours[..expected.len()], expected);
    assert!(ours[expected.len()..].iter().all(|it| it.contains("bad_time \"x\"")));
}

#[test]
fn the_first_events_of_a_log_can_be_looked_at() {
    let look_at = |text: &str| {
        let mut rest = text.as_bytes();
        look(&mut |buffer| {
            let count = rest.len().min(buffer.len());
            buffer[..count].copy_from_slice(&rest[..count]);
            rest = &rest[count..];
            Ok(count)
        })
    };
    let text = log(&format!("{CASE}{}</trace>{}", event("a", "1970-01-01"), event("b", "1971")));
    assert_eq!(
        look_at(&format!("\u{feff}{text}")).unwrap(),
        [
            r#"{"case:concept:name":"7","concept:name":"a","time:timestamp":"1970-01-01"}"#,
            r#"{"concept:name":"b","time:timestamp":"1971"}"#,
        ]
    );
    assert!(knows(b"\xef\xbb\xbf <?xml version='1.0'?> <log>").is_some());
    assert!(knows(b"a,b\n<log>").is_none() && knows(b"<?xml version='1.0'?><html>").is_none());
    for bad in ["<log><trace>", "a,b", "<log><event/>"] {
        assert!(look_at(bad).is_err(), "{bad}");
    }
}
