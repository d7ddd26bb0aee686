-- The catalogue: projections of the events. Written by store.projections alone.

CREATE EXTENSION IF NOT EXISTS pg_trgm;

CREATE SEQUENCE game_id_seq;
CREATE SEQUENCE match_decision_id_seq;
CREATE SEQUENCE human_edit_id_seq;
CREATE SEQUENCE data_conflict_id_seq;
CREATE SEQUENCE review_item_id_seq;

CREATE TABLE game (
    game_id            bigint PRIMARY KEY,
    revision           integer NOT NULL,
    status             text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'merged', 'deleted')),
    title              text NOT NULL,
    kind               text NOT NULL,
    release_date       text,                            -- partial ISO 8601
    state              jsonb NOT NULL,                  -- the whole game as of this revision
    provenance         jsonb NOT NULL,                  -- per field: rule, sources or edit
    human_edited_fields text[] NOT NULL DEFAULT '{}',
    quality_score      real,
    last_ai_review     timestamptz,
    needs_human_review boolean NOT NULL DEFAULT false,
    created_at         timestamptz NOT NULL,
    updated_at         timestamptz NOT NULL
);
CREATE INDEX game_title_trgm ON game USING gin (lower(title) gin_trgm_ops);

CREATE TABLE game_title (
    game_id   bigint NOT NULL REFERENCES game,
    title     text NOT NULL,
    lang      text,
    is_main   boolean NOT NULL
);
CREATE INDEX game_title_game ON game_title (game_id);
CREATE INDEX game_title_search ON game_title USING gin (lower(title) gin_trgm_ops);

CREATE TABLE game_url (
    game_id           bigint NOT NULL REFERENCES game,
    url               text NOT NULL,
    kind              text NOT NULL,
    label             text,
    url_hash          text NOT NULL,
    source            text NOT NULL,
    confidence        real NOT NULL DEFAULT 1,
    verified_by_human boolean NOT NULL DEFAULT false
);
CREATE INDEX game_url_game ON game_url (game_id);
CREATE INDEX game_url_hash ON game_url (url_hash);

CREATE TABLE game_credit (
    game_id  bigint NOT NULL REFERENCES game,
    position integer NOT NULL,
    name     text NOT NULL,
    role     text NOT NULL,
    url      text,
    source   text NOT NULL
);
CREATE INDEX game_credit_game ON game_credit (game_id);

CREATE TABLE game_tag (
    game_id bigint NOT NULL REFERENCES game,
    kind    text NOT NULL,
    value   text NOT NULL,
    source  text NOT NULL
);
CREATE INDEX game_tag_game ON game_tag (game_id);
CREATE INDEX game_tag_value ON game_tag (kind, value);

CREATE TABLE game_external_id (
    game_id bigint NOT NULL REFERENCES game,
    scheme  text NOT NULL,
    value   text NOT NULL,
    source  text NOT NULL
);
CREATE INDEX game_external_id_game ON game_external_id (game_id);
CREATE INDEX game_external_id_value ON game_external_id (scheme, value);

CREATE TABLE game_revision (
    game_id        bigint NOT NULL REFERENCES game,
    revision       integer NOT NULL,
    event_id       uuid NOT NULL,
    state          jsonb NOT NULL,
    provenance     jsonb NOT NULL,
    changed_fields text[] NOT NULL,
    cause          text NOT NULL,                       -- import, edit, release, review
    actor          text NOT NULL,
    reason         text,
    recorded_at    timestamptz NOT NULL,
    PRIMARY KEY (game_id, revision)
);

CREATE TABLE game_match_key (
    game_id   bigint NOT NULL REFERENCES game,
    record_id bigint NOT NULL,                          -- whose claim the key is
    key       text NOT NULL                             -- tuid:..., url:..., title:..., as matching writes them
);
CREATE INDEX game_match_key_record ON game_match_key (record_id);
CREATE INDEX game_match_key_key ON game_match_key (key);
COMMENT ON TABLE game_match_key IS 'Where matching finds its candidates.';

