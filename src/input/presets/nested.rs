//! Rows of nested columns: put together from the levels at which their values stand.
//!
//! Structs are objects, lists and maps are lists, as JSON exports of the same tables
//! write them. Knows nothing of pages and of what values mean.

use std::ops::Range;

use parquet::basic::{ConvertedType, LogicalType, Repetition};
use parquet::schema::types::{SchemaDescriptor, Type, TypePtr};

use super::recognize::is_shouted;
use crate::input::columns::text_of;
use crate::input::parquet::{Cells, Kind};

/// How deep values may be nested; what lies deeper cannot be read.
const DEEPEST: usize = 32;

/// How rows are put together.
pub(super) struct Table {
    columns: Vec<(String, Node)>,
}

/// The values of a column in some rows, and how far they are used up.
pub(super) struct Leaf {
    /// The values, none missing, and how many there are.
    pub cells: Cells,
    pub values: usize,
    /// At which level each place is, empty where there is but one.
    pub levels: Vec<i16>,
    /// In which list it goes on, empty where there is none.
    pub repeats: Vec<i16>,
    /// The level of a value that is there.
    pub full: i16,
    /// The next place and the next value.
    pub at: usize,
    pub value: usize,
}

/// What a row cannot be written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    /// A value is no text though it should be.
    NoText,
    /// The levels of columns contradict each other.
    Unfit,
}

/// A part of rows.
struct Node {
    /// The columns in it.
    leaves: Range<usize>,
    /// The innermost list that it is in.
    repeat: i16,
    form: Form,
}

enum Form {
    /// Single values; whether they are floats, which are written without quotes.
    Leaf(bool),
    /// An object that is there from this level on.
    Struct(i16, Vec<(String, Node)>),
    /// A list that is there from the first level on and has elements from the second on.
    List { there: i16, filled: i16, element: Box<Node> },
    /// A kind that cannot be read.
    Other,
}

/// Where in the levels a part stands.
#[derive(Clone, Copy)]
struct Context {
    level: i16,
    repeat: i16,
    depth: usize,
}

impl Context {
    /// One further in, by how often it may stand.
    fn within(self, repetition: Repetition) -> Self {
        let (level, repeat) = match repetition {
            Repetition::REQUIRED => (0, 0),
            Repetition::OPTIONAL => (1, 0),
            Repetition::REPEATED => (1, 1),
        };
        Self { level: self.level + level, repeat: self.repeat + repeat, ..self }
    }

    fn deeper(self) -> Self {
        Self { depth: self.depth.saturating_sub(1), ..self }
    }
}

impl Table {
    /// For the rows of a file.
    pub fn new(schema: &SchemaDescriptor) -> Self {
        let fields = schema.root_schema().get_fields();
        let shouted = is_shouted(fields.iter().map(|it| it.name()));
        let mut builder = Builder { schema, next: 0 };
        let context = Context { level: 0, repeat: 0, depth: DEEPEST };
        let column = |it: &TypePtr| {
            let name = it.name();
            let name = if shouted { key(&name.to_lowercase()) } else { key(name) };
            (name, builder.node(it, context))
        };
        Self { columns: fields.iter().map(column).collect() }
    }

    /// Writes the next row of these columns.
    pub fn write(&self, leaves: &mut [Leaf], text: &mut String) -> Result<(), Trouble> {
        text.clear();
        if leaves.iter().any(|it| it.repeat().is_some_and(|it| it != 0)) {
            return Err(Trouble::Unfit);
        }
        let mut writer = Writer { leaves, text, no_text: false };
        writer.object(&self.columns)?;
        if writer.no_text { Err(Trouble::NoText) } else { Ok(()) }
    }
}

/// A key of an object as JSON writes it, with its colon.
fn key(name: &str) -> String {
    format!("{}:", serde_json::Value::from(name))
}

/// Makes nodes of a schema, column by column.
struct Builder<'s> {
    schema: &'s SchemaDescriptor,
    next: usize,
}

