//! What is known of an applicant beside the name: numbers that are kept sealed, and shown masked.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::dossiers::wire::ApplicantBody;
use crate::vault::{Closed, Sealed, Vault};

macro_rules! number {
    ($(#[$doc:meta])* $name:ident, $lengths:expr, $also:expr, $min:literal, $max:literal, $pattern:literal, $example:literal, $wrong:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name(String);

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let text = ObjectBuilder::new().schema_type(Type::String).min_length(Some($min)).max_length(Some($max));
                RefOr::T(Schema::Object(text.pattern(Some($pattern)).examples([serde_json::json!($example)]).build()))
            }
        }
        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                stringify!($name).into()
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = Cow::<'de, str>::deserialize(d)?;
                let good = $lengths.contains(&text.len()) && text.chars().enumerate().all(|(i, c)| c.is_ascii_digit() || $also(i, c));
                if good { Ok($name(text.into_owned())) } else { Err(serde::de::Error::custom($wrong)) }
            }
        }
    };
}

number!(
    /// Number of an identity card (9 or 12 digits), a passport, or an enterprise's code.
    IdentityNo,
    (6..=20),
    |_, c: char| c.is_ascii_uppercase() || c == '-',
    6,
    20,
    "^[0-9A-Z-]{6,20}$",
    "056090001234",
    "not a number of 6 to 20 digits, capitals or “-”"
);
number!(
    /// A telephone number.
    PhoneNo,
    (8..=16),
    |i, c| c == ' ' || (i == 0 && c == '+'),
    8,
    16,
    "^[+0-9][0-9 ]{7,15}$",
    "0258 3822 123",
    "not a telephone number of digits and spaces, with “+” in front at most"
);

/// As they are sealed, in one piece.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Numbers {
    pub identity_no: Option<String>,
    pub phone: Option<String>,
}

impl Numbers {
    /// Seals what was sent along, if anything was, under the code of the dossier.
    ///
    /// # Errors
    /// As [`Vault::seal`].
    pub fn seal(vault: &Vault, code: &str, applicant: &ApplicantBody) -> Result<Option<Sealed>, Closed> {
        let numbers = Numbers {
            identity_no: applicant.identity_no.as_ref().map(|n| n.0.clone()),
            phone: applicant.phone.as_ref().map(|n| n.0.clone()),
        };
        if numbers == Numbers::default() {
            return Ok(None);
        }
        let text = serde_json::to_string(&numbers).map_err(|_| Closed)?;
        vault.seal(code, &text).map(Some)
    }

    /// # Errors
    /// As [`Vault::open`].
    pub fn open(vault: &Vault, code: &str, sealed: Option<&[u8]>) -> Result<Numbers, Closed> {
        let Some(sealed) = sealed else { return Ok(Numbers::default()) };
        let text = vault.open(code, &Sealed(sealed.to_vec()))?;
        serde_json::from_str(&text).map_err(|_| Closed)
    }

    pub fn masked(self) -> Numbers {
        Numbers { identity_no: self.identity_no.map(|n| mask(&n)), phone: self.phone.map(|n| mask(&n)) }
    }
}

/// All but the last three characters are hidden.
fn mask(text: &str) -> String {
    let shown = text.chars().count().saturating_sub(3);
    text.chars().enumerate().map(|(i, c)| if i < shown { '•' } else { c }).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_checked_for_their_form() {
        let identity = |text: &str| serde_json::from_value::<IdentityNo>(text.into()).is_ok();
        assert!(identity("056090001234") && identity("4201234567-001") && identity("B1234567"));
        assert!(!identity("12345") && !identity("05609000123a") && !identity("0560 9000 1234") && !identity("٠٥٦٠٩٠٠٠١٢٣٤"));
        let phone = |text: &str| serde_json::from_value::<PhoneNo>(text.into()).is_ok();
        assert!(phone("0258 3822 123") && phone("+84258382212"));
        assert!(!phone("113") && !phone("0258+382212") && !phone("0258-3822123"));
    }

    #[test]
    fn a_mask_leaves_the_end() {
        let numbers = Numbers { identity_no: Some("056090001234".into()), phone: Some("12".into()) };
        assert_eq!(numbers.masked(), Numbers { identity_no: Some("•••••••••234".into()), phone: Some("12".into()) });
    }
}
