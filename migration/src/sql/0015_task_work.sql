-- Work on tasks: the periods in which they are done, who was given them, what was handed in and shown, extensions of time; and tasks
-- that come from above, without a plan.

ALTER TABLE tasks ALTER COLUMN plan_id DROP NOT NULL;
ALTER TABLE tasks
    ADD COLUMN origin text NOT NULL DEFAULT 'plan' CONSTRAINT task_origin_check CHECK (origin IN ('plan', 'assigned')),
    ADD COLUMN issuer_id uuid CONSTRAINT task_issuer_fkey REFERENCES departments (id) ON DELETE RESTRICT,
    ADD COLUMN document_number text,
    ADD COLUMN document_on date,
    ADD COLUMN parent_id uuid CONSTRAINT task_parent_fkey REFERENCES tasks (id) ON DELETE RESTRICT
        CONSTRAINT task_parent_check CHECK (parent_id <> id),
    ADD COLUMN cancel_document text,
    ADD COLUMN trigger_on date,
    ADD COLUMN trigger_due_on date,
    ADD COLUMN trigger_document text,
    ADD COLUMN trigger_note text,
    ADD CONSTRAINT task_origin_needs_check CHECK (CASE origin
        WHEN 'plan' THEN plan_id IS NOT NULL AND issuer_id IS NULL
        ELSE plan_id IS NULL AND issuer_id IS NOT NULL AND document_number IS NOT NULL AND document_on IS NOT NULL END),
    ADD CONSTRAINT task_trigger_check CHECK (trigger_on <= trigger_due_on);
CREATE INDEX task_issuer_idx ON tasks (issuer_id);
CREATE INDEX task_parent_idx ON tasks (parent_id);
COMMENT ON COLUMN tasks.plan_id IS 'The plan; null for a task from above.';
COMMENT ON COLUMN tasks.origin IS 'plan, or assigned from above by a document of its own.';
COMMENT ON COLUMN tasks.issuer_id IS 'Who assigned a task from above.';
COMMENT ON COLUMN tasks.document_number IS 'The document that assigns a task from above.';
COMMENT ON COLUMN tasks.document_on IS 'Day of that document.';
COMMENT ON COLUMN tasks.parent_id IS 'The task that this one is a part of; it is not due later than that.';
COMMENT ON COLUMN tasks.cancel_document IS 'Number of the document that gave it up.';
COMMENT ON COLUMN tasks.trigger_on IS 'The day on which the event came that the task waited for.';
COMMENT ON COLUMN tasks.trigger_due_on IS 'Last day in time after that event.';
COMMENT ON COLUMN tasks.trigger_document IS 'Number of the document that tells of the event.';
COMMENT ON COLUMN tasks.trigger_note IS 'A remark on the event, or why its day was corrected.';

CREATE TABLE task_occurrences (
    task_id uuid NOT NULL CONSTRAINT task_occurrence_task_fkey REFERENCES tasks (id) ON DELETE CASCADE,
    n integer NOT NULL CONSTRAINT task_occurrence_n_check CHECK (n > 0),
    key text NOT NULL,
    label text NOT NULL,
    period text,
    starts_on date,
    first_due_on date,
    due_on date,
    internal_due_on date,
    handed_in_on date,
    returned_on date,
    completed_on date,
    PRIMARY KEY (task_id, n),
    CONSTRAINT task_occurrence_key UNIQUE (task_id, key)
);
CREATE INDEX task_occurrence_due_idx ON task_occurrences (due_on);
CREATE INDEX task_occurrence_first_due_idx ON task_occurrences (first_due_on);

COMMENT ON TABLE task_occurrences IS 'The times a task is to be done: one for a plain task, one a period for those that go on or recur. Derived by the pure rules; what has work on it stays.';
COMMENT ON COLUMN task_occurrences.task_id IS 'The task.';
COMMENT ON COLUMN task_occurrences.n IS 'Number within the task, from 1; never given again.';
COMMENT ON COLUMN task_occurrences.key IS 'What it is known by when the schedule changes: its period, the name that the plan gives it, or empty for a plain task.';
COMMENT ON COLUMN task_occurrences.label IS 'How it is called.';
COMMENT ON COLUMN task_occurrences.period IS 'Its period: 2022-06, 2022-Q2, 2022-W23.';
COMMENT ON COLUMN task_occurrences.starts_on IS 'First day; null while the task waits for an event.';
COMMENT ON COLUMN task_occurrences.first_due_on IS 'Last day in time by the schedule; never moved by an extension.';
COMMENT ON COLUMN task_occurrences.due_on IS 'Last day in time now, approved extensions included.';
COMMENT ON COLUMN task_occurrences.internal_due_on IS 'Last day of the earlier deadline inside the department.';
COMMENT ON COLUMN task_occurrences.handed_in_on IS 'The day it was handed in, while the office has not decided.';
COMMENT ON COLUMN task_occurrences.returned_on IS 'The day the office returned it, until it is handed in again.';
COMMENT ON COLUMN task_occurrences.completed_on IS 'The day it was done, once it is closed.';

