-- Dossiers and what happens to them. Derived columns (due dates, timeliness, findings) are written in the
-- transaction of the act that changes them, from the pure rules.

CREATE EXTENSION IF NOT EXISTS btree_gist;

CREATE TABLE dossier_numbers (
    agency text NOT NULL,
    day date NOT NULL,
    last_number integer NOT NULL CONSTRAINT dossier_number_check CHECK (last_number > 0),
    PRIMARY KEY (agency, day)
);

CREATE TABLE dossiers (
    id uuid PRIMARY KEY,
    code text NOT NULL CONSTRAINT dossier_code_key UNIQUE,
    source_system text NOT NULL,
    external_code text,
    procedure_id uuid NOT NULL CONSTRAINT dossier_procedure_fkey REFERENCES procedures (id) ON DELETE RESTRICT,
    receiving_department_id uuid NOT NULL
        CONSTRAINT dossier_receiving_department_fkey REFERENCES departments (id) ON DELETE RESTRICT,
    resolving_department_id uuid NOT NULL
        CONSTRAINT dossier_resolving_department_fkey REFERENCES departments (id) ON DELETE RESTRICT,
    channel text NOT NULL CONSTRAINT dossier_channel_check CHECK (channel IN ('direct', 'online', 'postal')),
    applicant_kind text CONSTRAINT dossier_applicant_kind_check CHECK (applicant_kind IN
        ('citizen', 'enterprise', 'state_agency', 'organisation')),
    applicant_name text,
    digitised boolean,
    submitted_at timestamptz,
    accepted_at timestamptz,
    accepted_on date GENERATED ALWAYS AS ((accepted_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date) STORED,
    processing_at timestamptz,
    limit_value integer,
    limit_unit text CONSTRAINT dossier_limit_unit_check CHECK (limit_unit IN ('working_day', 'calendar_day', 'working_hour')),
    supplement_policy text NOT NULL
        CONSTRAINT dossier_supplement_policy_check CHECK (supplement_policy IN ('pause', 'restart')),
    same_day_cutoff time NOT NULL,
    status text NOT NULL CONSTRAINT dossier_status_check CHECK (status IN
        ('submitted', 'awaiting_completion', 'not_accepted', 'accepted', 'processing', 'awaiting_supplement', 'awaiting_fee',
         'suspended', 'resolved', 'returned', 'refused', 'terminated', 'withdrawn', 'voided')),
    decision text CONSTRAINT dossier_decision_check CHECK (decision IN
        ('resolved', 'refused', 'terminated', 'withdrawn', 'not_accepted')),
    decision_reason text,
    decision_document_no text,
    finished_at timestamptz,
    finished_on date GENERATED ALWAYS AS ((finished_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date) STORED,
    returned_at timestamptz,
    return_method text CONSTRAINT dossier_return_method_check CHECK (return_method IN ('direct', 'online', 'postal')),
    voided_at timestamptz,
    void_reason text,
    effective_on date,
    first_due_on date,
    due_on date,
    due_at timestamptz,
    due_before date,
    timeliness text CONSTRAINT dossier_timeliness_check CHECK (timeliness IN ('early', 'on_time', 'late', 'not_applicable')),
    apologised boolean NOT NULL DEFAULT false,
    source_due_on date,
    facts_hash bytea NOT NULL,
    search tsvector NOT NULL,
    received_at timestamptz NOT NULL,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT dossier_limit_check CHECK ((limit_value IS NULL) = (limit_unit IS NULL)),
    CONSTRAINT dossier_finish_check CHECK ((decision IS NULL) = (finished_at IS NULL)),
    CONSTRAINT dossier_acceptance_check CHECK (accepted_at IS NOT NULL
        OR (decision IS NULL AND status IN ('submitted', 'awaiting_completion', 'voided'))
        OR decision IN ('not_accepted', 'withdrawn')),
    CONSTRAINT dossier_dates_check CHECK (submitted_at <= accepted_at AND accepted_at <= finished_at
        AND submitted_at <= finished_at AND finished_at <= returned_at),
    CONSTRAINT dossier_return_check CHECK (returned_at IS NULL OR decision = 'resolved'),
    CONSTRAINT dossier_void_check CHECK (status = 'voided' OR (voided_at IS NULL AND void_reason IS NULL)),
    CONSTRAINT dossier_verdict_check CHECK ((timeliness IS NULL) = (decision IS NULL AND status <> 'voided'
        AND accepted_at IS NOT NULL))
);
CREATE INDEX dossier_received_idx ON dossiers (received_at DESC, id DESC);
CREATE INDEX dossier_resolving_idx ON dossiers (resolving_department_id, received_at DESC, id DESC);
CREATE INDEX dossier_receiving_idx ON dossiers (receiving_department_id);
CREATE INDEX dossier_procedure_idx ON dossiers (procedure_id, received_at DESC, id DESC);
CREATE INDEX dossier_accepted_idx ON dossiers (accepted_on);
CREATE INDEX dossier_finished_idx ON dossiers (finished_on) WHERE finished_on IS NOT NULL;
CREATE INDEX dossier_open_idx ON dossiers (resolving_department_id, due_on)
    WHERE decision IS NULL AND status <> 'voided';
CREATE INDEX dossier_search_idx ON dossiers USING gin (search);

CREATE TABLE dossier_pauses (
    dossier_id uuid NOT NULL CONSTRAINT dossier_pause_dossier_fkey REFERENCES dossiers (id) ON DELETE CASCADE,
    kind text NOT NULL CONSTRAINT dossier_pause_kind_check CHECK (kind IN ('supplement', 'fee', 'suspension')),
    n smallint NOT NULL CONSTRAINT dossier_pause_n_check CHECK (n > 0),
    from_at timestamptz NOT NULL,
    to_at timestamptz,
    reason text,
    document_no text,
    legal_basis text,
    items jsonb,
    respond_by_on date,
    amount_vnd bigint CONSTRAINT dossier_pause_amount_check CHECK (amount_vnd >= 0),
    due_before date,
    due_after date,
    PRIMARY KEY (dossier_id, kind, n),
    CONSTRAINT dossier_pause_dates_check CHECK (from_at <= to_at),
    CONSTRAINT dossier_pause_overlap_excl EXCLUDE USING gist (dossier_id WITH =, tstzrange(from_at, to_at) WITH &&)
);

CREATE TABLE dossier_apologies (
    dossier_id uuid NOT NULL CONSTRAINT dossier_apology_dossier_fkey REFERENCES dossiers (id) ON DELETE CASCADE,
    n smallint NOT NULL CONSTRAINT dossier_apology_n_check CHECK (n > 0),
    sent_at timestamptz NOT NULL,
    sent_on date GENERATED ALWAYS AS ((sent_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date) STORED,
    reason text,
    new_due_on date,
    document_no text,
    PRIMARY KEY (dossier_id, n)
);

CREATE TABLE dossier_consultations (
    dossier_id uuid NOT NULL CONSTRAINT dossier_consultation_dossier_fkey REFERENCES dossiers (id) ON DELETE CASCADE,
    n smallint NOT NULL CONSTRAINT dossier_consultation_n_check CHECK (n > 0),
    agency text NOT NULL,
    sent_at timestamptz NOT NULL,
    document_no text,
    answer_due_on date,
    reminders jsonb NOT NULL DEFAULT '[]',
    answered_at timestamptz,
    escalated_at timestamptz,
    PRIMARY KEY (dossier_id, n)
);

CREATE TABLE dossier_findings (
    dossier_id uuid NOT NULL CONSTRAINT dossier_finding_dossier_fkey REFERENCES dossiers (id) ON DELETE CASCADE,
    kind text NOT NULL CONSTRAINT dossier_finding_kind_check CHECK (kind IN
        ('received_outside_one_stop', 'supplement_without_notice', 'repeated_supplement', 'refusal_without_reason',
         'refusal_without_document', 'late_without_apology', 'apology_after_due', 'repeated_apology',
         'suspension_without_basis', 'termination_without_notice', 'missing_digital_file', 'not_accepted_after_acceptance')),
    arose_on date NOT NULL,
    PRIMARY KEY (dossier_id, kind)
);
CREATE INDEX dossier_finding_kind_idx ON dossier_findings (kind, arose_on);
