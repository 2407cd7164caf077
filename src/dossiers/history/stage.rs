//! Rows on their way into the database: temporary tables filled by COPY, then merged set by set.

use std::fmt::Write as _;

use chrono::{DateTime, NaiveDate, Utc};
use futures_util::{Stream, TryStreamExt};
use serde::Serialize;
use sqlx::postgres::PgCopyIn;
use sqlx::{AssertSqlSafe, Executor, PgConnection, Row as _};

use super::changes;
use super::decide::BroughtNumber;
use crate::audit::Teller;
use crate::dossiers::model::Dossier;
use crate::dossiers::rules::Derived;
use crate::http::bulk::RowStatus;
use crate::jobs::Outcome;
use crate::vault::Sealed;

/// Made on a connection of the load's own; they go with it.
pub const TABLES: &str = "
    CREATE TEMP TABLE stage_rows (idx bigint NOT NULL, code text, status text NOT NULL, errors text, warnings text);
    CREATE TEMP TABLE stage_dossiers (LIKE dossiers);
    ALTER TABLE stage_dossiers ADD COLUMN idx bigint NOT NULL, ADD COLUMN existing boolean NOT NULL,
        ADD COLUMN agency text, ADD COLUMN day date, ADD COLUMN n integer, ADD COLUMN pushes boolean;
    CREATE TEMP TABLE stage_pauses (LIKE dossier_pauses);
    CREATE TEMP TABLE stage_apologies (LIKE dossier_apologies);
    CREATE TEMP TABLE stage_consultations (LIKE dossier_consultations);
    CREATE TEMP TABLE stage_findings (LIKE dossier_findings);";

const DOSSIER: &str = "id, code, source_system, external_code, procedure_id, receiving_department_id, resolving_department_id, channel,
    applicant_kind, applicant_name, applicant_sealed, digitised, submitted_at, accepted_at, processing_at, limit_value, limit_unit, supplement_policy,
    same_day_cutoff, status, decision, decision_reason, decision_document_no, finished_at, returned_at, voided_at, void_reason,
    effective_on, first_due_on, due_on, due_at, due_before, calendar_code, calendar_version, calendar_base_version, timeliness,
    apologised, supplement_asked_on, consulting, source_due_on, rule_set_id, facts_hash, search, received_at, version, created_at, updated_at";
pub const PAUSE: &str =
    "dossier_id, kind, n, from_at, to_at, reason, document_no, legal_basis, items, respond_by_on, amount_vnd, due_before, due_after";
pub const APOLOGY: &str = "dossier_id, n, sent_at, reason, new_due_on, document_no";
pub const CONSULTATION: &str = "dossier_id, n, agency, sent_at, document_no, answer_due_on, reminders, answered_at, escalated_at";
pub const FINDING: &str = "dossier_id, kind, arose_on";

/// Rows in COPY's text form.
#[derive(Default)]
struct Lines(Vec<u8>);

impl Lines {
    fn null(&mut self) -> &mut Self {
        self.0.extend_from_slice(b"\\N\t");
        self
    }

    fn text(&mut self, text: &str) -> &mut Self {
        for byte in text.bytes() {
            match byte {
                b'\\' => self.0.extend_from_slice(b"\\\\"),
                b'\t' => self.0.extend_from_slice(b"\\t"),
                b'\n' => self.0.extend_from_slice(b"\\n"),
                b'\r' => self.0.extend_from_slice(b"\\r"),
                other => self.0.push(other),
            }
        }
        self.0.push(b'\t');
        self
    }

    fn some(&mut self, text: Option<&str>) -> &mut Self {
        match text {
            Some(text) => self.text(text),
            None => self.null(),
        }
    }

    /// A value that needs no escaping.
    fn plain(&mut self, value: impl std::fmt::Display) -> &mut Self {
        let mut text = String::new();
        if write!(text, "{value}").is_ok() {
            self.0.extend_from_slice(text.as_bytes());
        }
        self.0.push(b'\t');
        self
    }

    fn maybe<T: std::fmt::Display>(&mut self, value: Option<T>) -> &mut Self {
        match value {
            Some(value) => self.plain(value),
            None => self.null(),
        }
    }

