//! What a variant changed per customer: conversion and value, with intervals.

use crate::analysis::Evidence;
use crate::model::{Cell, Column, Kind, Report, Table};
use crate::stats::{Proportion, newcombe, pooled_z, welch, wilson};

use super::{Arm, Compare, CompareState};

fn conversion_columns() -> Vec<Column> {
    vec![
        Column::new("variant", Kind::Text, "the variant; the first is the control"),
        Column::new("customers", Kind::Count, "customers"),
        Column::new("converted", Kind::Count, "customers who converted at least once"),
        Column::new("share", Kind::Share, "converted over customers"),
        Column::new("share_low", Kind::Share, "lower end of the share's interval (Wilson)"),
        Column::new("share_high", Kind::Share, "upper end of the share's interval (Wilson)"),
        Column::new("difference", Kind::Share, "share less the control's, in share points"),
        Column::new("low", Kind::Share, "lower end of the difference's interval (Newcombe)"),
        Column::new("high", Kind::Share, "upper end of the difference's interval (Newcombe)"),
        Column::new("z", Kind::Number, "pooled z of the difference"),
        Column::new("p", Kind::Number, "its two-sided p value"),
    ]
}

/// Conversion per customer, each variant against the control.
pub(super) fn conversion(
    report: &mut Report,
    compare: &Compare,
    state: &CompareState,
    evidence: &Evidence<'_>,
) {
    let confidence = evidence.confidence;
    let about = "Conversion per customer; the base of every share is the variant's customers.";
    let columns = conversion_columns();
    let mut table = Table::new("conversion", "Conversion per customer", about, columns);
    let proportion = |it: &Arm| Proportion { successes: it.converted, trials: it.customers };
    let control = proportion(&state.arms[0]);
    for (index, (arm, variant)) in state.arms.iter().zip(&compare.variants).enumerate() {
        let own = wilson(arm.converted, arm.customers, confidence);
        let versus = newcombe(control, proportion(arm), confidence).filter(|_| index > 0);
        let test = pooled_z(control, proportion(arm)).filter(|_| index > 0);
        let why = if index == 0 { "the control" } else { "not defined" };
        let share = |it| Cell::or_empty(it, "no customers", Cell::Share);
        let gap = |it| Cell::or_empty(it, why, Cell::Share);
        let number = |it| Cell::or_empty(it, why, Cell::Number);
        table.push(vec![
            Cell::text(&variant.name),
            Cell::Count(arm.customers),
            Cell::Count(arm.converted),
            Cell::share(arm.converted, arm.customers),
            share(own.map(|it| it.low)),
            share(own.map(|it| it.high)),
            gap(versus.map(|it| it.difference)),
            gap(versus.map(|it| it.interval.low)),
            gap(versus.map(|it| it.interval.high)),
            number(test.map(|it| it.z)),
            number(test.map(|it| it.p)),
        ]);
        if let Some(it) = versus {
            report.findings.push(format!(
                "{} converts {:.2} % of customers, {} {:.2} %: {:+.2} points [{:+.2}, {:+.2}].",
                variant.name,
                it.treatment * 100.0,
                compare.variants[0].name,
                it.control * 100.0,
                it.difference * 100.0,
                it.interval.low * 100.0,
                it.interval.high * 100.0,
            ));
        }
    }
    report.tables.push(table);
}

/// Value per customer, each variant against the control.
pub(super) fn revenue(
    report: &mut Report,
    compare: &Compare,
    state: &CompareState,
    evidence: &Evidence<'_>,
) {
    let currency = evidence.catalog.currency;
    let about = |text: &str| format!("{text}, in {currency}");
    let columns = vec![
        Column::new("variant", Kind::Text, "the variant; the first is the control"),
        Column::new("customers", Kind::Count, "customers, those without conversion included"),
        Column::new("value", Kind::Money, "value of all conversions"),
        Column::new("mean", Kind::Number, &about("value per customer")),
        Column::new("difference", Kind::Number, &about("mean less the control's")),
        Column::new("low", Kind::Number, &about("lower end of the difference's interval")),
        Column::new("high", Kind::Number, &about("upper end of the difference's interval")),
        Column::new("t", Kind::Number, "Welch's t of the difference"),
        Column::new("df", Kind::Number, "its degrees of freedom"),
        Column::new("p", Kind::Number, "its two-sided p value"),
    ];
    let text = "Value per customer, those who did not convert at 0.";
    let mut table = Table::new("revenue", "Value per customer", text, columns);
    let major = 10f64.powi(currency.digits() as i32);
    for (index, (arm, variant)) in state.arms.iter().zip(&compare.variants).enumerate() {
        let test = welch(&state.arms[0].value, &arm.value, evidence.confidence);
        let test = test.filter(|_| index > 0);
        let why = if index == 0 { "the control" } else { "no variation" };
        let number = |it| Cell::or_empty(it, why, Cell::Number);
        let mean = arm.value.mean().map(|it| it / major);
        table.push(vec![
            Cell::text(&variant.name),
            Cell::Count(arm.customers),
            Cell::Money(arm.value.sum),
            Cell::or_empty(mean, "no customers", Cell::Number),
            number(test.map(|it| it.difference / major)),
            number(test.map(|it| it.interval.low / major)),
            number(test.map(|it| it.interval.high / major)),
            number(test.map(|it| it.t)),
            number(test.map(|it| it.df)),
            number(test.map(|it| it.p)),
        ]);
    }
    report.tables.push(table);
}
