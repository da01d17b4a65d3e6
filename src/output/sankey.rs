//! Flow by step as a Sankey diagram: a column for each step, ribbons as wide as their counts.
//!
//! Steps only go on, so there are no circles. The layout is a few sweeps of means and a
//! pass that parts what overlaps: small, without chance, the same for the same table.

use std::collections::BTreeMap;

use super::escape::{one_line, xml};
use super::format::{percent, short, thousands};
use super::map::measure::{fit, width};
use crate::model::{Cell, Chart, Table};

const WIDTH: f64 = 1080.0;
const TOP: f64 = 34.0;
/// The height of the flow itself.
const ROOM: f64 = 460.0;
const GAP: f64 = 15.0;
const BAR: f64 = 12.0;
const TEXT: f64 = 11.5;
/// How often positions are pulled toward their neighbors.
const SWEEPS: usize = 8;

/// What a node stands for; their order is that in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Role {
    Won,
    Stage,
    Further,
    Open,
    Lost,
}

impl Role {
    fn of(end: &str) -> Self {
        match end {
            "converted" => Self::Won,
            "open" => Self::Open,
            "exit" => Self::Lost,
            _ => Self::Further,
        }
    }
}

/// The class of what leads to a node, as an attribute; ways on have none.
fn class(role: Role) -> &'static str {
    match role {
        Role::Won => " class=\"won\"",
        Role::Stage => "",
        Role::Further | Role::Open => " class=\"open\"",
        Role::Lost => " class=\"lost\"",
    }
}

#[derive(Debug, Clone)]
struct Node {
    column: usize,
    role: Role,
    name: String,
    count: f64,
    y: f64,
    height: f64,
}

impl Node {
    fn middle(&self) -> f64 {
        self.y + self.height / 2.0
    }
}

#[derive(Debug, Clone, Copy)]
struct Link {
    from: usize,
    to: usize,
    count: f64,
}

#[derive(Debug, Default)]
struct Flow {
    nodes: Vec<Node>,
    links: Vec<Link>,
    columns: Vec<Vec<usize>>,
    scale: f64,
}

/// The picture of a flow table's rows and its height; `None` where there is nothing to draw.
pub(super) fn draw(table: &Table) -> Option<(String, f64, f64)> {
    let mut flow = Flow::of(table)?;
    flow.lay_out();
    let mut out = flow.heads();
    out.push_str(&flow.ribbons());
    out.push_str(&flow.bars());
    let bottom = flow.nodes.iter().map(|it| it.y + it.height).fold(0.0, f64::max);
    Some((out, WIDTH, bottom + 14.0))
}

impl Flow {
    fn of(table: &Table) -> Option<Self> {
        let Some(Chart::Flow { step, from, to, end, value }) = table.chart else { return None };
        let at = |key| table.column(key);
        let (step, from, to, end, value) = (at(step)?, at(from)?, at(to)?, at(end)?, at(value)?);
        let mut flow = Self::default();
        let mut known = BTreeMap::new();
        for row in &table.rows {
            let (Cell::Count(number), Cell::Text(own), Cell::Count(count)) =
                (&row[step], &row[from], &row[value])
            else {
                continue;
            };
            let column = usize::try_from(number.saturating_sub(1)).ok()?;
            let (role, name) = match (&row[to], &row[end]) {
                (Cell::Text(next), _) => (Role::Stage, next),
                (_, Cell::Text(word)) => (Role::of(word), word),
                _ => continue,
            };
            let count = *count as f64;
            let from = flow.node(&mut known, column, Role::Stage, own);
            let to = flow.node(&mut known, column + 1, role, name);
            flow.nodes[to].count += count;
            // Only the first column has no ways in; later ones counted theirs above.
            if column == 0 {
                flow.nodes[from].count += count;
            }
            flow.links.push(Link { from, to, count });
        }
        (!flow.links.is_empty()).then_some(flow)
    }

    fn node(
        &mut self,
        known: &mut BTreeMap<(usize, Role, String), usize>,
        column: usize,
        role: Role,
        name: &str,
    ) -> usize {
        *known.entry((column, role, name.to_owned())).or_insert_with(|| {
            let index = self.nodes.len();
            let name = name.to_owned();
            self.nodes.push(Node { column, role, name, count: 0.0, y: 0.0, height: 0.0 });
            self.columns.resize(self.columns.len().max(column + 1), Vec::new());
            self.columns[column].push(index);
            index
        })
    }

    fn lay_out(&mut self) {
        let room = |column: &Vec<usize>| {
            let count: f64 = column.iter().map(|&it| self.nodes[it].count).sum();
            (ROOM - GAP * column.len().saturating_sub(1) as f64).max(60.0) / count.max(1.0)
        };
        self.scale = self.columns.iter().map(room).fold(f64::INFINITY, f64::min);
        for node in &mut self.nodes {
            node.height = (node.count * self.scale).max(1.0);
        }
        for column in 0..self.columns.len() {
            self.columns[column].sort_by_key(|&it| self.nodes[it].role);
            self.stack(column);
        }
        for sweep in 0..SWEEPS {
            for column in 1..self.columns.len() {
                self.pull(column, true, sweep);
            }
            for column in (0..self.columns.len().saturating_sub(1)).rev() {
                self.pull(column, false, sweep);
            }
        }
    }

