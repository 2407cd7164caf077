//! The figures of departments for a period: what was measured, what is computed, and what is owed.

use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::rules::{self, Owed};
use super::store;
use super::wire::{KpiMissing, KpiSubmissionComputed, KpiSubmissionFigure};
use crate::auth::Reach;
use crate::departments;
use crate::error::ApiError;
use crate::http::Call;
use crate::http::decimal::Decimal;
use crate::http::values::Key;
use crate::kpi::measurements::{MeasurementView, all_measured};
use crate::kpi::results::{self, Request};
use crate::kpi::store as definitions;
use crate::kpi::wire::{KpiView, Source};
use crate::reports::filter::Slice;
use crate::reports::period::{Period, PeriodSet, Span};

/// What departments owe for a period, and what they have measured for it.
pub struct Owing {
    pub kpis: Vec<KpiView>,
    pub owed: Vec<Owed>,
    pub measured: Vec<MeasurementView>,
}

impl Owing {
    /// What is owed and was not measured.
    pub fn missing(&self) -> impl Iterator<Item = &Owed> {
        self.owed.iter().filter(|owed| !rules::is_measured(owed, &self.measured))
    }
}

/// What the departments within reach that exist in the period owe for it.
///
/// # Errors
/// The database's.
pub async fn owing(db: &impl ConnectionTrait, reach: &Reach, period: &Period) -> Result<Owing, ApiError> {
    let kpis = definitions::some(db, &[]).await?;
    let ids: Vec<Uuid> = kpis.iter().map(|k| k.id).collect();
    let periods = [period.code().to_owned(), rules::period_before(period)];
    let all = all_measured(db, reach, &ids, &periods).await?.into_iter().map(|m| m.view);
    let (mut measured, before): (Vec<_>, Vec<_>) = all.partition(|m| m.period == period.code());
    measured.sort_by(|a, b| (&a.department, &a.kpi, &a.field).cmp(&(&b.department, &b.kpi, &b.field)));
    let (roots, known) = (store::roots(db).await?, departments::known(db).await?);
    let mut owed = rules::owed(&kpis, &roots, period, &before);
    let days = period.days(PeriodSet::Calendar);
    owed.retain(|owed| {
        let department = known.get(&owed.department).filter(|d| reach.covers(d.id));
        department.is_some_and(|d| d.valid_from.is_none_or(|from| from <= days.to) && d.valid_to.is_none_or(|to| days.from <= to))
    });
    Ok(Owing { kpis, owed, measured })
}

pub fn missing(owed: &Owed) -> KpiMissing {
    KpiMissing { kpi: owed.kpi.clone(), name: owed.name.clone(), field: owed.field.clone(), because: owed.because }
}

/// All figures of one department for a period.
pub struct Figures {
    pub measured: Vec<KpiSubmissionFigure>,
    pub computed: Vec<KpiSubmissionComputed>,
    pub missing: Vec<Owed>,
}

/// Reads the figures of a department as they are now. They are what the department submits, and the same for whoever may read them.
///
/// # Errors
/// The database's.
pub async fn read(db: &impl ConnectionTrait, call: &Call, (id, code): (Uuid, &str), period: &Period) -> Result<Figures, ApiError> {
    let reach = Reach::Departments(vec![id]);
    let owing = owing(db, &reach, period).await?;
    let name = |code: &str| owing.kpis.iter().find(|k| k.code == code).map(|k| k.name.clone()).unwrap_or_default();
    let measured = owing.measured.iter().map(|m| KpiSubmissionFigure {
        kpi: m.kpi.clone(),
        name: name(&m.kpi),
        field: m.field.clone(),
        value: m.value,
        numerator: m.numerator,
        denominator: m.denominator,
        state: m.state,
        published: m.published,
        version: m.version,
    });
    let formulas: Vec<String> = owing.kpis.iter().filter(|k| k.source == Source::Computed).map(|k| k.code.clone()).collect();
    let mut computed = Vec::new();
    // No code at all would mean every indicator.
    if !formulas.is_empty() {
        let slice = Slice { department: Some(Key::Code(code.to_owned())), subtree: true, ..Slice::default() };
        let spans = vec![Span::of(period, PeriodSet::Calendar)];
        let request = Request::plain(formulas, spans, slice);
        for result in results::results(db, call, &Reach::All, &request).await?.items {
            computed.push(KpiSubmissionComputed {
                name: name(&result.kpi),
                kpi: result.kpi,
                numerator: result.numerator.and_then(|n| n.as_f64()),
                denominator: result.denominator.and_then(|n| n.as_f64()),
                value: result.value,
                reason: result.reason,
                target: result.target.map(Decimal::shown),
                comparator: result.comparator,
                met: result.met,
                status: result.status,
            });
        }
    }
    let missing = owing.missing().cloned().collect();
    Ok(Figures { measured: measured.collect(), computed, missing })
}
