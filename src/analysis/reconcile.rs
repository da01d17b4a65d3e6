//! Reconcile: does a ledger say the same as an independent list of orders?
//!
//! A pure comparison of two lists, order by order and in total by currency, in
//! whole minor units. Knows no files: who calls it has read them.

use std::collections::BTreeMap;

use crate::base::money::Total;
use crate::base::{Currency, Error, Result};
use crate::model::{Cell, Column, Kind, Report, Table};

/// One row of either list: a credit of a ledger, or (a line of) an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderAmount {
    /// The order id; empty where there is none.
    pub order: String,
    /// Minor units of the currency; negative for refunds.
    pub amount: Total,
    /// The currency.
    pub currency: Currency,
}

/// What became of one order.
#[derive(Debug, Clone, Copy, Default)]
struct Pair {
    ledger: Option<Total>,
    orders: Option<Total>,
}

impl Pair {
    fn difference(self) -> Total {
        self.ledger.unwrap_or(0) - self.orders.unwrap_or(0)
    }

    /// Whether the two lists say the same; an order worth 0 may be in one alone.
    fn agrees(self) -> bool {
        self.difference() == 0
    }

    fn status(self) -> &'static str {
        match self {
            Self { ledger: Some(a), orders: Some(b) } if a == b => "matched",
            Self { ledger: Some(_), orders: Some(_) } => "differs",
            _ if self.agrees() => "worth 0",
            Self { ledger: Some(_), orders: None } => "not in orders",
            _ => "not in ledger",
        }
    }
}

/// What became of the orders of one currency.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    counts: [u64; 5],
    ledger: Total,
    orders: Total,
}

const STATUS: [&str; 5] = ["matched", "worth 0", "differs", "not in orders", "not in ledger"];
/// Differing orders shown to people; data formats hold all.
const SHOWN: usize = 20;

/// Compares a ledger's credits, summed by order, with an independent list of orders.
///
/// Rows with the same order id and currency are added up on both sides, so the
/// ledger may have a row a channel and the list a row an order line. The report
/// is negative when any order differs by a unit, or is missing on either side
/// and not worth 0.
///
/// ```
/// use touchpath::analysis::reconcile::{OrderAmount, reconcile};
/// let euro = "EUR".parse().unwrap();
/// let row = |order: &str, amount| OrderAmount { order: order.into(), amount, currency: euro };
/// let ledger = [row("o1", 600), row("o1", 400), row("o2", 500)];
/// assert!(!reconcile(&ledger, &[row("o1", 1000), row("o2", 500)]).negative);
/// assert!(reconcile(&ledger, &[row("o1", 1000), row("o2", 501)]).negative);
/// ```
pub fn reconcile(ledger: &[OrderAmount], orders: &[OrderAmount]) -> Report {
    let mut pairs: BTreeMap<(&str, &str), Pair> = BTreeMap::new();
    let mut currencies: BTreeMap<&str, (Currency, Sums)> = BTreeMap::new();
    for (rows, from_ledger) in [(ledger, true), (orders, false)] {
        for row in rows {
            let pair = pairs.entry((row.currency.code(), row.order.trim())).or_default();
            let side = if from_ledger { &mut pair.ledger } else { &mut pair.orders };
            *side.get_or_insert(0) += row.amount;
            currencies.entry(row.currency.code()).or_insert((row.currency, Sums::default()));
        }
    }
    for ((code, _), pair) in &pairs {
        let Some((_, sums)) = currencies.get_mut(code) else { continue };
        if let Some(status) = STATUS.iter().position(|it| *it == pair.status()) {
            sums.counts[status] += 1;
        }
        sums.ledger += pair.ledger.unwrap_or(0);
        sums.orders += pair.orders.unwrap_or(0);
    }
    // Money cells have one currency a report; with several, amounts are written out.
    let sole = match currencies.len() {
        1 => currencies.values().next().map(|it| it.0),
        _ => None,
    };
    let mut report = Report::new("reconcile", "Reconciliation", sole.unwrap_or_default());
    let pairs: Vec<_> = pairs.into_iter().collect();
    report.negative = !pairs.iter().all(|it| it.1.agrees());
    summarize(&mut report, &currencies);
    let kind = if sole.is_some() { Kind::Money } else { Kind::Text };
    report.tables.push(sums_table(&currencies, kind));
    report.tables.push(orders_table(&pairs, &currencies, kind));
    report.notes.push(
        "Amounts are compared in whole minor units; rows with the same order id and currency are \
         added up first. Rows without an order id are compared in one sum."
            .to_owned(),
    );
    report
}

/// The credits of a ledger report, ready to be reconciled.
///
/// # Errors
/// The report has no table `ledger` with the columns `order` and `credit`.
pub fn credits(ledger: &Report) -> Result<Vec<OrderAmount>> {
    let missing = || Error::new(format!("report \"{}\" holds no ledger", ledger.name));
    let table = ledger.table("ledger").ok_or_else(missing)?;
    let order = table.column("order").ok_or_else(missing)?;
    let credit = table.column("credit").ok_or_else(missing)?;
    let row = |row: &Vec<Cell>| match (row.get(order), row.get(credit)) {
        (Some(Cell::Text(order)), Some(Cell::Money(amount))) => {
            Ok(OrderAmount { order: order.clone(), amount: *amount, currency: ledger.currency })
        }
        _ => Err(missing()),
    };
    table.rows.iter().map(row).collect()
}

