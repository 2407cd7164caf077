//! Seals personal data: what the office needs now and then, and nobody who merely holds the database shall read.

use std::path::Path;

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::STANDARD};
use secrecy::ExposeSecret;
use serde::{Serialize, Serializer};

use crate::auth::keys::{KeyError, keep_once};
use crate::config::Settings;

const KEY_LEN: usize = 32;

/// Holds the key. Sealing is deterministic for equal text under an equal label, so that what is sent again unchanged is seen
/// to be unchanged; under another label the same text looks different, so that nothing can be told from comparing rows.
pub struct Vault {
    aead: LessSafeKey,
    nonces: hmac::Key,
}

/// What the database keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed(pub Vec<u8>);

impl Sealed {
    /// As PostgreSQL reads bytes.
    pub fn hex(&self) -> String {
        self.0.iter().fold(String::from("\\x"), |text, byte| text + &format!("{byte:02x}"))
    }
}

impl Serialize for Sealed {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.hex())
    }
}

/// Sealed text that does not open: another key, or bytes that were tampered with.
#[derive(Debug)]
pub struct Closed;

impl std::fmt::Display for Closed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("personal data does not open with the key that is set")
    }
}

impl std::error::Error for Closed {}

impl Vault {
    /// The key from the settings, or one generated once for this machine.
    ///
    /// # Errors
    /// It cannot be read or kept, or is not 32 bytes in base64.
    pub fn load(settings: &Settings) -> Result<Vault, KeyError> {
        let personal = &settings.personal_data;
        if !personal.key.expose_secret().is_empty() {
            return Vault::from_text(personal.key.expose_secret());
        }
        let named = Path::new(&personal.key_file);
        let generated = settings.data_dir.join("personal-data.key");
        let file = if personal.key_file.is_empty() { generated.as_path() } else { named };
        if personal.key_file.is_empty() && !file.exists() {
            let mut key = [0; KEY_LEN];
            aws_lc_rs::rand::fill(&mut key).map_err(|_| KeyError::new("cannot be generated"))?;
            keep_once(file, &STANDARD.encode(key))?;
        }
        Vault::from_text(&std::fs::read_to_string(file).map_err(|e| KeyError::new(format!("{}: {e}", file.display())))?)
    }

    fn from_text(text: &str) -> Result<Vault, KeyError> {
        let key = STANDARD.decode(text.trim()).ok().filter(|key| key.len() == KEY_LEN);
        let key = key.ok_or_else(|| KeyError::new("the key for personal data is not 32 bytes in base64"))?;
        let aead = UnboundKey::new(&AES_256_GCM_SIV, &key).map_err(|_| KeyError::new("the key for personal data is refused"))?;
        let derived = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), b"dunghen nonces of personal data");
        Ok(Vault { aead: LessSafeKey::new(aead), nonces: hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref()) })
    }

    /// Seals a text under a label, which must be given again to open it.
    ///
    /// # Errors
    /// The text is longer than the cipher takes: gigabytes.
    pub fn seal(&self, label: &str, text: &str) -> Result<Sealed, Closed> {
        self.seal_bytes(label, text.as_bytes())
    }

    /// # Errors
    /// As [`Vault::seal`].
    pub fn seal_bytes(&self, label: &str, plain: &[u8]) -> Result<Sealed, Closed> {
        let mut context = hmac::Context::with_key(&self.nonces);
        context.update(&(label.len() as u64).to_be_bytes());
        context.update(label.as_bytes());
        context.update(plain);
        let mut nonce = [0; NONCE_LEN];
        nonce.copy_from_slice(&context.sign().as_ref()[..NONCE_LEN]);
        let mut bytes = plain.to_vec();
        self.aead
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(label.as_bytes()), &mut bytes)
            .map_err(|_| Closed)?;
        Ok(Sealed([&nonce[..], &bytes].concat()))
    }

    /// # Errors
    /// It was sealed with another key or label, or changed since.
    pub fn open(&self, label: &str, sealed: &Sealed) -> Result<String, Closed> {
        String::from_utf8(self.open_bytes(label, sealed)?).map_err(|_| Closed)
    }

    /// # Errors
    /// As [`Vault::open`].
    pub fn open_bytes(&self, label: &str, sealed: &Sealed) -> Result<Vec<u8>, Closed> {
        let (nonce, bytes) = sealed.0.split_at_checked(NONCE_LEN).ok_or(Closed)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| Closed)?;
        let mut bytes = bytes.to_vec();
        let plain = self.aead.open_in_place(nonce, Aad::from(label.as_bytes()), &mut bytes).map_err(|_| Closed)?;
        Ok(plain.to_vec())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn vault(byte: u8) -> Vault {
        Vault::from_text(&STANDARD.encode([byte; KEY_LEN])).unwrap()
    }

    #[test]
    fn what_is_sealed_opens_with_its_key_and_label_only() {
        let sealed = vault(1).seal("H32-1", "0123").unwrap();
        assert_eq!(vault(1).open("H32-1", &sealed).unwrap(), "0123");
        assert!(vault(2).open("H32-1", &sealed).is_err() && vault(1).open("H32-2", &sealed).is_err());
        let mut changed = sealed.clone();
        changed.0[NONCE_LEN] ^= 1;
        assert!(vault(1).open("H32-1", &changed).is_err() && vault(1).open("H32-1", &Sealed(vec![1, 2])).is_err());
        assert!(!sealed.0.windows(4).any(|w| w == b"0123"));
    }

    #[test]
    fn equal_text_is_seen_to_be_equal_under_its_label_only() {
        let seal = |label, text| vault(1).seal(label, text).unwrap();
        assert_eq!(seal("a", "x"), seal("a", "x"));
        assert_ne!(seal("a", "x"), seal("a", "y"));
        assert_ne!(seal("a", "x").0[NONCE_LEN..], seal("b", "x").0[NONCE_LEN..]);
    }

    #[test]
    fn a_key_is_32_bytes() {
        assert!(Vault::from_text("").is_err() && Vault::from_text(&STANDARD.encode([0; 16])).is_err() && Vault::from_text("!").is_err());
    }
}
