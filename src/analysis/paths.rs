//! Paths: which stages journeys take in which order, and how long they are.
//!
//! A path variant is the full sequence of a journey's stages. Variants are kept
//! by their exact sequences, never by a hash alone.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::Result;
use crate::base::numerals::counted;
use crate::model::{Catalog, Cell, Chart, Column, Customer, Kind, Report, Table};

use super::cells::{percent, share_columns, share_with_interval, span_cell};
use super::{Analysis, Evidence};

mod lengths;
mod variants;

use lengths::Lengths;
use variants::{Finished, Variants};

/// Which paths are shown, and what makes two paths the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PathsOptions {
    /// How many of the most frequent path variants to show; 0 for all.
    pub top: usize,
    /// Whether steps at the same stage in a row count as one.
    pub collapse: bool,
}

impl Default for PathsOptions {
    fn default() -> Self {
        Self { top: 20, collapse: false }
    }
}

/// Which paths journeys take, and how long they are.
#[derive(Debug, Clone)]
pub struct Paths {
    options: PathsOptions,
    stages: usize,
}

/// The paths of a run of customers.
#[derive(Debug)]
pub struct PathsState {
    variants: Variants,
    lengths: Lengths,
}

impl Analysis for Paths {
    const NAME: &'static str = "paths";
    const SECTION: &'static str = "paths";
    const ABOUT: &'static str = "Which paths journeys take, and how long they are";
    type Options = PathsOptions;
    type State = PathsState;

    fn new(options: PathsOptions, catalog: &Catalog) -> Result<Self> {
        Ok(Self { options, stages: catalog.stages.len() })
    }

    fn start(&self) -> PathsState {
        PathsState { variants: Variants::new(self.stages), lengths: Lengths::default() }
    }

    fn visit(&self, state: &mut PathsState, customer: &Customer<'_>) {
        for journey in customer.journeys {
            state.variants.visit(customer, journey, self.options.collapse);
        }
        state.lengths.visit(customer);
    }

    fn merge(&self, into: &mut PathsState, from: PathsState) {
        into.variants.merge(from.variants);
        into.lengths.merge(from.lengths);
    }

    fn finish(&self, state: PathsState, evidence: &Evidence<'_>) -> Result<Report> {
        let catalog = evidence.catalog;
        let mut report = Report::new(Self::NAME, "Paths", catalog.currency);
        let finished = state.variants.finish(self.options.top);
        report.findings = findings(&finished, catalog);
        report.notes.push(format!(
            "A path is a journey's full sequence of stages{}. Conversion share: converted / \
             journeys of the path that are not open; its interval takes journeys as independent, \
             also those of one customer. Names are joined with \" > \".",
            if self.options.collapse { ", repeats in a row counted once" } else { "" }
        ));
        report.notes.push(
            "Lengths: touches are those within the journey; a session that two journeys share \
             counts in both; duration is from the first step to the last."
                .to_owned(),
        );
        report.tables.push(paths_table(&finished, evidence));
        report.tables.push(variety_table(&finished));
        report.tables.push(state.lengths.table());
        Ok(report)
    }
}

fn path_name(key: &[u32], catalog: &Catalog) -> String {
    let names: Vec<&str> = key.iter().map(|&it| catalog.stages.get(it)).collect();
    names.join(" > ")
}

fn findings(finished: &Finished, catalog: &Catalog) -> Vec<String> {
    let Some(top) = finished.top.first() else {
        return vec!["No journey has a step.".to_owned()];
    };
    let shown: u64 = finished.top.iter().map(|it| it.stat.journeys).sum();
    vec![
        format!(
            "{} took {}; the {} most frequent cover {}.",
            counted(finished.journeys, "journey"),
            counted(finished.distinct, "different path"),
            finished.top.len(),
            percent(shown, finished.journeys),
        ),
        format!(
            "The most frequent path is \"{}\": {} ({}).",
            path_name(&top.key, catalog),
            counted(top.stat.journeys, "journey"),
            percent(top.stat.journeys, finished.journeys),
        ),
    ]
}

fn paths_table(finished: &Finished, evidence: &Evidence<'_>) -> Table {
    let mut columns = vec![
        Column::new("rank", Kind::Count, "by journeys, then by the path's names"),
        Column::new("path", Kind::Text, "the stages in order"),
        Column::new("steps", Kind::Count, "stages in the path"),
        Column::new("journeys", Kind::Count, "journeys that took this path"),
        Column::new("share", Kind::Share, "journeys / all journeys"),
        Column::new("coverage", Kind::Share, "this and the paths above / all journeys"),
        Column::new("converted", Kind::Count, "journeys that converted"),
    ];
    columns.extend(share_columns("conversion_share", "converted / journeys of this path not open"));
    columns.push(Column::new("duration_median", Kind::Span, "median from first to last step"));
    columns.push(Column::new("value", Kind::Money, "value of these journeys"));
    let about = "The most frequent paths; shares are of all journeys.";
    let mut table = Table::new("paths", "Most frequent paths", about, columns);
    let mut rest = finished.total;
    let mut covered = 0;
    for (index, path) in finished.top.iter().enumerate() {
        let stat = &path.stat;
        covered += stat.journeys;
        let mut row = vec![
            Cell::Count(index as u64 + 1),
            Cell::text(path_name(&path.key, evidence.catalog)),
            Cell::Count(path.key.len() as u64),
            Cell::Count(stat.journeys),
            Cell::share(stat.journeys, finished.journeys),
            Cell::share(covered, finished.journeys),
            Cell::Count(stat.converted),
        ];
        let judged = stat.journeys - stat.open;
        row.extend(share_with_interval(stat.converted, judged, evidence.confidence));
        row.push(span_cell(path.duration_median, "no journeys"));
        row.push(Cell::Money(stat.value));
        table.push(row);
        rest.subtract(stat);
    }
    if rest.journeys > 0 {
        let mut row = vec![
            Cell::Empty("all others"),
            Cell::text("(other)"),
            Cell::Empty("all others"),
            Cell::Count(rest.journeys),
            Cell::share(rest.journeys, finished.journeys),
            Cell::share(finished.journeys, finished.journeys),
            Cell::Count(rest.converted),
        ];
        let judged = rest.journeys - rest.open;
        row.extend(share_with_interval(rest.converted, judged, evidence.confidence));
        row.extend([Cell::Empty("all others"), Cell::Money(rest.value)]);
        table.push(row);
    }
    table.chart = Some(Chart::Bars { label: "path", value: "journeys" });
    table
}

fn variety_table(finished: &Finished) -> Table {
    let columns = vec![
        Column::new("measure", Kind::Text, "what is counted"),
        Column::new("value", Kind::Count, "how many"),
    ];
    let about = "How different journeys are: how many paths it takes to cover a part of them.";
    let mut table = Table::new("variety", "Variety of paths", about, columns);
    let mut row = |name: &str, count: u64| table.push(vec![Cell::text(name), Cell::Count(count)]);
    row("journeys", finished.journeys);
    row("distinct variants", finished.distinct);
    row("variants of one journey", finished.single);
    row("variants that cover 50 % of journeys", finished.cover[0]);
    row("variants that cover 80 % of journeys", finished.cover[1]);
    row("variants that cover 95 % of journeys", finished.cover[2]);
    table
}

#[cfg(test)]
mod tests;
