//! Maps as PNG: the SVG, drawn by resvg with fonts of our own.
//!
//! The same map gives the same bytes on every machine: no font of the system is looked
//! at. Letters that our fonts lack (Chinese, Arabic, emoji …) come from the font that the
//! style names; without one they are empty boxes, and [`lacking`] says which.

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::Arc;

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::fontdb::{ID, Source};
use resvg::usvg::{FontResolver, Options, Tree};

use super::super::{Format, one_map};
use super::{MapStyle, svg};
use crate::base::{Error, Result};
use crate::model::JourneyMap;

pub(in super::super) const FORMAT: Format = Format {
    name: "png",
    endings: &[".png"],
    about: "The map as a picture of pixels; needs nothing installed",
    write: |reports, style, out| write(one_map(reports, style)?, &style.map, out),
};

/// See `assets/fonts/README.md`.
const REGULAR: &[u8] = include_bytes!("../../../assets/fonts/TouchpathSans-Regular.ttf");
const BOLD: &[u8] = include_bytes!("../../../assets/fonts/TouchpathSans-Bold.ttf");
/// The characters of these fonts: ranges, one a line, in hexadecimal.
const COVERED: &str = include_str!("../../../assets/fonts/covered.txt");

/// The most pixels of a picture: 100 million, 400 MB while it is drawn.
const MOST_PIXELS: f64 = 1e8;

/// Writes a map as PNG.
///
/// # Errors
/// A map too large to lay out; more than 100 million pixels; a font that is none; the
/// writer's.
pub fn write(map: &JourneyMap, style: &MapStyle, out: &mut dyn Write) -> Result<()> {
    let mut text = Vec::new();
    svg::write(map, style, &mut text)?;
    out.write_all(&pixels(&text, style)?)?;
    Ok(())
}

/// The PNG of an SVG of ours.
fn pixels(text: &[u8], style: &MapStyle) -> Result<Vec<u8>> {
    let options = options(style.font.clone())?;
    let tree = Tree::from_data(text, &options)
        .map_err(|error| Error::new(format!("cannot draw the map: {error}")))?;
    let scale = style.scale;
    let size = |length: f32| (f64::from(length) * scale).ceil();
    let (width, height) = (size(tree.size().width()), size(tree.size().height()));
    if !(width >= 1.0 && height >= 1.0 && width * height <= MOST_PIXELS) {
        let error = format!("a picture of {width:.0} × {height:.0} pixels cannot be drawn");
        return Err(Error::new(error).hint(
            "at most 100 million pixels: draw fewer stages (--stages), choose a smaller --scale, \
             or write SVG",
        ));
    }
    let mut image = Pixmap::new(width as u32, height as u32)
        .ok_or_else(|| Error::new("a picture without size cannot be drawn"))?;
    let scale = scale as f32;
    resvg::render(&tree, Transform::from_scale(scale, scale), &mut image.as_mut());
    image.encode_png().map_err(|error| Error::new(format!("cannot write the picture: {error}")))
}

/// Our fonts, whatever a text asks for, and behind them the font given.
fn options(more: Option<Arc<[u8]>>) -> Result<Options<'static>> {
    let mut options = Options::default();
    let fonts = options.fontdb_mut();
    let mut load = |data: Arc<dyn AsRef<[u8]> + Send + Sync>| -> Option<ID> {
        fonts.load_font_source(Source::Binary(data)).first().copied()
    };
    let (regular, bold) = (load(Arc::new(REGULAR)), load(Arc::new(BOLD)));
    if let Some(data) = more {
        load(Arc::new(data)).ok_or_else(|| {
            Error::new("--font: this file holds no font")
                .hint("name a TrueType or OpenType file (.ttf, .otf, .ttc)")
        })?;
    }
    options.font_resolver = FontResolver {
        select_font: Box::new(move |font, _| if font.weight() >= 600 { bold } else { regular }),
        select_fallback: FontResolver::default_fallback_selector(),
    };
    Ok(options)
}

