//! Tests' way to a customer: journeys in one line of text.
//!
//! `"ann: home~email@0s cart@1m buy@2h=12.50#o1; bob: home@5s"` is two customers.
//! An event is `stage[~channel]@SPAN[=amount][#order][/value]`: the span counts
//! from 2026-01-01T00:00:00Z, `/value` is the value of the property `variant`.
//! A stage `-` is an event without a stage. Goals are the stages named `buy`.

use crate::base::{
    ChannelId, Currency, Dictionary, NONE, Names, Result, Span, StageId, Timestamp, ValueId,
};
use crate::model::raw::NO_AMOUNT;
use crate::model::{Catalog, Events, Report, TouchOptions};
use crate::prepare::{JourneyOptions, JourneyRule, SessionRule, TouchRule, Walker, Walking};

use super::{Analysis, Evidence, graph::GraphFold};

/// 2026-01-01T00:00:00Z in microseconds.
pub const EPOCH: i64 = 1_767_225_600_000_000;

/// Customers in memory, with everything an analysis needs to run.
pub struct Fixture {
    /// Names and facts.
    pub catalog: Catalog,
    /// One shard a customer, so that runs can be cut anywhere.
    pub shards: Vec<Events>,
    /// The rules.
    pub walking: Walking,
    /// Order ids by their codes.
    pub orders: Dictionary,
    customers: Vec<String>,
}

struct Row {
    customer: usize,
    stage: String,
    channel: String,
    time: i64,
    amount: i64,
    order: String,
    variant: String,
}

fn parse(text: &str) -> (Vec<String>, Vec<Row>) {
    let mut customers = Vec::new();
    let mut rows = Vec::new();
    for line in text.split(';').map(str::trim).filter(|it| !it.is_empty()) {
        let (name, events) = line.split_once(':').expect("customer: events");
        for event in events.split_whitespace() {
            let (event, variant) = event.split_once('/').unwrap_or((event, ""));
            let (event, order) = event.split_once('#').unwrap_or((event, ""));
            let (event, amount) = event.split_once('=').unwrap_or((event, ""));
            let (place, at) = event.split_once('@').expect("stage@span");
            let (stage, channel) = place.split_once('~').unwrap_or((place, ""));
            let amount = amount.parse::<f64>().map_or(NO_AMOUNT, |it| (it * 100.0).round() as i64);
            rows.push(Row {
                customer: customers.len(),
                stage: stage.replace('-', ""),
                channel: channel.to_owned(),
                time: EPOCH + at.parse::<Span>().expect("span").0,
                amount,
                order: order.to_owned(),
                variant: variant.to_owned(),
            });
        }
        customers.push(name.trim().to_owned());
    }
    (customers, rows)
}

fn names(rows: &[Row], of: impl Fn(&Row) -> &str) -> Names {
    Names::new(rows.iter().map(|it| of(it).to_owned()).filter(|it| !it.is_empty()))
}

/// Customers by the module's notation, with default journey options.
pub fn fixture(text: &str) -> Fixture {
    fixture_with(text, &JourneyOptions::default(), TouchOptions::Sessions)
}

