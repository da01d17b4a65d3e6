//! KPIs against what they should be: the target's words, and whether it is met.
//!
//! A target is compared with the figure; where the figure's interval holds the target
//! too, the verdict says so, since another such sample might tell the other way.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::money::Total;
use crate::base::names::nearest;
use crate::base::{Currency, Error, Result, Span};
use crate::model::{Cell, Column, Kind, Table};

/// What a KPI should be: a number (a share as 0.18 for 18 %, money in whole currency
/// such as 98.50), or a time such as "5d".
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Target {
    /// A share, a number, or money in major units.
    Number(f64),
    /// A length of time.
    Time(Span),
}

/// The KPIs that may have a target, and whether less is better.
const KPIS: [(&str, bool); 14] = [
    ("conversion rate per session", false),
    ("conversion rate per customer", false),
    ("orders", false),
    ("revenue", false),
    ("average order value", false),
    ("revenue per customer", false),
    ("orders per active customer", false),
    ("repeat purchase rate", false),
    ("customer return rate", false),
    ("cart abandonment rate", true),
    ("checkout completion rate", false),
    ("single-event session rate", true),
    ("purchase journey duration, median", true),
    ("purchase journey duration, mean", true),
];

/// A KPI's name as a key of the journey file: `average_order_value`.
fn key(name: &str) -> String {
    name.replace(", ", "_").replace([' ', '-'], "_")
}

