//! Whose the rows are that carry nothing but a device which several people use.
//!
//! By visit is ours: on a device of many, who was there yesterday says nothing.
//! Source of the others: Adobe Customer Journey Analytics, "device-split" and "last authenticated" of
//! field-based stitching; Snowplow's unified package, "latest user of a device". None
//! gives a row with a login to anybody else, but for `latest-user`, which is there
//! to reproduce that package.

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whose the rows of a shared device are, if they carry nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SharedDevice {
    /// Of whoever was known in the same visit, which a pause of half an hour ends: last before,
    /// or else first. A visit in which nobody was known is a customer of its own; on a device
    /// of two people who are known in half of its visits, of whoever was known last before.
    #[default]
    Visit,
    /// Of whoever was known on the device last before; before all of them, of the first.
    DeviceSplit,
    /// Of whoever was known on the device last of all.
    LastAuth,
    /// Of nobody known: the device is a customer of its own.
    None,
    /// As last-auth, and rows that carry another login too, as Snowplow's package does it.
    LatestUser,
}

/// Who was known on a device, and when: times ascending.
type Logins = Vec<(i64, u32)>;

/// The devices that several people use.
#[derive(Debug, Default)]
pub struct Devices {
    policy: SharedDevice,
    /// How long before the first login a row may be, in microseconds.
    wait: Option<i64>,
    logins: HashMap<u32, Logins, FixedState>,
}

impl Devices {
    /// No device yet.
    pub fn new(policy: SharedDevice) -> Self {
        Self { policy, wait: None, logins: HashMap::default() }
    }

    /// Notes that a customer was known on a device. Times must come ascending.
    pub fn note(&mut self, device: u32, time: i64, customer: u32) {
        let logins = self.logins.entry(device).or_default();
        match logins.last_mut() {
            // Between two logins of one customer nobody else is.
            Some(last) if last.1 == customer => {}
            Some(last) if last.0 == time => last.1 = customer,
            _ => logins.push((time, customer)),
        }
    }

    /// Says whose the rows of devices are from a time on, in place of what was noted; times
    /// of a device must come ascending.
    pub fn take_turns(&mut self, turns: impl Iterator<Item = (u32, i64, u32)>) {
        self.logins.clear();
        for (device, since, customer) in turns {
            self.logins.entry(device).or_default().push((since, customer));
        }
    }

    /// Rows that come longer than this before the first login are of nobody known.
    pub fn wait_at_most(&mut self, wait: i64) {
        self.wait = Some(wait);
    }

    /// Replaces customers by others.
    pub fn renumber(&mut self, number: impl Fn(u32) -> u32) {
        self.logins.values_mut().flatten().for_each(|it| it.1 = number(it.1));
    }

    /// Whether rows that carry a login may be another's.
    #[inline]
    pub fn overrides(&self) -> bool {
        self.policy == SharedDevice::LatestUser && !self.logins.is_empty()
    }

    /// Whether several people use a device.
    pub fn is_shared(&self, device: u32) -> bool {
        self.logins.contains_key(&device)
    }

    /// Whose a row of a device at a time is, if anybody was ever known on it.
    ///
    /// ```
    /// use touchpath::prepare::identity::SharedDevice;
    /// use touchpath::prepare::identity::devices::Devices;
    /// let (ryan, cassidy) = (1, 2);
    /// let mut devices = Devices::new(SharedDevice::DeviceSplit);
    /// devices.note(1234, 3, ryan);
    /// devices.note(1234, 8, cassidy);
    /// assert_eq!(devices.owner(1234, 1), Some(ryan)); // before all: the first
    /// assert_eq!(devices.owner(1234, 7), Some(ryan)); // the one before, not the nearest
    /// assert_eq!(devices.owner(1234, 8), Some(cassidy));
    /// ```
    pub fn owner(&self, device: u32, time: i64) -> Option<u32> {
        let logins = self.logins.get(&device)?;
        let first = logins.first()?.0;
        if self.wait.is_some_and(|it| time < first.saturating_sub(it)) {
            return None;
        }
        let at = match self.policy {
            SharedDevice::None => return None,
            SharedDevice::DeviceSplit | SharedDevice::Visit => {
                logins.partition_point(|it| it.0 <= time).max(1)
            }
            SharedDevice::LastAuth | SharedDevice::LatestUser => logins.len(),
        };
        logins.get(at.checked_sub(1)?).map(|it| it.1)
    }
}
