-- Obstacles that departments meet, explanations that they owe, and reports that are due: what was asked, answered and sent.

CREATE TABLE obstacle_numbers (
    year integer PRIMARY KEY,
    last integer NOT NULL CONSTRAINT obstacle_number_last_check CHECK (last > 0)
);
COMMENT ON TABLE obstacle_numbers IS 'The last number given to an obstacle in each year.';
COMMENT ON COLUMN obstacle_numbers.year IS 'Year, in Vietnam.';
COMMENT ON COLUMN obstacle_numbers.last IS 'The last number given.';

CREATE TABLE obstacles (
    id uuid PRIMARY KEY,
    code text NOT NULL CONSTRAINT obstacle_code_key UNIQUE,
    department_id uuid NOT NULL CONSTRAINT obstacle_department_fkey REFERENCES departments (id) ON DELETE RESTRICT,
    title text NOT NULL CONSTRAINT obstacle_title_check CHECK (btrim(title) <> ''),
    description text NOT NULL,
    about_type text CONSTRAINT obstacle_about_type_check CHECK (about_type IN ('task', 'dossier', 'procedure', 'plan', 'kpi')),
    about_code text,
    proposal text,
    answer_by_on date,
    state text NOT NULL CONSTRAINT obstacle_state_check CHECK (state IN ('raised', 'answered', 'escalated', 'decided', 'closed', 'withdrawn')),
    raised_on date NOT NULL,
    search text NOT NULL,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT obstacle_about_check CHECK ((about_type IS NULL) = (about_code IS NULL))
);
CREATE INDEX obstacle_department_idx ON obstacles (department_id);
CREATE INDEX obstacle_open_idx ON obstacles (state) WHERE state IN ('raised', 'answered', 'escalated', 'decided');

COMMENT ON TABLE obstacles IS 'What keeps a department from its work (vướng mắc), from being raised to being closed.';
COMMENT ON COLUMN obstacles.id IS 'UUIDv7.';
COMMENT ON COLUMN obstacles.code IS 'Number in its year: VM-2022-0007.';
COMMENT ON COLUMN obstacles.department_id IS 'The department that raised it.';
COMMENT ON COLUMN obstacles.title IS 'In a line.';
COMMENT ON COLUMN obstacles.description IS 'What the obstacle is.';
COMMENT ON COLUMN obstacles.about_type IS 'What kind of thing it is about.';
COMMENT ON COLUMN obstacles.about_code IS 'Code of what it is about.';
COMMENT ON COLUMN obstacles.proposal IS 'What the department proposes.';
COMMENT ON COLUMN obstacles.answer_by_on IS 'Day by which the department wishes an answer.';
COMMENT ON COLUMN obstacles.state IS 'Where it stands; follows from the last step.';
COMMENT ON COLUMN obstacles.raised_on IS 'Day on which it was raised, in Vietnam.';
COMMENT ON COLUMN obstacles.search IS 'Code and title in lower case without accents.';
COMMENT ON COLUMN obstacles.version IS 'Counts the steps; the ETag of the resource.';
COMMENT ON COLUMN obstacles.created_at IS 'When the row was made.';
COMMENT ON COLUMN obstacles.updated_at IS 'When the row was last changed.';

CREATE TABLE obstacle_steps (
    obstacle_id uuid NOT NULL CONSTRAINT obstacle_step_obstacle_fkey REFERENCES obstacles (id) ON DELETE CASCADE,
    n integer NOT NULL CONSTRAINT obstacle_step_n_check CHECK (n > 0),
    act text NOT NULL CONSTRAINT obstacle_step_act_check CHECK (act IN ('raise', 'answer', 'escalate', 'decide', 'close', 'withdraw')),
    text text,
    document_no text,
    decision text CONSTRAINT obstacle_step_decision_check CHECK (decision IN ('agreed', 'agreed_in_part', 'declined', 'directed')),
    follow_up text,
    follow_up_department_id uuid CONSTRAINT obstacle_step_department_fkey REFERENCES departments (id) ON DELETE RESTRICT,
    follow_up_due_on date,
    done_by text NOT NULL,
    done_at timestamptz NOT NULL,
    PRIMARY KEY (obstacle_id, n),
    CONSTRAINT obstacle_step_decided_check CHECK ((act = 'decide') = (decision IS NOT NULL))
);
CREATE INDEX obstacle_step_department_idx ON obstacle_steps (follow_up_department_id);

