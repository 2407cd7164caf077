//! What waits for someone, counted.

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult, Statement, Value};
use uuid::Uuid;

use crate::auth::{Actor, Permission, Reach};

/// How much there is of something.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Waiting {
    pub kind: String,
    pub count: i64,
}

/// Things of a kind: what one must be allowed to read to be told of them, and those of the departments `$reach` on the day `$today`
/// (soon: `$soon`), of the departments `$chosen`.
const SOURCES: [(&str, Permission, &str); 9] = [
    ("dossier_overdue", Permission::ReadDossier, "dossiers d WHERE d.decision IS NULL AND d.status <> 'voided' AND d.due_on < $today
        AND $in(d.resolving_department_id)"),
    ("dossier_due_soon", Permission::ReadDossier, "dossiers d WHERE d.decision IS NULL AND d.status <> 'voided'
        AND d.due_on BETWEEN $today AND $soon AND $in(d.resolving_department_id)"),
    ("task_overdue", Permission::ReadTask, "tasks t WHERE $live AND $part AND EXISTS (SELECT 1 FROM task_occurrences o
        WHERE o.task_id = t.id AND o.completed_on IS NULL AND o.handed_in_on IS NULL AND t.schedule_kind <> 'already_done' AND o.due_on < $today)"),
    ("task_awaiting_confirmation", Permission::ReadTask, "tasks t WHERE $live AND $part AND EXISTS (SELECT 1 FROM task_submissions s
        WHERE s.task_id = t.id AND s.status = 'open')"),
    ("extension_awaiting_decision", Permission::ReadTask, "task_extensions e JOIN tasks t ON t.id = e.task_id WHERE e.status = 'asked' AND $live AND $part"),
    ("obstacle_awaiting_answer", Permission::ReadObstacle, "obstacles o WHERE o.state = 'raised' AND $in(o.department_id)"),
    ("obstacle_awaiting_decision", Permission::ReadObstacle, "obstacles o WHERE o.state = 'escalated' AND $in(o.department_id)"),
    ("explanation_awaiting_review", Permission::ReadExplanation, "explanations e WHERE e.state = 'handed_in' AND $in(e.department_id)"),
    ("explanation_returned", Permission::ReadExplanation, "explanations e WHERE e.state = 'returned' AND $in(e.department_id)"),
];

const LIVE: &str = "t.cancelled_on IS NULL AND t.not_applicable_on IS NULL AND t.dropped_in IS NULL
    AND NOT EXISTS (SELECT 1 FROM task_completions c WHERE c.task_id = t.id)";

const PART: &str = "EXISTS (SELECT 1 FROM task_parts td WHERE td.task_id = t.id
    AND ($reach IS NULL OR td.department_id = ANY((SELECT with_collectives($reach))::uuid[]))
    AND ($chosen IS NULL OR td.department_id = ANY((SELECT with_collectives($chosen))::uuid[])))";

/// `$in(column)` written out.
fn inside(text: &str) -> String {
    let mut parts = text.split("$in(");
    let mut written = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (column, rest) = part.split_once(')').unwrap_or((part, ""));
        written += &format!("($reach IS NULL OR {column} = ANY($reach)) AND ($chosen IS NULL OR {column} = ANY($chosen)){rest}");
    }
    written
}

/// How much waits of each kind that the actor may read of.
///
/// # Errors
/// The database's.
pub async fn waiting(
    db: &impl ConnectionTrait,
    actor: &Actor,
    chosen: Option<&[Uuid]>,
    (today, soon): (NaiveDate, NaiveDate),
) -> Result<Vec<Waiting>, DbErr> {
    let mut values: Vec<Value> = vec![today.into(), soon.into(), chosen.map(<[Uuid]>::to_vec).into()];
    let mut counts = Vec::new();
    for (kind, permission, from) in SOURCES {
        let reach = actor.reach(permission);
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
        let from = inside(&from.replace("$live", LIVE).replace("$part", PART)).replace("$reach", &reach);
        let from = from.replace("$today", "$1::date").replace("$soon", "$2::date").replace("$chosen", "$3::uuid[]");
        counts.push(format!("SELECT '{kind}' AS kind, count(*) AS count FROM {from}"));
    }
    if counts.is_empty() {
        return Ok(Vec::new());
    }
    // Each value is there for every source that names none.
    let text = format!(
        "SELECT * FROM ({}) w WHERE count > 0 AND $1::date <= $2::date AND ($3::uuid[] IS NULL OR true)",
        counts.join(" UNION ALL ")
    );
    Waiting::find_by_statement(Statement::from_sql_and_values(DbBackend::Postgres, text, values)).all(db).await
}
