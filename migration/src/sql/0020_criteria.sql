-- Index criteria (bộ tiêu chí PAR INDEX, PCI): the sheet of a year as a tree of criteria with their points, and what each was scored.

CREATE TABLE criteria_sheets (
    id uuid PRIMARY KEY,
    code text NOT NULL CONSTRAINT criteria_sheet_code_key UNIQUE
        CONSTRAINT criteria_sheet_code_check CHECK (code ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'),
    name text NOT NULL CONSTRAINT criteria_sheet_name_check CHECK (btrim(name) <> ''),
    year integer NOT NULL CONSTRAINT criteria_sheet_year_check CHECK (year BETWEEN 1990 AND 2200),
    department_id uuid NOT NULL CONSTRAINT criteria_sheet_department_fkey REFERENCES departments (id) ON DELETE RESTRICT,
    issuer text,
    decision text,
    legal_basis text,
    follows_id uuid CONSTRAINT criteria_sheet_follows_fkey REFERENCES criteria_sheets (id) ON DELETE RESTRICT,
    search text NOT NULL,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT criteria_sheet_itself_check CHECK (follows_id <> id)
);
CREATE INDEX criteria_sheet_department_idx ON criteria_sheets (department_id);
CREATE INDEX criteria_sheet_follows_idx ON criteria_sheets (follows_id);
CREATE INDEX criteria_sheet_year_idx ON criteria_sheets (year);

COMMENT ON TABLE criteria_sheets IS 'Sheets of index criteria: what an index of a year scores a department by.';
COMMENT ON COLUMN criteria_sheets.id IS 'UUIDv7.';
COMMENT ON COLUMN criteria_sheets.code IS 'Natural key.';
COMMENT ON COLUMN criteria_sheets.name IS 'For people.';
COMMENT ON COLUMN criteria_sheets.year IS 'The year that is scored.';
COMMENT ON COLUMN criteria_sheets.department_id IS 'Who is scored; in charge of every criterion that names nobody else.';
COMMENT ON COLUMN criteria_sheets.issuer IS 'Who issued the set of criteria; null when not stated.';
COMMENT ON COLUMN criteria_sheets.decision IS 'Number of the decision that issued it; null when not stated.';
COMMENT ON COLUMN criteria_sheets.legal_basis IS 'What the decision stands on; null when not stated.';
COMMENT ON COLUMN criteria_sheets.follows_id IS 'The sheet of the year before, which this one is compared with; null when there is none.';
COMMENT ON COLUMN criteria_sheets.search IS 'Code and name in lower case without accents.';
COMMENT ON COLUMN criteria_sheets.version IS 'Counts the changes of the sheet, not of its scores; the ETag of the resource.';
COMMENT ON COLUMN criteria_sheets.created_at IS 'When the row was made.';
COMMENT ON COLUMN criteria_sheets.updated_at IS 'When the row was last changed.';

CREATE TABLE criteria (
    id uuid PRIMARY KEY,
    sheet_id uuid NOT NULL CONSTRAINT criterion_sheet_fkey REFERENCES criteria_sheets (id) ON DELETE CASCADE,
    code text NOT NULL CONSTRAINT criterion_code_check CHECK (code ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'),
    parent_id uuid CONSTRAINT criterion_parent_fkey REFERENCES criteria (id) ON DELETE CASCADE,
    position integer NOT NULL CONSTRAINT criterion_position_check CHECK (position > 0),
    name text NOT NULL CONSTRAINT criterion_name_check CHECK (btrim(name) <> ''),
    max_points numeric(15, 6) NOT NULL CONSTRAINT criterion_max_points_check CHECK (max_points > 0 AND max_points <= 1000),
    kind text CONSTRAINT criterion_kind_check CHECK (kind IN ('formula', 'bands', 'yes_no', 'survey', 'points')),
    full_at numeric(15, 6) CONSTRAINT criterion_full_at_check CHECK (full_at > 0),
    bands jsonb NOT NULL DEFAULT '[]',
    kpi text,
    department_id uuid CONSTRAINT criterion_department_fkey REFERENCES departments (id) ON DELETE RESTRICT,
    follows text,
    last_year_score numeric(15, 6),
    note text,
    CONSTRAINT criterion_code_key UNIQUE (sheet_id, code),
    CONSTRAINT criterion_parent_check CHECK (parent_id <> id),
    CONSTRAINT criterion_formula_check CHECK (full_at IS NULL OR kind = 'formula'),
    CONSTRAINT criterion_bands_check CHECK (bands = '[]' OR kind = 'bands'),
    CONSTRAINT criterion_last_year_check CHECK (last_year_score >= 0 AND last_year_score <= max_points)
);
CREATE INDEX criterion_parent_idx ON criteria (parent_id);
CREATE INDEX criterion_department_idx ON criteria (department_id);

COMMENT ON TABLE criteria IS 'Criteria of a sheet, as a tree: those without parts are scored, the others are the sum of their parts.';
COMMENT ON COLUMN criteria.id IS 'UUIDv7.';
COMMENT ON COLUMN criteria.sheet_id IS 'The sheet.';
COMMENT ON COLUMN criteria.code IS 'Number in the sheet, as text: 1.10 is not 1.1.';
COMMENT ON COLUMN criteria.parent_id IS 'The criterion that this is a part of; null at the top.';
COMMENT ON COLUMN criteria.position IS 'Place in the sheet, from 1.';
COMMENT ON COLUMN criteria.name IS 'As printed.';
COMMENT ON COLUMN criteria.max_points IS 'The most points it can get; those of its parts are no more together.';
COMMENT ON COLUMN criteria.kind IS 'How it is scored; null where its parts are.';
COMMENT ON COLUMN criteria.full_at IS 'The figure from which a formula gives the maximum; null is 100.';
COMMENT ON COLUMN criteria.bands IS 'Points by the figure: a list of from and one of points, factor, per; the highest that the figure reaches counts.';
COMMENT ON COLUMN criteria.kpi IS 'Code of the indicator that the figure comes from; null when there is none.';
COMMENT ON COLUMN criteria.department_id IS 'Who is in charge of it; null as the criterion above, at last the sheet.';
COMMENT ON COLUMN criteria.follows IS 'Its number in the sheet of the year before; null when the same.';
COMMENT ON COLUMN criteria.last_year_score IS 'Points of the year before, where no sheet tells them; null otherwise.';
COMMENT ON COLUMN criteria.note IS 'Anything else; null when nothing.';

CREATE TABLE criterion_scores (
    id uuid PRIMARY KEY,
    criterion_id uuid NOT NULL CONSTRAINT criterion_score_key UNIQUE
        CONSTRAINT criterion_score_criterion_fkey REFERENCES criteria (id) ON DELETE RESTRICT,
    self_score numeric(15, 6) CONSTRAINT criterion_score_self_check CHECK (self_score >= 0),
    figure jsonb,
    evidence jsonb NOT NULL DEFAULT '[]',
    note text,
    scored_by text,
    scored_at timestamptz,
    appraised_score numeric(15, 6) CONSTRAINT criterion_score_appraised_check CHECK (appraised_score >= 0),
    survey_score numeric(15, 6) CONSTRAINT criterion_score_survey_check CHECK (survey_score >= 0),
    appraisal_note text,
    appraised_by text,
    appraised_at timestamptz,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE criterion_scores IS 'What a criterion was scored: by the department itself, by figures, by a survey, by who appraises.';
COMMENT ON COLUMN criterion_scores.id IS 'UUIDv7.';
COMMENT ON COLUMN criterion_scores.criterion_id IS 'The criterion.';
COMMENT ON COLUMN criterion_scores.self_score IS 'Points that the department gives itself; null when it gives none.';
COMMENT ON COLUMN criterion_scores.figure IS 'What was measured, from which points follow: value, or numerator and denominator, and source; null when nothing was.';
COMMENT ON COLUMN criterion_scores.evidence IS 'Documents that prove it: a list of document_number, issued_on, title, link.';
COMMENT ON COLUMN criterion_scores.note IS 'The department''s own word; null when none.';
COMMENT ON COLUMN criterion_scores.scored_by IS 'User name of who scored for the department last; null before.';
COMMENT ON COLUMN criterion_scores.scored_at IS 'When; null before.';
COMMENT ON COLUMN criterion_scores.appraised_score IS 'Points after the appraisal; null before.';
COMMENT ON COLUMN criterion_scores.survey_score IS 'Points by the survey; null for other kinds and before.';
COMMENT ON COLUMN criterion_scores.appraisal_note IS 'Why points were taken or given; null when not said.';
COMMENT ON COLUMN criterion_scores.appraised_by IS 'User name of who appraised last; null before.';
COMMENT ON COLUMN criterion_scores.appraised_at IS 'When; null before.';
COMMENT ON COLUMN criterion_scores.version IS 'Counts the changes; the ETag of the resource.';
COMMENT ON COLUMN criterion_scores.created_at IS 'When the row was made.';
COMMENT ON COLUMN criterion_scores.updated_at IS 'When the row was last changed.';

-- Criteria that rose or fell are indicators.
ALTER TABLE kpis DROP CONSTRAINT kpi_formula_check;
ALTER TABLE kpis ADD CONSTRAINT kpi_formula_check CHECK (formula IN
    ('on_time_rate', 'on_time_rate_ii06a', 'online_rate', 'apology_coverage', 'supplement_rate', 'refusal_rate',
     'e_document_rate', 'e_office_drafted_rate', 'task_on_time_rate', 'tasks_overdue_or_extended', 'plan_completion_rate',
     'criteria_up', 'criteria_down'));
