//! Where boxes stand and lines run: our own trait, and graphlay behind it.
//!
//! graphlay is young and its interface will move: nothing else names it. Knows
//! sizes only: no words, no figures, no colors.

use graphlay::{
    Edge, Effort, GraphBuilder, LayoutOptions, Node, NodeId, RankConstraint, Shape, Size,
};

use super::Direction;
use crate::base::{Error, Result};

/// A point in pixels, y downward.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Point {
    /// To the right.
    pub x: f64,
    /// Downward.
    pub y: f64,
}

/// A box to place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Item {
    /// Its width in pixels.
    pub width: f64,
    /// Its height in pixels.
    pub height: f64,
    /// Whether it is a circle.
    pub round: bool,
    /// Whether it belongs before all others.
    pub first: bool,
    /// Its center, if that is settled; then all must be.
    pub at: Option<Point>,
}

/// A line to route.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Way {
    /// The position of the box where it begins.
    pub from: usize,
    /// The position of the box where it ends.
    pub to: usize,
    /// How much it should be short and straight, at least 1.
    pub weight: f64,
    /// Its width in pixels.
    pub thickness: f64,
    /// Room for its label: width and height.
    pub label: Option<(f64, f64)>,
    /// Whether it points against the flow.
    pub back: bool,
}

/// Where everything is, in order of the items and ways given.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Plan {
    /// The centers of the boxes.
    pub centers: Vec<Point>,
    /// The corners of the lines, from border to border.
    pub routes: Vec<Vec<Point>>,
    /// The width of it all; everything is at x between 0 and here.
    pub width: f64,
    /// The height of it all.
    pub height: f64,
}

/// Something that places boxes and routes lines. The same input must give the same plan.
pub trait Layout {
    /// Places boxes and routes lines.
    ///
    /// # Errors
    /// More boxes or lines than it can place.
    fn plan(&self, items: &[Item], ways: &[Way], direction: Direction) -> Result<Plan>;
}

/// Layers after Sugiyama, Tagawa and Toda, by the graphlay crate.
#[derive(Debug, Clone, Copy, Default)]
pub struct Graphlay;

/// Up to so many lines the layout takes its time, and up to so many some of it: it works
/// hardest where lines are many, whatever the number of boxes.
const FEW: usize = 80;
const SOME: usize = 110;

impl Layout for Graphlay {
    fn plan(&self, items: &[Item], ways: &[Way], direction: Direction) -> Result<Plan> {
        let mut graph = GraphBuilder::new();
        for item in items {
            let pad = padding(item, direction);
            graph.add_node(Node {
                size: Size::new(item.width + 2.0 * pad.0, item.height + 2.0 * pad.1),
                shape: if item.round { Shape::Ellipse } else { Shape::default() },
                pinned: item.at.is_some(),
                position: item.at.map(|it| graphlay::Point::new(it.x, it.y)),
                rank: if item.first { RankConstraint::First } else { RankConstraint::Free },
                ..Node::default()
            });
        }
        for way in ways {
            graph.add_edge(Edge {
                weight: way.weight.max(1.0),
                thickness: way.thickness,
                label_size: way.label.map(|it| Size::new(it.0, it.1)),
                reverse_for_ranking: way.back,
                ..Edge::new(NodeId(way.from as u32), NodeId(way.to as u32))
            });
        }
        let settled = !items.is_empty() && items.iter().all(|it| it.at.is_some());
        let lay_out = if settled { graphlay::reroute } else { graphlay::layout };
        let drawing = lay_out(&graph.build(), &options(ways, direction)).map_err(|error| {
            Error::new(format!("cannot lay out the map: {error}"))
                .hint("draw fewer transitions, or write DOT and use Graphviz")
        })?;
        let mut plan = plan(&drawing);
        for (way, route) in ways.iter().zip(&mut plan.routes) {
            let ends = [(0, way.from), (route.len().saturating_sub(1), way.to)];
            for (at, item) in ends {
                if let Some(point) = route.get_mut(at) {
                    meet(point, plan.centers[item], &items[item]);
                }
            }
        }
        Ok(plan)
    }
}

/// Room on the sides of a box that lines passing by keep clear: graphlay lets them touch.
const CLEAR: f64 = 8.0;

/// How much wider and higher a box is for the layout than in the picture, on each side.
fn padding(item: &Item, direction: Direction) -> (f64, f64) {
    match direction {
        _ if item.round => (0.0, 0.0),
        Direction::Down => (CLEAR, 0.0),
        Direction::Right => (0.0, CLEAR),
    }
}

