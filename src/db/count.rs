//! How many rows a list has: its own statement, counted instead of read, so that a total is of what the list shows and of
//! nothing else.

use std::sync::{Mutex, PoisonError};

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, ExecResult, QueryResult, Statement};

/// Whether every row is counted, or the planner is asked what it expects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counting {
    Exact,
    Estimated,
}

/// Stands in for the connection of a list: the statement that would read all rows is counted, and no row comes back.
pub struct Counter<'a> {
    db: &'a DatabaseConnection,
    counting: Counting,
    total: Mutex<Option<i64>>,
}

impl<'a> Counter<'a> {
    pub fn new(db: &'a DatabaseConnection, counting: Counting) -> Self {
        Counter { db, counting, total: Mutex::new(None) }
    }

    /// # Errors
    /// The list asked for no rows, which is a defect.
    pub fn total(self) -> Result<i64, DbErr> {
        let total = self.total.into_inner().unwrap_or_else(PoisonError::into_inner);
        total.ok_or_else(|| DbErr::Custom("the list asked for no rows".into()))
    }

    async fn count(&self, list: Statement) -> Result<i64, DbErr> {
        let text = match self.counting {
            Counting::Exact => format!("SELECT count(*) FROM ({}) AS listed", list.sql),
            Counting::Estimated => format!("EXPLAIN (FORMAT JSON) {}", list.sql),
        };
        let row = self.db.query_one_raw(Statement { sql: text, ..list }).await?;
        let row = row.ok_or_else(|| DbErr::RecordNotFound("a count".into()))?;
        match self.counting {
            Counting::Exact => row.try_get_by_index(0),
            Counting::Estimated => {
                let plan: serde_json::Value = row.try_get_by_index(0)?;
                let rows = plan.pointer("/0/Plan/Plan Rows").and_then(serde_json::Value::as_f64);
                rows.map(|rows| rows.round() as i64).ok_or_else(|| DbErr::Custom("the plan tells no rows".into()))
            }
        }
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for Counter<'_> {
    fn get_database_backend(&self) -> DbBackend {
        DbBackend::Postgres
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.db.execute_raw(statement).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.db.execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.db.query_one_raw(statement).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let total = self.count(statement).await?;
        *self.total.lock().unwrap_or_else(PoisonError::into_inner) = Some(total);
        Ok(Vec::new())
    }
}
