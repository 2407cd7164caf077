-- Indicators, their targets and measurements; and what the reports on dossiers look up.

CREATE TABLE kpis (
    id uuid PRIMARY KEY,
    code text NOT NULL CONSTRAINT kpi_code_key UNIQUE
        CONSTRAINT kpi_code_check CHECK (code ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'),
    name text NOT NULL CONSTRAINT kpi_name_check CHECK (btrim(name) <> ''),
    unit text NOT NULL CONSTRAINT kpi_unit_check CHECK (unit IN ('percent', 'count')),
    direction text NOT NULL CONSTRAINT kpi_direction_check CHECK (direction IN ('higher_is_better', 'lower_is_better')),
    source text NOT NULL CONSTRAINT kpi_source_check CHECK (source IN ('computed', 'imported', 'survey', 'manual')),
    formula text CONSTRAINT kpi_formula_check CHECK (formula IN
        ('on_time_rate', 'on_time_rate_ii06a', 'online_rate', 'apology_coverage', 'supplement_rate', 'refusal_rate',
         'e_document_rate', 'e_office_drafted_rate', 'task_on_time_rate', 'tasks_overdue_or_extended')),
    component_of_id uuid CONSTRAINT kpi_component_of_fkey REFERENCES kpis (id) ON DELETE RESTRICT
        CONSTRAINT kpi_component_of_check CHECK (component_of_id <> id),
    note text,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT kpi_computed_check CHECK ((source = 'computed') = (formula IS NOT NULL))
);
CREATE INDEX kpi_component_of_idx ON kpis (component_of_id);

CREATE TABLE kpi_targets (
    kpi_id uuid NOT NULL CONSTRAINT kpi_target_kpi_fkey REFERENCES kpis (id) ON DELETE CASCADE,
    n smallint NOT NULL CONSTRAINT kpi_target_n_check CHECK (n > 0),
    authority text NOT NULL CONSTRAINT kpi_target_authority_check CHECK (btrim(authority) <> ''),
    department_id uuid CONSTRAINT kpi_target_department_fkey REFERENCES departments (id) ON DELETE RESTRICT,
    field_code text CONSTRAINT kpi_target_field_fkey REFERENCES procedure_fields (code) ON DELETE RESTRICT,
    period text NOT NULL,
    comparator text NOT NULL CONSTRAINT kpi_target_comparator_check CHECK (comparator IN ('>=', '<=', '=')),
    value numeric(15, 6),
    wording text,
    PRIMARY KEY (kpi_id, n),
    CONSTRAINT kpi_target_key UNIQUE NULLS NOT DISTINCT (kpi_id, authority, department_id, field_code, period)
);
CREATE INDEX kpi_target_department_idx ON kpi_targets (department_id);
CREATE INDEX kpi_target_field_idx ON kpi_targets (field_code);

CREATE TABLE kpi_measurements (
    id uuid PRIMARY KEY,
    kpi_id uuid NOT NULL CONSTRAINT kpi_measurement_kpi_fkey REFERENCES kpis (id) ON DELETE RESTRICT,
    department_id uuid NOT NULL CONSTRAINT kpi_measurement_department_fkey REFERENCES departments (id) ON DELETE RESTRICT,
    period text NOT NULL,
    field_code text CONSTRAINT kpi_measurement_field_fkey REFERENCES procedure_fields (code) ON DELETE RESTRICT,
    value numeric(15, 6),
    numerator numeric(15, 6),
    denominator numeric(15, 6) CONSTRAINT kpi_measurement_denominator_check CHECK (denominator > 0),
    evidence jsonb NOT NULL CONSTRAINT kpi_measurement_evidence_check CHECK (jsonb_array_length(evidence) > 0),
    note text,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT kpi_measurement_key UNIQUE NULLS NOT DISTINCT (kpi_id, department_id, period, field_code),
    CONSTRAINT kpi_measurement_value_check CHECK ((numerator IS NULL) = (denominator IS NULL)
        AND (value IS NULL) = (numerator IS NOT NULL))
);
CREATE INDEX kpi_measurement_department_idx ON kpi_measurements (department_id);
CREATE INDEX kpi_measurement_field_idx ON kpi_measurements (field_code);

-- A report on the past still counts the dossiers that were voided after it.
CREATE INDEX dossier_voided_idx ON dossiers (voided_at) WHERE status = 'voided';

COMMENT ON TABLE kpis IS 'Indicators: what is measured or computed';
COMMENT ON COLUMN kpis.id IS 'Identity, UUIDv7';
COMMENT ON COLUMN kpis.code IS 'Natural key';
COMMENT ON COLUMN kpis.name IS 'Name, in Vietnamese';
COMMENT ON COLUMN kpis.unit IS 'percent (0 to 100) or count';
COMMENT ON COLUMN kpis.direction IS 'Whether more or less is better';
COMMENT ON COLUMN kpis.source IS 'computed from dossiers, tasks or documents; imported from another office; survey; or manual';
COMMENT ON COLUMN kpis.formula IS 'How a computed indicator is counted; null for the others';
COMMENT ON COLUMN kpis.component_of_id IS 'The index that this one is a part of';
COMMENT ON COLUMN kpis.note IS 'What one should know when reading the figure';
COMMENT ON COLUMN kpis.version IS 'Counts the changes; the ETag of the resource';
COMMENT ON COLUMN kpis.created_at IS 'When the row was made';
COMMENT ON COLUMN kpis.updated_at IS 'When the row was last changed';

COMMENT ON TABLE kpi_targets IS 'What an indicator has to reach';
COMMENT ON COLUMN kpi_targets.kpi_id IS 'The indicator';
COMMENT ON COLUMN kpi_targets.n IS 'Place in the list of targets; of two that fit equally well, the first counts';
COMMENT ON COLUMN kpi_targets.authority IS 'Who set it: the code of a plan, or an agency';
COMMENT ON COLUMN kpi_targets.department_id IS 'Whose target it is, with those below; null for the whole organisation';
COMMENT ON COLUMN kpi_targets.field_code IS 'The field of procedures it is for; null for all';
COMMENT ON COLUMN kpi_targets.period IS 'Code of the period it is for; it also holds for every period inside that one';
COMMENT ON COLUMN kpi_targets.comparator IS 'How the figure is compared with the value';
COMMENT ON COLUMN kpi_targets.value IS 'Exact; null when the authority has not named a figure';
COMMENT ON COLUMN kpi_targets.wording IS 'The words in which it was set';

COMMENT ON TABLE kpi_measurements IS 'Figures of indicators that are not computed, each with its evidence';
COMMENT ON COLUMN kpi_measurements.id IS 'Identity, UUIDv7';
COMMENT ON COLUMN kpi_measurements.kpi_id IS 'The indicator';
COMMENT ON COLUMN kpi_measurements.department_id IS 'The department that was measured';
COMMENT ON COLUMN kpi_measurements.period IS 'Code of the period';
COMMENT ON COLUMN kpi_measurements.field_code IS 'The field of procedures that was measured; null for all';
COMMENT ON COLUMN kpi_measurements.value IS 'The figure itself, where no ratio is given';
COMMENT ON COLUMN kpi_measurements.numerator IS 'Upper part of a ratio';
COMMENT ON COLUMN kpi_measurements.denominator IS 'Lower part of a ratio';
COMMENT ON COLUMN kpi_measurements.evidence IS 'Documents that prove it: document_number, issued_on, title, link';
COMMENT ON COLUMN kpi_measurements.note IS 'Free text';
COMMENT ON COLUMN kpi_measurements.version IS 'Counts the changes; the ETag of the resource';
COMMENT ON COLUMN kpi_measurements.created_at IS 'When it was first recorded';
COMMENT ON COLUMN kpi_measurements.updated_at IS 'When it was last changed';

-- The indicators on dossiers are there from the start, without targets.
INSERT INTO kpis (id, code, name, unit, direction, source, formula) VALUES
    ('0198c5a0-1000-7000-8000-000000000001', 'on_time_rate', 'Tỷ lệ thủ tục hành chính được hoàn thành đúng hạn', 'percent', 'higher_is_better', 'computed', 'on_time_rate'),
    ('0198c5a0-1000-7000-8000-000000000002', 'on_time_rate_ii06a', 'Tỷ lệ giải quyết trước hạn, đúng hạn theo biểu II.06a', 'percent', 'higher_is_better', 'computed', 'on_time_rate_ii06a'),
    ('0198c5a0-1000-7000-8000-000000000003', 'online_rate', 'Tỷ lệ hồ sơ trực tuyến trên tổng số hồ sơ giải quyết', 'percent', 'higher_is_better', 'computed', 'online_rate'),
    ('0198c5a0-1000-7000-8000-000000000004', 'apology_coverage', 'Tỷ lệ hồ sơ trễ hạn có văn bản xin lỗi và hẹn lại', 'percent', 'higher_is_better', 'computed', 'apology_coverage'),
    ('0198c5a0-1000-7000-8000-000000000005', 'supplement_rate', 'Tỷ lệ hồ sơ phải yêu cầu bổ sung', 'percent', 'lower_is_better', 'computed', 'supplement_rate'),
    ('0198c5a0-1000-7000-8000-000000000006', 'refusal_rate', 'Tỷ lệ hồ sơ bị từ chối giải quyết', 'percent', 'lower_is_better', 'computed', 'refusal_rate');
