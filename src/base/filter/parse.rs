//! The text of a filter to its tree: a lexer, and a parser by recursive descent.
//!
//! Knows what a filter looks like, never what it answers.

use std::cmp::Ordering;

use regex::{Regex, RegexBuilder};

use super::{Node, Test, Value, decimal};
use crate::base::error::{Error, Place, Result};

/// How deep parentheses and `not` may nest.
const DEPTH: usize = 64;
/// The largest compiled regular expression, in bytes.
const REGEX_SIZE: usize = 1 << 20;

/// The tree of a filter, and the names that it asks about in order of first use.
///
/// # Errors
/// Says the column of the first thing that does not fit, and what would.
pub(super) fn parse(text: &str) -> Result<(Node, Vec<String>)> {
    let tokens = Lexer { text, at: 0 }.tokens()?;
    let mut parser = Parser { text, tokens, next: 0, names: Vec::new() };
    let root = parser.any(0)?;
    match parser.peek() {
        None => Ok((root, parser.names)),
        Some(_) => Err(parser.unexpected("\"and\", \"or\" or the end")),
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    /// Bare text: a name, a value or a keyword.
    Word(String),
    /// Text in quotes: a value.
    Quoted(String),
    /// Text in backticks: a name.
    Name(String),
    /// An operator, parenthesis or comma.
    Sign(&'static str),
}

const SIGNS: [&str; 13] = ["==", "!=", "<=", ">=", "<>", "!~", "=", "<", ">", "~", "(", ")", ","];
const ENDS: &[char] = &['\'', '"', '`', '(', ')', ',', '=', '!', '<', '>', '~'];

struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl Lexer<'_> {
    /// All tokens with the byte where each begins.
    fn tokens(mut self) -> Result<Vec<(usize, Token)>> {
        let mut tokens = Vec::new();
        loop {
            let rest = &self.text[self.at..];
            self.at += rest.len() - rest.trim_start().len();
            let begin = self.at;
            let rest = &self.text[begin..];
            let Some(first) = rest.chars().next() else { return Ok(tokens) };
            let token = if let Some(sign) = SIGNS.iter().find(|it| rest.starts_with(**it)) {
                self.at += sign.len();
                Token::Sign(sign)
            } else if matches!(first, '\'' | '"') {
                Token::Quoted(self.quoted(first)?)
            } else if first == '`' {
                Token::Name(self.quoted(first)?)
            } else if first == '!' {
                return Err(at(self.text, begin, "\"!\" is no operator".into())
                    .hint("write not (…), != or !~"));
            } else {
                let ends = |it: char| it.is_whitespace() || ENDS.contains(&it);
                let length = rest.find(ends).unwrap_or(rest.len());
                self.at += length;
                Token::Word(rest[..length].to_owned())
            };
            tokens.push((begin, token));
        }
    }

    /// The text up to the closing quote; a doubled quote stands for itself.
    fn quoted(&mut self, quote: char) -> Result<String> {
        let begin = self.at;
        let mut text = String::new();
        self.at += 1;
        loop {
            let rest = &self.text[self.at..];
            let Some(end) = rest.find(quote) else {
                return Err(at(self.text, begin, format!("the quote {quote} is never closed"))
                    .hint("double a quote that is part of the text"));
            };
            text.push_str(&rest[..end]);
            self.at += end + 1;
            if !self.text[self.at..].starts_with(quote) {
                return Ok(text);
            }
            text.push(quote);
            self.at += 1;
        }
    }
}

/// An error at a byte of the filter's text.
fn at(text: &str, byte: usize, message: String) -> Error {
    let column = text[..byte].chars().count() as u64 + 1;
    Error::new(message).at(Place::at("where", 1, column)).excerpt(text)
}

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<(usize, Token)>,
    next: usize,
    names: Vec<String>,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next).map(|it| &it.1)
    }

    /// Where the next token begins.
    fn here(&self) -> usize {
        self.tokens.get(self.next).map_or(self.text.len(), |it| it.0)
    }

    fn unexpected(&self, wanted: &str) -> Error {
        let found = match self.peek() {
            None => "the end".to_owned(),
            Some(Token::Word(it) | Token::Quoted(it) | Token::Name(it)) => format!("\"{it}\""),
            Some(Token::Sign(it)) => format!("\"{it}\""),
        };
        at(self.text, self.here(), format!("expected {wanted}, found {found}")).hint(
            "write for example: event == 'purchase' and value >= 10, channel in (email, push), \
             or name is missing; names with blanks stand in `backticks`",
        )
    }

    /// Takes the next word if it is this keyword, in any case.
    fn keyword(&mut self, keyword: &str) -> bool {
        let found =
            matches!(self.peek(), Some(Token::Word(it)) if it.eq_ignore_ascii_case(keyword));
        self.next += usize::from(found);
        found
    }

    fn sign(&mut self, sign: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Sign(it)) if *it == sign);
        self.next += usize::from(found);
        found
    }

    fn any(&mut self, depth: usize) -> Result<Node> {
        let mut nodes = vec![self.all(depth)?];
        while self.keyword("or") {
            nodes.push(self.all(depth)?);
        }
        Ok(Node::Any(nodes))
    }

    fn all(&mut self, depth: usize) -> Result<Node> {
        let mut nodes = vec![self.term(depth)?];
        while self.keyword("and") {
            nodes.push(self.term(depth)?);
        }
        Ok(Node::All(nodes))
    }

    fn term(&mut self, depth: usize) -> Result<Node> {
        if depth > DEPTH {
            let message = format!("the filter nests deeper than {DEPTH}");
            return Err(at(self.text, self.here(), message).hint("write it flatter"));
        }
        if self.keyword("not") {
            return Ok(Node::Not(Box::new(self.term(depth + 1)?)));
        }
        if self.sign("(") {
            let node = self.any(depth + 1)?;
            return if self.sign(")") { Ok(node) } else { Err(self.unexpected("\")\"")) };
        }
        self.test()
    }

    fn name(&mut self) -> Result<usize> {
        let name = match self.peek() {
            Some(Token::Name(it)) => it.clone(),
            Some(Token::Word(it)) if !is_keyword(it) => it.clone(),
            _ => return Err(self.unexpected("the name of a column or property")),
        };
        self.next += 1;
        Ok(self.names.iter().position(|it| *it == name).unwrap_or_else(|| {
            self.names.push(name);
            self.names.len() - 1
        }))
    }

    fn value(&mut self) -> Result<Value> {
        let value = match self.peek() {
            Some(Token::Quoted(it)) => Value { number: false, text: it.clone() },
            Some(Token::Word(it)) if !is_keyword(it) => {
                Value { number: decimal(it).is_some(), text: it.clone() }
            }
            _ => return Err(self.unexpected("a value")),
        };
        self.next += 1;
        Ok(value)
    }

    fn test(&mut self) -> Result<Node> {
        use Ordering::{Equal, Greater, Less};
        let name = self.name()?;
        if self.keyword("is") {
            let negated = self.keyword("not");
            if !self.keyword("missing") {
                return Err(self.unexpected("\"missing\""));
            }
            return Ok(negate(negated, Node::Test(name, Test::Missing)));
        }
        let negated = self.keyword("not");
        if self.keyword("in") {
            return Ok(negate(negated, Node::Test(name, Test::In(self.list()?))));
        }
        if negated {
            return Err(self.unexpected("\"in\""));
        }
        let Some(Token::Sign(sign)) = self.peek() else {
            return Err(self.unexpected("an operator (== != < <= > >= ~ !~ in is)"));
        };
        let orders: Option<&'static [Ordering]> = match *sign {
            "<" => Some(&[Less]),
            "<=" => Some(&[Less, Equal]),
            ">" => Some(&[Greater]),
            ">=" => Some(&[Greater, Equal]),
            "==" | "=" | "!=" | "<>" | "~" | "!~" => None,
            _ => return Err(self.unexpected("an operator (== != < <= > >= ~ !~ in is)")),
        };
        let (negated, regex) = (matches!(*sign, "!=" | "<>" | "!~"), sign.ends_with('~'));
        self.next += 1;
        let test = match orders {
            Some(orders) => Test::Order(self.value()?, orders),
            None if regex => Test::Matches(self.regex()?),
            None => Test::Equal(self.value()?),
        };
        Ok(negate(negated, Node::Test(name, test)))
    }

    fn list(&mut self) -> Result<Vec<Value>> {
        if !self.sign("(") {
            return Err(self.unexpected("\"(\""));
        }
        let mut list = vec![self.value()?];
        while self.sign(",") {
            list.push(self.value()?);
        }
        if self.sign(")") { Ok(list) } else { Err(self.unexpected("\",\" or \")\"")) }
    }

    fn regex(&mut self) -> Result<Regex> {
        let begin = self.here();
        let pattern = self.value()?.text;
        RegexBuilder::new(&pattern).size_limit(REGEX_SIZE).build().map_err(|error| {
            let reason = error.to_string();
            let last = reason.lines().last().unwrap_or_default().trim();
            at(self.text, begin, format!("cannot use the regular expression \"{pattern}\""))
                .hint(last.trim_start_matches("error: ").to_owned())
        })
    }
}

fn negate(negated: bool, node: Node) -> Node {
    if negated { Node::Not(Box::new(node)) } else { node }
}

fn is_keyword(word: &str) -> bool {
    ["and", "or", "not", "in", "is"].iter().any(|it| word.eq_ignore_ascii_case(it))
}
