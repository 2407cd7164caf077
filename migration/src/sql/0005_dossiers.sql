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
    applicant_sealed bytea,
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
    purged_at timestamptz,
    effective_on date,
    first_due_on date,
    due_on date,
    due_at timestamptz,
    due_before date,
    timeliness text CONSTRAINT dossier_timeliness_check CHECK (timeliness IN ('early', 'on_time', 'late', 'not_applicable')),
    apologised boolean NOT NULL DEFAULT false,
    consulting boolean NOT NULL DEFAULT false,
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
CREATE INDEX dossier_finished_idx ON dossiers (finished_on, accepted_on) WHERE finished_on IS NOT NULL;
CREATE INDEX dossier_open_idx ON dossiers (resolving_department_id, due_on)
    WHERE decision IS NULL AND status <> 'voided';
CREATE INDEX dossier_due_idx ON dossiers (due_on, id) WHERE decision IS NULL AND status <> 'voided';
CREATE INDEX dossier_hand_over_idx ON dossiers (finished_on, id) WHERE status = 'resolved';
CREATE INDEX dossier_consulting_idx ON dossiers (id) WHERE consulting AND decision IS NULL AND status <> 'voided';
-- For the purge of personal data, which leaves nothing behind in them.
CREATE INDEX dossier_named_idx ON dossiers (finished_on)
    WHERE finished_on IS NOT NULL AND (applicant_name IS NOT NULL OR applicant_sealed IS NOT NULL);
CREATE INDEX dossier_voided_named_idx ON dossiers (coalesce(voided_at, received_at))
    WHERE status = 'voided' AND decision IS NULL AND (applicant_name IS NOT NULL OR applicant_sealed IS NOT NULL);
CREATE INDEX dossier_waiting_idx ON dossiers (id) WHERE status IN ('awaiting_supplement', 'awaiting_completion');
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

CREATE TABLE dossier_completions (
    dossier_id uuid NOT NULL CONSTRAINT dossier_completion_dossier_fkey REFERENCES dossiers (id) ON DELETE CASCADE,
    n smallint NOT NULL CONSTRAINT dossier_completion_n_check CHECK (n > 0),
    requested_at timestamptz NOT NULL,
    reason text NOT NULL,
    document_no text,
    items jsonb NOT NULL DEFAULT '[]',
    respond_by_on date,
    completed_at timestamptz,
    PRIMARY KEY (dossier_id, n),
    CONSTRAINT dossier_completion_dates_check CHECK (requested_at <= completed_at)
);
CREATE UNIQUE INDEX dossier_completion_open_key ON dossier_completions (dossier_id) WHERE completed_at IS NULL;

CREATE TABLE dossier_transfers (
    dossier_id uuid NOT NULL CONSTRAINT dossier_transfer_dossier_fkey REFERENCES dossiers (id) ON DELETE CASCADE,
    n smallint NOT NULL CONSTRAINT dossier_transfer_n_check CHECK (n > 0),
    occurred_at timestamptz NOT NULL,
    from_department_id uuid NOT NULL
        CONSTRAINT dossier_transfer_from_department_fkey REFERENCES departments (id) ON DELETE RESTRICT,
    to_department_id uuid NOT NULL
        CONSTRAINT dossier_transfer_to_department_fkey REFERENCES departments (id) ON DELETE RESTRICT,
    reason text NOT NULL,
    PRIMARY KEY (dossier_id, n),
    CONSTRAINT dossier_transfer_departments_check CHECK (from_department_id <> to_department_id)
);
CREATE INDEX dossier_transfer_from_idx ON dossier_transfers (from_department_id);
CREATE INDEX dossier_transfer_to_idx ON dossier_transfers (to_department_id);

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

COMMENT ON TABLE dossier_numbers IS 'The last number allotted, by agency and day';
COMMENT ON COLUMN dossier_numbers.agency IS 'Official identifier that the number begins with';
COMMENT ON COLUMN dossier_numbers.day IS 'Day of receipt in Vietnam';
COMMENT ON COLUMN dossier_numbers.last_number IS 'The number allotted last';

