//! Where boxes stand when a map is drawn with the layout of another: on the same spots,
//! stage by stage of the same name.
//!
//! Lays the other map out as it would be drawn itself, and finds room for what it lacks.
//! Knows boxes and names; no figure, no color.

use std::collections::BTreeMap;

use super::drawing::{Drawing, Role};
use super::labels::Rect;
use super::layout::{Item, Layout, Plan, Point};
use crate::base::Result;
use crate::model::JourneyMap;

/// What a box is, in words that hold for any map.
type Name<'a> = (Role, &'a str);

/// The role and the name of each box; stubs have the name of their stage.
fn names<'a>(map: &'a JourneyMap, drawing: &Drawing) -> Vec<Name<'a>> {
    let name = |id: &str| {
        let place = id.trim_start_matches(|it: char| it.is_ascii_alphabetic()).parse::<usize>();
        place.ok().and_then(|it| map.nodes.get(it)).map_or("", |it| it.name.as_str())
    };
    let role = |role| if role == Role::Goal { Role::Stage } else { role };
    drawing.shapes.iter().map(|it| (role(it.role), name(&it.id))).collect()
}

/// A map with its drawing and the sizes of its boxes.
pub(super) struct Sized<'a> {
    pub(super) map: &'a JourneyMap,
    pub(super) drawing: &'a Drawing,
    pub(super) items: &'a [Item],
}

/// Puts each box where the other map has it; boxes that it lacks near their stage, or in rows
/// below all others.
pub(super) fn places(own: &Sized<'_>, other: &Sized<'_>, plan: &Plan) -> Vec<Point> {
    let theirs = names(other.map, other.drawing);
    let known: BTreeMap<Name<'_>, Point> =
        theirs.into_iter().zip(plan.centers.iter().copied()).collect();
    let names = names(own.map, own.drawing);
    let mut centers: Vec<Option<Point>> = names.iter().map(|it| known.get(it).copied()).collect();
    let mut taken: Vec<Rect> = centers
        .iter()
        .zip(own.items)
        .filter_map(|(at, it)| at.map(|at| Rect::around(at, it.width, it.height)))
        .collect();
    let mut left: Vec<usize> = (0..centers.len()).filter(|&it| centers[it].is_none()).collect();
    left.sort_by_key(|&it| (own.drawing.shapes[it].rank, it));
    for &id in &left {
        let stage = names.iter().position(|it| *it == (Role::Stage, names[id].1));
        let near = stage.filter(|_| names[id].0 == Role::Left).and_then(|it| centers[it]);
        let free = near.and_then(|it| beside(it, &own.items[id], &taken));
        if let Some(rect) = free {
            centers[id] = Some(rect.center());
            taken.push(rect);
        }
    }
    below(&mut centers, own.items, &left, &taken, plan.width);
    centers.into_iter().map(Option::unwrap_or_default).collect()
}

/// A free spot beside a stage for the stub of its exits.
fn beside(stage: Point, item: &Item, taken: &[Rect]) -> Option<Rect> {
    let aways = [60.0, 110.0, 170.0, 240.0].into_iter();
    let mut spots = aways.flat_map(|away| [away, -away]).flat_map(|away| {
        let x = stage.x + away + item.width / 2.0 * away.signum();
        [55.0, 75.0]
            .map(|down| Rect::around(Point { x, y: stage.y + down }, item.width, item.height))
    });
    let free =
        |it: &Rect| it.x >= 0.0 && taken.iter().all(|other| it.shrink(-10.0).overlap(other) == 0.0);
    spots.find(free)
}

/// Puts what has no place yet into rows below all that has.
fn below(
    centers: &mut [Option<Point>],
    items: &[Item],
    left: &[usize],
    taken: &[Rect],
    width: f64,
) {
    const GAP: f64 = 44.0;
    let bottom = taken.iter().map(|it| it.y + it.height).fold(0.0, f64::max);
    let (mut x, mut y, mut height) = (0.0, bottom + 2.0 * GAP, 0.0f64);
    for &id in left {
        if centers[id].is_some() {
            continue;
        }
        let item = &items[id];
        if x > 0.0 && x + item.width > width {
            (x, y, height) = (0.0, y + height + GAP, 0.0);
        }
        centers[id] = Some(Point { x: x + item.width / 2.0, y: y + item.height / 2.0 });
        x += item.width + GAP;
        height = height.max(item.height);
    }
}

/// The layout of the other map, as it would be drawn itself.
///
/// # Errors
/// The layout's.
pub(super) fn plan(
    drawing: &Drawing,
    items: &[Item],
    layout: &dyn Layout,
    style: &super::MapStyle,
) -> Result<Plan> {
    let ways: Vec<_> = drawing.lines.iter().map(super::svg::way).collect();
    layout.plan(items, &ways, style.direction)
}
