//! How much memory a run may use.

use std::fmt;
use std::str::FromStr;

use crate::base::{Error, Result};

/// The share of the machine's memory that a run uses if nothing is said: 60 %.
const SHARE: (u64, u64) = (3, 5);
/// What a machine is taken to have if it does not tell.
const UNKNOWN: u64 = 8 << 30;
/// Less than this is refused: the program itself needs it.
pub const LEAST: u64 = 64 << 20;

/// A number of bytes, as in `--memory 2GB`.
///
/// Units are powers of 1,000 (kB, MB, GB, TB) or of 1,024 (KiB, MiB, GiB, TiB; K, M, G, T mean
/// the same); without a unit, bytes.
///
/// ```
/// use touchpath::store::memory::Memory;
/// assert_eq!("2GB".parse::<Memory>()?.bytes(), 2_000_000_000);
/// assert_eq!("1.5 GiB".parse::<Memory>()?.bytes(), 3 << 29);
/// assert_eq!("512M".parse::<Memory>()?.bytes(), 512 << 20);
/// assert!("2 GX".parse::<Memory>().is_err());
/// assert!("1MB".parse::<Memory>().is_err()); // too little to start
/// # Ok::<(), touchpath::base::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory(u64);

impl Memory {
    /// So many bytes. Nothing is too little here: what does not fit is spilled.
    pub fn of(bytes: u64) -> Self {
        Self(bytes)
    }

    /// The usual share of what the machine (or the control group that the process runs in) has.
    pub fn usual() -> Self {
        let has = machine().unwrap_or(UNKNOWN);
        Self((has / SHARE.1 * SHARE.0).max(LEAST))
    }

    /// The number of bytes.
    pub fn bytes(self) -> u64 {
        self.0
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::usual()
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            it if it >= 10_000_000_000 => write!(f, "{} GB", it / 1_000_000_000),
            it => write!(f, "{} MB", it / 1_000_000),
        }
    }
}

impl FromStr for Memory {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let bad = || {
            Error::new(format!("cannot read an amount of memory from \"{text}\""))
                .hint("write a number and a unit, such as 2GB or 512MiB")
        };
        let text = text.trim();
        let unit = text.find(|it: char| !it.is_ascii_digit() && it != '.').unwrap_or(text.len());
        let number: f64 = text[..unit].parse().map_err(|_| bad())?;
        let scale = scale(text[unit..].trim()).ok_or_else(bad)?;
        let bytes = number * scale as f64;
        if !(0.0..=1e18).contains(&bytes) {
            return Err(bad());
        }
        if (bytes as u64) < LEAST {
            return Err(Error::new(format!("\"{text}\" is too little memory"))
                .hint(format!("at least {} MiB are needed", LEAST >> 20)));
        }
        Ok(Self(bytes as u64))
    }
}

fn scale(unit: &str) -> Option<u64> {
    Some(match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kb" => 1000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "tb" => 1_000_000_000_000,
        "k" | "kib" => 1 << 10,
        "m" | "mib" => 1 << 20,
        "g" | "gib" => 1 << 30,
        "t" | "tib" => 1 << 40,
        _ => return None,
    })
}

/// What the machine has, or less where a control group says so.
fn machine() -> Option<u64> {
    let read = |path: &str| fs_err::read_to_string(path).ok();
    let limits = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];
    let limit = limits.iter().filter_map(|it| read(it)?.trim().parse::<u64>().ok()).min();
    let info = read("/proc/meminfo")?;
    let line = info.lines().find_map(|it| it.strip_prefix("MemTotal:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    let total = kibibytes << 10;
    Some(limit.map_or(total, |it| it.min(total)))
}
