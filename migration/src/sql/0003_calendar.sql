-- Versioned calendars. Version n of a calendar is the days with first_version <= n < last_version.

CREATE TABLE calendars (
    code text PRIMARY KEY CONSTRAINT calendar_code_check CHECK (code ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'),
    name text NOT NULL,
    department_id uuid CONSTRAINT calendar_department_key UNIQUE
        CONSTRAINT calendar_department_fkey REFERENCES departments (id) ON DELETE RESTRICT,
    off_hours_receipt text NOT NULL DEFAULT 'next_working_day'
        CONSTRAINT calendar_off_hours_receipt_check CHECK (off_hours_receipt IN ('next_working_day', 'same_day')),
    office_hours jsonb NOT NULL DEFAULT '[["07:00","11:30"],["13:30","17:00"]]',
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT calendar_base_check CHECK ((code = 'vn') = (department_id IS NULL))
);

CREATE TABLE calendar_days (
    calendar_code text NOT NULL CONSTRAINT calendar_day_calendar_fkey REFERENCES calendars (code) ON DELETE CASCADE,
    day date NOT NULL,
    first_version integer NOT NULL,
    last_version integer,
    kind text NOT NULL CONSTRAINT calendar_day_kind_check CHECK (kind IN ('day_off', 'make_up')),
    name text NOT NULL,
    PRIMARY KEY (calendar_code, day, first_version),
    CONSTRAINT calendar_day_versions_check CHECK (first_version < last_version)
);
CREATE UNIQUE INDEX calendar_day_current_key ON calendar_days (calendar_code, day) WHERE last_version IS NULL;
