//! What indicators take from closed waves.

use sea_orm::{ConnectionTrait, DbErr};
use uuid::Uuid;

use super::model::SurveyState;
use super::rules::tally;
use super::store;
use crate::auth::Reach;
use crate::http::At;

/// A figure that a closed wave gives an indicator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    /// Code of the indicator.
    pub kpi: String,
    /// Code of the department whose service was judged.
    pub department: String,
    pub department_name: String,
    /// Code of the period.
    pub period: String,
    /// Code of the field of procedures; none where it is of all answers.
    pub field: Option<String>,
    pub field_name: Option<String>,
    /// Satisfied and very satisfied answers.
    pub numerator: i64,
    /// Valid answers; at least one.
    pub denominator: i64,
    /// Code of the wave.
    pub survey: String,
    pub closed_at: At,
    /// Nothing was published of the wave yet.
    pub provisional: bool,
}

/// What closed waves within reach give these indicators for these periods, among these departments or all. Where several waves give the
/// same indicator a figure, the one that was closed last comes first.
///
/// # Errors
/// The database's.
pub async fn figures(
    db: &impl ConnectionTrait,
    reach: &Reach,
    kpis: &[String],
    departments: Option<&[Uuid]>,
    periods: &[String],
) -> Result<Vec<Figure>, DbErr> {
    let mut found = Vec::new();
    for wave in store::feeding(db, reach, kpis, departments, periods).await? {
        let fed = tally::fed(&wave.feeds, &wave.answers).into_iter().filter(|fed| kpis.contains(&fed.kpi));
        found.extend(fed.map(|fed| Figure {
            kpi: fed.kpi,
            department: wave.department.clone(),
            department_name: wave.department_name.clone(),
            period: wave.period.clone(),
            field: fed.field,
            field_name: None,
            numerator: fed.share.satisfied,
            denominator: fed.share.valid,
            survey: wave.code.clone(),
            closed_at: wave.closed_at,
            provisional: wave.state != SurveyState::Published,
        }));
    }
    let fields = found.iter().filter_map(|figure| figure.field.clone()).collect();
    let names = store::names(db, Vec::new(), fields).await?;
    for figure in &mut found {
        figure.field_name = figure.field.as_ref().and_then(|field| names.fields.get(field)).cloned();
    }
    Ok(found)
}
