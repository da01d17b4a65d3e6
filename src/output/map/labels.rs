//! Where labels stand: on their own line, clear of boxes, of each other and, where
//! there is room, of other lines. Knows rectangles only.

use super::layout::Point;

/// A rectangle in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rect {
    /// Its left edge.
    pub x: f64,
    /// Its upper edge.
    pub y: f64,
    /// Its width.
    pub width: f64,
    /// Its height.
    pub height: f64,
}

impl Rect {
    /// The rectangle of a size around a point.
    pub fn around(center: Point, width: f64, height: f64) -> Self {
        Self { x: center.x - width / 2.0, y: center.y - height / 2.0, width, height }
    }

    /// Its middle.
    pub fn center(&self) -> Point {
        Point { x: self.x + self.width / 2.0, y: self.y + self.height / 2.0 }
    }

    /// The rectangle so much smaller on every side.
    pub fn shrink(&self, by: f64) -> Self {
        Self {
            x: self.x + by,
            y: self.y + by,
            width: self.width - 2.0 * by,
            height: self.height - 2.0 * by,
        }
    }

    /// The area that two rectangles share.
    pub fn overlap(&self, other: &Self) -> f64 {
        let across = (self.x + self.width).min(other.x + other.width) - self.x.max(other.x);
        let down = (self.y + self.height).min(other.y + other.height) - self.y.max(other.y);
        if across > 0.0 && down > 0.0 { across * down } else { 0.0 }
    }

    /// The length of a line inside the rectangle (Liang and Barsky's clipping).
    fn inside(&self, from: Point, to: Point) -> f64 {
        let (dx, dy) = (to.x - from.x, to.y - from.y);
        let (mut enter, mut leave) = (0.0f64, 1.0f64);
        for (step, room) in [
            (-dx, from.x - self.x),
            (dx, self.x + self.width - from.x),
            (-dy, from.y - self.y),
            (dy, self.y + self.height - from.y),
        ] {
            if step == 0.0 {
                if room < 0.0 {
                    return 0.0;
                }
            } else if step < 0.0 {
                enter = enter.max(room / step);
            } else {
                leave = leave.min(room / step);
            }
        }
        if enter < leave { (leave - enter) * dx.hypot(dy) } else { 0.0 }
    }
}

/// Places labels on their routes; `None` where there is no label or no route.
///
/// Each label tries places along its line and takes the cheapest; short lines, which
/// have least choice, go first, and a second round repairs what the first could not
/// know. Work grows as labels × places × what stands near a place.
pub fn place(
    routes: &[Vec<Point>],
    sizes: &[Option<(f64, f64)>],
    boxes: &[Rect],
) -> Vec<Option<Rect>> {
    let mut order: Vec<usize> = (0..routes.len()).filter(|&it| sizes[it].is_some()).collect();
    order.sort_by(|&a, &b| length(&routes[a]).total_cmp(&length(&routes[b])).then(a.cmp(&b)));
    let mut placed: Vec<Option<Rect>> = vec![None; routes.len()];
    let mut scene = Scene::new(routes, boxes);
    for _ in 0..2 {
        for &id in &order {
            let Some((width, height)) = sizes[id] else { continue };
            placed[id] = None;
            let mut best: Option<(f64, Rect)> = None;
            for (point, price) in places(&routes[id], width, height) {
                let rect = Rect::around(point, width, height);
                let cost = price + scene.disturbance(id, &rect, &placed);
                if best.is_none_or(|it| cost < it.0) {
                    best = Some((cost, rect));
                }
            }
            placed[id] = best.map(|it| it.1);
        }
    }
    placed
}

fn length(route: &[Point]) -> f64 {
    route.windows(2).map(|it| (it[1].x - it[0].x).hypot(it[1].y - it[0].y)).sum()
}

/// What it costs that a label stands beside its line, as covering so much of another line.
const BESIDE: f64 = 12.0;

/// Places along a route with what they cost by themselves: rather near the middle
/// than at the ends, rather on a straight run than over a corner.
fn places(route: &[Point], width: f64, height: f64) -> Vec<(Point, f64)> {
    let all = length(route);
    let mut found = Vec::new();
    let mut before = 0.0;
    for pair in route.windows(2) {
        let (dx, dy) = (pair[1].x - pair[0].x, pair[1].y - pair[0].y);
        let run = dx.hypot(dy);
        if run < 1.0 {
            continue;
        }
        let steps = (run / 9.0).ceil().clamp(1.0, 60.0) as usize;
        let along = (width * dx.abs() + height * dy.abs()) / run;
        for step in 0..=steps {
            let at = run * (step as f64 + 0.5) / (steps as f64 + 1.0);
            let place = Point { x: pair[0].x + dx / run * at, y: pair[0].y + dy / run * at };
            let share = (before + at) / all;
            let over = (along / 2.0 - at.min(run - at)).max(0.0);
            let to_tip = (all - before - at - along / 2.0)
                .min(0.0)
                .abs()
                .max(if all - before - at < 20.0 { 20.0 - (all - before - at) } else { 0.0 });
            found.push((place, (share - 0.45).abs() * 12.0 + over * 0.6 + to_tip * 2.0));
            // Two lines there and back are closer than a label is wide: it may stand beside.
            if dx.abs() < 1.0 {
                let aside = width / 2.0 + 3.0;
                for x in [place.x - aside, place.x + aside] {
                    found.push((Point { x, ..place }, BESIDE + (share - 0.5).abs() * 12.0));
                }
            }
        }
        before += run;
    }
    found
}

