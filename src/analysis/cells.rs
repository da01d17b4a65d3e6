//! Cells, columns and words that several analyses share. Knows no question.

use crate::base::Span;
use crate::model::{Catalog, Cell, Column, Kind};
use crate::stats::wilson;

/// A share, and the ends of its Wilson interval.
pub fn share_with_interval(part: u64, base: u64, confidence: f64) -> [Cell; 3] {
    let interval = wilson(part, base, confidence);
    let end = |it: Option<f64>| Cell::or_empty(it, "base is 0", Cell::Share);
    [Cell::share(part, base), end(interval.map(|it| it.low)), end(interval.map(|it| it.high))]
}

/// The columns of [`share_with_interval`].
pub fn share_columns(key: &str, about: &str) -> [Column; 3] {
    let end = |side: &str| {
        let about = format!("{side} end of the Wilson interval of {}", key.replace('_', " "));
        Column::new(&format!("{key}_{side}"), Kind::Share, &about)
    };
    [Column::new(key, Kind::Share, about), end("low"), end("high")]
}

/// A length of time in microseconds, rounded to the microsecond.
pub fn span(micros: f64) -> Span {
    Span(micros.round() as i64)
}

/// A length of time that may be undefined.
pub fn span_cell(micros: Option<f64>, reason: &'static str) -> Cell {
    Cell::or_empty(micros, reason, |it| Cell::Span(span(it)))
}

/// A part of a base as people read it: `12.5 %`.
pub fn percent(part: u64, base: u64) -> String {
    if base == 0 {
        return "no share".to_owned();
    }
    format!("{:.1} %", part as f64 / base as f64 * 100.0)
}

/// What a reader of conversions must know where no stage is a goal.
pub fn no_goal_note(catalog: &Catalog) -> Option<String> {
    let note = "No stage is a goal, so nothing converts; name one as the journey's conversion.";
    catalog.goals.is_empty().then(|| note.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_read_well() {
        assert_eq!(percent(1, 8), "12.5 %");
        assert_eq!(percent(0, 0), "no share");
        assert_eq!(share_with_interval(1, 4, 0.95)[0], Cell::Share(0.25));
        assert_eq!(share_with_interval(0, 0, 0.95)[1], Cell::Empty("base is 0"));
        assert_eq!(share_columns("a_b", "of all")[2].key, "a_b_high");
    }
}
