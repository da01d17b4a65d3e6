//! Numbers of several batches as steps on one ladder, so that none is ever made wide to be
//! narrowed again. Knows nothing of what numbers mean.

use super::narrow::Strip;
use crate::model::raw::NO_AMOUNT;

/// A column of numbers: code 0 for *none*, any other so many steps of `scale` from `base`, which
/// code 1 stands for. Where four bytes cannot hold the codes of all, the numbers themselves.
///
/// ```
/// use touchpath::store::narrow::Strip;
/// use touchpath::store::steps::Steps;
/// let (mut codes, mut all) = (Vec::new(), Steps::default());
/// for times in [[7_000_000, 9_000_000], [2_500_000, 8_000_000]] {
///     let strip = Strip::of_numbers(&times, &mut codes);
///     all.add(&strip, &strip.narrow_numbers(times.iter().copied()), 2);
/// }
/// assert_eq!(all.values().collect::<Vec<_>>(), [7_000_000, 9_000_000, 2_500_000, 8_000_000]);
/// assert_eq!(all.span(), Some((2_500_000, 9_000_000)));
/// ```
#[derive(Debug, Clone, Default)]
pub struct Steps {
    base: i64,
    /// Zero while no number but none came.
    scale: u64,
    /// The greatest code.
    most: u32,
    codes: Vec<u32>,
    /// All numbers, where codes do not do.
    wide: Vec<i64>,
    is_wide: bool,
}

impl Steps {
    /// Takes all numbers out, and keeps the room.
    pub fn clear(&mut self) {
        let (mut codes, mut wide) =
            (std::mem::take(&mut self.codes), std::mem::take(&mut self.wide));
        codes.clear();
        wide.clear();
        *self = Self { codes, wide, ..Self::default() };
    }