    fn at(&mut self, at: Option<DateTime<Utc>>) -> &mut Self {
        self.maybe(at.map(|at| at.format("%Y-%m-%d %H:%M:%S%.6f+00")))
    }

    fn day(&mut self, day: Option<NaiveDate>) -> &mut Self {
        self.maybe(day)
    }

    fn json(&mut self, value: &impl Serialize) -> &mut Self {
        let text = serde_json::to_string(value).unwrap_or_default();
        self.text(&text)
    }

    fn end(&mut self) {
        self.0.pop();
        self.0.push(b'\n');
    }
}

/// Where a dossier stands in the load.
pub struct Place<'a> {
    pub index: u64,
    pub existing: bool,
    pub number: Option<&'a BroughtNumber>,
}

/// A chunk of rows for each table.
#[derive(Default)]
pub struct Chunk {
    rows: Lines,
    dossiers: Lines,
    pauses: Lines,
    apologies: Lines,
    consultations: Lines,
    findings: Lines,
}

impl Chunk {
    /// The row's verdict; errors and warnings as JSON.
    pub fn verdict(&mut self, index: u64, code: Option<&str>, status: &str, errors: Option<&str>, warnings: Option<&str>) {
        self.rows.plain(index).some(code).plain(status).some(errors).some(warnings).end();
    }

    pub fn dossier(&mut self, place: &Place<'_>, dossier: &Dossier, derived: &Derived, hash: &[u8; 16], now: DateTime<Utc>) {
        let (identity, facts, terms) = (&dossier.identity, &dossier.facts, &dossier.terms);
        let (verdict, void, reading) = (facts.verdict.as_ref(), facts.void.as_ref(), derived.reading.as_ref());
        let mut hex = String::from("\\x");
        hash.iter().for_each(|b| {
            let _ = write!(hex, "{b:02x}");
        });
        let mut search = String::new();
        Dossier::search_words(identity).iter().for_each(|w| {
            let _ = write!(search, "'{w}' ");
        });
        let d = &mut self.dossiers;
        d.plain(dossier.id).text(&identity.code).text(&identity.source_system).some(identity.external_code.as_deref());
        d.plain(identity.procedure_id).plain(identity.receiving_id).plain(identity.resolving_id).plain(identity.channel.name());
        let applicant = identity.applicant.as_ref();
        d.maybe(applicant.map(|a| a.kind.name())).some(applicant.and_then(|a| a.name.as_deref()));
        d.some(applicant.and_then(|a| a.sealed.as_ref()).map(Sealed::hex).as_deref());
        d.maybe(facts.digitised).at(facts.submitted_at).at(facts.accepted_at).at(facts.processing_at);
        d.maybe(terms.limit.map(|l| l.value)).maybe(terms.limit.map(|l| l.unit.name())).plain(terms.policy.name());
        d.plain(terms.same_day_cutoff).plain(derived.status.name()).maybe(verdict.map(|v| v.decision.name()));
        d.some(verdict.and_then(|v| v.reason.as_deref())).some(verdict.and_then(|v| v.document_no.as_deref()));
        d.at(verdict.map(|v| v.at)).at(facts.returned_at).at(void.and_then(|v| v.at)).some(void.and_then(|v| v.reason.as_deref()));
        d.day(reading.map(|r| r.effective_on)).day(reading.and_then(|r| r.first_due_on)).day(reading.and_then(|r| r.due_on));
        d.at(reading.and_then(|r| r.due_at)).day(reading.and_then(|r| r.due_before));
        let edition = derived.edition.as_ref();
        d.some(edition.map(|e| e.code.as_str())).maybe(edition.map(|e| e.version)).maybe(edition.map(|e| e.base_version));
        d.maybe(derived.timeliness.map(|t| t.name())).plain(derived.apologised);
        d.day(derived.supplement_asked_on).plain(derived.consulting);
        d.day(identity.source_due_on).maybe(dossier.rule_set_id).text(&hex).text(&search);
        d.at(Some(Dossier::received_at(facts, dossier.created_at))).plain(dossier.version).at(Some(dossier.created_at)).at(Some(now));
        d.plain(place.index).plain(place.existing);
        let number = place.number.map(|n| &n.number);
        d.some(number.map(|n| n.agency.as_str())).day(number.map(|n| n.day)).maybe(number.map(|n| n.n));
        d.maybe(place.number.map(|n| n.pushes)).end();
        self.children(dossier, derived);
    }

