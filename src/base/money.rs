//! Exact money: integer minor units, one currency, splits that sum.

use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::error::{Error, Result};

/// An amount of money in minor units (cents, yen, fils) of the journey's currency.
pub type Amount = i64;

/// A sum of amounts, wide enough that no sum of 2^63 amounts overflows.
pub type Total = i128;

/// An ISO 4217 currency and the number of decimal digits of its minor unit.
///
/// ```
/// use touchpath::base::Currency;
/// let euro: Currency = "EUR".parse().unwrap();
/// assert_eq!(euro.format(-123_456), "-1234.56");
/// assert_eq!("JPY".parse::<Currency>().unwrap().format(500), "500");
/// assert_eq!("KWD".parse::<Currency>().unwrap().digits(), 3);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency {
    code: [u8; 3],
}

/// Currencies whose minor unit has no decimal digit (ISO 4217 list one).
const NO_DIGITS: [&str; 16] = [
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND",
    "VUV", "XAF", "XOF",
];
/// Currencies whose minor unit has three decimal digits.
const THREE_DIGITS: [&str; 7] = ["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"];

impl Currency {
    /// The code where no currency is named: two decimal digits, ISO 4217 "no currency".
    pub const UNNAMED: Self = Self { code: *b"XXX" };

    /// The three-letter code.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.code).unwrap_or_default()
    }

    /// An amount that is written already, with the code behind it if there is one.
    pub fn behind(&self, amount: String) -> String {
        if *self == Self::UNNAMED { amount } else { format!("{amount} {self}") }
    }

    /// The code in a sentence, or words where no currency is named.
    pub fn words(&self) -> &str {
        if *self == Self::UNNAMED { "money without a currency" } else { self.code() }
    }

    /// How many decimal digits the minor unit has: 0, 2 or 3.
    pub fn digits(&self) -> u32 {
        match self.code() {
            it if NO_DIGITS.contains(&it) || it == "XPF" => 0,
            it if THREE_DIGITS.contains(&it) => 3,
            _ => 2,
        }
    }

    /// An amount in major units with all its decimal digits, exact.
    pub fn format(&self, minor: Total) -> String {
        let scale = 10u128.pow(self.digits());
        let sign = if minor < 0 { "-" } else { "" };
        let size = minor.unsigned_abs();
        match self.digits() {
            0 => format!("{sign}{size}"),
            digits => {
                format!("{sign}{}.{:0width$}", size / scale, size % scale, width = digits as usize)
            }
        }
    }
}

impl Default for Currency {
    fn default() -> Self {
        Self::UNNAMED
    }
}

impl FromStr for Currency {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let code: [u8; 3] =
            text.trim().to_ascii_uppercase().into_bytes().try_into().map_err(|_| {
                Error::new(format!("\"{text}\" is not a currency"))
                    .hint("write its three-letter ISO 4217 code, such as EUR")
            })?;
        if code.iter().all(u8::is_ascii_uppercase) {
            Ok(Self { code })
        } else {
            Err(Error::new(format!("\"{text}\" is not a currency"))
                .hint("write its three-letter ISO 4217 code, such as EUR"))
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Currency {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Currency".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[A-Za-z]{3}$", "examples": ["EUR", "USD"] })
    }
}

/// Splits a total over weights so that the parts sum to it exactly
/// (largest remainder, also called Hamilton's method).
///
/// Each part is the floor of its quota `|total| · w / Σw`; the units left over
/// go one each to the largest remainders, ties to the lower index; the sign of
/// the total is restored. Weights are whole numbers, so that no rounding of
/// floats can move a cent: quantise shares first (see [`quantise`]). All weights
/// zero (or none): every part is 0 and the total stays with the caller.
///
/// Source: Balinski and Young, *Fair Representation*, 1982, chapter 3.
///
/// ```
/// use touchpath::base::money::apportion;
/// assert_eq!(apportion(100, &[1, 1, 1]), [34, 33, 33]);
/// assert_eq!(apportion(-100, &[1, 1, 1]), [-34, -33, -33]);
/// assert_eq!(apportion(101, &[4, 2, 4]), [41, 20, 40]);
/// assert_eq!(apportion(5, &[0, 0]), [0, 0]);
/// ```
pub fn apportion(total: Amount, weights: &[u64]) -> Vec<Amount> {
    let mut scratch = Apportion::default();
    scratch.split(total, weights);
    scratch.parts
}

/// [`apportion`] again and again: scratch space for it.
#[derive(Debug, Default)]
pub struct Apportion {
    parts: Vec<Amount>,
    remainders: Vec<(u128, usize)>,
}

impl Apportion {
    /// The parts of a total, as [`apportion`] gives them.
    pub fn split(&mut self, total: Amount, weights: &[u64]) -> &[Amount] {
        self.parts.clear();
        self.remainders.clear();
        let sum: u128 = weights.iter().map(|&it| u128::from(it)).sum();
        if sum == 0 {
            self.parts.resize(weights.len(), 0);
            return &self.parts;
        }
        let size = u128::from(total.unsigned_abs());
        let sign: i128 = if total < 0 { -1 } else { 1 };
        let mut left = size;
        for (index, &weight) in weights.iter().enumerate() {
            let (whole, remainder) = mul_div(size, u128::from(weight), sum);
            left -= whole;
            self.parts.push((sign * whole as i128) as Amount);
            if remainder > 0 {
                self.remainders.push((remainder, index));
            }
        }
        if left > 0 {
            // Fewer are left than parts have a remainder: each of the largest gets one.
            self.remainders.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
            for &(_, index) in self.remainders.iter().take(left as usize) {
                self.parts[index] += sign as Amount;
            }
        }
        &self.parts
    }
}

/// `(a · b / c, a · b % c)` for `a, b < 2^64`: the product fits 128 bits.
fn mul_div(a: u128, b: u128, c: u128) -> (u128, u128) {
    let product = a * b;
    if let (Ok(product), Ok(c)) = (u64::try_from(product), u64::try_from(c)) {
        return (u128::from(product / c), u128::from(product % c));
    }
    (product / c, product % c)
}

/// A number that is not below 0, rounded as `f64::round` does, but without a call for it.
#[inline]
fn rounded(it: f64) -> u64 {
    let whole = it as i64;
    whole.unsigned_abs() + u64::from(it - whole as f64 >= 0.5)
}

/// Turns shares (non-negative, finite) into whole-number weights that sum to
/// about 10^12, so that an apportionment can be recomputed from printed weights.
///
/// Shares that are not finite or negative count as 0.
pub fn quantise(shares: &[f64]) -> Vec<u64> {
    let mut weights = Vec::with_capacity(shares.len());
    quantise_into(shares, &mut weights);
    weights
}

/// [`quantise`] into a list that is there.
pub fn quantise_into(shares: &[f64], weights: &mut Vec<u64>) {
    weights.clear();
    let clean = |it: f64| if it.is_finite() && it > 0.0 { it } else { 0.0 };
    let sum: f64 = shares.iter().map(|&it| clean(it)).sum();
    if sum <= 0.0 {
        weights.resize(shares.len(), 0);
        return;
    }
    weights.extend(shares.iter().map(|&it| rounded(clean(it) / sum * 1e12)));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn rounding_is_that_of_floats(
            it in prop_oneof![0.0..2e12f64, (0u64..4_000_000).prop_map(|it| it as f64 / 2.0)],
        ) {
            for it in [it, it.next_up(), it.next_down().max(0.0)] {
                prop_assert_eq!(rounded(it), it.round() as u64);
            }
        }
    }
}
