//! JSON lines as the Parquet that a warehouse would write of the same table.

use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, BooleanArray, Float64Array, Int64Array, ListArray, RecordBatch, StringArray,
    StructArray, TimestampMicrosecondArray,
};
use arrow_schema::{Field, Fields};
use indexmap::IndexSet;
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;
use serde_json::Value;

/// Where values are missing; the type of it has no name here.
macro_rules! nulls {
    ($valid:expr) => {{
        let flags: BooleanArray = $valid.iter().map(|&it| it.then_some(true)).collect();
        flags.nulls().cloned()
    }};
}

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
    let (fields, columns) = columns(&all, packing);
    let schema = Arc::new(arrow_schema::Schema::new(fields));
    let batch = RecordBatch::try_new(schema, columns).unwrap();
    let few = WriterProperties::builder().set_max_row_group_row_count(Some(4)).build();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(few)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
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

fn columns(rows: &[Option<&Value>], packing: &Packing) -> (Fields, Vec<ArrayRef>) {
    let objects = rows.iter().filter_map(|it| it.and_then(Value::as_object));
    let keys: IndexSet<String> = objects.flat_map(|it| it.keys().cloned()).collect();
    let column = |key: &String| {
        let values: Vec<Option<&Value>> = rows
            .iter()
            .map(|it| it.and_then(|it| it.get(key)).filter(|it| !it.is_null()))
            .collect();
        let array = match packing.times.contains(&key.as_str()) {
            true => times(&values),
            false => array(&values, packing),
        };
        (Field::new(key, array.data_type().clone(), true), array)
    };
    let (fields, arrays): (Vec<Field>, Vec<ArrayRef>) = keys.iter().map(column).unzip();
    (fields.into(), arrays)
}

fn times(values: &[Option<&Value>]) -> ArrayRef {
    let micros = |it: &Value| {
        let text = it.as_str()?.replace(' ', "T");
        let text = if text.ends_with('Z') { text } else { format!("{text}Z") };
        Some(text.parse::<jiff::Timestamp>().unwrap().as_microsecond())
    };
    let micros: Vec<Option<i64>> = values.iter().map(|it| it.and_then(micros)).collect();
    Arc::new(TimestampMicrosecondArray::from(micros).with_timezone("UTC"))
}

fn array(values: &[Option<&Value>], packing: &Packing) -> ArrayRef {
    let some = |is: fn(&Value) -> bool| values.iter().flatten().all(|it| is(it));
    let any = values.iter().any(Option::is_some);
    let digits = |it: &Value| it.as_str().is_some_and(|it| it.parse::<i64>().is_ok());
    if any && some(Value::is_object) {
        let (fields, columns) = columns(values, packing);
        // A struct without fields is none.
        if !fields.is_empty() {
            let valid: Vec<bool> = values.iter().map(Option::is_some).collect();
            return Arc::new(StructArray::new(fields, columns, nulls!(valid)));
        }
    }
    if any && some(Value::is_array) {
        return list(values, packing);
    }
    if any && some(Value::is_boolean) {
        let flags: Vec<Option<bool>> = values.iter().map(|it| (*it)?.as_bool()).collect();
        return Arc::new(BooleanArray::from(flags));
    }
    if any && some(Value::is_i64) {
        let numbers: Vec<Option<i64>> = values.iter().map(|it| (*it)?.as_i64()).collect();
        return Arc::new(Int64Array::from(numbers));
    }
    if any && some(Value::is_number) {
        let numbers: Vec<Option<f64>> = values.iter().map(|it| (*it)?.as_f64()).collect();
        return Arc::new(Float64Array::from(numbers));
    }
    if any && packing.numbers && values.iter().flatten().all(|it| digits(it)) {
        let number = |it: &Value| it.as_str()?.parse().ok();
        let numbers: Vec<Option<i64>> = values.iter().map(|it| it.and_then(number)).collect();
        return Arc::new(Int64Array::from(numbers));
    }
    let text = |it: &Value| it.as_str().map_or_else(|| it.to_string(), str::to_owned);
    let texts: Vec<Option<String>> = values.iter().map(|it| it.map(text)).collect();
    Arc::new(StringArray::from(texts))
}

fn list(values: &[Option<&Value>], packing: &Packing) -> ArrayRef {
    let lists: Vec<&[Value]> = values
        .iter()
        .map(|it| it.and_then(Value::as_array).map_or(&[][..], Vec::as_slice))
        .collect();
    let elements: Vec<Option<&Value>> = lists
        .iter()
        .flat_map(|it| it.iter())
        .map(|it| Some(it).filter(|it| !it.is_null()))
        .collect();
    let elements = array(&elements, packing);
    // Texts of the lists' lengths have their offsets.
    let lengths: StringArray = lists.iter().map(|it| Some("x".repeat(it.len()))).collect();
    let valid: Vec<bool> = values.iter().map(Option::is_some).collect();
    let field = Arc::new(Field::new("element", elements.data_type().clone(), true));
    Arc::new(ListArray::new(field, lengths.offsets().clone(), elements, nulls!(valid)))
}
