//! What stands around the boxes: opening tag, title, facts and legend.
//!
//! Knows no box and no arrow: it is told where they end.

use super::{FONT, MARGIN, Picture, off};
use crate::output::escape;
use crate::output::map::drawing::{Drawing, Key, Role};
use crate::output::map::measure::fit;
use crate::output::map::paint::{dashes, px, rich, rich_width, text, wrap};

impl Picture<'_> {
    /// The opening tag, title and description, and the paper.
    pub(super) fn open(&self, width: f64, height: f64) -> String {
        let drawing = self.drawing;
        let title = escape::xml(&drawing.title);
        let kind = match self.page {
            true => format!("role=\"group\" aria-label=\"{title}\"{}", self.switches()),
            false => "role=\"img\"".to_owned(),
        };
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" {kind} width=\"{w}\" height=\"{h}\" \
             viewBox=\"0 0 {w} {h}\" font-family=\"{FONT}\">\n<title>{title}</title>\n\
             <desc>{}</desc>\n<rect width=\"{w}\" height=\"{h}\" fill=\"{paper}\"/>\n",
            escape::xml(&describe(drawing)),
            w = px(width),
            h = px(height),
            paper = drawing.colors.paper,
        )
    }

    /// What a page's script reads: levels, metrics, and what each level covers.
    fn switches(&self) -> String {
        let drawing = self.drawing;
        let metrics: Vec<&str> = drawing.legends.iter().map(|it| it.0.name()).collect();
        let all =
            if metrics.is_empty() { drawing.metric.name().to_owned() } else { metrics.join(" ") };
        let mut out = format!(
            " class=\"journey\" data-levels=\"{}\" data-level=\"{}\" data-metrics=\"{all}\" \
             data-metric=\"{}\"",
            drawing.levels.len(),
            drawing.level,
            drawing.metric.name(),
        );
        for (index, level) in drawing.levels.iter().enumerate() {
            out.push_str(&format!(
                " data-coverage-{at}=\"{:.4}\" data-transitions-{at}=\"{}\"",
                level.coverage,
                level.transitions,
                at = index + 1,
            ));
        }
        out
    }

    /// Title and facts, and where they end.
    pub(super) fn head(&self, inner: f64) -> (String, f64) {
        let drawing = self.drawing;
        let mut y = MARGIN + 18.0;
        let bold = format!(" font-weight=\"bold\" fill=\"{}\"", drawing.colors.ink);
        let title = fit(&escape::one_line(&drawing.title, 200), inner, 20.0, true);
        let mut out = text(MARGIN, y, 20.0, &bold, &title);
        y += 6.0;
        let lines = |fact: &str, mut y: f64| {
            let mut out = String::new();
            for line in wrap(&escape::one_line(fact, 400), inner, 12.0) {
                y += 16.0;
                out.push_str(&rich(MARGIN, y, 12.0, drawing.colors.quiet, &line));
            }
            (out, y)
        };
        for (index, fact) in drawing.facts.iter().enumerate() {
            if self.page && index == drawing.drawn_fact {
                let mut end = y;
                for (at, level) in (1..).zip(&drawing.levels) {
                    let (words, below) = lines(&level.fact, y);
                    end = end.max(below);
                    let off = off(at == drawing.level);
                    out.push_str(&format!("<g data-at=\"{at}\"{off}>{words}</g>\n"));
                }
                y = end;
                continue;
            }
            let (words, below) = lines(fact, y);
            out.push_str(&words);
            y = below;
        }
        (out, y + 26.0)
    }

    /// What signs mean, for each metric, and where that ends.
    pub(super) fn legends(&self, inner: f64, top: f64) -> (String, f64) {
        let drawing = self.drawing;
        if !self.page || drawing.legends.is_empty() {
            return legend(drawing, &drawing.legend, inner, top);
        }
        let (mut out, mut bottom) = (String::new(), top);
        for (metric, keys) in &drawing.legends {
            let (words, end) = legend(drawing, keys, inner, top);
            let off = off(*metric == drawing.metric);
            out.push_str(&format!("<g data-metric=\"{}\"{off}>\n{words}</g>\n", metric.name()));
            bottom = bottom.max(end);
        }
        (out, bottom)
    }
}

/// What the picture shows, for those who cannot see it.
fn describe(drawing: &Drawing) -> String {
    let mut words = drawing.facts.join(". ");
    for shape in drawing.shapes.iter().filter(|it| it.role != Role::Left) {
        words.push_str(". ");
        words.push_str(&escape::one_line(&shape.tooltip, 300));
    }
    words
}

/// What signs mean, and where that ends.
fn legend(drawing: &Drawing, keys: &[Key], inner: f64, top: f64) -> (String, f64) {
    if drawing.shapes.is_empty() {
        let words = "No stage was visited: there is nothing to draw.";
        let ink = format!(" fill=\"{}\"", drawing.colors.ink);
        return (text(MARGIN, top, 13.0, &ink, words), top + 20.0);
    }
    let size = 11.0;
    let (mut out, mut x, mut y) = (String::new(), MARGIN, top);
    for Key { color, text: words } in keys {
        let sample = if color.is_some() { 32.0 } else { 0.0 };
        let mut lines = wrap(words, inner - sample, size);
        let needed = sample + lines.iter().map(|it| rich_width(it, size)).fold(0.0, f64::max);
        if x > MARGIN && (x + needed > MARGIN + inner || lines.len() > 1) {
            (x, y) = (MARGIN, y + 17.0);
        }
        if let Some((color, dash)) = color {
            out.push_str(&format!(
                "<path d=\"M{} {}h24\" stroke=\"{color}\" stroke-width=\"3\" fill=\"none\"{}/>\n",
                px(x),
                px(y - 4.0),
                dashes(*dash, 3.0)
            ));
        }
        let last = lines.pop().unwrap_or_default();
        for line in lines {
            out.push_str(&rich(x + sample, y, size, drawing.colors.quiet, &line));
            y += 15.0;
        }
        out.push_str(&rich(x + sample, y, size, drawing.colors.quiet, &last));
        x += needed + 18.0;
    }
    (out, y + 8.0)
}
