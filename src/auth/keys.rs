//! The signing key: from a file, from the environment, or generated once for this machine.

use std::path::Path;

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::{Engine, engine::general_purpose};
use jsonwebtoken::{DecodingKey, EncodingKey};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::config::Settings;

pub struct Keys {
    pub kid: String,
    pub encoding: EncodingKey,
    pub decoding: DecodingKey,
    public: Vec<u8>,
    /// Signs what clients bring back unread, such as cursors: the same on every server with this key.
    pub seal: hmac::Key,
    /// Tells requests with an idempotency key apart without keeping what could be guessed from.
    pub retries: hmac::Key,
}

#[derive(Debug)]
pub struct KeyError(String);

impl KeyError {
    pub fn new(why: impl Into<String>) -> KeyError {
        KeyError(why.into())
    }
}

impl std::fmt::Display for KeyError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "key: {}", self.0)
    }
}

impl std::error::Error for KeyError {}

impl Keys {
    /// # Errors
    /// The key cannot be read, is no Ed25519 PKCS#8 key, or cannot be kept.
    pub fn load(settings: &Settings) -> Result<Keys, KeyError> {
        let auth = &settings.auth;
        if !auth.signing_key.expose_secret().is_empty() {
            return Keys::from_pem(auth.signing_key.expose_secret());
        }
        if !auth.signing_key_file.is_empty() {
            let pem = std::fs::read_to_string(&auth.signing_key_file).map_err(|e| KeyError(format!("{}: {e}", auth.signing_key_file)))?;
            return Keys::from_pem(&pem);
        }
        let file = settings.data_dir.join("signing-key.pem");
        if !file.exists() {
            generate(&file)?;
        }
        Keys::from_pem(&std::fs::read_to_string(&file).map_err(|e| KeyError(e.to_string()))?)
    }

    fn from_pem(pem: &str) -> Result<Keys, KeyError> {
        let body: String = pem.lines().map(str::trim).filter(|l| !l.starts_with("-----")).collect();
        let der = general_purpose::STANDARD.decode(body).map_err(|_| KeyError("not a PEM file".into()))?;
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der).map_err(|_| KeyError("not an Ed25519 key in PKCS#8".into()))?;
        let public = pair.public_key().as_ref().to_vec();
        // The key's thumbprint (RFC 7638) names it.
        let thumb = format!("{{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"{}\"}}", general_purpose::URL_SAFE_NO_PAD.encode(&public));
        // Derived, so that what is signed with one tells nothing of the key itself, nor of another.
        let own = hmac::Key::new(hmac::HMAC_SHA256, &der);
        let derived = |what: &str| hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&own, what.as_bytes()).as_ref());
        Ok(Keys {
            seal: derived("dunghen cursors"),
            retries: derived("dunghen retries"),
            kid: general_purpose::URL_SAFE_NO_PAD.encode(crate::http::json::digest(thumb.as_bytes())),
            encoding: EncodingKey::from_ed_der(&der),
            decoding: DecodingKey::from_ed_der(&public),
            public,
        })
    }

    /// The public key as a JSON Web Key Set.
    pub fn jwks(&self) -> Value {
        let x = general_purpose::URL_SAFE_NO_PAD.encode(&self.public);
        json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": self.kid, "x": x}]})
    }
}

fn generate(file: &Path) -> Result<(), KeyError> {
    let pair = Ed25519KeyPair::generate().map_err(|_| KeyError("cannot be generated".into()))?;
    let der = pair.to_pkcs8v1().map_err(|_| KeyError("cannot be generated".into()))?;
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", general_purpose::STANDARD.encode(der.as_ref()));
    keep_once(file, &pem)
}

/// Keeps a generated secret in a file that only its owner reads.
///
/// # Errors
/// It cannot be written.
pub fn keep_once(file: &Path, secret: &str) -> Result<(), KeyError> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let broken = |e: std::io::Error| KeyError(format!("{}: {e}", file.display()));
    if let Some(parent) = file.parent() {
        std::fs::create_dir_all(parent).map_err(broken)?;
    }
    // Written aside and linked: two servers starting at once agree on one key.
    let aside = file.with_extension(format!("{}.tmp", uuid::Uuid::now_v7().simple()));
    let mut out = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&aside).map_err(broken)?;
    out.write_all(secret.as_bytes()).and_then(|()| out.sync_all()).map_err(broken)?;
    let linked = std::fs::hard_link(&aside, file);
    std::fs::remove_file(&aside).map_err(broken)?;
    match linked {
        Err(e) if e.kind() != std::io::ErrorKind::AlreadyExists => Err(broken(e)),
        _ => Ok(()),
    }
}
