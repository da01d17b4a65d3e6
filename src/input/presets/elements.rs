//! One JSON array, cut into its elements while it is read.
//!
//! Only brackets, commas and quotes are looked at: whether an element is JSON, whoever
//! takes it finds out. Memory is bounded by the longest element.

use crate::base::Result;
use crate::input::jsonl::{Fill, LONGEST_LINE};

/// How much is read at a time.
const BLOCK: usize = 1 << 20;
/// About how many bytes of elements are handed on together.
const TOGETHER: usize = 4 << 20;
/// How much is kept of an element that is too long.
const SHOWN: usize = 4 << 10;

/// An element of the array and the line on which it begins.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Element {
    /// All of it.
    Whole { line: u64, bytes: Vec<u8> },
    /// The beginning of one beyond the limit.
    TooLong { line: u64, bytes: Vec<u8> },
    /// Something that is no element, or the want of an end.
    Wrong { line: u64, detail: &'static str, bytes: Vec<u8> },
}

/// Cuts an array into elements.
pub(super) struct Elements<'f> {
    fill: Fill<'f>,
    block: Vec<u8>,
    at: usize,
    length: usize,
    ended: bool,
    line: u64,
    state: State,
    /// The element at hand, the line where it begins, and whether it is too long.
    bytes: Vec<u8>,
    begin: u64,
    too_long: bool,
    /// How many brackets are open inside the element.
    depth: usize,
    quoted: bool,
    escaped: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Before,
    Inside,
    After,
    Done,
}

impl<'f> Elements<'f> {
    pub fn new(fill: Fill<'f>) -> Self {
        Self {
            fill,
            block: Vec::new(),
            at: 0,
            length: 0,
            ended: false,
            line: 1,
            state: State::Before,
            bytes: Vec::new(),
            begin: 0,
            too_long: false,
            depth: 0,
            quoted: false,
            escaped: false,
        }
    }

    /// The next elements; none at the end.
    pub fn some(&mut self) -> Result<Option<Vec<Element>>> {
        let (mut found, mut size) = (Vec::new(), 0);
        while size < TOGETHER {
            let Some(byte) = self.next()? else {
                self.end(&mut found);
                break;
            };
            size += 1;
            self.step(byte, &mut found);
            self.line += u64::from(byte == b'\n');
        }
        Ok((size > 0 || !found.is_empty()).then_some(found))
    }

    fn next(&mut self) -> Result<Option<u8>> {
        if self.at == self.length {
            if self.ended {
                return Ok(None);
            }
            self.block.resize(BLOCK, 0);
            self.length = (self.fill)(&mut self.block)?;
            self.ended = self.length < BLOCK;
            self.at = 0;
            if self.length == 0 {
                return Ok(None);
            }
        }
        self.at += 1;
        Ok(Some(self.block[self.at - 1]))
    }

    fn step(&mut self, byte: u8, found: &mut Vec<Element>) {
        match self.state {
            State::Before => self.state = if byte == b'[' { State::Inside } else { State::Before },
            State::After | State::Done => self.keep(byte),
            State::Inside if self.quoted => {
                match (self.escaped, byte) {
                    (true, _) => self.escaped = false,
                    (false, b'\\') => self.escaped = true,
                    (false, b'"') => self.quoted = false,
                    _ => {}
                }
                self.keep(byte);
            }
            State::Inside => match byte {
                b',' if self.depth == 0 => self.cut(false, found),
                b']' if self.depth == 0 => {
                    self.cut(true, found);
                    self.state = State::After;
                }
                _ => {
                    match byte {
                        b'"' => self.quoted = true,
                        b'{' | b'[' => self.depth += 1,
                        b'}' | b']' => self.depth = self.depth.saturating_sub(1),
                        _ => {}
                    }
                    self.keep(byte);
                }
            },
        }
    }

    fn keep(&mut self, byte: u8) {
        if self.bytes.is_empty() {
            if byte.is_ascii_whitespace() {
                return;
            }
            self.begin = self.line;
        }
        if self.too_long {
            return;
        }
        self.bytes.push(byte);
        if self.bytes.len() > LONGEST_LINE {
            self.too_long = true;
            self.bytes.truncate(SHOWN);
        }
    }

    /// Ends the element at hand; a last one may be missing, as in `[]` and `[1,]` (of
    /// which the second is no JSON, but loses nobody a row).
    fn cut(&mut self, last: bool, found: &mut Vec<Element>) {
        let bytes = std::mem::take(&mut self.bytes);
        let line = self.begin;
        if std::mem::take(&mut self.too_long) {
            found.push(Element::TooLong { line, bytes });
        } else if !bytes.is_empty() {
            found.push(Element::Whole { line, bytes });
        } else if !last {
            let detail = "a comma without an element before it";
            found.push(Element::Wrong { line: self.line, detail, bytes });
        }
    }

    /// What is to say at the end of the file.
    fn end(&mut self, found: &mut Vec<Element>) {
        match self.state {
            State::Inside => {
                self.cut(true, found);
                let detail = "the array has no end: the file is cut short";
                found.push(Element::Wrong { line: self.line, detail, bytes: Vec::new() });
            }
            State::After if !self.bytes.is_empty() => {
                let (line, bytes) = (self.begin, std::mem::take(&mut self.bytes));
                let detail = "something follows the end of the array";
                found.push(Element::Wrong { line, detail, bytes });
            }
            _ => {}
        }
        self.state = State::Done;
        self.bytes.clear();
    }
}

/// Hands out bytes that are at hand, as a file would.
pub(super) fn bytes_of(mut rest: &[u8]) -> impl FnMut(&mut [u8]) -> Result<usize> {
    move |buffer| {
        let (now, behind) = rest.split_at(rest.len().min(buffer.len()));
        buffer[..now.len()].copy_from_slice(now);
        rest = behind;
        Ok(now.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> String {
        let mut fill = bytes_of(text.as_bytes());
        let mut elements = Elements::new(&mut fill);
        let mut out = Vec::new();
        while let Some(some) = elements.some().unwrap() {
            out.extend(some.into_iter().map(|it| match it {
                Element::Whole { line, bytes } => {
                    format!("{line}:{}", String::from_utf8(bytes).unwrap().trim_end())
                }
                Element::TooLong { line, .. } => format!("{line}: too long"),
                Element::Wrong { line, detail, .. } => format!("{line}! {detail}"),
            }));
        }
        out.join(" | ")
    }

    #[test]
    fn arrays_are_cut_at_their_own_commas() {
        let cases = [
            ("[]", ""),
            (" [ 1 , 2 ] \n", "1:1 | 1:2"),
            ("[{\"a\":[1,2]},\n{\"b\":\"],\\\"[\"}]", "1:{\"a\":[1,2]} | 2:{\"b\":\"],\\\"[\"}"),
            ("[1,,2]", "1:1 | 1! a comma without an element before it | 1:2"),
            ("[1,]", "1:1"),
            ("[{\"a\":1}", "1:{\"a\":1} | 1! the array has no end: the file is cut short"),
            ("[{\"a\":", "1:{\"a\": | 1! the array has no end: the file is cut short"),
            ("[1]\n[2]", "1:1 | 2! something follows the end of the array"),
            ("[1}},2]", "1:1}} | 1:2"),
        ];
        for (text, expected) in cases {
            assert_eq!(cut(text), expected, "{text}");
        }
    }
}
