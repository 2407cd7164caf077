//! Exact figures: decimals with at most six places, never floats until they are shown.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// Millionths in one.
const ONE: i64 = 1_000_000;

/// The largest whole part; with six places it has the fifteen digits that a JSON number carries exactly.
const LARGEST: i64 = 999_999_999;

/// A figure from 0 to 999 999 999.999999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Decimal(i64);

impl Decimal {
    /// The sum; `None` when it is larger than a figure may be.
    pub fn plus(self, other: Decimal) -> Option<Decimal> {
        self.0.checked_add(other.0).filter(|sum| *sum <= LARGEST * ONE + (ONE - 1)).map(Decimal)
    }

    pub fn is_whole(self) -> bool {
        self.0 % ONE == 0
    }

    pub fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// At most a whole number.
    pub fn is_at_most(self, whole: i64) -> bool {
        self.0 <= whole * ONE
    }

    /// The nearest number that JSON has; it prints with the same digits.
    pub fn shown(self) -> f64 {
        self.0 as f64 / ONE as f64
    }
}

/// A figure as a fraction, compared unrounded. It may be negative; the lower part is greater than 0.
#[derive(Clone, Copy, Debug)]
pub struct Exact {
    upper: i128,
    lower: i128,
}

/// The largest part that arithmetic may give: it can still be rounded without overflowing.
const LARGEST_PART: i128 = i128::MAX / 400;

fn common(a: i128, b: i128) -> i128 {
    let (mut a, mut b) = (a, b);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a.abs().max(1)
}

impl Exact {
    /// Per cent of a whole; `None` when there is nothing to be part of.
    pub fn per_cent(numerator: i64, denominator: i64) -> Option<Exact> {
        (denominator > 0).then(|| Exact { upper: i128::from(numerator) * 100, lower: i128::from(denominator) })
    }

    pub fn per_cent_of(numerator: Decimal, denominator: Decimal) -> Option<Exact> {
        Exact::per_cent(numerator.0, denominator.0)
    }

    pub fn of(value: Decimal) -> Exact {
        Exact { upper: i128::from(value.0), lower: i128::from(ONE) }
    }

    pub fn of_count(count: i64) -> Exact {
        Exact { upper: i128::from(count), lower: 1 }
    }

    /// In lowest terms; `None` when a part grows too large.
    fn reduced(upper: i128, lower: i128) -> Option<Exact> {
        let shared = common(upper, lower);
        let (upper, lower) = (upper / shared, lower / shared);
        (upper.checked_abs()? <= LARGEST_PART && lower <= LARGEST_PART).then_some(Exact { upper, lower })
    }

    /// The sum; `None` when it cannot be held exactly.
    pub fn plus(self, other: Exact) -> Option<Exact> {
        let shared = common(self.lower, other.lower);
        let (own, others) = (other.lower / shared, self.lower / shared);
        let upper = self.upper.checked_mul(own)?.checked_add(other.upper.checked_mul(others)?)?;
        Exact::reduced(upper, self.lower.checked_mul(own)?)
    }

    /// The difference; `None` when it cannot be held exactly.
    pub fn minus(self, other: Exact) -> Option<Exact> {
        self.plus(Exact { upper: -other.upper, ..other })
    }

    /// The product; `None` when it cannot be held exactly.
    pub fn times(self, other: Exact) -> Option<Exact> {
        let (one, two) = (common(self.upper, other.lower), common(other.upper, self.lower));
        let upper = (self.upper / one).checked_mul(other.upper / two)?;
        Exact::reduced(upper, (self.lower / two).checked_mul(other.lower / one)?)
    }

    /// The quotient; `None` when it cannot be held exactly, or by zero.
    pub fn over(self, other: Exact) -> Option<Exact> {
        let sign = other.upper.signum();
        (sign != 0).then(|| Exact { upper: other.lower * sign, lower: other.upper * sign }).and_then(|turned| self.times(turned))
    }

    pub fn is_zero(self) -> bool {
        self.upper == 0
    }

    pub fn compare(self, target: Decimal) -> Ordering {
        self.against(Exact::of(target))
    }

    /// Compares whole parts, then what remains turned upside down: nothing is multiplied, so nothing overflows.
    pub fn against(self, other: Exact) -> Ordering {
        let (mut a, mut b) = (self, other);
        loop {
            let (whole, rest) = (a.upper.div_euclid(a.lower), a.upper.rem_euclid(a.lower));
            let (other_whole, other_rest) = (b.upper.div_euclid(b.lower), b.upper.rem_euclid(b.lower));
            match (whole.cmp(&other_whole), rest, other_rest) {
                (Ordering::Equal, 0, 0) => return Ordering::Equal,
                (Ordering::Equal, 0, _) => return Ordering::Less,
                (Ordering::Equal, _, 0) => return Ordering::Greater,
                (Ordering::Equal, _, _) => {
                    (a, b) = (Exact { upper: b.lower, lower: other_rest }, Exact { upper: a.lower, lower: rest });
                }
                (order, _, _) => return order,
            }
        }
    }

    /// With two decimals, half up.
    pub fn rounded(self) -> f64 {
        let hundredths = (self.upper * 200 + self.lower).div_euclid(2 * self.lower);
        hundredths as f64 / 100.0
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06}", self.0 / ONE, self.0 % ONE)
    }
}

