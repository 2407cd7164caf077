//! The bulk load as a job. Who changes is signed out by every server when it next looks for ended sessions.

use std::collections::HashMap;

use sea_orm::{ConnectionTrait, DatabaseTransaction};

use super::wire::NewUser;
use super::{acts, rules, store};
use crate::app::Shared;
use crate::auth::Permission;
use crate::error::ApiError;
use crate::http::Call;
use crate::http::bulk::{BulkParams, Verdict};
use crate::jobs::Loads;

pub struct Rows;

#[async_trait::async_trait]
impl Loads for Rows {
    type Row = NewUser;
    const RESOURCE: &'static str = "users";
    const PERMISSION: Permission = Permission::WriteUser;

    async fn apply(
        &self,
        tx: &DatabaseTransaction,
        call: &Call,
        rows: &[(u64, NewUser)],
        params: BulkParams,
        shared: &Shared,
    ) -> Result<Vec<Verdict>, ApiError> {
        let users: Vec<&NewUser> = rows.iter().map(|(_, row)| row).collect();
        // Nothing is locked yet, so that hashing keeps nobody waiting.
        let hashes = match to_hash(tx, &users, shared.settings.demo.allowed).await? {
            None => acts::Passwords::new(),
            Some((users, known)) => acts::hash_new(&known, &shared.password_gate, users.into_iter()).await?,
        };
        Ok(acts::load(tx, call, rows, params.strategy, &hashes, shared.settings.demo.allowed).await?.0)
    }
}

/// The rows whose passwords are looked at, and the hashes that their users have; none where there are no passwords. Rows with faults are
/// passed over, and so are those that stand twice.
pub async fn to_hash<'a>(
    db: &impl ConnectionTrait,
    users: &[&'a NewUser],
    demo: bool,
) -> Result<Option<(Vec<&'a NewUser>, HashMap<String, String>)>, ApiError> {
    if users.iter().all(|user| user.password.is_none()) {
        return Ok(None);
    }
    let mut times: HashMap<&str, u32> = HashMap::new();
    users.iter().for_each(|user| *times.entry(user.username.as_str()).or_default() += 1);
    let departments = store::department_codes(db).await?;
    let good = |user: &&&NewUser| times.get(user.username.as_str()) == Some(&1) && rules::faults(user, &departments, demo).is_empty();
    let users: Vec<&NewUser> = users.iter().filter(good).copied().collect();
    let known = store::password_hashes(db, users.iter().map(|user| user.username.as_str().to_owned()).collect()).await?;
    Ok(Some((users, known)))
}
