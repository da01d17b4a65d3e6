//! Everything that is known of one customer: ids, merges, sessions, journeys.

use indexmap::IndexMap;

use foldhash::fast::FixedState;

use crate::base::numerals::{count, counted, money};
use crate::base::{CustomerId, Progress, Result, Timestamp};
use crate::model::{Cell, Customer, Kind, Outcome, Report, Table};
use crate::prepare::group::Scratch;
use crate::prepare::identity::evidence::Seen;
use crate::prepare::{SelectOptions, Walker};
use crate::study::reading::Reading;
use crate::study::{LoadOptions, Study};

use super::{Identities, name_of, place, table, time, with_ids_apart};

/// What is known of the customer of an id: its ids and since when they are its own, merges,
/// ids that left it, and in short its events, sessions and journeys.
///
/// # Errors
/// As [`Study::load`].
pub fn customer(
    identities: Identities,
    node: u32,
    options: &LoadOptions,
    progress: &dyn Progress,
) -> Result<Report> {
    let of = identities.stitched.customer_of(node);
    let name = name_of(&identities, of);
    let currency = identities.config.sections.currency;
    let mut report = Report::new("customer", "Customer", currency);
    let members = identities.stitched.members(of);
    let about =
        [ids(&identities, &members), merges(&identities, &members), left(&identities, &members)];
    let merged = about[1].rows.len() as u64;
    let identity = identities.config.sections.identity.clone();
    let mut reading = Reading::of(identities, options)?;
    // All journeys of the customer, whichever others look at.
    reading.config.sections.select = SelectOptions::default();
    let life = reading.ask(identity, options, progress, |study| Life::of(study, node))?;
    report.findings.push(format!(
        "{name} has {}, joined by {}.",
        counted(members.len() as u64, "id"),
        counted(merged, "merge"),
    ));
    report.findings.push(life.told(currency));
    report.tables.push(life.journeys);
    report.tables.extend(about);
    report.tables.swap(0, 1);
    Ok(report)
}

fn ids(identities: &Identities, members: &[u32]) -> Table {
    let about = "Since when each id is this customer's, and the first row that carries it.";
    let columns = [
        ("id", Kind::Text, "type and id"),
        ("joined", Kind::Time, "since when it is this customer's"),
        ("rows", Kind::Count, "rows that carry it"),
        ("first_place", Kind::Text, "the first of them, as file:line"),
        ("links", Kind::Text, "whether it links others"),
    ];
    let mut table = table("ids", "Ids", about, &columns);
    let (raw, stitched) = (&identities.raw, &identities.stitched);
    let nodes = stitched.nodes();
    // Strongest type first, then by name: the codes of ids come in no order.
    let mut ordered = members.to_vec();
    ordered.sort_by_cached_key(|&it| (nodes.id_type(it), nodes.text(raw, it)));
    let mut met: IndexMap<u32, (u64, Option<Seen>), FixedState> =
        ordered.iter().map(|&it| (it, (0, None))).collect();
    for row in identities.evidence.rows() {
        for node in identities.evidence.nodes(row) {
            if let Some((rows, first)) = met.get_mut(node) {
                *rows += 1;
                first.get_or_insert(*row);
            }
        }
    }
    let spans = identities.history.as_of.iter().filter(|it| it.superseded_at.is_none());
    let since: IndexMap<u32, i64, FixedState> = spans
        .filter(|it| met.contains_key(&it.node))
        .map(|it| (it.node, it.effective_at))
        .collect();
    for (node, (rows, first)) in &met {
        table.push(vec![
            Cell::text(nodes.name(raw, *node)),
            since.get(node).map_or(Cell::Empty("not seen yet"), |it| time(*it)),
            Cell::Count(*rows),
            first.as_ref().map_or(Cell::Empty("not seen yet"), |it| place(identities, it)),
            Cell::text(if stitched.links_nobody(*node) { "nobody" } else { "yes" }),
        ]);
    }
    table
}

