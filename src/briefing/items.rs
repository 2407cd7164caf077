//! The items of a briefing: what a decision can be recorded against.

use sea_orm::ConnectionTrait;

use super::compose::{Asked, Desk, compose};
use super::model::BriefingItemKind;
use super::wire::Briefing;
use crate::auth::Permission;
use crate::error::ApiError;
use crate::http::Call;
use crate::reports;
use crate::text::Text;

/// An item of a briefing, as a decision keeps it.
pub struct Item {
    pub title: String,
    /// Code of the department that it is about.
    pub department: Option<String>,
}

/// The item with a key in the briefing as the caller sees it. What was decided on before stays an item.
///
/// # Errors
/// As for the briefing itself.
pub async fn find(db: &impl ConnectionTrait, call: &Call, asked: &Asked, key: &str) -> Result<Option<Item>, ApiError> {
    let Some((kind, code)) = BriefingItemKind::split(key) else { return Ok(None) };
    if kind == BriefingItemKind::Dossier {
        let desk = Desk::of(db, call, asked).await?;
        let reach = call.actor.reach(Permission::ReadReport);
        let found = reports::late_dossiers(db, &desk.question(&reach, desk.span.days), Some(code), 1).await?;
        return Ok(found
            .into_iter()
            .next()
            .map(|d| Item { title: format!("{}: {}", d.code, d.procedure_name), department: Some(d.department) }));
    }
    let briefing = compose(db, call, asked).await?;
    let of = |title: &str, department: Option<&String>| Item { title: title.to_owned(), department: department.cloned() };
    let Briefing { late_tasks, late_dossiers, findings, unmet_targets, obstacles, next, decisions, .. } = &briefing;
    let late = Text::new("Hồ sơ quá hạn", "Late dossiers");
    Ok(match kind {
        BriefingItemKind::Task => {
            let due = next.tasks.iter().map(|t| (&t.item, &t.title, &t.lead));
            let mut all = late_tasks.iter().map(|t| (&t.item, &t.title, &t.lead)).chain(due);
            all.find(|(item, ..)| *item == key).map(|(_, title, lead)| of(title, lead.first()))
        }
        BriefingItemKind::LateDossiers => {
            late_dossiers.departments.iter().find(|d| d.item == key).map(|d| of(&call.lang.pick(late), Some(&d.department)))
        }
        BriefingItemKind::Finding => findings.iter().find(|f| f.item == key).map(|f| of(&f.label, Some(&f.department))),
        BriefingItemKind::Kpi => unmet_targets.iter().find(|t| t.item == key).map(|t| of(&t.title, Some(&t.department))),
        BriefingItemKind::Obstacle => obstacles.iter().find(|o| o.item == key).map(|o| of(&o.title, Some(&o.department))),
        BriefingItemKind::Report => next.reports.iter().find(|r| r.item == key).map(|r| of(&r.what, None)),
        BriefingItemKind::Dossier => None,
    }
    .or_else(|| decisions.iter().find(|d| d.item == key).map(|d| of(&d.item_title, d.department.as_ref()))))
}
