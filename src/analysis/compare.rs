//! Compare: did variant B change what customers do, from the split to the last edge?
//!
//! The customer is the unit everywhere: it was randomized, so errors are
//! clustered by it. State holds integer sums per arm; tests are made in
//! `finish`. Knows neither how variants were assigned nor what they are.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::names::nearest;
use crate::base::{Error, Result, ValueId};
use crate::model::{Catalog, Customer, Report};

use super::{Analysis, Evidence};

mod arms;
mod difference;
mod edges;
mod effects;
mod tables;
mod transitions;

#[cfg(test)]
mod tests;

pub use arms::{Arm, EdgeSums, OutSums};

/// Above this many variants a property is no experiment.
const MOST_VARIANTS: usize = 20;

/// Which variants to compare, and how.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ExperimentOptions {
    /// The property that holds the variant.
    pub property: String,
    /// The variant to compare with; "control" or "A" if there is one, else the first by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub control: Option<String>,
    /// Planned shares of customers by variant, such as A = 0.5 and B = 0.5; equal if not
    /// given. Variants that it does not name are left out.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub split: IndexMap<String, f64>,
    /// How many times each arm must have taken a transition for it to be tested.
    pub min_events: u64,
}

impl Default for ExperimentOptions {
    fn default() -> Self {
        Self {
            property: "variant".to_owned(),
            control: None,
            split: IndexMap::new(),
            min_events: 5,
        }
    }
}

/// One variant against the control.
#[derive(Debug, Clone, PartialEq)]
struct Variant {
    value: ValueId,
    name: String,
    planned: f64,
}

/// Variants compared with a control.
pub struct Compare {
    property: usize,
    property_name: String,
    /// The control first, then by name.
    variants: Vec<Variant>,
    /// The position of each value's variant.
    arm_of: Vec<Option<usize>>,
    min_events: u64,
    planned: bool,
}

/// Sums over a run of customers.
pub struct CompareState {
    arms: Vec<Arm>,
    /// Customers with two or more variants.
    mixed: u64,
    /// Customers without any.
    without: u64,
    /// Customers of a variant that the planned split does not name.
    unplanned: u64,
    scratch: Vec<u64>,
}

/// Where a customer belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Membership {
    Arm(usize),
    Mixed,
    Without,
    Unplanned,
}

impl Analysis for Compare {
    const NAME: &'static str = "compare";
    const SECTION: &'static str = "experiment";
    const ABOUT: &'static str = "Whether a variant changes conversion, revenue and transitions";
    type Options = ExperimentOptions;
    type State = CompareState;

    fn new(options: ExperimentOptions, catalog: &Catalog) -> Result<Self> {
        let property = catalog.property(&options.property).ok_or_else(|| {
            let error = Error::new(format!("there is no property \"{}\"", options.property));
            let names = catalog.properties.iter().map(|it| it.0.as_str());
            match nearest(&options.property, names) {
                Some(name) => error.suggest(Some(name)),
                None => error.hint("name it in [experiment]: property = \"COLUMN\""),
            }
        })?;
        let names: Vec<&str> = catalog.properties[property].1.iter().collect();
        let variants = variants(&options, &names)?;
        let mut arm_of = vec![None; names.len()];
        for (arm, variant) in variants.iter().enumerate() {
            arm_of[variant.value.index()] = Some(arm);
        }
        Ok(Self {
            property,
            property_name: options.property,
            variants,
            arm_of,
            min_events: options.min_events,
            planned: !options.split.is_empty(),
        })
    }

    fn start(&self) -> CompareState {
        CompareState {
            arms: self.variants.iter().map(|_| Arm::default()).collect(),
            mixed: 0,
            without: 0,
            unplanned: 0,
            scratch: Vec::new(),
        }
    }

    fn visit(&self, state: &mut CompareState, customer: &Customer<'_>) {
        match self.membership(customer.property_values(self.property)) {
            Membership::Arm(arm) => state.arms[arm].add(customer, &mut state.scratch),
            Membership::Mixed => state.mixed += 1,
            Membership::Without => state.without += 1,
            Membership::Unplanned => state.unplanned += 1,
        }
    }

    fn merge(&self, into: &mut CompareState, from: CompareState) {
        for (own, more) in into.arms.iter_mut().zip(from.arms) {
            own.merge(more);
        }
        into.mixed += from.mixed;
        into.without += from.without;
        into.unplanned += from.unplanned;
    }

    fn finish(&self, state: CompareState, evidence: &Evidence<'_>) -> Result<Report> {
        if self.variants.len() < 2 {
            return Err(Error::new(format!(
                "property \"{}\" has {} variants: nothing to compare",
                self.property_name,
                self.variants.len(),
            ))
            .hint("name the property of the experiment: property = \"COLUMN\" in [experiment]"));
        }
        let compared: Vec<(&Arm, &Arm)> =
            state.arms[1..].iter().map(|it| (&state.arms[0], it)).collect();
        let rows = edges::test(&compared, self.min_events, evidence.confidence);
        Ok(tables::report(self, &state, &rows, evidence))
    }
}

impl Compare {
    /// Where a customer with these values of the property belongs.
    fn membership(&self, values: &[ValueId]) -> Membership {
        let mut found = ValueId::NONE;
        for &value in values.iter().filter(|it| it.is_some()) {
            if found.is_some() && value != found {
                return Membership::Mixed;
            }
            found = value;
        }
        match self.arm_of.get(found.index()) {
            Some(Some(arm)) => Membership::Arm(*arm),
            Some(None) => Membership::Unplanned,
            None => Membership::Without,
        }
    }
}

/// The variants of a property, the control first.
fn variants(options: &ExperimentOptions, names: &[&str]) -> Result<Vec<Variant>> {
    let id = |name: &str| {
        names.iter().position(|it| *it == name).ok_or_else(|| {
            Error::new(format!("no customer has the variant \"{name}\""))
                .suggest(nearest(name, names.iter().copied()))
        })
    };
    for (name, share) in &options.split {
        id(name)?;
        if !(share.is_finite() && *share > 0.0) {
            return Err(Error::new(format!("the planned share of \"{name}\" is {share}"))
                .hint("write a positive share, such as 0.5, or leave the variant out"));
        }
    }
    let planned = |name: &str| options.split.get(name).copied();
    let equal = options.split.is_empty().then_some(1.0);
    let mut variants: Vec<Variant> = names
        .iter()
        .enumerate()
        .filter_map(|(index, name)| {
            let planned = planned(name).or(equal)?;
            Some(Variant { value: ValueId::at(index), name: (*name).to_owned(), planned })
        })
        .collect();
    if variants.len() > MOST_VARIANTS {
        return Err(Error::new(format!(
            "property \"{}\" has {} values, too many for an experiment",
            options.property,
            variants.len(),
        ))
        .hint("name the variants with their planned shares: split = { A = 0.5, B = 0.5 }"));
    }
    let control = match &options.control {
        Some(name) => {
            id(name)?;
            variants.iter().position(|it| it.name == *name).ok_or_else(|| {
                Error::new(format!("the control \"{name}\" has no planned share"))
                    .hint("name it in the split, too")
            })?
        }
        None => usual_control(&variants),
    };
    if let Some(upto) = variants.get_mut(..=control) {
        upto.rotate_right(1);
    }
    Ok(variants)
}

/// The variant called "control", else "A", in any case; else the first.
fn usual_control(variants: &[Variant]) -> usize {
    let called = |name: &str| variants.iter().position(|it| it.name.eq_ignore_ascii_case(name));
    called("control").or_else(|| called("a")).unwrap_or(0)
}
