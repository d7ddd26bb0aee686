-- A page about somebody that says which games are theirs tells whose a bare name in them is.

CREATE TABLE persona_work (
    key      text NOT NULL REFERENCES persona,
    source   text NOT NULL,
    identity text NOT NULL                              -- of the source's own record of the game
);
CREATE INDEX persona_work_key ON persona_work (key);
CREATE INDEX persona_work_game ON persona_work (source, identity);
COMMENT ON TABLE persona_work IS 'The games of its own that a source''s page about somebody says are theirs.';

CREATE VIEW credit_claim AS
SELECT credit.game_id, credit.position, work.key
FROM game_credit AS credit
JOIN game_member AS member ON member.game_id = credit.game_id AND member.source = credit.source
JOIN persona_work AS work ON work.source = member.source AND work.identity = member.identity
JOIN person_spelling AS spelling
  ON spelling.key = work.key AND spelling.origin = 'page' AND lower(spelling.name) = lower(credit.name)
WHERE credit.url IS NULL;
COMMENT ON VIEW credit_claim IS 'Credits without a page of games that the page of somebody of that name says are theirs.';

CREATE OR REPLACE VIEW credit_person AS
SELECT credit.game_id, credit.position, credit.name, credit.role, credit.source, persona.person_id
FROM game_credit AS credit
JOIN person_spelling AS spelling
  ON spelling.source = credit.source AND spelling.name = credit.name AND spelling.url IS NOT DISTINCT FROM credit.url
JOIN persona USING (key)
WHERE credit.url IS NOT NULL
   OR (SELECT count(DISTINCT claim.key) FROM credit_claim AS claim
       WHERE claim.game_id = credit.game_id AND claim.position = credit.position) <> 1
UNION
SELECT credit.game_id, credit.position, credit.name, credit.role, credit.source, persona.person_id
FROM credit_claim AS claim
JOIN game_credit AS credit USING (game_id, position)
JOIN persona USING (key)
WHERE NOT EXISTS (SELECT FROM credit_claim AS other
                  WHERE other.game_id = claim.game_id AND other.position = claim.position AND other.key <> claim.key);