    fn children(&mut self, dossier: &Dossier, derived: &Derived) {
        let facts = &dossier.facts;
        // The clock tells of the pauses in the order it was given them.
        let moves = derived.reading.iter().flat_map(|r| &r.pauses).map(Some).chain(std::iter::repeat(None));
        for (pause, moved) in facts.pauses.iter().zip(moves) {
            let kind = match pause.kind {
                crate::dossiers::clock::PauseKind::Supplement => "supplement",
                crate::dossiers::clock::PauseKind::Fee => "fee",
                crate::dossiers::clock::PauseKind::Suspension => "suspension",
            };
            let p = &mut self.pauses;
            p.plain(dossier.id).plain(kind).plain(pause.n).at(Some(pause.from)).at(pause.to).some(pause.reason.as_deref());
            p.some(pause.document_no.as_deref()).some(pause.legal_basis.as_deref()).json(&pause.items).day(pause.respond_by_on);
            p.maybe(pause.amount_vnd).day(moved.and_then(|m| m.due_before)).day(moved.and_then(|m| m.due_after)).end();
        }
        for (n, apology) in facts.apologies.iter().enumerate() {
            let a = self.apologies.plain(dossier.id).plain(n + 1).at(Some(apology.sent_at)).some(apology.reason.as_deref());
            a.day(apology.new_due_on).some(apology.document_no.as_deref()).end();
        }
        for (n, c) in facts.consultations.iter().enumerate() {
            let line = self.consultations.plain(dossier.id).plain(n + 1).text(&c.agency).at(Some(c.sent_at)).some(c.document_no.as_deref());
            line.day(c.answer_due_on).json(&c.reminders).at(c.answered_at).at(c.escalated_at).end();
        }
        for (kind, on) in &derived.findings {
            self.findings.plain(dossier.id).plain(kind.name()).plain(on).end();
        }
    }

    /// Sends the chunk to the temporary tables and empties it.
    pub async fn send(&mut self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        copy(connection, "stage_rows", "idx, code, status, errors, warnings", &mut self.rows).await?;
        copy(connection, "stage_dossiers", &format!("{DOSSIER}, idx, existing, agency, day, n, pushes"), &mut self.dossiers).await?;
        copy(connection, "stage_pauses", PAUSE, &mut self.pauses).await?;
        copy(connection, "stage_apologies", APOLOGY, &mut self.apologies).await?;
        copy(connection, "stage_consultations", CONSULTATION, &mut self.consultations).await?;
        copy(connection, "stage_findings", FINDING, &mut self.findings).await
    }
}

async fn copy(connection: &mut PgConnection, table: &str, columns: &str, lines: &mut Lines) -> Result<(), sqlx::Error> {
    if lines.0.is_empty() {
        return Ok(());
    }
    let statement = format!("COPY {table} ({columns}) FROM STDIN");
    let mut into: PgCopyIn<&mut PgConnection> = connection.copy_in_raw(&statement).await?;
    for block in lines.0.chunks(64 << 10) {
        into.send(block).await?;
    }
    into.finish().await?;
    lines.0.clear();
    Ok(())
}

/// Refuses rows that share a code, whatever else was decided of them.
pub async fn refuse_duplicates(connection: &mut PgConnection, error: &str) -> Result<(), sqlx::Error> {
    let found: Option<i32> =
        sqlx::query_scalar("SELECT 1 FROM stage_rows WHERE code IS NOT NULL GROUP BY code HAVING count(*) > 1 LIMIT 1")
            .fetch_optional(&mut *connection)
            .await?;
    if found.is_none() {
        return Ok(());
    }
    connection
        .execute(
            "CREATE TEMP TABLE stage_twice ON COMMIT DROP AS SELECT code FROM stage_rows WHERE code IS NOT NULL GROUP BY code HAVING count(*) > 1",
        )
        .await?;
    refuse_twice(connection, error).await
}

/// Refuses the rows with these codes, whatever else was decided of them.
pub async fn refuse_codes(connection: &mut PgConnection, error: &str, codes: Vec<String>) -> Result<(), sqlx::Error> {
    connection.execute("CREATE TEMP TABLE stage_twice (code text PRIMARY KEY) ON COMMIT DROP").await?;
    sqlx::query("INSERT INTO stage_twice SELECT unnest($1::text[])").bind(codes).execute(&mut *connection).await?;
    refuse_twice(connection, error).await
}

