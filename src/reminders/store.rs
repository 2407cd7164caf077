//! What there is to be reminded of, by kind; and the digests that were sent.

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult, Statement, Value};
use uuid::Uuid;

use super::model::ReminderKind;
use crate::auth::{Actor, Permission, Reach};

fn sql(text: &str, values: impl IntoIterator<Item = Value>) -> Statement {
    Statement::from_sql_and_values(DbBackend::Postgres, text, values)
}

/// A thing to be reminded of, with the number of all of its kind.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Found {
    pub rank: i32,
    pub day: NaiveDate,
    pub subject_kind: String,
    pub id: Option<Uuid>,
    pub code: String,
    pub title: String,
    pub department: Option<String>,
    pub of_kind: i64,
}

/// Where things of a kind are found: what one must be allowed to do to be reminded of them, and the rows that the departments
/// `$reach` are concerned by on the day `$today` (soon: `$soon`).
struct Source {
    kind: ReminderKind,
    permission: Permission,
    rows: String,
}

const LEAD: &str = "(SELECT d.code FROM task_parts td JOIN departments d ON d.id = td.department_id
    WHERE td.task_id = t.id AND td.role = 'lead' ORDER BY td.position LIMIT 1)";

const PART: &str = "EXISTS (SELECT 1 FROM task_parts td WHERE td.task_id = t.id
    AND ($reach IS NULL OR td.department_id = ANY((SELECT with_collectives($reach))::uuid[])))";

const LIVE: &str = "t.cancelled_on IS NULL AND t.not_applicable_on IS NULL AND t.dropped_in IS NULL";

/// What a department still has to do of a task, one row for each occurrence; what was handed in waits for the office.
fn tasks(kind: ReminderKind, due: &str) -> Source {
    let rows = format!(
        "SELECT o.due_on AS day, 'task' AS subject_kind, t.id, t.code, t.title, {LEAD} AS department
           FROM task_occurrences o JOIN tasks t ON t.id = o.task_id
          WHERE o.completed_on IS NULL AND t.schedule_kind <> 'already_done' AND {LIVE} AND {due} AND {PART}
            AND NOT EXISTS (SELECT 1 FROM task_completions c WHERE c.task_id = t.id)
            AND NOT EXISTS (SELECT 1 FROM task_submissions s WHERE s.task_id = t.id AND s.status = 'open' AND coalesce(s.occurrence, o.n) = o.n)"
    );
    Source { kind, permission: Permission::ReportTask, rows }
}

fn handed_in() -> Source {
    let rows = format!(
        "SELECT (s.submitted_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date AS day, 'task' AS subject_kind, t.id, t.code, t.title,
                d.code AS department
           FROM task_submissions s JOIN tasks t ON t.id = s.task_id JOIN departments d ON d.id = s.department_id
          WHERE s.status = 'open' AND {LIVE} AND {PART}"
    );
    Source { kind: ReminderKind::TaskAwaitingConfirmation, permission: Permission::ConfirmTask, rows }
}

fn returned() -> Source {
    let rows = format!(
        "SELECT (s.decided_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date AS day, 'task' AS subject_kind, t.id, t.code, t.title,
                d.code AS department
           FROM task_submissions s JOIN tasks t ON t.id = s.task_id JOIN departments d ON d.id = s.department_id
          WHERE s.status = 'returned' AND {LIVE} AND ($reach IS NULL OR s.department_id = ANY($reach))
            AND NOT EXISTS (SELECT 1 FROM task_submissions later WHERE later.task_id = s.task_id AND later.n > s.n
                             AND coalesce(later.occurrence, 0) = coalesce(s.occurrence, 0))
            AND NOT EXISTS (SELECT 1 FROM task_completions c WHERE c.task_id = t.id)"
    );
    Source { kind: ReminderKind::TaskReturned, permission: Permission::CompleteTask, rows }
}

fn extensions() -> Source {
    let rows = format!(
        "SELECT e.new_due_on AS day, 'task' AS subject_kind, t.id, t.code, t.title, d.code AS department
           FROM task_extensions e JOIN tasks t ON t.id = e.task_id JOIN departments d ON d.id = e.department_id
          WHERE e.status = 'asked' AND {LIVE} AND {PART}"
    );
    Source { kind: ReminderKind::ExtensionAwaitingDecision, permission: Permission::DecideExtension, rows }
}

/// As the findings and the work list see it.
fn consultations(kind: ReminderKind, due: &str) -> Source {
    let rows = format!(
        "SELECT coalesce(c.answer_due_on, (c.sent_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date) AS day, 'dossier' AS subject_kind, d.id, d.code,
                c.agency AS title, r.code AS department
           FROM dossiers d JOIN dossier_consultations c ON c.dossier_id = d.id JOIN departments r ON r.id = d.resolving_department_id
          WHERE d.consulting AND d.decision IS NULL AND d.status IN ('accepted', 'processing') AND c.answered_at IS NULL
            AND c.escalated_at IS NULL AND {due} AND ($reach IS NULL OR d.resolving_department_id = ANY($reach))"
    );
    Source { kind, permission: Permission::ConsultAgency, rows }
}

