//! What a variant changed between stages, as a table and a sentence.

use crate::analysis::Evidence;
use crate::model::{Cell, Column, Kind, Report, Table};

use super::Compare;
use super::edges::{EdgeRow, EdgeTest, FALSE_DISCOVERIES};

/// Transitions shown to people; data formats hold all.
const SHOWN: usize = 20;
/// The name of the way out that leads nowhere.
const EXIT: &str = "(exit)";

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

/// Adds the table of transitions and what it finds.
pub(super) fn add(
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
    let tested = |of: fn(&EdgeTest) -> f64, cell: fn(f64) -> Cell| {
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