impl Builder<'_> {
    /// The node of a field, by the rules of the format for lists and maps (see "Lists" and
    /// "Maps", with the rules for old files, in its `LogicalTypes.md`).
    fn node(&mut self, field: &Type, context: Context) -> Node {
        if context.depth == 0 {
            return self.other(field, context);
        }
        let list = if is_list(field) { list_child(field) } else { None };
        let map = if is_map(field) { list_child(field) } else { None };
        match (list, map.map(|it| (it, it.get_fields().len()))) {
            (Some(repeated), _) | (_, Some((repeated, 1))) => self.list(field, repeated, context),
            (_, Some((entries, 2))) => self.list_of(field, entries, context, true),
            _ => self.plain(field, context),
        }
    }

    /// A field without an annotation: repeated, it is a list by itself.
    fn plain(&mut self, field: &Type, context: Context) -> Node {
        let repetition = field.get_basic_info().repetition();
        let inner = context.within(repetition);
        if repetition != Repetition::REPEATED {
            return self.single(field, inner);
        }
        let element = self.single(field, inner.deeper());
        let (there, filled) = (context.level, inner.level);
        let leaves = element.leaves.clone();
        let form = Form::List { there, filled, element: element.into() };
        Node { leaves, repeat: context.repeat, form }
    }

    /// A field of which one stands at its place.
    fn single(&mut self, field: &Type, context: Context) -> Node {
        if context.depth == 0 {
            return self.other(field, context);
        }
        let begin = self.next;
        let form = if field.is_primitive() {
            let kind = Kind::of(&self.schema.column(self.next));
            self.next += 1;
            match kind {
                Kind::Other(_) => Form::Other,
                _ => Form::Leaf(matches!(kind, Kind::Float | Kind::Double)),
            }
        } else {
            let part = |it: &TypePtr| (key(it.name()), self.node(it, context.deeper()));
            let parts = field.get_fields().iter().map(part).collect();
            Form::Struct(context.level, parts)
        };
        Node { leaves: begin..self.next, repeat: context.repeat, form }
    }

    fn list(&mut self, field: &Type, repeated: &Type, context: Context) -> Node {
        let tuple = || format!("{}_tuple", field.name());
        let whole = repeated.is_primitive()
            || repeated.get_fields().len() != 1
            || (!is_list(repeated)
                && list_child(repeated).is_none()
                && (repeated.name() == "array" || repeated.name() == tuple()));
        self.list_of(field, repeated, context, whole)
    }

    /// A list whose elements are the repeated field, or what is in it.
    fn list_of(&mut self, field: &Type, repeated: &Type, context: Context, whole: bool) -> Node {
        let outer = context.within(field.get_basic_info().repetition());
        let inner = outer.within(Repetition::REPEATED).deeper();
        let element = match repeated.is_group().then(|| repeated.get_fields().first()).flatten() {
            Some(element) if !whole => self.node(element, inner),
            _ => self.single(repeated, inner),
        };
        let leaves = element.leaves.clone();
        let (there, filled) = (outer.level, inner.level);
        let form = Form::List { there, filled, element: element.into() };
        Node { leaves, repeat: context.repeat, form }
    }

    fn other(&mut self, field: &Type, context: Context) -> Node {
        let begin = self.next;
        self.next += columns_in(field);
        Node { leaves: begin..self.next, repeat: context.repeat, form: Form::Other }
    }
}

/// How many columns there are in a field.
fn columns_in(field: &Type) -> usize {
    match field.is_primitive() {
        true => 1,
        false => field.get_fields().iter().map(|it| columns_in(it)).sum(),
    }
}

fn is_list(field: &Type) -> bool {
    let info = field.get_basic_info();
    field.is_group()
        && (info.converted_type() == ConvertedType::LIST
            || matches!(info.logical_type_ref(), Some(LogicalType::List)))
}

fn is_map(field: &Type) -> bool {
    let info = field.get_basic_info();
    field.is_group()
        && (matches!(info.converted_type(), ConvertedType::MAP | ConvertedType::MAP_KEY_VALUE)
            || matches!(info.logical_type_ref(), Some(LogicalType::Map)))
}

