//! What all sources of a study are read by.
//!
//! Reads nothing: whoever reads decides what the values mean.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::tz::TimeZone;

use crate::base::{Currency, Result};
use crate::input::bots::BotOptions;
use crate::input::gather::Gather;
use crate::input::mapping::Common;
use crate::input::nobody::Blocklist;
use crate::input::partial::Partials;
use crate::input::privacy::{ForgetList, IdHash, Privacy};
use crate::model::raw::Fields;
use crate::store::Keep;

/// What all sources are read by.
#[derive(Debug, Clone)]
pub struct ReadSettings {
    /// Where relative paths start.
    pub folder: PathBuf,
    /// The zone of times without an offset.
    pub zone: TimeZone,
    /// The currency of all amounts.
    pub currency: Currency,
    /// Which ids are nobody's.
    pub blocklist: Blocklist,
    /// Id types, strongest first; those not named keep their usual order behind them.
    pub priority: Vec<String>,
    /// Whether every rejected row is kept, and not only the first of each kind.
    pub keep_all_rejects: bool,
    /// Whether the first rejected row is an error.
    pub strict: bool,
    /// Properties that are asked for although no source maps them.
    pub keep: Vec<String>,
    /// Whether relative paths that lead out of the folder are refused.
    pub inside: bool,
    /// The file that standard input was saved to, if it was.
    pub stdin: Option<PathBuf>,
    /// Where rows wait once they are read.
    pub keep_rows: Arc<Keep>,
    /// Partials to read instead of the sources' files.
    pub partials: Partials,
    /// The most events of one id in an hour, above which it is a bot's.
    pub bots: BotOptions,
    /// How ids are hashed, if they are.
    pub hash_ids: Option<Arc<IdHash>>,
    /// Who is to be forgotten.
    pub forget: Option<Arc<ForgetList>>,
    /// Whether rows keep the lines on which they stand.
    pub lines: bool,
}

impl ReadSettings {
    /// What the mappings of all sources share, for these columns; rows are gathered by `gather`,
    /// or handed on as they are.
    ///
    /// # Errors
    /// As [`Privacy::new`].
    pub(in crate::input) fn common(
        &self,
        fields: Fields,
        gather: Option<Arc<Gather>>,
    ) -> Result<Common> {
        Ok(Common {
            privacy: Privacy::new(self, &fields.id_types)?,
            fields,
            zone: self.zone.clone(),
            currency: self.currency,
            blocklist: self.blocklist.clone(),
            gather,
        })
    }
}

impl Default for ReadSettings {
    fn default() -> Self {
        Self {
            folder: PathBuf::new(),
            zone: TimeZone::UTC,
            currency: Currency::UNNAMED,
            blocklist: Blocklist::default(),
            priority: Vec::new(),
            keep_all_rejects: false,
            strict: false,
            keep: Vec::new(),
            inside: false,
            stdin: None,
            keep_rows: Arc::default(),
            partials: None,
            bots: BotOptions::default(),
            hash_ids: None,
            forget: None,
            lines: false,
        }
    }
}
