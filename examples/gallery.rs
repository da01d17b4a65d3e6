//! Draws the pictures of the README from the sample shop.
//!
//! ```sh
//! cargo run --example gallery           # rewrites docs/map.svg and docs/difference.svg
//! ```

use std::path::Path;

use touchpath::base::{Result, Unwatched};
use touchpath::config::Config;
use touchpath::demo::{SHOP_CUSTOMERS, SHOP_SEED, write_shop};
use touchpath::output::{MapStyle, map::svg};
use touchpath::study::{LoadOptions, Study};

fn main() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let shop = write_shop(folder.path(), SHOP_CUSTOMERS, SHOP_SEED)?;
    let config = Config::read(&shop.folder)?;
    let study = Study::load(config, &LoadOptions::default(), &Unwatched)?;
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    for (name, picture) in pictures(&study)? {
        fs_err::write(docs.join(name), picture)?;
    }
    Ok(())
}

/// The pictures by their file names: the map, and variant B against A.
pub fn pictures(study: &Study) -> Result<Vec<(&'static str, String)>> {
    let findings = study.run(&study.questions(&["map", "compare"])?, &Unwatched)?;
    let maps = findings.reports.iter().flat_map(|it| &it.maps);
    let mut pictures = Vec::new();
    for (name, (_, map)) in ["map.svg", "difference.svg"].into_iter().zip(maps) {
        let mut picture = Vec::new();
        svg::write(map, &MapStyle::default(), &mut picture)?;
        pictures.push((name, String::from_utf8_lossy(&picture).into_owned()));
    }
    Ok(pictures)
}
