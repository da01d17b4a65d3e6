//! What several presets share: how sales and refunds are called, and where visits are from.
//!
//! Knows records; no vendor.

use super::record::{Found, Record};

/// Events that are a sale, of which `total` and `value` are an amount of money sold.
pub(super) const SALES: &[&str] = &[
    "Order Completed",
    "order_completed",
    "order completed",
    "Order Placed",
    "order_placed",
    "purchase",
    "Purchase",
    "Purchase Completed",
    "purchase_completed",
    "checkout_completed",
];

/// Events that give money back.
pub(super) const REFUNDS: &[&str] =
    &["Order Refunded", "order_refunded", "order refunded", "refund", "Refund"];

/// The site that a visit came from, if it is another one than its own; `www.` is no
/// difference, and vendors' words for none are none.
pub(super) fn elsewhere(record: &Record<'_, '_>, from: &str, own: &str) -> Found<String> {
    let Some(from) = record.text(from)? else { return Ok(None) };
    let from = host(&from).to_owned();
    if from.is_empty() || from.starts_with('$') || from.starts_with('(') {
        return Ok(None);
    }
    let own = record.text(own)?;
    let same = own.is_some_and(|it| host(&it).eq_ignore_ascii_case(&from));
    Ok((!same).then_some(from))
}

/// The host of an address, or of a host.
fn host(address: &str) -> &str {
    let bare = address.split_once("://").map_or(address, |it| it.1);
    let bare = bare.split(['/', '?', '#', ':']).next().unwrap_or_default();
    bare.strip_prefix("www.").unwrap_or(bare)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_compared_without_www() {
        let cases = [
            ("https://www.shop.example/a?b", "shop.example"),
            ("shop.example:443", "shop.example"),
            ("$direct", "$direct"),
            ("", ""),
        ];
        for (address, expected) in cases {
            assert_eq!(host(address), expected, "{address}");
        }
    }
}
