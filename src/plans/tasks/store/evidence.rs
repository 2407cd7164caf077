//! Documents that show work, with their files.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult, Statement};
use uuid::Uuid;

use super::work::run;
use crate::http::Call;
use crate::plans::tasks::wire::NewEvidence;

pub async fn add_evidence(
    tx: &impl ConnectionTrait,
    call: &Call,
    task: Uuid,
    department: Uuid,
    evidence: &NewEvidence,
) -> Result<(), DbErr> {
    let text = |text: &Option<crate::http::Line>| sea_orm::Value::from(text.as_ref().map(|t| t.as_str().to_owned()));
    run(
        tx,
        "INSERT INTO task_evidence (task_id, n, department_id, document_number, issued_on, title, link, added_by, added_at)
         VALUES ($1, coalesce((SELECT max(n) FROM task_evidence WHERE task_id = $1), 0) + 1, $2, $3, $4, $5, $6, $7, $8)",
        vec![
            task.into(),
            department.into(),
            text(&evidence.document_number),
            evidence.issued_on.map(|d| d.0).into(),
            text(&evidence.title),
            text(&evidence.link),
            call.actor.username.clone().into(),
            call.now.into(),
        ],
    )
    .await
}

/// Keeps the file of a document.
pub async fn put_content(
    tx: &impl ConnectionTrait,
    (task, n): (Uuid, i32),
    media_type: &str,
    sha256: &str,
    content: &[u8],
) -> Result<(), DbErr> {
    let size = i32::try_from(content.len()).unwrap_or(i32::MAX);
    let sql = "UPDATE task_evidence SET media_type = $3, size_bytes = $4, sha256 = $5, content = $6 WHERE task_id = $1 AND n = $2";
    run(tx, sql, vec![task.into(), n.into(), media_type.into(), size.into(), sha256.into(), content.to_vec().into()]).await
}

#[derive(FromQueryResult)]
pub struct Content {
    pub media_type: String,
    pub sha256: String,
    pub content: Vec<u8>,
}

/// The file of a document, where it has one. Whoever asks has seen the task.
pub async fn content(db: &impl ConnectionTrait, task: Uuid, n: i32) -> Result<Option<Content>, DbErr> {
    let sql = "SELECT media_type, sha256, content FROM task_evidence WHERE task_id = $1 AND n = $2 AND content IS NOT NULL";
    Content::find_by_statement(Statement::from_sql_and_values(DbBackend::Postgres, sql, [task.into(), n.into()])).one(db).await
}
