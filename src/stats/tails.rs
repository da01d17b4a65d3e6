//! Tails of the chi-square and Student t distributions.
//!
//! Only upper tails and the t quantile, for the tests of this room. Knows no
//! test itself.

use std::f64::consts::PI;

use statrs::function::{beta, gamma};

use super::normal;

/// Above this many degrees of freedom Student's t goes through the normal.
const MANY: f64 = 1000.0;

/// Probability that a chi-square variable with `df` degrees of freedom exceeds
/// `x`; `None` when `df` is 0 or `x` is NaN.
///
/// Integer degrees of freedom have a finite sum of positive terms (Abramowitz
/// and Stegun 26.4.4 and 26.4.5), which keeps full relative accuracy far into
/// the tail; beyond x = 1400 the incomplete gamma function of `statrs` is used.
///
/// ```
/// # use touchpath::stats::tails::chi_square_sf;
/// assert_eq!(chi_square_sf(0.0, 3), Some(1.0));
/// assert!((chi_square_sf(3.841458820694124, 1).unwrap() - 0.05).abs() < 1e-15);
/// // Two degrees of freedom: exp(-x/2).
/// assert_eq!(chi_square_sf(4.0, 2), Some((-2.0f64).exp()));
/// ```
pub fn chi_square_sf(x: f64, df: u32) -> Option<f64> {
    if df == 0 || x.is_nan() {
        return None;
    }
    if x <= 0.0 {
        return Some(1.0);
    }
    let half = x / 2.0;
    if half.is_infinite() {
        return Some(0.0);
    }
    if half > 700.0 && df > 2 {
        return gamma::checked_gamma_ur(f64::from(df) / 2.0, half).ok();
    }
    // Terms half^k / Gamma(k + 1) * exp(-half), for k = 0, 1, … or 1/2, 3/2, …
    let odd = df % 2 == 1;
    let mut k = if odd { 0.5 } else { 0.0 };
    let mut sum = if odd { normal::erfc(half.sqrt()) } else { 0.0 };
    let mut term = (-half).exp() * if odd { 2.0 * (half / PI).sqrt() } else { 1.0 };
    for _ in 0..df / 2 {
        sum += term;
        k += 1.0;
        term *= half / k;
    }
    Some(sum.min(1.0))
}

/// Probability that Student's t with `df` degrees of freedom exceeds `t`.
/// `df` may be fractional; `None` unless df > 0 and `t` is a number.
///
/// Regularized incomplete beta function of `statrs`; above 1000 degrees of
/// freedom, where that loses digits, the normal of Hill's transformation (G. W.
/// Hill, Algorithm 395, Communications of the ACM 13, 1970).
///
/// ```
/// # use touchpath::stats::tails::student_sf;
/// // One degree of freedom is the Cauchy distribution.
/// assert!((student_sf(1.0, 1.0).unwrap() - 0.25).abs() < 1e-15);
/// ```
pub fn student_sf(t: f64, df: f64) -> Option<f64> {
    if df.is_nan() || df <= 0.0 || t.is_nan() {
        return None;
    }
    if t.is_infinite() {
        return Some(if t > 0.0 { 0.0 } else { 1.0 });
    }
    let tail = if df > MANY {
        normal::sf(hill(t.abs(), df))
    } else {
        beta::checked_beta_reg(df / 2.0, 0.5, df / (df + t * t)).ok()? / 2.0
    };
    Some(if t < 0.0 { 1.0 - tail } else { tail })
}

/// The normal deviate with (very nearly) the same tail as `t`, for t ≥ 0.
fn hill(t: f64, df: f64) -> f64 {
    if df.is_infinite() {
        return t;
    }
    let a = df - 0.5;
    let b = 48.0 * a * a;
    let z2 = a * (t * t / df).ln_1p();
    let inner =
        ((((-0.4 * z2 - 3.3) * z2 - 24.0) * z2 - 85.5) / (0.8 * z2 * z2 + 100.0 + b) + z2 + 3.0)
            / b
            + 1.0;
    inner * z2.sqrt()
}

/// Two-sided p value of a t statistic; `None` as for [`student_sf`].
///
/// ```
/// # use touchpath::stats::tails::student_two_sided;
/// assert!((student_two_sided(-1.0, 1.0).unwrap() - 0.5).abs() < 1e-15);
/// ```
pub fn student_two_sided(t: f64, df: f64) -> Option<f64> {
    student_sf(t.abs(), df).map(|tail| (2.0 * tail).min(1.0))
}

