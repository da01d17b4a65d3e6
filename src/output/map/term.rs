//! Maps on a terminal: each stage with its figures, below it its ways out as bars.
//!
//! A listing in the order of the flow rather than boxes and lines: it stays readable at
//! 40 stages and 80 columns, in any script, and in a pager. Writes what is drawn, and
//! says what is not. All text passes `escape::terminal`; color only if asked for.

use std::io::Write;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::super::escape::terminal;
use super::super::format::short;
use super::super::{Format, Style, one_map};
use super::drawing::{Dash, Drawing, Key, Line, Role, Shape};
use super::whole::node_of;
use super::{Room, draw_within, limit};
use crate::base::Result;
use crate::model::JourneyMap;

pub(in super::super) const FORMAT: Format = Format {
    name: "term",
    endings: &[],
    about: "The map as a drawing of letters, for the terminal",
    write: |reports, style, out| write(one_map(reports, style)?, style, out),
};

/// The longest bar, in columns.
const BAR: usize = 14;

/// Writes a map as lines of text.
///
/// # Errors
/// A stage named by the style that is none; the writer's.
pub fn write(map: &JourneyMap, style: &Style, out: &mut dyn Write) -> Result<()> {
    limit::check(map, &style.map)?;
    let drawing = draw_within(map, &style.map, Room::READABLE);
    let page = Page {
        width: if style.width == 0 { usize::MAX } else { style.width.max(30) },
        color: style.color,
    };
    page.line(&[(Tone::Strong, terminal(&drawing.title))], out)?;
    for fact in &drawing.facts {
        page.words(fact, out)?;
    }
    if drawing.shapes.is_empty() {
        return page.line(&[(Tone::Plain, "No stage was visited.".to_owned())], out);
    }
    let mut order: Vec<usize> = (0..drawing.shapes.len()).collect();
    order.retain(|&it| drawing.shapes[it].role != Role::Left);
    order.sort_by_key(|&it| (drawing.shapes[it].rank, it));
    let widest = |text: fn(&Shape) -> String| {
        order.iter().map(|&it| text(&drawing.shapes[it]).width()).max().unwrap_or(0)
    };
    let columns = (widest(name), widest(figures));
    writeln!(out)?;
    for &id in &order {
        page.line(&head(&drawing.shapes[id], columns), out)?;
        let mut ways: Vec<&Line> = drawing.lines.iter().filter(|it| it.from == id).collect();
        // The widest first, exits last.
        let exit = |it: &Line| drawing.shapes[it.to].role == Role::Left;
        ways.sort_by(|a, b| {
            exit(a).cmp(&exit(b)).then(b.width.total_cmp(&a.width)).then(a.to.cmp(&b.to))
        });
        let labels: Vec<String> = ways.iter().map(|it| label(map, &drawing, it)).collect();
        let broad = labels.iter().map(|it| it.width()).max().unwrap_or(0);
        let minor = drawing.shapes[id].minor.get(drawing.level - 1).filter(|it| !it.is_empty());
        for (at, (way, label)) in ways.iter().zip(&labels).enumerate() {
            let last = at + 1 == ways.len() && minor.is_none();
            page.line(&way_line(&drawing, way, label, broad, last), out)?;
        }
        if let Some(minor) = minor {
            page.line(&[(Tone::Quiet, format!("╰ {}", terminal(minor)))], out)?;
        }
    }
    writeln!(out)?;
    for words in legend(&drawing) {
        page.words(&words, out)?;
    }
    Ok(())
}

/// How many journeys begin at a box, as shown.
fn starts(map: &JourneyMap, shape: &Shape) -> String {
    let node = node_of(shape).and_then(|it| map.nodes.get(it));
    node.map_or_else(String::new, |it| short(it.starts))
}

fn name(shape: &Shape) -> String {
    terminal(&shape.name)
}

/// The figures beside a stage's name.
fn figures(shape: &Shape) -> String {
    let repeats = shape.repeats.as_ref().map_or_else(String::new, |it| format!(" · ↻{it}"));
    terminal(&format!("{}{repeats}", shape.detail))
}

/// A stage: its name, and its figures and exits beside it, in columns.
fn head(shape: &Shape, (names, details): (usize, usize)) -> Vec<(Tone, String)> {
    let sign = match shape.role {
        Role::Start => "●",
        Role::Goal => "◆",
        _ => "■",
    };
    let (name, figures) = (name(shape), figures(shape));
    let gap = " ".repeat(names.saturating_sub(name.width()) + 2);
    let mut parts = vec![(Tone::Strong, format!("{sign} {name}"))];
    if !figures.is_empty() {
        parts.push((Tone::Plain, format!("{gap}{figures}")));
    }
    if let Some(badge) = &shape.badge {
        let gap = " ".repeat(details.saturating_sub(figures.width()) + 2);
        parts.push((Tone::Warm, format!("{gap}▼{}", terminal(&badge.text))));
    }
    parts
}

/// The words on a way; on those from the start how many begin there.
fn label(map: &JourneyMap, drawing: &Drawing, line: &Line) -> String {
    let target = &drawing.shapes[line.to];
    match (line.dash, drawing.shapes[line.from].role) {
        (Dash::Dotted, _) => "by way of others".to_owned(),
        (_, Role::Start) if line.label.is_empty() => starts(map, target),
        _ => terminal(&line.label),
    }
}

