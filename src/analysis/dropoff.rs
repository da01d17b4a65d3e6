//! Drop-off: where journeys end without conversion, ranked by what that costs.
//!
//! Visits, exits and open ends come from the stage graph; this fold adds what
//! the graph does not know: how the journeys through a stage ended. An open
//! journey is never judged.

use std::cmp::{Ordering, Reverse};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::money::Total;
use crate::base::numerals::{count, money};
use crate::base::{NONE, Result, StageId};
use crate::model::{
    Catalog, Cell, Chart, Column, Customer, Kind, Outcome, Report, StageStat, Table,
};

use super::cells::{no_goal_note, percent, share_columns, share_with_interval};
use super::lost::{Judged, lost};
use super::{Analysis, Evidence};

/// Drop-off has no options yet.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DropoffOptions {}

/// Where journeys end without conversion.
#[derive(Debug, Clone, Copy)]
pub struct Dropoff {
    stages: usize,
}

/// How the journeys through each stage ended.
#[derive(Debug, Clone, Default)]
pub struct DropoffState {
    stages: Vec<Through>,
}

/// How the journeys through one stage ended, each counted once.
#[derive(Debug, Clone, Copy)]
struct Through {
    judged: u64,
    converted: u64,
    value: Total,
    /// The customer and journey that were counted last.
    last: (u32, u32),
}

impl Default for Through {
    fn default() -> Self {
        Self { judged: 0, converted: 0, value: 0, last: (NONE, NONE) }
    }
}

impl Analysis for Dropoff {
    const NAME: &'static str = "dropoff";
    const SECTION: &'static str = "dropoff";
    const ABOUT: &'static str = "Where journeys end without conversion, and what that costs";
    type Options = DropoffOptions;
    type State = DropoffState;

    fn new(_: DropoffOptions, catalog: &Catalog) -> Result<Self> {
        Ok(Self { stages: catalog.stages.len() })
    }

    fn start(&self) -> DropoffState {
        DropoffState { stages: vec![Through::default(); self.stages] }
    }

    fn visit(&self, state: &mut DropoffState, customer: &Customer<'_>) {
        for (number, journey) in customer.journeys.iter().enumerate() {
            if journey.outcome == Outcome::Open {
                continue;
            }
            let mark = (customer.id.0, number as u32);
            let converted = journey.outcome == Outcome::Converted;
            for step in customer.steps_of(journey) {
                let through = &mut state.stages[step.stage.index()];
                if through.last != mark {
                    through.last = mark;
                    through.judged += 1;
                    through.converted += u64::from(converted);
                    through.value += Total::from(journey.value);
                }
            }
        }
    }

    fn merge(&self, into: &mut DropoffState, from: DropoffState) {
        for (own, more) in into.stages.iter_mut().zip(from.stages) {
            own.judged += more.judged;
            own.converted += more.converted;
            own.value += more.value;
        }
    }

    fn finish(&self, state: DropoffState, evidence: &Evidence<'_>) -> Result<Report> {
        let (catalog, graph) = (evidence.catalog, evidence.graph);
        let mut report = Report::new(Self::NAME, "Drop-off", catalog.currency);
        let basis = Basis::of(graph.value, graph.converted);
        let places = places(&state, evidence, basis);
        report.findings = findings(&places, evidence, basis);
        report.notes.push(
            "An exit is a journey that ended at the stage without conversion; open journeys are \
             not judged. Exit share: exits / visits that are not open. Conversion share: judged \
             journeys through the stage that converted / judged journeys through it."
                .to_owned(),
        );
        report.notes.push(
            "At stake: exits × conversion share × mean value of a converted journey through the \
             stage, that is, what these exits would have brought had they fared like the average \
             journey through the stage. An upper bound for ranking, no forecast: journeys that \
             end may differ from those that go on. Goal stages are not ranked. Intervals take \
             visits and journeys as independent, also those of one customer."
                .to_owned(),
        );
        report.notes.extend(no_goal_note(catalog));
        report.tables.push(table(&places, evidence, basis));
        Ok(report)
    }
}

/// What the data allows to rank by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Basis {
    Money,
    Conversions,
    Exits,
}

impl Basis {
    fn of(value: Total, converted: u64) -> Self {
        match (value, converted) {
            (_, 0) => Self::Exits,
            (0, _) => Self::Conversions,
            _ => Self::Money,
        }
    }

    fn column(self) -> &'static str {
        match self {
            Self::Money => "value_at_stake",
            Self::Conversions => "conversions_at_stake",
            Self::Exits => "exits",
        }
    }
}

