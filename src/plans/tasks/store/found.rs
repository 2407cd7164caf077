//! One task with everything that acts on it are judged by.

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};
use serde::Deserialize;
use uuid::Uuid;

use super::{FROM, OCCURRENCES, OccurrenceRow, SCHEDULE, has_part, indicators, part, seen, standing};
use crate::auth::{Permission, Reach};
use crate::http::values::Key;
use crate::http::{Call, Day};
use crate::plans::model::{LeadBasis, Schedule, TaskState};
use crate::plans::store::documents;
use crate::plans::tasks::rules::{self, May, Stand, Standing};
use crate::plans::tasks::wire::{
    AssignmentStatus, AssignmentView, ClosingSuggestion, CompletionView, EvidenceView, ExtensionStatus, ExtensionView, ProgressReportView,
    SubmissionStatus, SubmissionView, TaskAct, TaskEnd, TaskOccurrence, TaskOrigin, TaskTrigger, TaskView,
};
use crate::plans::wire::{MethodStep, NamedDocument};

/// A department with part in a task.
#[derive(Clone, Debug, Deserialize)]
pub struct Partner {
    pub id: Uuid,
    pub code: String,
    pub role: String,
}

#[derive(Clone, Deserialize)]
pub struct Found {
    pub id: Uuid,
    pub code: String,
    pub origin: TaskOrigin,
    pub plan: Option<String>,
    /// First day of the plan, or of the document that assigns the task.
    pub plan_from: Day,
    pub plan_to: Option<Day>,
    /// The department that issued the plan, or assigned the task.
    pub issuer_id: Uuid,
    group: Option<String>,
    local_code: String,
    position: i32,
    printed_number: Option<String>,
    pub title: String,
    objective: Option<String>,
    outputs: Vec<String>,
    pub schedule: Schedule,
    starts_on: Option<Day>,
    pub due_on: Option<Day>,
    proven_on: Option<Day>,
    method: Vec<MethodStep>,
    lead: Vec<String>,
    lead_basis: Option<LeadBasis>,
    coordinate: Vec<String>,
    kpis: Vec<String>,
    sub_indices: Vec<String>,
    evidence: Vec<NamedDocument>,
    budget: Option<String>,
    replaces: Vec<String>,
    notes: Vec<String>,
    dropped_in: Option<i32>,
    moved_to: Option<String>,
    pub progress_reports: Vec<ProgressReportView>,
    pub completion: Option<CompletionView>,
    document_number: Option<String>,
    document_on: Option<Day>,
    issuer: Option<String>,
    parent: Option<String>,
    pub parent_due_on: Option<Day>,
    pub occurrences: Vec<OccurrenceRow>,
    pub assignments: Vec<AssignmentView>,
    pub submissions: Vec<SubmissionView>,
    pub extensions: Vec<ExtensionView>,
    pub documents: Vec<EvidenceView>,
    pub trigger: Option<TaskTrigger>,
    cancelled: Option<TaskEnd>,
    not_applicable: Option<TaskEnd>,
    /// Whom it names, and whom it was given to and who did not refuse.
    pub parts: Vec<Partner>,
    /// The caller may report for a department that has part.
    may_report: bool,
    pub version: i32,
}

impl Found {
    pub fn state(&self, today: NaiveDate) -> TaskState {
        let states: Vec<TaskState> = self.occurrences.iter().map(|o| o.state(self.schedule.kind, self.proven_on, today)).collect();
        rules::task_state(self.standing(), &states)
    }

    fn standing(&self) -> Standing {
        standing(self.cancelled.as_ref().map(|e| e.on), self.not_applicable.as_ref().map(|e| e.on))
    }

    pub fn leads(&self) -> impl Iterator<Item = &Partner> {
        self.parts.iter().filter(|p| p.role == "lead")
    }

    /// Whether every time of it is closed.
    pub fn is_closed(&self) -> bool {
        self.completion.is_some() || self.occurrences.iter().all(|o| o.completed_on.is_some())
    }

    /// The request for more time that waits for an answer.
    pub fn open_extension(&self) -> Option<&ExtensionView> {
        self.extensions.iter().find(|e| matches!(e.status, ExtensionStatus::Asked | ExtensionStatus::CounterProposed))
    }

