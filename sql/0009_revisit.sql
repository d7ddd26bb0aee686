-- When pages are looked at again, how fast a host may be asked, and what a page's last checks came to.

-- Revisits ----------------------------------------------------------------------------------------------------------

ALTER TABLE source_url_state
    ADD COLUMN last_good_at  timestamptz,                       -- the last check that had an answer to compare
    ADD COLUMN poll_count    integer NOT NULL DEFAULT 0,        -- checks that no signal caused, with one before them
    ADD COLUMN poll_changes  integer NOT NULL DEFAULT 0,        -- those of them that found a change
    ADD COLUMN poll_days     double precision NOT NULL DEFAULT 0, -- the time between those checks and the ones before
    ADD COLUMN polled        boolean NOT NULL DEFAULT false,    -- the newest snapshot came by such a check
    ADD COLUMN change_rate   double precision,                  -- changes a day, as estimated from the polls
    ADD COLUMN weight        double precision,                  -- what its records make it worth
    ADD COLUMN importance    double precision;                  -- that, and whether it is new
COMMENT ON COLUMN source_url_state.revisit_after IS 'Days between two polls, as the last plan shares out the requests.';
UPDATE source_url_state SET last_good_at = coalesce(last_fetched_at, last_checked_at) WHERE snapshot_id IS NOT NULL;

-- What a page's last checks came to ---------------------------------------------------------------------------------

ALTER TABLE source_url_state
    ADD COLUMN gone_since        timestamptz,                   -- 404 or 410 on every check since then
    ADD COLUMN moved_to          text,                          -- where 301 or 308 led on the last check
    ADD COLUMN moved_count       integer NOT NULL DEFAULT 0,    -- checks in a row that led there
    ADD COLUMN flapping_since    timestamptz,                   -- it says again what it said a few versions ago
    ADD COLUMN released_snapshot bigint;                        -- a person believes this snapshot, shrunk or not

ALTER TABLE importer_health
    ADD COLUMN listing_owed     boolean NOT NULL DEFAULT false, -- it was to be walked and had to wait
    ADD COLUMN listing_released timestamptz;                    -- when a person said that the next one may shrink

CREATE TABLE robots_refusal (
    source     text NOT NULL,
    url        text NOT NULL,
    rule       text NOT NULL,                                   -- the line of robots.txt that refused
    first_at   timestamptz NOT NULL DEFAULT now(),
    last_at    timestamptz NOT NULL DEFAULT now(),
    times      integer NOT NULL DEFAULT 1,
    PRIMARY KEY (source, url)
);

-- Politeness --------------------------------------------------------------------------------------------------------

ALTER TABLE host_slot
    ADD COLUMN latency double precision NOT NULL DEFAULT 0,     -- seconds, moving average of the replies
    ADD COLUMN penalty double precision NOT NULL DEFAULT 0,     -- seconds of delay since the host said "too many"
    ADD COLUMN day     date,                                    -- UTC
    ADD COLUMN sent    integer NOT NULL DEFAULT 0;              -- requests on that day
