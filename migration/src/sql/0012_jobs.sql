-- Work that outlives the request which asked for it: loads that were taken in and are applied in the background, and exports.

CREATE TABLE jobs (
    id uuid PRIMARY KEY,
    kind text NOT NULL CONSTRAINT job_kind_check CHECK (kind IN ('load', 'export')),
    resource text NOT NULL,
    state text NOT NULL CONSTRAINT job_state_check CHECK (state IN
        ('receiving', 'queued', 'running', 'succeeded', 'succeeded_with_refusals', 'failed', 'cancelled')),
    creator_id uuid NOT NULL,
    creator text NOT NULL,
    scope text[],
    request_id text NOT NULL,
    language text NOT NULL,
    params jsonb NOT NULL,
    header bytea,
    authority jsonb,
    rows_total bigint,
    rows_done bigint NOT NULL DEFAULT 0,
    created bigint NOT NULL DEFAULT 0,
    updated bigint NOT NULL DEFAULT 0,
    unchanged bigint NOT NULL DEFAULT 0,
    rejected bigint NOT NULL DEFAULT 0,
    bytes bigint,
    moment timestamptz,
    problem jsonb,
    cancel_requested_at timestamptz,
    created_at timestamptz NOT NULL,
    started_at timestamptz,
    finished_at timestamptz,
    lease_token uuid,
    lease_until timestamptz,
    attempts integer NOT NULL DEFAULT 0
);
CREATE INDEX job_creator_idx ON jobs (creator_id, id);
CREATE INDEX job_waiting_idx ON jobs (id) WHERE state IN ('queued', 'running');
CREATE INDEX job_receiving_idx ON jobs (lease_until) WHERE state = 'receiving';
CREATE INDEX job_finished_idx ON jobs (finished_at) WHERE finished_at IS NOT NULL;

CREATE TABLE job_pieces (
    job_id uuid NOT NULL CONSTRAINT job_piece_job_fkey REFERENCES jobs (id) ON DELETE CASCADE,
    first_row bigint NOT NULL,
    rows integer NOT NULL,
    codes text[] NOT NULL,
    data bytea NOT NULL,
    CONSTRAINT job_piece_pkey PRIMARY KEY (job_id, first_row)
);
-- Packed and sealed already.
ALTER TABLE job_pieces ALTER COLUMN data SET STORAGE EXTERNAL;

CREATE TABLE job_duplicates (
    job_id uuid NOT NULL CONSTRAINT job_duplicate_job_fkey REFERENCES jobs (id) ON DELETE CASCADE,
    code text NOT NULL,
    CONSTRAINT job_duplicate_pkey PRIMARY KEY (job_id, code)
);

CREATE TABLE job_results (
    job_id uuid NOT NULL CONSTRAINT job_result_job_fkey REFERENCES jobs (id) ON DELETE CASCADE,
    idx bigint NOT NULL,
    code text,
    status text NOT NULL CONSTRAINT job_result_status_check CHECK (status IN ('created', 'updated', 'unchanged', 'rejected')),
    errors jsonb NOT NULL,
    warnings jsonb NOT NULL,
    input bytea,
    CONSTRAINT job_result_pkey PRIMARY KEY (job_id, idx)
);

CREATE TABLE export_pieces (
    job_id uuid NOT NULL CONSTRAINT export_piece_job_fkey REFERENCES jobs (id) ON DELETE CASCADE,
    n integer NOT NULL,
    data bytea NOT NULL,
    CONSTRAINT export_piece_pkey PRIMARY KEY (job_id, n)
);

