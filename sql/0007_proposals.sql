-- Moving an existing catalogue over: what was imported from it, and what shadow mode proposes instead of doing.

CREATE TABLE existing_catalogue (
    name        text PRIMARY KEY,                       -- its games' records have this source, their ids this scheme
    sha256      text NOT NULL,                          -- of the file that was imported last
    priority    integer NOT NULL,                       -- rank of its word; the lower number wins a field
    counts      jsonb NOT NULL,
    imported_by text NOT NULL,
    imported_at timestamptz NOT NULL
);
COMMENT ON TABLE existing_catalogue IS 'Catalogues that were there before this one, as they were imported last.';

CREATE TABLE game_proposal (
    game_id        bigint PRIMARY KEY REFERENCES game,
    state          jsonb NOT NULL,                      -- the whole game as the sources would have it
    provenance     jsonb NOT NULL,
    changed_fields text[] NOT NULL,                     -- where that differs from what the game says
    event_id       uuid NOT NULL,
    proposed_at    timestamptz NOT NULL
);
COMMENT ON TABLE game_proposal IS
    'What shadow mode would have done to games of the catalogue; at most one standing proposal a game.';

CREATE INDEX game_proposed ON game (game_id) WHERE status = 'proposed';