impl FromStr for Decimal {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = "not a number from 0 to 999999999.999999 with at most six decimals";
        let (whole, places) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        let places = if places == "0" { places } else { places.trim_end_matches('0') };
        let places = if places.is_empty() { "0" } else { places };
        if !digits(whole) || !digits(places) || places.len() > 6 {
            return Err(wrong);
        }
        let whole: i64 = whole.parse().map_err(|_| wrong)?;
        let places: i64 = format!("{places:0<6}").parse().map_err(|_| wrong)?;
        if whole > LARGEST { Err(wrong) } else { Ok(Decimal(whole * ONE + places)) }
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_f64(self.shown())
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Number;

        impl de::Visitor<'_> for Number {
            type Value = Decimal;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number from 0 to 999999999.999999 with at most six decimals")
            }

            fn visit_u64<E: de::Error>(self, n: u64) -> Result<Decimal, E> {
                n.to_string().parse().map_err(E::custom)
            }

            fn visit_i64<E: de::Error>(self, n: i64) -> Result<Decimal, E> {
                n.to_string().parse().map_err(E::custom)
            }

            // The shortest text that reads back as this number is what was sent, up to fifteen digits.
            fn visit_f64<E: de::Error>(self, n: f64) -> Result<Decimal, E> {
                n.to_string().parse().map_err(E::custom)
            }
        }

        d.deserialize_any(Number)
    }
}

impl PartialSchema for Decimal {
    fn schema() -> RefOr<Schema> {
        let number = ObjectBuilder::new()
            .schema_type(Type::Number)
            .description(Some("An exact figure with at most six decimals."))
            .minimum(Some(0.0))
            .maximum(Some(999_999_999.999_999))
            .examples([serde_json::json!(86.4)]);
        RefOr::T(Schema::Object(number.build()))
    }
}
impl ToSchema for Decimal {
    fn name() -> Cow<'static, str> {
        "Decimal".into()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn arithmetic_is_exact(a in -9_999i64..9_999, b in 1i64..9_999, c in -9_999i64..9_999, d in 1i64..9_999) {
            let part = |upper: i64, lower: i64| Exact::of_count(upper).over(Exact::of_count(lower)).unwrap();
            let same = |one: Exact, upper: i64, lower: i64| one.against(part(upper, lower)) == Ordering::Equal;
            let (x, y) = (part(a, b), part(c, d));
            prop_assert!(same(x.plus(y).unwrap(), a * d + c * b, b * d));
            prop_assert!(same(x.minus(y).unwrap(), a * d - c * b, b * d));
            prop_assert!(same(x.times(y).unwrap(), a * c, b * d));
            if c == 0 {
                prop_assert!(x.over(y).is_none());
            } else {
                prop_assert!(same(x.over(y).unwrap(), a * d * c.signum(), b * c.abs()));
            }
            prop_assert_eq!(x.against(y), (a * d).cmp(&(c * b)));
        }
    }

    #[test]
    fn what_grows_too_large_is_no_figure() {
        let large = Exact::of_count(100_000_000_000_000_000);
        let larger = large.times(large).unwrap();
        assert!(larger.times(large).is_none());
        assert_eq!(larger.against(large), Ordering::Greater);
        assert_eq!(larger.over(larger).unwrap().rounded(), 1.0);
        let tiny = Exact::of_count(1).over(larger).unwrap();
        assert_eq!((tiny.rounded(), tiny.against(Exact::of_count(0))), (0.0, Ordering::Greater));
        let below = Exact::of_count(-1).over(Exact::of_count(3)).unwrap();
        assert_eq!((below.rounded(), Exact::of_count(-1).over(Exact::of_count(200)).unwrap().rounded()), (-0.33, 0.0));
    }

    #[test]
    fn decimals_are_exact_and_print_as_sent() {
        for text in ["0", "85", "86.4", "99.999999", "999999999.999999", "0.000001", "12.5"] {
            let value: Decimal = serde_json::from_str(text).unwrap();
            assert_eq!(value, text.parse().unwrap());
            assert_eq!(serde_json::to_value(value).unwrap().as_f64().unwrap().to_string(), text);
        }
        assert_eq!("86.400000".parse::<Decimal>().unwrap().to_string(), "86.400000");
        assert_eq!("7.0000000000".parse::<Decimal>().unwrap(), "7".parse().unwrap());
        for wrong in ["-1", "1e12", "0.0000001", "\"12\"", "null", "1e400", "1000000000"] {
            assert!(serde_json::from_str::<Decimal>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn half_goes_up_and_only_when_shown() {
        let cases =
            [(2, 3, 66.67), (1, 8, 12.5), (1, 800, 0.13), (1, 3, 33.33), (11, 17, 64.71), (0, 5, 0.0), (99, 100, 99.0), (5, 1000, 0.5)];
        for (n, d, shown) in cases {
            assert_eq!(Exact::per_cent(n, d).unwrap().rounded(), shown, "{n}/{d}");
        }
        // 98.996 % is shown as 99.00 and does not meet 99 %.
        let nearly = Exact::per_cent(24_749, 25_000).unwrap();
        assert_eq!(nearly.rounded(), 99.0);
        assert_eq!(nearly.compare("99".parse().unwrap()), Ordering::Less);
        assert_eq!(Exact::per_cent(99, 100).unwrap().compare("99".parse().unwrap()), Ordering::Equal);
        assert!(Exact::per_cent(0, 0).is_none());
        assert_eq!(Exact::of("84.995".parse().unwrap()).rounded(), 85.0);
        assert_eq!(Exact::of("84.995".parse().unwrap()).compare("85".parse().unwrap()), Ordering::Less);
        // Nothing overflows.
        let most: Decimal = "999999999.999999".parse().unwrap();
        assert_eq!(Exact::per_cent_of(most, "0.000001".parse().unwrap()).unwrap().compare(most), Ordering::Greater);
    }
}
