-- People: who stands behind the names that sources credit. Projections of the events, written by store.projections alone.

CREATE SEQUENCE person_id_seq;

CREATE TABLE person (
    person_id   bigint PRIMARY KEY,
    name        text NOT NULL,
    status      text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'merged')),
    merged_into bigint,
    created_at  timestamptz NOT NULL,
    changed_at  timestamptz NOT NULL
);
COMMENT ON TABLE person IS 'One person or company, across the names and pages that sources have for them.';

CREATE TABLE persona (
    key             text PRIMARY KEY,                   -- source and page, or source and name
    person_id       bigint NOT NULL REFERENCES person,
    first_person_id bigint NOT NULL,                    -- whose it was before any merge
    source          text NOT NULL,
    name            text NOT NULL,
    url             text,                               -- their page on the source
    claimed_at      timestamptz NOT NULL
);
CREATE INDEX persona_person ON persona (person_id);
COMMENT ON TABLE persona IS 'Somebody as one source knows them.';

CREATE TABLE person_spelling (
    key    text NOT NULL REFERENCES persona,
    source text NOT NULL,
    name   text NOT NULL,                               -- as it is credited
    url    text
);
CREATE INDEX person_spelling_key ON person_spelling (key);
CREATE INDEX person_spelling_credit ON person_spelling (source, name);
CREATE INDEX person_spelling_name ON person_spelling (lower(name));

CREATE TABLE person_decision (
    person_id  bigint NOT NULL,                         -- who stays
    other_id   bigint NOT NULL,                         -- who was merged into them, or split off
    kind       text NOT NULL CHECK (kind IN ('merged', 'split')),
    rule       text NOT NULL,                           -- same_page, one_of_that_name, credited_together, person
    evidence   jsonb NOT NULL,
    personas   text[] NOT NULL,                         -- that changed hands
    reason     text,
    actor      text NOT NULL,
    decided_at timestamptz NOT NULL
);
CREATE INDEX person_decision_person ON person_decision (person_id);

CREATE TABLE person_apart (
    key_a      text NOT NULL,
    key_b      text NOT NULL,
    actor      text NOT NULL,
    reason     text NOT NULL,
    decided_at timestamptz NOT NULL,
    PRIMARY KEY (key_a, key_b),
    CHECK (key_a < key_b)
);
COMMENT ON TABLE person_apart IS 'Personas that a person said are not one; no rule joins them.';

CREATE VIEW credit_person AS
SELECT DISTINCT credit.game_id, credit.position, credit.name, credit.role, credit.source, persona.person_id
FROM game_credit AS credit
JOIN person_spelling AS spelling
  ON spelling.source = credit.source AND spelling.name = credit.name AND spelling.url IS NOT DISTINCT FROM credit.url
JOIN persona USING (key);
COMMENT ON VIEW credit_person IS 'Who a credit of a game is.';
