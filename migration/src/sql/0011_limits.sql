-- Machine clients, the throttle of sign-ins, and what house-keeping looks for.

CREATE TABLE clients (
    id uuid PRIMARY KEY,
    client_id text NOT NULL CONSTRAINT client_client_id_key UNIQUE
        CONSTRAINT client_client_id_check CHECK (client_id ~ '^[a-z0-9][a-z0-9._-]{0,63}$'),
    name text NOT NULL CONSTRAINT client_name_check CHECK (btrim(name) <> ''),
    scopes text[] NOT NULL,
    active boolean NOT NULL DEFAULT true,
    token_family uuid NOT NULL,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE client_departments (
    client_id uuid NOT NULL CONSTRAINT client_department_client_fkey REFERENCES clients (id) ON DELETE CASCADE,
    department_id uuid NOT NULL CONSTRAINT client_department_department_fkey REFERENCES departments (id) ON DELETE RESTRICT,
    CONSTRAINT client_department_pkey PRIMARY KEY (client_id, department_id)
);
CREATE INDEX client_department_department_idx ON client_departments (department_id);

CREATE TABLE client_secrets (
    id uuid PRIMARY KEY,
    client_id uuid NOT NULL CONSTRAINT client_secret_client_fkey REFERENCES clients (id) ON DELETE CASCADE,
    secret_hash text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX client_secret_client_idx ON client_secrets (client_id, created_at);

CREATE TABLE sign_in_throttles (
    kind text NOT NULL CONSTRAINT sign_in_throttle_kind_check CHECK (kind IN ('user', 'client', 'address')),
    key_hash bytea NOT NULL CONSTRAINT sign_in_throttle_key_check CHECK (octet_length(key_hash) = 32),
    failures integer NOT NULL,
    last_failed_at timestamptz NOT NULL,
    locked_until timestamptz,
    CONSTRAINT sign_in_throttle_pkey PRIMARY KEY (kind, key_hash)
);
CREATE INDEX sign_in_throttle_last_failed_idx ON sign_in_throttles (last_failed_at);

CREATE INDEX session_expires_idx ON sessions (expires_at);

COMMENT ON TABLE clients IS 'Machines that ask for tokens with a secret of their own';
COMMENT ON COLUMN clients.id IS 'Identity, UUIDv7; tokens name it as their subject';
COMMENT ON COLUMN clients.client_id IS 'What the machine calls itself, lower case';
COMMENT ON COLUMN clients.name IS 'Name as shown to people';
COMMENT ON COLUMN clients.scopes IS 'Permissions that its tokens may carry, out of those of the role integration';
COMMENT ON COLUMN clients.active IS 'Whether it is given tokens';
COMMENT ON COLUMN clients.token_family IS 'Names all tokens given out under the present terms; a change of the client makes a new one and so ends them';
COMMENT ON COLUMN clients.version IS 'Counts the changes; the ETag of the resource';
COMMENT ON COLUMN clients.created_at IS 'When the row was made';
COMMENT ON COLUMN clients.updated_at IS 'When the row was last changed';

COMMENT ON TABLE client_departments IS 'Departments that a client works for, with all below them; a client without any works for all';
COMMENT ON COLUMN client_departments.client_id IS 'The client';
COMMENT ON COLUMN client_departments.department_id IS 'A department it works for';

COMMENT ON TABLE client_secrets IS 'Secrets of clients; at most two are good at a time, so that one can be replaced without a gap';
COMMENT ON COLUMN client_secrets.id IS 'Identity, UUIDv7';
COMMENT ON COLUMN client_secrets.client_id IS 'The client';
COMMENT ON COLUMN client_secrets.secret_hash IS 'Argon2id in PHC form; the secret itself is not kept';
COMMENT ON COLUMN client_secrets.created_at IS 'When it was made';

COMMENT ON TABLE sign_in_throttles IS 'Failed sign-ins, counted for the account and for the address they came from; shared by all servers';
COMMENT ON COLUMN sign_in_throttles.kind IS 'What is counted for: a user, a client, or an address';
COMMENT ON COLUMN sign_in_throttles.key_hash IS 'SHA-256 of the name or address, whether it exists or not';
COMMENT ON COLUMN sign_in_throttles.failures IS 'Failures in a row, none longer after the one before than is forgotten';
COMMENT ON COLUMN sign_in_throttles.last_failed_at IS 'When the last one was';
COMMENT ON COLUMN sign_in_throttles.locked_until IS 'Until then every attempt is refused unseen; null: not locked';
