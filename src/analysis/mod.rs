//! Floor 3, room `analysis`: one question a file, each a mergeable fold.
//!
//! Pure: no files, no printing, no clap. An analysis visits whole customers,
//! keeps exact counts, and makes a [`Report`] at the end. To add one: its file,
//! and one line in the `analyses!` list below; it then has a subcommand, a
//! section of the journey file, every output format, and the merge and
//! determinism tests.

use std::any::Any;

use schemars::{JsonSchema, Schema};
use serde::de::DeserializeOwned;
use serde::{Deserialize as _, Serialize};
use toml::de::ValueDeserializer;

use crate::base::{CustomerId, Dictionary, Error, Result};
use crate::model::{Catalog, Customer, Report, StageGraph};

/// What `finish` may look at besides its own state.
#[derive(Clone, Copy)]
pub struct Evidence<'a> {
    /// Names and facts of the whole data.
    pub catalog: &'a Catalog,
    /// The stage graph, folded once for all analyses.
    pub graph: &'a StageGraph,
    /// Order ids by their codes.
    pub orders: &'a Dictionary,
    /// The public name of a customer (`user:42`), made when asked for.
    pub customer_name: &'a (dyn Fn(CustomerId) -> String + Sync),
    /// The confidence of every interval, such as 0.95.
    pub confidence: f64,
}