    pub fn stand(&self) -> Stand {
        Stand {
            standing: self.standing(),
            closed: self.is_closed(),
            kind: self.schedule.kind,
            handed_in: self.submissions.iter().any(|s| s.status == SubmissionStatus::Open),
            to_hand_in: self.occurrences.iter().any(|o| o.completed_on.is_none() && o.handed_in_on.is_none()),
            confirmed: self.occurrences.iter().any(|o| o.completed_on.is_some()),
            extension: self.open_extension().map(|e| e.status),
            assigned: self.assignments.iter().any(|a| a.status == AssignmentStatus::Assigned),
            due: self.occurrences.iter().any(|o| o.completed_on.is_none() && o.due_on.is_some()),
        }
    }

    /// The first department that leads and that a permission reaches; whoever reaches all needs none.
    pub fn leading(&self, reach: &Reach) -> Option<Uuid> {
        self.leads().map(|p| p.id).find(|id| reach.covers(*id))
    }

    pub fn may(&self, reaches: &Reaches) -> May {
        let leads = |reach: &Reach| *reach == Reach::All || self.leading(reach).is_some();
        let pending = |reach: &Reach| {
            let waits = |p: &&Partner| self.assignments.iter().any(|a| a.department == p.code && a.status == AssignmentStatus::Assigned);
            self.parts.iter().filter(waits).any(|p| reach.covers(p.id))
        };
        May {
            report: self.may_report,
            complete: leads(&reaches.complete),
            ask_extension: self.leading(&reaches.ask_extension).is_some(),
            decide_extension: reaches.decide_extension == Reach::All,
            confirm: reaches.confirm == Reach::All,
            write: reaches.write == Reach::All,
            assign: reaches.assign == Reach::All || self.parts.iter().any(|p| reaches.assign.covers(p.id)),
            accept: pending(&reaches.accept),
        }
    }

    pub fn view(self, call: &Call, suggestion: Option<ClosingSuggestion>, today: NaiveDate) -> TaskView {
        let may = self.may(&Reaches::of(call));
        let stand = self.stand();
        let kind = self.schedule.kind;
        let proven_on = self.proven_on;
        let occurrence = |o: &OccurrenceRow| TaskOccurrence {
            n: o.n,
            label: o.label.clone(),
            period: o.period.clone(),
            starts_on: o.starts_on,
            first_due_on: o.first_due_on,
            due_on: o.due_on,
            internal_due_on: o.internal_due_on,
            completed_on: o.completed_on,
            state: rules::task_state(self.standing(), &[o.state(kind, proven_on, today)]),
        };
        TaskView {
            state: self.state(today),
            allowed_acts: rules::allowed_acts(&stand, &may),
            first_due_on: self.occurrences.iter().filter_map(|o| o.first_due_on).max(),
            occurrences: self.occurrences.iter().map(occurrence).collect(),
            closing_suggested: suggestion.filter(|_| stand.standing == Standing::Holds && !stand.closed),
            id: self.id,
            code: self.code,
            origin: self.origin,
            plan: self.plan,
            group: self.group,
            local_code: self.local_code,
            position: self.position,
            printed_number: self.printed_number,
            title: self.title,
            objective: self.objective,
            outputs: self.outputs,
            schedule: self.schedule,
            starts_on: self.starts_on,
            due_on: self.due_on,
            method: self.method,
            lead: self.lead,
            lead_basis: self.lead_basis,
            coordinate: self.coordinate,
            kpis: self.kpis,
            sub_indices: self.sub_indices,
            evidence: self.evidence,
            budget: self.budget,
            replaces: self.replaces,
            notes: self.notes,
            dropped_in: self.dropped_in,
            moved_to: self.moved_to,
            progress_reports: self.progress_reports,
            completion: self.completion,
            document_number: self.document_number,
            document_on: self.document_on,
            issuer: self.issuer,
            parent: self.parent,
            assignments: self.assignments,
            submissions: self.submissions,
            extensions: self.extensions,
            documents: self.documents,
            trigger: self.trigger,
            cancelled: self.cancelled,
            not_applicable: self.not_applicable,
            version: self.version,
        }
    }

    /// Whether the state of the task allows an act, whoever acts.
    pub fn allows(&self, act: TaskAct) -> bool {
        rules::possible_acts(&self.stand()).contains(&act)
    }
}

/// What a caller's permissions on tasks reach.
pub struct Reaches {
    pub read: Reach,
    pub report: Reach,
    pub complete: Reach,
    pub ask_extension: Reach,
    pub decide_extension: Reach,
    pub confirm: Reach,
    pub write: Reach,
    pub assign: Reach,
    pub accept: Reach,
}

