//! Columns of whole numbers as bytes: narrow, fast, and safe to read back.
//!
//! A column is a header and codes of one width (0, 1, 2, 4 or 8 bytes, little
//! endian). A code counts steps of `scale` above `base`; the code whose bits are
//! all ones stands for *none* ([`NONE`], [`NO_AMOUNT`]). Where the steps from
//! value to value are narrower than the values, these are coded instead. A column
//! of one value has no codes at all. Knows nothing of what the numbers mean.
//!
//! Hostile bytes give an error: nothing is set aside that the bytes left cannot
//! fill, but for a column of one value, which has at most [`MOST_EQUAL`] rows.

use crate::base::{Error, NONE, Result};
use crate::model::raw::NO_AMOUNT;

/// The most rows that a column without codes can have; longer ones spend a byte a row.
pub const MOST_EQUAL: usize = 1 << 22;

/// How many values a guess looks at before all are.
const SAMPLE: usize = 256;

/// Steps that are looked for: whole seconds and milliseconds in microseconds.
const SCALES: [u64; 2] = [1_000_000, 1_000];

/// Set in the flags where codes may stand for none.
const WITH_NONE: u8 = 1;
/// Set in the flags where codes are of the steps from value to value.
const STEPS: u8 = 2;

/// Adds a column of codes or counts; [`NONE`] costs no width.
///
/// ```
/// use touchpath::store::column::{decode_u32, encode_u32};
/// let mut bytes = Vec::new();
/// encode_u32(&[700, u32::MAX, 703], &mut bytes);
/// assert_eq!(bytes.len(), 9);
/// let mut back = Vec::new();
/// decode_u32(&mut &bytes[..], &mut back)?;
/// assert_eq!(back, [700, u32::MAX, 703]);
/// # Ok::<(), touchpath::base::Error>(())
/// ```
pub fn encode_u32(values: &[u32], out: &mut Vec<u8>) {
    encode(values, out);
}

/// Adds a column of times, sequences or amounts; `i64::MIN` ([`NO_AMOUNT`] and the
/// like) costs no width.
pub fn encode_i64(values: &[i64], out: &mut Vec<u8>) {
    encode(values, out);
}

/// Reads a column back from the front of `bytes`, and adds its values to `out`.
///
/// # Errors
/// The bytes are no column of this kind, or end too early; `out` is as before.
pub fn decode_u32(bytes: &mut &[u8], out: &mut Vec<u32>) -> Result<()> {
    decode(bytes, out)
}

/// As [`decode_u32`], for what [`encode_i64`] wrote.
///
/// # Errors
/// As [`decode_u32`].
pub fn decode_i64(bytes: &mut &[u8], out: &mut Vec<i64>) -> Result<()> {
    decode(bytes, out)
}

/// Passes over a column of either kind.
///
/// # Errors
/// The bytes are no column, or end too early.
pub fn skip(bytes: &mut &[u8]) -> Result<()> {
    let &[kind, flags] = take_bytes(bytes, 2)? else { return Err(cut_short()) };
    let count = take_number(bytes)?;
    for _ in 0..if flags == STEPS { 3 } else { 2 } {
        take_number(bytes)?;
    }
    let codes = if flags == STEPS { count.saturating_sub(1) } else { count };
    let width = usize::from(kind & 0x0f);
    let codes = usize::try_from(codes).ok().and_then(|it| it.checked_mul(width));
    take_bytes(bytes, codes.ok_or_else(cut_short)?).map(|_| ())
}

/// Adds a number in as few bytes as it needs, seven bits each.
pub fn put_number(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Reads a number that [`put_number`] wrote.
///
/// # Errors
/// The bytes end too early, or say more than 64 bits.
pub fn take_number(bytes: &mut &[u8]) -> Result<u64> {
    let mut number = 0u64;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first().ok_or_else(cut_short)?;
        *bytes = rest;
        let part = u64::from(byte & 0x7f);
        if shift == 63 && part > 1 {
            break;
        }
        number |= part << shift;
        if byte < 0x80 {
            return Ok(number);
        }
    }
    Err(Error::new("a number of more than 64 bits"))
}