INSERT INTO task_occurrences (task_id, n, key, label, starts_on, first_due_on, due_on, completed_on)
SELECT t.id, 1, '', t.schedule_text, t.starts_on, t.due_on, t.due_on, c.completed_on
  FROM tasks t LEFT JOIN task_completions c ON c.task_id = t.id;

ALTER TABLE progress_reports ADD COLUMN occurrence integer;
UPDATE progress_reports SET occurrence = 1;
ALTER TABLE progress_reports ALTER COLUMN occurrence SET NOT NULL,
    ADD CONSTRAINT progress_report_occurrence_fkey FOREIGN KEY (task_id, occurrence)
        REFERENCES task_occurrences (task_id, n) ON DELETE RESTRICT;
CREATE INDEX progress_report_occurrence_idx ON progress_reports (task_id, occurrence);
COMMENT ON COLUMN progress_reports.occurrence IS 'The occurrence of the task that the period falls into.';

CREATE TABLE task_submissions (
    task_id uuid NOT NULL CONSTRAINT task_submission_task_fkey REFERENCES tasks (id) ON DELETE RESTRICT,
    n integer NOT NULL CONSTRAINT task_submission_n_check CHECK (n > 0),
    occurrence integer,
    department_id uuid NOT NULL CONSTRAINT task_submission_department_fkey REFERENCES departments (id) ON DELETE RESTRICT,
    completed_on date NOT NULL,
    summary text NOT NULL,
    evidence jsonb NOT NULL CONSTRAINT task_submission_evidence_check CHECK (jsonb_array_length(evidence) > 0),
    status text NOT NULL CONSTRAINT task_submission_status_check CHECK (status IN ('open', 'confirmed', 'returned')),
    submitted_by text NOT NULL,
    submitted_at timestamptz NOT NULL,
    decided_by text,
    decided_at timestamptz,
    reason text,
    PRIMARY KEY (task_id, n),
    CONSTRAINT task_submission_occurrence_fkey FOREIGN KEY (task_id, occurrence)
        REFERENCES task_occurrences (task_id, n) ON DELETE RESTRICT,
    CONSTRAINT task_submission_decided_check CHECK ((status = 'open') = (decided_at IS NULL) AND (status <> 'returned' OR reason IS NOT NULL))
);
CREATE INDEX task_submission_occurrence_idx ON task_submissions (task_id, occurrence);
CREATE INDEX task_submission_department_idx ON task_submissions (department_id);
CREATE UNIQUE INDEX task_submission_open_key ON task_submissions (task_id, coalesce(occurrence, 0)) WHERE status = 'open';

COMMENT ON TABLE task_submissions IS 'What was handed in as done, and what became of it: the office confirms or returns. A task that is closed at once has one that is confirmed.';
COMMENT ON COLUMN task_submissions.task_id IS 'The task.';
COMMENT ON COLUMN task_submissions.n IS 'Number within the task, from 1.';
COMMENT ON COLUMN task_submissions.occurrence IS 'The occurrence; null for the whole task.';
COMMENT ON COLUMN task_submissions.department_id IS 'The department that handed it in.';
COMMENT ON COLUMN task_submissions.completed_on IS 'The day it was done.';
COMMENT ON COLUMN task_submissions.summary IS 'What was achieved.';
COMMENT ON COLUMN task_submissions.evidence IS 'Documents that show it: [{document_number, issued_on, title, link}].';
COMMENT ON COLUMN task_submissions.status IS 'open until the office decides; confirmed or returned.';
COMMENT ON COLUMN task_submissions.submitted_by IS 'User name of who handed it in.';
COMMENT ON COLUMN task_submissions.submitted_at IS 'When it was handed in.';
COMMENT ON COLUMN task_submissions.decided_by IS 'User name of who confirmed or returned it.';
COMMENT ON COLUMN task_submissions.decided_at IS 'When that was decided.';
COMMENT ON COLUMN task_submissions.reason IS 'Why it was returned, or a remark on the confirmation.';