async fn refuse_twice(connection: &mut PgConnection, error: &str) -> Result<(), sqlx::Error> {
    connection
        .execute(
            "CREATE TEMP TABLE stage_gone ON COMMIT DROP AS SELECT DISTINCT id FROM stage_dossiers WHERE code IN (SELECT code FROM stage_twice)",
        )
        .await?;
    sqlx::query(
        "UPDATE stage_rows SET status = 'rejected', errors = CASE WHEN errors IS NULL THEN '[' || $1 || ']' ELSE '[' || $1 || ',' || substr(errors, 2) END
          WHERE code IN (SELECT code FROM stage_twice) AND (errors IS NULL OR NOT starts_with(errors, '[' || $1))",
    )
    .bind(error)
    .execute(&mut *connection)
    .await?;
    for (table, column) in [
        ("dossiers", "id"),
        ("pauses", "dossier_id"),
        ("apologies", "dossier_id"),
        ("consultations", "dossier_id"),
        ("findings", "dossier_id"),
    ] {
        let text = format!("DELETE FROM stage_{table} WHERE {column} IN (SELECT id FROM stage_gone)");
        connection.execute(AssertSqlSafe(text)).await?;
    }
    connection.execute("DROP TABLE stage_twice, stage_gone").await?;
    Ok(())
}

/// Lets the numbers of each agency's day go on after the highest that is brought along; in order, so that two loads never wait for
/// each other crosswise.
pub async fn push_numbers(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let text = "INSERT INTO dossier_numbers AS n (agency, day, last_number)
                SELECT agency, day, max(n) FROM stage_dossiers WHERE pushes GROUP BY agency, day ORDER BY agency, day
                ON CONFLICT (agency, day) DO UPDATE SET last_number = excluded.last_number WHERE n.last_number < excluded.last_number";
    connection.execute(text).await.map(drop)
}

/// Whether a number that is brought along is held for another counter. What was held when the load began was refused already;
/// behind the numbers pushed on nothing more can be held.
pub async fn reserved_meanwhile(connection: &mut PgConnection, now: DateTime<Utc>) -> Result<bool, sqlx::Error> {
    let text = "SELECT EXISTS (SELECT FROM dossier_number_reservations r JOIN stage_dossiers s
                    ON s.agency = r.agency AND s.day = r.day AND r.numbers @> s.n AND s.receiving_department_id <> r.department_id
                 WHERE r.released_at IS NULL AND r.expires_at > $1)";
    sqlx::query_scalar(text).bind(now).fetch_one(connection).await
}

/// What was in force when a pause began or ended before a revision of the calendar stays on record, when the same pause is
/// told again of the same acceptance.
const KEPT_DUES: &str = "
    UPDATE stage_pauses s
       SET due_before = p.due_before, due_after = CASE WHEN p.to_at IS NULL THEN s.due_after ELSE p.due_after END
      FROM stage_dossiers g JOIN dossiers d ON d.id = g.id AND d.accepted_at = g.accepted_at JOIN dossier_pauses p ON p.dossier_id = d.id
     WHERE g.existing AND s.dossier_id = d.id AND s.kind = p.kind AND s.n = p.n AND s.from_at = p.from_at
       AND (p.to_at IS NULL OR p.to_at = s.to_at)
       AND EXISTS (SELECT FROM calendar_revision_editions e WHERE e.dossier_id = d.id AND e.replaced_at > p.from_at)";

/// As for an act that is told late (`store::align_last_move`): what has been in force since the last revision is the due date as it is
/// now, unless something of the clock has happened since.
const ALIGNED_MOVES: &str = "
    UPDATE calendar_revision_moves m SET due_on = d.due_on, due_at = d.due_at, due_before = d.due_before
      FROM stage_dossiers g JOIN dossiers d ON d.id = g.id
     WHERE g.existing AND m.dossier_id = d.id AND (m.due_on, m.due_at, m.due_before) IS DISTINCT FROM (d.due_on, d.due_at, d.due_before)
       AND m.moved_at = (SELECT max(l.moved_at) FROM calendar_revision_moves l WHERE l.dossier_id = d.id)
       AND NOT EXISTS (SELECT FROM dossier_pauses p WHERE p.dossier_id = d.id AND (p.from_at > m.moved_at OR p.to_at > m.moved_at))";

