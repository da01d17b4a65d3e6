//! How the web shop and the app write one event down.
//!
//! Text only: decides nothing about what happens.

use super::channel::Channel;
use super::clock::utc;
use super::euros;
use super::sheet::field;
use super::walk::{CATEGORIES, Page, Step};

/// One page seen, with all that a system records of it.
pub(super) struct Seen<'a> {
    /// When, in milliseconds.
    pub(super) at: i64,
    /// The cookie or the device, and its kind or system.
    pub(super) device: (&'a str, &'a str),
    /// The account, once logged in.
    pub(super) user: Option<&'a str>,
    /// The page.
    pub(super) step: &'a Step,
    /// Channel and campaign, on the first page of a visit.
    pub(super) from: Option<(&'a Channel, &'a str)>,
    /// The arm of the experiment.
    pub(super) variant: char,
    /// The order's name, and its value in cents.
    pub(super) order: Option<(String, i64)>,
}

/// A row of `web.csv` behind its event id.
pub(super) fn web(seen: &Seen<'_>) -> String {
    let (time, (cookie, kind), variant) = (utc(seen.at), seen.device, seen.variant);
    let (user, path) = (seen.user.unwrap_or_default(), path(seen.step));
    let tags = match seen.from {
        Some((channel, campaign)) => {
            format!("{},{},{}", channel.source, channel.medium, field(campaign, ','))
        }
        None => ",,".to_owned(),
    };
    let order = match &seen.order {
        Some((name, cents)) => format!("{name},{}", euros(*cents)),
        None => ",".to_owned(),
    };
    format!(",{time},{cookie},{user},{path},{tags},{kind},{variant},{order}")
}

/// A row of `app.jsonl` behind its event id. No text in it needs escaping.
pub(super) fn app(seen: &Seen<'_>) -> String {
    let (at, (device, system), variant) = (seen.at, seen.device, seen.variant);
    let (event, screen) = screen(seen.step.page);
    let user = seen.user.map_or_else(|| "null".to_owned(), |it| format!("\"{it}\""));
    let from = match seen.from {
        Some((Channel { source, medium, .. }, "")) => {
            format!("{{\"source\":\"{source}\",\"medium\":\"{medium}\"}}")
        }
        Some((Channel { source, medium, .. }, name)) => {
            format!("{{\"source\":\"{source}\",\"medium\":\"{medium}\",\"name\":\"{name}\"}}")
        }
        None => "null".to_owned(),
    };
    let order = match &seen.order {
        Some((name, cents)) => {
            let total = euros(*cents);
            format!(",\"order\":{{\"id\":\"{name}\",\"total\":{total},\"currency\":\"EUR\"}}")
        }
        None => String::new(),
    };
    format!(
        ",\"at\":{{\"time\":{at}}},\"device\":{{\"id\":\"{device}\",\"os\":\"{system}\"}},\
         \"user\":{{\"id\":{user}}},\"event\":\"{event}\",\"screen\":\"{screen}\",\
         \"campaign\":{from},\"ab\":{{\"checkout\":\"{variant}\"}}{order}}}"
    )
}

/// The address of a page in the web shop.
fn path(step: &Step) -> String {
    match step.page {
        Page::Home => "/".to_owned(),
        Page::Search => "/search".to_owned(),
        Page::Category => format!("/c/{}", CATEGORIES[step.item]),
        Page::Product => format!("/p/{}", 1001 + step.item),
        Page::Cart => "/cart".to_owned(),
        Page::Checkout => "/checkout".to_owned(),
        Page::Login => "/login".to_owned(),
        Page::Payment => "/checkout/payment".to_owned(),
        Page::Thanks => "/thank-you".to_owned(),
        Page::Help => "/help".to_owned(),
    }
}

/// The event and the screen under which the app reports a page.
fn screen(page: Page) -> (&'static str, &'static str) {
    match page {
        Page::Home => ("open_app", "Home"),
        Page::Search => ("search", "Search"),
        Page::Category => ("view_list", "List"),
        Page::Product => ("view_item", "Item"),
        Page::Cart => ("view_cart", "Cart"),
        Page::Checkout => ("begin_checkout", "Checkout"),
        Page::Login => ("login", "Login"),
        Page::Payment => ("add_payment", "Payment"),
        Page::Thanks => ("purchase", "Thanks"),
        Page::Help => ("view_help", "Help"),
    }
}