COMMENT ON TABLE dossiers IS 'Dossiers: what was filed, what became of it, and what follows from that by the rules';
COMMENT ON COLUMN dossiers.id IS 'Identity, UUIDv7';
COMMENT ON COLUMN dossiers.code IS 'Number of the dossier, allotted here or brought along';
COMMENT ON COLUMN dossiers.source_system IS 'The system it comes from; dunghen for those received here';
COMMENT ON COLUMN dossiers.external_code IS 'Its code in that system; null when there is none';
COMMENT ON COLUMN dossiers.procedure_id IS 'The procedure that is asked for';
COMMENT ON COLUMN dossiers.receiving_department_id IS 'At whose counter it was filed';
COMMENT ON COLUMN dossiers.resolving_department_id IS 'Who resolves it; decides who sees it';
COMMENT ON COLUMN dossiers.channel IS 'How it came in';
COMMENT ON COLUMN dossiers.applicant_kind IS 'Who files; null in histories that do not tell';
COMMENT ON COLUMN dossiers.applicant_name IS 'Name of who files; null in histories that do not tell, and once purged';
COMMENT ON COLUMN dossiers.applicant_sealed IS 'Identity number and telephone number, sealed with the key for personal data; null when neither was given, and once purged';
COMMENT ON COLUMN dossiers.digitised IS 'Whether the papers are scanned and attached; null when not told';
COMMENT ON COLUMN dossiers.submitted_at IS 'When it was filed; null when not told';
COMMENT ON COLUMN dossiers.accepted_at IS 'When it was complete and valid: the clock starts; null before and when it never was';
COMMENT ON COLUMN dossiers.accepted_on IS 'Day of accepted_at in Vietnam';
COMMENT ON COLUMN dossiers.processing_at IS 'When the resolving department began; null before';
COMMENT ON COLUMN dossiers.limit_value IS 'Length of the limit that holds for it, in limit_unit, whatever becomes of the procedure; null when there is none';
COMMENT ON COLUMN dossiers.limit_unit IS 'Unit of the limit; null when there is none';
COMMENT ON COLUMN dossiers.supplement_policy IS 'What a fulfilled supplement request does to the limit';
COMMENT ON COLUMN dossiers.same_day_cutoff IS 'Time in Vietnam from which a receipt under limit 0 is due the next working day';
COMMENT ON COLUMN dossiers.status IS 'Where it is';
COMMENT ON COLUMN dossiers.decision IS 'How it ended; null while it is open';
COMMENT ON COLUMN dossiers.decision_reason IS 'Why, in the words of the decision; null when not given';
COMMENT ON COLUMN dossiers.decision_document_no IS 'Number of the document of the decision; null when not given';
COMMENT ON COLUMN dossiers.finished_at IS 'When it ended: timeliness is judged by it; null while it is open';
COMMENT ON COLUMN dossiers.finished_on IS 'Day of finished_at in Vietnam';
COMMENT ON COLUMN dossiers.returned_at IS 'When the result was handed over; null before';
COMMENT ON COLUMN dossiers.return_method IS 'How it was handed over; null when not told';
COMMENT ON COLUMN dossiers.voided_at IS 'When the entry was voided; null when it was not, or a history does not tell';
COMMENT ON COLUMN dossiers.void_reason IS 'Why it was voided; null when not given';
COMMENT ON COLUMN dossiers.purged_at IS 'When name and numbers of the applicant were taken out; they do not come back. Null before';
COMMENT ON COLUMN dossiers.effective_on IS 'Day to which the acceptance belongs, itself not counted; null before acceptance';
COMMENT ON COLUMN dossiers.first_due_on IS 'The first due date, which never changes; null without a limit';
COMMENT ON COLUMN dossiers.due_on IS 'The due date in force; null without a limit and while a pause is open';
COMMENT ON COLUMN dossiers.due_at IS 'Its instant, for limits in working hours; otherwise null';
COMMENT ON COLUMN dossiers.due_before IS 'The due date in force when the open pause began; null while none is open';
COMMENT ON COLUMN dossiers.timeliness IS 'The final judgement; null while it is accepted and open, when it depends on the day of asking';
COMMENT ON COLUMN dossiers.apologised IS 'An apology that names a new date was sent before the end';
COMMENT ON COLUMN dossiers.consulting IS 'Open, with a consulted agency that has not answered and was not escalated';
COMMENT ON COLUMN dossiers.source_due_on IS 'The due date that the source system sent along, never adopted; null when none was sent';
COMMENT ON COLUMN dossiers.facts_hash IS 'First 16 bytes of the SHA-256 of what was told of it: an equal history changes nothing';
COMMENT ON COLUMN dossiers.search IS 'Words of codes and applicant without accents';
COMMENT ON COLUMN dossiers.received_at IS 'Order of lists: acceptance, else submission, else recording';
COMMENT ON COLUMN dossiers.version IS 'Counts the changes; the ETag of the resource';
COMMENT ON COLUMN dossiers.created_at IS 'When the row was made';
COMMENT ON COLUMN dossiers.updated_at IS 'When the row was last changed';

