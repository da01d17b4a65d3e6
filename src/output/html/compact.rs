//! Pictures of maps made short for the page, which shows what they show.
//!
//! A map that can switch holds each label once for each metric. Here looks that recur
//! become classes of the page's style sheet, plates behind labels become halos, metrics that
//! a reader of a page rarely asks for are left out, and blanks between elements go. Reads what our own writer wrote:
//! well-formed, attributes in double quotes, no `<` or `>` in texts and values.

use std::fmt::Write as _;

use indexmap::IndexMap;

/// The metrics of the page; files hold all.
const METRICS: [&str; 6] = ["moves", "customers", "revenue", "lost", "wait", "share-out"];
/// Attributes that a style sheet can say as well, and how.
const LOOKS: [(&str, &str); 7] = [
    ("fill", ""),
    ("fill-opacity", ""),
    ("font-size", "px"),
    ("font-weight", ""),
    ("stroke", ""),
    ("stroke-width", ""),
    ("text-anchor", ""),
];

/// Looks that were met, each with the number of its class.
#[derive(Debug, Default)]
pub(super) struct Looks(IndexMap<String, ()>);

impl Looks {
    /// The rules of all classes.
    pub(super) fn css(&self) -> String {
        let mut css = String::new();
        for (number, look) in self.0.keys().enumerate() {
            let _ = write!(css, ".k{number}{{{look}}}");
        }
        css
    }

    fn class(&mut self, look: String) -> usize {
        self.0.insert_full(look, ()).0
    }

    /// The picture, shorter.
    pub(super) fn compact(&mut self, svg: &str) -> String {
        let mut out = String::with_capacity(svg.len() / 2);
        // How deep inside an element that is left out.
        let mut skipped = 0usize;
        let parts: Vec<&str> = svg.split_inclusive('>').collect();
        let mut at = 0;
        while let Some(part) = parts.get(at) {
            at += 1;
            let (text, tag) = part.split_at(part.find('<').unwrap_or(part.len()));
            if skipped == 0 && !text.trim().is_empty() {
                out.push_str(text);
            }
            let closes = tag.starts_with("</");
            let alone = tag.ends_with("/>");
            if skipped > 0 {
                skipped = match (closes, alone) {
                    (true, _) => skipped - 1,
                    (false, true) => skipped,
                    (false, false) => skipped + 1,
                };
            } else if closes {
                out.push_str(tag);
            } else if is_left_out(tag) {
                skipped = usize::from(!alone);
            } else if let Some(words) = label(tag, parts.get(at..).unwrap_or_default()) {
                self.open(&words.0, &mut out);
                out.push_str(words.1);
                at += 4;
            } else if let Some(tag) = tag.strip_prefix('<') {
                self.open(tag, &mut out);
            }
        }
        out
    }

    /// Writes an opening tag with its looks as a class.
    fn open(&mut self, tag: &str, out: &mut String) {
        let end = if tag.ends_with("/>") { "/>" } else { ">" };
        let inner = tag.trim_end_matches('>').trim_end_matches('/');
        let (name, rest) = inner.split_at(inner.find(' ').unwrap_or(inner.len()));
        let styled = match name {
            "text" | "rect" => true,
            // Signs in boxes; the script changes those of ways.
            "path" => rest.contains("=\"var("),
            _ => false,
        };
        let (mut kept, mut look, mut classes) = (String::new(), String::new(), Vec::new());
        for (key, value) in attributes(rest) {
            let value = plain(value);
            match LOOKS.iter().find(|it| it.0 == key).filter(|_| styled) {
                Some((key, unit)) => {
                    let _ = write!(look, "{key}:{value}{unit};");
                }
                None if key == "class" => classes.push(value),
                None if is_of_other_metric(key) => {}
                None if key == "data-metrics" || key == "data-metric" => {
                    let own = value.split(' ').filter(|it| METRICS.contains(it));
                    let _ = write!(kept, " {key}=\"{}\"", own.collect::<Vec<_>>().join(" "));
                }
                None => {
                    let _ = write!(kept, " {key}=\"{value}\"");
                }
            }
        }
        let _ = write!(out, "<{name}");
        if !look.is_empty() {
            classes.push(format!("k{}", self.class(look.trim_end_matches(';').to_owned())));
        }
        if !classes.is_empty() {
            let _ = write!(out, " class=\"{}\"", classes.join(" "));
        }
        out.push_str(&kept);
        out.push_str(end);
    }
}

