//! What the ledger says: rows, totals by channel, the proof. Splits value, by
//! `apportion` alone.

use rayon::prelude::*;

use crate::analysis::Evidence;
use crate::analysis::attribution::last_non_direct::warning;
use crate::analysis::attribution::{CAVEAT, Method, ModelEntry, Rules, UNATTRIBUTED, UNITS};
use crate::base::ChannelId;
use crate::base::money::{Apportion, Total};
use crate::base::numerals::{count, money};
use crate::model::{Cell, Column, Kind, Report, Table};

use super::super::attribute::conversions;
use super::{Entry, LedgerState, Part};

/// Rows of the ledger shown to people; data formats hold all.
const SHOWN: usize = 20;
/// Runs of conversions whose rows are made side by side.
const RUNS: usize = 16;

/// What a channel (or, last, nothing) was credited with.
#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    rows: u64,
    units: i128,
    sales: Total,
    refunds: Total,
}

/// The whole report.
pub(super) fn report(
    state: &LedgerState,
    model: &ModelEntry,
    rules: &Rules,
    evidence: &Evidence<'_>,
) -> Report {
    let currency = evidence.catalog.currency;
    let mut report = Report::new("ledger", "Ledger", currency);
    let (ledger, sums) = rows(state, model, evidence);
    let credited: Total = sums.iter().map(|it| it.sales + it.refunds).sum();
    let units: i128 = sums.iter().map(|it| it.units).sum();
    let exact =
        credited == state.value && units == i128::from(state.conversions) * i128::from(UNITS);
    report.negative = !exact;
    report.findings.push(format!(
        "{} credit rows of {} conversions sum to {}; the conversions are worth {}: {}.",
        count(ledger.rows.len() as u64),
        count(state.conversions),
        money(credited, currency),
        money(state.value, currency),
        if exact { "they agree to the last unit" } else { "THEY DIFFER" },
    ));
    report.tables.push(totals(&sums, evidence));
    report.tables.push(proof(state, credited, units));
    report.tables.push(ledger);
    report.notes.extend(warning(model.name, rules));
    notes(&mut report, model);
    report
}

fn rows(state: &LedgerState, model: &ModelEntry, evidence: &Evidence<'_>) -> (Table, Vec<Sum>) {
    let columns = vec![
        Column::new("conversion_time", Kind::Time, "when it converted"),
        Column::new("order", Kind::Text, "the order id; empty if the event carries none"),
        Column::new("customer", Kind::Text, "who"),
        Column::new("model", Kind::Text, "the attribution model"),
        Column::new("channel", Kind::Text, "who earned it"),
        Column::new("weight", Kind::Number, "the channel's part of the conversion; sums to 1"),
        Column::new("touches", Kind::Count, "the channel's eligible touches"),
        Column::new("credit", Kind::Money, "the value credited; sums to the order's value"),
        Column::new("currency", Kind::Text, "ISO 4217 code"),
        Column::new("kind", Kind::Text, "sale, or refund where the value is negative"),
    ];
    let about = "One row for each conversion and channel that earned a part of it.";
    let mut table = Table::new("ledger", "Credit by order", about, columns);
    table.personal = true;
    table.shown = SHOWN;
    let entries = state.sorted(evidence);
    // Few runs, since each sums all channels for itself.
    let run = entries.len().div_ceil(RUNS).max(1);
    let runs: Vec<_> = entries.par_chunks(run).map(|it| run_rows(it, model, evidence)).collect();
    let mut sums = vec![Sum::default(); evidence.catalog.channels.len() + 1];
    for (rows, more) in runs {
        table.rows.extend(rows);
        for (own, more) in sums.iter_mut().zip(more) {
            own.rows += more.rows;
            own.units += more.units;
            own.sales += more.sales;
            own.refunds += more.refunds;
        }
    }
    (table, sums)
}

/// The rows of some conversions, and their sums by channel.
fn run_rows(
    entries: &[(&Entry, &[Part])],
    model: &ModelEntry,
    evidence: &Evidence<'_>,
) -> (Vec<Vec<Cell>>, Vec<Sum>) {
    let mut rows = Vec::with_capacity(entries.len());
    let mut sums = vec![Sum::default(); evidence.catalog.channels.len() + 1];
    let none = [Part { channel: ChannelId::NONE, touches: 0, units: UNITS }];
    let (mut apportion, mut units) = (Apportion::default(), Vec::new());
    for &(entry, parts) in entries {
        let parts = if parts.is_empty() { &none[..] } else { parts };
        units.clear();
        units.extend(parts.iter().map(|it| it.units));
        let customer = (evidence.customer_name)(entry.customer);
        for (part, &credit) in parts.iter().zip(apportion.split(entry.value, &units)) {
            // A channel without weight earned nothing and gets no row.
            if part.units == 0 {
                continue;
            }
            let last = sums.len() - 1;
            let sum = &mut sums[part.channel.index().min(last)];
            sum.rows += 1;
            sum.units += i128::from(part.units);
            *if entry.value < 0 { &mut sum.refunds } else { &mut sum.sales } += Total::from(credit);
            rows.push(row(entry, part, &customer, credit, model, evidence));
        }
    }
    (rows, sums)
}