CREATE TABLE game_import_state (
    record_id      bigint PRIMARY KEY,                  -- one row a record that belongs to a game
    game_id        bigint NOT NULL REFERENCES game,
    source         text NOT NULL,
    identity       text NOT NULL,
    record_version integer NOT NULL,                    -- what the game's revision was computed from
    live           boolean NOT NULL,
    imported_at    timestamptz NOT NULL
);
CREATE INDEX game_import_state_game ON game_import_state (game_id);

CREATE TABLE match_decision (
    decision_id bigint PRIMARY KEY,
    record_id   bigint NOT NULL,
    game_id     bigint,                                 -- NULL while the question is open
    band        text NOT NULL CHECK (band IN ('auto', 'review', 'new')),
    method      text NOT NULL,
    score       real NOT NULL,
    evidence    jsonb NOT NULL,
    alternatives bigint[] NOT NULL DEFAULT '{}',
    decided_by  text NOT NULL,
    decided_at  timestamptz NOT NULL,
    ended_at    timestamptz
);
CREATE UNIQUE INDEX match_decision_live ON match_decision (record_id) WHERE ended_at IS NULL;
CREATE INDEX match_decision_game ON match_decision (game_id);

CREATE TABLE human_edit (
    edit_id     bigint PRIMARY KEY,
    game_id     bigint NOT NULL REFERENCES game,
    field       text NOT NULL,
    value       jsonb NOT NULL,
    previous    jsonb,
    author      text NOT NULL,
    reason      text NOT NULL,
    edited_at   timestamptz NOT NULL,
    released_at timestamptz,
    released_by text
);
CREATE UNIQUE INDEX human_edit_standing ON human_edit (game_id, field) WHERE released_at IS NULL;

CREATE TABLE data_conflict (
    conflict_id bigint PRIMARY KEY,
    game_id     bigint NOT NULL REFERENCES game,
    field       text NOT NULL,
    sides       jsonb NOT NULL,                         -- every side: source, record, value
    sides_hash  text NOT NULL,
    state       text NOT NULL CHECK (state IN ('pending', 'resolved', 'escalated', 'gone')),
    detected_at timestamptz NOT NULL,
    closed_at   timestamptz
);
CREATE UNIQUE INDEX data_conflict_open ON data_conflict (game_id, field) WHERE closed_at IS NULL;

CREATE TABLE conflict_resolution (
    conflict_id bigint PRIMARY KEY REFERENCES data_conflict,
    method      text NOT NULL CHECK (method IN ('rule_based', 'ai_auto', 'human')),
    chosen      jsonb NOT NULL,
    confidence  real NOT NULL,
    resolved_by text NOT NULL,
    reasoning   text NOT NULL,
    resolved_at timestamptz NOT NULL
);

CREATE TABLE ai_decision (
    decision_id     uuid PRIMARY KEY,
    game_id         bigint,
    field           text NOT NULL,
    lang            text,
    purpose         text NOT NULL,
    model_requested text,
    model_reported  text,
    prompt_version  text,
    input_hash      text NOT NULL,
    input           jsonb NOT NULL,
    output_raw      text,
    output          jsonb,
    guards          jsonb NOT NULL,
    raw_score       real,
    confidence      real,
    method          text NOT NULL,
    fallback_reason text,
    usage           jsonb NOT NULL,
    decided_at      timestamptz NOT NULL
);

CREATE TABLE review_item (
    item_id   bigint PRIMARY KEY,
    kind      text NOT NULL,                            -- match, conflict, suggestion, vanished, ...
    question  text NOT NULL,                            -- one open item per question
    game_id   bigint,
    record_id bigint,
    proposal  jsonb NOT NULL,
    summary   text NOT NULL,                            -- what is asked, for people
    priority  integer NOT NULL DEFAULT 50,
    state     text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'accepted', 'rejected', 'stale')),
    opened_at timestamptz NOT NULL,
    closed_at timestamptz,
    closed_by text,
    note      text
);
CREATE UNIQUE INDEX review_item_open ON review_item (question) WHERE state = 'open';
CREATE INDEX review_item_game ON review_item (game_id);

CREATE TABLE library_user (
    user_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       text NOT NULL UNIQUE,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE library_entry (
    user_id      bigint NOT NULL REFERENCES library_user,
    release_key  text NOT NULL,
    game_id      bigint,
    title        text NOT NULL,
    owned        boolean NOT NULL,
    installed    boolean NOT NULL,
    imported_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, release_key)
);
