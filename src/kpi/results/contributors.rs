//! What a figure is made of: the very dossiers, documents, tasks, measurements or indicators, a page at a time.

use sea_orm::{ConnectionTrait, DbErr};
use uuid::Uuid;

use super::book::{Book, Sight};
use super::figures::Made;
use super::measured::exact;
use super::plan::Plan;
use super::request::{FigurePart, Request};
use super::sources::{self, Ask, Counting};
use super::store;
use super::wire::{ContributorKind, KpiContributor};
use crate::auth::{Permission, Reach};
use crate::criteria::MovedCriterion;
use crate::error::{ApiError, Code, Fault};
use crate::http::decimal::{Decimal, Exact};
use crate::http::{Call, Day};
use crate::kpi::measurements::Measured;
use crate::kpi::wire::KpiView;
use crate::plans::{self, TaskBehind, TaskScope};
use crate::reports::filter::GroupBy;
use crate::reports::period::{Range, Span};
use crate::reports::{self, Chosen, DocumentBehind, DossierBehind};

/// Where a list goes on: after this thing, and after this occurrence of it.
pub type After = (Uuid, i32);

/// One of what a figure is made of, with its place in the list.
pub struct Behind {
    pub at: After,
    pub view: KpiContributor,
}

/// The list of what a figure is made of, before a page of it is read.
pub struct Listing<'a> {
    call: &'a Call,
    book: Book<'a>,
    made_of: MadeOf,
}

enum MadeOf {
    Counted {
        counting: Counting,
        part: FigurePart,
        days: Range,
        chosen: Box<Chosen>,
    },
    /// Few, and known already.
    Known(Vec<Behind>),
}

impl<'a> Listing<'a> {
    /// # Errors
    /// 400 for the denominator of a plain count; 422 with every code that does not exist or is out of reach.
    pub async fn open(
        db: &impl ConnectionTrait,
        call: &'a Call,
        reach: &'a Reach,
        request: &'a Request,
        part: Option<FigurePart>,
    ) -> Result<Listing<'a>, ApiError> {
        let span = request.spans.first().ok_or_else(ApiError::not_found)?;
        let mut book = Book::open(db, Sight::of(call, reach), request, &request.spans).await?;
        let code = book.kpis.first().map(|kpi| kpi.code.clone()).unwrap_or_default();
        let plan = book.plan(&code, span).cloned();
        let made_of = match plan {
            None => MadeOf::Known(Vec::new()),
            Some(plan) => match plan.counting() {
                Some(counting @ Counting::Criteria(trend)) => {
                    chosen_part(counting, part)?;
                    let chosen = book.chosen_of(&plan.cut);
                    let moved = sources::moved(db, &book.ask(&chosen, &[]), plan.cut.days).await?;
                    let all = moved.into_iter().flat_map(|moved| moved.criteria).filter(|criterion| criterion.trend == trend);
                    MadeOf::Known(numbered(all.map(of_criterion)))
                }
                Some(counting) => {
                    let (part, chosen) = (chosen_part(counting, part)?, Box::new(book.chosen_of(&plan.cut)));
                    MadeOf::Counted { counting, part, days: plan.cut.days, chosen }
                }
                None if plan.definition.expression.is_some() => {
                    book.count(db).await?;
                    MadeOf::Known(inputs(&book, &plan, span))
                }
                None => MadeOf::Known(numbered(book.desk().behind(&plan).into_iter().map(of_measurement))),
            },
        };
        Ok(Listing { call, book, made_of })
    }

    /// A page and one more.
    ///
    /// # Errors
    /// The database's.
    pub async fn page(&self, db: &impl ConnectionTrait, after: Option<After>, limit: u32) -> Result<Vec<Behind>, DbErr> {
        match &self.made_of {
            MadeOf::Counted { counting, part, days, chosen } => {
                let ask = self.book.ask(chosen, &[]);
                self.counted(db, &ask, (*counting, *part), *days, (after, limit)).await
            }
            MadeOf::Known(all) => {
                store::there(db, &all.iter().map(|behind| behind.at.0).collect::<Vec<_>>()).await?;
                let rest = all.iter().filter(|behind| after.is_none_or(|after| behind.at > after)).take(limit as usize + 1);
                Ok(rest.map(|behind| Behind { at: behind.at, view: behind.view.clone() }).collect())
            }
        }
    }

    async fn counted(
        &self,
        db: &impl ConnectionTrait,
        ask: &Ask<'_>,
        (counting, part): (Counting, FigurePart),
        days: Range,
        (after, limit): (Option<After>, u32),
    ) -> Result<Vec<Behind>, DbErr> {
        let actor = &self.call.actor;
        let numerator = part == FigurePart::Numerator;
        let id = after.map(|(id, _)| id);
        match counting {
            Counting::Dossiers(some, all) => {
                let counted = if numerator { (some, some) } else { (all, some) };
                let found = reports::dossiers_behind(db, &ask.question(days, GroupBy::None), counted, id, limit).await?;
                let sees = actor.reach(Permission::ReadDossier);
                let by_acceptance = all == reports::Counted::Accepted;
                Ok(found.into_iter().map(|dossier| of_dossier(dossier, by_acceptance, &sees)).collect())
            }
            Counting::Documents(which) => {
                let found = reports::documents_behind(db, &ask.question(days, GroupBy::None), (which, numerator), id, limit).await?;
                let (sees, secret) = (actor.reach(Permission::ReadDocument), actor.reach(Permission::ReadSecretDocument));
                Ok(found.into_iter().map(|document| of_document(document, &sees, &secret)).collect())
            }
            // Known before a page is read.
            Counting::Criteria(_) => Ok(Vec::new()),
            Counting::Tasks(some, all) => {
                let scope = ask.of_tasks_by(days.to, all.is_none());
                let counted = match all {
                    Some(all) if !numerator => (all, some),
                    _ => (some, some),
                };
                // Asked by procedures there are none.
                let scope = TaskScope { departments: if ask.is_by_procedures() { Some(&[]) } else { scope.departments }, ..scope };
                let found = plans::tasks_behind(db, &scope, (days.from, days.to), counted, after, limit).await?;
                let sees = actor.reach(Permission::ReadTask);
                Ok(found.into_iter().map(|task| of_task(task, &sees)).collect())
            }
        }
    }
}

