-- What reports look up, and the reports that were frozen when they were sent.

CREATE INDEX dossier_finding_arose_idx ON dossier_findings (arose_on);

-- What was open across the end of a period is looked for in two places: among those finished soon after it, and among the
-- few that took long. So a report does not read the closed history of other years. Sixty days: see the reports' store.
CREATE INDEX dossier_long_idx ON dossiers (finished_on) WHERE finished_on - accepted_on > 60;

-- The last pause that had begun by a day.
CREATE INDEX dossier_pause_begin_idx ON dossier_pauses (dossier_id, from_at DESC, to_at DESC);

-- Whose a dossier was is asked of the few that were transferred since.
CREATE INDEX dossier_transfer_occurred_idx ON dossier_transfers (occurred_at);

-- Reports as they were sent. What was frozen is never changed: a later difference is shown beside it.
CREATE TABLE report_snapshots (
    id uuid PRIMARY KEY,
    year integer NOT NULL,
    n integer NOT NULL CONSTRAINT report_snapshot_n_check CHECK (n > 0),
    report text NOT NULL CONSTRAINT report_snapshot_report_check CHECK (report IN
        ('dossier-results', 'dossier-outcomes', 'outcomes-by-month', 'overdue-reasons', 'handling-times', 'findings')),
    parameters jsonb NOT NULL,
    departments uuid[] CONSTRAINT report_snapshot_departments_check CHECK (cardinality(departments) > 0),
    frozen_at timestamptz NOT NULL,
    frozen_by_id uuid NOT NULL,
    frozen_by text NOT NULL,
    body json NOT NULL,
    sha256 bytea NOT NULL CONSTRAINT report_snapshot_sha256_check CHECK (sha256 = sha256(convert_to(body::text, 'UTF8'))),
    CONSTRAINT report_snapshot_key UNIQUE (year, n)
);

CREATE FUNCTION report_snapshots_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a frozen report is never changed' USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'report_snapshots_stay';
END $$;
CREATE TRIGGER report_snapshots_stay BEFORE UPDATE OR DELETE ON report_snapshots FOR EACH ROW EXECUTE FUNCTION report_snapshots_stay();
CREATE TRIGGER report_snapshots_stay_all BEFORE TRUNCATE ON report_snapshots FOR EACH STATEMENT EXECUTE FUNCTION report_snapshots_stay();

COMMENT ON TABLE report_snapshots IS 'Reports as they were frozen; rows are only ever added';
COMMENT ON COLUMN report_snapshots.id IS 'Identity, UUIDv7';
COMMENT ON COLUMN report_snapshots.year IS 'Year of freezing in Vietnam; with n the number of the snapshot';
COMMENT ON COLUMN report_snapshots.n IS 'Number within the year, from 1, without gaps';
COMMENT ON COLUMN report_snapshots.report IS 'Which report, as in its path';
COMMENT ON COLUMN report_snapshots.parameters IS 'What it was asked for: the parameters of the report, by name';
COMMENT ON COLUMN report_snapshots.departments IS 'Ids of the departments it is about, which decide who sees it; null for all';
COMMENT ON COLUMN report_snapshots.frozen_at IS 'When it was frozen';
COMMENT ON COLUMN report_snapshots.frozen_by_id IS 'The user who froze it; kept when the user is gone';
COMMENT ON COLUMN report_snapshots.frozen_by IS 'User name at that time';
COMMENT ON COLUMN report_snapshots.body IS 'The whole report, byte for byte';
COMMENT ON COLUMN report_snapshots.sha256 IS 'SHA-256 of the body';
