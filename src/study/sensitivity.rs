//! Sensitivity: what the rule of stitching does to the numbers.
//!
//! Reads once, stitches by each guard in turn, and asks the same questions each time.
//! Every figure is the one that its own analysis gives; nothing is counted anew here.

use crate::base::numerals::count;
use crate::base::{Progress, Result, Span};
use crate::config::Config;
use crate::model::{Cell, Column, Kind, Report, Table};
use crate::prepare::identity::{Guards, IdentityOptions, SharedDevice};

use super::reading::Reading;
use super::{Findings, LoadOptions, Study};

/// The analyses whose figures are compared.
const ASKED: [&str; 4] = ["overview", "paths", "time", "attribute"];
/// The model whose credit is compared, if the journey asks for it; else its first.
const MODEL: &str = "linear";
/// The guards that the others are compared with.
const USUAL: &str = "default";
/// No stitching at all: shown beside the guards, and not one of them.
const NONE: &str = "none";

/// What one way of stitching makes of the data.
struct Outcome {
    guards: &'static str,
    figures: Vec<Cell>,
    customers: u64,
    converting: u64,
    /// Channels, and the share of all conversions that each earns.
    credit: Vec<(String, f64)>,
    model: String,
}

/// How customers, conversion, path length, time to purchase and channel credit move from no
/// stitching to loose, default and strict guards; what else `[identity]` says stays.
///
/// # Errors
/// As [`Study::load`] and [`Study::run`].
pub fn sensitivity(
    mut config: Config,
    options: &LoadOptions,
    progress: &dyn Progress,
) -> Result<Report> {
    // Which journeys there are is what is asked: none is left out.
    config.sections.select = Default::default();
    let own = config.sections.identity.clone();
    let currency = config.sections.currency;
    let mut reading = Reading::new(config, options, progress)?;
    let mut outcomes = Vec::new();
    for (guards, identity) in variants(&own, reading.id_types()) {
        let outcome = reading.ask(identity, options, progress, |study| {
            let questions = study.questions(&ASKED)?;
            let findings = study.run_what_fits(&questions, progress)?;
            Ok(outcome(guards, study, &findings))
        })?;
        outcomes.push(outcome);
    }
    let mut report = Report::new("sensitivity", "Identity sensitivity", currency);
    report.findings = findings(&outcomes);
    report.tables.push(figures(&outcomes));
    report.tables.push(credit(&outcomes));
    report.notes.push(
        "Each column reads the same rows and stitches them by other guards; what else \
         [identity] says stays as it is. \"none\" joins nothing: each row is of its strongest id. \
         \"loose\" is plain union-find."
            .into(),
    );
    Ok(report)
}

/// The measures, and where each is found: analysis, table, row by its first texts, column.
const MEASURES: [(&str, &str, &str, &[&str], &str); 8] = [
    ("customers", "overview", "overview", &["customers"], "value"),
    ("converting customers", "overview", "overview", &["converting customers"], "value"),
    ("conversions", "overview", "overview", &["conversions"], "value"),
    ("journeys", "overview", "overview", &["journeys"], "value"),
    ("mean steps to a conversion", "paths", "lengths", &["converted", "steps"], "mean"),
    ("median steps to a conversion", "paths", "lengths", &["converted", "steps"], "median"),
    ("median time to purchase among buyers", "time", "summary", &["median among buyers"], "time"),
    ("mean time to purchase among buyers", "time", "summary", &["mean among buyers"], "time"),
];

fn outcome(guards: &'static str, study: &Study, findings: &Findings) -> Outcome {
    let report = |name: &str| findings.reports.iter().find(|it| it.name == name);
    let figure = |(_, analysis, table, row, column): &(&str, &str, &str, &[&str], &str)| {
        let found = report(analysis).and_then(|it| cell(it.table(table)?, row, column));
        found.unwrap_or(Cell::Empty("not asked for"))
    };
    let mut figures: Vec<Cell> = MEASURES.iter().map(figure).collect();
    let whole = |at: usize| if let Cell::Count(it) = figures[at] { it } else { 0 };
    let (customers, converting) = (whole(0), whole(1));
    figures.insert(2, Cell::share(converting, customers));
    figures.push(Cell::Count(study.stitched.blocked_count));
    let (model, credit) = report("attribute").map(credited).unwrap_or_default();
    Outcome { guards, figures, customers, converting, credit, model }
}

