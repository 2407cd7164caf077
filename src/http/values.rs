//! Values on the wire that cannot be wrong: instants, civil dates, codes and texts.

use std::borrow::Cow;

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, SecondsFormat, Timelike, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _, ser::Error as _};
use unicode_normalization::{UnicodeNormalization, is_nfc};
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::error::{ApiError, Code, Fault};

/// Years that a date or instant may have: what PostgreSQL, spreadsheets and four digits all hold.
const YEARS: std::ops::RangeInclusive<i32> = 1900..=2200;

macro_rules! in_years {
    ($rest:literal) => {
        concat!("^(19[0-9]{2}|2[01][0-9]{2}|2200)-", $rest)
    };
}

/// The years as the contract tells them: of a date, and of an instant.
const DAY_PATTERN: &str = in_years!("[0-9]{2}-[0-9]{2}$");
const AT_PATTERN: &str = in_years!("");

/// Whether a text that misses this pattern of the contract names a year that is out of range.
pub fn is_about_years(pattern: &str) -> bool {
    [DAY_PATTERN, AT_PATTERN].contains(&pattern)
}

/// An instant. Any offset comes in, `+07:00` goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct At(pub DateTime<Utc>);

/// The offset of Vietnam: UTC+07:00, no daylight saving.
pub fn vietnam() -> FixedOffset {
    crate::calendar::vn_offset()
}

impl At {
    /// As printed: `2022-04-19T08:30:00+07:00`.
    pub fn text(self) -> String {
        self.0.with_timezone(&vietnam()).to_rfc3339_opts(SecondsFormat::AutoSi, false)
    }
}

/// Writes a number into a field of digits.
fn put(field: &mut [u8], mut number: u32) {
    for digit in field.iter_mut().rev() {
        *digit = b'0' + u8::try_from(number % 10).unwrap_or_default();
        number /= 10;
    }
}

fn put_date(text: &mut [u8], date: NaiveDate) {
    put(&mut text[0..4], date.year().unsigned_abs());
    put(&mut text[5..7], date.month());
    put(&mut text[8..10], date.day());
}

fn serialize_ascii<S: Serializer>(s: S, text: &[u8]) -> Result<S::Ok, S::Error> {
    s.serialize_str(std::str::from_utf8(text).map_err(S::Error::custom)?)
}

impl Serialize for At {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let local = self.0.with_timezone(&vietnam());
        // Lists are full of instants and days, and chrono's formatter is slow; most instants have no fraction.
        if local.timestamp_subsec_nanos() != 0 || local.year() > 9999 {
            return s.serialize_str(&local.to_rfc3339_opts(SecondsFormat::AutoSi, false));
        }
        let mut text = *b"0000-00-00T00:00:00+07:00";
        put_date(&mut text, local.date_naive());
        put(&mut text[11..13], local.hour());
        put(&mut text[14..16], local.minute());
        put(&mut text[17..19], local.second());
        serialize_ascii(s, &text)
    }
}

impl std::str::FromStr for At {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.len() > 40 {
            return Err("longer than 40 characters".into());
        }
        let at = DateTime::parse_from_rfc3339(text).map_err(|_| "not an instant like 2022-04-19T08:30:00+07:00".to_owned())?;
        // It goes out at another offset, and is in range there, too.
        if !YEARS.contains(&at.year()) || !YEARS.contains(&at.with_timezone(&vietnam()).year()) {
            return Err("the year is out of range".into());
        }
        // PostgreSQL keeps microseconds; a finer instant would not compare equal to what was stored.
        let micros = at.timestamp_micros();
        DateTime::from_timestamp_micros(micros).map(At).ok_or_else(|| "out of range".into())
    }
}

impl<'de> Deserialize<'de> for At {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(d)?;
        text.parse().map_err(D::Error::custom)
    }
}

/// A civil date, `2022-04-19`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub NaiveDate);

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let mut text = *b"0000-00-00";
        put_date(&mut text, self.0);
        serialize_ascii(s, &text)
    }
}

impl std::str::FromStr for Day {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let b = text.as_bytes();
        let shape = b.len() == 10 && b.iter().enumerate().all(|(i, c)| if i == 4 || i == 7 { *c == b'-' } else { c.is_ascii_digit() });
        let date = if shape { NaiveDate::parse_from_str(text, "%Y-%m-%d").ok() } else { None };
        let date = date.ok_or_else(|| "not a date like 2022-04-19".to_owned())?;
        if YEARS.contains(&date.year()) { Ok(Day(date)) } else { Err("the year is out of range".into()) }
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Cow::<'de, str>::deserialize(d)?.parse().map_err(D::Error::custom)
    }
}