/// The t with which a two-sided interval has this confidence; `None` unless
/// 0 < confidence < 1 and df > 0.
///
/// Newton steps on the tail from the normal quantile. The tail is convex and
/// the normal quantile lies below the answer, so the steps climb to it.
///
/// ```
/// # use touchpath::stats::tails::t_for;
/// assert!((t_for(0.5, 1.0).unwrap() - 1.0).abs() < 1e-14);
/// assert!((t_for(0.95, 10.0).unwrap() - 2.2281388519862744).abs() < 1e-13);
/// ```
pub fn t_for(confidence: f64, df: f64) -> Option<f64> {
    let tail = (1.0 - confidence) / 2.0;
    let mut t = normal::z_for(confidence)?;
    for _ in 0..500 {
        let density = student_density(t, df);
        let step = (student_sf(t, df)? - tail) / density;
        if !step.is_finite() || step.abs() <= 1e-15 * t {
            break;
        }
        t += step;
    }
    Some(t)
}

/// Density of Student's t.
fn student_density(t: f64, df: f64) -> f64 {
    if df > 1e8 {
        return (-t * t / 2.0).exp() / (2.0 * PI).sqrt();
    }
    let scale = gamma::ln_gamma((df + 1.0) / 2.0) - gamma::ln_gamma(df / 2.0);
    (scale - (df + 1.0) / 2.0 * (t * t / df).ln_1p()).exp() / (df * PI).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    // Reference values: mpmath, 50 digits.
    const CHI_SQUARE: &[(f64, u32, f64)] = &[
        (0.5, 1, 0.4795001221869535),
        (10.83, 1, 0.0009986863791802587),
        (122.25, 1, 2.0350860936868024e-28),
        (1000.0, 2, 7.124576406741286e-218),
        (0.01, 3, 0.9997348349413444),
        (30.0, 3, 1.3800570312932547e-06),
        (15.0, 2, 0.0005530843701478336),
        (55.0, 7, 1.4909069484204908e-09),
        (200.0, 50, 7.857610724654743e-20),
        (1410.0, 40, 7.323798371561013e-270),
        (300.0, 400, 0.9999429031142579),
    ];
    const STUDENT: &[(f64, f64, f64)] = &[
        (0.5, 2.5, 0.32884895993485735),
        (3.0, 4.0, 0.019970984035859413),
        (2.0, 30.0, 0.02731252248149155),
        (12.0, 9.7, 1.9431649543358833e-07),
        (1.96, 500.0, 0.02527539490988297),
        (6.0, 999.0, 1.3781345344522072e-09),
        (0.7, 1161.5, 0.2420337399725444),
        (2.2, 1500.0, 0.013979464162193422),
        (5.0, 1001.0, 3.3830765935354864e-07),
        (1.5, 1e6, 0.06680735911839639),
        (3.0, 1e9, 0.0013498980648689578),
    ];

    #[test]
    fn chi_square_tails_keep_their_digits() {
        for &(x, df, tail) in CHI_SQUARE {
            let ours = chi_square_sf(x, df).unwrap();
            assert!((ours / tail - 1.0).abs() < 2e-12, "{x} {df}: {ours:e} {tail:e}");
        }
    }

    #[test]
    fn student_tails_keep_their_digits() {
        for &(t, df, tail) in STUDENT {
            let ours = student_sf(t, df).unwrap();
            assert!((ours / tail - 1.0).abs() < 1e-11, "{t} {df}: {ours:e} {tail:e}");
            assert!((student_sf(-t, df).unwrap() - (1.0 - tail)).abs() < 1e-12);
            let back = t_for(1.0 - 2.0 * tail, df);
            if tail > 1e-6 {
                assert!((back.unwrap() / t - 1.0).abs() < 1e-9, "{t} {df}: {back:?}");
            }
        }
    }

    #[test]
    fn what_is_undefined_is_none() {
        assert_eq!(chi_square_sf(1.0, 0), None);
        assert_eq!(chi_square_sf(f64::NAN, 1), None);
        assert_eq!(chi_square_sf(f64::INFINITY, 4), Some(0.0));
        assert_eq!(student_sf(1.0, 0.0), None);
        assert_eq!(student_sf(f64::NAN, 3.0), None);
        assert_eq!(student_sf(f64::INFINITY, 3.0), Some(0.0));
        assert_eq!(t_for(0.95, -1.0), None);
        assert_eq!(t_for(1.0, 3.0), None);
        assert_eq!(student_two_sided(0.0, 7.5), Some(1.0));
    }
}
