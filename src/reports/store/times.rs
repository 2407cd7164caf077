//! How long handling takes, in working days. Days are counted by their numbers: a calendar is an array that says for each
//! date how many working days there are up to it, so that counting is subtraction.

use chrono::{NaiveDate, NaiveTime};
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, Value};
use uuid::Uuid;

use super::Question;
use super::state::{Relevant, state};

/// A calendar as numbers.
#[derive(Clone, Debug)]
pub struct Ordinals {
    /// The departments that count by it; of the first calendar of a list, all that are in no other.
    pub departments: Vec<Uuid>,
    /// For each date from the first on, how many working days there are up to it.
    pub numbers: Vec<i32>,
    /// From this time on a fulfilment belongs to the next working day; none when it never does.
    pub closing: Option<NaiveTime>,
}

/// How long the dossiers of a row took.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Spread {
    pub key: Option<String>,
    pub name: Option<String>,
    /// `[working days, of which waiting, count]` each.
    pub spread: serde_json::Value,
    /// A year of which a day had to be counted, but is not in the calendar.
    pub missing_year: Option<i32>,
}

/// Handling times of the dossiers finished in the period, withdrawn ones left out. `calendars` begin on `first`, all of one
/// length.
///
/// From the effective day of acceptance, not counted, to the day of the finish; waiting is what lies in pauses, each from the
/// day of the request, not counted, to the effective day of the fulfilment (rules of counting §2), no day twice.
///
/// # Errors
/// The database's.
pub async fn times(
    db: &impl ConnectionTrait,
    question: &Question<'_>,
    first: NaiveDate,
    calendars: &[Ordinals],
) -> Result<Vec<Spread>, DbErr> {
    let mut more: Vec<Value> = vec![first.into()];
    let (mut rows, mut owners, mut places) = (Vec::new(), Vec::new(), Vec::new());
    for (n, calendar) in (0i32..).zip(calendars) {
        let at = 9 + more.len();
        rows.push(format!("({n}, $9::date, ${at}::int[], ${}::time)", at + 1));
        more.push(calendar.numbers.clone().into());
        more.push(calendar.closing.into());
        owners.extend_from_slice(&calendar.departments);
        places.extend(calendar.departments.iter().map(|_| n));
    }
    let owned = format!("unnest(${}::uuid[], ${}::int[])", 9 + more.len(), 10 + more.len());
    more.push(owners.into());
    more.push(places.into());
    // No value can be written in between brackets: the first date stands beside the numbers.
    let number = |day: &str| format!("c.numbers[{day} - c.first + 1]");
    let local = "AT TIME ZONE 'Asia/Ho_Chi_Minh'";
    let fulfilled_on = format!("(p.to_at {local})::date");
    let (fulfilled, day_before) = (number(&fulfilled_on), number(&format!("({fulfilled_on} - 1)")));
    let with = format!(
        "{state}, calendar(n, first, numbers, closing) AS (VALUES {rows}), owned(department_id, n) AS (SELECT * FROM {owned}),
         done AS MATERIALIZED (
             SELECT s.id, s.department_id, s.procedure_id, c.n, s.effective_on, s.finished_on,
                    {begin} AS begin, {finish} AS finish
               FROM (SELECT s.id, s.department_id, s.procedure_id, coalesce(s.effective_on, s.accepted_on) AS effective_on, s.finished_on
                       FROM state s WHERE s.finished_on IS NOT NULL AND s.decision <> 'withdrawn') s
               LEFT JOIN owned o ON o.department_id = s.department_id
               JOIN calendar c ON c.n = coalesce(o.n, 0)
         ), waits AS MATERIALIZED (
             SELECT f.id, p.from_at, greatest({asked}, f.begin) AS since,
                    least(f.finish, {fulfilled} + CASE WHEN {fulfilled} > coalesce({day_before}, 0)
                        AND (c.closing IS NULL OR (p.to_at {local})::time < c.closing) THEN 0 ELSE 1 END) AS until
               FROM done f JOIN dossier_pauses p ON p.dossier_id = f.id
              CROSS JOIN LATERAL (SELECT c.first, c.numbers, c.closing FROM calendar c WHERE c.n = f.n OFFSET 0) c
              WHERE f.finish > f.begin
         ), waited AS (
             SELECT w.id, sum(greatest(w.until - greatest(w.since, w.before), 0))::int AS days
               FROM (SELECT id, since, until,
                            max(until) OVER (PARTITION BY id ORDER BY from_at, until ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
                       FROM waits) w
              GROUP BY w.id
         ), spread AS (
             SELECT f.department_id, f.procedure_id, greatest(f.finish - f.begin, 0) AS days, coalesce(w.days, 0) AS waiting, count(*) AS dossiers,
                    min(CASE WHEN f.begin IS NULL THEN extract(year FROM f.effective_on) WHEN f.finish IS NULL THEN extract(year FROM f.finished_on) END)::int
                        AS missing_year
               FROM done f LEFT JOIN waited w ON w.id = f.id GROUP BY 1, 2, 3, 4
         )",
        state = state(Relevant::FinishedInPeriod),
        rows = rows.join(", "),
        begin = number("s.effective_on"),
        finish = number("s.finished_on"),
        asked = number(&format!("(p.from_at {local})::date")),
    );
    let spread = "jsonb_agg(jsonb_build_array(s.days, s.waiting, s.dossiers)) AS spread, min(s.missing_year) AS missing_year";
    Spread::find_by_statement(question.statement(question.text(&with, "spread", spread), more)).all(db).await
}
