//! What happened, in five sentences: who came, what it brought, which way they took,
//! where they left, what led to the sale.
//!
//! Each is built from cells of the reports and states its base. Where the data is too
//! thin for one, the sentence says so; it never vanishes.

use serde::Serialize;

use super::facts::{Facts, Row, Rows};
use crate::base::numerals::{count, counted};
use crate::model::Cell;

/// Fewer of anything than this: a rate may be chance.
const FEW: u64 = 30;
/// The model whose credit is told: no touch counts for more than another.
const MODEL: &str = "linear";

/// What is said of one question: the sentence, and what it rests on.
#[derive(Debug, Serialize)]
pub(super) struct Line {
    /// What it is about, in a few words.
    pub lead: &'static str,
    pub head: String,
    pub detail: String,
    /// The analysis that tells more.
    pub section: &'static str,
}

/// A sentence and its detail.
type Said = (String, String);

/// The story of a whole report; nothing where only single questions were asked.
pub(super) fn story(facts: Facts<'_>) -> Vec<Line> {
    let Some(overview) = facts.table("overview", "overview") else { return Vec::new() };
    if facts.0.len() < 3 {
        return Vec::new();
    }
    let line = |lead, section, said: Option<Said>| {
        let (head, detail) = said.unwrap_or_else(|| {
            (format!("Not told: {lead}."), format!("This report was made without {section}."))
        });
        // A figure and its sign stay on one line.
        let firm = |it: String| it.replace(" %", "\u{a0}%");
        Line { lead, head: firm(head), detail: firm(detail), section }
    };
    vec![
        line("who came", "overview", who(facts, overview)),
        line("what it brought", "kpi", revenue(facts)),
        line("the way they took", "map", way(facts)),
        line("where they left", "dropoff", bottleneck(facts)),
        line("what led to the sale", "attribute", sale(facts)),
    ]
}

/// A sentence that needs no detail.
fn only(head: &str) -> Option<Said> {
    Some((head.to_owned(), String::new()))
}

fn measure(overview: Rows<'_>, name: &str) -> u64 {
    overview.at("measure", name).and_then(|it| it.count("value")).unwrap_or_default()
}

/// A share of a base as people read it.
fn share(part: u64, base: u64) -> String {
    if base == 0 {
        "none".to_owned()
    } else {
        format!("{:.1} %", part as f64 / base as f64 * 100.0)
    }
}

/// The days that the data covers, in the journey's zone.
pub(super) fn period(facts: Facts<'_>) -> Option<(String, String)> {
    let trend = facts.table("trend", "trend")?;
    let (first, last) = (trend.all().next()?, trend.all().next_back()?);
    Some((first.shown("from")?, last.shown("to")?))
}

fn who(facts: Facts<'_>, overview: Rows<'_>) -> Option<Said> {
    let of = |name| measure(overview, name);
    let (customers, journeys) = (of("customers"), of("journeys"));
    if customers == 0 {
        return only("There is no customer in this data.");
    }
    let made = format!("{} made {}", counted(customers, "customer"), counted(journeys, "journey"));
    let rate =
        facts.table("kpi", "kpi").and_then(|it| it.at("kpi", "conversion rate per customer"));
    let bought = rate.and_then(|it| it.shown("value"));
    let head = match &bought {
        Some(it) => format!("{made}; {it} of the customers bought."),
        None => format!("{made}."),
    };
    let mut detail = period(facts).map_or_else(String::new, |it| format!("{} to {}. ", it.0, it.1));
    detail.push_str(&format!(
        "Of the journeys {} converted, {} ended without, {} are still open and not judged.",
        count(of("journeys converted")),
        count(of("journeys exited")),
        count(of("journeys open")),
    ));
    if bought.is_some() {
        detail.push_str(&format!(
            " {} of {} bought{}.",
            count(of("converting customers")),
            counted(customers, "customer"),
            rate.map_or_else(String::new, |it| it.interval("low", "high")),
        ));
    }
    detail.push_str(&few(customers, "customers"));
    Some((head, detail))
}

/// A warning where a rate rests on few.
fn few(number: u64, of: &str) -> String {
    if number >= FEW {
        return String::new();
    }
    format!(" Fewer than {FEW} {of}: this may be chance.")
}

