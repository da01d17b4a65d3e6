//! What a comparison says: the gate first, then conversion, revenue, transitions.

use crate::analysis::Evidence;
use crate::model::{Cell, Column, Kind, Report, Table};
use crate::stats::{Proportion, RATIO_ALARM, RatioCheck, newcombe, pooled_z, sample_ratio, welch};

use super::edges::{EdgeRow, FALSE_DISCOVERIES, FEW_CUSTOMERS};
use super::{Arm, Compare, CompareState, difference};

/// Transitions shown to people; data formats hold all.
const SHOWN: usize = 20;
/// The name of the way out that leads nowhere.
const EXIT: &str = "(exit)";

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
    conversion(&mut report, compare, state, evidence);
    revenue(&mut report, compare, state, evidence);
    transitions(&mut report, compare, rows, evidence);
    for (arm, variant) in compare.variants.iter().enumerate().skip(1) {
        let title = format!("{} against {}", variant.name, compare.variants[0].name);
        let own: Vec<&EdgeRow> = rows.iter().filter(|it| it.arm == arm).collect();
        // One map, of the first variant: more of them would need a choice.
        if arm == 1 {
            report.maps.push(("difference".to_owned(), difference::map(title, &own, evidence)));
        }
    }
    notes(&mut report, compare, state, evidence);
    report
}

