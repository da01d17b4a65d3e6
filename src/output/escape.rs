//! One escaper per sink: the only way for text of the data to reach an output.
//!
//! Every stage, channel, campaign, file name and title is written by strangers.
//! Nothing here knows what the text means; nothing else may build a quoted
//! string, a tag or a cell out of data by hand.

/// Whether no sink that shows text should carry a character: C0 (without tab and
/// newline), DEL and C1 controls, and the two non-characters that XML forbids.
fn forbidden(c: char) -> bool {
    matches!(c, '\0'..='\x08' | '\x0b'..='\x1f' | '\x7f'..='\u{9f}' | '\u{fffe}' | '\u{ffff}')
}

/// Text without forbidden characters; tab and newline stay.
///
/// ```
/// assert_eq!(touchpath::output::escape::clean("a\0b\u{1b}[31m\tc\n"), "ab[31m\tc\n");
/// ```
pub fn clean(text: &str) -> String {
    text.chars().filter(|&it| !forbidden(it)).collect()
}

/// A quoted DOT string, for labels and tooltips.
///
/// `\` and `"` are escaped, so that `\N` stays text; `&` becomes `&amp;`, because
/// Graphviz decodes entities in plain labels; a newline becomes `\n`.
///
/// ```
/// use touchpath::output::escape::dot_quote;
/// assert_eq!(dot_quote("a\"b\\N & c\nd"), r#""a\"b\\N &amp; c\nd""#);
/// ```
pub fn dot_quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars().filter(|&it| !forbidden(it)) {
        match c {
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            '&' => out.push_str("&amp;"),
            '\n' => out.push_str("\\n"),
            _ => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Text between tags of XML, SVG, HTML and Graphviz' HTML-like labels.
///
/// ```
/// use touchpath::output::escape::xml;
/// assert_eq!(xml("<b a='1'>&\"</b>"), "&lt;b a=&#39;1&#39;&gt;&amp;&quot;&lt;/b&gt;");
/// ```
pub fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars().filter(|&it| !forbidden(it)) {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(c),
        }
    }
    out
}

/// The value of an XML attribute between double quotes: as [`xml`], and newlines and tabs
/// by number, which parsers would else make blanks of.
///
/// ```
/// use touchpath::output::escape::xml_attribute;
/// assert_eq!(xml_attribute("a\n\"b\""), "a&#10;&quot;b&quot;");
/// ```
pub fn xml_attribute(text: &str) -> String {
    xml(text).replace('\n', "&#10;").replace('\t', "&#9;")
}

/// Text between the double quotes of a label of Mermaid, on one line.
///
/// Mermaid decodes `#NUMBER;` in labels, takes the rest for HTML and Markdown, and looks for
/// directives (`%%{init`) in the whole text: every sign that means something to any of these
/// is written by number.
///
/// ```
/// use touchpath::output::escape::mermaid;
/// assert_eq!(mermaid("50% \"x\"\n<b>"), "50#37; #34;x#34; #60;b#62;");
/// ```
pub fn mermaid(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars().filter(|&it| !forbidden(it)) {
        match c {
            '"' | '#' | '%' | '&' | '<' | '>' | '`' | '{' | '}' | '[' | ']' | '\\' | '|' | '*'
            | '_' | '~' | '$' | ';' | '@' => out.push_str(&format!("#{};", u32::from(c))),
            '\n' | '\t' | '\u{2028}' | '\u{2029}' => out.push(' '),
            _ => out.push(c),
        }
    }
    out
}

/// Whether a spreadsheet may take text for a formula, or text for guarded text.
fn is_risky(text: &str) -> bool {
    let rest = text.trim_start_matches(['\'']);
    let rest = rest.trim_start_matches([' ', '\u{a0}', '\u{feff}', '\u{3000}']);
    rest.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '\0', '＝', '＋', '－', '＠'])
}