fn summarize(report: &mut Report, currencies: &BTreeMap<&str, (Currency, Sums)>) {
    if currencies.is_empty() {
        report.findings.push("There is nothing to reconcile: both lists are empty.".to_owned());
    }
    for (currency, sums) in currencies.values() {
        let [matched, empty, differs, extra, lost] = sums.counts;
        let off = differs + extra + lost;
        let totals = format!(
            "the ledger holds {} {currency}, the orders {} {currency}",
            currency.format(sums.ledger),
            currency.format(sums.orders),
        );
        report.findings.push(if off == 0 {
            format!(
                "All {} orders in {currency} agree to the last unit: {totals}.",
                matched + empty
            )
        } else {
            format!(
                "{off} of {} orders in {currency} do not agree ({differs} differ, {extra} are not \
                 among the orders, {lost} not in the ledger): {totals}.",
                off + matched + empty,
            )
        });
    }
}

fn money(amount: Total, currency: Currency, kind: Kind) -> Cell {
    match kind {
        Kind::Money => Cell::Money(amount),
        _ => Cell::Text(currency.format(amount)),
    }
}

fn sums_table(currencies: &BTreeMap<&str, (Currency, Sums)>, kind: Kind) -> Table {
    let columns = vec![
        Column::new("currency", Kind::Text, "ISO 4217 code"),
        Column::new("matched", Kind::Count, "orders with the same amount in both lists"),
        Column::new("worth_0", Kind::Count, "orders worth 0 in one list alone: no difference"),
        Column::new("differs", Kind::Count, "orders in both lists with different amounts"),
        Column::new("not_in_orders", Kind::Count, "orders of the ledger alone"),
        Column::new("not_in_ledger", Kind::Count, "orders that the ledger lacks"),
        Column::new("ledger", kind, "the ledger's credits"),
        Column::new("orders", kind, "the orders' amounts"),
        Column::new("difference", kind, "ledger less orders"),
    ];
    let about = "Both lists by currency; currencies are never added up.";
    let mut table = Table::new("currencies", "By currency", about, columns);
    for (currency, sums) in currencies.values() {
        let mut row = vec![Cell::text(currency.code())];
        row.extend(sums.counts.map(Cell::Count));
        let amounts = [sums.ledger, sums.orders, sums.ledger - sums.orders];
        row.extend(amounts.map(|it| money(it, *currency, kind)));
        table.push(row);
    }
    table
}

fn orders_table(
    pairs: &[((&str, &str), Pair)],
    currencies: &BTreeMap<&str, (Currency, Sums)>,
    kind: Kind,
) -> Table {
    let columns = vec![
        Column::new("order", Kind::Text, "the order id"),
        Column::new("currency", Kind::Text, "ISO 4217 code"),
        Column::new("status", Kind::Text, "differs, not in orders, not in ledger"),
        Column::new("ledger", kind, "the ledger's credits"),
        Column::new("orders", kind, "the order's amount"),
        Column::new("difference", kind, "ledger less order"),
    ];
    let about = "Every order that does not agree.";
    let mut table = Table::new("differences", "Orders that do not agree", about, columns);
    table.shown = SHOWN;
    for ((code, order), pair) in pairs.iter().filter(|it| !it.1.agrees()) {
        let currency = currencies.get(code).map(|it| it.0).unwrap_or_default();
        let side = |it| Cell::or_empty(it, "not in this list", |it| money(it, currency, kind));
        table.push(vec![
            Cell::text(if order.is_empty() { "(no order id)" } else { order }),
            Cell::text(*code),
            Cell::text(pair.status()),
            side(pair.ledger),
            side(pair.orders),
            money(pair.difference(), currency, kind),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<OrderAmount> {
        let row = |it: &str| {
            let (order, rest) = it.split_once('=').unwrap();
            let (amount, code) = rest.split_at(rest.len() - 3);
            OrderAmount {
                order: order.to_owned(),
                amount: amount.parse().unwrap(),
                currency: code.parse().unwrap(),
            }
        };
        text.split_whitespace().map(row).collect()
    }

    #[test]
    fn lists_that_agree_in_any_order_and_cut_reconcile() {
        let report =
            reconcile(&rows("b=5EUR a=60EUR a=40EUR c=-7EUR"), &rows("a=100EUR c=-7EUR b=5EUR"));
        assert!(!report.negative);
        assert_eq!(report.table("currencies").unwrap().rows[0][1], Cell::Count(3));
        assert!(report.table("differences").unwrap().rows.is_empty());
        assert!(!reconcile(&[], &[]).negative);
        let free = reconcile(&rows("a=5EUR =0EUR"), &rows("a=5EUR"));
        assert!(!free.negative);
        assert_eq!(free.table("currencies").unwrap().rows[0][2], Cell::Count(1));
    }

    #[test]
    fn one_unit_off_or_one_order_missing_is_told() {
        let report = reconcile(&rows("a=99EUR b=5EUR"), &rows("a=100EUR c=6EUR"));
        assert!(report.negative);
        let table = report.table("differences").unwrap();
        let status: Vec<_> = table.rows.iter().map(|it| it[2].clone()).collect();
        assert_eq!(status, ["differs", "not in orders", "not in ledger"].map(Cell::text));
        assert_eq!(table.rows[0][5], Cell::Money(-1));
    }

    #[test]
    fn errors_that_cancel_out_in_the_total_are_still_told() {
        let report = reconcile(&rows("a=99EUR b=6EUR"), &rows("a=100EUR b=5EUR"));
        assert!(report.negative);
        assert_eq!(report.table("currencies").unwrap().rows[0][8], Cell::Money(0));
    }

    #[test]
    fn currencies_are_not_mixed() {
        let report = reconcile(&rows("a=100EUR a=7JPY"), &rows("a=100EUR a=8JPY"));
        assert!(report.negative);
        let table = report.table("currencies").unwrap();
        assert_eq!(table.rows[0][8], Cell::text("0.00"));
        assert_eq!(table.rows[1][8], Cell::text("-1"));
    }
}
