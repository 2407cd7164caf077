//! The database as migrated: foreign keys, closed lists, comments.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::PgPool;

use crate::contract::document;
use crate::harness::App;

/// A foreign key without an index makes every deletion of its target read the whole table.
const WITHOUT_INDEX: &str = "
    SELECT c.conrelid::regclass::text, c.conname::text
      FROM pg_constraint c
     WHERE c.contype = 'f' AND c.connamespace = 'public'::regnamespace
       AND NOT EXISTS (SELECT 1 FROM pg_index i
            WHERE i.indrelid = c.conrelid AND i.indpred IS NULL AND i.indisvalid
              AND (SELECT array_agg(k ORDER BY k) FROM unnest((i.indkey::int2[])[0:cardinality(c.conkey) - 1]) AS k)
                = (SELECT array_agg(k ORDER BY k) FROM unnest(c.conkey) AS k))
     ORDER BY 1, 2";

const WITHOUT_ON_DELETE: &str = "
    SELECT c.conrelid::regclass::text, c.conname::text FROM pg_constraint c
     WHERE c.contype = 'f' AND c.connamespace = 'public'::regnamespace AND c.confdeltype = 'a' ORDER BY 1, 2";

/// Tables (as column `-`) and columns that say nothing about themselves.
const WITHOUT_COMMENT: &str = "
    SELECT t.relname::text, coalesce(a.attname::text, '-')
      FROM pg_class t
      LEFT JOIN LATERAL (SELECT 0::int2 AS attnum, NULL::name AS attname
                  UNION ALL SELECT attnum, attname FROM pg_attribute WHERE attrelid = t.oid AND attnum > 0 AND NOT attisdropped) a ON true
     WHERE t.relnamespace = 'public'::regnamespace AND t.relkind IN ('r', 'p', 'v', 'm') AND t.relname <> 'seaql_migrations'
       AND coalesce(btrim(col_description(t.oid, a.attnum), E' \\n'), btrim(obj_description(t.oid, 'pg_class'), E' \\n')) IS NULL
        OR t.relnamespace = 'public'::regnamespace AND t.relkind IN ('r', 'p', 'v', 'm') AND t.relname <> 'seaql_migrations'
       AND a.attnum > 0 AND coalesce(btrim(col_description(t.oid, a.attnum), E' \\n'), '') = ''
     ORDER BY t.relname, a.attnum";

async fn pairs(pool: &PgPool, sql: &'static str) -> Vec<String> {
    let rows: Vec<(String, String)> = sqlx::query_as(sql).fetch_all(pool).await.unwrap();
    rows.into_iter().map(|(table, what)| format!("{table}.{what}")).collect()
}

#[tokio::test]
async fn every_foreign_key_has_an_index_and_a_stated_on_delete() {
    let app = App::start().await;
    let keys: i64 = sqlx::query_scalar("SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND connamespace = 'public'::regnamespace")
        .fetch_one(&app.pool)
        .await
        .unwrap();
    assert!(keys > 15, "{keys} foreign keys");
    assert_eq!(pairs(&app.pool, WITHOUT_INDEX).await, [""; 0], "foreign keys without an index that begins with their columns");
    assert_eq!(pairs(&app.pool, WITHOUT_ON_DELETE).await, [""; 0], "foreign keys that do not say what becomes of them ON DELETE");
}

#[tokio::test]
async fn these_checks_notice_a_fault() {
    let app = App::start().await;
    for statement in [
        "CREATE TABLE wrong (department_id uuid REFERENCES departments (id), other_id uuid, n int CONSTRAINT wrong_n_check CHECK (n > 0))",
        "CREATE INDEX wrong_idx ON wrong (other_id, department_id)",
        "CREATE INDEX wrong_partial_idx ON wrong (department_id) WHERE n > 0",
        "COMMENT ON COLUMN wrong.n IS ' '",
    ] {
        sqlx::query(statement).execute(&app.pool).await.unwrap();
    }
    assert_eq!(pairs(&app.pool, WITHOUT_INDEX).await, ["wrong.wrong_department_id_fkey"]);
    assert_eq!(pairs(&app.pool, WITHOUT_ON_DELETE).await, ["wrong.wrong_department_id_fkey"]);
    assert_eq!(pairs(&app.pool, WITHOUT_COMMENT).await, ["wrong.-", "wrong.department_id", "wrong.other_id", "wrong.n"]);
}

