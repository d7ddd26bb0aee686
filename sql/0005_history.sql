-- What it takes to account for every change and to take any of it back: what each revision was made of, which words of
-- a record are not heard, values that stand as of an older revision, rollbacks, and "these are not the same game".

-- Games ------------------------------------------------------------------------------------------------------------

ALTER TABLE game
    ADD COLUMN merged_into     bigint REFERENCES game,
    ADD COLUMN import_metadata jsonb NOT NULL DEFAULT '{}',     -- what the newest revision was made of, and by which run
    DROP CONSTRAINT game_status_check,
    ADD CONSTRAINT game_status_check CHECK (status IN ('active', 'proposed', 'withdrawn', 'merged'));
COMMENT ON COLUMN game.status IS
    'active; proposed: in shadow mode, not in the catalogue yet; withdrawn: the import that brought it was taken back; '
    'merged: its records belong to merged_into';

ALTER TABLE game_import_state RENAME TO game_member;
ALTER INDEX game_import_state_pkey RENAME TO game_member_pkey;
ALTER INDEX game_import_state_game RENAME TO game_member_game;
ALTER TABLE game_member ADD COLUMN heard jsonb;                 -- part of record -> version heard; NULL: all of record_version
COMMENT ON TABLE game_member IS 'The records of each game, and what of them its newest revision heard.';

ALTER TABLE game_revision
    ADD COLUMN status  text NOT NULL DEFAULT 'active',
    ADD COLUMN members jsonb NOT NULL DEFAULT '{}';             -- record -> part -> version heard
UPDATE game_revision SET members = coalesce((
    SELECT jsonb_object_agg(member->>'record_id', jsonb_build_object('*', member->'version'))
    FROM import_event, jsonb_array_elements(payload->'members') AS member
    WHERE import_event.event_id = game_revision.event_id), '{}');

-- Human edits ------------------------------------------------------------------------------------------------------

ALTER TABLE human_edit
    ADD COLUMN carried_from   bigint,                           -- the edit of another game, or an older one, that this repeats
    ADD COLUMN agreed_at      timestamptz,                      -- since when the sources say the same
    ADD COLUMN agreed_sources text[],
    ADD COLUMN aged_at        timestamptz;                      -- when it had grown so old that its worth was asked for

-- What of a record is not heard -----------------------------------------------------------------------------------

CREATE SEQUENCE record_hold_id_seq;
CREATE TABLE record_hold (
    hold_id      bigint PRIMARY KEY,
    record_id    bigint NOT NULL,
    game_id      bigint,
    kind         text NOT NULL CHECK (kind IN ('rollback', 'limit')),
    parts        jsonb NOT NULL,                        -- part of the record -> version heard instead; '*': all others
    upto         integer NOT NULL,                      -- newest version when the hold was made
    ends_on      text NOT NULL CHECK (ends_on IN ('page', 'version')),
    rollback_id  bigint,
    reason       text NOT NULL,
    actor        text NOT NULL,
    held_at      timestamptz NOT NULL,
    ended_at     timestamptz
);
CREATE UNIQUE INDEX record_hold_standing ON record_hold (record_id) WHERE ended_at IS NULL;
CREATE INDEX record_hold_rollback ON record_hold (rollback_id);
COMMENT ON TABLE record_hold IS
    'Older words of a record that are heard instead of its newest, until its page (or parser) brings something new.';

CREATE TABLE game_pin (
    pin_id      bigint PRIMARY KEY,
    game_id     bigint NOT NULL REFERENCES game,
    field       text NOT NULL,
    value       jsonb NOT NULL,
    provenance  jsonb,
    rejected    text NOT NULL,                          -- digest of the value that must not come back
    revision    integer NOT NULL,                       -- whose value it is
    rollback_id bigint NOT NULL,
    pinned_at   timestamptz NOT NULL,
    ended_at    timestamptz
);
CREATE SEQUENCE game_pin_id_seq;
CREATE UNIQUE INDEX game_pin_standing ON game_pin (game_id, field) WHERE ended_at IS NULL;
COMMENT ON TABLE game_pin IS
    'Values of an older revision that no older record can explain; they stand until the sources say something new.';

CREATE SEQUENCE rollback_id_seq;
CREATE TABLE rollback (
    rollback_id bigint PRIMARY KEY,
    scope       jsonb NOT NULL,                         -- a game and revision, or source, run, parser version, window
    reason      text NOT NULL,
    author      text NOT NULL,
    games       bigint[] NOT NULL,
    also        jsonb NOT NULL,                         -- ids of edits_released, edits_reinstated, unpinned
    made_at     timestamptz NOT NULL,
    undone_at   timestamptz,
    undone_by   text
);

-- Matching ---------------------------------------------------------------------------------------------------------

CREATE TABLE match_exclusion (
    record_id  bigint NOT NULL,
    game_id    bigint NOT NULL,
    author     text NOT NULL,
    reason     text NOT NULL,
    decided_at timestamptz NOT NULL,
    ended_at   timestamptz
);
CREATE UNIQUE INDEX match_exclusion_standing ON match_exclusion (record_id, game_id) WHERE ended_at IS NULL;
COMMENT ON TABLE match_exclusion IS 'A person said: this record is not about that game.';
INSERT INTO match_exclusion (record_id, game_id, author, reason, decided_at)
SELECT DISTINCT ON (record_id, game_id) record_id, game_id, closed_by, coalesce(note, ''), closed_at
FROM review_item WHERE kind = 'match' AND state = 'rejected' AND game_id IS NOT NULL
ORDER BY record_id, game_id, item_id;

-- For reading ------------------------------------------------------------------------------------------------------

CREATE VIEW game_import_state AS
SELECT game.game_id,
       (SELECT coalesce(jsonb_object_agg(source, state), '{}') FROM (
            SELECT source, jsonb_build_object(
                       'records', count(*), 'listed', count(*) FILTER (WHERE live),
                       'held', count(*) FILTER (WHERE heard IS NOT NULL),
                       'imported_at', max(imported_at)) AS state
            FROM game_member WHERE game_member.game_id = game.game_id GROUP BY source) AS by_source) AS sources,
       (SELECT coalesce(jsonb_object_agg(field, edited_at), '{}') FROM human_edit
        WHERE human_edit.game_id = game.game_id AND released_at IS NULL) AS human_edited_fields,
       (SELECT count(*) FROM data_conflict
        WHERE data_conflict.game_id = game.game_id AND closed_at IS NULL) AS conflict_count,
       (SELECT max(imported_at) FROM game_member WHERE game_member.game_id = game.game_id) AS last_imported_at
FROM game;
COMMENT ON VIEW game_import_state IS
    'How each game stands with its sources: per source its records, the fields that people set and when, open conflicts.';
