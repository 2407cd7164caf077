//! Indicators as a dashboard shows them: each with its figure, the one before, the one a year before, and how it went.

use sea_orm::ConnectionTrait;

use super::results::{KpiResult, Request, results};
use super::store;
use super::wire::{KpiView, Source};
use crate::auth::Reach;
use crate::error::ApiError;
use crate::http::Call;
use crate::reports::Census;
use crate::reports::filter::Slice;
use crate::reports::period::Span;

/// The periods that an indicator is told for.
#[derive(Clone, Debug)]
pub struct TileSpans {
    pub current: Span,
    pub previous: Option<Span>,
    pub year_before: Option<Span>,
    /// Oldest first.
    pub months: Vec<Span>,
    /// For indicators that are measured but for no month: oldest first.
    pub years: Vec<Span>,
}

/// An indicator with what it came to.
#[derive(Clone, Debug)]
pub struct Tile {
    pub kpi: KpiView,
    pub now: KpiResult,
    pub previous: Option<KpiResult>,
    pub year_before: Option<KpiResult>,
    /// By month; of a measured indicator by year where it is measured for no month.
    pub course: Vec<KpiResult>,
}

/// Every indicator: those with a target first, those computed before those measured, parts of an index last.
///
/// # Errors
/// 422 with a department that does not exist or is out of reach.
pub async fn tiles(
    db: &impl ConnectionTrait,
    call: &Call,
    reach: &Reach,
    (slice, spans): (&Slice, &TileSpans),
    census: Census,
) -> Result<Vec<Tile>, ApiError> {
    let kpis = store::some(db, &[]).await?;
    let mut all = vec![spans.current.clone()];
    let others = [&spans.previous, &spans.year_before].into_iter().flatten().chain(&spans.months).chain(&spans.years);
    for span in others {
        if all.iter().all(|known| known.name != span.name) {
            all.push(span.clone());
        }
    }
    let (computed, measured): (Vec<&KpiView>, Vec<&KpiView>) = kpis.iter().partition(|k| k.source == Source::Computed);
    let counted: Vec<Span> = all.iter().filter(|span| census.holds(span.days)).cloned().collect();
    let mut found = Vec::new();
    for (some, spans, census) in [(computed, counted, Some(census)), (measured, all, None)] {
        if !some.is_empty() {
            let kpis = some.iter().map(|k| k.code.clone()).collect();
            let request = Request { cut_named: true, census, ..Request::plain(kpis, spans, slice.clone()) };
            found.extend(results(db, call, reach, &request).await?.items);
        }
    }
    let mut tiles: Vec<Tile> = kpis.into_iter().filter_map(|kpi| tile(kpi, spans, &found)).collect();
    tiles.sort_by_key(|t| (t.now.target.is_none(), t.kpi.component_of.is_some(), t.kpi.source != Source::Computed));
    Ok(tiles)
}

fn tile(kpi: KpiView, spans: &TileSpans, found: &[KpiResult]) -> Option<Tile> {
    let of = |span: &Span| found.iter().find(|r| r.kpi == kpi.code && r.period == span.name).cloned();
    let now = of(&spans.current)?;
    let months: Vec<KpiResult> = spans.months.iter().filter_map(of).collect();
    let by_year = kpi.source != Source::Computed && months.iter().all(|month| month.value.is_none());
    let course = if by_year { spans.years.iter().filter_map(of).collect() } else { months };
    let (previous, year_before) = (spans.previous.as_ref().and_then(of), spans.year_before.as_ref().and_then(of));
    Some(Tile { previous, year_before, course, now, kpi })
}
