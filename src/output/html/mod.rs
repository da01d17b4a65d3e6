//! One offline HTML page of all reports: what happened, key figures, maps, charts,
//! tables, data quality, definitions.
//!
//! Nothing is fetched, and the content security policy lets nothing run or style but
//! our own two blocks, by their hashes. The page is whole with scripts off; ours only
//! sorts tables and lets one look into maps. The template escapes; SVG comes from our
//! own writers.

use std::io::Write;

use minijinja::value::Serde;
use minijinja::{Environment, Value, context};

use super::escape::clean;
use super::{Format, Style};
use crate::base::{Currency, Error, Result};
use crate::model::Report;

mod compact;
mod facts;
mod map;
mod policy;
mod sections;
mod story;
mod terms;
mod tiles;

use facts::Facts;

pub(super) const FORMAT: Format = Format {
    name: "html",
    endings: &[".html", ".htm"],
    about: "One offline page with maps, charts and tables",
    write,
};

const TEMPLATE: &str = include_str!("report.html");
const STYLE: &str = include_str!("report.css");
const SCRIPT: &str = concat!(include_str!("report.js"), include_str!("map.js"));

/// Writes the page of some reports.
///
/// # Errors
/// A map too large to lay out; the writer's.
pub fn write(reports: &[&Report], style: &Style, out: &mut dyn Write) -> Result<()> {
    let ordered = sections::ordered(reports);
    let facts = Facts(&ordered);
    let terms = terms::definitions(&ordered);
    let mut looks = compact::Looks::default();
    let mut shown = Vec::new();
    for (index, report) in ordered.iter().enumerate() {
        shown.push(sections::section(report, format!("s{index}"), &terms, &mut looks, style)?);
    }
    let title = match (&style.title, reports) {
        (Some(title), _) => clean(title),
        (None, [only]) => clean(&only.title),
        (None, _) => "Customer journeys".to_owned(),
    };
    let currency = reports.first().map(|it| it.currency).filter(|it| *it != Currency::UNNAMED);
    let quality = facts.report("check").and_then(|it| it.findings.first());
    let links: Vec<(&str, String)> = (0..)
        .zip(&ordered)
        .map(|(at, it): (usize, _)| (it.name.as_str(), format!("s{at}")))
        .collect();
    let css = format!("{STYLE}{}{}", map::colors(), looks.css());
    let context = context! {
        title,
        currency => currency.as_ref().map(Currency::code),
        period => story::period(facts),
        style_hash => Value::from_safe_string(policy::hash(&css)),
        style => Value::from_safe_string(css),
        script => Value::from_safe_string(SCRIPT.to_owned()),
        script_hash => Value::from_safe_string(policy::hash(SCRIPT)),
        story => Serde(story::story(facts)),
        quality => quality.map(|it| clean(it)),
        links => Value::from_iter(links),
        tiles => Serde(tiles::tiles(facts)),
        sections => Serde(shown),
        definitions => Serde(terms),
    };
    let mut page = Environment::new();
    page.add_template("report.html", TEMPLATE).map_err(broken)?;
    let text =
        page.get_template("report.html").and_then(|it| it.render(context)).map_err(broken)?;
    out.write_all(text.as_bytes())?;
    out.write_all(b"\n")?;
    Ok(())
}

fn broken(error: minijinja::Error) -> Error {
    Error::new(format!("the page's template is broken: {error}")).caused_by(error)
}

#[cfg(test)]
mod tests {
    use super::super::{escape, sample};
    use super::policy::hash as policy_hash;
    use super::*;
    use crate::model::{Cell, Chart, Column, Kind, Table};

