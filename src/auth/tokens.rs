//! Access tokens (RFC 9068, EdDSA): issued at sign-in, verified once and remembered by each serving thread.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::Utc;
use jsonwebtoken::{Algorithm, Header, Validation, decode, decode_header, encode};
use sea_orm::DatabaseConnection;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::Shared;
use crate::auth::{Actor, Admission, Permission, TokenGrant, resolve};
use crate::error::{ApiError, Code};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Claims {
    pub iss: String,
    pub sub: Uuid,
    pub aud: String,
    pub exp: i64,
    pub iat: i64,
    pub nbf: i64,
    pub jti: Uuid,
    pub client_id: String,
    pub scope: String,
    pub sid: Uuid,
    pub username: String,
    pub grants: Vec<TokenGrant>,
}

/// The scope of people, which limits nothing.
const PEOPLE: &str = "api";

/// What a user's name cannot begin with.
const MACHINE: &str = "client:";

impl Claims {
    /// The permissions that a machine's token is limited to; none for people.
    pub fn scope(&self) -> Option<Vec<Permission>> {
        let named = |name: &str| Permission::ALL.iter().find(|p| p.name() == name).copied();
        (self.scope != PEOPLE).then(|| self.scope.split(' ').filter_map(named).collect())
    }

    pub fn is_machine(&self) -> bool {
        self.username.starts_with(MACHINE)
    }
}

/// A client that gets a token.
pub struct Machine<'a> {
    pub id: Uuid,
    pub client_id: &'a str,
    /// Names all its tokens under the present terms.
    pub family: Uuid,
    pub scope: &'a str,
}

/// Signs an access token for a client.
///
/// # Errors
/// As [`issue`].
pub fn issue_to_machine(shared: &Shared, machine: &Machine<'_>, grants: Vec<TokenGrant>) -> Result<(String, i64), ApiError> {
    let username = format!("{MACHINE}{}", machine.client_id);
    sign(shared, (machine.id, username), machine.family, (machine.client_id, machine.scope), grants)
}

/// Signs an access token for a session.
///
/// # Errors
/// Only when the key does not sign, which start-up has ruled out.
pub fn issue(shared: &Shared, user_id: Uuid, username: &str, session_id: Uuid, grants: Vec<TokenGrant>) -> Result<(String, i64), ApiError> {
    sign(shared, (user_id, username.to_owned()), session_id, ("dunghen", PEOPLE), grants)
}

fn sign(
    shared: &Shared,
    (sub, username): (Uuid, String),
    sid: Uuid,
    (client_id, scope): (&str, &str),
    grants: Vec<TokenGrant>,
) -> Result<(String, i64), ApiError> {
    let lifetime = shared.settings.auth.access_token_minutes * 60;
    let now = Utc::now().timestamp();
    let claims = Claims {
        iss: shared.settings.http.public_url.clone(),
        sub,
        aud: shared.settings.auth.audience.clone(),
        exp: now + lifetime,
        iat: now,
        nbf: now,
        jti: Uuid::now_v7(),
        client_id: client_id.into(),
        scope: scope.into(),
        sid,
        username,
        grants,
    };
    let mut header = Header::new(Algorithm::EdDSA);
    header.typ = Some("at+jwt".into());
    header.kid = Some(shared.keys.kid.clone());
    let token = encode(&header, &claims, &shared.keys.encoding).map_err(|e| ApiError::new(Code::Internal).because(e))?;
    Ok((token, lifetime))
}

/// Checks signature, type, key, issuer, audience and times.
pub fn verify(shared: &Shared, token: &str) -> Option<Claims> {
    let header = decode_header(token).ok()?;
    if header.kid.as_ref() != Some(&shared.keys.kid) || header.typ.as_deref() != Some("at+jwt") {
        return None;
    }
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.leeway = 5;
    validation.validate_nbf = true;
    validation.set_audience(&[&shared.settings.auth.audience]);
    validation.set_issuer(&[&shared.settings.http.public_url]);
    validation.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
    decode::<Claims>(token, &shared.keys.decoding, &validation).ok().map(|data| data.claims)
}

