//! The bulk load as a job.

use sea_orm::DatabaseTransaction;

use super::load;
use super::wire::MeasurementRow;
use crate::app::Shared;
use crate::auth::Permission;
use crate::error::ApiError;
use crate::http::Call;
use crate::http::bulk::{BulkParams, Verdict};
use crate::jobs::Loads;

pub struct Rows;

#[async_trait::async_trait]
impl Loads for Rows {
    type Row = MeasurementRow;
    const RESOURCE: &'static str = "kpi-measurements";
    const PERMISSION: Permission = Permission::WriteMeasurement;

    async fn apply(
        &self,
        tx: &DatabaseTransaction,
        call: &Call,
        rows: &[(u64, MeasurementRow)],
        params: BulkParams,
        _: &Shared,
    ) -> Result<Vec<Verdict>, ApiError> {
        load::load(tx, call, rows, params.strategy).await
    }
}