fn gate(
    report: &mut Report,
    compare: &Compare,
    state: &CompareState,
    check: Option<&RatioCheck>,
) {
    let sizes = |arm: (&Arm, &super::Variant)| format!("{} {}", arm.1.name, arm.0.customers);
    let sizes: Vec<String> = state.arms.iter().zip(&compare.variants).map(sizes).collect();
    let sizes = sizes.join(", ");
    report.findings.push(match check {
        Some(it) if it.alarm => {
            report.negative = true;
            format!(
                "SAMPLE RATIO MISMATCH (p = {:.2e}, alarm below {RATIO_ALARM}): the arms ({sizes}) do \
                 not have their planned sizes. Find out why before reading any other figure.",
                it.p
            )
        }
        Some(it) => format!("The arms ({sizes}) have their planned sizes (p = {:.3}).", it.p),
        None => format!("No customer is in an arm ({sizes}): there is nothing to compare."),
    });
    if state.mixed > 0 {
        report.findings.push(format!(
            "{} customers have more than one variant and are left out.",
            state.mixed
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

fn conversion(
    report: &mut Report,
    compare: &Compare,
    state: &CompareState,
    evidence: &Evidence<'_>,
) {
    let confidence = evidence.confidence;
    let columns = vec![
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
    ];
    let about = "Conversion per customer; the base of every share is the variant's customers.";
    let mut table = Table::new("conversion", "Conversion per customer", about, columns);
    let proportion = |it: &Arm| Proportion { successes: it.converted, trials: it.customers };
    let control = proportion(&state.arms[0]);
    for (index, (arm, variant)) in state.arms.iter().zip(&compare.variants).enumerate() {
        let own = crate::stats::wilson(arm.converted, arm.customers, confidence);
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

fn revenue(
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

fn transition_columns() -> Vec<Column> {
    vec![
        Column::new("variant", Kind::Text, "b: the variant compared with the control, a"),
        Column::new("from", Kind::Text, "the stage that is left"),
        Column::new("to", Kind::Text, "the stage that follows, or (exit)"),
        Column::new("moves_a", Kind::Count, "times taken in the control"),
        Column::new("moves_b", Kind::Count, "times taken in the variant"),
        Column::new("share_a", Kind::Share, "of all ways out of the stage in the control"),
        Column::new("share_b", Kind::Share, "of all ways out of the stage in the variant"),
        Column::new("difference", Kind::Share, "share_b less share_a, in share points"),
        Column::new("low", Kind::Share, "lower end of the difference's interval"),
        Column::new("high", Kind::Share, "upper end of the difference's interval"),
        Column::new("se", Kind::Number, "standard error, clustered by customer"),
        Column::new("z", Kind::Number, "difference over its error"),
        Column::new("p", Kind::Number, "two-sided p value"),
        Column::new("q", Kind::Number, "p adjusted for all tests made (Benjamini-Hochberg)"),
        Column::new("customers_a", Kind::Count, "control's customers who left the stage"),
        Column::new("customers_b", Kind::Count, "variant's customers who left the stage"),
        Column::new("note", Kind::Text, "why a row is not tested, or not to be trusted"),
    ]
}

fn transitions(
    report: &mut Report,
    compare: &Compare,
    rows: &[EdgeRow],
    evidence: &Evidence<'_>,
) {
    let about = "Every way out of every stage, surest difference first. A share's base is all \
                 ways out of its stage: moves on, and exits; a journey that is still open, or \
                 was completed there, has taken none.";
    let columns = transition_columns();
    let mut table = Table::new("transitions", "Transitions compared", about, columns);
    table.shown = SHOWN;
    let mut order: Vec<&EdgeRow> = rows.iter().collect();
    // Stable, so that equal p values stay in order of (variant, from, to); untested last.
    order.sort_by(|a, b| {
        let p = |it: &EdgeRow| it.test.map_or(2.0, |it| it.p);
        p(a).total_cmp(&p(b))
    });
    for it in &order {
        table.push(transition(it, compare, evidence));
    }
    let tested = rows.iter().filter(|it| it.test.is_some()).count();
    let standing: Vec<&&EdgeRow> = order.iter().filter(|it| it.significant()).collect();
    let mut text = format!(
        "{} of {tested} transitions tested differ (q < {FALSE_DISCOVERIES}, errors clustered by \
         customer)",
        standing.len()
    );
    if let Some((first, test)) = standing.first().and_then(|it| Some((it, it.test?))) {
        text.push_str(&format!(
            "; the surest: {} → {} {:+.1} points in {}",
            evidence.catalog.stage(first.from),
            first.to.map_or(EXIT, |it| evidence.catalog.stage(it)),
            test.difference * 100.0,
            compare.variants[first.arm].name,
        ));
    }
    report.findings.push(text + ".");
    report.tables.push(table);
}

fn transition(it: &EdgeRow, compare: &Compare, evidence: &Evidence<'_>) -> Vec<Cell> {
    let count = |it: i128| Cell::Count(u64::try_from(it).unwrap_or(u64::MAX));
    let share = |it| Cell::or_empty(it, "never left", Cell::Share);
    let tested = |of: fn(&super::edges::EdgeTest) -> f64, cell: fn(f64) -> Cell| {
        Cell::or_empty(it.test.as_ref().map(of), "not tested", cell)
    };
    let (a, b) = (it.control.ratio(), it.variant.ratio());
    let enough = it.control.part.min(it.variant.part) >= i128::from(compare.min_events);
    let note = match (it.test, it.few()) {
        (Some(_), false) => Cell::Empty(""),
        (Some(_), true) => Cell::text("too few customers"),
        (None, _) if !enough => Cell::text("too few moves"),
        (None, _) => Cell::text("no variation"),
    };
    vec![
        Cell::text(&compare.variants[it.arm].name),
        Cell::text(evidence.catalog.stage(it.from)),
        Cell::text(it.to.map_or(EXIT, |it| evidence.catalog.stage(it))),
        count(it.control.part),
        count(it.variant.part),
        share(a),
        share(b),
        share(a.zip(b).map(|(a, b)| b - a)),
        tested(|it| it.interval.low, Cell::Share),
        tested(|it| it.interval.high, Cell::Share),
        tested(|it| it.standard_error, Cell::Number),
        tested(|it| it.z, Cell::Number),
        tested(|it| it.p, Cell::Number),
        tested(|it| it.q, Cell::Number),
        Cell::Count(it.control.customers),
        Cell::Count(it.variant.customers),
        note,
    ]
}

fn notes(
    report: &mut Report,
    compare: &Compare,
    state: &CompareState,
    evidence: &Evidence<'_>,
) {
    report.notes.push(format!(
        "Unit of every test: the customer. A customer belongs to the variant that its events carry \
         in \"{}\"; {} with several are left out, and {} with none.",
        compare.property_name, state.mixed, state.without,
    ));
    if compare.planned {
        report.notes.push(format!(
            "Left out as not in the planned split: {} customers.",
            state.unplanned
        ));
    }
    report.notes.push(
        "All of a customer's events count, also those before the variant was first seen.".to_owned(),
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
