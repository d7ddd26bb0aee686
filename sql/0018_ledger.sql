-- The ledger of judgements: what is held about two records, by whom and why. Games are the components of its edges.

CREATE SEQUENCE match_edge_id_seq;
CREATE TABLE match_edge (
    edge_id    bigint PRIMARY KEY,
    a          bigint NOT NULL,                         -- records, never games: what is said stays true when games change
    b          bigint NOT NULL CHECK (a < b),
    judgement  text NOT NULL CHECK (judgement IN ('same', 'different', 'unsure', 'suggested')),
    judge      text NOT NULL CHECK (judge IN ('rule', 'model', 'llm', 'person')),
    method     text NOT NULL,                           -- strong_key, title_author, merged, split...
    score      real NOT NULL,
    keys       text[] NOT NULL,                         -- the identity keys that both carry, where they made the judgement
    reason     jsonb NOT NULL,                          -- feature, detail in words, ours, theirs; of each observation
    judged_by  text NOT NULL,
    judged_at  timestamptz NOT NULL,
    ended_at   timestamptz,
    ended_by   text,
    ended_why  text
);
CREATE UNIQUE INDEX match_edge_standing ON match_edge (a, b, judge) WHERE ended_at IS NULL;
CREATE INDEX match_edge_a ON match_edge (a);
CREATE INDEX match_edge_b ON match_edge (b);
CREATE INDEX match_edge_keys ON match_edge USING gin (keys) WHERE ended_at IS NULL;
COMMENT ON TABLE match_edge IS 'Judgements about pairs of records; at most one stands for a pair and kind of judge.';

CREATE TABLE demoted_key (
    key        text PRIMARY KEY,
    records    bigint[] NOT NULL,                       -- that carried it when it was demoted
    titles     integer NOT NULL,                        -- how many unlike titles those have
    demoted_at timestamptz NOT NULL
);
COMMENT ON TABLE demoted_key IS 'Keys that point at several games (a hub page, a compilation): they link nothing any more.';

CREATE SEQUENCE game_relation_id_seq;
CREATE TABLE game_relation (
    relation_id bigint PRIMARY KEY,
    record_id   bigint NOT NULL,
    kind        text NOT NULL CHECK (kind IN ('edition_of', 'demo_of', 'dlc_of', 'translation_of', 'sequel_of')),
    of_record   bigint NOT NULL CHECK (of_record <> record_id),
    judge       text NOT NULL CHECK (judge IN ('rule', 'model', 'llm', 'person')),
    reason      text NOT NULL,
    stated_by   text NOT NULL,
    stated_at   timestamptz NOT NULL,
    ended_at    timestamptz,
    ended_by    text,
    ended_why   text
);
CREATE UNIQUE INDEX game_relation_standing ON game_relation (record_id, of_record) WHERE ended_at IS NULL;
CREATE INDEX game_relation_of ON game_relation (of_record) WHERE ended_at IS NULL;
COMMENT ON TABLE game_relation IS
    'What belongs together and is not one game, as pairs of records; a rule''s statement is a suggestion.';

-- Not a projection: what records carry, as matching read them last.
CREATE TABLE identity_key (
    record_id bigint NOT NULL,
    key       text NOT NULL,                            -- tuid:..., url:..., as matching writes them
    PRIMARY KEY (key, record_id)
);
CREATE INDEX identity_key_record ON identity_key (record_id);
INSERT INTO identity_key (record_id, key)
SELECT DISTINCT record_id, key FROM game_match_key WHERE key NOT LIKE 'title:%';
-- Records that are a question in review are read once more, for their keys.
UPDATE source_record SET matched_version = 0
FROM match_decision AS decision
WHERE decision.record_id = source_record.record_id AND decision.ended_at IS NULL AND decision.game_id IS NULL;

COMMENT ON TABLE match_exclusion IS
    'A person said: this record is not about that game. Answers to questions; what holds for other records is in match_edge.';

-- What was decided before the ledger, told as judgements: each record of a game of several beside the one that was
-- there first. They are events like all others, so that replay gives them, too.
WITH member AS (
    SELECT record_id, game_id, decision_id, method, score, evidence, decided_by,
           first_value(record_id) OVER (PARTITION BY game_id ORDER BY decision_id) AS founder
    FROM match_decision WHERE ended_at IS NULL AND game_id IS NOT NULL
), judged AS (
    SELECT nextval('match_edge_id_seq') AS edge_id, least(record_id, founder) AS a, greatest(record_id, founder) AS b, *
    FROM (SELECT * FROM member WHERE record_id <> founder ORDER BY decision_id) AS in_order
), stored AS (
    INSERT INTO import_event (event_id, stream, stream_version, event_type, schema_version, game_id, payload,
                              correlation_id, actor)
    SELECT encode(set_bit(set_bit(overlay(
               uuid_send(gen_random_uuid())
               PLACING substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3) FROM 1 FOR 6
           ), 52, 1), 53, 1), 'hex')::uuid,             -- version 7
           'edge:' || edge_id, 1, 'records.judged', 1, game_id,
           jsonb_build_object(
               'edge_id', edge_id, 'a', a, 'b', b, 'judgement', 'same',
               'judge', CASE WHEN decided_by = 'pipeline' THEN 'rule' ELSE 'person' END,
               'method', method, 'score', score, 'keys', '[]'::jsonb, 'reason', evidence),
           'migration: ledger', decided_by
    FROM judged
    RETURNING event_id, position, stream, payload, actor, recorded_at
), identified AS (
    INSERT INTO event_identity (event_id, position) SELECT event_id, position FROM stored
), streams AS (
    INSERT INTO event_stream (stream, version) SELECT stream, 1 FROM stored
)
INSERT INTO match_edge (edge_id, a, b, judgement, judge, method, score, keys, reason, judged_by, judged_at)
SELECT (payload->>'edge_id')::bigint, (payload->>'a')::bigint, (payload->>'b')::bigint, payload->>'judgement',
       payload->>'judge', payload->>'method', (payload->>'score')::real,
       ARRAY(SELECT jsonb_array_elements_text(payload->'keys')), payload->'reason', actor, recorded_at
FROM stored;
