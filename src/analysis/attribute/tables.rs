//! What attribution says: tables, findings, notes. Counts nothing.

use crate::analysis::Evidence;
use crate::analysis::attribution::markov::Removals;
use crate::analysis::attribution::{CAVEAT, ModelEntry, UNATTRIBUTED, UNITS};
use crate::base::ChannelId;
use crate::base::money::Total;
use crate::base::numerals::{count, money};
use crate::model::report::Chart;
use crate::model::{Cell, Column, Kind, Report, Table};
use crate::stats::Interval;

use super::{AttributeState, Credit, conversions};

/// The whole report.
pub(super) fn report(
    state: &AttributeState,
    models: &[&'static ModelEntry],
    removals: Option<&Removals>,
    evidence: &Evidence<'_>,
) -> Report {
    let mut report = Report::new("attribute", "Attribution", evidence.catalog.currency);
    report.tables.push(channels(state, models, evidence));
    report.tables.push(credit(state, models, removals, evidence));
    report.tables.push(sums(state, models));
    report.negative = !state.credit.iter().all(|it| adds_up(state, it));
    findings(&mut report, state, models, evidence);
    notes(&mut report, state, removals, evidence);
    report
}

fn channels(
    state: &AttributeState,
    models: &[&'static ModelEntry],
    evidence: &Evidence<'_>,
) -> Table {
    let mut columns = vec![
        Column::new("channel", Kind::Text, "the channel"),
        Column::new("touches", Kind::Count, "all touches of the channel"),
        Column::new("eligible_touches", Kind::Count, "touches eligible for a conversion's credit"),
        Column::new(
            "conversions_touched",
            Kind::Count,
            "conversions with at least one touch of it",
        ),
        Column::new("coverage", Kind::Share, "conversions touched over all conversions"),
    ];
    let about = |it: &ModelEntry| format!("conversions credited: {}", it.about);
    columns.extend(models.iter().map(|it| Column::new(it.name, Kind::Number, &about(it))));
    let about = "Conversions credited to each channel, one column a model. Each model's column \
                 sums to all conversions.";
    let mut table = Table::new("channels", "Channels by model", about, columns);
    for (index, channel) in state.channels.iter().enumerate() {
        let mut row = vec![
            Cell::text(evidence.catalog.channel(ChannelId::at(index))),
            Cell::Count(channel.touches),
            Cell::Count(channel.eligible),
            Cell::Count(channel.conversions),
            Cell::share(channel.conversions, state.conversions),
        ];
        row.extend(state.credit.iter().map(|it| Cell::Number(conversions(it[index].units))));
        table.push(row);
    }
    let mut row = vec![
        Cell::text(UNATTRIBUTED),
        Cell::Count(0),
        Cell::Count(0),
        Cell::Count(state.unattributed),
        Cell::share(state.unattributed, state.conversions),
    ];
    row.extend(models.iter().map(|_| Cell::Number(state.unattributed as f64)));
    table.push(row);
    table
}

fn credit(
    state: &AttributeState,
    models: &[&'static ModelEntry],
    removals: Option<&Removals>,
    evidence: &Evidence<'_>,
) -> Table {
    let columns = vec![
        Column::new("model", Kind::Text, "the attribution model"),
        Column::new("channel", Kind::Text, "the channel"),
        Column::new("conversions", Kind::Number, "conversions credited"),
        Column::new("share", Kind::Share, "conversions credited over all conversions"),
        Column::new("share_low", Kind::Share, "lower end of its interval between customers"),
        Column::new("share_high", Kind::Share, "upper end of its interval between customers"),
        Column::new("value", Kind::Money, "value credited, exact: sums to all value"),
        Column::new("value_share", Kind::Share, "value credited over the value of all conversions"),
        Column::new("value_unrounded", Kind::Number, "value credited in minor units, not rounded"),
        Column::new(
            "removal_effect",
            Kind::Share,
            "conversions lost without the channel over all with a touch",
        ),
    ];
    let about = "Credit of each channel under each model. The value is apportioned in whole minor \
                 units, conversion by conversion; under markov over all at once. Shares are of all \
                 conversions.";
    let mut table = Table::new("credit", "Credit by model and channel", about, columns);
    let band = Some(("share_low", "share_high"));
    table.chart = Some(Chart::Grid { label: "channel", series: "model", value: "share", band });
    for (number, (model, credit)) in models.iter().zip(&state.credit).enumerate() {
        let interval = |place, own: &Credit| match model.method {
            // One solution over all paths: no sum over customers.
            super::Method::Removal => None,
            _ => state.between.interval(number, place, own.units, evidence.confidence),
        };
        for (index, own) in credit.iter().enumerate() {
            let name = evidence.catalog.channel(ChannelId::at(index));
            let mut row = row(state, model.name, name, own, interval(index, own));
            row.push(match (model.method, removals) {
                (super::Method::Removal, Some(it)) => Cell::Share(it.effects[index]),
                _ => Cell::Empty("the model removes nothing"),
            });
            table.push(row);
        }
        let rest = Credit {
            units: i128::from(state.unattributed) * i128::from(UNITS),
            money: state.unattributed_value,
            unrounded: state.unattributed_value * i128::from(UNITS),
        };
        let interval = interval(credit.len(), &rest);
        let mut row = row(state, model.name, UNATTRIBUTED, &rest, interval);
        row.push(Cell::Empty("no channel"));
        table.push(row);
    }
    table
}

fn row(
    state: &AttributeState,
    model: &str,
    channel: &str,
    credit: &Credit,
    interval: Option<Interval>,
) -> Vec<Cell> {
    let count = conversions(credit.units);
    let share = match state.conversions {
        0 => Cell::Empty("no conversions"),
        all => Cell::Share(count / all as f64),
    };
    let value_share = match state.value {
        0 => Cell::Empty("no value"),
        all => Cell::Share(credit.money as f64 / all as f64),
    };
    let end = |it: Option<f64>| Cell::or_empty(it, "no interval", Cell::Share);
    vec![
        Cell::text(model),
        Cell::text(channel),
        Cell::Number(count),
        share,
        end(interval.map(|it| it.low)),
        end(interval.map(|it| it.high)),
        Cell::Money(credit.money),
        value_share,
        Cell::Number(conversions(credit.unrounded)),
    ]
}

fn credited(credit: &[Credit]) -> (i128, Total) {
    let units = credit.iter().map(|it| it.units).sum();
    (units, credit.iter().map(|it| it.money).sum())
}

/// Whether a model's credit and what no channel earned are all conversions and all value.
fn adds_up(state: &AttributeState, credit: &[Credit]) -> bool {
    let (units, money) = credited(credit);
    let attributed = i128::from(state.conversions - state.unattributed);
    units == attributed * i128::from(UNITS) && money + state.unattributed_value == state.value
}

fn sums(state: &AttributeState, models: &[&'static ModelEntry]) -> Table {
    let columns = vec![
        Column::new("model", Kind::Text, "the attribution model"),
        Column::new("about", Kind::Text, "what it holds"),
        Column::new("credited", Kind::Number, "conversions credited to channels"),
        Column::new("unattributed", Kind::Count, "conversions without an eligible touch"),
        Column::new("conversions", Kind::Count, "all conversions"),
        Column::new("value_credited", Kind::Money, "value credited to channels"),
        Column::new("value_unattributed", Kind::Money, "value of conversions without a touch"),
        Column::new("value", Kind::Money, "value of all conversions"),
        Column::new("adds_up", Kind::Flag, "credited + unattributed = all, to the last unit"),
    ];
    let about = "For every model: what channels were credited with, and that it is everything.";
    let mut table = Table::new("models", "Models and their sums", about, columns);
    for (model, credit) in models.iter().zip(&state.credit) {
        let (units, money) = credited(credit);
        table.push(vec![
            Cell::text(model.name),
            Cell::text(model.about),
            Cell::Number(conversions(units)),
            Cell::Count(state.unattributed),
            Cell::Count(state.conversions),
            Cell::Money(money),
            Cell::Money(state.unattributed_value),
            Cell::Money(state.value),
            Cell::Flag(adds_up(state, credit)),
        ]);
    }
    table
}

fn findings(
    report: &mut Report,
    state: &AttributeState,
    models: &[&'static ModelEntry],
    evidence: &Evidence<'_>,
) {
    let currency = evidence.catalog.currency;
    if state.conversions == 0 {
        report.findings.push("There is no conversion to credit.".to_owned());
        return;
    }
    report.findings.push(format!(
        "{} of {} conversions have a touch that can be credited; {} ({}) have none and stay \
         {UNATTRIBUTED}.",
        count(state.conversions - state.unattributed),
        count(state.conversions),
        count(state.unattributed),
        money(state.unattributed_value, currency),
    ));
    for (model, credit) in models.iter().zip(&state.credit) {
        // The first of equals: channels are in order of their names.
        let best = (0..credit.len()).rev().max_by_key(|&it| credit[it].units);
        let Some(best) = best.filter(|&it| credit[it].units > 0) else { continue };
        report.findings.push(format!(
            "{}: {} earns most, {:.1} conversions ({:.1} % of all) and {}.",
            model.name,
            evidence.catalog.channel(ChannelId::at(best)),
            conversions(credit[best].units),
            conversions(credit[best].units) / state.conversions as f64 * 100.0,
            money(credit[best].money, currency),
        ));
    }
}

fn notes(
    report: &mut Report,
    state: &AttributeState,
    removals: Option<&Removals>,
    evidence: &Evidence<'_>,
) {
    report.notes.push(CAVEAT.to_owned());
    let lookback = match evidence.catalog.lookback {
        Some(it) => format!("at most {it} before it"),
        None => "at any time before it".to_owned(),
    };
    report.notes.push(format!(
        "Eligible for a conversion's credit: the customer's touches after the previous \
         conversion and {lookback}, the bounds included."
    ));
    report.notes.push(
        "Intervals of shares: normal with the variance between customers; they ask for some 30 \
         buyers, and say how much chance moves the figure, not whether the model is right. markov \
         has none: it is solved over all paths at once."
            .to_owned(),
    );
    let Some(removals) = removals else { return };
    report.notes.push(format!(
        "markov: {} converting paths and {} without conversion; a path converts with probability \
         {:.4}. Journeys without a touch are no path. Its credit is spread over all conversions \
         at once (allocation = global); the ledger allocates per journey.",
        state.paths.conversions, state.paths.nulls, removals.probability,
    ));
    if state.paths.nulls == 0 && state.paths.conversions > 0 {
        report.notes.push(
            "markov: no journey with a touch ended without conversion, so P(conversion) = 1 and a \
             removal effect is only the share of paths that visit the channel. Count journeys \
             without conversion (gap, end_of_data, open = \"null\") before reading it."
                .to_owned(),
        );
    }
    let (gap, lookback) = (evidence.catalog.gap, evidence.catalog.lookback);
    if gap.is_some_and(|gap| lookback.is_none_or(|it| it > gap)) {
        report.notes.push(
            "markov: the lookback is longer than the gap that ends a journey, so a touch may lie \
             in a path without conversion and in a later one that converts."
                .to_owned(),
        );
    }
}
