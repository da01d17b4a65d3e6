//! Maps through an installed Graphviz: PDF, PostScript, and its own drawing of SVG and PNG.
//!
//! Our DOT goes to `dot` on standard input; what it draws comes back on standard output
//! and is written as any answer is. Its arguments are fixed. Knows nothing of journeys.

use std::time::Duration;

use crate::base::{Error, Progress, Result};

use super::program::{self, Failure};

/// What Graphviz alone can write: the format's name, its ending, and what it is.
pub const KINDS: [(&str, &str, &str); 3] = [
    ("pdf", ".pdf", "The map as PDF, by an installed Graphviz"),
    ("ps", ".ps", "The map as PostScript, by an installed Graphviz"),
    ("eps", ".eps", "The map as encapsulated PostScript, by an installed Graphviz"),
];

/// What both we and Graphviz can draw.
pub const SHARED: [&str; 2] = ["svg", "png"];

/// How long Graphviz may take.
const LIMIT: Duration = Duration::from_secs(60);

const INSTALL: &str = "install Graphviz (apt install graphviz, brew install graphviz, winget \
install Graphviz.Graphviz), or write .svg or .png, which need nothing";

/// The kind that a file name's ending chooses, if any.
pub fn by_ending(path: &str) -> Option<&'static str> {
    let name = path.to_ascii_lowercase();
    KINDS.iter().find(|it| name.ends_with(it.1)).map(|it| it.0)
}

/// Draws DOT; none where Graphviz is not installed.
///
/// # Errors
/// Graphviz fails or takes too long; the run was cancelled.
pub fn draw(
    dot: Vec<u8>,
    kind: &str,
    scale: f64,
    progress: &dyn Progress,
) -> Result<Option<Vec<u8>>> {
    let format = match kind {
        "pdf" => "-Tpdf",
        "ps" => "-Tps",
        "eps" => "-Teps",
        "png" => "-Tpng",
        _ => "-Tsvg",
    };
    let dpi = format!("-Gdpi={:.0}", (96.0 * scale).clamp(1.0, 9600.0));
    let arguments: &[&str] = if kind == "png" { &[format, &dpi] } else { &[format] };
    match program::run("dot", arguments, dot, LIMIT, &|| progress.is_cancelled()) {
        Ok(outcome) if outcome.well && !outcome.out.is_empty() => Ok(Some(undated(outcome.out))),
        Ok(outcome) => Err(failed(&outcome.said)),
        Err(Failure::Missing) => Ok(None),
        Err(Failure::Cancelled) => Err(Error::cancelled()),
        Err(Failure::TooLong) => {
            let seconds = LIMIT.as_secs();
            Err(Error::new(format!(
                "Graphviz did not draw the map within {seconds} s and was ended"
            ))
            .hint(
                "draw fewer stages or transitions (--stages 40, --top-edges 60), or let \
                       touchpath draw: leave --renderer out and write .svg or .png",
            ))
        }
        Err(Failure::System(error)) => {
            Err(Error::new("cannot run Graphviz (dot)").caused_by(error))
        }
    }
}

/// A PDF with a fixed date of its making in place of now, as long as the old one, so that the
/// same map gives the same bytes; anything else as it is.
fn undated(mut bytes: Vec<u8>) -> Vec<u8> {
    const KEY: &[u8] = b"/CreationDate (D:";
    const DATE: &[u8] = b"19700101000000";
    if bytes.starts_with(b"%PDF-") {
        let places: Vec<usize> = memchr::memmem::find_iter(&bytes, KEY).collect();
        for place in places {
            let digits = bytes.get_mut(place + KEY.len()..place + KEY.len() + DATE.len());
            if let Some(digits) = digits.filter(|it| it.iter().all(u8::is_ascii_digit)) {
                digits.copy_from_slice(DATE);
            }
        }
    }
    bytes
}

/// That a format needs Graphviz, and what to do.
pub fn missing(kind: &str) -> Error {
    Error::new(format!("{kind} needs Graphviz, whose program \"dot\" is not installed"))
        .hint(INSTALL)
}

fn failed(said: &str) -> Error {
    let first = said.lines().find(|it| !it.trim().is_empty()).unwrap_or("it says nothing");
    let error = Error::new(format!("Graphviz failed: {}", first.trim()));
    match said.contains("expat") {
        true => error.hint("this Graphviz knows no HTML-like labels: add --plain-labels"),
        false => error.hint("touchpath draws .svg and .png itself: leave --renderer out"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pdf_is_not_of_today() {
        let pdf = |date: &str| format!("%PDF-1.5 /CreationDate (D:{date}Z) (D:20260102030405)");
        let (one, other) = (pdf("20260102030405"), pdf("20270102030405"));
        assert_eq!(undated(one.clone().into()), undated(other.into()));
        assert_eq!(undated(one.into()), pdf("19700101000000").into_bytes());
        let short = b"%PDF-1.5 /CreationDate (D:2026".to_vec();
        assert_eq!(undated(short.clone()), short);
    }

    #[test]
    fn what_failed_is_told_in_one_line_with_a_way_out() {
        let error = failed("\nError: syntax error in line 1\nmore\n");
        assert_eq!(error.message(), "Graphviz failed: Error: syntax error in line 1");
        let expat = failed("Warning: Not built with libexpat. Table formatting is not available.");
        assert!(expat.hint_text().is_some_and(|it| it.contains("--plain-labels")));
        assert!(missing("pdf").hint_text().is_some_and(|it| it.contains("apt install graphviz")));
        assert_eq!((by_ending("a/Map.PDF"), by_ending("a.svg")), (Some("pdf"), None));
    }
}