/// A way: a bar as long as its arrow is wide, its words, and where it leads.
fn way_line(
    drawing: &Drawing,
    line: &Line,
    label: &str,
    broad: usize,
    last: bool,
) -> Vec<(Tone, String)> {
    let dashed = line.dash != Dash::Solid;
    let length = 1 + ((line.width - 0.8).max(0.0) / 5.7 * (BAR - 1) as f64).round() as usize;
    let stroke = match line.dash {
        Dash::Solid => "━",
        Dash::Dashed => "╌",
        Dash::Dotted => "┈",
    };
    let bar = stroke.repeat(length.min(BAR));
    let gap = " ".repeat(BAR.saturating_sub(length) + broad.saturating_sub(label.width()) + 2);
    let target = &drawing.shapes[line.to];
    let arrow = match (target.role, line.back) {
        (Role::Left, _) => "×",
        (_, true) => "↑",
        (_, false) => "↓",
    };
    let tone = if dashed { Tone::Cool } else { Tone::Way };
    vec![
        (Tone::Quiet, if last { "╰" } else { "├" }.to_owned()),
        (tone, bar),
        (Tone::Plain, format!("{gap}{label} {arrow} {}", name(target))),
    ]
}

/// What signs mean.
fn legend(drawing: &Drawing) -> Vec<String> {
    let mut lines = vec![
        "Bar = width of the arrow in pictures · ↓ on, ↑ back (dashed) · ■ stage, ◆ goal".to_owned(),
    ];
    // Words on colors and shades say nothing here.
    let shade = |it: &str| {
        ["Box shade", "Box border", "width and color"].iter().any(|word| it.starts_with(word))
    };
    let told =
        |it: &&Key| !shade(&it.text) && (it.text.contains('=') || it.text.starts_with(['▼', 'B']));
    lines.extend(drawing.legend.iter().filter(told).map(|it| it.text.clone()));
    lines
}

/// How words are set off, where there is color.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tone {
    Plain,
    Strong,
    Quiet,
    Way,
    Cool,
    Warm,
}

impl Tone {
    fn code(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Strong => "1",
            Self::Quiet => "2",
            Self::Way => "34",
            Self::Cool => "35",
            Self::Warm => "33",
        }
    }
}

struct Page {
    width: usize,
    color: bool,
}

impl Page {
    /// Writes quiet words in as many lines as they need.
    fn words(&self, words: &str, out: &mut dyn Write) -> Result<()> {
        let mut line = String::new();
        for word in terminal(words).split(' ') {
            let blank = usize::from(!line.is_empty());
            if blank > 0 && line.width() + 1 + word.width() > self.width {
                self.line(&[(Tone::Quiet, std::mem::take(&mut line))], out)?;
                line.push(' ');
            }
            if !line.trim().is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        self.line(&[(Tone::Quiet, line)], out)
    }

    /// Writes a line of parts, cut to the page with `…`.
    fn line(&self, parts: &[(Tone, String)], out: &mut dyn Write) -> Result<()> {
        let mut used = 0;
        let whole: usize = parts.iter().map(|it| it.1.width()).sum();
        for (tone, text) in parts {
            let room = self.width.saturating_sub(used);
            let shown = match whole > self.width {
                true => cut(text, room),
                false => text.clone(),
            };
            used += shown.width();
            match tone.code() {
                code if self.color && !code.is_empty() => {
                    write!(out, "\u{1b}[{code}m{shown}\u{1b}[0m")?
                }
                _ => write!(out, "{shown}")?,
            }
            if shown.len() < text.len() {
                break;
            }
        }
        writeln!(out)?;
        Ok(())
    }
}

/// Text cut to so many columns, with `…` where it is cut.
fn cut(text: &str, room: usize) -> String {
    if text.width() <= room {
        return text.to_owned();
    }
    let mut used = 1;
    let mut out = String::new();
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used > room {
            break;
        }
        out.push(c);
    }
    out.push('…');
    out
}

#[cfg(test)]
mod tests {
    use super::super::super::sample;
    use super::*;
    use crate::model::map::MapKind;

    fn written(map: &JourneyMap, style: &Style) -> String {
        sample::written(write, map, style)
    }

    #[test]
    fn a_row_reads_from_start_to_goal() {
        let text = written(
            &sample::row(&["Visit", "結帳", "Purchase"]),
            &Style { width: 0, ..Style::default() },
        );
        let expected = "\
● Start
╰━━━━━━━━━━━━━━  100 ↓ Visit
■ Visit     90 · 100%              ▼10%
╰━━━━━━━━━━━━━   80 ↓ 結帳
■ 結帳      80 · 89%               ▼11%
╰━━━━━━━━━━━━    70 ↓ Purchase
◆ Purchase  70 · 78% of customers  ▼12%
";
        assert!(text.contains(expected), "{text}");
    }

    #[test]
    fn every_map_fits_the_page_in_every_script() {
        for kind in [MapKind::Frequency, MapKind::Wait, MapKind::Difference] {
            for width in [40, 80, 120] {
                let text = written(&sample::shop(kind), &Style { width, ..Style::default() });
                for line in text.lines() {
                    assert!(line.width() <= width, "{width}: {line}");
                }
            }
        }
        let hostile = written(&sample::hostile(), &Style { width: 60, ..Style::default() });
        assert!(hostile.lines().all(|it| it.width() <= 60), "{hostile}");
        assert!(!hostile.contains(|it: char| it.is_control() && it != '\n'));
        assert_eq!(cut("結帳結帳", 5), "結帳…");
        assert_eq!(cut("abc", 3), "abc");
    }

    #[test]
    fn waits_tell_their_exits_and_color_is_only_for_those_who_ask() {
        let map = sample::shop(MapKind::Wait);
        let plain = written(&map, &Style::default());
        assert!(plain.contains("× left: 13k"), "{plain}");
        assert!(!plain.contains('\u{1b}'));
        let color = written(&map, &Style { color: true, ..Style::default() });
        assert!(color.contains("\u{1b}[1m■ Cart\u{1b}[0m"));
        assert!(
            written(&JourneyMap::default(), &Style::default()).contains("No stage was visited")
        );
    }
}