/// The side of a cell of the grid, in pixels: about a label.
const CELL: f64 = 48.0;

/// What labels may be in the way of, found by place.
struct Scene<'a> {
    boxes: &'a [Rect],
    /// Straight runs with the number of their route.
    runs: Vec<(usize, Point, Point)>,
    columns: usize,
    rows: usize,
    /// The runs that pass each cell.
    cells: Vec<Vec<u32>>,
    /// Which question each run was last looked at for: it stands in several cells.
    asked: Vec<u32>,
    question: u32,
}

impl<'a> Scene<'a> {
    fn new(routes: &[Vec<Point>], boxes: &'a [Rect]) -> Self {
        let runs: Vec<(usize, Point, Point)> = routes
            .iter()
            .enumerate()
            .flat_map(|(id, route)| route.windows(2).map(move |it| (id, it[0], it[1])))
            .collect();
        let end = |pick: fn(&Point) -> f64| {
            runs.iter().flat_map(|it| [pick(&it.1), pick(&it.2)]).fold(0.0, f64::max)
        };
        let cells = |length: f64| (length / CELL).clamp(0.0, 4096.0) as usize + 1;
        let (columns, rows) = (cells(end(|it| it.x)), cells(end(|it| it.y)));
        let asked = vec![0; runs.len()];
        let mut scene = Self {
            boxes,
            runs,
            columns,
            rows,
            cells: vec![Vec::new(); columns * rows],
            asked,
            question: 0,
        };
        for run in 0..scene.runs.len() {
            let (_, from, to) = scene.runs[run];
            let around = Rect {
                x: from.x.min(to.x),
                y: from.y.min(to.y),
                width: (from.x - to.x).abs(),
                height: (from.y - to.y).abs(),
            };
            for cell in scene.cells_of(&around) {
                scene.cells[cell].push(run as u32);
            }
        }
        scene
    }

    /// The cells that a rectangle touches; what lies outside belongs to the outermost.
    fn cells_of(&self, rect: &Rect) -> impl Iterator<Item = usize> + use<> {
        let place = |at: f64, count: usize| ((at / CELL).max(0.0) as usize).min(count - 1);
        let (left, right) = (place(rect.x, self.columns), place(rect.x + rect.width, self.columns));
        let (top, bottom) = (place(rect.y, self.rows), place(rect.y + rect.height, self.rows));
        let columns = self.columns;
        (top..=bottom).flat_map(move |row| (left..=right).map(move |it| row * columns + it))
    }

    /// What a label at a place covers.
    fn disturbance(&mut self, id: usize, rect: &Rect, placed: &[Option<Rect>]) -> f64 {
        let near = rect.shrink(-2.0);
        let over_boxes: f64 = self.boxes.iter().map(|it| near.overlap(it)).sum();
        let over_labels: f64 = placed.iter().flatten().map(|it| near.overlap(it)).sum();
        over_boxes * 3.0 + over_labels * 3.0 + self.over_lines(id, rect) * 1.5
    }

    /// The length of other lines under a label.
    fn over_lines(&mut self, id: usize, rect: &Rect) -> f64 {
        self.question += 1;
        let mut length = 0.0;
        for cell in self.cells_of(rect) {
            for &run in &self.cells[cell] {
                let run = run as usize;
                if std::mem::replace(&mut self.asked[run], self.question) != self.question {
                    let (route, from, to) = self.runs[run];
                    length += if route == id { 0.0 } else { rect.inside(from, to) };
                }
            }
        }
        length
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(x: f64, y: f64) -> Point {
        Point { x, y }
    }

    #[test]
    fn a_line_is_clipped_to_its_part_inside() {
        let rect = Rect { x: 0.0, y: 0.0, width: 10.0, height: 10.0 };
        assert_eq!(rect.inside(at(-5.0, 5.0), at(15.0, 5.0)), 10.0);
        assert_eq!(rect.inside(at(5.0, 5.0), at(5.0, 8.0)), 3.0);
        assert_eq!(rect.inside(at(-5.0, 20.0), at(15.0, 20.0)), 0.0);
        assert!((rect.inside(at(0.0, 0.0), at(10.0, 10.0)) - 200f64.sqrt()).abs() < 1e-9);
    }

    #[test]
    fn two_labels_on_lines_side_by_side_do_not_touch() {
        let routes = vec![vec![at(0.0, 0.0), at(0.0, 200.0)], vec![at(12.0, 0.0), at(12.0, 200.0)]];
        let sizes = vec![Some((50.0, 15.0)); 2];
        let placed = place(&routes, &sizes, &[]);
        let (left, right) = (placed[0].unwrap(), placed[1].unwrap());
        assert_eq!(left.overlap(&right), 0.0);
        // Each on the far side of its own line, so that both lines stay in sight.
        assert!(left.center().x < 0.0 && right.center().x > 12.0, "{left:?} {right:?}");
        let alone = place(&routes[..1], &sizes[..1], &[]);
        assert_eq!(alone[0].unwrap().center().x, 0.0);
    }

    #[test]
    fn a_label_keeps_off_a_box_on_its_way() {
        let routes = vec![vec![at(0.0, 0.0), at(0.0, 200.0)]];
        let wall = Rect { x: -40.0, y: 60.0, width: 80.0, height: 60.0 };
        let placed = place(&routes, &[Some((50.0, 15.0))], &[wall]);
        assert_eq!(placed[0].unwrap().overlap(&wall), 0.0);
        assert_eq!(place(&routes, &[None], &[]), [None]);
        assert_eq!(place(&[vec![]], &[Some((5.0, 5.0))], &[]), [None]);
    }
}
