-- Indicators that follow from others, what they are about and for which periods, and every definition they have had; targets of a
-- procedure, and how near to a target a figure is at risk.

ALTER TABLE kpis DROP CONSTRAINT kpi_unit_check;
ALTER TABLE kpis DROP CONSTRAINT kpi_computed_check;
ALTER TABLE kpis
    ADD CONSTRAINT kpi_unit_check CHECK (unit IN ('percent', 'count', 'point', 'day')),
    ADD COLUMN expression text CONSTRAINT kpi_expression_check CHECK (btrim(expression) <> ''),
    ADD COLUMN scope_department_id uuid CONSTRAINT kpi_scope_department_fkey REFERENCES departments (id) ON DELETE RESTRICT,
    ADD COLUMN scope_field_code text CONSTRAINT kpi_scope_field_fkey REFERENCES procedure_fields (code) ON DELETE RESTRICT,
    ADD COLUMN scope_procedure_id uuid CONSTRAINT kpi_scope_procedure_fkey REFERENCES procedures (id) ON DELETE RESTRICT,
    ADD COLUMN period_cut text NOT NULL DEFAULT 'calendar' CONSTRAINT kpi_period_cut_check CHECK (period_cut IN ('calendar', 'administrative')),
    ADD COLUMN period_kinds text[] NOT NULL DEFAULT '{}'
        CONSTRAINT kpi_period_kinds_check CHECK (period_kinds <@ ARRAY['month', 'quarter', 'half', 'nine_months', 'year']),
    ADD COLUMN valid_from date,
    ADD COLUMN valid_to date,
    ADD CONSTRAINT kpi_validity_check CHECK (valid_from <= valid_to),
    ADD CONSTRAINT kpi_computed_check CHECK (num_nonnulls(formula, expression) = CASE WHEN source = 'computed' THEN 1 ELSE 0 END);
CREATE INDEX kpi_scope_department_idx ON kpis (scope_department_id);
CREATE INDEX kpi_scope_field_idx ON kpis (scope_field_code);
CREATE INDEX kpi_scope_procedure_idx ON kpis (scope_procedure_id);

COMMENT ON COLUMN kpis.unit IS 'percent (0 to 100), count (whole), point or day';
COMMENT ON COLUMN kpis.formula IS 'How a computed indicator is counted; null for the others and for those with an expression';
COMMENT ON COLUMN kpis.expression IS 'How a computed indicator follows from others: numbers, codes, + - * /, brackets, min and max; null where there is a formula';
COMMENT ON COLUMN kpis.scope_department_id IS 'The department that it is of, with those below; null for all';
COMMENT ON COLUMN kpis.scope_field_code IS 'The field of procedures that it is about; null for all';
COMMENT ON COLUMN kpis.scope_procedure_id IS 'The procedure that it is about; null for all';
COMMENT ON COLUMN kpis.period_cut IS 'calendar: plain months; administrative: months from the 15th to the 14th';
COMMENT ON COLUMN kpis.period_kinds IS 'Kinds of periods for which it has figures; empty for all';
COMMENT ON COLUMN kpis.valid_from IS 'First day on which the latest definition holds; null when it always did';
COMMENT ON COLUMN kpis.valid_to IS 'Last day on which the latest definition holds; null until another';

ALTER TABLE kpi_targets DROP CONSTRAINT kpi_target_key;
ALTER TABLE kpi_targets
    ADD COLUMN procedure_id uuid CONSTRAINT kpi_target_procedure_fkey REFERENCES procedures (id) ON DELETE RESTRICT,
    ADD COLUMN margin numeric(15, 6) CONSTRAINT kpi_target_margin_check CHECK (margin > 0),
    ADD CONSTRAINT kpi_target_margin_of_value_check CHECK (margin IS NULL OR value IS NOT NULL),
    ADD CONSTRAINT kpi_target_key UNIQUE NULLS NOT DISTINCT (kpi_id, authority, department_id, field_code, procedure_id, period);
CREATE INDEX kpi_target_procedure_idx ON kpi_targets (procedure_id);

COMMENT ON COLUMN kpi_targets.procedure_id IS 'The procedure it is for; null for all';
COMMENT ON COLUMN kpi_targets.margin IS 'How near to the value a figure is at risk while the period runs; null: never';

CREATE TABLE kpi_versions (
    kpi_id uuid NOT NULL CONSTRAINT kpi_version_kpi_fkey REFERENCES kpis (id) ON DELETE CASCADE,
    version integer NOT NULL CONSTRAINT kpi_version_version_check CHECK (version > 0),
    valid_from date,
    valid_to date,
    definition jsonb NOT NULL,
    changed_by text,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (kpi_id, version),
    CONSTRAINT kpi_version_validity_check CHECK (valid_from <= valid_to)
);

COMMENT ON TABLE kpi_versions IS 'Every definition that an indicator has had; never changed';
COMMENT ON COLUMN kpi_versions.kpi_id IS 'The indicator';
COMMENT ON COLUMN kpi_versions.version IS 'The version of the indicator that this is the definition of';
COMMENT ON COLUMN kpi_versions.valid_from IS 'First day on which it holds, until a later version begins; null: from the beginning';
COMMENT ON COLUMN kpi_versions.valid_to IS 'Last day on which it holds; null until another';
COMMENT ON COLUMN kpi_versions.definition IS 'The whole definition with its targets, as the body that would put it';
COMMENT ON COLUMN kpi_versions.changed_by IS 'User name of who put it; null when it came with the product or before versions were kept';
COMMENT ON COLUMN kpi_versions.changed_at IS 'When it was put';

-- What is defined so far has always held.
INSERT INTO kpi_versions (kpi_id, version, definition, changed_at)
SELECT k.id, k.version, jsonb_build_object('code', k.code, 'name', k.name, 'unit', k.unit, 'direction', k.direction, 'source', k.source,
           'formula', k.formula, 'component_of', w.code, 'note', k.note, 'targets',
           coalesce((SELECT jsonb_agg(jsonb_build_object('authority', t.authority, 'department', d.code, 'field', t.field_code,
                         'period', t.period, 'comparator', t.comparator, 'value', t.value, 'wording', t.wording) ORDER BY t.n)
                       FROM kpi_targets t LEFT JOIN departments d ON d.id = t.department_id WHERE t.kpi_id = k.id), '[]')), k.updated_at
  FROM kpis k LEFT JOIN kpis w ON w.id = k.component_of_id;
