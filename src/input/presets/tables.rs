//! Values between delimiters, below a header, to records of texts.
//!
//! Knows nothing of what records mean.

use super::drive::drive;
use super::plan::Plan;
use super::recognize::is_shouted;
use crate::base::Result;
use crate::input::csv::records::{Records, Shaped};
use crate::input::jsonl::Outcome;
use crate::input::read::Job;

/// Reads a file of values: `usual` is the delimiter where the source names none.
///
/// # Errors
/// The file cannot be read or has no header.
pub(super) fn read(job: &Job<'_>, plan: &Plan<'_>, usual: Option<u8>) -> Result<Outcome> {
    let mut records = Records::open(job, usual)?;
    let mut names = records.names().to_vec();
    if is_shouted(names.iter().map(String::as_str)) {
        names.iter_mut().for_each(|it| *it = it.to_lowercase());
    }
    let keys: Vec<String> =
        names.iter().map(|it| format!("{}:", serde_json::Value::from(it.as_str()))).collect();
    drive(
        job,
        plan,
        || records.next(),
        |chunk, sink| {
            let mut text = String::new();
            chunk.each(names.len(), |line, shaped| match shaped {
                Shaped::Record { values, raw } => {
                    object(&keys, values, &mut text);
                    sink.take(line, &text, &|| raw.to_owned());
                }
                Shaped::Bad { kind, column, detail, raw } => {
                    sink.reject(line, column, kind, detail, raw);
                }
            });
            Ok(())
        },
    )
}

/// The object of a record's values; empty ones are left out.
fn object(keys: &[String], values: &[std::borrow::Cow<'_, str>], text: &mut String) {
    text.clear();
    text.push('{');
    for (key, value) in keys.iter().zip(values).filter(|it| !it.1.is_empty()) {
        if text.len() > 1 {
            text.push(',');
        }
        text.push_str(key);
        text.push_str(&serde_json::Value::from(&**value).to_string());
    }
    text.push('}');
}
