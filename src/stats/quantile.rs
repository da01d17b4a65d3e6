//! Exact quantiles by selection, with linear interpolation.
/// x
pub fn quantile(values: &mut [i64], q: f64) -> Option<f64> {
    let last = values.len().checked_sub(1)?;
    let at = q.clamp(0.0, 1.0) * last as f64;
    let (low, rest) = (at.floor() as usize, at.fract());
    let (_, &mut below, above) = values.select_nth_unstable(low);
    if rest == 0.0 {
        return Some(below as f64);
    }
    let next = above.iter().min().copied().unwrap_or(below);
    Some(below as f64 + rest * (next as f64 - below as f64))
}
