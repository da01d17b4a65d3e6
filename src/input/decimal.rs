//! Exact decimal numbers: from text to whole minor units of money.
//!
//! No float is ever made on the way. Knows nothing of rows or currencies.

use crate::base::Amount;

/// A finite decimal number: `unscaled / 10^scale`, exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decimal {
    /// The number without its point.
    pub unscaled: i128,
    /// How many of its digits stand behind the point.
    pub scale: u32,
}

/// The largest power of ten that fits an `i128`.
const MAX_POWER: u32 = 38;

impl Decimal {
    /// Reads digits with at most one point and an optional sign; blanks around them are no matter.
    ///
    /// Refused (`None`): exponents, `NaN` and infinities, separators of
    /// thousands, decimal commas, currency signs, and numbers beyond an `i128`.
    ///
    /// ```
    /// use touchpath::input::decimal::Decimal;
    /// assert_eq!(Decimal::parse("-19.90"), Some(Decimal { unscaled: -1990, scale: 2 }));
    /// assert_eq!(Decimal::parse("1,234.50"), None);
    /// assert_eq!(Decimal::parse("1e5"), None);
    /// ```
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes().trim_ascii();
        let (negative, digits) = match bytes.first()? {
            b'-' => (true, &bytes[1..]),
            b'+' => (false, &bytes[1..]),
            _ => (false, bytes),
        };
        let point = digits.iter().position(|&it| it == b'.');
        let (whole, fraction) = match point {
            Some(at) => (&digits[..at], &digits[at + 1..]),
            None => (digits, &digits[digits.len()..]),
        };
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let unscaled =
            if digits.len() <= 18 { short(whole, fraction) } else { long(whole, fraction) }?;
        let scale = u32::try_from(fraction.len()).ok()?;
        Some(Self { unscaled: if negative { -unscaled } else { unscaled }, scale })
    }

    /// The product of two numbers, exact.
    pub fn times(self, other: Self) -> Option<Self> {
        Some(Self {
            unscaled: self.unscaled.checked_mul(other.unscaled)?,
            scale: self.scale.checked_add(other.scale)?,
        })
    }

    /// The number in minor units of a currency with so many decimal digits, and
    /// whether it had to be rounded (half to even, the bankers' rule).
    ///
    /// `None` where it does not fit an [`Amount`].
    pub fn to_minor(self, digits: u32) -> Option<(Amount, bool)> {
        let (minor, rounded) = if self.scale <= digits {
            (self.unscaled.checked_mul(power(digits - self.scale)?)?, false)
        } else {
            match power(self.scale - digits) {
                Some(divisor) => divide_half_even(self.unscaled, divisor),
                // Smaller than half a minor unit, whatever the digits are.
                None => (0, self.unscaled != 0),
            }
        };
        let amount = Amount::try_from(minor).ok().filter(|&it| it != Amount::MIN)?;
        Some((amount, rounded))
    }
}

/// The minor units of `value`, or of `value · quantity`, and whether they were rounded.
///
/// The product is exact and rounded once, half to even; `None` where it does not fit.
///
/// ```
/// use touchpath::input::decimal::{Decimal, to_minor};
/// let price = Decimal::parse("0.335").unwrap();
/// assert_eq!(to_minor(price, None, 2), Some((34, true)));
/// assert_eq!(to_minor(price, Decimal::parse("3"), 2), Some((100, true))); // 1.005
/// assert_eq!(to_minor(price, Decimal::parse("2"), 2), Some((67, false)));
/// ```
pub fn to_minor(value: Decimal, quantity: Option<Decimal>, digits: u32) -> Option<(Amount, bool)> {
    let product = match quantity {
        Some(quantity) => value.times(quantity)?,
        None => value,
    };
    product.to_minor(digits)
}

/// At most 18 digits, which cannot overflow.
#[inline]
fn short(whole: &[u8], fraction: &[u8]) -> Option<i128> {
    let mut total: i64 = 0;
    for &byte in whole.iter().chain(fraction) {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        total = total * 10 + i64::from(digit);
    }
    Some(i128::from(total))
}

#[cold]
fn long(whole: &[u8], fraction: &[u8]) -> Option<i128> {
    let mut total: i128 = 0;
    for &byte in whole.iter().chain(fraction) {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        total = total.checked_mul(10)?.checked_add(i128::from(digit))?;
    }
    Some(total)
}

fn power(exponent: u32) -> Option<i128> {
    (exponent <= MAX_POWER).then(|| 10i128.pow(exponent))
}

fn divide_half_even(number: i128, divisor: i128) -> (i128, bool) {
    let (quotient, remainder) = (number / divisor, number % divisor);
    let half = remainder.unsigned_abs().cmp(&(divisor.unsigned_abs() - remainder.unsigned_abs()));
    let up = half.is_gt() || (half.is_eq() && quotient % 2 != 0);
    (quotient + if up { number.signum() } else { 0 }, remainder != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_read_or_refused() {
        let good = [
            ("0", 0, 0),
            ("5", 5, 0),
            ("+5", 5, 0),
            ("-5.0", -50, 1),
            (" 19.99 ", 1999, 2),
            (".5", 5, 1),
            ("5.", 5, 0),
            ("00012.30", 1230, 2),
            ("9007199254740993.01", 900_719_925_474_099_301, 2),
            ("170141183460469231731687303715884105727", i128::MAX, 0),
        ];
        for (text, unscaled, scale) in good {
            assert_eq!(Decimal::parse(text), Some(Decimal { unscaled, scale }), "{text}");
        }
        let bad = [
            "",
            " ",
            "-",
            ".",
            "+.",
            "1e5",
            "1E5",
            "NaN",
            "nan",
            "inf",
            "-inf",
            "Infinity",
            "1,234.50",
            "1.234,50",
            "1'234",
            "1_000",
            "12,5",
            "$5",
            "5 EUR",
            "--5",
            "1.2.3",
            "0x10",
            "1 000",
            "٣",
            "170141183460469231731687303715884105728",
        ];
        for text in bad {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
    }

    #[test]
    fn minor_units_round_half_to_even_once() {
        let cases = [
            ("19.99", 2, Some((1999, false))),
            ("19.9", 2, Some((1990, false))),
            ("20", 2, Some((2000, false))),
            ("0.005", 2, Some((0, true))),
            ("0.015", 2, Some((2, true))),
            ("0.025", 2, Some((2, true))),
            ("0.0251", 2, Some((3, true))),
            ("-0.015", 2, Some((-2, true))),
            ("-0.025", 2, Some((-2, true))),
            ("1.50", 0, Some((2, true))),
            ("2.50", 0, Some((2, true))),
            ("2.00", 0, Some((2, false))),
            ("1.2345", 3, Some((1234, true))),
            ("92233720368547758.07", 2, Some((i64::MAX, false))),
            ("92233720368547758.08", 2, None),
            ("-92233720368547758.08", 2, None), // stands for "no amount"
            ("99999999999999999999", 2, None),
            ("0.00000000000000000000000000000000000000000001", 2, Some((0, true))),
            ("0.00000000000000000000000000000000000000000000", 2, Some((0, false))),
        ];
        for (text, digits, expected) in cases {
            let decimal = Decimal::parse(text).unwrap();
            assert_eq!(to_minor(decimal, None, digits), expected, "{text}");
        }
    }

    #[test]
    fn a_product_that_overflows_is_refused() {
        let huge = Decimal::parse("99999999999999999999999999").unwrap();
        assert_eq!(to_minor(huge, Some(huge), 2), None);
    }
}
