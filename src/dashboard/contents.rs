//! What a dashboard shows, put together.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use sea_orm::{AccessMode, ConnectionTrait, DatabaseConnection, IsolationLevel, TransactionTrait};

use super::links::Links;
use super::rules;
use super::store;
use super::wire::{
    DashboardAttention, DashboardDepartment, DashboardDepartmentRow, DashboardDocuments, DashboardDossiers, DashboardFinding, DashboardKpi,
    DashboardMonth, DashboardPeriod, DashboardPoint, DashboardTaskState, DashboardTasks, DashboardTrend, DashboardView,
};
use crate::auth::permissions::perm;
use crate::auth::{Permission, Permit};
use crate::calendar::{self, rules::add_wd, vn_date};
use crate::config::Settings;
use crate::departments;
use crate::duties::{self, DutyState, Window};
use crate::error::ApiError;
use crate::http::{At, Day};
use crate::kpi::{self, KpiResult, Tile, TileSpans};
use crate::plans::{self, TaskScope};
use crate::reminders;
use crate::reports::filter::{GroupBy, Slice};
use crate::reports::{self, Census, Chosen, FindingReport, HandlingCounts, Outcomes, Question};
use crate::text::Text;

/// What is asked for.
pub struct Asked {
    pub spans: TileSpans,
    pub slice: Slice,
}

/// Everything as of one moment.
///
/// # Errors
/// 422 for a department that does not exist or is out of reach.
pub async fn make(
    db: &DatabaseConnection,
    permit: &Permit<perm::ReadReport>,
    asked: &Asked,
    settings: &Settings,
) -> Result<DashboardView, ApiError> {
    let tx = db.begin_with_config(Some(IsolationLevel::RepeatableRead), Some(AccessMode::ReadOnly)).await?;
    let view = read(&tx, permit, asked, settings).await?;
    tx.commit().await?;
    Ok(view)
}

async fn read(
    db: &impl ConnectionTrait,
    permit: &Permit<perm::ReadReport>,
    asked: &Asked,
    settings: &Settings,
) -> Result<DashboardView, ApiError> {
    let (reach, today, spans) = (permit.reach(), vn_date(permit.now), &asked.spans);
    let chosen = reports::choose(db, &reach, &asked.slice).await?;
    let days = spans.current.days;
    let known = departments::known(db).await?;
    let mut codes: Vec<String> = match &chosen.departments {
        Some(ids) => known.iter().filter(|(_, d)| ids.contains(&d.id)).map(|(code, _)| code.clone()).collect(),
        None => Vec::new(),
    };
    codes.sort_unstable();
    let department = chosen.department.as_ref().map(|d| (d.code.clone(), asked.slice.subtree));
    let as_of = days.to.min(today);
    let links = Links { department, departments: codes, set: spans.current.set, as_of };
    let census = reports::census(db, &reach, &chosen, &rules::counted(spans), as_of).await?;
    let question = Question { reach: &reach, chosen: &chosen, days, as_of, group_by: GroupBy::None };
    let findings = FindingReport::of(days, Day(as_of), &reports::findings(db, &question).await?).by_kind(permit.lang);
    let dossiers = dossiers(&census, spans, findings, &links);
    let documents = reports::document_counts_over(db, &Question { as_of: days.to, ..question }, &[days]).await?;
    let documents = documents.first().cloned().unwrap_or_default();
    let tasks = tasks(db, permit, &chosen, &links, today).await?;
    let attention = attention(db, permit, &chosen, &links, (today, settings)).await?;
    let tiles = kpi::tiles(db, permit, &reach, (&asked.slice, spans), census).await?;
    let shown = chosen.department.as_ref().map(|d| DashboardDepartment {
        code: d.code.clone(),
        name: known.get(&d.code).map(|known| known.name.clone()).unwrap_or_default(),
        with_below: asked.slice.subtree,
    });
    Ok(DashboardView {
        period: DashboardPeriod {
            code: spans.current.name.clone(),
            period_set: spans.current.set.name(),
            from: Day(days.from),
            to: Day(days.to),
            as_of: Day(as_of),
            previous: spans.previous.as_ref().map(|span| span.name.clone()),
            year_before: spans.year_before.as_ref().map(|span| span.name.clone()),
        },
        department: shown,
        computed_at: At(permit.now),
        kpis: tiles.into_iter().map(|tile| indicator(tile, spans, &links)).collect(),
        dossiers,
        tasks,
        documents: DashboardDocuments {
            outgoing: documents.outgoing,
            sendable: documents.sendable,
            sent_electronically: documents.sent,
            drafted_in_e_office: documents.drafted,
            href: links.documents(days),
        },
        attention,
    })
}