COMMENT ON TABLE dossier_pauses IS 'Stretches in which the clock of a dossier stands still; they never overlap';
COMMENT ON COLUMN dossier_pauses.dossier_id IS 'The dossier';
COMMENT ON COLUMN dossier_pauses.kind IS 'Waiting for papers, for a fee, or suspended';
COMMENT ON COLUMN dossier_pauses.n IS 'Number within its kind, from 1';
COMMENT ON COLUMN dossier_pauses.from_at IS 'Beginning, included';
COMMENT ON COLUMN dossier_pauses.to_at IS 'End, not included; null while it is open';
COMMENT ON COLUMN dossier_pauses.reason IS 'Why; null when not given';
COMMENT ON COLUMN dossier_pauses.document_no IS 'Number of the notice; null when not given';
COMMENT ON COLUMN dossier_pauses.legal_basis IS 'What a suspension is based on; null when not given, and for the other kinds';
COMMENT ON COLUMN dossier_pauses.items IS 'Papers asked for, a list of texts; null for the other kinds';
COMMENT ON COLUMN dossier_pauses.respond_by_on IS 'Last day to bring the papers; null when not given';
COMMENT ON COLUMN dossier_pauses.amount_vnd IS 'Fee asked for, in đồng; null for the other kinds';
COMMENT ON COLUMN dossier_pauses.due_before IS 'Due date in force when it began; null without a limit';
COMMENT ON COLUMN dossier_pauses.due_after IS 'Due date in force since it ended; null while it is open and without a limit';

COMMENT ON TABLE dossier_apologies IS 'Letters of apology for lateness';
COMMENT ON COLUMN dossier_apologies.dossier_id IS 'The dossier';
COMMENT ON COLUMN dossier_apologies.n IS 'Number, from 1, in order of sending';
COMMENT ON COLUMN dossier_apologies.sent_at IS 'When it was sent';
COMMENT ON COLUMN dossier_apologies.sent_on IS 'Day of sent_at in Vietnam';
COMMENT ON COLUMN dossier_apologies.reason IS 'Why it is late; null when not given';
COMMENT ON COLUMN dossier_apologies.new_due_on IS 'The date promised instead; the due date itself does not move; null when not given';
COMMENT ON COLUMN dossier_apologies.document_no IS 'Number of the letter; null when not given';

COMMENT ON TABLE dossier_consultations IS 'Questions to other agencies while a dossier is resolved';
COMMENT ON COLUMN dossier_consultations.dossier_id IS 'The dossier';
COMMENT ON COLUMN dossier_consultations.n IS 'Number, from 1';
COMMENT ON COLUMN dossier_consultations.agency IS 'Who was asked';
COMMENT ON COLUMN dossier_consultations.sent_at IS 'When';
COMMENT ON COLUMN dossier_consultations.document_no IS 'Number of the letter; null when not given';
COMMENT ON COLUMN dossier_consultations.answer_due_on IS 'Last day for the answer; null when none was set';
COMMENT ON COLUMN dossier_consultations.reminders IS 'Reminders sent: a list of sent_at and document_no';
COMMENT ON COLUMN dossier_consultations.answered_at IS 'When the answer came; null while it has not';
COMMENT ON COLUMN dossier_consultations.escalated_at IS 'When it was taken to the level above; null when it was not';

COMMENT ON TABLE dossier_completions IS 'Requests to complete a dossier before it is accepted (form 02); no clock runs yet';
COMMENT ON COLUMN dossier_completions.dossier_id IS 'The dossier';
COMMENT ON COLUMN dossier_completions.n IS 'Number, from 1';
COMMENT ON COLUMN dossier_completions.requested_at IS 'When it was asked';
COMMENT ON COLUMN dossier_completions.reason IS 'What is missing or wrong';
COMMENT ON COLUMN dossier_completions.document_no IS 'Number of the slip; null when not given';
COMMENT ON COLUMN dossier_completions.items IS 'Papers asked for, a list of texts';
COMMENT ON COLUMN dossier_completions.respond_by_on IS 'Last day to bring them; null when not given';
COMMENT ON COLUMN dossier_completions.completed_at IS 'When they were here; null while they are not';

COMMENT ON TABLE dossier_transfers IS 'Hand-overs of a dossier from one resolving department to another';
COMMENT ON COLUMN dossier_transfers.dossier_id IS 'The dossier';
COMMENT ON COLUMN dossier_transfers.n IS 'Number, from 1, in order of happening';
COMMENT ON COLUMN dossier_transfers.occurred_at IS 'When it changed hands';
COMMENT ON COLUMN dossier_transfers.from_department_id IS 'Who resolved it before';
COMMENT ON COLUMN dossier_transfers.to_department_id IS 'Who resolves it since';
COMMENT ON COLUMN dossier_transfers.reason IS 'Why';

COMMENT ON TABLE dossier_findings IS 'What was not done by the rules, found by them';
COMMENT ON COLUMN dossier_findings.dossier_id IS 'The dossier';
COMMENT ON COLUMN dossier_findings.kind IS 'What was not done';
COMMENT ON COLUMN dossier_findings.arose_on IS 'Day on which it came about';
