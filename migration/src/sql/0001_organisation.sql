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
    email text CONSTRAINT user_email_check CHECK (email ~ '^[^@[:space:]]+@[^@[:space:]]+$'),
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

COMMENT ON TABLE departments IS 'The units of the organisation and the bodies outside it, as a tree';
COMMENT ON COLUMN departments.id IS 'Identity, UUIDv7';
COMMENT ON COLUMN departments.code IS 'Natural key, safe in a URL';
COMMENT ON COLUMN departments.name IS 'Full name, in Vietnamese';
COMMENT ON COLUMN departments.kind IS 'What sort of unit it is';
COMMENT ON COLUMN departments.parent_id IS 'The department directly above; null at the top';
COMMENT ON COLUMN departments.path IS 'Ids from the top down to this department itself, so that what lies below is found by one containment';
COMMENT ON COLUMN departments.one_stop IS 'Whether it may receive dossiers at the counter';
COMMENT ON COLUMN departments.identifier IS 'Official identifier (mã định danh), which dossier numbers begin with; null: that of the department above';
COMMENT ON COLUMN departments.valid_from IS 'First day it exists; null: always';
COMMENT ON COLUMN departments.valid_to IS 'Last day it exists; null: no end';
COMMENT ON COLUMN departments.successor_id IS 'The department that took over; null when none has';
COMMENT ON COLUMN departments.version IS 'Counts the changes; the ETag of the resource';
COMMENT ON COLUMN departments.created_at IS 'When the row was made';
COMMENT ON COLUMN departments.updated_at IS 'When the row was last changed';

COMMENT ON TABLE department_members IS 'Which departments a collective consists of';
COMMENT ON COLUMN department_members.collective_id IS 'The collective, such as all divisions together';
COMMENT ON COLUMN department_members.member_id IS 'A department that belongs to it';

COMMENT ON TABLE users IS 'People and machines that sign in';
COMMENT ON COLUMN users.id IS 'Identity, UUIDv7';
COMMENT ON COLUMN users.username IS 'What one signs in with, lower case';
COMMENT ON COLUMN users.display_name IS 'Name as shown to others';
COMMENT ON COLUMN users.email IS 'Where digests of reminders go; null: none are sent';
COMMENT ON COLUMN users.password_hash IS 'Argon2id in PHC form; null: cannot sign in by password';
COMMENT ON COLUMN users.active IS 'Whether it may sign in';
COMMENT ON COLUMN users.demo IS 'Belongs to the demonstration, which a production server refuses';
COMMENT ON COLUMN users.version IS 'Counts the changes; the ETag of the resource';
COMMENT ON COLUMN users.created_at IS 'When the row was made';
COMMENT ON COLUMN users.updated_at IS 'When the row was last changed';

COMMENT ON TABLE user_grants IS 'Roles of users';
COMMENT ON COLUMN user_grants.user_id IS 'Who holds the role';
COMMENT ON COLUMN user_grants.role IS 'What the holder may do, by the table of permissions';
COMMENT ON COLUMN user_grants.department_id IS 'Where; null: a role that is not bound to a department';

COMMENT ON TABLE sessions IS 'Sign-ins, from the password to the end of the last refresh';
COMMENT ON COLUMN sessions.id IS 'Identity, UUIDv7; access tokens name it';
COMMENT ON COLUMN sessions.user_id IS 'Who signed in';
COMMENT ON COLUMN sessions.created_at IS 'When';
COMMENT ON COLUMN sessions.expires_at IS 'From then on it is not refreshed';
COMMENT ON COLUMN sessions.revoked_at IS 'When it was ended before its time; null while it was not';
COMMENT ON COLUMN sessions.revoked_because IS 'Why it was ended; null while it was not';

COMMENT ON TABLE refresh_tokens IS 'Tokens that a session is refreshed with, each good for one use';
COMMENT ON COLUMN refresh_tokens.token_hash IS 'SHA-256 of the token; the token itself is not kept';
COMMENT ON COLUMN refresh_tokens.session_id IS 'The session';
COMMENT ON COLUMN refresh_tokens.issued_at IS 'When it was given out';
COMMENT ON COLUMN refresh_tokens.used_at IS 'When it was traded; null while it is still good. A second use ends the session';
