//! Colors of maps: light, dark, print, and the page's own, which follow its reader.
//!
//! The only place of the map room that names a color. Knows no figure and no shape:
//! `look` chooses which of these a box or a line wears, the sinks write them down.
//!
//! Color is never the only channel. Beside it stand: the figure on every label, width
//! (moves), dashes (going back; less in B), the arrow `▼` and the count of a badge, the
//! sign of a change, the double border of the goal; in print the border's width stands
//! for the shade. Hues are of Okabe and Ito's palette for the color-blind and of
//! ColorBrewer's blues; all words have a contrast of 4.5 : 1 or more (WCAG 2.2, 1.4.3),
//! all lines that mean something 3 : 1 (1.4.11), as the tests compute.
//!
//! **For a page:** draw with [`Theme::Page`]. Each color is then written as
//! `var(--map-NAME,#light)` in presentation attributes (`fill`, `stroke`), which a strict
//! content security policy allows, and which show the light colors where no style sheet
//! says otherwise. [`css`] gives the declarations of a theme, one for each name:
//!
//! ```css
//! :root { … css(Theme::Light) … }
//! @media (prefers-color-scheme: dark) { :root { … css(Theme::Dark) … } }
//! @media print { :root { … css(Theme::Print) … } }
//! ```
//!
//! `--map-paper` is the color behind the map; give it to the figure around it too.

/// Which colors a map wears.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    /// Dark on white.
    #[default]
    Light,
    /// Light on near-black.
    Dark,
    /// Black on white without large fills; told apart in gray.
    Print,
    /// Variables of a page's style sheet, light where it sets none.
    Page,
}

/// The themes that a user can name.
pub const NAMES: [(&str, Theme); 3] =
    [("light", Theme::Light), ("dark", Theme::Dark), ("print", Theme::Print)];

impl Theme {
    /// The theme of a name.
    ///
    /// ```
    /// use touchpath::output::map::Theme;
    /// assert_eq!(Theme::named("print"), Some(Theme::Print));
    /// assert_eq!(Theme::named("pink"), None);
    /// ```
    pub fn named(name: &str) -> Option<Self> {
        NAMES.iter().find(|it| it.0 == name).map(|it| it.1)
    }

    /// Its colors.
    pub fn palette(self) -> &'static Palette {
        match self {
            Self::Light => &LIGHT,
            Self::Dark => &DARK,
            Self::Print => &PRINT,
            Self::Page => &PAGE,
        }
    }
}

