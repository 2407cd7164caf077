//! HTTP in, HTTP out.

use crate::http::ServiceConfig;
use actix_web::{HttpRequest, get};
use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use sea_orm::ConnectionTrait;
use utoipa::IntoParams;
use uuid::Uuid;

use super::files::{self, Reader};
use super::store;
use super::wire::{DossierRegister, RegisterForm, RegisterRow};
use crate::auth::permissions::perm;
use crate::auth::{Permission, Permit, Reach};
use crate::calendar::{vn_date, vn_offset};
use crate::db::Db;
use crate::dossiers::model::Channel;
use crate::dossiers::store::{Filter, Sort};
use crate::error::{ApiError, Code, Fault};
use crate::http::export::{Batch, Source};
use crate::http::query::FromQuery;
use crate::http::{
    Answer, Cursor, Day, PageInfo, Query, QueryReader, ReadProblems, accept, page,
    page::{EVERY, PageParams},
    table,
};
use crate::rule_sets;

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(get_dossier_register);
}

/// Which dossiers the register holds.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
struct RegisterFilter {
    /// Accepted on this day or later.
    #[param(value_type = Day, required = true)]
    from: NaiveDate,
    /// Accepted on this day or earlier.
    #[param(value_type = Day, required = true)]
    to: NaiveDate,
    /// Codes of resolving departments, separated by commas; everything in your sight when left out.
    #[param(value_type = Option<String>, example = "DKKD")]
    department: Vec<String>,
    /// Codes of receiving departments, separated by commas.
    #[param(value_type = Option<String>, example = "MC")]
    receiving_department: Vec<String>,
    /// Codes of procedures, separated by commas.
    #[param(value_type = Option<String>, example = "2.001610")]
    procedure: Vec<String>,
    /// Channels, separated by commas.
    #[param(value_type = Option<Vec<Channel>>, style = Form, explode = false, example = json!(["online"]))]
    channel: Vec<&'static str>,
    #[param(ignore)]
    cursor: Cursor,
    /// Whether a part of the list was asked for.
    #[param(ignore)]
    paged: bool,
}

impl FromQuery for RegisterFilter {
    fn read(q: &mut QueryReader) -> Self {
        let given = |q: &QueryReader, name: &str| q.raw.split('&').any(|pair| pair.split('=').next() == Some(name));
        let mut day = |name: &'static str| {
            let day = q.day(name);
            if day.is_none() && !given(q, name) {
                q.fault(Fault::new(Code::InvalidParameter, name, "Phải có ngày này.", "This day must be given."));
            }
            day
        };
        let (from, to) = (day("from"), day("to"));
        if let (Some(from), Some(to)) = (from, to)
            && to < from
        {
            q.fault(Fault::new(Code::InvalidParameter, "to", "“to” trước “from”.", "“to” is before “from”."));
        }
        RegisterFilter {
            // Without a day a fault has been noted, and this one is never seen.
            from: from.unwrap_or_default(),
            to: to.unwrap_or_default(),
            department: q.codes("department"),
            receiving_department: q.codes("receiving_department"),
            procedure: q.codes("procedure"),
            channel: q.list("channel", Channel::NAMES),
            paged: given(q, "limit") || given(q, "cursor"),
            cursor: Cursor::read(q),
        }
    }
}

/// The beginning of a day in Vietnam.
fn begin(day: NaiveDate) -> Option<DateTime<Utc>> {
    day.and_time(NaiveTime::MIN).and_local_timezone(vn_offset()).single().map(|at| at.with_timezone(&Utc))
}

impl RegisterFilter {
    fn chosen(&self) -> Filter {
        Filter {
            departments: self.department.clone(),
            receiving: self.receiving_department.clone(),
            procedures: self.procedure.clone(),
            channels: self.channel.iter().map(|name| (*name).to_owned()).collect(),
            accepted: (Some(self.from), Some(self.to)),
            // An accepted dossier is received when it is accepted: the lists' own order finds the period.
            received: (begin(self.from), self.to.checked_add_days(Days::new(1)).and_then(begin)),
            sort: Sort::OldestFirst,
            ..Filter::default()
        }
    }
}