impl Reaches {
    pub fn of(call: &Call) -> Reaches {
        let reach = |permission| call.actor.reach(permission);
        Reaches {
            read: reach(Permission::ReadTask),
            report: reach(Permission::ReportTask),
            complete: reach(Permission::CompleteTask),
            ask_extension: reach(Permission::AskExtension),
            decide_extension: reach(Permission::DecideExtension),
            confirm: reach(Permission::ConfirmTask),
            write: reach(Permission::WriteTask),
            assign: reach(Permission::AssignTask),
            accept: reach(Permission::AcceptTask),
        }
    }
}

const WORK: &str = "'progress_reports', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', r.id, 'department', d.code, 'period', r.period,
            'content', r.content, 'percent', r.percent, 'evidence', r.evidence, 'reported_by', r.reported_by,
            'reported_at', r.reported_at) ORDER BY r.reported_at, r.id), '[]')
        FROM progress_reports r JOIN departments d ON d.id = r.department_id WHERE r.task_id = t.id),
    'completion', CASE WHEN c.task_id IS NOT NULL THEN jsonb_build_object('completed_on', c.completed_on, 'summary', c.summary,
        'evidence', c.evidence, 'completed_by', c.completed_by, 'recorded_at', c.recorded_at) END,
    'assignments', (SELECT coalesce(jsonb_agg(jsonb_build_object('department', d.code, 'role', a.role, 'officers', a.officers,
            'note', a.note, 'status', a.status, 'assigned_by', a.assigned_by, 'assigned_at', a.assigned_at, 'answered_by', a.answered_by,
            'answered_at', a.answered_at, 'reason', a.reason) ORDER BY a.assigned_at, d.code), '[]')
        FROM task_assignments a JOIN departments d ON d.id = a.department_id WHERE a.task_id = t.id),
    'submissions', (SELECT coalesce(jsonb_agg(jsonb_build_object('n', s.n, 'occurrence', s.occurrence, 'department', d.code,
            'completed_on', s.completed_on, 'summary', s.summary, 'evidence', s.evidence, 'status', s.status,
            'submitted_by', s.submitted_by, 'submitted_at', s.submitted_at, 'decided_by', s.decided_by, 'decided_at', s.decided_at,
            'reason', s.reason) ORDER BY s.n), '[]')
        FROM task_submissions s JOIN departments d ON d.id = s.department_id WHERE s.task_id = t.id),
    'extensions', (SELECT coalesce(jsonb_agg(jsonb_build_object('n', e.n, 'occurrence', e.occurrence, 'department', d.code,
            'reason', e.reason, 'old_due_on', e.old_due_on, 'new_due_on', e.new_due_on, 'status', e.status,
            'counter_due_on', e.counter_due_on, 'decision_reason', e.decision_reason, 'asked_by', e.asked_by, 'asked_at', e.asked_at,
            'decided_by', e.decided_by, 'decided_at', e.decided_at) ORDER BY e.n), '[]')
        FROM task_extensions e JOIN departments d ON d.id = e.department_id WHERE e.task_id = t.id),
    'documents', (SELECT coalesce(jsonb_agg(jsonb_build_object('n', v.n, 'department', d.code, 'document_number', v.document_number,
            'issued_on', v.issued_on, 'title', v.title, 'link', v.link, 'added_by', v.added_by, 'added_at', v.added_at,
            'file', CASE WHEN v.sha256 IS NOT NULL THEN jsonb_build_object('media_type', v.media_type, 'size_bytes', v.size_bytes,
                'sha256', v.sha256) END) ORDER BY v.n), '[]')
        FROM task_evidence v JOIN departments d ON d.id = v.department_id WHERE v.task_id = t.id)";

