-- Players' libraries: who owns what, as events say; what Galaxy states about games; uploads and what became of them.

DROP TABLE library_entry;                               -- of a first draft; nothing ever wrote to either
DROP TABLE library_user;

CREATE TABLE library_user (
    user_id         bigint PRIMARY KEY,                 -- Galaxy's own
    name            text NOT NULL,
    db_filename     text NOT NULL,
    db_modified     timestamptz NOT NULL,               -- of the database that was taken in last
    sha256          text NOT NULL,                      -- of it and its write-ahead log
    schema_version  integer NOT NULL,
    total_games     integer NOT NULL,                   -- releases that comparisons see
    installed_games integer NOT NULL,
    first_seen_at   timestamptz NOT NULL,
    uploaded_at     timestamptz NOT NULL
);
COMMENT ON TABLE library_user IS 'Players, as their newest uploaded Galaxy database has them.';

CREATE TABLE library_entry (
    user_id       bigint NOT NULL REFERENCES library_user,
    release_key   text NOT NULL,                        -- PLATFORM_ID
    game_key      text NOT NULL,                        -- one for the releases of one game, as Galaxy sees it
    title         text NOT NULL,
    sorting_title text,
    dlc           boolean NOT NULL,
    hidden        boolean NOT NULL,
    installed     boolean NOT NULL,
    minutes       integer NOT NULL,
    last_played   timestamptz,
    added         timestamptz,
    rating        double precision,
    tags          text[] NOT NULL,
    facts         bytea,                                -- of library_facts; NULL: hidden, or a DLC
    changed_at    timestamptz NOT NULL,
    PRIMARY KEY (user_id, release_key)
);
CREATE INDEX library_entry_game ON library_entry (game_key);
COMMENT ON TABLE library_entry IS 'Releases that players own.';

CREATE TABLE library_facts (
    facts_hash bytea PRIMARY KEY,                       -- BLAKE2b-128 of the canonical JSON
    game_key   text NOT NULL,
    facts      jsonb NOT NULL
);
COMMENT ON TABLE library_facts IS
    'What Galaxy states about games, once however many libraries state it; what most of them state becomes a page.';

CREATE TABLE library_upload (
    upload_id   uuid PRIMARY KEY,
    origin      text NOT NULL CHECK (origin IN ('sent', 'dropped')),
    filename    text NOT NULL,                          -- as its sender calls it
    path        text NOT NULL,                          -- where it lies, beneath the upload directory
    identity    text NOT NULL,                          -- of a dropped file: another content has another one
    player      text,                                   -- the name that its sender wants for the player
    sender      text NOT NULL,
    state       text NOT NULL DEFAULT 'waiting'
                CHECK (state IN ('waiting', 'accepted', 'unchanged', 'older', 'refused')),
    code        text,                                   -- why it was refused, for programs
    message     text,                                   -- what became of it, for people
    size        bigint,
    sha256      text,
    user_ids    bigint[] NOT NULL DEFAULT '{}',         -- whose libraries are in it, once it was looked into
    players     jsonb NOT NULL DEFAULT '[]',            -- what became of each player in it
    received_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz
);
CREATE UNIQUE INDEX library_upload_identity ON library_upload (identity);
CREATE INDEX library_upload_waiting ON library_upload (received_at) WHERE state = 'waiting';
COMMENT ON TABLE library_upload IS 'Uploaded Galaxy databases, and what became of each.';
