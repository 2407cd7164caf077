-- What was done, by whom; what the outside is told; what a retry is answered with.
-- All three are written in the transaction of the act itself.

CREATE TABLE audit_events (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    occurred_at timestamptz NOT NULL DEFAULT now(),
    actor_id uuid,
    actor text NOT NULL,
    act text NOT NULL,
    subject_type text NOT NULL,
    subject_id uuid NOT NULL,
    subject_code text,
    version integer,
    request_id text,
    detail jsonb
);
CREATE INDEX audit_event_subject_idx ON audit_events (subject_id, id);

CREATE TABLE outbox_events (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    recorded_at timestamptz NOT NULL DEFAULT now(),
    occurred_at timestamptz NOT NULL DEFAULT now(),
    type text NOT NULL,
    subject_type text NOT NULL,
    subject_id uuid NOT NULL,
    subject_code text,
    department_id uuid,
    version integer,
    data jsonb
);

CREATE TABLE idempotency_keys (
    subject uuid NOT NULL,
    route text NOT NULL,
    key text NOT NULL CONSTRAINT idempotency_key_length_check CHECK (length(key) BETWEEN 1 AND 255),
    body_hash bytea NOT NULL,
    authority jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    status smallint,
    headers jsonb,
    body bytea,
    CONSTRAINT idempotency_key_pkey PRIMARY KEY (subject, route, key)
);
CREATE INDEX idempotency_key_created_idx ON idempotency_keys (created_at);

COMMENT ON TABLE audit_events IS 'What was done, by whom; only ever added to';
COMMENT ON COLUMN audit_events.id IS 'Order of recording within one writer';
COMMENT ON COLUMN audit_events.recorded_at IS 'When it was written down';
COMMENT ON COLUMN audit_events.occurred_at IS 'When it happened, by the word of whoever recorded it';
COMMENT ON COLUMN audit_events.actor_id IS 'The user or client who did it; kept when they are gone; null: the server itself';
COMMENT ON COLUMN audit_events.actor IS 'User name at that time, `client:` and the id of a client, or `dunghen`';
COMMENT ON COLUMN audit_events.act IS 'The verb of the office: refuse, put, load';
COMMENT ON COLUMN audit_events.subject_type IS 'What it was done to: dossier, department, kpi';
COMMENT ON COLUMN audit_events.subject_id IS 'Id of what it was done to';
COMMENT ON COLUMN audit_events.subject_code IS 'Its code at that time; null when it has none';
COMMENT ON COLUMN audit_events.version IS 'Version of the subject that the act made; null when it has none';
COMMENT ON COLUMN audit_events.request_id IS 'Id of the HTTP request; null when there was none';
COMMENT ON COLUMN audit_events.detail IS 'What was given or what came of it';

COMMENT ON TABLE outbox_events IS 'What the outside is told, written with the act itself';
COMMENT ON COLUMN outbox_events.seq IS 'Order of writing; transactions may commit in another one';
COMMENT ON COLUMN outbox_events.id IS 'Identity of the event for receivers';
COMMENT ON COLUMN outbox_events.recorded_at IS 'When it was written down';
COMMENT ON COLUMN outbox_events.occurred_at IS 'When it happened';
COMMENT ON COLUMN outbox_events.type IS 'Subject and verb: dossier.refuse';
COMMENT ON COLUMN outbox_events.subject_type IS 'What it is about';
COMMENT ON COLUMN outbox_events.subject_id IS 'Id of what it is about';
COMMENT ON COLUMN outbox_events.subject_code IS 'Its code at that time; null when it has none';
COMMENT ON COLUMN outbox_events.department_id IS 'Whose event it is, which decides who may see it; null: of no department';
COMMENT ON COLUMN outbox_events.version IS 'Version of the subject after the act; null when it has none';
COMMENT ON COLUMN outbox_events.data IS 'What the event carries; null when nothing';

COMMENT ON TABLE idempotency_keys IS 'Answers kept for the repetition of a request';
COMMENT ON COLUMN idempotency_keys.subject IS 'The user or client who sent the request';
COMMENT ON COLUMN idempotency_keys.route IS 'Method and path that the key was used with';
COMMENT ON COLUMN idempotency_keys.key IS 'The Idempotency-Key that was sent';
COMMENT ON COLUMN idempotency_keys.body_hash IS 'HMAC-SHA-256 over body and query, by a key of the server; another request under the same key is refused. Empty only inside the transaction that makes the answer';
COMMENT ON COLUMN idempotency_keys.authority IS 'Roles of the sender with the departments they reached; who has lost one since is not answered from here';
COMMENT ON COLUMN idempotency_keys.created_at IS 'When it was used first; kept for 7 days';
COMMENT ON COLUMN idempotency_keys.status IS 'HTTP status of the answer; null only inside the transaction that makes it';
COMMENT ON COLUMN idempotency_keys.headers IS 'Headers of the answer, as pairs; null like the status';
COMMENT ON COLUMN idempotency_keys.body IS 'Body of the answer, bytes; null like the status';