/// Takes so many bytes from the front.
///
/// # Errors
/// There are fewer.
pub fn take_bytes<'a>(bytes: &mut &'a [u8], count: usize) -> Result<&'a [u8]> {
    let (taken, rest) = bytes.split_at_checked(count).ok_or_else(cut_short)?;
    *bytes = rest;
    Ok(taken)
}

#[cold]
fn cut_short() -> Error {
    Error::new("the bytes end too early")
}

/// A number of a column. All arithmetic wraps around: any bytes mean something.
trait Value: Copy + Ord {
    /// The mark in the header.
    const KIND: u8;
    /// The widest codes.
    const WIDTH: u8;
    const NONE: Self;
    const ZERO: Self;
    const LEAST: Self;
    const MOST: Self;
    /// How far `self` is above `base`.
    fn above(self, base: Self) -> u64;
    /// The value so far above `base`.
    fn at(base: Self, code: u64) -> Self;
    /// The step from `last` to here, in an order in which steps back come first.
    fn step(self, last: Self) -> Self;
    fn to_bits(self) -> u64;
    fn from_bits(bits: u64) -> Self;
}

impl Value for u32 {
    const KIND: u8 = 0x10;
    const WIDTH: u8 = 4;
    const NONE: Self = NONE;
    const ZERO: Self = 0;
    const LEAST: Self = u32::MIN;
    const MOST: Self = u32::MAX;

    #[inline]
    fn above(self, base: Self) -> u64 {
        u64::from(self.wrapping_sub(base))
    }

    #[inline]
    fn at(base: Self, code: u64) -> Self {
        base.wrapping_add(code as u32)
    }

    // Half the range is added, so that unsigned order is the order of signed steps.
    #[inline]
    fn step(self, last: Self) -> Self {
        self.wrapping_sub(last).wrapping_add(1 << 31)
    }

    fn to_bits(self) -> u64 {
        u64::from(self)
    }

    fn from_bits(bits: u64) -> Self {
        bits as u32
    }
}

impl Value for i64 {
    const KIND: u8 = 0x20;
    const WIDTH: u8 = 8;
    const NONE: Self = NO_AMOUNT;
    const ZERO: Self = 0;
    const LEAST: Self = i64::MIN;
    const MOST: Self = i64::MAX;

    #[inline]
    fn above(self, base: Self) -> u64 {
        self.wrapping_sub(base) as u64
    }

    #[inline]
    fn at(base: Self, code: u64) -> Self {
        base.wrapping_add(code as i64)
    }

    #[inline]
    fn step(self, last: Self) -> Self {
        self.wrapping_sub(last)
    }

    // Small numbers of either sign are short.
    fn to_bits(self) -> u64 {
        ((self << 1) ^ (self >> 63)) as u64
    }

    fn from_bits(bits: u64) -> Self {
        (bits >> 1) as i64 ^ -((bits & 1) as i64)
    }
}

/// How the codes of a column are made.
#[derive(Clone, Copy)]
struct Plan<V> {
    width: u8,
    flags: u8,
    base: V,
    scale: u64,
}

fn encode<V: Value>(values: &[V], out: &mut Vec<u8>) {
    let plan = plan(values);
    out.push(V::KIND | plan.width);
    out.push(plan.flags);
    put_number(values.len() as u64, out);
    put_number(plan.base.to_bits(), out);
    put_number(plan.scale, out);
    match plan.flags {
        STEPS => {
            put_number(values.first().map_or(0, |it| it.to_bits()), out);
            put_codes(steps(values).map(|it| it.above(plan.base)), &plan, out);
        }
        WITH_NONE => {
            let codes = values.iter().map(|&it| match it == V::NONE {
                true => u64::MAX,
                false => it.above(plan.base),
            });
            put_codes(codes, &Plan { scale: 1, ..plan }, out);
        }
        _ => put_codes(values.iter().map(|it| it.above(plan.base)), &plan, out),
    }
}

