//! The state of accepted dossiers as of the end of a day: what all reports stand on.
//!
//! Values of every statement: $1 departments in sight, $2 departments chosen (null for all), $3 and $4 the first and the last
//! day of the period, $5 the day of judgement, $6 the first instant after it, $7 procedure, $8 field.

/// A consultation `c` that was under way then: asked, neither answered nor escalated.
macro_rules! silent {
    () => {
        "c.sent_at < $6::timestamptz AND (c.answered_at IS NULL OR c.answered_at >= $6::timestamptz)
            AND (c.escalated_at IS NULL OR c.escalated_at >= $6::timestamptz)"
    };
}

pub const SILENT: &str = silent!();

/// Which dossiers a report is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relevant {
    /// Accepted by the end of the period, and not finished before it.
    OfThePeriod,
    AcceptedInPeriod,
    AcceptedOrFinishedInPeriod,
    FinishedInPeriod,
    /// Open then, accepted by the end of the period.
    OpenThen,
    /// Open, with a consulted agency that had not answered; without those voided since, of which nothing is due any more.
    Consulting,
}

impl Relevant {
    /// What holds for those finished by the day of judgement, in parts that do not overlap. Those accepted in the period come
    /// first: they lie together.
    fn closed(self) -> &'static [&'static str] {
        const ACCEPTED: &str = "d.accepted_on BETWEEN $3::date AND $4::date";
        match self {
            Relevant::OfThePeriod => &[ACCEPTED, "d.accepted_on < $3::date AND d.finished_on BETWEEN $3::date AND $5::date"],
            Relevant::AcceptedInPeriod => &[ACCEPTED],
            Relevant::AcceptedOrFinishedInPeriod => &[ACCEPTED, "d.accepted_on < $3::date AND d.finished_on BETWEEN $3::date AND $4::date"],
            Relevant::FinishedInPeriod => &[
                "d.accepted_on BETWEEN $3::date AND $4::date AND d.finished_on <= $4::date",
                "d.accepted_on < $3::date AND d.finished_on BETWEEN $3::date AND $4::date",
            ],
            Relevant::OpenThen | Relevant::Consulting => &[],
        }
    }

    /// What holds for those that were open then.
    fn open(self) -> &'static str {
        match self {
            Relevant::OfThePeriod | Relevant::OpenThen => "d.accepted_on <= $4::date",
            Relevant::AcceptedInPeriod | Relevant::AcceptedOrFinishedInPeriod => "d.accepted_on BETWEEN $3::date AND $4::date",
            Relevant::FinishedInPeriod => "false",
            // Asked of each open one, so that the consultations of the closed are not read.
            Relevant::Consulting => {
                concat!("EXISTS (SELECT FROM dossier_consultations c WHERE c.dossier_id = d.id AND ", silent!(), " OFFSET 0)")
            }
        }
    }
}

const COLUMNS: &str =
    "d.id, d.resolving_department_id, d.procedure_id, d.channel, d.accepted_on, d.effective_on, d.finished_on, d.decision,
    d.status, d.timeliness, d.first_due_on, d.due_on, d.due_before, d.supplement_asked_on";

/// Longer than this, and the index of the long ones has it; the migration says the same.
const SHORT_DAYS: u8 = 60;

/// Whose the dossier `d` was then. Few were transferred since: they are looked for in a hash, not joined to every one.
pub const DEPARTMENT: &str = "CASE WHEN d.id IN (SELECT t.dossier_id FROM dossier_transfers t WHERE t.occurred_at >= $6::timestamptz)
    THEN (SELECT t.from_department_id FROM dossier_transfers t WHERE t.dossier_id = d.id AND t.occurred_at >= $6::timestamptz ORDER BY t.n LIMIT 1)
    ELSE d.resolving_department_id END";

/// The dossiers `d` that were in sight and are asked for.
pub fn chosen() -> String {
    format!(
        "($1::uuid[] IS NULL OR {DEPARTMENT} = ANY($1::uuid[])) AND ($2::uuid[] IS NULL OR {DEPARTMENT} = ANY($2::uuid[]))
           AND ($7::uuid IS NULL OR d.procedure_id = $7::uuid)
           AND ($8::text IS NULL OR d.procedure_id IN (SELECT f.id FROM procedures f WHERE f.field_code = $8))"
    )
}