/// One stage of the report.
struct Place {
    id: StageId,
    stat: StageStat,
    through: Through,
    goal: bool,
    lost_conversions: f64,
    at_stake: Total,
}

/// Stages with visits: the costliest first, goals last.
fn places(state: &DropoffState, evidence: &Evidence<'_>, basis: Basis) -> Vec<Place> {
    let stages = evidence.graph.stages().zip(&state.stages).filter(|it| it.0.1.visits > 0);
    let mut places: Vec<Place> = stages
        .map(|((id, stat), through)| {
            let judged = through.judged.max(1);
            let lost_here = stat.exits as f64 * through.converted as f64 / judged as f64;
            Place {
                id,
                stat: *stat,
                through: *through,
                goal: evidence.catalog.is_goal(id),
                lost_conversions: lost_here,
                at_stake: at_stake(stat.exits, through),
            }
        })
        .collect();
    places.sort_by(|a, b| {
        let money = match basis {
            Basis::Money => b.at_stake.cmp(&a.at_stake),
            _ => Ordering::Equal,
        };
        let lost = b.lost_conversions.total_cmp(&a.lost_conversions);
        let exits = Reverse(a.stat.exits).cmp(&Reverse(b.stat.exits));
        a.goal.cmp(&b.goal).then(money).then(lost).then(exits).then(a.id.cmp(&b.id))
    });
    places
}

/// Exits priced by what a judged journey through the stage brings on average.
fn at_stake(exits: u64, through: &Through) -> Total {
    let way = Judged { journeys: exits, value: 0 };
    lost(way, Judged { journeys: through.judged, value: through.value })
}

fn findings(places: &[Place], evidence: &Evidence<'_>, basis: Basis) -> Vec<String> {
    let graph = evidence.graph;
    let mut findings = vec![format!(
        "{} of {} judged journeys ended without conversion ({}); {} are still open.",
        count(graph.exits),
        count(graph.exits + graph.converted),
        percent(graph.exits, graph.exits + graph.converted),
        count(graph.open),
    )];
    if let Some(worst) = places.first().filter(|it| !it.goal && it.stat.exits > 0) {
        let (most, stake) = match basis {
            Basis::Money => {
                ("is at stake", format!(": {}", money(worst.at_stake, evidence.catalog.currency)))
            }
            Basis::Conversions => {
                ("is at stake", format!(": {:.1} conversions", worst.lost_conversions))
            }
            Basis::Exits => ("journeys end", String::new()),
        };
        findings.push(format!(
            "Most {most} at \"{}\": {} exits, {} of its visits that are not open{stake}.",
            evidence.catalog.stage(worst.id),
            count(worst.stat.exits),
            percent(worst.stat.exits, worst.stat.visits - worst.stat.open),
        ));
    }
    findings
}

fn columns() -> Vec<Column> {
    let count = |key, about| Column::new(key, Kind::Count, about);
    let mut columns = vec![
        count("rank", "by what is at stake; goal stages are not ranked"),
        Column::new("stage", Kind::Text, "the stage"),
        count("customers", "distinct customers with a step here"),
        count("reached", "journeys with a step here"),
        count("visits", "steps here: moved on + completed + exits + open"),
        count("moved_on", "steps that moved on to another step"),
        count("completed", "journeys completed here by converting"),
        count("exits", "journeys that ended here without conversion"),
        count("open", "journeys last seen here, too early to judge"),
    ];
    columns.extend(share_columns("exit_share", "exits / visits that are not open"));
    columns.push(count("judged", "journeys with a step here that are not open"));
    columns
        .extend(share_columns("conversion_share", "converted / judged journeys through the stage"));
    columns.extend([
        Column::new("conversions_at_stake", Kind::Number, "exits × conversion share"),
        Column::new("value_at_stake", Kind::Money, "that × mean value of a converted journey"),
    ]);
    columns
}