fn indicator(tile: Tile, spans: &TileSpans, links: &Links) -> DashboardKpi {
    let Tile { kpi, now, previous, year_before, course } = tile;
    let trend = |then: Option<KpiResult>| {
        let then = then?;
        let (from, to) = (then.value?, now.value?);
        let (change, direction) = (rules::change(from, to), rules::trend(kpi.direction, from, to));
        Some(DashboardTrend { period: then.period, value: from, change, direction })
    };
    DashboardKpi {
        previous: trend(previous),
        year_before: trend(year_before),
        course: course.into_iter().map(|point| DashboardPoint { period: point.period, value: point.value }).collect(),
        href: links.contributors(&kpi.code, &spans.current),
        results_href: links.results(&kpi.code, &spans.current),
        kpi: kpi.code,
        name: kpi.name,
        unit: kpi.unit,
        direction: kpi.direction,
        source: kpi.source,
        component_of: kpi.component_of,
        field: now.field,
        numerator: now.numerator,
        denominator: now.denominator,
        value: now.value,
        reason: now.reason,
        target: now.target.map(|target| target.shown()),
        comparator: now.comparator,
        met: now.met,
        status: now.status,
    }
}

fn dossiers(census: &Census, spans: &TileSpans, findings: FindingReport, links: &Links) -> DashboardDossiers {
    let days = spans.current.days;
    let mut rows: BTreeMap<String, DashboardDepartmentRow> = BTreeMap::new();
    let mut results = HandlingCounts::default();
    for row in census.handling(days) {
        let counts = HandlingCounts::from(&row);
        results.absorb(&counts);
        let (Some(key), Some(name), true) = (row.key, row.name, counts != HandlingCounts::default()) else { continue };
        let href = links.accepted(days, Some(&key));
        let (counted, rate) = (Outcomes::default(), None);
        let row = DashboardDepartmentRow {
            key: key.clone(),
            name,
            results: counts,
            counts: counted,
            on_time: 0,
            finished: 0,
            on_time_rate: rate,
            href,
        };
        rows.insert(key, row);
    }
    let mut counts = Outcomes::default();
    for verdict in census.verdicts(days) {
        counts.add(verdict.outcome, verdict.timeliness, verdict.dossiers);
        if let Some(row) = rows.get_mut(verdict.department.0) {
            row.counts.add(verdict.outcome, verdict.timeliness, verdict.dossiers);
        }
    }
    for counted in census.counts(days) {
        if let Some(row) = counted.key.as_ref().and_then(|key| rows.get_mut(key)) {
            (row.on_time, row.finished) = (counted.on_time, counted.finished - counted.withdrawn);
            row.on_time_rate = rules::per_cent(row.on_time, row.finished);
        }
    }
    let month = |span: &reports::period::Span| {
        let mut counts = Outcomes::default();
        let mut dossiers = 0;
        for verdict in census.verdicts(span.days) {
            counts.add(verdict.outcome, verdict.timeliness, verdict.dossiers);
            dossiers += verdict.dossiers;
        }
        let (from, to) = (Day(span.days.from), Day(span.days.to));
        DashboardMonth { key: span.name.clone(), from, to, dossiers, counts, href: links.accepted(span.days, None) }
    };
    let mut kinds: Vec<DashboardFinding> = findings
        .rows
        .into_iter()
        .map(|row| DashboardFinding { href: links.with_finding(&row.key), kind: row.key, name: row.name, count: row.counts.total })
        .collect();
    kinds.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.kind.cmp(&b.kind)));
    DashboardDossiers {
        results,
        results_href: links.handling(days, "department"),
        counts,
        outcomes_href: links.outcomes(days),
        href: links.accepted(days, None),
        months: spans.months.iter().map(month).collect(),
        departments: rows.into_values().collect(),
        findings: kinds,
        with_findings: findings.total.dossiers,
        findings_href: links.findings(days),
    }
}

async fn tasks(
    db: &impl ConnectionTrait,
    permit: &Permit<perm::ReadReport>,
    chosen: &Chosen,
    links: &Links,
    today: NaiveDate,
) -> Result<Option<DashboardTasks>, ApiError> {
    let reach = permit.actor.reach(Permission::ReadTask);
    if reach.is_nowhere() {
        return Ok(None);
    }
    let scope = TaskScope { reach: &reach, departments: chosen.departments.as_deref(), plan: None, origin: None, as_of: links.as_of };
    let counts = plans::task_progress(db, &scope).await?.counts;
    let states = [
        ("overdue", counts.overdue),
        ("due_soon", counts.due_soon),
        ("returned", counts.returned),
        ("handed_in", counts.handed_in),
        ("in_progress", counts.in_progress),
        ("not_started", counts.not_started),
        ("done_on_time", counts.done_on_time),
        ("done_late", counts.done_late),
        ("cancelled", counts.cancelled),
        ("not_applicable", counts.not_applicable),
    ];
    // Lists show tasks as they are today.
    let href = |state: &str| if links.as_of == today { links.tasks(state) } else { links.plan_progress() };
    let states = states.into_iter().filter(|(_, count)| *count > 0);
    Ok(Some(DashboardTasks {
        total: counts.total,
        due: counts.due,
        due_on_time: counts.due_on_time,
        late_or_extended: counts.late_or_extended,
        states: states.map(|(state, count)| DashboardTaskState { state, count, href: href(state) }).collect(),
        href: links.plan_progress(),
    }))
}