/// The cell of the row that begins with these texts.
fn cell(table: &Table, row: &[&str], column: &str) -> Option<Cell> {
    let column = table.column(column)?;
    let begins =
        |it: &&Vec<Cell>| it.iter().zip(row).all(|(cell, text)| *cell == Cell::text(*text));
    table.rows.iter().find(begins)?.get(column).cloned()
}

/// Each channel's share of all conversions, under one model.
fn credited(report: &Report) -> (String, Vec<(String, f64)>) {
    let Some(table) = report.table("credit") else { return Default::default() };
    let at = |key: &str| table.column(key).unwrap_or(usize::MAX);
    let (model, channel, share) = (at("model"), at("channel"), at("share"));
    let text = |row: &Vec<Cell>, at: usize| match row.get(at) {
        Some(Cell::Text(it)) => it.clone(),
        _ => String::new(),
    };
    let models: Vec<String> = table.rows.iter().map(|it| text(it, model)).collect();
    let named = models.iter().find(|it| *it == MODEL).or(models.first());
    let Some(named) = named.cloned() else { return Default::default() };
    let own = table.rows.iter().filter(|it| text(it, model) == named);
    let credit = own.map(|row| {
        let share = if let Some(Cell::Share(it)) = row.get(share) { *it } else { 0.0 };
        (text(row, channel), share)
    });
    (named.clone(), credit.collect())
}

fn columns(first: Column, outcomes: &[Outcome], kind: Kind, about: &str) -> Vec<Column> {
    let guards = outcomes.iter().map(|it| Column::new(it.guards, kind, about));
    std::iter::once(first).chain(guards).collect()
}

fn figures(outcomes: &[Outcome]) -> Table {
    let first = Column::new("measure", Kind::Text, "what is measured");
    let mut columns = columns(first, outcomes, Kind::Number, "with these guards");
    columns.push(Column::new(
        "spread",
        Kind::Share,
        "largest less least of the guards, over the default's",
    ));
    let about = "The same questions asked of customers stitched by each guard.";
    let mut table = Table::new("figures", "What moves", about, columns);
    let mut names: Vec<&str> = MEASURES.iter().map(|it| it.0).collect();
    names.insert(2, "conversion rate of customers");
    names.push("ids that link nobody");
    for (at, name) in names.into_iter().enumerate() {
        let own: Vec<Cell> = outcomes.iter().map(|it| it.figures[at].clone()).collect();
        let spread = spread(outcomes, &own);
        let cells = own.into_iter().chain([spread]);
        table.push(std::iter::once(Cell::text(name)).chain(cells).collect());
    }
    table
}

fn number(cell: &Cell) -> Option<f64> {
    match *cell {
        Cell::Count(it) => Some(it as f64),
        Cell::Number(it) | Cell::Share(it) => Some(it),
        Cell::Span(Span(it)) => Some(it as f64),
        _ => None,
    }
}

fn spread(outcomes: &[Outcome], cells: &[Cell]) -> Cell {
    let usual = outcomes.iter().position(|it| it.guards == USUAL).and_then(|it| number(&cells[it]));
    let guards = outcomes.iter().zip(cells).filter(|it| it.0.guards != NONE);
    let numbers: Option<Vec<f64>> = guards.map(|it| number(it.1)).collect();
    match usual.zip(numbers).filter(|it| it.0 != 0.0) {
        Some((usual, numbers)) => Cell::Share(range(numbers.into_iter()) / usual),
        None => Cell::Empty("no base"),
    }
}

