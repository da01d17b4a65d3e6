//! Rows that no analysis can use, planted on purpose so that `check` has news.
//!
//! Each is counted under the reason for which a strict reader sets it aside.
//! None of them is an order of the shop.

use super::Shop;
use super::clock::{DAY, END, HOUR, START};
use super::sheet::Kind;
use crate::base::IssueKind;

/// Web rows, each with the reason; `#` stands for a number that makes ids differ.
const WEB: [(IssueKind, &str); 8] = [
    (
        IssueKind::BadTime,
        "x#,2025-13-01T09:00:00.000Z,aa00000000000#,,/,google,organic,,mobile,A,,",
    ),
    (IssueKind::BadTime, "x#,yesterday,aa00000000000#,,/p/1003,,,,desktop,B,,"),
    (IssueKind::MissingTime, "x#,,aa00000000000#,,/cart,,,,desktop,A,,"),
    (IssueKind::MissingId, "x#,2025-04-02T10:00:00.000Z,,,/c/sale,google,cpc,,mobile,A,,"),
    (IssueKind::NullLikeId, "x#,2025-04-03T11:30:00.000Z,null,undefined,/p/1004,,,,desktop,B,,"),
    (IssueKind::FieldCount, "x#,2025-04-05T08:15:00.000Z,aa00000000000#,,/p/10"),
    (
        IssueKind::BadQuote,
        "x#,2025-04-06T18:45:00.000Z,aa00000000000#,,/,google,cpc,the \"big\" sale,mobile,A,,",
    ),
    (
        IssueKind::BadValue,
        "x#,2025-04-07T20:00:00.000Z,aa00000000000#,,/thank-you,,,,mobile,B,W#,n/a",
    ),
];

/// App rows.
const APP: [(IssueKind, &str); 5] = [
    (IssueKind::BadJson, r#"{"id":"x#","at":{"time":1743500000000},"device":{"id":"AA"#),
    (IssueKind::NotAnObject, r#"["x#",1743500000000,"open_app"]"#),
    (
        IssueKind::NullLikeId,
        r#"{"id":"x#","at":{"time":1743500000000},"device":{"id":"0","os":"ios"},"user":{"id":"null"},"event":"open_app","screen":"Home","campaign":null,"ab":{}}"#,
    ),
    (
        IssueKind::NullLikeId,
        r#"{"id":"x#","at":{"time":1743600000000},"device":{"id":"QA-TEST-PHONE","os":"android"},"user":{"id":null},"event":"view_item","screen":"Item","campaign":null,"ab":{"checkout":"B"}}"#,
    ),
    (
        IssueKind::OtherCurrency,
        r#"{"id":"x#","at":{"time":1744000000000},"device":{"id":"AA-#","os":"ios"},"user":{"id":null},"event":"purchase","screen":"Thanks","campaign":null,"ab":{"checkout":"A"},"order":{"id":"M#","total":64.50,"currency":"USD"}}"#,
    ),
];

/// Rows of the customer file.
const CRM: [(IssueKind, &str); 3] = [
    (IssueKind::MissingId, ";;newsletter sent;2025-03-18 10:04:00;;;"),
    (IssueKind::BadTime, "ana.#@example.com;;lead form;31.04.2025;trade fair;event;"),
    (
        IssueKind::SkippedTime,
        "ana.#@example.com;;newsletter opened;2025-03-30 02:15:00;;;clocks went forward",
    ),
];

/// Rows of the stores' cash desks.
const POS: [(IssueKind, &str); 2] = [
    (IssueKind::MissingId, "\t2025-04-12 11:05:40\tS#\t18.90"),
    (IssueKind::BadValue, "0299#\t2025-04-12 12:31:02\tS#\t24,90"),
];

/// Plants the rows; the more customers, the more of them.
pub(super) fn plant(shop: &mut Shop, customers: u32) {
    let copies = 1 + customers / 5_000;
    for nth in 0..copies {
        for (place, (kind, line)) in WEB.into_iter().enumerate() {
            let line = line.replace('#', &format!("{nth:02}{place}"));
            shop.web.add(when(nth, place), Kind::Raw, line.as_bytes());
            shop.dirty(kind);
        }
        for (place, (kind, line)) in APP.into_iter().enumerate() {
            let line = line.replace('#', &format!("{nth:02}{place}"));
            shop.app.add(when(nth, place), Kind::Raw, line.as_bytes());
            shop.dirty(kind);
        }
        for (place, (kind, line)) in CRM.into_iter().enumerate() {
            let line = line.replace('#', &format!("{nth:02}{place}"));
            shop.crm.add(when(nth, place), Kind::Raw, line.as_bytes());
            shop.dirty(kind);
        }
        for (place, (kind, line)) in POS.into_iter().enumerate() {
            let line = line.replace('#', &format!("{nth:02}{place}"));
            shop.pos.add(when(nth, place), Kind::Raw, line.as_bytes());
            shop.dirty(kind);
        }
    }
    shop.web.add(START + 45 * DAY, Kind::Raw, super::WEB_HEAD.as_bytes());
    shop.dirty(IssueKind::RepeatedHeader);
    // Written by a program that knew only Latin-1.
    shop.crm.add(
        START + 20 * DAY,
        Kind::Raw,
        b"ana.900@example.com;;support call;2025-03-21 16:20:00;;;Frau M\xfcller asks for a call",
    );
    shop.dirty(IssueKind::BadEncoding);
    let total = super::euros(shop.revenue);
    shop.pos.add(END, Kind::Raw, format!("Total\t\t\t{total}").as_bytes());
    shop.dirty(IssueKind::MissingTime);
}

/// Where in the file a planted row stands.
fn when(nth: u32, place: usize) -> i64 {
    START + i64::from(nth + 1) * DAY * 7 % (80 * DAY) + place as i64 * 5 * HOUR
}
