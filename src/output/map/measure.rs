//! How wide text is in Helvetica, so that boxes fit in every viewer.
//!
//! Arial and Liberation Sans share these widths. Characters beyond ASCII get the
//! width of their class; boxes have a margin for what is left of the error.

/// Advance widths of ASCII 32 to 126 in thousandths of the font size (Adobe's font metrics).
const REGULAR: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556,
    556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667,
    611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667,
    667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500,
    222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
];

/// The same in bold.
const BOLD: [u16; 95] = [
    278, 333, 474, 556, 556, 889, 722, 238, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556,
    556, 556, 556, 556, 556, 556, 556, 333, 333, 584, 584, 584, 611, 975, 722, 722, 722, 722, 667,
    611, 778, 722, 278, 556, 722, 611, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667,
    667, 611, 333, 278, 333, 584, 556, 333, 556, 611, 556, 611, 556, 333, 611, 611, 278, 278, 556,
    278, 889, 611, 611, 611, 611, 389, 556, 333, 611, 556, 778, 556, 556, 500, 389, 280, 389, 584,
];

/// The width of text in pixels at a font size.
///
/// ```
/// use touchpath::output::map::measure::width;
/// assert_eq!(width("Cart", 10.0, false), (7.22 + 5.56 + 3.33 + 2.78_f64));
/// assert!(width("Cart", 10.0, true) > width("Cart", 10.0, false));
/// ```
pub fn width(text: &str, size: f64, bold: bool) -> f64 {
    let table = if bold { &BOLD } else { &REGULAR };
    let thousandths: u64 = text.chars().map(|it| u64::from(advance(it, table))).sum();
    thousandths as f64 * size / 1000.0
}

fn advance(c: char, table: &[u16; 95]) -> u16 {
    match u32::from(c) {
        code @ 32..=126 => table[code as usize - 32],
        0x300..=0x36f | 0x200b..=0x200f | 0xfe00..=0xfe0f | 0x202a..=0x202e => 0,
        0xb7 => 278,
        0xc0..=0x24f => 611,
        0x2013 | 0x2018 | 0x2019 => 556,
        0x2014 | 0x2026 | 0x2190..=0x21ff | 0x25a0..=0x25ff => 1000,
        // East Asian and emoji: square.
        0x1100..=0x115f
        | 0x2e80..=0xa4cf
        | 0xac00..=0xd7a3
        | 0xf900..=0xfaff
        | 0xfe30..=0xfe6f
        | 0xff00..=0xff60
        | 0x1f300..=0x1faff
        | 0x20000..=0x3fffd => 1000,
        _ => 640,
    }
}

/// Text cut to fit a width, with `…`.
pub fn fit(text: &str, limit: f64, size: f64, bold: bool) -> String {
    if width(text, size, bold) <= limit {
        return text.to_owned();
    }
    let room = limit - width("…", size, bold);
    let mut used = 0.0;
    let mut cut = String::new();
    for c in text.chars() {
        used += width(c.encode_utf8(&mut [0; 4]), size, bold);
        if used > room {
            break;
        }
        cut.push(c);
    }
    cut.push('…');
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_fits_is_left_alone() {
        assert_eq!(fit("Cart", 100.0, 10.0, false), "Cart");
        let cut = fit("A very long name of a stage", 60.0, 10.0, false);
        assert!(cut.ends_with('…') && width(&cut, 10.0, false) <= 60.0, "{cut}");
    }

    #[test]
    fn every_character_has_a_sane_width() {
        for c in ['é', 'ß', 'Ж', '結', '👩', '→', '…'] {
            let one = width(&c.to_string(), 10.0, false);
            assert!((5.0..=10.0).contains(&one), "{c}: {one}");
        }
        assert_eq!(width("e\u{301}", 10.0, false), width("e", 10.0, false));
    }
}
