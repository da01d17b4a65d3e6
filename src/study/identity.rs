//! Who is who, and since when: rows read and stitched, with their evidence at hand.
//!
//! For the commands that ask about identity itself; nothing is grouped, and rows stay as
//! they were read. Knows no journeys.

use crate::base::{CustomerId, Progress, Result, Timestamp};
use crate::config::Config;
use crate::input;
use crate::prepare::identity::nodes::NodeSet;
use crate::prepare::identity::{Evidence, Exclusions, History, IdentityOptions};
use crate::prepare::stitch::{Asked, Stitched, chronicle, stitch_again};
use crate::store::RawEvents;

use super::LoadOptions;
use super::load::{Wishes, exclusions, identity_error, settle_presets};

/// Rows read and stitched, with their evidence.
pub struct Identities {
    /// The journey file.
    pub config: Config,
    /// What was read; its batches are all there.
    pub raw: RawEvents,
    /// Who is who.
    pub stitched: Stitched,
    /// What was known when.
    pub history: History,
    /// All rows that carry ids, in order of time, with their places.
    pub evidence: Evidence,
    /// Links that do not count.
    pub exclusions: Exclusions,
    /// The last instant whose evidence counts, if not all does.
    pub until: Option<Timestamp>,
}

/// Two ids that stand on a row together, and the first such row that counts.
pub type Edge = crate::prepare::identity::evidence::Edge;

impl Identities {
    /// Reads and stitches the rows of a journey; with `until`, as if no later row were known.
    ///
    /// # Errors
    /// As [`Study::load`](super::Study::load).
    pub fn load(
        mut config: Config,
        options: &LoadOptions,
        until: Option<Timestamp>,
        progress: &dyn Progress,
    ) -> Result<Self> {
        settle_presets(&mut config, options, &mut Vec::new())?;
        let exclusions = exclusions(&config, options)?;
        let wishes = Wishes::new(&config, options)?;
        let mut settings = wishes.settings(&config, options);
        settings.lines = true;
        let raw = input::read(&config.sections.source, &settings, progress)?;
        progress.check()?;
        progress.stage("stitching", 0);
        let asked = Asked { exclusions: Some(&exclusions), until: until.map(|it| it.0) };
        let (mut stitched, history, evidence) = chronicle(&raw, &config.sections.identity, asked)
            .map_err(|it| identity_error(&config, it))?;
        progress.check()?;
        name(&mut stitched, &raw, until)?;
        Ok(Self { config, raw, stitched, history, evidence, exclusions, until })
    }

    /// Stitches the same rows by other options.
    ///
    /// # Errors
    /// A type of ids that no source has.
    pub fn stitch_by(&self, options: &IdentityOptions) -> Result<Stitched> {
        let until = self.until.map(|it| it.0);
        let asked = Asked { exclusions: Some(&self.exclusions), until };
        let mut stitched = stitch_again(&self.raw, options, asked)
            .map_err(|it| identity_error(&self.config, it))?;
        name(&mut stitched, &self.raw, self.until)?;
        Ok(stitched)
    }

    /// Every two ids of a customer that some row shows together, with the first such row:
    /// the edges of its graph of evidence. Rows and pairs that are excluded do not count,
    /// nor do ids that link nobody.
    pub fn edges_of(&self, customer: CustomerId) -> Vec<Edge> {
        let mut members = NodeSet::new(self.stitched.nodes().len());
        let ids = self.stitched.members(customer);
        let link = ids.into_iter().filter(|&it| !self.stitched.links_nobody(it));
        link.for_each(|it| members.insert(it));
        self.evidence.edges(&members, &self.exclusions, self.stitched.nodes(), &self.raw)
    }
}

/// Names customers by the ids seen first, where that decides.
fn name(stitched: &mut Stitched, raw: &RawEvents, until: Option<Timestamp>) -> Result<()> {
    raw.batches.for_each(|batch| {
        let known = |it: &usize| until.is_none_or(|until| batch.times[*it] <= until.0);
        for row in (0..batch.len()).filter(known) {
            let customer = match batch.links {
                true => stitched.customer(batch, row),
                false => stitched.event_customer(batch, row),
            };
            stitched.see(batch, row, customer);
        }
    })?;
    stitched.settle_names(raw);
    Ok(())
}
