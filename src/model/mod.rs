//! Floor 2: the nouns.
//!
//! Rows as read, events by customer, a customer's sessions, steps, touches and
//! journeys, the stage graph, and the report that renderers see. Plain data:
//! knows no file, no format and no question.

pub mod customer;
pub mod events;
pub mod graph;
pub mod map;
pub mod metric;
pub mod raw;
pub mod report;
pub mod selected;

pub use customer::{Conversion, Customer, Journey, Outcome, Session, Step, Touch, TouchOptions};
pub use events::{Catalog, Events};
pub use graph::{StageGraph, StageStat, TransitionStat};
pub use map::{JourneyMap, MapEdge, MapNode};
pub use metric::Metric;
pub use raw::{Batch, Fields};
pub use report::{Cell, Chart, Column, Kind, Report, Table};
pub use selected::{Selected, Tally};
