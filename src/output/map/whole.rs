//! The whole map as named figures, for sinks that hold everything: JSON, GraphML, GEXF.
//!
//! What a picture hides is a flag there (`drawn`), not a gap. Figures and their names
//! are those of the JSON, so that one name means one thing in every file. Knows no
//! file format, counts nothing.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::super::json;
use super::drawing::{Dash, Drawing, Line, Role, Shape};
use super::{MapStyle, ROOM, draw_within};
use crate::model::JourneyMap;

/// Which stages and transitions of a map a picture in its default size draws.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawn {
    /// One flag for each of [`JourneyMap::nodes`].
    pub nodes: Vec<bool>,
    /// One flag for each of [`JourneyMap::edges`].
    pub edges: Vec<bool>,
}

/// Which stages and transitions of a map a picture of this style draws.
pub fn drawn(map: &JourneyMap, style: &MapStyle) -> Drawn {
    Places::new(map, &draw_within(map, style, ROOM)).drawn
}

/// Which stage a box stands for: `n3` is that at position 3.
pub fn node_of(shape: &Shape) -> Option<usize> {
    let stage = matches!(shape.role, Role::Stage | Role::Goal);
    shape.id.strip_prefix('n').filter(|_| stage)?.parse().ok()
}

/// Where the parts of a map stand in its drawing.
struct Places {
    shapes: Vec<Option<usize>>,
    lines: Vec<Option<usize>>,
    drawn: Drawn,
}

impl Places {
    fn new(map: &JourneyMap, drawing: &Drawing) -> Self {
        let mut shapes = vec![None; map.nodes.len()];
        for (id, shape) in drawing.shapes.iter().enumerate() {
            if let Some(place) = node_of(shape).and_then(|it| shapes.get_mut(it)) {
                *place = Some(id);
            }
        }
        let ways: BTreeMap<(usize, usize), usize> =
            map.edges.iter().enumerate().map(|(id, it)| ((it.from, it.to), id)).collect();
        let mut lines = vec![None; map.edges.len()];
        for (id, line) in drawing.lines.iter().enumerate() {
            let node = |it: usize| drawing.shapes.get(it).and_then(node_of);
            // A bridge past hidden stages is no transition.
            let way = node(line.from).zip(node(line.to)).filter(|_| line.dash != Dash::Dotted);
            if let Some(&edge) = way.and_then(|it| ways.get(&it)) {
                lines[edge] = Some(id);
            }
        }
        let flags = |places: &[Option<usize>]| places.iter().map(Option::is_some).collect();
        let drawn = Drawn { nodes: flags(&shapes), edges: flags(&lines) };
        Self { shapes, lines, drawn }
    }
}

/// What kind of value a figure has in every row that has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `true` or `false`.
    Flag,
    /// A whole number.
    Whole,
    /// A number.
    Number,
    /// Text.
    Text,
}

impl Kind {
    /// The kind that holds both.
    fn or(self, other: Self) -> Self {
        match (self, other) {
            (one, other) if one == other => one,
            (Self::Whole | Self::Number, Self::Whole | Self::Number) => Self::Number,
            _ => Self::Text,
        }
    }

    /// Its name in GraphML and GEXF.
    pub fn name(self) -> &'static str {
        match self {
            Self::Flag => "boolean",
            Self::Whole => "long",
            Self::Number => "double",
            Self::Text => "string",
        }
    }
}

/// Rows of named figures: all stages, or all transitions.
#[derive(Debug, Clone, PartialEq)]
pub struct Figures {
    /// The figures that any row has, with their kinds, in the order of the JSON.
    pub columns: Vec<(String, Kind)>,
    /// The figures of each row; what has no value is left out.
    pub rows: Vec<Vec<(usize, Value)>>,
}

impl Figures {
    fn new(rows: Vec<Map<String, Value>>) -> Self {
        let mut columns: Vec<(String, Kind)> = Vec::new();
        let mut places: BTreeMap<String, usize> = BTreeMap::new();
        let mut figures = Vec::with_capacity(rows.len());
        for row in rows {
            let mut out = Vec::with_capacity(row.len());
            for (key, value) in flat(row) {
                let kind = match &value {
                    Value::Bool(_) => Kind::Flag,
                    Value::Number(it) if it.is_f64() => Kind::Number,
                    Value::Number(_) => Kind::Whole,
                    _ => Kind::Text,
                };
                let place = *places.entry(key.clone()).or_insert_with(|| {
                    columns.push((key, kind));
                    columns.len() - 1
                });
                columns[place].1 = columns[place].1.or(kind);
                out.push((place, value));
            }
            figures.push(out);
        }
        Self { columns, rows: figures }
    }
}

/// A value as text between tags, before its escape.
pub fn plain(value: &Value) -> String {
    match value {
        Value::String(it) => it.clone(),
        other => other.to_string(),
    }
}