/// A label, its plate and its words as one element (without `<`), and the words with what
/// ends them: the plate is a halo of the letters, by the style sheet. `tag` opens the label,
/// `next` follows it. None where there is anything else inside.
fn label<'a>(tag: &str, next: &[&'a str]) -> Option<(String, &'a str)> {
    let own = tag.strip_prefix("<g class=\"label\"")?.strip_suffix('>')?;
    let [plate, text, words, end, ..] = next else { return None };
    let text = text.trim_start().strip_prefix("<text")?;
    let whole = plate.trim_start().starts_with("<rect ")
        && words.ends_with("</text>")
        && end.trim() == "</g>";
    whole.then(|| (format!("text class=\"label\"{own}{text}"), *words))
}

/// Keys and values of ` a="b" c="d"`.
fn attributes(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (key, tail) = rest.split_once("=\"")?;
        let (value, tail) = tail.split_once('"')?;
        rest = tail;
        Some((key.trim(), value))
    })
}

/// A color without what it falls back to: the page always sets it.
fn plain(value: &str) -> String {
    match value.strip_prefix("var(").and_then(|it| it.split_once(',')) {
        Some((name, _)) => format!("var({name})"),
        None => value.to_owned(),
    }
}

/// Whether an element is seen only while a metric is shown that the page does not offer.
fn is_left_out(tag: &str) -> bool {
    let own =
        attributes(tag.split_once(' ').map_or("", |it| it.1)).find(|it| it.0 == "data-metric");
    own.is_some_and(|it| !it.1.split(' ').any(|it| METRICS.contains(&it)))
}

/// Whether an attribute is the color or width under a metric that the page does not offer.
fn is_of_other_metric(key: &str) -> bool {
    let metric = key.strip_prefix("data-c-").or_else(|| key.strip_prefix("data-w-"));
    metric.is_some_and(|it| !METRICS.contains(&it))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::{map, sample};

    #[test]
    fn looks_become_classes_and_rare_metrics_go() {
        let mut looks = Looks::default();
        let svg = "<svg data-metrics=\"moves wait-p90\">\n<g data-metric=\"wait-p90\"><rect x=\"1\"/>\
                   <g><text>a</text></g></g>\n<g class=\"label\" data-metric=\"moves\"><rect x=\"1\"/>\
                   <text y=\"2\">5</text></g><text x=\"1\" fill=\"var(--map-ink,#000000)\" \
                   font-size=\"11\">b &lt; c</text><path fill=\"none\" data-w-wait=\"2\" \
                   data-w-wait-p90=\"3\"/></svg>";
        assert_eq!(
            looks.compact(svg),
            "<svg data-metrics=\"moves\"><text class=\"label\" data-metric=\"moves\" y=\"2\">5</text>\
             <text class=\"k0\" x=\"1\">b &lt; c</text>\
             <path fill=\"none\" data-w-wait=\"2\"/></svg>"
        );
        assert_eq!(looks.css(), ".k0{fill:var(--map-ink);font-size:11px}");
    }

    #[test]
    fn hostile_maps_stay_well_formed_and_keep_their_words() {
        let mut svg = Vec::new();
        map::svg::write_page(&sample::hostile(), &Default::default(), &mut svg).unwrap();
        let svg = String::from_utf8(svg).unwrap();
        let short = Looks::default().compact(&svg);
        let stages = |text: &str| -> Vec<String> {
            let document = roxmltree::Document::parse(text).unwrap();
            let all = document.descendants().filter_map(|it| it.attribute("aria-label"));
            all.map(str::to_owned).collect()
        };
        assert_eq!(stages(&short), stages(&svg));
        assert!(short.len() < svg.len() * 3 / 4, "{} {}", short.len(), svg.len());
    }
}