/// The largest less the least.
fn range(numbers: impl Iterator<Item = f64>) -> f64 {
    let (low, high) = numbers
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), it| (low.min(it), high.max(it)));
    if low.is_finite() { high - low } else { 0.0 }
}

/// The range of shares that guards give, without those of no stitching.
fn range_of_guards(outcomes: &[Outcome], shares: &[f64]) -> f64 {
    range(outcomes.iter().zip(shares).filter(|it| it.0.guards != NONE).map(|it| *it.1))
}

/// Each channel's shares, one for each outcome.
fn shares(outcomes: &[Outcome]) -> Vec<(&str, Vec<f64>)> {
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in outcomes.iter().flat_map(|it| &it.credit) {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    let of = |name: &str, it: &Outcome| {
        it.credit.iter().find(|own| own.0 == name).map_or(0.0, |own| own.1)
    };
    names.iter().map(|&name| (name, outcomes.iter().map(|it| of(name, it)).collect())).collect()
}

fn credit(outcomes: &[Outcome]) -> Table {
    let first = Column::new("channel", Kind::Text, "the channel");
    let mut columns = columns(first, outcomes, Kind::Share, "of all conversions with these guards");
    columns.push(Column::new(
        "spread",
        Kind::Share,
        "largest share less least of the guards, in points",
    ));
    let model = outcomes.first().map_or("", |it| it.model.as_str());
    let about = match model {
        "" => "No channel earns credit here.".to_owned(),
        _ => format!("Conversions that the {model} model credits to each channel, of all."),
    };
    let mut table = Table::new("credit", "Channel credit", &about, columns);
    for (name, shares) in shares(outcomes) {
        let spread = range_of_guards(outcomes, &shares);
        let cells = shares.into_iter().chain([spread]).map(Cell::Share);
        table.push(std::iter::once(Cell::text(name)).chain(cells).collect());
    }
    table
}

fn findings(outcomes: &[Outcome]) -> Vec<String> {
    let Some(usual) = outcomes.iter().find(|it| it.guards == USUAL) else { return Vec::new() };
    let others = || outcomes.iter().filter(|it| it.guards != USUAL);
    let list = |of: &dyn Fn(&Outcome) -> String| {
        others().map(|it| format!("{} {}", of(it), it.guards)).collect::<Vec<_>>().join(", ")
    };
    let rate = |it: &Outcome| {
        format!("{:.1} %", it.converting as f64 / it.customers.max(1) as f64 * 100.0)
    };
    let mut findings = vec![
        format!(
            "{} customers with default guards; {}.",
            count(usual.customers),
            list(&|it| count(it.customers))
        ),
        format!("{} of customers convert with default guards; {}.", rate(usual), list(&rate)),
    ];
    let shares = shares(outcomes);
    let range_of = |it: &(&str, Vec<f64>)| range_of_guards(outcomes, &it.1);
    // Of equal ones the first.
    let most = shares.iter().rev().max_by(|a, b| range_of(a).total_cmp(&range_of(b)));
    if let Some((name, own)) = most {
        let each = outcomes
            .iter()
            .zip(own)
            .map(|(it, share)| format!("{:.2} % {}", share * 100.0, it.guards));
        let each: Vec<String> = each.collect();
        findings.push(format!(
            "The credit of {name} moves most between guards: {} of conversions ({} model).",
            each.join(", "),
            usual.model
        ));
    }
    findings
}

/// The ways of stitching, from none to the most careful.
fn variants(own: &IdentityOptions, id_types: &[String]) -> [(&'static str, IdentityOptions); 4] {
    let by = |guards| IdentityOptions { guards, ..own.clone() };
    let mut none = by(Guards::Loose);
    // Who may meet nobody links nobody.
    none.limit = id_types.iter().map(|it| (it.clone(), 0)).collect();
    none.shared_device = Some(SharedDevice::None);
    [
        ("none", none),
        ("loose", by(Guards::Loose)),
        ("default", by(Guards::Default)),
        ("strict", by(Guards::Strict)),
    ]
}
