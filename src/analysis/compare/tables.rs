//! What a comparison says: the gate first, then effects, transitions, the map, notes.

use crate::analysis::Evidence;
use crate::base::numerals::{count, counted};
use crate::model::{Cell, Column, Kind, Report, Table};
use crate::stats::{RATIO_ALARM, RatioCheck, sample_ratio};

use super::edges::{EdgeRow, FEW_CUSTOMERS};
use super::{Arm, Compare, CompareState, difference, effects, transitions};

/// The whole report.
pub(super) fn report(
    compare: &Compare,
    state: &CompareState,
    rows: &[EdgeRow],
    evidence: &Evidence<'_>,
) -> Report {
    let mut report = Report::new("compare", "Variants compared", evidence.catalog.currency);
    let observed: Vec<u64> = state.arms.iter().map(|it| it.customers).collect();
    let planned: Vec<f64> = compare.variants.iter().map(|it| it.planned).collect();
    let check = sample_ratio(&observed, &planned);
    gate(&mut report, compare, state, check.as_ref());
    report.tables.push(split(compare, state, check.as_ref()));
    effects::conversion(&mut report, compare, state, evidence);
    effects::revenue(&mut report, compare, state, evidence);
    transitions::add(&mut report, compare, rows, evidence);
    // One map, of the first variant: a map of several would need a choice.
    if let [control, variant, ..] = compare.variants.as_slice() {
        let title = format!("{} against {}", variant.name, control.name);
        let own: Vec<&EdgeRow> = rows.iter().filter(|it| it.arm == 1).collect();
        report.maps.push(("difference".to_owned(), difference::map(title, &own, evidence)));
    }
    notes(&mut report, compare, state, evidence);
    report
}

fn gate(report: &mut Report, compare: &Compare, state: &CompareState, check: Option<&RatioCheck>) {
    let sizes = |arm: (&Arm, &super::Variant)| format!("{} {}", arm.1.name, count(arm.0.customers));
    let sizes: Vec<String> = state.arms.iter().zip(&compare.variants).map(sizes).collect();
    let sizes = sizes.join(", ");
    report.findings.push(match check {
        Some(it) if it.alarm => {
            report.negative = true;
            format!(
                "SAMPLE RATIO MISMATCH (p = {:.2e}, alarm below {RATIO_ALARM}): the arms ({sizes}) \
                 do not have their planned sizes. Find out why before reading any other figure.",
                it.p
            )
        }
        Some(it) => format!("The arms ({sizes}) have their planned sizes (p = {:.3}).", it.p),
        None => format!("No customer is in an arm ({sizes}): there is nothing to compare."),
    });
    if state.mixed > 0 {
        report.findings.push(format!(
            "Left out for more than one variant: {}.",
            counted(state.mixed, "customer")
        ));
    }
}

fn split(compare: &Compare, state: &CompareState, check: Option<&RatioCheck>) -> Table {
    let columns = vec![
        Column::new("variant", Kind::Text, "the variant, or why customers are left out"),
        Column::new("customers", Kind::Count, "customers"),
        Column::new("share", Kind::Share, "customers over those of all variants"),
        Column::new("planned_share", Kind::Share, "the planned share"),
        Column::new("expected", Kind::Number, "customers expected by the plan"),
        Column::new("chi_square", Kind::Number, "Pearson's chi-square of the split"),
        Column::new("p", Kind::Number, "probability of such a split if the plan was kept"),
    ];
    let about = "The sample ratio check: customers by variant against the plan.";
    let mut table = Table::new("split", "Sample ratio", about, columns);
    let all: u64 = state.arms.iter().map(|it| it.customers).sum();
    let planned: f64 = compare.variants.iter().map(|it| it.planned).sum();
    for (index, (arm, variant)) in state.arms.iter().zip(&compare.variants).enumerate() {
        let of = |of: fn(&RatioCheck) -> f64| {
            Cell::or_empty(check.map(of), "no customers", Cell::Number)
        };
        let expected = check.and_then(|it| it.expected.get(index).copied());
        table.push(vec![
            Cell::text(&variant.name),
            Cell::Count(arm.customers),
            Cell::share(arm.customers, all),
            Cell::Share(variant.planned / planned),
            Cell::or_empty(expected, "no customers", Cell::Number),
            of(|it| it.chi_square),
            of(|it| it.p),
        ]);
    }
    let left_out = [
        ("(several variants)", state.mixed),
        ("(no variant)", state.without),
        ("(variant not planned)", state.unplanned),
    ];
    for (name, customers) in left_out {
        let mut row = vec![Cell::text(name), Cell::Count(customers)];
        row.resize(table.columns.len(), Cell::Empty("left out"));
        table.push(row);
    }
    table
}

fn notes(report: &mut Report, compare: &Compare, state: &CompareState, evidence: &Evidence<'_>) {
    report.notes.push(format!(
        "Unit of every test: the customer. A customer belongs to the variant that its events carry \
         in \"{}\"; {} with several are left out, and {} with none.",
        compare.property_name,
        count(state.mixed),
        count(state.without),
    ));
    if compare.planned {
        report.notes.push(format!(
            "Left out as not in the planned split: {}.",
            counted(state.unplanned, "customer")
        ));
    }
    report.notes.push(
        "All of a customer's events count, also those before the variant was first seen."
            .to_owned(),
    );
    report.notes.push(format!(
        "Intervals: {} % each, not adjusted for their number; the q values are, over all \
         transitions of all variants with at least {} moves in each arm. With fewer than \
         {FEW_CUSTOMERS} customers in an arm a clustered error is not to be trusted.",
        evidence.confidence * 100.0,
        compare.min_events,
    ));
    report.notes.push(
        "A fixed number of customers is assumed: looking again and again until something differs \
         finds differences that are not there."
            .to_owned(),
    );
}
