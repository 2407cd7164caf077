-- Every text that a plan has had, by which document it came, and what became of tasks that a later text has no more.

CREATE TABLE plan_versions (
    plan_id uuid NOT NULL CONSTRAINT plan_version_plan_fkey REFERENCES plans (id) ON DELETE CASCADE,
    version integer NOT NULL CONSTRAINT plan_version_version_check CHECK (version > 0),
    kind text NOT NULL CONSTRAINT plan_version_kind_check CHECK (kind IN ('issued', 'corrected', 'imported', 'amended')),
    content jsonb NOT NULL,
    amendment jsonb,
    dropped jsonb NOT NULL DEFAULT '[]',
    effective_on date NOT NULL,
    changed_by text NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (plan_id, version),
    CONSTRAINT plan_version_amendment_check CHECK ((kind = 'amended') = (amendment IS NOT NULL))
);

COMMENT ON TABLE plan_versions IS 'Every text that a plan has had; never changed.';
COMMENT ON COLUMN plan_versions.plan_id IS 'The plan.';
COMMENT ON COLUMN plan_versions.version IS 'The version of the plan that this is the text of.';
COMMENT ON COLUMN plan_versions.kind IS 'issued: the first; corrected: put again; imported: from a table; amended: by a later document.';
COMMENT ON COLUMN plan_versions.content IS 'The whole text, as the body that would put it.';
COMMENT ON COLUMN plan_versions.amendment IS 'The amending document: {document_number, document_type, title, issued_on, signed_by, note}.';
COMMENT ON COLUMN plan_versions.dropped IS 'What became of tasks that it dropped: [{local_code, becomes, reason, to}].';
COMMENT ON COLUMN plan_versions.effective_on IS 'The day from which this text holds.';
COMMENT ON COLUMN plan_versions.changed_by IS 'User name of who entered it.';
COMMENT ON COLUMN plan_versions.changed_at IS 'When it was entered.';

ALTER TABLE tasks
    ADD COLUMN objective text,
    ADD COLUMN budget text,
    ADD COLUMN replaces jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN dropped_in integer CONSTRAINT task_dropped_in_check CHECK (dropped_in > 1),
    ADD COLUMN cancelled_on date,
    ADD COLUMN cancel_reason text,
    ADD COLUMN not_applicable_on date,
    ADD COLUMN not_applicable_reason text,
    ADD COLUMN moved_to_id uuid CONSTRAINT task_moved_to_fkey REFERENCES tasks (id) ON DELETE RESTRICT,
    ADD CONSTRAINT task_cancel_reason_check CHECK ((cancelled_on IS NULL) = (cancel_reason IS NULL)),
    ADD CONSTRAINT task_not_applicable_reason_check CHECK ((not_applicable_on IS NULL) = (not_applicable_reason IS NULL)),
    ADD CONSTRAINT task_moved_to_check CHECK (moved_to_id <> id);
CREATE INDEX task_moved_to_idx ON tasks (moved_to_id);

COMMENT ON COLUMN tasks.objective IS 'What the task is to achieve, verbatim.';
COMMENT ON COLUMN tasks.budget IS 'Money and its source, verbatim.';
COMMENT ON COLUMN tasks.replaces IS 'Local codes of the earlier tasks that it was split from or merged of.';
COMMENT ON COLUMN tasks.dropped_in IS 'The version of the plan since which its text has the task no more; null while it stands there.';
COMMENT ON COLUMN tasks.cancelled_on IS 'The day since which it need not be done.';
COMMENT ON COLUMN tasks.cancel_reason IS 'Why it need not be done.';
COMMENT ON COLUMN tasks.not_applicable_on IS 'The day since which it does not apply.';
COMMENT ON COLUMN tasks.not_applicable_reason IS 'Why it does not apply.';
COMMENT ON COLUMN tasks.moved_to_id IS 'The task that goes on in its place.';
