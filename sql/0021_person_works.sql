-- A page about somebody that says which games are theirs tells whose a bare name in them is; and what a person said of
-- who is one is told from what rules said, which may not hold for ever.

-- Credits without a page that are somebody's all the same -----------------------------------------------------------

CREATE TABLE persona_claim (
    key      text NOT NULL REFERENCES persona,          -- whose they are
    source   text NOT NULL,
    identity text NOT NULL,                             -- of the source's own record of the game
    name     text NOT NULL,                             -- as it is credited there
    bare     text NOT NULL                              -- the persona of that name alone, whose the credit would be else
);
CREATE INDEX persona_claim_key ON persona_claim (key);
CREATE INDEX persona_claim_game ON persona_claim (source, identity);
COMMENT ON TABLE persona_claim IS 'Credits without a page that are somebody''s by what the page about them says.';

CREATE INDEX game_credit_name ON game_credit (source, left(name, 300));     -- as long as names of people are

CREATE VIEW credit_claim AS
SELECT credit.game_id, credit.position, credit.name, credit.role, credit.source, claim.key
FROM persona_claim AS claim
JOIN game_member AS member ON member.source = claim.source AND member.identity = claim.identity
JOIN game_credit AS credit
  ON credit.game_id = member.game_id AND credit.source = claim.source AND left(credit.name, 300) = claim.name
WHERE credit.url IS NULL;
COMMENT ON VIEW credit_claim IS 'The credits of games that persona_claim is about.';

CREATE OR REPLACE VIEW credit_person AS
SELECT credit.game_id, credit.position, credit.name, credit.role, credit.source, persona.person_id
FROM game_credit AS credit
JOIN person_spelling AS spelling
  ON spelling.source = credit.source AND spelling.name = left(credit.name, 300)
 AND spelling.url IS NOT DISTINCT FROM credit.url
JOIN persona USING (key)
WHERE NOT EXISTS (SELECT FROM credit_claim AS claim
                  WHERE claim.game_id = credit.game_id AND claim.position = credit.position)
UNION
SELECT claim.game_id, claim.position, claim.name, claim.role, claim.source, persona.person_id
FROM credit_claim AS claim JOIN persona USING (key);

-- What a person said stands ------------------------------------------------------------------------------------------

ALTER TABLE persona ADD COLUMN confirmed_at timestamptz;
COMMENT ON COLUMN persona.confirmed_at IS
    'When a person last said whose it is. Personas of one such time are one, whatever rules say; NULL: rules alone say it.';

-- As the events leave it: whose each persona was when somebody said so.
CREATE TEMPORARY TABLE persona_then ON COMMIT DROP AS SELECT key, first_person_id AS person_id FROM persona;
ALTER TABLE persona_then ADD PRIMARY KEY (key);
CREATE INDEX ON persona_then (person_id);
DO $$
DECLARE
    said record;
BEGIN
    FOR said IN SELECT * FROM person_decision ORDER BY decided_at, person_id DESC LOOP
        UPDATE persona_then SET person_id = CASE said.kind WHEN 'merged' THEN said.person_id ELSE said.other_id END
        WHERE key = ANY (said.personas);
        IF said.rule = 'person' THEN
            UPDATE persona SET confirmed_at = said.decided_at FROM persona_then AS known
            WHERE known.key = persona.key
              AND CASE said.kind WHEN 'merged' THEN known.person_id = said.person_id
                       ELSE persona.key = ANY (said.personas) END;
        END IF;
    END LOOP;
END
$$;

-- Which records of people are taken in -------------------------------------------------------------------------------

CREATE TABLE person_record_taken (
    record_id bigint PRIMARY KEY REFERENCES source_record,
    version   integer NOT NULL
);
COMMENT ON TABLE person_record_taken IS 'The version of each record of a person that the people have taken in.';
CREATE INDEX source_record_person ON source_record (record_id) WHERE subject = 'person';