/// The repeated field of a group that holds nothing else and is not repeated itself.
fn list_child(field: &Type) -> Option<&Type> {
    let single = field.is_group() && field.get_basic_info().has_repetition();
    match if single { field.get_fields() } else { &[] } {
        [child]
            if child.get_basic_info().repetition() == Repetition::REPEATED
                && field.get_basic_info().repetition() != Repetition::REPEATED =>
        {
            Some(child)
        }
        _ => None,
    }
}

impl Leaf {
    /// The level of the next place.
    fn level(&self) -> Option<i16> {
        if self.full == 0 { Some(0) } else { self.levels.get(self.at).copied() }
    }

    /// In which list the next place goes on; none at the end.
    fn repeat(&self) -> Option<i16> {
        self.repeats.get(self.at).copied()
    }

    /// Passes the next place over, and what goes on in lists within `repeat`.
    fn pass(&mut self, repeat: i16) {
        loop {
            self.value += usize::from(self.level() == Some(self.full));
            self.at += 1;
            if self.repeat().is_none_or(|it| it <= repeat) {
                return;
            }
        }
    }

    /// Whether everything is used up.
    pub fn is_done(&self) -> bool {
        self.value == self.values && (self.full == 0 || self.at == self.levels.len())
    }
}

struct Writer<'w> {
    leaves: &'w mut [Leaf],
    text: &'w mut String,
    no_text: bool,
}

impl Writer<'_> {
    fn object(&mut self, parts: &[(String, Node)]) -> Result<(), Trouble> {
        self.text.push('{');
        for (index, (key, node)) in parts.iter().enumerate() {
            if index > 0 {
                self.text.push(',');
            }
            self.text.push_str(key);
            self.node(node)?;
        }
        self.text.push('}');
        Ok(())
    }

    fn node(&mut self, node: &Node) -> Result<(), Trouble> {
        let first = self.leaves.get(node.leaves.start).filter(|_| !node.leaves.is_empty());
        let level = first.and_then(Leaf::level);
        match (&node.form, level) {
            (Form::Struct(_, parts), None) if parts.is_empty() => self.text.push_str("{}"),
            (_, None) => return Err(Trouble::Unfit),
            (Form::Leaf(float), Some(level)) => self.leaf(node.leaves.start, *float, level)?,
            // No path leads into it, and it is no text either: whoever asks is told.
            (Form::Other, _) => self.pass(node, "[\"a kind that cannot be read\"]"),
            (Form::Struct(there, _) | Form::List { there, .. }, Some(level)) if level < *there => {
                self.pass(node, "null");
            }
            (Form::Struct(_, parts), _) => self.object(parts)?,
            (Form::List { filled, .. }, Some(level)) if level < *filled => self.pass(node, "[]"),
            (Form::List { element, .. }, _) => self.list(node.leaves.start, element)?,
        }
        Ok(())
    }

    fn list(&mut self, first: usize, element: &Node) -> Result<(), Trouble> {
        self.text.push('[');
        loop {
            self.node(element)?;
            if self.leaves[first].repeat() != Some(element.repeat) {
                break;
            }
            self.text.push(',');
        }
        self.text.push(']');
        Ok(())
    }

    fn leaf(&mut self, index: usize, float: bool, level: i16) -> Result<(), Trouble> {
        let leaf = &mut self.leaves[index];
        let value = leaf.value;
        leaf.at += 1;
        if level < leaf.full {
            self.text.push_str("null");
            return Ok(());
        }
        if value >= leaf.values {
            return Err(Trouble::Unfit);
        }
        leaf.value += 1;
        if leaf.cells.is_no_text(value) {
            self.no_text = true;
            return Ok(());
        }
        let mut scratch = String::new();
        match text_of(&leaf.cells.field(value), &mut scratch) {
            "" if leaf.cells.is_missing(value) => self.text.push_str("null"),
            // The spelling of what is no number is no JSON.
            it if float && it.ends_with(|it: char| it.is_ascii_digit()) => self.text.push_str(it),
            it => self.text.push_str(&serde_json::Value::from(it).to_string()),
        }
        Ok(())
    }

    /// Writes a word for all that is in a node.
    fn pass(&mut self, node: &Node, word: &str) {
        self.text.push_str(word);
        for leaf in &mut self.leaves[node.leaves.clone()] {
            leaf.pass(node.repeat);
        }
    }
}
