//! Draws the pictures of the README and of `docs/maps.md` from the sample shop.
//!
//! ```sh
//! cargo run --example gallery           # rewrites docs/*.svg and docs/maps/
//! ```

use std::path::Path;

use touchpath::base::{Error, Result, Unwatched};
use touchpath::config::Config;
use touchpath::demo::{SHOP_CUSTOMERS, SHOP_SEED, write_shop};
use touchpath::model::{JourneyMap, Metric};
use touchpath::output::map::{Direction, Keep, Theme, mermaid, svg, term};
use touchpath::output::{MapStyle, Style};
use touchpath::study::{LoadOptions, Study};

fn main() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let shop = write_shop(folder.path(), SHOP_CUSTOMERS, SHOP_SEED)?;
    let config = Config::read(&shop.folder)?;
    let study = Study::load(config, &LoadOptions::default(), &Unwatched)?;
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    fs_err::create_dir_all(docs.join("maps"))?;
    for (name, picture) in pictures(&study)? {
        fs_err::write(docs.join(name), picture)?;
    }
    Ok(())
}

/// The pictures by their names below `docs`.
pub fn pictures(study: &Study) -> Result<Vec<(&'static str, String)>> {
    let findings = study.run(&study.questions(&["map", "compare"])?, &Unwatched)?;
    let maps: Vec<&JourneyMap> =
        findings.reports.iter().flat_map(|it| it.maps.iter().map(|it| &it.1)).collect();
    let [map, difference] = maps[..] else {
        return Err(Error::new("the sample has no map and no difference map"));
    };
    let plain = MapStyle::default();
    let of = |metric| map.clone().showing(metric, None);
    let dark = MapStyle { theme: Theme::Dark, ..plain.clone() };
    let print = MapStyle { theme: Theme::Print, ..plain.clone() };
    let right = MapStyle { direction: Direction::Right, keep: Keep::Top(0), ..plain.clone() };
    let few = MapStyle { stages: Some(8), ..plain.clone() };
    Ok(vec![
        ("map.svg", drawn(map, &plain)?),
        ("difference.svg", drawn(difference, &plain)?),
        ("maps/dark.svg", drawn(map, &dark)?),
        ("maps/print.svg", drawn(map, &print)?),
        ("maps/right.svg", drawn(map, &right)?),
        ("maps/few.svg", drawn(map, &few)?),
        ("maps/wait.svg", drawn(&of(Metric::Wait), &plain)?),
        ("maps/revenue.svg", drawn(&of(Metric::Revenue), &plain)?),
        ("maps/lost.svg", drawn(&of(Metric::Lost), &plain)?),
        ("maps/terminal.md", listed(map)?),
        ("maps/mermaid.md", flowchart(map)?),
    ])
}

fn drawn(map: &JourneyMap, style: &MapStyle) -> Result<String> {
    let mut picture = Vec::new();
    svg::write(map, style, &mut picture)?;
    Ok(String::from_utf8_lossy(&picture).into_owned())
}

/// The map on a terminal of 90 columns, as a page.
fn listed(map: &JourneyMap) -> Result<String> {
    let mut text = Vec::new();
    term::write(map, &Style { width: 90, ..Style::default() }, &mut text)?;
    let text = String::from_utf8_lossy(&text);
    Ok(format!(
        "# The map on a terminal\n\n`touchpath map shop --format term`:\n\n```text\n{text}```\n"
    ))
}

/// The map as a flowchart that GitHub draws, as a page.
fn flowchart(map: &JourneyMap) -> Result<String> {
    let mut text = Vec::new();
    mermaid::write(map, &MapStyle::default(), &mut text)?;
    let text = String::from_utf8_lossy(&text);
    Ok(format!(
        "# The map as Mermaid\n\n`touchpath map shop -o map.mmd`:\n\n```mermaid\n{text}```\n"
    ))
}
