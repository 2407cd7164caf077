-- What is decided at monthly briefings: each decision stands against an item of the briefing and becomes a task.

CREATE TABLE briefing_decision_numbers (
    year integer CONSTRAINT briefing_decision_number_pkey PRIMARY KEY,
    last integer NOT NULL CONSTRAINT briefing_decision_number_last_check CHECK (last > 0)
);
COMMENT ON TABLE briefing_decision_numbers IS 'The last number given to a decision in each year.';
COMMENT ON COLUMN briefing_decision_numbers.year IS 'Year, in Vietnam.';
COMMENT ON COLUMN briefing_decision_numbers.last IS 'The last number given.';

CREATE TABLE briefing_decisions (
    id uuid CONSTRAINT briefing_decision_pkey PRIMARY KEY,
    code text NOT NULL CONSTRAINT briefing_decision_code_key UNIQUE,
    period text NOT NULL CONSTRAINT briefing_decision_period_check CHECK (period ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'),
    period_set text NOT NULL CONSTRAINT briefing_decision_period_set_check CHECK (period_set IN ('administrative', 'calendar')),
    item text NOT NULL CONSTRAINT briefing_decision_item_check CHECK (item ~ '^[a-z_]+:.'),
    item_title text NOT NULL,
    item_department_id uuid CONSTRAINT briefing_decision_item_department_fkey REFERENCES departments (id) ON DELETE RESTRICT,
    text text NOT NULL CONSTRAINT briefing_decision_text_check CHECK (btrim(text) <> ''),
    held_on date NOT NULL,
    due_on date NOT NULL,
    document_no text,
    ruling text CONSTRAINT briefing_decision_ruling_check CHECK (ruling IN ('agreed', 'agreed_in_part', 'declined', 'directed')),
    task_id uuid NOT NULL CONSTRAINT briefing_decision_task_key UNIQUE
        CONSTRAINT briefing_decision_task_fkey REFERENCES tasks (id) ON DELETE RESTRICT,
    decided_by text NOT NULL,
    revoked_on date,
    revoked_by text,
    revoked_reason text,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT briefing_decision_due_check CHECK (due_on >= held_on),
    CONSTRAINT briefing_decision_revoked_check CHECK (num_nulls(revoked_on, revoked_by, revoked_reason) IN (0, 3))
);
CREATE INDEX briefing_decision_item_department_idx ON briefing_decisions (item_department_id);
CREATE INDEX briefing_decision_period_idx ON briefing_decisions (period, period_set, code COLLATE "C");

COMMENT ON TABLE briefing_decisions IS 'What was decided at a monthly briefing (kết luận giao ban).';
COMMENT ON COLUMN briefing_decisions.id IS 'UUIDv7.';
COMMENT ON COLUMN briefing_decisions.code IS 'Number in the year of the meeting: KL-2022-0007; the code of its task, too.';
COMMENT ON COLUMN briefing_decisions.period IS 'The month that the briefing was about.';
COMMENT ON COLUMN briefing_decisions.period_set IS 'How that month is cut.';
COMMENT ON COLUMN briefing_decisions.item IS 'Key of the item of the briefing: obstacle:VM-2022-0007.';
COMMENT ON COLUMN briefing_decisions.item_title IS 'What the item said then.';
COMMENT ON COLUMN briefing_decisions.item_department_id IS 'The department that the item is about, where it is about one.';
COMMENT ON COLUMN briefing_decisions.text IS 'What was decided; the title of the task.';
COMMENT ON COLUMN briefing_decisions.held_on IS 'Day of the meeting.';
COMMENT ON COLUMN briefing_decisions.due_on IS 'Last day for what was decided, as it was decided; more time is given to the task.';
COMMENT ON COLUMN briefing_decisions.document_no IS 'Number of the notice that makes the decision known.';
COMMENT ON COLUMN briefing_decisions.ruling IS 'How the director decided on the obstacle that is the item; null where the obstacle was left as it was.';
COMMENT ON COLUMN briefing_decisions.task_id IS 'The task that it became.';
COMMENT ON COLUMN briefing_decisions.decided_by IS 'User name of who recorded it.';
COMMENT ON COLUMN briefing_decisions.revoked_on IS 'Day on which it was revoked; null while it stands.';
COMMENT ON COLUMN briefing_decisions.revoked_by IS 'User name of who revoked it.';
COMMENT ON COLUMN briefing_decisions.revoked_reason IS 'Why it was revoked.';
COMMENT ON COLUMN briefing_decisions.version IS 'Counts the changes; the ETag of the resource.';
COMMENT ON COLUMN briefing_decisions.created_at IS 'When the row was made.';
COMMENT ON COLUMN briefing_decisions.updated_at IS 'When the row was last changed.';

CREATE TABLE briefing_decision_departments (
    decision_id uuid NOT NULL CONSTRAINT briefing_decision_department_decision_fkey REFERENCES briefing_decisions (id) ON DELETE CASCADE,
    department_id uuid NOT NULL CONSTRAINT briefing_decision_department_department_fkey REFERENCES departments (id) ON DELETE RESTRICT,
    role text NOT NULL CONSTRAINT briefing_decision_department_role_check CHECK (role IN ('lead', 'coordinate')),
    position integer NOT NULL CONSTRAINT briefing_decision_department_position_check CHECK (position > 0),
    CONSTRAINT briefing_decision_department_pkey PRIMARY KEY (decision_id, department_id)
);
CREATE INDEX briefing_decision_department_idx ON briefing_decision_departments (department_id);

COMMENT ON TABLE briefing_decision_departments IS 'Who is to carry a decision out.';
COMMENT ON COLUMN briefing_decision_departments.decision_id IS 'The decision.';
COMMENT ON COLUMN briefing_decision_departments.department_id IS 'A department, or a collective of them.';
COMMENT ON COLUMN briefing_decision_departments.role IS 'Leads or co-operates.';
COMMENT ON COLUMN briefing_decision_departments.position IS 'Order within the role, from 1.';