    /// Places a column from the top down in its order.
    fn stack(&mut self, column: usize) {
        let mut y = TOP;
        for &node in &self.columns[column] {
            self.nodes[node].y = y;
            y += self.nodes[node].height + GAP;
        }
    }

    /// Moves each node of a column toward the mean of its neighbors, then parts them.
    fn pull(&mut self, column: usize, from_left: bool, sweep: usize) {
        let mut sums = vec![(0.0, 0.0); self.nodes.len()];
        for link in &self.links {
            let (own, other) = if from_left { (link.to, link.from) } else { (link.from, link.to) };
            // Ends below would draw every stage down; what converts may go up.
            if !from_left && self.nodes[other].role > Role::Stage {
                continue;
            }
            sums[own].0 += self.nodes[other].middle() * link.count;
            sums[own].1 += link.count;
        }
        for &node in &self.columns[column] {
            let (sum, weight) = sums[node];
            if weight > 0.0 {
                let wanted = sum / weight - self.nodes[node].height / 2.0;
                let strength = 0.9f64.powi(sweep as i32);
                self.nodes[node].y += (wanted - self.nodes[node].y) * strength;
            }
        }
        let nodes = &self.nodes;
        self.columns[column].sort_by(|&a, &b| {
            let (a, b) = (&nodes[a], &nodes[b]);
            a.role.cmp(&b.role).then(a.middle().total_cmp(&b.middle()))
        });
        self.part(column);
    }

    /// Pushes nodes down until none overlap, then up again into the room.
    fn part(&mut self, column: usize) {
        let mut free = TOP;
        for &node in &self.columns[column] {
            self.nodes[node].y = self.nodes[node].y.max(free);
            free = self.nodes[node].y + self.nodes[node].height + GAP;
        }
        let mut floor = TOP + ROOM;
        for &node in self.columns[column].iter().rev() {
            let highest = floor - self.nodes[node].height;
            self.nodes[node].y = self.nodes[node].y.min(highest);
            floor = self.nodes[node].y - GAP;
        }
        // Minimal heights may not all fit: rather beyond the bottom than above the top.
        let above = self.columns[column].first().map_or(0.0, |&it| TOP - self.nodes[it].y);
        if above > 0.0 {
            self.columns[column].iter().for_each(|&it| self.nodes[it].y += above);
        }
    }

    /// The left edge of a column.
    fn x(&self, column: usize) -> f64 {
        let last = self.columns.len().saturating_sub(1).max(1) as f64;
        2.0 + column as f64 * (WIDTH - 132.0) / last
    }

    fn heads(&self) -> String {
        let steps = self.columns.len().saturating_sub(1);
        (0..steps).map(|it| text(self.x(it), 14.0, "head", &format!("Step {}", it + 1))).collect()
    }

    fn ribbons(&self) -> String {
        let mut order: Vec<usize> = (0..self.links.len()).collect();
        let y = |node: usize| self.nodes[node].middle();
        order.sort_by(|&a, &b| {
            let (a, b) = (self.links[a], self.links[b]);
            (self.nodes[a.from].column.cmp(&self.nodes[b.from].column))
                .then(y(a.from).total_cmp(&y(b.from)))
                .then(y(a.to).total_cmp(&y(b.to)))
        });
        let mut left: Vec<f64> = self.nodes.iter().map(|it| it.y).collect();
        let mut arrived = left.clone();
        let mut out = String::from(
            "<g class=\"ribbons\" fill=\"none\" stroke=\"#4292c6\" stroke-opacity=\"0.35\">",
        );
        for link in order.into_iter().map(|it| self.links[it]) {
            let (from, to) = (&self.nodes[link.from], &self.nodes[link.to]);
            let thick = link.count * self.scale;
            let (a, b) = (left[link.from] + thick / 2.0, arrived[link.to] + thick / 2.0);
            left[link.from] += thick;
            arrived[link.to] += thick;
            let (x, end) = (self.x(from.column) + BAR, self.x(to.column));
            let bend = px((x + end) / 2.0);
            // Of a ribbon too thin to point at the table tells.
            let title = if thick < 1.0 {
                String::new()
            } else {
                let share = percent(link.count / from.count.max(1.0));
                let names = (one_line(&from.name, 60), one_line(&to.name, 60));
                let count = thousands(&format!("{:.0}", link.count));
                xml(&format!("{} → {}: {count} · {share}", names.0, names.1))
            };
            let end_tag = match title.as_str() {
                "" => "/>".to_owned(),
                title => format!("><title>{title}</title></path>"),
            };
            out.push_str(&format!(
                "<path d=\"M{} {a}C{bend} {a} {bend} {b} {} {b}\"{} stroke-width=\"{}\"{end_tag}",
                px(x),
                px(end),
                class(to.role),
                px(thick.max(0.6)),
                a = px(a),
                b = px(b),
            ));
        }
        out + "</g>"
    }

