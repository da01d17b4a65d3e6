//! A file in the making: lines with the time at which they were recorded.
//!
//! Sorts, numbers and counts lines. Knows nothing of what a line says.

use std::io::Write;

/// How a line goes into the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// As it is, after its number if the sheet numbers its lines.
    Plain,
    /// Twice under one number, as a client does that sends once more.
    Twice,
    /// As it is, never numbered.
    Raw,
}

struct Line {
    recorded: i64,
    start: usize,
    end: usize,
    kind: Kind,
}

/// A file in the making.
pub(super) struct Sheet {
    /// The file's name.
    pub(super) name: &'static str,
    head: &'static str,
    number: Option<(&'static str, &'static str)>,
    newline: &'static str,
    text: Vec<u8>,
    lines: Vec<Line>,
}

impl Sheet {
    /// An empty file with this first line (none if empty).
    pub(super) fn new(name: &'static str, head: &'static str) -> Self {
        let (text, lines) = (Vec::new(), Vec::new());
        Self { name, head, number: None, newline: "\n", text, lines }
    }

    /// Begins each line with its number between these two texts.
    pub(super) fn numbered(mut self, before: &'static str, after: &'static str) -> Self {
        self.number = Some((before, after));
        self
    }

    /// Ends each line as Windows does.
    pub(super) fn windows(mut self) -> Self {
        self.newline = "\r\n";
        self
    }

    /// Adds a line, without its end.
    pub(super) fn add(&mut self, recorded: i64, kind: Kind, line: &[u8]) {
        let start = self.text.len();
        self.text.extend_from_slice(line);
        self.lines.push(Line { recorded, start, end: self.text.len(), kind });
    }

    /// How many records the file holds, its head not counted.
    pub(super) fn rows(&self) -> u64 {
        let again = self.lines.iter().filter(|it| it.kind == Kind::Twice).count();
        (self.lines.len() + again) as u64
    }

    /// The whole file: lines in the order in which they were recorded, ties as added.
    pub(super) fn into_bytes(mut self) -> Vec<u8> {
        self.lines.sort_by_key(|it| it.recorded);
        let mut out = Vec::with_capacity(self.text.len() + 16 * self.lines.len() + 256);
        if !self.head.is_empty() {
            out.extend_from_slice(self.head.as_bytes());
            out.extend_from_slice(self.newline.as_bytes());
        }
        for (number, line) in self.lines.iter().enumerate() {
            let times = if line.kind == Kind::Twice { 2 } else { 1 };
            for _ in 0..times {
                if let (Some((before, after)), true) = (self.number, line.kind != Kind::Raw) {
                    // Writing into a Vec cannot fail.
                    let _ = write!(out, "{before}{:08}{after}", number + 1);
                }
                out.extend_from_slice(&self.text[line.start..line.end]);
                out.extend_from_slice(self.newline.as_bytes());
            }
        }
        out
    }
}

/// A field of a delimited file, quoted where its text asks for it.
pub(super) fn field(text: &str, delimiter: char) -> String {
    if text.contains([delimiter, '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_sorted_numbered_and_repeated() {
        let mut sheet = Sheet::new("a.csv", "id,x").numbered("e", ",");
        sheet.add(2, Kind::Twice, b"late");
        sheet.add(1, Kind::Plain, b"early");
        sheet.add(3, Kind::Raw, b"Total");
        assert_eq!(sheet.rows(), 4);
        let text = String::from_utf8(sheet.into_bytes()).unwrap();
        assert_eq!(text, "id,x\ne00000001,early\ne00000002,late\ne00000002,late\nTotal\n");
    }

    #[test]
    fn fields_are_quoted_where_needed() {
        assert_eq!(field("plain", ';'), "plain");
        assert_eq!(field("a, b", ';'), "a, b");
        assert_eq!(field("say \"hi\"; go", ';'), "\"say \"\"hi\"\"; go\"");
    }
}
