//! The input of all kernels: the sample shop, written by the library's own generator.
//!
//! Knows how to load it, and nothing of clocks.

use std::path::Path;

use tempfile::TempDir;
use touchpath::base::Unwatched;
use touchpath::config::Config;
use touchpath::demo::{SHOP_SEED, write_shop};
use touchpath::input::{self, ReadSettings, SourceOptions};
use touchpath::store::RawEvents;
use touchpath::study::{LoadOptions, Study};

/// The sample shop in a folder that goes away with it.
pub struct Shop {
    folder: TempDir,
    config: Config,
}

impl Shop {
    /// A shop with so many customers; the same number, the same bytes.
    pub fn new(customers: u32) -> Self {
        let folder = TempDir::with_prefix("touchpath-bench-").expect("a temporary folder");
        write_shop(folder.path(), customers, SHOP_SEED).expect("the sample shop");
        let config = Config::read(folder.path()).expect("its journey file");
        Self { folder, config }
    }

    /// The journey file.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The text of one of the files.
    pub fn text(&self, name: &str) -> String {
        fs_err::read_to_string(self.path().join(name)).expect("a file of the shop")
    }

    /// The source of a file.
    pub fn source(&self, name: &str) -> SourceOptions {
        let mut sources = self.config.sections.source.iter();
        sources.find(|it| it.path == name).expect("a source of the shop").clone()
    }

    /// Reads all sources, with the properties that the rules of channels ask for.
    pub fn read_all(&self) -> RawEvents {
        let sections = &self.config.sections;
        let rules = sections.stage.iter().chain(&sections.channel);
        self.read_with(&sections.source, rules.filter_map(|it| it.property.clone()).collect())
    }

    /// Reads some sources.
    pub fn read(&self, sources: &[SourceOptions]) -> RawEvents {
        self.read_with(sources, Vec::new())
    }

    fn read_with(&self, sources: &[SourceOptions], keep: Vec<String>) -> RawEvents {
        let settings = ReadSettings {
            folder: self.path().to_owned(),
            zone: self.config.zone().expect("the shop's zone"),
            currency: self.config.sections.currency,
            priority: self.config.sections.identity.priority.clone(),
            blocklist: touchpath::input::nobody::Blocklist {
                texts: self.config.sections.identity.blocklist.clone(),
                ..Default::default()
            },
            keep,
            ..ReadSettings::default()
        };
        input::read(sources, &settings, &Unwatched).expect("rows")
    }

    /// The whole study.
    pub fn study(&self) -> Study {
        Study::load(self.config.clone(), &LoadOptions::default(), &Unwatched).expect("a study")
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }
}
