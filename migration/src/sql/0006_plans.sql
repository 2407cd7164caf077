-- Plans with their tree of groups and tasks, who has part in a task, and the work reported on it.
-- Derived columns of a task (starts_on, due_on, proven_on, search) are written with it, from the pure rules.

CREATE TABLE plans (
    id uuid PRIMARY KEY,
    code text NOT NULL CONSTRAINT plan_code_key UNIQUE
        CONSTRAINT plan_code_check CHECK (code ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'),
    document_number text NOT NULL,
    printed_number text,
    document_type text NOT NULL,
    title text NOT NULL CONSTRAINT plan_title_check CHECK (btrim(title) <> ''),
    issuer_id uuid NOT NULL CONSTRAINT plan_issuer_fkey REFERENCES departments (id) ON DELETE RESTRICT,
    issuer_name text,
    issuer_province text,
    issued_on date NOT NULL,
    signed_by jsonb,
    year integer NOT NULL,
    starts_on date NOT NULL,
    ends_on date NOT NULL,
    legal_bases jsonb NOT NULL DEFAULT '[]',
    purposes jsonb NOT NULL DEFAULT '[]',
    requirements jsonb NOT NULL DEFAULT '[]',
    organisation jsonb NOT NULL DEFAULT '[]',
    recipients jsonb NOT NULL DEFAULT '[]',
    reporting_duties jsonb NOT NULL DEFAULT '[]',
    notes jsonb NOT NULL DEFAULT '[]',
    search text NOT NULL,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT plan_period_check CHECK (starts_on <= ends_on)
);
CREATE INDEX plan_issuer_idx ON plans (issuer_id);

COMMENT ON TABLE plans IS 'A plan as issued: its head, its chapters and what it asks to be reported.';
COMMENT ON COLUMN plans.id IS 'UUIDv7.';
COMMENT ON COLUMN plans.code IS 'Natural key, safe in a URL: kh-1186-skhdt-2022.';
COMMENT ON COLUMN plans.document_number IS 'Number and symbol of the document: 1186/KH-SKHĐT.';
COMMENT ON COLUMN plans.printed_number IS 'The number as printed, where that differs.';
COMMENT ON COLUMN plans.document_type IS 'Kind of document in the office''s words: Kế hoạch.';
COMMENT ON COLUMN plans.title IS 'Title, verbatim.';
COMMENT ON COLUMN plans.issuer_id IS 'The department that issued it.';
COMMENT ON COLUMN plans.issuer_name IS 'The issuer as printed.';
COMMENT ON COLUMN plans.issuer_province IS 'Province of the issuer.';
COMMENT ON COLUMN plans.issued_on IS 'Day of issue.';
COMMENT ON COLUMN plans.signed_by IS 'Who signed: {name, position}.';
COMMENT ON COLUMN plans.year IS 'The year the plan is for.';
COMMENT ON COLUMN plans.starts_on IS 'First day of the plan; bounds tasks without a beginning.';
COMMENT ON COLUMN plans.ends_on IS 'Last day of the plan; bounds tasks without an end.';
COMMENT ON COLUMN plans.legal_bases IS 'Documents it rests on: [{number, issued_on, issuer, title}].';
COMMENT ON COLUMN plans.purposes IS 'Purposes, verbatim, with the indicators they name: [{text, kpis}].';
COMMENT ON COLUMN plans.requirements IS 'Requirements, verbatim: [{text}].';
COMMENT ON COLUMN plans.organisation IS 'How it is carried out, verbatim: [{printed_number, text, reporting_duties}].';
COMMENT ON COLUMN plans.recipients IS 'To whom it was sent: [{text, codes, purpose, channel}].';
COMMENT ON COLUMN plans.reporting_duties IS 'Who reports what to whom and when: [{code, what, source, from, via, to, schedule, internal_due, notes}].';
COMMENT ON COLUMN plans.notes IS 'Our remarks on the source.';
COMMENT ON COLUMN plans.search IS 'Title and number in lower case without accents.';
COMMENT ON COLUMN plans.version IS 'Grows with every change.';
COMMENT ON COLUMN plans.created_at IS 'When the row was made.';
COMMENT ON COLUMN plans.updated_at IS 'When the row was last changed.';

CREATE TABLE plan_groups (
    id uuid PRIMARY KEY,
    plan_id uuid NOT NULL CONSTRAINT plan_group_plan_fkey REFERENCES plans (id) ON DELETE CASCADE,
    parent_id uuid CONSTRAINT plan_group_parent_fkey REFERENCES plan_groups (id) ON DELETE CASCADE
        CONSTRAINT plan_group_parent_check CHECK (parent_id <> id),
    code text NOT NULL CONSTRAINT plan_group_code_check CHECK (code ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'),
    position integer NOT NULL CONSTRAINT plan_group_position_check CHECK (position > 0),
    printed_number text,
    title text NOT NULL,
    kpis text[] NOT NULL DEFAULT '{}',
    CONSTRAINT plan_group_code_key UNIQUE (plan_id, code),
    CONSTRAINT plan_group_position_key UNIQUE (plan_id, position) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX plan_group_parent_idx ON plan_groups (parent_id);

COMMENT ON TABLE plan_groups IS 'The headings that a plan orders its tasks under, as a tree.';
COMMENT ON COLUMN plan_groups.id IS 'UUIDv7.';
COMMENT ON COLUMN plan_groups.plan_id IS 'The plan.';
COMMENT ON COLUMN plan_groups.parent_id IS 'The group above.';
COMMENT ON COLUMN plan_groups.code IS 'Unique within the plan: II.1.';
COMMENT ON COLUMN plan_groups.position IS 'Order on paper, from 1.';
COMMENT ON COLUMN plan_groups.printed_number IS 'Number as printed: text, not a key.';
COMMENT ON COLUMN plan_groups.title IS 'Heading, verbatim.';
COMMENT ON COLUMN plan_groups.kpis IS 'Codes of the indicators that the whole group serves.';

CREATE TABLE tasks (
    id uuid PRIMARY KEY,
    code text NOT NULL CONSTRAINT task_code_key UNIQUE
        CONSTRAINT task_code_check CHECK (code ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,128}$'),
    plan_id uuid NOT NULL CONSTRAINT task_plan_fkey REFERENCES plans (id) ON DELETE RESTRICT,
    group_id uuid CONSTRAINT task_group_fkey REFERENCES plan_groups (id) ON DELETE RESTRICT,
    local_code text NOT NULL,
    position integer NOT NULL CONSTRAINT task_position_check CHECK (position > 0),
    printed_number text,
    title text NOT NULL CONSTRAINT task_title_check CHECK (btrim(title) <> ''),
    outputs jsonb NOT NULL DEFAULT '[]',
    schedule_kind text NOT NULL CONSTRAINT task_schedule_kind_check CHECK (schedule_kind IN
        ('from', 'in', 'before', 'ongoing', 'recurring', 'after_event', 'already_done')),
    schedule_text text NOT NULL,
    schedule_start_on date,
    schedule_end_on date,
    schedule_before_on date,
    schedule_quarter smallint CONSTRAINT task_schedule_quarter_check CHECK (schedule_quarter BETWEEN 1 AND 4),
    schedule_month smallint CONSTRAINT task_schedule_month_check CHECK (schedule_month BETWEEN 1 AND 12),
    schedule_event text,
    schedule_recurrence jsonb,
    schedule_year_printed boolean NOT NULL DEFAULT false,
    method jsonb NOT NULL DEFAULT '[]',
    lead_basis text CONSTRAINT task_lead_basis_check CHECK (lead_basis IN ('stated', 'mixed', 'inferred', 'none')),
    evidence jsonb NOT NULL DEFAULT '[]',
    notes jsonb NOT NULL DEFAULT '[]',
    starts_on date,
    due_on date,
    proven_on date,
    search text NOT NULL,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT task_local_code_key UNIQUE (plan_id, local_code),
    CONSTRAINT task_position_key UNIQUE (plan_id, position) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT task_schedule_dates_check CHECK (schedule_start_on <= schedule_end_on),
    CONSTRAINT task_schedule_needs_check CHECK (CASE schedule_kind
        WHEN 'from' THEN schedule_start_on IS NOT NULL
        WHEN 'in' THEN schedule_start_on IS NOT NULL AND schedule_end_on IS NOT NULL
        WHEN 'before' THEN schedule_before_on IS NOT NULL
        WHEN 'recurring' THEN schedule_recurrence IS NOT NULL
        WHEN 'after_event' THEN schedule_event IS NOT NULL
        ELSE true END)
);
CREATE INDEX task_group_idx ON tasks (group_id);
CREATE INDEX task_due_idx ON tasks (due_on);

COMMENT ON TABLE tasks IS 'The tasks of a plan: what to do, by whom, when, and what shows that it was done.';
COMMENT ON COLUMN tasks.id IS 'UUIDv7.';
COMMENT ON COLUMN tasks.code IS 'Unique across plans: the plan''s code, a dot, and local_code.';
COMMENT ON COLUMN tasks.plan_id IS 'The plan.';
COMMENT ON COLUMN tasks.group_id IS 'The heading it stands under.';
COMMENT ON COLUMN tasks.local_code IS 'Unique within the plan and kept through amendments: II.1-1.1a.';
COMMENT ON COLUMN tasks.position IS 'Order on paper, from 1.';
COMMENT ON COLUMN tasks.printed_number IS 'Number as printed: text, not a key.';
COMMENT ON COLUMN tasks.title IS 'The task, verbatim.';
COMMENT ON COLUMN tasks.outputs IS 'Results or products, verbatim: [text].';
COMMENT ON COLUMN tasks.schedule_kind IS 'What kind of schedule the words give.';
COMMENT ON COLUMN tasks.schedule_text IS 'The schedule, verbatim.';
COMMENT ON COLUMN tasks.schedule_start_on IS 'First day that the schedule gives.';
COMMENT ON COLUMN tasks.schedule_end_on IS 'Last day in time that the schedule gives.';
COMMENT ON COLUMN tasks.schedule_before_on IS 'The day before which it must be done.';
COMMENT ON COLUMN tasks.schedule_quarter IS 'Quarter that the words name.';
COMMENT ON COLUMN tasks.schedule_month IS 'Month that the words name.';
COMMENT ON COLUMN tasks.schedule_event IS 'The event that the task waits for.';
COMMENT ON COLUMN tasks.schedule_recurrence IS 'How it recurs: {frequency, interval, months, at, occurrences}.';
COMMENT ON COLUMN tasks.schedule_year_printed IS 'Whether the year is printed, not taken from the plan.';
COMMENT ON COLUMN tasks.method IS 'How it is done, verbatim, with the units named: [{text, departments, role, role_basis, with, external, persons}].';
COMMENT ON COLUMN tasks.lead_basis IS 'Whether the lead is written in the source or inferred.';
COMMENT ON COLUMN tasks.evidence IS 'Documents that the plan itself names: [{type, number, issued_on, issuer, title, relation}].';
COMMENT ON COLUMN tasks.notes IS 'Our remarks on the source.';
COMMENT ON COLUMN tasks.starts_on IS 'Derived: when work begins; null while the task waits for an event.';
COMMENT ON COLUMN tasks.due_on IS 'Derived: last day in time; null while the task waits for an event.';
COMMENT ON COLUMN tasks.proven_on IS 'Derived: day of the document that proves a task already done.';
COMMENT ON COLUMN tasks.search IS 'Title in lower case without accents.';
COMMENT ON COLUMN tasks.version IS 'Grows with every change and every act.';
COMMENT ON COLUMN tasks.created_at IS 'When the row was made.';
COMMENT ON COLUMN tasks.updated_at IS 'When the row was last changed.';

CREATE TABLE task_departments (
    task_id uuid NOT NULL CONSTRAINT task_department_task_fkey REFERENCES tasks (id) ON DELETE CASCADE,
    department_id uuid NOT NULL CONSTRAINT task_department_department_fkey REFERENCES departments (id) ON DELETE RESTRICT,
    role text NOT NULL CONSTRAINT task_department_role_check CHECK (role IN ('lead', 'coordinate')),
    position integer NOT NULL CONSTRAINT task_department_position_check CHECK (position > 0),
    PRIMARY KEY (task_id, department_id)
);
CREATE INDEX task_department_department_idx ON task_departments (department_id);

COMMENT ON TABLE task_departments IS 'Departments and collectives that a task names as leading or co-operating.';
COMMENT ON COLUMN task_departments.task_id IS 'The task.';
COMMENT ON COLUMN task_departments.department_id IS 'The department or collective.';
COMMENT ON COLUMN task_departments.role IS 'lead (chủ trì) or coordinate (phối hợp).';
COMMENT ON COLUMN task_departments.position IS 'Order within the role, from 1.';

CREATE TABLE task_kpis (
    task_id uuid NOT NULL CONSTRAINT task_kpi_task_fkey REFERENCES tasks (id) ON DELETE CASCADE,
    kpi_code text NOT NULL,
    relation text NOT NULL CONSTRAINT task_kpi_relation_check CHECK (relation IN ('kpi', 'sub_index')),
    position integer NOT NULL CONSTRAINT task_kpi_position_check CHECK (position > 0),
    PRIMARY KEY (task_id, kpi_code)
);
CREATE INDEX task_kpi_code_idx ON task_kpis (kpi_code);

COMMENT ON TABLE task_kpis IS 'Indicators that a task serves.';
COMMENT ON COLUMN task_kpis.task_id IS 'The task.';
COMMENT ON COLUMN task_kpis.kpi_code IS 'Code of the indicator, which may be entered later than the plan.';
COMMENT ON COLUMN task_kpis.relation IS 'kpi: the task is measured by it; sub_index: the task is to improve it.';
COMMENT ON COLUMN task_kpis.position IS 'Order within the relation, from 1.';

CREATE TABLE progress_reports (
    id uuid PRIMARY KEY,
    task_id uuid NOT NULL CONSTRAINT progress_report_task_fkey REFERENCES tasks (id) ON DELETE RESTRICT,
    department_id uuid NOT NULL CONSTRAINT progress_report_department_fkey REFERENCES departments (id) ON DELETE RESTRICT,
    period text NOT NULL
        CONSTRAINT progress_report_period_check CHECK (period ~ '^[0-9]{4}(-(0[1-9]|1[0-2]|Q[1-4]|H[12]))?$'),
    content text NOT NULL,
    percent smallint CONSTRAINT progress_report_percent_check CHECK (percent BETWEEN 0 AND 100),
    evidence jsonb NOT NULL DEFAULT '[]',
    reported_by text NOT NULL,
    reported_at timestamptz NOT NULL,
    CONSTRAINT progress_report_key UNIQUE (task_id, department_id, period)
);
CREATE INDEX progress_report_department_idx ON progress_reports (department_id);

COMMENT ON TABLE progress_reports IS 'What a department reported on a task for a period; one report each.';
COMMENT ON COLUMN progress_reports.id IS 'UUIDv7.';
COMMENT ON COLUMN progress_reports.task_id IS 'The task.';
COMMENT ON COLUMN progress_reports.department_id IS 'The department that reports.';
COMMENT ON COLUMN progress_reports.period IS 'Year, half, quarter or month: 2022, 2022-H1, 2022-Q2, 2022-06.';
COMMENT ON COLUMN progress_reports.content IS 'What was done.';
COMMENT ON COLUMN progress_reports.percent IS 'How much of the task is done, as the department sees it.';
COMMENT ON COLUMN progress_reports.evidence IS 'Documents that show it: [{document_number, issued_on, title, link}].';
COMMENT ON COLUMN progress_reports.reported_by IS 'User name of who reported.';
COMMENT ON COLUMN progress_reports.reported_at IS 'When it was reported.';

CREATE TABLE task_completions (
    task_id uuid PRIMARY KEY CONSTRAINT task_completion_task_fkey REFERENCES tasks (id) ON DELETE RESTRICT,
    completed_on date NOT NULL,
    summary text NOT NULL,
    evidence jsonb NOT NULL CONSTRAINT task_completion_evidence_check CHECK (jsonb_array_length(evidence) > 0),
    completed_by text NOT NULL,
    recorded_at timestamptz NOT NULL
);

COMMENT ON TABLE task_completions IS 'The explicit closing of a task, with its evidence.';
COMMENT ON COLUMN task_completions.task_id IS 'The task.';
COMMENT ON COLUMN task_completions.completed_on IS 'The day it was done.';
COMMENT ON COLUMN task_completions.summary IS 'What was achieved.';
COMMENT ON COLUMN task_completions.evidence IS 'Documents that show it: [{document_number, issued_on, title, link}].';
COMMENT ON COLUMN task_completions.completed_by IS 'User name of who closed it.';
COMMENT ON COLUMN task_completions.recorded_at IS 'When that was recorded.';

CREATE FUNCTION with_collectives(ids uuid[]) RETURNS uuid[] LANGUAGE sql STABLE PARALLEL SAFE AS $$
    WITH RECURSIVE belongs AS (
        SELECT unnest(ids) AS id
        UNION
        SELECT m.collective_id FROM department_members m JOIN belongs b ON b.id = m.member_id
    )
    SELECT array_agg(id) FROM belongs
$$;
COMMENT ON FUNCTION with_collectives(uuid[]) IS 'The departments given and every collective that they are members of, directly or through another collective.';