/// The common table expression `state`, to which further ones may be added.
///
/// What had not happened by then is not seen: a later finish leaves the dossier open, a later fulfilment leaves it
/// waiting, a later voiding leaves it as it was. The verdict of a closed dossier is stored and final. For an open one the
/// due date in force is the stored one, unless it has moved since: then it comes from what happened last by then, a pause
/// that began or ended, or a revision of the calendar.
///
/// Each branch is bound by an index, so that what was closed long before or long after costs nothing: those finished in a
/// stretch of days; those open then and finished since, which are either short, and then finished within the next days, or
/// among the few long ones; those still open; those voided since. A dossier transferred since was its former department's.
pub fn state(relevant: Relevant) -> String {
    let (parts, open) = (relevant.closed(), relevant.open());
    let closed = if parts.is_empty() { "false".to_owned() } else { format!("({})", parts.join(") OR (")) };
    let chosen = chosen();
    let since = format!("d.status <> 'voided' AND d.accepted_on <= $5::date AND {open}");
    let mut branches = vec![
        format!(
            "{since} AND d.finished_on > $5::date AND d.finished_on <= $5::date + {SHORT_DAYS} AND d.finished_on - d.accepted_on <= {SHORT_DAYS}"
        ),
        format!("{since} AND d.finished_on > $5::date AND d.finished_on - d.accepted_on > {SHORT_DAYS}"),
        format!("{since} AND d.decision IS NULL"),
    ];
    if relevant != Relevant::Consulting {
        branches.push(format!(
            "d.status = 'voided' AND d.voided_at >= $6::timestamptz AND d.accepted_on <= $5::date
               AND CASE WHEN d.finished_on <= $5::date THEN {closed} ELSE {open} END"
        ));
    }
    let branches: Vec<String> = branches.iter().map(|condition| format!("SELECT {COLUMNS} FROM dossiers d WHERE {condition}")).collect();
    let unsettled = branches.join("\n UNION ALL ");
    let settled: String = parts
        .iter()
        .map(|part| {
            format!(
                "SELECT d.id, {DEPARTMENT} AS department_id, d.procedure_id, d.channel, d.accepted_on, d.effective_on, d.finished_on,
           d.decision, NULL::text AS waiting_for, d.timeliness, coalesce(d.due_on, d.due_before) AS due_on, d.supplement_asked_on
      FROM dossiers d
     WHERE d.status <> 'voided' AND d.accepted_on <= $5::date AND d.finished_on <= $5::date AND {part} AND {chosen}
     UNION ALL "
            )
        })
        .collect();
    format!(
        "WITH state AS (
    {settled}
    SELECT d.id, {DEPARTMENT} AS department_id, d.procedure_id, d.channel, d.accepted_on, d.effective_on,
           CASE WHEN by_then.closed THEN d.finished_on END AS finished_on,
           CASE WHEN by_then.closed THEN d.decision END AS decision,
           CASE WHEN NOT by_then.closed AND pause.waiting THEN pause.kind END AS waiting_for,
           CASE WHEN NOT by_then.closed THEN
                    CASE WHEN pause.waiting OR due.due_on IS NULL OR due.due_on >= $5::date THEN 'in_time' ELSE 'overdue' END
                WHEN due.due_on IS NULL OR due.due_on = d.finished_on THEN 'on_time'
                WHEN d.finished_on < due.due_on THEN 'early'
                WHEN pause.waiting AND pause.from_on <= due.due_on THEN 'on_time'
                ELSE 'late' END AS timeliness,
           due.due_on, d.supplement_asked_on
      FROM ({unsettled}) d
     CROSS JOIN LATERAL (SELECT coalesce(d.finished_on <= $5::date, false) AS closed) AS by_then
      LEFT JOIN LATERAL (
               SELECT p.kind, p.to_at IS NULL OR p.to_at >= $6::timestamptz AS waiting, p.due_before, p.due_after,
                      CASE WHEN p.to_at < $6::timestamptz THEN p.to_at ELSE p.from_at END AS last_at,
                      (p.from_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date AS from_on
                 FROM dossier_pauses p
                WHERE p.dossier_id = d.id AND p.from_at < $6::timestamptz
                ORDER BY p.from_at DESC, p.to_at DESC NULLS FIRST, array_position(ARRAY['supplement', 'fee', 'suspension'], p.kind) DESC, p.n DESC
                 LIMIT 1) AS pause ON true
     CROSS JOIN LATERAL (
               SELECT EXISTS (SELECT FROM dossier_pauses p
                               WHERE p.dossier_id = d.id AND (p.from_at >= $6::timestamptz OR p.to_at >= $6::timestamptz) OFFSET 0)
                      OR EXISTS (SELECT FROM calendar_revision_moves m WHERE m.dossier_id = d.id AND m.moved_at >= $6::timestamptz OFFSET 0) AS moved
             ) AS since
      LEFT JOIN LATERAL (
               SELECT m.moved_at, coalesce(m.due_on, m.due_before) AS due_on FROM calendar_revision_moves m
                WHERE since.moved AND m.dossier_id = d.id AND m.moved_at < $6::timestamptz ORDER BY m.moved_at DESC LIMIT 1) AS move ON true
     CROSS JOIN LATERAL (
               SELECT CASE WHEN NOT since.moved THEN coalesce(d.due_on, d.due_before)
                           WHEN move.moved_at >= coalesce(pause.last_at, '-infinity') THEN move.due_on
                           WHEN pause.kind IS NULL THEN d.first_due_on WHEN pause.waiting THEN pause.due_before
                           ELSE pause.due_after END AS due_on) AS due
     WHERE {chosen})"
    )
}

/// An apology that named a new date, sent in time for the state of `s`.
pub const APOLOGISED: &str = "EXISTS (SELECT FROM dossier_apologies a WHERE a.dossier_id = s.id AND a.new_due_on IS NOT NULL
    AND a.sent_on <= coalesce(s.finished_on, $5::date))";