/// Writes what was staged, with an audit line and an event a dossier. Answers how many dossiers were created.
pub async fn merge(connection: &mut PgConnection, teller: &Teller<'_>, updates: bool) -> Result<u64, sqlx::Error> {
    let created = sqlx::query(AssertSqlSafe(format!(
        "INSERT INTO dossiers ({DOSSIER}) SELECT {DOSSIER} FROM stage_dossiers WHERE NOT existing ORDER BY idx ON CONFLICT (code) DO NOTHING"
    )))
    .execute(&mut *connection)
    .await?
    .rows_affected();
    if updates {
        connection.execute(KEPT_DUES).await?;
        connection.execute(AssertSqlSafe(changes::statement())).await?;
        let text = format!(
            "UPDATE dossiers d SET ({DOSSIER}) = (SELECT {}) FROM stage_dossiers s WHERE s.existing AND d.id = s.id",
            DOSSIER.split(',').map(|c| format!("s.{}", c.trim())).collect::<Vec<_>>().join(", ")
        );
        connection.execute(AssertSqlSafe(text)).await?;
    }
    for (table, columns) in [("pauses", PAUSE), ("apologies", APOLOGY), ("consultations", CONSULTATION), ("findings", FINDING)] {
        if updates {
            let text = format!("DELETE FROM dossier_{table} c USING stage_dossiers s WHERE s.existing AND c.dossier_id = s.id");
            connection.execute(AssertSqlSafe(text)).await?;
        }
        let text = format!("INSERT INTO dossier_{table} ({columns}) SELECT {columns} FROM stage_{table}");
        connection.execute(AssertSqlSafe(text)).await?;
    }
    if updates {
        connection.execute(ALIGNED_MOVES).await?;
    }
    let (detail, changes) = if updates {
        ("CASE WHEN existing THEN jsonb_build_object('changed', c.names) END", "LEFT JOIN stage_changes c USING (id)")
    } else {
        ("NULL", "")
    };
    sqlx::query(AssertSqlSafe(format!(
        "INSERT INTO audit_events
            (recorded_at, occurred_at, actor_id, actor, act, subject_type, subject_id, subject_code, version, request_id, detail)
         SELECT $4, coalesce(finished_at, received_at), $1, $2, 'load', 'dossier', id, code, version, $3, {detail}
           FROM stage_dossiers {changes} ORDER BY idx"
    )))
    .bind(teller.actor_id)
    .bind(teller.actor)
    .bind(teller.request_id)
    .bind(teller.now)
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "INSERT INTO outbox_events (recorded_at, occurred_at, type, subject_type, subject_id, subject_code, department_id, version, data)
         SELECT $1, coalesce(finished_at, received_at), 'dossier.load', 'dossier', id, code, resolving_department_id, version,
                jsonb_build_object('status', status) FROM stage_dossiers ORDER BY idx",
    )
    .bind(teller.now)
    .execute(&mut *connection)
    .await?;
    Ok(created)
}

/// Takes off what a chunk before left.
pub const EMPTY: &str = "TRUNCATE stage_rows, stage_dossiers, stage_pauses, stage_apologies, stage_consultations, stage_findings";

/// What was decided of the staged rows, by index.
pub fn outcomes(connection: &mut PgConnection) -> impl Stream<Item = Result<Outcome, sqlx::Error>> {
    let rows = sqlx::query("SELECT idx, code, status, errors, warnings FROM stage_rows ORDER BY idx").fetch(connection);
    rows.map_ok(|row| {
        let list = |i: usize| row.get::<Option<&str>, _>(i).and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        Outcome {
            index: row.get::<i64, _>(0).unsigned_abs(),
            code: row.get(1),
            status: match row.get::<&str, _>(2) {
                "created" => RowStatus::Created,
                "updated" => RowStatus::Updated,
                "unchanged" => RowStatus::Unchanged,
                _ => RowStatus::Rejected,
            },
            errors: list(3),
            warnings: list(4),
            input: None,
        }
    })
}