/// One question: a fold over customers with a lawful merge.
///
/// Law: `merge(fold(a), fold(b))`, `merge(fold(b), fold(a))` and `fold(a ++ b)`
/// finish alike, for any customers `a` and `b`: threads take customers as they
/// come. Tested for every analysis of the registry. State holds integers, sets and
/// counted multisets; floats are computed in `finish` alone.
pub trait Analysis: Sized + Send + Sync + 'static {
    /// The subcommand and the report's name.
    const NAME: &'static str;
    /// The section of the journey file with its options; several analyses may share one.
    const SECTION: &'static str;
    /// One line for `--help`: what it answers.
    const ABOUT: &'static str;
    /// Its options: `--help` text, journey-file keys and schema at once.
    type Options: Serialize + DeserializeOwned + JsonSchema + Default;
    /// What a run of customers folds to.
    type State: Send + 'static;

    /// Makes the analysis ready to run: looks stage and property names up.
    ///
    /// # Errors
    /// A name that does not occur, with the nearest one.
    fn new(options: Self::Options, catalog: &Catalog) -> Result<Self>;

    /// The state of no customer.
    fn start(&self) -> Self::State;

    /// Takes in one customer.
    fn visit(&self, state: &mut Self::State, customer: &Customer<'_>);

    /// Takes in the state of other customers.
    fn merge(&self, into: &mut Self::State, from: Self::State);

    /// Prepares the state of all customers for [`finish`](Self::finish), which comes next: what
    /// takes long and needs no evidence. `finish` says the same without it.
    fn settle(&self, _state: &mut Self::State) {}

    /// Says what was found.
    ///
    /// # Errors
    /// A question that the data cannot answer (no variant, no goal).
    fn finish(&self, state: Self::State, evidence: &Evidence<'_>) -> Result<Report>;
}

/// The state of some analysis.
pub type AnyState = Box<dyn Any + Send>;

/// An analysis ready to run, its types erased.
pub trait Running: Send + Sync {
    /// The analysis' name.
    fn name(&self) -> &'static str;
    /// See [`Analysis::start`].
    fn start(&self) -> AnyState;
    /// See [`Analysis::visit`]; takes in some customers at once.
    fn visit(&self, state: &mut AnyState, customers: &[Customer<'_>]);
    /// See [`Analysis::merge`].
    fn merge(&self, into: &mut AnyState, from: AnyState);
    /// See [`Analysis::settle`].
    fn settle(&self, state: &mut AnyState);
    /// See [`Analysis::finish`].
    ///
    /// # Errors
    /// As [`Analysis::finish`].
    fn finish(&self, state: AnyState, evidence: &Evidence<'_>) -> Result<Report>;
}

impl<A: Analysis> Running for A {
    fn name(&self) -> &'static str {
        A::NAME
    }

    fn start(&self) -> AnyState {
        Box::new(Analysis::start(self))
    }

    fn visit(&self, state: &mut AnyState, customers: &[Customer<'_>]) {
        if let Some(state) = state.downcast_mut::<A::State>() {
            customers.iter().for_each(|it| Analysis::visit(self, state, it));
        }
    }

    fn merge(&self, into: &mut AnyState, from: AnyState) {
        if let (Some(into), Ok(from)) = (into.downcast_mut::<A::State>(), from.downcast()) {
            Analysis::merge(self, into, *from);
        }
    }

    fn settle(&self, state: &mut AnyState) {
        if let Some(state) = state.downcast_mut::<A::State>() {
            Analysis::settle(self, state);
        }
    }

    fn finish(&self, state: AnyState, evidence: &Evidence<'_>) -> Result<Report> {
        match state.downcast::<A::State>() {
            Ok(state) => Analysis::finish(self, *state, evidence),
            Err(_) => Err(Error::new(format!("state of another analysis given to {}", A::NAME))),
        }
    }
}

/// One line of the registry.
pub struct Entry {
    /// The analysis' name.
    pub name: &'static str,
    /// The section of the journey file with its options.
    pub section: &'static str,
    /// What it answers.
    pub about: &'static str,
    /// The JSON Schema of its options.
    pub schema: fn() -> Schema,
    /// Reads its options from a section of a journey file.
    pub parse: fn(ValueDeserializer<'_>) -> std::result::Result<serde_json::Value, toml::de::Error>,
    /// Reads its options from JSON, and fills in what is not given.
    pub check: fn(serde_json::Value) -> Result<serde_json::Value>,
    /// Its default options.
    pub defaults: fn() -> Result<serde_json::Value>,
    /// Makes it ready to run, from options as JSON.
    pub build: fn(serde_json::Value, &Catalog) -> Result<Box<dyn Running>>,
}

fn read<A: Analysis>(options: serde_json::Value) -> Result<A::Options> {
    if options.is_null() {
        return Ok(A::Options::default());
    }
    serde_json::from_value(options)
        .map_err(|error| Error::new(format!("[{}] {error}", A::SECTION)).caused_by(error))
}

fn build<A: Analysis>(options: serde_json::Value, catalog: &Catalog) -> Result<Box<dyn Running>> {
    Ok(Box::new(A::new(read::<A>(options)?, catalog)?))
}

fn check<A: Analysis>(options: serde_json::Value) -> Result<serde_json::Value> {
    serde_json::to_value(read::<A>(options)?)
        .map_err(|error| Error::new(format!("[{}] {error}", A::SECTION)).caused_by(error))
}

fn parse<A: Analysis>(
    section: ValueDeserializer<'_>,
) -> std::result::Result<serde_json::Value, toml::de::Error> {
    let options = A::Options::deserialize(section)?;
    serde_json::to_value(options).map_err(serde::de::Error::custom)
}

fn defaults<A: Analysis>() -> Result<serde_json::Value> {
    serde_json::to_value(A::Options::default())
        .map_err(|error| Error::new(format!("options of {}: {error}", A::NAME)).caused_by(error))
}

macro_rules! analyses {
    ($($module:ident :: $analysis:ident),* $(,)?) => {
        $(pub mod $module;)*

        /// Every analysis, in the order in which a report shows them.
        pub const ANALYSES: &[Entry] = &[$(Entry {
            name: <$module::$analysis as Analysis>::NAME,
            section: <$module::$analysis as Analysis>::SECTION,
            about: <$module::$analysis as Analysis>::ABOUT,
            schema: || schemars::schema_for!(<$module::$analysis as Analysis>::Options),
            parse: parse::<$module::$analysis>,
            check: check::<$module::$analysis>,
            defaults: defaults::<$module::$analysis>,
            build: build::<$module::$analysis>,
        }),*];
    };
}

pub mod attribution;
mod cells;
mod counted;
pub mod graph;
pub mod lost;
pub mod reconcile;
mod stages;

#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
mod law;
#[cfg(test)]
mod real_log;
#[cfg(test)]
mod select_law;

analyses![
    overview::Overview,
    map::Map,
    flow::Flow,
    dropoff::Dropoff,
    funnel::Funnel,
    paths::Paths,
    time::Time,
    attribute::Attribute,
    trend::Trend,
    ledger::Ledger,
    compare::Compare,
    kpi::Kpi,
];

/// The registry's line of an analysis.
///
/// # Errors
/// No analysis has that name.
pub fn entry(name: &str) -> Result<&'static Entry> {
    ANALYSES.iter().find(|it| it.name == name).ok_or_else(|| {
        let names = ANALYSES.iter().map(|it| it.name);
        Error::new(format!("there is no analysis \"{name}\""))
            .suggest(crate::base::names::nearest(name, names))
    })
}