fn text_schema(build: impl FnOnce(ObjectBuilder) -> ObjectBuilder) -> RefOr<Schema> {
    RefOr::T(Schema::Object(build(ObjectBuilder::new().schema_type(Type::String)).build()))
}

impl PartialSchema for At {
    fn schema() -> RefOr<Schema> {
        text_schema(|b| {
            b.description(Some("An instant of the years 1900 to 2200, RFC 3339; any offset in, +07:00 out."))
                .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
                .pattern(Some(AT_PATTERN))
                .examples([serde_json::json!("2022-04-19T08:30:00+07:00")])
        })
    }
}
impl ToSchema for At {
    fn name() -> Cow<'static, str> {
        "Instant".into()
    }
}

impl PartialSchema for Day {
    fn schema() -> RefOr<Schema> {
        text_schema(|b| {
            b.description(Some("A civil date in Vietnam, of the years 1900 to 2200."))
                .format(Some(SchemaFormat::KnownFormat(KnownFormat::Date)))
                .pattern(Some(DAY_PATTERN))
                .examples([serde_json::json!("2022-04-19")])
        })
    }
}
impl ToSchema for Day {
    fn name() -> Cow<'static, str> {
        "CivilDate".into()
    }
}

/// Composed form (NFC): keys and texts compare equal however they were typed.
pub fn nfc(text: &str) -> String {
    if is_nfc(text) { text.to_owned() } else { text.nfc().collect() }
}

/// Lower case without accents, for search: `Đường Biển Xanh` becomes `duong bien xanh`.
pub fn fold(text: &str) -> String {
    text.nfd()
        .filter(|c| !unicode_normalization::char::is_combining_mark(*c))
        .flat_map(char::to_lowercase)
        .map(|c| if c == 'đ' { 'd' } else { c })
        .collect()
}

/// The folded words of texts, to search by.
pub fn words<'t>(texts: impl IntoIterator<Item = Option<&'t str>>) -> Vec<String> {
    let parted = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | '(' | ')' | '"' | '\'' | '\\');
    let folded = texts.into_iter().flatten().map(fold);
    folded.flat_map(|text| text.split(parted).filter(|w| !w.is_empty()).map(str::to_owned).collect::<Vec<_>>()).collect()
}

macro_rules! text_type {
    ($(#[$doc:meta])* $type:ident, $max:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
        #[serde(transparent)]
        pub struct $type(String);

        impl $type {
            pub const MAX: usize = $max;

            /// A text from elsewhere than JSON: composed, without NUL, cut where it is too long.
            pub fn cut(text: &str) -> Self {
                $type(nfc(text).chars().filter(|c| *c != '\0').take($max).collect())
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Blank text is missing text.
            pub fn is_blank(&self) -> bool {
                self.0.trim().is_empty()
            }

            pub fn into_string(self) -> String {
                self.0
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = Cow::<'de, str>::deserialize(d)?;
                if text.contains('\0') {
                    return Err(D::Error::custom("NUL is not allowed"));
                }
                let text = if is_nfc(&text) { text.into_owned() } else { text.nfc().collect() };
                // Only the byte length is known for free; most texts are short enough to need no count.
                if text.len() > $max && text.chars().count() > $max {
                    return Err(D::Error::custom(concat!("longer than ", $max, " characters")));
                }
                Ok($type(text))
            }
        }

        impl PartialSchema for $type {
            fn schema() -> RefOr<Schema> {
                text_schema(|b| b.max_length(Some($max)).pattern(Some("^[^\\u0000]*$")))
            }
        }
        impl ToSchema for $type {
            fn name() -> Cow<'static, str> {
                stringify!($type).into()
            }
        }
    };
}

text_type!(
    /// One line of text: a name, a document number.
    Line, 500);
text_type!(
    /// Running text: a reason, a report.
    Prose, 10000);

/// A code that is safe in a URL: letters, digits, `.`, `_`, `-`; at most 64 characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct ResourceCode(String);

impl ResourceCode {
    pub fn parse(text: &str) -> Option<ResourceCode> {
        let b = text.as_bytes();
        let safe = |c: &u8| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'_' | b'-');
        (matches!(b.len(), 1..=64) && b[0].is_ascii_alphanumeric() && b.iter().all(safe)).then(|| ResourceCode(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key in a body is the one in the path.
    ///
    /// # Errors
    /// 422 at the pointer when it is another.
    pub fn check_path(&self, path: &str, pointer: &'static str) -> Result<(), ApiError> {
        if self.0 == path {
            return Ok(());
        }
        let (vi, en) = ("Mã trong nội dung khác mã trên đường dẫn.", "The body's code differs from the path's.");
        Err(ApiError::broken(vec![Fault::new(Code::RuleBroken, pointer, vi, en)]))
    }
}

impl std::fmt::Display for ResourceCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for ResourceCode {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(d)?;
        ResourceCode::parse(&text).ok_or_else(|| D::Error::custom("not a code of letters, digits, '.', '_', '-'"))
    }
}

impl PartialSchema for ResourceCode {
    fn schema() -> RefOr<Schema> {
        text_schema(|b| b.max_length(Some(64)).pattern(Some("^[A-Za-z0-9][A-Za-z0-9._-]*$")).examples([serde_json::json!("DKKD")]))
    }
}
impl ToSchema for ResourceCode {
    fn name() -> Cow<'static, str> {
        "Code".into()
    }
}

/// An amount of money in đồng, 0 to 10¹⁵.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Vnd(pub i64);

impl Vnd {
    const MOST: i64 = 1_000_000_000_000_000;
}

impl<'de> Deserialize<'de> for Vnd {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let amount = i64::deserialize(d)?;
        if (0..=Vnd::MOST).contains(&amount) { Ok(Vnd(amount)) } else { Err(D::Error::custom("the amount is out of range")) }
    }
}

