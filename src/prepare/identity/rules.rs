//! The options of identity compiled against the id types of the data.

use super::devices::SharedDevice;
use super::options::{Guards, IdentityOptions};
use super::quota::Quota;
use crate::base::names::nearest;
use crate::base::{Error, Result};

/// How many stronger ids an id may meet before it links nobody, unless its type says otherwise.
pub const DEFAULT_LIMIT: u64 = 10;
/// Id types that name a person, unless the journey file says otherwise.
pub const LOGINS: [&str; 3] = ["user", "customer", "account"];
/// Id types of things that several people can use, unless the journey file says otherwise.
pub const DEVICES: [&str; 4] = ["device", "cookie", "anonymous", "visitor"];

/// How many ids of one type one id of another may be seen with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cardinality {
    /// The type that is counted.
    pub of: usize,
    /// The type that has them.
    pub per: usize,
    /// How many.
    pub quota: Quota,
}

/// What may come together, by the positions of id types.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// How many stronger ids of one type an id of each type may meet.
    pub limits: Vec<u64>,
    /// Whether a customer has at most one id of the type.
    pub unique: Vec<bool>,
    /// Whether devices join no two ids of the type.
    pub logins: Vec<bool>,
    /// Whether ids of the type are things that several people can use.
    pub devices: Vec<bool>,
    /// How many ids of the type a customer may have or gain.
    pub per_customer: Vec<Option<Quota>>,
    /// How many ids of one type one of another may be seen with.
    pub cardinality: Vec<Cardinality>,
    /// Whose the rows of shared devices are.
    pub shared: SharedDevice,
    /// How long a row waits to learn whose it is, in microseconds.
    pub replay: Option<i64>,
}

impl Rules {
    /// The rules of options, for data with these id types.
    ///
    /// # Errors
    /// A type that no source has; a cardinality that is not written `"A per B"`. The
    /// message begins with the key, as in `[identity] limit: …`.
    pub fn new(options: &IdentityOptions, id_types: &[String]) -> Result<Self> {
        let at = |key: &str, name: &str| position(id_types, key, name);
        let chosen = |key: &str, names: &[String]| -> Result<Vec<bool>> {
            let mut chosen = vec![false; id_types.len()];
            for name in names {
                chosen[at(key, name)?] = true;
            }
            Ok(chosen)
        };
        let usual = |usual: &[&str]| id_types.iter().map(|it| usual.contains(&&**it)).collect();
        let loose = options.guards == Guards::Loose;
        let strict = options.guards == Guards::Strict;
        let mut limits = vec![if loose { u64::MAX } else { DEFAULT_LIMIT }; id_types.len()];
        for (name, &limit) in &options.limit {
            limits[at("limit", name)?] = limit;
        }
        let logins: Vec<bool> = match &options.logins {
            Some(them) => chosen("logins", them)?,
            None if loose => vec![false; id_types.len()],
            None => usual(&LOGINS),
        };
        let mut unique = chosen("unique", &options.unique)?;
        if strict {
            unique.iter_mut().zip(&logins).for_each(|(it, &login)| *it |= login);
        }
        let mut per_customer = vec![None; id_types.len()];
        for (name, &quota) in &options.per_customer {
            per_customer[at("per_customer", name)?] = Some(quota);
        }
        let cardinality = |(key, &quota): (&String, &Quota)| {
            let (of, per) = key.split_once(" per ").ok_or_else(|| {
                Error::new(format!("[identity] cardinality: cannot read \"{key}\""))
                    .hint("write two id types, such as \"cookie per user\" = 5")
            })?;
            let at = |name: &str| at("cardinality", name.trim());
            Ok(Cardinality { of: at(of)?, per: at(per)?, quota })
        };
        let shared = if strict { SharedDevice::None } else { SharedDevice::default() };
        Ok(Self {
            limits,
            unique,
            logins,
            devices: match &options.devices {
                Some(them) => chosen("devices", them)?,
                None => usual(&DEVICES),
            },
            per_customer,
            cardinality: options.cardinality.iter().map(cardinality).collect::<Result<_>>()?,
            shared: options.shared_device.unwrap_or(shared),
            replay: options.replay.0.map(|it| it.0),
        })
    }

    /// Whether ids of a type say something about who it is, and not only on what.
    #[inline]
    pub fn is_personal(&self, id_type: usize) -> bool {
        !self.devices[id_type]
    }

    /// The types of which two ids can be in each other's way.
    pub fn guarded(&self) -> Vec<usize> {
        (0..self.unique.len()).filter(|&it| self.unique[it] || self.logins[it]).collect()
    }

    /// Whether any rule counts ids within a window of time.
    pub fn has_windows(&self) -> bool {
        let quotas = self.per_customer.iter().flatten();
        let mut all = quotas.chain(self.cardinality.iter().map(|it| &it.quota));
        all.any(|it| it.window.length().is_some())
    }
}

fn position(id_types: &[String], key: &str, name: &str) -> Result<usize> {
    id_types.iter().position(|it| it == name).ok_or_else(|| {
        Error::new(format!("[identity] {key}: no source has ids of type \"{name}\""))
            .suggest(nearest(name, id_types.iter().map(String::as_str)))
    })
}
