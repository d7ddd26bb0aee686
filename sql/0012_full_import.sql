-- A full import that goes on where it was interrupted: the order outlives its runs, and so does the walk of the listing.

CREATE TABLE full_import (
    order_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source      text NOT NULL,
    segments    text[] NOT NULL,
    done        text[] NOT NULL DEFAULT '{}',           -- segments of which every page was fetched since then
    ordered_at  timestamptz NOT NULL DEFAULT now(),
    worked_at   timestamptz NOT NULL DEFAULT now(),     -- by a run, last
    finished_at timestamptz
);
CREATE INDEX full_import_open ON full_import (source) WHERE finished_at IS NULL;
COMMENT ON TABLE full_import IS 'Orders to fetch every page of some segments.';

ALTER TABLE import_run ADD COLUMN order_id bigint REFERENCES full_import;
COMMENT ON COLUMN import_run.order_id IS 'The full import that the run works on.';

CREATE TABLE listing_walk (
    source         text PRIMARY KEY,
    parser_version integer NOT NULL,
    began_at       timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE listing_walk IS 'Walks of a listing that have not come to their end.';

CREATE TABLE listing_step (
    step_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source      text NOT NULL REFERENCES listing_walk ON DELETE CASCADE,
    request     bytea NOT NULL,                         -- SHA-256 of what tells it apart
    url         text NOT NULL,
    more        jsonb,                                  -- method, body, headers; NULL: a plain GET
    conditional boolean NOT NULL,
    done        boolean NOT NULL DEFAULT false,
    UNIQUE (source, request)
);

CREATE TABLE listing_seen (
    source   text NOT NULL REFERENCES listing_walk ON DELETE CASCADE,
    page_key text NOT NULL,
    PRIMARY KEY (source, page_key)
);
COMMENT ON TABLE listing_seen IS 'Pages that the walk has named so far.';