fn revenue(facts: Facts<'_>) -> Option<Said> {
    let kpi = facts.table("kpi", "kpi")?;
    let orders = kpi.at("kpi", "orders").and_then(|it| it.count("value")).unwrap_or_default();
    if orders == 0 {
        return only("Nobody has bought in this data, so there is no revenue to tell.");
    }
    let counted_orders = counted(orders, "order");
    let Some(revenue) = kpi.at("kpi", "revenue").and_then(|it| it.shown("value")) else {
        let head = format!("{counted_orders} carry no value, so revenue is not known.");
        return Some((head, "Name the column of values in the source.".to_owned()));
    };
    let average = kpi.at("kpi", "average order value");
    let mean = average.and_then(|it| it.shown("value"));
    let head = match &mean {
        Some(it) => format!("{counted_orders} brought {revenue}: {it} an order."),
        None => format!("{counted_orders} brought {revenue}."),
    };
    let mut detail = String::new();
    if let Some(it) = average.filter(|_| mean.is_some()) {
        detail.push_str(&format!(
            "The mean is over orders with a value{}.",
            it.interval("low", "high")
        ));
    }
    if let Some(it) = kpi.at("kpi", "revenue per customer").and_then(|it| it.shown("value")) {
        detail.push_str(&format!(" {it} a customer, buyers or not."));
    }
    detail.push_str(&few(orders, "orders"));
    Some((head, detail))
}

fn way(facts: Facts<'_>) -> Option<Said> {
    let move_on = facts.table("map", "transitions").and_then(busiest).and_then(|it| {
        let from = it.shown("from")?;
        Some(format!(
            "Most often they go from \"{from}\" to \"{}\": {} times, {} of the visits of \
             \"{from}\".",
            it.shown("to")?,
            it.shown("moves")?,
            it.shown("share")?,
        ))
    });
    match (move_on, path(facts)) {
        (Some(head), detail) => Some((head, detail.unwrap_or_default())),
        (None, Some(head)) => only(&head),
        (None, None) => None,
    }
}

/// The path that converts most often, one of several steps before a single stage.
fn path(facts: Facts<'_>) -> Option<String> {
    let paths = facts.table("paths", "paths")?;
    let all = facts.table("paths", "variety")?.at("measure", "journeys")?.count("value")?;
    if all == 0 {
        return Some("No journey has a step, so there is no way to tell.".to_owned());
    }
    let most = |it: &Row<'_>| it.count("converted").unwrap_or_default();
    let bought = |several: bool| {
        let long = move |it: &Row<'_>| !several || it.count("steps").unwrap_or_default() > 1;
        let named = paths.all().filter(|it| it.cell("rank").is_some());
        // The first of equals: rows are in order of journeys.
        named.filter(move |it| most(it) > 0 && long(it)).rev().max_by_key(most)
    };
    let (what, it) = match (bought(true), bought(false)) {
        (Some(it), _) => ("Of the paths with several steps", it),
        (None, Some(it)) => ("Of the most frequent paths", it),
        (None, None) => {
            return Some("None of the most frequent paths leads to a conversion.".to_owned());
        }
    };
    Some(format!(
        "{what} \"{}\" converts most often: {} ({} of all {}).",
        shortened(&it.shown("path")?),
        counted(most(&it), "time"),
        share(most(&it), all),
        counted(all, "journey"),
    ))
}