CREATE TABLE task_extensions (
    task_id uuid NOT NULL CONSTRAINT task_extension_task_fkey REFERENCES tasks (id) ON DELETE RESTRICT,
    n integer NOT NULL CONSTRAINT task_extension_n_check CHECK (n > 0),
    occurrence integer NOT NULL,
    department_id uuid NOT NULL CONSTRAINT task_extension_department_fkey REFERENCES departments (id) ON DELETE RESTRICT,
    reason text NOT NULL CONSTRAINT task_extension_reason_check CHECK (btrim(reason) <> ''),
    old_due_on date NOT NULL,
    new_due_on date NOT NULL,
    status text NOT NULL CONSTRAINT task_extension_status_check CHECK (status IN ('asked', 'counter_proposed', 'approved', 'rejected', 'withdrawn')),
    counter_due_on date,
    decision_reason text,
    asked_by text NOT NULL,
    asked_at timestamptz NOT NULL,
    decided_by text,
    decided_at timestamptz,
    decided_on date,
    PRIMARY KEY (task_id, n),
    CONSTRAINT task_extension_occurrence_fkey FOREIGN KEY (task_id, occurrence)
        REFERENCES task_occurrences (task_id, n) ON DELETE RESTRICT,
    CONSTRAINT task_extension_later_check CHECK (new_due_on > old_due_on AND (counter_due_on IS NULL OR counter_due_on > old_due_on)),
    CONSTRAINT task_extension_decided_check CHECK ((status IN ('asked', 'counter_proposed')) = (decided_on IS NULL))
);
CREATE UNIQUE INDEX task_extension_open_key ON task_extensions (task_id) WHERE status IN ('asked', 'counter_proposed');
CREATE INDEX task_extension_occurrence_idx ON task_extensions (task_id, occurrence);
CREATE INDEX task_extension_department_idx ON task_extensions (department_id);

COMMENT ON TABLE task_extensions IS 'Requests for more time: at most one open for a task. The due date in force is that of the last one approved; what was due before stays here.';
COMMENT ON COLUMN task_extensions.task_id IS 'The task.';
COMMENT ON COLUMN task_extensions.n IS 'Number within the task, from 1.';
COMMENT ON COLUMN task_extensions.occurrence IS 'The occurrence.';
COMMENT ON COLUMN task_extensions.department_id IS 'The department that asks.';
COMMENT ON COLUMN task_extensions.reason IS 'Why more time is needed.';
COMMENT ON COLUMN task_extensions.old_due_on IS 'Last day in time when it was asked.';
COMMENT ON COLUMN task_extensions.new_due_on IS 'The day asked for.';
COMMENT ON COLUMN task_extensions.status IS 'Where the request stands.';
COMMENT ON COLUMN task_extensions.counter_due_on IS 'The day offered instead.';
COMMENT ON COLUMN task_extensions.decision_reason IS 'Why it was rejected, or another day offered.';
COMMENT ON COLUMN task_extensions.asked_by IS 'User name of who asked.';
COMMENT ON COLUMN task_extensions.asked_at IS 'When it was asked.';
COMMENT ON COLUMN task_extensions.decided_by IS 'User name of who decided last.';
COMMENT ON COLUMN task_extensions.decided_at IS 'When that was.';
COMMENT ON COLUMN task_extensions.decided_on IS 'The day on which the request came to an end.';

CREATE TABLE task_assignments (
    task_id uuid NOT NULL CONSTRAINT task_assignment_task_fkey REFERENCES tasks (id) ON DELETE RESTRICT,
    department_id uuid NOT NULL CONSTRAINT task_assignment_department_fkey REFERENCES departments (id) ON DELETE RESTRICT,
    role text NOT NULL CONSTRAINT task_assignment_role_check CHECK (role IN ('lead', 'coordinate')),
    officers text[] NOT NULL DEFAULT '{}',
    note text,
    status text NOT NULL CONSTRAINT task_assignment_status_check CHECK (status IN ('assigned', 'accepted', 'refused')),
    assigned_by text NOT NULL,
    assigned_at timestamptz NOT NULL,
    answered_by text,
    answered_at timestamptz,
    reason text,
    PRIMARY KEY (task_id, department_id),
    CONSTRAINT task_assignment_answer_check CHECK ((status = 'assigned') = (answered_at IS NULL) AND (status <> 'refused' OR reason IS NOT NULL))
);
CREATE INDEX task_assignment_department_idx ON task_assignments (department_id);

