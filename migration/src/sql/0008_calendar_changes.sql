-- What a change needs that must not reach back: calendars whose old versions stay readable, dossiers that keep the edition
-- they were counted with until a revision moves them, and dossier numbers held for counters that go offline.

ALTER TABLE calendars ADD COLUMN id uuid NOT NULL DEFAULT gen_random_uuid() CONSTRAINT calendar_id_key UNIQUE;

CREATE TABLE calendar_versions (
    calendar_code text NOT NULL CONSTRAINT calendar_version_calendar_fkey REFERENCES calendars (code) ON DELETE CASCADE,
    version integer NOT NULL CONSTRAINT calendar_version_check CHECK (version > 0),
    name text NOT NULL,
    off_hours_receipt text NOT NULL
        CONSTRAINT calendar_version_off_hours_receipt_check CHECK (off_hours_receipt IN ('next_working_day', 'same_day')),
    office_hours jsonb NOT NULL,
    made_at timestamptz NOT NULL,
    PRIMARY KEY (calendar_code, version)
);
INSERT INTO calendar_versions (calendar_code, version, name, off_hours_receipt, office_hours, made_at)
SELECT code, version, name, off_hours_receipt, office_hours, created_at FROM calendars;

-- No foreign keys to the versions: they are never deleted, and a million rows need not be checked for it.
ALTER TABLE dossiers ADD COLUMN calendar_code text, ADD COLUMN calendar_version integer, ADD COLUMN calendar_base_version integer,
    ADD CONSTRAINT dossier_calendar_check CHECK (num_nulls(calendar_code, calendar_version, calendar_base_version) IN (0, 3));

CREATE TABLE calendar_revisions (
    calendar_code text NOT NULL CONSTRAINT calendar_revision_calendar_fkey REFERENCES calendars (code) ON DELETE RESTRICT,
    number integer NOT NULL CONSTRAINT calendar_revision_number_check CHECK (number > 0),
    calendar_version integer NOT NULL,
    base_version integer NOT NULL,
    reason text,
    revised_at timestamptz NOT NULL,
    revised_by text NOT NULL,
    checked integer NOT NULL,
    moved integer NOT NULL,
    PRIMARY KEY (calendar_code, number),
    CONSTRAINT calendar_revision_counts_check CHECK (0 <= moved AND moved <= checked)
);

CREATE TABLE calendar_revision_moves (
    dossier_id uuid NOT NULL CONSTRAINT calendar_revision_move_dossier_fkey REFERENCES dossiers (id) ON DELETE CASCADE,
    calendar_code text NOT NULL,
    revision integer NOT NULL,
    moved_at timestamptz NOT NULL,
    due_on_from date,
    due_on date,
    due_at_from timestamptz,
    due_at timestamptz,
    due_before_from date,
    due_before date,
    PRIMARY KEY (dossier_id, calendar_code, revision),
    CONSTRAINT calendar_revision_move_revision_fkey FOREIGN KEY (calendar_code, revision)
        REFERENCES calendar_revisions (calendar_code, number) ON DELETE RESTRICT
);
CREATE INDEX calendar_revision_move_revision_idx ON calendar_revision_moves (calendar_code, revision, dossier_id);

-- Beside the moves, for every dossier that was recomputed: what was counted before a revision is read with the calendar of
-- its time, also where the due date came out the same.
CREATE TABLE calendar_revision_editions (
    dossier_id uuid NOT NULL CONSTRAINT calendar_revision_edition_dossier_fkey REFERENCES dossiers (id) ON DELETE CASCADE,
    calendar_code text NOT NULL,
    revision integer NOT NULL,
    replaced_at timestamptz NOT NULL,
    calendar_code_from text,
    calendar_version_from integer,
    calendar_base_version_from integer,
    PRIMARY KEY (dossier_id, calendar_code, revision),
    CONSTRAINT calendar_revision_edition_revision_fkey FOREIGN KEY (calendar_code, revision)
        REFERENCES calendar_revisions (calendar_code, number) ON DELETE RESTRICT
);
CREATE INDEX calendar_revision_edition_revision_idx ON calendar_revision_editions (calendar_code, revision);

-- A number has four digits, or five when a day needs them.
ALTER TABLE dossier_numbers DROP CONSTRAINT dossier_number_check,
    ADD CONSTRAINT dossier_number_check CHECK (last_number BETWEEN 1 AND 99999);

CREATE TABLE dossier_number_reservations (
    id uuid PRIMARY KEY,
    department_id uuid NOT NULL
        CONSTRAINT dossier_number_reservation_department_fkey REFERENCES departments (id) ON DELETE RESTRICT,
    agency text NOT NULL,
    day date NOT NULL,
    numbers int4range NOT NULL CONSTRAINT dossier_number_reservation_numbers_check
        CHECK (lower(numbers) >= 1 AND upper(numbers) - lower(numbers) BETWEEN 1 AND 500),
    reserved_at timestamptz NOT NULL,
    reserved_by text NOT NULL,
    expires_at timestamptz NOT NULL,
    released_at timestamptz,
    version integer NOT NULL DEFAULT 1,
    CONSTRAINT dossier_number_reservation_dates_check CHECK (reserved_at < expires_at AND reserved_at <= released_at),
    CONSTRAINT dossier_number_reservation_number_fkey FOREIGN KEY (agency, day)
        REFERENCES dossier_numbers (agency, day) ON DELETE RESTRICT,
    CONSTRAINT dossier_number_reservation_overlap_excl EXCLUDE USING gist (agency WITH =, day WITH =, numbers WITH &&)
);
CREATE INDEX dossier_number_reservation_department_idx ON dossier_number_reservations (department_id, day, id);
CREATE INDEX dossier_number_reservation_day_idx ON dossier_number_reservations (agency, day);