/// Checks names and kinds before any row is read.
///
/// # Errors
/// No KPI has that name; a number for a time, a time for a number, a share beyond 1.
pub(super) fn check(targets: &BTreeMap<String, Target>) -> Result<()> {
    for (name, target) in targets {
        let wanted = key(name);
        if !KPIS.iter().any(|it| key(it.0) == wanted) {
            let keys: Vec<String> = KPIS.iter().map(|it| key(it.0)).collect();
            return Err(Error::new(format!("[kpi] targets: there is no KPI \"{name}\""))
                .suggest(nearest(&wanted, keys.iter().map(String::as_str))));
        }
        let times = wanted.contains("duration");
        let wrong = |hint: &str| Error::new(format!("[kpi] targets: {name}: {hint}"));
        match target {
            Target::Number(it) if times || !it.is_finite() => {
                return Err(wrong("a time is wanted, such as \"5d\""));
            }
            Target::Time(_) if !times => return Err(wrong("a number is wanted, such as 0.18")),
            Target::Number(it) if wanted.contains("rate") && !(0.0..=1.0).contains(it) => {
                return Err(wrong("a share lies between 0 and 1: 0.18 for 18 %"));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Adds to the KPI table what each figure should be, and whether it is.
pub(super) fn add(table: &mut Table, targets: &BTreeMap<String, Target>, currency: Currency) {
    if targets.is_empty() {
        return;
    }
    let wanted: BTreeMap<String, &Target> = targets.iter().map(|it| (key(it.0), it.1)).collect();
    let about = "met or missed; with \"within the interval\" where chance alone could turn it";
    table.columns.push(Column::new("target", Kind::Number, "what the figure should be"));
    table.columns.push(Column::new("against_target", Kind::Text, about));
    for row in &mut table.rows {
        let name = match row.first() {
            Some(Cell::Text(it)) => it.clone(),
            _ => String::new(),
        };
        let target = wanted.get(&key(&name)).map(|it| target_cell(it, &row[1], currency));
        let less = KPIS.iter().any(|it| it.0 == name && it.1);
        let verdict = target.as_ref().map(|it| verdict(row, it, less));
        let none = || Cell::Empty("no target");
        row.push(target.unwrap_or_else(none));
        row.push(verdict.unwrap_or_else(none));
    }
}

/// The target in the unit of its figure.
fn target_cell(target: &Target, figure: &Cell, currency: Currency) -> Cell {
    match (target, figure) {
        (Target::Time(it), _) => Cell::Span(*it),
        (Target::Number(it), Cell::Share(_)) => Cell::Share(*it),
        (Target::Number(it), Cell::Money(_)) => {
            let scale = 10f64.powi(currency.digits() as i32);
            Cell::Money((it * scale).round() as Total)
        }
        (Target::Number(it), _) => Cell::Number(*it),
    }
}

/// A cell's figure, for comparing it with another of its kind.
fn figure(cell: &Cell) -> Option<f64> {
    match cell {
        Cell::Count(it) => Some(*it as f64),
        Cell::Share(it) | Cell::Number(it) => Some(*it),
        Cell::Money(it) => Some(*it as f64),
        Cell::Span(it) => Some(it.as_seconds()),
        _ => None,
    }
}

fn verdict(row: &[Cell], target: &Cell, less: bool) -> Cell {
    let (Some(value), Some(target)) = (row.get(1).and_then(figure), figure(target)) else {
        return Cell::Empty("no figure");
    };
    let met = match value.total_cmp(&target) {
        Ordering::Equal => true,
        Ordering::Greater => !less,
        Ordering::Less => less,
    };
    let (low, high) = (row.get(2).and_then(figure), row.get(3).and_then(figure));
    let holds = low.zip(high).is_some_and(|(low, high)| low < target && target < high);
    Cell::text(match (met, holds) {
        (true, false) => "met",
        (true, true) => "met, within the interval",
        (false, false) => "missed",
        (false, true) => "missed, within the interval",
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Kpi, KpiOptions};
    use super::*;
    use crate::analysis::Analysis;
    use crate::analysis::fixture::fixture;

    fn options(targets: &[(&str, Target)]) -> KpiOptions {
        let targets = targets.iter().map(|it| (it.0.to_owned(), it.1.clone())).collect();
        KpiOptions { targets, ..KpiOptions::default() }
    }

    #[test]
    fn verdicts_know_direction_and_interval() {
        let wanted = options(&[
            ("conversion_rate_per_customer", Target::Number(0.6)),
            ("average order value", Target::Number(9.5)),
            ("single_event_session_rate", Target::Number(0.0)),
            ("purchase_journey_duration_median", Target::Time(Span::seconds(3600))),
            ("orders", Target::Number(2.0)),
        ]);
        let shop = fixture("a: home@0s buy@1m=10; b: home@0s; c: home@0s cart@2m");
        let table = &shop.run::<Kpi>(wanted).expect("report").tables[0];
        let at = |name: &str| {
            let row = table.rows.iter().find(|it| it[0] == Cell::text(name)).expect(name);
            (row[7].clone(), row[8].clone())
        };
        // One of three customers, whose interval is wide.
        let expected = (Cell::Share(0.6), Cell::text("missed, within the interval"));
        assert_eq!(at("conversion rate per customer"), expected);
        assert_eq!(at("average order value"), (Cell::Money(950), Cell::text("met")));
        assert_eq!(at("orders"), (Cell::Number(2.0), Cell::text("missed")));
        let median = at("purchase journey duration, median");
        assert_eq!(median, (Cell::Span(Span::seconds(3600)), Cell::text("met")));
        assert_eq!(at("single-event session rate").0, Cell::Share(0.0));
        let none = (Cell::Empty("no target"), Cell::Empty("no target"));
        assert_eq!(at("revenue"), none);
    }

    #[test]
    fn wrong_targets_are_refused_before_any_row() {
        let nobody = fixture("");
        let refused = |name, target| {
            Kpi::new(options(&[(name, target)]), &nobody.catalog).expect_err("refused")
        };
        let error = refused("avarage_order_value", Target::Number(1.0));
        assert_eq!(error.hint_text(), Some("did you mean \"average_order_value\"?"));
        let error = refused("repeat_purchase_rate", Target::Number(18.0));
        assert!(error.to_string().ends_with("a share lies between 0 and 1: 0.18 for 18 %"));
        refused("revenue", Target::Time(Span::days(1)));
        refused("purchase_journey_duration_mean", Target::Number(3.0));
    }
}