/// Text that no spreadsheet takes for a formula: risky text gets one leading `'`.
///
/// Text that already looks guarded gets another, so that [`unguard`] takes back
/// exactly what was added. Numbers are typed and never come here.
///
/// ```
/// use touchpath::output::escape::{guard, unguard};
/// assert_eq!(guard("=1+1"), "'=1+1");
/// assert_eq!(guard("a=1"), "a=1");
/// assert_eq!(unguard(&guard("'=1")), "'=1");
/// ```
pub fn guard(text: &str) -> String {
    if is_risky(text) { format!("'{text}") } else { text.to_owned() }
}

/// The text that [`guard`] was given.
pub fn unguard(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if is_risky(rest) => rest,
        _ => text,
    }
}

/// A text cell of CSV by RFC 4180: quoted where it must or might have to be.
/// Empty text is `""`, so that it differs from no value.
pub fn csv_quote(text: &str) -> String {
    let special = |c: char| matches!(c, ',' | ';' | '\t' | '"' | '\n' | '\r' | '\0' | '#');
    let edge = text.starts_with(char::is_whitespace) || text.ends_with(char::is_whitespace);
    if text.is_empty() || edge || text.starts_with('\u{feff}') || text.contains(special) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

/// A text cell of CSV, guarded against formulas unless `raw`.
pub fn csv_cell(text: &str, raw: bool) -> String {
    if raw { csv_quote(text) } else { csv_quote(&guard(text)) }
}

/// Adds a text cell of CSV to a line: [`csv_cell`], without a copy where nothing
/// needs a guard or a quote.
pub fn put_csv_cell(text: &str, raw: bool, out: &mut Vec<u8>) {
    let tame =
        |it: u8| it.is_ascii_alphanumeric() || matches!(it, b'_' | b':' | b'.' | b'/' | b'-');
    let starts_tame = text.as_bytes().first().is_some_and(u8::is_ascii_alphanumeric);
    if starts_tame && text.bytes().all(tame) {
        out.extend_from_slice(text.as_bytes());
    } else {
        out.extend_from_slice(csv_cell(text, raw).as_bytes());
    }
}

/// Text in a line or a table cell of Markdown: shown as it is, never as markup.
pub fn markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars().filter(|&it| !forbidden(it)) {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '#' | '|' | '~' | '!' | '$' => {
                out.push('\\');
                out.push(c);
            }
            '\n' | '\t' | '\u{2028}' | '\u{2029}' => out.push(' '),
            _ if is_trick(c) => out.push_str(&format!("&lt;U+{:04X}&gt;", u32::from(c))),
            _ => out.push(c),
        }
    }
    out
}

/// Whether a character turns text around or hides in it without being seen.
/// The joiners of emoji and of Persian (U+200C, U+200D) are no tricks.
fn is_trick(c: char) -> bool {
    matches!(c, '\u{061c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

/// Text on one line of a terminal: controls, escapes and bidirectional overrides
/// are shown by number and do nothing.
///
/// ```
/// use touchpath::output::escape::terminal;
/// assert_eq!(terminal("a\u{1b}[31m\u{202e}b"), "a<U+001B>[31m<U+202E>b");
/// ```
pub fn terminal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() || is_trick(c) {
            out.push_str(&format!("<U+{:04X}>", u32::from(c)));
        } else {
            out.push(c);
        }
    }
    out
}

/// Text on one line, at most `limit` characters long, cut with `…`; never empty:
/// blank text is shown as `(blank)`, so that a box or a cell has a name.
pub fn one_line(text: &str, limit: usize) -> String {
    let flat: String =
        clean(text).chars().map(|c| if c.is_whitespace() { ' ' } else { c }).collect();
    let flat = flat.trim();
    match flat.chars().count() {
        0 => if text.is_empty() { "(empty)" } else { "(blank)" }.to_owned(),
        count if count > limit => {
            let mut cut: String = flat.chars().take(limit.saturating_sub(1)).collect();
            cut.push('…');
            cut
        }
        _ => flat.to_owned(),
    }
}

