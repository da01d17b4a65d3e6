//! Maps as Mermaid flowcharts, which GitHub, GitLab and many wikis draw from text.
//!
//! Writes what is drawn, and says in the title what is not. Ids are synthetic (`n0`),
//! every word of the data passes [`escape::mermaid`] or stands as a quoted string in
//! the head, and there is no link, no click and no directive.

use std::io::Write;

use super::super::{Format, escape, one_map};
use super::drawing::{Dash, Drawing, Line, Role, Shape};
use super::{Direction, MapStyle, Room, draw_within, limit};
use crate::base::Result;
use crate::model::JourneyMap;

pub(in super::super) const FORMAT: Format = Format {
    name: "mermaid",
    endings: &[".mmd", ".mermaid"],
    about: "The map as a Mermaid flowchart, for wikis and READMEs",
    write: |reports, style, out| write(one_map(reports, style)?, &style.map, out),
};

/// Mermaid refuses text of more than 50,000 characters and more than 500 arrows.
const ROOM: Room = Room { most_stages: 100, most_lines: 200, ..Room::READABLE };

/// Writes a map as a Mermaid flowchart.
///
/// # Errors
/// A stage named by the style that is none; the writer's.
pub fn write(map: &JourneyMap, style: &MapStyle, out: &mut dyn Write) -> Result<()> {
    limit::check(map, style)?;
    let drawing = draw_within(map, style, ROOM);
    writeln!(out, "---\ntitle: {}\n---", quoted(&title(&drawing)))?;
    let direction = if style.direction == Direction::Right { "LR" } else { "TB" };
    writeln!(out, "flowchart {direction}")?;
    for fact in &drawing.facts {
        writeln!(out, "    %% {}", escape::mermaid(fact))?;
    }
    for shape in &drawing.shapes {
        writeln!(out, "    {}", node(shape, drawing.level))?;
    }
    for line in &drawing.lines {
        writeln!(out, "    {}", edge(&drawing, line))?;
    }
    for shape in &drawing.shapes {
        let edge = match shape.role {
            Role::Goal => drawing.colors.goal_edge,
            Role::Left => drawing.colors.left_edge,
            Role::Start => drawing.colors.start,
            Role::Stage => drawing.colors.edge,
        };
        writeln!(
            out,
            "    style {} fill:{},stroke:{edge},stroke-width:{:.1}px,color:{}",
            shape.id, shape.fill, shape.border, shape.ink
        )?;
    }
    for (id, line) in drawing.lines.iter().enumerate() {
        writeln!(out, "    linkStyle {id} stroke:{},stroke-width:{:.1}px", line.color, line.width)?;
    }
    Ok(())
}

/// The title, and what is drawn of what.
fn title(drawing: &Drawing) -> String {
    match drawing.facts.get(drawing.drawn_fact) {
        Some(fact) => format!("{} · {fact}", drawing.title),
        None => drawing.title.clone(),
    }
}

/// Text as a double-quoted string of YAML on one line, in which nothing of Mermaid or of
/// Markdown around it is seen: all but letters, digits and plain signs is written by number.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in escape::one_line(text, 400).chars() {
        let plain = c.is_alphanumeric()
            || matches!(c, ' ' | '.' | ',' | ':' | '·' | '=' | '-' | '(' | ')' | '…');
        match u32::from(c) {
            _ if plain => out.push(c),
            code @ 0..=0xffff => out.push_str(&format!("\\u{code:04x}")),
            code => out.push_str(&format!("\\U{code:08x}")),
        }
    }
    out.push('"');
    out
}

fn node(shape: &Shape, level: usize) -> String {
    let mut words = escape::mermaid(&shape.name);
    let mut detail = shape.detail.clone();
    if let Some(repeats) = &shape.repeats {
        detail.push_str(&format!(" · ↻{repeats}"));
    }
    if let Some(badge) = &shape.badge {
        detail.push_str(&format!(" · ▼{}", badge.text));
    }
    let minor = shape.minor.get(level - 1).map_or("", String::as_str);
    for line in [detail.as_str(), minor] {
        if !line.is_empty() {
            words.push_str("<br>");
            words.push_str(&escape::mermaid(line));
        }
    }
    let id = &shape.id;
    match shape.role {
        Role::Start => format!("{id}((\"{words}\"))"),
        Role::Goal => format!("{id}([\"{words}\"])"),
        Role::Left => format!("{id}[/\"{words}\"/]"),
        Role::Stage => format!("{id}(\"{words}\")"),
    }
}

fn edge(drawing: &Drawing, line: &Line) -> String {
    let arrow = if line.dash == Dash::Solid { "-->" } else { "-.->" };
    let label = match line.label.is_empty() {
        true => String::new(),
        false => format!("|\"{}\"|", escape::mermaid(&line.label)),
    };
    format!("{} {arrow}{label} {}", drawing.shapes[line.from].id, drawing.shapes[line.to].id)
}

#[cfg(test)]
mod tests {
    use super::super::super::sample;
    use super::*;
    use crate::model::map::MapKind;

    fn written(map: &JourneyMap, style: &MapStyle) -> String {
        sample::written(write, map, style)
    }

    #[test]
    fn each_box_arrow_and_style_is_a_line() {
        let map = sample::shop(MapKind::Frequency);
        let text = written(&map, &MapStyle::default());
        let drawing = draw_within(&map, &MapStyle::default(), ROOM);
        let count =
            |word: &str| text.lines().filter(|it| it.trim_start().starts_with(word)).count();
        assert_eq!(count("style "), drawing.shapes.len());
        assert_eq!(count("linkStyle "), drawing.lines.len());
        assert_eq!(text.matches("-->").count() + text.matches("-.->").count(), drawing.lines.len());
        assert!(
            text.contains("n8(\"Product page<br>37k · 62#37; · ↻12#37; · ▼20#37;<br>+"),
            "{text}"
        );
        assert!(text.contains("n8 -->|\"13k (20#37;)\"| n12"), "{text}");
        assert!(text.contains("transitions drawn = 9"), "{text}");
        let right = MapStyle { direction: Direction::Right, ..MapStyle::default() };
        assert!(written(&map, &right).contains("\nflowchart LR\n"));
    }

    #[test]
    fn hostile_names_add_no_line_and_no_directive() {
        let map = sample::hostile();
        let style =
            MapStyle { keep: super::super::Keep::All, stages: Some(0), ..MapStyle::default() };
        let text = written(&map, &style);
        let drawing = draw_within(&map, &style, ROOM);
        let lines = 4 + drawing.facts.len() + 2 * drawing.shapes.len() + 2 * drawing.lines.len();
        assert_eq!(text.lines().count(), lines);
        for bad in ["%%{", "\nclick", "javascript:alert(1)\"", "<script", "<img", "<b>"] {
            assert!(!text.contains(bad), "{bad}");
        }
    }
}