fn table(places: &[Place], evidence: &Evidence<'_>, basis: Basis) -> Table {
    let about = "Stages by what their exits are worth: exits × conversion share × mean value.";
    let mut table = Table::new("dropoff", "Drop-off by stage", about, columns());
    for (index, place) in places.iter().enumerate() {
        let (stat, through) = (&place.stat, &place.through);
        let rank = if place.goal { Cell::Empty("goal") } else { Cell::Count(index as u64 + 1) };
        let moved_on = stat.departures - stat.completed;
        let mut row = vec![
            rank,
            Cell::text(evidence.catalog.stage(place.id)),
            Cell::Count(stat.customers),
            Cell::Count(stat.journeys),
            Cell::Count(stat.visits),
            Cell::Count(moved_on),
            Cell::Count(stat.completed),
            Cell::Count(stat.exits),
            Cell::Count(stat.open),
        ];
        let confidence = evidence.confidence;
        row.extend(share_with_interval(stat.exits, stat.visits - stat.open, confidence));
        row.push(Cell::Count(through.judged));
        row.extend(share_with_interval(through.converted, through.judged, confidence));
        row.extend(match (place.goal, through.judged > 0, basis == Basis::Money) {
            (true, _, _) => [Cell::Empty("goal"), Cell::Empty("goal")],
            (_, false, _) => [Cell::Empty("base is 0"), Cell::Empty("base is 0")],
            (_, _, true) => [Cell::Number(place.lost_conversions), Cell::Money(place.at_stake)],
            (_, _, false) => [Cell::Number(place.lost_conversions), Cell::Empty("no values")],
        });
        table.push(row);
    }
    table.chart = Some(Chart::Bars { label: "stage", value: basis.column() });
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::fixture::{Fixture, fixture};

    /// Three buyers through the cart, two exits there, one at home, one open.
    fn shop() -> Fixture {
        fixture(
            "a: home@0s cart@1m buy@2m=10; b: home@0s cart@1m cart@2m buy@3m=20; \
             c: cart@0s buy@1m=30; d: home@0s cart@1m; e: cart@0s; f: home@0s; \
             g: home@89d cart@90d",
        )
    }

    fn cell(report: &Report, stage: &str, key: &str) -> Cell {
        let table = &report.tables[0];
        let row = table.rows.iter().find(|it| it[1] == Cell::text(stage)).expect("stage");
        row[table.column(key).expect(key)].clone()
    }

    #[test]
    fn exits_are_priced_by_hand() {
        let report = shop().run::<Dropoff>(DropoffOptions::default()).expect("report");
        // Cart: 7 visits, one open: 2 exits of 6. 5 judged journeys, 3 converted, 60.00.
        assert_eq!(cell(&report, "cart", "rank"), Cell::Count(1));
        assert_eq!(cell(&report, "cart", "reached"), Cell::Count(6));
        assert_eq!(cell(&report, "cart", "moved_on"), Cell::Count(4));
        assert_eq!(cell(&report, "cart", "exit_share"), Cell::Share(2.0 / 6.0));
        assert_eq!(cell(&report, "cart", "conversion_share"), Cell::Share(3.0 / 5.0));
        assert_eq!(cell(&report, "cart", "conversions_at_stake"), Cell::Number(2.0 * 3.0 / 5.0));
        // 2 exits × 3/5 × 20.00 = 24.00.
        assert_eq!(cell(&report, "cart", "value_at_stake"), Cell::Money(2400));
        // Home: 5 visits, none open; 1 exit; 4 judged journeys brought 30.00.
        assert_eq!(cell(&report, "home", "value_at_stake"), Cell::Money(750));
        assert_eq!(cell(&report, "buy", "rank"), Cell::Empty("goal"));
        assert_eq!(
            report.findings[0].split(';').next(),
            Some("3 of 6 judged journeys ended without conversion (50.0 %)")
        );
    }

    #[test]
    fn without_values_lost_conversions_rank() {
        let fixture = fixture("a: home@0s buy@1m; b: home@0s; c: -@90d");
        let report = fixture.run::<Dropoff>(DropoffOptions::default()).expect("report");
        assert_eq!(cell(&report, "home", "value_at_stake"), Cell::Empty("no values"));
        assert_eq!(cell(&report, "home", "conversions_at_stake"), Cell::Number(0.5));
    }

    #[test]
    fn without_conversions_exits_rank() {
        let fixture = fixture("a: home@0s cart@1m; b: home@0s; c: home@0s; d: -@90d");
        let report = fixture.run::<Dropoff>(DropoffOptions::default()).expect("report");
        assert_eq!(cell(&report, "home", "rank"), Cell::Count(1));
        assert!(report.findings[1].starts_with("Most journeys end at \"home\": 2 exits, 66.7 %"));
    }

    #[test]
    fn runs_merge() {
        shop().assert_merges::<Dropoff>(DropoffOptions::default);
        fixture("").assert_merges::<Dropoff>(DropoffOptions::default);
    }
}