/// The characters of some texts that our fonts lack and that leave a mark, ascending.
///
/// ```
/// # use touchpath::output::map::png::lacking;
/// assert!(lacking(["Café → Ψ Ж ✓"].into_iter()).into_iter().eq(['✓']));
/// ```
pub fn lacking<'a>(texts: impl Iterator<Item = &'a str>) -> BTreeSet<char> {
    let ranges: Vec<(u32, u32)> = COVERED
        .lines()
        .filter_map(|line| {
            let (low, high) = line.split_once(' ')?;
            Some((u32::from_str_radix(low, 16).ok()?, u32::from_str_radix(high, 16).ok()?))
        })
        .collect();
    let covered = |c: char| {
        let place = ranges.partition_point(|it| it.1 < u32::from(c));
        ranges.get(place).is_some_and(|it| it.0 <= u32::from(c))
    };
    let silent = |c: char| {
        // Drawn as shapes, or never seen.
        c.is_control()
            || c.is_whitespace()
            || matches!(c, '↻' | '▼' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}')
            || matches!(c, '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
    };
    texts.flat_map(str::chars).filter(|&it| !covered(it) && !silent(it)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::sample;
    use super::*;
    use crate::model::map::MapKind;

    fn written(map: &JourneyMap, style: &MapStyle) -> Vec<u8> {
        let mut out = Vec::new();
        write(map, style, &mut out).unwrap();
        out
    }

    /// Pixels of a picture and how many of them are not of the commonest color.
    fn ink(png: &[u8]) -> (u32, u32, usize) {
        let image = Pixmap::decode_png(png).unwrap();
        let paper = image.pixels()[0];
        let ink = image.pixels().iter().filter(|it| **it != paper).count();
        (image.width(), image.height(), ink)
    }

    fn text(words: &str) -> Vec<u8> {
        let svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"400\" height=\"40\">\
             <rect width=\"400\" height=\"40\" fill=\"#ffffff\"/>\
             <text x=\"10\" y=\"25\" font-size=\"16\" font-family=\"Nowhere\">{words}</text></svg>"
        );
        pixels(svg.as_bytes(), &MapStyle { scale: 1.0, ..MapStyle::default() }).unwrap()
    }

    #[test]
    fn a_map_is_a_picture_of_the_size_asked_for() {
        let map = sample::shop(MapKind::Frequency);
        let one = MapStyle { scale: 1.0, ..MapStyle::default() };
        let small = written(&map, &one);
        let (width, height, dark) = ink(&small);
        assert!(dark > 20_000, "{dark}");
        let (wide, high, _) = ink(&written(&map, &MapStyle::default()));
        assert!(wide.abs_diff(2 * width) <= 2 && high.abs_diff(2 * height) <= 2);
        assert_eq!(small, written(&map, &one));
        if let Some(folder) = std::env::var_os("TOUCHPATH_PICTURES") {
            fs_err::write(std::path::Path::new(&folder).join("shop.png"), &small).unwrap();
        }
    }

    #[test]
    fn words_are_drawn_whatever_fonts_the_machine_has() {
        let (_, _, latin) = ink(&text("Checkout · 13k → 62% ▼ Ψ Ж ž"));
        let (_, _, none) = ink(&text(""));
        assert!(none == 0 && latin > 500, "{latin}");
        // A sign that is lacking is a box, and its neighbors stay as they are.
        let (_, _, boxed) = ink(&text("Checkout 結"));
        assert!(boxed > ink(&text("Checkout")).2);
        let lacking = lacking(["結帳", "a\u{200b}b ↻▼…"].into_iter());
        assert!(lacking.into_iter().eq(['帳', '結']));
    }

    #[test]
    fn what_is_too_large_is_refused_with_a_way_out() {
        let map = sample::row(&["Visit", "Purchase"]);
        for scale in [1e4, f64::INFINITY, f64::NAN] {
            let style = MapStyle { scale, ..MapStyle::default() };
            let error = write(&map, &style, &mut Vec::new()).unwrap_err();
            assert!(error.hint_text().is_some_and(|it| it.contains("--scale")), "{error}");
        }
        let style = MapStyle { font: Some(Arc::from(&b"no font"[..])), ..MapStyle::default() };
        assert!(write(&map, &style, &mut Vec::new()).is_err());
    }

    #[test]
    fn what_is_said_to_be_covered_is_covered() {
        let style = MapStyle { scale: 1.0, ..MapStyle::default() };
        let all: String = COVERED
            .lines()
            .filter_map(|it| it.split_once(' '))
            .filter_map(|it| char::from_u32(u32::from_str_radix(it.0, 16).unwrap()))
            .filter(|it| !it.is_whitespace())
            .collect();
        let missing = ink(&text("\u{4e00}")).2;
        for c in all.chars().step_by(9) {
            let words = super::super::super::escape::xml(&c.to_string());
            let png = text(&words);
            assert!(ink(&png).2 > 0 && png != text("\u{4e00}"), "{c} {missing} {style:?}");
        }
    }
}
