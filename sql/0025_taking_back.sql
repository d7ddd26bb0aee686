-- What an import brought is asked for by its run: to take it back, and to see how much of a source it changes.

CREATE INDEX record_version_run ON record_version (run_id);

-- A hold ends by itself when the page brings something new. A new reading of the old page is nothing new, unless it was
-- the reading that was taken back; nor is a page that vanished, or is there again, with the words that it had, unless
-- they are those that are heard all the while.
CREATE FUNCTION hold_is_over(hold record_hold) RETURNS boolean LANGUAGE sql STABLE
RETURN EXISTS (
    SELECT FROM record_version AS later JOIN record_version AS earlier
         ON earlier.record_id = later.record_id AND earlier.version = later.version - 1
    LEFT JOIN record_version AS heard
         ON heard.record_id = later.record_id AND hold.parts = jsonb_build_object('*', heard.version)
    WHERE later.record_id = hold.record_id AND later.version > hold.upto
      AND (later.content_hash <> earlier.content_hash AND (hold.ends_on = 'version' OR later.change <> 'reparsed')
           OR later.change = 'returned' AND later.content_hash = heard.content_hash));

-- What pages about people say, as it is heard: they are held as a whole.
CREATE VIEW person_page AS
SELECT record.record_id, record.source, record.url, heard.version, heard.record,
       CASE WHEN heard.version < record.version AND hold.upto = record.version THEN heard.change <> 'vanished'
            ELSE record.state = 'live' END AS live
FROM source_record AS record
LEFT JOIN record_hold AS hold ON hold.record_id = record.record_id AND hold.ended_at IS NULL AND NOT hold_is_over(hold)
JOIN record_version AS heard
     ON heard.record_id = record.record_id AND heard.version = coalesce((hold.parts->>'*')::int, record.version)
WHERE record.subject = 'person';
COMMENT ON VIEW person_page IS 'The pages about people of which anything is heard, and the version that is.';
