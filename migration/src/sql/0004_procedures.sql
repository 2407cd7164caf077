-- Administrative procedures and their fields.

CREATE TABLE procedure_fields (
    code text PRIMARY KEY CONSTRAINT procedure_field_code_check CHECK (code ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'),
    name text NOT NULL
);

CREATE TABLE procedures (
    id uuid PRIMARY KEY,
    code text NOT NULL CONSTRAINT procedure_code_key UNIQUE
        CONSTRAINT procedure_code_check CHECK (code ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'),
    name text NOT NULL,
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
