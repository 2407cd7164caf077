//! What a figure is made of: the very dossiers, documents, tasks, measurements or indicators, a page at a time.

use sea_orm::{ConnectionTrait, DatabaseConnection};
use uuid::Uuid;

use super::figures::{Figure, exact};
use super::request::{FigurePart, Request};
use super::sources::{Ask, Counting, Row};
use super::wire::{ContributorKind, KpiContributor};
use super::{Book, store};
use crate::auth::{Permission, Reach};
use crate::calendar::vn_date;
use crate::error::{ApiError, Code, Fault};
use crate::http::{Call, Day};
use crate::kpi::decimal::{Decimal, Exact};
use crate::kpi::store::Measured;
use crate::kpi::wire::KpiView;
use crate::plans::{self, TaskBehind};
use crate::reports::period::Span;
use crate::reports::{self, DocumentBehind, DossierBehind};

/// Where a list goes on: after this thing, and after this occurrence of it.
pub type After = (Uuid, i32);

/// One of what a figure is made of, with its place in the list.
pub struct Behind {
    pub at: After,
    pub view: KpiContributor,
}

/// The list of what a figure is made of, before a page of it is read.
pub struct Listing<'a> {
    book: Book<'a>,
    span: Span,
    made_of: MadeOf,
}

enum MadeOf {
    Counted(Counting, FigurePart),
    /// Few, and known already.
    Known(Vec<Behind>),
}

impl<'a> Listing<'a> {
    /// # Errors
    /// 400 for the denominator of a plain count; 422 with every code that does not exist or is out of reach.
    pub async fn open(
        db: &DatabaseConnection,
        call: &'a Call,
        reach: &'a Reach,
        request: &'a Request,
        part: Option<FigurePart>,
    ) -> Result<Listing<'a>, ApiError> {
        let span = request.spans.first().cloned().ok_or_else(ApiError::not_found)?;
        let book = Book::open(db, call, reach, request, &request.spans).await?;
        let kpi = book.kpis.first().ok_or_else(ApiError::not_found)?;
        let made_of = match kpi.formula.map(Counting::of) {
            Some(counting) => MadeOf::Counted(counting, chosen_part(counting, part)?),
            None => {
                let mut known: Vec<Behind> = book.desk().behind(&kpi.code, &span).into_iter().map(of_measurement).collect();
                known.sort_by_key(|behind| behind.at);
                MadeOf::Known(known)
            }
        };
        Ok(Listing { book, span, made_of })
    }

    /// A page and one more.
    ///
    /// # Errors
    /// The database's.
    pub async fn page(&self, db: &impl ConnectionTrait, after: Option<After>, limit: u32) -> Result<Vec<Behind>, sea_orm::DbErr> {
        match &self.made_of {
            MadeOf::Counted(counting, part) => self.counted(db, *counting, *part, after, limit).await,
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
        counting: Counting,
        part: FigurePart,
        after: Option<After>,
        limit: u32,
    ) -> Result<Vec<Behind>, sea_orm::DbErr> {
        let actor = &self.book.call.actor;
        let ask = self.book.ask(&[]);
        let numerator = part == FigurePart::Numerator;
        match counting {
            Counting::Dossiers(some, all) => {
                let question = ask.question(&self.span, self.book.request.group_by);
                let counted = if numerator { (some, some) } else { (all, some) };
                let found = reports::dossiers_behind(db, &question, counted, after.map(|(id, _)| id), limit).await?;
                let sees = actor.reach(Permission::ReadDossier);
                let by_acceptance = all == reports::Counted::Accepted;
                Ok(found.into_iter().map(|dossier| of_dossier(dossier, by_acceptance, &sees)).collect())
            }
            Counting::Documents(which) => {
                let question = ask.question(&self.span, self.book.request.group_by);
                let found = reports::documents_behind(db, &question, (which, numerator), after.map(|(id, _)| id), limit).await?;
                let (sees, secret) = (actor.reach(Permission::ReadDocument), actor.reach(Permission::ReadSecretDocument));
                Ok(found.into_iter().map(|document| of_document(document, &sees, &secret)).collect())
            }
            // Nothing is led by procedures.
            Counting::Tasks(some, all) => {
                let scope = ask.of_tasks_in(&self.span, all.is_none());
                let counted = match all {
                    Some(all) if !numerator => (all, some),
                    _ => (some, some),
                };
                let nothing = ask.is_by_procedures();
                let days = (self.span.days.from, self.span.days.to);
                let found = plans::tasks_behind(db, &scope, days, counted, after, if nothing { 0 } else { limit }).await?;
                let sees = actor.reach(Permission::ReadTask);
                Ok(found.into_iter().filter(|_| !nothing).map(|task| of_task(task, &sees)).collect())
            }
        }
    }
}

fn chosen_part(counting: Counting, part: Option<FigurePart>) -> Result<FigurePart, ApiError> {
    match (counting, part) {
        (Counting::Tasks(_, None), Some(FigurePart::Denominator)) => {
            let (vi, en) = ("Chỉ tiêu này là số lượng, không có mẫu số.", "This indicator is a plain count; it has no denominator.");
            Err(ApiError::new(Code::InvalidParameter).faults(vec![Fault::new(Code::InvalidParameter, "part", vi, en)]))
        }
        (Counting::Tasks(_, None), _) => Ok(FigurePart::Numerator),
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

fn of_measurement(measured: &Measured) -> Behind {
    let view = &measured.view;
    let shown = |figure: Decimal| serde_json::Number::from_f64(figure.shown());
    let field = view.field.as_ref().map(|field| format!("?field={field}")).unwrap_or_default();
    let code = format!("{}/{}/{}", view.kpi, view.department, view.period);
    let told = KpiContributor {
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
    };
    Behind { at: (view.id, 0), view: told }
}
