//! Shopify: the orders CSV.
//!
//! An order stands on the first of its rows; further rows hold only its other items and
//! are left out. An order is a `purchase` at `Created at`. A refunded amount has no date:
//! it is a `refund` when the order was cancelled, or else when it was made, so that the
//! net of an order falls in the period of the order. A cancelled order is a `cancellation`
//! too, which takes back what was neither paid nor refunded. Orders of guests at the till
//! have neither an email nor a phone, and are set aside: nobody can be told from them.

use std::borrow::Cow;

use super::record::{Found, Record, Trouble};
use super::table::{Each, NOTHING, Preset, Take};
use super::{Plan, Sink, drive};
use crate::base::{Error, IssueKind, Place, Result};
use crate::input::csv::records::{Records, Shaped};
use crate::input::decimal::Decimal;
use crate::input::jsonl::{Fill, Outcome};
use crate::input::read::Job;

/// The columns that are asked for, whatever the case and punctuation of the export.
const COLUMNS: [&str; 17] = [
    "Name",
    "Email",
    "Financial Status",
    "Fulfilled at",
    "Currency",
    "Total",
    "Discount Code",
    "Created at",
    "Lineitem name",
    "Billing Phone",
    "Shipping Phone",
    "Cancelled at",
    "Refunded Amount",
    "Id",
    "Source",
    "Phone",
    "Location",
];
/// Those without which a file is no such export.
const NEEDED: [&str; 4] = ["Name", "Created at", "Total", "Lineitem name"];

/// See the module.
pub(super) const SHOPIFY: Preset = Preset {
    name: "shopify",
    about: "Shopify, orders (CSV)",
    knows: Some(knows),
    look: Some(look),
    read: Some(read),
    endings: &["csv"],
    dedupe: &["event_id"],
    needs: &["event", "order"],
    each: Some(Each { list: "@events", name: "@event", empty: "a further item of an order" }),
    keys: &[
        ("time", &[Take::By(time)]),
        ("event", &[Take::At("@event.kind")]),
        ("event_id", &[Take::Joined(&["Name", "@event.number"])]),
        ("ids.email", &[Take::At("Email")]),
        ("ids.phone", &[Take::At("Phone"), Take::At("Billing Phone"), Take::At("Shipping Phone")]),
        ("value", &[Take::By(value)]),
        ("currency", &[Take::At("Currency")]),
        ("order", &[Take::At("Name")]),
        ("properties.source", &[Take::At("Source")]),
        ("properties.status", &[Take::At("Financial Status")]),
        ("properties.discount", &[Take::At("Discount Code")]),
        ("properties.location", &[Take::At("Location")]),
    ],
    ..NOTHING
};

/// A name without case and punctuation.
fn bare(name: &str) -> String {
    name.chars().filter(|it| it.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The header with the names of [`COLUMNS`]; a second column of such a name keeps its own.
fn names(header: &[String]) -> Vec<String> {
    let mut free = COLUMNS.to_vec();
    let mut known = |name: &String| {
        let at = free.iter().position(|it| bare(it) == bare(name))?;
        Some(free.swap_remove(at).to_owned())
    };
    header.iter().map(|it| known(it).unwrap_or_else(|| it.clone())).collect()
}

/// What tells that these first bytes are such an export.
fn knows(head: &[u8]) -> Option<&'static str> {
    let line = head.split(|&it| it == b'\n').next().unwrap_or_default();
    let line = bare(&String::from_utf8_lossy(line));
    let all = ["name", "financialstatus", "createdat", "lineitemname", "lineitemquantity"];
    all.iter().all(|it| line.contains(it)).then_some("it has orders and their line items")
}

fn read(job: &Job<'_>) -> Result<Outcome> {
    let plan = Plan::new(&SHOPIFY, job)?;
    let mut records = Records::open(job, None)?;
    let names = names(records.names());
    if let Some(absent) = NEEDED.iter().find(|it| !names.iter().any(|own| own == *it)) {
        return Err(Error::new(format!("no column \"{absent}\""))
            .at(Place::line(&*job.file.name, 1))
            .hint(format!(
                "Shopify's export of orders has one; the file has: {}",
                names.join(", ")
            )));
    }
    drive(
        job,
        &plan,
        || records.next(),
        |part, sink: &mut Sink<'_>| {
            part.each(names.len(), |line, shaped| match shaped {
                Shaped::Bad { kind, column, detail, raw } => {
                    sink.reject(line, column, kind, detail, raw);
                }
                Shaped::Record { values, .. } if values.iter().zip(&names).all(is_name) => {
                    let raw = || values.join(",");
                    sink.reject(line, 0, IssueKind::RepeatedHeader, "", &raw);
                }
                Shaped::Record { values, raw } => match object(&names, values) {
                    Some(text) => sink.take(line, &text, &|| raw.to_owned()),
                    None => {
                        let detail = "neither an order nor an item of one";
                        sink.reject(line, 0, IssueKind::BadRecord, detail, &|| raw.to_owned());
                    }
                },
            });
            Ok(())
        },
    )
}

