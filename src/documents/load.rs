//! The bulk load as a job.

use sea_orm::DatabaseTransaction;

use super::acts;
use super::wire::NewDocument;
use crate::app::Shared;
use crate::auth::Permission;
use crate::error::ApiError;
use crate::http::Call;
use crate::http::bulk::{BulkParams, Verdict};
use crate::jobs::Loads;

pub struct Rows;

#[async_trait::async_trait]
impl Loads for Rows {
    type Row = NewDocument;
    const RESOURCE: &'static str = "documents";
    const PERMISSION: Permission = Permission::WriteDocument;

    async fn apply(
        &self,
        tx: &DatabaseTransaction,
        call: &Call,
        rows: &[(u64, NewDocument)],
        params: BulkParams,
        _: &Shared,
    ) -> Result<Vec<Verdict>, ApiError> {
        acts::load(tx, call, rows, params.strategy).await
    }
}
