//! The tests of all ways out of all stages, each arm against the control.

use std::collections::BTreeSet;

use crate::base::StageId;
use crate::stats::{Interval, RatioSums, benjamini_hochberg, cluster};

use super::arms::{self, Arm};

/// Below this many customers in an arm, a clustered error is not to be trusted.
pub const FEW_CUSTOMERS: u64 = 30;
/// A difference stands when its q value is below this.
pub const FALSE_DISCOVERIES: f64 = 0.05;

/// One way out of a stage, in the control and in a variant.
#[derive(Debug, Clone)]
pub struct EdgeRow {
    /// The position of the variant among those compared, from 1 (0 is the control).
    pub arm: usize,
    /// The stage that is left.
    pub from: StageId,
    /// The stage that follows; `None` for an exit.
    pub to: Option<StageId>,
    /// The control's sums.
    pub control: RatioSums,
    /// The variant's sums.
    pub variant: RatioSums,
    /// The test, where the edge is tested.
    pub test: Option<EdgeTest>,
}

/// A difference and what it is worth.
#[derive(Debug, Clone, Copy)]
pub struct EdgeTest {
    /// Share in the variant less share in the control.
    pub difference: f64,
    /// Clustered by customer.
    pub standard_error: f64,
    /// Its interval.
    pub interval: Interval,
    /// The difference over its error.
    pub z: f64,
    /// Two-sided.
    pub p: f64,
    /// Adjusted for all edges tested (Benjamini-Hochberg).
    pub q: f64,
}

impl EdgeRow {
    /// Whether an arm has fewer customers than a clustered error needs.
    pub fn few(&self) -> bool {
        self.control.customers.min(self.variant.customers) < FEW_CUSTOMERS
    }

    /// Whether the difference stands: enough customers, and q below 5 %.
    pub fn significant(&self) -> bool {
        !self.few() && self.test.is_some_and(|it| it.q < FALSE_DISCOVERIES)
    }
}

/// Tests every edge that either arm took; rows are in order of (variant, from, to).
///
/// Tested are edges with `min_events` in each arm; the q values are over all
/// tests of all variants together.
pub fn test(compared: &[(&Arm, &Arm)], min_events: u64, confidence: f64) -> Vec<EdgeRow> {
    let mut rows = Vec::new();
    for (index, (control, variant)) in compared.iter().enumerate() {
        let edges: BTreeSet<u64> = control.edges().chain(variant.edges()).collect();
        for edge in edges {
            let (from, to) = arms::stages(edge);
            let (control, variant) = (control.ratio(edge), variant.ratio(edge));
            let enough = control.part.min(variant.part) >= i128::from(min_events);
            let test = enough.then(|| test_edge(&control, &variant, confidence)).flatten();
            rows.push(EdgeRow { arm: index + 1, from, to, control, variant, test });
        }
    }
    let p_values: Vec<f64> = rows.iter().filter_map(|it| it.test.map(|it| it.p)).collect();
    let q_values = benjamini_hochberg(&p_values).unwrap_or_default();
    let tested = rows.iter_mut().filter_map(|it| it.test.as_mut());
    tested.zip(q_values).for_each(|(test, q)| test.q = q);
    rows
}

fn test_edge(control: &RatioSums, variant: &RatioSums, confidence: f64) -> Option<EdgeTest> {
    let it = cluster::compare(control, variant, confidence)?;
    let test = it.test?;
    Some(EdgeTest {
        difference: it.difference,
        standard_error: it.standard_error,
        interval: it.interval,
        z: test.z,
        p: test.p,
        q: 1.0,
    })
}
