//! The facts that count: what had happened, in order, checked.

use chrono::{DateTime, Utc};

use super::{ClockError, Pause};

/// The pauses as they stood at `as_of`, in order and fit to count with.
pub(super) fn facts(accepted_at: DateTime<Utc>, pauses: &[Pause], as_of: Option<DateTime<Utc>>) -> Result<Vec<Pause>, ClockError> {
    let happened = |at: DateTime<Utc>| as_of.is_none_or(|end| at <= end);
    let mut facts: Vec<Pause> = pauses
        .iter()
        .filter(|pause| happened(pause.from))
        .map(|pause| Pause { to: pause.to.filter(|&to| happened(to)), ..*pause })
        .collect();
    // An empty pause sorts before another of the same instant, an open one after it.
    facts.sort_by_key(|pause| (pause.from, pause.to.is_none(), pause.to));
    let mut free_from = Some(accepted_at);
    for (index, &Pause { from, to, .. }) in facts.iter().enumerate() {
        if from < accepted_at {
            return Err(ClockError::PauseBeforeAcceptance { from });
        }
        if let Some(to) = to.filter(|&to| to < from) {
            return Err(ClockError::PauseEndsBeforeItBegins { from, to });
        }
        if index > 0 && free_from.is_none_or(|free| from < free) {
            return Err(ClockError::OverlappingPauses { from });
        }
        free_from = to;
    }
    Ok(facts)
}