COMMENT ON TABLE jobs IS 'Work done in the background: loads and exports';
COMMENT ON COLUMN jobs.id IS 'Identity, UUIDv7; jobs are taken in its order';
COMMENT ON COLUMN jobs.kind IS 'What is done';
COMMENT ON COLUMN jobs.resource IS 'To what: dossiers, departments';
COMMENT ON COLUMN jobs.state IS 'Where it stands; receiving: its rows are still on their way in';
COMMENT ON COLUMN jobs.creator_id IS 'The user or client who asked for it; kept when they are gone';
COMMENT ON COLUMN jobs.creator IS 'Their name at that time';
COMMENT ON COLUMN jobs.scope IS 'The permissions that the token of a client was limited to; null for people';
COMMENT ON COLUMN jobs.request_id IS 'Id of the HTTP request that asked for it';
COMMENT ON COLUMN jobs.language IS 'Language of the request, which faults are told in';
COMMENT ON COLUMN jobs.params IS 'How it is to be done: mode, strategy and form of a load; form, filter and columns of an export';
COMMENT ON COLUMN jobs.header IS 'First record of a CSV file, as it came; null otherwise';
COMMENT ON COLUMN jobs.authority IS 'Whose sight an export shows: roles of its creator with the departments they reached; null before it is made';
COMMENT ON COLUMN jobs.rows_total IS 'Rows to do; null while that is not known';
COMMENT ON COLUMN jobs.rows_done IS 'Rows done; of a load in best effort those that are committed';
COMMENT ON COLUMN jobs.created IS 'Rows that made something new';
COMMENT ON COLUMN jobs.updated IS 'Rows that changed something';
COMMENT ON COLUMN jobs.unchanged IS 'Rows that were there already';
COMMENT ON COLUMN jobs.rejected IS 'Rows that were refused';
COMMENT ON COLUMN jobs.bytes IS 'Size of an export; null before it is made';
COMMENT ON COLUMN jobs.moment IS 'The moment that an export shows; null before it is made';
COMMENT ON COLUMN jobs.problem IS 'Why it failed, as a problem document; null when it did not';
COMMENT ON COLUMN jobs.cancel_requested_at IS 'When its end was asked for; null when it was not';
COMMENT ON COLUMN jobs.created_at IS 'When it was asked for';
COMMENT ON COLUMN jobs.started_at IS 'When a server took it first; null before';
COMMENT ON COLUMN jobs.finished_at IS 'When it ended; null before';
COMMENT ON COLUMN jobs.lease_token IS 'Names the hold of the server at work on it; null when there is none';
COMMENT ON COLUMN jobs.lease_until IS 'By the clock of the database: until then nobody else takes it, or its intake is not given up';
COMMENT ON COLUMN jobs.attempts IS 'Times it was taken without getting any further';

COMMENT ON TABLE job_pieces IS 'Rows of a load as they came in; gone when it has ended';
COMMENT ON COLUMN job_pieces.job_id IS 'The load';
COMMENT ON COLUMN job_pieces.first_row IS 'Index of its first row in the input, from 0';
COMMENT ON COLUMN job_pieces.rows IS 'How many rows it holds';
COMMENT ON COLUMN job_pieces.codes IS 'Their keys, as far as they could be read';
COMMENT ON COLUMN job_pieces.data IS 'The rows, packed and sealed: there may be passwords and numbers of persons in them';

COMMENT ON TABLE job_duplicates IS 'Keys that occur more than once among the rows of a load; gone when it has ended';
COMMENT ON COLUMN job_duplicates.job_id IS 'The load';
COMMENT ON COLUMN job_duplicates.code IS 'The key';

COMMENT ON TABLE job_results IS 'What became of rows of a load: those refused or warned about, or all if that was asked for';
COMMENT ON COLUMN job_results.job_id IS 'The load';
COMMENT ON COLUMN job_results.idx IS 'Index of the row in the input, from 0';
COMMENT ON COLUMN job_results.code IS 'Its key; null when it could not be read';
COMMENT ON COLUMN job_results.status IS 'What became of it';
COMMENT ON COLUMN job_results.errors IS 'Why it was refused';
COMMENT ON COLUMN job_results.warnings IS 'What is odd about it';
COMMENT ON COLUMN job_results.input IS 'A refused row as it came, sealed; null for others';

COMMENT ON TABLE export_pieces IS 'The file of an export, in pieces';
COMMENT ON COLUMN export_pieces.job_id IS 'The export';
COMMENT ON COLUMN export_pieces.n IS 'Place among the pieces, from 0';
COMMENT ON COLUMN export_pieces.data IS 'Bytes of the file';