fn obstacles(kind: ReminderKind, permission: Permission, state: &str) -> Source {
    let rows = format!(
        "SELECT o.raised_on AS day, 'obstacle' AS subject_kind, o.id, o.code, o.title, d.code AS department
           FROM obstacles o JOIN departments d ON d.id = o.department_id
          WHERE o.state = '{state}' AND ($reach IS NULL OR o.department_id = ANY($reach))"
    );
    Source { kind, permission, rows }
}

fn sources() -> Vec<Source> {
    let silent = "jsonb_array_length(c.reminders) >= 2 OR (c.answer_due_on < $today AND d.due_on < $today)";
    vec![
        tasks(ReminderKind::TaskOverdue, "o.due_on < $today"),
        tasks(ReminderKind::TaskDueSoon, "o.due_on BETWEEN $today AND $soon"),
        handed_in(),
        returned(),
        extensions(),
        consultations(ReminderKind::ConsultationEscalation, &format!("({silent})")),
        consultations(ReminderKind::ConsultationReminder, "c.answer_due_on < $today AND jsonb_array_length(c.reminders) < 2"),
        obstacles(ReminderKind::ObstacleAwaitingDecision, Permission::DecideObstacle, "escalated"),
        obstacles(ReminderKind::ObstacleAwaitingAnswer, Permission::AnswerObstacle, "raised"),
    ]
}

/// Of each kind that the actor may see to, the `limit` rows of the oldest days.
pub async fn found(
    db: &impl ConnectionTrait,
    actor: &Actor,
    kinds: &[ReminderKind],
    (today, soon): (NaiveDate, NaiveDate),
    limit: u32,
) -> Result<Vec<Found>, DbErr> {
    let mut values: Vec<Value> = vec![today.into(), soon.into()];
    let mut parts = Vec::new();
    for source in sources().into_iter().filter(|s| kinds.contains(&s.kind)) {
        let reach = actor.reach(source.permission);
        if reach.is_nowhere() {
            continue;
        }
        let reach = match reach {
            Reach::All => "NULL::uuid[]".to_owned(),
            Reach::Departments(ids) => {
                values.push(ids.into());
                format!("${}::uuid[]", values.len())
            }
        };
        let rows = source.rows.replace("$reach", &reach).replace("$today", "$1::date").replace("$soon", "$2::date");
        let rank = source.kind.rank();
        parts.push(format!(
            "(SELECT {rank} AS rank, f.*, count(*) OVER () AS of_kind FROM ({rows}) f ORDER BY f.day, f.code LIMIT {limit})"
        ));
    }
    if parts.is_empty() {
        return Ok(Vec::new());
    }
    // Both days are there for every source that names none.
    let text = format!("SELECT * FROM ({}) f WHERE $1::date <= $2::date ORDER BY rank, day, code", parts.join(" UNION ALL "));
    Found::find_by_statement(sql(&text, values)).all(db).await
}

/// Makes a digest due today for everyone with an address who has none for today yet.
pub async fn make_due(db: &impl ConnectionTrait, on: NaiveDate, now: DateTime<Utc>) -> Result<u64, DbErr> {
    let text = "INSERT INTO reminder_digests (user_id, on_day, state, next_attempt_at)
                SELECT id, $1, 'due', $2 FROM users WHERE active AND email IS NOT NULL ON CONFLICT (user_id, on_day) DO NOTHING";
    Ok(db.execute_raw(sql(text, [on.into(), now.into()])).await?.rows_affected())
}

/// A digest in hand.
#[derive(Debug, FromQueryResult)]
pub struct Claimed {
    pub user_id: Uuid,
    pub email: Option<String>,
    pub display_name: String,
    pub attempts: i32,
}

/// Takes one digest that is due, before anything is sent: whoever dies over it does not send it twice.
pub async fn claim(db: &impl ConnectionTrait, on: NaiveDate, now: DateTime<Utc>) -> Result<Option<Claimed>, DbErr> {
    let text = "UPDATE reminder_digests g SET state = 'sending', attempts = g.attempts + 1, attempted_at = $2
                  FROM (SELECT user_id FROM reminder_digests WHERE on_day = $1 AND state = 'due' AND next_attempt_at <= $2
                         ORDER BY next_attempt_at, user_id LIMIT 1 FOR UPDATE SKIP LOCKED) due
                  JOIN users u ON u.id = due.user_id
                 WHERE g.user_id = due.user_id AND g.on_day = $1
             RETURNING g.user_id, u.email, u.display_name, g.attempts";
    Claimed::find_by_statement(sql(text, [on.into(), now.into()])).one(db).await
}

/// What became of a digest; `next` is when it is tried again, for one that is due again.
pub async fn settle(
    db: &impl ConnectionTrait,
    (user, on): (Uuid, NaiveDate),
    state: &str,
    reminders: i64,
    error: Option<&str>,
    next: DateTime<Utc>,
) -> Result<(), DbErr> {
    let text = "UPDATE reminder_digests SET state = $3, reminders = $4, last_error = $5, next_attempt_at = $6
                 WHERE user_id = $1 AND on_day = $2";
    let values: [Value; 6] = [user.into(), on.into(), state.into(), reminders.into(), error.map(str::to_owned).into(), next.into()];
    db.execute_raw(sql(text, values)).await.map(drop)
}
