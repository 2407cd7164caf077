-- Measurements keep every value they had; the figures of a department and period are submitted, approved and locked.

ALTER TABLE kpi_measurements
    ADD COLUMN state text NOT NULL DEFAULT 'final' CONSTRAINT kpi_measurement_state_check CHECK (state IN ('provisional', 'final')),
    ADD COLUMN correction_reason text CONSTRAINT kpi_measurement_reason_check CHECK (btrim(correction_reason) <> ''),
    ADD COLUMN recorded_by text,
    ADD CONSTRAINT kpi_measurement_period_check CHECK (period ~ '^[0-9]{4}(H[12]|Q[1-4]|-9M|-(0[1-9]|1[0-2]))?$');
COMMENT ON COLUMN kpi_measurements.state IS 'Whether the figure is provisional or final';
COMMENT ON COLUMN kpi_measurements.correction_reason IS 'Why this version replaced a final or locked one';
COMMENT ON COLUMN kpi_measurements.recorded_by IS 'User name of who recorded this version; null for those recorded before this was kept';
COMMENT ON TABLE kpi_measurements IS 'Figures of indicators, each with its evidence; those of computed indicators are what was published, beside what is computed';

-- What a share is depends on the indicator's unit, which stands in another table.
CREATE FUNCTION kpi_measurement_share() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.numerator > NEW.denominator OR NEW.value > 100) AND EXISTS (SELECT 1 FROM kpis WHERE id = NEW.kpi_id AND unit = 'percent') THEN
        RAISE EXCEPTION 'a share is at most one' USING ERRCODE = 'check_violation', CONSTRAINT = 'kpi_measurement_share';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER kpi_measurement_share BEFORE INSERT OR UPDATE ON kpi_measurements FOR EACH ROW EXECUTE FUNCTION kpi_measurement_share();

CREATE TABLE kpi_measurement_versions (
    measurement_id uuid NOT NULL CONSTRAINT kpi_measurement_version_measurement_fkey REFERENCES kpi_measurements (id) ON DELETE RESTRICT,
    version integer NOT NULL CONSTRAINT kpi_measurement_version_version_check CHECK (version > 0),
    state text NOT NULL CONSTRAINT kpi_measurement_version_state_check CHECK (state IN ('provisional', 'final')),
    value numeric(15, 6),
    numerator numeric(15, 6),
    denominator numeric(15, 6),
    evidence jsonb NOT NULL,
    note text,
    correction_reason text,
    recorded_by text,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (measurement_id, version)
);
COMMENT ON TABLE kpi_measurement_versions IS 'Every value a measurement has had; rows are only ever added';
COMMENT ON COLUMN kpi_measurement_versions.measurement_id IS 'The measurement';
COMMENT ON COLUMN kpi_measurement_versions.version IS 'Its version then';
COMMENT ON COLUMN kpi_measurement_versions.state IS 'Whether the figure was provisional or final';
COMMENT ON COLUMN kpi_measurement_versions.value IS 'The figure itself, where no ratio was given';
COMMENT ON COLUMN kpi_measurement_versions.numerator IS 'Upper part of a ratio';
COMMENT ON COLUMN kpi_measurement_versions.denominator IS 'Lower part of a ratio';
COMMENT ON COLUMN kpi_measurement_versions.evidence IS 'Documents that proved it: document_number, issued_on, title, link';
COMMENT ON COLUMN kpi_measurement_versions.note IS 'Free text';
COMMENT ON COLUMN kpi_measurement_versions.correction_reason IS 'Why it replaced a final or locked figure';
COMMENT ON COLUMN kpi_measurement_versions.recorded_by IS 'User name of who recorded it, where that is known';
COMMENT ON COLUMN kpi_measurement_versions.recorded_at IS 'When it was recorded';