#[tokio::test]
async fn every_table_and_column_is_commented() {
    let app = App::start().await;
    assert_eq!(pairs(&app.pool, WITHOUT_COMMENT).await, [""; 0], "without a comment (`-` is the table itself)");
}

/// Where the words of a column's CHECK are published, and what differs on purpose.
struct Words {
    column: &'static str,
    /// Names of the contract's schemas; together they list the words.
    schemas: &'static [&'static str],
    /// Words of the schemas that are never stored.
    not_stored: &'static [&'static str],
}

const fn same(column: &'static str, schemas: &'static [&'static str]) -> Words {
    Words { column, schemas, not_stored: &[] }
}

const WORDS: &[Words] = &[
    same("briefing_decisions.period_set", &["BriefingPeriodSet"]),
    same("briefing_decisions.ruling", &["ObstacleRuling"]),
    same("calendar_days.kind", &["DayKind"]),
    same("calendar_versions.off_hours_receipt", &["OffHoursReceipt"]),
    same("calendars.off_hours_receipt", &["OffHoursReceipt"]),
    same("departments.kind", &["DepartmentKind"]),
    // What to do about a consultation depends on the day of asking.
    Words {
        column: "dossier_findings.kind",
        schemas: &["Finding"],
        not_stored: &["consultation_reminder_due", "consultation_escalation_due"],
    },
    same("criteria.kind", &["CriterionKind"]),
    same("dossier_pauses.kind", &["PauseKind"]),
    same("dossiers.applicant_kind", &["ApplicantKind"]),
    same("dossiers.channel", &["Channel"]),
    // To void is no way to end.
    Words { column: "dossiers.decision", schemas: &["HistoryDecision"], not_stored: &["voided"] },
    same("dossiers.limit_unit", &["LimitUnit"]),
    same("dossiers.return_method", &["Channel"]),
    same("dossiers.status", &["Status"]),
    same("dossiers.supplement_policy", &["SupplementPolicy"]),
    // An open dossier is judged on the day of asking.
    Words { column: "dossiers.timeliness", schemas: &["Timeliness"], not_stored: &["in_time", "overdue"] },
    same("documents.direction", &["DocumentDirection"]),
    same("documents.secrecy", &["Secrecy"]),
    same("documents.urgency", &["Urgency"]),
    same("explanation_subjects.kind", &["ExplanationSubjectKind"]),
    same("explanation_subjects.period_set", &["ExplanationPeriodSet"]),
    same("explanations.period_set", &["ExplanationPeriodSet"]),
    same("explanations.state", &["ExplanationState"]),
    same("job_results.status", &["RowStatus"]),
    same("jobs.kind", &["JobKind"]),
    same("jobs.state", &["JobState"]),
    same("kpi_measurement_versions.state", &["MeasurementState"]),
    same("kpi_measurements.state", &["MeasurementState"]),
    same("kpi_submission_steps.act", &["KpiSubmissionAct"]),
    same("kpi_submissions.state", &["KpiSubmissionState"]),
    same("kpi_targets.comparator", &["KpiComparator"]),
    same("kpis.direction", &["KpiDirection"]),
    same("kpis.formula", &["KpiFormula"]),
    same("kpis.period_cut", &["KpiPeriodCut"]),
    same("kpis.source", &["KpiSource"]),
    same("kpis.unit", &["KpiUnit"]),
    same("obstacle_steps.act", &["ObstacleAct"]),
    same("obstacle_steps.decision", &["ObstacleRuling"]),
    same("obstacles.about_type", &["ObstacleAboutType"]),
    same("obstacles.state", &["ObstacleState"]),
    same("report_snapshots.report", &["ReportName"]),
    same("plan_versions.kind", &["PlanVersionKind"]),
    same("procedures.limit_unit", &["LimitUnit"]),
    same("procedures.online_level", &["OnlineLevel"]),
    same("procedures.supplement_policy", &["SupplementPolicy"]),
    same("rule_set_forms.kind", &["FormKind"]),
    same("rule_set_forms.page_size", &["PageSize"]),
    same("rule_set_grounds.act", &["GroundedAct"]),
    same("survey_steps.act", &["SurveyAct"]),
    same("surveys.mode", &["SurveyMode"]),
    same("surveys.scale", &["SurveyScale"]),
    same("surveys.state", &["SurveyState"]),
    same("task_assignments.role", &["AssignedPart"]),
    same("task_assignments.status", &["AssignmentStatus"]),
    // Who approves is told with the steps of a task.
    Words { column: "task_departments.role", schemas: &["TaskPart"], not_stored: &["approve"] },
    same("task_extensions.status", &["ExtensionStatus"]),
    same("task_submissions.status", &["SubmissionStatus"]),
    same("tasks.lead_basis", &["LeadBasis"]),
    same("tasks.origin", &["TaskOrigin"]),
    same("tasks.schedule_kind", &["ScheduleKind"]),
    same("user_grants.role", &["Role"]),
];

/// Lists that the contract does not publish.
const INTERNAL: &[&str] = &[
    "briefing_decision_departments.role",
    "reminder_digests.state",
    "duty_departments.role",
    "sessions.revoked_because",
    "sign_in_throttles.kind",
    "task_kpis.relation",
];

/// The words of each CHECK of the form `column IN ('a', 'b')`, by column.
async fn checked(pool: &PgPool) -> BTreeMap<String, BTreeSet<String>> {
    let rows: Vec<(String, String, String)> = sqlx::query_as(
        "SELECT c.conrelid::regclass::text, a.attname::text, pg_get_constraintdef(c.oid) FROM pg_constraint c
           JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
          WHERE c.contype = 'c' AND c.connamespace = 'public'::regnamespace AND cardinality(c.conkey) = 1",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    let mut lists = BTreeMap::new();
    for (table, column, definition) in rows {
        // CHECK ((kind = ANY (ARRAY['day_off'::text, 'make_up'::text])))
        if definition.starts_with(&format!("CHECK (({column} = ANY (ARRAY[")) {
            let words = definition.split('\'').skip(1).step_by(2).map(str::to_owned).collect();
            assert!(lists.insert(format!("{table}.{column}"), words).is_none(), "{table}.{column} has two lists");
        }
    }
    lists
}

#[tokio::test]
async fn closed_lists_are_the_same_in_the_database_and_in_the_contract() {
    let app = App::start().await;
    let document = document();
    let schema = |name: &str| -> BTreeSet<String> {
        let words = document["components"]["schemas"][name]["enum"].as_array();
        let words = words.unwrap_or_else(|| panic!("the contract has no list {name}")).iter();
        words.filter_map(|w| w.as_str()).map(str::to_owned).collect()
    };
    let mut found = checked(&app.pool).await;
    for internal in INTERNAL {
        assert!(found.remove(*internal).is_some(), "{internal} is no list any longer");
    }
    let mut differences = Vec::new();
    for words in WORDS {
        let Some(stored) = found.remove(words.column) else {
            differences.push(format!("{} is not checked", words.column));
            continue;
        };
        let mut published: BTreeSet<String> = words.schemas.iter().flat_map(|s| schema(s)).collect();
        for word in words.not_stored {
            assert!(published.remove(*word), "{}: {word} is not published", words.column);
        }
        if published != stored {
            differences.push(format!("{}: {stored:?} in the database, {published:?} in {:?}", words.column, words.schemas));
        }
    }
    differences.extend(found.into_iter().map(|(column, words)| format!("{column} {words:?} is compared with nothing: add it to WORDS")));
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