/// The first transition, most moves first, that leads elsewhere.
fn busiest(transitions: Rows<'_>) -> Option<Row<'_>> {
    transitions.all().find(|it| it.text("from") != it.text("to"))
}

/// A long path by its first stages and its last.
fn shortened(path: &str) -> String {
    let stages: Vec<&str> = path.split(" > ").collect();
    match stages.as_slice() {
        [first, second, third, .., last] if stages.len() > 7 => {
            format!("{first} > {second} > {third} > … > {last}")
        }
        _ => path.to_owned(),
    }
}

fn bottleneck(facts: Facts<'_>) -> Option<Said> {
    let dropoff = facts.table("dropoff", "dropoff")?;
    let exits: u64 = dropoff.all().filter_map(|it| it.count("exits")).sum();
    if exits == 0 {
        return only("No journey has ended without conversion yet, so no stage is a bottleneck.");
    }
    let worst = dropoff.all().find(|it| it.cell("rank").is_some());
    let worst = worst.and_then(|it| Some((it, it.count("exits").filter(|it| *it > 0)?)));
    let Some((worst, own)) = worst else {
        return only(&format!("All {} are at goal stages.", counted(exits, "exit")));
    };
    let left = match own {
        1 => "1 journey ended there".to_owned(),
        _ => format!("{} journeys ended there", count(own)),
    };
    let stage = worst.shown("stage")?;
    let fared = "had they fared like the average journey through it: an upper bound, no forecast.";
    let (head, detail) = match (worst.cell("value_at_stake"), worst.shown("conversions_at_stake")) {
        (Some(Cell::Money(it)), _) if *it != 0 => (
            format!(
                "Most is lost at \"{stage}\": {left}, worth up to {}.",
                worst.shown("value_at_stake")?
            ),
            format!(" Worth that much {fared}"),
        ),
        (_, Some(it)) => (
            format!("Most is lost at \"{stage}\": {left}, up to {it} conversions."),
            format!(" That many {fared} What they are worth the data does not say."),
        ),
        _ => (
            format!("Most journeys end at \"{stage}\": {}.", count(own)),
            " What that costs cannot be told: nothing converts.".to_owned(),
        ),
    };
    let share = format!(
        "{} of its visits that are not open end there without conversion{}.",
        worst.shown("exit_share")?,
        worst.interval("exit_share_low", "exit_share_high"),
    );
    Some((head, format!("{share}{detail}{}", few(own, "exits"))))
}

fn sale(facts: Facts<'_>) -> Option<Said> {
    match (time(facts), channel(facts)) {
        (Some(time), Some(channel)) => {
            Some((format!("{} {}", time.0, channel.0), format!("{} {}", time.1, channel.1)))
        }
        (None, None) => None,
        (None, it) => it,
        (Some(it), None) => {
            let none = "Which channel earned it is not told: no conversion can be credited.";
            Some((it.0, format!("{} {none}", it.1)))
        }
    }
    .map(|it| (it.0, it.1.trim().to_owned()))
}

/// The longest time that the data covers, and who bought within it.
fn time(facts: Facts<'_>) -> Option<Said> {
    let horizons = facts.table("time", "horizons")?;
    let Some(last) = horizons.all().next_back() else {
        return only("The data is too short to tell how long buying takes.");
    };
    let head = format!(
        "Within {} of their first event {} of customers buy.",
        last.shown("within")?,
        last.shown("bought")?,
    );
    let interval = last.interval("bought_low", "bought_high");
    let mut detail = match interval.trim().trim_matches(['(', ')']) {
        "" => String::new(),
        it => format!("{it}, with those who have not bought yet counted as such."),
    };
    let median = facts.table("time", "summary")?.at("measure", "median among buyers");
    if let Some(it) = median.and_then(|it| it.shown("time")) {
        detail.push_str(&format!(" Half of those who bought took at most {it}."));
    }
    Some((head, detail))
}

/// Who earns most under one model, and how many models say the same.
fn channel(facts: Facts<'_>) -> Option<Said> {
    let credit = facts.table("attribute", "credit")?;
    let models = facts.table("attribute", "models")?;
    let names: Vec<&str> = models.all().filter_map(|it| it.text("model")).collect();
    let told = names.iter().copied().find(|it| *it == MODEL).or(names.first().copied())?;
    let best = |model: &str| {
        let own = credit.all().filter(|it| it.text("model") == Some(model));
        let channels = own.filter(|it| it.text("channel") != Some("(unattributed)"));
        // The first of equals: channels are in order of their names.
        let earning = channels.rev().filter(|it| credited(it) > 0.0);
        earning.max_by(|a, b| credited(a).total_cmp(&credited(b)))
    };
    let first = best(told)?;
    let agrees = |it: &&&str| best(it).and_then(|it| it.text("channel")) == first.text("channel");
    let conversions = models.at("model", told)?.count("conversions")?;
    let head = format!(
        "\"{}\" earns most credit: {} of {}.",
        first.shown("channel")?,
        first.shown("share")?,
        counted(conversions, "conversion"),
    );
    let mut detail = format!(
        "Credit is {told}{}; {} of {} models name the same channel.",
        first.interval("share_low", "share_high"),
        names.iter().filter(agrees).count(),
        names.len(),
    );
    let none = models.at("model", told)?.count("unattributed").unwrap_or_default();
    if none > 0 {
        let share = share(none, conversions);
        detail.push_str(&format!(" {} ({share}) have no touch to credit.", count(none)));
    }
    Some((head, detail + " Credit is no proof of cause."))
}

fn credited(row: &Row<'_>) -> f64 {
    match row.cell("conversions") {
        Some(Cell::Number(it)) => *it,
        _ => 0.0,
    }
}
