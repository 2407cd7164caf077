//! Requests for more time.

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, DbErr};
use uuid::Uuid;

use super::work::run;
use crate::http::Call;
use crate::plans::tasks::wire::{ExtensionStatus, NewExtension};

/// Asks for more time for an occurrence.
pub async fn ask(
    tx: &impl ConnectionTrait,
    call: &Call,
    (task, occurrence): (Uuid, i32),
    department: Uuid,
    old_due_on: NaiveDate,
    extension: &NewExtension,
) -> Result<(), DbErr> {
    run(
        tx,
        "INSERT INTO task_extensions (task_id, n, occurrence, department_id, reason, old_due_on, new_due_on, status, asked_by, asked_at)
         VALUES ($1, coalesce((SELECT max(n) FROM task_extensions WHERE task_id = $1), 0) + 1, $2, $3, $4, $5, $6, 'asked', $7, $8)",
        vec![
            task.into(),
            occurrence.into(),
            department.into(),
            extension.reason.as_str().into(),
            old_due_on.into(),
            extension.new_due_on.0.into(),
            call.actor.username.clone().into(),
            call.now.into(),
        ],
    )
    .await
}

/// What is decided on a request.
pub struct Decision<'a> {
    pub status: ExtensionStatus,
    pub reason: Option<&'a str>,
    /// The day offered instead.
    pub counter_due_on: Option<NaiveDate>,
    /// The day agreed on, where it is another than was asked for.
    pub agreed_on: Option<NaiveDate>,
    pub today: NaiveDate,
}

pub async fn decide(tx: &impl ConnectionTrait, call: &Call, (task, n): (Uuid, i32), decision: &Decision<'_>) -> Result<(), DbErr> {
    let status = match decision.status {
        ExtensionStatus::Asked => "asked",
        ExtensionStatus::CounterProposed => "counter_proposed",
        ExtensionStatus::Approved => "approved",
        ExtensionStatus::Rejected => "rejected",
        ExtensionStatus::Withdrawn => "withdrawn",
    };
    run(
        tx,
        "UPDATE task_extensions SET status = $3, decision_reason = coalesce($4, decision_reason),
                counter_due_on = coalesce($5, counter_due_on), new_due_on = coalesce($6, new_due_on), decided_by = $7, decided_at = $8,
                decided_on = CASE WHEN $3 IN ('asked', 'counter_proposed') THEN NULL ELSE $9::date END
          WHERE task_id = $1 AND n = $2",
        vec![
            task.into(),
            n.into(),
            status.into(),
            decision.reason.map(str::to_owned).into(),
            decision.counter_due_on.into(),
            decision.agreed_on.into(),
            call.actor.username.clone().into(),
            call.now.into(),
            decision.today.into(),
        ],
    )
    .await
}
