//! What a load changes of stored dossiers, by name.

use super::stage::{APOLOGY, CONSULTATION, FINDING, PAUSE};

/// The members of a dossier's view that a load changes, for who comes with an older version.
const CHANGES: &str = "
    CREATE TEMP TABLE stage_changes ON COMMIT DROP AS
    WITH changed AS (
        SELECT s.id, v.name FROM stage_dossiers s JOIN dossiers d ON d.id = s.id CROSS JOIN LATERAL (VALUES
            ('source_system', d.source_system IS DISTINCT FROM s.source_system),
            ('external_code', d.external_code IS DISTINCT FROM s.external_code),
            ('procedure', d.procedure_id <> s.procedure_id),
            ('receiving_department', d.receiving_department_id <> s.receiving_department_id),
            ('resolving_department', d.resolving_department_id <> s.resolving_department_id),
            ('channel', d.channel <> s.channel),
            ('applicant', (d.applicant_kind, d.applicant_name, d.applicant_sealed)
                IS DISTINCT FROM (s.applicant_kind, s.applicant_name, s.applicant_sealed)),
            ('digitised', d.digitised IS DISTINCT FROM s.digitised),
            ('submitted_at', d.submitted_at IS DISTINCT FROM s.submitted_at),
            ('accepted_at', d.accepted_at IS DISTINCT FROM s.accepted_at),
            ('status', d.status <> s.status),
            ('outcome', (d.status, d.timeliness, d.apologised) IS DISTINCT FROM (s.status, s.timeliness, s.apologised)),
            ('timeliness', d.timeliness IS DISTINCT FROM s.timeliness),
            ('decision_reason', coalesce(d.void_reason, d.decision_reason) IS DISTINCT FROM coalesce(s.void_reason, s.decision_reason)),
            ('decision_document_no', d.decision_document_no IS DISTINCT FROM s.decision_document_no),
            ('finished_at', (d.finished_at, d.voided_at) IS DISTINCT FROM (s.finished_at, s.voided_at)),
            ('finished_on', (d.finished_at, d.voided_at) IS DISTINCT FROM (s.finished_at, s.voided_at)),
            ('returned_at', d.returned_at IS DISTINCT FROM s.returned_at),
            ('first_due_on', d.first_due_on IS DISTINCT FROM s.first_due_on),
            ('due_on', d.due_on IS DISTINCT FROM s.due_on),
            ('due_at', d.due_at IS DISTINCT FROM s.due_at),
            ('due_before', d.due_before IS DISTINCT FROM s.due_before),
            ('calendar', d.calendar_code IS DISTINCT FROM s.calendar_code),
            ('calendar_version', d.calendar_version IS DISTINCT FROM s.calendar_version),
            ('calendar_base_version', d.calendar_base_version IS DISTINCT FROM s.calendar_base_version),
            ('source_due_on', d.source_due_on IS DISTINCT FROM s.source_due_on),
            ('rule_set', d.rule_set_id IS DISTINCT FROM s.rule_set_id)) AS v(name, differs)
         WHERE s.existing AND v.differs
        {parts}
    )
    SELECT id, jsonb_agg(DISTINCT name ORDER BY name) AS names FROM changed GROUP BY id";

/// The parts that are in one of the tables and not in the other, by the member that shows them.
fn parts_changed(table: &str, columns: &str, member: &str) -> String {
    let stored = format!("SELECT {columns} FROM dossier_{table} WHERE dossier_id IN (SELECT id FROM stage_dossiers WHERE existing)");
    let staged = format!("SELECT {columns} FROM stage_{table} WHERE dossier_id IN (SELECT id FROM stage_dossiers WHERE existing)");
    format!("UNION ALL SELECT dossier_id, {member} FROM (({stored} EXCEPT {staged}) UNION ALL ({staged} EXCEPT {stored})) AS p")
}

/// Names what the staged dossiers change of those that are stored, in `stage_changes`.
pub fn statement() -> String {
    let kinds = "CASE kind WHEN 'supplement' THEN 'supplements' WHEN 'fee' THEN 'fee_requests' ELSE 'suspensions' END";
    let parts = [
        parts_changed("pauses", PAUSE, kinds),
        parts_changed("apologies", APOLOGY, "'apologies'"),
        parts_changed("consultations", CONSULTATION, "'consultations'"),
        parts_changed("findings", FINDING, "'findings'"),
        parts_changed("findings", FINDING, "'finding_details'"),
    ];
    CHANGES.replace("{parts}", &parts.join(" "))
}
