//! JSON lines as the Parquet that a warehouse would write of the same table.

use indexmap::IndexSet;
use parquet::file::properties::WriterProperties;
use serde_json::Value;

use crate::written::{Cell, file};

/// How a table is written.
#[derive(Default)]
pub struct Packing {
    /// Columns whose objects become JSON in a text.
    pub texts: &'static [&'static str],
    /// Columns whose texts become instants.
    pub times: &'static [&'static str],
    /// Whether texts of digits are numbers, as BigQuery writes them in JSON.
    pub numbers: bool,
}

/// The bytes of a Parquet file with these rows, a few in each row group.
pub fn pack(rows: &[Value], packing: &Packing) -> Vec<u8> {
    let rows: Vec<Value> = rows.iter().map(|it| prepared(it, packing)).collect();
    let all: Vec<Option<&Value>> = rows.iter().map(Some).collect();
    let (declared, cells) = fields(&all, packing);
    let cells: Vec<Vec<Cell>> = cells.into_iter().map(Option::unwrap_or_default).collect();
    let groups: Vec<&[Vec<Cell>]> = cells.chunks(4).collect();
    file(&declared, &groups, WriterProperties::default())
}

fn prepared(row: &Value, packing: &Packing) -> Value {
    let mut row = row.clone();
    for key in packing.texts {
        if let Some(it) = row.get_mut(*key).filter(|it| it.is_object()) {
            *it = Value::from(it.to_string());
        }
    }
    row
}

/// The fields of objects, and what each object has in them.
fn fields(rows: &[Option<&Value>], packing: &Packing) -> (String, Vec<Option<Vec<Cell>>>) {
    let objects = rows.iter().filter_map(|it| it.and_then(Value::as_object));
    let keys: IndexSet<String> = objects.flat_map(|it| it.keys().cloned()).collect();
    let mut declared = String::new();
    let mut cells: Vec<Option<Vec<Cell>>> =
        rows.iter().map(|it| it.is_some().then(Vec::new)).collect();
    for key in &keys {
        let values: Vec<Option<&Value>> = rows
            .iter()
            .map(|it| it.and_then(|it| it.get(key)).filter(|it| !it.is_null()))
            .collect();
        let (declaration, column) = match packing.times.contains(&key.as_str()) {
            true => times(key, &values),
            false => column(key, &values, packing),
        };
        declared.push_str(&declaration);
        for (row, cell) in cells.iter_mut().zip(column) {
            row.iter_mut().for_each(|it| it.push(cell.clone()));
        }
    }
    (declared, cells)
}

fn times(key: &str, values: &[Option<&Value>]) -> (String, Vec<Cell>) {
    let micros = |it: &Value| {
        let text = it.as_str()?.replace(' ', "T");
        let text = if text.ends_with('Z') { text } else { format!("{text}Z") };
        Some(text.parse::<jiff::Timestamp>().unwrap().as_microsecond())
    };
    let micros = values.iter().map(|it| it.and_then(micros).into()).collect();
    (format!("optional int64 {key} (timestamp(micros, true)); "), micros)
}

/// The declaration of a field and what rows have in it.
fn column(key: &str, values: &[Option<&Value>], packing: &Packing) -> (String, Vec<Cell>) {
    let some = |is: fn(&Value) -> bool| {
        values.iter().any(Option::is_some) && values.iter().flatten().all(|it| is(it))
    };
    let digits = |it: &Value| it.as_str().is_some_and(|it| it.parse::<i64>().is_ok());
    if some(Value::is_object) {
        let (declared, cells) = fields(values, packing);
        // A struct without fields is none.
        if !declared.is_empty() {
            let cells = cells.into_iter().map(|it| it.map_or(Cell::None, Cell::Group)).collect();
            return (format!("optional group {key} {{ {declared} }} "), cells);
        }
    }
    if some(Value::is_array) {
        return list(key, values, packing);
    }
    let all = |cell: &dyn Fn(&Value) -> Cell| -> Vec<Cell> {
        values.iter().map(|it| it.map_or(Cell::None, cell)).collect()
    };
    if some(Value::is_boolean) {
        return (format!("optional boolean {key}; "), all(&|it| it.as_bool().into()));
    }
    if some(Value::is_i64) {
        return (format!("optional int64 {key}; "), all(&|it| it.as_i64().into()));
    }
    if some(Value::is_number) {
        return (format!("optional double {key}; "), all(&|it| it.as_f64().into()));
    }
    if packing.numbers && some(Value::is_string) && values.iter().flatten().all(|it| digits(it)) {
        let number = |it: &Value| Cell::from(it.as_str().and_then(|it| it.parse::<i64>().ok()));
        return (format!("optional int64 {key}; "), all(&number));
    }
    let text = |it: &Value| match it.as_str() {
        Some(it) => it.into(),
        None => Cell::Bytes(it.to_string().into()),
    };
    (format!("optional binary {key} (string); "), all(&text))
}

fn list(key: &str, values: &[Option<&Value>], packing: &Packing) -> (String, Vec<Cell>) {
    let elements: Vec<Option<&Value>> = values
        .iter()
        .flat_map(|it| it.and_then(Value::as_array).into_iter().flatten())
        .map(|it| Some(it).filter(|it| !it.is_null()))
        .collect();
    let (declared, elements) = column("element", &elements, packing);
    let mut elements = elements.into_iter();
    let list = |it: &Option<&Value>| {
        let Some(length) = it.and_then(Value::as_array).map(Vec::len) else { return Cell::None };
        let elements = elements.by_ref().take(length).map(|it| Cell::Group(vec![it])).collect();
        Cell::Group(vec![Cell::List(elements)])
    };
    let cells = values.iter().map(list).collect();
    (format!("optional group {key} (list) {{ repeated group list {{ {declared} }} }} "), cells)
}
