-- Where there is more news than one look at a change feed should read, the next look goes on where it stopped.

ALTER TABLE importer_health ADD COLUMN feed_rest jsonb;
COMMENT ON COLUMN importer_health.feed_rest IS
    'The requests that are left of the feed''s walk, and the cursor once it is done; NULL: none is under way.';