/// What is known already, in its order.
fn numbered(views: impl Iterator<Item = KpiContributor>) -> Vec<Behind> {
    views.zip(0..).map(|(view, n)| Behind { at: (Uuid::nil(), n), view }).collect()
}

fn in_order(mut all: Vec<Behind>) -> Vec<Behind> {
    all.sort_by_key(|behind| behind.at);
    all
}

/// The indicators that an expression names, with their figures.
fn inputs(book: &Book<'_>, plan: &Plan, span: &Span) -> Vec<Behind> {
    let (desk, mut made) = (book.desk(), Made::new());
    desk.make(&plan.definition.code, span, &mut made);
    let of = |kpi: &KpiView| {
        let figure = made.get(&kpi.code).and_then(|figures| figures.first()).cloned().unwrap_or_default();
        let view = KpiContributor {
            id: Some(kpi.id),
            code: Some(kpi.code.clone()),
            title: Some(kpi.name.clone()),
            department: figure.department.clone(),
            departments: figure.department.into_iter().collect(),
            numerator: figure.numerator,
            denominator: figure.denominator,
            value: figure.value.map(Exact::rounded),
            link: Some(format!("/api/v1/kpis/{}", kpi.code)),
            ..bare(ContributorKind::Kpi)
        };
        Behind { at: (kpi.id, 0), view }
    };
    in_order(plan.definition.inputs.iter().filter_map(|code| book.kpi(code)).map(of).collect())
}

fn chosen_part(counting: Counting, part: Option<FigurePart>) -> Result<FigurePart, ApiError> {
    match (counting, part) {
        (Counting::Tasks(_, None) | Counting::Criteria(_), Some(FigurePart::Denominator)) => {
            let (vi, en) = ("Chỉ tiêu này là số lượng, không có mẫu số.", "This indicator is a plain count; it has no denominator.");
            Err(ApiError::new(Code::InvalidParameter).faults(vec![Fault::new(Code::InvalidParameter, "part", vi, en)]))
        }
        (Counting::Tasks(_, None) | Counting::Criteria(_), _) => Ok(FigurePart::Numerator),
        (_, part) => Ok(part.unwrap_or(FigurePart::Denominator)),
    }
}

/// What stands behind, with nothing told of it yet.
fn bare(kind: ContributorKind) -> KpiContributor {
    KpiContributor {
        id: None,
        code: None,
        kind,
        title: None,
        occurrence: None,
        department: None,
        departments: Vec::new(),
        on: None,
        in_numerator: true,
        withheld: false,
        numerator: None,
        denominator: None,
        value: None,
        evidence: Vec::new(),
        link: None,
    }
}

