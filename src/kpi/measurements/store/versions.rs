//! What a measurement was before.

use sea_orm::{ConnectionTrait, DbErr};
use uuid::Uuid;

use crate::db::documents;
use crate::kpi::measurements::wire::MeasurementVersion;

/// The versions of a measurement, the first one first.
pub async fn versions(
    db: &impl ConnectionTrait,
    measurement: Uuid,
    after: Option<i32>,
    limit: u32,
) -> Result<Vec<MeasurementVersion>, DbErr> {
    let sql = "SELECT jsonb_build_object('version', v.version, 'state', v.state, 'value', v.value, 'numerator', v.numerator,
                      'denominator', v.denominator, 'evidence', v.evidence, 'note', v.note, 'correction_reason', v.correction_reason,
                      'recorded_by', v.recorded_by, 'recorded_at', v.recorded_at) AS doc
                 FROM kpi_measurement_versions v WHERE v.measurement_id = $1 AND ($2::int IS NULL OR v.version > $2)
                ORDER BY v.version LIMIT $3";
    documents(db, sql, vec![measurement.into(), after.into(), i64::from(limit + 1).into()]).await
}
