//! What is stored already under the codes of a load.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{NaiveDate, NaiveTime};
use sea_orm::DatabaseConnection;
use sqlx::{PgConnection, Row as _};
use uuid::Uuid;

use super::decide::Existing;
use crate::calendar::{self, Calendar, Edition};
use crate::dossiers::clock::Terms;
use crate::dossiers::model::Finding;
use crate::error::ApiError;
use crate::procedures::{Limit, LimitUnit, SupplementPolicy};

/// The calendars that stored dossiers were counted with, each read once a load.
pub struct Editions {
    pub db: DatabaseConnection,
    pub loaded: HashMap<Edition, Arc<Calendar>>,
}

impl Editions {
    async fn get(&mut self, edition: Edition) -> Result<Arc<Calendar>, ApiError> {
        if let Some(calendar) = self.loaded.get(&edition) {
            return Ok(calendar.clone());
        }
        let calendar = calendar::load_edition(&self.db, &edition).await?;
        self.loaded.insert(edition, calendar.clone());
        Ok(calendar)
    }
}

/// What is stored under these codes, locked until the load ends.
pub async fn existing(tx: &mut PgConnection, codes: &[&str], editions: &mut Editions) -> Result<HashMap<String, Existing>, ApiError> {
    let rows = sqlx::query(
        "SELECT code, id, version, facts_hash, limit_value, limit_unit, supplement_policy, same_day_cutoff, procedure_id,
                resolving_department_id, accepted_at, first_due_on, created_at, calendar_code, calendar_version, calendar_base_version,
                purged_at IS NOT NULL, rule_set_id, status = 'awaiting_completion',
                (SELECT max(replaced_at) FROM calendar_revision_editions e WHERE e.dossier_id = dossiers.id),
                (SELECT arose_on FROM dossier_findings f WHERE f.dossier_id = dossiers.id AND f.kind = $2),
                array(SELECT sent_at FROM dossier_apologies a WHERE a.dossier_id = dossiers.id ORDER BY sent_at)
           FROM dossiers WHERE code = ANY($1) ORDER BY code FOR UPDATE",
    )
    .bind(codes)
    .bind(Finding::ApologyAfterDue.name())
    .fetch_all(tx)
    .await?;
    let mut found = HashMap::with_capacity(rows.len());
    for row in rows {
        let limit = match (row.get::<Option<i32>, _>(4), row.get::<Option<String>, _>(5).as_deref().and_then(LimitUnit::parse)) {
            (Some(value), Some(unit)) => Some(Limit { value: value.unsigned_abs(), unit }),
            _ => None,
        };
        let calendar = match (row.get(13), row.get(14), row.get(15)) {
            (Some(code), Some(version), Some(base_version)) => Some(editions.get(Edition { code, version, base_version }).await?),
            _ => None,
        };
        let existing = Existing {
            id: row.get::<Uuid, _>(1),
            version: row.get(2),
            hash: row.get(3),
            terms: Terms {
                limit,
                policy: SupplementPolicy::parse(row.get::<&str, _>(6)).unwrap_or_default(),
                same_day_cutoff: row.get::<NaiveTime, _>(7),
            },
            procedure_id: row.get(8),
            resolving_id: row.get(9),
            calendar,
            accepted_at: row.get(10),
            first_due_on: row.get::<Option<NaiveDate>, _>(11),
            created_at: row.get(12),
            purged: row.get(16),
            rule_set_id: row.get(17),
            waiting: row.get(18),
            revised_at: row.get(19),
            apology_after_due: row.get(20),
            apologies: row.get(21),
        };
        found.insert(row.get(0), existing);
    }
    Ok(found)
}
