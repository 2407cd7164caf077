//! Stored decisions become what a caller sees.

use std::collections::HashMap;

use sea_orm::ConnectionTrait;

use super::model::DecisionState;
use super::rules;
use super::store::Stored;
use super::wire::DecisionView;
use crate::auth::Permission;
use crate::calendar::vn_date;
use crate::error::ApiError;
use crate::http::Call;
use crate::plans;

pub fn state(found: &Stored) -> DecisionState {
    if found.revoked.is_some() { DecisionState::Revoked } else { DecisionState::Standing }
}

/// Decisions as the caller sees them, with where their tasks stand today.
///
/// # Errors
/// The database's.
pub async fn views(db: &impl ConnectionTrait, call: &Call, found: Vec<Stored>) -> Result<Vec<DecisionView>, ApiError> {
    let codes = found.iter().map(|d| d.task.clone()).collect();
    let tasks = if found.is_empty() { Vec::new() } else { plans::task_states(db, codes, vn_date(call.now)).await? };
    let tasks: HashMap<&str, &plans::TaskNow> = tasks.iter().map(|t| (t.code.as_str(), t)).collect();
    let may = !call.actor.reach(Permission::WriteDecision).is_nowhere();
    let view = |d: Stored| {
        let task = tasks.get(d.task.as_str());
        let state = state(&d);
        DecisionView {
            id: d.id,
            code: d.code,
            period: d.period,
            period_set: d.period_set,
            item: d.item,
            item_title: d.item_title,
            department: d.department,
            text: d.text,
            lead: d.lead,
            coordinate: d.coordinate,
            held_on: d.held_on,
            due_on: d.due_on,
            document_no: d.document_no,
            ruling: d.ruling,
            state,
            revoked: d.revoked,
            task_state: task.map_or(plans::TaskState::NotStarted, |t| t.state),
            task_due_on: task.and_then(|t| t.due_on),
            task: d.task,
            decided_by: d.decided_by,
            decided_at: d.decided_at,
            allowed_acts: rules::allowed(state, may),
            version: d.version,
        }
    };
    Ok(found.into_iter().map(view).collect())
}
