//! The schema, as SQL a DBA can read: one file a step, run in order, each in its own transaction.
//! A step that has been released is never edited; the next one expands, a later one contracts.

use sea_orm_migration::prelude::*;

pub use sea_orm_migration::MigratorTrait;

struct Step {
    name: &'static str,
    sql: &'static str,
}

impl MigrationName for Step {
    fn name(&self) -> &str {
        self.name
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(self.sql).await?;
        Ok(())
    }
}

macro_rules! steps {
    ($($name:literal),+ $(,)?) => {
        &[$((concat!("m", $name), include_str!(concat!("sql/", $name, ".sql")))),+]
    };
}

/// Every step, oldest first: its recorded name and its SQL.
pub const STEPS: &[(&str, &str)] = steps![
    "0001_organisation",
    "0002_ledger",
    "0003_calendar",
    "0004_procedures",
    "0005_dossiers",
    "0006_plans",
    "0007_kpis",
    "0008_calendar_changes",
    "0009_rule_sets",
    "0010_reports",
    "0011_limits",
    "0012_jobs",
    "0013_documents",
    "0014_plan_versions",
    "0015_task_work",
    "0016_duties",
    "0017_reminders",
    "0018_indicators",
    "0019_submissions",
    "0020_criteria",
    "0021_surveys",
    "0022_briefing",
    "0023_figures",
];

pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        STEPS.iter().map(|&(name, sql)| Box::new(Step { name, sql }) as Box<dyn MigrationTrait>).collect()
    }
}