fn merges(identities: &Identities, members: &[u32]) -> Table {
    let about = "Customers that became one, and the row that shows why.";
    let columns = [
        ("time", Kind::Time, "when the row was seen"),
        ("survivor", Kind::Text, "the customer that stayed"),
        ("merged", Kind::Text, "the customer that joined it"),
        ("by", Kind::Text, "the two ids on the row"),
        ("place", Kind::Text, "the row, as file:line"),
    ];
    let mut table = table("merges", "Merges", about, &columns);
    let (raw, nodes) = (&identities.raw, identities.stitched.nodes());
    let own = |it: u32| members.binary_search(&it).is_ok();
    for it in identities.history.merges.iter().filter(|it| own(it.by.0) && own(it.by.1)) {
        let name = |node| nodes.name(raw, node);
        table.push(vec![
            time(it.row.time),
            Cell::text(name(it.survivor)),
            Cell::text(name(it.merged)),
            Cell::text(format!("{}, {}", name(it.by.0), name(it.by.1))),
            place(identities, &it.row),
        ]);
    }
    table
}

fn left(identities: &Identities, members: &[u32]) -> Table {
    let about = "Ids that left this customer or joined it from another, or were left out of a row.";
    let columns = [
        ("time", Kind::Time, "when the row was seen"),
        ("id", Kind::Text, "type and id"),
        ("from", Kind::Text, "the customer that it left"),
        ("why", Kind::Text, "the guard"),
        ("place", Kind::Text, "the row, as file:line"),
    ];
    let table = table("left", "Ids that left", about, &columns);
    let own = |it: u32| members.binary_search(&it).is_ok();
    with_ids_apart(table, identities, |it| own(it.node) || own(it.from))
}

/// What a customer did, in short.
struct Life {
    events: u64,
    sessions: u64,
    touches: u64,
    conversions: u64,
    value: i128,
    span: Option<(Timestamp, Timestamp)>,
    journeys: Table,
}

impl Life {
    fn of(study: &Study, node: u32) -> Result<Self> {
        let wanted = study.stitched.customer_of(node);
        let columns = [
            ("journey", Kind::Count, "from 1"),
            ("from", Kind::Time, "its first step"),
            ("to", Kind::Time, "its last step"),
            ("steps", Kind::Count, "how many"),
            ("touches", Kind::Count, "steps or sessions that carry a channel"),
            ("outcome", Kind::Text, "how it ended"),
            ("value", Kind::Money, "of its conversions"),
        ];
        let about = "The customer's journeys in order.";
        let mut life = Self {
            events: 0,
            sessions: 0,
            touches: 0,
            conversions: 0,
            value: 0,
            span: None,
            journeys: table("journeys", "Journeys", about, &columns),
        };
        if wanted == CustomerId::NONE {
            return Ok(life);
        }
        let mut scratch = Scratch::default();
        let events = study.shards.events(study.shards.shard_of(wanted), &mut scratch)?;
        Walker::default().walk(&study.walking, events, |it| {
            if it.id == wanted {
                life.see(it);
            }
        });
        Ok(life)
    }

    fn see(&mut self, customer: &Customer<'_>) {
        self.events = customer.times.len() as u64;
        self.sessions = customer.sessions.len() as u64;
        self.touches = customer.touches.len() as u64;
        self.conversions = customer.conversions.len() as u64;
        self.value = customer.conversions.iter().map(|it| i128::from(it.value)).sum();
        self.span = Some((customer.first_time(), customer.last_time()));
        for (journey, number) in customer.journeys.iter().zip(1u64..) {
            let steps = customer.steps_of(journey);
            let at = |it: Option<&crate::model::Step>| {
                Cell::or_empty(it.map(|it| it.time), "no step", Cell::Time)
            };
            self.journeys.push(vec![
                Cell::Count(number),
                at(steps.first()),
                at(steps.last()),
                Cell::Count(steps.len() as u64),
                Cell::Count(customer.touches_of(journey).len() as u64),
                Cell::text(match journey.outcome {
                    Outcome::Converted => "converted",
                    Outcome::Exit => "exit",
                    Outcome::Open => "open",
                }),
                Cell::Money(journey.value.into()),
            ]);
        }
    }

    fn told(&self, currency: crate::base::Currency) -> String {
        let Some((first, last)) = self.span else {
            return "No event that is asked for is this customer's.".to_owned();
        };
        let touches = match self.touches {
            1 => "1 touch".to_owned(),
            it => format!("{} touches", count(it)),
        };
        format!(
            "{} from {first} to {last}, in {}: {touches}, {}, {} worth {}.",
            counted(self.events, "event"),
            counted(self.sessions, "session"),
            counted(self.journeys.rows.len() as u64, "journey"),
            counted(self.conversions, "conversion"),
            money(self.value, currency),
        )
    }
}