/// The figures of a row without nesting and without those that have no value:
/// `change: {share_a: 0.1}` becomes `change_share_a: 0.1`.
fn flat(row: Map<String, Value>) -> Vec<(String, Value)> {
    let mut out = Vec::with_capacity(row.len());
    for (key, value) in row {
        match value {
            Value::Null => {}
            Value::Object(inner) => {
                let inner = flat(inner).into_iter();
                out.extend(inner.map(|(name, value)| (format!("{key}_{name}"), value)));
            }
            value => out.push((key, value)),
        }
    }
    out
}

/// A whole map with what a picture makes of its parts.
pub struct Whole<'a> {
    /// The drawing that the flags speak of: its title, facts and colors.
    pub drawing: Drawing,
    /// The figures of all stages; `id` is their position.
    pub nodes: Figures,
    /// The figures of all transitions.
    pub edges: Figures,
    /// Names of all stages.
    pub names: Vec<&'a str>,
    /// From where to where all transitions lead.
    pub ways: Vec<(usize, usize)>,
    places: Places,
}

impl<'a> Whole<'a> {
    /// Gathers all of a map.
    pub fn new(map: &'a JourneyMap, style: &MapStyle) -> Self {
        let drawing = draw_within(map, style, ROOM);
        let places = Places::new(map, &drawing);
        let drawn = &places.drawn;
        let rows = |them: Vec<Value>| {
            let object = |it| if let Value::Object(it) = it { Some(it) } else { None };
            Figures::new(them.into_iter().filter_map(object).collect())
        };
        let nodes = (0..map.nodes.len()).map(|it| json::node(map, it, drawn.nodes[it])).collect();
        let edges = (0..map.edges.len()).map(|it| json::edge(map, it, drawn.edges[it])).collect();
        Self {
            nodes: rows(nodes),
            edges: rows(edges),
            names: map.nodes.iter().map(|it| it.name.as_str()).collect(),
            ways: map.edges.iter().map(|it| (it.from, it.to)).collect(),
            drawing,
            places,
        }
    }

    /// The box of a stage, if it is drawn.
    pub fn shape(&self, node: usize) -> Option<&Shape> {
        self.drawing.shapes.get((*self.places.shapes.get(node)?)?)
    }

    /// The arrow of a transition, if it is drawn.
    pub fn line(&self, edge: usize) -> Option<&Line> {
        self.drawing.lines.get((*self.places.lines.get(edge)?)?)
    }

    /// Title and facts, with what is drawn of what, as one text.
    pub fn words(&self) -> String {
        let mut words = self.drawing.title.clone();
        for fact in &self.drawing.facts {
            words.push_str(". ");
            words.push_str(fact);
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use super::super::filter::Keep;
    use super::*;
    use crate::model::map::MapKind;
    use crate::output::sample;

    #[test]
    fn what_is_drawn_is_flagged_and_nothing_is_left_out() {
        let map = sample::shop(MapKind::Frequency);
        let style = MapStyle { stages: Some(9), ..MapStyle::default() };
        let whole = Whole::new(&map, &style);
        let drawn = drawn(&map, &style);
        assert_eq!((whole.nodes.rows.len(), whole.edges.rows.len()), (21, map.edges.len()));
        assert_eq!(drawn.nodes.iter().filter(|it| **it).count(), 9);
        let arrows = drawn.edges.iter().filter(|it| **it).count();
        assert!(arrows > 5 && arrows < map.edges.len());
        for (id, flag) in drawn.nodes.iter().enumerate() {
            assert_eq!(whole.shape(id).is_some(), *flag, "{id}");
            assert!(whole.shape(id).is_none_or(|it| it.name == map.nodes[id].name));
        }
        for (id, flag) in drawn.edges.iter().enumerate() {
            assert_eq!(whole.line(id).is_some(), *flag, "{id}");
        }
        let all = MapStyle { keep: Keep::All, ..MapStyle::default() };
        assert!(super::drawn(&map, &all).edges.iter().all(|it| *it));
    }

    #[test]
    fn figures_are_typed_by_all_rows_and_nesting_is_flattened() {
        let rows = [
            serde_json::json!({"a": 1, "b": null, "c": {"d": true}}),
            serde_json::json!({"a": 1.5, "b": "x", "c": null}),
        ];
        let rows = rows.map(|it| it.as_object().unwrap().clone()).to_vec();
        let figures = Figures::new(rows);
        let kinds: Vec<_> = figures.columns.iter().map(|it| (it.0.as_str(), it.1.name())).collect();
        assert_eq!(kinds, [("a", "double"), ("c_d", "boolean"), ("b", "string")]);
        assert_eq!(figures.rows[1].len(), 2);
        assert_eq!(Kind::Whole.or(Kind::Text), Kind::Text);
    }
}
