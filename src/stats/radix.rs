//! Sorting whole numbers by their digits: for long lists of times and amounts.
//!
//! Knows nothing of what the numbers mean.

/// A digit's bits: few enough that a place for each digit stays in the cache of a core.
const DIGIT_BITS: u32 = 11;
const DIGITS: usize = 1 << DIGIT_BITS;
/// Shorter lists are sorted by comparing.
const SHORT: usize = 1 << 12;

/// Sorts numbers, the least first.
///
/// Digit by digit, the lowest first (H. H. Seward, 1954), over the digits in which the numbers
/// differ. O(n) for each of these, and as much room again.
///
/// ```
/// # use touchpath::stats::sort_numbers;
/// let mut waits = vec![40, -10, 30];
/// sort_numbers(&mut waits);
/// assert_eq!(waits, [-10, 30, 40]);
/// ```
pub fn sort_numbers(values: &mut Vec<i64>) {
    if values.len() < SHORT {
        values.sort_unstable();
        return;
    }
    let first = key(values[0]);
    let differ = values.iter().fold(0, |bits, &it| bits | (key(it) ^ first));
    let mut from = std::mem::take(values);
    let mut to = Vec::new();
    for shift in (0..u64::BITS).step_by(DIGIT_BITS as usize) {
        if digit(differ, shift) != 0 {
            to.resize(from.len(), 0);
            scatter(&from, &mut to, shift);
            std::mem::swap(&mut from, &mut to);
        }
    }
    *values = from;
}

/// A number that is larger where the value is.
#[inline]
fn key(value: i64) -> u64 {
    value as u64 ^ 1 << 63
}

#[inline]
fn digit(key: u64, shift: u32) -> usize {
    (key >> shift) as usize % DIGITS
}

/// Puts numbers in order of one digit; those of the same stay in order.
fn scatter(from: &[i64], to: &mut [i64], shift: u32) {
    let mut places = vec![0usize; DIGITS];
    from.iter().for_each(|&it| places[digit(key(it), shift)] += 1);
    let mut next = 0;
    for place in &mut places {
        next += std::mem::replace(place, next);
    }
    for &value in from {
        let place = &mut places[digit(key(value), shift)];
        to[*place] = value;
        *place += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]

        #[test]
        fn as_by_comparing(
            values in prop::collection::vec(
                prop_oneof![any::<i64>(), -9i64..9, 0i64..9_000_000_000, Just(i64::MIN)],
                1..60,
            ),
            step in any::<i64>(),
            copies in prop_oneof![Just(1usize), Just(SHORT)],
        ) {
            let more = (0..copies as i64).flat_map(|at| {
                values.iter().map(move |it| it.wrapping_add(at.wrapping_mul(step)))
            });
            let mut values: Vec<i64> = more.collect();
            let mut wanted = values.clone();
            wanted.sort_unstable();
            sort_numbers(&mut values);
            prop_assert_eq!(values, wanted);
        }
    }

    #[test]
    fn equal_numbers_need_no_pass() {
        let mut values = vec![7; SHORT];
        sort_numbers(&mut values);
        assert_eq!(values, vec![7; SHORT]);
    }
}