impl PartialSchema for Vnd {
    fn schema() -> RefOr<Schema> {
        let amount = ObjectBuilder::new().schema_type(Type::Integer).description(Some("An amount in đồng."));
        RefOr::T(Schema::Object(amount.minimum(Some(0)).maximum(Some(Vnd::MOST)).examples([serde_json::json!(50000)]).build()))
    }
}
impl ToSchema for Vnd {
    fn name() -> Cow<'static, str> {
        "Vnd".into()
    }
}

/// A path segment that is an id or a natural key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    Id(uuid::Uuid),
    Code(String),
}

impl From<&str> for Key {
    fn from(text: &str) -> Key {
        // Only the hyphenated form is an id: a 32-digit code stays a code.
        match (text.len(), uuid::Uuid::parse_str(text)) {
            (36, Ok(id)) => Key::Id(id),
            _ => Key::Code(nfc(text)),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn instants_come_in_with_any_offset_and_go_out_in_vietnam() {
        let at: At = serde_json::from_str("\"2022-06-09T23:30:00Z\"").unwrap();
        assert_eq!(serde_json::to_string(&at).unwrap(), "\"2022-06-10T06:30:00+07:00\"");
        let fine: At = serde_json::from_str("\"2022-06-09T23:30:00.25Z\"").unwrap();
        assert_eq!(serde_json::to_string(&fine).unwrap(), "\"2022-06-10T06:30:00.250+07:00\"");
        assert_eq!(serde_json::to_string(&Day(at.0.date_naive())).unwrap(), "\"2022-06-09\"");
        assert!(serde_json::from_str::<At>("\"0000-01-01T00:00:00Z\"").is_err());
        assert!(serde_json::from_str::<At>("12").is_err());
    }

    #[test]
    fn dates_have_one_form() {
        assert!("2022-02-28".parse::<Day>().is_ok());
        for wrong in ["2022-02-30", "+2022-02-01", "2022-2-1", "20220201", "9999-01-01", ""] {
            assert!(wrong.parse::<Day>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn texts_are_composed_and_free_of_nul() {
        let composed: Line = serde_json::from_str("\"Tie\u{302}\u{301}ng\"").unwrap();
        assert_eq!(composed.as_str(), "Ti\u{1ebf}ng");
        assert!(serde_json::from_str::<Line>("\"a\\u0000b\"").is_err());
        assert!(serde_json::from_value::<Line>(serde_json::json!("x".repeat(501))).is_err());
    }

    #[test]
    fn search_ignores_accents() {
        assert_eq!(fold("Đường BIỂN Xanh"), "duong bien xanh");
    }
}
