-- What the crawl knows: pages as sent, the work to do on them, and how each source is doing.

CREATE TABLE page_body (
    body_hash   bytea PRIMARY KEY,                      -- BLAKE2b-128 of the decoded body
    body        bytea NOT NULL,                         -- zstd
    size        integer NOT NULL,                       -- decoded
    stored_at   timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE page_body IS 'Raw bodies, one row per distinct content.';

CREATE TABLE source_url_state (
    page_id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source              text NOT NULL,
    page_key            text NOT NULL,                  -- the source's stable key, never a title
    segment             text NOT NULL,
    url                 text NOT NULL,                  -- for people
    request_url         text NOT NULL,                  -- what is fetched
    listed              boolean NOT NULL DEFAULT true,  -- named by the last complete listing
    unlisted_at         timestamptz,
    listed_fingerprint  text,                           -- change signal of the listing or feed
    fetched_fingerprint text,                           -- that signal when the page was last fetched
    etag                text,
    last_modified       text,
    content_hash        bytea REFERENCES page_body,     -- body of the last good fetch
    snapshot_id         bigint,                         -- the last good fetch
    parsed_snapshot_id  bigint,                         -- what the records stage has read
    parsed_version      integer,                        -- with which parser
    parse_error         text,                           -- selector and problem; NULL: parsed
    outcome             text,                           -- of the last check
    http_status         integer,
    last_error          text,
    last_checked_at     timestamptz,
    last_fetched_at     timestamptz,
    last_changed_at     timestamptz,
    last_imported_at    timestamptz,
    next_check_at       timestamptz NOT NULL DEFAULT now(),
    revisit_after       interval,                       -- grows while nothing changes, shrinks when it does
    check_count         integer NOT NULL DEFAULT 0,
    success_count       integer NOT NULL DEFAULT 0,
    change_count        integer NOT NULL DEFAULT 0,
    failure_count       integer NOT NULL DEFAULT 0,     -- consecutive
    not_modified_streak integer NOT NULL DEFAULT 0,     -- 304 answers in a row
    first_seen_at       timestamptz NOT NULL DEFAULT now(),
    UNIQUE (source, page_key)
);
CREATE INDEX source_url_state_due ON source_url_state (source, segment, next_check_at);
CREATE INDEX source_url_state_unparsed ON source_url_state (source, segment)
    WHERE snapshot_id IS DISTINCT FROM parsed_snapshot_id;

CREATE TABLE page_snapshot (
    snapshot_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    page_id     bigint NOT NULL REFERENCES source_url_state,
    body_hash   bytea NOT NULL REFERENCES page_body,
    final_url   text NOT NULL,
    http_status integer NOT NULL,
    headers     jsonb NOT NULL,
    run_id      text NOT NULL,
    fetched_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX page_snapshot_page ON page_snapshot (page_id, snapshot_id);

CREATE TABLE import_run (
    run_id      text PRIMARY KEY,                       -- the Dagster run's id
    source      text NOT NULL,
    full_import boolean NOT NULL,
    segments    text[] NOT NULL,
    done        text[] NOT NULL DEFAULT '{}',           -- segments already reported as materialized
    status      text NOT NULL DEFAULT 'running' CHECK (status IN ('running', 'done', 'partial', 'failed')),
    counts      jsonb NOT NULL DEFAULT '{}',
    started_at  timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz
);
CREATE INDEX import_run_source ON import_run (source, started_at DESC);

CREATE TABLE import_task (
    task_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    page_id     bigint NOT NULL REFERENCES source_url_state,
    source      text NOT NULL,
    segment     text NOT NULL,
    reason      text NOT NULL,                          -- new, due, signal, full, requested
    state       text NOT NULL DEFAULT 'pending'
                CHECK (state IN ('pending', 'leased', 'done', 'failed', 'quarantined')),
    attempts    integer NOT NULL DEFAULT 0,
    crashes     integer NOT NULL DEFAULT 0,             -- times its holder died
    available_at timestamptz NOT NULL DEFAULT now(),    -- a failed task waits for the next attempt
    run_id      text,                                   -- who holds or finished it
    lease_until timestamptz,
    outcome     text,
    error       text,
    created_at  timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz
);
CREATE UNIQUE INDEX import_task_open ON import_task (page_id) WHERE state IN ('pending', 'leased');
CREATE INDEX import_task_claim ON import_task (source, segment, task_id) WHERE state IN ('pending', 'leased');
CREATE INDEX import_task_run ON import_task (run_id, segment);
CREATE INDEX import_task_page ON import_task (page_id);

CREATE TABLE importer_health (
    source               text PRIMARY KEY,
    state                text NOT NULL DEFAULT 'closed'
                         CHECK (state IN ('closed', 'open', 'half_open', 'paused')),
    reason               text,
    changed_by           text,
    state_since          timestamptz NOT NULL DEFAULT now(),
    next_trial_at        timestamptz,
    consecutive_failures integer NOT NULL DEFAULT 0,
    last_success_at      timestamptz,
    last_failure_at      timestamptz,
    last_error           text,
    feed_cursor          text,
    probed_at            timestamptz,
    listed_at            timestamptz                    -- last complete listing
);

CREATE TABLE host_slot (
    host    text PRIMARY KEY,
    next_at timestamptz NOT NULL                        -- when the next request may be sent
);

CREATE TABLE robots_rules (
    host       text PRIMARY KEY,
    status     integer NOT NULL,
    body       text NOT NULL,
    fetched_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE source_field (
    source        text NOT NULL,
    segment       text NOT NULL,
    field         text NOT NULL,                        -- a facet of the canonical record
    first_seen_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (source, segment, field)
);
COMMENT ON TABLE source_field IS 'Facets a source has ever stated, so that a format that grows is one piece of news.';

CREATE TABLE source_record (
    record_id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source             text NOT NULL,
    identity           text NOT NULL,
    page_id            bigint NOT NULL REFERENCES source_url_state,
    segment            text NOT NULL,
    url                text NOT NULL,
    state              text NOT NULL DEFAULT 'live' CHECK (state IN ('live', 'vanished')),
    version            integer NOT NULL,                -- of the newest record_version
    matched_version    integer NOT NULL DEFAULT 0,      -- what matching has seen
    reconciled_version integer NOT NULL DEFAULT 0,      -- what the catalogue has taken in
    content_hash       text NOT NULL,
    first_seen_at      timestamptz NOT NULL DEFAULT now(),
    changed_at         timestamptz NOT NULL DEFAULT now(),
    vanished_at        timestamptz,
    UNIQUE (source, identity)
);
CREATE INDEX source_record_page ON source_record (page_id);
CREATE INDEX source_record_unmatched ON source_record (record_id) WHERE version <> matched_version;
CREATE INDEX source_record_pending ON source_record (record_id) WHERE version <> reconciled_version;

CREATE TABLE record_version (
    record_id      bigint NOT NULL REFERENCES source_record,
    version        integer NOT NULL,
    change         text NOT NULL CHECK (change IN ('new', 'changed', 'format', 'reparsed', 'vanished', 'returned')),
    changed_fields text[] NOT NULL DEFAULT '{}',
    snapshot_id    bigint REFERENCES page_snapshot,
    parser_version integer NOT NULL,
    content_hash   text NOT NULL,
    field_hashes   jsonb NOT NULL,
    record         jsonb NOT NULL,                      -- the canonical record
    run_id         text NOT NULL,
    recorded_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (record_id, version)
);
