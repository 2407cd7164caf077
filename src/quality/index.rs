//! Puts the index together.

use chrono::NaiveDate;
use sea_orm::ConnectionTrait;

use super::rules::{self, Facts};
use super::scheme;
use super::wire::QualityIndex;
use crate::auth::Reach;
use crate::error::ApiError;
use crate::http::Day;
use crate::reports::filter::{GroupBy, WholeFilter};
use crate::reports::{self, Question};
use crate::text::Text;

/// The index of what is within reach, as it is asked for today.
///
/// # Errors
/// 422 with every code that does not exist or is out of reach.
pub async fn make(db: &impl ConnectionTrait, reach: &Reach, filter: &WholeFilter, today: NaiveDate) -> Result<QualityIndex, ApiError> {
    let chosen = reports::choose(db, reach, &filter.slice).await?;
    let days = filter.span.days;
    let question = Question { reach, chosen: &chosen, days, as_of: days.to.min(today), group_by: GroupBy::None };
    let facts = Facts { counts: reports::quality_counts(db, &question).await?, services: reports::quality_services(db, &question).await? };
    let last = Day(days.to);
    let scheme = scheme::on(last)?;
    let (groups, total) = rules::index(scheme, &facts);
    Ok(QualityIndex {
        from: Day(days.from),
        to: last,
        as_of: Day(question.as_of),
        department: chosen.department.as_ref().map(|d| d.code.clone()),
        decision: scheme.decision.clone(),
        title: Text::new(&scheme.title.vi, &scheme.title.en),
        in_force: scheme.valid_from <= last && scheme.valid_to.is_none_or(|to| last <= to),
        groups,
        total,
    })
}