fn row(
    entry: &Entry,
    part: &Part,
    customer: &str,
    credit: i64,
    model: &ModelEntry,
    evidence: &Evidence<'_>,
) -> Vec<Cell> {
    vec![
        Cell::Time(entry.time),
        Cell::text(evidence.orders.get(entry.order)),
        Cell::text(customer),
        Cell::text(model.name),
        Cell::text(channel(part.channel, evidence)),
        Cell::Number(conversions(i128::from(part.units))),
        Cell::Count(u64::from(part.touches)),
        Cell::Money(Total::from(credit)),
        Cell::text(evidence.catalog.currency.code()),
        Cell::text(if entry.value < 0 { "refund" } else { "sale" }),
    ]
}

fn channel<'a>(id: ChannelId, evidence: &Evidence<'a>) -> &'a str {
    if id.is_some() { evidence.catalog.channel(id) } else { UNATTRIBUTED }
}

fn totals(sums: &[Sum], evidence: &Evidence<'_>) -> Table {
    let columns = vec![
        Column::new("channel", Kind::Text, "the channel"),
        Column::new("rows", Kind::Count, "credit rows"),
        Column::new("conversions", Kind::Number, "conversions credited"),
        Column::new("sales", Kind::Money, "credit of conversions worth 0 or more"),
        Column::new("refunds", Kind::Money, "credit of conversions worth less than 0"),
        Column::new("credit", Kind::Money, "sales and refunds"),
    ];
    let about = "The ledger's rows summed by channel.";
    let mut table = Table::new("totals", "Totals by channel", about, columns);
    let mut push = |name: &str, it: Sum| {
        table.push(vec![
            Cell::text(name),
            Cell::Count(it.rows),
            Cell::Number(conversions(it.units)),
            Cell::Money(it.sales),
            Cell::Money(it.refunds),
            Cell::Money(it.sales + it.refunds),
        ]);
    };
    let mut all = Sum::default();
    for (index, sum) in sums.iter().enumerate() {
        let id = if index + 1 == sums.len() { ChannelId::NONE } else { ChannelId::at(index) };
        push(channel(id, evidence), *sum);
        all.rows += sum.rows;
        all.units += sum.units;
        all.sales += sum.sales;
        all.refunds += sum.refunds;
    }
    push("(all)", all);
    table
}

fn proof(state: &LedgerState, credited: Total, units: i128) -> Table {
    let columns = vec![
        Column::new("check", Kind::Text, "what is compared"),
        Column::new("rows_sum_to", Kind::Number, "from the ledger's rows"),
        Column::new("counted", Kind::Number, "counted apart from them"),
        Column::new("difference", Kind::Number, "rows less counted"),
        Column::new("exact", Kind::Flag, "whether they agree to the last unit"),
    ];
    let about = "Weights sum to the conversions, credit to their value.";
    let mut table = Table::new("proof", "Proof", about, columns);
    let expected = i128::from(state.conversions) * i128::from(UNITS);
    table.push(vec![
        Cell::text("conversions"),
        Cell::Number(conversions(units)),
        Cell::Count(state.conversions),
        Cell::Number(conversions(units - expected)),
        Cell::Flag(units == expected),
    ]);
    table.push(vec![
        Cell::text("value"),
        Cell::Money(credited),
        Cell::Money(state.value),
        Cell::Money(credited - state.value),
        Cell::Flag(credited == state.value),
    ]);
    table
}

fn notes(report: &mut Report, model: &ModelEntry) {
    report.notes.push(format!(
        "Model {}: {}. Each conversion's value is split in whole minor units by largest \
         remainder; ties fall to the channel met first. The printed weights (12 decimals) \
         reproduce every credit.",
        model.name, model.about,
    ));
    if matches!(model.method, Method::Removal) {
        report.notes.push(
            "allocation = per_journey: a conversion is split over its distinct channels in \
             proportion to their removal effects. Channel totals therefore differ from the global \
             shares that `attribute` shows for the same model."
                .to_owned(),
        );
    }
    report.notes.push(CAVEAT.to_owned());
}