COMMENT ON TABLE task_assignments IS 'To which departments, and to whom in them, a task was given; and whether they took it.';
COMMENT ON COLUMN task_assignments.task_id IS 'The task.';
COMMENT ON COLUMN task_assignments.department_id IS 'The department.';
COMMENT ON COLUMN task_assignments.role IS 'lead (chủ trì) or coordinate (phối hợp).';
COMMENT ON COLUMN task_assignments.officers IS 'User names of those who do it.';
COMMENT ON COLUMN task_assignments.note IS 'What was said with it.';
COMMENT ON COLUMN task_assignments.status IS 'assigned until the department answers; accepted, or refused with a reason.';
COMMENT ON COLUMN task_assignments.assigned_by IS 'User name of who assigned it.';
COMMENT ON COLUMN task_assignments.assigned_at IS 'When it was assigned last.';
COMMENT ON COLUMN task_assignments.answered_by IS 'User name of who answered for the department.';
COMMENT ON COLUMN task_assignments.answered_at IS 'When it answered.';
COMMENT ON COLUMN task_assignments.reason IS 'Why it was refused.';

CREATE TABLE task_evidence (
    task_id uuid NOT NULL CONSTRAINT task_evidence_task_fkey REFERENCES tasks (id) ON DELETE RESTRICT,
    n integer NOT NULL CONSTRAINT task_evidence_n_check CHECK (n > 0),
    department_id uuid NOT NULL CONSTRAINT task_evidence_department_fkey REFERENCES departments (id) ON DELETE RESTRICT,
    document_number text,
    issued_on date,
    title text,
    link text,
    media_type text,
    size_bytes integer,
    sha256 text,
    content bytea,
    added_by text NOT NULL,
    added_at timestamptz NOT NULL,
    PRIMARY KEY (task_id, n),
    CONSTRAINT task_evidence_content_check CHECK ((content IS NULL) = (media_type IS NULL) AND (content IS NULL) = (size_bytes IS NULL)
        AND (content IS NULL) = (sha256 IS NULL))
);
CREATE INDEX task_evidence_department_idx ON task_evidence (department_id);

COMMENT ON TABLE task_evidence IS 'Documents that show work on a task, some with a small file.';
COMMENT ON COLUMN task_evidence.task_id IS 'The task.';
COMMENT ON COLUMN task_evidence.n IS 'Number within the task, from 1.';
COMMENT ON COLUMN task_evidence.department_id IS 'The department that shows it.';
COMMENT ON COLUMN task_evidence.document_number IS 'Number and symbol of the document.';
COMMENT ON COLUMN task_evidence.issued_on IS 'Day of the document.';
COMMENT ON COLUMN task_evidence.title IS 'What it is.';
COMMENT ON COLUMN task_evidence.link IS 'Where it can be read.';
COMMENT ON COLUMN task_evidence.media_type IS 'What the file is, as told by its first bytes.';
COMMENT ON COLUMN task_evidence.size_bytes IS 'Size of the file.';
COMMENT ON COLUMN task_evidence.sha256 IS 'Fingerprint of the file, in hexadecimal.';
COMMENT ON COLUMN task_evidence.content IS 'The file.';
COMMENT ON COLUMN task_evidence.added_by IS 'User name of who added it.';
COMMENT ON COLUMN task_evidence.added_at IS 'When it was added.';

-- Who has part in a task: whom it names, and whom it was assigned to and did not refuse.
CREATE VIEW task_parts AS
SELECT task_id, department_id, role, position FROM task_departments
UNION ALL
SELECT a.task_id, a.department_id, a.role, 1000 FROM task_assignments a
 WHERE a.status <> 'refused'
   AND NOT EXISTS (SELECT 1 FROM task_departments d WHERE d.task_id = a.task_id AND d.department_id = a.department_id AND d.role = a.role);

COMMENT ON VIEW task_parts IS 'Who has part in a task: whom it names, and whom it was assigned to and did not refuse.';
COMMENT ON COLUMN task_parts.task_id IS 'The task.';
COMMENT ON COLUMN task_parts.department_id IS 'The department or collective.';
COMMENT ON COLUMN task_parts.role IS 'lead (chủ trì) or coordinate (phối hợp).';
COMMENT ON COLUMN task_parts.position IS 'Order within the role; whom it was assigned to comes last.';

-- Indicators on tasks.
ALTER TABLE kpis DROP CONSTRAINT kpi_formula_check;
ALTER TABLE kpis ADD CONSTRAINT kpi_formula_check CHECK (formula IN
    ('on_time_rate', 'on_time_rate_ii06a', 'online_rate', 'apology_coverage', 'supplement_rate', 'refusal_rate',
     'e_document_rate', 'e_office_drafted_rate', 'task_on_time_rate', 'tasks_overdue_or_extended', 'plan_completion_rate'));
