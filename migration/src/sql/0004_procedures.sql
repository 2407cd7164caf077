-- Administrative procedures and their fields.

CREATE TABLE procedure_fields (
    code text PRIMARY KEY CONSTRAINT procedure_field_code_check CHECK (code ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'),
    name text NOT NULL CONSTRAINT procedure_field_name_check CHECK (btrim(name) <> '')
);

CREATE TABLE procedures (
    id uuid PRIMARY KEY,
    code text NOT NULL CONSTRAINT procedure_code_key UNIQUE
        CONSTRAINT procedure_code_check CHECK (code ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'),
    name text NOT NULL CONSTRAINT procedure_name_check CHECK (btrim(name) <> ''),
    search text NOT NULL,
    field_code text NOT NULL CONSTRAINT procedure_field_fkey REFERENCES procedure_fields (code) ON DELETE RESTRICT,
    department_id uuid NOT NULL CONSTRAINT procedure_department_fkey REFERENCES departments (id) ON DELETE RESTRICT,
    limit_value integer,
    limit_unit text CONSTRAINT procedure_limit_unit_check CHECK (limit_unit IN ('working_day', 'calendar_day', 'working_hour')),
    supplement_policy text NOT NULL DEFAULT 'pause'
        CONSTRAINT procedure_supplement_policy_check CHECK (supplement_policy IN ('pause', 'restart')),
    same_day_cutoff time NOT NULL DEFAULT '15:00',
    online_level text CONSTRAINT procedure_online_level_check CHECK (online_level IN
        ('information', 'partial', 'full', 'level_1', 'level_2', 'level_3', 'level_4')),
    components jsonb NOT NULL DEFAULT '[]',
    fee_vnd bigint CONSTRAINT procedure_fee_check CHECK (fee_vnd >= 0),
    valid_from date,
    valid_to date,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT procedure_limit_check CHECK ((limit_value IS NULL) = (limit_unit IS NULL)
        AND (limit_value >= 1 OR (limit_value = 0 AND limit_unit = 'working_day'))),
    CONSTRAINT procedure_validity_check CHECK (valid_from <= valid_to)
);
CREATE INDEX procedure_department_idx ON procedures (department_id);
CREATE INDEX procedure_field_idx ON procedures (field_code);

COMMENT ON TABLE procedure_fields IS 'Fields of administration that procedures belong to';
COMMENT ON COLUMN procedure_fields.code IS 'Natural key';
COMMENT ON COLUMN procedure_fields.name IS 'As the latest procedure that named it has it';
COMMENT ON TABLE procedures IS 'Administrative procedures. A dossier keeps the terms it was accepted with, whatever becomes of its procedure';
COMMENT ON COLUMN procedures.id IS 'UUIDv7';
COMMENT ON COLUMN procedures.code IS 'Natural key: the code in the national database of procedures';
COMMENT ON COLUMN procedures.name IS 'For people';
COMMENT ON COLUMN procedures.search IS 'Code and name in lower case without accents, for search';
COMMENT ON COLUMN procedures.field_code IS 'The field of administration';
COMMENT ON COLUMN procedures.department_id IS 'The department that resolves its dossiers unless a dossier says otherwise';
COMMENT ON COLUMN procedures.limit_value IS 'Time limit, in limit_unit; 0 is the same day; null when there is none';
COMMENT ON COLUMN procedures.limit_unit IS 'What the limit is counted in';
COMMENT ON COLUMN procedures.supplement_policy IS 'Whether papers asked for pause the limit or restart it';
COMMENT ON COLUMN procedures.same_day_cutoff IS 'Time in Vietnam from which a receipt under limit 0 is due the next working day';
COMMENT ON COLUMN procedures.online_level IS 'How much of it can be done online: level_1 to level_4 until 2022; information, partial, full since';
COMMENT ON COLUMN procedures.components IS 'The papers of a dossier: name, originals, certified_copies, photocopies, required';
COMMENT ON COLUMN procedures.fee_vnd IS 'Fee in đồng; null when not stated';
COMMENT ON COLUMN procedures.valid_from IS 'First day in force; null when always';
COMMENT ON COLUMN procedures.valid_to IS 'Last day in force; null while in force';
COMMENT ON COLUMN procedures.version IS 'Counts up with every change';
COMMENT ON COLUMN procedures.created_at IS 'When the row was written first';
COMMENT ON COLUMN procedures.updated_at IS 'When the row was written last';
