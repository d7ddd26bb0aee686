-- What reading a page came to stays known while later checks find it unchanged; replies whose end nobody could see.

ALTER TABLE source_url_state
    ADD COLUMN parse_outcome    text,                           -- of the last reading, where it failed; NULL: it did not
    ADD COLUMN read_snapshot_id bigint;                         -- the last one that was read well
UPDATE source_url_state SET
    parse_outcome = CASE WHEN parse_error IS NULL THEN NULL
                         WHEN outcome IN ('parse_killed', 'suspect_shrink') THEN outcome ELSE 'selector_missing' END,
    read_snapshot_id = CASE WHEN parse_error IS NULL THEN parsed_snapshot_id END;

ALTER TABLE page_snapshot ADD COLUMN framed boolean NOT NULL DEFAULT true;
COMMENT ON COLUMN page_snapshot.framed IS 'The reply said how long it is, or where it ends: it cannot have been cut.';
