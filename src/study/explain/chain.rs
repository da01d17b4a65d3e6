//! The shortest chain of rows from one id to another, and where a guard breaks it.
//!
//! Source of the method: breadth-first search, as petgraph's A* without an estimate.

use petgraph::algo::astar;
use petgraph::graph::{NodeIndex, UnGraph};

use crate::base::Result;
use crate::base::numerals::counted;
use crate::model::{Cell, Kind, Report, Table};
use crate::prepare::identity::evidence::Edge;
use crate::prepare::identity::nodes::NodeSet;
use crate::prepare::identity::{Exclusions, Guards, IdentityOptions};
use crate::prepare::stitch::{Asked, stitch_again};

use super::{Identities, name_of, place, table, time};

/// Whether two ids are of one customer: the shortest chain of evidence if they are; if not,
/// what keeps them apart. The report is negative where they are not.
///
/// # Errors
/// The spill file cannot be read.
pub fn same(identities: &Identities, a: u32, b: u32) -> Result<Report> {
    let currency = identities.config.sections.currency;
    let mut report = Report::new("same", "Same customer", currency);
    let (raw, stitched) = (&identities.raw, &identities.stitched);
    let names = [a, b].map(|it| stitched.nodes().name(raw, it));
    let customers = [a, b].map(|it| stitched.customer_of(it));
    if customers[0] == customers[1] {
        let edges = identities.edges_of(customers[0]);
        let chain = shortest(&edges, a, b).unwrap_or_default();
        report.findings.push(format!(
            "{} and {} are one customer, {}, by {}.",
            names[0],
            names[1],
            name_of(identities, customers[0]),
            counted(chain.len() as u64, "link"),
        ));
        report.tables.push(links(identities, a, &chain));
        return Ok(report);
    }
    report.negative = true;
    let [one, other] = &names;
    match shortest(&all_edges(identities, a, b)?, a, b) {
        None => report.findings.push(format!(
            "{one} and {other} are two customers: no chain of rows leads from one to the other."
        )),
        Some(chain) => {
            let broken = chain.iter().filter(|it| refusal(identities, it).is_some()).count();
            report.findings.push(format!(
                "{one} and {other} are two customers: of {} between them {} not count.",
                counted(chain.len() as u64, "link"),
                if broken == 1 { "1 does".to_owned() } else { format!("{broken} do") },
            ));
            report.tables.push(links(identities, a, &chain));
        }
    }
    Ok(report)
}

/// All edges of the customer that the two would share if nothing kept ids apart.
fn all_edges(identities: &Identities, a: u32, b: u32) -> Result<Vec<Edge>> {
    let loose = IdentityOptions { guards: Guards::Loose, ..IdentityOptions::default() };
    let until = identities.until.map(|it| it.0);
    let asked = Asked { exclusions: None, until };
    let stitched = stitch_again(&identities.raw, &loose, asked)?;
    let customer = stitched.customer_of(a);
    if customer != stitched.customer_of(b) {
        return Ok(Vec::new());
    }
    let mut members = NodeSet::new(stitched.nodes().len());
    stitched.members(customer).into_iter().for_each(|it| members.insert(it));
    let (raw, none) = (&identities.raw, Exclusions::default());
    Ok(identities.evidence.edges(&members, &none, stitched.nodes(), raw))
}

/// The fewest edges that lead from one node to another, in order; of equally short chains
/// the one whose edges were seen first decides.
fn shortest(edges: &[Edge], a: u32, b: u32) -> Option<Vec<Edge>> {
    let mut ids: Vec<u32> = edges.iter().flat_map(|it| [it.a, it.b]).chain([a, b]).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut graph: UnGraph<u32, usize> = UnGraph::with_capacity(ids.len(), edges.len());
    for &id in &ids {
        graph.add_node(id);
    }
    let index = |node: u32| ids.binary_search(&node).map_or(NodeIndex::end(), NodeIndex::new);
    // A graph's newest edges are looked at first.
    for (at, edge) in edges.iter().enumerate().rev() {
        graph.add_edge(index(edge.a), index(edge.b), at);
    }
    let (_, path) = astar(&graph, index(a), |it| it == index(b), |_| 1u64, |_| 0)?;
    let link = |pair: &[NodeIndex]| {
        let at = graph.edges_connecting(pair[0], pair[1]).map(|it| *it.weight()).min()?;
        edges.get(at).copied()
    };
    path.windows(2).map(link).collect()
}

/// Why a link does not count, if it does not.
fn refusal(identities: &Identities, edge: &Edge) -> Option<String> {
    let (raw, stitched) = (&identities.raw, &identities.stitched);
    let nodes = stitched.nodes();
    if stitched.customer_of(edge.a) == stitched.customer_of(edge.b) {
        return None;
    }
    let refused = |node: u32| {
        let name = nodes.name(raw, node);
        let blocked = stitched.all_blocked(raw);
        let why = blocked.iter().find(|it| format!("{}:{}", it.id_type, it.id) == name)?.why;
        Some(format!("{name} links nobody: {}", why.words()))
    };
    let one = [edge.b, edge.a].into_iter().filter(|&it| stitched.links_nobody(it));
    if let Some(why) = one.into_iter().find_map(refused) {
        return Some(why);
    }
    let history = &identities.history;
    let all = || history.apart();
    let ours = |it: u32| it == edge.a || it == edge.b;
    let here = all().find(|it| ours(it.node) && it.row.at() == edge.row.at());
    let why = here.or_else(|| all().find(|it| ours(it.node)));
    Some(match why {
        Some(it) => format!("{}: {}", nodes.name(raw, it.node), it.why.words()),
        None if !identities.exclusions.is_empty() => "excluded by the journey's file".to_owned(),
        None => "a guard keeps them apart".to_owned(),
    })
}

/// The links of a chain that begins at a node.
fn links(identities: &Identities, start: u32, chain: &[Edge]) -> Table {
    let about = "Each link is the first row that shows both ids.";
    let columns = [
        ("from", Kind::Text, "an id"),
        ("to", Kind::Text, "the id that stands on the same row"),
        ("time", Kind::Time, "when the row was seen"),
        ("place", Kind::Text, "the row, as file:line"),
        ("row", Kind::Text, "an event, or a link that says nothing else"),
        ("counts", Kind::Text, "yes, or why it does not"),
    ];
    let mut table = table("chain", "Chain of evidence", about, &columns);
    let (raw, nodes) = (&identities.raw, identities.stitched.nodes());
    let mut at = start;
    for edge in chain {
        let next = if edge.a == at { edge.b } else { edge.a };
        let why = refusal(identities, edge).map_or("yes".to_owned(), |it| format!("no: {it}"));
        table.push(vec![
            Cell::text(nodes.name(raw, at)),
            Cell::text(nodes.name(raw, next)),
            time(edge.row.time),
            place(identities, &edge.row),
            Cell::text(if edge.row.link { "link" } else { "event" }),
            Cell::text(why),
        ]);
        at = next;
    }
    table
}