/// The steps from value to value.
fn steps<V: Value>(values: &[V]) -> impl ExactSizeIterator<Item = V> + Clone {
    let next = values.get(1..).unwrap_or_default();
    next.iter().zip(values).map(|(it, last)| it.step(*last))
}

fn plan<V: Value>(values: &[V]) -> Plan<V> {
    let (mut least, mut most, mut nones) = (V::MOST, V::LEAST, 0usize);
    for &it in values {
        let none = it == V::NONE;
        nones += usize::from(none);
        least = least.min(if none { V::MOST } else { it });
        most = most.max(if none { V::LEAST } else { it });
    }
    if nones == values.len() {
        let width = u8::from(nones > MOST_EQUAL);
        return Plan { width, flags: WITH_NONE, base: V::ZERO, scale: 1 };
    }
    let width = width_of(most.above(least), values.len());
    let plain = Plan { width, flags: 0, base: least, scale: 1 };
    if nones > 0 {
        return Plan { width: width.max(1), flags: WITH_NONE, ..plain };
    }
    if width < 2 {
        return plain;
    }
    let scaled = scaled(plain, most.above(least), values.iter().map(|it| it.above(least)));
    steps_plan(values).filter(|it| it.width < scaled.width).unwrap_or(scaled)
}

/// The plan by steps from value to value, if a look at the first says it may pay.
fn steps_plan<V: Value>(values: &[V]) -> Option<Plan<V>> {
    let range = |values: &[V]| {
        let ends = (V::MOST, V::LEAST);
        steps(values).fold(ends, |(least, most), it| (least.min(it), most.max(it)))
    };
    let sample = &values[..values.len().min(SAMPLE)];
    let (least, most) = range(sample);
    let wide = |values: &[V]| {
        let ends = (V::MOST, V::LEAST);
        let (least, most) = values.iter().fold(ends, |(a, b), &it| (a.min(it), b.max(it)));
        most.above(least)
    };
    // Steps of rows without order are wider than the values themselves.
    if sample.len() < 2 || most.above(least) > wide(sample) {
        return None;
    }
    let (least, most) = range(values);
    let most = most.above(least);
    let width = width_of(most, values.len());
    let plan = Plan { width, flags: STEPS, base: least, scale: 1 };
    Some(scaled(plan, most, steps(values).map(|it| it.above(least))))
}

/// The same plan by a larger step, if all codes are multiples of it and narrower so.
fn scaled<V: Value>(
    plan: Plan<V>,
    most: u64,
    codes: impl ExactSizeIterator<Item = u64> + Clone,
) -> Plan<V> {
    let count = codes.len();
    for scale in SCALES {
        let width = width_of(most / scale, count);
        // A constant divisor costs a multiplication.
        let all = width < plan.width
            && match scale {
                1_000_000 => codes.clone().all(|it| it % 1_000_000 == 0),
                _ => codes.clone().all(|it| it % 1_000 == 0),
            };
        if all {
            return Plan { width, scale, ..plan };
        }
    }
    plan
}

/// The bytes that codes up to `most` need; the code of all ones is kept for none.
fn width_of(most: u64, count: usize) -> u8 {
    match most {
        0 if count <= MOST_EQUAL => 0,
        0..0xff => 1,
        0xff..0xffff => 2,
        0xffff..0xffff_ffff => 4,
        _ => 8,
    }
}

fn put_codes<V: Value>(
    codes: impl ExactSizeIterator<Item = u64>,
    plan: &Plan<V>,
    out: &mut Vec<u8>,
) {
    let begin = out.len();
    out.resize(begin + codes.len() * plan.width as usize, 0);
    let room = &mut out[begin..];
    match plan.scale {
        1_000_000 => put_wide(codes.map(|it| it / 1_000_000), plan.width, room),
        1_000 => put_wide(codes.map(|it| it / 1_000), plan.width, room),
        _ => put_wide(codes, plan.width, room),
    }
}