    fn written(reports: &[&Report]) -> String {
        let mut out = Vec::new();
        write(reports, &Style::default(), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn kpi() -> Report {
        let columns = vec![
            Column::new("kpi", Kind::Text, "the figure's name"),
            Column::new("value", Kind::Number, "the figure"),
        ];
        let mut table = Table::new("kpi", "KPIs", "", columns);
        table.push(vec![Cell::text("conversion rate per customer"), Cell::Share(0.132)]);
        table.push(vec![Cell::text("revenue"), Cell::Money(12_345_600)]);
        table.push(vec![Cell::text("repeat purchase rate"), Cell::Empty("no orders")]);
        let mut report = Report::new("kpi", "Key figures", "EUR".parse().unwrap());
        report.tables.push(table);
        report
    }

    #[test]
    fn a_page_holds_findings_tiles_map_charts_and_definitions() {
        let (drop, funnel, kpi) = (sample::report(), sample::funnel(), kpi());
        let page = written(&[&kpi, &drop, &funnel]);
        for expected in [
            "<dd class=\"figure\">123,456.00 EUR</dd>",
            "<p class=\"finding\">Most leave at Product page",
            "class=\"chart\"",
            "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"group\"",
            "<h2 id=\"definitions-title\">Definitions</h2>",
            "<td class=\"n\">24,601</td>",
            "… 18 rows more",
        ] {
            assert!(page.contains(expected), "{expected} is not in the page");
        }
        assert!(page.len() < 500_000, "{}", page.len());
        if let Some(folder) = std::env::var_os("TOUCHPATH_PICTURES") {
            fs_err::write(std::path::Path::new(&folder).join("report.html"), &page).unwrap();
        }
    }

    #[test]
    fn rows_about_persons_stay_out_of_the_page() {
        let mut report = sample::report();
        let table = report.tables.iter_mut().find(|it| !it.rows.is_empty()).unwrap();
        table.personal = true;
        table.rows.truncate(3);
        table.rows[0][0] = Cell::text("customer:4711");
        let page = written(&[&report]);
        assert!(!page.contains("4711"));
        assert!(page.contains("3 rows about persons: left out of pages"));
    }

    #[test]
    fn the_policy_names_the_hashes_of_the_blocks_in_the_page() {
        let page = written(&[&sample::report()]);
        for (start, end) in [("<style>", "</style>"), ("<script>", "</script>")] {
            let block = page.split(start).nth(1).and_then(|it| it.split(end).next()).unwrap();
            assert!(page.contains(&format!("'{}'", policy_hash(block))), "{start}");
        }
        // Blocks of data run nothing and need no hash.
        let data = page.matches("<script type=\"application/json\"").count();
        assert_eq!(page.matches("<script").count(), 1 + data);
        assert_eq!(page.matches("<style").count(), 1);
        // Links of the page lead into the page; nothing is fetched.
        let links = page.matches("href=\"").count();
        assert_eq!(links, page.matches("href=\"#").count());
        assert!(!page.contains("src=") && !page.contains("url(") && !page.contains(" style="));
    }

    #[test]
    fn hostile_text_adds_no_tag_and_no_attribute() {
        let plain = page_of("harmless");
        let tags = |page: &str| page.matches('<').count();
        for text in escape::attacks::all() {
            let page = page_of(&text);
            assert_eq!(tags(&page), tags(&plain), "{text:?}");
            assert_eq!(page.matches("<script").count(), 1, "{text:?}");
            let quotes = |page: &str| page.matches('"').count();
            assert_eq!(quotes(&page), quotes(&plain), "{text:?}");
            assert!(!page.contains(['\0', '\x1b', '\x07']), "{text:?}");
        }
    }

    /// A page where the text stands everywhere that data can.
    fn page_of(text: &str) -> String {
        let column = |key: &str, kind| Column {
            title: text.to_owned(),
            about: format!("what {text} means"),
            ..Column::new(key, kind, "")
        };
        let columns = vec![column("a", Kind::Text), column("b", Kind::Count)];
        let mut table = Table::new("t", &format!("t {text}"), &format!("a {text}"), columns);
        table.push(vec![Cell::text(text), Cell::Count(3)]);
        table.chart = Some(Chart::Bars { label: "a", value: "b" });
        let mut report = Report::new("kpi", &format!("r {text}"), Default::default());
        report.findings.push(text.to_owned());
        report.notes.push(text.to_owned());
        report.tables.push(table);
        written(&[&report])
    }
}