/// Sessions ended before their tokens ran out, and the age of what is remembered about departments.
#[derive(Default)]
pub struct Revocations {
    /// When each was learnt of.
    sessions: Mutex<HashMap<Uuid, Instant>>,
    epoch: AtomicU64,
}

/// Longer than any access token lives.
const REVOCATION_AGE: Duration = Duration::from_secs(20 * 60);

impl Revocations {
    /// Sessions ended here, or by another server and found in the database.
    pub fn add(&self, sessions: impl IntoIterator<Item = Uuid>) {
        let mut known = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, since| since.elapsed() < REVOCATION_AGE);
        known.extend(sessions.into_iter().map(|session| (session, Instant::now())));
    }

    pub fn contains(&self, session: Uuid) -> bool {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&session)
    }

    /// The tree of departments changed: what actors may reach is worked out anew.
    pub fn departments_changed(&self) {
        self.epoch.fetch_add(1, Ordering::Release);
    }
}

struct Known {
    actor: Arc<Actor>,
    expires: i64,
    resolved: Instant,
    /// When somebody last set out to look again.
    asked: Instant,
    epoch: u64,
}

/// The token desk of one serving thread. Verifying a signature costs more than a query, so verified tokens are
/// remembered; what they reach is looked up again after a few seconds, since other servers change departments too.
pub struct Desk {
    shared: Arc<Shared>,
    db: DatabaseConnection,
    known: RefCell<HashMap<[u8; 32], Known>>,
}

const REMEMBERED: usize = 4096;
/// What is older is good for nobody.
const REACH_AGE: Duration = Duration::from_secs(5);
/// What is older is looked up again by one, while the others go on with what is known: a crowd with one token does not queue for one answer.
const REACH_DUE: Duration = Duration::from_secs(4);

/// Whether what was found so long ago is good as it is, when somebody last set out to look again so long ago.
fn is_good(found: Duration, asked: Duration) -> bool {
    found < REACH_DUE || (found < REACH_AGE && asked < REACH_AGE - REACH_DUE)
}

impl Desk {
    pub fn new(shared: Arc<Shared>, db: DatabaseConnection) -> Desk {
        Desk { shared, db, known: RefCell::default() }
    }

    pub async fn admit(&self, token: &str) -> Admission {
        let key = crate::http::json::digest(token.as_bytes());
        let epoch = self.shared.revocations.epoch.load(Ordering::Acquire);
        let now = Utc::now().timestamp();
        if let Some(known) = self.known.borrow_mut().get_mut(&key) {
            if known.expires <= now || self.shared.revocations.contains(known.actor.session_id) {
                return Admission::BadToken;
            }
            if known.epoch == epoch && is_good(known.resolved.elapsed(), known.asked.elapsed()) {
                return Admission::Actor(known.actor.clone());
            }
            known.asked = Instant::now();
        }
        let Some(claims) = verify(&self.shared, token) else { return Admission::BadToken };
        if self.shared.revocations.contains(claims.sid) {
            return Admission::BadToken;
        }
        match resolve(&self.db, &claims).await {
            Err(error) => Admission::Unknown(error),
            Ok(None) => {
                self.known.borrow_mut().remove(&key);
                Admission::BadToken
            }
            Ok(Some(actor)) => {
                let actor = Arc::new(actor);
                let mut known = self.known.borrow_mut();
                if known.len() >= REMEMBERED {
                    known.clear();
                }
                let now = Instant::now();
                known.insert(key, Known { actor: actor.clone(), expires: claims.exp, resolved: now, asked: now, epoch });
                Admission::Actor(actor)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_looks_again_before_anything_is_too_old_and_nothing_too_old_is_good() {
        let ms = Duration::from_millis;
        for (found, asked, good) in [
            (0, 0, true),
            (3_999, 3_999, true),
            // The first sets out; those behind it need not, until it should have come back.
            (4_000, 4_000, false),
            (4_001, 1, true),
            (4_999, 999, true),
            (4_999, 1_000, false),
            // Whoever set out and never came back leaves nothing older than it may be.
            (5_000, 1, false),
            (60_000, 0, false),
        ] {
            assert_eq!(is_good(ms(found), ms(asked)), good, "{found} {asked}");
        }
    }
}
