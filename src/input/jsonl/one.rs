//! One line after the other: the plain way, and what is to be said of each.

use super::{LONGEST_LINE, reject_json, shown, too_long};
use crate::base::IssueKind;
use crate::input::paths::{Paths, Values};
use crate::input::rows::{Field, Rows};

/// How much of some bytes is of whole lines: of about this size, but one line at least.
pub(super) fn whole(bytes: &[u8], size: usize) -> usize {
    let Some(near) = bytes.get(..size) else { return bytes.len() };
    let end = memchr::memrchr(b'\n', near)
        .or_else(|| Some(size + memchr::memchr(b'\n', &bytes[size..])?));
    end.map_or(bytes.len(), |it| it + 1)
}

/// Does something with each line, counted from 0, as long as it says so; says how many lines
/// there were.
pub(super) fn each_line<'a>(bytes: &'a [u8], mut each: impl FnMut(u64, &'a [u8]) -> bool) -> u64 {
    let (mut rest, mut lines) = (bytes, 0);
    while !rest.is_empty() {
        let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        lines += 1;
        if !each(lines - 1, &rest[..end]) {
            break;
        }
        rest = rest.get(end + 1..).unwrap_or_default();
    }
    lines
}

/// The begin of the next line, if a line ends here.
#[inline]
pub(super) fn line_end(bytes: &[u8], at: usize) -> Option<usize> {
    match bytes.get(at..)? {
        [] => Some(at),
        [b'\n', ..] => Some(at + 1),
        [b'\r', b'\n', ..] => Some(at + 2),
        _ => None,
    }
}

/// Hands on what was read of the line at these bytes of a text.
pub(super) fn deliver(
    line: u64,
    (start, end): (usize, usize),
    text: &str,
    values: &Values<'_>,
    rows: &mut Rows<'_>,
) {
    let field = |it: Option<_>| it.map_or(Field::Missing, Field::Text);
    let fields: Vec<Field<'_>> = values.texts(text).map(field).collect();
    rows.push(line, &fields, &|| shown(&text.as_bytes()[start..end]));
}

/// Reads one line; blank ones are no records.
pub(super) fn read_line<'a>(
    line: u64,
    bytes: &'a [u8],
    paths: &Paths,
    values: &mut Values<'a>,
    rows: &mut Rows<'_>,
) {
    let bytes = bytes.trim_ascii();
    if bytes.is_empty() {
        return;
    }
    if bytes.len() > LONGEST_LINE {
        return too_long(line, bytes, rows);
    }
    let text = match std::str::from_utf8(bytes) {
        Ok(it) => it,
        Err(error) => {
            let column = String::from_utf8_lossy(&bytes[..error.valid_up_to()]).chars().count();
            let detail = "the line is not UTF-8";
            return rows
                .reject(line, column as u64 + 1, IssueKind::BadEncoding, detail, &|| shown(bytes));
        }
    };
    match paths.read(text, values) {
        Ok(()) => deliver(line, (0, text.len()), text, values, rows),
        Err(error) => reject_json(line, text, &error, rows),
    }
}
