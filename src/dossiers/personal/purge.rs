//! The purge: what names a person goes, what is counted stays.

use chrono::{DateTime, Days, NaiveDate, Utc};
use sea_orm::{DatabaseConnection, DatabaseTransaction, DbErr, TransactionTrait};

use crate::audit::Teller;
use crate::calendar::vn_date;
use crate::dossiers::store::purge as store;

/// Dossiers purged in one transaction.
pub const BATCH: u32 = 1000;

/// The last day on which a dossier must have ended to be purged now.
pub fn until(now: DateTime<Utc>, keep_days: u32) -> NaiveDate {
    let today = vn_date(now);
    today.checked_sub_days(Days::new(u64::from(keep_days) + 1)).unwrap_or(NaiveDate::MIN)
}

/// Purges one batch, with an audit line and an event a dossier. Rows that another server is at are passed over.
///
/// # Errors
/// The database's.
pub async fn purge(tx: &DatabaseTransaction, teller: &Teller<'_>, until: NaiveDate, most: u32) -> Result<u32, DbErr> {
    let old = store::old(tx, until, most).await?;
    if !old.is_empty() {
        store::purge(tx, &old, teller).await?;
    }
    Ok(u32::try_from(old.len()).unwrap_or(u32::MAX))
}

/// Purges everything that is old enough, batch by batch; what the server does by itself.
///
/// # Errors
/// The database's.
pub async fn keep_house(db: &DatabaseConnection, now: DateTime<Utc>, keep_days: u32) -> Result<u64, DbErr> {
    let mut purged = 0;
    loop {
        let tx = db.begin().await?;
        let batch = purge(&tx, &Teller::server(now), until(now, keep_days), BATCH).await?;
        tx.commit().await?;
        purged += u64::from(batch);
        if batch < BATCH {
            return Ok(purged);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dossier_is_kept_for_its_days_in_full() {
        let now = NaiveDate::from_ymd_opt(2022, 6, 20).and_then(|d| d.and_hms_opt(2, 0, 0)).unwrap_or_default().and_utc();
        assert_eq!(until(now, 10), NaiveDate::from_ymd_opt(2022, 6, 9).unwrap_or_default());
    }
}