-- What the audit lines of the past tell, then what stands now.
INSERT INTO kpi_measurement_versions (measurement_id, version, state, value, numerator, denominator, evidence, note, recorded_by, recorded_at)
SELECT m.id, a.version, 'final', (a.detail ->> 'value')::numeric, (a.detail ->> 'numerator')::numeric, (a.detail ->> 'denominator')::numeric,
       a.detail -> 'evidence', a.detail ->> 'note', a.actor, a.recorded_at
  FROM audit_events a JOIN kpi_measurements m ON m.id = a.subject_id
 WHERE a.subject_type = 'kpi_measurement' AND a.act = 'put' AND a.version > 0 AND jsonb_typeof(a.detail -> 'evidence') = 'array'
ON CONFLICT DO NOTHING;
INSERT INTO kpi_measurement_versions (measurement_id, version, state, value, numerator, denominator, evidence, note, recorded_at)
SELECT id, version, state, value, numerator, denominator, evidence, note, updated_at FROM kpi_measurements
ON CONFLICT DO NOTHING;

-- Whoever writes, the version is kept.
CREATE FUNCTION kpi_measurement_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO kpi_measurement_versions (measurement_id, version, state, value, numerator, denominator, evidence, note, correction_reason,
        recorded_by, recorded_at)
    VALUES (NEW.id, NEW.version, NEW.state, NEW.value, NEW.numerator, NEW.denominator, NEW.evidence, NEW.note, NEW.correction_reason,
        NEW.recorded_by, NEW.updated_at);
    RETURN NULL;
END $$;
CREATE TRIGGER kpi_measurement_kept AFTER INSERT OR UPDATE ON kpi_measurements FOR EACH ROW EXECUTE FUNCTION kpi_measurement_kept();

CREATE FUNCTION kpi_history_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what was recorded of figures is never changed' USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'kpi_history_stays';
END $$;
CREATE TRIGGER kpi_measurement_versions_stay BEFORE UPDATE OR DELETE ON kpi_measurement_versions FOR EACH ROW EXECUTE FUNCTION kpi_history_stays();
CREATE TRIGGER kpi_measurement_versions_stay_all BEFORE TRUNCATE ON kpi_measurement_versions FOR EACH STATEMENT EXECUTE FUNCTION kpi_history_stays();

-- Who measured what for a period, for what is owed in the next.
CREATE INDEX kpi_measurement_period_idx ON kpi_measurements (period, department_id);

CREATE TABLE kpi_submissions (
    id uuid PRIMARY KEY,
    department_id uuid NOT NULL CONSTRAINT kpi_submission_department_fkey REFERENCES departments (id) ON DELETE RESTRICT,
    period text NOT NULL CONSTRAINT kpi_submission_period_check CHECK (period ~ '^[0-9]{4}(H[12]|Q[1-4]|-9M|-(0[1-9]|1[0-2]))?$'),
    state text NOT NULL DEFAULT 'draft' CONSTRAINT kpi_submission_state_check CHECK (state IN ('draft', 'submitted', 'returned', 'approved')),
    note text,
    without jsonb NOT NULL DEFAULT '[]' CONSTRAINT kpi_submission_without_check CHECK (jsonb_typeof(without) = 'array'),
    submitted_by text,
    submitted_at timestamptz,
    approved_by text,
    approved_at timestamptz,
    remark text,
    corrected_at timestamptz,
    version integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT kpi_submission_key UNIQUE (department_id, period),
    CONSTRAINT kpi_submission_submitted_check CHECK (state NOT IN ('submitted', 'approved') OR (submitted_by IS NOT NULL AND submitted_at IS NOT NULL)),
    CONSTRAINT kpi_submission_approved_check CHECK ((state = 'approved') = (approved_by IS NOT NULL) AND (state = 'approved') = (approved_at IS NOT NULL)),
    CONSTRAINT kpi_submission_four_eyes_check CHECK (approved_by <> submitted_by)
);
CREATE INDEX kpi_submission_period_idx ON kpi_submissions (period COLLATE "C");
COMMENT ON TABLE kpi_submissions IS 'The figures of a department for a period, from being submitted to being approved and locked';
COMMENT ON COLUMN kpi_submissions.id IS 'Identity, UUIDv7';
COMMENT ON COLUMN kpi_submissions.department_id IS 'Whose figures';
COMMENT ON COLUMN kpi_submissions.period IS 'Code of the period';
COMMENT ON COLUMN kpi_submissions.state IS 'Where it stands; from submitted on the measurements are held';
COMMENT ON COLUMN kpi_submissions.note IS 'What the department says with them';
COMMENT ON COLUMN kpi_submissions.without IS 'What was owed and not measured: kpi, field, reason';
COMMENT ON COLUMN kpi_submissions.submitted_by IS 'User name of who submitted them last';
COMMENT ON COLUMN kpi_submissions.submitted_at IS 'When they were submitted last';
COMMENT ON COLUMN kpi_submissions.approved_by IS 'User name of who approved them; null while they are not approved';
COMMENT ON COLUMN kpi_submissions.approved_at IS 'When they were approved; null while they are not';
COMMENT ON COLUMN kpi_submissions.remark IS 'Why they were returned or reopened last, or what was said with the approval';
COMMENT ON COLUMN kpi_submissions.corrected_at IS 'When a held figure was corrected last, since they were submitted';
COMMENT ON COLUMN kpi_submissions.version IS 'Counts the acts; the ETag of the resource; 0 before the first';
COMMENT ON COLUMN kpi_submissions.created_at IS 'When the row was made';
COMMENT ON COLUMN kpi_submissions.updated_at IS 'When the row was last changed';

