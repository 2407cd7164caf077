-- Departments, people and their sessions.

CREATE TABLE departments (
    id uuid PRIMARY KEY,
    code text NOT NULL CONSTRAINT department_code_key UNIQUE
        CONSTRAINT department_code_check CHECK (code ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'),
    name text NOT NULL CONSTRAINT department_name_check CHECK (btrim(name) <> ''),
    kind text NOT NULL CONSTRAINT department_kind_check CHECK (kind IN
        ('agency', 'office', 'division', 'centre', 'unit', 'board', 'mass_organisation', 'collective', 'external')),
    parent_id uuid CONSTRAINT department_parent_fkey REFERENCES departments (id) ON DELETE RESTRICT
        CONSTRAINT department_parent_check CHECK (parent_id <> id),
    path uuid[] NOT NULL,
    one_stop boolean NOT NULL DEFAULT false,
    identifier text CONSTRAINT department_identifier_check CHECK (identifier ~ '^[A-Za-z0-9][A-Za-z0-9.]{0,31}$'),
    valid_from date,
    valid_to date,
    successor_id uuid CONSTRAINT department_successor_fkey REFERENCES departments (id) ON DELETE RESTRICT,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT department_validity_check CHECK (valid_from <= valid_to),
    CONSTRAINT department_path_check CHECK (path[array_length(path, 1)] = id)
);
CREATE INDEX department_parent_idx ON departments (parent_id);
CREATE INDEX department_successor_idx ON departments (successor_id);
CREATE INDEX department_path_idx ON departments USING gin (path);

CREATE TABLE department_members (
    collective_id uuid NOT NULL CONSTRAINT department_member_collective_fkey REFERENCES departments (id) ON DELETE CASCADE,
    member_id uuid NOT NULL CONSTRAINT department_member_member_fkey REFERENCES departments (id) ON DELETE RESTRICT,
    PRIMARY KEY (collective_id, member_id),
    CONSTRAINT department_member_self_check CHECK (collective_id <> member_id)
);
CREATE INDEX department_member_member_idx ON department_members (member_id);

CREATE TABLE users (
    id uuid PRIMARY KEY,
    username text NOT NULL CONSTRAINT user_username_key UNIQUE
        CONSTRAINT user_username_check CHECK (username ~ '^[a-z0-9][a-z0-9._-]{0,63}$'),
    display_name text NOT NULL,
    password_hash text,
    active boolean NOT NULL DEFAULT true,
    demo boolean NOT NULL DEFAULT false,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE user_grants (
    user_id uuid NOT NULL CONSTRAINT user_grant_user_fkey REFERENCES users (id) ON DELETE CASCADE,
    role text NOT NULL CONSTRAINT user_grant_role_check CHECK (role IN
        ('admin', 'director', 'office', 'one_stop', 'head', 'officer', 'clerk', 'auditor', 'integration')),
    department_id uuid CONSTRAINT user_grant_department_fkey REFERENCES departments (id) ON DELETE RESTRICT,
    CONSTRAINT user_grant_key UNIQUE NULLS NOT DISTINCT (user_id, role, department_id),
    CONSTRAINT user_grant_department_check CHECK (department_id IS NOT NULL OR role NOT IN ('head', 'officer', 'clerk'))
);
CREATE INDEX user_grant_department_idx ON user_grants (department_id);

CREATE TABLE sessions (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL CONSTRAINT session_user_fkey REFERENCES users (id) ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    revoked_because text CONSTRAINT session_revoked_because_check CHECK (revoked_because IN
        ('signed_out', 'token_reused', 'user_changed'))
);
CREATE INDEX session_user_idx ON sessions (user_id);
CREATE INDEX session_revoked_idx ON sessions (revoked_at) WHERE revoked_at IS NOT NULL;

CREATE TABLE refresh_tokens (
    token_hash bytea PRIMARY KEY CONSTRAINT refresh_token_hash_check CHECK (octet_length(token_hash) = 32),
    session_id uuid NOT NULL CONSTRAINT refresh_token_session_fkey REFERENCES sessions (id) ON DELETE CASCADE,
    issued_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE INDEX refresh_token_session_idx ON refresh_tokens (session_id);
