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
    created_at timestamptz NOT NULL DEFAULT now(),
    status smallint,
    headers jsonb,
    body bytea,
    CONSTRAINT idempotency_key_pkey PRIMARY KEY (subject, route, key)
);
CREATE INDEX idempotency_key_created_idx ON idempotency_keys (created_at);
