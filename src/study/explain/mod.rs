//! Why: a customer's ids and merges, the chain of evidence between two ids, ids refused.
//!
//! Each answer names the rows that it rests on, by file and line. Ids are told as they
//! are, since they are what is asked for. Finds nobody that stitching did not find.

mod blocked;
mod chain;
mod customer;

use crate::base::names::nearest;
use crate::base::{CustomerId, Error, Result, Timestamp};
use crate::input::privacy::IdHash;
use crate::model::raw::NO_TIME;
use crate::model::{Cell, Column, Kind, Table};
use crate::prepare::identity::evidence::Seen;
use crate::prepare::identity::history::Leave;

use super::identity::Identities;

pub use blocked::blocked;
pub use chain::same;
pub use customer::customer;

/// Among so many ids of a type the nearest is looked for.
const MANY: usize = 1_000_000;

/// The node of an id as somebody writes it: `type:id`, or an id of which there is one.
///
/// # Errors
/// No row carries it, with the nearest that one does; ids of several types are so called.
pub fn find(identities: &Identities, name: &str, hash: Option<&IdHash>) -> Result<u32> {
    let (raw, nodes) = (&identities.raw, identities.stitched.nodes());
    let hashed = hash.map(|it| it.name(name));
    if let Some(it) = nodes.find(raw, hashed.as_deref().unwrap_or(name)) {
        return Ok(it);
    }
    let types = &raw.fields.id_types;
    let bare: Vec<u32> = types
        .iter()
        .filter_map(|it| {
            let whole = format!("{it}:{name}");
            nodes.find(raw, &hash.map_or(whole.clone(), |own| own.name(&whole)))
        })
        .collect();
    match bare[..] {
        [one] => return Ok(one),
        [] => {}
        _ => {
            let known: Vec<String> = bare.iter().map(|&it| nodes.name(raw, it)).collect();
            return Err(Error::new(format!("several ids are called \"{name}\""))
                .hint(format!("say which: {}", known.join(", "))));
        }
    }
    Err(unknown(identities, name))
}

#[cold]
fn unknown(identities: &Identities, name: &str) -> Error {
    let raw = &identities.raw;
    let types = || raw.fields.id_types.iter().map(String::as_str);
    let device = name.rsplit_once('@').map(|it| it.0);
    if let Some(device) = device.filter(|it| identities.stitched.nodes().find(raw, it).is_some()) {
        return Error::new(format!("\"{name}\" is no id, but a visit of nobody known to a device"))
            .hint(format!(
                "touchpath stitch lists its rows; explain customer {device} the device"
            ));
    }
    let error = Error::new(format!("no row carries the id \"{name}\""));
    let Some((id_type, id)) = name.split_once(':') else {
        let all: Vec<&str> = types().collect();
        return error.hint(format!("write type:id; types are {}", all.join(", ")));
    };
    let Some(at) = raw.fields.id_type(id_type.trim()) else {
        let error = Error::new(format!("no source has ids of type \"{}\"", id_type.trim()));
        let all: Vec<&str> = types().collect();
        return match nearest(id_type.trim(), types()) {
            Some(it) => error.suggest(Some(it)),
            None => error.hint(format!("types are {}", all.join(", "))),
        };
    };
    let table = &raw.ids[at];
    if table.len() > MANY {
        return error;
    }
    let near = nearest(id.trim(), table.shards.iter().flat_map(|it| it.iter()));
    match near {
        Some(it) => error.hint(format!("did you mean {}:{it}?", id_type.trim())),
        None => error.hint(format!("of {} ids of this type none is like it", table.len())),
    }
}

/// The name of a customer.
fn name_of(identities: &Identities, customer: CustomerId) -> String {
    identities.stitched.name(&identities.raw, customer)
}

/// An instant, or that a link holds from the beginning.
fn time(micros: i64) -> Cell {
    match micros {
        NO_TIME => Cell::Empty("from the beginning"),
        it => Cell::Time(Timestamp(it)),
    }
}

/// Where a row stands.
/// Adds the ids that left a customer or were left out of a row, in order of time: those that
/// are `wanted`.
fn with_ids_apart(
    mut table: Table,
    identities: &Identities,
    wanted: impl Fn(&Leave) -> bool,
) -> Table {
    let (raw, nodes) = (&identities.raw, identities.stitched.nodes());
    let mut apart: Vec<Leave> = identities.history.apart().filter(wanted).collect();
    apart.sort_by_key(|it| (it.row.time, it.row.at(), it.node));
    for it in apart {
        let from = (it.from != it.node).then(|| nodes.name(raw, it.from));
        table.push(vec![
            time(it.row.time),
            Cell::text(nodes.name(raw, it.node)),
            Cell::or_empty(from, "left out of the row", Cell::Text),
            Cell::text(it.why.words()),
            place(identities, &it.row),
        ]);
    }
    table
}

fn place(identities: &Identities, row: &Seen) -> Cell {
    Cell::text(row.place(&identities.raw).to_string())
}

/// A table; who asks for an explanation gets its ids in every format.
fn table(key: &str, title: &str, about: &str, columns: &[(&str, Kind, &str)]) -> Table {
    let columns = columns.iter().map(|it| Column::new(it.0, it.1, it.2)).collect();
    Table::new(key, title, about, columns)
}
