//! The index and how sure it is: shares, their interval, and the test whether two of them differ.

use std::cmp::Ordering;

/// The normal deviate of 95 %, two-sided.
pub const Z: f64 = 1.959_963_984_540_054;

/// Valid answers below which a share says little: with fewer the interval is wider than some thirty points.
pub const MINIMUM: i64 = 30;

/// Satisfied answers among valid ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    pub satisfied: i64,
    pub valid: i64,
}

impl Share {
    pub fn of(satisfied: i64, valid: i64) -> Share {
        Share { satisfied, valid }
    }

    /// Hundredths of a per cent, half up; none where nobody gave a valid answer.
    fn hundredths(self) -> Option<i64> {
        per_cent(self.satisfied, self.valid)
    }

    /// Per cent with two decimals, half up.
    pub fn value(self) -> Option<f64> {
        self.hundredths().map(shown)
    }

    pub fn is_too_small(self) -> bool {
        self.valid < MINIMUM
    }

    /// By the unrounded shares; one without valid answers is the least.
    pub fn compare(self, other: Share) -> Ordering {
        match (self.valid > 0, other.valid > 0) {
            (true, true) => {
                let cross = |a: Share, b: Share| i128::from(a.satisfied) * i128::from(b.valid);
                cross(self, other).cmp(&cross(other, self))
            }
            (mine, others) => mine.cmp(&others),
        }
    }

    /// This share less another, in percentage points with two decimals, half away from zero.
    pub fn less(self, other: Share) -> Option<f64> {
        (self.valid > 0 && other.valid > 0).then(|| {
            let over = |a: Share, b: Share| i128::from(a.satisfied) * i128::from(b.valid);
            points(over(self, other) - over(other, self), i128::from(self.valid) * i128::from(other.valid))
        })
    }

    /// A published value, in hundredths of a per cent, less this share: in percentage points with two decimals, half away from zero.
    pub fn published_less(self, hundredths: i32) -> Option<f64> {
        let valid = i128::from(self.valid);
        (self.valid > 0).then(|| points(i128::from(hundredths) * valid - i128::from(self.satisfied) * 10_000, valid * 10_000))
    }
}

fn shown(hundredths: i64) -> f64 {
    hundredths as f64 / 100.0
}

/// A fraction as percentage points with two decimals, half away from zero.
fn points(upper: i128, lower: i128) -> f64 {
    let hundredths = (upper.abs() * 20_000 + lower) / (2 * lower);
    let value = hundredths as f64 / 100.0;
    if upper < 0 && hundredths > 0 { -value } else { value }
}

/// A part of a whole in hundredths of a per cent, half up; none without a whole.
fn per_cent(part: i64, whole: i64) -> Option<i64> {
    let (part, whole) = (i128::from(part), i128::from(whole));
    (whole > 0).then(|| i64::try_from((part * 20_000 + whole) / (2 * whole)).unwrap_or(i64::MAX))
}

/// A part of a whole in per cent with two decimals, half up.
pub fn rate(part: i64, whole: i64) -> Option<f64> {
    per_cent(part, whole).map(shown)
}

/// The 95 % score interval of a share (Wilson 1927), as proportions.
pub fn wilson(share: Share) -> Option<(f64, f64)> {
    if share.valid <= 0 {
        return None;
    }
    let (x, n) = (share.satisfied as f64, share.valid as f64);
    let middle = x + Z * Z / 2.0;
    let reach = Z * (x * (n - x) / n + Z * Z / 4.0).sqrt();
    // Where none is satisfied, or all are, a bound is the end itself, without what floats add to it.
    let from = if share.satisfied == 0 { 0.0 } else { (middle - reach) / (n + Z * Z) };
    let to = if share.satisfied == share.valid { 1.0 } else { (middle + reach) / (n + Z * Z) };
    Some((from, to))
}

/// A proportion as per cent with two decimals.
pub fn as_per_cent(proportion: f64) -> f64 {
    (proportion * 10_000.0).round() / 100.0
}

/// How far two shares lie apart, in standard errors (test of two proportions, pooled): positive when the first is the higher one.
pub fn two_proportions(now: Share, before: Share) -> Option<f64> {
    if now.valid <= 0 || before.valid <= 0 {
        return None;
    }
    let (n, m) = (now.valid as f64, before.valid as f64);
    let pooled = (now.satisfied + before.satisfied) as f64 / (n + m);
    let error = (pooled * (1.0 - pooled) * (1.0 / n + 1.0 / m)).sqrt();
    // All are satisfied, or none, both times: there is no difference at all.
    Some(if error > 0.0 { (now.satisfied as f64 / n - before.satisfied as f64 / m) / error } else { 0.0 })
}

pub fn overlap(a: Share, b: Share) -> Option<bool> {
    let ((a_from, a_to), (b_from, b_to)) = (wilson(a)?, wilson(b)?);
    Some(a_from <= b_to && b_from <= a_to)
}
