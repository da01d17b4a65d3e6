//! Options structs as flags: the JSON Schema of a struct makes its `--help`,
//! and flags that were given are laid over the journey file's options.

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ArgMatches};
use serde_json::{Map, Value};

use crate::base::{Error, Result};

/// What a flag takes.
#[derive(Debug, Clone, PartialEq)]
enum Shape {
    Text,
    Whole,
    Number,
    Flag,
    Choice(Vec<String>),
    List(Box<Shape>),
    Pairs(Box<Shape>),
}

/// The flags of an options struct, by its schema.
pub fn flags(schema: &Value) -> Vec<Arg> {
    properties(schema).map(|(key, property)| flag(key, property, schema)).collect()
}

fn properties(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema.get("properties").and_then(Value::as_object).into_iter().flatten()
}

fn flag(key: &str, property: &Value, schema: &Value) -> Arg {
    let name = key.replace('_', "-");
    let about = property.get("description").and_then(Value::as_str).unwrap_or_default();
    let about = about.replace('\n', " ");
    let arg = Arg::new(key.to_owned()).long(name).help(with_default(&about, property));
    match shape(property, schema) {
        Shape::Flag => arg
            .value_parser(["true", "false"])
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("true")
            .value_name("BOOL"),
        Shape::Choice(names) => {
            arg.value_parser(PossibleValuesParser::new(names)).value_name("NAME")
        }
        Shape::Whole => arg.value_name("N"),
        Shape::Number => arg.value_name("X"),
        Shape::List(_) => arg.action(ArgAction::Append).value_delimiter(',').value_name("A,B"),
        Shape::Pairs(_) => arg.action(ArgAction::Append).value_delimiter(',').value_name("KEY=X"),
        Shape::Text => arg.value_name("TEXT"),
    }
}

/// The help of a flag, with its default as the flag takes it, unless that says nothing.
fn with_default(about: &str, property: &Value) -> String {
    let about = about.strip_suffix('.').unwrap_or(about);
    match property.get("default").map(as_typed) {
        Some(default) if !default.is_empty() => format!("{about} [default: {default}]"),
        _ => about.to_owned(),
    }
}

/// A value as one types it after a flag; empty where there is none.
fn as_typed(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(it) => it.clone(),
        Value::Array(them) => them.iter().map(as_typed).collect::<Vec<_>>().join(","),
        Value::Object(them) => {
            let pairs = them.iter().map(|(key, it)| format!("{key}={}", as_typed(it)));
            pairs.collect::<Vec<_>>().join(",")
        }
        Value::Number(it) => it.as_f64().map_or_else(|| it.to_string(), |it| it.to_string()),
        Value::Bool(it) => it.to_string(),
    }
}

fn resolve<'a>(property: &'a Value, schema: &'a Value) -> &'a Value {
    let name = property.get("$ref").and_then(Value::as_str);
    let name = name.and_then(|it| it.strip_prefix("#/$defs/"));
    name.and_then(|it| schema.get("$defs")?.get(it)).unwrap_or(property)
}

fn shape(property: &Value, schema: &Value) -> Shape {
    let property = resolve(property, schema);
    let parts = ["anyOf", "oneOf"].iter().find_map(|it| property.get(it)?.as_array());
    if let Some(names) = property.get("enum").and_then(Value::as_array) {
        return Shape::Choice(texts(names));
    }
    if let Some(parts) = parts {
        let constants: Vec<Value> =
            parts.iter().filter_map(|it| it.get("const").cloned()).collect();
        if constants.len() == parts.len() {
            return Shape::Choice(texts(&constants));
        }
        let listed: Vec<Value> = parts
            .iter()
            .flat_map(|it| it.get("enum").and_then(Value::as_array).into_iter().flatten().cloned())
            .chain(constants)
            .collect();
        let first = parts.iter().find(|it| it.get("type").and_then(Value::as_str) != Some("null"));
        return match first {
            _ if !listed.is_empty() => Shape::Choice(texts(&listed)),
            Some(first) => shape(first, schema),
            None => Shape::Text,
        };
    }
    match kind(property) {
        "boolean" => Shape::Flag,
        "integer" => Shape::Whole,
        "number" => Shape::Number,
        "array" => Shape::List(Box::new(inner(property, "items", schema))),
        "object" => Shape::Pairs(Box::new(inner(property, "additionalProperties", schema))),
        _ => Shape::Text,
    }
}

fn inner(property: &Value, key: &str, schema: &Value) -> Shape {
    property.get(key).map_or(Shape::Text, |it| shape(it, schema))
}

fn kind(property: &Value) -> &str {
    match property.get("type") {
        Some(Value::String(it)) => it,
        Some(Value::Array(it)) => {
            it.iter().filter_map(Value::as_str).find(|it| *it != "null").unwrap_or("string")
        }
        _ => "string",
    }
}

fn texts(values: &[Value]) -> Vec<String> {
    values.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Lays the flags that were given over options.
///
/// # Errors
/// A number that is none; a pair without `=`.
pub fn overlay(options: &mut Value, schema: &Value, matches: &ArgMatches) -> Result<()> {
    for (key, property) in properties(schema) {
        let Ok(Some(values)) = matches.try_get_many::<String>(key) else { continue };
        let values: Vec<&String> = values.collect();
        let value = value(key, &values, &shape(property, schema))?;
        if let Some(options) = options.as_object_mut() {
            options.insert(key.clone(), value);
        }
    }
    Ok(())
}

fn value(key: &str, given: &[&String], shape: &Shape) -> Result<Value> {
    let last = given.last().map_or("", |it| it.as_str());
    let wrong =
        |what: &str| Error::new(format!("--{}: \"{last}\" is not {what}", key.replace('_', "-")));
    match shape {
        Shape::Text | Shape::Choice(_) => Ok(Value::from(last)),
        Shape::Flag => Ok(Value::Bool(last == "true")),
        Shape::Whole => last.parse::<i64>().map(Value::from).map_err(|_| wrong("a whole number")),
        Shape::Number => {
            let number = last.parse::<f64>().ok().and_then(serde_json::Number::from_f64);
            number.map(Value::Number).ok_or_else(|| wrong("a number"))
        }
        Shape::List(of) => given.iter().map(|it| value(key, &[it], of)).collect(),
        Shape::Pairs(of) => {
            let mut pairs = Map::new();
            for pair in given {
                let (name, text) = pair.split_once('=').ok_or_else(|| wrong("KEY=VALUE"))?;
                pairs.insert(name.to_owned(), value(key, &[&text.to_owned()], of)?);
            }
            Ok(Value::Object(pairs))
        }
    }
}
