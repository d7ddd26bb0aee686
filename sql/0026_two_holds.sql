-- What a person took back of a record and what waits for a person are two holds, which stand and end apart.
DROP INDEX record_hold_standing;
CREATE UNIQUE INDEX record_hold_standing ON record_hold (record_id, kind) WHERE ended_at IS NULL;
COMMENT ON TABLE record_hold IS
    'Older words of a record that are heard instead of its newest, until its page (or parser) brings something new. '
    'Of each part of a record the older word of its two holds is heard.';