/// What may not be seen counts, and no more is told of it.
fn told(at: After, seen: bool, view: KpiContributor) -> Behind {
    let withheld = || KpiContributor { in_numerator: view.in_numerator, withheld: true, ..bare(view.kind) };
    Behind { at, view: if seen { view } else { withheld() } }
}

fn of_dossier(dossier: DossierBehind, by_acceptance: bool, sees: &Reach) -> Behind {
    let on = if by_acceptance { Some(dossier.accepted_on) } else { dossier.finished_on };
    let view = KpiContributor {
        id: Some(dossier.id),
        code: Some(dossier.code),
        title: Some(dossier.procedure),
        department: Some(dossier.department.clone()),
        departments: vec![dossier.department],
        on: on.map(Day),
        in_numerator: dossier.also,
        link: Some(format!("/api/v1/dossiers/{}", dossier.id)),
        ..bare(ContributorKind::Dossier)
    };
    told((dossier.id, 0), sees.covers(dossier.department_id), view)
}

fn of_document(document: DocumentBehind, sees: &Reach, secret: &Reach) -> Behind {
    let covers = |reach: &Reach| document.department_id.map_or(*reach == Reach::All, |id| reach.covers(id));
    let seen = covers(sees) && (!document.secret || covers(secret));
    let view = KpiContributor {
        id: Some(document.id),
        title: Some(document.summary),
        departments: document.department.iter().cloned().collect(),
        department: document.department,
        on: Some(Day(document.issued_on)),
        in_numerator: document.also,
        link: Some(format!("/api/v1/documents/{}", document.code)),
        code: Some(document.code),
        ..bare(ContributorKind::Document)
    };
    told((document.id, 0), seen, view)
}

fn of_task(task: TaskBehind, sees: &Reach) -> Behind {
    let seen = *sees == Reach::All || task.lead_ids.iter().any(|id| sees.covers(*id));
    let view = KpiContributor {
        id: Some(task.id),
        title: Some(task.title),
        occurrence: Some(task.label),
        department: task.lead.first().cloned(),
        departments: task.lead,
        on: task.due_on.map(Day),
        in_numerator: task.also,
        link: Some(format!("/api/v1/tasks/{}", task.code)),
        code: Some(task.code),
        ..bare(ContributorKind::Task)
    };
    told((task.id, task.n), seen, view)
}

fn of_criterion(criterion: MovedCriterion) -> KpiContributor {
    KpiContributor {
        title: Some(criterion.name),
        departments: vec![criterion.department.clone()],
        department: Some(criterion.department),
        link: Some(format!("/api/v1/criteria-sheets/{}/scores/{}", criterion.sheet, criterion.criterion)),
        code: Some(format!("{}/{}", criterion.sheet, criterion.criterion)),
        ..bare(ContributorKind::Criterion)
    }
}

fn of_measurement(measured: &Measured) -> KpiContributor {
    let view = &measured.view;
    if let Some(survey) = &measured.survey {
        return KpiContributor {
            code: Some(survey.clone()),
            title: Some(measured.department_name.clone()),
            department: Some(view.department.clone()),
            departments: vec![view.department.clone()],
            numerator: view.numerator.and_then(|n| serde_json::Number::from_f64(n.shown())),
            denominator: view.denominator.and_then(|n| serde_json::Number::from_f64(n.shown())),
            value: exact(measured).map(Exact::rounded),
            link: Some(format!("/api/v1/surveys/{survey}/results")),
            ..bare(ContributorKind::Survey)
        };
    }
    let shown = |figure: Decimal| serde_json::Number::from_f64(figure.shown());
    let field = view.field.as_ref().map(|field| format!("?field={field}")).unwrap_or_default();
    let code = format!("{}/{}/{}", view.kpi, view.department, view.period);
    KpiContributor {
        id: Some(view.id),
        code: Some(code),
        title: Some(measured.department_name.clone()),
        department: Some(view.department.clone()),
        departments: vec![view.department.clone()],
        numerator: view.numerator.and_then(shown),
        denominator: view.denominator.and_then(shown),
        value: exact(measured).map(Exact::rounded),
        evidence: view.evidence.clone(),
        link: Some(format!("/api/v1/kpis/{}/measurements/{}/{}{field}", view.kpi, view.department, view.period)),
        ..bare(ContributorKind::Measurement)
    }
}