    fn bars(&self) -> String {
        let pitch = if self.columns.len() > 1 { self.x(1) - self.x(0) } else { 200.0 };
        let mut out = String::from("<g class=\"nodes\" fill=\"#2171b5\">");
        let mut labels = String::new();
        for node in &self.nodes {
            let x = self.x(node.column);
            let count = short(node.count as u64);
            out.push_str(&format!(
                "<rect x=\"{}\" y=\"{}\" width=\"{BAR}\" height=\"{}\"{}><title>{}</title></rect>",
                px(x),
                px(node.y),
                px(node.height),
                class(node.role),
                xml(&format!(
                    "{}: {}",
                    one_line(&node.name, 120),
                    thousands(&format!("{:.0}", node.count))
                )),
            ));
            let room = pitch.min(132.0) - BAR - 10.0;
            let name = fit(
                &one_line(&node.name, 60),
                room - width(&count, TEXT, false) - 6.0,
                TEXT,
                false,
            );
            let label = format!("{name} {count}");
            labels.push_str(&text(x + BAR + 4.0, node.middle() + 4.0, "label", &label));
        }
        out + "</g>" + &labels
    }
}

fn px(value: f64) -> String {
    format!("{}", (value * 10.0).round() / 10.0 + 0.0)
}

fn text(x: f64, y: f64, class: &str, words: &str) -> String {
    format!(
        "<text x=\"{}\" y=\"{}\" class=\"{class}\" font-size=\"{TEXT}\" fill=\"currentColor\">{}</text>",
        px(x),
        px(y),
        xml(words)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Column, Kind};

    /// Rows of step, from, to or `!end`, journeys.
    fn table(rows: &[(u64, &str, &str, u64)]) -> Table {
        let column = |key, kind| Column::new(key, kind, "");
        let columns = vec![
            column("step", Kind::Count),
            column("from", Kind::Text),
            column("to", Kind::Text),
            column("end", Kind::Text),
            column("journeys", Kind::Count),
        ];
        let mut table = Table::new("flow", "Flow", "", columns);
        for &(step, from, to, journeys) in rows {
            let (to, end) = match to.strip_prefix('!') {
                Some(end) => (Cell::Empty(""), Cell::text(end)),
                None => (Cell::text(to), Cell::Empty("")),
            };
            let journeys = Cell::Count(journeys);
            table.push(vec![Cell::Count(step), Cell::text(from), to, end, journeys]);
        }
        table.chart = Some(Chart::Flow {
            step: "step",
            from: "from",
            to: "to",
            end: "end",
            value: "journeys",
        });
        table
    }

    fn small() -> Flow {
        let rows = [
            (1, "home", "cart", 60),
            (1, "home", "!exit", 40),
            (1, "ad", "home", 30),
            (2, "cart", "!converted", 50),
            (2, "cart", "!exit", 10),
            (2, "home", "!open", 30),
        ];
        let mut flow = Flow::of(&table(&rows)).unwrap();
        flow.lay_out();
        flow
    }

    #[test]
    fn what_comes_into_a_node_goes_out_of_it() {
        let flow = small();
        for (index, node) in flow.nodes.iter().enumerate() {
            let sum = |of: &dyn Fn(&Link) -> bool| {
                flow.links.iter().filter(|it| of(it)).map(|it| it.count).sum::<f64>()
            };
            let (incoming, outgoing) = (sum(&|it| it.to == index), sum(&|it| it.from == index));
            assert!(node.column == 0 || incoming == node.count, "{node:?}");
            assert!(node.role != Role::Stage || outgoing == node.count, "{node:?}");
        }
    }

    #[test]
    fn nodes_of_a_column_do_not_overlap_and_ends_frame_it() {
        let flow = small();
        for column in &flow.columns {
            for pair in column.windows(2) {
                let (above, below) = (&flow.nodes[pair[0]], &flow.nodes[pair[1]]);
                assert!(above.y + above.height + GAP <= below.y + 1e-9, "{above:?} {below:?}");
                assert!(above.role <= below.role);
            }
            assert!(column.iter().all(|&it| flow.nodes[it].y >= TOP));
        }
    }

    #[test]
    fn a_stage_called_exit_is_no_exit() {
        let flow = Flow::of(&table(&[(1, "a", "exit", 1), (1, "a", "!exit", 2)])).unwrap();
        assert_eq!(flow.nodes.len(), 3);
    }

    #[test]
    fn hostile_names_make_a_whole_picture_and_the_same_twice() {
        let attacks = super::super::escape::attacks::all();
        let rows: Vec<(u64, &str, &str, u64)> =
            attacks.iter().map(|it| (1, it.as_str(), "!exit", 5)).collect();
        let table = table(&rows);
        let (picture, ..) = draw(&table).unwrap();
        let svg = format!("<svg xmlns=\"http://www.w3.org/2000/svg\">{picture}</svg>");
        roxmltree::Document::parse(&svg).unwrap();
        assert_eq!(draw(&table).unwrap().0, picture);
        assert!(draw(&Table::default()).is_none());
    }
}
