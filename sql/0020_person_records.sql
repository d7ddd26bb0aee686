-- What a source says about people has records, too. They are no games: nothing that deals with games sees them.

ALTER TABLE source_record
    ADD COLUMN subject text NOT NULL DEFAULT 'game' CHECK (subject IN ('game', 'person')),
    DROP CONSTRAINT source_record_source_identity_key,
    ADD CONSTRAINT source_record_source_identity_key UNIQUE (source, identity, subject),
    -- The catalogue of games never has one of a person to take in.
    ADD CONSTRAINT source_record_people_settled
        CHECK (subject = 'game' OR (matched_version = version AND reconciled_version = version));
COMMENT ON COLUMN source_record.subject IS 'What the record is about.';

ALTER TABLE persona ADD COLUMN record_id bigint;                    -- of their page on the source, where it was read
COMMENT ON COLUMN persona.record_id IS 'The record of the page about them; NULL: none is known, or it is gone.';

ALTER TABLE person_spelling
    ADD COLUMN origin text NOT NULL DEFAULT 'credit' CHECK (origin IN ('credit', 'page'));
COMMENT ON COLUMN person_spelling.origin IS 'Whether a game is credited so, or their own page says it.';

-- From here on people are called by the personas that are theirs alone; who became another's, by those they had then.
UPDATE person SET name = best.name
FROM person AS named CROSS JOIN LATERAL (
    SELECT name FROM persona
    WHERE persona.person_id = named.person_id OR named.status = 'merged' AND key = ANY (ARRAY(
        SELECT unnest(personas) FROM (
            SELECT personas FROM person_decision WHERE kind = 'merged' AND other_id = named.person_id
            ORDER BY decided_at DESC LIMIT 1) AS last))
    ORDER BY first_person_id <> named.person_id, key COLLATE "C" LIMIT 1) AS best
WHERE person.person_id = named.person_id AND person.name <> best.name;