CREATE TABLE kpi_submission_steps (
    submission_id uuid NOT NULL CONSTRAINT kpi_submission_step_submission_fkey REFERENCES kpi_submissions (id) ON DELETE RESTRICT,
    n integer NOT NULL CONSTRAINT kpi_submission_step_n_check CHECK (n > 0),
    act text NOT NULL CONSTRAINT kpi_submission_step_act_check CHECK (act IN ('submit', 'withdraw', 'approve', 'return', 'reopen', 'correct')),
    text text,
    about text,
    frozen jsonb,
    done_by text NOT NULL,
    done_at timestamptz NOT NULL,
    PRIMARY KEY (submission_id, n),
    CONSTRAINT kpi_submission_step_about_check CHECK ((act = 'correct') = (about IS NOT NULL)),
    CONSTRAINT kpi_submission_step_frozen_check CHECK ((act = 'approve') = (frozen IS NOT NULL)),
    CONSTRAINT kpi_submission_step_text_check CHECK (act NOT IN ('return', 'reopen', 'correct') OR btrim(coalesce(text, '')) <> '')
);
CREATE TRIGGER kpi_submission_steps_stay BEFORE UPDATE OR DELETE ON kpi_submission_steps FOR EACH ROW EXECUTE FUNCTION kpi_history_stays();
CREATE TRIGGER kpi_submission_steps_stay_all BEFORE TRUNCATE ON kpi_submission_steps FOR EACH STATEMENT EXECUTE FUNCTION kpi_history_stays();
COMMENT ON TABLE kpi_submission_steps IS 'What was done with submitted figures, in order; rows are only ever added';
COMMENT ON COLUMN kpi_submission_steps.submission_id IS 'The submission';
COMMENT ON COLUMN kpi_submission_steps.n IS 'Order, from 1';
COMMENT ON COLUMN kpi_submission_steps.act IS 'What was done';
COMMENT ON COLUMN kpi_submission_steps.text IS 'In which words: a note, a remark or the reason';
COMMENT ON COLUMN kpi_submission_steps.about IS 'The figure that was corrected: code of the indicator, and of the field';
COMMENT ON COLUMN kpi_submission_steps.frozen IS 'What was approved: the measured and the computed figures as they were';
COMMENT ON COLUMN kpi_submission_steps.done_by IS 'User name of who did it';
COMMENT ON COLUMN kpi_submission_steps.done_at IS 'When it was done';