/// Moves the end of a line from the border of the padded box to that of the box.
fn meet(point: &mut Point, center: Point, item: &Item) {
    let (half_width, half_height) = (item.width / 2.0, item.height / 2.0);
    if (point.y - center.y).abs() < half_height - 0.01 {
        let side = (point.x - center.x).signum();
        if (point.x - center.x).abs() > half_width {
            point.x = center.x + side * half_width;
        }
    } else if (point.x - center.x).abs() < half_width - 0.01 {
        let side = (point.y - center.y).signum();
        if (point.y - center.y).abs() > half_height {
            point.y = center.y + side * half_height;
        }
    }
}

fn options(ways: &[Way], direction: Direction) -> LayoutOptions {
    let mut options = LayoutOptions::process_map();
    options.direction = match direction {
        Direction::Down => graphlay::Direction::TopBottom,
        Direction::Right => graphlay::Direction::LeftRight,
    };
    // From left to right a label stands in the line's way: room for it and some line.
    let widest = ways.iter().filter_map(|it| it.label).map(|it| it.0).fold(0.0, f64::max);
    options.spacing.layer_gap = if direction == Direction::Right { 44.0 + widest } else { 44.0 };
    options.spacing.node_gap = 34.0;
    options.spacing.edge_label_margin = 18.0;
    options.routing.lane_gap = 14.0;
    options.effort = match ways.len() {
        lines if lines <= FEW => Effort::Thorough,
        lines if lines <= SOME => Effort::Balanced,
        _ => Effort::Fast,
    };
    options
}

fn plan(drawing: &graphlay::Layout) -> Plan {
    let origin = drawing.bounds.min;
    let point = |it: &graphlay::Point| Point { x: it.x - origin.x, y: it.y - origin.y };
    Plan {
        centers: drawing.nodes.iter().map(|it| point(&it.center)).collect(),
        routes: drawing.edges.iter().map(|it| it.points.iter().map(point).collect()).collect(),
        width: drawing.bounds.max.x - origin.x,
        height: drawing.bounds.max.y - origin.y,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item() -> Item {
        Item { width: 100.0, height: 40.0, round: false, first: false, at: None }
    }

    fn way(from: usize, to: usize, back: bool) -> Way {
        Way { from, to, weight: 1.0, thickness: 2.0, label: Some((40.0, 14.0)), back }
    }

    #[test]
    fn boxes_flow_down_and_every_way_has_a_route() {
        let ways = [way(0, 1, false), way(1, 2, false), way(2, 0, true)];
        let plan = Graphlay.plan(&[item(); 3], &ways, Direction::Down).unwrap();
        assert!(plan.centers[0].y < plan.centers[1].y && plan.centers[1].y < plan.centers[2].y);
        assert!(plan.routes.iter().all(|it| it.len() >= 2));
        assert_eq!(plan, Graphlay.plan(&[item(); 3], &ways, Direction::Down).unwrap());
        let right = Graphlay.plan(&[item(); 3], &ways, Direction::Right).unwrap();
        assert!(right.centers[0].x < right.centers[2].x);
    }

    #[test]
    fn settled_boxes_stay_where_they_are() {
        let ways = [way(0, 1, false), way(1, 2, false)];
        let first = Graphlay.plan(&[item(); 3], &ways, Direction::Down).unwrap();
        let settled: Vec<Item> =
            first.centers.iter().map(|&at| Item { at: Some(at), ..item() }).collect();
        let more = [ways[0], ways[1], way(0, 2, false), way(2, 0, true)];
        let again = Graphlay.plan(&settled, &more, Direction::Down).unwrap();
        let apart = |plan: &Plan, a: usize, b: usize| {
            let (a, b) = (plan.centers[a], plan.centers[b]);
            ((b.x - a.x) * 10.0).round() as i64 * 100_000 + ((b.y - a.y) * 10.0).round() as i64
        };
        assert_eq!(apart(&again, 0, 1), apart(&first, 0, 1));
        assert_eq!(apart(&again, 1, 2), apart(&first, 1, 2));
        assert!(again.routes.iter().all(|it| it.len() >= 2));
    }

    #[test]
    fn nothing_is_laid_out_as_nothing() {
        let plan = Graphlay.plan(&[], &[], Direction::Down).unwrap();
        assert!(plan.centers.is_empty() && plan.routes.is_empty());
    }
}