    /// How many numbers there are.
    pub fn len(&self) -> usize {
        if self.is_wide { self.wide.len() } else { self.codes.len() }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds so many numbers of a strip.
    pub fn add(&mut self, strip: &Strip, bytes: &[u8], rows: usize) {
        if strip.is_line() || strip.is_sparse() || strip.width() == 8 {
            self.widen();
            return strip.widen_numbers(bytes, rows, &mut self.wide);
        }
        let most = if self.is_wide { 0 } else { strip.greatest(bytes) };
        let (base, scale) = if most > 0 { strip.ladder() } else { (0, 0) };
        if self.is_wide || !self.align(base, scale, most) {
            self.widen();
            return strip.widen_numbers(bytes, rows, &mut self.wide);
        }
        if scale == 0 {
            return self.add_none(rows);
        }
        // Both ladders have the same steps now, or those of the strip are so many of ours.
        let shift = (base.wrapping_sub(self.base) as u64 / self.scale) as u32;
        let factor = (scale / self.scale) as u32;
        self.most = self.most.max(ladder(factor, shift)(most));
        match factor {
            1 => strip.append(bytes, rows, ladder(1, shift), &mut self.codes),
            _ => strip.append(bytes, rows, ladder(factor, shift), &mut self.codes),
        }
    }

    /// Adds so many times none.
    pub fn add_none(&mut self, count: usize) {
        let length = self.len() + count;
        match self.is_wide {
            true => self.wide.resize(length, NO_AMOUNT),
            false => self.codes.resize(length, 0),
        }
    }

    /// Gives this ladder steps in which the numbers of another one, which has these steps and
    /// codes up to `most`, are whole ones; false where no ladder of four bytes holds both.
    fn align(&mut self, other: i64, steps: u64, most: u32) -> bool {
        if steps == 0 {
            return true;
        }
        if self.scale == 0 {
            (self.base, self.scale) = (other, steps);
            return true;
        }
        let base = self.base.min(other);
        let (above, above_other) = (self.base.abs_diff(base), other.abs_diff(base));
        let scale = gcd(gcd(self.scale, steps), above.max(above_other));
        let top = |above: u64, steps: u64, most: u32| {
            let steps = u128::from(steps / scale) * u128::from(most.saturating_sub(1));
            steps + u128::from(above / scale) + 1
        };
        let top = top(above, self.scale, self.most).max(top(above_other, steps, most));
        if top > u128::from(u32::MAX) {
            return false;
        }
        let (factor, shift) = ((self.scale / scale) as u32, (above / scale) as u32);
        if (factor, shift) != (1, 0) {
            let code = ladder(factor, shift);
            self.codes.iter_mut().for_each(|it| *it = code(*it));
            self.most = code(self.most);
        }
        (self.base, self.scale) = (base, scale);
        true
    }

    /// Turns codes into numbers.
    fn widen(&mut self) {
        if !self.is_wide {
            let mut wide = std::mem::take(&mut self.wide);
            wide.extend(self.values());
            self.codes.clear();
            (self.wide, self.is_wide) = (wide, true);
        }
    }

    /// The number at a place, [`NO_AMOUNT`] for none.
    pub fn get(&self, at: usize) -> i64 {
        if self.is_wide { self.wide[at] } else { self.number(self.codes[at]) }
    }

    /// The numbers, [`NO_AMOUNT`] for none.
    pub fn values(&self) -> impl Iterator<Item = i64> {
        let wide = self.wide.iter().copied().take(if self.is_wide { usize::MAX } else { 0 });
        wide.chain(self.codes.iter().map(|&it| self.number(it)))
    }

    fn number(&self, code: u32) -> i64 {
        match code {
            0 => NO_AMOUNT,
            _ => self.base.wrapping_add((u64::from(code - 1).wrapping_mul(self.scale)) as i64),
        }
    }

    /// The least and the greatest number, unless all are none.
    pub fn span(&self) -> Option<(i64, i64)> {
        if !self.is_wide {
            let least = self.codes.iter().map(|it| it.wrapping_sub(1)).fold(u32::MAX, u32::min);
            return (self.most > 0).then(|| (self.number(least + 1), self.number(self.most)));
        }
        let some = || self.wide.iter().filter(|it| **it != NO_AMOUNT);
        some().min().copied().zip(some().max().copied())
    }

    /// Shows the places of numbers that are neither none nor zero.
    pub fn each_nonzero(&self, mut show: impl FnMut(usize)) {
        if self.is_wide {
            let some = |it: i64| it != NO_AMOUNT && it != 0;
            return (0..self.wide.len()).filter(|&at| some(self.wide[at])).for_each(show);
        }
        let (steps, rest) = match self.scale {
            0 => return,
            scale => (self.base.unsigned_abs() / scale, self.base.unsigned_abs() % scale),
        };
        // The code of zero, where it has one.
        let zero = match u32::try_from(steps) {
            Ok(it) if rest == 0 && self.base <= 0 => it.checked_add(1).unwrap_or_default(),
            _ => 0,
        };
        for (at, &code) in self.codes.iter().enumerate() {
            if code != 0 && code != zero {
                show(at);
            }
        }
    }

    /// The numbers of these rows, in this order, narrowed; `codes` is room to work in.
    pub fn narrow(&self, order: &[u32], codes: &mut Vec<u32>) -> (Strip, Vec<u8>) {
        if !self.is_wide {
            let strip = Strip::of_ladder(self.base, self.scale.max(1), self.most);
            let codes = &self.codes[..];
            return (strip, strip.bytes(order.iter().map(|&row| codes[row as usize])));
        }
        let (strip, values) = (Strip::of_numbers(&self.wide, codes), &self.wide[..]);
        let bytes = match codes.is_empty() {
            true => strip.narrow_numbers(order.iter().map(|&row| values[row as usize])),
            false => strip.bytes(order.iter().map(|&row| codes[row as usize])),
        };
        (strip, bytes)
    }
}

impl Extend<i64> for Steps {
    fn extend<I: IntoIterator<Item = i64>>(&mut self, numbers: I) {
        self.widen();
        self.wide.extend(numbers);
    }
}

/// Takes a code to a ladder of smaller steps that begins lower.
fn ladder(factor: u32, shift: u32) -> impl Fn(u32) -> u32 {
    move |code| match code {
        0 => 0,
        code => (code - 1).wrapping_mul(factor).wrapping_add(shift + 1),
    }
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn add(steps: &mut Steps, values: &[i64]) {
        let strip = Strip::of_numbers(values, &mut Vec::new());
        let bytes = strip.narrow_numbers(values.iter().copied());
        steps.add(&strip, &bytes, values.len());
    }

    #[test]
    fn ladders_of_other_steps_and_bases_become_one() {
        let parts = [&[5_000_000, 9_000_000][..], &[NO_AMOUNT], &[1_250_000], &[-3_000]];
        let mut all = Steps::default();
        parts.iter().for_each(|it| add(&mut all, it));
        assert!(!all.is_wide);
        assert_eq!(all.values().collect::<Vec<_>>(), parts.concat());
        assert_eq!(all.span(), Some((-3_000, 9_000_000)));
        all.add_none(2);
        assert_eq!(all.len(), 7);
    }

    proptest! {
        #[test]
        fn steps_are_the_numbers(
            parts in prop::collection::vec(
                (prop::collection::vec(
                    prop_oneof![Just(NO_AMOUNT), -5..5i64, -9_000..9_000i64, any::<i64>()], 0..6),
                prop_oneof![Just(1i64), Just(1_000), Just(1_000_000)]), 0..5),
            none in 0..3usize,
            chosen in prop::collection::vec(any::<i64>(), 0..3),
        ) {
            let (mut all, mut plain) = (Steps::default(), Vec::new());
            for (values, scale) in &parts {
                let times = |&it: &i64| if it == NO_AMOUNT { it } else { it.wrapping_mul(*scale) };
                let values: Vec<i64> = values.iter().map(times).collect();
                add(&mut all, &values);
                plain.extend(values);
            }
            all.add_none(none);
            plain.extend(vec![NO_AMOUNT; none]);
            if !chosen.is_empty() {
                all.extend(chosen.iter().copied());
                plain.extend(&chosen);
            }
            let values: Vec<i64> = all.values().collect();
            prop_assert_eq!(&values, &plain);
            prop_assert!((0..plain.len()).all(|it| all.get(it) == plain[it]));
            let some = || plain.iter().copied().filter(|it| *it != NO_AMOUNT);
            prop_assert_eq!(all.span(), some().min().zip(some().max()));
            let mut nonzero = Vec::new();
            all.each_nonzero(|at| nonzero.push(plain[at]));
            prop_assert_eq!(nonzero, some().filter(|it| *it != 0).collect::<Vec<_>>());
            let order: Vec<u32> = (0..plain.len() as u32).rev().collect();
            let (strip, bytes) = all.narrow(&order, &mut Vec::new());
            let mut back = Vec::new();
            strip.widen_numbers(&bytes, plain.len(), &mut back);
            back.reverse();
            prop_assert_eq!(back, plain);
        }
    }
}