/// Customers by the module's notation.
pub fn fixture_with(text: &str, options: &JourneyOptions, touches: TouchOptions) -> Fixture {
    let (customers, rows) = parse(text);
    let stages = names(&rows, |it| &it.stage);
    let channels = names(&rows, |it| &it.channel);
    let variants = names(&rows, |it| &it.variant);
    let mut orders = Dictionary::default();
    let mut shards: Vec<Events> = Vec::new();
    for customer in 0..customers.len() {
        let mut own: Vec<&Row> = rows.iter().filter(|it| it.customer == customer).collect();
        own.sort_by_key(|it| it.time);
        let id = |names: &Names, name: &str| names.id(name).unwrap_or(NONE);
        shards.push(Events {
            first_customer: customer as u32,
            offsets: vec![0, own.len() as u32],
            times: own.iter().map(|it| it.time).collect(),
            stages: own.iter().map(|it| StageId(id(&stages, &it.stage))).collect(),
            channels: own.iter().map(|it| ChannelId(id(&channels, &it.channel))).collect(),
            amounts: own.iter().map(|it| it.amount).collect(),
            orders: own
                .iter()
                .map(|it| if it.order.is_empty() { NONE } else { orders.intern(&it.order) })
                .collect(),
            properties: vec![own.iter().map(|it| ValueId(id(&variants, &it.variant))).collect()],
            ..Events::default()
        });
    }
    let times = || rows.iter().map(|it| Timestamp(it.time));
    let catalog = Catalog {
        goals: stages.id("buy").map(StageId).into_iter().collect(),
        stages,
        channels,
        properties: vec![("variant".into(), variants)],
        currency: "EUR".parse::<Currency>().expect("currency"),
        timezone: String::new(),
        span: times().min().zip(times().max()),
        gap: options.gap.0,
        lookback: options.lookback.0,
        customers: customers.len() as u64,
        events: rows.len() as u64,
    };
    let walking = Walking {
        sessions: SessionRule::timeout(Span::seconds(1800)),
        touches: TouchRule(touches),
        journeys: JourneyRule::new(options, &catalog),
        select: None,
    };
    Fixture { catalog, shards, walking, orders, customers }
}

impl Fixture {
    /// Folds the customers of some shards with an analysis.
    pub fn fold<A: Analysis>(&self, analysis: &A, shards: &[Events]) -> A::State {
        let mut state = analysis.start();
        for shard in shards {
            Walker::default()
                .walk(&self.walking, shard, |customer| analysis.visit(&mut state, customer));
        }
        state
    }

    /// Runs an analysis over all customers.
    pub fn run<A: Analysis>(&self, options: A::Options) -> Result<Report> {
        let analysis = A::new(options, &self.catalog)?;
        let state = self.fold(&analysis, &self.shards);
        self.finish(&analysis, state)
    }

    /// Finishes an analysis.
    pub fn finish<A: Analysis>(&self, analysis: &A, state: A::State) -> Result<Report> {
        let fold = GraphFold::new(&self.catalog);
        let mut graph = fold.start();
        for shard in &self.shards {
            Walker::default().walk(&self.walking, shard, |it| fold.visit(&mut graph, it));
        }
        let graph = fold.finish(graph);
        let customer_name = |id: crate::base::CustomerId| self.customers[id.index()].clone();
        analysis.finish(
            state,
            &Evidence {
                catalog: &self.catalog,
                graph: &graph,
                orders: &self.orders,
                customer_name: &customer_name,
                confidence: 0.95,
            },
        )
    }

    /// Asserts the law: any cut of the customers merges to the whole.
    pub fn assert_merges<A: Analysis>(&self, options: impl Fn() -> A::Options) {
        let whole = self.run::<A>(options()).expect("report");
        for cut in 0..=self.shards.len() {
            let analysis = A::new(options(), &self.catalog).expect("analysis");
            let mut left = self.fold(&analysis, &self.shards[..cut]);
            let right = self.fold(&analysis, &self.shards[cut..]);
            analysis.merge(&mut left, right);
            assert_eq!(self.finish(&analysis, left).expect("report"), whole, "cut at {cut}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::overview::{Overview, OverviewOptions};
    use crate::model::Cell;

    #[test]
    fn a_line_of_text_becomes_customers() {
        let fixture = fixture("ann: home~email@0s buy@2h=12.50#o1; bob: home@5s");
        let report = fixture.run::<Overview>(OverviewOptions::default()).expect("report");
        assert_eq!(report.tables[0].rows[1][1], Cell::Count(2));
        assert_eq!(report.tables[0].rows[11][1], Cell::Money(1250));
        fixture.assert_merges::<Overview>(OverviewOptions::default);
    }
}
