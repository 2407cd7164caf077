-- The digests of reminders that were sent by e-mail.

CREATE TABLE reminder_digests (
    user_id uuid NOT NULL CONSTRAINT reminder_digest_user_fkey REFERENCES users (id) ON DELETE CASCADE,
    on_day date NOT NULL,
    state text NOT NULL CONSTRAINT reminder_digest_state_check CHECK (state IN ('due', 'sending', 'sent', 'nothing', 'failed')),
    reminders bigint NOT NULL DEFAULT 0,
    attempts integer NOT NULL DEFAULT 0,
    attempted_at timestamptz,
    next_attempt_at timestamptz NOT NULL,
    last_error text,
    CONSTRAINT reminder_digest_pkey PRIMARY KEY (user_id, on_day)
);
CREATE INDEX reminder_digest_due_idx ON reminder_digests (on_day, next_attempt_at, user_id) WHERE state = 'due';

COMMENT ON TABLE reminder_digests IS 'The digest of reminders of one person on one working day; each goes out at most once.';
COMMENT ON COLUMN reminder_digests.user_id IS 'Who is reminded.';
COMMENT ON COLUMN reminder_digests.on_day IS 'The day, in Vietnam.';
COMMENT ON COLUMN reminder_digests.state IS 'due: to be sent; sending: in the hands of a server, or of one that died over it, and not sent again; sent; nothing: there was nothing to say; failed: given up.';
COMMENT ON COLUMN reminder_digests.reminders IS 'How many reminders it told of.';
COMMENT ON COLUMN reminder_digests.attempts IS 'How often sending was tried.';
COMMENT ON COLUMN reminder_digests.attempted_at IS 'When it was last tried.';
COMMENT ON COLUMN reminder_digests.next_attempt_at IS 'Not tried before then.';
COMMENT ON COLUMN reminder_digests.last_error IS 'What the mail server said last.';