/// Kinds of what may wait, the most urgent first, and how they are called.
const KINDS: [(&str, &str, &str); 12] = [
    ("dossier_overdue", "Hồ sơ đang quá hạn", "Dossiers overdue"),
    ("task_overdue", "Nhiệm vụ quá hạn", "Tasks overdue"),
    ("report_overdue", "Báo cáo quá hạn", "Reports overdue"),
    ("obstacle_awaiting_decision", "Vướng mắc chờ Giám đốc quyết định", "Obstacles awaiting the director's decision"),
    ("extension_awaiting_decision", "Đề nghị gia hạn chờ quyết định", "Extensions awaiting a decision"),
    ("explanation_owed", "Nội dung phải giải trình", "Explanations owed"),
    ("obstacle_awaiting_answer", "Vướng mắc chờ Văn phòng trả lời", "Obstacles awaiting the office's answer"),
    ("task_awaiting_confirmation", "Nhiệm vụ chờ xác nhận hoàn thành", "Tasks awaiting confirmation"),
    ("explanation_awaiting_review", "Giải trình chờ xem xét", "Explanations awaiting review"),
    ("explanation_returned", "Giải trình bị trả lại", "Explanations returned"),
    ("dossier_due_soon", "Hồ sơ sắp đến hạn", "Dossiers due soon"),
    ("report_due_soon", "Báo cáo sắp đến hạn", "Reports due soon"),
];

async fn attention(
    db: &impl ConnectionTrait,
    permit: &Permit<perm::ReadReport>,
    chosen: &Chosen,
    links: &Links,
    (today, settings): (NaiveDate, &Settings),
) -> Result<Vec<DashboardAttention>, ApiError> {
    let calendar = calendar::load_all(db).await?.base();
    let soon = add_wd(&calendar, today, settings.reminders.days_ahead).unwrap_or(today);
    let waiting = store::waiting(db, &permit.actor, chosen.departments.as_deref(), (today, soon)).await?;
    let mut counts: BTreeMap<String, i64> = waiting.into_iter().map(|w| (w.kind, w.count)).collect();
    let ago = today.checked_sub_months(chrono::Months::new(12)).unwrap_or(today);
    let ours = |code: &String| links.department.is_none() || links.departments.contains(code);
    if permit.actor.has(Permission::ReadDuty) {
        let window = Window { from: ago, to: soon, plan: None, department: None, states: &[] };
        for report in duties::due(db, &window, today).await?.into_iter().filter(|report| report.reporters.iter().any(ours)) {
            let kind = match report.state {
                DutyState::Overdue | DutyState::OverdueInternally => "report_overdue",
                DutyState::DueSoon => "report_due_soon",
                _ => continue,
            };
            *counts.entry(kind.to_owned()).or_default() += 1;
        }
    }
    // What is owed follows from the figures of a month, which its own list works out.
    let month = reminders::last_month(today).filter(|_| permit.actor.has(Permission::ReadExplanation)).map(|span| span.name);
    let href = |kind: &str| match kind {
        "dossier_overdue" => links.overdue(),
        "dossier_due_soon" => links.due_between(today, soon),
        "task_overdue" => links.tasks("overdue"),
        "task_awaiting_confirmation" => links.tasks("handed_in"),
        "obstacle_awaiting_decision" => links.obstacles("escalated"),
        "obstacle_awaiting_answer" => links.obstacles("raised"),
        "explanation_owed" => links.owed(month.as_deref().unwrap_or_default()),
        "explanation_awaiting_review" => links.explanations("handed_in"),
        "explanation_returned" => links.explanations("returned"),
        "report_overdue" => links.reports_due("overdue,overdue_internally", ago, soon),
        "report_due_soon" => links.reports_due("due_soon", ago, soon),
        _ => links.extensions(),
    };
    let shown = KINDS.into_iter().filter_map(|(kind, vi, en)| {
        let count = counts.get(kind).copied().filter(|count| *count > 0);
        if count.is_none() && (kind != "explanation_owed" || month.is_none()) {
            return None;
        }
        Some(DashboardAttention { kind, name: permit.lang.pick(Text::new(vi, en)), count, href: href(kind) })
    });
    Ok(shown.collect())
}
