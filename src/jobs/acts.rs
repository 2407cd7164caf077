//! What people do with jobs: ask for one, cancel one.

use sea_orm::{ConnectionTrait, DatabaseTransaction, TransactionTrait};
use serde_json::{Value, json};
use uuid::Uuid;

use super::intake::Intake;
use super::model::{Kind, State};
use super::store::{self, NewJob, Row};
use super::wire::{JobView, retry_after};
use crate::audit::{self, Entry};
use crate::auth::{Permission, Reach};
use crate::error::{ApiError, Code};
use crate::http::retry::{Claim, Retry};
use crate::http::{Call, Reply};

/// What a load was answered, and whether the job taken in is the one that is told of.
pub struct Queued {
    pub reply: Reply,
    pub own: bool,
}

fn path(id: Uuid) -> String {
    format!("/api/v1/jobs/{id}")
}

/// Nobody fills the queue for himself.
async fn check_open(db: &impl ConnectionTrait, call: &Call, most: u32) -> Result<(), ApiError> {
    if store::open(db, call.actor.user_id).await? < i64::from(most) {
        return Ok(());
    }
    Err(ApiError::new(Code::TooManyRequests).retry_after(10).say(
        format!("Bạn đã có {most} việc đang chờ hoặc đang chạy; hãy đợi một việc xong."),
        format!("You have {most} jobs waiting or running; wait for one to end."),
    ))
}

/// Begins to take in a load.
pub async fn begin(intake: &Intake<'_>, params: Value) -> Result<Uuid, ApiError> {
    let call = intake.call;
    let (there, creator, most) = (intake.shared.clone(), call.actor.clone(), intake.shared.settings.jobs.open_per_caller);
    let (resource, request_id, lang, now) = (intake.resource, call.request_id.clone(), call.lang, call.now);
    check_open(intake.db.get_ref(), call, most).await?;
    let id = Uuid::now_v7();
    // On the background's connections: the request has no turn yet.
    let made = intake.shared.runtime.spawn(async move {
        let (kind, state) = (Kind::Load, State::Receiving.name());
        let job = NewJob { id, kind, resource, state, actor: &creator, request_id: &request_id, lang, params, now };
        store::create(&there.background, &job).await
    });
    made.await.map_err(|e| ApiError::new(Code::Internal).because(e))??;
    Ok(id)
}

/// The rows are all in: the job waits for its turn. With an idempotency key that was used before, the job of that time is told of.
pub async fn queue(intake: &Intake<'_>, id: Uuid, came: (u64, Option<Vec<u8>>), hash: &[u8; 32]) -> Result<Queued, ApiError> {
    let call = intake.call;
    let tx = intake.db.begin().await?;
    let retry = Retry::of_job(call);
    if let Some(retry) = &retry
        && let Claim::Kept(kept) = retry.claim(&tx).await?
    {
        return Ok(Queued { reply: retry.replay(kept, hash)?, own: false });
    }
    if !store::queue(&tx, id, came.0, came.1).await? {
        return Err(ApiError::new(Code::RequestTimeout).because("the intake was given up"));
    }
    let reply = told(&tx, call, id, "create").await?;
    if let Some(retry) = &retry {
        retry.keep(&tx, hash, &reply).await?;
    }
    tx.commit().await?;
    Ok(Queued { reply, own: true })
}

/// The answer to who asked for a job, and its audit line.
async fn told(tx: &DatabaseTransaction, call: &Call, id: Uuid, act: &'static str) -> Result<Reply, ApiError> {
    let row = store::find(tx, id, None).await?.ok_or_else(ApiError::not_found)?;
    audit::record(tx, call, &[entry(call, &row, act)]).await?;
    let reply = Reply::json(202, &JobView::of(&row))?.header("Location", path(id)).header("Preference-Applied", "respond-async");
    Ok(reply.header("Retry-After", "1"))
}

fn entry(call: &Call, row: &Row, act: &'static str) -> Entry {
    Entry {
        act,
        subject_type: "job",
        subject_id: row.id,
        subject_code: None,
        department_id: None,
        version: 1,
        occurred_at: call.now,
        detail: json!({"kind": row.kind, "resource": row.resource, "state": row.state}),
    }
}

/// Asks for a job that needs no rows, in the transaction of the request.
///
/// # Errors
/// 429 for who has too many jobs open; the database's.
pub async fn ask(tx: &DatabaseTransaction, call: &Call, kind: Kind, resource: &str, params: Value, most: u32) -> Result<Uuid, ApiError> {
    check_open(tx, call, most).await?;
    let (id, state) = (Uuid::now_v7(), State::Queued.name());
    let (request_id, lang, now) = (call.request_id.as_str(), call.lang, call.now);
    store::create(tx, &NewJob { id, kind, resource, state, actor: &call.actor, request_id, lang, params, now }).await?;
    let row = store::find(tx, id, None).await?.ok_or_else(ApiError::not_found)?;
    audit::record(tx, call, &[entry(call, &row, "create")]).await?;
    Ok(id)
}

/// Whose jobs a caller may exercise a permission on: anybody's, or only his own.
pub fn whose(call: &Call, permission: Permission) -> Option<Uuid> {
    (call.actor.reach(permission) != Reach::All).then_some(call.actor.user_id)
}

/// Cancels a job: one that waits ends at once, one at work after its current chunk.
///
/// # Errors
/// 404 for another's, 409 for one that has ended.
pub async fn cancel(tx: &DatabaseTransaction, call: &Call, id: Uuid) -> Result<Reply, ApiError> {
    let row = store::lock(tx, id, whose(call, Permission::CancelJob)).await?.ok_or_else(ApiError::not_found)?;
    let state = State::parse(&row.state).ok_or_else(|| ApiError::new(Code::Internal).because("a state that is not known"))?;
    if state.ended() {
        let error = ApiError::new(Code::TransitionNotAllowed).say("Việc này đã kết thúc.", "This job has ended.");
        return Err(error.member("from", row.state).member("requested", "cancel").member("allowed", json!([])));
    }
    if row.cancel_requested_at.is_none() {
        store::cancel(tx, id, call.now).await?;
        audit::record(tx, call, &[entry(call, &row, "cancel")]).await?;
    }
    let row = store::find(tx, id, None).await?.ok_or_else(ApiError::not_found)?;
    let reply = Reply::plain(&JobView::of(&row))?;
    Ok(match retry_after(&row) {
        Some(seconds) => reply.header("Retry-After", seconds.to_string()),
        None => reply,
    })
}
