-- Satisfaction surveys: one row a wave, its answers by factor, field and question, what it feeds, what was published of it.

CREATE TABLE surveys (
    id uuid PRIMARY KEY,
    code text NOT NULL CONSTRAINT survey_code_key UNIQUE
        CONSTRAINT survey_code_check CHECK (code ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'),
    name text NOT NULL CONSTRAINT survey_name_check CHECK (btrim(name) <> ''),
    department_id uuid NOT NULL CONSTRAINT survey_department_fkey REFERENCES departments (id) ON DELETE RESTRICT,
    period text NOT NULL CONSTRAINT survey_period_check CHECK (period ~ '^[0-9]{4}(H[12]|Q[1-4]|-9M|-(0[1-9]|1[0-2]))?$'),
    method_name text NOT NULL CONSTRAINT survey_method_name_check CHECK (btrim(method_name) <> ''),
    method_version text,
    legal_basis text,
    mode text NOT NULL CONSTRAINT survey_mode_check CHECK (mode IN ('paper', 'online', 'interview', 'telephone', 'kiosk', 'mixed')),
    scale text NOT NULL CONSTRAINT survey_scale_check CHECK (scale IN ('five_point', 'three_point')),
    population integer,
    sample_size integer NOT NULL CONSTRAINT survey_sample_size_check CHECK (sample_size > 0),
    respondents integer NOT NULL CONSTRAINT survey_respondents_check CHECK (respondents >= 0),
    fieldwork_from date,
    fieldwork_to date,
    conductor text,
    evidence jsonb NOT NULL DEFAULT '[]' CONSTRAINT survey_evidence_check CHECK (jsonb_typeof(evidence) = 'array'),
    note text,
    follows_id uuid CONSTRAINT survey_follows_fkey REFERENCES surveys (id) ON DELETE RESTRICT
        CONSTRAINT survey_follows_check CHECK (follows_id <> id),
    state text NOT NULL DEFAULT 'open' CONSTRAINT survey_state_check CHECK (state IN ('open', 'closed', 'published')),
    closed_at timestamptz,
    published_by text,
    published_document text,
    published_on date,
    search text NOT NULL,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT survey_respondents_key UNIQUE (id, respondents),
    CONSTRAINT survey_sizes_check CHECK (respondents <= sample_size AND sample_size <= coalesce(population, sample_size)),
    CONSTRAINT survey_fieldwork_check CHECK (fieldwork_from <= fieldwork_to),
    CONSTRAINT survey_closed_check CHECK ((state = 'open') = (closed_at IS NULL)),
    CONSTRAINT survey_published_check CHECK ((state = 'published') = (published_document IS NOT NULL)
        AND (published_document IS NULL) = (published_on IS NULL) AND (published_document IS NOT NULL OR published_by IS NULL))
);
CREATE INDEX survey_department_idx ON surveys (department_id, period);
CREATE INDEX survey_follows_idx ON surveys (follows_id);
CREATE INDEX survey_period_idx ON surveys (period) WHERE state <> 'open';

CREATE TABLE survey_feeds (
    survey_id uuid NOT NULL CONSTRAINT survey_feed_survey_fkey REFERENCES surveys (id) ON DELETE CASCADE,
    n smallint NOT NULL CONSTRAINT survey_feed_n_check CHECK (n > 0),
    kpi_code text NOT NULL CONSTRAINT survey_feed_kpi_fkey REFERENCES kpis (code) ON DELETE RESTRICT,
    field_code text CONSTRAINT survey_feed_field_fkey REFERENCES procedure_fields (code) ON DELETE RESTRICT,
    CONSTRAINT survey_feed_pkey PRIMARY KEY (survey_id, n),
    CONSTRAINT survey_feed_key UNIQUE (survey_id, kpi_code)
);
CREATE INDEX survey_feed_kpi_idx ON survey_feeds (kpi_code);
CREATE INDEX survey_feed_field_idx ON survey_feeds (field_code);

-- The number of respondents is carried along, so that no question can have more answers than there were respondents.
CREATE TABLE survey_answers (
    survey_id uuid NOT NULL,
    n integer NOT NULL CONSTRAINT survey_answer_n_check CHECK (n > 0),
    respondents integer NOT NULL,
    factor_code text NOT NULL CONSTRAINT survey_answer_factor_fkey REFERENCES kpis (code) ON DELETE RESTRICT,
    field_code text CONSTRAINT survey_answer_field_fkey REFERENCES procedure_fields (code) ON DELETE RESTRICT,
    question text CONSTRAINT survey_answer_question_check CHECK (btrim(question) <> ''),
    very_dissatisfied integer NOT NULL CONSTRAINT survey_answer_very_dissatisfied_check CHECK (very_dissatisfied >= 0),
    dissatisfied integer NOT NULL CONSTRAINT survey_answer_dissatisfied_check CHECK (dissatisfied >= 0),
    neutral integer NOT NULL CONSTRAINT survey_answer_neutral_check CHECK (neutral >= 0),
    satisfied integer NOT NULL CONSTRAINT survey_answer_satisfied_check CHECK (satisfied >= 0),
    very_satisfied integer NOT NULL CONSTRAINT survey_answer_very_satisfied_check CHECK (very_satisfied >= 0),
    no_answer integer NOT NULL CONSTRAINT survey_answer_no_answer_check CHECK (no_answer >= 0),
    CONSTRAINT survey_answer_pkey PRIMARY KEY (survey_id, n),
    CONSTRAINT survey_answer_key UNIQUE NULLS NOT DISTINCT (survey_id, factor_code, question, field_code),
    CONSTRAINT survey_answer_survey_fkey FOREIGN KEY (survey_id, respondents) REFERENCES surveys (id, respondents)
        ON UPDATE CASCADE ON DELETE CASCADE,
    CONSTRAINT survey_answer_sum_check CHECK (
        very_dissatisfied::bigint + dissatisfied + neutral + satisfied + very_satisfied + no_answer <= respondents)
);
CREATE INDEX survey_answer_survey_idx ON survey_answers (survey_id, respondents);
CREATE INDEX survey_answer_factor_idx ON survey_answers (factor_code);
CREATE INDEX survey_answer_field_idx ON survey_answers (field_code);

CREATE TABLE survey_published_values (
    survey_id uuid NOT NULL CONSTRAINT survey_published_value_survey_fkey REFERENCES surveys (id) ON DELETE CASCADE,
    n smallint NOT NULL CONSTRAINT survey_published_value_n_check CHECK (n > 0),
    factor_code text CONSTRAINT survey_published_value_factor_fkey REFERENCES kpis (code) ON DELETE RESTRICT,
    field_code text CONSTRAINT survey_published_value_field_fkey REFERENCES procedure_fields (code) ON DELETE RESTRICT,
    value numeric(5, 2) NOT NULL CONSTRAINT survey_published_value_check CHECK (value BETWEEN 0 AND 100),
    CONSTRAINT survey_published_value_pkey PRIMARY KEY (survey_id, n),
    CONSTRAINT survey_published_value_key UNIQUE NULLS NOT DISTINCT (survey_id, factor_code, field_code),
    CONSTRAINT survey_published_value_about_check CHECK (factor_code IS NULL OR field_code IS NULL)
);
CREATE INDEX survey_published_value_factor_idx ON survey_published_values (factor_code);
CREATE INDEX survey_published_value_field_idx ON survey_published_values (field_code);

CREATE TABLE survey_steps (
    survey_id uuid NOT NULL CONSTRAINT survey_step_survey_fkey REFERENCES surveys (id) ON DELETE CASCADE,
    n integer NOT NULL CONSTRAINT survey_step_n_check CHECK (n > 0),
    act text NOT NULL CONSTRAINT survey_step_act_check CHECK (act IN ('close', 'correct', 'publish')),
    text text,
    document_no text,
    done_by text NOT NULL,
    done_at timestamptz NOT NULL,
    CONSTRAINT survey_step_pkey PRIMARY KEY (survey_id, n),
    CONSTRAINT survey_step_reason_check CHECK (act <> 'correct' OR btrim(coalesce(text, '')) <> '')
);

COMMENT ON TABLE surveys IS 'Satisfaction surveys, one row for each wave';
COMMENT ON COLUMN surveys.id IS 'Identity, UUIDv7';
COMMENT ON COLUMN surveys.code IS 'Natural key';
COMMENT ON COLUMN surveys.name IS 'Name, in Vietnamese';
COMMENT ON COLUMN surveys.department_id IS 'The department whose service was judged';
COMMENT ON COLUMN surveys.period IS 'Code of the period that the wave speaks for';
COMMENT ON COLUMN surveys.method_name IS 'How the method is called';
COMMENT ON COLUMN surveys.method_version IS 'Edition of the method; figures of different editions may not be comparable';
COMMENT ON COLUMN surveys.legal_basis IS 'The document that sets the method';
COMMENT ON COLUMN surveys.mode IS 'How people were asked';
COMMENT ON COLUMN surveys.scale IS 'five_point; or three_point, which has no very_dissatisfied and no neutral';
COMMENT ON COLUMN surveys.population IS 'How many people the sample was drawn from; null where nobody knows';
COMMENT ON COLUMN surveys.sample_size IS 'How many people were to be asked';
COMMENT ON COLUMN surveys.respondents IS 'How many forms came back that could be used';
COMMENT ON COLUMN surveys.fieldwork_from IS 'First day on which people were asked';
COMMENT ON COLUMN surveys.fieldwork_to IS 'Last day on which people were asked';
COMMENT ON COLUMN surveys.conductor IS 'Who carried it out';
COMMENT ON COLUMN surveys.evidence IS 'Documents that prove it: document_number, issued_on, title, link';
COMMENT ON COLUMN surveys.note IS 'Free text';
COMMENT ON COLUMN surveys.follows_id IS 'The wave before, which this one is compared with';
COMMENT ON COLUMN surveys.state IS 'open: still being entered; closed: changed by corrections only; published: closed, and a value was published';
COMMENT ON COLUMN surveys.closed_at IS 'When it was closed';
COMMENT ON COLUMN surveys.published_by IS 'Who published';
COMMENT ON COLUMN surveys.published_document IS 'Number of the document that published';
COMMENT ON COLUMN surveys.published_on IS 'Date of that document';
COMMENT ON COLUMN surveys.search IS 'Code and name, folded for search';
COMMENT ON COLUMN surveys.version IS 'Counts the changes; the ETag of the resource';
COMMENT ON COLUMN surveys.created_at IS 'When it was first recorded';
COMMENT ON COLUMN surveys.updated_at IS 'When it was last changed';

COMMENT ON TABLE survey_feeds IS 'Which indicators take their figure from a wave as a whole or from one of its fields; each factor is an indicator by itself';
COMMENT ON COLUMN survey_feeds.survey_id IS 'The wave';
COMMENT ON COLUMN survey_feeds.n IS 'Place in the list';
COMMENT ON COLUMN survey_feeds.kpi_code IS 'The indicator';
COMMENT ON COLUMN survey_feeds.field_code IS 'The field whose answers it takes; null for the whole, and each field beside it';

COMMENT ON TABLE survey_answers IS 'Counts of answers by level: of a question about a factor, by all who answered or by those of one field';
COMMENT ON COLUMN survey_answers.survey_id IS 'The wave';
COMMENT ON COLUMN survey_answers.n IS 'Place in the list';
COMMENT ON COLUMN survey_answers.respondents IS 'As the wave has it: no question has more answers';
COMMENT ON COLUMN survey_answers.factor_code IS 'The indicator that the question is about';
COMMENT ON COLUMN survey_answers.field_code IS 'The field of procedures that these people dealt with; null for all';
COMMENT ON COLUMN survey_answers.question IS 'Number or words of the question; null where the factor was asked as one';
COMMENT ON COLUMN survey_answers.very_dissatisfied IS 'Answers at this level';
COMMENT ON COLUMN survey_answers.dissatisfied IS 'Answers at this level';
COMMENT ON COLUMN survey_answers.neutral IS 'Answers at this level';
COMMENT ON COLUMN survey_answers.satisfied IS 'Answers at this level';
COMMENT ON COLUMN survey_answers.very_satisfied IS 'Answers at this level';
COMMENT ON COLUMN survey_answers.no_answer IS 'Forms on which the question was left out or answered in no valid way';

COMMENT ON TABLE survey_published_values IS 'Index values that were published of a wave; they may be weighted and differ from what is computed';
COMMENT ON COLUMN survey_published_values.survey_id IS 'The wave';
COMMENT ON COLUMN survey_published_values.n IS 'Place in the list';
COMMENT ON COLUMN survey_published_values.factor_code IS 'The factor it is about; null for the whole or a field';
COMMENT ON COLUMN survey_published_values.field_code IS 'The field it is about; null for the whole or a factor';
COMMENT ON COLUMN survey_published_values.value IS 'Per cent';

COMMENT ON TABLE survey_steps IS 'What was done about a wave once its answers were entered';
COMMENT ON COLUMN survey_steps.survey_id IS 'The wave';
COMMENT ON COLUMN survey_steps.n IS 'Order, from 1';
COMMENT ON COLUMN survey_steps.act IS 'What was done';
COMMENT ON COLUMN survey_steps.text IS 'What was said; of a correction its reason';
COMMENT ON COLUMN survey_steps.document_no IS 'Number of the document that goes with it';
COMMENT ON COLUMN survey_steps.done_by IS 'User name';
COMMENT ON COLUMN survey_steps.done_at IS 'When';