/// Makes the four palettes of one table: a name, and its light, dark and print color.
macro_rules! palettes {
    ($($(#[$doc:meta])* $name:ident: $light:literal $dark:literal $print:literal;)*) => {
        /// The colors of a theme, as SVG, DOT and CSS write them.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct Palette {
            $($(#[$doc])* pub $name: &'static str,)*
            /// Whether a box' border says by its width what its fill says elsewhere.
            pub outlined: bool,
        }

        static LIGHT: Palette = Palette { $($name: $light,)* outlined: false };
        static DARK: Palette = Palette { $($name: $dark,)* outlined: false };
        static PRINT: Palette = Palette { $($name: $print,)* outlined: true };
        static PAGE: Palette = Palette {
            $($name: concat!("var(--map-", stringify!($name), ",", $light, ")"),)*
            outlined: false,
        };

        impl Palette {
            /// Every color with its name.
            pub fn colors(&self) -> Vec<(&'static str, &'static str)> {
                vec![$((stringify!($name), self.$name)),*]
            }
        }
    };
}

palettes! {
    /// Behind everything, and behind labels.
    paper: "#ffffff" "#10171f" "#ffffff";
    /// Words.
    ink: "#12263a" "#e6edf3" "#000000";
    /// Secondary words.
    quiet: "#4a5a6a" "#a5b4c3" "#333333";
    /// Forward transitions.
    line: "#6f8aa5" "#7f9cba" "#6e6e6e";
    /// Words on forward transitions.
    line_ink: "#33475b" "#c3d1de" "#000000";
    /// Transitions that go back (always dashed).
    back: "#8f7ab0" "#a893cc" "#8a8a8a";
    /// Words on transitions that go back.
    back_ink: "#5f4b82" "#c9b8e6" "#333333";
    /// The start.
    start: "#12263a" "#e6edf3" "#000000";
    /// Words on the start.
    start_ink: "#ffffff" "#10171f" "#ffffff";
    /// The goal's box.
    goal: "#007a5a" "#0b7a5c" "#ffffff";
    /// Words on the goal's box.
    goal_ink: "#ffffff" "#ffffff" "#000000";
    /// The goal's double border.
    goal_edge: "#00523c" "#5fd0ab" "#000000";
    /// Transitions to the goal.
    goal_line: "#007a5a" "#2fae8a" "#000000";
    /// Exits: their stubs.
    left: "#b42323" "#b93434" "#ffffff";
    /// Words on a stub.
    left_ink: "#ffffff" "#ffffff" "#000000";
    /// The border of a stub.
    left_edge: "#7f1d1d" "#f08a80" "#000000";
    /// Lines to a stub.
    left_line: "#b42323" "#e0685f" "#000000";
    /// More in the treatment (Okabe and Ito's blue).
    more: "#0072b2" "#3d9fdc" "#000000";
    /// Words of more.
    more_ink: "#005a8d" "#8cc8f2" "#000000";
    /// Less in the treatment (Okabe and Ito's vermillion; always dashed).
    less: "#d55e00" "#e8813b" "#5c5c5c";
    /// Words of less.
    less_ink: "#a84600" "#f6ab78" "#333333";
    /// No change worth a color; thin and without words.
    same: "#b9c4cf" "#3d4c5b" "#b8b8b8";
    /// A short wait.
    wait1: "#6f8aa5" "#7f9cba" "#929292";
    /// Words of a short wait.
    wait1_ink: "#33475b" "#c3d1de" "#333333";
    /// A longer wait.
    wait2: "#c07f26" "#e0a458" "#6b6b6b";
    /// Words of a longer wait.
    wait2_ink: "#7a4d0b" "#ecc188" "#333333";
    /// A long wait.
    wait3: "#d55e00" "#e8813b" "#404040";
    /// Words of a long wait.
    wait3_ink: "#a84600" "#f6ab78" "#000000";
    /// The longest waits.
    wait4: "#8c2d04" "#ff8f73" "#000000";
    /// Words of the longest waits.
    wait4_ink: "#8c2d04" "#ffb3a0" "#000000";
    /// The border of a box.
    edge: "#5b7a99" "#6c8bab" "#000000";
    /// A box that is not shaded.
    flat: "#f0f4f8" "#1c2733" "#ffffff";
    /// Words on a box that is not shaded.
    flat_ink: "#12263a" "#e6edf3" "#000000";
    /// Boxes from the fewest visits …
    shade1: "#eff3ff" "#18222d" "#ffffff";
    /// Their words.
    shade1_ink: "#12263a" "#e6edf3" "#000000";
    /// … by seven steps …
    shade2: "#deebf7" "#1b2c3f" "#ffffff";
    /// Their words.
    shade2_ink: "#12263a" "#e6edf3" "#000000";
    /// …
    shade3: "#c6dbef" "#1e3a56" "#ffffff";
    /// Their words.
    shade3_ink: "#12263a" "#e6edf3" "#000000";
    /// …
    shade4: "#9ecae1" "#214a70" "#ffffff";
    /// Their words.
    shade4_ink: "#12263a" "#e6edf3" "#000000";
    /// …
    shade5: "#6baed6" "#235b8c" "#ffffff";
    /// Their words.
    shade5_ink: "#12263a" "#ffffff" "#000000";
    /// …
    shade6: "#4292c6" "#5fa3d8" "#ffffff";
    /// Their words.
    shade6_ink: "#12263a" "#10171f" "#000000";
    /// … to the most.
    shade7: "#2171b5" "#9ecae9" "#ffffff";
    /// Their words.
    shade7_ink: "#ffffff" "#10171f" "#000000";
    /// The plate of few exits.
    few: "#fbe6d6" "#4a3223" "#ffffff";
    /// Its words.
    few_ink: "#3b1c00" "#fbe6d6" "#000000";
    /// The plate of some exits.
    some: "#f0b98d" "#8f4a12" "#dddddd";
    /// Its words.
    some_ink: "#3b1c00" "#ffffff" "#000000";
    /// The plate of many exits.
    many: "#b84a00" "#ffa35c" "#000000";
    /// Its words.
    many_ink: "#ffffff" "#2b1300" "#ffffff";
    /// The plate of exits that became fewer.
    fewer: "#0072b2" "#8cc8f2" "#ffffff";
    /// Its words.
    fewer_ink: "#ffffff" "#10171f" "#000000";
}

impl Palette {
    /// Boxes and their words, from the fewest visits to the most.
    pub fn shades(&self) -> [(&'static str, &'static str); 7] {
        [
            (self.shade1, self.shade1_ink),
            (self.shade2, self.shade2_ink),
            (self.shade3, self.shade3_ink),
            (self.shade4, self.shade4_ink),
            (self.shade5, self.shade5_ink),
            (self.shade6, self.shade6_ink),
            (self.shade7, self.shade7_ink),
        ]
    }

    /// Lines and their words, from the shortest wait to the longest.
    pub fn waits(&self) -> [(&'static str, &'static str); 4] {
        [
            (self.wait1, self.wait1_ink),
            (self.wait2, self.wait2_ink),
            (self.wait3, self.wait3_ink),
            (self.wait4, self.wait4_ink),
        ]
    }

    /// Every pair of words and what they stand on.
    pub fn words(&self) -> Vec<(&'static str, &'static str)> {
        let mut pairs: Vec<(&str, &str)> = [
            self.ink,
            self.quiet,
            self.line_ink,
            self.back_ink,
            self.more_ink,
            self.less_ink,
            self.wait1_ink,
            self.wait2_ink,
            self.wait3_ink,
            self.wait4_ink,
        ]
        .map(|it| (it, self.paper))
        .to_vec();
        pairs.extend([
            (self.start_ink, self.start),
            (self.goal_ink, self.goal),
            (self.left_ink, self.left),
            (self.flat_ink, self.flat),
            (self.few_ink, self.few),
            (self.some_ink, self.some),
            (self.many_ink, self.many),
            (self.fewer_ink, self.fewer),
        ]);
        pairs.extend(self.shades().map(|it| (it.1, it.0)));
        pairs
    }
}

/// The declarations that make a page's maps wear a theme: `--map-paper:#ffffff;…`.
///
/// ```
/// use touchpath::output::map::{Theme, theme::css};
/// assert!(css(Theme::Dark).starts_with("--map-paper:#10171f;--map-ink:#e6edf3;"));
/// ```
pub fn css(theme: Theme) -> String {
    let mut out = String::new();
    for (name, color) in theme.palette().colors() {
        out.push_str(&format!("--map-{name}:{color};"));
    }
    out
}

/// Relative luminance by WCAG 2.2 of a color such as `#12263a`, 0 black to 1 white;
/// none where the text is no such color.
pub fn luminance(color: &str) -> Option<f64> {
    let digits = color.strip_prefix('#').filter(|it| it.len() == 6 && it.is_ascii())?;
    let part = |at: usize| -> Option<f64> {
        let value = f64::from(u8::from_str_radix(&digits[at..at + 2], 16).ok()?) / 255.0;
        Some(if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) })
    };
    Some(0.2126 * part(0)? + 0.7152 * part(2)? + 0.0722 * part(4)?)
}

/// Contrast of two colors by WCAG 2.2: `(lighter + 0.05) / (darker + 0.05)`, 1 to 21.
///
/// ```
/// use touchpath::output::map::theme::contrast;
/// assert_eq!(contrast("#000000", "#ffffff").map(|it| it.round()), Some(21.0));
/// assert_eq!(contrast("#000000", "red"), None);
/// ```
pub fn contrast(one: &str, other: &str) -> Option<f64> {
    let (one, other) = (luminance(one)? + 0.05, luminance(other)? + 0.05);
    Some(if one > other { one / other } else { other / one })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ratio(one: &str, other: &str) -> f64 {
        contrast(one, other).unwrap()
    }

    #[test]
    fn all_words_have_a_contrast_of_four_and_a_half() {
        let mut low = Vec::new();
        for (name, theme) in NAMES {
            for (ink, paper) in theme.palette().words() {
                let ratio = ratio(ink, paper);
                if ratio < 4.5 {
                    low.push(format!("{name}: {ink} on {paper}: {ratio:.2}"));
                }
            }
        }
        assert!(low.is_empty(), "{low:#?}");
    }

    #[test]
    fn lines_and_borders_that_mean_something_have_a_contrast_of_three() {
        let mut low = Vec::new();
        for (name, theme) in NAMES {
            let it = theme.palette();
            let mut lines = vec![it.line, it.back, it.goal_line, it.left_line, it.more, it.less];
            lines.extend([it.edge, it.goal_edge, it.left_edge]);
            lines.extend(it.waits().map(|it| it.0));
            for line in lines {
                let ratio = ratio(line, it.paper);
                if ratio < 3.0 {
                    low.push(format!("{name}: {line}: {ratio:.2}"));
                }
            }
        }
        assert!(low.is_empty(), "{low:#?}");
    }

    #[test]
    fn shades_go_one_way_and_can_be_told_apart() {
        for theme in [Theme::Light, Theme::Dark] {
            let shades = theme.palette().shades().map(|it| luminance(it.0).unwrap());
            let up = shades.is_sorted();
            let down = shades.iter().rev().is_sorted();
            assert!(up || down, "{shades:?}");
        }
    }

    #[test]
    fn print_is_gray_and_told_apart_in_gray() {
        let print = Theme::Print.palette();
        for (name, color) in print.colors() {
            let [_, r1, r2, g1, g2, b1, b2] = *color.as_bytes() else { panic!("{name}") };
            assert!((r1, r2) == (g1, g2) && (g1, g2) == (b1, b2), "{name}: {color}");
        }
        // Going back and less in B are dashed too; the rest is told by gray alone.
        for (one, other) in [
            (print.line, print.goal_line),
            (print.same, print.more),
            (print.wait1, print.wait2),
            (print.wait2, print.wait3),
            (print.wait3, print.wait4),
        ] {
            assert!(ratio(one, other) >= 1.5, "{one} {other}: {}", ratio(one, other));
        }
        // No large fills.
        let fills = print.shades().into_iter().map(|it| it.0);
        assert!(fills.chain([print.goal, print.flat, print.left]).all(|it| it == print.paper));
    }

    /// A color as one sees it who lacks a kind of cones, in linear red, green and blue.
    ///
    /// Source: Machado, Oliveira and Fernandes, IEEE TVCG 15(6), 2009, severity 1.0.
    fn seen(color: &str, lacking: [[f64; 3]; 3]) -> [f64; 3] {
        let part = |at: usize| {
            let value = f64::from(u8::from_str_radix(&color[at..at + 2], 16).unwrap()) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        let rgb = [part(1), part(3), part(5)];
        lacking.map(|row| row.iter().zip(rgb).map(|it| it.0 * it.1).sum::<f64>().clamp(0.0, 1.0))
    }

    #[test]
    fn the_color_blind_tell_more_from_less_and_ways_from_goal_and_exit() {
        const PROTAN: [[f64; 3]; 3] = [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ];
        const DEUTAN: [[f64; 3]; 3] = [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ];
        for theme in [Theme::Light, Theme::Dark] {
            let it = theme.palette();
            for (one, other) in
                [(it.more, it.less), (it.line, it.goal_line), (it.line, it.left_line)]
            {
                for lacking in [PROTAN, DEUTAN] {
                    let (a, b) = (seen(one, lacking), seen(other, lacking));
                    let apart: f64 = a.iter().zip(b).map(|it| (it.0 - it.1).abs()).sum();
                    assert!(apart > 0.12, "{theme:?}: {one} {other}: {apart:.2}");
                }
            }
        }
    }

    #[test]
    fn a_page_names_each_color_and_falls_back_to_light() {
        assert_eq!(Theme::Page.palette().ink, "var(--map-ink,#12263a)");
        let declared = css(Theme::Print);
        for (name, color) in Theme::Page.palette().colors() {
            assert!(color.starts_with(&format!("var(--map-{name},#")), "{color}");
            assert!(declared.contains(&format!("--map-{name}:#")), "{name}");
        }
    }
}