#[cfg(test)]
pub(crate) mod attacks {
    /// Text that has broken somebody's output: markup, escapes, controls, formulas.
    pub(crate) fn all() -> Vec<String> {
        let listed = include_str!("../../tests/attacks.json");
        let mut all: Vec<String> = serde_json::from_str(listed).unwrap();
        all.push("x".repeat(5000));
        all.push(format!("e{}", "\u{301}".repeat(100)));
        all
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Undoes [`dot_quote`] the way Graphviz does.
    pub(crate) fn dot_unquote(quoted: &str) -> String {
        let inner = &quoted[1..quoted.len() - 1];
        let mut out = String::new();
        let mut chars = inner.chars();
        while let Some(c) = chars.next() {
            match (c, c == '\\') {
                (_, true) => match chars.next() {
                    Some('n') => out.push('\n'),
                    Some(other) => out.push(other),
                    None => panic!("dangling backslash in {quoted}"),
                },
                _ => out.push(c),
            }
        }
        out.replace("&amp;", "&")
    }

    #[test]
    fn a_dot_string_ends_at_its_own_quote_and_decodes_to_the_text() {
        for text in attacks::all() {
            assert_eq!(dot_unquote(&dot_quote(&text)), clean(&text), "{text:?}");
        }
    }

    #[test]
    fn xml_parses_back_to_the_text() {
        for text in attacks::all() {
            let document = format!("<a>{}</a>", xml(&text));
            let parsed = roxmltree::Document::parse(document.as_str()).unwrap();
            let root = parsed.root_element();
            assert_eq!(root.text().unwrap_or(""), clean(&text), "{text:?}");
            assert_eq!(parsed.descendants().filter(roxmltree::Node::is_element).count(), 1);
        }
    }

    #[test]
    fn csv_cells_read_back_and_start_no_formula() {
        for text in attacks::all() {
            let line = format!("x,{},y\n", csv_cell(&text, false));
            let mut builder = ::csv::ReaderBuilder::new();
            let mut reader = builder.has_headers(false).from_reader(line.as_bytes());
            let record = reader.records().next().unwrap().unwrap();
            assert_eq!(record.len(), 3, "{text:?}");
            assert_eq!(unguard(&record[1]), text, "{text:?}");
            let start = record[1].trim_start_matches([' ', '\u{feff}']).chars().next();
            assert!(!matches!(start, Some('=' | '+' | '-' | '@' | '\t' | '\r')), "{text:?}");
        }
    }

    #[test]
    fn lines_stay_lines_and_controls_stay_silent() {
        for text in attacks::all() {
            let shown = terminal(&text);
            assert!(!shown.chars().any(char::is_control), "{shown:?}");
            assert!(!shown.contains(['\u{202e}', '\u{2066}', '\u{200b}']), "{shown:?}");
            let cell = markdown(&text);
            assert!(!cell.contains(['\n', '\r', '\x1b', '<', '\u{202e}']), "{cell:?}");
            let pipes = cell.replace("\\\\", "").replace("\\|", "");
            assert!(!pipes.contains('|'), "{cell:?}");
            assert!(!one_line(&text, 40).is_empty());
            assert!(one_line(&text, 40).chars().count() <= 40);
        }
    }

    proptest! {
        #[test]
        fn what_is_guarded_can_be_taken_back(text in "(?s)['=+ \t\u{feff}a-]{0,6}.{0,8}") {
            let guarded = guard(&text);
            prop_assert_eq!(unguard(&guarded), text.as_str());
        }

        #[test]
        fn any_text_decodes_from_a_dot_string(text in "(?s).{0,40}") {
            prop_assert_eq!(dot_unquote(&dot_quote(&text)), clean(&text));
        }

        #[test]
        fn any_text_is_well_formed_xml(text in "(?s).{0,40}") {
            let document = format!("<a b=\"{}\">{}</a>", xml(&text), xml(&text));
            prop_assert!(roxmltree::Document::parse(&document).is_ok());
        }
    }
}