fn is_name((value, name): (&Cow<'_, str>, &String)) -> bool {
    bare(value) == bare(name)
}

/// A row as an object with the events that it stands for.
fn object(names: &[String], values: &[Cow<'_, str>]) -> Option<String> {
    let of = |name: &str| {
        let at = names.iter().position(|it| it == name);
        at.and_then(|it| values.get(it)).map_or("", |it| it.trim())
    };
    let whole = ["Total", "Financial Status", "Id"].iter().any(|it| !of(it).is_empty());
    if !whole && (of("Name").is_empty() || of("Lineitem name").is_empty()) {
        return None;
    }
    let mut events = Vec::new();
    if whole {
        events.push(("purchase", "1"));
        // What is no number is found out where it is read as an amount.
        let nothing = |it: Decimal| it.unscaled == 0;
        if !of("Refunded Amount").is_empty()
            && !Decimal::parse(of("Refunded Amount")).is_some_and(nothing)
        {
            events.push(("refund", "2"));
        }
        let void = matches!(of("Financial Status"), "voided" | "expired");
        if void || !of("Cancelled at").is_empty() {
            events.push(("cancellation", "3"));
        }
    }
    let mut object = serde_json::Map::new();
    for (name, value) in names.iter().zip(values).filter(|it| !it.1.is_empty()) {
        object.insert(name.clone(), (&**value).into());
    }
    let event = |(kind, number): (&str, &str)| serde_json::json!({"kind": kind, "number": number});
    object.insert("@events".to_owned(), events.into_iter().map(event).collect());
    Some(serde_json::Value::Object(object).to_string())
}

/// `2026-01-02 10:00:00 -0500` as RFC 3339.
fn instant(text: &str) -> String {
    let text = text.trim();
    if let Some((time, zone)) = text.rsplit_once(' ')
        && zone.len() == 5
        && zone.starts_with(['+', '-'])
        && zone[1..].bytes().all(|it| it.is_ascii_digit())
    {
        return format!("{time}{}:{}", &zone[..3], &zone[3..]);
    }
    text.strip_suffix(" UTC").map_or_else(|| text.to_owned(), |it| format!("{it}Z"))
}

fn time(record: &Record<'_, '_>) -> Found<String> {
    let later = match record.text("@event.kind")?.as_deref() {
        Some("refund" | "cancellation") => record.text("Cancelled at")?,
        _ => None,
    };
    let time = match later {
        Some(it) => Some(it),
        None => record.text("Created at")?,
    };
    Ok(time.map(|it| instant(&it)))
}

fn value(record: &Record<'_, '_>) -> Found<String> {
    let amount = |path: &str| -> std::result::Result<Decimal, Trouble> {
        let Some(text) = record.text(path)? else { return Ok(Decimal { unscaled: 0, scale: 0 }) };
        Decimal::parse(&text).ok_or_else(|| Trouble {
            kind: IssueKind::BadValue,
            detail: format!("\"{text}\" (column {path})"),
        })
    };
    let text = |path: &str| Ok(record.text(path)?.map(Cow::into_owned));
    match record.text("@event.kind")?.as_deref() {
        Some("refund") => {
            let it = amount("Refunded Amount")?;
            Ok(Some(written(Decimal { unscaled: -it.unscaled.abs(), ..it })))
        }
        Some("cancellation") => {
            let status = text("Financial Status")?.unwrap_or_default();
            let kept = ["paid", "partially_paid", "refunded", "partially_refunded"];
            if kept.contains(&status.as_str()) {
                return Ok(None);
            }
            let (total, refunded) = (amount("Total")?, amount("Refunded Amount")?);
            let rest = difference(refunded, total).ok_or_else(|| Trouble {
                kind: IssueKind::BadValue,
                detail: "a total that is too large".to_owned(),
            })?;
            Ok((rest.unscaled < 0).then(|| written(rest)))
        }
        _ => text("Total"),
    }
}

/// `a - b`, exactly.
fn difference(a: Decimal, b: Decimal) -> Option<Decimal> {
    let scale = a.scale.max(b.scale);
    let scaled = |it: Decimal| it.unscaled.checked_mul(10i128.checked_pow(scale - it.scale)?);
    Some(Decimal { unscaled: scaled(a)?.checked_sub(scaled(b)?)?, scale })
}

/// A decimal as plain digits.
fn written(it: Decimal) -> String {
    let scale = it.scale as usize;
    let digits = format!("{:0>width$}", it.unscaled.unsigned_abs(), width = scale + 1);
    let sign = if it.unscaled < 0 { "-" } else { "" };
    match digits.split_at(digits.len() - scale) {
        (whole, "") => format!("{sign}{whole}"),
        (whole, fraction) => format!("{sign}{whole}.{fraction}"),
    }
}

/// The first orders as JSON objects.
fn look(fill: Fill<'_>) -> Result<Vec<String>> {
    const HEAD: usize = 256 << 10;
    let mut head = vec![0; HEAD];
    let count = fill(&mut head)?;
    let sample = crate::input::sample::of_text(&head[..count], count < HEAD, "csv")?;
    let header: Vec<String> = sample.columns.iter().map(|it| it.name.clone()).collect();
    let names = names(&header);
    let rows = sample.columns.first().map_or(0, |it| it.values.len());
    let row = |at: usize| {
        let value = |it: &crate::input::sample::Column| {
            Cow::Owned(it.values.get(at).cloned().unwrap_or_default())
        };
        object(&names, &sample.columns.iter().map(value).collect::<Vec<Cow<'_, str>>>())
    };
    Ok((0..rows).filter_map(row).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_amounts_are_written_as_others_read_them() {
        let times = [
            ("2026-01-02 10:00:00 -0500", "2026-01-02 10:00:00-05:00"),
            ("2026-01-02 10:00:00 UTC", "2026-01-02 10:00:00Z"),
            ("2026-01-02 10:00", "2026-01-02 10:00"),
        ];
        for (text, expected) in times {
            assert_eq!(instant(text), expected);
        }
        let sum = |a: &str, b: &str| {
            difference(Decimal::parse(a).unwrap(), Decimal::parse(b).unwrap()).map(written)
        };
        assert_eq!(sum("1.5", "2").as_deref(), Some("-0.5"));
        assert_eq!(sum("0", "0.05").as_deref(), Some("-0.05"));
        assert_eq!(sum("12", "2").as_deref(), Some("10"));
    }

    #[test]
    fn names_are_told_whatever_their_case_and_punctuation() {
        let header = ["name", "CREATED AT", "Lineitem-Name", "Total", "total ", "Vendor"];
        let header: Vec<String> = header.iter().map(|it| (*it).to_owned()).collect();
        let expected = ["Name", "Created at", "Lineitem name", "Total", "total ", "Vendor"];
        assert_eq!(names(&header), expected);
    }
}
