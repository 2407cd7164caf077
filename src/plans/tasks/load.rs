//! The bulk load as a job.

use sea_orm::DatabaseTransaction;

use super::acts;
use super::wire::AssignedTask;
use crate::app::Shared;
use crate::auth::Permission;
use crate::error::ApiError;
use crate::http::Call;
use crate::http::bulk::{BulkParams, Verdict};
use crate::jobs::Loads;

pub struct Rows;

#[async_trait::async_trait]
impl Loads for Rows {
    type Row = AssignedTask;
    const RESOURCE: &'static str = "tasks";
    const PERMISSION: Permission = Permission::WriteTask;

    async fn apply(
        &self,
        tx: &DatabaseTransaction,
        call: &Call,
        rows: &[(u64, AssignedTask)],
        params: BulkParams,
        _: &Shared,
    ) -> Result<Vec<Verdict>, ApiError> {
        acts::load_assigned(tx, call, rows, params.strategy).await
    }
}