fn put_wide(codes: impl Iterator<Item = u64>, width: u8, room: &mut [u8]) {
    match width {
        0 => {}
        1 => room.iter_mut().zip(codes).for_each(|(to, it)| *to = it as u8),
        2 => fill(room, codes, |it| (it as u16).to_le_bytes()),
        4 => fill(room, codes, |it| (it as u32).to_le_bytes()),
        _ => fill(room, codes, u64::to_le_bytes),
    }
}

#[inline]
fn fill<const W: usize>(
    room: &mut [u8],
    codes: impl Iterator<Item = u64>,
    bytes: impl Fn(u64) -> [u8; W],
) {
    for (to, it) in room.as_chunks_mut::<W>().0.iter_mut().zip(codes) {
        *to = bytes(it);
    }
}

fn decode<V: Value>(bytes: &mut &[u8], out: &mut Vec<V>) -> Result<()> {
    let mut rest = *bytes;
    let wrong = || Error::new("not a column of this kind");
    let &[mark, flags] = take_bytes(&mut rest, 2)? else { return Err(wrong()) };
    let width = mark & 0x0f;
    let known = matches!(width, 0 | 1 | 2 | 4 | 8) && width <= V::WIDTH;
    if mark & 0xf0 != V::KIND || !known || flags > STEPS {
        return Err(wrong());
    }
    let count = usize::try_from(take_number(&mut rest)?).map_err(|_| cut_short())?;
    let plan = Plan {
        width,
        flags,
        base: V::from_bits(take_number(&mut rest)?),
        scale: take_number(&mut rest)?,
    };
    let first = match flags {
        STEPS => Some(V::from_bits(take_number(&mut rest)?)),
        _ => None,
    };
    let coded = if first.is_some() { count.saturating_sub(1) } else { count };
    if width == 0 && count > MOST_EQUAL {
        return Err(cut_short());
    }
    let size = coded.checked_mul(width as usize).ok_or_else(cut_short)?;
    let codes = take_bytes(&mut rest, size)?;
    out.reserve(count);
    let begin = out.len();
    take_codes(codes, coded, &plan, out);
    if let (Some(first), 1..) = (first, count) {
        sum_up(first, begin, out);
    }
    *bytes = rest;
    Ok(())
}

/// Steps to values: all but the first value are there as steps.
fn sum_up<V: Value>(first: V, begin: usize, out: &mut Vec<V>) {
    out.push(first);
    let mut last = first;
    for it in &mut out[begin..] {
        let step = std::mem::replace(it, last);
        last = V::at(last, step.above(V::ZERO.step(V::ZERO)));
    }
}

fn take_codes<V: Value>(codes: &[u8], count: usize, plan: &Plan<V>, out: &mut Vec<V>) {
    match plan.width {
        0 if plan.flags == WITH_NONE => out.resize(out.len() + count, V::NONE),
        0 => out.resize(out.len() + count, plan.base),
        1 => values(codes.iter().map(|&it| u64::from(it)), 0xff, plan, out),
        2 => values(
            codes.as_chunks().0.iter().map(|it| u64::from(u16::from_le_bytes(*it))),
            0xffff,
            plan,
            out,
        ),
        4 => values(
            codes.as_chunks().0.iter().map(|it| u64::from(u32::from_le_bytes(*it))),
            0xffff_ffff,
            plan,
            out,
        ),
        _ => values(
            codes.as_chunks().0.iter().map(|it| u64::from_le_bytes(*it)),
            u64::MAX,
            plan,
            out,
        ),
    }
}

#[inline]
fn values<V: Value>(
    codes: impl ExactSizeIterator<Item = u64>,
    none: u64,
    plan: &Plan<V>,
    out: &mut Vec<V>,
) {
    let Plan { base, scale, .. } = *plan;
    match (plan.flags, scale) {
        (WITH_NONE, _) => {
            let value = |it| if it == none { V::NONE } else { V::at(base, it) };
            out.extend(codes.map(value));
        }
        (_, 1) => out.extend(codes.map(|it| V::at(base, it))),
        _ => out.extend(codes.map(|it| V::at(base, it.wrapping_mul(scale)))),
    }
}

#[cfg(test)]
#[path = "column_tests.rs"]
mod tests;