COMMENT ON COLUMN calendars.id IS 'What audit lines and events name it by';

COMMENT ON TABLE calendar_versions IS 'Every version of every calendar; its days are those of calendar_days with first_version <= version < last_version';
COMMENT ON COLUMN calendar_versions.calendar_code IS 'The calendar';
COMMENT ON COLUMN calendar_versions.version IS 'Number of the version, from 1';
COMMENT ON COLUMN calendar_versions.name IS 'Name then';
COMMENT ON COLUMN calendar_versions.off_hours_receipt IS 'To which day a receipt at or after closing time belonged';
COMMENT ON COLUMN calendar_versions.office_hours IS 'Office hours then';
COMMENT ON COLUMN calendar_versions.made_at IS 'When the version was made';

COMMENT ON COLUMN dossiers.calendar_code IS 'Calendar that its dates were computed with; null before acceptance';
COMMENT ON COLUMN dossiers.calendar_version IS 'Version of that calendar; only a revision changes it while the dossier is open';
COMMENT ON COLUMN dossiers.calendar_base_version IS 'Version of the base under that calendar; the same when it is the base itself';

COMMENT ON TABLE calendar_revisions IS 'Revisions: open dossiers recomputed with the calendar as it is now';
COMMENT ON COLUMN calendar_revisions.calendar_code IS 'The calendar';
COMMENT ON COLUMN calendar_revisions.number IS 'Number among those of the calendar, from 1';
COMMENT ON COLUMN calendar_revisions.calendar_version IS 'Version that the dossiers were moved to';
COMMENT ON COLUMN calendar_revisions.base_version IS 'Version of the base under it';
COMMENT ON COLUMN calendar_revisions.reason IS 'Why, in the words of whoever did it; null when not given';
COMMENT ON COLUMN calendar_revisions.revised_at IS 'When';
COMMENT ON COLUMN calendar_revisions.revised_by IS 'User name of whoever did it';
COMMENT ON COLUMN calendar_revisions.checked IS 'Open dossiers that were recomputed';
COMMENT ON COLUMN calendar_revisions.moved IS 'Those of them whose due date moved';

COMMENT ON TABLE calendar_revision_moves IS 'Due dates moved by revisions, with what they were before';
COMMENT ON COLUMN calendar_revision_moves.dossier_id IS 'The dossier';
COMMENT ON COLUMN calendar_revision_moves.calendar_code IS 'The calendar';
COMMENT ON COLUMN calendar_revision_moves.revision IS 'Number of the revision';
COMMENT ON COLUMN calendar_revision_moves.moved_at IS 'When; from then on the new date is in force';
COMMENT ON COLUMN calendar_revision_moves.due_on_from IS 'Due date in force before; null while a pause was open';
COMMENT ON COLUMN calendar_revision_moves.due_on IS 'Due date in force since; null while a pause was open';
COMMENT ON COLUMN calendar_revision_moves.due_at_from IS 'Its instant before, for limits in working hours; otherwise null';
COMMENT ON COLUMN calendar_revision_moves.due_at IS 'Its instant since, for limits in working hours; otherwise null';
COMMENT ON COLUMN calendar_revision_moves.due_before_from IS 'Due date before the open pause, as it was; null when none was open';
COMMENT ON COLUMN calendar_revision_moves.due_before IS 'Due date before the open pause, as it is since; null when none was open';

COMMENT ON TABLE calendar_revision_editions IS 'Editions of calendars that revisions replaced, dossier by dossier, whether or not the due date moved';
COMMENT ON COLUMN calendar_revision_editions.dossier_id IS 'The dossier';
COMMENT ON COLUMN calendar_revision_editions.calendar_code IS 'The calendar';
COMMENT ON COLUMN calendar_revision_editions.revision IS 'Number of the revision';
COMMENT ON COLUMN calendar_revision_editions.replaced_at IS 'When; until then the dossier was counted with the following';
COMMENT ON COLUMN calendar_revision_editions.calendar_code_from IS 'Calendar that it was counted with before';
COMMENT ON COLUMN calendar_revision_editions.calendar_version_from IS 'Its version';
COMMENT ON COLUMN calendar_revision_editions.calendar_base_version_from IS 'Version of the base under it';

COMMENT ON TABLE dossier_number_reservations IS 'Blocks of numbers held for one-stop counters that go offline';
COMMENT ON COLUMN dossier_number_reservations.id IS 'UUIDv7';
COMMENT ON COLUMN dossier_number_reservations.department_id IS 'The counter; nobody else may use the numbers';
COMMENT ON COLUMN dossier_number_reservations.agency IS 'What the numbers begin with';
COMMENT ON COLUMN dossier_number_reservations.day IS 'The day of the numbers';
COMMENT ON COLUMN dossier_number_reservations.numbers IS 'The block; blocks of an agency and day never overlap';
COMMENT ON COLUMN dossier_number_reservations.reserved_at IS 'When it was reserved';
COMMENT ON COLUMN dossier_number_reservations.reserved_by IS 'User name of whoever reserved it';
COMMENT ON COLUMN dossier_number_reservations.expires_at IS 'From then on its unused numbers stay unused';
COMMENT ON COLUMN dossier_number_reservations.released_at IS 'When the unused numbers were given up; null when they were not';
COMMENT ON COLUMN dossier_number_reservations.version IS 'Counts the changes; the ETag of the resource';