async fn rows(
    db: &impl ConnectionTrait,
    (reach, filter): (&Reach, &Filter),
    cursor: &Cursor,
    today: NaiveDate,
) -> Result<(Vec<RegisterRow>, PageInfo), ApiError> {
    let after: Option<(DateTime<Utc>, Uuid, u32)> = cursor.after()?;
    let begun = after.map_or(0, |(_, _, n)| u64::from(n));
    let rows = store::page(db, reach, filter, after.map(|(at, id, _)| (at, id)), cursor.limit, today).await?;
    let numbered = rows.into_iter().zip(begun + 1..).collect();
    let (rows, info) = cursor.page(numbered, |(r, n)| (r.received_at, r.id, *n));
    let items = rows.into_iter().map(|(r, n)| RegisterRow::of(n, r, today)).collect::<Result<_, _>>()?;
    Ok((items, info))
}

/// Get the register of dossiers
///
/// Every dossier accepted in the period that you may see, in order of acceptance, as it stands today; voided ones stay, with
/// their reason. The form's number is that of the rule set in force at the end of the period. JSON in pages; with
/// `Accept: text/csv` or the spreadsheet's media type whole, a spreadsheet with at most 100,000 rows (422 `too_many_rows`).
/// Address, phone and signature are columns to fill in by hand, in the spreadsheet only: addresses are not held, and numbers that name a
/// person are unsealed for one dossier at a time, for those who handle it, never for a whole period.
#[utoipa::path(tag = "dossiers", operation_id = "get_dossier_register", security(("bearer" = [])), params(RegisterFilter, PageParams),
    extensions(("x-permission" = json!("register:read"))),
    responses((status = 200, description = "The register", content(
        (DossierRegister = "application/json"),
        (String = "text/csv", example = "STT,Mã hồ sơ,Tên thủ tục hành chính"),
        (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))), ReadProblems))]
#[get("/api/v1/registers/dossiers")]
async fn get_dossier_register(permit: Permit<perm::ReadRegister>, Query(asked): Query<RegisterFilter>, db: Db, req: HttpRequest) -> Answer {
    let kind = accept::choose(&req, table::FORMS)?;
    let (from, to) = (asked.from, asked.to);
    let (reach, filter, today) = (permit.reach(), asked.chosen(), vn_date(permit.now));
    let form = RegisterForm::of(rule_sets::on(db.get_ref(), to).await?);
    if kind > 0 {
        if asked.paged {
            return Err(only_in_pages());
        }
        let reader = Reader { db, reach, filter, today, n: 0, after: None, done: false };
        return if kind == 1 { Ok(files::csv(reader, permit.lang)) } else { files::xlsx(reader, &form, (from, to), permit.lang).await };
    }
    let (items, info) = rows(db.get_ref(), (&reach, &filter), &asked.cursor, today).await?;
    let info =
        asked.cursor.counted(db.get_ref(), info, async |db| store::page(db, &reach, &filter, None, EVERY, today).await.map(drop)).await?;
    Ok(page::respond(&req, &info, &DossierRegister { form, from: Day(from), to: Day(to), items, page: info.clone() }))
}

fn only_in_pages() -> ApiError {
    let fault = |name: &'static str| {
        Fault::new(Code::InvalidParameter, name, "Chỉ dùng với JSON: tệp luôn gồm cả sổ.", "For JSON only: a file is the whole register.")
    };
    ApiError::new(Code::InvalidParameter).faults(vec![fault("limit"), fault("cursor")])
}

/// The rows of the register as an export.
pub fn exported() -> Source {
    Source::of::<RegisterFilter, RegisterRow>("dossier-register", Permission::ReadRegister, |ask| {
        Box::pin(async move {
            let asked: RegisterFilter = ask.filter()?;
            Batch::of(rows(ask.db, (&ask.reach, &asked.chosen()), &asked.cursor, vn_date(ask.call.now)).await?)
        })
    })
}