COMMENT ON TABLE obstacle_steps IS 'What was done about an obstacle, in order.';
COMMENT ON COLUMN obstacle_steps.obstacle_id IS 'The obstacle.';
COMMENT ON COLUMN obstacle_steps.n IS 'Order, from 1.';
COMMENT ON COLUMN obstacle_steps.act IS 'What was done.';
COMMENT ON COLUMN obstacle_steps.text IS 'In which words.';
COMMENT ON COLUMN obstacle_steps.document_no IS 'Number of the document, where there is one.';
COMMENT ON COLUMN obstacle_steps.decision IS 'How the director decided.';
COMMENT ON COLUMN obstacle_steps.follow_up IS 'What is to be done after the decision.';
COMMENT ON COLUMN obstacle_steps.follow_up_department_id IS 'Who is to do it.';
COMMENT ON COLUMN obstacle_steps.follow_up_due_on IS 'Last day for it.';
COMMENT ON COLUMN obstacle_steps.done_by IS 'User name of who did it.';
COMMENT ON COLUMN obstacle_steps.done_at IS 'When it was done.';

CREATE TABLE explanations (
    id uuid PRIMARY KEY,
    department_id uuid NOT NULL CONSTRAINT explanation_department_fkey REFERENCES departments (id) ON DELETE RESTRICT,
    period text NOT NULL,
    period_set text NOT NULL CONSTRAINT explanation_period_set_check CHECK (period_set IN ('administrative', 'calendar')),
    cause text NOT NULL CONSTRAINT explanation_cause_check CHECK (btrim(cause) <> ''),
    remedy text NOT NULL CONSTRAINT explanation_remedy_check CHECK (btrim(remedy) <> ''),
    remedy_due_on date,
    responsible text,
    state text NOT NULL CONSTRAINT explanation_state_check CHECK (state IN ('draft', 'handed_in', 'returned', 'accepted')),
    handed_in_at timestamptz,
    handed_in_by text,
    reviewed_at timestamptz,
    reviewed_by text,
    remark text,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX explanation_department_idx ON explanations (department_id);
CREATE INDEX explanation_period_idx ON explanations (period, period_set);

COMMENT ON TABLE explanations IS 'Why something was not reached or not in time in a period, and what is done about it (giải trình).';
COMMENT ON COLUMN explanations.id IS 'UUIDv7.';
COMMENT ON COLUMN explanations.department_id IS 'The department that explains.';
COMMENT ON COLUMN explanations.period IS 'Code of the period.';
COMMENT ON COLUMN explanations.period_set IS 'How the period is cut.';
COMMENT ON COLUMN explanations.cause IS 'Why it came so.';
COMMENT ON COLUMN explanations.remedy IS 'What is done about it.';
COMMENT ON COLUMN explanations.remedy_due_on IS 'Day by which the remedy works.';
COMMENT ON COLUMN explanations.responsible IS 'Who sees to it.';
COMMENT ON COLUMN explanations.state IS 'Where it stands.';
COMMENT ON COLUMN explanations.handed_in_at IS 'When it was last handed in.';
COMMENT ON COLUMN explanations.handed_in_by IS 'User name of who handed it in.';
COMMENT ON COLUMN explanations.reviewed_at IS 'When the office last accepted or returned it.';
COMMENT ON COLUMN explanations.reviewed_by IS 'User name of who did so.';
COMMENT ON COLUMN explanations.remark IS 'Why it was returned, or a word with the acceptance or, before that, with the handing in.';
COMMENT ON COLUMN explanations.version IS 'Counts the changes; the ETag of the resource.';
COMMENT ON COLUMN explanations.created_at IS 'When the row was made.';
COMMENT ON COLUMN explanations.updated_at IS 'When the row was last changed.';

CREATE TABLE explanation_subjects (
    explanation_id uuid NOT NULL CONSTRAINT explanation_subject_explanation_fkey REFERENCES explanations (id) ON DELETE CASCADE,
    n integer NOT NULL CONSTRAINT explanation_subject_n_check CHECK (n > 0),
    department_id uuid NOT NULL CONSTRAINT explanation_subject_department_fkey REFERENCES departments (id) ON DELETE RESTRICT,
    period text NOT NULL,
    period_set text NOT NULL CONSTRAINT explanation_subject_period_set_check CHECK (period_set IN ('administrative', 'calendar')),
    kind text NOT NULL CONSTRAINT explanation_subject_kind_check CHECK (kind IN ('kpi', 'task', 'late_dossiers', 'finding')),
    code text NOT NULL,
    field text,
    facts jsonb NOT NULL,
    PRIMARY KEY (explanation_id, n),
    CONSTRAINT explanation_subject_key UNIQUE NULLS NOT DISTINCT (department_id, period, period_set, kind, code, field)
);

COMMENT ON TABLE explanation_subjects IS 'What an explanation is about; each thing of a period is explained once by a department.';
COMMENT ON COLUMN explanation_subjects.explanation_id IS 'The explanation.';
COMMENT ON COLUMN explanation_subjects.n IS 'Order, from 1.';
COMMENT ON COLUMN explanation_subjects.department_id IS 'As of the explanation.';
COMMENT ON COLUMN explanation_subjects.period IS 'As of the explanation.';
COMMENT ON COLUMN explanation_subjects.period_set IS 'As of the explanation.';
COMMENT ON COLUMN explanation_subjects.kind IS 'An indicator that was not met, a late task, the late dossiers, or a kind of finding.';
COMMENT ON COLUMN explanation_subjects.code IS 'Code of the indicator or task, kind of finding; late_dossiers.';
COMMENT ON COLUMN explanation_subjects.field IS 'Field of procedures that the figure is about.';
COMMENT ON COLUMN explanation_subjects.facts IS 'What was owed when it was explained: figure and target, due day, count.';

CREATE TABLE duties (
    id uuid PRIMARY KEY,
    code text NOT NULL CONSTRAINT duty_code_key UNIQUE
        CONSTRAINT duty_code_check CHECK (code ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'),
    plan_id uuid CONSTRAINT duty_plan_fkey REFERENCES plans (id) ON DELETE RESTRICT,
    what text NOT NULL CONSTRAINT duty_what_check CHECK (btrim(what) <> ''),
    source text,
    schedule jsonb NOT NULL,
    valid_from date NOT NULL,
    valid_to date,
    notes jsonb NOT NULL DEFAULT '[]',
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT duty_validity_check CHECK (valid_from <= valid_to)
);
CREATE INDEX duty_plan_idx ON duties (plan_id);

COMMENT ON TABLE duties IS 'Who reports what to whom and when (chế độ báo cáo).';
COMMENT ON COLUMN duties.id IS 'UUIDv7.';
COMMENT ON COLUMN duties.code IS 'Natural key; that of a duty of a plan begins with the code of the plan.';
COMMENT ON COLUMN duties.plan_id IS 'The plan that sets it.';
COMMENT ON COLUMN duties.what IS 'What is reported, verbatim.';
COMMENT ON COLUMN duties.source IS 'Where the plan or letter says so.';
COMMENT ON COLUMN duties.schedule IS 'When: {text, day_off, monthly, dates}.';
COMMENT ON COLUMN duties.valid_from IS 'First day on which a report may be due.';
COMMENT ON COLUMN duties.valid_to IS 'Last day on which a report may be due; null while it holds.';
COMMENT ON COLUMN duties.notes IS 'Remarks: [text].';
COMMENT ON COLUMN duties.version IS 'Counts the changes; the ETag of the resource.';
COMMENT ON COLUMN duties.created_at IS 'When the row was made.';
COMMENT ON COLUMN duties.updated_at IS 'When the row was last changed.';

CREATE TABLE duty_departments (
    duty_id uuid NOT NULL CONSTRAINT duty_department_duty_fkey REFERENCES duties (id) ON DELETE CASCADE,
    role text NOT NULL CONSTRAINT duty_department_role_check CHECK (role IN ('from', 'via', 'to')),
    department_id uuid NOT NULL CONSTRAINT duty_department_department_fkey REFERENCES departments (id) ON DELETE RESTRICT,
    position integer NOT NULL CONSTRAINT duty_department_position_check CHECK (position > 0),
    PRIMARY KEY (duty_id, role, department_id)
);
CREATE INDEX duty_department_department_idx ON duty_departments (department_id);

COMMENT ON TABLE duty_departments IS 'Who reports, through whom, and to whom.';
COMMENT ON COLUMN duty_departments.duty_id IS 'The duty.';
COMMENT ON COLUMN duty_departments.role IS 'from: hands in; via: passes on; to: receives.';
COMMENT ON COLUMN duty_departments.department_id IS 'The department or collective.';
COMMENT ON COLUMN duty_departments.position IS 'Order within the role, from 1.';

CREATE TABLE duty_occurrences (
    id uuid PRIMARY KEY,
    duty_id uuid NOT NULL CONSTRAINT duty_occurrence_duty_fkey REFERENCES duties (id) ON DELETE RESTRICT,
    period text NOT NULL,
    label text,
    due_on date,
    internal_due_on date,
    reason text,
    consolidation jsonb,
    consolidated_by text,
    consolidated_at timestamptz,
    dispatch jsonb,
    sent_on date,
    dispatched_by text,
    dispatched_at timestamptz,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT duty_occurrence_key UNIQUE (duty_id, period),
    CONSTRAINT duty_occurrence_dates_check CHECK (internal_due_on <= due_on),
    CONSTRAINT duty_occurrence_consolidated_check CHECK ((consolidation IS NULL) = (consolidated_at IS NULL)),
    CONSTRAINT duty_occurrence_sent_check CHECK ((dispatch IS NULL) = (sent_on IS NULL))
);

COMMENT ON TABLE duty_occurrences IS 'A report of one period once something was done about it; before that it follows from the duty alone.';
COMMENT ON COLUMN duty_occurrences.id IS 'UUIDv7.';
COMMENT ON COLUMN duty_occurrences.duty_id IS 'The duty.';
COMMENT ON COLUMN duty_occurrences.period IS 'Code of the period: 2022, 2022H1, 2022-06.';
COMMENT ON COLUMN duty_occurrences.label IS 'Name given to it.';
COMMENT ON COLUMN duty_occurrences.due_on IS 'Last day, where it was set for this one; otherwise it follows from the duty.';
COMMENT ON COLUMN duty_occurrences.internal_due_on IS 'Last day for the departments, where it was set for this one.';
COMMENT ON COLUMN duty_occurrences.reason IS 'Why the dates were set.';
COMMENT ON COLUMN duty_occurrences.consolidation IS 'What the office made of the parts: {document_no, summary, missing}.';
COMMENT ON COLUMN duty_occurrences.consolidated_by IS 'User name of who consolidated.';
COMMENT ON COLUMN duty_occurrences.consolidated_at IS 'When it was consolidated.';
COMMENT ON COLUMN duty_occurrences.dispatch IS 'The proof that it was sent: {document_no, sent_on, to, channel, evidence}.';
COMMENT ON COLUMN duty_occurrences.sent_on IS 'Day on which it was sent.';
COMMENT ON COLUMN duty_occurrences.dispatched_by IS 'User name of who recorded that it was sent.';
COMMENT ON COLUMN duty_occurrences.dispatched_at IS 'When that was recorded.';
COMMENT ON COLUMN duty_occurrences.version IS 'Counts the changes; the ETag of the resource, 0 before anything was done.';
COMMENT ON COLUMN duty_occurrences.created_at IS 'When the row was made.';
COMMENT ON COLUMN duty_occurrences.updated_at IS 'When the row was last changed.';

CREATE TABLE duty_hand_ins (
    occurrence_id uuid NOT NULL CONSTRAINT duty_hand_in_occurrence_fkey REFERENCES duty_occurrences (id) ON DELETE RESTRICT,
    department_id uuid NOT NULL CONSTRAINT duty_hand_in_department_fkey REFERENCES departments (id) ON DELETE RESTRICT,
    content text NOT NULL CONSTRAINT duty_hand_in_content_check CHECK (btrim(content) <> ''),
    figures jsonb NOT NULL DEFAULT '[]',
    documents jsonb NOT NULL DEFAULT '[]',
    handed_in_on date NOT NULL,
    handed_in_by text NOT NULL,
    handed_in_at timestamptz NOT NULL,
    revised_at timestamptz,
    PRIMARY KEY (occurrence_id, department_id)
);
CREATE INDEX duty_hand_in_department_idx ON duty_hand_ins (department_id);

COMMENT ON TABLE duty_hand_ins IS 'The part of a report that a department handed in.';
COMMENT ON COLUMN duty_hand_ins.occurrence_id IS 'The report.';
COMMENT ON COLUMN duty_hand_ins.department_id IS 'The department.';
COMMENT ON COLUMN duty_hand_ins.content IS 'What it reports.';
COMMENT ON COLUMN duty_hand_ins.figures IS 'Its figures: [{name, value, unit}].';
COMMENT ON COLUMN duty_hand_ins.documents IS 'Documents handed in: [{document_no, issued_on, title, link}].';
COMMENT ON COLUMN duty_hand_ins.handed_in_on IS 'Day on which it was first handed in; a revision does not change it.';
COMMENT ON COLUMN duty_hand_ins.handed_in_by IS 'User name of who handed it in last.';
COMMENT ON COLUMN duty_hand_ins.handed_in_at IS 'When it was first recorded.';
COMMENT ON COLUMN duty_hand_ins.revised_at IS 'When it was last replaced, before the consolidation.';

CREATE FUNCTION without_collectives(ids uuid[]) RETURNS uuid[] LANGUAGE sql STABLE PARALLEL SAFE AS $$
    WITH RECURSIVE part AS (
        SELECT unnest(ids) AS id
        UNION
        SELECT m.member_id FROM department_members m JOIN part p ON p.id = m.collective_id
    )
    SELECT array_agg(p.id) FROM part p WHERE NOT EXISTS (SELECT 1 FROM department_members m WHERE m.collective_id = p.id)
$$;
COMMENT ON FUNCTION without_collectives(uuid[]) IS 'The departments given, collectives replaced by their members, directly or through another collective.';

CREATE FUNCTION late_tasks(first date, last date) RETURNS TABLE (task_id uuid, due_on date, done_on date) LANGUAGE sql STABLE AS $$
    SELECT t.id, min(o.due_on), CASE WHEN bool_and(done.done_on IS NOT NULL) THEN max(done.done_on) END
      FROM task_occurrences o
      JOIN tasks t ON t.id = o.task_id
     CROSS JOIN LATERAL (SELECT CASE WHEN o.completed_on <= last THEN o.completed_on
                                     WHEN t.schedule_kind = 'already_done' THEN coalesce(t.proven_on, o.due_on) END AS done_on) AS done
     WHERE (t.cancelled_on IS NULL OR t.cancelled_on > last) AND (t.not_applicable_on IS NULL OR t.not_applicable_on > last)
       AND CASE WHEN done.done_on IS NULL THEN o.due_on < last AND (o.handed_in_on IS NULL OR o.handed_in_on > last)
                ELSE done.done_on > o.due_on AND done.done_on BETWEEN first AND last END
     GROUP BY t.id
$$;
COMMENT ON FUNCTION late_tasks(date, date) IS 'Tasks of which an occurrence was done late between two days, or was overdue at the end of the second; with its first due date.';
