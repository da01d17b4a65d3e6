//! Strings stored by their lengths, or by what they share with the one before.
//!
//! Knows nothing of rows; never takes more memory than the bytes at hand warrant.

use super::dense::{Strings, Why};
use super::hybrid::unpack;
use crate::input::rows::spans::Span;

const CUT: Why = "a page ends within its lengths";
const WRONG: Why = "the lengths of a page's values are none";
const TOO_MANY: Why = "a page holds too many values";
const TOO_LONG: Why = "a page's values are too long together";

/// The most values of a page, and the most bytes of all of them.
const MOST: usize = 1 << 24;
const MOST_BYTES: usize = 1 << 28;
/// The most differences that stand together.
const LARGEST_BLOCK: u64 = 1 << 16;

/// The strings of a page; `shared` where each begins as the one before.
pub(super) fn strings(bytes: &[u8], shared: bool) -> Result<Strings, Why> {
    let (begins, used) = if shared { lengths(bytes)? } else { (Vec::new(), 0) };
    let rest = bytes.get(used..).ok_or(CUT)?;
    let (sizes, used) = lengths(rest)?;
    let mut rest = rest.get(used..).ok_or(CUT)?;
    if !shared {
        return apart(rest, &sizes);
    }
    if begins.len() != sizes.len() {
        return Err(WRONG);
    }
    let (mut all, mut start) = (Strings::default(), 0);
    for (begin, size) in begins.into_iter().zip(sizes) {
        let begin = usize::try_from(begin).map_err(|_| WRONG)?;
        let size = usize::try_from(size).map_err(|_| WRONG)?;
        let (own, behind) = rest.split_at_checked(size).ok_or(CUT)?;
        let end = all.bytes.len();
        if begin > end - start {
            return Err(WRONG);
        }
        if begin + size > MOST_BYTES - end {
            return Err(TOO_LONG);
        }
        all.bytes.extend_from_within(start..start + begin);
        all.bytes.extend_from_slice(own);
        all.spans.push(Span { start: end as u32, end: all.bytes.len() as u32 });
        (start, rest) = (end, behind);
    }
    Ok(all)
}

/// The strings of these sizes that stand one behind the other.
fn apart(bytes: &[u8], sizes: &[i32]) -> Result<Strings, Why> {
    let (mut spans, mut end) = (Vec::with_capacity(sizes.len()), 0u32);
    for &size in sizes {
        let start = end;
        end = u32::try_from(size).map_err(|_| WRONG)?.checked_add(start).ok_or(TOO_LONG)?;
        spans.push(Span { start, end });
    }
    let bytes = bytes.get(..end as usize).ok_or(CUT)?;
    if bytes.len() > MOST_BYTES {
        return Err(TOO_LONG);
    }
    Ok(Strings { bytes: bytes.to_vec(), spans })
}

/// Checks that a page of strings claims no more of them than it can hold.
pub(super) fn check(bytes: &[u8], shared: bool) -> Result<(), Why> {
    let (_, used) = lengths(bytes)?;
    if shared {
        lengths(bytes.get(used..).ok_or(CUT)?)?;
    }
    Ok(())
}

/// Numbers stored as differences, and how many bytes they take.
///
/// Source: "Delta encoding" in the Parquet format's `Encodings.md`.
fn lengths(bytes: &[u8]) -> Result<(Vec<i32>, usize), Why> {
    let mut at = 0;
    let block = varint(bytes, &mut at)?;
    let parts = varint(bytes, &mut at)?;
    let count = usize::try_from(varint(bytes, &mut at)?).map_err(|_| TOO_MANY)?;
    let mut number = zigzag(varint(bytes, &mut at)?) as i32;
    if block == 0 || parts == 0 || block % parts != 0 || block / parts % 8 != 0 {
        return Err(WRONG);
    }
    if count > MOST || block > LARGEST_BLOCK {
        return Err(TOO_MANY);
    }
    let each = (block / parts) as usize;
    let (mut numbers, mut differences) = (Vec::new(), Vec::new());
    if count > 0 {
        numbers.push(number);
    }
    while numbers.len() < count {
        let least = zigzag(varint(bytes, &mut at)?) as i32;
        let widths = bytes.get(at..at + parts as usize).ok_or(CUT)?;
        at += parts as usize;
        for &width in widths {
            let some = each.min(count - numbers.len());
            if some == 0 {
                break;
            }
            let size = each / 8 * usize::from(width);
            let packed = bytes.get(at..at + size).filter(|_| width <= 32).ok_or(CUT)?;
            at += size;
            differences.clear();
            match width {
                0 => differences.resize(some, 0),
                _ => unpack(packed, 0, width, some, &mut differences),
            }
            for &difference in &differences {
                number = number.wrapping_add(least).wrapping_add(difference as i32);
                numbers.push(number);
            }
        }
    }
    Ok((numbers, at))
}

/// A number of seven bits a byte, the lowest first.
fn varint(bytes: &[u8], at: &mut usize) -> Result<u64, Why> {
    let mut number = 0;
    for shift in (0..70).step_by(7) {
        let byte = *bytes.get(*at).ok_or(CUT)?;
        *at += 1;
        number |= u64::from(byte & 0x7f) << shift.min(63);
        if byte < 0x80 {
            return Ok(number);
        }
    }
    Err(WRONG)
}

/// A number whose sign is in its lowest bit.
fn zigzag(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A head, and a first number.
    fn head(block: u8, parts: u8, count: u8, first: u8) -> Vec<u8> {
        vec![block | 0x80, 1, parts, count, first]
    }

    #[test]
    fn lengths_are_sums_of_differences() {
        // 1, 3, 5: the least difference is 2, all others need no bits.
        let mut bytes = head(0, 4, 3, 2);
        bytes.extend([4, 0, 0, 0, 0]);
        assert_eq!(lengths(&bytes), Ok((vec![1, 3, 5], 10)));
        bytes.extend(b"abbbccccc");
        let all = strings(&bytes, false).unwrap();
        assert_eq!((all.get(0), all.get(2)), (&b"a"[..], &b"ccccc"[..]));
        assert_eq!(strings(&bytes[..12], false), Err(CUT));
    }

    #[test]
    fn claims_are_not_believed() {
        let mut huge = vec![0x80, 1, 4];
        huge.extend([0xff; 4]);
        huge.extend([0x0f, 0]);
        assert_eq!(lengths(&huge), Err(TOO_MANY));
        assert_eq!(lengths(&head(0, 0, 3, 2)), Err(WRONG));
        assert_eq!(lengths(&head(0, 4, 3, 2)), Err(CUT));
    }

    proptest! {
        #[test]
        fn any_bytes_end(bytes in prop::collection::vec(any::<u8>(), 0..80), shared: bool) {
            let _ = strings(&[&head(0, 4, 9, 2)[..], &bytes].concat(), shared);
            let _ = (strings(&bytes, shared), check(&bytes, shared));
        }
    }
}