/// The task that a key names, if the caller may see it.
pub async fn find(db: &impl ConnectionTrait, reaches: &Reaches, key: &Key) -> Result<Option<Found>, DbErr> {
    let named = match key {
        Key::Id(_) => "t.id = $3",
        Key::Code(_) => "t.code = $3",
    };
    let head = format!(
        "jsonb_build_object('id', t.id, 'code', t.code, 'origin', t.origin, 'plan', p.code, 'plan_from', coalesce(p.starts_on, t.document_on),
                'plan_to', p.ends_on, 'issuer_id', coalesce(t.issuer_id, p.issuer_id), 'group', g.code,
                'local_code', t.local_code, 'position', t.position, 'printed_number', t.printed_number, 'title', t.title,
                'outputs', t.outputs, 'schedule', {SCHEDULE}, 'starts_on', t.starts_on, 'due_on', t.due_on, 'proven_on', t.proven_on,
                'method', t.method, 'lead', {lead}, 'lead_basis', t.lead_basis, 'coordinate', {coordinate}, 'kpis', {kpis},
                'sub_indices', {sub_indices}, 'evidence', t.evidence, 'notes', t.notes, 'may_report', {may_report}, 'version', t.version)",
        lead = part("lead"),
        coordinate = part("coordinate"),
        kpis = indicators("kpi"),
        sub_indices = indicators("sub_index"),
        may_report = has_part(2),
    );
    let sql = format!(
        "SELECT {head} || jsonb_build_object({WORK}) || jsonb_build_object('objective', t.objective, 'budget', t.budget, 'replaces', t.replaces,
                'dropped_in', t.dropped_in, 'moved_to', (SELECT m.code FROM tasks m WHERE m.id = t.moved_to_id),
                'document_number', t.document_number,
                'document_on', t.document_on, 'issuer', (SELECT i.code FROM departments i WHERE i.id = t.issuer_id),
                'parent', above.code, 'parent_due_on', above.due_on, 'occurrences', {OCCURRENCES},
                'trigger', CASE WHEN t.trigger_on IS NOT NULL THEN jsonb_build_object('occurred_on', t.trigger_on,
                    'due_on', t.trigger_due_on, 'document_number', t.trigger_document, 'note', t.trigger_note) END,
                'cancelled', CASE WHEN t.cancelled_on IS NOT NULL THEN jsonb_build_object('on', t.cancelled_on, 'reason', t.cancel_reason,
                    'document_number', t.cancel_document) END,
                'not_applicable', CASE WHEN t.not_applicable_on IS NOT NULL THEN jsonb_build_object('on', t.not_applicable_on,
                    'reason', t.not_applicable_reason, 'document_number', NULL) END,
                'parts', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', td.department_id, 'code', d.code, 'role', td.role)
                        ORDER BY td.position), '[]')
                    FROM task_parts td JOIN departments d ON d.id = td.department_id WHERE td.task_id = t.id)) AS doc
           FROM {FROM} LEFT JOIN tasks above ON above.id = t.parent_id WHERE {seen} AND {named}",
        seen = seen()
    );
    let key = match key {
        Key::Id(id) => (*id).into(),
        Key::Code(code) => code.as_str().into(),
    };
    let values = vec![reaches.read.ids().into(), reaches.report.ids().into(), key];
    Ok(documents(db, sql, values).await?.into_iter().next())
}

/// Locks a task against other acts, then reads it as it is now.
pub async fn lock(tx: &impl ConnectionTrait, reaches: &Reaches, key: &Key) -> Result<Option<Found>, DbErr> {
    let (named, value): (_, sea_orm::Value) = match key {
        Key::Id(id) => ("t.id = $2", (*id).into()),
        Key::Code(code) => ("t.code = $2", code.as_str().into()),
    };
    let sql = format!("SELECT t.id FROM tasks t WHERE {} AND {named} FOR UPDATE OF t", seen());
    tx.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, [reaches.read.ids().into(), value])).await?;
    find(tx, reaches, key).await
}

/// Whether a department has part in a task, itself or through a collective.
pub async fn takes_part(tx: &impl ConnectionTrait, task: Uuid, department: Uuid) -> Result<bool, DbErr> {
    let sql = format!("SELECT {} AS part FROM tasks t WHERE t.id = $1", has_part(2));
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, [task.into(), vec![department].into()]);
    tx.query_one_raw(statement).await?.map_or(Ok(false), |row| row.try_get("", "part"))
}

/// The last outgoing document that names a task: by it the task seems to be done. Without a register of documents there is none.
pub async fn suggestion(db: &impl ConnectionTrait, task: &Found) -> Result<Option<ClosingSuggestion>, DbErr> {
    let kept = Statement::from_string(DbBackend::Postgres, "SELECT to_regclass('documents') IS NOT NULL AS kept");
    if !db.query_one_raw(kept).await?.map_or(Ok(false), |row| row.try_get("", "kept"))? {
        return Ok(None);
    }
    let sql = "SELECT jsonb_build_object('document', coalesce(d.document_number, d.code), 'issued_on', d.issued_on) AS doc
                 FROM documents d WHERE d.task_code = $1 AND d.direction = 'outgoing' AND d.secrecy = 'normal' AND d.voided_at IS NULL
                ORDER BY d.issued_on DESC, d.id DESC LIMIT 1";
    Ok(documents(db, sql, vec![task.code.as_str().into()]).await?.into_iter().next())
}
